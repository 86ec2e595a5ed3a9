//! Leaving: no more notifications, and all mail received to date out of reach, at once; and coming back, to an empty
//! mailbox (B36–B39, K9).

use crate::{
    ANONYMOUS, App, Caller, Done, Error, Problem, ProblemCode, Viewer, closing::Ending, links::invalid_link,
    registration::by_link, retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{Account, Closing, Command, LeavingVia, Refusal},
    address::EmailAddress,
};
use eventstore::Commit;

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
                viewer.in_person()?;
                self.leave(organisation, viewer.account, LeavingVia::Account, &viewer.meta()).await
            }
            Leaver::Token(token) => {
                let found = self.leaver_of(organisation, token).await?;
                let (account, generation) = found.ok_or_else(|| invalid_link("token"))?;
                let holder = self.holder(organisation, account).await?;
                if holder.mailbox_generation != generation {
                    return Err(invalid_link("token"));
                }
                // Its mail is in another inbox by now, and leaves with that one.
                if let Some(Closing::Joined { .. }) = holder.closing {
                    return Err(Problem::from(Refusal::LinkUsed).at(["token"]).into());
                }
                self.leave(organisation, account, LeavingVia::Link, &by_link(account)).await
            }
        }
    }

    /// Leaves by a mail that names organisation and address (B36), which holds for that organisation alone (B37). The answer
    /// is the same whether anybody has the address (R4). That the mail came from there is for the gateway to know.
    pub async fn leave_by_mail(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
    ) -> Result<(), Error> {
        if let Some((account, _)) = self.holder_of(organisation, address).await? {
            self.leave(organisation, account, LeavingVia::Mail, &ANONYMOUS).await?;
        }
        Ok(())
    }

    /// Comes back, with a new mailbox; the mail of the old one stays out of reach (K9). `confirmed` says that the person
    /// knows.
    pub async fn resubscribe(&self, viewer: &Viewer, confirmed: bool) -> Result<Done<AccountId>, Error> {
        if !confirmed {
            let message = "Confirm that your old mail does not come back.";
            return Err(Problem::new(ProblemCode::Required, message).at(["confirm"]).into());
        }
        let at = self.log.now();
        let come_back = || Command::Resubscribe { at };
        self.tell(viewer.organisation, viewer.account, &viewer.meta(), come_back).await
    }

    async fn leave(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        via: LeavingVia,
        meta: &Metadata,
    ) -> Result<Done<AccountId>, Error> {
        let (position, joined) = retrying(move || async move {
            let loaded = self.log.load::<Account>(organisation, account.uuid()).await?;
            // Leaving ends their mailboxes as well, and the account knows them no more.
            let joined = loaded.state.holder().map(|holder| holder.joined.clone()).unwrap_or_default();
            let leave = Command::Unsubscribe { via, at: self.log.now() };
            let change = loaded.decide(leave).map_err(Problem::from)?;
            let appended = self.log.append(Commit::new(organisation, meta, vec![change])).await?;
            Ok((appended.position(), joined))
        })
        .await?;
        for account in [account].into_iter().chain(joined) {
            self.shred(organisation, account, &Ending::default()).await?;
        }
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }
}
