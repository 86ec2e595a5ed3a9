//! Hands mails to an SMTP relay, or keeps them in a local mailbox.

use crate::maildir;
use app::{AutoSubmitted, Delivery, Mail, MailFile};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{
        Attachment, Body, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{self, authentication::Credentials},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    error::Error as _,
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
            tracing::warn!(%notification, "a mail cannot be written: an address is none, or its head has what no head can have");
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
                match maildir::deliver(path, notification.uuid(), "", &message.formatted()).await {
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
pub(crate) fn judged(problem: &smtp::Error) -> Delivery {
    match problem.status().map(u16::from) {
        Some(code) if problem.is_permanent() && !NOT_THE_MAIL.contains(&code) => {
            Delivery::Never(Some(if is_too_large(problem) { TOO_LARGE } else { code }))
        }
        None if lacks_extension(problem) => Delivery::Never(None),
        reply => Delivery::NotNow(reply),
    }
}

/// The reply to a mail that is too large (RFC 5321 §4.2.3).
const TOO_LARGE: u16 = 552;

/// Many relays refuse with a general code and say in the status that it is the size (RFC 3463 §3.3, §3.4). That is what 552
/// means, and what the sender is to be told (A41).
fn is_too_large(problem: &smtp::Error) -> bool {
    let words = problem.source().map(ToString::to_string).unwrap_or_default();
    ["5.2.3 ", "5.3.4 "].iter().any(|status| words.starts_with(status))
}

/// The relay cannot take this address, one beyond ASCII (RFC 6531), which no waiting mends. The library says so in words alone.
fn lacks_extension(problem: &smtp::Error) -> bool {
    let words = problem.source().map(ToString::to_string).unwrap_or_default();
    problem.is_client() && words.contains("server does not support")
}

/// Why the relay did not take a mail, for the log: the words of a reply can quote the address and stay out.
pub(crate) fn reason(problem: &smtp::Error) -> String {
    if problem.status().is_some() || problem.is_response() {
        "see its reply code".to_owned()
    } else {
        problem.to_string()
    }
}

/// An address is none, or something in the head has a control character or is no header's value.
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
    let mut builder = Message::builder()
        .from(Mailbox::new(Some(mail.from_name.clone()), from))
        .to(Mailbox::new(None, to))
        .subject(mail.subject.clone())
        .date(mail.at.to_utc().into())
        .message_id(Some(message_id));
    for (name, value) in marks(mail) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    let both = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let parts = match &mail.attachment {
        None => both,
        Some(file) => MultiPart::mixed().multipart(both).singlepart(attached(file)?),
    };
    builder.envelope(envelope).multipart(parts).map_err(|_| Unwritable)
}

/// Headers by which programs know what this is: nobody's holiday notice answers it (RFC 3834 §5, MS-OXCMAIL §2.2.3.2.14),
/// and mail programs offer to leave (RFC 2369 §3.2, RFC 8058 §3.1).
fn marks(mail: &Mail) -> Vec<(&'static str, String)> {
    let automatic = match mail.automatic {
        AutoSubmitted::Generated => "auto-generated",
        AutoSubmitted::Replied => "auto-replied",
    };
    let mut marks =
        vec![("Auto-Submitted", automatic.to_owned()), ("X-Auto-Response-Suppress", "All".to_owned())];
    // Not the one-click form of RFC 8058: leaving takes away all received mail, so a page says that first (B38).
    if let Some(leave) = &mail.leave {
        marks.push(("List-Unsubscribe", format!("<{}>, <{}>", leave.mailto, leave.url)));
    }
    marks
}

fn attached(file: &MailFile) -> Result<SinglePart, Unwritable> {
    let media_type = ContentType::parse(&file.media_type).map_err(|_| Unwritable)?;
    Ok(Attachment::new(file.name.clone()).body(Body::new(file.bytes.to_vec()), media_type))
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
