//! `rm_links`: what a mailed link is for and whether it still works, by the hash of its token (A3, A4, R11).

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns, statement::word,
};
use domain::{
    AccountId, Event, OrganisationId, Timestamp,
    account::{self, IssuedLink},
    bytes::TokenHash,
    id::Id,
};
use eventstore::Recorded;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) const MODEL: ReadModel = ReadModel { name: "links", tables: &["rm_links"], apply };

const ISSUE: &str = "INSERT INTO rm_links (organisation, hash, purpose, account, link, state, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const SETTLE: &str = "UPDATE rm_links SET state = $4 \
     WHERE organisation = $1 AND account = $2 AND purpose = $3 AND state = $5";
const FIND: &str = "SELECT purpose, account, link, state, expires_at FROM rm_links \
     WHERE organisation = $1 AND hash = $2";

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// To register (A3).
    Register,
    /// To confirm a registration (A4).
    ActivateAccount,
}

/// Whether a link works; whether it is too old is for the clock to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It was not followed yet.
    Usable,
    /// It did its work.
    Used,
    /// A newer one was sent (R11).
    Replaced,
}

/// A link that was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// To whom it was mailed.
    pub account: AccountId,
    /// Its id: an `InvitationId` or a `LinkId`, by purpose.
    pub link: Uuid,
    /// Whether it works.
    pub state: LinkState,
    /// When it stops working.
    pub expires_at: Timestamp,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    let Event::Account(account, event) = &recorded.event else {
        return vec![];
    };
    let of = Of { organisation: recorded.organisation, account: *account };
    match event {
        account::Event::Invited { invitation, .. } | account::Event::InvitationResent { invitation, .. } => {
            of.issue(LinkPurpose::Register, invitation)
        }
        account::Event::Registered { .. } => vec![of.settle(LinkPurpose::Register, LinkState::Used)],
        account::Event::ActivationIssued { activation, .. } => {
            of.issue(LinkPurpose::ActivateAccount, activation)
        }
        account::Event::Activated { .. } => vec![of.settle(LinkPurpose::ActivateAccount, LinkState::Used)],
        account::Event::InvitationLapsed { .. }
        | account::Event::RegistrationRefused { .. }
        | account::Event::LoggedIn { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::LockedOut { .. }
        | account::Event::LockoutReleased { .. }
        | account::Event::SessionStarted { .. }
        | account::Event::SessionEnded { .. }
        | account::Event::Unsubscribed { .. } => vec![],
    }
}

/// Whose links.
struct Of {
    organisation: OrganisationId,
    account: AccountId,
}

impl Of {
    /// The one before is dead from now on.
    fn issue<T>(&self, purpose: LinkPurpose, link: &IssuedLink<Id<T>>) -> Vec<Statement> {
        let issued = Statement::new(
            ISSUE,
            [
                self.organisation.into(),
                (&link.hash).into(),
                Cell::word(purpose),
                self.account.into(),
                link.id.into(),
                Cell::word(LinkState::Usable),
                link.expires_at.into(),
            ],
        );
        vec![self.settle(purpose, LinkState::Replaced), issued]
    }

    fn settle(&self, purpose: LinkPurpose, state: LinkState) -> Statement {
        let usable = Cell::Plain(word(LinkState::Usable));
        Statement::new(
            SETTLE,
            [self.organisation.into(), self.account.into(), Cell::word(purpose), Cell::word(state), usable],
        )
    }
}

impl Projections {
    /// The link whose token hashes to that.
    pub async fn link(
        &self,
        organisation: OrganisationId,
        hash: &TokenHash,
    ) -> Result<Option<LinkRow>, ProjectionError> {
        let row = self.log().db().optional(FIND, vec![organisation.value(), hash.value()]).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(LinkRow {
            purpose: row.word("purpose")?,
            account: row.id("account")?,
            link: row.uuid("link")?,
            state: row.word("state")?,
            expires_at: row.time("expires_at")?,
        }))
    }
}
