//! A client program, as small as can be: GraphQL, cookies, uploads, downloads and news over HTTP, and nothing that knows the server.

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// How long news may take before the walk says that none came.
const PATIENCE: Duration = Duration::from_secs(10);

/// One person's browser or program.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    /// The session's cookie, as `name=value`.
    cookie: Option<String>,
    /// Headers that it sends with every request.
    headers: header::HeaderMap,
}

/// A file to be attached.
pub struct File {
    /// Its name.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A subscription to the news of a mailbox.
pub struct News(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// Somebody who is not logged in.
    pub fn new(address: SocketAddr) -> Result<Self> {
        // It speaks plain HTTP with its own machine: reading the machine's certificates would take longer than all else.
        let builder = reqwest::Client::builder().tls_certs_only([]);
        let http = builder.redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, address, cookie: None, headers: header::HeaderMap::new() })
    }

    /// The same client, which sends this header with every request from now on.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Result<Self> {
        self.headers.insert(name, value.parse()?);
        Ok(self)
    }

    /// The session's cookie, as `name=value`.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The same client with another cookie, or with none.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<String>) -> Self {
        self.cookie = cookie;
        self
    }

    /// Sends an operation and gives the whole answer.
    pub async fn ask(&mut self, query: &str, variables: Value) -> Result<Value> {
        let mut request = self
            .request(Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .body(json!({ "query": query, "variables": variables }).to_string());
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = request.send().await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
            self.cookie = pair.split_once('=').is_some_and(|(_, value)| !value.is_empty()).then_some(pair);
        }
        Ok(serde_json::from_str(&response.text().await?)?)
    }

    /// Sends a mutation that must be done, and gives its payload.
    pub async fn act(&mut self, query: &str, input: Value) -> Result<Value> {
        let payload = self.attempt(query, input).await?;
        let problems = payload["problems"].as_array().map_or(0, Vec::len);
        ensure!(problems == 0, "it was refused: {}", payload["problems"]);
        Ok(payload)
    }

    /// Sends a mutation, and gives its payload with its problems.
    pub async fn attempt(&mut self, query: &str, input: Value) -> Result<Value> {
        let answer = self.ask(query, json!({ "input": input })).await?;
        ensure!(answer["errors"].is_null(), "the server answered {}", answer["errors"]);
        let payload = answer["data"].as_object().and_then(|data| data.values().next().cloned());
        payload.context("the answer has no payload")
    }

    /// Logs in; the answer says whether it worked.
    pub async fn log_in(&mut self, address: &str, password: &str) -> Result<Value> {
        let query = "mutation($input: LogInInput!) { logIn(input: $input) \
             { viewer { id account { id primaryAddress } } problems { code message } position } }";
        self.attempt(query, json!({ "identifier": address, "password": password })).await
    }

    /// Fetches a page, as a browser that follows a link does.
    pub async fn page(&self, method: Method, path: &str) -> Result<StatusCode> {
        Ok(self.request(method, path).send().await?.status())
    }

    /// The text of a page.
    pub async fn fetch(&self, path: &str) -> Result<String> {
        Ok(self.request(Method::GET, path).send().await?.text().await?)
    }

    /// Presses the button of a page.
    pub async fn press(&self, path: &str) -> Result<StatusCode> {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(request.send().await?.status())
    }

    /// Attaches a file to a draft: tus creation and one PATCH.
    pub async fn upload(&self, draft: &str, key: &str, file: &File) -> Result<()> {
        self.upload_in_pieces(draft, key, file, 1).await
    }

    /// Attaches a file to a draft in so many requests, each from where the server says that it is.
    pub async fn upload_in_pieces(&self, draft: &str, key: &str, file: &File, pieces: usize) -> Result<()> {
        let metadata = [("draft", draft), ("name", &file.name), ("type", &file.media_type)]
            .map(|(name, value)| format!("{name} {}", base64(value.as_bytes())))
            .join(",");
        let created = self
            .tus(Method::POST, "/upload")?
            .header("Upload-Length", file.bytes.len())
            .header("Upload-Metadata", metadata)
            .header("Idempotency-Key", key)
            .send()
            .await?;
        ensure!(created.status() == StatusCode::CREATED, "the upload was refused: {}", created.text().await?);
        let place =
            created.headers().get(header::LOCATION).context("no place to upload to")?.to_str()?.to_owned();
        let path = place.find("/upload/").map_or(place.as_str(), |start| &place[start..]);
        for piece in file.bytes.chunks(file.bytes.len().div_ceil(pieces).max(1)) {
            let progress = self.tus(Method::HEAD, path)?.send().await?;
            let offset = progress.headers().get("Upload-Offset").context("no offset")?.to_str()?.to_owned();
            let sent = self
                .tus(Method::PATCH, path)?
                .header("Upload-Offset", offset)
                .header(header::CONTENT_TYPE, "application/offset+octet-stream")
                .body(piece.to_vec())
                .send()
                .await?;
            ensure!(sent.status() == StatusCode::NO_CONTENT, "the file was refused: {}", sent.text().await?);
        }
        Ok(())
    }

    /// Fetches a file that needs the session.
    pub async fn download(&self, path: &str) -> Result<Vec<u8>> {
        let cookie = self.cookie.as_deref().context("nobody is logged in")?;
        let answer = self.request(Method::GET, path).header(header::COOKIE, cookie).send().await?;
        ensure!(answer.status() == StatusCode::OK, "{} at {path}: {}", answer.status(), answer.text().await?);
        Ok(answer.bytes().await?.to_vec())
    }

    /// Subscribes to the news of the mailbox.
    pub async fn news(&self) -> Result<News> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse()?);
        headers.insert("Cookie", self.cookie.as_deref().context("nobody is logged in")?.parse()?);
        headers.insert("Sealpost-Request", "1".parse()?);
        let (mut socket, _) = connect_async(request).await?;
        socket.send(Message::text(json!({ "type": "connection_init" }).to_string())).await?;
        let mut news = News(socket);
        ensure!(news.receive().await?["type"] == "connection_ack", "the subscription was refused");
        let query = "subscription { mailboxChanged { kind unreadCount message { id subject } } }";
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
        news.0.send(Message::text(subscribe.to_string())).await?;
        // An answer to the ping means that the subscription before it was taken up.
        news.0.send(Message::text(json!({ "type": "ping" }).to_string())).await?;
        ensure!(news.receive().await?["type"] == "pong", "the subscription was not taken up");
        Ok(news)
    }

    fn tus(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder> {
        let cookie = self.cookie.as_deref().context("nobody is logged in")?;
        let request = self.request(method, path).header(header::COOKIE, cookie);
        Ok(request.header("Tus-Resumable", "1.0.0"))
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.address))
            .header("Sealpost-Request", "1")
            .header(header::USER_AGENT, "sealpost walk")
            .headers(self.headers.clone())
    }
}

impl News {
    /// The next change of the mailbox.
    pub async fn next(&mut self) -> Result<Value> {
        let message = self.receive().await?;
        ensure!(message["type"] == "next", "instead of news came {message}");
        Ok(message["payload"]["data"]["mailboxChanged"].clone())
    }

    async fn receive(&mut self) -> Result<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.context("no news came")? {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text)?),
                Some(Ok(Message::Close(why))) => bail!("the subscription was closed: {why:?}"),
                Some(Ok(_)) => {}
                Some(Err(problem)) => return Err(problem.into()),
                None => bail!("the subscription ended"),
            }
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(bytes)
}
