//! The SMTP gateway: takes mail from the organisation's mail server (RFC 5321; G2, G4).
//!
//! A mail is answered with 250 once it is durable and not before. Everything that a peer can make large or slow has a
//! bound: connections, lines, errors, recipients, mails, memory, time. Nothing is decided here about what becomes of a
//! mail: that is the use case behind [`Intake`].

mod admission;
mod command;
mod data;
mod intake;
mod listener;
mod memory;
mod onward;
mod reply;
mod session;
mod settings;
mod taking;
mod tls;
mod trace;
mod wire;

pub use intake::{AppIntake, Intake};
pub use listener::Gateway;
pub use settings::{GatewaySettings, Timeouts, TlsFiles};
pub use tls::GatewayError;
