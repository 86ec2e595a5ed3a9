//! What a crash leaves between an end and the destruction of its key.

use crate::{
    house::{BRUNO, CLARA, GINA},
    stage::{Stage, codes, drafts, on_stage, open, text},
};
use domain::{
    AccountId, DraftId, Event, MessageId, Metadata,
    account::{self, Account, LeavingVia},
    draft::{self, Draft},
    event::Actor,
    key::{self, Subject, VaultKey},
    message::{self, Direction},
};
use eventstore::{
    db::{Row, Value},
    keys::KeyName,
};
use seal::KeyId;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workers::JobName;

const META: Metadata = Metadata::by(Actor::Operator);

/// K5, A21, B38: a draft that ended and a mailbox that was left lose their key although the program died before it destroyed
/// it; each is on record once, and what still lives keeps its key.
#[tokio::test]
async fn a_key_that_a_crash_left_is_destroyed() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let mut gina = stage.log_in(GINA).await;
        let received = stage.send(&mut clara, GINA, "For Gina").await;
        let kept = stage.send(&mut clara, BRUNO, "For Bruno").await;
        let sent = stage.send(&mut gina, CLARA, "Of Gina").await;
        for _ in 0..4 {
            stage.draft(&mut clara, &Json::Null).await;
        }
        let [gina_id, bruno_id, clara_id] = recipients(stage).await[..] else { panic!("three messages") };
        let [living, posted, discarded, condemned] = begun(stage).await[..] else { panic!("four drafts") };

        let ended = [
            of_draft(stage, posted),
            of_draft(stage, discarded),
            of_draft(stage, condemned),
            incoming(stage, gina_id),
        ];
        let mut ids = vec![];
        for (name, _) in &ended {
            ids.push(living_key(stage, name).await.expect("it has a key"));
        }
        send_and_crash(stage, posted).await;
        discard_and_crash(stage, discarded).await;
        discard_and_crash(stage, condemned).await;
        condemn_and_crash(stage, ids[2], ended[2].1).await;
        leave_and_crash(stage, gina_id).await;
        for (name, id) in ended.iter().map(|(name, _)| name).zip(&ids) {
            assert_eq!(living_key(stage, name).await, Some(*id), "the crash left it");
        }

        let mut head = None;
        for _ in 0..2 {
            expire_messages(stage).await;
            for ((name, subject), id) in ended.iter().zip(&ids) {
                assert_eq!(living_key(stage, name).await, None, "{subject:?}");
                assert!(rows(stage, "SELECT 1 AS one FROM vault WHERE key_id = $1", *id).await.is_empty());
                let note = "SELECT recorded FROM destroyed_keys WHERE key_id = $1";
                assert!(rows(stage, note, *id).await[0].bool("recorded").expect("a truth"), "{subject:?}");
                let (subject, at) = (*subject, stage.clock.now());
                let requested = key::Event::DestructionRequested { subject, at };
                assert_eq!(record(stage, *id).await, [requested, key::Event::Destroyed { at }]);
            }
            assert_eq!(*head.get_or_insert(stage.head()), stage.head(), "once is enough");
        }

        for (name, subject) in [of_draft(stage, living), incoming(stage, bruno_id), incoming(stage, clara_id)]
        {
            assert!(living_key(stage, &name).await.is_some(), "{subject:?}");
        }
        assert_eq!(drafts(&mut clara).await.len(), 1);
        assert_eq!(text(&open(&mut bruno, &kept).await, "/content/text"), "The text.");
        assert_eq!(text(&open(&mut gina, &sent).await, "/content/text"), "The text.", "what she sent");
        assert_eq!(codes(&open(&mut gina, &received).await), ["UNAVAILABLE"]);
    })
    .await;
}

/// K5: that a key may go is for the log to say; a read model that is behind, or wrong, costs nobody anything.
#[tokio::test]
async fn no_read_model_costs_a_key() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let kept = stage.send(&mut clara, BRUNO, "For Bruno").await;
        let draft = stage.draft(&mut clara, &Json::Null).await;
        let app = &stage.node.app;
        app.wait_for(app.log().head()).await.expect("the read models catch up");
        for wrong in ["DELETE FROM rm_drafts", "UPDATE rm_accounts SET subscribed = FALSE"] {
            assert!(app.log().db().run(wrong, vec![]).await.expect("it is changed") > 0);
        }
        let head = stage.head();
        expire_messages(stage).await;
        assert_eq!(stage.head(), head, "something was recorded");
        assert_eq!(text(&open(&mut bruno, &kept).await, "/content/text"), "The text.");
        let saved = stage.save(&mut clara, &draft, json!({ "text": "Goes on" })).await;
        assert_eq!(saved["draft"]["text"], "Goes on", "{saved}");
    })
    .await;
}

/// K5: what was condemned does not stay so, whatever it was for; a crash left a key that nobody would ask for again.
#[tokio::test]
async fn nothing_stays_condemned() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let message = stage.send(&mut clara, BRUNO, "For Bruno").await;
        let [account] = recipients(stage).await[..] else { panic!("one message") };
        let (name, subject) = incoming(stage, account);
        let id = living_key(stage, &name).await.expect("he has a mailbox");
        condemn_and_crash(stage, id, subject).await;
        let app = &stage.node.app;
        let waiting = async || {
            app.models().wait_for(app.log().head(), &["destructions"]).await.expect("it catches up");
            app.models().pending_destruction_count().await.expect("they are counted")
        };
        assert_eq!(waiting().await, 1);
        expire_messages(stage).await;
        let at = stage.clock.now();
        let requested = key::Event::DestructionRequested { subject, at };
        assert_eq!(record(stage, id).await, [requested, key::Event::Destroyed { at }]);
        assert_eq!((living_key(stage, &name).await, waiting().await), (None, 0));
        assert_eq!(codes(&open(&mut bruno, &message).await), ["UNAVAILABLE"]);
    })
    .await;
}

async fn expire_messages(stage: &Stage) {
    let app = &stage.node.app;
    app.wait_for(app.log().head()).await.expect("the read models catch up");
    let ran = stage.node.scheduler.run_now(JobName::ExpireMessages).await.expect("the job runs");
    assert_eq!(ran.expect("nobody else runs it").failure, None);
}

// As far as a process comes that is killed after the event of the end.

async fn send_and_crash(stage: &Stage, draft: DraftId) {
    let (message, at) = (MessageId::new(Uuid::from_u128(1)), stage.clock.now());
    let send = || draft::Command::Send { version: 1, message, at };
    let done =
        stage.node.app.log().execute::<Draft>(stage.cast.organisation, draft.uuid(), &META, send).await;
    done.expect("it is appended").expect("it is open");
}

async fn discard_and_crash(stage: &Stage, draft: DraftId) {
    let at = stage.clock.now();
    let discard = || draft::Command::Discard { at };
    let done =
        stage.node.app.log().execute::<Draft>(stage.cast.organisation, draft.uuid(), &META, discard).await;
    done.expect("it is appended").expect("it is open");
}

async fn leave_and_crash(stage: &Stage, account: AccountId) {
    let at = stage.clock.now();
    let leave = || account::Command::Unsubscribe { via: LeavingVia::Link, at };
    let done =
        stage.node.app.log().execute::<Account>(stage.cast.organisation, account.uuid(), &META, leave).await;
    done.expect("it is appended").expect("she is subscribed");
}

/// A little further: the destruction is announced, too.
async fn condemn_and_crash(stage: &Stage, id: KeyId, subject: Subject) {
    let (stream, at) = (Uuid::from_bytes(id.0), stage.clock.now());
    let condemn = || key::Command::Condemn { subject, at };
    let done =
        stage.node.app.log().execute::<VaultKey>(stage.cast.organisation, stream, &META, condemn).await;
    done.expect("it is appended").expect("it is never refused");
}

fn of_draft(stage: &Stage, draft: DraftId) -> (KeyName, Subject) {
    (KeyName::draft(stage.cast.organisation, draft), Subject::Draft { draft })
}

fn incoming(stage: &Stage, account: AccountId) -> (KeyName, Subject) {
    let name = KeyName::mailbox(stage.cast.organisation, account, Direction::In, 1);
    (name, Subject::IncomingMailbox { account, generation: 1 })
}

async fn living_key(stage: &Stage, name: &KeyName) -> Option<KeyId> {
    stage.node.app.log().vault().find(name).await.expect("the vault opens").map(|found| found.id)
}

async fn rows(stage: &Stage, sql: &'static str, id: KeyId) -> Vec<Row> {
    stage.node.app.log().db().all(sql, vec![Value::from(id.0)]).await.expect("an answer")
}

async fn events(stage: &Stage) -> impl Iterator<Item = Event> {
    let all = stage.node.app.log().read_after(0, 10_000).await.expect("the log opens");
    all.into_iter().map(|recorded| recorded.event)
}

/// What the log says of a key.
async fn record(stage: &Stage, id: KeyId) -> Vec<key::Event> {
    let of_key = |event| match event {
        Event::Key(key, event) if key.bytes() == id.0 => Some(event),
        _ => None,
    };
    events(stage).await.filter_map(of_key).collect()
}

/// The drafts, in the order in which they were begun.
async fn begun(stage: &Stage) -> Vec<DraftId> {
    let first_save = |event| match event {
        Event::Draft(draft, draft::Event::Saved { version: 1, .. }) => Some(draft),
        _ => None,
    };
    events(stage).await.filter_map(first_save).collect()
}

/// To whom messages went, in the order in which they were sent.
async fn recipients(stage: &Stage) -> Vec<AccountId> {
    let of_message = |event| match event {
        Event::Message(_, message::Event::Sent { recipients, .. }) => recipients,
        _ => vec![],
    };
    events(stage).await.flat_map(of_message).map(|recipient| recipient.account).collect()
}
