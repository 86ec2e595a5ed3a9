//! A program that uploads, and can break off in the middle of it.

use base64ct::{Base64, Encoding};
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION},
};
use sealpost::walk::client::Client;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const CHUNK_TYPE: &str = "application/offset+octet-stream";

/// One person's program.
pub struct Tus {
    http: reqwest::Client,
    address: SocketAddr,
    cookie: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A request whose headers were sent and whose body is wanted.
pub struct Begun(TcpStream);

impl Tus {
    /// With the session of a client.
    pub fn of(client: &Client, address: SocketAddr) -> Self {
        let cookie = client.cookie().expect("somebody is logged in").to_owned();
        let http = reqwest::Client::builder().tls_certs_only([]).build().expect("a client");
        Self { http, address, cookie }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("http://{}{path}", self.address))
            .header(COOKIE, &self.cookie)
            .header("Sealpost-Request", "1")
            .header("Tus-Resumable", "1.0.0")
    }

    /// Announces a file, and gives the path to send it to.
    pub async fn create(&self, draft: &str, name: &str, length: usize, key: &str) -> String {
        let request = self
            .request(Method::POST, "/upload")
            .header("Upload-Length", length)
            .header("Upload-Metadata", metadata(&[("draft", draft), ("name", name)]))
            .header("Idempotency-Key", key);
        let answer = answered(request).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.text(LOCATION.as_str()).to_owned()
    }

    pub async fn patch(&self, path: &str, offset: usize, bytes: &[u8]) -> Answer {
        let request = self
            .request(Method::PATCH, path)
            .header("Upload-Offset", offset)
            .header(CONTENT_TYPE, CHUNK_TYPE)
            .body(bytes.to_vec());
        answered(request).await
    }

    pub async fn head(&self, path: &str) -> Answer {
        answered(self.request(Method::HEAD, path)).await
    }

    /// How far the server says that an upload is.
    pub async fn offset(&self, path: &str) -> usize {
        self.head(path).await.text("upload-offset").parse().expect("a number")
    }

    /// Sends the headers of a PATCH, and waits until the server asks for the body (RFC 9110 §10.1.1) or answers at once.
    pub async fn begin(&self, path: &str, offset: usize, length: usize) -> (u16, Begun) {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nSealpost-Request: 1\r\nTus-Resumable: 1.0.0\r\n\
             Upload-Offset: {offset}\r\nContent-Type: {CHUNK_TYPE}\r\nContent-Length: {length}\r\n\
             Expect: 100-continue\r\n\r\n",
            self.address, self.cookie
        );
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        let mut begun = Begun(stream);
        (begun.status().await, begun)
    }
}

impl Begun {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("it is sent");
    }

    /// The status of the next answer; what else it says is passed over.
    pub async fn status(&mut self) -> u16 {
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.expect("an answer"));
        }
        let head = String::from_utf8(head).expect("text");
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }
}

impl Answer {
    #[track_caller]
    pub fn text(&self, header: &str) -> &str {
        let value = self.headers.get(header).unwrap_or_else(|| panic!("no {header} in {self:?}"));
        value.to_str().expect("text")
    }

    /// What a refusal says.
    #[track_caller]
    pub fn title(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).expect("a problem");
        body["title"].as_str().expect("a title").to_owned()
    }
}

pub async fn answered(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: response.text().await.expect("a body") }
}

pub fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name} {}", Base64::encode_string(value.as_bytes())))
        .collect();
    pairs.join(",")
}
