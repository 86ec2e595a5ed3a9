//! From an invitation to an account.

use crate::{
    house::{ADMINISTRATOR, CLARA, GINA, folder},
    stage::{INVITE, REGISTER, Stage, codes, on_stage, text},
};
use domain::policy::{Pack, Policy};
use serde_json::{Value, json};

const ADA: &str = "ada@guest.example";
/// What Ada chooses.
pub const PASSWORD: &str = "seven quiet herons at dawn";
pub const ACTIVATE: &str = "mutation($input: ActivateAccountInput!) { activateAccount(input: $input) { activated problems { code } } }";

/// A filled-in form of the portal pack.
pub fn form(invitation: &str, address: &str) -> Value {
    json!({
        "invitationToken": invitation,
        "address": address,
        "password": PASSWORD,
        "profile": { "givenName": "Ada", "familyName": "Example", "telephone": "+1 555 0199" },
        "reminderPhrase": "birds in the morning",
        "challengeAnswers": [
            { "question": "In which town were you born?", "answer": "Lakeside" },
            { "question": "What was your first school?", "answer": "By the mill" },
        ],
    })
}

/// Invites an address; gives the token of the mail.
pub async fn invited(stage: &Stage, address: &str) -> String {
    let mut clara = stage.log_in(CLARA).await;
    clara.act(INVITE, json!({ "idempotencyKey": stage.key(), "address": address })).await.expect("invited");
    stage.mails(address).await[0].token().expect("a link")
}

/// Fills the form in by a change, and gives the payload.
async fn tried(stage: &Stage, invitation: &str, address: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut filled = form(invitation, address);
    change(&mut filled);
    stage.stranger().attempt(REGISTER, filled).await.expect("an answer")
}

/// Somebody who can log in by a user name.
pub async fn registered_as(stage: &Stage, address: &str, user_name: &str) {
    stage.change_policy(|policy| policy.accounts.activation = false).await;
    let invitation = invited(stage, address).await;
    let done = tried(stage, &invitation, address, |form| form["userName"] = json!(user_name)).await;
    assert_eq!(done["next"], "LOG_IN", "{done}");
}

/// Somebody who can log in and was asked no questions; the policy must ask for none.
pub async fn registered_without_questions(stage: &Stage, address: &str) {
    stage.change_policy(|policy| policy.accounts.activation = false).await;
    let invitation = invited(stage, address).await;
    let done = tried(stage, &invitation, address, |form| form["challengeAnswers"] = Value::Null).await;
    assert_eq!(done["next"], "LOG_IN", "{done}");
}

/// B8, B9, R4: the invited address registers, in any case; any other is refused with the same words, known or not, and that
/// leaves the invitation as it was. A link works once.
#[tokio::test]
async fn the_invited_address_registers() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, ADA, "For Ada").await;
        let invitation = stage.mails(ADA).await[0].token().expect("a link");
        let mut ada = stage.stranger();
        let mut answers = vec![];
        for other in [GINA, CLARA, "nobody@guest.example", "ada+x@guest.example", "a.da@guest.example"] {
            answers.push(ada.attempt(REGISTER, form(&invitation, other)).await.expect("an answer"));
        }
        assert_eq!(codes(&answers[0]), ["ADDRESS_REFUSED"]);
        answers.dedup();
        assert_eq!(answers.len(), 1, "known and unknown addresses are told apart: {answers:?}");
        let made_up = ada.attempt(REGISTER, form(&"A".repeat(43), ADA)).await.expect("an answer");
        assert_eq!(codes(&made_up), ["LINK_INVALID"]);

        let done = ada.act(REGISTER, form(&invitation, "ADA@Guest.Example")).await.expect("she registers");
        assert_eq!(done["next"], "ACTIVATE");
        let again = ada.attempt(REGISTER, form(&invitation, ADA)).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);
        let mails = stage.mails(ADA).await;
        assert_eq!(mails.len(), 2, "an invitation and a confirmation");
        let token = mails.iter().map(|mail| mail.token().expect("a link")).find(|token| *token != invitation);
        let wrong = ada.attempt(ACTIVATE, json!({ "token": invitation })).await.expect("an answer");
        assert_eq!(codes(&wrong), ["LINK_INVALID"], "a link works for its purpose alone");
        ada.act(ACTIVATE, json!({ "token": token })).await.expect("she activates");
        let again = ada.attempt(ACTIVATE, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);
        let payload = ada.log_in(ADA, PASSWORD).await.expect("an answer");
        assert_eq!(
            payload["viewer"]["account"]["primaryAddress"], ADA,
            "the invited address, as it was invited"
        );
        assert_eq!(folder(&mut ada, "inbox").await.len(), 1);
    })
    .await;
}

/// A3, A5: every field that is asked for is mandatory, and each complaint names its field; nothing is recorded.
#[tokio::test]
async fn every_field_is_mandatory() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, ADA, "For Ada").await;
        let invitation = stage.mails(ADA).await[0].token().expect("a link");
        let head = stage.head();
        for (path, value, code) in [
            ("/password", json!("short"), "PASSWORD_REJECTED"),
            ("/password", json!(format!("my {ADA}")), "PASSWORD_REJECTED"),
            ("/password", json!("qwertzuiop"), "PASSWORD_REJECTED"),
            ("/password", json!("for EXAMPLE, this one"), "PASSWORD_REJECTED"),
            ("/userName", json!("ada@insurer"), "INVALID"),
            ("/profile/givenName", json!(" "), "REQUIRED"),
            ("/profile/familyName", Value::Null, "REQUIRED"),
            ("/profile/telephone", json!("1".repeat(201)), "TOO_LONG"),
            ("/reminderPhrase", Value::Null, "REQUIRED"),
            ("/reminderPhrase", json!(format!("it is {PASSWORD}")), "PHRASE_REJECTED"),
            ("/reminderPhrase", json!("HERO, but longer"), "PHRASE_REJECTED"),
            ("/challengeAnswers", json!([]), "REQUIRED"),
            ("/challengeAnswers/1/question", json!("In which town were you born?"), "INVALID"),
            ("/challengeAnswers/0/answer", json!("?!"), "INVALID"),
            ("/address", json!("no address"), "INVALID"),
        ] {
            let mut wrong = form(&invitation, ADA);
            wrong["userName"] = Value::Null;
            *wrong.pointer_mut(path).expect("a field") = value;
            let payload = stage.stranger().attempt(REGISTER, wrong).await.expect("an answer");
            assert_eq!(codes(&payload), [code], "{path}: {payload}");
            let top = path.split('/').nth(1).expect("a name");
            assert_eq!(payload["problems"][0]["field"][0], top, "{payload}");
        }
        assert_eq!(stage.head(), head, "a refused form was recorded");
    })
    .await;
}

/// C5, C6: in the envelope pack a password is enough, no confirmation mail follows, and login works at once.
#[tokio::test]
async fn the_envelope_pack_needs_no_activation() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, ADA, "For Ada").await;
        let invitation = stage.mails(ADA).await[0].token().expect("a link");
        let mut ada = stage.stranger();
        let short =
            json!({ "invitationToken": invitation, "address": ADA, "password": PASSWORD, "profile": {} });
        let payload = ada.act(REGISTER, short).await.expect("she registers");
        assert_eq!(payload["next"], "LOG_IN");
        assert_eq!(stage.mails(ADA).await.len(), 1, "a confirmation mail went out");
        ada.log_in(ADA, PASSWORD).await.expect("an answer");
        assert_eq!(folder(&mut ada, "inbox").await.len(), 1);
    })
    .await;
}

/// C5: a user name is one person's in an organisation, in whatever case; who comes second chooses another.
#[tokio::test]
async fn a_user_name_is_taken_once() {
    on_stage(async |stage| {
        registered_as(stage, ADA, "Countess").await;
        let bea = "bea@guest.example";
        let invitation = invited(stage, bea).await;
        let refused = tried(stage, &invitation, bea, |form| form["userName"] = json!("COUNTESS")).await;
        assert_eq!(
            (codes(&refused), &refused["problems"][0]["field"]),
            (vec!["INVALID"], &json!(["userName"]))
        );
        let done = tried(stage, &invitation, bea, |form| form["userName"] = json!("Beatrice")).await;
        assert_eq!(done["next"], "LOG_IN", "a refusal leaves the invitation as it was: {done}");
    })
    .await;
}

/// A5: a password is the same however its letters are composed.
#[tokio::test]
async fn a_password_in_another_composition() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.activation = false).await;
        let invitation = invited(stage, ADA).await;
        let composed = "sieben stille v\u{f6}gel \u{fb01}schen";
        let done = tried(stage, &invitation, ADA, |form| form["password"] = json!(composed)).await;
        assert_eq!(done["next"], "LOG_IN", "{done}");
        let payload =
            stage.stranger().log_in(ADA, "sieben stille vo\u{308}gel fischen").await.expect("an answer");
        assert!(payload["viewer"].is_object(), "{payload}");
    })
    .await;
}

/// C15, B13: guests are invited into an audience that the policy knows; members have none, and guests invite nobody.
#[tokio::test]
async fn guests_carry_an_audience() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.audiences = ["broker".to_owned()].into()).await;
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let mut n = 0;
        let mut invite = async |kind: &str, audience: &str| {
            n += 1;
            let input = json!({
                "idempotencyKey": stage.key(),
                "address": format!("person{n}@guest.example"),
                "kind": kind,
                "audience": audience,
            });
            admin.attempt(INVITE, input).await.expect("an answer")
        };
        assert_eq!(text(&invite("GUEST", "broker").await, "/invitation/state"), "SENT");
        for (kind, audience) in [("GUEST", "pilot"), ("GUEST", "Broker"), ("MEMBER", "broker")] {
            let refused = invite(kind, audience).await;
            assert_eq!(
                (codes(&refused), &refused["problems"][0]["field"]),
                (vec!["INVALID"], &json!(["audience"]))
            );
        }
        let mut gina = stage.log_in(GINA).await;
        let input = json!({ "idempotencyKey": stage.key(), "address": "x@guest.example" });
        assert_eq!(codes(&gina.attempt(INVITE, input).await.expect("an answer")), ["NOT_ALLOWED"]);
    })
    .await;
}
