//! Leaving: no more notifications, and all mail received to date out of reach, at once (B36–B39).

use crate::{App, Caller, Done, Error, Problem, Viewer, links::invalid_link, registration::by_link};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{Account, Command, LeavingVia},
    key::Subject,
    message::Direction,
};
use eventstore::keys::KeyName;

/// Who leaves.
#[derive(Debug, Clone, Copy)]
pub enum Leaver<'a> {
    /// Whoever holds the link of a mail.
    Token(&'a str),
    /// A logged-in person.
    Viewer(&'a Viewer),
}

impl App {
    /// Leaves. The key of the mailbox is destroyed, so that no copy of the database opens what it received.
    pub async fn unsubscribe(&self, caller: &Caller, leaver: Leaver<'_>) -> Result<Done<AccountId>, Error> {
        let organisation = caller.organisation;
        match leaver {
            Leaver::Viewer(viewer) => {
                self.leave(organisation, viewer.account, LeavingVia::Account, &viewer.meta()).await
            }
            Leaver::Token(token) => {
                let found = self.leaver_of(organisation, token).await?;
                let (account, generation) = found.ok_or_else(|| invalid_link("token"))?;
                let holder = self.holder(organisation, account).await?;
                if holder.mailbox_generation != generation {
                    return Err(invalid_link("token"));
                }
                self.leave(organisation, account, LeavingVia::Link, &by_link(account)).await
            }
        }
    }

    async fn leave(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        via: LeavingVia,
        meta: &Metadata,
    ) -> Result<Done<AccountId>, Error> {
        let at = self.log.now();
        let generation = self.holder(organisation, account).await?.mailbox_generation;
        let leave = || Command::Unsubscribe { via, at };
        let done = self.log.execute::<Account>(organisation, account.uuid(), meta, leave).await?;
        let position = done.map_err(Problem::from)?.position();
        let name = KeyName::mailbox(organisation, account, Direction::In, generation);
        self.log.destroy_key(&name, Subject::IncomingMailbox { account, generation }, at).await?;
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }
}
