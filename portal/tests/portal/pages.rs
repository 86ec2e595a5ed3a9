//! What holds for every page: headers, whom it answers, what it refuses.

use crate::house::{Answer, GUEST, HOST, House, MEMBER, PASSWORD, as_posted, filled, found, leaving, link};
use domain::policy::Pack;
use eventstore::testing::on_both;
use reqwest::{Method, StatusCode};

/// R1, R12: a page runs no script, tells no other site of its address, is kept nowhere and small, whatever it says.
#[tokio::test]
async fn every_page_is_confined() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        let cookie = house.sign_in(MEMBER, PASSWORD).await;
        let foreign = [("sec-fetch-site", "cross-site")];
        let pages = [
            (house.get(&register).await, StatusCode::OK),
            (house.get("/link/nonsense").await, StatusCode::NOT_FOUND),
            (house.post(&register, &[]).await, StatusCode::UNPROCESSABLE_ENTITY),
            (house.ask(Method::PUT, &register, &[], "").await, StatusCode::METHOD_NOT_ALLOWED),
            (house.ask(Method::POST, &register, &foreign, "").await, StatusCode::FORBIDDEN),
        ];
        for (answer, status) in pages {
            assert_eq!(answer.status, status);
            assert_confined(&answer, "no-referrer");
        }
        let pages = [
            (house.get("/login").await, StatusCode::OK),
            (house.post("/login", &[]).await, StatusCode::UNPROCESSABLE_ENTITY),
            (house.get("/login/check").await, StatusCode::OK),
            (house.get_as(&cookie, "/login").await, StatusCode::OK),
            (house.get_as(&cookie, "/device").await, StatusCode::OK),
            (house.get("/forgot").await, StatusCode::OK),
            (house.get("/reminder").await, StatusCode::OK),
            (house.post("/logout", &[]).await, StatusCode::OK),
            (house.ask(Method::POST, "/login", &foreign, "").await, StatusCode::FORBIDDEN),
        ];
        for (answer, status) in pages {
            assert_eq!(answer.status, status);
            assert_confined(&answer, "same-origin");
        }
    })
    .await;
}

/// 30 KB: what a page may weigh on a slow line.
const PAGE_BYTES: usize = 30 * 1000;

fn assert_confined(answer: &Answer, referrer: &str) {
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), referrer);
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(answer.body.contains("<html lang=\"en\">"));
    assert_eq!(answer.body.matches("<h1>").count(), 1);
    assert!(!answer.body.contains("<script") && !answer.body.contains("style="));
    assert!(answer.body.len() < PAGE_BYTES);
}

/// R1: GET and HEAD of every page change nothing, and lead from where forms are sent to where they begin.
#[tokio::test]
async fn looking_at_pages_changes_nothing() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let cookie = house.sign_in(MEMBER, PASSWORD).await;
        let head = house.head();
        for path in ["/", "/login/code", "/logout", "/forgot/answers", "/device/approve"] {
            assert_eq!(house.get_as(&cookie, path).await.status, StatusCode::SEE_OTHER, "{path}");
        }
        for path in ["/login", "/forgot", "/reminder", "/device", "/login/check"] {
            house.get_as(&cookie, path).await;
            let prefetch = [("purpose", "prefetch"), ("cookie", cookie.as_str())];
            let looked = house.ask(Method::HEAD, path, &prefetch, "").await;
            assert_eq!(looked.body, "", "{path}");
        }
        assert_eq!(house.head(), head);
        assert!(house.get_as(&cookie, "/login").await.body.contains("You are signed in"));
    })
    .await;
}

/// R4: an unknown token and what is no token are answered alike.
#[tokio::test]
async fn unknown_tokens_are_answered_alike() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let unknown = format!("/link/{}", "A".repeat(43));
        let expected = house.get(&unknown).await;
        assert_eq!(expected.status, StatusCode::NOT_FOUND);
        for path in ["/link/x", "/link/%00", &format!("/link/{}", "b".repeat(2000))] {
            let answer = house.get(path).await;
            assert_eq!((answer.status, answer.body), (expected.status, expected.body.clone()), "{path}");
            assert_eq!(house.post(path, &[]).await.status, StatusCode::NOT_FOUND);
        }
    })
    .await;
}

/// R1: forms of another site and forms without end change nothing.
#[tokio::test]
async fn foreign_and_endless_forms_are_refused() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let mail = house.invite().await;
        let (register, leave) = (link(&mail), leaving(&mail));
        let head = house.head();
        let foreign = [("sec-fetch-site", "cross-site")];
        assert_eq!(house.ask(Method::POST, &leave, &foreign, "").await.status, StatusCode::FORBIDDEN);
        let elsewhere = [("origin", "https://elsewhere.example")];
        assert_eq!(house.ask(Method::POST, &leave, &elsewhere, "").await.status, StatusCode::FORBIDDEN);
        let mut form = filled(GUEST);
        form.push(("padding", "x".repeat(64 * 1024)));
        assert_eq!(house.post(&register, &as_posted(&form)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let plain = [("content-type", "text/plain")];
        assert_eq!(house.ask(Method::POST, &register, &plain, "a").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(house.head(), head);
    })
    .await;
}

/// A8: a portal is its host's; an organisation that is alone answers under any.
#[tokio::test]
async fn the_host_names_the_organisation() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let register = link(&house.invite().await);
        assert_eq!(house.get(&register).await.status, StatusCode::OK);
        found(&house.app, "mail.other.example", Pack::Portal).await;
        let at = async |host| house.ask(Method::GET, &register, &[("host", host)], "").await.status;
        assert_eq!(at(HOST).await, StatusCode::OK);
        assert_eq!(at("mail.other.example").await, StatusCode::NOT_FOUND);
        let nobody = house.get("/login").await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
        assert!(!nobody.body.contains("Hallowmere"));
    })
    .await;
}

/// A8: the look comes with the pages and is kept by browsers until it changes.
#[tokio::test]
async fn the_look_is_cached_by_its_content() {
    on_both(async |database| {
        let house = House::open(database, Pack::Portal).await;
        let page = house.get("/login").await.body;
        let start = page.find("/static/look.css?v=").expect("the page names its stylesheet");
        let named = page[start..].split('"').next().unwrap();
        let lasting = house.get(named).await;
        assert_eq!(lasting.headers["content-type"], "text/css; charset=utf-8");
        assert!(lasting.headers["cache-control"].to_str().unwrap().contains("immutable"));
        let bare = house.get("/static/look.css").await;
        assert_eq!(bare.headers["cache-control"], "public, max-age=3600");
        assert_eq!(bare.body, lasting.body);
        let etag = bare.headers["etag"].to_str().unwrap();
        let again = house.ask(Method::GET, "/static/look.css", &[("if-none-match", etag)], "").await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        for file in ["icons.svg", "logo.svg", "caret.svg"] {
            let answer = house.get(&format!("/static/{file}")).await;
            assert_eq!(answer.headers["content-type"], "image/svg+xml");
        }
    })
    .await;
}
