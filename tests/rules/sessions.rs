//! Sessions: how long they last, what keeps them, what ends them.

use crate::{
    browser::Browser,
    house::{CLARA, GINA, OFFICER},
    raw::Raw,
    stage::{Stage, codes, drafts, error, on_stage, text},
};
use domain::policy::NetworkPinning;
use reqwest::StatusCode;
use serde_json::{Value, json};
use workers::JobName;

const WHO: &str = "{ viewer { account { primaryAddress } } }";
const BACKGROUND: &[(&str, &str)] = &[("Sealpost-Background", "1")];

/// A37, B14, B15: thirty minutes without activity end a session; what a person does sets the time back, what a page does by
/// itself does not; drafts are kept.
#[tokio::test]
async fn idleness_ends_a_session() {
    on_stage(async |stage| {
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        let mut other = stage.log_in(CLARA).await;
        let draft = stage.draft(&mut other, &Value::Null).await;
        // Activity at minute 29 keeps it until minute 59.
        stage.advance("PT29M").await;
        assert_eq!(text(&raw.ask(WHO, &[]).await.body, "/data/viewer/account/primaryAddress"), CLARA);
        stage.advance("PT29M59S").await;
        assert_eq!(text(&raw.ask(WHO, BACKGROUND).await.body, "/data/viewer/account/primaryAddress"), CLARA);
        // The page's own request half a minute ago did not count.
        stage.advance("PT1S").await;
        let ended = raw.ask(WHO, &[]).await;
        assert_eq!((error(&ended.body), &ended.body["data"]["viewer"]), ("SESSION_ENDED", &Value::Null));
        let upload = raw.announce(&text(&draft, "/id"), "a.txt", 5, &stage.key()).await;
        assert_eq!(
            (upload.status, &upload.body["code"]),
            (StatusCode::UNAUTHORIZED, &json!("SESSION_ENDED"))
        );
        let answer = other.ask(WHO, json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        let answer = other.ask(WHO, json!({})).await.expect("an answer");
        assert_eq!(
            (&answer["data"]["viewer"], &answer["errors"]),
            (&Value::Null, &Value::Null),
            "the cookie is gone"
        );
        let mut again = stage.log_in(CLARA).await;
        assert_eq!(drafts(&mut again).await[0]["id"], draft["id"]);
    })
    .await;
}

/// B15: background requests alone do not keep a session, however many.
#[tokio::test]
async fn a_page_does_not_keep_a_session() {
    on_stage(async |stage| {
        let raw = Raw::log_in(stage, stage.address, CLARA).await;
        for _ in 0..5 {
            stage.advance("PT5M").await;
            assert_eq!(
                text(&raw.ask(WHO, BACKGROUND).await.body, "/data/viewer/account/primaryAddress"),
                CLARA
            );
        }
        stage.advance("PT5M").await;
        assert_eq!(error(&raw.ask(WHO, BACKGROUND).await.body), "SESSION_ENDED");
    })
    .await;
}

/// B16: the organisation sets the time.
#[tokio::test]
async fn the_policy_sets_the_idle_limit() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.sessions.idle_limit = "PT2M".parse().expect("a period")).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.advance("PT1M59S").await;
        assert!(clara.ask(WHO, json!({})).await.expect("an answer")["errors"].is_null());
        stage.advance("PT2M").await;
        assert_eq!(error(&clara.ask(WHO, json!({})).await.expect("an answer")), "SESSION_ENDED");
    })
    .await;
}

/// B27, B28: logging out ends this session on this device, and no other.
#[tokio::test]
async fn logging_out_ends_this_session_alone() {
    on_stage(async |stage| {
        let (here, there) =
            (Raw::log_in(stage, stage.address, CLARA).await, Raw::log_in(stage, stage.address, CLARA).await);
        let sessions = "{ viewer { sessions { id current } } }";
        let seen = there.ask(sessions, &[]).await.body;
        assert_eq!(seen["data"]["viewer"]["sessions"].as_array().map(Vec::len), Some(2), "{seen}");
        let out =
            here.ask("mutation { logOut(input: {}) { endedSessionId problems { code } } }", &[]).await.body;
        text(&out, "/data/logOut/endedSessionId");
        assert_eq!(
            error(&here.ask(WHO, &[]).await.body),
            "SESSION_ENDED",
            "the credential does not work any more"
        );
        let seen = there.ask(sessions, &[]).await.body;
        let left = seen["data"]["viewer"]["sessions"].as_array().expect("a list");
        assert_eq!((left.len(), &left[0]["current"]), (1, &json!(true)), "{seen}");
        assert_ne!(left[0]["id"], out["data"]["logOut"]["endedSessionId"]);
    })
    .await;
}

const HOME: &str = "192.0.2.7";
const END: &str = "mutation($input: EndSessionInput!) { endSession(input: $input) { endedSessionId problems { code field } } }";
const OUT: &str =
    "mutation($input: LogOutInput!) { logOut(input: $input) { endedSessionId problems { code } } }";
const SESSIONS: &str = "{ viewer { sessions { id current network } } }";

/// Why sessions ended, the last first.
async fn ends(stage: &Stage) -> Vec<String> {
    let mut officer = Browser::log_in(stage, "198.51.100.1", OFFICER).await;
    let query = "{ viewer { compliance { events(filter: { kinds: [SESSION_ENDED] }, first: 50) \
         { edges { node { reason } } } } } }";
    let answer = officer.ask(query, json!({})).await;
    let edges = answer.pointer("/data/viewer/compliance/events/edges").and_then(Value::as_array);
    let edges = edges.unwrap_or_else(|| panic!("no events: {answer}"));
    edges.iter().map(|edge| text(edge, "/node/reason")).collect()
}

async fn networks_seen(stage: &Stage) -> usize {
    let mut officer = Browser::log_in(stage, "198.51.100.1", OFFICER).await;
    let query = "{ viewer { compliance { events(filter: { kinds: [NETWORK_CHANGED] }, first: 50) \
         { totalCount } } } }";
    let answer = officer.ask(query, json!({})).await;
    let count = answer.pointer("/data/viewer/compliance/events/totalCount").and_then(Value::as_u64);
    count.and_then(|count| count.try_into().ok()).unwrap_or_else(|| panic!("no count: {answer}"))
}

/// B17, R6: what a changed network does is for the policy: nothing, an event, or the end of the session, which stays ended
/// where it began as well.
#[tokio::test]
async fn networks_are_pinned() {
    const NEIGHBOUR: &str = "192.0.2.200";
    const ELSEWHERE: &str = "203.0.113.9";
    on_stage(async |stage| {
        for (pinning, near, far, seen) in [
            (NetworkPinning::Off, true, true, 0),
            (NetworkPinning::Log, true, true, 2),
            (NetworkPinning::Subnet, true, false, 3),
            (NetworkPinning::Strict, false, false, 3),
        ] {
            stage.change_policy(|policy| policy.sessions.pinning = pinning).await;
            let mut near_one = Browser::log_in(stage, HOME, CLARA).await;
            let mut far_one = Browser::log_in(stage, HOME, CLARA).await;
            for (browser, network, goes_on) in
                [(&mut near_one, NEIGHBOUR, near), (&mut far_one, ELSEWHERE, far)]
            {
                for network in [HOME, network, network, HOME, network] {
                    browser.network = network.to_owned();
                    let who = browser.who().await;
                    if goes_on {
                        assert_eq!(who, CLARA, "{pinning:?} {network}");
                    } else if network != HOME {
                        assert!(
                            ["SESSION_ENDED", ""].contains(&who.as_str()),
                            "{pinning:?} {network}: {who}"
                        );
                    }
                }
                if !goes_on {
                    browser.network = HOME.to_owned();
                    assert_ne!(browser.who().await, CLARA, "it stays ended");
                }
            }
            assert_eq!(networks_seen(stage).await, seen, "{pinning:?}");
        }
        assert_eq!(ends(stage).await, ["network_changed"; 3]);
    })
    .await;
}

/// B18: between networks that are exempt a session may move, even where networks are pinned.
#[tokio::test]
async fn exempt_networks_may_shift() {
    on_stage(async |stage| {
        stage
            .change_policy(|policy| {
                policy.sessions.pinning = NetworkPinning::Strict;
                policy.sessions.exempt_networks = ["192.0.2.0/24", "198.51.100.0/24"]
                    .map(|network| network.parse().expect("a network"))
                    .into();
            })
            .await;
        let mut clara = Browser::log_in(stage, HOME, CLARA).await;
        for network in ["198.51.100.9", "192.0.2.99", HOME] {
            clara.network = network.to_owned();
            assert_eq!(clara.who().await, CLARA, "{network}");
        }
        clara.network = "203.0.113.9".to_owned();
        assert_eq!(clara.who().await, "SESSION_ENDED");
    })
    .await;
}

/// B27: a person sees their own sessions and ends any of them; another's is not there for them.
#[tokio::test]
async fn sessions_are_listed_and_ended() {
    on_stage(async |stage| {
        let mut here = Browser::log_in(stage, HOME, CLARA).await;
        let mut there = Browser::log_in(stage, "203.0.113.9", CLARA).await;
        let mut gina = Browser::log_in(stage, HOME, GINA).await;
        let listed = here.ask(SESSIONS, json!({})).await["data"]["viewer"]["sessions"].clone();
        let listed = listed.as_array().expect("a list");
        assert_eq!(listed.len(), 2, "{listed:?}");
        let other = listed.iter().find(|session| session["current"] == false).expect("the other");
        assert_eq!(other["network"], "203.0.113.9");
        let input = json!({ "sessionId": other["id"] });
        let refused = gina.attempt(END, input.clone()).await;
        assert_eq!((codes(&refused), there.who().await.as_str()), (vec!["NOT_FOUND"], CLARA));
        let ended = here.attempt(END, input.clone()).await;
        assert_eq!(ended["endedSessionId"], other["id"], "{ended}");
        assert_eq!(there.who().await, "SESSION_ENDED");
        assert_eq!(codes(&here.attempt(END, input).await), ["NOT_FOUND"], "it is no session any more");

        let own = listed.iter().find(|session| session["current"] == true).expect("this one");
        here.attempt(END, json!({ "sessionId": own["id"] })).await;
        assert_eq!(here.cookie, None, "the cookie goes with its session");
        assert_eq!(gina.who().await, GINA);
        assert_eq!(ends(stage).await, ["logged_out", "ended_elsewhere"]);
    })
    .await;
}

/// B27, B28: "forget me" ends the session and has the browser forget what pages keep there; nothing else ends.
#[tokio::test]
async fn forget_me_forgets_this_device() {
    on_stage(async |stage| {
        let mut here = Browser::log_in(stage, HOME, CLARA).await;
        let mut there = Browser::log_in(stage, HOME, CLARA).await;
        let out = here.attempt(OUT, json!({ "forgetDevice": true })).await;
        text(&out, "/endedSessionId");
        assert_eq!(here.headers["clear-site-data"], "\"cache\", \"storage\"");
        assert_eq!((here.cookie.clone(), there.who().await.as_str()), (None, CLARA));
        there.attempt(OUT, json!({})).await;
        assert!(there.headers.get("clear-site-data").is_none());
    })
    .await;
}

/// B19, B21: half a credential, a changed one, or two halves of two end the sessions that a half fits; a made-up one ends
/// nothing. No credential works in a URL.
#[tokio::test]
async fn a_tampered_credential_ends_its_session() {
    on_stage(async |stage| {
        let mut other = Browser::log_in(stage, HOME, GINA).await;
        for part in ["id", "token", "id alone", "token alone", "both"] {
            let mut clara = Browser::log_in(stage, HOME, CLARA).await;
            let mut second = Browser::log_in(stage, HOME, CLARA).await;
            let own = clara.cookie.clone().expect("a session");
            let (id, token) = own.split_once('.').expect("two halves");
            let theirs = second.cookie.clone().expect("a session");
            let (_, their_token) = theirs.split_once('.').expect("two halves");
            let name = id.split_once('=').expect("a cookie").0;
            let changed = match part {
                "id" => format!("{name}=A{}.{token}", &id[name.len() + 2..]),
                "token" => format!("{id}.{}", "A".repeat(43)),
                "id alone" => id.to_owned(),
                "token alone" => format!("{name}={token}"),
                _ => format!("{id}.{their_token}"),
            };
            let mut tampered = Browser::new(stage, HOME);
            tampered.cookie = Some(changed);
            assert_eq!(tampered.who().await, "SESSION_ENDED", "{part}");
            assert_eq!(clara.who().await, "SESSION_ENDED", "{part}");
            let goes_on = if part == "both" { "SESSION_ENDED" } else { CLARA };
            assert_eq!(second.who().await, goes_on, "{part}");
        }
        assert_eq!(ends(stage).await, ["tampered"; 6]);
        let mut made_up = Browser::new(stage, HOME);
        made_up.cookie = Some(format!("__Host-sealpost={}.{}", "A".repeat(120), "A".repeat(43)));
        assert_eq!((made_up.who().await.as_str(), other.who().await.as_str()), ("SESSION_ENDED", GINA));
        assert_eq!(ends(stage).await.len(), 6);
        let url = format!("http://{}/graphql?{}", stage.address, other.cookie.clone().expect("a session"));
        let body = json!({ "query": WHO });
        let request = reqwest::Client::new().post(url).header("Sealpost-Request", "1").json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["viewer"], Value::Null, "{answer}");
    })
    .await;
}

/// R3, B28: a login ends the session that the same browser had, and no other.
#[tokio::test]
async fn a_login_replaces_the_session_of_its_browser() {
    on_stage(async |stage| {
        let mut browser = Browser::log_in(stage, HOME, CLARA).await;
        let mut elsewhere = Browser::log_in(stage, HOME, CLARA).await;
        let mut copy = Browser::new(stage, HOME);
        copy.cookie.clone_from(&browser.cookie);
        let refused = browser.try_log_in(CLARA, "not the password").await;
        assert_eq!((codes(&refused), copy.who().await.as_str()), (vec!["LOGIN_FAILED"], CLARA));
        browser.try_log_in(GINA, stage.password(GINA)).await;
        assert_eq!((browser.who().await.as_str(), copy.who().await.as_str()), (GINA, "SESSION_ENDED"));
        assert_eq!((elsewhere.who().await.as_str(), ends(stage).await), (CLARA, vec!["replaced".to_owned()]));
    })
    .await;
}

/// A37, B14: sessions whose people never come back end too, with their reason, by a job.
#[tokio::test]
async fn the_worker_ends_idle_sessions() {
    on_stage(async |stage| {
        let mut clara = Browser::log_in(stage, HOME, CLARA).await;
        stage.advance("PT29M59S").await;
        let mut gina = Browser::log_in(stage, HOME, GINA).await;
        let run =
            async || stage.node.scheduler.run_now(JobName::EndIdleSessions).await.expect("the job runs");
        assert_eq!(run().await.map(|ran| ran.done_count), Some(0));
        stage.advance("PT1S").await;
        assert_eq!(run().await.map(|ran| ran.done_count), Some(1));
        assert_eq!(run().await.map(|ran| ran.done_count), Some(0));
        assert_eq!((clara.who().await.as_str(), gina.who().await.as_str()), ("SESSION_ENDED", GINA));
        stage.change_policy(|policy| policy.sessions.idle_limit = "PT12H".parse().expect("a period")).await;
        stage.advance("PT11H59M58S").await;
        assert_eq!(gina.who().await, GINA);
        stage.advance("PT1S").await;
        assert_eq!(run().await.map(|ran| ran.done_count), Some(1), "the longest session is over");
        assert_eq!(ends(stage).await, ["too_old", "idle"]);
    })
    .await;
}

/// B14: a clock that is set back wakes no session that ended, and takes no activity back.
#[tokio::test]
async fn a_clock_set_back_wakes_nothing() {
    on_stage(async |stage| {
        let begin = stage.clock.now();
        let mut clara = Browser::log_in(stage, HOME, CLARA).await;
        let mut gina = Browser::log_in(stage, HOME, GINA).await;
        stage.advance("PT20M").await;
        assert_eq!(gina.who().await, GINA);
        stage.advance("PT10M").await;
        assert_eq!(clara.who().await, "SESSION_ENDED");
        stage.move_to(begin).await;
        let cookie = clara.cookie.clone();
        assert_eq!((gina.who().await.as_str(), cookie), (GINA, None));
        let answer = clara.ask(WHO, json!({})).await;
        assert_eq!(answer["data"]["viewer"], Value::Null);
        // Her activity at minute 20 counts until minute 50.
        stage.advance("PT49M59S").await;
        assert_eq!(gina.who().await, GINA);
    })
    .await;
}
