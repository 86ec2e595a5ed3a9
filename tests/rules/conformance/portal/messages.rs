//! List A: messages, A20 to A42.

use crate::{
    conformance::{asks, did, does},
    house::{BRUNO, CLARA, GINA, OFFICER, folder},
    stage::{FORWARD, OPEN, REPLY, Stage, codes, drafts, on_stage, open, text},
};
use sealpost::walk::client::{Client, File};
use serde_json::{Value, json};

/// Registered, of Gina's domain.
const GUS: &str = "gus@guest.example";

struct Messages<'a> {
    stage: &'a mut Stage,
    clara: Client,
    gina: Client,
    message: String,
}

/// N6: the portal pack keeps its list: messages.
#[tokio::test]
async fn the_portal_pack_keeps_its_list_of_messages() {
    on_stage(async |stage| {
        stage.enrol(GUS).await;
        let (mut clara, gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let message = stage.send_files(&mut clara, GINA, "The contract", &["one.txt", "two.txt"]).await;
        let mut pack = Messages { stage, clara, gina, message };
        pack.what_is_received_can_be_kept().await;
        pack.a_guest_writes_to_the_organisation().await;
        pack.addresses_are_typed_as_people_do().await;
        pack.a_reply_goes_to_its_sender().await;
        pack.a_forward_is_filled_in_by_its_writer().await;
        pack.drafts_are_saved_with_their_files().await;
        pack.every_message_expires().await;
    })
    .await;
}

impl Messages<'_> {
    /// A22, A23, A24, A25, A42: before it expires it can be kept: as text, each file by itself, all as a group, and in print.
    async fn what_is_received_can_be_kept(&mut self) {
        let urls = self.downloads().await;
        let kept = self.gina.download(&path(&urls, "/downloads/textUrl")).await.expect("a text");
        let kept = String::from_utf8(kept).expect("UTF-8");
        for part in [CLARA, GINA, "The contract", "2026", "The text."] {
            assert!(kept.contains(part), "{part} is missing in {kept}");
        }
        for file in urls["attachments"].as_array().expect("files") {
            let bytes = self.gina.download(&path(file, "/downloadUrl")).await.expect("a file");
            assert_eq!(bytes, b"a file");
        }
        let zip = self.gina.download(&path(&urls, "/downloads/zipUrl")).await.expect("a Zip");
        assert!(zip.starts_with(b"PK") && zip.windows(7).any(|name| name == b"two.txt"));
        let print = self.gina.download(&path(&urls, "/downloads/printUrl")).await.expect("a page");
        assert!(String::from_utf8_lossy(&print).contains("The text."));
        let bare = self.stage.send(&mut self.clara, GINA, "No files").await;
        let query = format!(
            "{{ node(id: \"{bare}\") {{ ... on Message {{ downloads {{ zipUrl }} attachments {{ id }} }} }} }}"
        );
        let none = json!({ "downloads": { "zipUrl": null }, "attachments": [] });
        assert_eq!(asks(&mut self.gina, &query).await["node"], none);
    }

    /// A26: a guest writes new mail to the organisation's people, to nobody else.
    async fn a_guest_writes_to_the_organisation(&mut self) {
        self.stage.send(&mut self.gina, CLARA, "A question").await;
        let refused = self.stage.try_send(&mut self.gina, GUS, "A question").await;
        assert_eq!(codes(&refused), ["RECIPIENT_REFUSED"], "{refused}");
    }

    /// A27, A28: To and Cc take several; `;` and `,` separate, blanks do not matter.
    async fn addresses_are_typed_as_people_do(&mut self) {
        let input = json!({ "idempotencyKey": self.stage.key(), "to": [format!("{CLARA} ;{BRUNO},")], "cc": [format!(" {OFFICER}")],
            "subject": "To three", "text": "The text." });
        let sent =
            did(&mut self.gina, "sendMessage", "message { to { address } cc { address } }", input).await;
        let address = |one: &str| json!({ "address": one });
        assert_eq!(
            sent["message"],
            json!({ "to": [address(CLARA), address(BRUNO)], "cc": [address(OFFICER)] })
        );
    }

    /// A29, A30, A31, A32: what was received can be answered; To is its sender; Cc takes the organisation's people and registered
    /// people of one's own domain, and names who it does not take.
    async fn a_reply_goes_to_its_sender(&mut self) {
        let draft = self.stage.draft(&mut self.gina, &json!({ "replyTo": self.message })).await;
        assert_eq!((&draft["to"][0]["address"], &draft["cc"]), (&json!(CLARA), &json!([])));
        let reply = |key: String, cc: &str| json!({ "idempotencyKey": key, "messageId": self.message, "cc": [cc], "text": "Yes." });
        let allowed = reply(self.stage.key(), &format!("{BRUNO}, GUS@Guest.Example"));
        self.gina.act(REPLY, allowed).await.expect("it is sent");
        for other in ["gus@mail.guest.example", "new@guest.example", "olaf@other.example"] {
            let refused = self.gina.attempt(REPLY, reply(self.stage.key(), other)).await.expect("an answer");
            assert_eq!(codes(&refused), ["RECIPIENT_REFUSED"], "{refused}");
            assert!(text(&refused, "/problems/0/message").contains(other), "{refused}");
        }
    }

    /// A33, A34, A35: what was received can be forwarded; To is the writer's to fill, Cc is its sender.
    async fn a_forward_is_filled_in_by_its_writer(&mut self) {
        let draft = self.stage.draft(&mut self.gina, &json!({ "forwardOf": self.message })).await;
        assert_eq!((&draft["to"], &draft["cc"][0]["address"]), (&json!([]), &json!(CLARA)));
        let forward =
            |key: String, to: &str| json!({ "idempotencyKey": key, "messageId": self.message, "to": [to] });
        self.gina.act(FORWARD, forward(self.stage.key(), GUS)).await.expect("it is sent");
        let refused = self.gina.attempt(FORWARD, forward(self.stage.key(), "olaf@other.example")).await;
        assert_eq!(codes(&refused.expect("an answer")), ["RECIPIENT_REFUSED"]);
    }

    /// A36, A38, A39, A40: a draft is saved, takes ten files and no eleventh, and is sent with them.
    async fn drafts_are_saved_with_their_files(&mut self) {
        let before = drafts(&mut self.gina).await.len();
        let draft = self.stage.draft(&mut self.gina, &json!({ "replyTo": self.message })).await;
        assert_eq!(drafts(&mut self.gina).await.len(), before + 1);
        let names: Vec<_> = (0..10).map(|n| format!("{n}.txt")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        self.stage.attach(&self.gina, &draft, &names).await;
        let eleventh =
            File { name: "eleventh.txt".into(), media_type: "text/plain".into(), bytes: b"a file".to_vec() };
        let refused = self.gina.upload(&text(&draft, "/id"), &self.stage.key(), &eleventh).await;
        let why = refused.expect_err("it is one too many").to_string();
        assert!(why.contains("10"), "the limit is not named: {why}");
        let sent = self.stage.send_draft(&mut self.gina, &draft).await;
        assert_eq!(sent["message"]["attachments"].as_array().map(Vec::len), Some(10), "{sent}");
    }

    /// A20, A21: after sixty days it is gone for everyone, its sender too, by every way.
    async fn every_message_expires(&mut self) {
        let urls = self.downloads().await;
        self.stage.advance("P60D").await;
        for who in [GINA, CLARA] {
            let mut client = self.stage.log_in(who).await;
            for name in ["inbox", "sent"] {
                assert_eq!(folder(&mut client, name).await, [Value::Null; 0], "{who}, {name}");
            }
            let opened = open(&mut client, &self.message).await;
            assert_eq!((codes(&opened), &opened["content"]), (vec!["UNAVAILABLE"], &Value::Null), "{opened}");
            for place in [
                "/downloads/textUrl",
                "/downloads/zipUrl",
                "/downloads/printUrl",
                "/attachments/0/downloadUrl",
            ] {
                assert!(client.download(&path(&urls, place)).await.is_err(), "{who}: {place} works");
            }
            let input = json!({ "idempotencyKey": self.stage.key(), "about": { "replyTo": self.message } });
            assert_eq!(
                codes(&does(&mut client, "createDraft", "draft { id }", input).await),
                ["UNAVAILABLE"]
            );
        }
    }

    async fn downloads(&mut self) -> Value {
        let query = format!(
            "{{ node(id: \"{}\") {{ ... on Message {{ downloads {{ textUrl zipUrl printUrl }} attachments {{ downloadUrl }} }} }} }}",
            self.message
        );
        assert!(self.gina.act(OPEN, json!({ "messageId": self.message })).await.is_ok());
        asks(&mut self.gina, &query).await["node"].clone()
    }
}

/// The path of a URL.
fn path(value: &Value, place: &str) -> String {
    let url = text(value, place);
    format!("/{}", url.splitn(4, '/').nth(3).unwrap_or_default())
}
