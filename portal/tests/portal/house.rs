//! An organisation with a member, its portal on a port of this machine, and a client that looks at it.

use app::{App, Caller, Challenge, Founding, InviteRequest, LogInStep, RegistrationForm, Viewer};
use domain::{
    OrganisationId, Timestamp,
    account::{Kind, Profile},
    address::{Domain, EmailAddress},
    organisation::Identity,
    policy::Pack,
};
use eventstore::{
    Clock, Log, Position,
    blobs::Blobs,
    keys::{RootKeyProvider, Vault},
    testing::TestDb,
};
use poem::{Route, Server, listener::TcpAcceptor};
use portal::PortalSettings;
use projections::Projections;
use reqwest::{
    Client, Method, StatusCode,
    header::{HeaderMap, HeaderName},
    redirect,
};
use secrecy::ExposeSecret;
use std::net::{IpAddr, Ipv4Addr};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// 5 January 2026, 12:00 UTC.
pub const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);
/// The first organisation's portal.
pub const HOST: &str = "mail.insurer.example";
/// Whom the tests invite.
pub const GUEST: &str = "marta.nilsen@post.example";
/// Who invites them.
pub const MEMBER: &str = "priya@insurer.example";
pub const PASSWORD: &str = "four words in a row";

pub struct House {
    pub app: App,
    pub clock: Clock,
    pub organisation: OrganisationId,
    url: String,
    client: Client,
    _running: JoinSet<()>,
    _database: TestDb,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl House {
    pub async fn open(database: TestDb, pack: Pack) -> Self {
        // An error says that another test of this process brought it already.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::manual(NOON);
        let dir = database.dir.path();
        let root = RootKeyProvider::File(dir.join("root.key"));
        let vault = Vault::open(database.db.clone(), &root, &dir.join("keys"), clock.clone()).await.unwrap();
        let log = Log::open(database.db.clone(), vault, clock.clone()).await.unwrap();
        let models = Projections::new(log.clone());
        let app = App::new(log, models.clone(), Blobs::directory(&dir.join("blobs")).unwrap());
        let mut running = JoinSet::new();
        running.spawn(async move { models.run(CancellationToken::new()).await });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = portal::mount(Route::new(), app.clone(), &PortalSettings::default());
        running.spawn(async move {
            Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap()).run(pages).await.unwrap();
        });
        let organisation = found(&app, HOST, pack).await;
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        let house = Self { app, clock, organisation, url, client, _running: running, _database: database };
        let enrolled = house.app.enrol(organisation, Kind::Member, registration(MEMBER)).await.unwrap();
        house.app.wait_for(enrolled.position).await.unwrap();
        house
    }

    /// Invites the guest, and gives the mail.
    pub async fn invite(&self) -> String {
        let member = self.log_in(MEMBER).await;
        let request =
            InviteRequest { address: EmailAddress::parse(GUEST).unwrap(), kind: Kind::Guest, audience: None };
        self.app.invite(&member, request).await.unwrap();
        self.newest_mail().await
    }

    /// Invites the guest and registers them, so that they can sign in.
    pub async fn welcome(&self) {
        let register = link(&self.invite().await);
        self.post(&register, &as_posted(&filled(GUEST))).await;
        let activate = link(&self.newest_mail().await);
        assert_eq!(self.post(&activate, &[]).await.status, StatusCode::OK);
    }

    pub fn caller(&self) -> Caller {
        Caller {
            organisation: self.organisation,
            network: IpAddr::from([127, 0, 0, 1]),
            device: "test".to_owned(),
        }
    }

    pub async fn log_in(&self, address: &str) -> Viewer {
        let caller = self.caller();
        let done = self.app.log_in(&caller, address, &PASSWORD.to_owned().into(), None).await.unwrap();
        self.app.wait_for(done.position).await.unwrap();
        let LogInStep::LoggedIn(logged_in) = done.value else { panic!("no second factor is enrolled") };
        let token = logged_in.token.expose_secret();
        self.app.viewer(&caller, Some(token), false).await.unwrap().expect("the session is open")
    }

    /// Lets time pass.
    pub fn later(&self, period: &str) {
        self.clock.set(self.clock.now().plus(period.parse().unwrap()));
    }

    /// Text of the mail that became due last.
    pub async fn newest_mail(&self) -> String {
        self.due_mails().await.pop().expect("a mail is due")
    }

    /// Texts of the mails that are still to be sent, in the order in which they became due.
    pub async fn due_mails(&self) -> Vec<String> {
        self.app.finish_requests().await;
        self.app.wait_for(self.head()).await.unwrap();
        let mut due = self.app.notifications_due(100).await.unwrap();
        due.sort_by_key(|(_, row)| row.cause);
        let mut mails = vec![];
        for (organisation, row) in due {
            mails.extend(self.app.compose(organisation, &row).await.unwrap().map(|mail| mail.text));
        }
        mails
    }

    /// Where the log ends: whatever changes anything changes this.
    pub fn head(&self) -> Position {
        self.app.log().head()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], "").await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(Method::POST, path, &[("sec-fetch-site", "same-origin")], &encoded(fields)).await
    }

    /// Signs in on the page; gives what the browser keeps.
    pub async fn sign_in(&self, identifier: &str, password: &str) -> String {
        let answer = self.post("/login", &[("identifier", identifier), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie().expect("a session begins with a cookie")
    }

    /// Looks with a cookie.
    pub async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("cookie", cookie)], "").await
    }

    /// Posts a form with a cookie.
    pub async fn post_as(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [("sec-fetch-site", "same-origin"), ("cookie", cookie)];
        self.ask(Method::POST, path, &headers, &encoded(fields)).await
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = HeaderMap::new();
        for (name, value) in [("content-type", "application/x-www-form-urlencoded")].iter().chain(headers) {
            all.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = request.headers(all).body(body.to_owned());
        let response = request.send().await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }
}

impl Answer {
    /// What a browser sends back of the cookie that it was given.
    pub fn cookie(&self) -> Option<String> {
        let given = self.headers.get("set-cookie")?.to_str().unwrap();
        given.split(';').next().map(str::to_owned)
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers["location"].to_str().unwrap()
    }

    /// What a hidden field of its form holds.
    pub fn hidden(&self, name: &str) -> String {
        let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        let from = self.body.find(&field).unwrap_or_else(|| panic!("no {name}: {}", self.body)) + field.len();
        self.body[from..].split('"').next().unwrap().replace("&#39;", "'").replace("&#38;", "&")
    }

    /// The page without the tokens in it, for comparison with another.
    pub fn without(&self, hidden: &[&str]) -> String {
        hidden.iter().fold(self.body.clone(), |body, name| body.replace(&self.hidden(name), ""))
    }
}

/// Founds an organisation whose portal answers under that host.
pub async fn found(app: &App, host: &str, pack: Pack) -> OrganisationId {
    let identity = Identity {
        name: "Hallowmere Health".to_owned(),
        portal_url: format!("https://{host}"),
        do_not_reply: "no-reply@insurer.example".to_owned(),
    };
    let domains = [Domain::parse("insurer.example").unwrap()].into();
    let founded = app.found(Founding { identity, pack, domains }).await.unwrap();
    app.models().wait_for(founded.position, &["organisations"]).await.unwrap();
    founded.value
}

fn registration(address: &str) -> RegistrationForm {
    let challenge =
        |question: &str| Challenge { question: question.to_owned(), answer: "blue".to_owned().into() };
    RegistrationForm {
        invitation: String::new(),
        address: EmailAddress::parse(address).unwrap(),
        user_name: None,
        password: PASSWORD.to_owned().into(),
        profile: Profile {
            given_name: Some("Priya".to_owned()),
            family_name: Some("Rao".to_owned()),
            telephone: Some("555 0142".to_owned()),
            ..Profile::default()
        },
        reminder: Some("the boat".to_owned().into()),
        challenges: vec![challenge("First?"), challenge("Second?")],
    }
}

/// The form of the portal pack, filled in.
pub fn filled(address: &str) -> Vec<(&'static str, String)> {
    [
        ("givenName", "Marta"),
        ("familyName", "Nilsen"),
        ("telephone", "555 0199"),
        ("address", address),
        ("password", PASSWORD),
        ("reminderPhrase", "the boat & the summer after"),
        ("question1", "What was the name of your first pet?"),
        ("answer1", "Mrs Aldous"),
        ("question2", "What was your first job?"),
        ("answer2", "Baker"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// Borrowed, as a form is posted.
pub fn as_posted<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Path of the link that a mail is about: the first in it.
pub fn link(mail: &str) -> String {
    links(mail).remove(0)
}

/// Path of the link by which its reader leaves: the last in it.
pub fn leaving(mail: &str) -> String {
    links(mail).pop().expect("a mail has a link")
}

fn links(mail: &str) -> Vec<String> {
    let words = mail.split_whitespace();
    words.filter_map(|word| word.find("/link/").map(|at| word[at..].to_owned())).collect()
}

/// As `application/x-www-form-urlencoded`, each byte of a value escaped.
fn encoded(fields: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        body.extend([name, "="]);
        body.extend(value.bytes().map(|byte| format!("%{byte:02X}")));
        body.push('&');
    }
    body
}
