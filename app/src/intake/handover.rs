//! What the gateway hands over, and what it is answered (G2, G4).

use crate::Delivery;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::{fmt, net::IpAddr};

/// A mail that a mail server handed over, whole, with the envelope that it came in (RFC 5321 §2.3.1).
#[derive(Clone)]
pub struct Handover {
    /// The server that handed it over.
    pub peer: IpAddr,
    /// What that server called itself.
    pub helo: String,
    /// The reverse path, without angle brackets; `None` is the empty one, which wants no answer (RFC 5321 §4.5.5).
    pub sender: Option<String>,
    /// Those whom it is for, as they were named to the gateway, without angle brackets; at least one.
    pub recipients: Vec<String>,
    /// Whether the connection was encrypted.
    pub tls: bool,
    /// The mail: dots unstuffed, every line ended by CRLF, no bare CR or LF.
    pub raw: Bytes,
}

/// What became of a mail that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reception {
    /// It is on record, or with the relay: from here on it is not the sending server's.
    Taken,
    /// It is not taken, for all recipients.
    Refused {
        /// Reply code: 4yz has the sending server try again, 5yz has it give up (RFC 5321 §4.2.1).
        code: u16,
        /// Enhanced status code (RFC 3463), such as `5.6.0`.
        enhanced: &'static str,
        /// One line for whoever runs the sending server; quotes nothing of the mail.
        text: String,
    },
}

/// Whether a recipient is taken for a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiving {
    /// It is.
    Accepted,
    /// It is not; others may be.
    Refused {
        /// Reply code, 4yz or 5yz.
        code: u16,
        /// Enhanced status code (RFC 3463), such as `5.1.1`.
        enhanced: &'static str,
        /// One line for whoever runs the sending server.
        text: String,
    },
}

/// The way on for mails that are not secured: the organisation's relay (G2).
pub trait Onward: Send + Sync {
    /// Hands a mail on, byte for byte, and says what became of it: one answer for all recipients.
    fn pass<'a>(
        &'a self,
        sender: Option<&'a str>,
        recipients: &'a [String],
        raw: &'a [u8],
    ) -> BoxFuture<'a, Delivery>;
}

/// Names no address and nothing of the mail.
impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover")
            .field("recipient_count", &self.recipients.len())
            .field("tls", &self.tls)
            .field("raw_bytes", &self.raw.len())
            .finish_non_exhaustive()
    }
}
