//! Texts that are meant to be something else: in every field of every mutation that the contract has, whichever they are.

use super::allowed;
use crate::{
    browser::Browser,
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    registration::form,
    stage::{INVITE, REGISTER, Stage, codes, on_stage},
};
use domain::policy::Role;
use reqwest::header::{CONTENT_TYPE, COOKIE};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const EVE: &str = "eve@evil.example";
/// Of nobody.
const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// What stands in a body for something that JSON libraries do not write.
const HOLE: &str = "@@hole@@";
/// Half of a character beyond the first plane, which JSON can write and UTF-8 cannot (RFC 8259 §8.2).
const LONE_SURROGATE: &str = "a\\ud800b";

/// Who may do what needs a role; nobody is logged in for what comes before a login.
const ADMINISTRATORS: [&str; 11] = [
    "requestPasswordLinkFor",
    "addAliasFor",
    "releaseLockout",
    "promoteToMember",
    "setAudience",
    "grantRole",
    "revokeRole",
    "closeAccountFor",
    "updateOrganisation",
    "claimDomain",
    "releaseDomain",
];
const OFFICERS: [&str; 3] = ["decideHeldMail", "signOff", "requestExport"];
const AUTHORS: [&str; 7] = [
    "changePolicy",
    "createContentRule",
    "updateContentRule",
    "deleteContentRule",
    "dryRunContentRules",
    "replayPolicy",
    "decideApproval",
];
const STRANGERS: [&str; 16] = [
    "register",
    "activateAccount",
    "renewLink",
    "logIn",
    "confirmLogIn",
    "requestReminder",
    "requestPasswordLink",
    "requestPasswordChallenge",
    "answerPasswordChallenge",
    "setPassword",
    "activatePassword",
    "confirmAlias",
    "undoAliasPromotion",
    "unsubscribe",
    "requestClientActivation",
    "confirmClientActivation",
];

fn payloads() -> Vec<String> {
    let texts = [
        "",
        " ",
        "'; DROP TABLE events;--",
        "\") { __typename } } mutation { logOut(input: {}) { problems { code } } } #",
        "x\r\nBcc: eve@evil.example\r\n\r\nBuy now",
        "eve@evil.example\nBcc: eve@evil.example",
        "<script>alert(1)</script>",
        "{{7*7}}${7*7}%s%n../../etc/passwd",
        "a\u{0}b",
        "\u{202e}txt.exe\u{200b}\u{feff}",
        "👩‍👩‍👧🏳️‍🌈",
        "\u{ffff}\u{10ffff}\u{fffd}",
        "0",
        "null",
    ];
    let long = ["a".repeat(100_000), "e\u{301}".repeat(3_000), "\u{fdfa}".repeat(3_000)];
    texts.into_iter().map(str::to_owned).chain(long).collect()
}

/// The inputs of the contract, as the server tells them.
struct Contract {
    inputs: Map<String, Value>,
    mutations: Vec<(String, String)>,
}

/// A field that holds text, and the way to it.
struct Field {
    path: Vec<String>,
    kind: String,
}

impl Contract {
    async fn read(client: &mut Browser) -> Self {
        let kind = "type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let query = format!(
            "{{ __schema {{ types {{ kind name inputFields {{ name defaultValue {kind} }} enumValues {{ name }} }} \
             mutationType {{ fields {{ name args {{ {kind} }} }} }} }} }}"
        );
        let answer = client.ask(&query, json!({})).await;
        let schema = &answer["data"]["__schema"];
        let types = schema["types"].as_array().unwrap_or_else(|| panic!("no contract: {answer}"));
        let inputs = types.iter().map(|one| (one["name"].as_str().expect("a name").to_owned(), one.clone()));
        let fields = schema["mutationType"]["fields"].as_array().expect("mutations");
        let mutations =
            fields.iter().filter(|field| field["args"].as_array().is_some_and(|args| !args.is_empty()));
        let mutations = mutations
            .map(|one| (one["name"].as_str().expect("a name").to_owned(), named(&one["args"][0]["type"]).0));
        Self { mutations: mutations.collect(), inputs: inputs.collect() }
    }

    fn fields(&self, input: &str) -> &[Value] {
        self.inputs[input]["inputFields"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Every field that holds text, at any depth.
    fn texts(&self, input: &str) -> Vec<Field> {
        let mut all = vec![];
        for field in self.fields(input) {
            let (kind, list, _) = named(&field["type"]);
            let mut path = vec![field["name"].as_str().expect("a name").to_owned()];
            if list {
                path.push("0".into());
            }
            match self.inputs[&kind]["kind"].as_str() {
                Some("INPUT_OBJECT") => all.extend(
                    self.texts(&kind)
                        .into_iter()
                        .map(|inner| Field { path: [path.clone(), inner.path].concat(), kind: inner.kind }),
                ),
                Some("SCALAR") if !["Int", "Boolean", "Long", "Float"].contains(&kind.as_str()) => {
                    all.push(Field { path, kind });
                }
                _ => {}
            }
        }
        all
    }

    /// An input that is otherwise in order, with what the house has for it.
    fn filled(&self, input: &str, house: &Map<String, Value>) -> Value {
        let mut filled = Map::new();
        for field in self.fields(input) {
            let name = field["name"].as_str().expect("a name");
            let (kind, list, required) = named(&field["type"]);
            if !required || !field["defaultValue"].is_null() {
                continue;
            }
            let value = match (house.get(name), self.inputs[&kind]["kind"].as_str()) {
                (Some(known), _) => known.clone(),
                (None, Some("INPUT_OBJECT")) => self.filled(&kind, house),
                (None, Some("ENUM")) => self.inputs[&kind]["enumValues"][0]["name"].clone(),
                (None, _) => match kind.as_str() {
                    "Int" | "Long" => json!(1),
                    "Boolean" => json!(false),
                    _ => json!("text"),
                },
            };
            let value = if list && !value.is_array() { json!([value]) } else { value };
            filled.insert(name.to_owned(), value);
        }
        Value::Object(filled)
    }
}

/// The name of a type, whether it is a list, and whether it must be given.
fn named(kind: &Value) -> (String, bool, bool) {
    let (mut inner, mut list) = (kind, false);
    while !inner["ofType"].is_null() {
        list |= inner["kind"] == "LIST";
        inner = &inner["ofType"];
    }
    (inner["name"].as_str().expect("a name").to_owned(), list, kind["kind"] == "NON_NULL")
}

/// Puts a value at a path, making what is missing on the way.
fn put(input: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *input = value;
        return;
    };
    let next = if let Ok(index) = first.parse::<usize>() {
        if !input.is_array() {
            *input = json!([]);
        }
        let list = input.as_array_mut().expect("a list");
        if list.len() <= index {
            list.push(Value::Null);
        }
        &mut list[index]
    } else {
        if !input.is_object() {
            *input = json!({});
        }
        &mut input[first]
    };
    put(next, rest, value);
}

/// The people who send it all, and what they have.
struct House {
    member: Browser,
    administrator: Browser,
    author: Browser,
    officer: Browser,
    stranger: Browser,
    has: Map<String, Value>,
    networks: u32,
    http: reqwest::Client,
}

impl House {
    async fn build(stage: &Stage) -> Self {
        allowed(stage).await;
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let author =
            app.account_at(organisation, &BRUNO.parse().expect("an address")).await.expect("an account");
        let steward = app::Steward::Operator(organisation);
        for role in [Role::PolicyAuthor, Role::Approver] {
            app.grant_role(steward, author, role).await.expect("the role is granted");
        }
        let mut member = Browser::log_in(stage, "192.0.2.1", CLARA).await;
        let mut writer = stage.log_in(BRUNO).await;
        let message = stage.send(&mut writer, CLARA, "For Clara").await;
        let invited = member
            .attempt(
                "mutation($input: InviteInput!) { invite(input: $input) { invitation { id account { id } } } }",
                json!({ "idempotencyKey": stage.key(), "address": "invited@guest.example" }),
            )
            .await;
        let alias = member.attempt(super::ADD_ALIAS, json!({ "address": "clara@second.example" })).await;
        let seen = member.ask("{ viewer { session { id } } }", json!({})).await;
        let asked = member.attempt(crate::recovery::ASK, json!({ "address": GINA })).await;
        let mut administrator = Browser::log_in(stage, "192.0.2.1", ADMINISTRATOR).await;
        let query = "query($address: EmailAddress!) { viewer { administration { accounts(filter: { address: $address }) \
             { edges { node { id } } } } } }";
        let found = administrator.ask(query, json!({ "address": "invited@guest.example" })).await;
        let account = found.pointer("/data/viewer/administration/accounts/edges/0/node/id").cloned();
        let has = json!({
            "address": "somebody@guest.example",
            "identifier": GINA,
            "password": "four blue kites above sand",
            "token": TOKEN,
            "challengeToken": asked["challengeToken"],
            "answers": ["Lakeside", "Lakeside"],
            "deviceCode": TOKEN,
            "userCode": "WDJB-MJHT",
            "messageId": message,
            "accountId": account,
            "aliasId": alias["alias"]["id"],
            "invitationId": invited["invitation"]["id"],
            "sessionId": seen["data"]["viewer"]["session"]["id"],
            "to": [GINA],
            "subject": "A subject",
            "text": "A text.",
            "code": { "totp": "123456" },
            "profile": { "givenName": "Ada" },
            "domain": "somewhere.example",
            "name": "Plugin",
            "version": "1.0",
            "platform": "Linux",
            "role": "ADMINISTRATOR",
        });
        let Value::Object(has) = has else { unreachable!("it was written as an object") };
        let stranger = Browser::new(stage, "192.0.2.1");
        let author = Browser::log_in(stage, "192.0.2.1", BRUNO).await;
        let officer = Browser::log_in(stage, "192.0.2.1", OFFICER).await;
        Self {
            member,
            administrator,
            author,
            officer,
            stranger,
            has,
            networks: 0,
            http: reqwest::Client::new(),
        }
    }

    /// What the input of this mutation is filled with; what a successful one uses up is made anew.
    async fn contents(&mut self, stage: &Stage, mutation: &str) -> Map<String, Value> {
        let mut has = self.has.clone();
        match mutation {
            "register" => {
                // Too short, so that the form is judged and never taken: hashing is slow.
                has.extend(form(TOKEN, "ada@guest.example").as_object().expect("a form").clone());
                has.insert("invitationToken".into(), self.has["invitation"].clone());
                has.insert("password".into(), json!("short"));
            }
            "changePolicy" => {
                let rules = stage.node.app.rules(stage.cast.organisation).await.expect("the rules");
                has.insert("version".into(), json!(rules.policy_version));
            }
            "updateDraft" | "sendDraft" | "discardDraft" => {
                let input = json!({ "idempotencyKey": stage.key() });
                let draft = self.member.attempt(crate::stage::CREATE, input).await["draft"].clone();
                has.insert("draftId".into(), draft["id"].clone());
                has.insert("version".into(), draft["version"].clone());
            }
            _ => {}
        }
        has.insert("idempotencyKey".into(), json!(stage.key()));
        has
    }

    /// Sends a mutation with its input as JSON; gives the answer, which is never an accident.
    async fn send(&mut self, stage: &Stage, mutation: &str, kind: &str, input: &str) -> Value {
        let query = format!(
            "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ problems {{ code message field }} }} }}"
        );
        let who = if ADMINISTRATORS.contains(&mutation) {
            &self.administrator
        } else if STRANGERS.contains(&mutation) {
            &self.stranger
        } else if AUTHORS.contains(&mutation) {
            &self.author
        } else if OFFICERS.contains(&mutation) {
            &self.officer
        } else {
            &self.member
        };
        self.networks += 1;
        let network = format!("10.{}.{}.1", self.networks / 250, self.networks % 250);
        let body = format!("{{\"query\":{},\"variables\":{{\"input\":{input}}}}}", json!(query));
        let mut request = self
            .http
            .post(format!("http://{}/graphql", stage.address))
            .header("sealpost-request", "1")
            .header("x-forwarded-for", network)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(cookie) = &who.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("text");
        let what =
            || format!("{mutation} with {}: {status} {text}", input.chars().take(300).collect::<String>());
        assert!(!status.is_server_error(), "{}", what());
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {}", what()));
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        if answer["errors"].is_null() {
            assert!(answer["data"][mutation]["problems"].is_array(), "neither done nor refused: {}", what());
        } else {
            let clear = ["BAD_REQUEST", "LIMIT_EXCEEDED", "UNAUTHENTICATED", "FORBIDDEN", "CLIENT_TOO_OLD"];
            assert!(code.is_some_and(|code| clear.contains(&code)), "{}", what());
        }
        answer
    }
}

/// A28, B35, R12, K1: whatever a person or a program writes into whichever field, it is taken as the text that it is or refused
/// with a reason; it is never an accident, and never more than a text. The mails that follow have their own headers alone.
#[tokio::test]
async fn every_field_takes_any_text() {
    on_stage(async |stage| {
        let mut house = House::build(stage).await;
        let invitation = crate::registration::invited(stage, "ada@guest.example").await;
        house.has.insert("invitation".into(), json!(invitation));
        let contract = Contract::read(&mut house.member).await;
        let (mut fields, mut reached) = (0, BTreeSet::new());
        for (mutation, kind) in &contract.mutations {
            for field in contract.texts(kind) {
                fields += 1;
                for payload in payloads().iter().map(String::as_str).chain([HOLE]) {
                    let has = house.contents(stage, mutation).await;
                    let mut input = contract.filled(kind, &has);
                    put(&mut input, &field.path, json!(payload));
                    let input = input.to_string().replace(HOLE, LONE_SURROGATE);
                    let answer = house.send(stage, mutation, kind, &input).await;
                    let of_login = ["UNAUTHENTICATED", "FORBIDDEN"].contains(&crate::stage::error(&answer));
                    // Without a token it is for the viewer, and nobody is logged in here.
                    assert!(!of_login || mutation == "unsubscribe", "{mutation} {:?}: {answer}", field.path);
                    if answer["errors"].is_null() {
                        reached.insert(format!("{mutation}.{} ({})", field.path.join("."), field.kind));
                    }
                }
            }
        }
        assert!(fields > 80, "the contract has more text than {fields} fields");
        let unreached = fields - reached.len();
        assert!(unreached * 4 < fields, "{unreached} of {fields} fields were never heard: {reached:?}");
        let _ = stage.mails(GINA).await;
        judge_mails(stage);
    })
    .await;
}

/// A5, A19, B35, R12: what people register with is theirs, whatever it is; it is in no header of any mail.
#[tokio::test]
async fn people_register_with_any_text() {
    on_stage(async |stage| {
        let mut clara = Browser::log_in(stage, "192.0.2.1", CLARA).await;
        for (n, payload) in payloads().into_iter().enumerate() {
            let address = format!("ada{n}@guest.example");
            clara.attempt(INVITE, json!({ "idempotencyKey": stage.key(), "address": address })).await;
            let invitation = stage.mails(&address).await[0].token().expect("a link");
            let mut filled = form(&invitation, &address);
            filled["profile"] = json!({ "givenName": payload, "familyName": payload, "telephone": payload,
                "company": payload, "language": payload });
            filled["challengeAnswers"][0]["question"] = json!(payload);
            filled["reminderPhrase"] = json!(payload);
            let answer = clara.attempt(REGISTER, filled).await;
            let wanted = stage.mails(&address).await.len();
            assert_eq!(wanted, if codes(&answer).is_empty() { 2 } else { 1 }, "{payload:?}: {answer}");
            if !codes(&answer).is_empty() {
                continue;
            }
            let asked = clara.attempt(crate::recovery::ASK, json!({ "address": address })).await;
            assert_eq!(asked["questions"][0], json!(payload.trim()), "{asked}");
            clara.attempt(crate::recovery::REMINDER, json!({ "address": address })).await;
        }
        stage.mails(GINA).await;
        judge_mails(stage);
    })
    .await;
}

/// Every mail that went out has the headers that mails of this program have, each once, and none is to Eve.
fn judge_mails(stage: &Stage) {
    const HEADERS: [&str; 16] = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "auto-submitted",
        "precedence",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "reply-to",
        "sender",
        "x-auto-response-suppress",
        "return-path",
    ];
    let folder = stage.config.mail.folder.join("new");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let raw = std::fs::read_to_string(entry.expect("a file").path()).expect("a mail");
        let head = raw.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        let names: Vec<_> =
            lines.map(|line| line.split(':').next().unwrap_or_default().to_lowercase()).collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "a header stands twice: {head}");
        let odd = names.iter().find(|name| !HEADERS.contains(&name.as_str()));
        assert!(odd.is_none(), "the header {odd:?} does not belong there: {head}");
        assert!(!head.contains(EVE) && !head.contains("Bcc"), "{head}");
        assert!(!head.contains(['\0', '\u{202e}']), "{head}");
        count += 1;
    }
    assert!(count > 0, "no mail went out");
}
