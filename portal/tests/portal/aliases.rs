//! What the mails about further addresses lead to.

use crate::house::{GUEST, House, MEMBER, PASSWORD, link};
use domain::{address::EmailAddress, policy::Pack};
use eventstore::testing::on_both;
use reqwest::StatusCode;

/// Of nobody yet.
const FREE: &str = "priya.rao@post.example";

/// The member asks for a further address; gives the link of the mail to it.
async fn asked(house: &House, address: &str) -> String {
    let member = house.log_in(MEMBER).await;
    let address = EmailAddress::parse(address).unwrap();
    let done = house.app.add_alias(&member, &address).await.unwrap();
    house.app.wait_for(done.position).await.unwrap();
    link(&house.newest_mail().await)
}

/// B44, R1, R10: an address that nobody has is confirmed by one button, once.
#[tokio::test]
async fn a_free_address_is_confirmed_by_a_button() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let path = asked(&house, FREE).await;
        let head = house.head();
        let shown = house.get(&path).await;
        assert!(shown.body.contains("Is this address yours?") && shown.body.contains("p***@p***.example"));
        assert!(!shown.body.contains(FREE) && !shown.body.contains("type=\"password\""));
        assert_eq!(house.head(), head);
        let done = house.post(&path, &[]).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.body.contains("The address is confirmed"));
        house.sign_in(FREE, PASSWORD).await;
        for again in [house.get(&path).await, house.post(&path, &[]).await] {
            assert_eq!(again.status, StatusCode::GONE);
            assert!(again.body.contains("confirmed already"));
        }
    })
    .await;
}

/// B43: an address with an account asks for that account's password, and says what the button does.
#[tokio::test]
async fn an_address_with_an_account_asks_its_password() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        house.welcome().await;
        let path = asked(&house, GUEST).await;
        let shown = house.get(&path).await;
        assert!(shown.body.contains("that account is closed") && shown.body.contains("type=\"password\""));
        let empty = house.post(&path, &[]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        let wrong = house.post(&path, &[("password", "a wrong one")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for answer in [empty, wrong] {
            assert!(answer.body.contains("<title>Error: "));
            assert!(answer.body.contains("id=\"password-e\""), "{}", answer.body);
        }
        let done = house.post(&path, &[("password", PASSWORD)]).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert!(done.body.contains("The address is confirmed"));
    })
    .await;
}

/// R11: a confirmation that is too old confirms nothing; its button sends a new one to the same address.
#[tokio::test]
async fn an_old_confirmation_is_renewed() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let path = asked(&house, FREE).await;
        house.later("P7D");
        let old = house.get(&path).await;
        assert_eq!(old.status, StatusCode::GONE);
        assert!(old.body.contains("Send a new link") && old.body.contains("p***@p***.example"));
        let renewed = house.post(&format!("{path}/new"), &[]).await;
        assert_eq!(renewed.status, StatusCode::OK);
        assert!(renewed.body.contains("p***@p***.example"));
        let newer = link(&house.newest_mail().await);
        assert_eq!(house.post(&newer, &[]).await.status, StatusCode::OK);
    })
    .await;
}

/// R14, R1, R10: the old address gets a link whose button makes it the primary one again, for a week.
#[tokio::test]
async fn a_promotion_is_taken_back_by_a_button() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let undo = promoted(&house).await;
        let head = house.head();
        let shown = house.get(&undo).await;
        assert!(shown.body.contains("Take the change back?") && shown.body.contains("p***@i***.example"));
        assert_eq!(house.head(), head);
        let done = house.post(&undo, &[]).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert!(done.body.contains("main address again") && done.body.contains("href=\"/forgot\""));
        for again in [house.get(&undo).await, house.post(&undo, &[]).await] {
            assert_eq!(again.status, StatusCode::GONE);
        }
    })
    .await;
}

/// R11, R14: after a week the change stays, and the page says where to turn.
#[tokio::test]
async fn a_promotion_stays_after_its_time() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let undo = promoted(&house).await;
        house.later("P7D");
        let late = house.post(&undo, &[]).await;
        assert_eq!(late.status, StatusCode::GONE);
        assert!(late.body.contains("The change stays") && !late.body.contains("Send a new link"));
        assert_eq!(house.post(&format!("{undo}/new"), &[]).await.status, StatusCode::GONE);
    })
    .await;
}

/// Another address takes the place of the member's; gives the link of the mail to the old one.
async fn promoted(house: &House) -> String {
    let confirm = asked(house, FREE).await;
    assert_eq!(house.post(&confirm, &[]).await.status, StatusCode::OK);
    let member = house.log_in(MEMBER).await;
    let aliases = house.app.aliases(house.organisation, member.account).await.unwrap();
    let done = house.app.promote_alias(&member, aliases[0].id).await.unwrap();
    house.app.wait_for(done.position).await.unwrap();
    link(&house.newest_mail().await)
}
