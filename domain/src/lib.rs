//! The rules of secure mail, and nothing else.
//!
//! No I/O, no clock, no randomness: times, ids and verdicts arrive with a command. What an aggregate decides is a list
//! of events; what it knows is the fold of the events before. Nothing here knows that a database exists.

pub mod account;
pub mod address;
pub mod audit;
pub mod bytes;
pub mod challenge;
pub mod classified;
pub mod content;
pub mod decider;
pub mod device;
pub mod draft;
pub mod event;
pub mod export;
pub mod file_name;
pub mod id;
pub mod intake;
pub mod key;
pub mod keyring;
pub mod message;
pub mod network;
pub mod notification;
pub mod organisation;
pub mod password;
pub mod period;
pub mod policy;
pub mod presentation;
pub mod profile;
pub mod recipients;
pub mod replay;
pub mod replier;
pub mod reservation;
pub mod timestamp;
pub mod user_name;

pub use classified::{Content, Personal};
pub use decider::Decider;
pub use event::{Actor, Event, Metadata};
pub use id::{AccountId, AttachmentId, DraftId, MessageId, OrganisationId, SessionId};
pub use timestamp::Timestamp;
