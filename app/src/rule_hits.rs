//! Mails that met a content rule, for compliance officers (G2, Q9). Each look is on record before it is answered.

use crate::{App, Error, Listed, Viewer};
use domain::{
    Personal,
    audit::{Question, Right, Topic},
    event::Event,
    id::IntakeId,
    intake::{self, Intake},
    message,
};
use eventstore::{Position, log::ContentKeys};
use projections::{Slice, TimedPage, audit::Kind, rule_hits::RuleHitRow};
use std::collections::HashMap;

/// A mail that met a rule, with what its people said of it.
#[derive(Debug, Clone)]
pub struct RuleHit {
    /// What is known of it.
    pub row: RuleHitRow,
    /// Why it was decided so, or why its sender went against the rule; nothing once that person's data is erased.
    pub reason: Option<String>,
}

impl App {
    /// Mails that met a rule, newest first; only those that wait for a decision, or only the others.
    pub async fn rule_hits(
        &self,
        viewer: &Viewer,
        waiting: Option<bool>,
        page: &TimedPage<Intake>,
        counted: bool,
    ) -> Result<Listed<RuleHit>, Error> {
        self.ask_for_hits(viewer).await?;
        let Slice { items, has_previous, has_next } =
            self.models.rule_hits(viewer.organisation, waiting, page).await?;
        let items = self.with_reasons(viewer, items).await?;
        let total = if counted {
            Some(self.models.rule_hit_count(viewer.organisation, waiting).await?)
        } else {
            None
        };
        Ok(Listed { slice: Slice { items, has_previous, has_next }, total })
    }

    /// One of them.
    pub async fn rule_hit(&self, viewer: &Viewer, hit: IntakeId) -> Result<Option<RuleHit>, Error> {
        self.ask_for_hits(viewer).await?;
        let row = self.models.rule_hit(viewer.organisation, hit).await?;
        Ok(self.with_reasons(viewer, row.into_iter().collect()).await?.pop())
    }

    async fn ask_for_hits(&self, viewer: &Viewer) -> Result<(), Error> {
        let meta = self.authorise(viewer, Right::ReadAudit).await?;
        let kinds = [Kind::RuleHit, Kind::RuleOverridden].map(|kind| kind.code().to_owned()).into();
        let question = Question { topic: Topic::Audit, kinds, ..Question::default() };
        let asked = self.ask(viewer.organisation, &meta, question).await?;
        // The answer holds all that happened before the question.
        Ok(self.models.wait_for(asked, &["rule_hits"]).await?)
    }

    async fn with_reasons(&self, viewer: &Viewer, rows: Vec<RuleHitRow>) -> Result<Vec<RuleHit>, Error> {
        let positions: Vec<Position> = rows.iter().filter_map(|row| row.decided_in).collect();
        let events = self.log.read_positions(viewer.organisation, &positions, &ContentKeys::none()).await?;
        let mut reasons: HashMap<_, _> = events
            .into_iter()
            .filter_map(|recorded| Some((recorded.position, reason(&recorded.event)?.value()?.clone())))
            .collect();
        let with_reason = |row: RuleHitRow| RuleHit {
            reason: row.decided_in.and_then(|position| reasons.remove(&position)),
            row,
        };
        Ok(rows.into_iter().map(with_reason).collect())
    }
}

fn reason(event: &Event) -> Option<&Personal<String>> {
    match event {
        Event::Intake(_, intake::Event::Decided { reason, .. })
        | Event::Message(_, message::Event::RuleOverridden { reason, .. }) => Some(reason),
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => None,
    }
}
