//! Whether the time of an answer tells a known address from an unknown one (R4): both kinds asked in turns, side by side, of a
//! whole server in a process of its own.

use crate::report::{group, line, median, now};
use anyhow::{Context, Result, bail, ensure};
use reqwest::{
    Client,
    header::{COOKIE, SET_COOKIE},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time,
};

/// How long a server may take to answer for the first time.
const START: Duration = Duration::from_mins(2);
/// How long it is left alone before it is stopped.
const SETTLE: Duration = Duration::from_secs(3);
/// How long mails may take to arrive.
const MAIL: Duration = Duration::from_mins(5);
/// Pairs that are asked first and not counted.
const WARM_UP: usize = 10;
/// Failures in a row of one account before it is logged in to again, so that it does not lock.
const PATIENCE: usize = 3;
/// Addresses of people who were invited and did not come: as many aliases can be asked for.
const INVITED: usize = 250;

const WRONG: &str = "not the password of anybody";
const ADMINISTRATOR: &str = "admin@insurer.example";
const OFFICER: &str = "officer@insurer.example";
const CLARA: &str = "clara@insurer.example";
const BRUNO: &str = "bruno@insurer.example";
const GINA: &str = "gina@guest.example";
/// Who is asked for; one is locked out, one writes.
const UNLOCKED: [&str; 3] = [OFFICER, BRUNO, ADMINISTRATOR];

const PROBLEMS: &str = "problems { code }";

/// A server that people are at, and where the next request comes from.
struct House {
    http: Client,
    address: SocketAddr,
    passwords: BTreeMap<String, String>,
    folder: TempDir,
    server: Child,
    requests: u32,
}

/// A session, as the cookie.
type Session = String;

/// What a mutation is called, its input, and who sends it.
struct Request<'a> {
    mutation: &'static str,
    input: Value,
    session: Option<&'a Session>,
}

/// Asks so many times each and prints the medians.
pub async fn measure(program: &Path, pairs: usize) -> Result<()> {
    let mut house = House::open(program).await?;
    let clara = house.log_in(CLARA).await?;
    let invitation = house.prepare(&clara).await?;
    house.lock(GINA).await?;
    group("an answer's time, medians, ms", ["known", "unknown", "known/unknown"]);

    let log_in = |who: String| Request {
        mutation: "logIn",
        input: json!({ "identifier": who, "password": WRONG }),
        session: None,
    };
    house
        .compare("logIn, wrong password, not locked out", pairs, |n, known| log_in(person(n, known)))
        .await?;
    house
        .compare("logIn, wrong password, locked out", pairs, |_, known| {
            log_in(if known { GINA.into() } else { nobody(UNLOCKED.len()) })
        })
        .await?;
    house.compare("logIn, invited only, asked for once", pairs, |n, known| log_in(invited(n, known))).await?;
    for (name, mutation) in [
        ("requestReminder", "requestReminder"),
        ("requestPasswordLink", "requestPasswordLink"),
        ("requestPasswordChallenge", "requestPasswordChallenge"),
    ] {
        let asked =
            |n, known| Request { mutation, input: json!({ "address": person(n, known) }), session: None };
        house.compare(name, pairs, asked).await?;
    }
    house.compare_answers(pairs).await?;
    let registered = |n, known| Request {
        mutation: "register",
        input: form(&invitation, &person(n, known)),
        session: None,
    };
    house.compare("register, another address", pairs, registered).await?;
    let added = |n, known| Request {
        mutation: "addAlias",
        input: json!({ "address": invited(n, known) }),
        session: Some(&clara),
    };
    house.compare("addAlias", pairs.min(INVITED - WARM_UP), added).await?;
    stop(house.server).await
}

/// Somebody with a password, one after another, or nobody: as many, so that each was asked for as often before. The first
/// failure at an address makes a key, whoever it is of.
fn person(n: usize, known: bool) -> String {
    let n = n % UNLOCKED.len();
    if known { UNLOCKED[n].to_owned() } else { nobody(n) }
}

/// As long as the addresses of people.
fn nobody(n: usize) -> String {
    format!("nobody{n:03}@guest.example")
}

fn invited(n: usize, known: bool) -> String {
    if known {
        format!("invited{:03}@guest.example", n % INVITED)
    } else {
        format!("unknown{n:03}@guest.example")
    }
}

fn form(invitation: &str, address: &str) -> Value {
    json!({
        "invitationToken": invitation,
        "address": address,
        "password": "seven quiet herons at dawn",
        "profile": { "givenName": "Ada", "familyName": "Example", "telephone": "+1 555 0199" },
        "reminderPhrase": "birds in the morning",
        "challengeAnswers": [
            { "question": "In which town were you born?", "answer": "Lakeside" },
            { "question": "What was your first school?", "answer": "By the mill" },
        ],
    })
}

impl House {
    /// People are made by a demonstration; then the same data is served behind what passes for a proxy, so that every
    /// attempt comes from a network of its own. Else a network is not heard after fifty failures.
    async fn open(program: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix("sealpost-bench-")?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = folder.path();
        let mut demo = Command::new(program);
        demo.args(["demo", "--listen", &address.to_string(), "--data"]).arg(data);
        let demo = started(demo, address).await?;
        // What it began at its start is done by then.
        time::sleep(SETTLE).await;
        stop(demo).await?;
        let config = format!(
            "listen = \"{address}\"\ntrusted_proxies = [\"127.0.0.0/8\"]\n\
             [attachments]\nfolder = '{0}/attachments'\n[database]\nurl = 'sqlite://{0}/sealpost.db'\n[keys]\nroot_file = '{0}/root.key'\nfolder = '{0}/keys'\n\
             [mail]\nfolder = '{0}/mail'\n",
            data.display()
        );
        let path = data.join("sealpost.toml");
        std::fs::write(&path, config)?;
        let mut serve = Command::new(program);
        serve.args(["serve", "--config"]).arg(path);
        let server = started(serve, address).await?;
        let people = std::fs::read_to_string(data.join("people.txt"))?;
        let words = people.lines().filter_map(|line| {
            let mut words = line.split_whitespace().rev();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        });
        let passwords =
            words.filter(|(_, who)| who.contains('@')).map(|(password, who)| (who, password)).collect();
        Ok(Self { http: Client::new(), address, passwords, folder, server, requests: 0 })
    }

    /// All ways of recovery, aliases, people who are only invited, and an invitation of one's own; gives its token.
    async fn prepare(&mut self, clara: &Session) -> Result<String> {
        let administrator = self.log_in(ADMINISTRATOR).await?;
        let bruno = self.log_in(BRUNO).await?;
        let (answer, _) = self.post("{ viewer { account { id } } }", &Value::Null, Some(&bruno)).await?;
        let account = &answer["data"]["viewer"]["account"]["id"];
        let role = json!({ "accountId": account, "role": "POLICY_AUTHOR" });
        self.act(Request { mutation: "grantRole", input: role, session: Some(&administrator) }).await?;
        let changes = json!({ "recovery": { "link": true }, "accounts": { "aliases": true } });
        let input = json!({ "version": 1, "changes": changes, "reason": "To be measured." });
        self.act(Request { mutation: "changePolicy", input, session: Some(&bruno) }).await?;
        let ada = "ada@guest.example";
        let input = json!({ "idempotencyKey": "invitation", "address": ada });
        self.act(Request { mutation: "invite", input, session: Some(clara) }).await?;
        let token = self.mailed(ada).await?;
        for (n, some) in (0..INVITED).collect::<Vec<_>>().chunks(125).enumerate() {
            let to: Vec<_> = some.iter().map(|n| invited(*n, true)).collect();
            let input = json!({ "idempotencyKey": format!("invited-{n}"), "to": to, "subject": "S", "text": "T",
                "newRecipients": "INVITE" });
            self.act(Request { mutation: "sendMessage", input, session: Some(clara) }).await?;
        }
        // Their mails would be in the way.
        let waited = now();
        while std::fs::read_dir(self.mailbox())?.count() <= INVITED {
            ensure!(waited.elapsed() < MAIL, "the mails do not go out");
            time::sleep(Duration::from_millis(200)).await;
        }
        Ok(token)
    }

    fn mailbox(&self) -> PathBuf {
        self.folder.path().join("mail/new")
    }

    /// The token in a mail, once it came.
    async fn mailed(&self, address: &str) -> Result<String> {
        let folder = self.mailbox();
        let waited = now();
        while waited.elapsed() < MAIL {
            for entry in std::fs::read_dir(&folder)? {
                let mail = std::fs::read_to_string(entry?.path())?;
                if mail.contains(&format!("To: {address}")) {
                    // A soft line break may stand within a link (RFC 2045 §6.7).
                    let whole = mail.replace("=\r\n", "");
                    let rest = whole.split("/link/").nth(1).context("the mail has no link")?;
                    return Ok(rest.split_whitespace().next().unwrap_or_default().to_owned());
                }
            }
            time::sleep(Duration::from_millis(200)).await;
        }
        bail!("no mail came to {address}")
    }

    async fn lock(&mut self, who: &str) -> Result<()> {
        for _ in 0..5 {
            let input = json!({ "identifier": who, "password": WRONG });
            self.send(&Request { mutation: "logIn", input, session: None }).await?;
        }
        Ok(())
    }

    /// Asks for known and unknown in turns, each first as often as the other.
    async fn compare<'a>(
        &mut self,
        name: &str,
        pairs: usize,
        request: impl Fn(usize, bool) -> Request<'a>,
    ) -> Result<()> {
        let mut times = [vec![], vec![]];
        for n in 0..pairs + WARM_UP {
            if request(n, true).mutation == "logIn" && n % (PATIENCE * UNLOCKED.len()) == 0 {
                for who in UNLOCKED {
                    self.log_in(who).await?;
                }
            }
            for known in if n % 2 == 0 { [true, false] } else { [false, true] } {
                let request = request(n, known);
                let begun = now();
                self.send(&request).await?;
                if n >= WARM_UP {
                    times[usize::from(known)].push(begun.elapsed().as_secs_f64() * 1_000.0);
                }
            }
        }
        show(name, times);
        Ok(())
    }

    /// Wrong answers, each to questions that were just asked for.
    async fn compare_answers(&mut self, pairs: usize) -> Result<()> {
        let mut times = [vec![], vec![]];
        for n in 0..pairs + WARM_UP {
            for known in if n % 2 == 0 { [true, false] } else { [false, true] } {
                let query = "mutation($input: RequestPasswordChallengeInput!) { requestPasswordChallenge(input: $input) \
                     { challengeToken } }";
                let (asked, _) = self.post(query, &json!({ "address": person(n, known) }), None).await?;
                let token = &asked["data"]["requestPasswordChallenge"]["challengeToken"];
                ensure!(token.is_string(), "no questions: {asked}");
                let input = json!({ "challengeToken": token, "answers": ["wrong", "wrong"] });
                let request = Request { mutation: "answerPasswordChallenge", input, session: None };
                let begun = now();
                self.send(&request).await?;
                if n >= WARM_UP {
                    times[usize::from(known)].push(begun.elapsed().as_secs_f64() * 1_000.0);
                }
            }
        }
        show("answerPasswordChallenge, wrong answers", times);
        Ok(())
    }

    async fn log_in(&mut self, who: &str) -> Result<Session> {
        let password =
            self.passwords.get(who).with_context(|| format!("the demonstration has no {who}"))?.clone();
        let query = format!("mutation($input: LogInInput!) {{ logIn(input: $input) {{ {PROBLEMS} }} }}");
        let (answer, cookie) =
            self.post(&query, &json!({ "identifier": who, "password": password }), None).await?;
        cookie.with_context(|| format!("{who} does not get in: {answer}"))
    }

    /// Sends a mutation that must be done.
    async fn act(&mut self, request: Request<'_>) -> Result<()> {
        let answer = self.send(&request).await?;
        let problems = &answer["data"][request.mutation]["problems"];
        ensure!(problems == &json!([]), "{} was refused: {answer}", request.mutation);
        Ok(())
    }

    /// Sends a mutation; whatever its answer, it is not an error.
    async fn send(&mut self, request: &Request<'_>) -> Result<Value> {
        let Request { mutation, input, session } = request;
        let mut kind = (*mutation).to_owned();
        kind[..1].make_ascii_uppercase();
        let query =
            format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {PROBLEMS} }} }}");
        let (answer, _) = self.post(&query, input, *session).await?;
        ensure!(answer["errors"].is_null(), "{mutation} ended in {}", answer["errors"]);
        Ok(answer)
    }

    async fn post(
        &mut self,
        query: &str,
        input: &Value,
        session: Option<&Session>,
    ) -> Result<(Value, Option<Session>)> {
        // Every request from a network of its own, but not within a session.
        let [_, a, b, c] = self.requests.to_be_bytes();
        let network = if session.is_some() { "10.200.0.1".to_owned() } else { format!("10.{a}.{b}.{c}") };
        self.requests += 256;
        let mut request = self
            .http
            .post(format!("http://{}/graphql", self.address))
            .header("Sealpost-Request", "1")
            .header("X-Forwarded-For", network)
            .json(&json!({ "query": query, "variables": { "input": input } }));
        if let Some(session) = session {
            request = request.header(COOKIE, session);
        }
        let response = request.send().await?;
        let set = response.headers().get(SET_COOKIE).and_then(|header| header.to_str().ok());
        let cookie = set.and_then(|set| set.split(';').next()).map(str::to_owned);
        Ok((response.json().await?, cookie))
    }
}

async fn started(mut command: Command, address: SocketAddr) -> Result<Child> {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().context("cannot run the server")?;
    let answers = async {
        while TcpStream::connect(address).await.is_err() {
            ensure!(child.try_wait()?.is_none(), "the server ended at once");
            time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    };
    time::timeout(START, answers).await.context("the server did not start in time")??;
    Ok(child)
}

/// Lets it finish: what a killed server had begun, the next one leaves alone for some minutes.
async fn stop(mut server: Child) -> Result<()> {
    let process = server.id().context("the server is gone")?.to_string();
    ensure!(Command::new("kill").arg(process).status().await?.success(), "the server cannot be stopped");
    server.wait().await?;
    Ok(())
}

fn show(name: &str, times: [Vec<f64>; 2]) {
    let [unknown, known] = times.map(median);
    line(name, [format!("{known:.2}"), format!("{unknown:.2}"), format!("{:.3}", known / unknown)]);
}
