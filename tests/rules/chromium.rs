//! A real browser, driven by the W3C `WebDriver` protocol: Debian's `chromium` and `chromium-driver`.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// What an element is called in answers (`WebDriver` §11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// For so long an element is waited for that a page to come has: a click does not always wait for the page.
const PATIENCE_MS: u32 = 60_000;

/// A browser with one window, which ends with the test.
pub struct Chromium {
    driver: Child,
    /// What the driver says; it ends where nobody listens.
    _said: Lines<BufReader<ChildStdout>>,
    http: Client,
    /// Where the session answers.
    session: String,
}

impl Chromium {
    /// Starts one that finds `localhost` at this server, whatever the port; its profile lies in a folder of the test.
    pub async fn start(server: SocketAddr, profile: &Path) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; on Debian: apt-get install chromium chromium-driver");
        let mut said = BufReader::new(driver.stdout.take().expect("its words")).lines();
        let port = said.by_ref().map_while(Result::ok).find_map(|line| {
            line.split("successfully on port ").nth(1).map(|port| port.trim_end_matches('.').to_owned())
        });
        let http = Client::new();
        let driving = format!("http://127.0.0.1:{}/session", port.expect("chromedriver says its port"));
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            format!("--host-resolver-rules=MAP localhost {server}"),
            format!("--user-data-dir={}", profile.display()),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome",
            "timeouts": { "implicit": PATIENCE_MS },
            "goog:chromeOptions": { "args": arguments } } } });
        let mut browser = Self { driver, _said: said, http, session: driving };
        let begun = browser.ask(Method::POST, "", wanted).await;
        let id = begun["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {begun}")).to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Opens an address and waits until it is shown.
    pub async fn open(&self, url: &str) {
        self.ask(Method::POST, "/url", json!({ "url": url })).await;
    }

    /// Types into the element that a CSS selector finds.
    pub async fn type_into(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.ask(Method::POST, &format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    /// Clicks on it. What is looked for next should be on the page that comes alone.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.ask(Method::POST, &format!("/element/{element}/click"), json!({})).await;
    }

    /// The text that it shows.
    pub async fn text(&self, css: &str) -> String {
        let element = self.find(css).await;
        let text = self.ask(Method::GET, &format!("/element/{element}/text"), Value::Null).await;
        text.as_str().expect("a text").to_owned()
    }

    /// Closes it.
    pub async fn close(self) {
        self.ask(Method::DELETE, "", Value::Null).await;
    }

    async fn find(&self, css: &str) -> String {
        let found = json!({ "using": "css selector", "value": css });
        let found = self.ask(Method::POST, "/element", found).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.session));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ended = self.driver.kill();
        let _collected = self.driver.wait();
    }
}
