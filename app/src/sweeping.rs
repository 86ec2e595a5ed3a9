//! Keys that outlived what they were for. Whoever ends a draft, a held mail, a mailbox or an account destroys its keys right after the
//! event that says so; a crash between the two leaves them, and here they are found and destroyed (K5).
//!
//! Read models say where to look. That a key may go is decided by what the log says, since no key ever comes back.

use crate::{App, Error, closing::Ending};
use domain::{
    AccountId, DraftId, OrganisationId,
    account::{Account, Closing, Holder},
    draft::{self, Draft},
    intake::{self, Intake},
    key::Subject,
    message::Direction,
};
use eventstore::keys::KeyName;

/// What of an account's mail somebody can still open.
#[derive(Debug, Clone, Copy)]
struct Reach {
    incoming: bool,
    outgoing: bool,
}

impl App {
    /// Destroys what keys are left of drafts, held mails, mailboxes and accounts that ended. With nothing left it costs three queries, and
    /// a look at each account that joined another.
    pub(crate) async fn sweep_keys(&self, organisation: OrganisationId) -> Result<(), Error> {
        let mut spent = vec![];
        for draft in self.models.drafts_outlived_by_keys(organisation).await? {
            let loaded = self.log.load::<Draft>(organisation, draft.uuid()).await?;
            spent.extend(of_draft(organisation, draft, &loaded.state));
        }
        for account in self.models.accounts_outlived_by_keys(organisation).await? {
            spent.extend(self.spent(organisation, account).await?);
        }
        for intake in self.models.held_outlived_by_keys(organisation).await? {
            if self.log.load::<Intake>(organisation, intake.uuid()).await?.state == intake::State::Settled {
                spent.push((KeyName::held(organisation, intake), Subject::Held { intake }));
            }
        }
        let mut left = 0;
        for (name, subject) in spent {
            left += u32::from(self.log.vault().find(&name).await?.is_some());
            self.log.destroy_key(&name, subject, self.log.now()).await?;
        }
        if left > 0 {
            tracing::info!(left, "keys that an interruption left are destroyed now");
        }
        Ok(())
    }

    /// Finishes what was interrupted between the announcement of a key's end and its record.
    pub(crate) async fn finish_destructions(&self, organisation: OrganisationId) -> Result<(), Error> {
        let now = self.log.now();
        self.log.finish_destructions(organisation, now).await?;
        for key in self.models.keys_to_destroy(organisation).await? {
            self.log.finish_destruction(organisation, key, now).await?;
        }
        Ok(())
    }

    /// Destroys the keys that nobody may open anything with any more, after the event that says so.
    pub(crate) async fn shred(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        ended: &Ending,
    ) -> Result<(), Error> {
        let drafts = ended.drafts.iter().map(|draft| shredded_draft(organisation, *draft));
        let spent = self.spent(organisation, account).await?;
        for (name, subject) in drafts.chain(spent) {
            self.log.destroy_key(&name, subject, self.log.now()).await?;
        }
        Ok(())
    }

    /// The account whose inbox has the mail of this one: itself, unless it joined another (B43).
    pub(crate) async fn survivor(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<AccountId, Error> {
        let mut last = account;
        while let Some(Closing::Joined { into }) = self.holder(organisation, last).await?.closing {
            last = into;
        }
        Ok(last)
    }

    /// The keys of an account that nobody may open anything with any more, whether they are left or not. Another way to
    /// end needs its keys here, and its condition in [`projections::Projections::accounts_outlived_by_keys`].
    async fn spent(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Vec<(KeyName, Subject)>, Error> {
        let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
        let Some(holder) = loaded.state.holder() else { return Ok(vec![]) };
        let reach = self.reach(organisation, account, holder).await?;
        let mut spent = vec![];
        for generation in 1..=holder.mailbox_generation {
            let name = |way| KeyName::mailbox(organisation, account, way, generation);
            if generation < holder.mailbox_generation || !reach.incoming {
                spent.push((name(Direction::In), Subject::IncomingMailbox { account, generation }));
            }
            if !reach.outgoing {
                spent.push((name(Direction::Out), Subject::OutgoingMailbox { account, generation }));
            }
        }
        if holder.closing.is_some() {
            spent.push((KeyName::credential(organisation, account), Subject::Credentials { account }));
        }
        Ok(spent)
    }

    async fn reach(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        holder: &Holder,
    ) -> Result<Reach, Error> {
        Ok(match holder.closing {
            None => Reach { incoming: holder.subscribed, outgoing: true },
            Some(Closing::Wish | Closing::Administrator) => Reach { incoming: false, outgoing: false },
            Some(Closing::Joined { .. }) => {
                let into = self.survivor(organisation, account).await?;
                let into = self.holder(organisation, into).await?;
                let lives = into.closing.is_none();
                Reach { incoming: lives && into.joined.contains(&account), outgoing: lives }
            }
        })
    }
}

/// A draft's key, once it was sent or thrown away. One that is absent may be about to begin.
fn of_draft(
    organisation: OrganisationId,
    draft: DraftId,
    state: &draft::State,
) -> Option<(KeyName, Subject)> {
    match state {
        draft::State::Closed => Some(shredded_draft(organisation, draft)),
        draft::State::Absent | draft::State::Open(_) => None,
    }
}

fn shredded_draft(organisation: OrganisationId, draft: DraftId) -> (KeyName, Subject) {
    (KeyName::draft(organisation, draft), Subject::Draft { draft })
}
