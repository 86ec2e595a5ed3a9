//! Confirming an alias. Where its address has an account already, that account's mail joins this inbox, and it is closed
//! (B43, B44).

use crate::{
    App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode,
    aliases::{refuse_group, taken},
    closing::Ending,
    links::invalid_link,
    proving::Proof,
    registration::by_link,
    retrying,
};
use domain::{
    AccountId, OrganisationId,
    account::{
        Account, Closing, Command, Holder, Stage,
        alias::{self, Joining, Standing},
    },
    address::EmailAddress,
    id::LinkId,
    reservation::{self, Reservation},
};
use eventstore::{Commit, Position};
use secrecy::SecretString;

/// Whose alias is confirmed, and which.
#[derive(Debug, Clone, Copy)]
struct Confirmation {
    organisation: OrganisationId,
    account: AccountId,
    link: LinkId,
}

impl App {
    /// Confirms an alias by its link (B44). An account that has the address joins: with its password, if it has one (B43).
    pub async fn confirm_alias(
        &self,
        caller: &Caller,
        token: &str,
        password: Option<&SecretString>,
    ) -> Result<Done<AccountId>, Error> {
        let organisation = caller.organisation;
        let found = self.find_link(organisation, LinkPurpose::ConfirmAlias, token).await?;
        let found = found.ok_or_else(|| invalid_link("token"))?;
        let confirmation =
            Confirmation { organisation, account: found.account, link: LinkId::new(found.link) };
        let joining = self.admitted(caller, confirmation, password).await?;
        let (position, drafts) = retrying(|| self.confirm_once(confirmation, joining)).await?;
        self.wait_for(position).await?;
        if let Some(joined) = joining {
            self.shred(organisation, joined, &drafts).await?;
        }
        Ok(Done { value: found.account, position })
    }

    /// The account that joins, if one does, after its password was asked.
    async fn admitted(
        &self,
        caller: &Caller,
        confirmation: Confirmation,
        password: Option<&SecretString>,
    ) -> Result<Option<AccountId>, Error> {
        let Confirmation { organisation, account, link } = confirmation;
        let (at, joining) = (self.log.now(), None);
        let person = self.log.load::<Account>(organisation, account.uuid()).await?;
        // A link that does not work asks for nobody's password.
        let confirm = Command::Alias(alias::Command::Confirm { link, joining, at });
        person.decide(confirm).map_err(|refusal| Problem::from(refusal).at(["token"]))?;
        let own = person.state.holder();
        let Some(address) = own.and_then(|own| address_of(own, link)) else { return Ok(None) };
        let rules = self.rules(organisation).await?;
        refuse_group(&address, rules.policy.accounts.is_group(&address))?;
        let Some((other, holder)) = self.holder_of(organisation, &address).await? else { return Ok(None) };
        if other == account {
            return Ok(None);
        }
        if own.is_some_and(|own| !own.subscribed) {
            return Err(refused("Come back first: this address brings mail along, and you have left."));
        }
        if holder.credentials.is_some() {
            let Some(password) = password else {
                let message =
                    "This address has an account; give its password, and its mail joins this inbox.";
                return Err(Problem::new(ProblemCode::PasswordRequired, message).at(["password"]).into());
            };
            if self.prove(caller, other, password, &by_link(account)).await? == Proof::Half {
                return Err(refused(
                    "The account of this address asks for a second factor; log in to it and remove that first.",
                ));
            }
        }
        if !rules.roles_of(other).is_empty() {
            return Err(refused(
                "The account of this address has a role; an administrator must take that from it first.",
            ));
        }
        Ok(Some(other))
    }

    /// Confirms, and closes what joins, in one commit. Gives what ended with it.
    async fn confirm_once(
        &self,
        confirmation: Confirmation,
        joining: Option<AccountId>,
    ) -> Result<(Position, Ending), Error> {
        let Confirmation { organisation, account, link } = confirmation;
        let at = self.log.now();
        let person = self.log.load::<Account>(organisation, account.uuid()).await?;
        let (mut changes, mut ended, mut brought) = (vec![], Ending::default(), None);
        let address = person.state.holder().and_then(|own| address_of(own, link));
        if let Some(address) = address {
            let tag = self.address_tag(organisation, &address).await?;
            let reservation = self.log.load::<Reservation>(organisation, tag.uuid()).await?;
            match (&reservation.state, joining) {
                (reservation::State::Held { account: holder }, Some(other)) if *holder == other => {
                    brought = Some(self.brought(organisation, other).await?);
                    let why = Closing::Joined { into: account };
                    (changes, ended) = self.ending(organisation, other, why, None).await?;
                }
                // Who got the address since the password was asked keeps it.
                _ => {
                    let reserve = reservation::Command::Reserve { account, at };
                    changes.push(reservation.decide(reserve).map_err(|_| taken())?);
                }
            }
        }
        let confirm = Command::Alias(alias::Command::Confirm { link, joining: brought, at });
        changes.insert(0, person.decide(confirm).map_err(Problem::from)?);
        let appended = self.log.append(Commit::new(organisation, &by_link(account), changes)).await?;
        Ok((appended.position(), ended))
    }

    /// What an account brings along: itself, those that had joined it, and its addresses.
    async fn brought(&self, organisation: OrganisationId, other: AccountId) -> Result<Joining, Error> {
        let holder = self.holder(organisation, other).await?;
        if holder.stage == Stage::Closed {
            return Err(taken().into());
        }
        let addresses = holder.receiving().map(|address| (self.log.clock().new_id(), address.clone()));
        let addresses = addresses.collect();
        Ok(Joining { accounts: [vec![other], holder.joined].concat(), addresses })
    }
}

fn address_of(holder: &Holder, link: LinkId) -> Option<EmailAddress> {
    let is_this = |standing: &Standing| match standing {
        Standing::Pending { link: own } => own.id == link,
        Standing::Confirmed | Standing::FormerPrimary { .. } => false,
    };
    holder.aliases.iter().find(|alias| is_this(&alias.standing))?.address.value().cloned()
}

fn refused(why: &str) -> Error {
    Problem::new(ProblemCode::NotAllowed, why).into()
}
