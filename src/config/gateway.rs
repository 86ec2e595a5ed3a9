//! Where the organisation's mail server hands mails over (G2).

use super::Relay;
use anyhow::{Result, ensure};
use domain::{period::Period, policy::Network};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use workers::{GatewaySettings, Timeouts, TlsFiles};

/// 50 MiB of attachments (A39) in base64, and room for the rest of the mail.
const MAX_MESSAGE_BYTES: usize = 75 * 1024 * 1024;
/// Four mails of the largest size at once.
const MAX_MEMORY_BYTES: usize = 4 * (MAX_MESSAGE_BYTES + 1024 * 1024);

/// The SMTP gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// Where to listen. Outside loopback only with `tls`.
    pub listen: SocketAddr,
    /// What it calls itself.
    pub hostname: String,
    /// Who may hand over mail.
    pub allow: Vec<Network>,
    /// Certificate and key for STARTTLS.
    pub tls: Option<Tls>,
    /// Whether mail is taken over TLS alone.
    pub require_tls: bool,
    /// The largest mail, as it is transmitted.
    pub max_message_bytes: usize,
    /// Memory for all mails that are coming in, together.
    pub max_memory_bytes: usize,
    /// Recipients of one mail.
    pub max_recipients: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once of one host.
    pub max_connections_per_host: usize,
    /// How long to wait for a command.
    pub command_timeout: Period,
    /// How long to wait for the next part of a mail.
    pub block_timeout: Period,
    /// How long a whole mail may take.
    pub mail_timeout: Period,
    /// Whose `Authentication-Results` are believed (RFC 8601): the name that the organisation's mail server writes there.
    pub trusted_authentication: Option<String>,
    /// Where mails go on that are not secured, instead of `mail.relay`.
    pub relay: Option<Relay>,
}

/// PEM files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
}

impl Default for Gateway {
    fn default() -> Self {
        let period = |text| Period::parse(text).unwrap_or_default();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 2525)),
            hostname: "localhost".into(),
            allow: ["127.0.0.0/8", "::1"].into_iter().filter_map(|network| network.parse().ok()).collect(),
            tls: None,
            require_tls: false,
            max_message_bytes: MAX_MESSAGE_BYTES,
            max_memory_bytes: MAX_MEMORY_BYTES,
            max_recipients: 200,
            max_connections: 100,
            max_connections_per_host: 20,
            command_timeout: period("PT5M"),
            block_timeout: period("PT3M"),
            mail_timeout: period("PT30M"),
            trusted_authentication: None,
            relay: None,
        }
    }
}

impl Gateway {
    /// What the listener needs to know.
    #[must_use]
    pub fn settings(&self) -> GatewaySettings {
        let tls = self
            .tls
            .as_ref()
            .map(|tls| TlsFiles { certificate: tls.certificate.clone(), key: tls.key.clone() });
        GatewaySettings {
            listen: self.listen,
            hostname: self.hostname.clone(),
            allow: self.allow.clone(),
            tls,
            require_tls: self.require_tls,
            max_message_bytes: self.max_message_bytes,
            max_memory_bytes: self.max_memory_bytes,
            max_recipients: self.max_recipients,
            max_connections: self.max_connections,
            max_connections_per_host: self.max_connections_per_host,
            timeouts: Timeouts {
                command: duration(self.command_timeout),
                block: duration(self.block_timeout),
                mail: duration(self.mail_timeout),
            },
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        ensure!(
            self.listen.ip().is_loopback() || self.tls.is_some(),
            "taking mail on {} would send it over an open connection. Listen on a loopback address, or give a \
             certificate: gateway.tls.certificate and gateway.tls.key",
            self.listen
        );
        let times = [self.command_timeout, self.block_timeout, self.mail_timeout];
        ensure!(
            !times.iter().any(|time| time.is_zero()),
            "the gateway's timeouts must be longer than nothing"
        );
        ensure!(
            self.max_recipients > 0 && self.max_connections > 0 && self.max_connections_per_host > 0,
            "the gateway's limits must be 1 at least"
        );
        Ok(())
    }
}

fn duration(period: Period) -> Duration {
    period.nominal().unsigned_abs()
}
