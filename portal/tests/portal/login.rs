//! Signing in and out.

use crate::house::{Answer, GUEST, House, MEMBER, PASSWORD};
use domain::policy::Pack;
use eventstore::testing::on_both;
use reqwest::{Method, StatusCode};

/// A8, B19, B23: what notifications lead to is the login page; the session is in a cookie and in no address.
#[tokio::test]
async fn signing_in_sets_the_cookie() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        assert_eq!(house.get("/").await.location(), "/login");
        let form = house.get("/login").await;
        assert!(form.body.contains("autocomplete=\"username\"") && form.body.contains("current-password"));
        let answer = house.post("/login", &[("identifier", MEMBER), ("password", PASSWORD)]).await;
        assert_eq!(answer.location(), "/login/check");
        let given = answer.headers["set-cookie"].to_str().unwrap();
        assert!(given.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"), "{given}");
        let cookie = answer.cookie().unwrap();
        assert!(cookie.starts_with(&format!("{}=", api::COOKIE)), "the API's own cookie");
        assert_eq!(house.get_as(&cookie, "/login/check").await.location(), "/login");
        let welcome = house.get_as(&cookie, "/login").await;
        assert!(welcome.body.contains("Hello Priya") && welcome.body.contains(MEMBER));
        assert!(!house.get("/login").await.body.contains(MEMBER));
    })
    .await;
}

/// A9, C14, R4: one text for every failure, whatever the cause; it keeps the name, and leads to the ways out.
#[tokio::test]
async fn every_failure_reads_the_same() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        house.invite().await;
        let mut pages = vec![];
        for who in [MEMBER, GUEST, "nobody@post.example", "nobody"] {
            let answer = house.post("/login", &[("identifier", who), ("password", "a wrong one")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{who}");
            assert!(answer.cookie().is_none());
            assert!(answer.body.contains("<title>Error: Sign in"));
            assert!(answer.body.contains(&format!("value=\"{who}\"")));
            assert!(!answer.body.contains("a wrong one"));
            assert!(answer.body.contains("href=\"/reminder\"") && answer.body.contains("href=\"/forgot\""));
            pages.push(answer.body.replace(who, ""));
        }
        assert!(pages.windows(2).all(|pair| pair[0] == pair[1]));
    })
    .await;
}

/// A9: where the policy has no reminder phrase, none is offered.
#[tokio::test]
async fn the_ways_out_are_the_policys() {
    on_both(async |database| {
        let house = House::open(database, Pack::Platform).await;
        let answer = house.post("/login", &[("identifier", "nobody"), ("password", PASSWORD)]).await;
        assert!(!answer.body.contains("/reminder") && answer.body.contains("href=\"/forgot\""));
        assert_eq!(house.get("/reminder").await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post("/reminder", &[("identifier", MEMBER)]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

/// A9: what is left empty is marked, and is no attempt.
#[tokio::test]
async fn empty_fields_are_no_attempt() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let head = house.head();
        let answer = house.post("/login", &[("identifier", MEMBER)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("id=\"password-e\"") && !answer.body.contains("id=\"identifier-e\""));
        assert_eq!(house.head(), head);
    })
    .await;
}

/// B20: a browser that keeps no cookie is told so, and is not led in circles.
#[tokio::test]
async fn without_cookies_the_page_says_so() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let answer = house.post("/login", &[("identifier", MEMBER), ("password", PASSWORD)]).await;
        let checked = house.get(answer.location()).await;
        assert_eq!(checked.status, StatusCode::OK);
        assert!(checked.body.contains("keeps no cookie"));
        // A cookie that came back leads on even when its session is over: the login page says what to do.
        let over = house.get_as("__Host-sealpost=made-up", "/login/check").await;
        assert_eq!(over.location(), "/login");
        assert!(house.get_as("__Host-sealpost=made-up", "/login").await.body.contains("name=\"password\""));
    })
    .await;
}

/// B27, B28, R1: the button ends this session alone, and takes the cookie away.
#[tokio::test]
async fn signing_out_ends_one_session() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let here = house.sign_in(MEMBER, PASSWORD).await;
        let there = house.sign_in(MEMBER, PASSWORD).await;
        let signed_in =
            async |cookie: &str| house.get_as(cookie, "/login").await.body.contains("You are signed in");
        assert!(signed_in(&here).await && signed_in(&there).await);
        let out = house.post_as(&here, "/logout", &[]).await;
        assert!(out.body.contains("You are signed out"));
        assert!(out.headers["set-cookie"].to_str().unwrap().ends_with("; Max-Age=0"));
        assert!(!signed_in(&here).await && signed_in(&there).await);
        assert_eq!(house.post_as(&here, "/logout", &[]).await.status, StatusCode::OK);
    })
    .await;
}

/// B14: a session that is over finds the login form.
#[tokio::test]
async fn an_idle_session_finds_the_form() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let cookie = house.sign_in(MEMBER, PASSWORD).await;
        house.later("PT61M");
        assert!(house.get_as(&cookie, "/login").await.body.contains("name=\"password\""));
        assert_eq!(house.get_as(&cookie, "/device").await.location(), "/login?next=device");
    })
    .await;
}

/// R1: a form that does not show that it is ours signs nobody in or out.
#[tokio::test]
async fn forms_from_nowhere_are_not_heard() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let cookie = house.sign_in(MEMBER, PASSWORD).await;
        let head = house.head();
        let body = format!("identifier={MEMBER}&password={PASSWORD}").replace(' ', "+");
        let refused = async |headers: &[(&str, &str)]| -> Answer {
            let logout = house.ask(Method::POST, "/logout", headers, "").await;
            assert_eq!(logout.status, StatusCode::FORBIDDEN);
            house.ask(Method::POST, "/login", headers, &body).await
        };
        for headers in [
            &[("cookie", cookie.as_str())][..],
            &[("cookie", cookie.as_str()), ("origin", "null")],
            &[("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")],
        ] {
            let answer = refused(headers).await;
            assert_eq!((answer.status, answer.cookie()), (StatusCode::FORBIDDEN, None));
        }
        assert_eq!(house.head(), head);
    })
    .await;
}

/// R3: a network that failed too often is told to wait, in words of its own, whoever it means.
#[tokio::test]
async fn a_network_that_failed_too_often_waits() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let attempt = async |who: String| {
            house.post("/login", &[("identifier", &who), ("password", "a wrong one")]).await
        };
        let mut last = attempt("nobody".to_owned()).await;
        for number in 0..200 {
            if last.status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            last = attempt(format!("nobody{number}@post.example")).await;
        }
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(last.body.contains("Wait a little") && last.headers.contains_key("retry-after"));
        let right = house.post("/login", &[("identifier", MEMBER), ("password", PASSWORD)]).await;
        assert_eq!((right.status, right.cookie()), (StatusCode::TOO_MANY_REQUESTS, None));
    })
    .await;
}
