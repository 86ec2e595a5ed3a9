//! Files going up and down: sealed by a whole server, and plain by the smallest one on the same HTTP stack, by turns.

use crate::{
    memory,
    report::{group, line, median, now, rate},
    server::{LOG_IN, START, post, started},
};
use anyhow::{Context, Result, ensure};
use base64ct::{Base64, Encoding};
use bytes::Bytes;
use futures_util::StreamExt;
use poem::{
    Body, IntoResponse, Request, Response, Route, Server, endpoint::make, http::StatusCode,
    listener::TcpAcceptor,
};
use reqwest::{Client, header::COOKIE};
use serde_json::{Value, json};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    time,
};
use tokio_util::io::ReaderStream;

/// The most that goes with one message (A39).
const FILE_BYTES: usize = 50 * 1024 * 1024;
/// Rounds, by turns.
const ROUNDS: usize = 7;
/// Uploads at a time.
const AT_ONCE: usize = 8;
/// How long the server is left alone before its idle memory is read.
const SETTLE: Duration = Duration::from_secs(3);

const CREATE: &str = "mutation($key: IdempotencyKey!) { createDraft(input: { idempotencyKey: $key }) { draft { id version } } }";
const UPDATE: &str = "mutation($id: ID!, $version: Int!) { updateDraft(input: { draftId: $id, version: $version, \
     to: [\"gina@guest.example\"], subject: \"A file\" }) { draft { version } problems { code } } }";
const SEND: &str = "mutation($id: ID!, $version: Int!, $key: IdempotencyKey!) { sendDraft(input: { draftId: $id, \
     version: $version, idempotencyKey: $key }) { message { attachments { id } } problems { code message } } }";

/// A demonstration that a person is logged in to.
struct House {
    http: Client,
    address: SocketAddr,
    cookie: String,
    server: Child,
    _folder: TempDir,
}

/// A file server without rights, sealing or records.
struct Plain {
    http: Client,
    address: SocketAddr,
    server: Child,
    _folder: TempDir,
}

/// Measures and prints both directions, then the memory of eight at a time.
pub async fn measure(program: &Path) -> Result<()> {
    let mut house = House::open(program).await?;
    let mut plain = Plain::open().await?;
    let file = Bytes::from((0..=250).cycle().take(FILE_BYTES).collect::<Vec<u8>>());
    let [mut up, mut plain_up, mut down, mut plain_down] = [const { vec![] }; 4];
    for round in 0..=ROUNDS {
        let (stored, took) = house.upload(&format!("round-{round}"), &file).await?;
        let plain_took = plain.upload("one", &file).await?;
        let fetched = house.download(&stored).await?;
        let plain_fetched = plain.download("one").await?;
        // The first round warms up.
        if round > 0 {
            up.push(took);
            plain_up.push(plain_took);
            down.push(fetched);
            plain_down.push(plain_fetched);
        }
    }
    group("50 MiB over HTTP, medians, MB/s", ["sealpost", "plain file", "ratio"]);
    for (name, sealed, plain) in
        [("up: sealed, synced, recorded", up, plain_up), ("down: opened, recorded", down, plain_down)]
    {
        let (sealed, plain) = (median(sealed), median(plain));
        line(name, [format!("{sealed:.0}"), format!("{plain:.0}"), format!("{:.2}", sealed / plain)]);
    }
    house.together(&file).await?;
    house.server.kill().await?;
    Ok(plain.server.kill().await?)
}

impl House {
    async fn open(program: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix_in("sealpost-bench-", "/var/tmp")?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut server = Command::new(program)
            .args(["demo", "--listen", &address.to_string(), "--data"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        time::timeout(START, started(&mut server, address))
            .await
            .context("the server did not start in time")??;
        let people = std::fs::read_to_string(folder.path().join("people.txt"))?;
        let clara = people.lines().find(|line| line.contains("clara@")).context("there is no clara")?;
        let mut words = clara.split_whitespace().rev();
        let (password, who) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let http = Client::new();
        let person = json!({ "identifier": who, "password": password });
        let (_, cookie) = post(&http, address, None, LOG_IN, &person).await?;
        let cookie = cookie.context("a login without a cookie")?;
        Ok(Self { http, address, cookie, server, _folder: folder })
    }

    async fn ask(&self, query: &str, variables: &Value) -> Result<Value> {
        let (answer, _) = post(&self.http, self.address, Some(&self.cookie), query, variables).await?;
        ensure!(answer["errors"].is_null(), "the server answered {answer}");
        Ok(answer["data"].clone())
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        request.header(COOKIE, &self.cookie).header("Sealpost-Request", "1").header("Tus-Resumable", "1.0.0")
    }

    /// Announces a file on a draft of its own; gives the draft and where to send it.
    async fn announce(&self, key: &str) -> Result<(Value, String)> {
        let made = self.ask(CREATE, &json!({ "key": format!("draft-{key}") })).await?;
        let draft = made["createDraft"]["draft"].clone();
        let id = draft["id"].as_str().context("no draft")?;
        let metadata = format!(
            "draft {},name {}",
            Base64::encode_string(id.as_bytes()),
            Base64::encode_string(b"file.bin")
        );
        let created = self
            .request(reqwest::Method::POST, "/upload")
            .header("Upload-Length", FILE_BYTES)
            .header("Upload-Metadata", metadata)
            .header("Idempotency-Key", format!("upload-{key}"))
            .send()
            .await?;
        let place = created.headers().get("location").context("the upload was refused")?.to_str()?.to_owned();
        Ok((draft, place))
    }

    async fn patch(&self, place: &str, file: &Bytes) -> Result<()> {
        let patch = self.request(reqwest::Method::PATCH, place).header("Upload-Offset", 0);
        let patch = patch.header("Content-Type", "application/offset+octet-stream").body(file.clone());
        Ok(patch.send().await?.error_for_status().map(drop)?)
    }

    /// Uploads a file and sends it; gives the attachment's path, and the bytes of the request alone, MB/s.
    async fn upload(&self, key: &str, file: &Bytes) -> Result<(String, f64)> {
        let (draft, place) = self.announce(key).await?;
        let began = now();
        self.patch(&place, file).await?;
        let rate = megabytes(began.elapsed());
        let saved = self.ask(UPDATE, &json!({ "id": draft["id"], "version": draft["version"] })).await?;
        let version = &saved["updateDraft"]["draft"]["version"];
        let input = json!({ "id": draft["id"], "version": version, "key": format!("send-{key}") });
        let sent = self.ask(SEND, &input).await?;
        let id = sent["sendDraft"]["message"]["attachments"][0]["id"].as_str();
        Ok((format!("/download/attachment/{}", id.with_context(|| format!("not sent: {sent}"))?), rate))
    }

    async fn download(&self, path: &str) -> Result<f64> {
        let began = now();
        whole(self.request(reqwest::Method::GET, path).send().await?).await?;
        Ok(megabytes(began.elapsed()))
    }

    /// Uploads at a time, and the server's memory before and at most.
    async fn together(&mut self, file: &Bytes) -> Result<()> {
        let process = self.server.id().context("the server is gone")?.to_string();
        time::sleep(SETTLE).await;
        // The most from now on (proc(5), clear_refs).
        std::fs::write(format!("/proc/{process}/clear_refs"), "5")?;
        let (before, _) = memory::resident(&process)?;
        let mut places = vec![];
        for n in 0..AT_ONCE {
            places.push(self.announce(&format!("together-{n}")).await?.1);
        }
        let began = now();
        futures_util::future::try_join_all(places.iter().map(|place| self.patch(place, file))).await?;
        let rate = rate((AT_ONCE * FILE_BYTES) as u64, began.elapsed()) / 1e6;
        let (_, most) = memory::resident(&process)?;
        group("memory of the server, MiB", ["before", "at most", "MB/s"]);
        line(
            &format!("{AT_ONCE} uploads of 50 MiB at once"),
            [before, most, rate].map(|figure| format!("{figure:.0}")),
        );
        Ok(())
    }
}

impl Plain {
    async fn open() -> Result<Self> {
        let folder = TempDir::with_prefix_in("sealpost-bench-", "/var/tmp")?;
        let mut server = Command::new(std::env::current_exe()?)
            .arg("--serve-plain")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = server.stdout.take().context("nothing is said")?;
        let address = BufReader::new(said).lines().next_line().await?.context("nothing is said")?.parse()?;
        Ok(Self { http: Client::new(), address, server, _folder: folder })
    }

    async fn upload(&self, name: &str, file: &Bytes) -> Result<f64> {
        let began = now();
        let put = self.http.put(format!("http://{}/{name}", self.address)).body(file.clone());
        put.send().await?.error_for_status()?;
        Ok(megabytes(began.elapsed()))
    }

    async fn download(&self, name: &str) -> Result<f64> {
        let began = now();
        whole(self.http.get(format!("http://{}/{name}", self.address)).send().await?).await?;
        Ok(megabytes(began.elapsed()))
    }
}

/// Takes files by PUT, whole and synced, and gives them by GET. Prints where it listens.
pub async fn serve_plain(folder: &Path) -> Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let folder = Arc::new(folder.to_owned());
    let endpoint = make(move |request: Request| {
        let folder = Arc::clone(&folder);
        async move { plain(&folder, request).await.map_err(poem::error::InternalServerError) }
    });
    let route = Route::new().at("/:name", endpoint);
    Ok(Server::new_with_acceptor(TcpAcceptor::from_tokio(listener)?).run(route).await?)
}

async fn plain(folder: &Path, mut request: Request) -> std::io::Result<Response> {
    let path = folder.join(request.uri().path().trim_start_matches('/'));
    if request.method() == poem::http::Method::GET {
        let file = File::open(path).await?;
        return Ok(Body::from_bytes_stream(ReaderStream::with_capacity(file, 64 * 1024)).into_response());
    }
    let mut file = File::create(path).await?;
    let mut body = request.take_body().into_bytes_stream();
    while let Some(piece) = body.next().await {
        file.write_all(&piece?).await?;
    }
    file.sync_all().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Reads an answer to its end.
async fn whole(mut response: reqwest::Response) -> Result<()> {
    ensure!(response.status().is_success(), "the server answered {}", response.status());
    let mut bytes = 0;
    while let Some(piece) = response.chunk().await? {
        bytes += piece.len();
    }
    ensure!(bytes == FILE_BYTES, "{bytes} bytes came");
    Ok(())
}

/// A file in that time, MB/s.
fn megabytes(time: Duration) -> f64 {
    rate(FILE_BYTES as u64, time) / 1e6
}
