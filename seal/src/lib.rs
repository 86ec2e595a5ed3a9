//! Sealing and keys: how bytes are made unreadable, and by which key they are read again.
//!
//! Small, pure computation. The only side effect is the system's random source; there is no clock, no file, no database
//! and no knowledge of what the bytes mean. The crate stands alone so that it is compiled optimised in debug builds too.
//!
//! | module | what |
//! |---|---|
//! | [`key`] | a key, its id, one key made from others |
//! | [`sealed`] | one value sealed under one key: everything at rest but attachments (A44) |
//! | [`padding`] | the length of a value, hidden |
//! | [`event`] | an event's header, its sealed sections, its leaf in the Merkle tree |
//! | [`blob`] | attachments, sealed 64 KiB at a time |
//! | [`blind`] | looking up what is sealed |
//! | [`password`] | passwords and challenge answers |
//! | [`token`] | links and sessions |
//! | [`totp`] | codes of an authenticator app |
//! | [`codes`] | codes that a person copies by hand |
//! | [`opaque`] | cursors that tell a client nothing |
//!
//! The byte formats are frozen by golden tests: rows that were written once are read for as long as the log is kept.

pub mod blind;
pub mod blob;
pub mod codes;
pub mod event;
pub mod key;
pub mod opaque;
pub mod padding;
pub mod password;
pub mod running;
pub mod sealed;
pub mod token;
pub mod totp;

pub use key::{Key, KeyId, random_bytes};
pub use sealed::{OpenError, open, seal};
pub use token::Token;

#[cfg(test)]
mod golden;
