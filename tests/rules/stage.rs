//! A node with people on it, whose clock stands still until a test moves it.

use crate::{
    approvals,
    house::{self, BRUNO},
    policy,
};
use app::{Challenge, OrganisationChange, PolicyChange, RegistrationForm};
use domain::{
    Timestamp,
    account::{Kind, Profile},
    address::EmailAddress,
    policy::{Policy, Role},
    presentation::SupportedClient,
};
use eventstore::{
    Clock,
    db::Dialect,
    testing::{TestDb, on_both},
};
use sealpost::{
    config::{Config, Database},
    demo,
    node::Node,
    walk::{
        Cast,
        client::{Client, File},
        letters::{self, Arrived},
    },
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
};
use workers::JobName;

pub const CREATE: &str = "mutation($input: CreateDraftInput!) { createDraft(input: $input) { draft { id version \
     subject text to { typed address problem { code } } cc { typed address problem { code } } } \
     problems { code message field } } }";
pub const UPDATE: &str = "mutation($input: UpdateDraftInput!) { updateDraft(input: $input) { draft { id version \
     subject text to { typed address isNew problem { code message } } cc { typed problem { code } } } \
     problems { code message field } } }";
pub const SEND_DRAFT: &str = "mutation($input: SendDraftInput!) { sendDraft(input: $input) \
     { message { id subject attachments { name } } draft { id version } problems { code message field } } }";
pub const OPEN: &str = "mutation($input: OpenMessageInput!) { openMessage(input: $input) \
     { message { id subject openedAt } content { text } problems { code message } position } }";
pub const REPLY: &str = "mutation($input: ReplyToMessageInput!) { replyToMessage(input: $input) \
     { message { id } problems { code message field } } }";
pub const FORWARD: &str = "mutation($input: ForwardMessageInput!) { forwardMessage(input: $input) \
     { message { id } problems { code message field } } }";
pub const INVITE: &str = "mutation($input: InviteInput!) { invite(input: $input) \
     { invitation { id state } problems { code message field } } }";
pub const REGISTER: &str = "mutation($input: RegisterInput!) { register(input: $input) \
     { next problems { code message field } } }";

/// Everybody who is enrolled here has this password.
const PASSWORD: &str = "nine grey geese over water";
/// 2026-03-02T09:00:00Z, a Monday.
const BEGIN: Timestamp = Timestamp::from_micros(1_772_442_000_000_000);

/// The node, and what a test needs beside it.
pub struct Stage {
    pub node: Node,
    pub clock: Clock,
    pub address: SocketAddr,
    pub cast: Cast,
    pub config: Config,
    /// Mails that a test has looked at.
    pub read: Mutex<HashSet<String>>,
    mail: PathBuf,
    keys: AtomicU32,
}

/// Plays a test on both databases.
pub async fn on_stage<F: AsyncFn(&mut Stage)>(test: F) {
    on_both(async |database: TestDb| {
        let house = furnished(database).await;
        let database = house.database.copy().await;
        let mut stage = Stage::set(&database, house.cast.clone()).await;
        test(&mut stage).await;
        stage.node.stop().await;
    })
    .await;
}

/// An organisation with its people. Their passwords are hashed once, and each test gets a copy.
struct Furnished {
    database: TestDb,
    cast: Cast,
}

/// The house of this kind of database, furnished by whoever comes first, and gone with the last one who has it.
async fn furnished(empty: TestDb) -> Arc<Furnished> {
    static SQLITE: tokio::sync::Mutex<Weak<Furnished>> = tokio::sync::Mutex::const_new(Weak::new());
    static POSTGRES: tokio::sync::Mutex<Weak<Furnished>> = tokio::sync::Mutex::const_new(Weak::new());
    let house = match empty.db.dialect() {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
    };
    let mut house = house.lock().await;
    if let Some(standing) = house.upgrade() {
        return standing;
    }
    let node = Node::open(configured(&empty), Clock::manual(BEGIN)).await.expect("the node opens");
    node.start_projections();
    let cast = demo::people_of(&node, "http://localhost").await.expect("people are enrolled");
    node.app.wait_for(node.app.log().head()).await.expect("the read models catch up");
    let log = node.app.log().clone();
    node.stop().await;
    // A connection that is still closing would take files away while they are copied.
    log.db().close().await;
    let furnished = Arc::new(Furnished { database: empty, cast });
    *house = Arc::downgrade(&furnished);
    furnished
}

fn configured(test: &TestDb) -> Config {
    let database = Database { url: test.url.clone(), max_connections: 8 };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    // A test's client can say where it is, as if a proxy had seen it there.
    let trusted_proxies = vec!["127.0.0.1".parse().expect("a network")];
    Config { database, trusted_proxies, ..Config::in_folder(test.dir.path(), listen) }
}

impl Stage {
    async fn set(test: &TestDb, cast: Cast) -> Self {
        let config = configured(test);
        let clock = Clock::manual(BEGIN);
        let node = Node::open(config.clone(), clock.clone()).await.expect("the node opens");
        node.start_projections();
        let address = node.start_server().await.expect("the server listens");
        Self {
            node,
            clock,
            address,
            cast,
            config,
            mail: test.dir.path().join("mail"),
            keys: AtomicU32::new(0),
            read: Mutex::default(),
        }
    }

    /// One more guest.
    pub async fn enrol(&mut self, address: &str) {
        self.enrol_as(address, None).await;
    }

    /// One more guest, perhaps with a user name.
    pub async fn enrol_as(&mut self, address: &str, user_name: Option<&str>) {
        let challenge =
            |question: &str| Challenge { question: question.into(), answer: "Lakeside".to_owned().into() };
        let text = || Some("Example".to_owned());
        let form = RegistrationForm {
            invitation: String::new(),
            address: EmailAddress::parse(address).expect("an address"),
            user_name: user_name.map(|name| name.parse().expect("a user name")),
            password: PASSWORD.to_owned().into(),
            profile: Profile {
                given_name: text(),
                family_name: text(),
                telephone: text(),
                ..Profile::default()
            },
            reminder: Some("what flies there".to_owned().into()),
            challenges: vec![challenge("Where?"), challenge("Which school?")],
        };
        let done = self.node.app.enrol(self.cast.organisation, Kind::Guest, form).await.expect("a guest");
        self.node.app.wait_for(done.position).await.expect("the guest is known");
        self.cast.people.push(("guest".into(), address.into(), PASSWORD.into()));
    }

    pub async fn log_in(&self, who: &str) -> Client {
        house::logged_in(self.address, &self.cast, who).await
    }

    /// Somebody who is not logged in.
    pub fn stranger(&self) -> Client {
        Client::new(self.address).expect("a client")
    }

    pub fn password(&self, who: &str) -> &str {
        let found = self.cast.people.iter().find(|(_, address, _)| address == who);
        found.map(|(_, _, password)| password.as_str()).expect("somebody has this address")
    }

    /// A key for a request that must not be done twice.
    pub fn key(&self) -> String {
        format!("request-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Replaces settings of the policy; where that needs a second person, there is one.
    pub async fn change_policy(&self, change: impl FnOnce(&mut Policy)) {
        let (app, organisation) = (&self.node.app, self.cast.organisation);
        let rules = app.rules(organisation).await.expect("the rules");
        let mut policy = rules.policy.clone();
        change(&mut policy);
        let reason = Some("A test".to_owned());
        let changed = app.change_policy(organisation, &policy, rules.policy_version, reason).await;
        if let PolicyChange::Awaits(_) = changed.expect("the policy changes").value {
            self.second_person_grants().await;
        }
    }

    /// Bruno, as an approver, grants whatever waits for a second person (K3).
    pub async fn second_person_grants(&self) {
        policy::grant(self, BRUNO, Role::Approver).await;
        let mut bruno = self.log_in(BRUNO).await;
        let waiting =
            "{ viewer { compliance { approvals(states: [PENDING], first: 50) { edges { node { id } } } } } }";
        let answer = bruno.ask(waiting, json!({})).await.expect("an answer");
        let waiting = answer["data"]["viewer"]["compliance"]["approvals"]["edges"].as_array();
        for edge in waiting.unwrap_or_else(|| panic!("no requests: {answer}")) {
            let decided = approvals::decide(&mut bruno, &text(edge, "/node/id"), true).await;
            assert_eq!(codes(&decided), [""; 0], "{decided}");
        }
    }

    /// An account's mail joins somebody else's inbox, by an alias (B43). The policy must allow aliases.
    pub async fn take_over(&self, client: &mut Client, address: &str) {
        let add =
            "mutation($input: AddAliasInput!) { addAlias(input: $input) { alias { id } problems { code } } }";
        client.act(add, json!({ "address": address })).await.expect("the alias is asked for");
        let confirm = "mutation($input: ConfirmAliasInput!) { confirmAlias(input: $input) { confirmed problems { code } } }";
        let mut confirmed = false;
        for token in self.mails(address).await.iter().filter_map(|mail| mail.token().ok()) {
            let input = json!({ "token": token, "password": self.password(address) });
            confirmed |= self.stranger().act(confirm, input).await.is_ok();
        }
        assert!(confirmed, "no mail confirms the alias");
    }

    /// Makes this the one client program that the organisation supports.
    pub async fn support_client(&self, name: &str, platform: &str, minimum: &str, wanted: &str) {
        let client = SupportedClient {
            name: name.into(),
            platform: platform.into(),
            minimum_version: minimum.into(),
            wanted_version: wanted.into(),
        };
        let change = OrganisationChange { clients: Some(vec![client]), ..OrganisationChange::default() };
        let organisation = self.cast.organisation;
        self.node.app.update_organisation(organisation, &change).await.expect("the organisation changes");
    }

    /// Moves the clock, once everything that happened has had its effect. No job runs.
    pub async fn move_to(&self, at: Timestamp) {
        let app = &self.node.app;
        app.wait_for(app.log().head()).await.expect("the read models catch up");
        assert!(self.clock.set(at), "the clock can be moved");
    }

    pub async fn advance(&self, period: &str) {
        self.move_to(self.clock.now().plus(period.parse().expect("a period"))).await;
    }

    /// Lets the due mails go out, and gives those that an address has got so far.
    pub async fn mails(&self, address: &str) -> Vec<Arrived> {
        let app = &self.node.app;
        app.finish_requests().await;
        app.wait_for(app.log().head()).await.expect("the read models catch up");
        let ran = self.node.scheduler.run_now(JobName::SendNotifications).await.expect("the job runs");
        assert_eq!(ran.and_then(|ran| ran.failure), None);
        letters::arrived(&self.mail, address).expect("the mails are read")
    }

    /// New mail in one step; gives the payload.
    pub async fn try_send(&self, from: &mut Client, to: &str, subject: &str) -> Value {
        let input =
            json!({ "idempotencyKey": self.key(), "to": [to], "subject": subject, "text": "The text." });
        from.attempt(house::SEND, input).await.expect("an answer")
    }

    /// New mail that must arrive; gives its id.
    pub async fn send(&self, from: &mut Client, to: &str, subject: &str) -> String {
        let payload = self.try_send(from, to, subject).await;
        text(&payload, "/message/id")
    }

    /// A new draft, as it begins.
    pub async fn draft(&self, client: &mut Client, about: &Value) -> Value {
        let mut input = json!({ "idempotencyKey": self.key() });
        if !about.is_null() {
            input["about"] = about.clone();
        }
        client.act(CREATE, input).await.expect("a draft")["draft"].clone()
    }

    /// Saves a draft that was just seen; gives the payload.
    pub async fn save(&self, client: &mut Client, draft: &Value, mut change: Value) -> Value {
        change["draftId"] = draft["id"].clone();
        change["version"] = draft["version"].clone();
        client.attempt(UPDATE, change).await.expect("an answer")
    }

    /// Sends a draft as it was last seen; gives the payload.
    pub async fn send_draft(&self, client: &mut Client, draft: &Value) -> Value {
        let input =
            json!({ "idempotencyKey": self.key(), "draftId": draft["id"], "version": draft["version"] });
        client.attempt(SEND_DRAFT, input).await.expect("an answer")
    }

    /// Attaches small files of these names.
    pub async fn attach(&self, client: &Client, draft: &Value, names: &[&str]) {
        for name in names {
            let file =
                File { name: (*name).to_owned(), media_type: "text/plain".into(), bytes: b"a file".to_vec() };
            let draft = draft["id"].as_str().expect("an id");
            client.upload(draft, &self.key(), &file).await.expect("the file is attached");
        }
    }

    /// New mail with small files, by way of a draft; gives its id.
    pub async fn send_files(&self, from: &mut Client, to: &str, subject: &str, names: &[&str]) -> String {
        let draft = self.draft(from, &Value::Null).await;
        let change = json!({ "to": [to], "subject": subject, "text": "The text." });
        let saved = self.save(from, &draft, change).await["draft"].clone();
        self.attach(from, &saved, names).await;
        text(&self.send_draft(from, &saved).await, "/message/id")
    }

    /// Events so far; the same number before and after means that nothing was recorded.
    pub fn head(&self) -> i64 {
        self.node.app.log().head()
    }
}

/// Codes of a payload's problems.
pub fn codes(payload: &Value) -> Vec<&str> {
    let problems = payload["problems"].as_array().unwrap_or_else(|| panic!("no payload: {payload}"));
    problems.iter().filter_map(|problem| problem["code"].as_str()).collect()
}

/// `extensions.code` of the first error of a whole answer.
pub fn error(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// The text at a path.
#[track_caller]
pub fn text(value: &Value, path: &str) -> String {
    let found = value.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {path} in {value}")).to_owned()
}

/// Opens a message; gives the payload.
pub async fn open(client: &mut Client, message: &str) -> Value {
    client.attempt(OPEN, json!({ "messageId": message })).await.expect("an answer")
}

/// The viewer's drafts, as the mailbox lists them.
pub async fn drafts(client: &mut Client) -> Vec<Value> {
    let query = "{ viewer { mailbox { drafts(first: 50) { edges { node { id version subject text } } } } } }";
    let answer = client.ask(query, json!({})).await.expect("an answer");
    let edges = answer["data"]["viewer"]["mailbox"]["drafts"]["edges"].as_array();
    let edges = edges.unwrap_or_else(|| panic!("no drafts: {answer}"));
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// A message of a folder. Where the clock stands still, the order of a folder says nothing.
pub async fn listed(client: &mut Client, name: &str, message: &str) -> Value {
    let all = house::folder(client, name).await;
    all.into_iter()
        .find(|listed| listed["id"] == message)
        .unwrap_or_else(|| panic!("{name} does not have it"))
}
