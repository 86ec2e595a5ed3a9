//! Signing in where a second factor is enrolled.

use crate::house::{Answer, House, MEMBER, PASSWORD};
use domain::policy::Pack;
use eventstore::testing::on_both;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use totp_rs::Builder;

/// Enrols an authenticator for the member; gives its secret and the codes on paper.
async fn enrolled(house: &House) -> ([u8; 20], Vec<SecretString>) {
    let member = house.log_in(MEMBER).await;
    let asked = house.app.request_totp(&house.caller(), &member, &PASSWORD.to_owned().into()).await.unwrap();
    house.app.wait_for(asked.position).await.unwrap();
    let secret = secret(asked.value.expose_secret());
    let done = house.app.confirm_totp(&house.caller(), &member, &code(house, secret).into()).await.unwrap();
    house.app.wait_for(done.position).await.unwrap();
    house.later("PT1M");
    (secret, done.value)
}

/// The secret in an `otpauth` URL: base32 (RFC 4648 §6).
fn secret(url: &str) -> [u8; 20] {
    let text = url.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let mut bits = text.bytes().flat_map(|letter| {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        (0..5).rev().map(move |bit| value >> bit & 1)
    });
    std::array::from_fn(|_| (0..8).fold(0, |byte, _| byte << 1 | bits.next().unwrap()))
}

fn code(house: &House, secret: [u8; 20]) -> String {
    let seconds = u64::try_from(house.clock.now().micros() / 1_000_000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(seconds).to_string()
}

async fn half_done(house: &House) -> Answer {
    let form = [("identifier", MEMBER), ("password", PASSWORD), ("next", "device")];
    let answer = house.post("/login", &form).await;
    assert_eq!((answer.status, answer.cookie()), (StatusCode::OK, None));
    answer
}

/// B19, B20: the code is asked on a page of its own; the half-done login is in no address, and the way on is kept.
#[tokio::test]
async fn a_code_completes_the_login() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let (secret, papers) = enrolled(&house).await;
        let asked = half_done(&house).await;
        assert!(asked.body.contains("autocomplete=\"one-time-code\""));
        let token = asked.hidden("token");
        let give = async |code: &str| {
            let form = [("token", token.as_str()), ("next", "device"), ("code", code)];
            house.post("/login/code", &form).await
        };
        for wrong in ["", "nonsense"] {
            let answer = give(wrong).await;
            assert_eq!((answer.status, answer.cookie()), (StatusCode::UNPROCESSABLE_ENTITY, None));
            assert!(answer.body.contains("id=\"code-e\"") && answer.hidden("token") == token);
        }
        let done = give(&code(&house, secret)).await;
        assert_eq!(done.location(), "/login/check?next=device");
        let cookie = done.cookie().unwrap();
        assert_eq!(house.get_as(&cookie, "/login/check?next=device").await.location(), "/device");
        let token = half_done(&house).await.hidden("token");
        let paper = [("token", token.as_str()), ("code", papers[0].expose_secret())];
        assert_eq!(house.post("/login/code", &paper).await.location(), "/login/check");
    })
    .await;
}

/// A9: after five minutes one begins again, with the password.
#[tokio::test]
async fn a_late_code_begins_again() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let (secret, _) = enrolled(&house).await;
        let token = half_done(&house).await.hidden("token");
        house.later("PT6M");
        let late = [("token", token.as_str()), ("code", &code(&house, secret))];
        let answer = house.post("/login/code", &late).await;
        assert_eq!((answer.status, answer.cookie()), (StatusCode::UNPROCESSABLE_ENTITY, None));
        assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("name=\"identifier\""));
    })
    .await;
}
