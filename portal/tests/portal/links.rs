//! The pages that the links of mails lead to, over HTTP, on both databases.

use crate::house::{GUEST, House, MEMBER, NOON, PASSWORD, as_posted, filled, leaving, link};
use domain::policy::Pack;
use eventstore::testing::on_both;
use reqwest::{Method, StatusCode};

/// R1: GET and HEAD of every link, however often, change nothing, and the links go on working.
#[tokio::test]
async fn looking_changes_nothing() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let mail = house.invite().await;
        let register = link(&mail);
        let leave = leaving(&mail);
        look_ten_times(&house, &[&register, &leave]).await;
        assert_eq!(house.post(&register, &as_posted(&filled(GUEST))).await.status, StatusCode::OK);
        let activate = link(&house.newest_mail().await);
        look_ten_times(&house, &[&activate, &leave]).await;
        assert_eq!(house.post(&activate, &[]).await.status, StatusCode::OK);
        look_ten_times(&house, &[&leave]).await;
    })
    .await;
}

async fn look_ten_times(house: &House, paths: &[&str]) {
    let before = house.head();
    for path in paths {
        for _ in 0..10 {
            assert_eq!(house.get(path).await.status, StatusCode::OK, "{path}");
            let head = house.ask(Method::HEAD, path, &[("purpose", "prefetch")], "").await;
            assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
        }
    }
    assert_eq!(house.head(), before);
}

/// B8, B9, R4: the invited address registers, in any case; another is refused in the same words, known here or not.
#[tokio::test]
async fn only_the_invited_address_registers() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        let form = house.get(&register).await;
        assert!(form.body.contains("m***@p***.example") && !form.body.contains(GUEST));
        let mut refused = vec![];
        for other in [MEMBER, "nobody@post.example"] {
            let answer = house.post(&register, &as_posted(&filled(other))).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains("id=\"address-e\""));
            refused.push(answer.body.replace(other, ""));
        }
        assert_eq!(refused[0], refused[1]);
        let answer = house.post(&register, &as_posted(&filled(&GUEST.to_uppercase()))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("Look into your mail"));
        assert_eq!(house.post(&register, &as_posted(&filled(GUEST))).await.status, StatusCode::GONE);
    })
    .await;
}

/// A4, R1: the button of the confirmation mail's page activates the account, once.
#[tokio::test]
async fn activation_works_once() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        house.post(&register, &as_posted(&filled(GUEST))).await;
        let activate = link(&house.newest_mail().await);
        let activated = house.post(&activate, &[]).await;
        assert_eq!(activated.status, StatusCode::OK);
        assert!(activated.body.contains("Your account is active"));
        house.log_in(GUEST).await;
        let head = house.head();
        for again in [house.post(&activate, &[]).await, house.get(&activate).await] {
            assert_eq!(again.status, StatusCode::GONE);
            assert!(again.body.contains("activated already"));
        }
        assert_eq!(house.head(), head);
    })
    .await;
}

/// B36, B38, B39: the link of any mail leads to a page that says what is lost; its button ends it at once.
#[tokio::test]
async fn leaving_by_link() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let leave = leaving(&house.invite().await);
        let asked = house.get(&leave).await;
        assert!(asked.body.contains("any message you received here"));
        let left = house.post(&leave, &[]).await;
        assert_eq!(left.status, StatusCode::OK);
        assert!(left.body.contains("You have left"));
        assert!(house.due_mails().await.is_empty());
        assert_eq!(house.get(&leave).await.status, StatusCode::GONE);
        assert_eq!(house.post(&leave, &[]).await.status, StatusCode::GONE);
    })
    .await;
}

/// R1, R10, R11: an expired link says for which address it was, registers nobody, and its button sends a new one there.
#[tokio::test]
async fn an_expired_link_is_renewed_by_its_button() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        house.clock.set(NOON.plus("P31D".parse().unwrap()));
        let head = house.head();
        for answer in [house.get(&register).await, house.post(&register, &as_posted(&filled(GUEST))).await] {
            assert_eq!(answer.status, StatusCode::GONE);
            assert!(answer.body.contains("good until 4 February 2026, 12:00 UTC"));
            assert!(answer.body.contains("m***@p***.example"));
            assert!(answer.body.contains("Send a new link"));
        }
        let renew = format!("{register}/new");
        assert_eq!(house.get(&renew).await.location(), register);
        assert_eq!(house.head(), head);
        let sent = house.post(&renew, &[]).await;
        assert_eq!(sent.status, StatusCode::OK);
        assert!(sent.body.contains("m***@p***.example") && !sent.body.contains(GUEST));
        assert!(house.get(&register).await.body.contains("There is a newer link"));
        assert_eq!(house.post(&renew, &[]).await.location(), register);
        let newer = link(&house.newest_mail().await);
        assert_eq!(house.post(&newer, &as_posted(&filled(GUEST))).await.status, StatusCode::OK);
        assert_eq!(house.post("/link/nonsense/new", &[]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

/// A3: every field that the policy asks for is mandatory; each empty one is marked, and what was typed is kept.
#[tokio::test]
async fn missing_fields_are_marked() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        let head = house.head();
        for (missing, _) in filled(GUEST) {
            let mut form = filled(GUEST);
            form.retain(|(name, _)| *name != missing);
            let answer = house.post(&register, &as_posted(&form)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{missing}");
            let body = answer.body;
            assert!(body.contains("<title>Error: Register"));
            assert!(body.contains("One thing to put right"));
            assert!(body.contains(&format!("<a href=\"#{missing}\">")), "{missing}");
            assert!(body.contains(&format!("id=\"{missing}-e\"")), "{missing}");
            assert_eq!(body.matches("aria-invalid=\"true\" autofocus").count(), 1, "{missing}");
            assert!(missing == "reminderPhrase" || body.contains("the boat &#38; the summer after"));
            assert!(!body.contains(PASSWORD));
        }
        let nothing = house.post(&register, &[]).await.body;
        assert!(nothing.contains("10 things to put right"));
        assert_eq!(nothing.matches(" autofocus").count(), 1);
        assert_eq!(house.head(), head);
    })
    .await;
}

/// A3, A5: what the use case refuses stands at its field.
#[tokio::test]
async fn refusals_stand_at_their_fields() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        let faults = [
            ("password", "short"),
            ("reminderPhrase", "it is: four words in a row"),
            ("answer2", "?!"),
            ("address", "no address"),
        ];
        for (field, value) in faults {
            let mut form = filled(GUEST);
            form.iter_mut().filter(|(name, _)| *name == field).for_each(|(_, typed)| value.clone_into(typed));
            let answer = house.post(&register, &as_posted(&form)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert!(answer.body.contains("One thing to put right"), "{field}");
            assert!(answer.body.contains(&format!("id=\"{field}-e\"")), "{field}");
        }
    })
    .await;
}

/// C5, C6: the envelope pack asks for the address and the password twice, and needs no activation mail.
#[tokio::test]
async fn the_envelope_pack_needs_no_activation() {
    on_both(async |database| {
        let house = House::open(database, Pack::Envelope).await;
        let register = link(&house.invite().await);
        let form = [("address", GUEST), ("password", PASSWORD)];
        let differing = [&form[..], &[("passwordAgain", "another one")]].concat();
        let answer = house.post(&register, &differing).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("id=\"passwordAgain-e\""));
        let answer = house.post(&register, &[&form[..], &[("passwordAgain", PASSWORD)]].concat()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("Go back to the envelope"));
        house.log_in(GUEST).await;
    })
    .await;
}
