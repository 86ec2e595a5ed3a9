//! A browser at a network of its own: requests come by the proxy that the stage trusts.

use crate::stage::Stage;
use reqwest::{
    Client,
    header::{COOKIE, HeaderMap, SET_COOKIE},
};
use serde_json::{Value, json};
use std::net::SocketAddr;

pub const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { viewer { account { primaryAddress } } \
     secondFactor { token kinds } problems { code message field } position } }";
pub const WHO: &str = "{ viewer { account { primaryAddress } } }";

/// One browser. What answers set or clear, it keeps or forgets.
#[derive(Clone)]
pub struct Browser {
    http: Client,
    address: SocketAddr,
    /// Where it is.
    pub network: String,
    /// The session's cookie, as `name=value`.
    pub cookie: Option<String>,
    /// Headers of the last answer.
    pub headers: HeaderMap,
}

impl Browser {
    pub fn new(stage: &Stage, network: &str) -> Self {
        let headers = HeaderMap::new();
        Self { http: Client::new(), address: stage.address, network: network.into(), cookie: None, headers }
    }

    /// Somebody who is logged in from there.
    pub async fn log_in(stage: &Stage, network: &str, who: &str) -> Self {
        let mut browser = Self::new(stage, network);
        let payload = browser.try_log_in(who, stage.password(who)).await;
        assert_eq!(payload["viewer"]["account"]["primaryAddress"], who, "{payload}");
        browser
    }

    /// Tries to log in; gives the payload.
    pub async fn try_log_in(&mut self, identifier: &str, password: &str) -> Value {
        self.attempt(LOG_IN, json!({ "identifier": identifier, "password": password })).await
    }

    /// Sends a mutation; gives its payload.
    pub async fn attempt(&mut self, query: &str, input: Value) -> Value {
        let answer = self.ask(query, json!({ "input": input })).await;
        let payload = answer["data"].as_object().and_then(|data| data.values().next().cloned());
        payload.unwrap_or_else(|| panic!("no payload: {answer}"))
    }

    /// Sends an operation; gives the whole answer.
    pub async fn ask(&mut self, query: &str, variables: Value) -> Value {
        let mut request = self
            .http
            .post(format!("http://{}/graphql", self.address))
            .header("Sealpost-Request", "1")
            .header("X-Forwarded-For", &self.network)
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.expect("an answer");
        self.headers = response.headers().clone();
        for cookie in self.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            self.cookie =
                pair.split_once('=').is_some_and(|(_, value)| !value.is_empty()).then(|| pair.to_owned());
        }
        response.json().await.expect("JSON")
    }

    /// Whose session it is; otherwise the code of the error.
    pub async fn who(&mut self) -> String {
        let answer = self.ask(WHO, json!({})).await;
        let found = answer.pointer("/data/viewer/account/primaryAddress").and_then(Value::as_str);
        found.unwrap_or_else(|| crate::stage::error(&answer)).to_owned()
    }
}
