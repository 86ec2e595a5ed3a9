//! The organisation's mail server hands mails over: a real Postfix, and clients that other people wrote.

use crate::{
    house::{BRUNO, GINA, folder},
    intake::{passed_on, rule},
    stage::{Stage, on_stage},
};
use domain::content::{Action, Detector, Part};
use eventstore::db::{Db, Dialect};
use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener as Listener},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::spawn_blocking,
};

/// Hands a mail over with Python's smtplib. Arguments: port, recipient, subject, lines of text, certificate or nothing.
const SMTPLIB: &str = r#"
import smtplib, ssl, sys
from email.message import EmailMessage
port, recipient, subject, lines, root = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = "Clara <clara@insurer.example>", recipient, subject
mail.set_content(".\n..\nSchöne Grüße\n" + "All is well, and this line is long enough to make a mail large.\n" * lines)
mail.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="Befund Ü.bin")
with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.insurer.example") as smtp:
    if root:
        smtp._host = "localhost"
        smtp.starttls(context=ssl.create_default_context(cafile=root))
    smtp.send_message(mail)
"#;

/// G2, G4: the mail server is killed in the middle of a mail. Nothing of it is stored; started again, it hands the mail
/// over, which goes on whole and once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_is_killed_in_the_middle_of_a_mail() {
    on_stage(async |stage| {
        let gateway =
            stage.node.start_gateway().await.expect("it starts").expect("it is a role of this node");
        let door = Door::before(gateway).await;
        let server = MailServer::start(door.port).await;
        let (head, before) = (stage.head(), passed_on(stage).len());
        server.take(GINA, "Hello", 40_000).await;
        door.stuck.notified().await;
        server.script("kill", &[]).await;
        door.open.notify_one();
        server.script("again", &[]).await;
        server.script("flush", &[]).await;
        server.script("says", &["status=sent .250 2.6.0"]).await;
        assert_eq!(stage.head(), head, "a mail that is passed on is no event");
        let mails = passed_on(stage);
        assert_eq!(mails.len(), before + 1, "it went on once");
        let mail = mails.iter().find(|mail| mail.contains("Subject: Hello")).expect("it went on");
        let top = "Return-Path: <clara@insurer.example>\r\nDelivered-To: gina@guest.example\r\n\
             Received: from relay.example ([127.0.0.1])\r\n\tby localhost with ESMTP;\r\n";
        assert!(mail.starts_with(top), "{}", &mail[..500]);
        assert_eq!(mail.matches("All is well").count(), 40_000);
        assert!(mail.contains("filename*=utf-8''Befund%20%C3%9C.bin"), "as it was written");
    })
    .await;
}

/// G2, G4, B5: while the log takes nothing the mail server keeps a mail, and hands it over again when it can be taken: it is there
/// once. What a rule refuses the mail server sends back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_it_is_durable() {
    on_stage(async |stage| {
        let gateway =
            stage.node.start_gateway().await.expect("it starts").expect("it is a role of this node");
        let server = MailServer::start(gateway.port()).await;
        rule(stage, "Tag", Action::Secure, Part::Subject, Detector::Term, "[secure]").await;
        rule(stage, "Bruno", Action::Refuse, Part::Recipient, Detector::Pattern, "bruno").await;
        let mut gina = stage.log_in(GINA).await;
        let (db, head) = (stage.node.app.log().db(), stage.head());
        break_log(db).await;
        server.take(GINA, "[secure] Results", 3).await;
        server.script("says", &["status=deferred .*451 4.3.0"]).await;
        server.script("flush", &[]).await;
        server.script("says", &["relay=.*delay=.*status=deferred"]).await;
        assert_eq!(stage.head(), head);
        assert!(folder(&mut gina, "inbox").await.is_empty());

        mend(db).await;
        server.script("flush", &[]).await;
        server.script("says", &["status=sent .250 2.6.0"]).await;
        server.take(BRUNO, "Hello", 3).await;
        server.script("says", &["status=bounced .*550 5.7.1"]).await;
        let app = &stage.node.app;
        app.wait_for(app.log().head()).await.expect("the read models catch up");
        let inbox = folder(&mut gina, "inbox").await;
        assert_eq!(inbox.len(), 1, "{inbox:?}");
        assert_eq!(inbox[0]["attachments"][0]["name"], "Befund Ü.bin", "{inbox:?}");
    })
    .await;
}

/// G2: a node that is a gateway alone takes mail over TLS, listens for nothing else, names nobody in its log, and stops
/// when it is told to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_can_be_a_gateway_alone() {
    on_stage(async |stage| {
        let folder = TempDir::new().expect("a folder");
        let (certificate, key) = certificate(folder.path());
        let before = passed_on(stage).len();
        let mut program = Program::start(stage, &certificate, &key).await;
        let port = program.address.port().to_string();
        let root = certificate.to_str().expect("a name").to_owned();
        let plain = smtplib(&[&port, GINA, "Hello", "3", ""]).await;
        let said = String::from_utf8_lossy(&plain.stderr).into_owned();
        assert!(!plain.status.success() && said.contains("STARTTLS"), "{said}");
        let sent = smtplib(&[&port, GINA, "Hello", "3", &root]).await;
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        assert_eq!(passed_on(stage).len(), before + 1);
        let log = program.stop().await;
        assert!(log.contains("a mail was handed over") && log.contains("network=127.0.0.0/24"), "{log}");
        for private in ["gina", "clara", "Hello", "well", "serving"] {
            assert!(!log.contains(private), "{private}: {log}");
        }

        // A key of somebody else is found before anybody is served.
        let (_, other) = self::certificate(TempDir::new().expect("a folder").path());
        let output = command(stage, &certificate, &other).output().expect("the program starts");
        assert!(!output.status.success(), "it should have failed");
    })
    .await;
}

/// The log takes no event, as if the disk were full, until [`mend`].
async fn break_log(db: &Db) {
    let (before, trigger) = match db.dialect() {
        Dialect::Sqlite => (
            "SELECT 1",
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
        ),
        Dialect::Postgres => (
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$",
            "CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()",
        ),
    };
    for statement in [before, trigger] {
        db.run(statement, vec![]).await.expect("it is done");
    }
}

async fn mend(db: &Db) {
    let statement = match db.dialect() {
        Dialect::Sqlite => "DROP TRIGGER full",
        Dialect::Postgres => "DROP TRIGGER full_disk ON events",
    };
    db.run(statement, vec![]).await.expect("it is done");
}

async fn smtplib(arguments: &[&str]) -> Output {
    let mut python = Command::new("python3");
    python.args(["-c", SMTPLIB]).args(arguments);
    run(python).await
}

async fn run(mut command: Command) -> Output {
    let output = spawn_blocking(move || command.stdin(Stdio::null()).output()).await.expect("it ran");
    output.expect("the program is installed")
}

/// A Postfix that hands everything over to a gateway.
struct MailServer {
    folder: TempDir,
    port: u16,
}

impl MailServer {
    async fn start(gateway: u16) -> Self {
        let free = Listener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
        let server = Self { folder: TempDir::new().expect("a folder"), port: free };
        server.script("start", &[&free.to_string(), &gateway.to_string()]).await;
        server
    }

    /// Has it take a mail, as from a member's mail program.
    async fn take(&self, recipient: &str, subject: &str, lines: u32) {
        let sent = smtplib(&[&self.port.to_string(), recipient, subject, &lines.to_string(), ""]).await;
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    }

    async fn script(&self, action: &str, more: &[&str]) {
        let output = run(self.command(action, more)).await;
        assert!(output.status.success(), "{action}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, action: &str, more: &[&str]) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/workers/tests/postfix.sh"));
        command.arg(action).arg(self.folder.path()).args(more);
        command
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // A test that failed has said why already.
        drop(self.command("stop", &[]).output());
    }
}

/// Stands before the gateway, and lets the first connection through to its first megabyte only.
struct Door {
    port: u16,
    stuck: Arc<Notify>,
    open: Arc<Notify>,
}

impl Door {
    async fn before(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let door = Self { port, stuck: Arc::default(), open: Arc::default() };
        let (stuck, open, first) = (door.stuck.clone(), door.open.clone(), AtomicBool::new(true));
        tokio::spawn(async move {
            while let Ok((theirs, _)) = listener.accept().await {
                let ours = TcpStream::connect(gateway).await.expect("the gateway listens");
                let hold = first.swap(false, Ordering::Relaxed).then(|| (stuck.clone(), open.clone()));
                tokio::spawn(pass(theirs, ours, hold));
            }
        });
        door
    }
}

async fn pass(theirs: TcpStream, ours: TcpStream, hold: Option<(Arc<Notify>, Arc<Notify>)>) {
    let (mut from_them, mut to_them) = theirs.into_split();
    let (mut from_us, mut to_us) = ours.into_split();
    tokio::spawn(async move { copy(&mut from_us, &mut to_them).await });
    if let Some((stuck, open)) = hold {
        let mut beginning = (&mut from_them).take(1024 * 1024);
        drop(copy(&mut beginning, &mut to_us).await);
        stuck.notify_one();
        open.notified().await;
    }
    drop(copy(&mut from_them, &mut to_us).await);
    drop(to_us.shutdown().await);
}

/// A certificate of its own making for this machine, and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("gateway.crt"), folder.join("gateway.key"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    let output = openssl.output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (certificate, key)
}

/// The real program as a gateway, on the data of a stage.
struct Program {
    child: Child,
    address: SocketAddr,
    log: Option<thread::JoinHandle<String>>,
}

impl Program {
    async fn start(stage: &Stage, certificate: &Path, key: &Path) -> Self {
        let mut serve = command(stage, certificate, key);
        let mut child = serve.stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines().map_while(Result::ok);
        let (address, log) = spawn_blocking(move || {
            let mut said = String::new();
            let address = loop {
                let line = lines.next().unwrap_or_else(|| panic!("it stopped: {said}"));
                said += &line;
                if let Some((_, address)) = line.split_once("taking mail address=") {
                    break address.trim().parse().expect("an address");
                }
            };
            let log = thread::spawn(move || {
                lines.for_each(|line| said += &line);
                said
            });
            (address, log)
        })
        .await
        .expect("it listens");
        Self { child, address, log: Some(log) }
    }

    /// Asks it to stop; gives what it logged.
    async fn stop(&mut self) -> String {
        let mut kill = Command::new("kill");
        kill.arg(self.child.id().to_string());
        assert!(run(kill).await.status.success());
        assert!(self.child.wait().expect("it is gone").success(), "it stopped as it was told");
        self.log.take().expect("it was not stopped before").join().expect("its log")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(stage: &Stage, certificate: &Path, key: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
    command
        .args(["serve", "--roles", "gateway"])
        .env("NO_COLOR", "1")
        .env("RUST_LOG", "info")
        .env("SEALPOST_DATABASE__URL", &stage.config.database.url)
        .env("SEALPOST_KEYS__ROOT_FILE", &stage.config.keys.root_file)
        .env("SEALPOST_KEYS__FOLDER", &stage.config.keys.folder)
        .env("SEALPOST_ATTACHMENTS__FOLDER", stage.config.mail.folder.with_file_name("attachments"))
        .env("SEALPOST_MAIL__FOLDER", &stage.config.mail.folder)
        .env("SEALPOST_GATEWAY__LISTEN", "127.0.0.1:0")
        .env("SEALPOST_GATEWAY__REQUIRE_TLS", "true")
        .env("SEALPOST_GATEWAY__TLS__CERTIFICATE", certificate)
        .env("SEALPOST_GATEWAY__TLS__KEY", key);
    command
}
