//! The three packs as executable conformance suites (N6): each plays its list of requirements in order, as the people whom
//! it concerns, over HTTP, on both databases. A step is named by the behaviour that it shows.

mod envelope;
mod platform;
mod portal;

use crate::stage::{Stage, codes};
use sealpost::walk::{client::Client, letters::Arrived};
use serde_json::{Value, json};

/// A new person, invited by what the suite does.
pub const ADA: &str = "ada@guest.example";
/// What Ada chooses first.
pub const PASSWORD: &str = "seven quiet herons at dawn";
/// What Ada chooses when that is lost.
pub const NEW_PASSWORD: &str = "four grey owls on a wire";
/// Her hint for herself.
pub const PHRASE: &str = "birds in the morning";

/// Does a mutation of the contract; gives its payload, problems and all.
pub async fn does(client: &mut Client, mutation: &str, fields: &str, input: Value) -> Value {
    let (first, rest) = mutation.split_at(1);
    let query = format!(
        "mutation($input: {}{rest}Input!) {{ {mutation}(input: $input) \
         {{ {fields} problems {{ code message field }} position }} }}",
        first.to_uppercase()
    );
    client.attempt(&query, input).await.expect("an answer")
}

/// Does a mutation that must be done.
pub async fn did(client: &mut Client, mutation: &str, fields: &str, input: Value) -> Value {
    let payload = does(client, mutation, fields, input).await;
    assert!(codes(&payload).is_empty(), "{mutation}: {payload}");
    payload
}

/// Asks a query; gives its data.
pub async fn asks(client: &mut Client, query: &str) -> Value {
    let answer = client.ask(query, json!({})).await.expect("an answer");
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

/// What a link's token is for.
pub async fn link(client: &mut Client, token: &str) -> Value {
    let query = "query($token: Secret!) { link(token: $token) { purpose state maskedAddress expiresAt needsPassword } }";
    client.ask(query, json!({ "token": token })).await.expect("an answer")["data"]["link"].clone()
}

/// Whether somebody can log in.
pub async fn can_log_in(stage: &Stage, identifier: &str, password: &str) -> bool {
    let payload = stage.stranger().log_in(identifier, password).await.expect("an answer");
    !payload["viewer"].is_null()
}

/// Logs in by address and password.
pub async fn logged_in(stage: &Stage, identifier: &str, password: &str) -> Client {
    let mut client = stage.stranger();
    let payload = client.log_in(identifier, password).await.expect("an answer");
    assert!(!payload["viewer"].is_null(), "{payload}");
    client
}

/// The mails that an address got since they were last read.
pub async fn new_mails(stage: &Stage, address: &str) -> Vec<Arrived> {
    let mut mails = stage.mails(address).await;
    let mut read = stage.read.lock().expect("nobody panicked with it");
    mails.retain(|mail| read.insert(mail.raw.clone()));
    mails
}

/// The one mail that an address got since they were last read.
pub async fn new_mail(stage: &Stage, address: &str) -> Arrived {
    let mut new = new_mails(stage, address).await;
    assert_eq!(new.len(), 1, "new mails to {address}");
    new.remove(0)
}

/// A page as a browser shows it that follows where it is led.
pub async fn page(stage: &Stage, path: &str) -> String {
    let answer = reqwest::get(format!("http://{}{path}", stage.address)).await.expect("an answer");
    answer.text().await.expect("a page")
}

/// The path of the first link of a mail.
pub fn first_path(mail: &Arrived) -> String {
    let url = mail.text.split_whitespace().find(|word| word.starts_with("http")).expect("a link");
    format!("/{}", url.splitn(4, '/').nth(3).unwrap_or_default())
}

/// What a browser without cookies shows after a form was sent.
pub async fn pressed(stage: &Stage, path: &str, form: &[(&str, &str)]) -> String {
    let body = reqwest::Url::parse_with_params("http://form/", form).expect("a form");
    let answer = reqwest::Client::new()
        .post(format!("http://{}{path}", stage.address))
        .header("origin", format!("http://{}", stage.address))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.query().unwrap_or_default().to_owned())
        .send()
        .await
        .expect("an answer");
    answer.text().await.expect("a page")
}
