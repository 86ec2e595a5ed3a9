//! A relay by script: it behaves as no program would on purpose.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What it does with the mails that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// It takes them.
    Takes,
    /// The first time it goes away in the middle of a mail; then it takes them.
    DiesOnce,
    /// It finds them too large, in words of its own.
    FindsThemTooLarge,
}

/// The relay, which ends with the value.
pub struct Peer {
    pub port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Peer {
    /// Listens on a port, 0 for any.
    pub async fn start(port: u16, habit: Habit) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::<Mutex<Vec<String>>>::default();
        let taken = mails.clone();
        let serving = tokio::spawn(async move {
            let mut habit = habit;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let taken = taken.clone();
                let now = habit;
                if habit == Habit::DiesOnce {
                    habit = Habit::Takes;
                }
                tokio::spawn(async move { converse(stream, now, &taken).await });
            }
        });
        Self { port, mails, serving }
    }

    /// The mails that it took since it was last asked.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.mails.lock().unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One connection (RFC 5321 §3). An error is a client that went away.
async fn converse(stream: TcpStream, habit: Habit, taken: &Mutex<Vec<String>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 peer.example\r\n").await.ok()?;
    loop {
        let command = line(&mut stream).await?.to_ascii_uppercase();
        let reply: &[u8] = if command.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n").await.ok()?;
            let mut mail = String::new();
            loop {
                let line = line(&mut stream).await?;
                if habit == Habit::DiesOnce {
                    return None;
                }
                if line == ".\r\n" {
                    break;
                }
                mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            }
            if habit == Habit::FindsThemTooLarge {
                b"554 5.3.4 message too big for system\r\n"
            } else {
                taken.lock().unwrap().push(mail);
                b"250 taken\r\n"
            }
        } else if command.starts_with("QUIT") {
            b"221 bye\r\n"
        } else {
            b"250 yes\r\n"
        };
        stream.write_all(reply).await.ok()?;
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await.ok()?;
    (length > 0).then_some(line)
}
