//! List B: B1 to B28, B36 to B55.

use super::{
    ADA, NEW_PASSWORD, PASSWORD, asks, can_log_in, did, does, first_path, link, logged_in, new_mail,
    new_mails, page, pressed,
};
use crate::{
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, SEND, folder},
    stage::{OPEN, Stage, codes, drafts, error, on_stage, text},
};
use domain::policy::{Pack, Policy};
use sealpost::walk::client::Client;
use serde_json::{Value, json};

/// An address of Clara's that is not the organisation's.
const CLARAS_OWN: &str = "clara.hill@home.example";
/// Somewhere else on the net than where the tests are.
const ELSEWHERE: &str = "198.51.100.7";

struct Platform<'a> {
    stage: &'a mut Stage,
    clara: Client,
    administrator: Client,
    ada: Client,
    invitation: String,
}

/// N6: the platform pack keeps its list: coming in.
#[tokio::test]
async fn the_platform_pack_lets_people_in() {
    on_pack(async |pack| {
        pack.a_message_invites_or_notifies().await;
        pack.help_says_what_to_do_without_a_mail().await;
        pack.only_the_invited_address_registers().await;
        pack.registration_is_confirmed_by_mail().await;
        pack.the_persons_own_address_goes_on().await;
        pack.a_sender_chooses_that_it_is_secure().await;
        pack.the_web_is_enough().await;
        pack.new_recipients_are_asked_about().await;
        pack.guests_do_not_invite().await;
    })
    .await;
}

/// N6: the platform pack keeps its list: sessions and passwords.
#[tokio::test]
async fn the_platform_pack_guards_its_sessions() {
    on_pack(async |pack| {
        pack.an_hour_without_activity_ends_a_session().await;
        pack.an_administrator_sets_it_shorter().await;
        pack.another_network_ends_a_session().await;
        pack.a_url_gives_no_access().await;
        pack.without_cookies_the_login_page_says_so().await;
        pack.a_tampered_request_ends_the_session().await;
        pack.a_reset_link_is_mailed_to_whoever_has_an_account().await;
        pack.an_administrator_triggers_a_reset().await;
        pack.forgetting_ends_this_device_only().await;
    })
    .await;
}

/// N6: the platform pack keeps its list: leaving.
#[tokio::test]
async fn the_platform_pack_lets_people_leave() {
    on_pack(async |pack| {
        pack.leaving_revokes_all_mail_at_once().await;
        pack.coming_back_brings_no_old_mail().await;
    })
    .await;
}

/// N6: the platform pack keeps its list: aliases and the way to a new address.
#[tokio::test]
async fn the_platform_pack_moves_people_to_new_addresses() {
    on_pack(async |pack| {
        pack.alias_management_can_be_switched_off().await;
        pack.guests_have_no_aliases().await;
        pack.an_alias_is_confirmed_by_mail().await;
        pack.a_promoted_alias_is_the_primary_address().await;
        pack.another_account_joins_after_its_password().await;
        pack.an_administrator_adds_aliases().await;
    })
    .await;
}

/// N6: the platform pack keeps its list: client programs.
#[tokio::test]
async fn the_platform_pack_serves_client_programs() {
    on_pack(async |pack| {
        pack.a_client_is_activated_blocked_and_deleted().await;
        pack.versions_and_supported_clients_are_told().await;
    })
    .await;
}

async fn on_pack<F: AsyncFn(&mut Platform<'_>)>(play: F) {
    on_stage(async |stage| {
        stage.change_policy(|policy| *policy = Policy::from_pack(Pack::Platform)).await;
        let (clara, administrator) = (stage.log_in(CLARA).await, stage.log_in(ADMINISTRATOR).await);
        let ada = stage.stranger();
        let mut pack = Platform { stage, clara, administrator, ada, invitation: String::new() };
        play(&mut pack).await;
    })
    .await;
}

impl Platform<'_> {
    /// B1: a secure message brings an invitation or a notification by ordinary mail, with a link.
    async fn a_message_invites_or_notifies(&mut self) {
        let input = json!({ "idempotencyKey": self.stage.key(), "to": [ADA, GINA], "subject": "Results",
            "text": "The text.", "newRecipients": "INVITE" });
        did(&mut self.clara, "sendMessage", "message { id }", input).await;
        let (ada, gina) = (new_mail(self.stage, ADA).await, new_mail(self.stage, GINA).await);
        for mail in [&ada, &gina] {
            assert!(mail.text.contains("http") && !mail.raw.contains("Results"));
        }
        self.invitation = ada.token().expect("a link");
    }

    /// B2: where no invitation came, the help says: the spam folder, then administrator or sender.
    async fn help_says_what_to_do_without_a_mail(&mut self) {
        let topics = asks(&mut self.ada, "{ organisation { helpTopics { slug title body } } }").await;
        let topics = topics["organisation"]["helpTopics"].as_array().expect("topics").clone();
        let said =
            topics.iter().filter_map(|topic| topic["body"].as_str()).collect::<String>().to_lowercase();
        for word in ["spam", "sender", "administrator"] {
            assert!(said.contains(word), "the help does not speak of {word}");
        }
    }

    /// B8, B9, B12: the invitation is bound to one address; others fail, with words that give nothing away and name the way
    /// out; there is no content without registering and logging in.
    async fn only_the_invited_address_registers(&mut self) {
        let mut answers = vec![];
        for other in [GINA, "nobody@guest.example", "ada@mail.guest.example"] {
            let form = self.form(other);
            answers.push(does(&mut self.ada, "register", "next", form).await);
        }
        assert_eq!(codes(&answers[0]), ["ADDRESS_REFUSED"]);
        assert!(text(&answers[0], "/problems/0/message").contains("mail"));
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        let inbox =
            self.ada.ask("{ viewer { mailbox { unreadCount } } }", json!({})).await.expect("an answer");
        assert!(inbox["data"]["viewer"].is_null(), "{inbox}");
    }

    /// B3: registering brings a confirmation mail; where it is missing, it can be had again, and the first link is dead.
    async fn registration_is_confirmed_by_mail(&mut self) {
        let form = self.form(ADA);
        assert_eq!(did(&mut self.ada, "register", "next", form).await["next"], "ACTIVATE");
        let first = new_mail(self.stage, ADA).await.token().expect("a link");
        self.stage.advance("P7D").await;
        let late = does(&mut self.ada, "activateAccount", "activated", json!({ "token": first })).await;
        assert_eq!(codes(&late), ["LINK_EXPIRED"], "{late}");
        let renewed = did(&mut self.ada, "renewLink", "maskedAddress", json!({ "token": first })).await;
        assert_eq!(renewed["maskedAddress"], link(&mut self.ada, &first).await["maskedAddress"]);
        let second = new_mail(self.stage, ADA).await.token().expect("a link");
        assert!(
            codes(&does(&mut self.ada, "activateAccount", "activated", json!({ "token": first })).await)
                .len()
                == 1
        );
        did(&mut self.ada, "activateAccount", "activated", json!({ "token": second })).await;
        self.ada = logged_in(self.stage, ADA, PASSWORD).await;
    }

    /// B4: the person's own address goes on: notifications come to it, and nothing else is asked of it.
    async fn the_persons_own_address_goes_on(&mut self) {
        let account =
            asks(&mut self.ada, "{ viewer { account { primaryAddress aliases { address } } } }").await;
        assert_eq!(account["viewer"]["account"], json!({ "primaryAddress": ADA, "aliases": [] }));
        self.clara = self.stage.log_in(CLARA).await;
        new_mails(self.stage, ADA).await;
        self.stage.send(&mut self.clara, ADA, "Another").await;
        new_mail(self.stage, ADA).await;
    }

    /// B5: a message is secure because its sender chose so: no rule did.
    async fn a_sender_chooses_that_it_is_secure(&mut self) {
        let input = json!({ "idempotencyKey": self.stage.key(), "to": [ADA], "subject": "By choice", "text": "The text." });
        let sent = did(&mut self.clara, "sendMessage", "message { subject securedByRule }", input).await;
        assert_eq!(sent["message"], json!({ "subject": "By choice", "securedByRule": null }));
        new_mail(self.stage, ADA).await;
    }

    /// B6, B7: with an address, a connection and a browser's cookie one reads and answers all secure mail, old and new.
    async fn the_web_is_enough(&mut self) {
        let inbox = folder(&mut self.ada, "inbox").await;
        let subjects: Vec<_> = inbox.iter().map(|one| one["subject"].as_str().expect("a subject")).collect();
        assert!(["Results", "Another", "By choice"].iter().all(|one| subjects.contains(one)), "{subjects:?}");
        for message in inbox {
            let opened = self.ada.act(OPEN, json!({ "messageId": message["id"] })).await.expect("it opens");
            assert!(opened["content"]["text"].is_string(), "{opened}");
            let input = json!({ "idempotencyKey": self.stage.key(), "messageId": message["id"], "text": "An answer." });
            did(&mut self.ada, "replyToMessage", "message { id }", input).await;
        }
    }

    /// B10, B11: who is new is listed and asked about, in new mail, replies and forwards; declined, nothing goes out and it stays
    /// a draft; agreed, they are invited.
    async fn new_recipients_are_asked_about(&mut self) {
        let new = "neu@guest.example";
        let received = self.stage.send(&mut self.ada, CLARA, "For Clara").await;
        let sent_before = folder(&mut self.clara, "sent").await.len();
        let fields = "message { id } draft { id version to { typed isNew } cc { typed isNew } }";
        let mut kept = vec![];
        for (mutation, rest) in [
            ("sendMessage", json!({ "to": [new], "subject": "S", "text": "T" })),
            ("replyToMessage", json!({ "messageId": received, "cc": [new], "text": "T" })),
            ("forwardMessage", json!({ "messageId": received, "to": [new], "text": "T" })),
        ] {
            let mut input = rest;
            input["idempotencyKey"] = json!(self.stage.key());
            let asked = does(&mut self.clara, mutation, fields, input).await;
            assert_eq!(codes(&asked), ["NEW_RECIPIENTS"], "{mutation}: {asked}");
            assert!(
                text(&asked, "/problems/0/message").contains(new) && asked["message"].is_null(),
                "{asked}"
            );
            assert!(
                asked["draft"].to_string().contains(&json!({ "isNew": true, "typed": new }).to_string()),
                "{asked}"
            );
            kept.push(asked["draft"].clone());
        }
        assert_eq!(folder(&mut self.clara, "sent").await.len(), sent_before);
        assert!(self.stage.mails(new).await.is_empty());
        for draft in &kept {
            let input = json!({ "idempotencyKey": self.stage.key(), "draftId": draft["id"], "version": draft["version"],
                "newRecipients": "INVITE" });
            did(&mut self.clara, "sendDraft", "message { id }", input).await;
        }
        assert_eq!(folder(&mut self.clara, "sent").await.len(), sent_before + 3);
        assert!(!self.stage.mails(new).await.is_empty());
    }

    /// B13: guests cannot invite, neither alone nor by writing.
    async fn guests_do_not_invite(&mut self) {
        let input = json!({ "idempotencyKey": self.stage.key(), "address": "new@guest.example" });
        let refused = does(&mut self.ada, "invite", "invitation { id }", input).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"], "{refused}");
        let input = json!({ "idempotencyKey": self.stage.key(), "to": ["new@guest.example"], "subject": "S", "text": "T",
            "newRecipients": "INVITE" });
        let refused = self.ada.attempt(SEND, input).await.expect("an answer");
        assert_eq!(codes(&refused), ["RECIPIENT_REFUSED"], "{refused}");
        assert!(self.stage.mails("new@guest.example").await.is_empty());
    }

    /// B14, B15: an hour without activity ends the session; any action sets the time back, what a page does by itself does not.
    async fn an_hour_without_activity_ends_a_session(&mut self) {
        self.stage.advance("PT59M").await;
        asks(&mut self.clara, "{ viewer { id } }").await;
        self.stage.advance("PT59M").await;
        let mut page = self.clara.clone().with_header("sealpost-background", "1").expect("a header");
        asks(&mut page, "{ viewer { id } }").await;
        self.stage.advance("PT1M").await;
        let answer = self.clara.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        self.clara = self.stage.log_in(CLARA).await;
        self.administrator = self.stage.log_in(ADMINISTRATOR).await;
    }

    /// B16: the policy sets it shorter or longer, and says since when and why.
    async fn an_administrator_sets_it_shorter(&mut self) {
        self.stage
            .change_policy(|policy| policy.sessions.idle_limit = "PT5M".parse().expect("a period"))
            .await;
        self.stage.advance("PT5M").await;
        let answer = self.clara.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        self.stage
            .change_policy(|policy| policy.sessions.idle_limit = "PT2H".parse().expect("a period"))
            .await;
        self.clara = self.stage.log_in(CLARA).await;
        self.stage.advance("PT119M").await;
        asks(&mut self.clara, "{ viewer { id } }").await;
        self.administrator = self.stage.log_in(ADMINISTRATOR).await;
    }

    /// B17, B18: a session that moves to another network ends at once, unless both networks are exempt.
    async fn another_network_ends_a_session(&mut self) {
        let moved = |client: &Client, network: &str| {
            client.clone().with_header("x-forwarded-for", network).expect("a header")
        };
        let answer =
            moved(&self.clara, ELSEWHERE).ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        let answer = self.clara.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "it is over where it began, too: {answer}");

        let exempt = ["198.51.100.0/24", "203.0.113.0/24"].map(|network| network.parse().expect("a network"));
        self.stage.change_policy(|policy| policy.sessions.exempt_networks = exempt.into()).await;
        let mut roaming = moved(&self.stage.stranger(), ELSEWHERE);
        roaming.log_in(CLARA, self.stage.password(CLARA)).await.expect("an answer");
        let mut roamed = moved(&roaming, "203.0.113.9");
        asks(&mut roamed, "{ viewer { id } }").await;
        let answer =
            moved(&roaming, "192.0.2.1").ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        self.clara = self.stage.log_in(CLARA).await;
    }

    /// B19: a URL copied elsewhere gives no access: nothing of a session stands in one.
    async fn a_url_gives_no_access(&mut self) {
        let message = self.stage.send(&mut self.clara, GINA, "For Gina").await;
        for path in [format!("/download/message/{message}/text"), "/".to_owned()] {
            let page = self.stage.stranger().fetch(&path).await.expect("an answer");
            assert!(!page.contains("For Gina") && !page.contains("clara"), "{path}");
        }
        let cookie = self.clara.cookie().expect("a cookie");
        let value = cookie.split_once('=').expect("a value").1;
        let asked = format!("/?session={value}");
        assert!(!self.stage.stranger().fetch(&asked).await.expect("a page").contains("clara"));
    }

    /// B20, B23: the login page is reached from a notification's link, and says so where there are no cookies, instead of looping.
    async fn without_cookies_the_login_page_says_so(&mut self) {
        let mail = self.stage.mails(GINA).await.pop().expect("a mail");
        let path = first_path(&mail);
        let page = page(self.stage, &path).await;
        assert!(page.contains("name=\"password\""), "no login page at {path}: {page}");
        let form = [("identifier", GINA), ("password", self.stage.password(GINA))];
        let said = pressed(self.stage, "/login", &form).await;
        assert!(said.to_lowercase().contains("cookie"), "{said}");
    }

    /// B21: a request with a tampered credential ends the session that it was made from.
    async fn a_tampered_request_ends_the_session(&mut self) {
        let cookie = self.clara.cookie().expect("a cookie").to_owned();
        let last = if cookie.ends_with('A') { 'B' } else { 'A' };
        let tampered = format!("{}{last}", &cookie[..cookie.len() - 1]);
        let mut forged = self.stage.stranger().with_cookie(Some(tampered));
        let answer = forged.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        let answer = self.clara.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        self.clara = self.stage.log_in(CLARA).await;
    }

    /// B22, B24, B25: the answer says that a link was sent, whether the address is known or not; the link works for four hours,
    /// once, and the new password at once.
    async fn a_reset_link_is_mailed_to_whoever_has_an_account(&mut self) {
        let mut stranger = self.stage.stranger();
        new_mails(self.stage, GINA).await;
        let known = does(&mut stranger, "requestPasswordLink", "", json!({ "address": GINA })).await;
        let unknown =
            does(&mut stranger, "requestPasswordLink", "", json!({ "address": "nobody@guest.example" }))
                .await;
        assert!(codes(&known).is_empty() && known == unknown, "{known} {unknown}");
        assert!(self.stage.mails("nobody@guest.example").await.is_empty());
        let token = new_mail(self.stage, GINA).await.token().expect("a link");
        self.stage.advance("PT4H").await;
        let set = |token: &str| json!({ "token": token, "password": NEW_PASSWORD });
        let late = does(&mut stranger, "setPassword", "effective", set(&token)).await;
        assert_eq!(codes(&late), ["LINK_EXPIRED"], "{late}");
        did(&mut stranger, "renewLink", "maskedAddress", json!({ "token": token })).await;
        let token = new_mail(self.stage, GINA).await.token().expect("a link");
        self.stage.advance("PT3H59M").await;
        assert_eq!(did(&mut stranger, "setPassword", "effective", set(&token)).await["effective"], true);
        assert_eq!(codes(&does(&mut stranger, "setPassword", "effective", set(&token)).await), ["LINK_USED"]);
        assert!(can_log_in(self.stage, GINA, NEW_PASSWORD).await);
        assert!(!can_log_in(self.stage, GINA, self.stage.password(GINA)).await);
    }

    /// B26: an administrator triggers a reset for somebody, and never sets a password.
    async fn an_administrator_triggers_a_reset(&mut self) {
        self.administrator = self.stage.log_in(ADMINISTRATOR).await;
        let account = self.account(BRUNO).await;
        new_mails(self.stage, BRUNO).await;
        let input = json!({ "idempotencyKey": self.stage.key(), "accountId": account });
        did(&mut self.administrator, "requestPasswordLinkFor", "account { id }", input).await;
        let mail = new_mail(self.stage, BRUNO).await;
        let shown = link(&mut self.stage.stranger(), &mail.token().expect("a link")).await;
        assert_eq!(shown["purpose"], "SET_PASSWORD");
        assert!(
            can_log_in(self.stage, BRUNO, self.stage.password(BRUNO)).await,
            "the old one works until then"
        );
    }

    /// B27, B28: forgetting a device ends its session and nothing else.
    async fn forgetting_ends_this_device_only(&mut self) {
        self.clara = self.stage.log_in(CLARA).await;
        let mut other = self.stage.log_in(CLARA).await;
        let sessions = asks(&mut other, "{ viewer { sessions { id current } } }").await;
        let sessions = sessions["viewer"]["sessions"].as_array().expect("sessions").len();
        let mut forgotten = self.clara.clone();
        did(&mut forgotten, "logOut", "endedSessionId", json!({ "forgetDevice": true })).await;
        assert!(forgotten.cookie().is_none());
        let answer = self.clara.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "SESSION_ENDED", "{answer}");
        let left = asks(&mut other, "{ viewer { sessions { id current } } }").await;
        assert_eq!(left["viewer"]["sessions"].as_array().map(Vec::len), Some(sessions - 1));
        self.clara = self.stage.log_in(CLARA).await;
    }

    /// B36, B37, B38, B39: who leaves by the link of a mail gets no more notifications and has, at once, no access to anything
    /// received; it holds for this organisation.
    async fn leaving_revokes_all_mail_at_once(&mut self) {
        let message = self.stage.send(&mut self.clara, GINA, "For Gina").await;
        let mut gina = self.stage.log_in(GINA).await;
        let token = new_mail(self.stage, GINA).await.leaving_token().expect("a link");
        did(&mut self.stage.stranger(), "unsubscribe", "unsubscribed", json!({ "token": token })).await;
        assert!(folder(&mut gina, "inbox").await.is_empty());
        let opened = gina.attempt(OPEN, json!({ "messageId": message })).await.expect("an answer");
        assert!(opened["content"].is_null() && !codes(&opened).is_empty(), "{opened}");
        let input =
            json!({ "idempotencyKey": self.stage.key(), "to": [GINA], "subject": "Again", "text": "T" });
        let refused = self.clara.attempt(SEND, input).await.expect("an answer");
        assert_eq!(codes(&refused), ["RECIPIENT_REFUSED"], "{refused}");
        assert!(new_mails(self.stage, GINA).await.is_empty());
    }

    /// B38, K9: who comes back begins with an empty mailbox, and hears of new mail again.
    async fn coming_back_brings_no_old_mail(&mut self) {
        let mut gina = self.stage.log_in(GINA).await;
        let unsure =
            does(&mut gina, "resubscribe", "account { subscribed }", json!({ "confirm": false })).await;
        assert!(!codes(&unsure).is_empty(), "{unsure}");
        let done = did(&mut gina, "resubscribe", "account { subscribed }", json!({ "confirm": true })).await;
        assert_eq!(done["account"]["subscribed"], true);
        assert!(folder(&mut gina, "inbox").await.is_empty());
        self.stage.send(&mut self.clara, GINA, "New mail").await;
        assert_eq!(folder(&mut gina, "inbox").await.len(), 1);
        new_mail(self.stage, GINA).await;
    }

    /// B40: alias management is for members; an administrator can switch it off, and nothing of it is left.
    async fn alias_management_can_be_switched_off(&mut self) {
        let capable = "{ viewer { capabilities } }";
        let has = |answer: Value| {
            answer["viewer"]["capabilities"].as_array().expect("a list").contains(&json!("MANAGE_ALIASES"))
        };
        assert!(has(asks(&mut self.clara, capable).await));
        self.stage.change_policy(|policy| policy.accounts.aliases = false).await;
        assert!(!has(asks(&mut self.clara, capable).await));
        let refused =
            does(&mut self.clara, "addAlias", "alias { id }", json!({ "address": CLARAS_OWN })).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"], "{refused}");
        self.stage.change_policy(|policy| policy.accounts.aliases = true).await;
    }

    /// B41: guests have none, until an administrator makes them members.
    async fn guests_have_no_aliases(&mut self) {
        let mut gina = self.stage.log_in(GINA).await;
        let input = json!({ "address": "gina.two@home.example" });
        let refused = does(&mut gina, "addAlias", "alias { id }", input.clone()).await;
        assert_eq!(codes(&refused), ["NOT_ALLOWED"], "{refused}");
        let account = self.account(GINA).await;
        let input_member = json!({ "accountId": account });
        let done = did(&mut self.administrator, "promoteToMember", "account { kind }", input_member).await;
        assert_eq!(done["account"]["kind"], "MEMBER");
        did(&mut gina, "addAlias", "alias { state }", input).await;
    }

    /// B42, B44, B45, B48, B49: a confirmation mail goes to the alias; pending until its link is pressed, each on its own; then
    /// its mail arrives in the one inbox and can be answered there.
    async fn an_alias_is_confirmed_by_mail(&mut self) {
        let mut ids = vec![];
        for n in 0..5 {
            let input = json!({ "address": format!("clara.{n}@home.example") });
            let added = did(&mut self.clara, "addAlias", "alias { id state address }", input).await;
            assert_eq!(added["alias"]["state"], "PENDING");
            ids.push(text(&added, "/alias/id"));
        }
        did(&mut self.clara, "addAlias", "alias { id }", json!({ "address": CLARAS_OWN })).await;
        let token = new_mail(self.stage, CLARAS_OWN).await.token().expect("a link");
        let shown = link(&mut self.stage.stranger(), &token).await;
        assert_eq!((&shown["purpose"], &shown["needsPassword"]), (&json!("CONFIRM_ALIAS"), &json!(false)));
        let mut bruno = self.stage.log_in(BRUNO).await;
        let input =
            json!({ "idempotencyKey": self.stage.key(), "to": [CLARAS_OWN], "subject": "S", "text": "T" });
        let early = bruno.attempt(SEND, input).await.expect("an answer");
        assert_eq!(codes(&early), ["NEW_RECIPIENTS"], "a pending alias receives nothing: {early}");
        did(&mut self.stage.stranger(), "confirmAlias", "confirmed", json!({ "token": token })).await;
        let states = asks(&mut self.clara, "{ viewer { account { aliases { address state } } } }").await;
        let states = states["viewer"]["account"]["aliases"].as_array().expect("aliases").clone();
        let confirmed: Vec<_> = states.iter().filter(|alias| alias["state"] == "CONFIRMED").collect();
        assert_eq!((states.len(), confirmed.len()), (6, 1), "{states:?}");
        new_mails(self.stage, CLARA).await;
        let message = self.stage.send(&mut bruno, CLARAS_OWN, "To the alias").await;
        assert_eq!(folder(&mut self.clara, "inbox").await[0]["subject"], "To the alias");
        new_mail(self.stage, CLARA).await;
        let input = json!({ "idempotencyKey": self.stage.key(), "messageId": message, "text": "An answer." });
        did(&mut self.clara, "replyToMessage", "message { id }", input).await;
        for id in ids {
            did(&mut self.clara, "removeAlias", "account { id }", json!({ "aliasId": id })).await;
        }
    }

    /// B46, B47, R14: a promoted alias is the primary address: notifications go to it and mail comes from it; the old address
    /// still receives, is told, and can undo it.
    async fn a_promoted_alias_is_the_primary_address(&mut self) {
        let alias = asks(&mut self.clara, "{ viewer { account { aliases { id address } } } }").await;
        let alias = text(&alias, "/viewer/account/aliases/0/id");
        new_mails(self.stage, CLARA).await;
        let fields = "account { primaryAddress aliases { address state undoUntil } }";
        self.stage.change_policy(|policy| policy.accounts.aliases = false).await;
        let off = does(&mut self.clara, "promoteAlias", fields, json!({ "aliasId": alias })).await;
        assert_eq!(codes(&off), ["NOT_ALLOWED"], "{off}");
        self.stage.change_policy(|policy| policy.accounts.aliases = true).await;
        let done = did(&mut self.clara, "promoteAlias", fields, json!({ "aliasId": alias })).await;
        assert_eq!(done["account"]["primaryAddress"], CLARAS_OWN, "{done}");
        assert_eq!(done["account"]["aliases"][0]["address"], CLARA);
        assert_eq!(done["account"]["aliases"][0]["state"], "FORMER_PRIMARY");
        let undo = new_mail(self.stage, CLARA).await.token().expect("a link");

        let mut bruno = self.stage.log_in(BRUNO).await;
        self.stage.send(&mut bruno, CLARA, "To the old address").await;
        new_mail(self.stage, CLARAS_OWN).await;
        let inbox = folder(&mut self.clara, "inbox").await;
        assert!(inbox.iter().any(|message| message["subject"] == "To the old address"));
        self.stage.send(&mut self.clara, BRUNO, "From the new address").await;
        let from = "{ viewer { mailbox { inbox { edges { node { subject from { address } } } } } } }";
        let inbox = asks(&mut bruno, from).await;
        let inbox = inbox["viewer"]["mailbox"]["inbox"]["edges"].as_array().expect("an inbox").clone();
        let expected = json!({ "subject": "From the new address", "from": { "address": CLARAS_OWN } });
        assert!(inbox.iter().any(|edge| edge["node"] == expected), "{inbox:?}");

        let done =
            did(&mut self.stage.stranger(), "undoAliasPromotion", "undone", json!({ "token": undo })).await;
        assert_eq!(done["undone"], true);
        assert!(can_log_in(self.stage, CLARA, self.stage.password(CLARA)).await);
        self.clara = self.stage.log_in(CLARA).await;
    }

    /// B43, B52: an alias that has an account of its own joins after that account's password: its mail is in this inbox, that
    /// account is closed, and the list of aliases is as it is at every query.
    async fn another_account_joins_after_its_password(&mut self) {
        let eve = "eve@guest.example";
        self.stage.enrol(eve).await;
        let mut bruno = self.stage.log_in(BRUNO).await;
        let message = self.stage.send(&mut bruno, eve, "For Eve alone").await;
        did(&mut self.clara, "addAlias", "alias { id }", json!({ "address": eve })).await;
        let mails = self.stage.mails(eve).await;
        let token = mails.iter().filter_map(|mail| mail.token().ok());
        let mut token: Vec<_> = token.collect();
        let mut stranger = self.stage.stranger();
        token.retain(|token| !token.is_empty());
        let mut found = None;
        for token in token {
            let shown = link(&mut stranger, &token).await;
            if shown["purpose"] == "CONFIRM_ALIAS" {
                assert_eq!(shown["needsPassword"], true);
                found = Some(token);
            }
        }
        let token = found.expect("a confirmation mail");
        let without = does(&mut stranger, "confirmAlias", "confirmed", json!({ "token": token })).await;
        assert_eq!(codes(&without), ["PASSWORD_REQUIRED"], "{without}");
        let wrong = json!({ "token": token, "password": "not the password" });
        assert!(!codes(&does(&mut stranger, "confirmAlias", "confirmed", wrong).await).is_empty());
        let right = json!({ "token": token, "password": self.stage.password(eve) });
        did(&mut stranger, "confirmAlias", "confirmed", right).await;
        assert!(!can_log_in(self.stage, "eve@guest.example", "never hers").await);
        let opened = self.clara.act(OPEN, json!({ "messageId": message })).await.expect("it opens");
        assert_eq!(opened["message"]["subject"], "For Eve alone");
        let aliases = asks(&mut self.clara, "{ viewer { account { aliases { address state } } } }").await;
        let aliases = aliases["viewer"]["account"]["aliases"].as_array().expect("aliases").clone();
        assert!(aliases.contains(&json!({ "address": eve, "state": "CONFIRMED" })), "{aliases:?}");
        self.stage.send(&mut bruno, eve, "After joining").await;
        assert!(folder(&mut self.clara, "inbox").await.iter().any(|mail| mail["subject"] == "After joining"));
    }

    /// B50: an administrator adds aliases on a member's behalf: at once within the organisation's domains, else by its link.
    async fn an_administrator_adds_aliases(&mut self) {
        let account = self.account(BRUNO).await;
        let add = |address: &str| json!({ "accountId": account, "address": address });
        let within =
            did(&mut self.administrator, "addAliasFor", "alias { state }", add("b@insurer.example")).await;
        assert_eq!(within["alias"]["state"], "CONFIRMED");
        let outside =
            did(&mut self.administrator, "addAliasFor", "alias { state }", add("bruno@home.example")).await;
        assert_eq!(outside["alias"]["state"], "PENDING");
        new_mail(self.stage, "bruno@home.example").await;
    }

    /// B51, B53: a client program shows a code, is approved in a session, and fetches a credential of its own; blocked, it is
    /// told how to be activated; deleted, no message data is lost.
    async fn a_client_is_activated_blocked_and_deleted(&mut self) {
        self.stage.send(&mut self.clara, BRUNO, "For Bruno").await;
        let mut bruno = self.stage.log_in(BRUNO).await;
        let program = json!({ "name": "Plugin", "version": "2.1", "platform": "Linux" });
        let named = self.stage.stranger().with_header("sealpost-client", "Plugin/2.1").expect("a header");
        let mut plugin = named.clone();
        let told = plugin.ask("{ viewer { mailbox { unreadCount } } }", json!({})).await.expect("an answer");
        assert_eq!(error(&told), "CLIENT_NOT_ACTIVATED", "{told}");
        assert!(told["errors"][0]["extensions"]["activationUrl"].is_string(), "{told}");

        let fields = "deviceCode userCode verificationUrl interval expiresAt";
        let asked = did(&mut plugin, "requestClientActivation", fields, program).await;
        let poll = json!({ "deviceCode": asked["deviceCode"] });
        let pending = does(&mut plugin, "confirmClientActivation", "credential", poll.clone()).await;
        assert_eq!(codes(&pending), ["AUTHORIZATION_PENDING"], "{pending}");
        let approved = json!({ "userCode": asked["userCode"] });
        let client = did(&mut bruno, "approveClient", "client { id name state }", approved).await;
        assert_eq!(client["client"]["state"], "ACTIVE");
        let fetched =
            did(&mut plugin, "confirmClientActivation", "credential client { id }", poll.clone()).await;
        let again = does(&mut plugin, "confirmClientActivation", "credential", poll).await;
        assert!(again["credential"].is_null() && !codes(&again).is_empty(), "{again}");

        let bearer = format!("Bearer {}", text(&fetched, "/credential"));
        let mut plugin = named.with_header("authorization", &bearer).expect("a header");
        assert_eq!(folder(&mut plugin, "inbox").await[0]["subject"], "For Bruno");
        let listed = asks(&mut bruno, "{ viewer { clients { id name version platform state } } }").await;
        assert_eq!(listed["viewer"]["clients"].as_array().map(Vec::len), Some(1));
        let id = json!({ "clientId": client["client"]["id"] });
        assert_eq!(
            codes(&does(&mut bruno, "deleteClient", "deletedClientId", id.clone()).await),
            ["NOT_ALLOWED"]
        );
        did(&mut bruno, "blockClient", "client { state }", id.clone()).await;
        let told = plugin.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&told), "CLIENT_NOT_ACTIVATED", "{told}");
        did(&mut bruno, "deleteClient", "deletedClientId", id).await;
        assert_eq!(folder(&mut bruno, "inbox").await.len(), 1);
        assert!(drafts(&mut bruno).await.is_empty());
    }

    /// B54, B55: a client can ask which version is wanted; a query names the supported clients; one that is too old is told.
    async fn versions_and_supported_clients_are_told(&mut self) {
        self.stage.support_client("Plugin", "Linux", "2.0", "2.4").await;
        let query = "{ organisation { supportedClients { name platform minimumVersion wantedVersion } } }";
        let shown = asks(&mut self.stage.stranger(), query).await;
        let expected = json!([{ "name": "Plugin", "platform": "Linux", "minimumVersion": "2.0", "wantedVersion": "2.4" }]);
        assert_eq!(shown["organisation"]["supportedClients"], expected);
        let mut old = self.clara.clone().with_header("sealpost-client", "Plugin/1.9").expect("a header");
        let answer = old.ask("{ viewer { id } }", json!({})).await.expect("an answer");
        assert_eq!(error(&answer), "CLIENT_TOO_OLD", "{answer}");
        let mut new = self.clara.clone().with_header("sealpost-client", "Plugin/2.0.1").expect("a header");
        asks(&mut new, "{ viewer { id } }").await;
    }

    fn form(&self, address: &str) -> Value {
        json!({ "invitationToken": self.invitation, "address": address, "password": PASSWORD,
            "profile": { "givenName": "Ada", "familyName": "Example" } })
    }

    /// The id of the account that has an address, as an administrator finds it.
    async fn account(&mut self, address: &str) -> String {
        let query = format!(
            "{{ viewer {{ administration {{ accounts(filter: {{ address: \"{address}\" }}) {{ edges {{ node {{ id }} }} }} }} }} }}"
        );
        let found = asks(&mut self.administrator, &query).await;
        text(&found, "/viewer/administration/accounts/edges/0/node/id")
    }
}
