//! Hands mails to an SMTP relay, or keeps them in a local mailbox.

use crate::maildir;
use app::{Delivery, Mail};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{self, authentication::Credentials},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Where mails go.
#[derive(Clone)]
pub enum Mailer {
    /// To a relay.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into a Maildir on this machine: for a demonstration, and until a relay is configured.
    Maildir(PathBuf),
}

/// How a relay is reached.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name; with TLS, the name that its certificate must have.
    pub host: String,
    /// Its port: 25, 465 (TLS) or 587 (STARTTLS) as a rule.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whom it knows this program as, if it asks.
    pub username: Option<String>,
    /// Belongs to the user name.
    pub password: Option<SecretString>,
}

/// How a connection to a relay is protected. The certificate is checked against the roots that browsers trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for a relay on this machine or in a network of its own.
    None,
    /// TLS after a greeting (RFC 3207); without it, nothing is sent.
    StartTls,
    /// TLS from the first byte (RFC 8314 §3).
    Tls,
}

/// Why there is no mailer.
#[derive(Debug, Error)]
pub enum MailerError {
    /// User name without password, or the other way round.
    #[error("give the relay's user name and its password, or neither")]
    HalfCredentials,
    /// A password would be readable on its way.
    #[error("a password is not sent over an open connection; set the relay's security to starttls or tls")]
    OpenPassword,
    /// TLS cannot be had for this name.
    #[error("TLS to the relay {host} cannot be set up: {problem}")]
    Tls {
        /// Which relay.
        host: String,
        /// What the library said.
        #[source]
        problem: smtp::Error,
    },
    /// The folder of the local mailbox cannot be made.
    #[error("the local mailbox {path} cannot be made: {problem}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        problem: io::Error,
    },
}

/// Replies that concern whoever hands mails over, not the mail (RFC 5321 §4.2.3, RFC 4954 §6): the relay shuts down; a
/// login fails for now, is missing, is too weak, is refused, needs encryption. The operator can mend each.
const NOT_THE_MAIL: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// Whether the next mail would get the same answer: the relay, or the local mailbox, is out of reach as a whole.
pub(crate) fn concerns_all(delivery: Delivery) -> bool {
    match delivery {
        Delivery::NotNow(reply) => reply.is_none_or(|code| NOT_THE_MAIL.contains(&code)),
        Delivery::Taken | Delivery::Never(_) => false,
    }
}

impl Mailer {
    /// Through a relay. No connection is made before the first mail.
    pub fn smtp(settings: &SmtpSettings) -> Result<Self, MailerError> {
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let host = settings.host.as_str();
        let builder = match settings.security {
            Security::None => Ok(Transport::builder_dangerous(host)),
            Security::StartTls => Transport::starttls_relay(host),
            Security::Tls => Transport::relay(host),
        };
        let builder = builder.map_err(|problem| MailerError::Tls { host: host.to_owned(), problem })?;
        let builder = builder.port(settings.port);
        let builder = match (&settings.username, &settings.password) {
            (None, None) => builder,
            (Some(_), Some(_)) if settings.security == Security::None => {
                return Err(MailerError::OpenPassword);
            }
            (Some(user), Some(password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()))
            }
            (Some(_), None) | (None, Some(_)) => return Err(MailerError::HalfCredentials),
        };
        Ok(Self::Smtp(builder.build()))
    }

    /// Into a Maildir, which is made if it is not there.
    pub fn maildir(path: &Path) -> Result<Self, MailerError> {
        maildir::create(path).map_err(|problem| MailerError::Folder { path: path.to_owned(), problem })?;
        Ok(Self::Maildir(path.to_owned()))
    }

    /// Hands a mail over and says what became of it. Never an error: whatever happens is an answer.
    pub async fn deliver(&self, mail: &Mail) -> Delivery {
        let notification = mail.id;
        let Ok(message) = written(mail) else {
            tracing::warn!(%notification, "a mail cannot be written: an address is none, or its head has a control character");
            return Delivery::Never(None);
        };
        match self {
            Self::Smtp(transport) => match transport.send(message).await {
                Ok(_) => Delivery::Taken,
                Err(problem) => {
                    let delivery = judged(&problem);
                    let reason = reason(&problem);
                    tracing::warn!(%notification, ?delivery, reason, "the mail relay did not take a mail");
                    delivery
                }
            },
            Self::Maildir(path) => {
                match maildir::deliver(path, notification.uuid(), &message.formatted()).await {
                    Ok(()) => Delivery::Taken,
                    Err(problem) => {
                        tracing::warn!(%notification, %problem, "the local mailbox cannot be written");
                        Delivery::NotNow(None)
                    }
                }
            }
        }
    }
}

/// What a failure means for the mail.
fn judged(problem: &smtp::Error) -> Delivery {
    match problem.status().map(u16::from) {
        Some(code) if problem.is_permanent() && !NOT_THE_MAIL.contains(&code) => Delivery::Never(Some(code)),
        reply => Delivery::NotNow(reply),
    }
}

/// Why the relay did not take a mail, for the log: the words of a reply can quote the address and stay out.
fn reason(problem: &smtp::Error) -> String {
    if problem.status().is_some() || problem.is_response() {
        "see its reply code".to_owned()
    } else {
        problem.to_string()
    }
}

/// An address is none, or a line of the head has a control character.
struct Unwritable;

/// The mail as RFC 5322 has it. The envelope has no sender, so that no answer and no bounce comes back (R13).
fn written(mail: &Mail) -> Result<Message, Unwritable> {
    // The library panics at a line break in a name, and neither has any use for other control characters.
    if mail.from_name.chars().chain(mail.subject.chars()).any(char::is_control) {
        return Err(Unwritable);
    }
    let from: Address = mail.from.parse().map_err(|_| Unwritable)?;
    let to = recipient(mail)?;
    let message_id = format!("<{}@{}>", mail.id, from.domain());
    let envelope = Envelope::new(None, vec![to.clone()]).map_err(|_| Unwritable)?;
    // RFC 3834 §5: whoever answers automatically does not answer this.
    let automatic =
        HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Message::builder()
        .from(Mailbox::new(Some(mail.from_name.clone()), from))
        .to(Mailbox::new(None, to))
        .subject(mail.subject.clone())
        .date(mail.at.to_utc().into())
        .message_id(Some(message_id))
        .raw_header(automatic)
        .envelope(envelope)
        .singlepart(SinglePart::plain(mail.text.clone()))
        .map_err(|_| Unwritable)
}

/// The local part as it was typed, since a host may tell case apart, and the domain in ASCII (RFC 5891).
fn recipient(mail: &Mail) -> Result<Address, Unwritable> {
    let (local, _) = mail.to.typed().rsplit_once('@').ok_or(Unwritable)?;
    Address::new(local, mail.to.domain().as_str()).map_err(|_| Unwritable)
}

/// Names the way alone: a transport holds a password.
impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(_) => f.write_str("Smtp(…)"),
            Self::Maildir(path) => f.debug_tuple("Maildir").field(path).finish(),
        }
    }
}
