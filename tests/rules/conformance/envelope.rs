//! List C from the mail that arrives: C2 to C15.

use super::{ADA, NEW_PASSWORD, PASSWORD, asks, can_log_in, did, does, link, logged_in, new_mail, new_mails};
use crate::{
    envelope::{Envelope as Enclosed, Reader, between, stands_alone},
    house::{ADMINISTRATOR, CLARA, GINA, SEND, folder},
    stage::{Stage, codes, error, on_stage, text},
};
use domain::policy::{Pack, Policy};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

struct Envelope<'a> {
    stage: &'a mut Stage,
    clara: Client,
    ada: Client,
    /// What came to Ada with the first mail.
    enclosed: Option<Enclosed>,
    reader: Reader,
}

/// N6: the envelope pack keeps its list.
#[tokio::test]
async fn the_envelope_pack_keeps_its_list() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let (clara, ada) = (stage.log_in(CLARA).await, stage.stranger());
        let reader = Reader::new(stage, "192.0.2.40");
        let mut pack = Envelope { stage, clara, ada, enclosed: None, reader };
        let invitation = pack.the_first_mail_brings_an_envelope().await;
        pack.registration_takes_a_user_name_and_a_password(&invitation).await;
        pack.the_password_is_asked_at_each_later_access().await;
        pack.replies_go_to_the_sender_with_attachments().await;
        pack.messages_stay_for_six_months().await;
        pack.a_reset_link_is_mailed().await;
        pack.guests_carry_an_audience().await;
    })
    .await;
}

impl Envelope<'_> {
    /// C2, C3, C4, C8, C9: the first mail says that its content was encrypted and how it is read, and brings a file and a link;
    /// opened in a browser, the file shows an envelope without anything that is in it. Gives the token to register by.
    async fn the_first_mail_brings_an_envelope(&mut self) -> String {
        self.stage.send_files(&mut self.clara, ADA, "For Ada", &["plan.txt"]).await;
        let mail = new_mail(self.stage, ADA).await;
        for said in ["encrypted", "securedoc.html", "browser", "password"] {
            assert!(mail.text.contains(said), "{said}: {}", mail.text);
        }
        let enclosed = Enclosed::of(&mail).expect("an envelope");
        stands_alone(&enclosed.html, &["For Ada", "The text.", "plan.txt", ADA, CLARA]);
        let invitation = mail.token().expect("a link");
        assert_eq!(between(&enclosed.html, "/link/", "\""), invitation);
        self.enclosed = Some(enclosed);
        invitation
    }

    /// C5, C6: registration takes a user name, which is the address by default, and a password; without any activation mail
    /// the password then opens the message, back in the envelope.
    async fn registration_takes_a_user_name_and_a_password(&mut self, invitation: &str) {
        let rules = "{ organisation { registration { profileFields challengeQuestionCount reminderPhrase activation } } }";
        let rules = asks(&mut self.ada, rules).await;
        let expected = json!({ "profileFields": [], "challengeQuestionCount": 0, "reminderPhrase": false, "activation": false });
        assert_eq!(rules["organisation"]["registration"], expected);
        let form = |name: Value| json!({ "invitationToken": invitation, "address": ADA, "userName": name, "password": PASSWORD, "profile": {} });
        for (name, what) in
            [("ad", "short"), ("ada@x", "an address"), ("a da", "blank"), ("аda", "of two scripts")]
        {
            let refused = does(&mut self.ada, "register", "next", form(json!(name))).await;
            assert_eq!(codes(&refused), ["INVALID"], "{what}: {refused}");
            assert_eq!(refused["problems"][0]["field"], json!(["userName"]));
        }
        let done = did(&mut self.ada, "register", "next", form(json!("Ada.Example"))).await;
        assert_eq!(done["next"], "LOG_IN");
        assert!(new_mails(self.stage, ADA).await.is_empty(), "a mail to activate");
        for identifier in [ADA, "Ada.Example", "ada.example"] {
            assert!(can_log_in(self.stage, identifier, PASSWORD).await, "{identifier}");
        }
        self.ada = logged_in(self.stage, "ada.example", PASSWORD).await;
        let inbox = folder(&mut self.ada, "inbox").await;
        let opened =
            did(&mut self.ada, "openMessage", "content { text }", json!({ "messageId": inbox[0]["id"] }))
                .await;
        assert!(opened["content"]["text"].is_string(), "{opened}");
        let enclosed = self.enclosed.as_ref().expect("it came");
        let shown = self.reader.open(enclosed, PASSWORD).await;
        assert!(shown.status == 200 && shown.html.contains("The text."), "{}", shown.html);

        // Nobody else can take the name.
        self.stage.send(&mut self.clara, "eve@guest.example", "For Eve").await;
        let token = new_mail(self.stage, "eve@guest.example").await.token().expect("a link");
        let form = json!({ "invitationToken": token, "address": "eve@guest.example", "userName": "ADA.example",
            "password": PASSWORD, "profile": {} });
        let refused = does(&mut self.stage.stranger(), "register", "next", form).await;
        assert_eq!(refused["problems"][0]["field"], json!(["userName"]), "{refused}");
    }

    /// C7: the password is asked at each later access: by the envelope whatever the session, and a session of this pack ends
    /// within the hour, whatever is done in it.
    async fn the_password_is_asked_at_each_later_access(&mut self) {
        let path = &self.enclosed.as_ref().expect("it came").path;
        let shown = self.reader.look(path).await;
        assert!(
            shown.html.contains("type=\"password\"") && !shown.html.contains("The text."),
            "{}",
            shown.html
        );
        for _ in 0..3 {
            self.stage.advance("PT19M").await;
            asks(&mut self.ada, "{ viewer { id } }").await;
        }
        self.stage.advance("PT3M").await;
        let answer = self.ada.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
    }

    /// C10, C11, C12: whoever received a message answers its sender, encrypted, with attachments, and gets theirs; anything
    /// else a guest cannot write.
    async fn replies_go_to_the_sender_with_attachments(&mut self) {
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
        let received = folder(&mut self.ada, "inbox").await;
        assert_eq!(received[0]["attachments"][0]["name"], "plan.txt");
        let reply = self.stage.draft(&mut self.ada, &json!({ "replyTo": received[0]["id"] })).await;
        let change = json!({ "to": [CLARA], "text": "Here is the form." });
        let saved = self.stage.save(&mut self.ada, &reply, change).await["draft"].clone();
        self.stage.attach(&self.ada, &saved, &["form.pdf"]).await;
        let sent = self.stage.send_draft(&mut self.ada, &saved).await;
        assert!(codes(&sent).is_empty(), "{sent}");
        self.clara = self.stage.log_in(CLARA).await;
        let answer = folder(&mut self.clara, "inbox").await[0].clone();
        assert_eq!(
            (&answer["subject"], &answer["attachments"][0]["name"]),
            (&json!("Re: For Ada"), &json!("form.pdf"))
        );
        let input =
            json!({ "idempotencyKey": self.stage.key(), "to": [GINA], "subject": "New", "text": "New." });
        let refused = self.ada.attempt(SEND, input).await.expect("an answer");
        assert_eq!(codes(&refused), ["NOT_ALLOWED"], "{refused}");
    }

    /// C13: messages stay for six calendar months, to the instant.
    async fn messages_stay_for_six_months(&mut self) {
        let input =
            json!({ "idempotencyKey": self.stage.key(), "to": [ADA], "subject": "Long", "text": "A text." });
        let sent = self.clara.attempt(SEND, input).await.expect("an answer");
        let six_months = self.stage.clock.now().plus("P6M".parse().expect("a period")).to_string();
        assert_eq!(sent["message"]["expiresAt"], six_months, "{sent}");
    }

    /// C14: a forgotten or compromised password is replaced by a link that is mailed; old sessions end with it.
    async fn a_reset_link_is_mailed(&mut self) {
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
        new_mails(self.stage, ADA).await;
        let mut stranger = self.stage.stranger();
        did(&mut stranger, "requestPasswordLink", "", json!({ "address": ADA })).await;
        let token = new_mail(self.stage, ADA).await.token().expect("a link");
        assert_eq!(link(&mut stranger, &token).await["purpose"], "SET_PASSWORD");
        let input = json!({ "token": token, "password": NEW_PASSWORD });
        let done = did(&mut stranger, "setPassword", "effective", input).await;
        assert_eq!(done["effective"], true);
        assert!(
            can_log_in(self.stage, ADA, NEW_PASSWORD).await && !can_log_in(self.stage, ADA, PASSWORD).await
        );
        let answer = self.ada.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
    }

    /// C15: guests carry an audience of the policy's list, which an administrator can set and filter by.
    async fn guests_carry_an_audience(&mut self) {
        let mut administrator = self.stage.log_in(ADMINISTRATOR).await;
        self.clara = self.stage.log_in(CLARA).await;
        let invite = |audience: &str, key: String| json!({ "idempotencyKey": key, "address": "broker@guest.example", "audience": audience });
        let fields = "invitation { id }";
        let unknown = does(&mut self.clara, "invite", fields, invite("astronaut", self.stage.key())).await;
        assert_eq!(unknown["problems"][0]["field"], json!(["audience"]), "{unknown}");
        did(&mut self.clara, "invite", fields, invite("broker", self.stage.key())).await;
        let brokers = |audience: &str| {
            format!(
                "{{ viewer {{ administration {{ accounts(filter: {{ audiences: [\"{audience}\"] }}) \
                 {{ edges {{ node {{ id primaryAddress audience }} }} }} }} }} }}"
            )
        };
        let found = asks(&mut administrator, &brokers("broker")).await;
        let found = &found["viewer"]["administration"]["accounts"]["edges"];
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!(found[0]["node"]["primaryAddress"], "broker@guest.example");
        let account = text(&found[0], "/node/id");
        let input = json!({ "accountId": account, "audience": "provider" });
        did(&mut administrator, "setAudience", "account { audience }", input).await;
        let found = asks(&mut administrator, &brokers("broker")).await;
        assert_eq!(found["viewer"]["administration"]["accounts"]["edges"], json!([]));
    }
}
