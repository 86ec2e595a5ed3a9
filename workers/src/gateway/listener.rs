//! Accepts connections, and ends them when the node stops.

use super::{
    GatewayError, GatewaySettings, Intake,
    admission::Admission,
    memory::Memory,
    reply::{self, Reply},
    session::{Ending, Session},
    tls,
    wire::Wire,
};
use domain::policy::Network;
use eventstore::Clock;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a mail that is coming in may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(8);
/// How long a peer has to hear that it is over.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long a peer has to agree on TLS.
const HANDSHAKE: Duration = Duration::from_mins(1);
/// Room for the trace line on top of a mail.
const TRACE_BYTES: usize = 1024;
/// A machine without free file descriptors gets some back in a moment.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A server for mail that is handed over.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

/// What all connections share.
pub(super) struct Shared {
    pub(super) settings: GatewaySettings,
    pub(super) intake: Arc<dyn Intake>,
    pub(super) clock: Clock,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) memory: Memory,
    admission: Admission,
    /// No new commands.
    pub(super) stop: CancellationToken,
    /// Nothing at all any more.
    pub(super) hurry: CancellationToken,
}

impl Gateway {
    /// A server that stops with `stop`. Fails when settings contradict each other, or certificate and key do.
    pub fn new(
        settings: GatewaySettings,
        intake: Arc<dyn Intake>,
        clock: Clock,
        stop: CancellationToken,
    ) -> Result<Self, GatewayError> {
        let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
        if settings.require_tls && tls.is_none() {
            return Err(GatewayError::NoCertificate);
        }
        if settings.max_memory_bytes < settings.max_message_bytes.saturating_add(TRACE_BYTES) {
            return Err(GatewayError::TooLittleMemory);
        }
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "-.[]:".contains(letter);
        if !(1..=255).contains(&settings.hostname.len()) || !settings.hostname.chars().all(letter) {
            return Err(GatewayError::Hostname);
        }
        let memory = Memory::new(settings.max_memory_bytes);
        let admission = Admission::new(settings.max_connections, settings.max_connections_per_host);
        let hurry = CancellationToken::new();
        Ok(Self(Arc::new(Shared { settings, intake, clock, tls, memory, admission, stop, hurry })))
    }

    /// Serves until the stop; then lets mails that are coming in finish, for some seconds.
    pub async fn run(self, listener: TcpListener) {
        let sessions = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = self.0.stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let gateway = self.clone();
                    sessions.spawn(async move { gateway.converse(stream, peer.ip().to_canonical()).await });
                }
                Err(problem) => {
                    tracing::warn!(%problem, "the gateway cannot accept a connection");
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        drop(listener);
        sessions.close();
        if timeout(GRACE, sessions.wait()).await.is_err() {
            self.0.hurry.cancel();
            // Who does not even read that it is over does not hold the node up.
            drop(timeout(LAST_WORDS, sessions.wait()).await);
        }
    }

    /// One connection, from the greeting on.
    pub async fn converse<S>(&self, stream: S, peer: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Shared { settings, admission, tls, .. } = &*self.0;
        let mut wire = Wire::new(stream);
        if !settings.allow.iter().any(|network| network.contains(peer)) {
            return refuse(wire, peer, &reply::NOT_FOR_YOU).await;
        }
        let Some(_admitted) = admission.admit(peer) else {
            return refuse(wire, peer, &reply::TOO_MANY_CONNECTIONS).await;
        };
        wire.say_raw(&format!("220 {} ESMTP\r\n", settings.hostname));
        if let (Ending::StartTls(stream), Some(tls)) =
            (Session::new(&self.0, peer, false).run(wire).await, tls)
        {
            self.converse_over(tls, stream, peer).await;
        }
    }

    /// The dialogue begins anew, with nothing that was said in the open (RFC 3207 §4.2).
    async fn converse_over<S>(&self, tls: &TlsAcceptor, stream: S, peer: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let agreed = tokio::select! {
            () = self.0.stop.cancelled() => return,
            agreed = timeout(HANDSHAKE, tls.accept(stream)) => agreed,
        };
        if let Ok(Ok(stream)) = agreed {
            Session::new(&self.0, peer, true).run(Wire::new(stream)).await;
        } else {
            let network = Network::around(peer);
            tracing::warn!(%network, "a peer of the gateway did not agree on TLS");
        }
    }
}

async fn refuse<S>(wire: Wire<S>, peer: IpAddr, reply: &Reply)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let network = Network::around(peer);
    tracing::warn!(%network, code = reply.code, "the gateway refused a connection");
    wire.part(reply).await;
}
