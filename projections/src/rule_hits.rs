//! `rm_rule_hits`: mails at the gateway that met a content rule, what became of them, and members' own mails that went
//! against one (G2, Q9). What they say is not here.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Slice, Statement, Stored, Tags, TimedPage,
    query::{Keyset, Query},
    rows::Columns,
};
use domain::{
    AccountId, Event, MessageId, OrganisationId, Timestamp,
    content::Action,
    id::{Id, IntakeId, RuleId},
    intake::{self, Intake},
    message,
};
use eventstore::{
    Position, Recorded,
    db::{DbError, Row},
    keys::Purpose,
};
use serde::{Deserialize, Serialize};

pub(crate) const MODEL: ReadModel = ReadModel { name: "rule_hits", tables: &["rm_rule_hits"], apply };

const MEET: &str = "INSERT INTO rm_rule_hits (organisation, intake, position, at, rule, action, hits, sender, message, waits) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const DECIDE: &str = "UPDATE rm_rule_hits SET decision = $3, decided_by = $4, decided_in = $5, message = $6, waits = $7 \
     WHERE organisation = $1 AND intake = $2";
const SETTLE: &str = "UPDATE rm_rule_hits SET waits = NULL WHERE organisation = $1 AND intake = $2";
const SELECT: &str = "SELECT organisation, intake, position, at, rule, action, hits, sender, message, decision, decided_by, \
     decided_in, waits FROM rm_rule_hits";
const COUNT: &str = "SELECT COUNT(*) AS found FROM rm_rule_hits";
const OUTLIVED: &str = "SELECT v.owner AS intake FROM vault v WHERE v.organisation = $1 AND v.purpose = $2 AND NOT EXISTS \
     (SELECT 1 FROM rm_rule_hits h WHERE h.organisation = v.organisation AND h.intake = v.owner AND h.waits IS NOT NULL)";
const BY_TIME: Keyset = Keyset {
    after: " AND (at, intake) < (?, ?)",
    before: " AND (at, intake) > (?, ?)",
    newest: " ORDER BY at DESC, intake DESC",
    oldest: " ORDER BY at, intake",
};

/// What a mail waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// An officer's decision.
    Decision,
    /// The relay, after an officer let it pass.
    Relay,
}

/// A mail that met a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHitRow {
    /// Which.
    pub intake: IntakeId,
    /// Position of the event that says so.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// Which rule.
    pub rule: RuleId,
    /// What the rule did.
    pub action: Action,
    /// How many hits.
    pub hits: u32,
    /// Whose mail, where the sender has an account.
    pub sender: Option<AccountId>,
    /// What it became.
    pub message: Option<MessageId>,
    /// What an officer decided.
    pub decision: Option<Action>,
    /// Who.
    pub decided_by: Option<AccountId>,
    /// Position of the decision, which has its reason.
    pub decided_in: Option<Position>,
    /// What it waits for; `None` once it is settled.
    pub waits: Option<Waits>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Intake(intake, event) => at_the_gateway(recorded, *intake, event),
        Event::Message(message, message::Event::RuleOverridden { by, rule, hits, at, .. }) => {
            overridden(recorded, *message, *by, *rule, *hits, *at)
        }
        Event::Organisation(_)
        | Event::Account(..)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Replier(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Notification(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => vec![],
    }
}

fn at_the_gateway(recorded: &Recorded, intake: IntakeId, event: &intake::Event) -> Vec<Statement> {
    let key = || -> [Cell; 2] { [recorded.organisation.into(), intake.into()] };
    let [org, id] = key();
    vec![match event {
        intake::Event::RuleMet { rule, action, hits, sender, message, kept, at } => {
            let waits = kept.as_ref().map(|_| Waits::Decision);
            let cells = [
                org,
                id,
                recorded.position.into(),
                (*at).into(),
                (*rule).into(),
                Cell::word(action),
                (*hits).into(),
                (*sender).into(),
                (*message).into(),
                waiting(waits),
            ];
            Statement::new(MEET, cells)
        }
        intake::Event::Decided { by, decision, message, .. } => {
            let waits = (*decision == Action::Pass).then_some(Waits::Relay);
            let by = (*by).into();
            let position = recorded.position.into();
            let cells = [org, id, Cell::word(decision), by, position, (*message).into(), waiting(waits)];
            Statement::new(DECIDE, cells)
        }
        intake::Event::PassedOn { .. } | intake::Event::PassingFailed { .. } => {
            Statement::new(SETTLE, [org, id])
        }
    }]
}

/// A member's own mail that a rule held, and that its sender let go with a reason. It has the message's id.
fn overridden(
    recorded: &Recorded,
    message: MessageId,
    by: AccountId,
    rule: RuleId,
    hits: u32,
    at: Timestamp,
) -> Vec<Statement> {
    let hit: IntakeId = Id::new(message.uuid());
    let [org, id]: [Cell; 2] = [recorded.organisation.into(), hit.into()];
    let met = [
        org,
        id,
        recorded.position.into(),
        at.into(),
        rule.into(),
        Cell::word(Action::Hold),
        hits.into(),
        Some(by).into(),
        Some(message).into(),
        waiting(None),
    ];
    let [org, id]: [Cell; 2] = [recorded.organisation.into(), hit.into()];
    let position = recorded.position.into();
    let decided =
        [org, id, Cell::word(Action::Secure), by.into(), position, Some(message).into(), waiting(None)];
    vec![Statement::new(MEET, met), Statement::new(DECIDE, decided)]
}

fn waiting(waits: Option<Waits>) -> Cell {
    waits.map_or_else(|| None::<&str>.into(), Cell::word)
}

impl Projections {
    /// A page of hits, newest first; only those that wait for a decision, or only the others.
    pub async fn rule_hits(
        &self,
        organisation: OrganisationId,
        waiting: Option<bool>,
        page: &TimedPage<Intake>,
    ) -> Result<Slice<RuleHitRow>, ProjectionError> {
        let mut query = narrowed(SELECT, organisation, waiting);
        let paging = page.narrow(&mut query, &BY_TIME);
        Ok(paging.slice(self.rule_hit_rows(query).await?))
    }

    /// How many hits there are.
    pub async fn rule_hit_count(
        &self,
        organisation: OrganisationId,
        waiting: Option<bool>,
    ) -> Result<u64, ProjectionError> {
        Ok(self.one(narrowed(COUNT, organisation, waiting)).await?.number("found")?)
    }

    /// One hit.
    pub async fn rule_hit(
        &self,
        organisation: OrganisationId,
        intake: IntakeId,
    ) -> Result<Option<RuleHitRow>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        query.push(" WHERE organisation = ? AND intake = ?", [organisation.value(), intake.value()]);
        Ok(self.rule_hit_rows(query).await?.pop())
    }

    /// Held mails that officers let pass, and that the relay does not have yet, the oldest first.
    pub async fn mails_to_pass_on(
        &self,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, RuleHitRow)>, ProjectionError> {
        let mut query = Query::new(SELECT, []);
        let waits = crate::statement::word(Waits::Relay);
        query.push(" WHERE waits = ? ORDER BY at, intake LIMIT ?", [waits, limit.value()]);
        let rows = self.all(query).await?;
        rows.iter().map(|found| Ok((found.organisation()?, row(found)?))).collect()
    }

    /// Mails that have a key and wait for nothing: their key was left, or they were held so recently that this read model does not
    /// know them. The log tells which.
    pub async fn held_outlived_by_keys(
        &self,
        organisation: OrganisationId,
    ) -> Result<Vec<IntakeId>, ProjectionError> {
        let values = vec![organisation.value(), (Purpose::Held as i64).value()];
        let rows = self.log().db().all(OUTLIVED, values).await?;
        rows.iter().map(|row| Ok(row.id("intake")?)).collect()
    }

    async fn rule_hit_rows(&self, query: Query) -> Result<Vec<RuleHitRow>, ProjectionError> {
        let rows: Result<Vec<_>, DbError> = self.all(query).await?.iter().map(row).collect();
        Ok(rows?)
    }
}

fn narrowed(what: &'static str, organisation: OrganisationId, waiting: Option<bool>) -> Query {
    let mut query = Query::new(what, []);
    query.push(" WHERE organisation = ?", [organisation.value()]);
    let decision = [crate::statement::word(Waits::Decision)];
    match waiting {
        Some(true) => query.push(" AND waits = ?", decision),
        Some(false) => query.push(" AND (waits IS NULL OR waits <> ?)", decision),
        None => {}
    }
    query
}

fn row(row: &Row) -> Result<RuleHitRow, DbError> {
    Ok(RuleHitRow {
        intake: row.id("intake")?,
        position: row.int("position")?,
        at: row.time("at")?,
        rule: row.id("rule")?,
        action: row.word("action")?,
        hits: row.number("hits")?,
        sender: row.opt_id("sender")?,
        message: row.opt_id("message")?,
        decision: row.opt_word("decision")?,
        decided_by: row.opt_id("decided_by")?,
        decided_in: row.opt_int("decided_in")?,
        waits: row.opt_word("waits")?,
    })
}
