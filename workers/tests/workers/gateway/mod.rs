//! The gateway at the level of octets: a peer that says anything, and a stand-in for the use cases that only remembers.

mod clients;
mod dialogue;
mod limits;
mod mails;
mod onward;
mod starttls;
mod stopping;

use app::{Error, Handover, Receiving, Reception};
use bytes::Bytes;
use domain::Timestamp;
use eventstore::Clock;
use futures_util::future::BoxFuture;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use workers::{Gateway, GatewaySettings, Intake, Timeouts};

/// 2026-03-02T09:00:00Z.
const NOW: Timestamp = Timestamp::from_micros(1_772_442_000_000_000);
const MIB: usize = 1024 * 1024;
/// What every mail begins with that came from this peer as `mail.insurer.example`.
const TRACE: &str = "Received: from mail.insurer.example ([127.0.0.1])\r\n\tby gateway.insurer.example with ESMTP;\r\n\
     \tMon, 02 Mar 2026 09:00:00 +0000\r\n";
const HELLO: &str = "EHLO mail.insurer.example\r\n";
const ENVELOPE: &str = "MAIL FROM:<clara@insurer.example>\r\nRCPT TO:<gina@guest.example>\r\nDATA\r\n";

/// Remembers what it was handed, and answers as a test wants it.
struct Desk {
    mails: Mutex<Vec<Handover>>,
    /// The last one, as it would go on.
    traced: Mutex<Bytes>,
    answer: fn() -> Result<Reception, Error>,
    /// A mail is taken when there is a permit.
    open: Semaphore,
}

impl Desk {
    fn answering(answer: fn() -> Result<Reception, Error>) -> Arc<Self> {
        Arc::new(Self {
            mails: Mutex::default(),
            traced: Mutex::default(),
            answer,
            open: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    fn new() -> Arc<Self> {
        Self::answering(|| Ok(Reception::Taken))
    }

    fn closed() -> Arc<Self> {
        Arc::new(Self {
            mails: Mutex::default(),
            traced: Mutex::default(),
            answer: || Ok(Reception::Taken),
            open: Semaphore::new(0),
        })
    }

    fn mails(&self) -> Vec<Handover> {
        self.mails.lock().unwrap().clone()
    }

    /// The only mail.
    #[track_caller]
    fn only_mail(&self) -> String {
        let mails = self.mails();
        let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
        assert_eq!(
            *self.traced.lock().unwrap(),
            [TRACE.as_bytes(), &mail.raw].concat(),
            "it has a trace line"
        );
        String::from_utf8(mail.raw.to_vec()).unwrap()
    }

    /// The last one with its trace line.
    fn traced(&self) -> String {
        String::from_utf8_lossy(&self.traced.lock().unwrap()).into_owned()
    }
}

impl Intake for Desk {
    fn accepts_recipient<'a>(
        &'a self,
        _: Option<&'a str>,
        recipient: &'a str,
    ) -> BoxFuture<'a, Result<Receiving, Error>> {
        Box::pin(async move {
            match recipient.split('@').next() {
                Some("nobody") => Ok(Receiving::Refused {
                    code: 550,
                    enhanced: "5.1.1",
                    text: "nobody has this address".to_owned(),
                }),
                Some("busy") => Err(Error::Busy),
                _ => Ok(Receiving::Accepted),
            }
        })
    }

    fn receive_mail(&self, mail: Handover, traced: Bytes) -> BoxFuture<'_, Result<Reception, Error>> {
        Box::pin(async move {
            self.open.acquire().await.unwrap().forget();
            self.mails.lock().unwrap().push(mail);
            *self.traced.lock().unwrap() = traced;
            (self.answer)()
        })
    }
}

fn settings() -> GatewaySettings {
    GatewaySettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        hostname: "gateway.insurer.example".to_owned(),
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        tls: None,
        require_tls: false,
        max_message_bytes: MIB,
        max_memory_bytes: 4 * MIB,
        max_recipients: 200,
        max_connections: 10,
        max_connections_per_host: 5,
        timeouts: Timeouts::default(),
    }
}

fn gateway_with(settings: GatewaySettings, desk: &Arc<Desk>, stop: &CancellationToken) -> Gateway {
    Gateway::new(settings, desk.clone(), Clock::manual(NOW), stop.clone()).unwrap()
}

fn gateway(desk: &Arc<Desk>) -> Gateway {
    gateway_with(settings(), desk, &CancellationToken::new())
}

/// The other end of a connection.
struct Peer<S> {
    stream: S,
}

/// A peer on this machine.
fn connect(gateway: &Gateway) -> Peer<DuplexStream> {
    connect_from(gateway, Ipv4Addr::LOCALHOST.into())
}

fn connect_from(gateway: &Gateway, host: IpAddr) -> Peer<DuplexStream> {
    let (ours, theirs) = duplex(64 * 1024);
    let gateway = gateway.clone();
    tokio::spawn(async move { gateway.converse(theirs, host).await });
    Peer { stream: ours }
}

/// A peer that was greeted and has said EHLO.
async fn greeted(gateway: &Gateway) -> Peer<DuplexStream> {
    let mut peer = connect(gateway);
    assert_eq!(peer.reply().await, "220 gateway.insurer.example ESMTP\r\n");
    assert!(peer.asks(HELLO).await.starts_with("250-"));
    peer
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    async fn says(&mut self, octets: impl AsRef<[u8]>) {
        // Who was let go need not be able to say more.
        drop(self.stream.write_all(octets.as_ref()).await);
        drop(self.stream.flush().await);
    }

    /// One whole reply; empty at the end of the connection.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = vec![];
            while !line.ends_with(b"\n") {
                match self.stream.read_u8().await {
                    Ok(octet) => line.push(octet),
                    Err(_) => return reply,
                }
            }
            reply += std::str::from_utf8(&line).unwrap();
            if line.get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    async fn asks(&mut self, command: impl AsRef<[u8]>) -> String {
        self.says(command).await;
        self.reply().await
    }

    /// Code and enhanced code of the replies that are left, until the connection ends.
    async fn rest(mut self) -> Vec<String> {
        let mut replies = vec![];
        loop {
            let reply = self.reply().await;
            if reply.is_empty() {
                return replies;
            }
            replies.push(status(&reply));
        }
    }
}

/// Says everything at once, then closes; gives the status of every reply after the greeting.
async fn told(gateway: &Gateway, octets: impl AsRef<[u8]>) -> Vec<String> {
    let mut peer = connect(gateway);
    peer.reply().await;
    let (mut reading, mut writing) = tokio::io::split(peer.stream);
    let octets = octets.as_ref().to_vec();
    let say = async move {
        drop(writing.write_all(&octets).await);
        drop(writing.shutdown().await);
    };
    let (mut replies, ()) = (String::new(), tokio::spawn(say).await.unwrap_or_default());
    drop(reading.read_to_string(&mut replies).await);
    replies.lines().filter(|line| line.get(3..4) != Some("-")).map(status).collect()
}

/// `250 2.1.0 sender OK` is `250 2.1.0`.
fn status(reply: &str) -> String {
    reply.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
