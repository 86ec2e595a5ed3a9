//! List C, as far as accounts go: C5 to C7, C14, C15.

use super::{ADA, NEW_PASSWORD, PASSWORD, asks, can_log_in, did, does, link, logged_in, new_mail, new_mails};
use crate::{
    house::{ADMINISTRATOR, CLARA, folder},
    stage::{Stage, codes, error, on_stage, text},
};
use domain::policy::{Pack, Policy};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

struct Envelope<'a> {
    stage: &'a mut Stage,
    clara: Client,
    ada: Client,
}

/// N6: the envelope pack keeps its list.
#[tokio::test]
async fn the_envelope_pack_keeps_its_list() {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Envelope)).await;
        let (clara, ada) = (stage.log_in(CLARA).await, stage.stranger());
        let mut pack = Envelope { stage, clara, ada };
        pack.registration_takes_a_user_name_and_a_password().await;
        pack.the_password_is_asked_at_each_later_access().await;
        pack.a_reset_link_is_mailed().await;
        pack.guests_carry_an_audience().await;
    })
    .await;
}

impl Envelope<'_> {
    /// C5, C6: registration takes a user name, which is the address by default, and a password; without any activation mail
    /// the password then opens the message.
    async fn registration_takes_a_user_name_and_a_password(&mut self) {
        self.stage.send(&mut self.clara, ADA, "For Ada").await;
        let invitation = new_mail(self.stage, ADA).await.token().expect("a link");
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

        // Nobody else can take the name.
        self.stage.send(&mut self.clara, "eve@guest.example", "For Eve").await;
        let token = new_mail(self.stage, "eve@guest.example").await.token().expect("a link");
        let form = json!({ "invitationToken": token, "address": "eve@guest.example", "userName": "ADA.example",
            "password": PASSWORD, "profile": {} });
        let refused = does(&mut self.stage.stranger(), "register", "next", form).await;
        assert_eq!(refused["problems"][0]["field"], json!(["userName"]), "{refused}");
    }

    /// C7: the password is asked at each later access: a session of this pack ends within the hour, whatever is done in it.
    async fn the_password_is_asked_at_each_later_access(&mut self) {
        for _ in 0..3 {
            self.stage.advance("PT19M").await;
            asks(&mut self.ada, "{ viewer { id } }").await;
        }
        self.stage.advance("PT3M").await;
        let answer = self.ada.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
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
