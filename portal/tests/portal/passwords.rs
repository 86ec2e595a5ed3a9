//! A lost password: the link, the questions, the reminder; and setting a new one.

use crate::house::{Answer, House, MEMBER, PASSWORD, link};
use domain::policy::Pack;
use eventstore::testing::on_both;
use reqwest::StatusCode;

const NEW: &str = "quite another sentence";
const UNKNOWN: &str = "nobody@insurer.example";
/// The fields of the portal pack's form for a new password.
const FILLED: [(&str, &str); 2] = [("password", NEW), ("reminderPhrase", "the hill")];

/// Asks for the link, and gives the mail.
async fn mailed(house: &House) -> String {
    let asked = house.post("/forgot", &[("identifier", MEMBER), ("way", "link")]).await;
    assert_eq!(asked.status, StatusCode::OK);
    house.newest_mail().await
}

/// Answers the member's questions with these.
async fn answered(house: &House, first: &str, second: &str) -> Answer {
    let asked = house.post("/forgot", &[("identifier", MEMBER)]).await;
    assert!(asked.body.contains(">First?<") && asked.body.contains(">Second?<"));
    let token = asked.hidden("token");
    let fields = [
        ("token", token.as_str()),
        ("question1", "First?"),
        ("question2", "Second?"),
        ("answer1", first),
        ("answer2", second),
    ];
    house.post("/forgot/answers", &fields).await
}

async fn can_sign_in(house: &House, password: &str) -> bool {
    let answer = house.post("/login", &[("identifier", MEMBER), ("password", password)]).await;
    answer.status == StatusCode::SEE_OTHER
}

/// B22, B25, R1, R10: the mailed link leads to a form; the new password works at once, and the link once.
#[tokio::test]
async fn a_mailed_link_sets_a_password() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let path = link(&mailed(&house).await);
        let head = house.head();
        let form = house.get(&path).await;
        assert!(form.body.contains("Choose a new password") && form.body.contains("p***@i***.example"));
        assert!(!form.body.contains(MEMBER) && !form.body.contains("reminderPhrase"));
        let empty = house.post(&path, &[]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.body.contains("id=\"password-e\""));
        let weak = house.post(&path, &[("password", "short")]).await;
        assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(weak.body.contains("<title>Error: ") && weak.body.contains("id=\"password-e\""));
        assert_eq!(house.head(), head);
        let set = house.post(&path, &[("password", NEW)]).await;
        assert_eq!(set.status, StatusCode::OK);
        assert!(set.body.contains("Your new password works") && set.body.contains("href=\"/login\""));
        assert!(can_sign_in(&house, NEW).await && !can_sign_in(&house, PASSWORD).await);
        for again in [house.get(&path).await, house.post(&path, &[("password", NEW)]).await] {
            assert_eq!(again.status, StatusCode::GONE);
            assert!(again.body.contains("set already"));
        }
    })
    .await;
}

/// B24, R11: a link that is too old sets nothing; its button sends a new one.
#[tokio::test]
async fn an_old_link_is_renewed() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let path = link(&mailed(&house).await);
        house.later("PT4H");
        let head = house.head();
        for answer in [house.get(&path).await, house.post(&path, &[("password", NEW)]).await] {
            assert_eq!(answer.status, StatusCode::GONE);
            assert!(answer.body.contains("Send a new link") && answer.body.contains("p***@i***.example"));
        }
        assert_eq!(house.head(), head);
        let renewed = house.post(&format!("{path}/new"), &[]).await;
        assert_eq!(renewed.status, StatusCode::OK);
        let newer = link(&house.newest_mail().await);
        assert_ne!(newer, path);
        assert_eq!(house.post(&newer, &[("password", NEW)]).await.status, StatusCode::OK);
    })
    .await;
}

/// B22, R4: whoever asks for a link reads the same, whether the address is known or not; nobody else gets mail.
#[tokio::test]
async fn asking_for_a_link_tells_nothing() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let ask = async |who| house.post("/forgot", &[("identifier", who), ("way", "link")]).await;
        let (known, unknown) = (ask(MEMBER).await, ask("pat@insurer.example").await);
        assert_eq!((known.status, known.body), (unknown.status, unknown.body));
        assert_eq!(house.due_mails().await.len(), 1);
        let empty = ask("").await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.body.contains("id=\"identifier-e\""));
    })
    .await;
}

/// A11, A12, A13, A14, R10: right answers lead to the form; the new password works once the mail's button confirms it.
#[tokio::test]
async fn right_answers_lead_to_a_new_password() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let wrong = answered(&house, "blue", "green").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("role=\"alert\"") && wrong.body.contains(">First?<"));
        let right = answered(&house, "Blue.", "BLUE").await;
        let form = right.location().to_owned();
        let missing = house.post(&form, &FILLED[..1]).await;
        assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(missing.body.contains("id=\"reminderPhrase-e\""));
        let set = house.post(&form, &FILLED).await;
        assert_eq!(set.status, StatusCode::OK);
        assert!(set.body.contains("Look into your mail") && set.body.contains("6 January 2026, 12:00 UTC"));
        assert!(can_sign_in(&house, PASSWORD).await && !can_sign_in(&house, NEW).await);
        let confirm = link(&house.newest_mail().await);
        let head = house.head();
        let asked = house.get(&confirm).await;
        assert!(asked.body.contains("Use my new password") && asked.body.contains("p***@i***.example"));
        assert_eq!(house.head(), head);
        let done = house.post(&confirm, &[]).await;
        assert!(done.body.contains("Your new password works"));
        assert!(can_sign_in(&house, NEW).await && !can_sign_in(&house, PASSWORD).await);
        let again = house.post(&confirm, &[]).await;
        assert_eq!(again.status, StatusCode::GONE);
        assert!(again.body.contains("works already"));
    })
    .await;
}

/// A14, R11: a new password that was not confirmed in time is gone; the page says so and where to begin again.
#[tokio::test]
async fn a_late_confirmation_leaves_the_old_password() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let form = answered(&house, "blue", "blue").await.location().to_owned();
        house.post(&form, &FILLED).await;
        let confirm = link(&house.newest_mail().await);
        house.later("PT24H");
        for answer in [house.get(&confirm).await, house.post(&confirm, &[]).await] {
            assert_eq!(answer.status, StatusCode::GONE);
            assert!(answer.body.contains("stayed as it was") && answer.body.contains("href=\"/forgot\""));
            assert!(!answer.body.contains("Send a new link"));
        }
        assert!(can_sign_in(&house, PASSWORD).await);
    })
    .await;
}

/// A11, R11: the right that answers gave is not mailed once it is too old.
#[tokio::test]
async fn late_answers_begin_again() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let form = answered(&house, "blue", "blue").await.location().to_owned();
        house.later("PT16M");
        let head = house.head();
        for answer in [house.get(&form).await, house.post(&format!("{form}/new"), &[]).await] {
            assert_eq!(answer.status, StatusCode::GONE);
            assert!(answer.body.contains("Begin again") && !answer.body.contains("Send a new link"));
        }
        assert_eq!(house.head(), head);
    })
    .await;
}

/// R4: strangers are asked two questions as well, always the same ones, and their answers fail like wrong ones.
#[tokio::test]
async fn strangers_are_asked_as_well() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let ask = async || house.post("/forgot", &[("identifier", UNKNOWN)]).await;
        let (first, second) = (ask().await, ask().await);
        assert_eq!(first.without(&["token"]), second.without(&["token"]));
        let (token, one, two) = (first.hidden("token"), first.hidden("question1"), first.hidden("question2"));
        let fields = [
            ("token", token.as_str()),
            ("question1", one.as_str()),
            ("question2", two.as_str()),
            ("answer1", "blue"),
            ("answer2", "green"),
        ];
        let stranger = house.post("/forgot/answers", &fields).await;
        let known = answered(&house, "blue", "green").await;
        assert_eq!(stranger.status, known.status);
        let neutral = |answer: &Answer, questions: [&str; 2]| {
            let body = answer.body.replace(&answer.hidden("token"), "");
            questions.iter().fold(body, |body, question| body.replace(&question.replace('\'', "&#39;"), ""))
        };
        assert_eq!(neutral(&stranger, [&one, &two]), neutral(&known, ["First?", "Second?"]));
    })
    .await;
}

/// A10, R4: the reminder is mailed to the address of the account; the page says the same to everybody.
#[tokio::test]
async fn the_reminder_is_mailed() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let ask = async |who| house.post("/reminder", &[("identifier", who)]).await;
        let (known, unknown) = (ask(MEMBER).await, ask("pat@insurer.example").await);
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
        assert!(!known.body.contains("the boat") && known.body.contains("p***@i***.example"));
        let mails = house.due_mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("the boat"));
        let empty = ask("").await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.body.contains("id=\"identifier-e\""));
    })
    .await;
}

/// A11, R1: what is left empty among the answers is marked, and is no attempt.
#[tokio::test]
async fn empty_answers_are_no_attempt() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let head = house.head();
        let answer = answered(&house, "blue", "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("id=\"answer2-e\"") && !answer.body.contains("id=\"answer1-e\""));
        assert_eq!(house.head(), head);
    })
    .await;
}
