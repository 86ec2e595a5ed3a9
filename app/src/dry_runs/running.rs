//! Doing dry runs, step by step: whoever comes after goes on where the last step ended.

use super::{
    Trial,
    store::{self, StoredHit},
    tried,
};
use crate::{
    App, Error, WorkKind,
    content_rules::{judged, texts_of},
    works::Stored,
};
use domain::{
    MessageId, Timestamp,
    content::{Hit, Rules, Scanned},
};
use eventstore::blobs::BlobError;
use projections::mailbox::MailboxEntry;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Messages of one step. Each is a few milliseconds, and a stop waits for the step.
const STEP: u32 = 50;

impl App {
    /// Does the dry runs that wait, one after the other, until there are none or `stop`. Gives how many messages it looked at.
    pub async fn try_rules(&self, stop: &CancellationToken) -> Result<u64, Error> {
        self.forget_works(WorkKind::DryRun, Some(store::FORGET_HITS)).await?;
        let mut looked_at = 0;
        while let Some(run) = self.next_work(WorkKind::DryRun).await?.filter(|_| !stop.is_cancelled()) {
            looked_at += self.go_on(&run).await?;
        }
        Ok(looked_at)
    }

    /// One step of a run.
    async fn go_on(&self, run: &Stored) -> Result<u64, Error> {
        let (organisation, now) = (run.organisation, self.log.now());
        let trial = match self.asked_of::<Trial>(run).await {
            Ok(trial) => trial,
            Err(problem) => return self.give_up(run, &problem).await,
        };
        let rules = match self.rules_to_try(run, &trial).await {
            Ok(rules) => rules,
            Err(problem @ Error::Internal(_)) => return self.give_up(run, &problem).await,
            Err(other) => return Err(other),
        };
        if run.work.total.is_none() {
            // What was sent before it was asked for is to be there.
            self.models.wait_for(self.log.head(), &["mailbox", "accounts"]).await?;
            let total = self.models.past_mail_count(organisation, now, trial.from, trial.until).await?;
            self.start_work(run, total).await?;
        }
        let last = run.place.as_deref().and_then(place_of);
        let mails = self.models.past_mail(organisation, now, (trial.from, trial.until), last, STEP).await?;
        let Some(last) = mails.last().map(|mail| (mail.sent_at, mail.message)) else {
            self.end_work(run, None).await?;
            return Ok(0);
        };
        let hits = self.tried_on(run, &trial, &rules, &mails).await?;
        let count = mails.len() as u64;
        let moved = self.advance_run(run, count, place(last), hits).await?;
        Ok(if moved { count } else { 0 })
    }

    async fn give_up(&self, run: &Stored, problem: &Error) -> Result<u64, Error> {
        tracing::warn!(%problem, "a dry run cannot be done");
        self.end_work(run, Some("These rules cannot be tried any more; start it again.".into())).await?;
        Ok(0)
    }

    async fn rules_to_try(&self, run: &Stored, trial: &Trial) -> Result<Arc<Rules>, Error> {
        let policy = self.rules(run.organisation).await?;
        let rules = trial.rules.iter().enumerate();
        let named = rules.map(|(place, rule)| (tried(run.work.id, place), rule));
        Rules::compile(named, &policy.policy.content).map(Arc::new).map_err(Error::internal)
    }

    async fn tried_on(
        &self,
        run: &Stored,
        trial: &Trial,
        rules: &Arc<Rules>,
        mails: &[MailboxEntry],
    ) -> Result<Vec<StoredHit>, Error> {
        let mut opened = self.open_entries_of(run.organisation, mails).await?;
        let mut hits = vec![];
        for mail in mails {
            // What cannot be opened any more is passed over.
            let Some(content) = opened.remove(&mail.position) else { continue };
            let headline = content.headline;
            let files = if rules.look_at_bodies() { headline.attachments.as_slice() } else { &[] };
            let files = match texts_of(&self.blobs, files).await {
                // Deleted while it was looked at.
                Err(Error::Internal(problem)) if problem.is::<BlobError>() => vec![],
                texts => texts?,
            };
            let address = |mailbox: &domain::address::Mailbox| mailbox.address.to_string();
            let scanned = Scanned {
                sender: address(&headline.from),
                recipients: headline.to.iter().chain(&headline.cc).map(address).collect(),
                subject: headline.subject,
                headers: vec![],
                text: content.body.text,
                files,
            };
            let Some(Hit { rule, action, hits: count }) = judged(rules.clone(), scanned).await? else {
                continue;
            };
            let Some(rule) = (0..trial.rules.len()).find(|place| tried(run.work.id, *place) == rule) else {
                continue;
            };
            let (message, at, sender) = (mail.message, mail.sent_at, mail.sender);
            hits.push(StoredHit { message, at, rule, action, hits: count, sender });
        }
        Ok(hits)
    }
}

/// Where a run goes on: behind the last message that it looked at.
fn place((at, message): (Timestamp, MessageId)) -> Vec<u8> {
    [&at.micros().to_be_bytes()[..], &message.bytes()].concat()
}

fn place_of(bytes: &[u8]) -> Option<(Timestamp, MessageId)> {
    let (at, message) = bytes.split_first_chunk()?;
    Some((Timestamp::from_micros(i64::from_be_bytes(*at)), MessageId::from_bytes(message.try_into().ok()?)))
}
