//! Client programs: how one gets a credential, what it does with it, and how it loses it (B51–B55).

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA},
    raw::Answer,
    second_factor::enrol,
    stage::{OPEN, Stage, codes, error, listed, on_stage, text},
};
use app::Founding;
use base64ct::{Base64, Encoding};
use domain::{
    Metadata,
    event::Actor,
    organisation::{Command, Identity, Organisation},
    policy::{Pack, Policy, Role},
    presentation::{Presentation, SupportedClient},
};
use reqwest::{RequestBuilder, StatusCode, header::SET_COOKIE};
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use std::{collections::BTreeSet, net::SocketAddr};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};
use uuid::Uuid;

const REQUEST: &str = "mutation($input: RequestClientActivationInput!) { requestClientActivation(input: $input) \
     { deviceCode userCode verificationUrl interval expiresAt problems { code field } position } }";
const APPROVE: &str = "mutation($input: ApproveClientInput!) { approveClient(input: $input) \
     { client { id name version platform state activatedAt lastUsedAt } problems { code message field } } }";
const CONFIRM: &str = "mutation($input: ConfirmClientActivationInput!) { confirmClientActivation(input: $input) \
     { credential client { id name } problems { code field } position } }";
const BLOCK: &str = "mutation($input: BlockClientInput!) { blockClient(input: $input) \
     { client { id state } problems { code field } position } }";
const DELETE: &str = "mutation($input: DeleteClientInput!) { deleteClient(input: $input) \
     { deletedClientId problems { code field } } }";
const CLIENTS: &str = "{ viewer { clients { id name version platform state activatedAt lastUsedAt } } }";
const WHO: &str = "{ viewer { account { primaryAddress } } }";
const INBOX: &str = "{ viewer { mailbox { inbox(first: 10) { edges { node { id subject } } } } } }";
const ORGANISATION: &str = "{ organisation { name } }";
const ACTIVATION_URL: &str = "http://localhost/device";

/// A program that knows its credential and nothing of cookies, origins or the portal.
struct Plugin {
    address: SocketAddr,
    headers: Vec<(&'static str, String)>,
}

impl Plugin {
    fn new(stage: &Stage) -> Self {
        Self { address: stage.address, headers: vec![] }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    async fn ask(&self, query: &str) -> Answer {
        self.send(&json!({ "query": query })).await
    }

    /// Sends a mutation; gives its payload.
    async fn act(&self, query: &str, input: Value) -> Value {
        let answer = self.send(&json!({ "query": query, "variables": { "input": input } })).await.body;
        let payload = answer["data"].as_object().and_then(|data| data.values().next().cloned());
        payload.unwrap_or_else(|| panic!("no payload: {answer}"))
    }

    async fn send(&self, body: &Value) -> Answer {
        received(self.post("/graphql").json(body)).await
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = reqwest::Client::new().post(format!("http://{}{path}", self.address));
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }
}

fn program(name: &str, version: &str) -> Value {
    json!({ "name": name, "version": version, "platform": "Linux" })
}

/// A program asks; gives what it keeps and what it shows.
async fn request(stage: &Stage) -> (String, String) {
    let asked = Plugin::new(stage).act(REQUEST, program("Plugin", "2.1")).await;
    (text(&asked, "/deviceCode"), text(&asked, "/userCode"))
}

async fn approve(person: &mut Client, user_code: &str) -> Value {
    person.attempt(APPROVE, json!({ "userCode": user_code })).await.expect("an answer")
}

async fn confirm(stage: &Stage, device_code: &str) -> Value {
    Plugin::new(stage).act(CONFIRM, json!({ "deviceCode": device_code })).await
}

/// The whole way, quickly: a program with its credential, that credential, and the client's id.
async fn activated(stage: &Stage, person: &mut Client) -> (Plugin, String, String) {
    let (device_code, user_code) = request(stage).await;
    approve(person, &user_code).await;
    let fetched = confirm(stage, &device_code).await;
    let credential = text(&fetched, "/credential");
    (bearing(stage, &credential), credential, text(&fetched, "/client/id"))
}

fn bearing(stage: &Stage, credential: &str) -> Plugin {
    Plugin::new(stage).with("Authorization", &format!("Bearer {credential}"))
}

async fn clients(person: &mut Client) -> Vec<Value> {
    let answer = person.ask(CLIENTS, json!({})).await.expect("an answer");
    answer["data"]["viewer"]["clients"].as_array().unwrap_or_else(|| panic!("no clients: {answer}")).clone()
}

fn whose(answer: &Answer) -> String {
    text(&answer.body, "/data/viewer/account/primaryAddress")
}

/// Whether a request was refused because the client is not activated, with the way out.
#[track_caller]
fn not_activated(answer: &Answer) {
    let extensions = &answer.body["errors"][0]["extensions"];
    let told = (error(&answer.body), extensions["activationUrl"].as_str());
    assert_eq!(told, ("CLIENT_NOT_ACTIVATED", Some(ACTIVATION_URL)), "{}", answer.body);
}

/// B51: a program shows a code, a person types it as people do, and the program fetches a credential, once, with which it
/// reads, writes and uploads as that person, without any of what browsers need.
#[tokio::test]
async fn a_client_is_activated() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let asked = Plugin::new(stage).act(REQUEST, program("Plugin", "2.1")).await;
        assert_eq!(asked["verificationUrl"], ACTIVATION_URL);
        assert_eq!((&asked["interval"], &asked["position"]), (&json!("PT5S"), &Value::Null));
        assert_eq!(asked["expiresAt"], "2026-03-02T09:10:00Z");
        let (device_code, user_code) = (text(&asked, "/deviceCode"), text(&asked, "/userCode"));
        let early = confirm(stage, &device_code).await;
        assert_eq!((codes(&early), &early["credential"]), (vec!["AUTHORIZATION_PENDING"], &Value::Null));

        let typed = format!(" {} ", user_code.to_lowercase().replace('-', " "));
        let approved = approve(&mut clara, &typed).await;
        let expected = json!({ "id": approved["client"]["id"], "name": "Plugin", "version": "2.1", "platform": "Linux",
            "state": "ACTIVE", "activatedAt": "2026-03-02T09:00:00Z", "lastUsedAt": null });
        assert_eq!((codes(&approved), &approved["client"]), (vec![], &expected));
        assert_eq!(codes(&approve(&mut clara, &typed).await), ["NOT_FOUND"], "a code is good once");

        let fetched = confirm(stage, &device_code).await;
        assert_eq!((codes(&fetched), &fetched["client"]["id"]), (vec![], &expected["id"]));
        let again = confirm(stage, &device_code).await;
        assert_eq!((codes(&again), &again["credential"]), (vec!["NOT_FOUND"], &Value::Null));
        assert_eq!(codes(&confirm(stage, &text(&fetched, "/credential")).await), ["NOT_FOUND"]);

        let plugin = bearing(stage, &text(&fetched, "/credential"));
        assert_eq!(whose(&plugin.ask(WHO).await), CLARA);
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        assert_eq!(announce(&plugin, &draft).await.status, StatusCode::CREATED);
        let mut bruno = stage.log_in(BRUNO).await;
        let message = stage.send(&mut bruno, CLARA, "For the plugin").await;
        assert_eq!(plugin.ask(INBOX).await.body["data"]["viewer"]["mailbox"]["inbox"]["edges"][0]["node"]["id"], message);
        let opened = plugin.act(OPEN, json!({ "messageId": message })).await;
        assert_eq!(opened["content"]["text"], "The text.");

        assert_eq!(clients(&mut clara).await[0]["lastUsedAt"], "2026-03-02T09:00:00Z");
        let sessions = plugin.ask("{ viewer { session { current device client { id name } } sessions { current } } }").await;
        let own = &sessions.body["data"]["viewer"]["session"];
        assert_eq!((&own["client"]["id"], &own["device"]), (&expected["id"], &json!("Plugin 2.1, Linux")));
        assert_eq!(sessions.body["data"]["viewer"]["sessions"].as_array().map(Vec::len), Some(2));
        let node = plugin.ask(&format!("{{ node(id: {}) {{ ... on Client {{ name }} }} }}", expected["id"])).await;
        assert_eq!(node.body["data"]["node"]["name"], "Plugin");
        assert!(socket(stage, &plugin).await, "news come to a client");
    })
    .await;
}

/// B51: ten minutes after it was asked for, to the second, a code cannot be approved any more, and an approved one not
/// fetched.
#[tokio::test]
async fn a_code_expires() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (in_time, late, unfetched) = (request(stage).await, request(stage).await, request(stage).await);
        stage.advance("PT9M59S").await;
        assert_eq!(codes(&approve(&mut clara, &in_time.1).await), [""; 0]);
        assert_eq!(codes(&approve(&mut clara, &unfetched.1).await), [""; 0]);
        assert_eq!(codes(&confirm(stage, &in_time.0).await), [""; 0]);
        stage.advance("PT1S").await;
        assert_eq!(codes(&approve(&mut clara, &late.1).await), ["NOT_FOUND"]);
        assert_eq!(codes(&confirm(stage, &late.0).await), ["NOT_FOUND"]);
        assert_eq!(codes(&confirm(stage, &unfetched.0).await), ["NOT_FOUND"]);
    })
    .await;
}

/// B51: a blocked client's next request is refused; a client is deleted once it is blocked, by its own person; no mail is
/// lost with it, and the program can be activated anew.
#[tokio::test]
async fn a_client_is_blocked_and_deleted() {
    on_stage(async |stage| {
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let (plugin, _, id) = activated(stage, &mut clara).await;
        let (other, _, _) = activated(stage, &mut clara).await;
        let sent = text(
            &plugin
                .act(
                    crate::house::SEND,
                    json!({ "idempotencyKey": stage.key(), "to": [GINA],
            "subject": "By a program", "text": "The text." }),
                )
                .await,
            "/message/id",
        );
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");

        let input = json!({ "clientId": id });
        let early = clara.attempt(DELETE, input.clone()).await.expect("an answer");
        assert_eq!((codes(&early), &early["deletedClientId"]), (vec!["NOT_ALLOWED"], &Value::Null));
        for mutation in [BLOCK, DELETE] {
            let foreign = bruno.attempt(mutation, input.clone()).await.expect("an answer");
            assert_eq!(
                (codes(&foreign), &foreign["problems"][0]["field"]),
                (vec!["NOT_FOUND"], &json!(["clientId"]))
            );
        }
        assert_eq!(whose(&plugin.ask(WHO).await), CLARA);

        let blocked = clara.act(BLOCK, input.clone()).await.expect("an answer");
        assert_eq!(blocked["client"], json!({ "id": id, "state": "BLOCKED" }));
        not_activated(&plugin.ask(WHO).await);
        not_activated(&plugin.ask(INBOX).await);
        let upload = announce(&plugin, &draft).await;
        assert_eq!(
            (upload.status, &upload.body["code"], &upload.body["activationUrl"]),
            (StatusCode::UNAUTHORIZED, &json!("CLIENT_NOT_ACTIVATED"), &json!(ACTIVATION_URL))
        );
        assert!(!socket(stage, &plugin).await);
        let programs = clients(&mut clara).await;
        let states: Vec<_> = programs.iter().map(|client| client["state"].clone()).collect();
        assert_eq!(states, ["BLOCKED", "ACTIVE"]);
        assert_eq!(programs[0]["lastUsedAt"], "2026-03-02T09:00:00Z", "it is known when it was last used");
        let head = stage.head();
        assert_eq!(codes(&clara.attempt(BLOCK, input.clone()).await.expect("an answer")), [""; 0]);
        assert_eq!(stage.head(), head, "blocking twice is nothing new");

        let deleted = clara.act(DELETE, input.clone()).await.expect("an answer");
        assert_eq!(deleted["deletedClientId"], id);
        assert_eq!(clients(&mut clara).await.len(), 1);
        not_activated(&plugin.ask(WHO).await);
        assert_eq!(codes(&clara.attempt(DELETE, input).await.expect("an answer")), ["NOT_FOUND"]);
        assert_eq!(whose(&other.ask(WHO).await), CLARA, "another client goes on");
        assert_eq!(listed(&mut clara, "sent", &sent).await["subject"], "By a program");
        let (anew, _, _) = activated(stage, &mut clara).await;
        assert_eq!(whose(&anew.ask(WHO).await), CLARA);
    })
    .await;
}

/// B51: a client blocked between approval and fetching gets no credential.
#[tokio::test]
async fn a_client_is_blocked_before_it_fetches() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (device_code, user_code) = request(stage).await;
        let approved = approve(&mut clara, &user_code).await;
        clara.act(BLOCK, json!({ "clientId": approved["client"]["id"] })).await.expect("it is blocked");
        let fetched = confirm(stage, &device_code).await;
        assert_eq!((codes(&fetched), &fetched["credential"]), (vec!["NOT_FOUND"], &Value::Null));
    })
    .await;
}

/// B53: a client that is not activated and asks for a message is told where, and goes on from there; what anyone may know
/// it gets all along. A program that does not name itself is told to log in.
#[tokio::test]
async fn an_unactivated_client_is_told_how() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let mut bruno = stage.log_in(BRUNO).await;
        let message = stage.send(&mut bruno, CLARA, "For the plugin").await;
        let open = json!({ "query": OPEN, "variables": { "input": { "messageId": message } } });
        let unknown = bearing(stage, "AAAA.BBBB");
        for plugin in [Plugin::new(stage).with("Sealpost-Client", "Plugin/2.1"), unknown] {
            not_activated(&plugin.ask(INBOX).await);
            not_activated(&plugin.send(&open).await);
            assert_eq!(plugin.ask(ORGANISATION).await.body["errors"], Value::Null);
            let asked = plugin.act(REQUEST, program("Plugin", "2.1")).await;
            assert_eq!(codes(&approve(&mut clara, &text(&asked, "/userCode")).await), [""; 0]);
            let fetched = plugin.act(CONFIRM, json!({ "deviceCode": asked["deviceCode"] })).await;
            let active = bearing(stage, &text(&fetched, "/credential")).with("Sealpost-Client", "Plugin/2.1");
            assert_eq!(active.send(&open).await.body["data"]["openMessage"]["content"]["text"], "The text.");
        }
        let nameless = Plugin::new(stage);
        assert_eq!(error(&nameless.send(&open).await.body), "UNAUTHENTICATED");
        assert_eq!(nameless.ask(WHO).await.body, json!({ "data": { "viewer": null } }));
    })
    .await;
}

/// B54, B55: a client older than the organisation serves is refused with the version that it needs, whatever the case of
/// its name; what anyone may know, which versions are wanted among it, it is still told; other programs are not concerned.
#[tokio::test]
async fn a_client_that_is_too_old_is_refused() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (_, credential, _) = activated(stage, &mut clara).await;
        let draft = text(&stage.draft(&mut clara, &Value::Null).await, "/id");
        support(stage, &[("Plugin", "2.9"), ("Plugin", "2.2.1"), ("Mobile", "7")]).await;
        let named = |name: &str| bearing(stage, &credential).with("Sealpost-Client", name);
        for name in ["Plugin/2.2.0", "PLUGIN/2.1", "plugin/unknown"] {
            let refused = named(name).ask(WHO).await.body;
            let minimum = &refused["errors"][0]["extensions"]["minimumVersion"];
            assert_eq!((error(&refused), minimum), ("CLIENT_TOO_OLD", &json!("2.2.1")), "{name}: {refused}");
            let supported = "{ organisation { supportedClients { name minimumVersion wantedVersion } } }";
            let told =
                named(name).ask(supported).await.body["data"]["organisation"]["supportedClients"][0].clone();
            assert_eq!(told, json!({ "name": "Plugin", "minimumVersion": "2.9", "wantedVersion": "10" }));
        }
        let upload = announce(&named("Plugin/2"), &draft).await;
        assert_eq!(
            (upload.status, &upload.body["minimumVersion"]),
            (StatusCode::UPGRADE_REQUIRED, &json!("2.2.1"))
        );
        assert!(!socket(stage, &named("Plugin/2")).await);
        for name in ["Plugin/2.2.1", "plugin/2.10", "Mobile/7.0", "Another/0.1"] {
            assert_eq!(whose(&named(name).ask(WHO).await), CLARA, "{name}");
        }
        let head = stage.head();
        let body = json!({ "query": REQUEST, "variables": { "input": program("plugin", "2.2") } });
        assert_eq!(error(&Plugin::new(stage).send(&body).await.body), "CLIENT_TOO_OLD");
        assert_eq!(stage.head(), head, "and nothing is recorded");
    })
    .await;
}

/// B51, B53: headers that nobody could have meant are refused and say what is right. A browser's credential is no
/// client's, and the other way round.
#[tokio::test]
async fn malformed_headers_are_refused() {
    on_stage(async |stage| {
        for (name, value) in [
            ("Authorization", "Basic Y2xhcmE6c2VjcmV0"),
            ("Authorization", "Bearer"),
            ("Authorization", "Bearer one two"),
            ("Sealpost-Client", "Plugin"),
            ("Sealpost-Client", "/2.1"),
        ] {
            let refused = Plugin::new(stage).with(name, value).ask(ORGANISATION).await;
            let told = (refused.status, error(&refused.body));
            assert_eq!(told, (StatusCode::BAD_REQUEST, "BAD_REQUEST"), "{name}: {value}");
        }
        let mut clara = stage.log_in(CLARA).await;
        let (plugin, credential, _) = activated(stage, &mut clara).await;
        let session = session(stage, CLARA).await;
        let cookie = |value: &str| format!("{}={value}", api::COOKIE);
        let both =
            bearing(stage, &credential).with("Cookie", &cookie(&session)).with("Sealpost-Request", "1");
        let both = both.ask(WHO).await;
        assert_eq!((both.status, error(&both.body)), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
        let browser =
            |value: &str| Plugin::new(stage).with("Cookie", &cookie(value)).with("Sealpost-Request", "1");
        assert_eq!(error(&browser(&credential).ask(WHO).await.body), "SESSION_ENDED");
        not_activated(&bearing(stage, &session).ask(WHO).await);
        assert_eq!(whose(&browser(&session).ask(WHO).await), CLARA);
        assert_eq!(whose(&plugin.ask(WHO).await), CLARA);
    })
    .await;
}

/// B51: what a program calls itself is text, shown as it is and never run; an empty, long or broken name is refused, and
/// nothing is recorded of it.
#[tokio::test]
async fn names_of_clients_are_text() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let long = "n".repeat(101);
        let head = stage.head();
        for name in ["", " ", long.as_str(), "Plugin\r\nSet-Cookie: a=b", "Plugin\u{0}", "\u{1b}[31mPlugin"] {
            let refused = Plugin::new(stage).act(REQUEST, program(name, "2.1")).await;
            assert_eq!(
                (codes(&refused), &refused["deviceCode"]),
                (vec!["INVALID"], &Value::Null),
                "{name:?}"
            );
        }
        assert_eq!(stage.head(), head);
        for name in [
            "<script>alert(1)</script>",
            "'; DROP TABLE rm_sessions; --",
            "${name} {{7*7}} %s",
            "Übermail 🦆",
        ] {
            let asked = Plugin::new(stage).act(REQUEST, program(name, "2.1")).await;
            let approved = approve(&mut clara, &text(&asked, "/userCode")).await;
            assert_eq!(approved["client"]["name"], name);
            let fetched = Plugin::new(stage).act(CONFIRM, json!({ "deviceCode": asked["deviceCode"] })).await;
            assert_eq!(whose(&bearing(stage, &text(&fetched, "/credential")).ask(WHO).await), CLARA);
        }
    })
    .await;
}

/// B51: a device code and a credential are worth nothing in another organisation, and neither are they once one letter of
/// them is another.
#[tokio::test]
async fn codes_belong_to_one_organisation() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (_, credential, _) = activated(stage, &mut clara).await;
        let (device_code, user_code) = request(stage).await;
        assert_eq!(codes(&approve(&mut clara, &user_code).await), [""; 0]);
        another_organisation(stage).await;
        let (here, there) = ("localhost", "other.example");
        let fetch = |device_code: &str| json!({ "deviceCode": device_code });
        let at = |host: &str| Plugin::new(stage).with("Host", host);
        assert_eq!(codes(&at(there).act(CONFIRM, fetch(&device_code)).await), ["NOT_FOUND"]);
        let forged = format!("{}{}", &device_code[1..], &device_code[..1]);
        assert_eq!(codes(&at(here).act(CONFIRM, fetch(&forged)).await), ["NOT_FOUND"]);
        assert_eq!(codes(&at(here).act(CONFIRM, fetch(&device_code)).await), [""; 0]);
        let foreign = bearing(stage, &credential).with("Host", there).ask(WHO).await.body;
        assert_eq!(error(&foreign), "CLIENT_NOT_ACTIVATED");
        assert_eq!(foreign["errors"][0]["extensions"]["activationUrl"], "http://other.example/device");
        assert_eq!(whose(&bearing(stage, &credential).with("Host", here).ask(WHO).await), CLARA);
    })
    .await;
}

/// B51, R3: who guesses codes is not heard any more after fifty of them, not even with the right one; and of one network
/// twenty requests are taken in ten minutes, the others leave no trace.
#[tokio::test]
async fn guesses_and_requests_are_throttled() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let mut shown = vec![];
        for _ in 0..20 {
            shown.push(request(stage).await.1);
        }
        let head = stage.head();
        let body = json!({ "query": REQUEST, "variables": { "input": program("Plugin", "2.1") } });
        assert_eq!(error(&Plugin::new(stage).send(&body).await.body), "THROTTLED");
        assert_eq!(stage.head(), head);
        for guess in 0..50 {
            let guess = if guess % 2 == 0 { "BBBB-BBBB" } else { "no code at all" };
            assert_eq!(codes(&approve(&mut clara, guess).await), ["NOT_FOUND"]);
        }
        let guess = json!({ "input": { "userCode": shown[0] } });
        assert_eq!(error(&clara.ask(APPROVE, guess).await.expect("an answer")), "THROTTLED");
        assert_eq!(clients(&mut clara).await, [Value::Null; 0]);
        stage.advance("PT15M").await;
        let (_, user_code) = request(stage).await;
        assert_eq!(codes(&approve(&mut clara, &user_code).await), [""; 0]);
    })
    .await;
}

/// B52: a client asks for the aliases by one query and gets them as they are at that moment.
#[tokio::test]
async fn aliases_are_never_stale() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.aliases = true).await;
        let mut clara = stage.log_in(CLARA).await;
        let (plugin, _, _) = activated(stage, &mut clara).await;
        let query = "{ viewer { account { aliases { address state } } } }";
        let seen = async || plugin.ask(query).await.body["data"]["viewer"]["account"]["aliases"].clone();
        assert_eq!(seen().await, json!([]));
        let add =
            "mutation($input: AddAliasInput!) { addAlias(input: $input) { alias { id } problems { code } } }";
        let added = clara.act(add, json!({ "address": "c.weber@insurer.example" })).await.expect("an alias");
        assert_eq!(seen().await, json!([{ "address": "c.weber@insurer.example", "state": "PENDING" }]));
        let remove =
            "mutation($input: RemoveAliasInput!) { removeAlias(input: $input) { problems { code } } }";
        clara.act(remove, json!({ "aliasId": added["alias"]["id"] })).await.expect("it is removed");
        assert_eq!(seen().await, json!([]));
    })
    .await;
}

/// B51: a client rests without losing its credential, whatever becomes of logins; a year after it was fetched it ends. A
/// client cannot approve another.
#[tokio::test]
async fn a_credential_lasts_a_year() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (plugin, _, _) = activated(stage, &mut clara).await;
        let (_, user_code) = request(stage).await;
        let own = plugin.act(APPROVE, json!({ "userCode": user_code })).await;
        assert_eq!((codes(&own), &own["client"]), (vec!["NOT_ALLOWED"], &Value::Null));
        for _ in 0..6 {
            let payload = stage.stranger().log_in(CLARA, "not the password").await.expect("an answer");
            assert_eq!(codes(&payload), ["LOGIN_FAILED"]);
        }
        let right = stage.password(CLARA).to_owned();
        assert_eq!(
            codes(&stage.stranger().log_in(CLARA, &right).await.expect("an answer")),
            ["LOGIN_FAILED"],
            "locked"
        );
        assert_eq!(whose(&plugin.ask(WHO).await), CLARA);
        stage.advance("PT8759H59M59S").await;
        assert_eq!(whose(&plugin.ask(WHO).await), CLARA);
        stage.advance("PT1S").await;
        not_activated(&plugin.ask(WHO).await);
    })
    .await;
}

/// Announces a file of a draft.
async fn announce(plugin: &Plugin, draft: &str) -> Answer {
    let metadata = [("draft", draft), ("name", "a.txt")];
    let metadata =
        metadata.map(|(name, value)| format!("{name} {}", Base64::encode_string(value.as_bytes())));
    let request = plugin
        .post("/upload")
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Length", 5)
        .header("Upload-Metadata", metadata.join(","))
        .header("Idempotency-Key", "announce-once");
    received(request).await
}

async fn received(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

/// The credential of a browser that logs in.
async fn session(stage: &Stage, who: &str) -> String {
    let query = "mutation($i: String!, $p: Secret!) \
         { logIn(input: { identifier: $i, password: $p }) { problems { code } } }";
    let body = json!({ "query": query, "variables": { "i": who, "p": stage.password(who) } });
    let response = Plugin::new(stage).post("/graphql").json(&body).send().await.expect("an answer");
    let cookie = response.headers().get(SET_COOKIE).expect("a session").to_str().expect("text");
    let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
    pair.map(|(_, value)| value.to_owned()).expect("a cookie")
}

/// A second organisation in the same house.
async fn another_organisation(stage: &Stage) {
    let identity = Identity {
        name: "Another".into(),
        portal_url: "http://other.example".into(),
        do_not_reply: "do-not-reply@other.example".into(),
    };
    let founding = Founding { identity, pack: Pack::Portal, domains: BTreeSet::new() };
    let (app, founded) = (&stage.node.app, stage.node.app.found(founding).await.expect("it is founded"));
    app.models().wait_for(founded.position, &["organisations"]).await.expect("its host is known");
}

/// Whether a socket opens.
async fn socket(stage: &Stage, plugin: &Plugin) -> bool {
    let address = format!("ws://{}/graphql", stage.address);
    let mut request = address.into_client_request().expect("a request");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a value"));
    for (name, value) in &plugin.headers {
        request.headers_mut().insert(*name, value.parse().expect("a value"));
    }
    connect_async(request).await.is_ok()
}

/// Lists clients with their minimum versions.
async fn support(stage: &Stage, minimums: &[(&str, &str)]) {
    let clients = minimums.iter().map(|(name, minimum)| SupportedClient {
        name: (*name).into(),
        platform: "Linux".into(),
        minimum_version: (*minimum).into(),
        wanted_version: "10".into(),
    });
    let presentation = Presentation { clients: clients.collect(), ..Presentation::default() };
    let (app, organisation) = (&stage.node.app, stage.cast.organisation);
    let update = || Command::Update {
        name: "Lakeside Health Insurance".into(),
        presentation: Box::new(presentation.clone()),
        at: stage.clock.now(),
    };
    let operator = Metadata::by(Actor::Operator);
    let done = app.log().execute::<Organisation>(organisation, Uuid::nil(), &operator, update).await;
    done.expect("an answer").expect("the organisation is updated");
}

/// B51: a client whose session its person ended has no credential that works: it is shown as blocked and can be deleted.
#[tokio::test]
async fn a_client_whose_session_was_ended_is_out() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let (plugin, _, id) = activated(stage, &mut clara).await;
        let listed = clara.ask("{ viewer { sessions { id client { id } } } }", json!({})).await.expect("an answer");
        let sessions = listed["data"]["viewer"]["sessions"].as_array().expect("sessions");
        let own = sessions.iter().find(|session| session["client"]["id"] == id.as_str()).expect("the client's");
        let end = "mutation($input: EndSessionInput!) { endSession(input: $input) { endedSessionId problems { code message field } } }";
        clara.act(end, json!({ "sessionId": own["id"] })).await.expect("it ends");
        not_activated(&plugin.ask(WHO).await);
        assert_eq!(clients(&mut clara).await[0]["state"], "BLOCKED");
        clara.act(DELETE, json!({ "clientId": id })).await.expect("it is deleted");
        assert!(clients(&mut clara).await.is_empty());
    })
    .await;
}

/// B51, K9, R14: a client reads and writes mail; what decides whose the account is and what becomes of it is done in a
/// browser, though the client knew the password.
#[tokio::test]
async fn a_client_does_not_dispose_of_the_account() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.aliases = true).await;
        let mut clara = stage.log_in(CLARA).await;
        let (plugin, _, _) = activated(stage, &mut clara).await;
        let add =
            "mutation($input: AddAliasInput!) { addAlias(input: $input) { alias { id } problems { code } } }";
        let own = clara.act(add, json!({ "address": "c.weber@insurer.example" })).await.expect("an alias");
        let (password, alias) = (json!({ "password": stage.password(CLARA) }), &own["alias"]["id"]);
        let head = stage.head();
        for (name, input) in [
            ("addAlias", json!({ "address": "thief@evil.example" })),
            ("promoteAlias", json!({ "aliasId": alias })),
            ("removeAlias", json!({ "aliasId": alias })),
            ("requestTotp", password.clone()),
            ("confirmTotp", json!({ "code": "123456" })),
            ("removeTotp", password.clone()),
            ("unsubscribe", json!({})),
            ("closeAccount", password),
        ] {
            let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
            let query = format!(
                "mutation($input: {kind}!) {{ {name}(input: $input) {{ problems {{ code message }} }} }}"
            );
            let payload = plugin.act(&query, input).await;
            assert_eq!(codes(&payload), ["NOT_ALLOWED"], "{name}: {payload}");
            assert!(text(&payload, "/problems/0/message").contains("in a browser"), "{name}: {payload}");
        }
        assert_eq!(stage.head(), head, "something was recorded");
        assert_eq!(whose(&plugin.ask(WHO).await), CLARA);
    })
    .await;
}

/// K2, B51: a role that needs a second factor sleeps in a client program, which nobody asks for one.
#[tokio::test]
async fn a_role_that_needs_a_factor_sleeps_in_a_client() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let (plugin, _, _) = activated(stage, &mut admin).await;
        let query = "{ viewer { capabilities } }";
        let administers = async || {
            let answer = plugin.ask(query).await.body;
            let all = answer["data"]["viewer"]["capabilities"].as_array().expect("a list").clone();
            all.contains(&json!("ADMINISTER"))
        };
        assert!(administers().await);
        let demand = |policy: &mut Policy| {
            policy.accounts.second_factor.insert(Role::Administrator);
        };
        stage.change_policy(demand).await;
        let mut browser = Browser::log_in(stage, "192.0.2.7", ADMINISTRATOR).await;
        enrol(stage, &mut browser, ADMINISTRATOR).await;
        assert!(!administers().await, "the role is awake");
    })
    .await;
}
