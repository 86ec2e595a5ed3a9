//! Doing dry runs, step by step: whoever comes after goes on where the last step ended.

use super::{Stored, store::StoredHit, tried};
use crate::{
    App, Error,
    content_rules::{judged, texts_of},
};
use domain::{
    Timestamp,
    content::{Hit, Rules, Scanned},
    period::Period,
};
use eventstore::blobs::BlobError;
use projections::mailbox::MailboxEntry;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Messages of one step. Each is a few milliseconds, and a stop waits for the step.
const STEP: u32 = 50;
/// How long a run is kept after it ended.
const KEPT: Period = Period::days(30);

impl App {
    /// Does the dry runs that wait, one after the other, until there are none or `stop`. Gives how many messages it looked at.
    pub async fn try_rules(&self, stop: &CancellationToken) -> Result<u64, Error> {
        let month = KEPT.nominal().whole_microseconds();
        let before = self.log.now().micros() - i64::try_from(month).unwrap_or_default();
        self.forget_runs(Timestamp::from_micros(before)).await?;
        let mut looked_at = 0;
        while let Some(run) = self.next_run().await?.filter(|_| !stop.is_cancelled()) {
            looked_at += self.go_on(&run).await?;
        }
        Ok(looked_at)
    }

    /// One step of a run.
    async fn go_on(&self, run: &Stored) -> Result<u64, Error> {
        let (organisation, now) = (run.organisation, self.log.now());
        let rules = match self.rules_to_try(run).await {
            Ok(rules) => rules,
            Err(Error::Internal(problem)) => {
                tracing::warn!(%problem, "a dry run cannot be done");
                self.end_run(run, Some("These rules cannot be tried any more; start it again.".into()))
                    .await?;
                return Ok(0);
            }
            Err(other) => return Err(other),
        };
        if run.total.is_none() {
            // What was sent before it was asked for is to be there.
            self.models.wait_for(self.log.head(), &["mailbox", "accounts"]).await?;
            let total = self.models.past_mail_count(organisation, now, run.from, run.until).await?;
            self.start_run(run, total).await?;
        }
        let mails = self.models.past_mail(organisation, now, (run.from, run.until), run.last, STEP).await?;
        let Some(last) = mails.last().map(|mail| (mail.sent_at, mail.message)) else {
            self.end_run(run, None).await?;
            return Ok(0);
        };
        let hits = self.tried_on(run, &rules, &mails).await?;
        let count = mails.len() as u64;
        let moved = self.advance_run(run, run.done + count, last, hits).await?;
        Ok(if moved { count } else { 0 })
    }

    async fn rules_to_try(&self, run: &Stored) -> Result<Arc<Rules>, Error> {
        let rules = self.rules_of_run(run.organisation, run).await?;
        let policy = self.rules(run.organisation).await?;
        let named = rules.iter().enumerate().map(|(place, rule)| (tried(run.id, place), rule));
        Rules::compile(named, &policy.policy.content).map(Arc::new).map_err(Error::internal)
    }

    async fn tried_on(
        &self,
        run: &Stored,
        rules: &Arc<Rules>,
        mails: &[MailboxEntry],
    ) -> Result<Vec<StoredHit>, Error> {
        let places = self.rules_of_run(run.organisation, run).await?.len();
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
            let Some(rule) = (0..places).find(|place| tried(run.id, *place) == rule) else { continue };
            let (message, at, sender) = (mail.message, mail.sent_at, mail.sender);
            hits.push(StoredHit { message, at, rule, action, hits: count, sender });
        }
        Ok(hits)
    }
}
