//! Links of mails: one of each kind, how each is followed, and who follows them at once or only looks.

use super::{allowed, ask};
use crate::{
    house::{BRUNO, CLARA, GINA},
    recovery::{CONFIRM, NEW, SET, link, mailed, reset, staged},
    registration::{ACTIVATE, form, invited},
    stage::{REGISTER, Stage, codes, on_stage, text},
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub const CONFIRM_ALIAS: &str =
    "mutation($input: ConfirmAliasInput!) { confirmAlias(input: $input) { problems { code } } }";
pub const UNDO: &str =
    "mutation($input: UndoAliasPromotionInput!) { undoAliasPromotion(input: $input) { problems { code } } }";
pub const LEAVE: &str =
    "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { problems { code } } }";

/// One link, and how it is followed.
pub struct Link {
    pub name: &'static str,
    pub token: String,
    pub follow: &'static str,
    pub input: Value,
}

/// A link of every kind, each of another person, so that following one changes nothing for the others.
pub async fn one_of_each(stage: &mut Stage) -> Vec<Link> {
    allowed(stage).await;
    let [ada, bea, eve, ida] =
        ["ada@guest.example", "bea@guest.example", "eve@guest.example", "ida@guest.example"];
    let registration = invited(stage, ada).await;
    let invitation = invited(stage, bea).await;
    stage.stranger().act(REGISTER, form(&invitation, bea)).await.expect("she registers");
    let activation = mailed(stage, bea, "Confirm your registration").await;
    stage.enrol(eve).await;
    let confirmation = staged(stage, eve).await;
    stage.enrol(ida).await;
    let password = reset(stage, ida).await;

    let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
    let alias = alias(stage, &mut clara, "clara@second.example").await;
    let former = alias_of(stage, &mut bruno, "bruno@second.example").await;
    let query = "mutation($input: PromoteAliasInput!) { promoteAlias(input: $input) { problems { code } } }";
    bruno.act(query, json!({ "aliasId": former })).await.expect("it is promoted");
    let undo = stage.mails(BRUNO).await.last().expect("a mail").token().expect("a link");
    stage.send(&mut clara, GINA, "For Gina").await;
    let leaving = stage.mails(GINA).await[0].leaving_token().expect("a link to leave by");

    let by = |token: &str| json!({ "token": token });
    let set = json!({ "token": password, "password": NEW, "reminderPhrase": "flying toys" });
    [
        ("registration form", REGISTER, form(&registration, ada), registration),
        ("activation", ACTIVATE, by(&activation), activation),
        ("new password form", SET, set, password),
        ("confirmation", CONFIRM, by(&confirmation), confirmation),
        ("alias", CONFIRM_ALIAS, by(&alias), alias),
        ("undoing", UNDO, by(&undo), undo),
        ("leaving", LEAVE, by(&leaving), leaving),
    ]
    .map(|(name, follow, input, token)| Link { name, token, follow, input })
    .into()
}

/// Asks for an alias; gives the token that was mailed there.
pub async fn alias(stage: &Stage, client: &mut sealpost::walk::client::Client, address: &str) -> String {
    ask(client, address).await;
    stage.mails(address).await.last().expect("a mail").token().expect("a link")
}

/// A confirmed alias; gives its id.
async fn alias_of(stage: &Stage, client: &mut sealpost::walk::client::Client, address: &str) -> String {
    let id = text(&ask(client, address).await, "/alias/id");
    let token = stage.mails(address).await.last().expect("a mail").token().expect("a link");
    stage.stranger().act(CONFIRM_ALIAS, json!({ "token": token })).await.expect("it is confirmed");
    id
}

/// R1, B44, R14, B36: of twenty who press the button of a link at once one does what it is for; the others are told that it
/// did its work; only leaving is answered alike each time. No more is on record than if one had come alone.
#[tokio::test]
async fn twenty_press_one_button() {
    on_stage(async |stage| {
        let mut recorded = vec![];
        for link in one_of_each(stage).await {
            // These have a form to fill in, see below.
            if link.name.ends_with("form") {
                continue;
            }
            let head = stage.head();
            let path = format!("/link/{}", link.token);
            let presses = (0..20).map(|_| {
                let (client, path) = (stage.stranger(), path.clone());
                async move { client.press(&path).await.expect("a page") }
            });
            let statuses = join_all(presses).await;
            let won = statuses.iter().filter(|status| **status == StatusCode::OK).count();
            let lost = statuses.iter().filter(|status| **status == StatusCode::GONE).count();
            assert_eq!(won + lost, 20, "{}: {statuses:?}", link.name);
            assert!(won == 1 || link.name == "leaving", "{won} did it: {}", link.name);
            stage.stranger().attempt(link.follow, link.input).await.expect("an answer");
            recorded.push((link.name, stage.head() - head));
        }
        let alone: Vec<_> = EVENTS.into_iter().filter(|(name, _)| !name.ends_with("form")).collect();
        assert_eq!(recorded, alone);
    })
    .await;
}

/// A3, B25, R1: of twenty programs that follow a link at once one does, whatever it is for.
#[tokio::test]
async fn twenty_programs_follow_one_link() {
    on_stage(async |stage| {
        let mut recorded = vec![];
        for link in one_of_each(stage).await {
            let head = stage.head();
            let attempts = (0..20).map(|_| {
                let (mut client, input) = (stage.stranger(), link.input.clone());
                let follow = link.follow;
                async move { client.attempt(follow, input).await.expect("an answer") }
            });
            let answers = join_all(attempts).await;
            let won = answers.iter().filter(|answer| codes(answer).is_empty()).count();
            let lost = answers.iter().filter(|answer| codes(answer) == ["LINK_USED"]).count();
            // Who leaves has left, however often they say so.
            let winners = if link.name == "leaving" { 20 } else { 1 };
            assert_eq!((won, lost), (winners, 20 - winners), "{}: {answers:?}", link.name);
            recorded.push((link.name, stage.head() - head));
        }
        assert_eq!(recorded, EVENTS);
    })
    .await;
}

/// What following each link once leaves on record.
const EVENTS: [(&str, i64); 7] = [
    ("registration form", 2),
    ("activation", 1),
    ("new password form", 1),
    ("confirmation", 1),
    ("alias", 2),
    // The sessions end.
    ("undoing", 2),
    // The key of the mailbox is destroyed: asked for, and done.
    ("leaving", 3),
];

/// R1: whatever looks at a link, and as often as it likes, burns nothing, and nothing is recorded; then it works.
#[tokio::test]
async fn machines_look_at_links() {
    on_stage(async |stage| {
        let links = one_of_each(stage).await;
        let head = stage.head();
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        for link_of in &links {
            for path in ["", "/new"] {
                let url = format!("http://{}/link/{}{path}", stage.address, link_of.token);
                for (name, value) in [
                    ("accept", "text/html"),
                    ("purpose", "prefetch"),
                    ("x-purpose", "preview"),
                    ("x-moz", "prefetch"),
                    ("sec-purpose", "prefetch"),
                    ("sec-purpose", "prefetch;prerender"),
                    ("x-http-method-override", "POST"),
                    ("x-http-method", "POST"),
                ] {
                    for method in [Method::GET, Method::HEAD] {
                        for _ in 0..10 {
                            let request = http.request(method.clone(), &url).header(name, value);
                            let status = request.send().await.expect("a page").status();
                            assert!(
                                status.is_success() || status.is_redirection(),
                                "{}: {status}",
                                link_of.name
                            );
                        }
                    }
                }
                for method in [Method::OPTIONS, Method::PUT, Method::DELETE, Method::PATCH] {
                    let status = http.request(method.clone(), &url).send().await.expect("an answer").status();
                    assert!(status.is_client_error(), "{method} {}: {status}", link_of.name);
                }
            }
            assert_eq!(link(stage, &link_of.token).await["state"], "USABLE", "{}", link_of.name);
        }
        // A mutation over GET does nothing either.
        let mutation =
            format!("mutation{{activateAccount(input:{{token:\"{}\"}}){{activated}}}}", links[1].token);
        let url = reqwest::Url::parse_with_params(
            &format!("http://{}/graphql", stage.address),
            [("query", mutation)],
        );
        let status = http.get(url.expect("a URL")).send().await.expect("an answer").status();
        assert!(status.is_client_error(), "{status}");
        assert_eq!(stage.head(), head, "looking was recorded");
        for link in links {
            let done = stage.stranger().attempt(link.follow, link.input).await.expect("an answer");
            assert_eq!(codes(&done), [""; 0], "{}", link.name);
        }
    })
    .await;
}
