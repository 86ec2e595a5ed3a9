//! The program is killed while people write, and goes on where it was.

mod house;

use domain::OrganisationId;
use eventstore::{
    Clock,
    testing::{TestDb, on_both},
};
use futures_util::future::join_all;
use house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER, SEND, folder, logged_in};
use sealpost::{
    config::{Config, Database},
    demo,
    node::Node,
    walk::{Cast, client::Client},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{
    sync::Notify,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

/// People who write at the same time, in as many tasks.
const WRITERS: [&str; 4] = [CLARA, BRUNO, ADMINISTRATOR, OFFICER];
const TASKS: usize = 32;
/// The program dies when so many messages were acknowledged, while others are on their way.
const ACKNOWLEDGED: usize = 200;
/// More than this is a hang; a run takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the program may be asked how far its read models are, each time a process of its own.
const LOOKS: usize = 50;

/// K7, R7: a node is killed while it writes. Whatever it acknowledged is there once; what it did not acknowledge is there
/// once after a retry with the same key; the log has no gap, and every read model catches up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_loses_nothing_and_repeats_nothing() {
    on_both(async |test: TestDb| {
        timeout(PATIENCE, killed_while_writing(&test)).await.expect("it ends in time");
    })
    .await;
}

async fn killed_while_writing(test: &TestDb) {
    let cast = people(test).await;
    let mut program = Program::start(test).await;
    let written = Written::default();
    let mut tasks = JoinSet::new();
    let clients = writers(&program, &cast).await;
    for number in 0..TASKS {
        let who = WRITERS[number % WRITERS.len()];
        tasks.spawn(write_until_it_fails(clients[who].clone(), who, number, written.clone()));
    }
    written.enough.notified().await;
    program.kill();
    let mut outcomes: Vec<Outcome> = tasks.join_all().await.into_iter().flatten().collect();

    let program = Program::start(test).await;
    let mut clients = writers(&program, &cast).await;
    retry(&clients, &mut outcomes).await;
    sent_exactly_once(&mut clients, &outcomes).await;
    caught_up(test);
    without_gaps(test).await;
}

/// A session of each writer.
type Clients = BTreeMap<&'static str, Client>;

async fn writers(program: &Program, cast: &Cast) -> Clients {
    let mut clients = Clients::new();
    for who in WRITERS {
        clients.insert(who, logged_in(program.address, cast, who).await);
    }
    clients
}

/// One message, by the key that its sender chose.
struct Outcome {
    who: &'static str,
    input: Value,
    /// Its id, once that was acknowledged.
    message: Option<String>,
}

/// What the tasks share.
#[derive(Clone, Default)]
struct Written {
    count: Arc<AtomicUsize>,
    enough: Arc<Notify>,
}

/// Writes one message after the other until the node is gone.
async fn write_until_it_fails(
    mut client: Client,
    who: &'static str,
    task: usize,
    written: Written,
) -> Vec<Outcome> {
    let mut outcomes = vec![];
    for number in 0.. {
        let to = if number % 2 == 0 { GINA } else { BRUNO };
        let name = format!("message {number} of task {task}");
        let key = format!("task-{task}-message-{number}");
        let input = json!({ "idempotencyKey": key, "to": [to], "subject": name, "text": name });
        let answer = client.attempt(SEND, input.clone()).await;
        let message = answer.ok().and_then(|payload| id(&payload));
        let failed = message.is_none();
        outcomes.push(Outcome { who, input, message });
        if failed {
            break;
        }
        if written.count.fetch_add(1, Ordering::SeqCst) + 1 == ACKNOWLEDGED {
            written.enough.notify_one();
        }
    }
    outcomes
}

/// Sends again, with its key, whatever was not acknowledged.
async fn retry(clients: &Clients, outcomes: &mut [Outcome]) {
    let lost = outcomes.iter_mut().filter(|outcome| outcome.message.is_none());
    let retries = lost.map(async |outcome| {
        let mut client = clients[outcome.who].clone();
        let payload = client.act(SEND, outcome.input.clone()).await.expect("the retry is answered");
        outcome.message = id(&payload);
        assert!(outcome.message.is_some(), "the retry names no message: {payload}");
    });
    assert!(!join_all(retries).await.is_empty(), "nothing was on its way when the node was killed");
}

/// Each sender's list holds what they sent, each message once, and nothing else.
async fn sent_exactly_once(clients: &mut Clients, outcomes: &[Outcome]) {
    assert!(outcomes.len() > ACKNOWLEDGED);
    for (who, client) in clients {
        let mut listed = BTreeMap::new();
        for message in folder(client, "sent").await {
            let again = listed.insert(id(&json!({ "message": message })), message["subject"].clone());
            assert_eq!(again, None, "{who} has it twice");
        }
        let theirs = outcomes.iter().filter(|outcome| outcome.who == *who);
        let expected: BTreeMap<_, _> =
            theirs.map(|outcome| (outcome.message.clone(), outcome.input["subject"].clone())).collect();
        assert_eq!(listed, expected, "what {who} sent");
        let subjects: BTreeSet<_> = listed.values().map(ToString::to_string).collect();
        assert_eq!(subjects.len(), listed.len(), "{who} sent something twice");
    }
}

/// Every read model gets to the end of the log, and none is parked.
fn caught_up(test: &TestDb) {
    let mut shown = String::new();
    for _ in 0..LOOKS {
        let output = command(test, &["projections", "status"]).output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows: Vec<Vec<&str>> =
            shown.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert!(rows.len() > 5, "too few read models: {shown}");
        assert!(rows.iter().all(|row| row.len() == 3), "one is parked: {shown}");
        if rows.iter().all(|row| row[2] == "0") {
            return;
        }
    }
    panic!("the read models do not catch up: {shown}");
}

/// Positions are 1, 2, 3 … to the end.
async fn without_gaps(test: &TestDb) {
    let sql = "SELECT COUNT(*) AS many, COUNT(DISTINCT position) AS places, MIN(position) AS least, \
         MAX(position) AS most FROM events";
    let row = test.db.one(sql, vec![]).await.expect("the events are counted");
    let number = |column| row.int(column).expect("a number");
    assert_eq!((number("least"), number("places"), number("most")), (1, number("many"), number("many")));
}

fn id(payload: &Value) -> Option<String> {
    payload["message"]["id"].as_str().map(str::to_owned)
}

/// An organisation with people, on a database that nothing else uses yet.
async fn people(test: &TestDb) -> Cast {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let database = Database { url: test.url.clone(), max_connections: 4 };
    let config = Config { database, ..Config::in_folder(test.dir.path(), listen) };
    let node = Node::open(config, Clock::System).await.expect("the node opens");
    node.start_projections();
    let cast = demo::people_of(&node, "http://localhost").await.expect("people are enrolled");
    assert_eq!(cast.organisation, OrganisationId(1));
    node.stop().await;
    cast
}

/// The real program, as an operator starts it.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts it on a port of its own choice, and waits until it says which.
    async fn start(test: &TestDb) -> Self {
        let mut serve = command(test, &["serve"]);
        let mut child = serve.stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let address = spawn_blocking(move || {
            let mut said = vec![];
            let address = loop {
                let line = lines.next().unwrap_or_else(|| panic!("it stopped: {said:?}")).expect("a line");
                if let Some((_, address)) = line.split_once("serving address=") {
                    break address.trim().parse().expect("an address");
                }
                said.push(line);
            };
            // A log that nobody reads would fill its pipe, and hold the program up.
            thread::spawn(move || lines.for_each(drop));
            address
        });
        Self { child, address: address.await.expect("it listens") }
    }

    /// SIGKILL: it can finish nothing.
    fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(test: &TestDb, arguments: &[&str]) -> Command {
    let folder: &Path = test.dir.path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("RUST_LOG", "info")
        .env("SEALPOST_LISTEN", "127.0.0.1:0")
        .env("SEALPOST_DATABASE__URL", &test.url)
        .env("SEALPOST_DATABASE__MAX_CONNECTIONS", "8")
        .env("SEALPOST_KEYS__ROOT_FILE", folder.join("root.key"))
        .env("SEALPOST_KEYS__FOLDER", folder.join("keys"))
        .env("SEALPOST_ATTACHMENTS__FOLDER", folder.join("attachments"))
        .env("SEALPOST_MAIL__FOLDER", folder.join("mail"));
    command
}
