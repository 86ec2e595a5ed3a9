//! Leaving, by the account.

use crate::{
    house::{CLARA, GINA, folder},
    stage::{codes, error, on_stage, open, text},
};
use serde_json::{Value, json};

const LEAVE: &str =
    "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { unsubscribed problems { code } } }";

/// B36, B38, B39, K9: leaving by the account stops notifications, also those that wait, and takes all received mail away at
/// once; what one sent, and the sender's copy, stand.
#[tokio::test]
async fn leaving_by_the_account() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let received = stage.send(&mut clara, GINA, "Received").await;
        let sent = stage.send(&mut gina, CLARA, "Sent").await;
        assert_eq!(stage.mails(GINA).await.len(), 1);
        let waiting = stage.send(&mut clara, GINA, "Its notification waits").await;

        let left = gina.act(LEAVE, json!({})).await.expect("she leaves");
        assert_eq!(left["unsubscribed"], true);
        for gone in [&received, &waiting] {
            let payload = open(&mut gina, gone).await;
            assert_eq!((codes(&payload), &payload["content"]), (vec!["UNAVAILABLE"], &Value::Null));
            let answer = gina
                .ask(
                    "query($id: ID!) { node(id: $id) { ... on Message { subject unavailable { reason } } } }",
                    json!({ "id": gone }),
                )
                .await
                .expect("an answer");
            assert_eq!(
                answer["data"]["node"],
                json!({ "subject": null, "unavailable": { "reason": "REVOKED" } })
            );
            assert_eq!(
                text(&open(&mut clara, gone).await, "/content/text"),
                "The text.",
                "the sender's copy"
            );
        }
        assert!(folder(&mut gina, "inbox").await.is_empty());
        assert_eq!(text(&open(&mut gina, &sent).await, "/content/text"), "The text.", "what she sent");
        assert_eq!(text(&open(&mut clara, &sent).await, "/content/text"), "The text.");
        assert_eq!(stage.mails(GINA).await.len(), 1, "a mail followed");

        let refused = stage.try_send(&mut clara, GINA, "One more").await;
        assert_eq!(codes(&refused), ["RECIPIENT_REFUSED"], "{refused}");
        gina.act(LEAVE, json!({})).await.expect("leaving again is harmless");
        assert_eq!(stage.mails(GINA).await.len(), 1, "a mail followed");
        // Without a link or a session nobody leaves.
        let answer = stage.stranger().ask(LEAVE, json!({ "input": {} })).await.expect("an answer");
        assert_eq!(error(&answer), "UNAUTHENTICATED");
    })
    .await;
}
