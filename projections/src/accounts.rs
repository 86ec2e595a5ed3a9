//! `rm_accounts`: people, how far they came, and how they were invited. What identifies a person is sealed.

use crate::{
    Cell, ProjectionError, Projections, ReadModel, Statement, Stored, Tags, query::Query, rows::Columns,
    statement::word,
};
use domain::{
    AccountId, Event, OrganisationId, Timestamp,
    account::{self, IssuedLink, Kind, Profile, alias},
    address::EmailAddress,
    event::Subject,
    id::InvitationId,
    notification,
    user_name::UserName,
};
use eventstore::{
    Recorded,
    db::{Row, Value},
    keys::Purpose,
};
use serde::{Deserialize, Serialize};

pub(crate) const MODEL: ReadModel = ReadModel { name: "accounts", tables: &["rm_accounts"], apply };

const INVITE: &str = "INSERT INTO rm_accounts (organisation, account, kind, state, address, invited_by, invitation, \
     invitation_sent_at, invitation_expires_at, invitation_lapsed, mailbox_generation, subscribed, undeliverable, \
     created_at, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, 1, TRUE, FALSE, $8, $10)";
const RESEND: &str = "UPDATE rm_accounts SET invitation = $3, invitation_sent_at = $4, invitation_expires_at = $5, \
     invitation_lapsed = FALSE WHERE organisation = $1 AND account = $2";
const LAPSE: &str =
    "UPDATE rm_accounts SET invitation_lapsed = TRUE WHERE organisation = $1 AND account = $2";
const REGISTER: &str = "UPDATE rm_accounts SET state = $3, profile = $4, user_name = $5 \
     WHERE organisation = $1 AND account = $2";
const SET_STATE: &str = "UPDATE rm_accounts SET state = $3 WHERE organisation = $1 AND account = $2";
const LOG_IN: &str =
    "UPDATE rm_accounts SET state = $3, last_login_at = $4 WHERE organisation = $1 AND account = $2";
const UNSUBSCRIBE: &str =
    "UPDATE rm_accounts SET subscribed = FALSE WHERE organisation = $1 AND account = $2";

const RESUBSCRIBE: &str = "UPDATE rm_accounts SET subscribed = TRUE, mailbox_generation = $3 \
     WHERE organisation = $1 AND account = $2";
const CLOSE: &str =
    "UPDATE rm_accounts SET state = $3, subscribed = FALSE WHERE organisation = $1 AND account = $2";
const SET_ADDRESS: &str = "UPDATE rm_accounts SET address = $3, undeliverable = FALSE \
     WHERE organisation = $1 AND account = $2";
const SET_PROFILE: &str = "UPDATE rm_accounts SET profile = $3 WHERE organisation = $1 AND account = $2";
const SET_KIND: &str =
    "UPDATE rm_accounts SET kind = $3, audience = NULL WHERE organisation = $1 AND account = $2";
const SET_AUDIENCE: &str = "UPDATE rm_accounts SET audience = $3 WHERE organisation = $1 AND account = $2";
const SET_UNDELIVERABLE: &str =
    "UPDATE rm_accounts SET undeliverable = $3 WHERE organisation = $1 AND account = $2";

pub(crate) const SELECT: &str = "SELECT account, kind, audience, state, address, profile, user_name, invited_by, invitation, \
     invitation_sent_at, invitation_expires_at, invitation_lapsed, mailbox_generation, subscribed, undeliverable, \
     created_at, last_login_at FROM rm_accounts WHERE organisation = ?";
const LAPSING: &str = "SELECT organisation, account FROM rm_accounts \
     WHERE state = $1 AND invitation_expires_at <= $2 AND invitation_lapsed = FALSE \
     ORDER BY invitation_expires_at LIMIT $3";
const OUTLIVED: &str = "SELECT a.account FROM rm_accounts a WHERE a.organisation = $1 \
     AND (a.subscribed = FALSE OR a.mailbox_generation > 1) AND EXISTS (SELECT 1 FROM vault v \
     WHERE v.organisation = a.organisation AND v.purpose IN ($2, $3, $4) AND v.owner = a.account \
     AND (a.state = $5 OR (v.purpose = $2 AND (v.generation < a.mailbox_generation OR a.subscribed = FALSE))))";

/// How far a person came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Has a link to register.
    Invited,
    /// Has a link to activate.
    Registered,
    /// Can log in.
    Active,
    /// Cannot log in for a time (A17).
    Locked,
    /// Left for good (K9).
    Closed,
}

/// A person. What identifies them is `None` once their data is erased (K5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Which.
    pub account: AccountId,
    /// Inside or outside.
    pub kind: Kind,
    /// How far they came.
    pub state: AccountState,
    /// The group of guests that they belong to (C15).
    pub audience: Option<String>,
    /// Their primary address.
    pub address: Option<EmailAddress>,
    /// What they registered with; `None` before that, too.
    pub profile: Option<Profile>,
    /// The name they log in with, if it is not the address.
    pub user_name: Option<String>,
    /// Who invited them; `None` for the organisation itself.
    pub invited_by: Option<AccountId>,
    /// The last invitation.
    pub invitation: InvitationId,
    /// When that was sent.
    pub invitation_sent_at: Timestamp,
    /// When its link stops working.
    pub invitation_expires_at: Timestamp,
    /// Whether it was recorded as lapsed.
    pub invitation_lapsed: bool,
    /// Counts the mailboxes (K9).
    pub mailbox_generation: u32,
    /// Whether mail can be sent to them (B38).
    pub subscribed: bool,
    /// Whether the last mail to them failed for good (Q7).
    pub undeliverable: bool,
    /// When they were first invited.
    pub created_at: Timestamp,
    /// When they last logged in.
    pub last_login_at: Option<Timestamp>,
}

fn apply(recorded: &Recorded, _: &Tags) -> Vec<Statement> {
    match &recorded.event {
        Event::Account(account, event) => of_account(recorded.organisation, *account, event),
        Event::Notification(_, event) => of_notification(recorded.organisation, event),
        Event::Organisation(_)
        | Event::Reservation(..)
        | Event::Network(..)
        | Event::Device(..)
        | Event::Intake(..)
        | Event::Replier(..)
        | Event::Draft(..)
        | Event::Message(..)
        | Event::Audit(..)
        | Event::Export(..)
        | Event::Review(..)
        | Event::BreakGlass(..)
        | Event::Key(..) => vec![],
    }
}

fn of_account(organisation: OrganisationId, account: AccountId, event: &account::Event) -> Vec<Statement> {
    let subject = Subject::Account(account);
    let [org, id] = [organisation.into(), account.into()];
    match event {
        account::Event::Invited { address, kind, audience, by, invitation, at } => {
            let IssuedLink { id: invitation, expires_at, .. } = invitation;
            let address = Cell::personal(subject, address, |address| address.typed().to_owned());
            let state = Cell::word(AccountState::Invited);
            let (by, invitation) = ((*by).into(), (*invitation).into());
            let (at, expires_at) = ((*at).into(), (*expires_at).into());
            vec![Statement::new(
                INVITE,
                [
                    org,
                    id,
                    Cell::word(kind),
                    state,
                    address,
                    by,
                    invitation,
                    at,
                    expires_at,
                    audience.as_deref().into(),
                ],
            )]
        }
        account::Event::InvitationResent { invitation, at } => {
            let IssuedLink { id: invitation, expires_at, .. } = invitation;
            vec![Statement::new(RESEND, [org, id, (*invitation).into(), (*at).into(), (*expires_at).into()])]
        }
        account::Event::InvitationLapsed { .. } => vec![Statement::new(LAPSE, [org, id])],
        account::Event::Registered { profile, user_name, .. } => {
            let profile = Cell::personal(subject, profile, profile_json);
            let user_name = user_name.as_ref().map_or(Cell::Plain(Value::Bytes(None)), |name| {
                Cell::personal(subject, name, UserName::to_string)
            });
            vec![Statement::new(
                REGISTER,
                [org, id, Cell::word(AccountState::Registered), profile, user_name],
            )]
        }
        account::Event::Activated { .. } | account::Event::LockoutReleased { .. } => {
            vec![Statement::new(SET_STATE, [org, id, Cell::word(AccountState::Active)])]
        }
        account::Event::LockedOut { .. } => {
            vec![Statement::new(SET_STATE, [org, id, Cell::word(AccountState::Locked)])]
        }
        account::Event::LoggedIn { at, .. } => {
            vec![Statement::new(LOG_IN, [org, id, Cell::word(AccountState::Active), (*at).into()])]
        }
        account::Event::Unsubscribed { .. } => vec![Statement::new(UNSUBSCRIBE, [org, id])],
        account::Event::Resubscribed { mailbox_generation, .. } => {
            vec![Statement::new(RESUBSCRIBE, [org, id, (*mailbox_generation).into()])]
        }
        account::Event::Closed { .. } => {
            vec![Statement::new(CLOSE, [org, id, Cell::word(AccountState::Closed)])]
        }
        account::Event::ProfileUpdated { profile, .. } => {
            vec![Statement::new(SET_PROFILE, [org, id, Cell::personal(subject, profile, profile_json)])]
        }
        account::Event::PromotedToMember { .. } => {
            vec![Statement::new(SET_KIND, [org, id, Cell::word(Kind::Member)])]
        }
        account::Event::AudienceChanged { audience, .. } => {
            vec![Statement::new(SET_AUDIENCE, [org, id, audience.as_deref().into()])]
        }
        account::Event::Alias(event) => match event {
            alias::Event::AliasPromoted { address, .. }
            | alias::Event::AliasPromotionUndone { address, .. } => {
                let address = Cell::personal(subject, address, |address| address.typed().to_owned());
                vec![Statement::new(SET_ADDRESS, [org, id, address])]
            }
            alias::Event::AliasRequested { .. }
            | alias::Event::AliasAdded { .. }
            | alias::Event::AliasConfirmed { .. }
            | alias::Event::AliasRemoved { .. }
            | alias::Event::AccountJoined { .. } => vec![],
        },
        account::Event::RegistrationRefused { .. }
        | account::Event::ActivationIssued { .. }
        | account::Event::LoginFailed { .. }
        | account::Event::SessionStarted { .. }
        | account::Event::SessionEnded { .. }
        | account::Event::NetworkChanged { .. }
        | account::Event::Recovery(_)
        | account::Event::SecondFactor(_)
        | account::Event::Client(_) => vec![],
    }
}

/// Whether an address takes mail shows by what became of the last one (Q7). What an alias was told says nothing of it.
fn of_notification(organisation: OrganisationId, event: &notification::Event) -> Vec<Statement> {
    let (about, undeliverable) = match event {
        notification::Event::Sent { about, .. } => (about, false),
        notification::Event::Failed { about, .. } | notification::Event::Bounced { about, .. } => {
            (about, true)
        }
        notification::Event::Deferred { .. } | notification::Event::Suppressed { .. } => return vec![],
    };
    if about.kind == notification::Kind::Alias {
        return vec![];
    }
    let of = |account: AccountId| [organisation.into(), account.into(), undeliverable.into()];
    about.recipient.map(|account| Statement::new(SET_UNDELIVERABLE, of(account))).into_iter().collect()
}

fn profile_json(profile: &Profile) -> String {
    serde_json::to_string(profile).expect("a profile is plain data")
}

impl Projections {
    /// An account.
    pub async fn account(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Option<AccountRow>, ProjectionError> {
        Ok(self.accounts(organisation, &[account]).await?.pop())
    }

    /// These accounts, as far as there are any, ordered by id.
    pub async fn accounts(
        &self,
        organisation: OrganisationId,
        accounts: &[AccountId],
    ) -> Result<Vec<AccountRow>, ProjectionError> {
        if accounts.is_empty() {
            return Ok(vec![]);
        }
        let mut query = Query::new(SELECT, [organisation.value()]);
        query.push(" AND account IN ", []);
        query.list(accounts.iter().map(|account| account.value()));
        query.push(" ORDER BY account", []);
        self.account_rows(organisation, query).await
    }

    /// Whom an account invited, the last invited first.
    pub async fn invitations_by(
        &self,
        organisation: OrganisationId,
        inviter: AccountId,
        limit: u32,
    ) -> Result<Vec<AccountRow>, ProjectionError> {
        let mut query = Query::new(SELECT, [organisation.value()]);
        query.push(
            " AND invited_by = ? ORDER BY invitation_sent_at DESC, account DESC LIMIT ?",
            [inviter.value(), limit.value()],
        );
        self.account_rows(organisation, query).await
    }

    /// Whose last invitation it is.
    pub async fn invitation(
        &self,
        organisation: OrganisationId,
        invitation: InvitationId,
    ) -> Result<Option<AccountRow>, ProjectionError> {
        let mut query = Query::new(SELECT, [organisation.value()]);
        query.push(" AND invitation = ?", [invitation.value()]);
        Ok(self.account_rows(organisation, query).await?.pop())
    }

    /// Whose invitation is too old and not recorded as lapsed, the oldest first.
    pub async fn lapsing(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, AccountId)>, ProjectionError> {
        let values = vec![word(AccountState::Invited), now.value(), limit.value()];
        let rows = self.log().db().all(LAPSING, values).await?;
        rows.iter().map(|row| Ok((row.organisation()?, row.id("account")?))).collect()
    }

    /// Who has the key of an incoming mailbox that ended, or is closed and has any key (B38, K9): one may have been left.
    /// An account that joined another keeps its mailbox keys and is always among them (B43). Takes a look at each account,
    /// and at the vault for those who left.
    pub async fn accounts_outlived_by_keys(
        &self,
        organisation: OrganisationId,
    ) -> Result<Vec<AccountId>, ProjectionError> {
        let purposes = [Purpose::MailboxIn, Purpose::MailboxOut, Purpose::Credential];
        let [incoming, outgoing, credential] = purposes.map(|purpose| (purpose as i64).value());
        let closed = word(AccountState::Closed);
        let values = vec![organisation.value(), incoming, outgoing, credential, closed];
        let rows = self.log().db().all(OUTLIVED, values).await?;
        rows.iter().map(|row| Ok(row.id("account")?)).collect()
    }

    pub(crate) async fn account_rows(
        &self,
        organisation: OrganisationId,
        query: Query,
    ) -> Result<Vec<AccountRow>, ProjectionError> {
        let mut accounts = vec![];
        for row in self.all(query).await? {
            accounts.push(self.account_row(organisation, &row).await?);
        }
        Ok(accounts)
    }

    async fn account_row(
        &self,
        organisation: OrganisationId,
        row: &Row,
    ) -> Result<AccountRow, ProjectionError> {
        let account = row.id("account")?;
        let subject = Subject::Account(account);
        let unreadable = |column| ProjectionError::Unreadable { column };
        let address = match self.open(organisation, subject, row, "address").await? {
            Some(text) => Some(EmailAddress::parse(&text).map_err(|_| unreadable("address"))?),
            None => None,
        };
        let profile = match self.open(organisation, subject, row, "profile").await? {
            Some(text) => Some(serde_json::from_str(&text).map_err(|_| unreadable("profile"))?),
            None => None,
        };
        Ok(AccountRow {
            account,
            kind: row.word("kind")?,
            audience: row.opt_text("audience")?,
            state: row.word("state")?,
            address,
            profile,
            user_name: self.open(organisation, subject, row, "user_name").await?.map(|text| text.to_string()),
            invited_by: row.opt_id("invited_by")?,
            invitation: row.id("invitation")?,
            invitation_sent_at: row.time("invitation_sent_at")?,
            invitation_expires_at: row.time("invitation_expires_at")?,
            invitation_lapsed: row.bool("invitation_lapsed")?,
            mailbox_generation: row.number("mailbox_generation")?,
            subscribed: row.bool("subscribed")?,
            undeliverable: row.bool("undeliverable")?,
            created_at: row.time("created_at")?,
            last_login_at: row.opt_time("last_login_at")?,
        })
    }
}
