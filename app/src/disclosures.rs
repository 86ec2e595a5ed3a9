//! To whom data of a person was disclosed in the last six years (Q4). What counts as that is said in `domain::disclosure`.

use crate::{App, AuditedEvent, Error, Person, Viewer};
use domain::{
    AccountId, Event, MessageId, OrganisationId, Timestamp,
    account::Kind,
    disclosure::{ACCOUNTED, How, Parties, disclosed},
    message::{self, Onward, Taken},
};
use eventstore::Recorded;
use projections::audit::{AuditFilter, Kind as Happening};
use std::collections::{BTreeSet, HashMap};

/// One disclosure of a person's data.
#[derive(Debug, Clone)]
pub struct Disclosure {
    /// To whom.
    pub to: AccountId,
    /// What, in words.
    pub what: String,
    /// Why, as far as it is recorded.
    pub why: &'static str,
    /// The event behind it.
    pub event: AuditedEvent,
}

/// What gives somebody a message, or some of it.
const GIVING: [Happening; 4] = [
    Happening::MessageSent,
    Happening::MessageOpened,
    Happening::MessageDownloaded,
    Happening::MessagePrinted,
];
/// Messages asked about in one go.
const BATCH: usize = 200;

/// A message that was sent, as far as its disclosures need it.
struct Letter {
    parties: Parties,
    attachments: u32,
    why: &'static str,
}

impl App {
    /// Each disclosure of the last six years, newest first.
    pub async fn disclosures(&self, viewer: &Viewer, person: &Person) -> Result<Vec<Disclosure>, Error> {
        self.ask_about_person(viewer, person, None).await?;
        let organisation = viewer.organisation;
        let since: Timestamp = (self.log.now().to_utc() - ACCOUNTED.nominal()).into();
        let messages = self.models.messages_disclosing(organisation, &person.accounts, since).await?;
        let mut disclosures = vec![];
        for messages in messages.chunks(BATCH) {
            disclosures.extend(self.disclosures_of(organisation, person, messages, since).await?);
        }
        disclosures.sort_by_key(|one| std::cmp::Reverse((one.event.position, one.to)));
        Ok(disclosures)
    }

    async fn disclosures_of(
        &self,
        organisation: OrganisationId,
        person: &Person,
        messages: &[MessageId],
        since: Timestamp,
    ) -> Result<Vec<Disclosure>, Error> {
        let kinds = GIVING.to_vec();
        let filter = AuditFilter { messages: messages.to_vec(), kinds, ..AuditFilter::default() };
        let mut events = self.all_events(organisation, &filter).await?;
        events.sort_by_key(|recorded| recorded.position);
        let accounts: BTreeSet<_> = person.accounts.iter().copied().collect();
        let asked: BTreeSet<_> = messages.iter().copied().collect();
        let (mut letters, mut disclosures) = (HashMap::new(), vec![]);
        for recorded in events {
            // What answers one of these is found with it.
            let Some((message, event)) = of_message(&recorded).filter(|(message, _)| asked.contains(message))
            else {
                continue;
            };
            let sent = sent(event);
            if let Some(letter) = sent {
                letters.insert(message, letter);
            }
            let Some(letter) = letters.get(&message).filter(|_| since <= recorded.recorded_at) else {
                continue;
            };
            let told = disclosed(&accounts, &letter.parties, event);
            let told = told.into_iter().map(|(to, how)| Disclosure {
                to,
                what: letter.what(how),
                why: letter.why,
                event: AuditedEvent::from(&recorded),
            });
            disclosures.extend(told);
        }
        Ok(disclosures)
    }
}

impl Letter {
    fn what(&self, how: How) -> String {
        let message = match self.attachments {
            0 => "A message".to_owned(),
            1 => "A message with one attachment".to_owned(),
            many => format!("A message with {many} attachments"),
        };
        let what = match how {
            How::Sent => "made available",
            How::Opened => "opened",
            How::Printed => "printed",
            How::Kept(Taken::Text) => "its text kept",
            How::Kept(Taken::Attachment(_)) => "an attachment kept",
            How::Kept(Taken::Zip) => "text and attachments kept",
            How::Kept(Taken::Eml) => "the whole kept as a mail",
        };
        format!("{message}: {what}")
    }
}

fn of_message(recorded: &Recorded) -> Option<(MessageId, &message::Event)> {
    let Event::Message(message, event) = &recorded.event else { return None };
    Some((*message, event))
}

fn sent(event: &message::Event) -> Option<Letter> {
    let message::Event::Sent { from, recipients, about, secured_by, attachment_count, .. } = event else {
        return None;
    };
    let outside = recipients.iter().filter(|recipient| recipient.kind == Kind::Guest);
    let parties = Parties { sender: *from, outside: outside.map(|recipient| recipient.account).collect() };
    let why = match (about.map(|about| about.what), secured_by) {
        (Some(Onward::Forward), _) => "Somebody who had a message that holds data of theirs passed it on.",
        (Some(Onward::Reply), _) => "An answer went to several people.",
        (None, Some(_)) => "A mail to several people was secured by a content rule.",
        (None, None) => "A message was sent to several people.",
    };
    Some(Letter { parties, attachments: *attachment_count, why })
}
