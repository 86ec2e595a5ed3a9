//! What the tests share: a log on a test database, commands that can always be given, and looking at rows.

use domain::{
    AccountId, Actor, DraftId, Event, MessageId, Metadata, OrganisationId, Timestamp,
    account::{self, Account, Invite, IssuedLink, Kind},
    address::{EmailAddress, Mailbox},
    bytes::TokenHash,
    draft::{self, Draft},
    id::{ContentKeyId, Id},
    message::{self, Body, Field, Headline, Message, Recipient},
    reservation::{self, Reservation},
};
use eventstore::{
    Clock, Commit, Log, LogError, Recorded,
    db::{Db, DbSettings, Row, Value},
    keys::{KeyError, RootKeyProvider, Vault},
    log::{Change, Loaded},
    testing::TestDb,
};
use seal::Key;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use uuid::Uuid;

pub const ORGANISATION: OrganisationId = OrganisationId(1);
/// 2026-01-05T08:00:00Z, when every test begins.
pub const START: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);
pub const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// The log of a test's database, on a clock that stands at [`START`].
pub async fn open_log(test: &TestDb) -> Log {
    log_on(test.db.clone(), test.dir.path(), Clock::manual(START)).await
}

/// The same log as another process has it: connections, keys and appender of its own.
pub async fn open_other_log(test: &TestDb) -> Log {
    let db = open_url(&test.url).await;
    log_on(db, test.dir.path(), Clock::manual(START)).await
}

pub async fn open_url(url: &str) -> Db {
    let settings = DbSettings { url: url.to_owned(), max_connections: 8 };
    Db::open(&settings).await.unwrap()
}

pub async fn log_on(db: Db, folder: &Path, clock: Clock) -> Log {
    let vault = open_vault(db.clone(), folder).await.unwrap();
    Log::open(db, vault, clock).await.unwrap()
}

pub async fn open_vault(db: Db, folder: &Path) -> Result<Vault, KeyError> {
    let root = RootKeyProvider::File(folder.join("root.key"));
    Vault::open(db, &root, &folder.join("keys"), Clock::manual(START)).await
}

pub fn meta() -> Metadata {
    Metadata { by: Actor::Operator, session: None, policy: Some(1) }
}

pub fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}

pub fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub fn invite(invited: &str) -> account::Command {
    account::Command::Invite(Invite {
        address: address(invited),
        kind: Kind::Guest,
        audience: None,
        by: None,
        invitation: IssuedLink {
            id: id(90),
            hash: TokenHash([9; 32]),
            expires_at: Timestamp::from_micros(START.micros() + 1_000_000),
        },
        at: START,
    })
}

/// Can be given to a stream that nobody holds as often as one likes; `mark` tells the events apart.
pub fn fail_login(mark: i64) -> reservation::Command {
    reservation::Command::FailLogin {
        typed: address("nobody@guest.example"),
        from: FROM,
        at: Timestamp::from_micros(mark),
    }
}

pub fn reserve(account: AccountId) -> reservation::Command {
    reservation::Command::Reserve { account, at: START }
}

/// The mark of an event that [`fail_login`] made.
pub fn mark(recorded: &Recorded) -> Option<i64> {
    match &recorded.event {
        Event::Reservation(_, reservation::Event::LoginFailed { at, .. }) => Some(at.micros()),
        _ => None,
    }
}

/// An address's stream as it stands now.
pub async fn load(log: &Log, stream: u128) -> Loaded<Reservation> {
    log.load(ORGANISATION, uuid(stream)).await.unwrap()
}

/// A failed login upon what was loaded.
pub fn failed_login(loaded: &Loaded<Reservation>, mark: i64) -> Change {
    loaded.decide(fail_login(mark)).unwrap()
}

pub fn commit(changes: Vec<Change>) -> Commit {
    Commit::new(ORGANISATION, &meta(), changes)
}

/// Executes until nobody is faster and the log has room.
pub async fn persist(log: &Log, stream: u128, mark: i64) -> i64 {
    loop {
        let executed =
            log.execute::<Reservation>(ORGANISATION, uuid(stream), &meta(), || fail_login(mark)).await;
        match executed {
            Ok(appended) => return appended.unwrap().position(),
            Err(LogError::Conflict | LogError::Busy) => tokio::task::yield_now().await,
            Err(problem) => panic!("{problem}"),
        }
    }
}

/// Begins a draft with this subject.
pub async fn begin_draft(log: &Log, draft: DraftId, subject: &str) {
    let text = draft::Text { subject: subject.to_owned(), ..draft::Text::default() };
    let begin = || draft::Command::Begin {
        owner: id(2),
        about: None,
        text: text.clone(),
        expires_in: None,
        at: START,
    };
    log.execute::<Draft>(ORGANISATION, draft.uuid(), &meta(), begin).await.unwrap().unwrap();
}

/// Sends a message with this subject, sealed under `key`, if there is one.
pub async fn send_message(log: &Log, message: MessageId, subject: &str, key: Option<Key>) {
    let unsent: Loaded<Message> = log.load(ORGANISATION, message.uuid()).await.unwrap();
    let send = message::Send {
        from: id(2),
        recipients: vec![Recipient {
            account: id(3),
            kind: Kind::Guest,
            field: Field::To,
            notice: None,
            notice_at: None,
        }],
        about: None,
        secured_by: None,
        against: None,
        content_key: CONTENT_KEY,
        grants: vec![],
        headline: Headline {
            subject: subject.to_owned(),
            from: mailbox("ada@insurer.example"),
            to: vec![mailbox("bob@guest.example")],
            cc: vec![],
            attachments: vec![],
        },
        body: Body { text: format!("The text below {subject}"), html: None, original: None },
        expires_at: Timestamp::from_micros(START.micros() + 1),
        at: START,
    };
    let change = unsent.decide(message::Command::Send(Box::new(send))).unwrap();
    let commit = Commit { content_key: key.map(|key| (CONTENT_KEY, key)), ..commit(vec![change]) };
    log.append(commit).await.unwrap();
}

/// The id that [`send_message`] seals content under.
pub const CONTENT_KEY: ContentKeyId = ContentKeyId::from_bytes([0xC0; 16]);

fn mailbox(text: &str) -> Mailbox {
    Mailbox::parse(text).unwrap()
}

/// Every event of the log.
pub async fn everything(log: &Log) -> Vec<Recorded> {
    log.read_after(0, 100_000).await.unwrap()
}

/// Positions 1, 2, 3 … without a gap, and the same of the versions in every stream.
pub async fn assert_gapless(db: &Db) {
    let mut heads = std::collections::HashMap::new();
    let rows = rows(db, "SELECT position, stream, version FROM events ORDER BY position").await;
    for (expected, row) in (1..).zip(rows) {
        assert_eq!(row.int("position").unwrap(), expected);
        let head: &mut i64 = heads.entry(row.bytes16("stream").unwrap()).or_default();
        *head += 1;
        assert_eq!(row.int("version").unwrap(), *head, "at position {expected}");
    }
}

pub async fn rows(db: &Db, sql: &'static str) -> Vec<Row> {
    db.all(sql, vec![]).await.unwrap()
}

pub async fn count(db: &Db, sql: &'static str, values: Vec<Value>) -> i64 {
    db.one(sql, values).await.unwrap().int("n").unwrap()
}

pub async fn invite_somebody(log: &Log, account: AccountId, invited: &str) {
    log.execute::<Account>(ORGANISATION, account.uuid(), &meta(), || invite(invited)).await.unwrap().unwrap();
}
