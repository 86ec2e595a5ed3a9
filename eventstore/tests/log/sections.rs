//! Who can read what: the skeleton everyone with the log's keys, personal data while the subject's key lives, content
//! whoever holds its key.

use crate::support::*;
use domain::{
    Event, MessageId,
    draft::{self, Draft},
    event::Subject,
    message, reservation,
};
use eventstore::{
    Log, LogError, Recorded,
    keys::{KeyName, open_grant, seal_grant},
    log::{ContentKeys, Loaded, StreamName},
    testing::{TestDb, on_both},
};
use seal::{Key, OpenError};
use time::macros::datetime;

const MESSAGE: MessageId = MessageId::from_bytes([5; 16]);

async fn read_message(log: &Log, keys: &ContentKeys) -> Result<Vec<Recorded>, LogError> {
    let stream = StreamName { category: "message", id: MESSAGE.uuid() };
    log.read_stream(ORGANISATION, stream, 0, keys).await
}

/// Subject and body, as far as they could be read.
fn content(events: &[Recorded]) -> (Option<&str>, Option<&str>) {
    let [Recorded { event: Event::Message(_, message::Event::Sent { headline, body, .. }), .. }] = events
    else {
        panic!("a message was sent");
    };
    (headline.value().map(|line| line.subject.as_str()), body.value().map(|body| body.text.as_str()))
}

fn holding(key: &Key) -> ContentKeys {
    let mut keys = ContentKeys::none();
    keys.hold(CONTENT_KEY, key.clone());
    keys
}

/// A44, A21: a message's content is read with its key; without it, it reads as erased, and the skeleton is there.
#[tokio::test]
async fn content_is_for_who_holds_its_key() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let key = Key::random();
        send_message(&log, MESSAGE, "Results", Some(key.clone())).await;
        let known = read_message(&log, &holding(&key)).await.unwrap();
        assert_eq!(content(&known), (Some("Results"), Some("The text below Results")));
        let erased = read_message(&log, &ContentKeys::none()).await.unwrap();
        assert_eq!(content(&erased), (None, None));
        assert_eq!(content(&everything(&log).await), (None, None));
        let wrong = read_message(&log, &holding(&Key::random())).await.unwrap_err();
        assert!(matches!(wrong, LogError::Open { position: 1, problem: OpenError::WrongKey }), "{wrong}");
    })
    .await;
}

/// R7: a message whose content key was forgotten is not written without its content.
#[tokio::test]
#[should_panic(expected = "a commit with a message's content has its content key")]
async fn content_without_a_key_is_a_bug() {
    let test = TestDb::sqlite().await;
    send_message(&open_log(&test).await, MESSAGE, "Results", None).await;
}

async fn draft(log: &Log, keys: &ContentKeys) -> (Option<String>, i64) {
    let loaded: Loaded<Draft> = log.load_with(ORGANISATION, uuid(7), keys).await.unwrap();
    let draft::State::Open(open) = loaded.state else { panic!("a draft was begun") };
    (open.text.value().map(|text| text.subject.clone()), loaded.version)
}

/// A36, A44: a draft's text is read with the draft's own key, and with no other draft's.
#[tokio::test]
async fn a_draft_is_for_who_holds_its_key() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        begin_draft(&log, id(7), "Half a thought").await;
        begin_draft(&log, id(8), "Another").await;
        let keys = log.draft_keys(ORGANISATION, id(7)).await.unwrap();
        assert_eq!(draft(&log, &keys).await, (Some("Half a thought".to_owned()), 1));
        let another = log.draft_keys(ORGANISATION, id(8)).await.unwrap();
        for keys in [another, ContentKeys::none()] {
            assert_eq!(draft(&log, &keys).await, (None, 1));
        }
    })
    .await;
}

/// K5: personal data is sealed under the subject's own key, so that it reads as erased once that key is gone.
#[tokio::test]
async fn personal_data_is_sealed_under_its_subjects_key() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for stream in [1, 2] {
            persist(&log, stream, 0).await;
        }
        let key = log.vault().find(&KeyName::subject(ORGANISATION, Subject::Address(id(1)))).await.unwrap();
        let deleted = "DELETE FROM vault WHERE key_id = $1";
        test.db.run(deleted, vec![key.unwrap().id.0.into()]).await.unwrap();
        let typed: Vec<Option<String>> = everything(&open_other_log(&test).await)
            .await
            .into_iter()
            .map(|recorded| match recorded.event {
                Event::Reservation(_, reservation::Event::LoginFailed { typed, .. }) => {
                    typed.value().map(ToString::to_string)
                }
                _ => panic!("failed logins were appended"),
            })
            .collect();
        assert_eq!(typed, [None, Some("nobody@guest.example".to_owned())]);
    })
    .await;
}

/// A21, B38: a grant opens with the reader's mailbox key and the expiry-day key it was sealed under, for that reader and
/// that content, and with nothing else.
#[test]
fn a_grant_needs_both_keys() {
    let [mailbox, day, other, content] = std::array::from_fn(|_| Key::random());
    let grant = seal_grant(&mailbox, &day, id(1), id(2), &content);
    assert_eq!(open_grant(&mailbox, &day, id(1), id(2), &grant), Some(content));
    assert_eq!(open_grant(&other, &day, id(1), id(2), &grant), None);
    assert_eq!(open_grant(&mailbox, &other, id(1), id(2), &grant), None);
    assert_eq!(open_grant(&day, &mailbox, id(1), id(2), &grant), None);
    assert_eq!(open_grant(&mailbox, &day, id(9), id(2), &grant), None);
    assert_eq!(open_grant(&mailbox, &day, id(1), id(9), &grant), None);
}

/// K10: each quarter's skeletons have an audit key of their own, so that they can end one by one.
#[tokio::test]
async fn the_audit_key_changes_with_the_quarter() {
    let audit = |at: time::OffsetDateTime| KeyName::audit(ORGANISATION, at.into());
    let first = audit(datetime!(2026-01-01 00:00 UTC));
    assert_eq!(audit(datetime!(2026-03-31 23:59:59.999_999 UTC)), first);
    assert_ne!(audit(datetime!(2026-04-01 00:00 UTC)), first);
    assert_ne!(audit(datetime!(2025-12-31 23:59:59.999_999 UTC)), first);
    assert_ne!(audit(datetime!(2027-01-01 00:00 UTC)), first);
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for at in [START, datetime!(2026-03-31 23:59 UTC).into(), datetime!(2026-04-01 00:00 UTC).into()] {
            log.clock().set(at);
            persist(&log, 1, 0).await;
        }
        let audit_keys = "SELECT count(*) AS n FROM vault WHERE purpose = 2";
        assert_eq!(count(&test.db, audit_keys, vec![]).await, 2);
        assert_eq!(everything(&log).await.len(), 3);
    })
    .await;
}
