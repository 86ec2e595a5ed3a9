//! Mail that the organisation's mail server hands over (G2, G4): what leaves is judged by the content rules, what comes to the
//! address that nobody reads is answered, noted or dropped.

mod authentication;
mod handover;
mod held;
mod inbound;
mod leaving;
mod mime;
mod outgoing;
mod receive;
mod scanning;
mod securing;

pub use handover::{Handover, Onward, Receiving, Reception};

/// What an operator decides about mail that is handed over.
#[derive(Debug, Clone, Default)]
pub struct IntakeSettings {
    /// Whose `Authentication-Results` are believed (RFC 8601): the name that the organisation's mail server writes there.
    /// Without it, no mail proves who wrote it.
    pub trusted_authentication: Option<String>,
}

impl Reception {
    /// Not taken, for good.
    fn refused(code: u16, enhanced: &'static str, text: impl Into<String>) -> Self {
        Self::Refused { code, enhanced, text: text.into() }
    }
}

impl Receiving {
    fn refused(code: u16, enhanced: &'static str, text: impl Into<String>) -> Self {
        Self::Refused { code, enhanced, text: text.into() }
    }
}
