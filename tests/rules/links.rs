//! Links of mails: looking burns nothing, each works once and for its purpose alone, and one that is too old is sent anew.

use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA},
    recovery::{CONFIRM, NEW, RENEW, SET, link, mailed, mails_of, reset, staged},
    registration::{ACTIVATE, form, invited},
    stage::{REGISTER, Stage, codes, on_stage, text},
};
use reqwest::Method;
use sealpost::walk::client::Client;
use serde_json::{Value, json};
use workers::JobName;

const RESEND: &str = "mutation($input: ResendInvitationInput!) { resendInvitation(input: $input) \
     { invitation { id state sentAt } problems { code message } } }";
const SENT: &str = "{ viewer { invitations(first: 10) { edges { node { id address state sentAt } } } } }";

/// How a link is followed: the mutation and its input.
type Way = (&'static str, Value);

/// A usable link of each purpose that needs no second address, with the way to follow it.
async fn one_of_each(stage: &mut Stage) -> Vec<(String, Way)> {
    stage.change_policy(|policy| policy.recovery.link = true).await;
    let [ada, bea, eve] = ["ada@guest.example", "bea@guest.example", "eve@guest.example"];
    let registration = invited(stage, ada).await;
    let invitation = invited(stage, bea).await;
    stage.stranger().act(REGISTER, form(&invitation, bea)).await.expect("she registers");
    let activation = mailed(stage, bea, "Confirm your registration").await;
    let password = reset(stage, GINA).await;
    stage.enrol(eve).await;
    let confirmation = staged(stage, eve).await;
    let register = form(&registration, ada);
    let set = json!({ "token": password, "password": NEW, "reminderPhrase": "flying toys" });
    vec![
        (registration, (REGISTER, register)),
        (activation.clone(), (ACTIVATE, json!({ "token": activation }))),
        (password, (SET, set)),
        (confirmation.clone(), (CONFIRM, json!({ "token": confirmation }))),
    ]
}

async fn invitations(client: &mut Client) -> Vec<Value> {
    let answer = client.ask(SENT, json!({})).await.expect("an answer");
    let edges = answer["data"]["viewer"]["invitations"]["edges"].as_array().cloned();
    let edges = edges.unwrap_or_else(|| panic!("no invitations: {answer}"));
    edges.into_iter().map(|edge| edge["node"].clone()).collect()
}

/// Whether a mutation did what it is for.
fn is_done(payload: &Value) -> bool {
    payload["problems"].as_array().is_some_and(Vec::is_empty)
}

/// R1, R10: looking at a link ten times, as people, scanners and programs do, burns nothing and records nothing; then it works.
#[tokio::test]
async fn looking_burns_nothing() {
    on_stage(async |stage| {
        let links = one_of_each(stage).await;
        let leaving = stage.mails(GINA).await[0].leaving_token().expect("a link to leave by");
        let head = stage.head();
        for token in links.iter().map(|(token, _)| token).chain([&leaving]) {
            for _ in 0..10 {
                for method in [Method::GET, Method::HEAD] {
                    stage.stranger().page(method, &format!("/link/{token}")).await.expect("a page");
                }
                let shown = link(stage, token).await;
                assert_eq!(shown["state"], "USABLE", "{shown}");
                assert!(text(&shown, "/maskedAddress").contains("***@"), "{shown}");
            }
        }
        assert_eq!(stage.head(), head, "looking was recorded");
        for (_, (follow, input)) in links {
            let done = stage.stranger().attempt(follow, input).await.expect("an answer");
            assert!(is_done(&done), "{done}");
        }
    })
    .await;
}

/// R1: of twenty who follow a link at once, one does.
#[tokio::test]
async fn a_link_works_once() {
    on_stage(async |stage| {
        for (token, (follow, input)) in one_of_each(stage).await {
            let attempts = (0..20).map(|_| {
                let (mut client, input) = (stage.stranger(), input.clone());
                tokio::spawn(async move { client.attempt(follow, input).await.expect("an answer") })
            });
            let attempts: Vec<_> = attempts.collect();
            let mut done = 0;
            for attempt in attempts {
                let payload = attempt.await.expect("it ends");
                if is_done(&payload) {
                    done += 1;
                } else {
                    assert_eq!(codes(&payload), ["LINK_USED"], "{payload}");
                }
            }
            assert_eq!(done, 1);
            assert_eq!(link(stage, &token).await["state"], "USED");
            let renewed =
                stage.stranger().attempt(RENEW, json!({ "token": token })).await.expect("an answer");
            assert_eq!(codes(&renewed), ["LINK_USED"]);
        }
    })
    .await;
}

/// B8, A4, A13, B24: a token works for its purpose alone; for any other it is as unknown as one that was made up.
#[tokio::test]
async fn a_token_has_one_purpose() {
    on_stage(async |stage| {
        let links = one_of_each(stage).await;
        let made_up = "A".repeat(43);
        assert_eq!(link(stage, &made_up).await, Value::Null);
        let head = stage.head();
        for (index, (_, (follow, input))) in links.iter().enumerate() {
            let others = links.iter().enumerate().filter(|(other, _)| *other != index);
            for token in others.map(|(_, (token, _))| token).chain([&made_up]) {
                let mut input = input.clone();
                let field = if input["token"].is_null() { "invitationToken" } else { "token" };
                input[field] = json!(token);
                let refused = stage.stranger().attempt(follow, input).await.expect("an answer");
                assert_eq!(codes(&refused), ["LINK_INVALID"], "{refused}");
            }
        }
        assert_eq!(stage.head(), head, "a wrong token was recorded");
    })
    .await;
}

/// R10, R11: whoever holds an invitation that is too old has a new one sent to the same address, which the page shows masked;
/// the old one is dead, the newest mail counts, and who invited sees how it stands.
#[tokio::test]
async fn an_expired_invitation_is_renewed() {
    on_stage(async |stage| {
        let ada = "ada@guest.example";
        let old = invited(stage, ada).await;
        let early = stage.stranger().attempt(RENEW, json!({ "token": old })).await.expect("an answer");
        assert_eq!(codes(&early), ["INVALID"], "it still works");
        stage.advance("P30D").await;
        stage.node.scheduler.run_now(JobName::LapseInvitations).await.expect("the job runs");
        assert_eq!(link(stage, &old).await["state"], "EXPIRED");
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!(invitations(&mut clara).await[0]["state"], "EXPIRED");
        let late = stage.stranger().attempt(REGISTER, form(&old, ada)).await.expect("an answer");
        assert_eq!(codes(&late), ["LINK_EXPIRED"]);

        let renewed = stage.stranger().act(RENEW, json!({ "token": old })).await.expect("it is renewed");
        assert_eq!(renewed["maskedAddress"], "a***@g***.example");
        assert_eq!(invitations(&mut clara).await[0]["state"], "SENT");
        assert_eq!(link(stage, &old).await["state"], "REPLACED");
        let again = stage.stranger().attempt(RENEW, json!({ "token": old })).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_INVALID"]);
        let mails = stage.mails(ada).await;
        assert_eq!(mails.len(), 2, "renewing what was replaced sends nothing");
        let dead = stage.stranger().attempt(REGISTER, form(&old, ada)).await.expect("an answer");
        assert_ne!(codes(&dead), Vec::<&str>::new());
        let newest = mails[1].token().expect("a link");
        stage.stranger().act(REGISTER, form(&newest, ada)).await.expect("she registers");
        assert_eq!(invitations(&mut clara).await[0]["state"], "REGISTERED");

        let old = mailed(stage, ada, "Confirm your registration").await;
        stage.advance("P7D").await;
        let late = stage.stranger().attempt(ACTIVATE, json!({ "token": old })).await.expect("an answer");
        assert_eq!(codes(&late), ["LINK_EXPIRED"]);
        stage.stranger().act(RENEW, json!({ "token": old })).await.expect("it is renewed");
        let mails = mails_of(stage, ada, "Confirm your registration").await;
        let newest = mails.last().expect("a mail").token().expect("a link");
        let dead = stage.stranger().attempt(ACTIVATE, json!({ "token": old })).await.expect("an answer");
        assert_eq!(codes(&dead), ["LINK_INVALID"]);
        stage.stranger().act(ACTIVATE, json!({ "token": newest })).await.expect("she activates");
    })
    .await;
}

/// B1, B3, R11: who invited, or an administrator, sends the mail that is waited for once more; the link before is dead, and
/// nobody else can tell that there is an invitation.
#[tokio::test]
async fn a_mail_is_sent_again() {
    on_stage(async |stage| {
        let ada = "ada@guest.example";
        let first = invited(stage, ada).await;
        let mut clara = stage.log_in(CLARA).await;
        let id = invitations(&mut clara).await[0]["id"].clone();
        let input = || json!({ "idempotencyKey": stage.key(), "invitationId": id });
        let soon = clara.act(RESEND, input()).await.expect("an answer");
        assert_eq!((stage.mails(ada).await.len(), &soon["invitation"]["id"]), (1, &id), "one mail a minute");
        let mut bruno = stage.log_in(BRUNO).await;
        assert_eq!(codes(&bruno.attempt(RESEND, input()).await.expect("an answer")), ["NOT_FOUND"]);

        stage.advance("PT1M").await;
        let resent = clara.act(RESEND, input()).await.expect("it is sent");
        assert_eq!(resent["invitation"]["id"], id, "an invitation stays the same one");
        assert_eq!(resent["invitation"]["sentAt"], "2026-03-02T09:01:00Z");
        let mails = stage.mails(ada).await;
        assert_eq!(mails.len(), 2);
        assert_eq!(link(stage, &first).await["state"], "REPLACED");
        let newest = mails[1].token().expect("a link");
        stage.stranger().act(REGISTER, form(&newest, ada)).await.expect("she registers");

        stage.advance("PT1M").await;
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let resent = admin.act(RESEND, input()).await.expect("it is sent");
        assert_eq!(resent["invitation"]["state"], "REGISTERED");
        let mails = mails_of(stage, ada, "Confirm your registration").await;
        let newest = mails.last().expect("a mail").token().expect("a link");
        stage.stranger().act(ACTIVATE, json!({ "token": newest })).await.expect("she activates");
        assert_eq!(codes(&clara.attempt(RESEND, input()).await.expect("an answer")), ["NOT_ALLOWED"]);
    })
    .await;
}
