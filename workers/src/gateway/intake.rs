//! What the gateway asks the use cases: whom to take mail for, and to take one.

use crate::Mailer;
use app::{App, Delivery, Error, Handover, Onward, Receiving, Reception};
use bytes::Bytes;
use futures_util::future::BoxFuture;

/// Whoever takes the mails that the gateway was handed.
pub trait Intake: Send + Sync + 'static {
    /// Whether mail for a recipient is taken at all; the sender is `None` for the empty reverse path.
    fn accepts_recipient<'a>(
        &'a self,
        sender: Option<&'a str>,
        recipient: &'a str,
    ) -> BoxFuture<'a, Result<Receiving, Error>>;

    /// Takes a mail. When it answers [`Reception::Taken`], the mail is durable. `traced` is the same with this server's
    /// `Received` line on top, as it goes on: the line has a time in it, and the mail is to be known when it comes again.
    fn receive_mail(&self, mail: Handover, traced: Bytes) -> BoxFuture<'_, Result<Reception, Error>>;
}

/// The use cases of a node; what is not secured goes to the relay.
pub struct AppIntake {
    /// The use cases.
    pub app: App,
    /// The organisation's relay, or the local mailbox.
    pub relay: Mailer,
}

impl Intake for AppIntake {
    fn accepts_recipient<'a>(
        &'a self,
        sender: Option<&'a str>,
        recipient: &'a str,
    ) -> BoxFuture<'a, Result<Receiving, Error>> {
        Box::pin(self.app.accepts_recipient(sender, recipient))
    }

    fn receive_mail(&self, mail: Handover, traced: Bytes) -> BoxFuture<'_, Result<Reception, Error>> {
        Box::pin(async move {
            let tracing = Tracing { relay: &self.relay, traced };
            self.app.receive_mail(mail, &tracing).await
        })
    }
}

/// The way on for one mail, which leaves with this server's trace line (RFC 5321 §4.4).
struct Tracing<'a> {
    relay: &'a Mailer,
    traced: Bytes,
}

impl Onward for Tracing<'_> {
    fn pass<'a>(
        &'a self,
        sender: Option<&'a str>,
        recipients: &'a [String],
        raw: &'a [u8],
    ) -> BoxFuture<'a, Delivery> {
        let mail = if self.traced.ends_with(raw) { &self.traced } else { raw };
        self.relay.pass(sender, recipients, mail)
    }
}
