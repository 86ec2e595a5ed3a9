//! List A, accounts: A1 to A19, A37, A45; messages are in `messages`.

mod messages;

use super::{
    ADA, NEW_PASSWORD, PASSWORD, PHRASE, asks, can_log_in, did, does, first_path, link, logged_in, new_mail,
    new_mails, page,
};
use crate::{
    house::{CLARA, GINA, folder},
    stage::{Stage, codes, drafts, error, on_stage, text},
};
use domain::Timestamp;
use reqwest::Method;
use sealpost::walk::{client::Client, letters::Arrived};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const SUBJECT: &str = "Your results of March";

struct Portal<'a> {
    stage: &'a mut Stage,
    clara: Client,
    ada: Client,
    message: String,
    invitation: String,
    activation: String,
}

/// N6: the portal pack keeps its list.
#[tokio::test]
async fn the_portal_pack_keeps_its_list() {
    on_stage(async |stage| {
        let (clara, ada) = (stage.log_in(CLARA).await, stage.stranger());
        let mut pack = Portal {
            stage,
            clara,
            ada,
            message: String::new(),
            invitation: String::new(),
            activation: String::new(),
        };
        pack.an_unregistered_address_is_invited().await;
        pack.who_is_not_registered_reads_nothing().await;
        pack.every_field_is_mandatory().await;
        pack.credentials_are_asked_for().await;
        pack.a_confirmation_activates().await;
        pack.one_notification_for_each_mail().await;
        pack.a_notification_leads_to_the_login_page().await;
        pack.the_portal_has_a_fixed_address().await;
        pack.one_error_for_every_failed_login().await;
        pack.the_reminder_is_mailed().await;
        pack.both_answers_must_match().await;
        pack.a_new_password_waits_for_its_activation().await;
        pack.an_unactivated_password_lapses().await;
        pack.a_voluntary_change_goes_the_same_way().await;
        pack.failures_disable_for_a_time().await;
        pack.the_profile_can_be_changed().await;
        pack.an_idle_session_ends_and_drafts_stay().await;
        pack.cookies_are_secure().await;
    })
    .await;
}

impl Portal<'_> {
    fn form(&self) -> Value {
        json!({
            "invitationToken": self.invitation,
            "address": ADA,
            "password": PASSWORD,
            "profile": { "givenName": "Ada", "familyName": "Example", "telephone": "+1 555 0199" },
            "reminderPhrase": PHRASE,
            "challengeAnswers": [
                { "question": "In which town were you born?", "answer": "Lakeside" },
                { "question": "What was your first school?", "answer": "By the mill" },
            ],
        })
    }

    /// A1: secure mail to an unregistered address gets it an invitation by ordinary mail, without content.
    async fn an_unregistered_address_is_invited(&mut self) {
        self.message = self.stage.send(&mut self.clara, ADA, SUBJECT).await;
        let mail = new_mail(self.stage, ADA).await;
        assert!(!mail.raw.contains(SUBJECT) && !mail.raw.contains("The text."));
        self.invitation = mail.token().expect("a link");
    }

    /// A2: who is not registered and activated can read nothing.
    async fn who_is_not_registered_reads_nothing(&mut self) {
        assert!(!can_log_in(self.stage, ADA, PASSWORD).await);
        let open = "mutation($input: OpenMessageInput!) { openMessage(input: $input) { content { text } } }";
        let input = json!({ "input": { "messageId": self.message } });
        let answer = self.ada.ask(open, input).await.expect("an answer");
        assert_eq!(error(&answer), "UNAUTHENTICATED", "{answer}");
    }

    /// A3: the invitation's link opens the registration; every field that is asked for is mandatory.
    async fn every_field_is_mandatory(&mut self) {
        let shown = link(&mut self.ada, &self.invitation).await;
        assert_eq!((&shown["purpose"], &shown["state"]), (&json!("REGISTER"), &json!("USABLE")));
        let page = self.ada.page(Method::GET, &format!("/link/{}", self.invitation)).await.expect("a page");
        assert!(page.is_success());
        let asked = asks(&mut self.ada, "{ organisation { registration { profileFields } } }").await;
        let fields = &asked["organisation"]["registration"]["profileFields"];
        assert_eq!(*fields, json!(["GIVEN_NAME", "FAMILY_NAME", "TELEPHONE"]));
        for field in ["givenName", "familyName", "telephone"] {
            for empty in [Value::Null, json!(" ")] {
                let mut form = self.form();
                form["profile"][field] = empty;
                let refused = does(&mut self.ada, "register", "next", form).await;
                assert_eq!(codes(&refused), ["REQUIRED"], "{refused}");
                assert_eq!(refused["problems"][0]["field"], json!(["profile", field]));
            }
        }
    }

    /// A5: a password, a phrase that does not give it away, and two questions with answers are asked for.
    async fn credentials_are_asked_for(&mut self) {
        let question = |n: usize| json!({ "question": format!("Question {n}?"), "answer": "An answer" });
        for (change, code) in [
            (json!({ "reminderPhrase": null }), "REQUIRED"),
            (json!({ "reminderPhrase": PASSWORD.to_uppercase() }), "PHRASE_REJECTED"),
            (json!({ "reminderPhrase": "like the heron" }), "PHRASE_REJECTED"),
            (json!({ "challengeAnswers": [question(1)] }), "REQUIRED"),
            (json!({ "challengeAnswers": [question(1), question(1)] }), "INVALID"),
            (json!({ "password": "seven77" }), "PASSWORD_REJECTED"),
            (json!({ "password": "password1" }), "PASSWORD_REJECTED"),
            (json!({ "password": "aaaaaaaaaaaa" }), "PASSWORD_REJECTED"),
            (json!({ "password": format!("my {ADA}") }), "PASSWORD_REJECTED"),
        ] {
            let mut form = self.form();
            for (name, value) in change.as_object().expect("changes") {
                form[name] = value.clone();
            }
            let refused = does(&mut self.ada, "register", "next", form).await;
            assert_eq!(codes(&refused), [code], "{change}: {refused}");
        }
    }

    /// A4: registering brings a confirmation mail; no login before its link was followed.
    async fn a_confirmation_activates(&mut self) {
        let form = self.form();
        assert_eq!(did(&mut self.ada, "register", "next", form).await["next"], "ACTIVATE");
        self.activation = new_mail(self.stage, ADA).await.token().expect("a link");
        assert!(!can_log_in(self.stage, ADA, PASSWORD).await);
        let input = json!({ "token": self.activation });
        did(&mut self.ada, "activateAccount", "activated", input).await;
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
        assert_eq!(folder(&mut self.ada, "inbox").await[0]["subject"], SUBJECT);
    }

    /// A6: each mail received brings exactly one notification, to the address on record.
    async fn one_notification_for_each_mail(&mut self) {
        for n in 0..3 {
            self.stage.send(&mut self.clara, ADA, &format!("Letter {n}")).await;
        }
        assert_eq!(new_mails(self.stage, ADA).await.len(), 3);
        assert!(new_mails(self.stage, ADA).await.is_empty(), "a second round sends nothing");
    }

    /// A7: a notification holds no content, and its link opens the login page.
    async fn a_notification_leads_to_the_login_page(&mut self) {
        let mails = self.stage.mails(ADA).await;
        let mail = mails.iter().find(|mail| is_notification(mail)).expect("a notification");
        assert!(!mail.raw.contains("Letter") && !mail.raw.contains("The text."));
        let path = first_path(mail);
        let page = page(self.stage, &path).await;
        assert!(page.contains("name=\"password\""), "no login page at {path}: {page}");
        assert!(!page.contains("Letter"));
    }

    /// A8: the portal is entered by a fixed URL or by the link of any notification, again and again.
    async fn the_portal_has_a_fixed_address(&mut self) {
        let mails = self.stage.mails(ADA).await;
        let notifications = mails.iter().filter(|mail| is_notification(mail));
        let paths: Vec<_> = notifications.map(first_path).collect();
        assert!(paths.len() == 3 && paths.iter().all(|path| *path == paths[0]), "{paths:?}");
        for path in ["/", &paths[0], &paths[0]] {
            let status = self.stage.stranger().page(Method::GET, path).await.expect("a page");
            assert!(status.is_success() || status.is_redirection(), "{path}: {status}");
        }
    }

    /// A9: one error whatever the cause, beside the ways out that the policy has.
    async fn one_error_for_every_failed_login(&mut self) {
        let mut answers = vec![];
        for (who, password) in
            [(ADA, "wrong"), (GINA, ""), ("nobody@guest.example", "wrong"), ("no address", "x")]
        {
            answers.push(self.stage.stranger().log_in(who, password).await.expect("an answer"));
        }
        assert_eq!(codes(&answers[0]), ["LOGIN_FAILED"]);
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        let ways = asks(&mut self.ada, "{ organisation { recovery { challenge link reminder } } }").await;
        assert_eq!(
            ways["organisation"]["recovery"],
            json!({ "challenge": true, "link": false, "reminder": true })
        );
    }

    /// A10: the reminder is mailed, never the password; an unknown address hears the same and gets nothing.
    async fn the_reminder_is_mailed(&mut self) {
        new_mails(self.stage, ADA).await;
        let mut stranger = self.stage.stranger();
        let known = does(&mut stranger, "requestReminder", "", json!({ "address": ADA })).await;
        let unknown =
            does(&mut stranger, "requestReminder", "", json!({ "address": "nobody@guest.example" })).await;
        assert!(codes(&known).is_empty() && known == unknown, "{known} {unknown}");
        let mail = new_mail(self.stage, ADA).await;
        assert!(mail.text.contains(PHRASE) && !mail.text.contains(PASSWORD));
        assert!(self.stage.mails("nobody@guest.example").await.is_empty());
    }

    /// A11: both answers must be those of the registration.
    async fn both_answers_must_match(&mut self) {
        let wrong = self.answer(["Lakeside", "On the hill"]).await;
        assert_eq!(codes(&wrong), ["RECOVERY_FAILED"]);
        assert_eq!(codes(&self.answer(["Hillside", "By the mill"]).await), ["RECOVERY_FAILED"]);
        assert_eq!(codes(&self.answer(["By the mill", "Lakeside"]).await), ["RECOVERY_FAILED"]);
        assert!(wrong["token"].is_null());
    }

    /// A12, A13, A14, A15: a match lets one set password and phrase; a mail asks to activate the change; until then the old
    /// password works and the new one does not, afterwards the other way round.
    async fn a_new_password_waits_for_its_activation(&mut self) {
        new_mails(self.stage, ADA).await;
        let token = text(&self.answer(["LAKESIDE", " by the MILL. "]).await, "/token");
        let set = |password: &str, phrase: Value| json!({ "token": token, "password": password, "reminderPhrase": phrase });
        let mut stranger = self.stage.stranger();
        let fields = "effective activateBy";
        let without = does(&mut stranger, "setPassword", fields, set(NEW_PASSWORD, Value::Null)).await;
        assert_eq!(codes(&without), ["REQUIRED"], "{without}");
        let told =
            does(&mut stranger, "setPassword", fields, set(NEW_PASSWORD, json!("an owl on a wire"))).await;
        assert_eq!(codes(&told), ["PHRASE_REJECTED"], "{told}");
        let weak = does(&mut stranger, "setPassword", fields, set("short", json!("night"))).await;
        assert_eq!(codes(&weak), ["PASSWORD_REJECTED"], "{weak}");
        let staged =
            did(&mut stranger, "setPassword", fields, set(NEW_PASSWORD, json!("birds at night"))).await;
        assert_eq!(staged["effective"], false);
        let again =
            does(&mut stranger, "setPassword", fields, set(NEW_PASSWORD, json!("birds at night"))).await;
        assert_eq!(codes(&again), ["LINK_USED"], "{again}");
        assert!(
            can_log_in(self.stage, ADA, PASSWORD).await && !can_log_in(self.stage, ADA, NEW_PASSWORD).await
        );

        let activation = new_mail(self.stage, ADA).await.token().expect("a link");
        assert_eq!(link(&mut stranger, &activation).await["purpose"], "ACTIVATE_PASSWORD");
        did(&mut stranger, "activatePassword", "activated", json!({ "token": activation })).await;
        assert!(
            !can_log_in(self.stage, ADA, PASSWORD).await && can_log_in(self.stage, ADA, NEW_PASSWORD).await
        );
        self.stage.advance("PT1M").await;
        did(&mut stranger, "requestReminder", "", json!({ "address": ADA })).await;
        assert!(new_mail(self.stage, ADA).await.text.contains("birds at night"));
    }

    /// A14: what is not activated within 24 hours never counts: the password stays as it was.
    async fn an_unactivated_password_lapses(&mut self) {
        new_mails(self.stage, ADA).await;
        let token = text(&self.answer(["Lakeside", "By the mill"]).await, "/token");
        let mut stranger = self.stage.stranger();
        let input = json!({ "token": token, "password": PASSWORD, "reminderPhrase": PHRASE });
        did(&mut stranger, "setPassword", "effective", input).await;
        let activation = new_mail(self.stage, ADA).await.token().expect("a link");
        self.stage.advance("PT24H").await;
        let late = does(&mut stranger, "activatePassword", "activated", json!({ "token": activation })).await;
        assert_eq!(codes(&late), ["LINK_EXPIRED"], "{late}");
        assert!(
            can_log_in(self.stage, ADA, NEW_PASSWORD).await && !can_log_in(self.stage, ADA, PASSWORD).await
        );
    }

    /// A16: who changes it of their own accord answers the same questions and follows the same mail.
    async fn a_voluntary_change_goes_the_same_way(&mut self) {
        self.ada = logged_in(self.stage, ADA, NEW_PASSWORD).await;
        new_mails(self.stage, ADA).await;
        let asked = did(
            &mut self.ada,
            "requestPasswordChallenge",
            "challengeToken questions",
            json!({ "address": ADA }),
        )
        .await;
        let input =
            json!({ "challengeToken": asked["challengeToken"], "answers": ["Lakeside", "By the mill"] });
        let token = text(&did(&mut self.ada, "answerPasswordChallenge", "token", input).await, "/token");
        let input = json!({ "token": token, "password": PASSWORD, "reminderPhrase": PHRASE });
        did(&mut self.ada, "setPassword", "effective", input).await;
        let waiting = asks(&mut self.ada, "{ viewer { passwordChange { stagedAt activateBy } } }").await;
        assert!(waiting["viewer"]["passwordChange"]["activateBy"].is_string(), "{waiting}");
        let activation = new_mail(self.stage, ADA).await.token().expect("a link");
        did(&mut self.ada, "activatePassword", "activated", json!({ "token": activation })).await;
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
    }

    /// A17, A18: several failures in a row disable the account; a mail says until when, and then it is released to the second.
    async fn failures_disable_for_a_time(&mut self) {
        new_mails(self.stage, ADA).await;
        for _ in 0..5 {
            assert!(!can_log_in(self.stage, ADA, "wrong").await);
        }
        assert!(!can_log_in(self.stage, ADA, PASSWORD).await);
        let until = asks(&mut self.ada, "{ viewer { account { state lockout { until attempts } } } }").await;
        let until = text(&until, "/viewer/account/lockout/until");
        let mail = new_mail(self.stage, ADA).await;
        assert!(
            mail.text.contains(until.trim_end_matches('Z').get(..16).expect("a time")),
            "{until}: {}",
            mail.text
        );
        let end: Timestamp = OffsetDateTime::parse(&until, &Rfc3339).expect("a time").into();
        self.stage.move_to(Timestamp::from_micros(end.micros() - 1_000_000)).await;
        assert!(!can_log_in(self.stage, ADA, PASSWORD).await);
        self.stage.move_to(end).await;
        assert!(can_log_in(self.stage, ADA, PASSWORD).await);
    }

    /// A19: the profile shows what was registered and can be changed at any time.
    async fn the_profile_can_be_changed(&mut self) {
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
        let query = "{ viewer { account { profile { givenName familyName telephone } } } }";
        let shown = asks(&mut self.ada, query).await;
        let given = json!({ "givenName": "Ada", "familyName": "Example", "telephone": "+1 555 0199" });
        assert_eq!(shown["viewer"]["account"]["profile"], given);
        let input = json!({ "profile": { "telephone": "+1 555 0200" } });
        let fields = "account { profile { givenName telephone } }";
        let changed = did(&mut self.ada, "updateProfile", fields, input).await;
        let profile = json!({ "givenName": "Ada", "telephone": "+1 555 0200" });
        assert_eq!(changed["account"]["profile"], profile);
        let emptied = json!({ "profile": { "givenName": "" } });
        assert_eq!(codes(&does(&mut self.ada, "updateProfile", fields, emptied).await), ["REQUIRED"]);
    }

    /// A37: half an hour without activity ends the session; drafts are kept.
    async fn an_idle_session_ends_and_drafts_stay(&mut self) {
        let draft = self.stage.draft(&mut self.ada, &Value::Null).await;
        self.stage.save(&mut self.ada, &draft, json!({ "subject": "Half a thought" })).await;
        self.stage.advance("PT29M").await;
        asks(&mut self.ada, "{ viewer { id } }").await;
        self.stage.advance("PT30M").await;
        let answer = self.ada.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
        assert_eq!(drafts(&mut self.ada).await[0]["subject"], "Half a thought");
    }

    /// A45: the session's cookie is sent over TLS alone, and no script reads it.
    async fn cookies_are_secure(&mut self) {
        let query = "mutation($input: LogInInput!) { logIn(input: $input) { viewer { id } } }";
        let body =
            json!({ "query": query, "variables": { "input": { "identifier": ADA, "password": PASSWORD } } });
        let answer = reqwest::Client::new()
            .post(format!("http://{}/graphql", self.stage.address))
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
        for attribute in ["__Host-", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute} is missing");
        }
    }

    async fn answer(&mut self, answers: [&str; 2]) -> Value {
        let mut stranger = self.stage.stranger();
        let fields = "challengeToken questions";
        let asked = did(&mut stranger, "requestPasswordChallenge", fields, json!({ "address": ADA })).await;
        let questions = json!(["In which town were you born?", "What was your first school?"]);
        assert_eq!(asked["questions"], questions);
        let input = json!({ "challengeToken": asked["challengeToken"], "answers": answers });
        does(&mut stranger, "answerPasswordChallenge", "token", input).await
    }
}

/// Whether a mail has no link but the one to leave by, and so tells of a message alone.
fn is_notification(mail: &Arrived) -> bool {
    mail.token().expect("a link") == mail.leaving_token().expect("a link")
}
