//! A clock that is set back, by mistake or by an operator.

use super::allowed;
use crate::{
    browser::Browser,
    house::{BRUNO, CLARA, GINA},
    recovery::{CONFIRM, NEW, RENEW, SET, reset, staged},
    registration::{ACTIVATE, PASSWORD, form, invited},
    stage::{REGISTER, codes, error, on_stage},
};
use domain::Timestamp;
use serde_json::json;
use workers::JobName;

const HOME: &str = "192.0.2.7";
const WRONG: &str = "not the password";

fn hours_before(at: Timestamp, hours: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() - hours * 3_600_000_000)
}

/// A17, A18, R3, K8: a lockout, and a network's, end at the time that was promised however the clock goes until then, and no
/// sooner; what failed later than now still counts.
#[tokio::test]
async fn lockouts_end_at_their_time() {
    on_stage(async |stage| {
        let begin = stage.clock.now();
        let password = stage.password(GINA).to_owned();
        let mut browser = Browser::new(stage, HOME);
        for _ in 0..5 {
            browser.try_log_in(GINA, WRONG).await;
        }
        let mut stranger = Browser::new(stage, "203.0.113.9");
        for n in 0..50 {
            stranger.try_log_in(&format!("nobody{n}@guest.example"), WRONG).await;
        }
        let right = json!({ "input": { "identifier": BRUNO, "password": stage.password(BRUNO) } });
        for back in [1, 24, 24 * 365] {
            stage.move_to(hours_before(begin, back)).await;
            assert_eq!(
                codes(&browser.try_log_in(GINA, &password).await),
                ["LOGIN_FAILED"],
                "{back} hours before"
            );
            assert_eq!(
                error(&stranger.ask(crate::browser::LOG_IN, right.clone()).await),
                "THROTTLED",
                "{back} hours before"
            );
            for job in [JobName::ReleaseLockouts, JobName::EndIdleSessions, JobName::ExpireMessages] {
                let ran = stage.node.scheduler.run_now(job).await.expect("the job runs");
                assert_eq!(ran.and_then(|ran| ran.failure), None, "{job:?}");
            }
            assert_eq!(
                codes(&browser.try_log_in(GINA, &password).await),
                ["LOGIN_FAILED"],
                "{back} hours before"
            );
        }
        stage.move_to(begin).await;
        stage.advance("PT29M59S").await;
        assert_eq!(codes(&browser.try_log_in(GINA, &password).await), ["LOGIN_FAILED"]);
        stage.advance("PT1S").await;
        Browser::log_in(stage, HOME, GINA).await;
        Browser::log_in(stage, "203.0.113.9", BRUNO).await;
    })
    .await;
}

/// A14, B24, R11, K8: links work until their time, however the clock goes until then; one that did its work, was replaced or
/// lapsed on record stays so.
#[tokio::test]
async fn links_end_at_their_time() {
    on_stage(async |stage| {
        allowed(stage).await;
        let begin = stage.clock.now();
        let [ada, bea, eve] = ["ada@guest.example", "bea@guest.example", "eve@guest.example"];
        for who in [ada, bea, eve] {
            stage.enrol(who).await;
        }
        let invitation = invited(stage, "ida@guest.example").await;
        let (early, late, lapsing) =
            (reset(stage, ada).await, reset(stage, bea).await, staged(stage, eve).await);
        let set = |token: &str| json!({ "token": token, "password": NEW, "reminderPhrase": "flying toys" });

        stage.move_to(hours_before(begin, 40 * 24)).await;
        stage.stranger().act(SET, set(&early)).await.expect("it works before its time began");
        let again = stage.stranger().attempt(SET, set(&early)).await.expect("an answer");
        assert_eq!(codes(&again), ["LINK_USED"]);
        stage.stranger().act(REGISTER, form(&invitation, "ida@guest.example")).await.expect("she registers");
        stage.move_to(begin).await;
        stage.advance("PT4H").await;
        let over = stage.stranger().attempt(SET, set(&late)).await.expect("an answer");
        assert_eq!(codes(&over), ["LINK_EXPIRED"]);
        stage.stranger().act(RENEW, json!({ "token": late })).await.expect("it is renewed");
        stage.move_to(begin).await;
        let replaced = stage.stranger().attempt(SET, set(&late)).await.expect("an answer");
        assert_eq!(codes(&replaced), ["LINK_INVALID"], "the old one stays dead");

        stage.advance("PT24H").await;
        stage.node.scheduler.run_now(JobName::LapsePasswordChanges).await.expect("the job runs");
        stage.move_to(begin).await;
        let lapsed = stage.stranger().attempt(CONFIRM, json!({ "token": lapsing })).await.expect("an answer");
        assert!(!codes(&lapsed).is_empty(), "what lapsed works again: {lapsed}");
        stage.log_in(eve).await;
    })
    .await;
}

/// K8: where the clock starts again at its beginning, everybody still logs in, writes, reads, recovers and registers, and
/// every job runs.
#[tokio::test]
async fn a_clock_that_begins_again() {
    on_stage(async |stage| {
        allowed(stage).await;
        let mut living = Browser::log_in(stage, HOME, BRUNO).await;
        for micros in [86_400_000_000, 0, 1] {
            let at = Timestamp::from_micros(micros);
            stage.move_to(at).await;
            let before = stage.mails(GINA).await.len();
            assert_eq!(living.who().await, BRUNO, "at {at}");
            let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
            let message = stage.send(&mut clara, GINA, "Early").await;
            let opened = crate::stage::open(&mut gina, &message).await;
            assert_eq!(opened["content"]["text"], "The text.", "at {at}: {opened}");
            assert_eq!(stage.mails(GINA).await.len(), before + 1, "at {at}");
            let address = format!("ida{micros}@guest.example");
            let invitation = invited(stage, &address).await;
            stage.stranger().act(REGISTER, form(&invitation, &address)).await.expect("she registers");
            let mails = stage.mails(&address).await;
            let token =
                mails.iter().map(|mail| mail.token().expect("a link")).find(|token| *token != invitation);
            stage.stranger().act(ACTIVATE, json!({ "token": token })).await.expect("she activates");
            stage.stranger().log_in(&address, PASSWORD).await.expect("she logs in");
            for job in JobName::ALL {
                let ran = stage.node.scheduler.run_now(job).await.expect("the job runs");
                assert_eq!(ran.and_then(|ran| ran.failure), None, "{job:?} at {at}");
            }
        }
    })
    .await;
}
