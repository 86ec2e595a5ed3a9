//! What administrators and policy authors see. Every look is on record before it is answered; so is who looked without the
//! right.

use super::{
    account::{Account, AccountKind, AccountState, Role},
    content_rule::ContentRule,
    ids::{self, Kind},
    invitation::{Invitation, InvitationState},
    notification::{Notification, NotificationState},
    organisation::PublicOrganisation,
    paging::{self, Connection, Paging, connection},
    policy::Policy,
    scalars::{DateTime, EmailAddress},
};
use crate::{
    asker::{asker, unknown_cursor, viewer},
    codes::failure,
};
use app::{Listed, PeopleFilter, PolicyVersion};
use async_graphql::{Context, ID, InputObject, Object, Result};
use domain::{AccountId, Timestamp, audit::Right, id::Id};
use projections::{TimedPage, accounts, accounts::AccountRow, notifications::NotificationRow, people};

/// The way in to the administration; the right is looked at with each question.
pub(crate) struct Administration;

/// Shows no content (K2). Role of each field: administrator, policy author, unless it says otherwise.
#[Object]
impl Administration {
    /// What is shown in public.
    async fn organisation(&self, ctx: &Context<'_>) -> Result<Option<PublicOrganisation>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let rules = asker.app.consult_organisation(&viewer).await.map_err(failure)?;
        Ok(PublicOrganisation::new(asker.caller.organisation, &rules))
    }

    /// The organisation's own domains (A26, B50).
    async fn domains(&self, ctx: &Context<'_>) -> Result<Option<Vec<String>>> {
        let rules = asker(ctx).app.consult_organisation(&*viewer(ctx)?).await.map_err(failure)?;
        Ok(Some(rules.domains.iter().map(ToString::to_string).collect()))
    }

    /// One account.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account's id.")] id: ID,
    ) -> Result<Option<Account>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let Some(account) = ids::parse(Kind::Account, &id) else {
            return Ok(None);
        };
        let account = AccountId::new(account);
        match asker.app.consult_account(&viewer, account).await.map_err(failure)? {
            Some(row) => Ok(Some(Account::new(row, &*asker.rules().await?))),
            None => Ok(None),
        }
    }

    /// People, newest first. Role: administrator.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrow it; all conditions must hold.")] filter: Option<AccountFilter>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Account>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let filter = filter.map(AccountFilter::into_filter).unwrap_or_default();
        let found = asker.app.list_accounts(&viewer, Right::Administer, filter, &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let rules = asker.rules().await?;
        let entry = |row: &AccountRow| place(row.created_at, row.account);
        connection(asker, slice, total, entry, |row| Account::new(row, &rules)).await.map(Some)
    }

    /// Invitations, newest first. Role: administrator.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In one of these states.")] states: Option<Vec<InvitationState>>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Invitation>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let states: Option<Vec<_>> = states.map(|states| states.into_iter().map(Into::into).collect());
        let found = asker.app.list_invitations(&viewer, states.as_deref(), &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |invitation: &app::Invitation| place(invitation.sent_at, invitation.account);
        connection(asker, slice, total, entry, Invitation::from).await.map(Some)
    }

    /// Mails and their fate, newest first (R15). Role: administrator.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In one of these states.")] states: Option<Vec<NotificationState>>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Notification>>> {
        let (asker, viewer) = (asker(ctx), viewer(ctx)?);
        let page = timed(Paging::read(asker, first, after, last, before).await?)?;
        let states: Option<Vec<_>> = states.map(|states| states.into_iter().map(Into::into).collect());
        let found = asker.app.list_notifications(&viewer, states.as_deref(), &page, counted(ctx)).await;
        let Listed { slice, total } = found.map_err(failure)?;
        let entry = |mail: &NotificationRow| place(mail.queued_at, mail.notification);
        connection(asker, slice, total, entry, Notification::new).await.map(Some)
    }

    /// The policy in force.
    async fn policy(&self, ctx: &Context<'_>) -> Result<Option<Policy>> {
        let all = asker(ctx).app.consult_policy(&*viewer(ctx)?).await.map_err(failure)?;
        Ok(all.into_iter().next().map(Policy::from))
    }

    /// All versions, newest first.
    #[graphql(complexity = "paging::weight(first, last, child_complexity)")]
    async fn policy_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page forwards: how many, 1 to 200; 50 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor to page forwards from.")] after: Option<String>,
        #[graphql(desc = "Page backwards: how many, 1 to 200.")] last: Option<i32>,
        #[graphql(desc = "Cursor to page backwards from.")] before: Option<String>,
    ) -> Result<Option<Connection<Policy>>> {
        let asker = asker(ctx);
        let paging = Paging::read(asker, first, after, last, before).await?;
        let all = asker.app.consult_policy(&*viewer(ctx)?).await.map_err(failure)?;
        let total = u64::try_from(all.len()).ok();
        let entry = |version: &PolicyVersion| version.version.to_be_bytes().to_vec();
        let slice = paging.cut(all, entry)?;
        connection(asker, slice, total, entry, Policy::from).await.map(Some)
    }

    /// Rules in their order (G2, G3).
    async fn content_rules(&self, ctx: &Context<'_>) -> Result<Option<Vec<ContentRule>>> {
        let rules = asker(ctx).app.content_rules(&*viewer(ctx)?).await.map_err(failure)?;
        Ok(Some(rules.into_iter().map(ContentRule::from).collect()))
    }
}

/// Conditions on people.
#[derive(InputObject)]
pub(crate) struct AccountFilter {
    /// Has this address, among primary and aliases; names are sealed and cannot be searched.
    address: Option<EmailAddress>,
    /// One of these kinds.
    kinds: Option<Vec<AccountKind>>,
    /// One of these states: INVITED are the never registered (Q7).
    states: Option<Vec<AccountState>>,
    /// Has one of these roles.
    roles: Option<Vec<Role>>,
    /// Belongs to one of these audiences (C15).
    audiences: Option<Vec<String>>,
    /// False: unsubscribed (Q7).
    subscribed: Option<bool>,
    /// True: mail bounces (Q7).
    undeliverable: Option<bool>,
    /// No login since then (Q7).
    dormant_since: Option<DateTime>,
}

impl AccountFilter {
    pub(super) fn into_filter(self) -> PeopleFilter {
        let Self { address, kinds, states, roles, audiences, subscribed, undeliverable, dormant_since } =
            self;
        let typed = address.map(|address| domain::address::EmailAddress::parse(&address.0));
        // Nobody has an address that is none.
        let nobody = matches!(typed, Some(Err(_))).then(Vec::new);
        PeopleFilter {
            address: typed.and_then(Result::ok),
            roles: nobody.or_else(|| roles.map(|roles| roles.into_iter().map(Into::into).collect())),
            rest: people::AccountFilter {
                accounts: None,
                kinds: kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
                states: states.map(|states| states.into_iter().map(stored).collect()),
                audiences,
                subscribed,
                undeliverable,
                dormant_since: dormant_since.map(|since| since.0),
            },
        }
    }
}

fn stored(state: AccountState) -> accounts::AccountState {
    match state {
        AccountState::Invited => accounts::AccountState::Invited,
        AccountState::Registered => accounts::AccountState::Registered,
        AccountState::Active => accounts::AccountState::Active,
        AccountState::Disabled => accounts::AccountState::Locked,
        AccountState::Closed => accounts::AccountState::Closed,
    }
}

/// Whether the client wants to know how many there are in all.
pub(super) fn counted(ctx: &Context<'_>) -> bool {
    ctx.look_ahead().field("totalCount").exists()
}

/// Where an entry stands in a list that is ordered by time.
pub(super) fn place<Of>(at: Timestamp, id: Id<Of>) -> Vec<u8> {
    [&at.micros().to_be_bytes()[..], &id.bytes()[..]].concat()
}

pub(super) fn timed<Of>(paging: Paging) -> Result<TimedPage<Of>> {
    let entry = |place: Option<Vec<u8>>| -> Result<Option<(Timestamp, Id<Of>)>> {
        let Some(place) = place else { return Ok(None) };
        let (at, id) = place.split_first_chunk::<8>().ok_or_else(unknown_cursor)?;
        let id = id.try_into().map_err(|_| unknown_cursor())?;
        Ok(Some((Timestamp::from_micros(i64::from_be_bytes(*at)), Id::from_bytes(id))))
    };
    let Paging { first, after, last, before } = paging;
    Ok(TimedPage { first, after: entry(after)?, last, before: entry(before)? })
}
