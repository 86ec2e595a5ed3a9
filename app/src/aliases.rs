//! Further addresses of a member, and which of them is the primary one (B40–B50, R14). Confirming one is in `joining`.

use crate::{
    App, Caller, Capability, Done, Error, LinkPurpose, Problem, ProblemCode, Viewer, links::invalid_link,
    registration::by_link, retrying,
};
use domain::{
    AccountId, Metadata, OrganisationId,
    account::{
        self, Account, Alias, Command,
        alias::{self, CONFIRMATION_LIFE, Standing, UNDO_WINDOW},
    },
    address::EmailAddress,
    audit::Right,
    id::{AliasId, LinkId},
    reservation::{self, Reservation},
};
use eventstore::{Commit, Position};

impl App {
    /// All addresses of an account but the primary one, from the account itself and so never stale (B52).
    pub async fn aliases(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Vec<Alias>, Error> {
        Ok(self.holder(organisation, account).await?.aliases)
    }

    /// Asks for a further address: a confirmation is mailed to it (B42). The answer is the same whether the address has an
    /// account or not (R4); one's own primary address stays what it is, and is no alias.
    pub async fn add_alias(
        &self,
        viewer: &Viewer,
        address: &EmailAddress,
    ) -> Result<Done<Option<Alias>>, Error> {
        let Viewer { organisation, account, .. } = *viewer;
        viewer.in_person()?;
        refuse_group(address, viewer.rules.policy.accounts.is_group(address))?;
        self.request_alias(organisation, account, address, None, &viewer.meta()).await
    }

    /// Adds an address on somebody's behalf: at once within the organisation's own domains, else its holder confirms it by
    /// the link (B50). So does the holder of an account that has the address already.
    pub async fn add_alias_for(
        &self,
        viewer: &Viewer,
        account: AccountId,
        address: &EmailAddress,
    ) -> Result<Done<Option<Alias>>, Error> {
        let organisation = viewer.organisation;
        let meta = self.authorise(viewer, Right::Administer).await?;
        refuse_group(address, viewer.rules.policy.accounts.is_group(address))?;
        let held = self.holder_of(organisation, address).await?;
        let is_free = held.is_none_or(|(holder, _)| holder == account);
        if !is_free || !viewer.rules.domains.contains(address.domain()) {
            return self.request_alias(organisation, account, address, Some(viewer.account), &meta).await;
        }
        let (tag, added_by) = (self.address_tag(organisation, address).await?, viewer.account);
        let (alias, at): (AliasId, _) = (self.log.clock().new_id(), self.log.now());
        let meta = &meta;
        let position = retrying(move || async move {
            let person = self.log.load::<Account>(organisation, account.uuid()).await?;
            let add = alias::Command::Add { alias, address: address.clone(), added_by, at };
            let added = person.decide(Command::Alias(add)).map_err(Problem::from)?;
            let reservation = self.log.load::<Reservation>(organisation, tag.uuid()).await?;
            let reserve = reservation::Command::Reserve { account, at };
            let reserved = reservation.decide(reserve).map_err(|_| taken())?;
            Ok(self.log.append(Commit::new(organisation, meta, vec![reserved, added])).await?.position())
        })
        .await?;
        self.shown_alias(organisation, account, address, position).await
    }

    /// Makes a guest one of the organisation's own people (B41).
    pub async fn promote_to_member(
        &self,
        viewer: &Viewer,
        account: AccountId,
    ) -> Result<Done<AccountId>, Error> {
        let meta = self.authorise(viewer, Right::Administer).await?;
        let at = self.log.now();
        self.tell(viewer.organisation, account, &meta, || Command::PromoteToMember { at }).await
    }

    /// Makes a confirmed alias the primary address. The old one is told, and can undo it for a week (B46, R14).
    pub async fn promote_alias(&self, viewer: &Viewer, alias: AliasId) -> Result<Done<AccountId>, Error> {
        manages(viewer)?;
        let Viewer { organisation, account, .. } = *viewer;
        let (former, at): (AliasId, _) = (self.log.clock().new_id(), self.log.now());
        let purpose = LinkPurpose::UndoAliasPromotion;
        let undo = self.issue_link(organisation, account, purpose, at.plus(UNDO_WINDOW)).await?;
        let promote = || alias::Command::Promote { alias, former, undo: undo.clone(), at };
        self.tell(organisation, account, &viewer.meta(), || Command::Alias(promote())).await
    }

    /// Makes the old primary address the primary one again, by the link that was mailed to it (R14).
    pub async fn undo_promotion(&self, caller: &Caller, token: &str) -> Result<Done<AccountId>, Error> {
        let organisation = caller.organisation;
        let found = self.find_link(organisation, LinkPurpose::UndoAliasPromotion, token).await?;
        let found = found.ok_or_else(|| invalid_link("token"))?;
        let (link, at) = (LinkId::new(found.link), self.log.now());
        let undo = || Command::Alias(alias::Command::UndoPromotion { link, at });
        self.tell(organisation, found.account, &by_link(found.account), undo).await
    }

    /// Takes an alias away; its address can be anyone's from then on.
    pub async fn remove_alias(&self, viewer: &Viewer, alias: AliasId) -> Result<Done<AccountId>, Error> {
        manages(viewer)?;
        let Viewer { organisation, account, .. } = *viewer;
        let at = self.log.now();
        let meta = &viewer.meta();
        let position = retrying(move || async move {
            let person = self.log.load::<Account>(organisation, account.uuid()).await?;
            let remove = Command::Alias(alias::Command::Remove { alias, at });
            let mut changes = vec![person.decide(remove).map_err(Problem::from)?];
            let own = person.state.holder().and_then(|own| own.aliases.iter().find(|own| own.id == alias));
            // The address of a pending one was not reserved, and may be somebody's.
            let received = own.filter(|own| !matches!(own.standing, Standing::Pending { .. }));
            if let Some(address) = received.and_then(|own| own.address.value()) {
                let tag = self.address_tag(organisation, address).await?;
                let reservation = self.log.load::<Reservation>(organisation, tag.uuid()).await?;
                let release = reservation::Command::Release { account, at };
                changes.push(reservation.decide(release).map_err(|_| taken())?);
            }
            Ok(self.log.append(Commit::new(organisation, meta, changes)).await?.position())
        })
        .await?;
        self.wait_for(position).await?;
        Ok(Done { value: account, position })
    }

    /// Has a confirmation mailed to an address, again where it is a pending alias already.
    pub(crate) async fn request_alias(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        address: &EmailAddress,
        added_by: Option<AccountId>,
        meta: &Metadata,
    ) -> Result<Done<Option<Alias>>, Error> {
        let allowed = self.rules(organisation).await?.policy.accounts.aliases;
        let (alias, at): (AliasId, _) = (self.log.clock().new_id(), self.log.now());
        let expires_at = at.plus(CONFIRMATION_LIFE);
        let link = self.issue_link(organisation, account, LinkPurpose::ConfirmAlias, expires_at).await?;
        let request = || {
            let (address, link) = (address.clone(), link.clone());
            Command::Alias(alias::Command::Request { alias, address, added_by, allowed, link, at })
        };
        let position = self.tell(organisation, account, meta, request).await?.position;
        self.shown_alias(organisation, account, address, position).await
    }

    /// An alias as it stands after it was asked for; `None` for the primary address.
    async fn shown_alias(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        address: &EmailAddress,
        position: Position,
    ) -> Result<Done<Option<Alias>>, Error> {
        self.wait_for(position).await?;
        let value = self.holder(organisation, account).await?.alias_of(address).cloned();
        Ok(Done { value, position })
    }
}

/// A group has no account, and so is nobody's address (B33).
pub(crate) fn refuse_group(address: &EmailAddress, is_group: bool) -> Result<(), Problem> {
    if !is_group {
        return Ok(());
    }
    let message = format!("{} is a group; add an address of one person alone.", address.typed());
    Err(Problem::new(ProblemCode::GroupAddress, message).at(["address"]))
}

/// Somebody else was given the name this very moment: worth deciding again.
pub(crate) fn taken() -> Problem {
    Problem::new(ProblemCode::Conflict, "The address was just taken.")
}

/// Refuses whoever may not manage aliases now: a guest, a client program, anybody where the policy has switched it off (B40).
fn manages(viewer: &Viewer) -> Result<(), Error> {
    viewer.in_person()?;
    if viewer.capabilities().contains(&Capability::ManageAliases) {
        return Ok(());
    }
    Err(Problem::from(account::Refusal::AliasesNotAllowed).into())
}
