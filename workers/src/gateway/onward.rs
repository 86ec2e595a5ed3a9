//! The way on for a mail that is not secured: through the relay as it is, or into the local mailbox.

use crate::{Mailer, maildir, mailer};
use app::{Delivery, Onward};
use futures_util::future::BoxFuture;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor, address::Envelope};
use std::path::Path;
use uuid::Uuid;

impl Onward for Mailer {
    fn pass<'a>(
        &'a self,
        sender: Option<&'a str>,
        recipients: &'a [String],
        raw: &'a [u8],
    ) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            match self {
                Self::Smtp(relay) => hand_on(relay, sender, recipients, raw).await,
                Self::Maildir(path) => keep(path, sender.unwrap_or_default(), recipients, raw).await,
            }
        })
    }
}

async fn hand_on(
    relay: &AsyncSmtpTransport<Tokio1Executor>,
    sender: Option<&str>,
    recipients: &[String],
    raw: &[u8],
) -> Delivery {
    let Ok(envelope) = envelope(sender, recipients) else {
        tracing::warn!("a mail cannot be passed on: one of its addresses is none");
        return Delivery::Never(None);
    };
    match relay.send_raw(&envelope, raw).await {
        Ok(_) => Delivery::Taken,
        Err(problem) => {
            let (delivery, reason) = (mailer::judged(&problem), mailer::reason(&problem));
            tracing::warn!(?delivery, reason, "the mail relay did not take a mail of the gateway");
            delivery
        }
    }
}

/// Keeps a mail in the local mailbox, with its envelope on top. The same one passed on again takes the place of the first.
async fn keep(mailbox: &Path, sender: &str, recipients: &[String], raw: &[u8]) -> Delivery {
    let head: Vec<_> = recipients.iter().map(|recipient| format!("Delivered-To: {recipient}\r\n")).collect();
    let mail = [head.concat().as_bytes(), raw].concat();
    let id = Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_OID, sender.as_bytes()), &mail);
    match maildir::deliver(mailbox, id, sender, &mail).await {
        Ok(()) => Delivery::Taken,
        Err(problem) => {
            tracing::warn!(%problem, "the local mailbox cannot be written");
            Delivery::NotNow(None)
        }
    }
}

/// An address that the library does not know.
struct Unknown;

fn envelope(sender: Option<&str>, recipients: &[String]) -> Result<Envelope, Unknown> {
    let address = |text: &str| -> Result<Address, Unknown> { text.parse().map_err(|_| Unknown) };
    let recipients = recipients.iter().map(|recipient| address(recipient)).collect::<Result<_, _>>()?;
    Envelope::new(sender.map(address).transpose()?, recipients).map_err(|_| Unknown)
}
