//! Deleting a message from one's own mailbox. The other side keeps it, and the audit knows that it was there.

use crate::{App, Done, Error, Problem, Viewer, error::not_found};
use domain::{
    AccountId, MessageId,
    message::{Command, Message, State},
};
use std::collections::BTreeSet;

impl App {
    /// Takes a message out of one's own folders for good, received and sent: no list, search, count or download of theirs has
    /// it from then on. Others are not concerned, and it expires when it would have.
    pub async fn delete_message(
        &self,
        viewer: &Viewer,
        message: MessageId,
    ) -> Result<Done<MessageId>, Error> {
        self.entry(viewer, message).await?;
        // Who wrote to themselves, or took over another's mail, can be several people to a message.
        let known_as: BTreeSet<_> = self.known_as(viewer, message).await?.into_iter().collect();
        let loaded = self.log.load::<Message>(viewer.organisation, message.uuid()).await?;
        let State::Sent(sent) = loaded.state else { return Err(not_found("message").into()) };
        let is_party = |account: &AccountId| sent.from == *account || sent.recipients.contains(account);
        let readers = known_as.into_iter().filter(is_party);
        let mut position = self.log.head();
        for by in readers {
            let at = self.log.now();
            let delete = || Command::Delete { by, at };
            let stream = message.uuid();
            let done =
                self.log.execute::<Message>(viewer.organisation, stream, &viewer.meta(), delete).await?;
            position = done.map_err(Problem::from)?.position();
        }
        self.wait_for(position).await?;
        Ok(Done { value: message, position })
    }
}
