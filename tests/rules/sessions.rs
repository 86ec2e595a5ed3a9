//! Sessions: how long they last, what keeps them, what ends them.

use crate::{
    house::CLARA,
    raw::Raw,
    stage::{drafts, error, on_stage, text},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

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
