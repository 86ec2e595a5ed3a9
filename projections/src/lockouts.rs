//! `rm_lockouts`: who cannot log in for a time, and until when (A17, A18).

use crate::{ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{AccountId, Event, OrganisationId, Timestamp, account};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel { name: "lockouts", tables: &["rm_lockouts"], apply };

const LOCK: &str = "INSERT INTO rm_lockouts (organisation, account, since, until, attempts) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (organisation, account) DO UPDATE SET \
     since = excluded.since, until = excluded.until, attempts = excluded.attempts";
const RELEASE: &str = "DELETE FROM rm_lockouts WHERE organisation = $1 AND account = $2";
const FIND: &str = "SELECT since, until, attempts FROM rm_lockouts WHERE organisation = $1 AND account = $2";
const DUE: &str = "SELECT organisation, account FROM rm_lockouts WHERE until <= $1 ORDER BY until LIMIT $2";

/// A lockout that was not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutRow {
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself (A18).
    pub until: Timestamp,
    /// How many failures led to it.
    pub attempts: u32,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let Event::Account(account, event) = &recorded.event else {
        return vec![];
    };
    let (organisation, account) = (recorded.organisation, *account);
    match event {
        account::Event::LockedOut { until, attempts, at } => vec![Statement::new(
            LOCK,
            [organisation.into(), account.into(), (*at).into(), (*until).into(), (*attempts).into()],
        )],
        account::Event::LockoutReleased { .. } | account::Event::LoggedIn { .. } => {
            vec![Statement::new(RELEASE, [organisation.into(), account.into()])]
        }
        account::Event::Invited { .. }
        | account::Event::InvitationResent { .. }
        | account::Event::InvitationLapsed { .. }
        | account::Event::Registered { .. }
        | account::Event::RegistrationRefused { .. }
        | account::Event::ActivationIssued { .. }
        | account::Event::Activated { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::SessionStarted { .. }
        | account::Event::SessionEnded { .. }
        | account::Event::Unsubscribed { .. } => vec![],
    }
}

impl Projections {
    /// The lockout of an account, if it is locked out.
    pub async fn lockout(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Option<LockoutRow>, ProjectionError> {
        let row = self.log().db().optional(FIND, vec![organisation.value(), account.value()]).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(LockoutRow {
            since: row.time("since")?,
            until: row.time("until")?,
            attempts: row.number("attempts")?,
        }))
    }

    /// Lockouts whose time is over, the longest over first (A18).
    pub async fn lockouts_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, AccountId)>, ProjectionError> {
        let rows = self.log().db().all(DUE, vec![now.value(), limit.value()]).await?;
        rows.iter().map(|row| Ok((row.organisation()?, row.id("account")?))).collect()
    }
}
