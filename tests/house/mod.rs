//! What tests of the whole program share: people log in, write, and look into a folder.

use sealpost::walk::{Cast, client::Client};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A member who writes.
pub const CLARA: &str = "clara@insurer.example";
/// Another member.
pub const BRUNO: &str = "bruno@insurer.example";
/// A guest.
pub const GINA: &str = "gina@guest.example";
/// The compliance officer.
pub const OFFICER: &str = "officer@insurer.example";
/// The administrator.
pub const ADMINISTRATOR: &str = "admin@insurer.example";

/// New mail in one step.
pub const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) \
     { message { id subject expiresAt } draft { id version subject text expiresIn to { typed isNew } } \
     problems { code message field } position } }";

/// A new session of one of the people.
pub async fn logged_in(address: SocketAddr, cast: &Cast, who: &str) -> Client {
    let person = cast.people.iter().find(|(_, theirs, _)| theirs == who);
    let (_, _, password) = person.expect("somebody has this address");
    let mut client = Client::new(address).expect("a client");
    let payload = client.log_in(who, password).await.expect("an answer");
    assert_eq!(payload["viewer"]["account"]["primaryAddress"], who, "{payload}");
    client
}

/// All messages of a folder, newest first.
pub async fn folder(client: &mut Client, name: &str) -> Vec<Value> {
    let query = format!(
        "query($after: String) {{ viewer {{ mailbox {{ {name}(first: 100, after: $after) \
         {{ pageInfo {{ hasNextPage endCursor }} edges {{ node {{ id subject openedAt mayReply mayForward \
         to {{ address name }} cc {{ address }} attachments {{ name sizeBytes }} }} }} }} }} }} }}"
    );
    let (mut all, mut after) = (vec![], Value::Null);
    loop {
        let answer = client.ask(&query, json!({ "after": after })).await.expect("an answer");
        let page = &answer["data"]["viewer"]["mailbox"][name];
        let edges = page["edges"].as_array().unwrap_or_else(|| panic!("no {name}: {answer}"));
        all.extend(edges.iter().map(|edge| edge["node"].clone()));
        if page["pageInfo"]["hasNextPage"] != true {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
