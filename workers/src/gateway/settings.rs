//! What an operator can set.

use domain::policy::Network;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// How the gateway listens, and what it bears.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What it calls itself.
    pub hostname: String,
    /// Who may hand over mail.
    pub allow: Vec<Network>,
    /// Certificate and key; without them STARTTLS is not offered.
    pub tls: Option<TlsFiles>,
    /// Whether mail is taken over TLS alone.
    pub require_tls: bool,
    /// The largest mail, as it is transmitted (RFC 1870).
    pub max_message_bytes: usize,
    /// Memory for all mails that are being taken, together.
    pub max_memory_bytes: usize,
    /// Recipients of one mail; RFC 5321 §4.5.3.1.8 asks for 100 at least.
    pub max_recipients: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once of one host.
    pub max_connections_per_host: usize,
    /// How long it waits.
    pub timeouts: Timeouts,
}

/// PEM files (RFC 7468).
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, then those that lead to its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How long the gateway waits for a peer.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a whole command line; 5 minutes at least (RFC 5321 §4.5.3.2.7).
    pub command: Duration,
    /// For the next part of a mail; 3 minutes by RFC 5321 §4.5.3.2.5.
    pub block: Duration,
    /// For a whole mail: whoever sends a byte now and then gets no further than this.
    pub mail: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = Duration::from_mins;
        Self { command: minutes(5), block: minutes(3), mail: minutes(30) }
    }
}
