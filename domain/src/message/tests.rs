use super::*;
use crate::{
    account::Kind,
    address::{EmailAddress, Mailbox},
    bytes::BlobKey,
    decider::kit::given,
    notification::Kind as NotificationKind,
};
use uuid::Uuid;

mod afterwards;

const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);
const EXPIRY: Timestamp = Timestamp::from_micros(NOON.micros() + 60_000_000);
const BEFORE: Timestamp = Timestamp::from_micros(EXPIRY.micros() - 1);
const SENDER: u128 = 1;
const GUEST: u128 = 2;
const STRANGER: u128 = 3;

fn id<Of>(n: u128) -> crate::id::Id<Of> {
    crate::id::Id::new(Uuid::from_u128(n))
}
fn message() -> Send {
    let from = Mailbox { name: None, address: EmailAddress::parse("member@insurer.example").unwrap() };
    Send {
        from: id(SENDER),
        recipients: vec![Recipient {
            account: id(GUEST),
            kind: Kind::Guest,
            field: Field::To,
            notice: Some(NotificationKind::NewMessage),
            notice_at: None,
        }],
        about: None,
        secured_by: None,
        against: None,
        content_key: id(11),
        grants: vec![],
        headline: Headline {
            subject: "Results".into(),
            from,
            to: vec![],
            cc: vec![],
            attachments: vec![Attachment {
                id: id(12),
                name: "results.pdf".into(),
                media_type: "application/pdf".into(),
                size_bytes: 100,
                blob: "blob".into(),
                parts: vec![],
                key: BlobKey([0; 32]),
            }],
        },
        body: text("All well."),
        expires_at: EXPIRY,
        at: NOON,
    }
}
fn text(text: &str) -> Body {
    Body { text: text.into(), html: None, original: None }
}

fn send(send: Send) -> Command {
    Command::Send(Box::new(send))
}
fn sent() -> Event {
    message().judged().unwrap().remove(0)
}
fn open(by: u128, at: Timestamp) -> Command {
    Command::Open { by: id(by), at }
}
fn opened(first: bool) -> Event {
    Event::Opened { by: id(GUEST), first, at: NOON }
}

/// A1: a message is sent once, and says how large it is.
#[test]
fn a_message_is_sent_once() {
    given::<Message>([]).when(send(message())).then([sent()]);
    assert!(matches!(sent(), Event::Sent { attachment_count: 1, size_bytes: 109, .. }));
    given::<Message>([sent()]).when(send(message())).then_refused(Refusal::AlreadySent);
}

/// A27: what cannot be sent is refused before anything is recorded.
#[test]
fn a_message_that_breaks_a_bound_is_refused() {
    let nobody = Send { recipients: vec![], ..message() };
    given::<Message>([]).when(send(nobody)).then_refused(Refusal::NoRecipient);
    for subject in ["x".repeat(SUBJECT_BYTES + 1), "two\r\nlines".into()] {
        let headline = Headline { subject, ..message().headline };
        given::<Message>([]).when(send(Send { headline, ..message() })).then_refused(Refusal::BadSubject);
    }
    let body = text(&"x".repeat(BODY_BYTES + 1));
    given::<Message>([]).when(send(Send { body, ..message() })).then_refused(Refusal::BodyTooLong);
    let expires_at = NOON;
    given::<Message>([]).when(send(Send { expires_at, ..message() })).then_refused(Refusal::ExpiresTooEarly);
}

/// R2: each opening is recorded; the first one says that it is.
#[test]
fn the_first_opening_says_so() {
    given::<Message>([sent()]).when(open(GUEST, NOON)).then([opened(true)]);
    given::<Message>([sent(), opened(true)]).when(open(GUEST, NOON)).then([opened(false)]);
}

/// A43: only sender and recipients can open; to everyone else there is no such message.
#[test]
fn a_stranger_finds_nothing() {
    given::<Message>([sent()]).when(open(STRANGER, NOON)).then_refused(Refusal::NotFound);
    given::<Message>([]).when(open(GUEST, NOON)).then_refused(Refusal::NotFound);
}

/// A20, A21: from its expiry on, recorded or not, nobody opens, answers or forwards, the sender neither.
#[test]
fn an_expired_message_is_gone_for_everyone() {
    for by in [SENDER, GUEST] {
        given::<Message>([sent()]).when(open(by, EXPIRY)).then_refused(Refusal::Expired);
    }
    let with = id(20);
    given::<Message>([sent()])
        .when(Command::NoteReply { by: id(GUEST), with, at: EXPIRY })
        .then_refused(Refusal::Expired);
    given::<Message>([sent()])
        .when(Command::NoteForward { by: id(GUEST), with, at: EXPIRY })
        .then_refused(Refusal::Expired);
}

/// A20: a message expires at its time and once.
#[test]
fn expiring_happens_once_and_not_early() {
    let expired = Event::Expired { at: EXPIRY };
    given::<Message>([sent()]).when(Command::Expire { at: BEFORE }).then_nothing();
    given::<Message>([sent()]).when(Command::Expire { at: EXPIRY }).then([expired.clone()]);
    given::<Message>([sent(), expired]).when(Command::Expire { at: EXPIRY }).then_nothing();
}

/// A29, A33: answering and forwarding are recorded on the original; a refused forward too (A31).
#[test]
fn what_follows_from_a_message_is_on_its_record() {
    let (by, with, at) = (id(GUEST), id(20), NOON);
    given::<Message>([sent()]).when(Command::NoteReply { by, with, at }).then([Event::Replied {
        by,
        with,
        at,
    }]);
    given::<Message>([sent()]).when(Command::NoteForward { by, with, at }).then([Event::Forwarded {
        by,
        with,
        at,
    }]);
    let what = Onward::Forward;
    given::<Message>([sent()]).when(Command::NoteRefusal { by, what, at }).then([Event::OnwardRefused {
        by,
        what,
        at,
    }]);
}
