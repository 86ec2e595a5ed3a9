//! Logging in, and what failures lead to.

use crate::{
    browser::{Browser, LOG_IN},
    house::{CLARA, GINA, OFFICER},
    stage::{Stage, codes, error, on_stage},
};
use domain::period::Period;
use serde_json::{Value, json};
use workers::JobName;

const HOME: &str = "192.0.2.7";
/// Somebody else's network.
const AWAY: &str = "203.0.113.9";
const WRONG: &str = "not the password";
/// Failures that lock an account, unless the policy says otherwise.
const THRESHOLD: usize = 5;
/// Failures after which a network is not heard.
const NETWORK_THRESHOLD: usize = 50;

async fn fail(browser: &mut Browser, who: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(codes(&browser.try_log_in(who, WRONG).await), ["LOGIN_FAILED"]);
    }
}

async fn run(stage: &Stage, job: JobName) -> i64 {
    let app = &stage.node.app;
    app.wait_for(app.log().head()).await.expect("the read models catch up");
    let ran = stage.node.scheduler.run_now(job).await.expect("the job runs").expect("it is this node's");
    assert_eq!(ran.failure, None);
    ran.done_count
}

/// How often an event of this kind is on record, for this reason if there is one.
async fn recorded(stage: &Stage, kind: &str, reason: Option<&str>) -> usize {
    let mut officer = Browser::log_in(stage, "198.51.100.1", OFFICER).await;
    let query = "query($filter: AuditFilter) { viewer { compliance { events(filter: $filter, first: 200) \
         { edges { node { reason } } } } } }";
    let answer = officer.ask(query, json!({ "filter": { "kinds": [kind] } })).await;
    let edges = answer.pointer("/data/viewer/compliance/events/edges").and_then(Value::as_array);
    let edges = edges.unwrap_or_else(|| panic!("no events: {answer}"));
    edges.iter().filter(|edge| reason.is_none_or(|reason| edge["node"]["reason"] == reason)).count()
}

/// A9, A17, R4: whoever it is, every failure has one answer and leaves as much behind.
#[tokio::test]
async fn failures_have_one_answer() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, "invited@guest.example", "For nobody yet").await;
        let mut browser = Browser::new(stage, HOME);
        fail(&mut browser, CLARA, THRESHOLD).await;
        let mut answers = vec![];
        for (who, password, events) in [
            (GINA, WRONG, 2),
            ("nobody@guest.example", WRONG, 2),
            ("nobody@guest.example", WRONG, 2),
            ("invited@guest.example", WRONG, 2),
            (CLARA, stage.password(CLARA), 2),
            (CLARA, WRONG, 2),
            // Neither an address: nothing but the network has a stream to record them on.
            ("nobody", WRONG, 1),
            ("no body", WRONG, 1),
            ("", "", 1),
        ] {
            let before = stage.head();
            let input = json!({ "input": { "identifier": who, "password": password } });
            answers.push((browser.ask(LOG_IN, input).await, browser.cookie.clone()));
            assert_eq!(stage.head() - before, events, "{who}");
        }
        assert_eq!(codes(&answers[0].0["data"]["logIn"]), ["LOGIN_FAILED"]);
        answers.dedup();
        assert_eq!(answers.len(), 1, "failures are told apart: {answers:?}");
    })
    .await;
}

/// C5: a user name logs in, however it is written; so does the address.
#[tokio::test]
async fn a_user_name_logs_in() {
    on_stage(async |stage| {
        stage.enrol_as("una@guest.example", Some("Una-Straße")).await;
        let password = stage.password("una@guest.example").to_owned();
        for identifier in ["una-straße", " UNA-STRASSE ", "una@guest.example", "Una@Guest.Example"] {
            let payload = Browser::new(stage, HOME).try_log_in(identifier, &password).await;
            assert_eq!(payload["viewer"]["account"]["primaryAddress"], "una@guest.example", "{payload}");
        }
        let payload = Browser::new(stage, HOME).try_log_in("una-strasse-2", &password).await;
        assert_eq!(codes(&payload), ["LOGIN_FAILED"]);
    })
    .await;
}

/// A17, A18: a lockout ends to the second that the mail names, though no worker runs; living sessions go on.
#[tokio::test]
async fn a_lockout_ends_by_itself() {
    on_stage(async |stage| {
        let mut living = Browser::log_in(stage, HOME, GINA).await;
        let mut browser = Browser::new(stage, HOME);
        fail(&mut browser, GINA, THRESHOLD).await;
        assert_eq!(living.who().await, GINA, "a living session goes on");
        let until = stage.clock.now().plus(Period::minutes(30));
        let mails = stage.mails(GINA).await;
        let named = mails.iter().filter(|mail| mail.text.contains(&until.to_string()));
        assert_eq!(named.count(), 1, "one mail names {until}");
        let password = stage.password(GINA).to_owned();
        stage.advance("PT29M59S").await;
        assert_eq!(codes(&browser.try_log_in(GINA, &password).await), ["LOGIN_FAILED"]);
        stage.advance("PT1S").await;
        let payload = browser.try_log_in(GINA, &password).await;
        assert_eq!(payload["viewer"]["account"]["primaryAddress"], GINA, "{payload}");
        assert_eq!(run(stage, JobName::ReleaseLockouts).await, 0, "nothing is left for the worker");
        assert_eq!(recorded(stage, "LOCKOUT_RELEASED", None).await, 1);
    })
    .await;
}

/// A18: the worker releases at that second, and not before.
#[tokio::test]
async fn the_worker_releases_lockouts() {
    on_stage(async |stage| {
        let mut browser = Browser::new(stage, HOME);
        fail(&mut browser, GINA, THRESHOLD).await;
        stage.advance("PT29M59S").await;
        assert_eq!(run(stage, JobName::ReleaseLockouts).await, 0);
        stage.advance("PT1S").await;
        assert_eq!(run(stage, JobName::ReleaseLockouts).await, 1);
        assert_eq!(run(stage, JobName::ReleaseLockouts).await, 0);
        assert_eq!(recorded(stage, "LOCKOUT_RELEASED", None).await, 1);
        Browser::log_in(stage, HOME, GINA).await;
    })
    .await;
}

/// R3: however often an account is locked within a window, one mail tells of it.
#[tokio::test]
async fn lockouts_of_a_window_are_told_once() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.sessions.lockout_duration = Period::minutes(1)).await;
        let mut browser = Browser::new(stage, AWAY);
        for told in [1, 1, 1] {
            fail(&mut browser, GINA, THRESHOLD).await;
            assert_eq!(stage.mails(GINA).await.len(), told);
            stage.advance("PT2M").await;
        }
        stage.advance("PT15M").await;
        fail(&mut browser, GINA, THRESHOLD).await;
        assert_eq!(stage.mails(GINA).await.len(), 2);
    })
    .await;
}

/// R3: after some lockouts in a day a stranger cannot keep the person out any more: from a network that they logged in from
/// before they get in, and the stranger does not even with the password.
#[tokio::test]
async fn lockouts_are_capped() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.sessions.lockout_duration = Period::minutes(1)).await;
        Browser::log_in(stage, HOME, GINA).await;
        let password = stage.password(GINA).to_owned();
        let mut stranger = Browser::new(stage, AWAY);
        for _ in 0..4 {
            fail(&mut stranger, GINA, THRESHOLD).await;
            stage.advance("PT2M").await;
        }
        fail(&mut stranger, GINA, THRESHOLD + 2).await;
        assert_eq!(codes(&stranger.try_log_in(GINA, &password).await), ["LOGIN_FAILED"]);
        assert_eq!(recorded(stage, "LOCKED_OUT", None).await, 4);
        // A neighbour's address is as familiar.
        Browser::log_in(stage, "192.0.2.200", GINA).await;
    })
    .await;
}

/// R3: a network whose attempts fail too often is not heard for a time: no work, no events. Other networks are.
#[tokio::test]
async fn a_network_is_throttled() {
    on_stage(async |stage| {
        let mut browser = Browser::new(stage, AWAY);
        for n in 0..NETWORK_THRESHOLD {
            browser.network = format!("203.0.113.{n}");
            fail(&mut browser, &format!("nobody{n}@guest.example"), 1).await;
        }
        let before = stage.head();
        let password = stage.password(GINA).to_owned();
        let right = json!({ "input": { "identifier": GINA, "password": password } });
        for _ in 0..3 {
            assert_eq!(error(&browser.ask(LOG_IN, right.clone()).await), "THROTTLED");
        }
        assert_eq!(stage.head(), before, "what is not heard leaves no trace");
        Browser::log_in(stage, HOME, GINA).await;
        stage.advance("PT14M59S").await;
        assert_eq!(run(stage, JobName::ReleaseLockouts).await, 0);
        assert_eq!(error(&browser.ask(LOG_IN, right.clone()).await), "THROTTLED");
        stage.advance("PT1S").await;
        assert_eq!(run(stage, JobName::ReleaseLockouts).await, 1);
        fail(&mut browser, GINA, 1).await;
        Browser::log_in(stage, AWAY, GINA).await;
    })
    .await;
}

/// R3: of many attempts at once none is lost: the network is blocked all the same.
#[tokio::test]
async fn failures_at_once_all_count() {
    on_stage(async |stage| {
        let attempts = (0..NETWORK_THRESHOLD + 10).map(|n| {
            let mut browser = Browser::new(stage, AWAY);
            let input =
                json!({ "input": { "identifier": format!("nobody{n}@guest.example"), "password": WRONG } });
            async move { browser.ask(LOG_IN, input).await }
        });
        let answers = futures_util::future::join_all(attempts).await;
        let refused = answers.iter().filter(|answer| !answer["data"].is_null() && answer["errors"].is_null());
        for answer in refused.clone() {
            assert_eq!(codes(&answer["data"]["logIn"]), ["LOGIN_FAILED"]);
        }
        assert!(refused.count() >= NETWORK_THRESHOLD);
        let mut browser = Browser::new(stage, AWAY);
        let right = json!({ "input": { "identifier": GINA, "password": stage.password(GINA) } });
        assert_eq!(error(&browser.ask(LOG_IN, right).await), "THROTTLED");
    })
    .await;
}
