//! A password that is lost, or not wanted any more.

use crate::{
    house::{CLARA, GINA},
    registration,
    stage::{Stage, codes, on_stage, text},
};
use domain::{challenge::SUGGESTED_QUESTIONS, policy::Policy};
use sealpost::walk::{client::Client, letters::Arrived};
use serde_json::{Value, json};
use workers::JobName;

pub const REMINDER: &str = "mutation($input: RequestReminderInput!) { requestReminder(input: $input) \
     { problems { code message field } position } }";
pub const LINK: &str = "mutation($input: RequestPasswordLinkInput!) { requestPasswordLink(input: $input) \
     { problems { code message field } position } }";
pub const ASK: &str = "mutation($input: RequestPasswordChallengeInput!) { requestPasswordChallenge(input: $input) \
     { challengeToken questions problems { code message } position } }";
pub const ANSWER: &str = "mutation($input: AnswerPasswordChallengeInput!) { answerPasswordChallenge(input: $input) \
     { token problems { code message } position } }";
pub const SET: &str = "mutation($input: SetPasswordInput!) { setPassword(input: $input) \
     { effective activateBy problems { code message field } } }";
pub const CONFIRM: &str = "mutation($input: ActivatePasswordInput!) { activatePassword(input: $input) \
     { activated problems { code message } } }";
pub const RENEW: &str = "mutation($input: RenewLinkInput!) { renewLink(input: $input) \
     { maskedAddress problems { code message } } }";

const NOBODY: &str = "nobody@guest.example";
/// Answers of whoever `Stage::enrol` enrols, written otherwise.
const ANSWERS: [&str; 2] = [" lake-side!", "LAKESIDE"];
/// What somebody chooses anew.
pub const NEW: &str = "four blue kites above sand";
const NEW_PHRASE: &str = "toys in windy weather";

/// What a token that was handed out or mailed says of itself.
pub async fn link(stage: &Stage, token: &str) -> Value {
    let query = "query($token: Secret!) { link(token: $token) \
         { purpose state maskedAddress expiresAt needsPassword } }";
    let answer = stage.stranger().ask(query, json!({ "token": token })).await.expect("an answer");
    answer["data"]["link"].clone()
}

/// The mails to an address with this in the subject.
pub async fn mails_of(stage: &Stage, address: &str, subject: &str) -> Vec<Arrived> {
    let all = stage.mails(address).await;
    all.into_iter().filter(|mail| mail.subject.contains(subject)).collect()
}

/// The token of the one mail with this in the subject.
pub async fn mailed(stage: &Stage, address: &str, subject: &str) -> String {
    let mails = mails_of(stage, address, subject).await;
    assert_eq!(mails.len(), 1, "mails to {address} about {subject}");
    mails[0].token().expect("a link")
}

/// Answers the questions of an address; gives the payload.
async fn answer(stage: &Stage, address: &str, answers: &[&str]) -> Value {
    let mut client = stage.stranger();
    let asked = client.act(ASK, json!({ "address": address })).await.expect("questions");
    let input = json!({ "challengeToken": asked["challengeToken"], "answers": answers });
    client.attempt(ANSWER, input).await.expect("an answer")
}

/// Sets a new password by the questions; gives the token of the confirmation mail.
pub async fn staged(stage: &Stage, address: &str) -> String {
    let token = text(&answer(stage, address, &ANSWERS).await, "/token");
    let input = json!({ "token": token, "password": NEW, "reminderPhrase": NEW_PHRASE });
    let set = stage.stranger().act(SET, input).await.expect("it is set");
    assert_eq!(set["effective"], false);
    mailed(stage, address, "new password").await
}

/// Has a reset link mailed and gives its token.
pub async fn reset(stage: &Stage, address: &str) -> String {
    stage.stranger().act(LINK, json!({ "address": address })).await.expect("it is sent");
    mailed(stage, address, "Set a new password").await
}

async fn logs_in(stage: &Stage, address: &str, password: &str) -> bool {
    let payload = stage.stranger().log_in(address, password).await.expect("an answer");
    payload["viewer"].is_object()
}

async fn password_change(client: &mut Client) -> Value {
    let query = "{ viewer { passwordChange { stagedAt activateBy } } }";
    let answer = client.ask(query, json!({})).await.expect("an answer");
    answer["data"]["viewer"]["passwordChange"].clone()
}

/// A10, R4, R13: the reminder phrase is mailed, never the password; an unknown address gets the same answer and no mail;
/// asking again at once sends nothing more.
#[tokio::test]
async fn the_reminder_is_mailed() {
    on_stage(async |stage| {
        stage.enrol("ada@guest.example").await;
        let mut answers = vec![];
        for address in ["ada@guest.example", "ADA@guest.example", NOBODY, "no such name"] {
            answers.push(
                stage.stranger().attempt(REMINDER, json!({ "address": address })).await.expect("an answer"),
            );
        }
        let odd = answers.pop().expect("the last one");
        assert_eq!(codes(&odd), ["INVALID"], "this is neither an address nor a user name");
        answers.dedup();
        assert_eq!(answers, [json!({ "problems": [], "position": null })]);

        let mails = mails_of(stage, "ada@guest.example", "reminder").await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("what flies there"), "{}", mails[0].text);
        assert!(!mails[0].raw.contains(stage.password("ada@guest.example")), "the password was mailed");
        assert!(stage.mails(NOBODY).await.is_empty());
    })
    .await;
}

/// A11, A12, A13, A15, A16: who answers both questions sets a new password and phrase under the rules of registration; until
/// the mailed link is followed the old password works and the new one does not; then it is the other way round.
#[tokio::test]
async fn answers_lead_to_a_new_password() {
    on_stage(async |stage| {
        let ada = "ada@guest.example";
        stage.enrol(ada).await;
        let old = stage.password(ada).to_owned();
        let asked = stage.stranger().act(ASK, json!({ "address": ada })).await.expect("questions");
        assert_eq!(asked["questions"], json!(["Where?", "Which school?"]));
        for wrong in [
            &["Lakeside", "the mill"][..],
            &["Lakeside"],
            &[],
            &["", ""],
            &["Lakeside", "Lakeside", "Lakeside"],
        ] {
            assert_eq!(codes(&answer(stage, ada, wrong).await), ["RECOVERY_FAILED"], "{wrong:?}");
            stage.advance("PT31M").await;
        }
        let mut client = stage.stranger();
        let token = text(&answer(stage, ada, &ANSWERS).await, "/token");
        for (password, phrase, code, field) in [
            ("short", json!(NEW_PHRASE), "PASSWORD_REJECTED", "password"),
            ("the example of a song", json!(NEW_PHRASE), "PASSWORD_REJECTED", "password"),
            ("password1234", json!(NEW_PHRASE), "PASSWORD_REJECTED", "password"),
            (NEW, Value::Null, "REQUIRED", "reminderPhrase"),
            (NEW, json!("a KITE, I think"), "PHRASE_REJECTED", "reminderPhrase"),
        ] {
            let input = json!({ "token": token, "password": password, "reminderPhrase": phrase });
            let refused = client.attempt(SET, input).await.expect("an answer");
            assert_eq!(
                (codes(&refused), &refused["problems"][0]["field"]),
                (vec![code], &json!([field])),
                "{refused}"
            );
        }
        let input = json!({ "token": token, "password": NEW, "reminderPhrase": NEW_PHRASE });
        let set = client.act(SET, input.clone()).await.expect("it is set");
        assert_eq!(set["effective"], false);
        let again = client.attempt(SET, input).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"], "a right to set a password is used once");

        assert!(logs_in(stage, ada, &old).await, "the old password works until then");
        assert!(!logs_in(stage, ada, NEW).await, "the new one does not yet");
        let mut session = stage.log_in(ada).await;
        assert_eq!(password_change(&mut session).await["activateBy"], set["activateBy"]);
        let token = mailed(stage, ada, "new password").await;
        assert_eq!(link(stage, &token).await["purpose"], "ACTIVATE_PASSWORD");
        let done = client.act(CONFIRM, json!({ "token": token })).await.expect("it is confirmed");
        assert_eq!(done["activated"], true);
        assert!(logs_in(stage, ada, NEW).await && !logs_in(stage, ada, &old).await);
        let over = session.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_ne!(over["errors"], Value::Null, "who knew the old password is out: {over}");
        let again = client.attempt(CONFIRM, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);
        client.act(REMINDER, json!({ "address": ada })).await.expect("it is sent");
        assert!(mails_of(stage, ada, "reminder").await[0].text.contains(NEW_PHRASE));
    })
    .await;
}

/// A14, A15: a new password that is confirmed in the last second counts; from the end on it does not, whether the job ran or
/// not, and the old one stays.
#[tokio::test]
async fn an_unconfirmed_password_lapses_to_the_second() {
    on_stage(async |stage| {
        let [ada, bea] = ["ada@guest.example", "bea@guest.example"];
        let mut tokens = vec![];
        for who in [ada, bea] {
            stage.enrol(who).await;
            tokens.push(staged(stage, who).await);
        }
        let confirm = async |token: &str| {
            stage.stranger().attempt(CONFIRM, json!({ "token": token })).await.expect("an answer")
        };
        stage.advance("PT23H59M59S").await;
        assert_eq!(link(stage, &tokens[0]).await["state"], "USABLE");
        assert_eq!(confirm(&tokens[0]).await["activated"], true);
        assert!(logs_in(stage, ada, NEW).await);

        stage.advance("PT1S").await;
        assert_eq!(codes(&confirm(&tokens[1]).await), ["LINK_EXPIRED"]);
        assert_eq!(link(stage, &tokens[1]).await["state"], "EXPIRED");
        let mut session = stage.log_in(bea).await;
        assert_eq!(password_change(&mut session).await, Value::Null);
        let ran = stage.node.scheduler.run_now(JobName::LapsePasswordChanges).await.expect("the job runs");
        assert_eq!(ran.map(|ran| ran.done_count), Some(1));
        assert_eq!(codes(&confirm(&tokens[1]).await), ["LINK_EXPIRED"]);
        assert!(logs_in(stage, bea, stage.password(bea)).await && !logs_in(stage, bea, NEW).await);
        let renewed =
            stage.stranger().attempt(RENEW, json!({ "token": tokens[1] })).await.expect("an answer");
        assert_eq!(codes(&renewed), ["LINK_EXPIRED"]);
        let head = stage.head();
        stage.node.scheduler.run_now(JobName::LapsePasswordChanges).await.expect("the job runs");
        assert_eq!(stage.head(), head, "it lapses once");
    })
    .await;
}

/// R4, A11: an unknown address, and a known one without questions, are asked questions that stay the same and differ from
/// address to address; every failure has one answer, and leaves an event of its own for known and unknown.
#[tokio::test]
async fn unknown_addresses_get_decoys() {
    on_stage(async |stage| {
        let ask = |policy: &mut Policy, questions| {
            (policy.recovery.challenge, policy.recovery.link) = (questions, true);
        };
        stage.change_policy(|policy| ask(policy, false)).await;
        let bare = "bare@guest.example";
        registration::registered_without_questions(stage, bare).await;
        stage.change_policy(|policy| ask(policy, true)).await;

        let questions = async |address: &str| {
            let asked = stage.stranger().act(ASK, json!({ "address": address })).await.expect("questions");
            assert!(asked["challengeToken"].is_string() && asked["position"].is_null());
            asked["questions"].clone()
        };
        let mut all = vec![];
        for n in 0..8 {
            let address = format!("nobody{n}@guest.example");
            let first = questions(&address).await;
            assert_eq!(questions(&address.to_uppercase()).await, first);
            all.push(first);
        }
        all.push(questions(bare).await);
        for pair in &all {
            let pair: Vec<_> = pair.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
            assert!(pair.len() == 2 && pair[0] != pair[1], "{pair:?}");
            assert!(pair.iter().all(|question| SUGGESTED_QUESTIONS.contains(question)), "{pair:?}");
        }
        all.dedup();
        assert!(all.len() > 1, "every address is asked the same: {all:?}");

        let mut failures = vec![];
        for address in [GINA, bare, NOBODY] {
            failures.push(answer(stage, address, &["wrong", "wrong"]).await);
        }
        let mut client = stage.stranger();
        let asked = client.act(ASK, json!({ "address": NOBODY })).await.expect("questions");
        let late = json!({ "challengeToken": asked["challengeToken"], "answers": ["a", "b"] });
        stage.advance("PT15M").await;
        failures.push(client.attempt(ANSWER, late).await.expect("an answer"));
        let made_up = json!({ "challengeToken": "A".repeat(80), "answers": ["a", "b"] });
        failures.push(client.attempt(ANSWER, made_up).await.expect("an answer"));
        assert_eq!(codes(&failures[0]), ["RECOVERY_FAILED"]);
        failures.dedup();
        assert_eq!(failures.len(), 1, "failures are told apart: {failures:?}");
    })
    .await;
}

/// A11, R3: after too many wrong answers the right ones do not help for a time either.
#[tokio::test]
async fn too_many_wrong_answers() {
    on_stage(async |stage| {
        let ada = "ada@guest.example";
        stage.enrol(ada).await;
        for _ in 0..5 {
            assert_eq!(codes(&answer(stage, ada, &["wrong", "wrong"]).await), ["RECOVERY_FAILED"]);
        }
        assert_eq!(codes(&answer(stage, ada, &ANSWERS).await), ["RECOVERY_FAILED"]);
        stage.advance("PT30M").await;
        assert!(answer(stage, ada, &ANSWERS).await["token"].is_string());
    })
    .await;
}

/// B22, B24, B25, C14, R3, R4: a link is mailed, whether the address is known is not told, the mail names its end; the
/// password set by it works at once and ends a lockout; the link works once, and not after its time.
#[tokio::test]
async fn a_reset_link() {
    on_stage(async |stage| {
        let ada = "ada@guest.example";
        stage.enrol(ada).await;
        stage.change_policy(|policy| policy.recovery.link = true).await;
        let mut answers = vec![];
        for address in [NOBODY, "invited@guest.example", ada] {
            answers.push(
                stage.stranger().attempt(LINK, json!({ "address": address })).await.expect("an answer"),
            );
        }
        answers.dedup();
        assert_eq!(answers, [json!({ "problems": [], "position": null })]);
        for _ in 0..5 {
            assert!(!logs_in(stage, ada, "a wrong password").await);
        }
        assert!(!logs_in(stage, ada, stage.password(ada)).await, "the account is locked out");

        let mails = mails_of(stage, ada, "Set a new password").await;
        assert!(mails[0].text.contains("2026-03-02T13:00:00Z"), "{}", mails[0].text);
        let token = mails[0].token().expect("a link");
        let shown = link(stage, &token).await;
        assert_eq!(
            (&shown["purpose"], &shown["maskedAddress"]),
            (&json!("SET_PASSWORD"), &json!("a***@g***.example"))
        );
        let input = json!({ "token": token, "password": NEW, "reminderPhrase": NEW_PHRASE });
        let set = stage.stranger().act(SET, input.clone()).await.expect("it is set");
        assert_eq!((&set["effective"], &set["activateBy"]), (&json!(true), &Value::Null));
        assert!(logs_in(stage, ada, NEW).await && !logs_in(stage, ada, stage.password(ada)).await);
        let again = stage.stranger().attempt(SET, input).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);

        stage.advance("PT1H").await;
        stage.stranger().act(LINK, json!({ "address": ada })).await.expect("it is sent");
        let mails = mails_of(stage, ada, "Set a new password").await;
        let late = mails.last().expect("a mail").token().expect("a link");
        stage.advance("PT4H").await;
        let input =
            json!({ "token": late, "password": "six red kites over there", "reminderPhrase": "flying toys" });
        assert_eq!(codes(&stage.stranger().attempt(SET, input).await.expect("an answer")), ["LINK_EXPIRED"]);
        assert!(logs_in(stage, ada, NEW).await);
        let renewed = stage.stranger().act(RENEW, json!({ "token": late })).await.expect("it is renewed");
        assert_eq!(renewed["maskedAddress"], "a***@g***.example");
        assert_eq!(mails_of(stage, ada, "Set a new password").await.len(), 3);
        let again = stage.stranger().attempt(RENEW, json!({ "token": late })).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_INVALID"]);
    })
    .await;
}

/// B22, R13: a link that was asked for anew takes the place of the one before, and nobody's mailbox can be filled by asking.
#[tokio::test]
async fn the_newest_reset_link_counts() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.recovery.link = true).await;
        let first = reset(stage, GINA).await;
        for _ in 0..3 {
            stage.stranger().act(LINK, json!({ "address": GINA })).await.expect("an answer");
        }
        assert_eq!(mails_of(stage, GINA, "Set a new password").await.len(), 1);
        stage.advance("PT1M").await;
        stage.stranger().act(LINK, json!({ "address": GINA })).await.expect("an answer");
        let mails = mails_of(stage, GINA, "Set a new password").await;
        assert_eq!(mails.len(), 2);
        let input = |token: &str| json!({ "token": token, "password": NEW, "reminderPhrase": NEW_PHRASE });
        let old = stage.stranger().attempt(SET, input(&first)).await.expect("an answer");
        assert_eq!(codes(&old), ["LINK_INVALID"]);
        assert_eq!(link(stage, &first).await["state"], "REPLACED");
        let newest = mails[1].token().expect("a link");
        assert_eq!(stage.stranger().act(SET, input(&newest)).await.expect("it is set")["effective"], true);
    })
    .await;
}

/// R4: what the policy does not offer is refused in the same words for everybody.
#[tokio::test]
async fn a_way_that_is_not_offered() {
    on_stage(async |stage| {
        for (way, offered) in [(LINK, 0), (REMINDER, 1), (ASK, 2)] {
            stage
                .change_policy(|policy| {
                    policy.recovery.link = offered != 0;
                    policy.recovery.reminder_phrase = offered != 1;
                    policy.recovery.challenge = offered != 2;
                })
                .await;
            let mut answers = vec![];
            for address in [GINA, CLARA, NOBODY] {
                let mut client = stage.stranger();
                answers.push(client.attempt(way, json!({ "address": address })).await.expect("an answer"));
            }
            assert_eq!(codes(&answers[0]), ["NOT_ALLOWED"]);
            answers.dedup();
            assert_eq!(answers.len(), 1, "{answers:?}");
        }
    })
    .await;
}

/// C5, A11: a user name leads to the account as the address does; the mail goes to the address.
#[tokio::test]
async fn a_user_name_leads_to_the_account() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.recovery.link = true).await;
        registration::registered_as(stage, "ada@guest.example", "Countess").await;
        stage.stranger().act(LINK, json!({ "address": "COUNTESS" })).await.expect("it is sent");
        mailed(stage, "ada@guest.example", "Set a new password").await;
        let asked = stage.stranger().act(ASK, json!({ "address": "countess" })).await.expect("questions");
        assert_eq!(asked["questions"][0], "In which town were you born?");
    })
    .await;
}

/// B24, K9: a reset link that waits while its account is closed is not mailed, and holds up nobody's mail.
#[tokio::test]
async fn a_link_of_a_closed_account_is_not_mailed() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.recovery.link = true).await;
        let (mut gina, mut clara) = (stage.log_in(GINA).await, stage.log_in(CLARA).await);
        stage.stranger().act(LINK, json!({ "address": GINA })).await.expect("it is taken");
        stage.node.app.finish_requests().await;
        let close =
            "mutation($input: CloseAccountInput!) { closeAccount(input: $input) { closed problems { code } } }";
        let closed = gina.act(close, json!({ "password": stage.password(GINA) })).await.expect("it closes");
        assert_eq!(closed["closed"], true);
        stage.send(&mut clara, "new@guest.example", "After that").await;
        assert!(stage.mails(GINA).await.is_empty());
        assert_eq!(stage.mails("new@guest.example").await.len(), 1);
    })
    .await;
}
