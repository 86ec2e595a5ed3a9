//! Lists of an organisation's people and of their ways in, for those who administer (Q7, R11). Over `rm_accounts`.

use crate::{
    ProjectionError, Projections, Slice, Stored, TimedPage,
    accounts::{AccountRow, AccountState, SELECT},
    query::{Keyset, Query, any_of},
    rows::Columns,
    statement::word,
};
use domain::{
    AccountId, OrganisationId, Timestamp,
    account::{Account, Kind},
};

const COUNT: &str = "SELECT COUNT(*) AS found FROM rm_accounts WHERE organisation = ?";
/// Newest first by when somebody was first invited.
const BY_CREATION: Keyset = Keyset {
    after: " AND (created_at, account) < (?, ?)",
    before: " AND (created_at, account) > (?, ?)",
    newest: " ORDER BY created_at DESC, account DESC",
    oldest: " ORDER BY created_at, account",
};
/// Newest first by when somebody was last invited.
const BY_SENDING: Keyset = Keyset {
    after: " AND (invitation_sent_at, account) < (?, ?)",
    before: " AND (invitation_sent_at, account) > (?, ?)",
    newest: " ORDER BY invitation_sent_at DESC, account DESC",
    oldest: " ORDER BY invitation_sent_at, account",
};

/// Which people are asked for; all conditions must hold, a list means any of it. Nothing set is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// These alone.
    pub accounts: Option<Vec<AccountId>>,
    /// Inside or outside.
    pub kinds: Option<Vec<Kind>>,
    /// How far they came.
    pub states: Option<Vec<AccountState>>,
    /// Of one of these groups of guests (C15).
    pub audiences: Option<Vec<String>>,
    /// Whether mail can be sent to them (Q7).
    pub subscribed: Option<bool>,
    /// Whether the last mail to them failed for good (Q7).
    pub undeliverable: Option<bool>,
    /// No login since then (Q7).
    pub dormant_since: Option<Timestamp>,
}

/// How a person's way in stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationStage {
    /// Sent, and it can arrive.
    Sent,
    /// Too old.
    Lapsed,
    /// The mail cannot be delivered.
    Undeliverable,
    /// Taken up, not confirmed.
    Registered,
    /// Done.
    Done,
}

impl Projections {
    /// A page of an organisation's people, newest first.
    pub async fn people(
        &self,
        organisation: OrganisationId,
        filter: &AccountFilter,
        page: &TimedPage<Account>,
    ) -> Result<Slice<AccountRow>, ProjectionError> {
        let mut query = Query::new(SELECT, [organisation.value()]);
        filter.narrow(&mut query);
        let paging = page.narrow(&mut query, &BY_CREATION);
        Ok(paging.slice(self.account_rows(organisation, query).await?))
    }

    /// How many of an organisation's people match.
    pub async fn people_count(
        &self,
        organisation: OrganisationId,
        filter: &AccountFilter,
    ) -> Result<u64, ProjectionError> {
        let mut query = Query::new(COUNT, [organisation.value()]);
        filter.narrow(&mut query);
        Ok(self.one(query).await?.number("found")?)
    }

    /// A page of everybody's invitation, the last sent first; `stages` means any of them.
    pub async fn all_invitations(
        &self,
        organisation: OrganisationId,
        stages: Option<&[InvitationStage]>,
        page: &TimedPage<Account>,
    ) -> Result<Slice<AccountRow>, ProjectionError> {
        let mut query = Query::new(SELECT, [organisation.value()]);
        narrow_invitations(&mut query, stages);
        let paging = page.narrow(&mut query, &BY_SENDING);
        Ok(paging.slice(self.account_rows(organisation, query).await?))
    }

    /// How many invitations match.
    pub async fn invitation_count(
        &self,
        organisation: OrganisationId,
        stages: Option<&[InvitationStage]>,
    ) -> Result<u64, ProjectionError> {
        let mut query = Query::new(COUNT, [organisation.value()]);
        narrow_invitations(&mut query, stages);
        Ok(self.one(query).await?.number("found")?)
    }
}

impl AccountFilter {
    fn narrow(&self, query: &mut Query) {
        if let Some(accounts) = &self.accounts {
            any_of(query, " AND account IN ", accounts.iter().map(|account| account.value()));
        }
        if let Some(kinds) = &self.kinds {
            any_of(query, " AND kind IN ", kinds.iter().map(word));
        }
        if let Some(states) = &self.states {
            any_of(query, " AND state IN ", states.iter().map(word));
        }
        if let Some(audiences) = &self.audiences {
            any_of(query, " AND audience IN ", audiences.iter().map(|audience| audience.as_str().value()));
        }
        if let Some(subscribed) = self.subscribed {
            query.push(" AND subscribed = ?", [subscribed.value()]);
        }
        if let Some(undeliverable) = self.undeliverable {
            query.push(" AND undeliverable = ?", [undeliverable.value()]);
        }
        if let Some(since) = self.dormant_since {
            query.push(" AND (last_login_at IS NULL OR last_login_at < ?)", [since.value()]);
        }
    }
}

fn narrow_invitations(query: &mut Query, stages: Option<&[InvitationStage]>) {
    let Some(stages) = stages else { return };
    query.push(" AND (1 = 0", []);
    for stage in stages {
        let fragment = match stage {
            InvitationStage::Sent => {
                " OR (state = ? AND invitation_lapsed = FALSE AND undeliverable = FALSE)"
            }
            InvitationStage::Lapsed => " OR (state = ? AND invitation_lapsed = TRUE)",
            InvitationStage::Undeliverable => {
                " OR (state = ? AND invitation_lapsed = FALSE AND undeliverable = TRUE)"
            }
            InvitationStage::Registered => " OR state = ?",
            InvitationStage::Done => {
                let done = [AccountState::Active, AccountState::Locked, AccountState::Closed];
                query.push(" OR state IN ", []);
                query.list(done.into_iter().map(word));
                continue;
            }
        };
        let state = match stage {
            InvitationStage::Registered => AccountState::Registered,
            InvitationStage::Sent
            | InvitationStage::Lapsed
            | InvitationStage::Undeliverable
            | InvitationStage::Done => AccountState::Invited,
        };
        query.push(fragment, [word(state)]);
    }
    query.push(")", []);
}
