//! Closing an account, for good. Nothing is deleted; what only its keys opened is out of everybody's reach (K9).

use crate::{
    App, Caller, Done, Error, Problem, ProblemCode, Viewer, aliases::taken, organisations::STREAM, retrying,
};
use domain::{
    AccountId, Decider, DraftId, Metadata, OrganisationId,
    account::{Account, Closing, Command},
    audit::Right,
    draft::{self, Draft},
    id::AddressTag,
    organisation::{self, Organisation},
    reservation::{self, Reservation},
};
use eventstore::{Commit, log::Change};
use secrecy::SecretString;
use std::collections::BTreeSet;

/// What ends with an account besides its own stream, and has keys to be destroyed afterwards.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    pub(crate) drafts: Vec<DraftId>,
}

/// Characters of an administrator's reason.
const REASON_CHARACTERS: usize = 500;

impl App {
    /// Closes one's own account, by its password. One's addresses can be invited anew; the mail does not come back.
    pub async fn close_account(
        &self,
        caller: &Caller,
        viewer: &Viewer,
        password: &SecretString,
    ) -> Result<Done<AccountId>, Error> {
        viewer.in_person()?;
        // The session showed a second factor already, where there is one.
        self.prove(caller, viewer.account, password, &viewer.meta()).await?;
        self.close(viewer.organisation, viewer.account, Closing::Wish, None, &viewer.meta()).await
    }

    /// Closes an account by right of administration, for a reason of at most 500 characters.
    pub async fn close_account_for(
        &self,
        viewer: &Viewer,
        account: AccountId,
        reason: &str,
    ) -> Result<Done<AccountId>, Error> {
        let meta = self.authorise(viewer, Right::Administer).await?;
        let reason = reason.trim();
        let problem = |code, message: &str| Err(Problem::new(code, message).at(["reason"]).into());
        if reason.is_empty() {
            return problem(ProblemCode::Required, "Give the reason.");
        }
        if reason.chars().count() > REASON_CHARACTERS || reason.chars().any(char::is_control) {
            return problem(ProblemCode::TooLong, "Give the reason in one line of 500 characters at most.");
        }
        let why = Closing::Administrator;
        self.close(viewer.organisation, account, why, Some(reason.to_owned()), &meta).await
    }

    async fn close(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        why: Closing,
        reason: Option<String>,
        meta: &Metadata,
    ) -> Result<Done<AccountId>, Error> {
        let joined = self.holder(organisation, account).await?.joined;
        let reason = &reason;
        let (position, ended) = retrying(move || async move {
            let (mut changes, ended) = self.ending(organisation, account, why, reason.clone()).await?;
            changes.extend(self.revoking(organisation, account).await?);
            let appended = self.log.append(Commit::new(organisation, meta, changes)).await?;
            Ok((appended.position(), ended))
        })
        .await?;
        self.shred(organisation, account, &ended).await?;
        for joined in joined {
            self.shred(organisation, joined, &Ending::default()).await?;
        }
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }

    /// The changes by which an account closes: its names are anyone's again, or pass to the account that it joins, and what
    /// it was writing is thrown away.
    pub(crate) async fn ending(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        why: Closing,
        reason: Option<String>,
    ) -> Result<(Vec<Change>, Ending), Error> {
        let at = self.log.now();
        let person = self.log.load::<Account>(organisation, account.uuid()).await?;
        let mut changes = vec![person.decide(Command::Close { why, reason, at }).map_err(Problem::from)?];
        for name in self.names(organisation, account).await? {
            let name = self.log.load::<Reservation>(organisation, name.uuid()).await?;
            let command = match why {
                Closing::Joined { into } => {
                    reservation::Command::Transfer { from: account, account: into, at }
                }
                Closing::Wish | Closing::Administrator => reservation::Command::Release { account, at },
            };
            if name.state == (reservation::State::Held { account }) {
                changes.push(name.decide(command).map_err(|_| taken())?);
            }
        }
        let mut drafts = vec![];
        for row in self.models.drafts(organisation, account, u32::MAX).await? {
            let draft = self.log.load::<Draft>(organisation, row.draft.uuid()).await?;
            if matches!(draft.state, draft::State::Open(_)) {
                changes.push(draft.decide(draft::Command::Discard { at }).map_err(Problem::from)?);
                drafts.push(row.draft);
            }
        }
        Ok((changes, Ending { drafts }))
    }

    /// The changes by which an account loses its roles. The last administrator stays.
    async fn revoking(&self, organisation: OrganisationId, account: AccountId) -> Result<Vec<Change>, Error> {
        let at = self.log.now();
        let mut loaded = self.log.load::<Organisation>(organisation, STREAM).await?;
        let mut changes = vec![];
        for role in loaded.state.roles_of(account) {
            let revoke = organisation::Command::RevokeRole { account, role, at };
            let (change, events) = loaded.decide_seeing(revoke).map_err(Problem::from)?;
            changes.push(change);
            // Each is decided after those before it.
            for event in &events {
                loaded.version += 1;
                loaded.state = Organisation::evolve(loaded.state, event);
            }
        }
        Ok(changes)
    }

    /// Every name to log in with of an account, those of accounts that joined it too. The read model knows them all; the
    /// account itself those that were added a moment ago.
    async fn names(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<BTreeSet<AddressTag>, Error> {
        self.models.wait_for(self.log.head(), &["addresses"]).await?;
        let mut names = BTreeSet::from_iter(self.models.names_of(organisation, account).await?);
        for address in self.holder(organisation, account).await?.receiving() {
            names.insert(self.address_tag(organisation, address).await?);
        }
        Ok(names)
    }
}
