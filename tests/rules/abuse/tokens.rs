//! Tokens in the wrong place: whatever is handed out for one thing works for no other.

use super::links::{self, CONFIRM_ALIAS, LEAVE, UNDO};
use crate::{
    browser::{Browser, LOG_IN, WHO},
    house::{ADMINISTRATOR, CLARA},
    recovery::{ANSWER, ASK, CONFIRM, RENEW, SET, link},
    registration::{ACTIVATE, form},
    stage::{REGISTER, Stage, codes, error, on_stage, text},
};
use serde_json::{Value, json};

const CONFIRM_LOG_IN: &str =
    "mutation($input: ConfirmLogInInput!) { confirmLogIn(input: $input) { problems { code } } }";
const REQUEST_CLIENT: &str = "mutation($input: RequestClientActivationInput!) { requestClientActivation(input: $input) \
     { deviceCode userCode problems { code } } }";
const APPROVE: &str =
    "mutation($input: ApproveClientInput!) { approveClient(input: $input) { problems { code } } }";
const FETCH: &str = "mutation($input: ConfirmClientActivationInput!) { confirmClientActivation(input: $input) \
     { credential problems { code } } }";
const REQUEST_TOTP: &str =
    "mutation($input: RequestTotpInput!) { requestTotp(input: $input) { otpauthUrl problems { code } } }";

/// Something that was handed out, and the mutation that it is for, if it is for one.
struct Token {
    name: &'static str,
    value: String,
    is_for: Option<&'static str>,
}

/// A mutation that takes a token, with the field that takes it, and what it says to one that is not for it.
struct Taker {
    query: &'static str,
    field: &'static str,
    input: Value,
    refusal: &'static str,
    /// Whether a wrong one counts as a failed attempt, which is on record.
    counts: bool,
}

fn takers() -> Vec<Taker> {
    let link = |query, input| Taker { query, field: "token", input, refusal: "LINK_INVALID", counts: false };
    vec![
        Taker { field: "invitationToken", ..link(REGISTER, form("", "ada@guest.example")) },
        link(ACTIVATE, json!({})),
        link(RENEW, json!({})),
        link(SET, json!({ "password": "four blue kites above sand", "reminderPhrase": "flying toys" })),
        link(CONFIRM, json!({})),
        link(CONFIRM_ALIAS, json!({})),
        link(UNDO, json!({})),
        link(LEAVE, json!({})),
        Taker { refusal: "LOGIN_FAILED", ..link(CONFIRM_LOG_IN, json!({ "code": { "totp": "123456" } })) },
        Taker {
            query: ANSWER,
            field: "challengeToken",
            input: json!({ "answers": ["Lakeside", "Lakeside"] }),
            refusal: "RECOVERY_FAILED",
            counts: true,
        },
        Taker { query: APPROVE, field: "userCode", input: json!({}), refusal: "NOT_FOUND", counts: true },
        Taker { query: FETCH, field: "deviceCode", input: json!({}), refusal: "NOT_FOUND", counts: false },
    ]
}

/// Everything that is handed out to anybody.
async fn tokens(stage: &mut Stage) -> Vec<Token> {
    let links = links::one_of_each(stage).await;
    let mut all: Vec<_> = links
        .into_iter()
        .map(|link| Token { name: link.name, value: link.token, is_for: Some(link.follow) })
        .collect();
    let mut person = Browser::log_in(stage, "192.0.2.7", ADMINISTRATOR).await;
    let mut other = |name, value: &Value, is_for| {
        all.push(Token { name, value: value.as_str().expect("a token").to_owned(), is_for });
    };
    let asked = person.attempt(ASK, json!({ "address": ADMINISTRATOR })).await;
    other("challenge", &asked["challengeToken"], Some(ANSWER));
    let program = json!({ "name": "Plugin", "version": "1", "platform": "Linux" });
    let device = person.attempt(REQUEST_CLIENT, program.clone()).await;
    other("device code", &device["deviceCode"], Some(FETCH));
    other("user code", &device["userCode"], Some(APPROVE));
    let activated = person.attempt(REQUEST_CLIENT, program).await;
    person.attempt(APPROVE, json!({ "userCode": activated["userCode"] })).await;
    let credential = person.attempt(FETCH, json!({ "deviceCode": activated["deviceCode"] })).await;
    other("client credential", &credential["credential"], None);
    let profile = person.attempt(PROFILE, json!({ "profile": { "company": "Lakeside" } })).await;
    other("position", &profile["position"], None);
    let page =
        "{ viewer { account { id } administration { accounts(first: 1) { pageInfo { endCursor } } } } }";
    let page = person.ask(page, json!({})).await;
    let cursor = page.pointer("/data/viewer/administration/accounts/pageInfo/endCursor");
    let cursor = cursor.unwrap_or_else(|| panic!("no cursor: {page}"));
    other("cursor", cursor, None);
    other("account id", &page["data"]["viewer"]["account"]["id"], None);
    let cookie = person.cookie.clone().expect("a session");
    let (_, session) = cookie.split_once('=').expect("a cookie");
    other("session", &json!(session), None);
    for (name, half) in
        ["first half of a session", "second half of a session"].into_iter().zip(session.split('.'))
    {
        other(name, &json!(half), None);
    }

    // Last, since from now on the password alone does not log in.
    let enrolled = person.attempt(REQUEST_TOTP, json!({ "password": stage.password(ADMINISTRATOR) })).await;
    other("authenticator", &enrolled["otpauthUrl"], None);
    all
}

const PROFILE: &str =
    "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { problems { code } position } }";

/// A4, A13, B8, B19, B24, B51: what was handed out for one purpose is for any other as unknown as what was made up; nothing is
/// recorded but a failed attempt where those count, and it still works for its own.
#[tokio::test]
async fn a_token_works_in_its_place_alone() {
    on_stage(async |stage| {
        let tokens = tokens(stage).await;
        let mut person = Browser::log_in(stage, "192.0.2.7", CLARA).await;
        let mut stranger = Browser::new(stage, "192.0.2.7");
        let mut networks = 0..;
        for taker in takers() {
            for token in tokens.iter().filter(|token| token.is_for != Some(taker.query)) {
                if taker.query == RENEW && token.is_for.is_some_and(is_link) {
                    continue;
                }
                let mut input = taker.input.clone();
                input[taker.field] = json!(token.value);
                // Failures of one network add up.
                stranger.network = format!("10.0.{}.1", networks.next().unwrap_or(0));
                let who = if taker.query == APPROVE { &mut person } else { &mut stranger };
                let head = stage.head();
                let payload = who.attempt(taker.query, input).await;
                assert_eq!(codes(&payload), [taker.refusal], "{} in {}", token.name, taker.query);
                let most = i64::from(taker.counts);
                assert!(stage.head() - head <= most, "{} in {}: recorded", token.name, taker.query);
            }
        }
        for token in &tokens {
            let shown = link(stage, &token.value).await;
            assert_eq!(
                shown.is_object(),
                token.is_for.is_some_and(is_link),
                "{} is shown as a link",
                token.name
            );
        }
    })
    .await;
}

/// B19, B51, R17: nothing that is handed out for something else is a session, a client's credential, a position or a cursor.
#[tokio::test]
async fn a_token_is_no_session() {
    on_stage(async |stage| {
        let tokens = tokens(stage).await;
        let http = reqwest::Client::new();
        let head = stage.head();
        for token in &tokens {
            let ask = |header: &'static str, value: String| {
                let request =
                    http.post(format!("http://{}/graphql", stage.address)).header("sealpost-request", "1");
                let request = request
                    .header("x-forwarded-for", "192.0.2.7")
                    .header(header, value)
                    .json(&json!({ "query": WHO }));
                async move {
                    let response = request.send().await.expect("an answer");
                    assert!(!response.status().is_server_error(), "{}", response.status());
                    response.json::<Value>().await.expect("JSON")
                }
            };
            if token.name != "session" && !token.name.contains("half") {
                let answer = ask("cookie", format!("__Host-sealpost={}", token.value)).await;
                assert_eq!(error(&answer), "SESSION_ENDED", "{} as a cookie: {answer}", token.name);
            }
            if token.name != "client credential" && !token.name.contains("half") && token.name != "session" {
                let answer = ask("authorization", format!("Bearer {}", token.value)).await;
                assert!(answer["data"]["viewer"].is_null(), "{} as a credential: {answer}", token.name);
                assert_ne!(error(&answer), "INTERNAL", "{} as a credential: {answer}", token.name);
            }
            if token.name != "position" {
                let answer = ask("sealpost-at-least", token.value.clone()).await;
                assert_eq!(error(&answer), "BAD_REQUEST", "{} as a position: {answer}", token.name);
            }
            assert_eq!(stage.head(), head, "{}: something was recorded", token.name);
        }
        let mut person = Browser::log_in(stage, "192.0.2.7", CLARA).await;
        let head = stage.head();
        for token in tokens.iter().filter(|token| token.name != "cursor") {
            let page = "query($after: String) { viewer { mailbox { inbox(first: 1, after: $after) \
                 { pageInfo { endCursor } } } } }";
            let answer = person.ask(page, json!({ "after": token.value })).await;
            assert_eq!(error(&answer), "BAD_REQUEST", "{} as a cursor: {answer}", token.name);
        }
        assert_eq!(stage.head(), head, "something was recorded");
    })
    .await;
}

fn is_link(query: &str) -> bool {
    [REGISTER, ACTIVATE, SET, CONFIRM, CONFIRM_ALIAS, UNDO, LEAVE].contains(&query)
}

/// A9, A11: half a login and answered questions are for who began them alone: a token of one person does not go with the
/// code or the answers of another.
#[tokio::test]
async fn a_token_is_one_persons() {
    on_stage(async |stage| {
        stage.enrol("ada@guest.example").await;
        let mut browser = Browser::new(stage, "192.0.2.7");
        let asked = browser.attempt(ASK, json!({ "address": CLARA })).await;
        // Her own questions have other answers than those of whoever is enrolled here.
        let input = json!({ "challengeToken": asked["challengeToken"], "answers": ["Lakeside", "Lakeside"] });
        assert_eq!(codes(&browser.attempt(ANSWER, input).await), ["RECOVERY_FAILED"]);
        let asked = browser.attempt(ASK, json!({ "address": "ada@guest.example" })).await;
        let mut token = text(&asked, "/challengeToken");
        for at in [0, 20, 40] {
            let swapped = if &token[at..=at] == "A" { "B" } else { "A" };
            token.replace_range(at..=at, swapped);
            let input = json!({ "challengeToken": token, "answers": ["Lakeside", "Lakeside"] });
            assert_eq!(codes(&browser.attempt(ANSWER, input).await), ["RECOVERY_FAILED"], "changed at {at}");
        }
        assert_eq!(
            codes(&browser.attempt(LOG_IN, json!({ "identifier": CLARA, "password": token })).await),
            ["LOGIN_FAILED"]
        );
    })
    .await;
}
