//! Rebuilding: the same rows as were made step by step, whatever goes on meanwhile.

use crate::world::{LIFE, ORG, World, at, by_worker, hash, id, message, person};
use domain::{
    account::Verdict,
    address::EmailAddress,
    reservation::{self, Reservation},
};
use eventstore::{
    db::{Db, Dialect},
    testing::{TestDb, on_both},
};
use projections::{ProjectionError, READ_MODELS};
use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use std::collections::BTreeMap;

/// Sealed anew with each writing, so compared by what they hold.
const SEALED: [(&str, &str); 5] = [
    ("rm_accounts", "address"),
    ("rm_accounts", "profile"),
    ("rm_accounts", "user_name"),
    ("rm_sessions", "network"),
    ("rm_sessions", "device"),
];

/// Minutes between two acts, so that invitations and lockouts of the same history end.
const MINUTES: usize = 5;

/// What people do; what the rules refuse changes nothing.
#[derive(Debug, Clone)]
enum Act {
    Invite(u128),
    Register(u128),
    Activate(u128),
    Reserve(u128),
    LogIn(u128, bool),
    LogOut(u128),
    Release(u128),
    Send(u128, u128),
    Open(u128, u128),
    Expire(u128),
    Leave(u128),
    Write(u128),
    Attach(u128, u128),
    Discard(u128),
    Mail(bool),
    CatchUp,
}

fn act() -> impl Strategy<Value = Act> {
    let (who, what) = (2_u128..5, 1_u128..5);
    prop_oneof![
        2 => who.clone().prop_map(Act::Invite),
        2 => who.clone().prop_map(Act::Register),
        2 => who.clone().prop_map(Act::Activate),
        2 => who.clone().prop_map(Act::Reserve),
        4 => (who.clone(), any::<bool>()).prop_map(|(who, right)| Act::LogIn(who, right)),
        2 => who.clone().prop_map(Act::LogOut),
        2 => who.clone().prop_map(Act::Release),
        2 => (what.clone(), who.clone()).prop_map(|(what, who)| Act::Send(what, who)),
        2 => (what.clone(), who.clone()).prop_map(|(what, who)| Act::Open(what, who)),
        1 => what.clone().prop_map(Act::Expire),
        1 => who.prop_map(Act::Leave),
        2 => what.clone().prop_map(Act::Write),
        2 => (what.clone(), what.clone()).prop_map(|(draft, file)| Act::Attach(draft, file)),
        1 => what.prop_map(Act::Discard),
        2 => any::<bool>().prop_map(Act::Mail),
        2 => Just(Act::CatchUp),
    ]
}

impl World {
    async fn act(&self, act: &Act, minute: i64) {
        let session = 10_000 + minute.unsigned_abs();
        match *act {
            Act::Invite(n) => {
                let link = n * 1_000_000 + 2 * u128::from(session);
                self.invite(n, link, minute).await;
            }
            Act::Register(n) => {
                let row = self.caught_up().await.account(ORG, person(n)).await.unwrap();
                if let Some(row) = row {
                    self.register(n, row.invitation.uuid().as_u128(), minute).await;
                }
            }
            Act::Activate(n) => {
                let row = self.caught_up().await.account(ORG, person(n)).await.unwrap();
                if let Some(row) = row {
                    self.activate(n, row.invitation.uuid().as_u128() + 1, minute).await;
                }
            }
            Act::Reserve(n) => {
                let reserve = reservation::Command::Reserve { account: person(n), at: at(minute) };
                self.tell::<Reservation>(id::<()>(n).uuid(), &by_worker(), reserve).await;
            }
            Act::LogIn(n, right) => {
                let verdict = if right { Verdict::Right } else { Verdict::Wrong };
                self.log_in(n, verdict, session.into(), minute).await;
            }
            Act::LogOut(n) => {
                let sessions = self.caught_up().await.sessions_of(ORG, person(n), at(minute)).await.unwrap();
                for session in sessions {
                    self.log_out(n, session.session, minute).await;
                }
            }
            Act::Release(n) => self.release(n, minute + 60).await,
            Act::Send(what, n) => self.send(what, n, &[1, n, n + 1], 1, minute).await,
            Act::Open(what, n) => self.open(what, n, minute).await,
            Act::Expire(what) => self.expire(what, minute + LIFE).await,
            Act::Leave(n) => self.unsubscribe(n, minute).await,
            Act::Write(draft) => self.write(id(draft), 2, minute).await,
            Act::Attach(draft, file) => self.attach(id(draft), 2, file, minute).await,
            Act::Discard(draft) => self.discard(id(draft), 2, minute).await,
            Act::Mail(sent) => {
                let due = self.caught_up().await.notifications_due(at(minute), 1).await.unwrap();
                if let Some((_, row)) = due.first() {
                    self.mailed(row, (!sent).then_some(451), minute).await;
                }
            }
            Act::CatchUp => drop(self.caught_up().await),
        }
    }

    /// Every row of every read model, and what its sealed columns hold.
    async fn everything(&self) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::new();
        for table in READ_MODELS.iter().flat_map(|model| model.tables) {
            all.insert((*table).to_owned(), rows(self.log.db(), table).await);
        }
        let everyone: Vec<_> = (1..6).map(person).collect();
        let accounts = self.projections.accounts(ORG, &everyone).await.unwrap();
        let named = accounts.iter().map(|row| {
            let address = row.address.as_ref().map(EmailAddress::typed);
            let family_name = row.profile.as_ref().and_then(|profile| profile.family_name.as_ref());
            format!("{address:?} {family_name:?} {:?}", row.user_name)
        });
        all.insert("people".to_owned(), named.collect());
        let mut sessions = vec![];
        for n in 10_000..10_600 {
            let found = self.projections.session_by_token(ORG, &hash(n)).await.unwrap();
            sessions.extend(found.map(|row| format!("{:?} {:?}", row.network, row.device)));
        }
        all.insert("devices".to_owned(), sessions);
        all
    }
}

/// The rows of a table as text, without the sealed columns.
async fn rows(db: &Db, table: &str) -> Vec<String> {
    let (columns, text) = match db.dialect() {
        Dialect::Sqlite => ("SELECT name FROM pragma_table_info($1) ORDER BY cid", "quote(?)"),
        Dialect::Postgres => (
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = $1 \
             ORDER BY ordinal_position",
            "COALESCE(?::text, 'NULL')",
        ),
    };
    let columns = db.all(columns, vec![table.into()]).await.unwrap();
    let columns = columns.iter().map(|row| row.text("name").unwrap());
    let shown: Vec<_> = columns
        .filter(|column| !SEALED.contains(&(table, column)))
        .map(|column| text.replace('?', &column))
        .collect();
    assert!(!shown.is_empty(), "{table} has columns");
    let sql = format!("SELECT {} AS line FROM {table} ORDER BY 1", shown.join(" || ' ' || "));
    db.all(sql, vec![]).await.unwrap().iter().map(|row| row.text("line").unwrap()).collect()
}

async fn same_after_rebuilding(test: &TestDb, acts: &[Act]) {
    let world = World::new(test).await;
    world.found("https://mail.insurer.example").await;
    for (minute, act) in (1..).step_by(MINUTES).zip(acts) {
        world.act(act, minute).await;
    }
    world.caught_up().await;
    let incremental = world.everything().await;
    for model in READ_MODELS {
        world.projections.rebuild(model.name, |_, _| {}).await.unwrap();
    }
    assert_eq!(world.everything().await, incremental, "{acts:?}");
}

/// R17: rebuilt equals incremental, for any history in any batches.
#[tokio::test]
async fn rebuilt_equals_incremental() {
    on_both(async |test| {
        let mut runner = TestRunner::default();
        let acts = proptest::collection::vec(act(), 60..90).new_tree(&mut runner).unwrap().current();
        // A beginning that makes sure that nobody's history is empty.
        let begin =
            [Act::Invite(2), Act::Register(2), Act::Activate(2), Act::LogIn(2, true), Act::Send(1, 2)];
        same_after_rebuilding(&test, &[begin.to_vec(), acts].concat()).await;
    })
    .await;
}

/// R17: a rebuild that goes on while people do things ends with all that they did.
#[tokio::test]
async fn a_rebuild_goes_on_while_events_come_in() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        world.caught_up().await;
        let meanwhile = async {
            for n in 2..=40 {
                world.send(n, 1, &[2], 0, 1).await;
                world.caught_up().await;
            }
        };
        let rebuilding = async {
            for _ in 0..10 {
                let progress = |at, head| assert!(at <= head);
                world.projections.rebuild("mailbox", progress).await.unwrap();
            }
        };
        tokio::join!(meanwhile, rebuilding);
        let models = world.caught_up().await;
        assert_eq!(models.unread_count(ORG, person(2), at(2)).await.unwrap(), 40);
        assert_eq!(world.position("mailbox").await, world.log.head());
    })
    .await;
}

/// R17: a rebuild that was interrupted goes on from where it was, and what was wrong in the old rows is gone.
#[tokio::test]
async fn an_interrupted_rebuild_is_resumed() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in 1..=300 {
            world.send(n, 1, &[2], 0, 1).await;
        }
        world.caught_up().await;
        world.log.db().run("DELETE FROM rm_mailbox", vec![]).await.unwrap();
        let (interrupted, seen) = (tokio_util::sync::CancellationToken::new(), std::sync::Mutex::new(vec![]));
        tokio::select! {
            biased;
            () = interrupted.cancelled() => {}
            _ = world.projections.rebuild("mailbox", |_, _| interrupted.cancel()) => panic!("it was not interrupted"),
        }
        assert_eq!(world.projections.unread_count(ORG, person(2), at(2)).await.unwrap(), 0);
        let note = |at, _| seen.lock().unwrap().push(at);
        world.projections.rebuild("mailbox", note).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [300]);
        assert_eq!(world.projections.unread_count(ORG, person(2), at(2)).await.unwrap(), 300);
        assert!(world.projections.message(ORG, message(300)).await.unwrap().is_some());
        let left = "SELECT COUNT(*) AS n FROM checkpoints WHERE projection = 'mailbox:next'";
        assert_eq!(world.log.db().one(left, vec![]).await.unwrap().int("n").unwrap(), 0);
    })
    .await;
}

/// R17: a name that is none is answered with those that are.
#[tokio::test]
async fn an_unknown_read_model_is_named() {
    let world = World::new(&TestDb::sqlite().await).await;
    let unknown = world.projections.rebuild("mailboxes", |_, _| {}).await.unwrap_err();
    assert!(matches!(&unknown, ProjectionError::Unknown { .. }));
    assert!(unknown.to_string().contains("accounts, addresses"), "{unknown}");
}
