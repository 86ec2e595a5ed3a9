//! Requests whose headers, bodies and status codes matter.

use crate::stage::Stage;
use base64ct::{Base64, Encoding};
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, COOKIE, SET_COOKIE},
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// One person's program, which sends what it is told to.
pub struct Raw {
    http: Client,
    address: SocketAddr,
    cookie: Option<String>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Raw {
    /// Somebody who is not logged in.
    pub fn stranger(address: SocketAddr) -> Self {
        Self { http: Client::new(), address, cookie: None }
    }

    /// A session of its own.
    pub async fn log_in(stage: &Stage, address: SocketAddr, who: &str) -> Self {
        let mut raw = Self::stranger(address);
        let query = "mutation($i: String!, $p: Secret!) \
             { logIn(input: { identifier: $i, password: $p }) { problems { code } } }";
        let body = json!({ "query": query, "variables": { "i": who, "p": stage.password(who) } });
        let response = raw.post("/graphql").json(&body).send().await.expect("an answer");
        let cookie = response.headers().get(SET_COOKIE).expect("a session").to_str().expect("text");
        raw.cookie = cookie.split(';').next().map(str::to_owned);
        raw
    }

    /// A query, with headers.
    pub async fn ask(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.post("/graphql").json(&json!({ "query": query }));
        received(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// A body as it is, said to be JSON.
    pub async fn send(&self, body: String) -> Answer {
        received(self.post("/graphql").header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Announces a file of so many bytes; none of them is sent.
    pub async fn announce(&self, draft: &str, name: &str, length: u64, key: &str) -> Answer {
        let metadata = [("draft", draft), ("name", name)];
        let metadata =
            metadata.map(|(name, value)| format!("{name} {}", Base64::encode_string(value.as_bytes())));
        let request = self
            .post("/upload")
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Length", length)
            .header("Upload-Metadata", metadata.join(","))
            .header("Idempotency-Key", key);
        received(request).await
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request =
            self.http.post(format!("http://{}{path}", self.address)).header("Sealpost-Request", "1");
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }
}

async fn received(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}
