//! What an organisation's own people send: judged by its content rules, then passed on, secured, held or refused (G2, C1).

use super::{
    Handover, Onward, Reception,
    mime::Incoming,
    securing::{Original, Securing, refusal},
};
use crate::{
    App, Delivery, Error, Problem,
    content_rules::judged,
    files::NewFile,
    sending::{Author, sent_id},
};
use bytes::Bytes;
use domain::{
    Metadata, OrganisationId,
    address::EmailAddress,
    content::{Action, Hit},
    event::Actor,
    id::{IntakeId, NotificationId},
    intake::{Command, Intake, Kept, State},
    message::Attachment,
    organisation,
};
use eventstore::log::{ContentKeys, Idempotency};
use seal::blind;
use std::sync::Arc;

/// A mail that leaves.
pub(super) struct Outgoing {
    pub(super) organisation: OrganisationId,
    pub(super) rules: Arc<organisation::State>,
    /// Whose it is: an address of the organisation's own.
    pub(super) author: EmailAddress,
    /// Those of the envelope's recipients to whom it leaves.
    pub(super) recipients: Vec<String>,
    pub(super) handover: Handover,
    pub(super) mail: Incoming,
}

impl Outgoing {
    /// What the gateway does, it does as itself: that the sender is who they say, the mail server knows and not the log.
    pub(super) fn meta(&self) -> Metadata {
        Metadata { policy: Some(self.rules.policy_version), ..Metadata::by(Actor::Worker) }
    }
}

impl App {
    pub(super) async fn take_outgoing(
        &self,
        outgoing: Outgoing,
        onward: &dyn Onward,
    ) -> Result<Reception, Error> {
        if self.is_own_notification(&outgoing).await? {
            return Ok(pass(&outgoing, onward).await);
        }
        let (outgoing, hit) = self.judged_outgoing(outgoing).await?;
        let Some(hit) = hit else { return Ok(pass(&outgoing, onward).await) };
        let request = self.request_of(&outgoing).await?;
        match hit.action {
            // On record first: what cannot be recorded does not happen, and the same mail is recorded once.
            Action::Pass => {
                self.record_hit(&outgoing, hit, &request, None).await?;
                Ok(pass(&outgoing, onward).await)
            }
            Action::Secure => self.secure_outgoing(outgoing, hit, request).await,
            Action::Hold => {
                self.hold(&outgoing, hit, &request).await?;
                Ok(Reception::Taken)
            }
            Action::Refuse => {
                self.record_hit(&outgoing, hit, &request, None).await?;
                let name = outgoing.rules.rules.get(&hit.rule).map_or("", |known| &*known.rule.name);
                let name: String = name.chars().filter(|c| !c.is_control()).collect();
                let text = format!("the organisation's rule \"{name}\" keeps this mail from being sent");
                Ok(Reception::refused(550, "5.7.1", text))
            }
        }
    }

    async fn secure_outgoing(
        &self,
        outgoing: Outgoing,
        hit: Hit,
        request: Idempotency,
    ) -> Result<Reception, Error> {
        let meta = outgoing.meta();
        let Outgoing { organisation, rules, author, recipients, handover, mail } = outgoing;
        let Hit { rule, action, hits } = hit;
        let intake = sent_id(&request);
        let original = Original::Raw(handover.raw);
        let securing =
            Securing { organisation, rules, author, recipients, mail, original, rule, intake, request, meta };
        let at = self.log.now();
        let meet = |author: &Author| {
            let (sender, message) = (Some(author.account), Some(sent_id(&request)));
            Command::Meet { rule, action, hits, sender, message, kept: None, at }
        };
        match self.secure(securing, &ContentKeys::none(), meet).await {
            Ok(_) => Ok(Reception::Taken),
            Err(error) => refusal(error),
        }
    }

    /// Keeps a mail for an officer. One that comes again is kept once.
    async fn hold(&self, outgoing: &Outgoing, hit: Hit, request: &Idempotency) -> Result<(), Error> {
        let organisation = outgoing.organisation;
        let intake: IntakeId = sent_id(request);
        if self.log.load::<Intake>(organisation, intake.uuid()).await?.state != State::Unmet {
            return Ok(());
        }
        let sender = outgoing.handover.sender.as_deref().and_then(|sender| EmailAddress::parse(sender).ok());
        let recipients = outgoing.recipients.clone();
        let raw = self.keep_raw(organisation, outgoing.handover.raw.clone()).await?;
        self.record_hit(outgoing, hit, request, Some(Kept { sender, recipients, raw })).await
    }

    /// Asks the rules, away from the threads that answer others.
    async fn judged_outgoing(&self, outgoing: Outgoing) -> Result<(Outgoing, Option<Hit>), Error> {
        let rules = self.ready_rules(outgoing.organisation, &outgoing.rules)?;
        if rules.is_empty() {
            return Ok((outgoing, None));
        }
        let scan = move || {
            let scanned = outgoing.mail.scanned(outgoing.author.typed(), &outgoing.recipients);
            (outgoing, scanned)
        };
        let (outgoing, scanned) = tokio::task::spawn_blocking(scan).await.map_err(Error::internal)?;
        Ok((outgoing, judged(rules, scanned).await?))
    }

    /// Whether this is a notification that the relay sends out by way of the gateway: securing it would make another one of it,
    /// without end. It has no reverse path and is known by its id.
    async fn is_own_notification(&self, outgoing: &Outgoing) -> Result<bool, Error> {
        let named = outgoing.mail.message_id.as_deref().filter(|_| outgoing.handover.sender.is_none());
        match named.and_then(notification_named) {
            Some(id) => Ok(self.models.notification(outgoing.organisation, id).await?.is_some()),
            None => Ok(false),
        }
    }

    /// Names a mail by what it is and whom it is for, so that it is known when it comes again.
    async fn request_of(&self, outgoing: &Outgoing) -> Result<Idempotency, Error> {
        let index = self.index_key(outgoing.organisation).await?;
        let raw = outgoing.handover.raw.clone();
        let mut recipients = outgoing.recipients.clone();
        recipients.sort_unstable();
        let envelope = format!("{:?}", (&outgoing.handover.sender, recipients));
        let name = move || {
            let input = blind::blind(&index, "handover", &raw);
            let key = blind::blind(&index, "idempotency", &[envelope.as_bytes(), &input].concat());
            Idempotency { key, input }
        };
        tokio::task::spawn_blocking(name).await.map_err(Error::internal)
    }

    /// Records that a mail met a rule, once.
    async fn record_hit(
        &self,
        outgoing: &Outgoing,
        hit: Hit,
        request: &Idempotency,
        kept: Option<Kept>,
    ) -> Result<(), Error> {
        let organisation = outgoing.organisation;
        let intake: IntakeId = sent_id(request);
        let sender = self.holder_of(organisation, &outgoing.author).await?.map(|(account, _)| account);
        let Hit { rule, action, hits } = hit;
        let at = self.log.now();
        let command = || {
            let kept = kept.clone().map(Box::new);
            Command::Meet { rule, action, hits, sender, message: None, kept, at }
        };
        let met = self.log.execute::<Intake>(organisation, intake.uuid(), &outgoing.meta(), command).await?;
        met.map_err(Problem::from)?;
        Ok(())
    }

    /// Keeps a mail as it came, sealed.
    pub(super) async fn keep_raw(
        &self,
        organisation: OrganisationId,
        raw: Bytes,
    ) -> Result<Attachment, Error> {
        let (name, media_type) = ("message.eml".to_owned(), "message/rfc822".to_owned());
        self.keep_file(organisation, NewFile { name, media_type, bytes: raw }).await
    }
}

/// Hands a mail to the relay, whose answer is the answer.
async fn pass(outgoing: &Outgoing, onward: &dyn Onward) -> Reception {
    let Handover { sender, raw, .. } = &outgoing.handover;
    match onward.pass(sender.as_deref(), &outgoing.recipients, raw).await {
        Delivery::Taken => Reception::Taken,
        Delivery::NotNow(_) => Reception::refused(451, "4.4.1", "the relay does not take the mail now"),
        Delivery::Never(_) => Reception::refused(554, "5.0.0", "the relay does not take the mail"),
    }
}

/// The notification that a Message-ID names.
pub(super) fn notification_named(message_id: &str) -> Option<NotificationId> {
    message_id.split_once('@')?.0.parse().ok().map(NotificationId::new)
}
