//! A listening server over a fresh organisation, and a client of it.

use app::{App, Challenge, Founding, RegistrationForm};
use domain::{
    AccountId, OrganisationId,
    account::{Kind, Profile},
    address::{Domain, EmailAddress},
    organisation::Identity,
    policy::{Network, Pack, Role},
};
use eventstore::{
    Clock, Log,
    blobs::Blobs,
    keys::{RootKeyProvider, Vault},
    testing::TestDb,
};
use poem::listener::{Acceptor, Listener, TcpListener};
use projections::Projections;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Once},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The password of everybody here.
pub const PASSWORD: &str = "correct horse battery staple";

/// A server, its organisation and what stops it.
pub struct Node {
    pub app: App,
    pub organisation: OrganisationId,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub sockets: TaskTracker,
    client: Client,
    _database: TestDb,
}

/// An answer over HTTP.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// `extensions.code` of the first error.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }
    /// What is at a path of the data, such as `/viewer/id`.
    #[track_caller]
    pub fn data(&self, path: &str) -> Value {
        assert!(self.body["errors"].is_null(), "{}", self.body);
        self.body["data"].pointer(path).unwrap_or_else(|| panic!("{path} in {}", self.body)).clone()
    }
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.data(path).as_str().unwrap_or_else(|| panic!("a text at {path} in {}", self.body)).to_owned()
    }
}

impl Node {
    pub async fn start(database: TestDb) -> Self {
        Self::start_with(database, false).await
    }

    pub async fn start_with(database: TestDb, introspection: bool) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let folder = database.dir.path();
        let clock = Clock::System;
        let root = RootKeyProvider::File(folder.join("root.key"));
        let vault =
            Vault::open(database.db.clone(), &root, &folder.join("epochs"), clock.clone()).await.unwrap();
        let log = Log::open(database.db.clone(), vault, clock).await.unwrap();
        let models = Projections::new(log.clone());
        let (stop, sockets) = (CancellationToken::new(), TaskTracker::new());
        tokio::spawn({
            let (models, stop) = (models.clone(), stop.clone());
            async move { models.run(stop).await }
        });
        let app = App::new(log, models, Blobs::directory(&folder.join("blobs")).unwrap());
        let identity = Identity {
            name: "Own".into(),
            portal_url: "https://post.own.example".into(),
            do_not_reply: "no-reply@own.example".into(),
        };
        let domains = [Domain::parse("own.example").unwrap()].into();
        let founded = app.found(Founding { identity, pack: Pack::Portal, domains }).await.unwrap();
        app.wait_for(founded.position).await.unwrap();
        app.models().wait_for(founded.position, &["organisations"]).await.unwrap();
        let settings = api::ApiSettings {
            introspection,
            metrics: Arc::new(|| "sealpost_test 1\n".to_owned()),
            stop: stop.clone(),
            sockets: sockets.clone(),
            trusted_proxies: vec![Network::parse("127.0.0.1").unwrap()],
        };
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let server = poem::Server::new_with_acceptor(acceptor);
        tokio::spawn(server.run(api::routes(app.clone(), &settings)));
        let client = Client::new();
        Self { app, organisation: founded.value, address, stop, sockets, client, _database: database }
    }

    /// An active account.
    pub async fn person(&self, address: &str, kind: Kind) -> AccountId {
        let challenge =
            |question: &str| Challenge { question: question.into(), answer: "answer".to_owned().into() };
        let some = |text: &str| Some(text.to_owned());
        let form = RegistrationForm {
            invitation: String::new(),
            address: EmailAddress::parse(address).unwrap(),
            user_name: None,
            password: PASSWORD.to_owned().into(),
            profile: Profile {
                given_name: some("Given"),
                family_name: some("Family"),
                company: some("Company"),
                telephone: some("+41 44 000 00 00"),
                postal_address: some("Street 1"),
                member_number: some("1"),
                language: None,
            },
            reminder: Some("a phrase".to_owned().into()),
            challenges: vec![challenge("First?"), challenge("Second?")],
        };
        let done = self.app.enrol(self.organisation, kind, form).await.unwrap();
        self.app.wait_for(done.position).await.unwrap();
        done.value
    }

    /// A member, a guest, and who may read the audit.
    pub async fn people(&self) -> [String; 3] {
        self.person("ada@own.example", Kind::Member).await;
        self.person("bob@out.example", Kind::Guest).await;
        let officer = self.person("olga@own.example", Kind::Member).await;
        self.app.grant_role(self.organisation, officer, Role::ComplianceOfficer).await.unwrap();
        [
            self.log_in("ada@own.example").await,
            self.log_in("bob@out.example").await,
            self.log_in("olga@own.example").await,
        ]
    }

    /// Logs in, and gives the session's cookie.
    pub async fn log_in(&self, address: &str) -> String {
        let query = "mutation($i: String!, $p: Secret!) { logIn(input: { identifier: $i, password: $p }) { problems { code } } }";
        let answer = self.ask(None, query, json!({ "i": address, "p": PASSWORD })).await;
        assert_eq!(answer.data("/logIn/problems"), json!([]));
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A request with the headers of a well-behaved client.
    pub fn request(&self, method: Method, path: &str, cookie: Option<&str>) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        match cookie {
            Some(cookie) => request.header("cookie", cookie).header("sealpost-request", "1"),
            None => request,
        }
    }

    /// One operation.
    pub async fn ask(&self, cookie: Option<&str>, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        self.send(self.request(Method::POST, "/graphql", cookie).json(&body)).await
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The member writes to somebody; gives the message's id.
    pub async fn mail(&self, from: &str, to: &str, subject: &str) -> String {
        let input = json!({ "idempotencyKey": format!("key-{subject}"), "to": [to], "subject": subject, "text": "Body",
            "newRecipients": "INVITE" });
        let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } problems { code message } } }";
        self.ask(Some(from), query, json!({ "input": input })).await.text("/sendMessage/message/id")
    }
}
