//! What is answered to whoever wrote to the address that nobody reads (B31, B37, R13).

use super::writer;
use crate::{
    App, Error,
    error::not_found,
    mails::{self, AutoSubmitted, Dispatch, Letterhead, Mail, Words},
};
use domain::{
    Event, OrganisationId,
    account::Stage,
    address::EmailAddress,
    notification::Suppression,
    organisation::Identity,
    replier::{self, Matter},
};
use projections::notifications::NotificationRow;

impl App {
    /// The answer to an address, or why it is not to be sent.
    pub(crate) async fn answer(
        &self,
        organisation: OrganisationId,
        row: &NotificationRow,
    ) -> Result<Result<Mail, Suppression>, Error> {
        let cause = self.cause(organisation, row).await?;
        let Some(Event::Replier(_, replier::Event::NoticeOwed { about, .. })) = &cause else {
            return Ok(Err(Suppression::Over));
        };
        let Some(to) = cause.as_ref().and_then(writer).cloned() else {
            return Ok(Err(Suppression::Erased));
        };
        let rules = self.rules(organisation).await?;
        let identity = rules.founded.as_ref().ok_or_else(|| not_found("organisation"))?;
        // It would come back to be answered again.
        if EmailAddress::parse(&identity.do_not_reply).is_ok_and(|own| own.normalised() == to.normalised()) {
            return Ok(Err(Suppression::Over));
        }
        let words = match about {
            Matter::Unread => mails::unread(identity),
            Matter::NamesTooLittle => mails::names_too_little(identity),
            Matter::ConfirmLeaving => self.words_of_leaving(organisation, &to, identity).await?,
        };
        let head = Letterhead { identity, presentation: &rules.presentation };
        let dispatch = Dispatch {
            notification: row.notification,
            to,
            automatic: AutoSubmitted::Replied,
            leave: None,
            attachment: None,
            covers: vec![],
            at: self.log.now(),
        };
        Ok(Ok(mails::mail(&head, &words, dispatch)))
    }

    async fn words_of_leaving(
        &self,
        organisation: OrganisationId,
        address: &EmailAddress,
        identity: &Identity,
    ) -> Result<Words, Error> {
        let held = self.holder_of(organisation, address).await?;
        let held = held.filter(|(_, holder)| holder.subscribed && holder.stage != Stage::Closed);
        let Some((account, holder)) = held else { return Ok(mails::not_known(identity)) };
        let token = self.unsubscribe_token(organisation, account, holder.mailbox_generation).await?;
        Ok(mails::leaving(identity, &token))
    }
}
