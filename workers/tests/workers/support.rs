//! What the tests share: an organisation on a test database, its people, and a clock that the test turns.

use app::{
    App, AutoSubmitted, Caller, Delivery, Founding, LogInStep, Mail, MessageRequest, NewRecipients,
    RegistrationForm, Viewer,
};
use domain::{
    AccountId, MessageId, OrganisationId, Timestamp,
    account::{Kind, Profile},
    address::{Domain, EmailAddress},
    id::NotificationId,
    key::Subject,
    organisation::Identity,
    period::Period,
    policy::Pack,
};
use eventstore::{
    Clock, Log,
    blobs::Blobs,
    db::{Db, DbSettings},
    keys::{KeyName, RootKeyProvider, Vault},
    testing::TestDb,
};
use projections::{Projections, notifications::NotificationRow};
use std::{
    collections::BTreeSet,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;
use workers::{JobName, Mailer, Outcome, Ran, Scheduler, Table};

/// 2026-01-05T08:00:00Z, when every test begins.
pub const START: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);
/// The name has to be encoded in a header (RFC 2047).
pub const NAME: &str = "Kasse München";
pub const MEMBER: &str = "ada@insurer.example";
pub const GUEST: &str = "bob@guest.example";
const PASSWORD: &str = "correct horse battery";

/// A node: the program on a database, with its scheduler.
pub struct Node {
    pub app: App,
    pub clock: Clock,
    pub scheduler: Scheduler,
    pub mailbox: PathBuf,
    /// Ends the read models with the node.
    _running: DropGuard,
}

/// A node with the database's own connections.
pub async fn node(test: &TestDb) -> Node {
    node_with(test, local_mailbox(test)).await
}

/// A node whose mails go elsewhere.
pub async fn node_with(test: &TestDb, mailer: Mailer) -> Node {
    node_on(test.db.clone(), test.dir.path(), mailer).await
}

fn local_mailbox(test: &TestDb) -> Mailer {
    Mailer::maildir(&test.dir.path().join("mail")).unwrap()
}

/// Another node on the same database.
pub async fn other_node(test: &TestDb) -> Node {
    let settings = DbSettings { url: test.url.clone(), max_connections: 8 };
    node_on(Db::open(&settings).await.unwrap(), test.dir.path(), local_mailbox(test)).await
}

async fn node_on(db: Db, folder: &Path, mailer: Mailer) -> Node {
    let clock = Clock::manual(START);
    let root = RootKeyProvider::File(folder.join("root.key"));
    let vault = Vault::open(db.clone(), &root, &folder.join("keys"), clock.clone()).await.unwrap();
    let log = Log::open(db, vault, clock.clone()).await.unwrap();
    let models = Projections::new(log.clone());
    let stop = CancellationToken::new();
    let (running, stopped) = (models.clone(), stop.clone());
    tokio::spawn(async move { running.run(stopped).await });
    let app = App::new(log, models, Blobs::directory(&folder.join("blobs")).unwrap());
    let mailbox = folder.join("mail");
    let scheduler = Scheduler::new(app.clone(), Table::default(), mailer);
    Node { app, clock, scheduler, mailbox, _running: stop.drop_guard() }
}

impl Node {
    /// Turns the clock.
    pub fn pass(&self, period: &str) {
        self.clock.set(self.clock.now().plus(period.parse::<Period>().unwrap()));
    }

    /// Runs what is due, and tells which jobs that were.
    pub async fn run_due(&self) -> Vec<JobName> {
        let ran = self.scheduler.run_due().await.unwrap();
        assert!(ran.iter().all(|ran| ran.outcome == Outcome::Ok), "{ran:?}");
        ran.into_iter().map(|ran| ran.name).collect()
    }

    /// Runs one job now.
    pub async fn run_now(&self, name: JobName) -> Ran {
        self.scheduler.run_now(name).await.unwrap().expect("nobody else runs it")
    }

    /// Founds an organisation with one member, who is logged in.
    pub async fn found(&self) -> Viewer {
        let identity = Identity {
            name: NAME.to_owned(),
            portal_url: "https://post.insurer.example".to_owned(),
            do_not_reply: "do-not-reply@insurer.example".to_owned(),
        };
        let domains = BTreeSet::from([Domain::parse("insurer.example").unwrap()]);
        let founded = self.app.found(Founding { identity, pack: Pack::Envelope, domains }).await.unwrap();
        self.app.wait_for(founded.position).await.unwrap();
        self.enrol(founded.value, Kind::Member, MEMBER).await;
        let caller = caller(founded.value);
        let done = self.app.log_in(&caller, MEMBER, &PASSWORD.into(), None).await.unwrap();
        let LogInStep::LoggedIn(logged_in) = done.value else { panic!("no second factor is enrolled") };
        let token = secrecy::ExposeSecret::expose_secret(&logged_in.token).to_owned();
        self.app.viewer(&caller, Some(&token), false).await.unwrap().expect("the session stands")
    }

    /// Makes an active account.
    pub async fn enrol(&self, organisation: OrganisationId, kind: Kind, address: &str) {
        let form = RegistrationForm {
            invitation: String::new(),
            address: EmailAddress::parse(address).unwrap(),
            user_name: None,
            password: PASSWORD.into(),
            profile: Profile { family_name: Some("Lovelace".to_owned()), ..Profile::default() },
            reminder: None,
            challenges: vec![],
        };
        let enrolled = self.app.enrol(organisation, kind, form).await.unwrap();
        self.app.wait_for(enrolled.position).await.unwrap();
    }

    /// Sends a message to an address, which is invited if it is new.
    pub async fn send(&self, viewer: &Viewer, to: &str) -> MessageId {
        let request = MessageRequest {
            to: vec![to.to_owned()],
            cc: vec![],
            subject: "Your diagnosis".to_owned(),
            text: "Marrow 4711".to_owned(),
            expires_in: None,
            new_recipients: NewRecipients::Invite,
            idempotency_key: self.clock.new_id::<MessageId>().to_string(),
        };
        let sent = self.app.send_message(viewer, request).await.unwrap();
        self.app.wait_for(sent.position).await.unwrap();
        sent.value
    }

    /// Destroys the key that the links of the next mail that is due are made of; tells whose it was.
    pub async fn lose_credential_key(&self) -> AccountId {
        let (organisation, row) = self.app.notifications_due(1).await.unwrap().pop().unwrap();
        let account = row.recipient.expect("an account");
        let key = KeyName::credential(organisation, account);
        let subject = Subject::IncomingMailbox { account, generation: 0 };
        self.app.log().destroy_key(&key, subject, self.clock.now()).await.unwrap();
        account
    }

    /// Fails to log in until the account of the member is locked.
    pub async fn lock_out(&self, viewer: &Viewer) {
        let threshold =
            self.app.rules(viewer.organisation).await.unwrap().policy.sessions.lockout().threshold;
        for _ in 0..threshold {
            let wrong = "wrong horse".into();
            let failed = self.app.log_in(&caller(viewer.organisation), MEMBER, &wrong, None).await;
            assert!(failed.is_err());
        }
        self.app.wait_for(self.app.log().head()).await.unwrap();
    }

    /// What became of the mails that tell of a message.
    pub async fn told(&self, viewer: &Viewer, message: MessageId) -> Vec<NotificationRow> {
        self.app.models().notifications_of_message(viewer.organisation, message).await.unwrap()
    }

    /// The mails in the local mailbox.
    pub fn mails(&self) -> Vec<String> {
        mails_in(&self.mailbox)
    }
}

fn caller(organisation: OrganisationId) -> Caller {
    Caller { organisation, network: Ipv4Addr::LOCALHOST.into(), device: "test".to_owned() }
}

pub fn mails_in(mailbox: &Path) -> Vec<String> {
    let files = fs::read_dir(mailbox.join("new")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// A mail as a use case writes it.
pub fn mail(to: &str) -> Mail {
    Mail {
        id: NotificationId::new(Uuid::from_u128(7)),
        from: "do-not-reply@insurer.example".to_owned(),
        from_name: NAME.to_owned(),
        to: EmailAddress::parse(to).unwrap(),
        subject: format!("{NAME} has a secure message for you"),
        text: "Log in to read it – here:\n\nhttps://post.insurer.example/\n".to_owned(),
        html: "<p>Log in to read it – <a href=\"https://post.insurer.example/\">here</a></p>\n".to_owned(),
        automatic: AutoSubmitted::Generated,
        leave: None,
        attachment: None,
        covers: vec![],
        at: START,
    }
}

pub async fn deliver(mailer: &Mailer, to: &str) -> Delivery {
    mailer.deliver(&mail(to)).await
}
