//! An organisation whose people do things at times that a test names.

use domain::{
    AccountId, Event, MessageId, Metadata, OrganisationId, SessionId, Timestamp,
    account::{
        self, Account, Credentials, FactorVerdict, IssuedLink, Lockout, LogIn, NewSession, Profile, Verdict,
    },
    address::EmailAddress,
    bytes::{Sealed, TokenHash},
    event::{Actor, Stored},
    id::Id,
    organisation::{Identity, Organisation},
    period::Period,
    policy::{Pack, Policy},
    user_name::UserName,
};
use eventstore::{
    Clock, Log, Position, Recorded,
    db::Db,
    keys::{RootKeyProvider, Vault},
    testing::TestDb,
};
use projections::Projections;
use std::{collections::BTreeSet, net::IpAddr};
use uuid::Uuid;

/// The one organisation.
pub const ORG: OrganisationId = OrganisationId(1);
/// When everything begins; [`at`] counts from here.
const BEGIN: i64 = 1_767_600_000_000_000;
/// Minutes that a message lives.
pub const LIFE: i64 = 1000;

/// So many minutes after the beginning.
pub fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros(BEGIN + minute * 60_000_000)
}
pub fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}
pub fn person(n: u128) -> AccountId {
    id(n)
}
pub fn message(n: u128) -> MessageId {
    id(1000 + n)
}
/// The hash of a token that a test names by a number.
pub fn hash(n: u128) -> TokenHash {
    let mut bytes = [0; 32];
    bytes[16..].copy_from_slice(&n.to_be_bytes());
    TokenHash(bytes)
}
/// A link of that number, mailed at that minute; it works for 100 minutes.
pub fn link<Of>(n: u128, minute: i64) -> IssuedLink<Id<Of>> {
    IssuedLink { id: id(n), hash: hash(n), expires_at: at(minute + 100) }
}
pub fn address(n: u128) -> EmailAddress {
    EmailAddress::parse(&format!("person{n}@guest.example")).unwrap()
}
pub fn by(account: AccountId) -> Metadata {
    Metadata { by: Actor::Person { account, role: None }, session: None, policy: Some(1) }
}
pub fn by_worker() -> Metadata {
    Metadata { by: Actor::Worker, session: None, policy: None }
}
/// Session and credential of that number; it ends after 600 minutes.
pub fn new_session(n: u128, minute: i64) -> NewSession {
    NewSession { id: id(n), token: hash(n), device: "Firefox on Linux".into(), ends_at: at(minute + 600) }
}
/// Two failures lock out for 30 minutes.
pub fn lockout() -> Lockout {
    Lockout { threshold: 2, window: Period::minutes(60), duration: Period::minutes(30) }
}

/// A database, its log, and its read models on one node.
pub struct World {
    pub log: Log,
    pub projections: Projections,
}

impl World {
    pub async fn new(test: &TestDb) -> Self {
        Self::on(test, test.db.clone()).await
    }

    /// Another node on the same database.
    pub async fn another(test: &TestDb) -> Self {
        let settings = eventstore::db::DbSettings { url: test.url.clone(), max_connections: 8 };
        Self::on(test, Db::open(&settings).await.unwrap()).await
    }

    async fn on(test: &TestDb, db: Db) -> Self {
        let root = RootKeyProvider::File(test.dir.path().join("root.key"));
        let clock = Clock::manual(at(0));
        let vault =
            Vault::open(db.clone(), &root, &test.dir.path().join("keys"), clock.clone()).await.unwrap();
        let log = Log::open(db, vault, clock).await.unwrap();
        let projections = Projections::new(log.clone());
        Self { log, projections }
    }

    /// Executes a command; whether it was refused.
    pub async fn tell<A: Stored>(&self, id: Uuid, meta: &Metadata, command: A::Command) -> bool
    where
        A::Command: Clone,
    {
        self.log.execute::<A>(ORG, id, meta, || command.clone()).await.unwrap().is_err()
    }

    /// Tells person `n`'s account; whether it refused.
    pub async fn account(&self, n: u128, meta: &Metadata, command: account::Command) -> bool {
        self.tell::<Account>(person(n).uuid(), meta, command).await
    }

    pub async fn caught_up(&self) -> &Projections {
        self.projections.catch_up().await.unwrap();
        &self.projections
    }

    /// Every event of the log.
    pub async fn events(&self) -> Vec<Recorded> {
        self.log.read_after(0, 100_000).await.unwrap()
    }

    /// The last event of a kind.
    pub async fn last(&self, wanted: impl Fn(&Event) -> bool) -> Recorded {
        self.events().await.into_iter().rfind(|recorded| wanted(&recorded.event)).unwrap()
    }

    pub async fn found(&self, portal_url: &str) {
        let identity = Identity {
            name: "Insurer".into(),
            portal_url: portal_url.into(),
            do_not_reply: "do-not-reply@insurer.example".into(),
        };
        let policy = Box::new(Policy::from_pack(Pack::Portal));
        let found =
            domain::organisation::Command::Found { identity, policy, domains: BTreeSet::new(), at: at(0) };
        let operator = Metadata { by: Actor::Operator, session: None, policy: None };
        self.tell::<Organisation>(id::<()>(1).uuid(), &operator, found).await;
    }

    /// Invites person `n` by person 1, with a link of that number that works for 100 minutes.
    pub async fn invite(&self, n: u128, link: u128, minute: i64) {
        let (address, invitation) = (address(n), self::link(link, minute));
        let (kind, audience, by_whom) = (account::Kind::Guest, None, Some(person(1)));
        let invite = account::Invite { address, kind, audience, by: by_whom, invitation, at: at(minute) };
        self.account(n, &by(person(1)), account::Command::Invite(invite)).await;
    }

    /// Registers person `n` by that link; the confirmation's link is the next number.
    pub async fn register(&self, n: u128, link: u128, minute: i64) {
        let profile = Profile { family_name: Some(format!("Family {n}")), ..Profile::default() };
        let register = account::Register {
            invitation: id(link),
            address: address(n),
            profile,
            user_name: Some(UserName::parse(&format!("user{n}")).unwrap()),
            credentials: Credentials { password: Sealed(vec![1]), reminder: None, challenges: None },
            activation: Some(self::link(link + 1, minute)),
            at: at(minute),
        };
        let holder = Metadata { by: Actor::LinkHolder { account: person(n) }, session: None, policy: None };
        self.account(n, &holder, account::Command::Register(Box::new(register))).await;
    }

    pub async fn activate(&self, n: u128, link: u128, minute: i64) {
        self.account(n, &by(person(n)), account::Command::Activate { link: id(link), at: at(minute) }).await;
    }

    /// Invited, registered and activated at minute 0.
    pub async fn join(&self, n: u128) {
        self.invite(n, 100 * n, 0).await;
        self.register(n, 100 * n, 0).await;
        self.activate(n, 100 * n + 1, 0).await;
    }

    /// Logs person `n` in, or fails to. Session and token have that number.
    pub async fn log_in(&self, n: u128, password: Verdict, session: u128, minute: i64) {
        let attempt = LogIn {
            password,
            factor: FactorVerdict::NotGiven,
            from: IpAddr::from([192, 0, 2, 7]),
            lockout: lockout(),
            session: new_session(session, minute),
            at: at(minute),
        };
        let anonymous = Metadata { by: Actor::Anonymous, session: None, policy: None };
        self.account(n, &anonymous, account::Command::LogIn(Box::new(attempt))).await;
    }

    pub async fn log_out(&self, n: u128, session: SessionId, minute: i64) {
        let end =
            account::Command::EndSession { session, why: account::SessionEnd::LoggedOut, at: at(minute) };
        self.account(n, &by(person(n)), end).await;
    }

    pub async fn release(&self, n: u128, minute: i64) {
        let release = account::Command::ReleaseLockout { by: account::ReleasedBy::Time, at: at(minute) };
        self.account(n, &by_worker(), release).await;
    }

    pub async fn lapse(&self, n: u128, minute: i64) {
        self.account(n, &by_worker(), account::Command::LapseInvitation { at: at(minute) }).await;
    }

    pub async fn unsubscribe(&self, n: u128, minute: i64) {
        let unsubscribe = account::Command::Unsubscribe { via: account::LeavingVia::Link, at: at(minute) };
        self.account(n, &by(person(n)), unsubscribe).await;
    }

    /// Where a read model stands.
    pub async fn position(&self, name: &str) -> Position {
        let status = self.projections.status().await.unwrap();
        status.into_iter().find(|status| status.name == name).unwrap().position
    }
}
