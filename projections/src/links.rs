//! `rm_links`: what a mailed link is for and whether it still works, by the hash of its token (A3, A4, R11).

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Statement, Stored, Tags, rows::Columns, statement::word,
};
use domain::{
    AccountId, Event, OrganisationId, Timestamp,
    account::{self, IssuedLink, alias, recovery},
    bytes::TokenHash,
    id::{AliasId, Id},
};
use eventstore::Recorded;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) const MODEL: ReadModel = ReadModel { name: "links", tables: &["rm_links"], apply };

const ISSUE: &str = "INSERT INTO rm_links (organisation, hash, purpose, account, about, link, state, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const SETTLE: &str = "UPDATE rm_links SET state = $4 \
     WHERE organisation = $1 AND account = $2 AND purpose = $3 AND state = $5 AND about = $6";
/// Of the promotion that is undone, and of those that came after it. All of these links live equally long.
const END_UNDOING: &str = "UPDATE rm_links SET state = $4 \
     WHERE organisation = $1 AND account = $2 AND purpose = $3 AND state = $5 AND expires_at >= \
     (SELECT MIN(own.expires_at) FROM rm_links own WHERE own.organisation = $1 AND own.account = $2 \
     AND own.purpose = $3 AND own.about = $6)";
const END_ALL: &str =
    "UPDATE rm_links SET state = $3 WHERE organisation = $1 AND account = $2 AND state = $4";
const FIND: &str = "SELECT purpose, account, about, link, state, expires_at FROM rm_links \
     WHERE organisation = $1 AND hash = $2";

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// To register (A3).
    Register,
    /// To confirm a registration (A4).
    ActivateAccount,
    /// To set a new password (B24), or what a met challenge gives in place of a mailed link (A12).
    SetPassword,
    /// To make a new password count (A13).
    ActivatePassword,
    /// To confirm an alias (B42).
    ConfirmAlias,
    /// To make the former primary address the primary one again (R14).
    UndoAliasPromotion,
}

/// Whether a link works; whether it is too old is for the clock to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It was not followed yet.
    Usable,
    /// It did its work.
    Used,
    /// A newer one was sent (R11), or what it was for is over.
    Replaced,
}

/// A link that was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// To whom it was mailed.
    pub account: AccountId,
    /// What it is about: an alias, else the account.
    pub about: Uuid,
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
    let of = Of { organisation: recorded.organisation, account: *account, about: account.uuid() };
    match event {
        account::Event::Invited { invitation, .. } | account::Event::InvitationResent { invitation, .. } => {
            of.issue(LinkPurpose::Register, invitation)
        }
        account::Event::Registered { .. } => vec![of.settle(LinkPurpose::Register, LinkState::Used)],
        account::Event::ActivationIssued { activation, .. } => {
            of.issue(LinkPurpose::ActivateAccount, activation)
        }
        account::Event::Activated { .. } => vec![of.settle(LinkPurpose::ActivateAccount, LinkState::Used)],
        account::Event::Recovery(event) => of.recovery(event),
        account::Event::Alias(event) => of.alias(event),
        account::Event::Closed { .. } => {
            let states = [Cell::word(LinkState::Replaced), Cell::word(LinkState::Usable)];
            let [over, usable] = states;
            vec![Statement::new(END_ALL, [of.organisation.into(), of.account.into(), over, usable])]
        }
        account::Event::InvitationLapsed { .. }
        | account::Event::RegistrationRefused { .. }
        | account::Event::LoggedIn { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::LockedOut { .. }
        | account::Event::LockoutReleased { .. }
        | account::Event::SessionStarted { .. }
        | account::Event::SessionEnded { .. }
        | account::Event::NetworkChanged { .. }
        | account::Event::ProfileUpdated { .. }
        | account::Event::PromotedToMember { .. }
        | account::Event::AudienceChanged { .. }
        | account::Event::Resubscribed { .. }
        | account::Event::Unsubscribed { .. }
        | account::Event::SecondFactor(_)
        | account::Event::Client(_) => vec![],
    }
}

/// Whose links.
struct Of {
    organisation: OrganisationId,
    account: AccountId,
    /// What its links are about: an alias, else the account.
    about: Uuid,
}

impl Of {
    fn recovery(&self, event: &recovery::Event) -> Vec<Statement> {
        match event {
            recovery::Event::ResetRequested { link, .. } => self.issue(LinkPurpose::SetPassword, link),
            recovery::Event::PasswordStaged { activation, .. } => {
                let mut statements = self.issue(LinkPurpose::ActivatePassword, activation);
                statements.push(self.settle(LinkPurpose::SetPassword, LinkState::Used));
                statements
            }
            recovery::Event::PasswordChanged { .. } => {
                let used = |purpose| self.settle(purpose, LinkState::Used);
                vec![used(LinkPurpose::SetPassword), used(LinkPurpose::ActivatePassword)]
            }
            recovery::Event::PasswordLapsed { .. } => {
                vec![self.settle(LinkPurpose::ActivatePassword, LinkState::Replaced)]
            }
            recovery::Event::ReminderSent { .. } | recovery::Event::ChallengeFailed { .. } => vec![],
        }
    }

    fn alias(&self, event: &alias::Event) -> Vec<Statement> {
        let about = |alias: &AliasId| Self { about: alias.uuid(), ..*self };
        match event {
            alias::Event::AliasRequested { alias, link, .. } => {
                about(alias).issue(LinkPurpose::ConfirmAlias, link)
            }
            alias::Event::AliasConfirmed { alias, .. } => {
                vec![about(alias).settle(LinkPurpose::ConfirmAlias, LinkState::Used)]
            }
            alias::Event::AliasPromoted { alias, former, undo, .. } => {
                // A former primary address that is promoted again has nothing to undo any more.
                let own = about(alias).settle(LinkPurpose::UndoAliasPromotion, LinkState::Replaced);
                [vec![own], about(former).issue(LinkPurpose::UndoAliasPromotion, undo)].concat()
            }
            alias::Event::AliasPromotionUndone { former, .. } => {
                let undone = about(former).settle(LinkPurpose::UndoAliasPromotion, LinkState::Used);
                let undone = Statement { sql: END_UNDOING, ..undone };
                // What the promoted address was mailed sets no password.
                vec![undone, self.settle(LinkPurpose::SetPassword, LinkState::Used)]
            }
            alias::Event::AliasRemoved { alias, .. } => {
                vec![about(alias).settle(LinkPurpose::ConfirmAlias, LinkState::Replaced)]
            }
            alias::Event::AliasAdded { .. } | alias::Event::AccountJoined { .. } => vec![],
        }
    }

    /// The one before is dead from now on.
    fn issue<T>(&self, purpose: LinkPurpose, link: &IssuedLink<Id<T>>) -> Vec<Statement> {
        let issued = Statement::new(
            ISSUE,
            [
                self.organisation.into(),
                (&link.hash).into(),
                Cell::word(purpose),
                self.account.into(),
                self.about.into(),
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
            [
                self.organisation.into(),
                self.account.into(),
                Cell::word(purpose),
                Cell::word(state),
                usable,
                self.about.into(),
            ],
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
            about: row.uuid("about")?,
            link: row.uuid("link")?,
            state: row.word("state")?,
            expires_at: row.time("expires_at")?,
        }))
    }
}
