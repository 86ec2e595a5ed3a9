//! Whoever a message is from.

use crate::{Error, Viewer};
use domain::{
    AccountId, Metadata, OrganisationId, address::Mailbox, organisation::State, recipients::Sender,
};
use std::sync::Arc;

/// Whoever a message is from, as the rule of recipients, its recipients and the log know them: a person who is logged in, or one
/// whose mail the organisation's mail server hands over.
#[derive(Clone)]
pub(crate) struct Author {
    pub(crate) organisation: OrganisationId,
    pub(crate) account: AccountId,
    /// Of the mailbox that keeps what they send.
    pub(crate) generation: u32,
    /// As recipients see them.
    pub(crate) mailbox: Mailbox,
    /// As the rule of recipients sees them.
    pub(crate) sender: Sender,
    pub(crate) rules: Arc<State>,
    pub(crate) meta: Metadata,
}

impl Viewer {
    /// This person, as they write.
    pub(crate) fn author(&self) -> Result<Author, Error> {
        let address = self.holder.address.value().ok_or(Error::Unauthenticated)?;
        Ok(Author {
            organisation: self.organisation,
            account: self.account,
            generation: self.holder.mailbox_generation,
            mailbox: Mailbox { name: None, address: address.clone() },
            sender: self.sender()?,
            rules: self.rules.clone(),
            meta: self.meta(),
        })
    }
}
