//! Guessing passwords by the thousand: what it costs the organisation, and what it does to the person.

use crate::{
    browser::{Browser, LOG_IN},
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, OFFICER},
    recovery::{LINK, NEW, SET, mailed},
    stage::{Stage, codes, error, on_stage},
};
use app::{Caller, Error};
use domain::{
    Decider, Personal, Timestamp,
    account::{
        Account, Command, Credentials, Event, FactorVerdict, IssuedLink, Kind, Lockout, LogIn, NewSession,
        Profile, State, Verdict,
    },
    bytes::{Sealed, TokenHash},
    id::Id,
    network::{self, Network},
    period::Period,
};
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::json;
use std::{collections::BTreeMap, net::IpAddr};
use uuid::Uuid;

const HOME: &str = "192.0.2.7";
const AWAY: &str = "203.0.113.9";
const WRONG: &str = "not the password";
const ATTEMPTS: usize = 10_000;
const OVER_HTTP: usize = 1_000;
/// Failures after which a network is not heard.
const NETWORK_THRESHOLD: usize = 50;
/// Requests that the attacker has under way at a time.
const AT_A_TIME: usize = 8;
const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);

/// A hundred addresses: people with a password, people who are only invited, and nobody.
async fn targets(stage: &Stage) -> Vec<String> {
    let mut clara = stage.log_in(CLARA).await;
    let invited: Vec<_> = (0..20).map(|n| format!("invited{n}@guest.example")).collect();
    stage.send(&mut clara, &invited.join(";"), "For twenty").await;
    let people = [GINA, CLARA, BRUNO, ADMINISTRATOR, OFFICER].map(str::to_owned);
    let nobody = (0..75).map(|n| format!("nobody{n}@guest.example"));
    people.into_iter().chain(invited).chain(nobody).collect()
}

async fn lockouts(stage: &Stage) -> usize {
    let mut officer = Browser::log_in(stage, "198.51.100.1", OFFICER).await;
    let query = "{ viewer { compliance { events(filter: { kinds: [LOCKED_OUT] }, first: 50) \
         { totalCount edges { node { id } } } } } }";
    let answer = officer.ask(query, json!({})).await;
    let found = &answer["data"]["viewer"]["compliance"]["events"];
    let edges = found["edges"].as_array().map_or(0, Vec::len);
    assert_eq!(found["totalCount"].as_u64(), u64::try_from(edges).ok(), "{answer}");
    edges
}

/// R3: ten thousand attempts from one network at a hundred addresses cost fifty checks of a password and a hundred events;
/// the rest is not heard. The person's session goes on all the while, one mail tells of the lockout, and an emailed reset
/// ends it. The first thousand come over HTTP, the others, none of which is heard, by the use case behind it.
#[tokio::test]
async fn ten_thousand_failures_from_one_network() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.recovery.link = true).await;
        let targets = targets(stage).await;
        let mut owner = Browser::log_in(stage, HOME, GINA).await;
        let before = stage.head();
        // Those who come first are heard: five attempts at each of ten, half of whom have a password.
        let target = |n: usize| if n < NETWORK_THRESHOLD { &targets[n % 10] } else { &targets[n % 100] };
        let http = Browser::new(stage, AWAY);
        let attempts = (0..OVER_HTTP).map(|n| {
            let mut browser = http.clone();
            let input = json!({ "input": { "identifier": target(n), "password": WRONG } });
            async move { browser.ask(LOG_IN, input).await }
        });
        let mut answers = stream::iter(attempts).buffered(AT_A_TIME);
        let (mut heard, mut refused) = (0, 0);
        while let Some(answer) = answers.next().await {
            if error(&answer) == "THROTTLED" {
                refused += 1;
            } else {
                assert_eq!(codes(&answer["data"]["logIn"]), ["LOGIN_FAILED"], "{answer}");
                heard += 1;
            }
            if (heard + refused) % 100 == 0 {
                assert_eq!(owner.who().await, GINA, "the session goes on");
            }
        }
        let caller = Caller {
            organisation: stage.cast.organisation,
            network: AWAY.parse().expect("an address"),
            device: "Browser".into(),
        };
        let password = SecretString::from(WRONG);
        for n in OVER_HTTP..ATTEMPTS {
            let answer = stage.node.app.log_in(&caller, target(n), &password, None).await;
            assert!(matches!(answer, Err(Error::Throttled)), "attempt {n} was heard");
            refused += 1;
        }
        assert_eq!(owner.who().await, GINA, "the session goes on");
        assert_eq!(heard + refused, ATTEMPTS);
        // Those that were under way when the network was blocked got their answer.
        assert!((NETWORK_THRESHOLD..NETWORK_THRESHOLD + AT_A_TIME).contains(&heard), "{heard} were heard");
        let most = i64::try_from(2 * heard + 5 + 1).expect("a number");
        let recorded = stage.head() - before;
        assert!(recorded <= most, "{recorded} events of {heard} attempts");

        let told = stage.mails(GINA).await;
        assert_eq!(told.len(), 1, "one mail tells of the lockout");
        let mut elsewhere = Browser::new(stage, HOME);
        let password = stage.password(GINA).to_owned();
        assert_eq!(
            codes(&elsewhere.try_log_in(GINA, &password).await),
            ["LOGIN_FAILED"],
            "she is locked out"
        );
        elsewhere.attempt(LINK, json!({ "address": GINA })).await;
        let token = mailed(stage, GINA, "Set a new password").await;
        let set = json!({ "token": token, "password": NEW, "reminderPhrase": "toys in windy weather" });
        assert_eq!(elsewhere.attempt(SET, set).await["effective"], true);
        let payload = elsewhere.try_log_in(GINA, NEW).await;
        assert_eq!(payload["viewer"]["account"]["primaryAddress"], GINA, "{payload}");
    })
    .await;
}

/// R3: whoever has many networks locks an account four times a day at most, each told by one mail; then the person gets in
/// from where they logged in before, the stranger does not even with the password, and the session goes on all the while.
#[tokio::test]
async fn many_networks_at_one_account() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.sessions.idle_limit = Period::hours(2)).await;
        let password = stage.password(GINA).to_owned();
        let mut owner = Browser::log_in(stage, HOME, GINA).await;
        let mut stranger = Browser::new(stage, AWAY);
        for round in 0..8 {
            let head = stage.head();
            for n in 0..10 {
                stranger.network = format!("10.{round}.{n}.1");
                assert_eq!(codes(&stranger.try_log_in(GINA, WRONG).await), ["LOGIN_FAILED"]);
            }
            assert!(stage.head() - head <= 10 * 2 + 2, "an event of the account and one of the network each");
            assert_eq!(owner.who().await, GINA, "round {round}");
            assert_eq!(stage.mails(GINA).await.len(), 4.min(round + 1), "one mail a lockout");
            stage.advance("PT31M").await;
        }
        assert_eq!(lockouts(stage).await, 4);
        for n in 0..5 {
            stranger.network = format!("10.9.{n}.1");
            stranger.try_log_in(GINA, WRONG).await;
        }
        assert_eq!(codes(&stranger.try_log_in(GINA, &password).await), ["LOGIN_FAILED"]);
        Browser::log_in(stage, HOME, GINA).await;
    })
    .await;
}

/// Accounts, networks and the events that they made, by their rules alone.
struct Rules {
    accounts: Vec<State>,
    networks: BTreeMap<IpAddr, network::State>,
    events: usize,
    lockouts: Vec<Timestamp>,
    told: usize,
}

impl Rules {
    /// One attempt, unless its network is not heard; gives what the account said.
    fn attempt(&mut self, account: usize, from: IpAddr, password: Verdict, at: Timestamp) -> Vec<Event> {
        let network = self.networks.entry(from).or_default();
        if !network.is_heard(at) {
            return vec![];
        }
        let state = &mut self.accounts[account];
        let command = Command::LogIn(Box::new(attempt(from, password, at)));
        let events = Account::decide(state, command).expect("an account");
        for event in &events {
            if let Event::LockedOut { untold, .. } = event {
                self.lockouts.push(at);
                self.told += usize::from(!untold);
            }
        }
        *state = events.iter().fold(std::mem::take(state), Account::evolve);
        self.events += events.len();
        if password == Verdict::Wrong {
            let Ok(failed) = Network::decide(network, network::Command::Fail { at });
            *network = failed.iter().fold(std::mem::take(network), Network::evolve);
            self.events += failed.len();
        }
        events
    }
}

fn attempt(from: IpAddr, password: Verdict, at: Timestamp) -> LogIn {
    LogIn {
        password,
        factor: FactorVerdict::NotGiven,
        from,
        lockout: Lockout { threshold: 5, window: Period::minutes(15), duration: Period::minutes(30) },
        session: NewSession {
            id: Id::new(Uuid::from_u128(9)),
            token: TokenHash([2; 32]),
            device: "Browser".into(),
            ends_at: at.plus(Period::hours(12)),
        },
        at,
    }
}

fn active_account() -> State {
    let address = "ada@guest.example".parse().expect("an address");
    let invitation = IssuedLink {
        id: Id::new(Uuid::from_u128(1)),
        hash: TokenHash([1; 32]),
        expires_at: NOON.plus(Period::days(30)),
    };
    let secret = || Sealed(vec![1]);
    let past = [
        Event::Invited {
            address: Personal::known(address),
            kind: Kind::Guest,
            audience: None,
            by: None,
            invitation,
            at: NOON,
        },
        Event::Registered {
            profile: Personal::known(Profile::default()),
            user_name: None,
            credentials: Credentials { password: secret(), reminder: None, challenges: None },
            at: NOON,
        },
        Event::Activated { at: NOON },
    ];
    past.iter().fold(State::default(), Account::evolve)
}

/// R3: ten thousand attempts from a thousand networks, ten each. By the rules alone: no network comes to its fifty, so that
/// each attempt costs a check of the password, and ten thousand of them take minutes. What bounds the checks is fifty a
/// network and quarter of an hour; what bounds the events is two for each that is heard, and four lockouts of an account a
/// day.
#[test]
fn ten_thousand_failures_from_a_thousand_networks() {
    const ACCOUNTS: usize = 100;
    let home: IpAddr = HOME.parse().expect("an address");
    let mut rules = Rules {
        accounts: vec![active_account(); ACCOUNTS],
        networks: BTreeMap::new(),
        events: 0,
        lockouts: vec![],
        told: 0,
    };
    for account in 0..ACCOUNTS {
        let events = rules.attempt(account, home, Verdict::Right, NOON);
        assert!(events.iter().any(|event| matches!(event, Event::LoggedIn { .. })));
    }
    let before = rules.events;
    // A hundred attempts at each account within the day: ten each quarter of an hour and more.
    for n in 0..ATTEMPTS {
        let round = n / 1000;
        let network = n % 1000;
        let from = format!("10.{}.{}.1", network / 250, network % 250).parse().expect("an address");
        let at = NOON.plus(Period::seconds(1860 * u32::try_from(round).expect("few rounds")));
        rules.attempt(n % ACCOUNTS, from, Verdict::Wrong, at);
    }
    assert_eq!(rules.networks.len(), 1001);
    assert_eq!(rules.lockouts.len(), 4 * ACCOUNTS, "four a day and account");
    assert_eq!(rules.told, 4 * ACCOUNTS, "half an hour apart, each is told");
    // A lockout that is over is released by whoever comes next.
    assert_eq!(rules.events - before, 2 * ATTEMPTS + 2 * rules.lockouts.len());
    let late = NOON.plus(Period::seconds(1860 * 9));
    for account in 0..ACCOUNTS {
        let stranger = rules.attempt(account, AWAY.parse().expect("an address"), Verdict::Right, late);
        assert!(matches!(stranger[..], [Event::LoginFailed { .. }]), "{stranger:?}");
        let events = rules.attempt(account, home, Verdict::Right, late);
        assert!(events.iter().any(|event| matches!(event, Event::SessionStarted { .. })), "{events:?}");
    }
}
