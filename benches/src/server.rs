//! Memory of a whole server: a demonstration that people log in to and ask.

use crate::{
    memory,
    report::{group, line, now, rate, thousands},
};
use anyhow::{Context, Result, ensure};
use reqwest::{
    Client,
    header::{COOKIE, SET_COOKIE},
};
use serde_json::{Value, json};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinSet,
    time,
};

/// People at a time.
const PEOPLE: usize = 8;
/// What one person asks after logging in.
const QUERIES: usize = 50;
/// How long a demonstration may take to make its people.
pub const START: Duration = Duration::from_mins(1);
/// How long it is left alone before its idle memory is read.
const SETTLE: Duration = Duration::from_secs(3);

/// Logs in.
pub const LOG_IN: &str = "mutation($identifier: String!, $password: String!) { \
     logIn(input: {identifier: $identifier, password: $password}) { viewer { account { id } } problems { code } } }";
const QUERY: &str = "{ viewer { account { primaryAddress kind } mailbox { unreadCount } } }";

/// Starts `program` as a demonstration, reads its memory idle and under load, and prints it.
pub async fn measure(program: Option<&Path>, time: Duration) -> Result<()> {
    let Some(program) = program else {
        println!(
            "memory of a whole server: left out; name a built one with --server target/release/sealpost"
        );
        return Ok(());
    };
    let folder = TempDir::with_prefix("sealpost-bench-")?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut child = Command::new(program)
        .args(["demo", "--listen", &address.to_string(), "--data"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    time::timeout(START, started(&mut child, address))
        .await
        .context("the server did not start in time")??;
    let people = std::fs::read_to_string(folder.path().join("people.txt"))?;
    let clara =
        people.lines().find(|line| line.contains("clara@")).context("the demonstration has no clara")?;
    let mut words = clara.split_whitespace().rev();
    let (password, address_of_clara) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let process = child.id().context("the server is gone")?.to_string();
    time::sleep(SETTLE).await;
    let (idle, _) = memory::resident(&process)?;
    let person = json!({ "identifier": address_of_clara, "password": password });
    let asked = ask(address, &person, time).await?;
    let (after, most) = memory::resident(&process)?;
    group("memory of a whole server, MiB", ["idle", "after load", "at most"]);
    let name = format!("{PEOPLE} people, {} requests/s", thousands(asked));
    line(&name, [format!("{idle:.0}"), format!("{after:.0}"), format!("{most:.0}")]);
    Ok(child.kill().await?)
}

/// Waits until a server listens.
pub async fn started(child: &mut Child, address: SocketAddr) -> Result<()> {
    while TcpStream::connect(address).await.is_err() {
        ensure!(child.try_wait()?.is_none(), "the server ended at once");
        time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// People log in and ask, over and over; requests a second.
async fn ask(address: SocketAddr, person: &Value, time: Duration) -> Result<f64> {
    let started = now();
    let mut tasks = JoinSet::new();
    for _ in 0..PEOPLE {
        let person = person.clone();
        tasks.spawn(async move {
            let client = Client::new();
            let mut count = 0;
            while started.elapsed() < time {
                let (answer, cookie) = post(&client, address, None, LOG_IN, &person).await?;
                ensure!(answer["data"]["logIn"]["viewer"].is_object(), "login failed: {answer}");
                let cookie = cookie.context("a login without a cookie")?;
                for _ in 0..QUERIES {
                    let (answer, _) = post(&client, address, Some(&cookie), QUERY, &json!({})).await?;
                    ensure!(answer["data"]["viewer"].is_object(), "a query failed: {answer}");
                }
                count += 1 + QUERIES as u64;
            }
            anyhow::Ok(count)
        });
    }
    let mut total = 0;
    while let Some(task) = tasks.join_next().await {
        total += task??;
    }
    Ok(rate(total, started.elapsed()))
}

/// Sends an operation; gives the answer, and the session's cookie if there is a new one.
pub async fn post(
    client: &Client,
    address: SocketAddr,
    cookie: Option<&str>,
    query: &str,
    variables: &Value,
) -> Result<(Value, Option<String>)> {
    let mut request = client.post(format!("http://{address}/graphql")).header("Sealpost-Request", "1");
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    let response = request.json(&json!({ "query": query, "variables": variables })).send().await?;
    let set = response.headers().get(SET_COOKIE).and_then(|header| header.to_str().ok());
    let cookie = set.and_then(|set| set.split(';').next()).map(str::to_owned);
    Ok((response.json().await?, cookie))
}
