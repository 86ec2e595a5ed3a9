//! What people of the test's world write to each other.

use crate::world::{LIFE, ORG, World, at, by, by_worker, id, message, person};
use domain::{
    DraftId, account,
    address::Mailbox,
    bytes::{BlobKey, Sealed},
    draft::{self, AttachmentLimit, Draft},
    id::ContentKeyId,
    key::{self, Subject, VaultKey},
    message::{self, About, Body, Direction, Field, Grant, Headline, Message, Onward, Recipient},
    notification::{self, Notification},
};
use eventstore::Commit;
use projections::notifications::NotificationRow;
use seal::Key;

impl World {
    /// Sends message `n`, with as many files as it says.
    pub async fn send(&self, n: u128, from: u128, to: &[u128], files: u32, minute: i64) {
        self.post(n, (from, to), None, files, minute).await;
    }

    /// Message `n` passes another one on.
    pub async fn forward(&self, n: u128, original: u128, from: u128, to: &[u128], minute: i64) {
        self.post(n, (from, to), Some(original), 0, minute).await;
    }

    async fn post(
        &self,
        n: u128,
        (from, to): (u128, &[u128]),
        original: Option<u128>,
        files: u32,
        minute: i64,
    ) {
        let grant = |account, direction| Grant { account, direction, generation: 1, key: Sealed(vec![2, 2]) };
        let recipient = |n: &u128| Recipient {
            account: person(*n),
            kind: account::Kind::Guest,
            field: Field::To,
            notice: Some(notification::Kind::NewMessage),
            notice_at: None,
        };
        let content_key: ContentKeyId = id(5000 + original.unwrap_or(n));
        let send = message::Send {
            from: person(from),
            recipients: to.iter().map(recipient).collect(),
            about: original.map(|n| About { message: message(n), what: Onward::Forward }),
            secured_by: None,
            against: None,
            content_key,
            grants: [grant(person(from), Direction::Out)]
                .into_iter()
                .chain(to.iter().map(|n| grant(person(*n), Direction::In)))
                .collect(),
            headline: Headline {
                subject: "Results".into(),
                from: Mailbox::parse("sender@insurer.example").unwrap(),
                to: vec![],
                cc: vec![],
                attachments: (0..files).map(|n| attachment(n.into())).collect(),
            },
            body: Body { text: "Hello".into(), html: None, original: None },
            expires_at: at(minute + LIFE),
            at: at(minute),
        };
        let loaded = self.log.load::<Message>(ORG, message(n).uuid()).await.unwrap();
        if let Ok(change) = loaded.decide(message::Command::Send(Box::new(send))) {
            let mut commit = Commit::new(ORG, &by(person(from)), vec![change]);
            commit.content_key = Some((content_key, Key::random()));
            self.log.append(commit).await.unwrap();
        }
    }

    /// What becomes of message `n`, done by a person.
    pub async fn after(&self, n: u128, who: u128, command: message::Command) -> bool {
        self.tell::<Message>(message(n).uuid(), &by(person(who)), command).await
    }

    pub async fn open(&self, n: u128, reader: u128, minute: i64) {
        let open = message::Command::Open { by: person(reader), at: at(minute) };
        self.tell::<Message>(message(n).uuid(), &by(person(reader)), open).await;
    }

    pub async fn expire(&self, n: u128, minute: i64) {
        self.tell::<Message>(message(n).uuid(), &by_worker(), message::Command::Expire { at: at(minute) })
            .await;
    }

    /// The key of that number is destroyed.
    pub async fn destroy(&self, key: u128, subject: Subject, minute: i64) {
        let stream = id::<()>(key).uuid();
        let condemn = key::Command::Condemn { subject, at: at(minute) };
        self.tell::<VaultKey>(stream, &by_worker(), condemn).await;
        let gone = key::Command::NoteDestroyed { at: at(minute) };
        self.tell::<VaultKey>(stream, &by_worker(), gone).await;
    }

    pub async fn write(&self, draft: DraftId, owner: u128, minute: i64) {
        let text = draft::Text { subject: format!("Minute {minute}"), ..draft::Text::default() };
        let begin = draft::Command::Begin {
            owner: person(owner),
            about: None,
            text: text.clone(),
            expires_in: None,
            at: at(minute),
        };
        let loaded = self.log.load::<Draft>(ORG, draft.uuid()).await.unwrap();
        let version = u32::try_from(loaded.version).unwrap();
        self.tell::<Draft>(draft.uuid(), &by(person(owner)), begin).await;
        let save = draft::Command::Save { version, text, expires_in: None, at: at(minute) };
        self.tell::<Draft>(draft.uuid(), &by(person(owner)), save).await;
    }

    pub async fn attach(&self, draft: DraftId, owner: u128, file: u128, minute: i64) {
        let file = attachment(file);
        let limit = AttachmentLimit { count: 10, bytes: 1000 };
        let attach = draft::Command::Attach { file: Box::new(file), limit, at: at(minute) };
        self.tell::<Draft>(draft.uuid(), &by(person(owner)), attach).await;
    }

    pub async fn discard(&self, draft: DraftId, owner: u128, minute: i64) {
        self.tell::<Draft>(draft.uuid(), &by(person(owner)), draft::Command::Discard { at: at(minute) })
            .await;
    }

    /// What became of a notification that is due: sent, or deferred with a reply.
    pub async fn mailed(&self, row: &NotificationRow, reply: Option<u16>, minute: i64) {
        let about = about(row);
        let command = match reply {
            None => notification::Command::NoteSent { about, at: at(minute) },
            Some(reply) => {
                let (reply, next_attempt_at) = (Some(reply), at(minute + 5));
                notification::Command::NoteDeferred { about, reply, next_attempt_at, at: at(minute) }
            }
        };
        self.tell::<Notification>(row.notification.uuid(), &by_worker(), command).await;
    }

    /// A notification that left came back.
    pub async fn returned(&self, row: &NotificationRow, minute: i64) {
        let status = Some(notification::MailStatus(5, 1, 1));
        let command = notification::Command::NoteBounced { about: about(row), status, at: at(minute) };
        self.tell::<Notification>(row.notification.uuid(), &by_worker(), command).await;
    }

    /// A notification that is due was refused for good.
    pub async fn bounced(&self, row: &NotificationRow, minute: i64) {
        let command =
            notification::Command::NoteFailed { about: about(row), reply: Some(550), at: at(minute) };
        self.tell::<Notification>(row.notification.uuid(), &by_worker(), command).await;
    }
}

pub fn attachment(n: u128) -> message::Attachment {
    message::Attachment {
        id: id(n),
        name: "scan.png".into(),
        media_type: "image/png".into(),
        size_bytes: 10,
        blob: "blob".into(),
        parts: vec![],
        key: BlobKey([0; 32]),
    }
}

fn about(row: &NotificationRow) -> notification::About {
    notification::About { kind: row.kind, recipient: row.recipient, message: row.message, sender: row.sender }
}
