//! Mail that a rule held: an officer decides, and what may pass goes on to the relay (G2, Q9).

use super::{
    Onward, mime,
    securing::{Original, Securing},
};
use crate::{
    App, Delivery, Done, Error, Problem, ProblemCode, Viewer, error::not_found, scheduled::WORKER,
    sending::sent_id,
};
use bytes::Bytes;
use domain::{
    MessageId, Metadata, OrganisationId,
    address::EmailAddress,
    audit::Right,
    content::Action,
    id::IntakeId,
    intake::{Command, Intake, Kept, REASON_CHARACTERS, Refusal, State},
    key::Subject,
};
use eventstore::{Position, keys::KeyName, log::Idempotency};
use futures_util::TryStreamExt;
use seal::blind;

impl App {
    /// Decides on a mail that a rule held: pass it on, secure it or drop it. A compliance officer's right; a mail is decided on
    /// once. What cannot be secured stays held.
    pub async fn decide_held_mail(
        &self,
        viewer: &Viewer,
        hit: IntakeId,
        decision: Action,
        reason: &str,
    ) -> Result<Done<IntakeId>, Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let organisation = viewer.organisation;
        let at = self.log.now();
        let decide = |message| Command::Decide {
            by: viewer.account,
            decision,
            message,
            reason: reason.trim().to_owned(),
            at,
        };
        let position = if decision == Action::Secure {
            self.secure_held(organisation, hit, &meta, decide).await?
        } else {
            let done = self.log.execute::<Intake>(organisation, hit.uuid(), &meta, || decide(None)).await?;
            done.map_err(Problem::from)?.position()
        };
        // What is passed on is needed until the relay has it.
        if decision != Action::Pass {
            self.shred_held(organisation, hit).await?;
        }
        self.models.wait_for(position, &["rule_hits"]).await?;
        Ok(Done { value: hit, position })
    }

    async fn secure_held(
        &self,
        organisation: OrganisationId,
        intake: IntakeId,
        meta: &Metadata,
        decide: impl Fn(Option<MessageId>) -> Command + Send + Sync,
    ) -> Result<Position, Error> {
        let keys = self.log.held_keys(organisation, intake).await?;
        let loaded = self.log.load_with::<Intake>(organisation, intake.uuid(), &keys).await?;
        loaded.decide(decide(None)).map_err(Problem::from)?;
        let State::Held(held) = loaded.state else { return Err(Problem::from(Refusal::NotHeld).into()) };
        let Some(kept) = held.mail.value().cloned() else { return Err(not_found("mail").into()) };
        let raw = self.raw_of(&kept).await?;
        let read = tokio::task::spawn_blocking(move || mime::read(&raw)).await.map_err(Error::internal)?;
        let mail = read.map_err(|why| Problem::new(ProblemCode::Invalid, sentence(why)))?;
        let rules = self.rules(organisation).await?;
        let from = mail.from.as_ref().map(|from| &from.address);
        let own =
            from.into_iter().chain(&kept.sender).find(|address| rules.domains.contains(address.domain()));
        let author = own.cloned().ok_or_else(|| not_found("sender"))?;
        let index = self.index_key(organisation).await?;
        let name = |purpose| blind::blind(&index, purpose, &intake.bytes());
        let request = Idempotency { key: name("idempotency-held"), input: name("held") };
        let securing = Securing {
            organisation,
            rules,
            author,
            recipients: kept.recipients,
            mail,
            original: Original::Kept(kept.raw),
            rule: held.rule,
            intake,
            request,
            meta: meta.clone(),
        };
        self.secure(securing, &keys, |_| decide(Some(sent_id(&request)))).await
    }

    /// Hands the mails that officers let pass to the relay, and gives how many it took. A crash right after that hands the mail
    /// on a second time: a relay that gets one twice is better than none.
    pub async fn pass_on_held(&self, onward: &dyn Onward, limit: u32) -> Result<u64, Error> {
        let mut passed = 0;
        for (organisation, row) in self.models.mails_to_pass_on(limit).await? {
            passed += u64::from(self.pass_on(organisation, row.intake, onward).await?);
        }
        Ok(passed)
    }

    async fn pass_on(
        &self,
        organisation: OrganisationId,
        intake: IntakeId,
        onward: &dyn Onward,
    ) -> Result<bool, Error> {
        let keys = self.log.held_keys(organisation, intake).await?;
        let loaded = self.log.load_with::<Intake>(organisation, intake.uuid(), &keys).await?;
        let State::Passing(held) = &loaded.state else { return Ok(false) };
        let delivery = match held.mail.value() {
            Some(kept) => {
                let raw = self.raw_of(kept).await?;
                let sender = kept.sender.as_ref().map(EmailAddress::typed);
                onward.pass(sender, &kept.recipients, &raw).await
            }
            // Its key is gone, and it with it.
            None => Delivery::Never(None),
        };
        let taken = match delivery {
            Delivery::NotNow(_) => return Ok(false),
            Delivery::Taken => true,
            Delivery::Never(_) => false,
        };
        let at = self.log.now();
        let note = || Command::NotePassed { taken, at };
        let noted = self.log.execute::<Intake>(organisation, intake.uuid(), &WORKER, note).await?;
        let position = noted.map_err(Problem::from)?.position();
        self.shred_held(organisation, intake).await?;
        self.models.wait_for(position, &["rule_hits"]).await?;
        Ok(taken)
    }

    async fn raw_of(&self, kept: &Kept) -> Result<Bytes, Error> {
        let mut raw = Vec::with_capacity(usize::try_from(kept.raw.size_bytes).unwrap_or_default());
        let mut pieces = self.blobs.open(&kept.raw, 0..kept.raw.size_bytes);
        while let Some(piece) = pieces.try_next().await? {
            raw.extend_from_slice(&piece);
        }
        Ok(raw.into())
    }

    async fn shred_held(&self, organisation: OrganisationId, intake: IntakeId) -> Result<(), Error> {
        let name = KeyName::held(organisation, intake);
        self.log.destroy_key(&name, Subject::Held { intake }, self.log.now()).await?;
        Ok(())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotHeld => not_found("held mail"),
            Refusal::Decided => Self::new(ProblemCode::Conflict, "Somebody decided on this mail already."),
            Refusal::NoDecision => {
                Self::new(ProblemCode::Invalid, "Pass it on, secure it or refuse it; it is held already.")
                    .at(["decision"])
            }
            Refusal::BadReason => Self::new(
                ProblemCode::Invalid,
                format!("Give the reason in {REASON_CHARACTERS} characters at most."),
            )
            .at(["reason"]),
        }
    }
}

fn sentence(why: mime::Malformed) -> String {
    format!("The mail cannot be read: {why}.")
}
