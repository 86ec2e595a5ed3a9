//! A new link in place of one that is too old, to the same address (R10, R11).

use crate::{
    App, Caller, Done, Error, LinkPurpose, Problem, ProblemCode,
    links::{State, alias_of, invalid_link, masked, standing},
    registration::by_link,
};
use domain::{
    Metadata, OrganisationId,
    account::{Holder, Stage, recovery::ResetBy},
};
use eventstore::Position;
use projections::links::LinkRow;

impl App {
    /// Mails a new link in place of one that is too old; gives the masked address that it goes to. The old one is dead from
    /// then on, and only the newest mail counts (R11).
    pub async fn renew_link(&self, caller: &Caller, token: &str) -> Result<Done<Option<String>>, Error> {
        let organisation = caller.organisation;
        let found = self.find_any_link(organisation, token).await?;
        let row = found.ok_or_else(|| invalid_link("token"))?;
        let holder = self.holder(organisation, row.account).await?;
        if holder.stage == Stage::Closed {
            return Err(invalid_link("token"));
        }
        match standing(&row, self.log.now()) {
            State::Used => {
                return Err(refused(ProblemCode::LinkUsed, "This link did its work already; log in."));
            }
            State::Replaced => return Err(invalid_link("token")),
            State::Usable => return Err(refused(ProblemCode::Invalid, "This link still works; follow it.")),
            State::Expired => {}
        }
        let position = self.renew(organisation, &row, &holder).await?;
        self.wait_for(position).await?;
        let to = match row.purpose {
            LinkPurpose::ConfirmAlias => alias_of(&row, &holder).and_then(|alias| alias.address.value()),
            LinkPurpose::Register
            | LinkPurpose::ActivateAccount
            | LinkPurpose::SetPassword
            | LinkPurpose::ActivatePassword
            | LinkPurpose::UndoAliasPromotion => holder.address.value(),
        };
        Ok(Done { value: masked(to), position })
    }

    async fn renew(
        &self,
        organisation: OrganisationId,
        row: &LinkRow,
        holder: &Holder,
    ) -> Result<Position, Error> {
        let meta = by_link(row.account);
        match row.purpose {
            LinkPurpose::Register => self.send_invitation_again(organisation, row.account, &meta).await,
            LinkPurpose::ActivateAccount => {
                self.send_activation_again(organisation, row.account, &meta).await
            }
            LinkPurpose::SetPassword => self.renew_reset(organisation, row, holder).await,
            LinkPurpose::ConfirmAlias => self.renew_alias(organisation, row, holder, &meta).await,
            LinkPurpose::ActivatePassword => Err(refused(
                ProblemCode::LinkExpired,
                "The time to confirm the new password is over and the old one stays; set a new one again.",
            )),
            LinkPurpose::UndoAliasPromotion => Err(refused(
                ProblemCode::LinkExpired,
                "The time to undo the change is over; ask the organisation for help.",
            )),
        }
    }

    /// A right that answers gave is not mailed, so that a mailbox alone does not do where the policy wants answers (A11).
    async fn renew_reset(
        &self,
        organisation: OrganisationId,
        row: &LinkRow,
        holder: &Holder,
    ) -> Result<Position, Error> {
        let policy = &self.rules(organisation).await?.policy;
        let permit = holder.recovery.permit.as_ref().filter(|permit| permit.link.id.uuid() == row.link);
        match permit.map(|permit| permit.by) {
            Some(ResetBy::Administrator) => {}
            Some(ResetBy::Person) if policy.recovery.link => {}
            Some(ResetBy::Person | ResetBy::Challenge) => {
                return Err(refused(
                    ProblemCode::LinkExpired,
                    "The time to set a new password is over; begin again at the login page.",
                ));
            }
            None => return Err(invalid_link("token")),
        }
        let link = self.log.clock().new_id();
        self.send_reset(organisation, row.account, ResetBy::Person, link, &by_link(row.account)).await
    }

    async fn renew_alias(
        &self,
        organisation: OrganisationId,
        row: &LinkRow,
        holder: &Holder,
        meta: &Metadata,
    ) -> Result<Position, Error> {
        let alias = alias_of(row, holder).ok_or_else(|| invalid_link("token"))?;
        let address = alias.address.value().ok_or_else(|| invalid_link("token"))?;
        Ok(self.request_alias(organisation, row.account, address, alias.added_by, meta).await?.position)
    }
}

fn refused(code: ProblemCode, message: &str) -> Error {
    Problem::new(code, message).at(["token"]).into()
}
