//! One dialogue, from the greeting to the end or to STARTTLS, after which another one begins with nothing remembered.

use super::{
    command::{self, Command},
    listener::Shared,
    reply::{self, Reply},
    wire::{Gone, Line, Wire},
};
use crate::JobError;
use app::Receiving;
use std::{net::IpAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

/// Mistakes of a peer before it is let go.
const MISTAKES: u32 = 20;
/// Commands in a row that bring neither a recipient nor a mail. More than a mail has recipients, since all may be refused.
const IDLE_COMMANDS: u32 = 250;
/// How long the use cases may take: a peer waits for 10 minutes (RFC 5321 §4.5.3.2.6), then sends a mail again.
pub(super) const TAKING: Duration = Duration::from_mins(5);

/// What is known of a peer and of its mail.
pub(super) struct Session<'a> {
    pub(super) gateway: &'a Shared,
    pub(super) peer: IpAddr,
    pub(super) tls: bool,
    pub(super) hello: Option<Hello>,
    pub(super) envelope: Option<Envelope>,
    mistakes: u32,
    pub(super) idle_commands: u32,
}

/// How a peer introduced itself.
pub(super) struct Hello {
    pub(super) host: String,
    pub(super) extended: bool,
}

/// Whom a mail is from and for; size is 0 where none was announced.
pub(super) struct Envelope {
    pub(super) sender: Option<String>,
    pub(super) size: usize,
    pub(super) utf8: bool,
    pub(super) recipients: Vec<String>,
}

/// How a dialogue ends.
pub(super) enum Ending<S> {
    /// Nothing more is to be said.
    Over,
    /// TLS begins.
    StartTls(S),
}

/// What follows a command.
enum Step {
    Say(Reply),
    Greet(String),
    TakeMail,
    StartTls,
    Quit,
}

impl<'a> Session<'a> {
    pub(super) fn new(gateway: &'a Shared, peer: IpAddr, tls: bool) -> Self {
        Self { gateway, peer, tls, hello: None, envelope: None, mistakes: 0, idle_commands: 0 }
    }

    /// Answers commands until there are none.
    pub(super) async fn run<S>(mut self, mut wire: Wire<S>) -> Ending<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        loop {
            let line = match wire.line(self.gateway.settings.timeouts.command, &self.gateway.stop).await {
                Ok(line) => line,
                Err(gone) => return over(wire, gone).await,
            };
            let reply = match self.answer(line).await {
                Step::Say(reply) => reply,
                Step::Greet(lines) => {
                    wire.say_raw(&lines);
                    continue;
                }
                Step::TakeMail => match self.take_mail(&mut wire).await {
                    Ok(reply) => reply,
                    Err(gone) => return over(wire, gone).await,
                },
                Step::StartTls => {
                    wire.say(&reply::READY_FOR_TLS);
                    if let Err(gone) = wire.flush().await {
                        return over(wire, gone).await;
                    }
                    return Ending::StartTls(wire.into_stream());
                }
                Step::Quit => {
                    wire.part(&reply::BYE).await;
                    return Ending::Over;
                }
            };
            wire.say(&reply);
            self.mistakes += u32::from(reply.is_mistake());
            if reply.code == 421 {
                wire.hang_up().await;
                return Ending::Over;
            }
            let enough = match () {
                () if self.mistakes >= MISTAKES => reply::TOO_MANY_ERRORS,
                () if self.idle_commands >= IDLE_COMMANDS => reply::TOO_MANY_COMMANDS,
                () => continue,
            };
            wire.part(&enough).await;
            return Ending::Over;
        }
    }

    async fn answer(&mut self, line: Line) -> Step {
        self.idle_commands += 1;
        let command = match line {
            Line::Whole(line) => command::parse(&line),
            Line::TooLong => Err(reply::LINE_TOO_LONG),
            Line::Endless => Err(reply::TOO_MANY_ERRORS),
        };
        match command {
            Ok(command) => self.obey(command).await.unwrap_or_else(Step::Say),
            Err(reply) => Step::Say(reply),
        }
    }

    async fn obey(&mut self, command: Command) -> Result<Step, Reply> {
        let settings = &self.gateway.settings;
        // RFC 3207 §4 names what may be said before.
        let harmless =
            matches!(command, Command::Hello { .. } | Command::Noop | Command::StartTls | Command::Quit);
        if settings.require_tls && !self.tls && !harmless {
            return Err(reply::TLS_FIRST);
        }
        match command {
            Command::Hello { host, extended } => {
                self.envelope = None;
                self.hello = Some(Hello { host, extended });
                Ok(Step::Greet(self.greeting(extended)))
            }
            Command::Mail { sender, size, utf8 } => self.mail(sender, size, utf8).map(Step::Say),
            Command::Rcpt { recipient } => self.rcpt(recipient).await.map(Step::Say),
            Command::Data => match &self.envelope {
                None => Err(reply::MAIL_FIRST),
                Some(envelope) if envelope.recipients.is_empty() => Err(reply::NO_RECIPIENTS),
                Some(_) => Ok(Step::TakeMail),
            },
            Command::Rset => {
                self.envelope = None;
                Ok(Step::Say(reply::OK))
            }
            Command::Noop => Ok(Step::Say(reply::OK)),
            Command::Vrfy => Ok(Step::Say(reply::CANNOT_VERIFY)),
            Command::Help => Ok(Step::Say(reply::HELP)),
            Command::Quit => Ok(Step::Quit),
            Command::StartTls if self.tls => Err(reply::TLS_TWICE),
            Command::StartTls if self.gateway.tls.is_none() => Err(reply::NOT_OFFERED),
            Command::StartTls => Ok(Step::StartTls),
        }
    }

    fn greeting(&self, extended: bool) -> String {
        let settings = &self.gateway.settings;
        let hostname = &settings.hostname;
        if !extended {
            return format!("250 {hostname}\r\n");
        }
        let tls = if self.gateway.tls.is_some() && !self.tls { "250-STARTTLS\r\n" } else { "" };
        let (size, recipients) = (settings.max_message_bytes, settings.max_recipients);
        format!(
            "250-{hostname}\r\n250-PIPELINING\r\n250-SIZE {size}\r\n{tls}250-ENHANCEDSTATUSCODES\r\n\
             250-8BITMIME\r\n250-SMTPUTF8\r\n250 LIMITS RCPTMAX={recipients}\r\n"
        )
    }

    fn mail(&mut self, sender: Option<String>, size: usize, utf8: bool) -> Result<Reply, Reply> {
        if self.hello.is_none() {
            return Err(reply::EHLO_FIRST);
        }
        if self.envelope.is_some() {
            return Err(reply::MAIL_TWICE);
        }
        if size > self.gateway.settings.max_message_bytes {
            return Err(reply::TOO_LARGE);
        }
        self.envelope = Some(Envelope { sender, size, utf8, recipients: vec![] });
        Ok(reply::SENDER_OK)
    }

    async fn rcpt(&mut self, recipient: String) -> Result<Reply, Reply> {
        let envelope = self.envelope.as_mut().ok_or(reply::MAIL_FIRST)?;
        if !envelope.utf8 && !recipient.is_ascii() {
            return Err(reply::UTF8_UNDECLARED);
        }
        if envelope.recipients.contains(&recipient) {
            return Ok(reply::RECIPIENT_OK);
        }
        if envelope.recipients.len() >= self.gateway.settings.max_recipients {
            return Err(reply::TOO_MANY_RECIPIENTS);
        }
        let asked = self.gateway.intake.accepts_recipient(envelope.sender.as_deref(), &recipient);
        match timeout(TAKING, asked).await {
            Ok(Ok(Receiving::Accepted)) => {
                envelope.recipients.push(recipient);
                self.idle_commands = 0;
                Ok(reply::RECIPIENT_OK)
            }
            Ok(Ok(Receiving::Refused { code, enhanced, text })) => {
                Err(Reply::refusal(code, enhanced, &text, envelope.utf8))
            }
            Ok(Err(error)) => Err(not_now(error)),
            Err(_) => Err(reply::TRY_AGAIN),
        }
    }
}

async fn over<S>(wire: Wire<S>, gone: Gone) -> Ending<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match gone {
        Gone::Closed => {}
        Gone::Idle => wire.part(&reply::IDLE).await,
        Gone::Flooding => wire.part(&reply::TOO_LARGE).await,
        Gone::Stopping => wire.part(&reply::STOPPING).await,
    }
    Ending::Over
}

/// Whatever went wrong here is no fault of the mail, so that the sending server keeps it.
pub(super) fn not_now(error: app::Error) -> Reply {
    let problem = JobError::from(error).text();
    tracing::warn!(problem, "the gateway could not take a mail; the sending server keeps it");
    reply::TRY_AGAIN
}
