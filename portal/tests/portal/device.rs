//! Letting a client program in.

use crate::house::{House, MEMBER, PASSWORD};
use domain::{account::client::Program, policy::Pack};
use eventstore::testing::on_both;
use reqwest::StatusCode;

async fn asking(house: &House) -> String {
    let text = str::to_owned;
    let program = Program { name: text("Desk <Mail>"), version: text("2.1"), platform: text("Windows") };
    house.app.request_client_activation(&house.caller(), program).await.unwrap().value.user_code
}

/// B51: a person who is not signed in signs in first and comes back.
#[tokio::test]
async fn the_page_leads_through_the_login() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        for path in ["/device", "/device/approve"] {
            assert_eq!(house.post(path, &[("code", "WDJB-MJHT")]).await.location(), "/login?next=device");
        }
        let login = house.get("/device").await.location().to_owned();
        assert_eq!(house.get(&login).await.hidden("next"), "device");
        let form = [("identifier", MEMBER), ("password", PASSWORD), ("next", "device")];
        let answer = house.post("/login", &form).await;
        let cookie = answer.cookie().unwrap();
        assert_eq!(house.get_as(&cookie, answer.location()).await.location(), "/device");
        assert_eq!(house.get_as(&cookie, "/login?next=device").await.location(), "/device");
        assert_eq!(house.get_as(&cookie, "/device").await.status, StatusCode::OK);
        let astray = [("identifier", MEMBER), ("password", PASSWORD), ("next", "https://elsewhere.example")];
        assert_eq!(house.post("/login", &astray).await.location(), "/login/check");
    })
    .await;
}

/// B51, R1: the code shows which program asks; the button lets it in, once.
#[tokio::test]
async fn a_code_lets_a_program_in() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let cookie = house.sign_in(MEMBER, PASSWORD).await;
        let code = asking(&house).await;
        let head = house.head();
        let asked = house.post_as(&cookie, "/device", &[("code", &code.to_lowercase())]).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.body.contains("Desk &#60;Mail&#62; 2.1 on Windows"), "{}", asked.body);
        assert_eq!(house.head(), head);
        let code = asked.hidden("code");
        let done = house.post_as(&cookie, "/device/approve", &[("code", &code)]).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.body.contains("The program is activated"));
        let again = house.post_as(&cookie, "/device/approve", &[("code", &code)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

/// B51: a code of nobody stands at its field with what to do.
#[tokio::test]
async fn a_wrong_code_is_marked() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let cookie = house.sign_in(MEMBER, PASSWORD).await;
        for wrong in ["", "BCDF-GHJK", "<b>"] {
            let answer = house.post_as(&cookie, "/device", &[("code", wrong)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(answer.body.contains("id=\"code-e\"") && !answer.body.contains("<b>"));
        }
    })
    .await;
}
