//! The registered envelope: the file beside the mail, its link, and what both of them open.

use crate::{
    browser::Browser,
    chromium::Chromium,
    conformance::does,
    house::{CLARA, GINA, folder},
    second_factor::enrol,
    stage::{Stage, codes, on_stage},
};
use domain::policy::{DeliveryMode, Pack, Policy};
use reqwest::{
    Client, Method,
    header::{COOKIE, HeaderMap, SET_COOKIE},
    redirect,
};
use sealpost::walk::letters::{self, Arrived};
use serde_json::json;
use std::net::SocketAddr;

const ADA: &str = "ada@guest.example";
const PASSWORD: &str = "seven quiet herons at dawn";
/// What a browser says of a form in a file that it opened from a disk.
const FILE: &[(&str, &str)] = &[
    ("origin", "null"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
/// What it says of a form of the portal, whose pages name no referrer.
const OWN: &[(&str, &str)] = &[("origin", "null"), ("sec-fetch-site", "same-origin")];
/// The one answer to every failure.
const NOT_OPENED: &str = "The password does not open it";

/// An envelope that came with a mail.
pub struct Envelope {
    /// The file.
    pub html: String,
    /// Where its form goes.
    pub path: String,
}

impl Envelope {
    /// The one that a mail brought, if it did; then with its link beside it (R9).
    pub fn of(mail: &Arrived) -> Option<Self> {
        let mut files = letters::read(mail.raw.as_bytes()).expect("a mail").files;
        let file = files.pop()?;
        assert!(files.is_empty(), "several files");
        assert_eq!((&*file.name, &*file.media_type), ("securedoc.html", "text/html"));
        let html = String::from_utf8(file.bytes).expect("text");
        let action = between(&html, "action=\"", "\"").to_owned();
        assert!(mail.text.contains(&action), "no link beside the file: {}", mail.text);
        let path = action.strip_prefix("http://localhost").expect("the portal").to_owned();
        Some(Self { html, path })
    }
}

/// Somebody with an envelope, and the browser that they opened it in.
pub struct Reader {
    http: Client,
    address: SocketAddr,
    network: &'static str,
    cookie: Option<String>,
}

/// A page as it came.
pub struct Shown {
    pub status: u16,
    pub html: String,
    headers: HeaderMap,
}

impl Reader {
    pub fn new(stage: &Stage, network: &'static str) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Self { http, address: stage.address, network, cookie: None }
    }

    /// Looks at a page of the portal.
    pub async fn look(&mut self, path: &str) -> Shown {
        self.ask(Method::GET, path, &[], &[]).await
    }

    /// Types a password into the file.
    pub async fn open(&mut self, envelope: &Envelope, password: &str) -> Shown {
        // A form from nowhere brings no cookie of a site.
        self.cookie = None;
        self.ask(Method::POST, &envelope.path, FILE, &[("password", password)]).await
    }

    /// Sends a form of the portal.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Shown {
        self.ask(Method::POST, path, OWN, form).await
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Shown {
        let body = reqwest::Url::parse_with_params("http://form/", form).expect("a form");
        let mut request = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .header("x-forwarded-for", self.network)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        if let Some(given) = headers.get(SET_COOKIE) {
            self.cookie = given.to_str().expect("text").split(';').next().map(str::to_owned);
        }
        Shown { status, headers, html: answer.text().await.expect("a page") }
    }
}

impl Shown {
    #[track_caller]
    fn says(&self, status: u16, what: &str) {
        assert!(
            self.status == status && self.html.contains(what),
            "no {what:?}: {} {}",
            self.status,
            self.html
        );
    }

    fn hidden(&self, name: &str) -> String {
        between(&self.html, &format!("name=\"{name}\" value=\""), "\"").to_owned()
    }
}

/// What stands between two marks, the first time.
#[track_caller]
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let found = text.split_once(from).and_then(|(_, rest)| rest.split_once(to));
    found.unwrap_or_else(|| panic!("no {from} in {text}")).0
}

/// The newest mail to somebody.
async fn newest(stage: &Stage, address: &str) -> Arrived {
    stage.mails(address).await.pop().expect("a mail")
}

/// The envelope that the newest mail to somebody brought.
async fn newest_envelope(stage: &Stage, address: &str) -> Envelope {
    Envelope::of(&newest(stage, address).await).expect("an envelope")
}

/// C4, C9, B7, C8, R12: nothing of the message is in the file; it needs nothing from elsewhere, no script and no program.
pub fn stands_alone(html: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!html.contains(secret), "{secret} in {html}");
    }
    for foreign in ["<script", " src=", "@import", "url(", "javascript:"] {
        assert!(!html.contains(foreign), "{foreign} in {html}");
    }
    let is_handler = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('=');
    assert!(!html.split(" on").skip(1).any(is_handler), "an event handler in {html}");
    assert!(html.contains("default-src 'none'"), "{html}");
    let elsewhere = html.match_indices("http").map(|(at, _)| &html[at..]);
    let elsewhere: Vec<_> = elsewhere
        .filter(|url| !url.starts_with("http://localhost/") && !url.starts_with("http-equiv"))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

/// C2 to C6, C9 to C11, R1, R2, R9, R10: the file holds nothing and leads to registration; back in it, the password shows the
/// message with its attachments, which is when it counts as opened; the sender gets an answer.
#[tokio::test]
async fn the_file_opens_the_message() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let mut clara = stage.log_in(CLARA).await;
        let message = stage.send_files(&mut clara, ADA, "Claim 4711", &["plan <b>.txt"]).await;
        let mail = newest(stage, ADA).await;
        assert!(mail.text.contains("encrypted"), "{}", mail.text);
        let envelope = Envelope::of(&mail).expect("an envelope");
        stands_alone(&envelope.html, &["4711", "The text.", "plan", ADA, CLARA, "Clara"]);
        assert!(envelope.html.contains("a***@g***.example") && envelope.html.contains("type=\"password\""));

        // Looking changes nothing, however often; before registration no password opens it.
        let mut ada = Reader::new(stage, "192.0.2.10");
        let head = stage.head();
        let register = between(&envelope.html, "http://localhost/link/", "\"").to_owned();
        for _ in 0..3 {
            ada.look(&envelope.path).await.says(200, &format!("href=\"/link/{register}\">Register"));
        }
        assert_eq!(stage.head(), head, "looking was recorded");
        ada.open(&envelope, PASSWORD).await.says(422, NOT_OPENED);
        let form = ada.look(&format!("/link/{register}")).await;
        form.says(200, "User name");
        form.says(200, "name=\"passwordAgain\"");
        let form = [("address", ADA), ("password", PASSWORD), ("passwordAgain", PASSWORD)];
        ada.post(&format!("/link/{register}"), &form).await.says(200, "securedoc.html");

        // Back in the envelope.
        let closed = ada.look(&envelope.path).await;
        closed.says(200, "type=\"password\"");
        closed.says(200, "a***@g***.example");
        assert!(!closed.html.contains("4711"));
        ada.open(&envelope, "wrong").await.says(422, NOT_OPENED);
        assert_eq!(ada.cookie, None);
        let opened_at =
            format!("{{ node(id: \"{message}\") {{ ... on Message {{ deliveries {{ openedAt }} }} }} }}");
        let before = clara.ask(&opened_at, json!({})).await.expect("an answer");
        assert!(before["data"]["node"]["deliveries"][0]["openedAt"].is_null(), "{before}");
        let opened = ada.open(&envelope, PASSWORD).await;
        for shown in ["Claim 4711", "The text.", CLARA, "plan", "Kept until"] {
            opened.says(200, shown);
        }
        for (header, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(opened.headers[header], value);
        }
        let confined = opened.headers["content-security-policy"].to_str().expect("text");
        assert!(confined.contains("frame-ancestors 'none'") && confined.contains("default-src 'none'"));
        let after = clara.ask(&opened_at, json!({})).await.expect("an answer");
        assert!(after["data"]["node"]["deliveries"][0]["openedAt"].is_string(), "{after}");
        let file = between(&opened.html, "href=\"/download/", "\"").to_owned();
        ada.look(&format!("/download/{file}")).await.says(200, "a file");

        // The answer, with the session that came along; the same form twice is one answer.
        let form = [("key", &*opened.hidden("key")), ("text", "Thank you & good bye.")];
        let reply = format!("{}/reply", envelope.path);
        ada.post(&reply, &[form[0]]).await.says(422, "Write your reply");
        for _ in 0..2 {
            ada.post(&reply, &form).await.says(200, "Your reply is sent");
        }
        let answers = folder(&mut clara, "inbox").await;
        assert_eq!(answers.iter().filter(|answer| answer["subject"] == "Re: Claim 4711").count(), 1);
        // A session that is over keeps the words.
        ada.cookie = None;
        let asked = ada.post(&reply, &form).await;
        asked.says(422, "Your session has ended");
        let kept = asked.hidden("text");
        assert_eq!(kept, "Thank you &#38; good bye.");
        let form = [("password", PASSWORD), ("text", "Thank you & good bye.")];
        ada.post(&envelope.path, &form).await.says(200, "Thank you &#38; good bye.</textarea>");
        // C7: a session opens no envelope.
        let closed = ada.look(&envelope.path).await;
        assert!(
            ada.cookie.is_some()
                && !closed.html.contains("4711")
                && closed.html.contains("type=\"password\"")
        );
        // C14.
        closed.says(200, "href=\"/forgot\"");
        assert!(envelope.html.contains("http://localhost/forgot"));
    })
    .await;
}

/// A9, A17, A21, R3, R4, C7: every failure reads the same, and without the password nothing tells what became of a message:
/// neither that it expired nor that it was recalled. Forms of other sites and in frames are not heard.
#[tokio::test]
async fn without_the_password_nothing_is_told() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let mut clara = stage.log_in(CLARA).await;
        let right = stage.password(GINA).to_owned();
        let message = stage.send(&mut clara, GINA, "To be recalled").await;
        let recalled = newest_envelope(stage, GINA).await;
        assert!(!recalled.html.contains("/link/"), "she has registered");
        stage.advance("PT1S").await;
        stage.send(&mut clara, GINA, "To expire").await;
        let expired = newest_envelope(stage, GINA).await;
        assert_ne!(expired.path, recalled.path);
        let mut gina = Reader::new(stage, "192.0.2.20");

        // Whom nobody hears: nothing is tried.
        let head = stage.head();
        let site: &[_] = &[("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site")];
        let frame: &[_] =
            &[("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")];
        for headers in [site, frame] {
            let form = [("password", &*right)];
            gina.ask(Method::POST, &expired.path, headers, &form).await.says(403, "Nothing was done");
        }
        let reply = format!("{}/reply", expired.path);
        gina.ask(Method::POST, &reply, FILE, &[("text", "x")]).await.says(403, "Nothing was done");
        let half = &expired.path[..expired.path.len() - 4];
        for unknown in ["/envelope/AAAA", half] {
            gina.look(unknown).await.says(404, "This envelope does not work");
            gina.post(unknown, &[("password", &right)]).await.says(404, "This envelope does not work");
        }
        assert_eq!(stage.head(), head, "something was recorded");

        // Five wrong ones: from then on the right one reads the same, until the pause is over.
        let (closed, wrong) = (gina.look(&expired.path).await, gina.open(&expired, "wrong").await);
        wrong.says(422, NOT_OPENED);
        for _ in 1..5 {
            assert_eq!(gina.open(&expired, "wrong").await.html, wrong.html);
        }
        let paused = gina.open(&expired, &right).await;
        assert_eq!((paused.status, &paused.html), (422, &wrong.html));
        stage.advance("PT31M").await;
        gina.open(&expired, &right).await.says(200, "To expire");

        // Recalled and expired: the same until the password is right.
        let mut clara = stage.log_in(CLARA).await;
        let done = does(&mut clara, "recallMessage", "message { id }", json!({ "messageId": message })).await;
        assert!(codes(&done).is_empty(), "{done}");
        stage.advance("P190D").await;
        for (envelope, subject) in [(&recalled, "To be recalled"), (&expired, "To expire")] {
            let looked = gina.look(&envelope.path).await;
            let at = |shown: &Shown, path: &str| shown.html.replace(path, "");
            assert_eq!(at(&looked, &envelope.path), at(&closed, &expired.path));
            let failed = gina.open(envelope, "wrong").await;
            assert_eq!(at(&failed, &envelope.path), at(&wrong, &expired.path));
            let gone = gina.open(envelope, &right).await;
            gone.says(410, "This message is gone");
            assert!(!gone.html.contains(subject));
        }
    })
    .await;
}

/// C3, C6, R9: the policy says which mails bring an envelope; where a second factor is enrolled, it is asked for.
#[tokio::test]
async fn the_policy_and_a_second_factor_count() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let mut brought = vec![];
        for mode in [DeliveryMode::Link, DeliveryMode::Both, DeliveryMode::Envelope] {
            stage.change_policy(|policy| policy.mail.delivery = mode).await;
            for who in [GINA, ADA] {
                for _ in 0..2 {
                    stage.advance("PT1S").await;
                    stage.send(&mut clara, who, "A message").await;
                    brought.push(Envelope::of(&newest(stage, who).await).is_some());
                }
            }
            // The next one is new to all.
            if mode == DeliveryMode::Link {
                stage.advance("PT1S").await;
                stage.change_policy(|policy| policy.mail.delivery = DeliveryMode::Both).await;
                stage.send(&mut clara, "eve@guest.example", "A message").await;
                brought.push(Envelope::of(&newest(stage, "eve@guest.example").await).is_some());
            }
        }
        let none = [false; 4];
        assert_eq!(brought, [&none[..], &[true], &none, &[true; 4]].concat());

        let envelope = newest_envelope(stage, GINA).await;
        let mut browser = Browser::log_in(stage, "192.0.2.30", GINA).await;
        let (_, paper) = enrol(stage, &mut browser, GINA).await;
        let mut gina = Reader::new(stage, "192.0.2.30");
        let asked = gina.open(&envelope, stage.password(GINA)).await;
        asked.says(200, "One more step");
        assert!(gina.cookie.is_none() && !asked.html.contains("A message"));
        let (token, path) = (asked.hidden("token"), format!("{}/code", envelope.path));
        gina.post(&path, &[("token", &token), ("code", "000000")]).await.says(422, "The code is wrong");
        gina.post(&path, &[("token", &token), ("code", &paper[0])]).await.says(200, "The text.");
        assert!(gina.cookie.is_some());
    })
    .await;
}

/// C4, C6, C8, C10, B7: in a browser as people have it, the file opens from a disk, the password shows the message, and the
/// session that it brings is good for an answer.
#[tokio::test]
async fn a_browser_opens_the_file() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "Claim 4711").await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("securedoc.html");
        std::fs::write(&file, newest_envelope(stage, GINA).await.html).expect("the file is saved");

        let browser = Chromium::start(stage.address, &folder.path().join("profile")).await;
        browser.open(&format!("file://{}", file.display())).await;
        assert_eq!(browser.text("h1").await, "A secure message for you");
        browser.type_into("#password", stage.password(GINA)).await;
        browser.click("button").await;
        assert_eq!(browser.text(".letter .body").await, "The text.");
        assert_eq!(browser.text("h1").await, "Claim 4711");
        browser.type_into("#text", "It has come.").await;
        browser.click("button.primary").await;
        assert_eq!(browser.text("a[href^='/envelope/']").await, "Open the envelope again");
        assert_eq!(browser.text("h1").await, "Your reply is sent");
        browser.close().await;
    })
    .await;
}
