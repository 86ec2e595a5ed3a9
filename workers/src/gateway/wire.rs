//! Lines in, replies out, over any stream. A peer that sends without end, or too slowly, or reads nothing, is let go.

use super::reply::Reply;
use bytes::{Buf, BytesMut};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// A command line, CRLF included. RFC 5321 §4.5.3.1.4 has 512 octets; parameters and UTF-8 addresses add to that.
const LINE_BYTES: usize = 2048;
/// What is read past of a line that is too long, before the peer counts as one that speaks something else.
const SKIPPED_BYTES: usize = 64 * 1024;
const READ_BYTES: usize = 16 * 1024;
/// How long a peer has to read our replies, and to see the last one before the connection ends.
const FLUSH: Duration = Duration::from_mins(1);
const LINGER: Duration = Duration::from_secs(2);

/// One connection.
pub(super) struct Wire<S> {
    stream: S,
    input: BytesMut,
    output: Vec<u8>,
    skipped: Option<usize>,
}

/// What came instead of a command line, or that one came.
pub(super) enum Line {
    /// One, up to its LF.
    Whole(Vec<u8>),
    /// One that was too long, and was read past.
    TooLong,
    /// Octets without end.
    Endless,
}

/// Why nothing comes any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// The peer closed the connection, or it broke.
    Closed,
    /// The peer took too long.
    Idle,
    /// The peer sent far more than it may.
    Flooding,
    /// This node stops.
    Stopping,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, input: BytesMut::new(), output: vec![], skipped: None }
    }

    /// The stream alone. What was read from it and not yet looked at is dropped: after STARTTLS it would be plain text
    /// that somebody in between put there (RFC 3207 §6, CVE-2011-0411).
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Keeps a line of a reply until the next [`flush`](Self::flush), so that a pipeline is answered at once (RFC 2920).
    pub(super) fn say(&mut self, reply: &Reply) {
        reply.write(&mut self.output);
    }

    /// The same for lines that are written already.
    pub(super) fn say_raw(&mut self, lines: &str) {
        self.output.extend_from_slice(lines.as_bytes());
    }

    /// The next command line, after the replies so far are out.
    pub(super) async fn line(&mut self, limit: Duration, stop: &CancellationToken) -> Result<Line, Gone> {
        let whole = async {
            loop {
                if let Some(line) = self.buffered_line() {
                    return Ok(line);
                }
                self.flush().await?;
                self.fill().await?;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Gone::Stopping),
            line = timeout(limit, whole) => line.unwrap_or(Err(Gone::Idle)),
        }
    }

    /// What was read and not yet looked at; waits for more if that is nothing.
    pub(super) async fn block(&mut self, limit: Duration) -> Result<&mut BytesMut, Gone> {
        if self.input.is_empty() {
            timeout(limit, self.fill()).await.unwrap_or(Err(Gone::Idle))?;
        }
        Ok(&mut self.input)
    }

    /// Sends the replies so far.
    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        if !self.output.is_empty() {
            let write = async {
                self.stream.write_all(&self.output).await?;
                self.stream.flush().await
            };
            timeout(FLUSH, write).await.map_err(|_| Gone::Idle)?.map_err(|_| Gone::Closed)?;
            self.output.clear();
        }
        Ok(())
    }

    /// Sends the last reply. Reads past what the peer still sends, for a moment: an end with octets unread would be a
    /// reset that takes the reply back.
    pub(super) async fn part(mut self, last: &Reply) {
        self.say(last);
        self.hang_up().await;
    }

    /// The same where everything is said already.
    pub(super) async fn hang_up(mut self) {
        if self.flush().await.is_err() {
            return;
        }
        let linger = async {
            self.stream.shutdown().await?;
            while self.stream.read_buf(&mut self.input).await? > 0 {
                self.input.clear();
            }
            Ok::<_, std::io::Error>(())
        };
        // Nobody is left to be told of a failure.
        drop(timeout(LINGER, linger).await);
    }

    async fn fill(&mut self) -> Result<(), Gone> {
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await {
            Ok(0) | Err(_) => Err(Gone::Closed),
            Ok(_) => Ok(()),
        }
    }

    fn buffered_line(&mut self) -> Option<Line> {
        let end = self.input.iter().position(|octet| *octet == b'\n').map(|at| at + 1);
        match (end, self.skipped) {
            (Some(end), None) if end <= LINE_BYTES => Some(Line::Whole(self.input.split_to(end).to_vec())),
            (Some(end), _) => {
                self.input.advance(end);
                self.skipped = None;
                Some(Line::TooLong)
            }
            (None, None) if self.input.len() <= LINE_BYTES => None,
            (None, skipped) => {
                let skipped = skipped.unwrap_or_default() + self.input.len();
                self.input.clear();
                self.skipped = Some(skipped);
                (skipped > SKIPPED_BYTES).then_some(Line::Endless)
            }
        }
    }
}
