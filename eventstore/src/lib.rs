//! The log: every action, sealed, in one append-only order; the keys that it is sealed under; the two databases.
//!
//! Knows events as far as it must name, classify and seal them. Knows no rule of secure mail and no read model.

pub mod blobs;
pub mod clock;
mod codec;
pub mod db;
mod fault;
pub mod keys;
pub mod leases;
pub mod log;
pub mod notary;
mod recorded;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tree;

pub use clock::Clock;
pub use codec::CodecError;
pub use log::{Appended, Commit, Log, LogError};
pub use recorded::{Position, Recorded};
