//! Leaving, by the account, by a link and by mail; and coming back.

use crate::{
    house::{CLARA, GINA, folder},
    stage::{codes, error, on_stage, open, text},
};
use sealpost::{demo, walk::Cast};
use serde_json::{Value, json};

const BACK: &str = "mutation($input: ResubscribeInput!) { resubscribe(input: $input) \
     { account { subscribed } problems { code } } }";
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

/// K9, B38: who comes back does so knowingly, gets new mail and notifications, and none of the old mail.
#[tokio::test]
async fn coming_back_to_an_empty_mailbox() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let old = stage.send(&mut clara, GINA, "Old").await;
        let sent = stage.send(&mut gina, CLARA, "Sent before").await;
        let mails = stage.mails(GINA).await;
        gina.act(LEAVE, json!({})).await.expect("she leaves");
        let refused = gina.attempt(BACK, json!({ "confirm": false })).await.expect("an answer");
        assert_eq!(codes(&refused), ["REQUIRED"]);
        let back = gina.act(BACK, json!({ "confirm": true })).await.expect("she comes back");
        assert_eq!(back["account"]["subscribed"], true);
        let head = stage.head();
        gina.act(BACK, json!({ "confirm": true })).await.expect("she is back already");
        assert_eq!(stage.head(), head);

        let new = stage.send(&mut clara, GINA, "New").await;
        assert_eq!(stage.mails(GINA).await.len(), mails.len() + 1, "she is told again");
        let inbox = folder(&mut gina, "inbox").await;
        assert_eq!(inbox.iter().map(|message| &message["id"]).collect::<Vec<_>>(), [&json!(new)]);
        assert_eq!(text(&open(&mut gina, &new).await, "/content/text"), "The text.");
        assert_eq!(codes(&open(&mut gina, &old).await), ["UNAVAILABLE"]);
        assert_eq!(text(&open(&mut gina, &sent).await, "/content/text"), "The text.");
        let later = stage.send(&mut gina, CLARA, "Sent after").await;
        assert_eq!(text(&open(&mut gina, &later).await, "/content/text"), "The text.");

        // The links of the mails from before do not end the new mailbox.
        let token = mails[0].leaving_token().expect("a link");
        let refused = stage.stranger().attempt(LEAVE, json!({ "token": token })).await.expect("an answer");
        assert_eq!(codes(&refused), ["LINK_INVALID"]);
        let mails = stage.mails(GINA).await;
        let mut tokens = mails.iter().map(|mail| mail.leaving_token().expect("a link"));
        let token = tokens.find(|newer| *newer != token).expect("a mail of the new mailbox");
        stage.stranger().act(LEAVE, json!({ "token": token })).await.expect("she leaves by the link");
        assert!(folder(&mut gina, "inbox").await.is_empty());
    })
    .await;
}

/// B36, B37, R4: a mail that names organisation and address is enough; it holds for that organisation alone, and nobody
/// learns whether anybody has the address.
#[tokio::test]
async fn leaving_by_mail_holds_for_one_organisation() {
    on_stage(async |stage| {
        let app = &stage.node.app;
        let first = stage.cast.organisation;
        let second =
            demo::people_of(&stage.node, "http://second.example").await.expect("a second organisation");
        assert_ne!(second.organisation, first);
        let clients = async |cast: &Cast, host: &str| {
            let mut pair = vec![];
            for who in [CLARA, GINA] {
                let mut client = stage.stranger().with_header("host", host).expect("a header");
                let (_, _, password) =
                    cast.people.iter().find(|(_, address, _)| address == who).expect("a person");
                client.log_in(who, password).await.expect("an answer");
                pair.push(client);
            }
            <[_; 2]>::try_from(pair).ok().expect("two")
        };
        let [mut clara, mut gina] = clients(&stage.cast, "localhost").await;
        let [mut other_clara, mut other_gina] = clients(&second, "second.example").await;
        stage.send(&mut clara, GINA, "Of the first").await;
        let stays = stage.send(&mut other_clara, GINA, "Of the second").await;

        let gina_address = GINA.parse().expect("an address");
        app.leave_by_mail(first, &gina_address).await.expect("she leaves");
        assert!(folder(&mut gina, "inbox").await.is_empty());
        assert_eq!(codes(&stage.try_send(&mut clara, GINA, "One more").await), ["RECIPIENT_REFUSED"]);
        assert_eq!(text(&open(&mut other_gina, &stays).await, "/content/text"), "The text.");
        stage.send(&mut other_clara, GINA, "One more").await;
        assert_eq!(folder(&mut other_gina, "inbox").await.len(), 2);
        let head = stage.head();
        let nobody = "nobody@guest.example".parse().expect("an address");
        for address in [&gina_address, &nobody] {
            app.leave_by_mail(first, address).await.expect("the same answer");
        }
        assert_eq!(stage.head(), head);
    })
    .await;
}
