//! What people try who mean harm, and what happens to people by mistake: guessing by the thousand, links followed by many or
//! by machines, tokens in the wrong place, a clock that goes back, texts that are meant to be something else, addresses that
//! look like others.

use crate::stage::Stage;
use sealpost::walk::client::Client;
use serde_json::{Value, json};

mod clock;
mod failures;
mod links;
mod lookalikes;
mod names;
mod payloads;
mod policy;
mod tokens;

const ADD_ALIAS: &str = "mutation($input: AddAliasInput!) { addAlias(input: $input) \
     { alias { id address state } problems { code field } } }";

/// Lets people recover by both ways and members have aliases, so that there are links of every kind.
async fn allowed(stage: &Stage) {
    let all = |policy: &mut domain::policy::Policy| {
        policy.recovery.link = true;
        policy.accounts.aliases = true;
    };
    stage.change_policy(all).await;
}

/// Asks for an alias; gives the payload.
async fn ask(client: &mut Client, address: &str) -> Value {
    client.act(ADD_ALIAS, json!({ "address": address })).await.expect("it is asked for")
}
