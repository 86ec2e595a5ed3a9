//! Keys that outlived what they were for. Whoever ends a draft or a mailbox destroys its key right after the event that
//! says so; a crash between the two leaves the key, and here it is found and destroyed (K5).
//!
//! Read models say where to look. That a key may go is decided by what the log says, since no key ever comes back.

use crate::{App, Error};
use domain::{
    AccountId, DraftId, OrganisationId,
    account::{self, Account},
    draft::{self, Draft},
    key::Subject,
    message::Direction,
};
use eventstore::keys::KeyName;

impl App {
    /// Destroys what keys are left of drafts and mailboxes that ended. With nothing left it costs two queries.
    pub(crate) async fn sweep_keys(&self, organisation: OrganisationId) -> Result<(), Error> {
        let mut spent = vec![];
        for draft in self.models.drafts_outlived_by_keys(organisation).await? {
            let loaded = self.log.load::<Draft>(organisation, draft.uuid()).await?;
            spent.extend(of_draft(organisation, draft, &loaded.state));
        }
        for account in self.models.accounts_outlived_by_keys(organisation).await? {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            spent.extend(of_account(organisation, account, &loaded.state));
        }
        if !spent.is_empty() {
            tracing::info!("keys that an interruption left are destroyed now");
        }
        for (name, subject) in spent {
            self.log.destroy_key(&name, subject, self.log.now()).await?;
        }
        Ok(())
    }
}

/// A draft's key, once it was sent or thrown away. One that is absent may be about to begin.
fn of_draft(
    organisation: OrganisationId,
    draft: DraftId,
    state: &draft::State,
) -> Option<(KeyName, Subject)> {
    match state {
        draft::State::Closed => Some((KeyName::draft(organisation, draft), Subject::Draft { draft })),
        draft::State::Absent | draft::State::Open(_) => None,
    }
}

/// The keys of an account that nobody may open anything with any more, whether they are left or not. Another way to end
/// than leaving needs its keys here, and its condition in [`projections::Projections::accounts_outlived_by_keys`].
fn of_account(
    organisation: OrganisationId,
    account: AccountId,
    state: &account::State,
) -> Vec<(KeyName, Subject)> {
    match state {
        account::State::Vacant => vec![],
        account::State::Held(holder) => (1..=holder.mailbox_generation)
            .filter(|generation| *generation < holder.mailbox_generation || !holder.subscribed)
            .map(|generation| {
                let name = KeyName::mailbox(organisation, account, Direction::In, generation);
                (name, Subject::IncomingMailbox { account, generation })
            })
            .collect(),
    }
}
