//! People of the organisation.

use super::{
    alias::Alias,
    ids::{self, Kind},
    problem::Unavailable,
    scalars::{DateTime, EmailAddress},
};
use crate::{asker::asker, codes::failure, loaders::Rows};
use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Result, SimpleObject, dataloader::DataLoader,
};
use domain::{AccountId, account, audit::Right, organisation};
use projections::accounts::{self, AccountRow};

/// A person of this organisation. Seen by: itself, administrators, officers.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Account {
    /// Opaque and stable.
    pub(crate) id: ID,
    #[graphql(skip)]
    who: AccountId,
    /// Guest or member (B41).
    kind: AccountKind,
    /// Granted roles (K2).
    roles: Vec<Role>,
    /// Where it stands (A2, A4, A18, K9).
    state: AccountState,
    /// Where notifications go and mail comes from (A6, B46).
    primary_address: Option<EmailAddress>,
    /// Name to log in with; the address by default (C5).
    user_name: Option<String>,
    /// Identifying data (A19).
    profile: Option<Profile>,
    /// Group of guests that the audit filters by, such as provider or broker (C15).
    audience: Option<String>,
    /// Since when it exists.
    created_at: DateTime,
    /// Last success; tells the dormant (Q7).
    last_login_at: Option<DateTime>,
    /// False after unsubscribing (B38).
    subscribed: bool,
    /// Whether its primary address bounces (Q7).
    undeliverable: bool,
}

#[ComplexObject]
impl Account {
    /// All addresses but the primary; never stale (B52).
    async fn aliases(&self, ctx: &Context<'_>) -> Result<Vec<Alias>> {
        aliases(ctx, self.who).await
    }

    /// Set when personal data was erased (K5).
    async fn unavailable(&self, ctx: &Context<'_>) -> Option<Unavailable> {
        let is_erased = self.primary_address.is_none();
        let since = asker(ctx).app.log().now();
        is_erased.then(|| app::Unavailable { reason: app::UnavailableReason::Erased, since }.into())
    }

    /// While it is disabled (A17, A18).
    async fn lockout(&self, ctx: &Context<'_>) -> Result<Option<Lockout>> {
        let asker = asker(ctx);
        let found = asker.app.models().lockout(asker.caller.organisation, self.who).await;
        let row = found.map_err(|error| failure(app::Error::from(error)))?;
        Ok(row.map(|row| Lockout {
            since: row.since.into(),
            until: row.until.into(),
            attempts: i32::try_from(row.attempts).unwrap_or(i32::MAX),
        }))
    }
}

/// A time without login after failures; live sessions go on (R3).
#[derive(SimpleObject)]
pub(crate) struct Lockout {
    /// Since when.
    since: DateTime,
    /// When it is released without anyone acting; the mail named it (A18).
    until: DateTime,
    /// Failures that caused it.
    attempts: i32,
}

/// Identifying data; which fields are asked is policy.
#[derive(SimpleObject)]
pub(crate) struct Profile {
    /// Given name.
    given_name: Option<String>,
    /// Family name.
    family_name: Option<String>,
    /// Company or practice.
    company: Option<String>,
    /// Telephone number.
    telephone: Option<String>,
    /// Postal address.
    postal_address: Option<String>,
    /// The organisation's own number for the person.
    member_number: Option<String>,
    /// BCP 47 tag for pages and mails.
    language: Option<String>,
}

/// Identifying data; each text at most 200 characters.
#[derive(InputObject)]
pub(crate) struct ProfileInput {
    /// Given name.
    given_name: Option<String>,
    /// Family name.
    family_name: Option<String>,
    /// Company or practice.
    company: Option<String>,
    /// Telephone number.
    telephone: Option<String>,
    /// Postal address.
    postal_address: Option<String>,
    /// The organisation's own number for the person.
    member_number: Option<String>,
    /// BCP 47 tag for pages and mails.
    language: Option<String>,
}

/// Inside or outside.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "account::Kind")]
pub(crate) enum AccountKind {
    /// An outside person, invited.
    Guest,
    /// One of the organisation's own people.
    Member,
}

/// Rights beyond one's own mail; none reads content and administers (K2).
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::policy::Role")]
pub(crate) enum Role {
    /// People, notifications, lockouts.
    Administrator,
    /// Policy and content rules.
    PolicyAuthor,
    /// Audit, holds, exports.
    ComplianceOfficer,
    /// Second person (K3).
    Approver,
    /// May open content in an emergency (K6).
    BreakGlass,
    /// Runs the machines.
    Operator,
}

/// Life of an account; it is closed, never deleted (K9).
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountState {
    /// Not registered yet (Q7).
    Invited,
    /// Not activated yet (A4).
    Registered,
    /// Can log in.
    Active,
    /// Locked out for a time (A17).
    Disabled,
    /// Left, merged or closed.
    Closed,
}

impl Account {
    /// An account, for whoever may see it.
    pub(crate) fn new(row: AccountRow, rules: &organisation::State) -> Self {
        Self {
            id: ids::id(Kind::Account, row.account.uuid()),
            who: row.account,
            kind: row.kind.into(),
            roles: rules.roles_of(row.account).into_iter().map(Role::from).collect(),
            state: row.state.into(),
            primary_address: row.address.as_ref().map(EmailAddress::from),
            user_name: row.user_name,
            profile: row.profile.map(Profile::from),
            audience: row.audience,
            created_at: row.created_at.into(),
            last_login_at: row.last_login_at.map(DateTime),
            subscribed: row.subscribed,
            undeliverable: row.undeliverable,
        }
    }

    /// An account, for whoever may see any.
    pub(crate) async fn find(ctx: &Context<'_>, account: AccountId) -> Result<Option<Self>> {
        let Some(row) = row(ctx, account).await? else {
            return Ok(None);
        };
        Ok(Some(Self::new(row, &*asker(ctx).rules().await?)))
    }

    /// An account, if this viewer may see it: itself, administrators and officers any.
    pub(crate) async fn visible(
        ctx: &Context<'_>,
        viewer: &app::Viewer,
        account: AccountId,
    ) -> Result<Option<Self>> {
        if viewer.account == account || sees_accounts(viewer) {
            Self::find(ctx, account).await
        } else {
            Ok(None)
        }
    }
}

/// The aliases of an account that the viewer may see.
pub(super) async fn aliases(ctx: &Context<'_>, account: AccountId) -> Result<Vec<Alias>> {
    let asker = asker(ctx);
    let all = asker.app.aliases(asker.caller.organisation, account).await.map_err(failure)?;
    Ok(all.into_iter().filter_map(|alias| Alias::new(alias, account)).collect())
}

/// Whether this person may see whose account is behind an address.
pub(crate) fn sees_accounts(viewer: &app::Viewer) -> bool {
    [Right::Administer, Right::ReadAudit].into_iter().any(|right| viewer.role_for(right).is_some())
}

/// A row through the request's loader.
pub(crate) async fn row(ctx: &Context<'_>, account: AccountId) -> Result<Option<AccountRow>> {
    ctx.data_unchecked::<DataLoader<Rows>>().load_one(account).await.map_err(failure)
}

impl From<accounts::AccountState> for AccountState {
    fn from(state: accounts::AccountState) -> Self {
        match state {
            accounts::AccountState::Invited => Self::Invited,
            accounts::AccountState::Registered => Self::Registered,
            accounts::AccountState::Active => Self::Active,
            accounts::AccountState::Locked => Self::Disabled,
            accounts::AccountState::Closed => Self::Closed,
        }
    }
}

impl From<account::Profile> for Profile {
    fn from(profile: account::Profile) -> Self {
        let account::Profile {
            given_name,
            family_name,
            company,
            telephone,
            postal_address,
            member_number,
            language,
        } = profile;
        Self { given_name, family_name, company, telephone, postal_address, member_number, language }
    }
}

impl From<ProfileInput> for account::Profile {
    fn from(profile: ProfileInput) -> Self {
        let ProfileInput {
            given_name,
            family_name,
            company,
            telephone,
            postal_address,
            member_number,
            language,
        } = profile;
        Self { given_name, family_name, company, telephone, postal_address, member_number, language }
    }
}

impl From<&domain::address::EmailAddress> for EmailAddress {
    fn from(address: &domain::address::EmailAddress) -> Self {
        Self(address.typed().to_owned())
    }
}
