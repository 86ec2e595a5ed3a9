//! `rm_lockouts`, `rm_blocked_networks`, `rm_password_changes`: what ends by itself at its time: who cannot log in, which
//! network is not heard, and which new password waits for its activation (A14, A17, A18, R3).

use crate::{ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns};
use domain::{
    AccountId, Event, OrganisationId, Timestamp,
    account::{self, recovery},
    id::NetworkTag,
    network,
};
use eventstore::Recorded;

pub(crate) const MODEL: ReadModel = ReadModel {
    name: "lockouts",
    tables: &["rm_lockouts", "rm_blocked_networks", "rm_password_changes"],
    apply,
};

const LOCK: &str = "INSERT INTO rm_lockouts (organisation, account, since, until, attempts) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (organisation, account) DO UPDATE SET \
     since = excluded.since, until = excluded.until, attempts = excluded.attempts";
const RELEASE: &str = "DELETE FROM rm_lockouts WHERE organisation = $1 AND account = $2";
const BLOCK: &str = "INSERT INTO rm_blocked_networks (organisation, network, until) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, network) DO UPDATE SET until = excluded.until";
const HEAR: &str = "DELETE FROM rm_blocked_networks WHERE organisation = $1 AND network = $2";
const STAGE: &str = "INSERT INTO rm_password_changes (organisation, account, activate_by) VALUES ($1, $2, $3) \
     ON CONFLICT (organisation, account) DO UPDATE SET activate_by = excluded.activate_by";
const SETTLE: &str = "DELETE FROM rm_password_changes WHERE organisation = $1 AND account = $2";
const FIND: &str = "SELECT since, until, attempts FROM rm_lockouts WHERE organisation = $1 AND account = $2";
const DUE: &str = "SELECT organisation, account FROM rm_lockouts WHERE until <= $1 ORDER BY until LIMIT $2";

const BLOCKS_DUE: &str =
    "SELECT organisation, network FROM rm_blocked_networks WHERE until <= $1 ORDER BY until LIMIT $2";
const CHANGES_DUE: &str = "SELECT organisation, account FROM rm_password_changes WHERE activate_by <= $1 \
     ORDER BY activate_by LIMIT $2";

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
    let organisation = recorded.organisation;
    match &recorded.event {
        Event::Account(account, event) => of_account(organisation, *account, event),
        Event::Network(network, event) => of_network(organisation, *network, event),
        Event::Organisation(_)
        | Event::Reservation(..)
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
        | Event::Key(..) => vec![],
    }
}

fn of_network(organisation: OrganisationId, network: NetworkTag, event: &network::Event) -> Vec<Statement> {
    match event {
        network::Event::Blocked { until, .. } => {
            vec![Statement::new(BLOCK, [organisation.into(), network.into(), (*until).into()])]
        }
        network::Event::Released { .. } => {
            vec![Statement::new(HEAR, [organisation.into(), network.into()])]
        }
        network::Event::AttemptFailed { .. } => vec![],
    }
}

fn of_account(organisation: OrganisationId, account: AccountId, event: &account::Event) -> Vec<Statement> {
    let settled = || Statement::new(SETTLE, [organisation.into(), account.into()]);
    match event {
        account::Event::LockedOut { until, attempts, at, .. } => vec![Statement::new(
            LOCK,
            [organisation.into(), account.into(), (*at).into(), (*until).into(), (*attempts).into()],
        )],
        account::Event::LockoutReleased { .. } | account::Event::LoggedIn { .. } => {
            vec![Statement::new(RELEASE, [organisation.into(), account.into()])]
        }
        account::Event::Closed { .. } => {
            vec![Statement::new(RELEASE, [organisation.into(), account.into()]), settled()]
        }
        account::Event::Recovery(recovery::Event::PasswordStaged { activation, .. }) => {
            vec![Statement::new(STAGE, [organisation.into(), account.into(), activation.expires_at.into()])]
        }
        account::Event::Recovery(
            recovery::Event::PasswordChanged { .. } | recovery::Event::PasswordLapsed { .. },
        ) => vec![settled()],
        account::Event::Recovery(
            recovery::Event::ReminderSent { .. }
            | recovery::Event::ResetRequested { .. }
            | recovery::Event::ChallengeFailed { .. },
        )
        | account::Event::SecondFactor(_)
        | account::Event::Alias(_)
        | account::Event::Client(_)
        | account::Event::Invited { .. }
        | account::Event::InvitationResent { .. }
        | account::Event::InvitationLapsed { .. }
        | account::Event::Registered { .. }
        | account::Event::RegistrationRefused { .. }
        | account::Event::ActivationIssued { .. }
        | account::Event::Activated { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::SessionStarted { .. }
        | account::Event::SessionEnded { .. }
        | account::Event::NetworkChanged { .. }
        | account::Event::ProfileUpdated { .. }
        | account::Event::PromotedToMember { .. }
        | account::Event::AudienceChanged { .. }
        | account::Event::Resubscribed { .. }
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

    /// Networks whose block is over, the longest over first (R3).
    pub async fn blocks_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, NetworkTag)>, ProjectionError> {
        let rows = self.log().db().all(BLOCKS_DUE, vec![now.value(), limit.value()]).await?;
        rows.iter().map(|row| Ok((row.organisation()?, row.id("network")?))).collect()
    }

    /// Accounts whose new password was not activated in time, the longest over first (A14).
    pub async fn password_changes_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, AccountId)>, ProjectionError> {
        let rows = self.log().db().all(CHANGES_DUE, vec![now.value(), limit.value()]).await?;
        rows.iter().map(|row| Ok((row.organisation()?, row.id("account")?))).collect()
    }
}
