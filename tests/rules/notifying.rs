//! The mails that tell of something: what they are, when they leave, and what becomes of those that do not arrive.

use crate::{
    administration::{done, read},
    house::{ADMINISTRATOR, BRUNO, CLARA, GINA, SEND},
    stage::{INVITE, Stage, on_stage, open, text},
};
use app::{Delivery, Handover, Onward};
use domain::{
    address::EmailAddress,
    id::NotificationId,
    notification::{Kind, MailStatus},
    period::Period,
    policy::DeliveryMode,
};
use futures_util::future::BoxFuture;
use mail_parser::{Message, MessageParser, MimeHeaders};
use projections::notifications::NotificationRow;
use reqwest::Method;
use sealpost::walk::{client::Client, letters::Arrived};
use serde_json::{Value, json};
use workers::JobName;

const FATES: &str = "query($id: ID!) { node(id: $id) { ... on Message { deliveries { recipient { address } state \
     notifications { kind state lastReply address } } } } }";
const MAILS: &str = "{ viewer { administration { notifications(first: 50) { edges { node { kind state lastReply address } } } \
     accounts(first: 50, filter: { undeliverable: true }) { edges { node { primaryAddress } } } } } }";
const ADA: &str = "ada@guest.example";

/// What became of a message, as its sender sees it.
async fn fates(sender: &mut Client, message: &str) -> Vec<Value> {
    let answer = sender.ask(FATES, json!({ "id": message })).await.expect("an answer");
    answer["data"]["node"]["deliveries"]
        .as_array()
        .unwrap_or_else(|| panic!("no deliveries: {answer}"))
        .clone()
}

/// The states of the mails about a message to its first recipient.
async fn states(sender: &mut Client, message: &str) -> Vec<String> {
    let deliveries = fates(sender, message).await;
    let mails = deliveries[0]["notifications"].as_array().expect("mails");
    mails.iter().map(|mail| text(mail, "/state")).collect()
}

/// The mails that are due and that somebody caused: enrolling people caused some as well.
async fn due(stage: &Stage) -> Vec<NotificationRow> {
    let app = &stage.node.app;
    app.wait_for(app.log().head()).await.expect("the read models catch up");
    let due = app.notifications_due(50).await.expect("what is due").into_iter().map(|(_, row)| row);
    due.filter(|row| row.sender.is_some()).collect()
}

async fn warn(stage: &Stage) -> i64 {
    let ran =
        stage.node.scheduler.run_now(JobName::WarnOfExpiry).await.expect("the job runs").expect("a run");
    assert_eq!(ran.failure, None);
    ran.done_count
}

fn parsed(mail: &Arrived) -> Message<'_> {
    MessageParser::default().parse(mail.raw.as_bytes()).expect("a mail")
}

/// A6, A7, B29, B35, R12, R13: a notification is text and HTML that say the same, in the organisation's colour and with its own
/// words, fetch nothing from anywhere, and tell nothing of what waits.
#[tokio::test]
async fn a_notification_tells_that_mail_waits_and_no_more() {
    on_stage(async |stage| {
        let mut admin = stage.log_in(ADMINISTRATOR).await;
        let change = json!({ "notificationText": "Lakeside <b>cares</b> & writes", "colour": "#663399" });
        done(&mut admin, "updateOrganisation", "organisation { name }", change).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "Your laboratory results").await;
        let mails = stage.mails(GINA).await;
        let mail = parsed(&mails[0]);
        assert_eq!(mail.content_type().and_then(|kind| kind.subtype()), Some("alternative"));
        let (text, html) = (mail.body_text(0).expect("text"), mail.body_html(0).expect("HTML"));
        assert!(text.contains("Lakeside <b>cares</b> & writes"), "{text}");
        assert!(html.contains("Lakeside &lt;b&gt;cares&lt;/b&gt; &amp; writes"), "{html}");
        assert!(html.contains("#663399"), "{html}");
        for foreign in ["src=", "<img", "<script", "url(", "<link"] {
            assert!(!html.contains(foreign), "{foreign} in {html}");
        }
        assert_eq!(html.matches("http").count(), html.matches("http://localhost").count(), "{html}");
        for secret in ["laboratory", "The text", CLARA, "Clara", GINA] {
            assert!(!text.contains(secret) && !html.contains(secret), "{secret} in {text}");
        }
        assert!(!mails[0].subject.contains("laboratory") && !mails[0].subject.contains(GINA));
        let header = |name: &'static str| mail.header_raw(name).map(str::trim);
        assert_eq!(header("Return-Path"), Some("<>"));
        assert_eq!(header("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(header("Reply-To"), None);
        assert!(header("From").is_some_and(|from| from.contains("do-not-reply@")), "{}", mails[0].raw);
    })
    .await;
}

/// B36, R1: what a mail program does at the press of “unsubscribe” (RFC 8058) ends the subscription, and looking does not.
#[tokio::test]
async fn leaving_by_one_press() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let received = stage.send(&mut clara, GINA, "Hello").await;
        let mails = stage.mails(GINA).await;
        let mail = parsed(&mails[0]);
        let offered = mail.header_raw("List-Unsubscribe").expect("a way to leave").replace("\r\n", "");
        let (_, link) = offered.rsplit_once('<').expect("a link");
        let path =
            link.trim_end().trim_end_matches('>').strip_prefix("http://localhost").expect("the portal");
        assert!(offered.trim().starts_with("<mailto:") && !offered.contains("gina"), "{offered}");

        let head = stage.head();
        for method in [Method::GET, Method::HEAD] {
            assert!(stage.stranger().page(method, path).await.expect("a page").is_success());
        }
        assert_eq!(stage.head(), head, "looking was recorded");
        let press = reqwest::Client::new()
            .post(format!("http://{}{path}", stage.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("List-Unsubscribe=One-Click");
        assert!(press.send().await.expect("an answer").status().is_success());
        let mut gina = stage.log_in(GINA).await;
        assert!(open(&mut gina, &received).await["content"].is_null());
        let account = read(&mut gina, "{ viewer { account { subscribed } } }").await;
        assert_eq!(account["viewer"]["account"]["subscribed"], false);
    })
    .await;
}

/// C2: where content comes as an envelope the mails say that it was encrypted and ask for login.
#[tokio::test]
async fn a_mail_says_that_its_content_was_encrypted() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.mail.delivery = DeliveryMode::Envelope).await;
        let mut clara = stage.log_in(CLARA).await;
        for to in [GINA, ADA] {
            stage.send(&mut clara, to, "Hello").await;
            let mails = stage.mails(to).await;
            let words = mails[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("The content of the message was encrypted."), "{words}");
            assert!(words.contains("once you have logged in"), "{words}");
        }
    })
    .await;
}

/// A6: where the policy says so, one mail tells of all messages of a time, and invitations do not wait; every message's own
/// notification is on record.
#[tokio::test]
async fn one_mail_for_all_messages_of_an_hour() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.mail.digest = Period::hours(1)).await;
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mut messages = vec![];
        for subject in ["One", "Two", "Three", "Deleted", "Recalled"] {
            messages.push(stage.send(&mut clara, GINA, subject).await);
            stage.advance("PT5M").await;
        }
        stage.send(&mut clara, ADA, "Hello").await;
        assert_eq!(stage.mails(ADA).await.len(), 1, "the invitation");
        let [deleted, recalled] = [&messages[3], &messages[4]];
        done(&mut gina, "deleteMessage", "deletedMessageId", json!({ "messageId": deleted })).await;
        done(&mut clara, "recallMessage", "message { id }", json!({ "messageId": recalled })).await;
        assert!(stage.mails(GINA).await.is_empty(), "the hour is not over");

        stage.advance("PT35M").await;
        let mails = stage.mails(GINA).await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].subject.starts_with("3 secure messages"), "{}", mails[0].subject);
        let (mut clara, mut told) = (stage.log_in(CLARA).await, vec![]);
        for message in &messages {
            told.extend(states(&mut clara, message).await);
        }
        told.sort();
        assert_eq!(told, ["SENT", "SUPPRESSED", "SUPPRESSED", "SUPPRESSED", "SUPPRESSED"]);

        // The next hour has its own mail, and one message alone reads like any other.
        stage.send(&mut clara, GINA, "Four").await;
        stage.advance("PT1H").await;
        let mails = stage.mails(GINA).await;
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().any(|mail| mail.subject.starts_with("A secure message")));
    })
    .await;
}

/// A6: what a digest tells of shares its fate: put off together, told of together.
#[tokio::test]
async fn a_digest_that_is_put_off_stays_one() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.mail.digest = Period::hours(1)).await;
        let mut clara = stage.log_in(CLARA).await;
        for subject in ["One", "Two"] {
            stage.send(&mut clara, GINA, subject).await;
        }
        stage.advance("PT1H").await;
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let row = due(stage).await.remove(0);
        let mail = app.compose(organisation, &row).await.expect("a mail").expect("it is due");
        assert_eq!(mail.covers.len(), 1);
        app.settle(organisation, &row, &mail.covers, Delivery::NotNow(Some(451))).await.expect("settled");
        assert_eq!(due(stage).await, []);
        stage.advance("PT10M").await;
        assert_eq!(due(stage).await.len(), 2);
        assert_eq!(stage.mails(GINA).await.len(), 1);
        assert_eq!(due(stage).await, []);
    })
    .await;
}

/// A6, R16: nobody is told of what they cannot read any more when the mail is about to leave.
#[tokio::test]
async fn nobody_is_told_of_what_is_gone() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let recalled = stage.send(&mut clara, GINA, "Recalled").await;
        let deleted = stage.send(&mut clara, GINA, "Deleted").await;
        let stands = stage.send(&mut clara, GINA, "Stands").await;
        done(&mut clara, "recallMessage", "message { id }", json!({ "messageId": recalled })).await;
        done(&mut gina, "deleteMessage", "deletedMessageId", json!({ "messageId": deleted })).await;
        for message in [&recalled, &deleted] {
            assert!(stage.mails(GINA).await.len() == 1, "the one that stands");
            assert_eq!(states(&mut clara, message).await, ["SUPPRESSED"]);
        }
        assert_eq!(states(&mut clara, &stands).await, ["SENT"]);
        stage.send(&mut clara, GINA, "Too late").await;
        stage.advance("P61D").await;
        assert_eq!(stage.mails(GINA).await.len(), 1);
        let seen = read(&mut stage.log_in(ADMINISTRATOR).await, MAILS).await;
        let mails = seen["viewer"]["administration"]["notifications"]["edges"].as_array().expect("mails");
        let untold =
            |mail: &&Value| mail["node"]["state"] == "SUPPRESSED" && mail["node"]["kind"] == "NEW_MESSAGE";
        assert_eq!(mails.iter().filter(untold).count(), 3, "{seen}");
    })
    .await;
}

/// A22: who still has a message is warned before it ends, once; not who deleted it, left, or from whom it was recalled, and
/// not of one that was short-lived from the beginning.
#[tokio::test]
async fn people_are_warned_before_a_message_ends() {
    on_stage(async |stage| {
        let [gus, gabi, greg] = ["gus@guest.example", "gabi@guest.example", "greg@guest.example"];
        for guest in [gus, gabi, greg] {
            stage.enrol(guest).await;
        }
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!(warn(stage).await, 0, "the policy has no warning");
        stage.change_policy(|policy| policy.retention.warning = Period::days(7)).await;
        let input = json!({ "idempotencyKey": stage.key(), "to": [GINA, gus, gabi, greg], "subject": "Keep this",
            "text": "The text." });
        let kept = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
        let short = json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "Short", "text": "The text.",
            "expiresIn": "P5D" });
        clara.act(SEND, short).await.expect("it is sent");
        assert_eq!(stage.mails(GINA).await.len(), 2);
        for guest in [gus, gabi, greg] {
            assert_eq!(stage.mails(guest).await.len(), 1);
        }
        let recall = json!({ "messageId": kept, "recipients": [greg] });
        done(&mut clara, "recallMessage", "message { id }", recall).await;
        let mut deleting = stage.log_in(gus).await;
        done(&mut deleting, "deleteMessage", "deletedMessageId", json!({ "messageId": kept })).await;
        let mut leaving = stage.log_in(gabi).await;
        done(&mut leaving, "unsubscribe", "unsubscribed", json!({})).await;
        assert_eq!(warn(stage).await, 0, "it is early");

        stage.advance("P53D").await;
        assert_eq!((warn(stage).await, warn(stage).await), (1, 0));
        for guest in [gus, gabi, greg] {
            assert_eq!(stage.mails(guest).await.len(), 1, "{guest}");
        }
        let mails = stage.mails(GINA).await;
        let warning = mails.iter().find(|mail| mail.subject.contains("soon")).expect("a warning");
        assert!(mails.len() == 3 && warning.text.contains("2026-05-01T09:00:00Z"), "{}", warning.text);
        assert!(!warning.text.contains("Keep this") && !warning.raw.contains("Keep this"));
    })
    .await;
}

/// A22: a warning that could not leave before the end does not leave after it.
#[tokio::test]
async fn nobody_is_warned_of_what_ended() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.retention.warning = Period::days(7)).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "Gone").await;
        assert_eq!(stage.mails(GINA).await.len(), 1);
        stage.advance("P59D").await;
        assert_eq!(warn(stage).await, 1);
        stage.advance("P1D").await;
        assert_eq!(stage.mails(GINA).await.len(), 1);
    })
    .await;
}

/// A41, R15: what cannot be delivered for its size is on record at the message and with the administrator, and the sender gets
/// one mail that says so and names nothing.
#[tokio::test]
async fn the_sender_is_told_of_what_is_too_large() {
    on_stage(async |stage| {
        stage.enrol("gus@guest.example").await;
        let (mut clara, mut admin) = (stage.log_in(CLARA).await, stage.log_in(ADMINISTRATOR).await);
        let input = json!({ "idempotencyKey": stage.key(), "to": [GINA, "gus@guest.example", BRUNO],
            "subject": "Large", "text": "The text." });
        let message = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        for row in due(stage).await {
            let address = app.notified_address(organisation, &row).await.expect("found").expect("an address");
            if address.normalised() != BRUNO {
                app.settle(organisation, &row, &[], Delivery::Never(Some(552))).await.expect("settled");
            }
        }
        let mails = stage.mails(CLARA).await;
        assert_eq!(mails.len(), 1);
        let words = mails[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("did not reach 2 of its recipients"), "{words}");
        assert!(words.contains("too large") && words.contains("look under Sent"), "{words}");
        for secret in ["Large", "The text", GINA, "gus@"] {
            assert!(!mails[0].raw.contains(secret), "{secret} in {}", mails[0].raw);
        }
        for delivery in fates(&mut clara, &message).await {
            let (to, own) = (text(&delivery, "/recipient/address"), &delivery["notifications"][0]);
            if to == BRUNO {
                assert_eq!((&delivery["state"], &own["state"]), (&json!("NOTIFIED"), &json!("SENT")));
            } else {
                assert_eq!(delivery["state"], "UNDELIVERABLE", "{delivery}");
                assert_eq!((&own["state"], &own["lastReply"]), (&json!("FAILED"), &json!("552")));
            }
        }
        let seen = read(&mut admin, MAILS).await;
        let mails = seen["viewer"]["administration"]["notifications"]["edges"].as_array().expect("mails");
        let failed = mails.iter().filter(|mail| mail["node"]["state"] == "FAILED").count();
        let told = mails
            .iter()
            .find(|mail| mail["node"]["kind"] == "UNDELIVERABLE" && mail["node"]["state"] == "SENT");
        assert_eq!(failed, 2);
        assert_eq!(told.map(|mail| &mail["node"]["address"]), Some(&json!(CLARA)), "{seen}");
    })
    .await;
}

/// A41, Q7, R15: a mail that comes back is on record against its notification, the account is marked, and its sender is told;
/// a report about another's mail, or about one that never left, is not believed.
#[tokio::test]
async fn a_mail_that_comes_back() {
    on_stage(async |stage| {
        let (mut clara, mut admin) = (stage.log_in(CLARA).await, stage.log_in(ADMINISTRATOR).await);
        let message = stage.send(&mut clara, GINA, "Hello").await;
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let row = due(stage).await.remove(0);
        let [gina, bruno] = [GINA, BRUNO].map(|address| EmailAddress::parse(address).expect("an address"));
        let status = Some(MailStatus(5, 1, 1));
        let bounce = async |notification: NotificationId, from: &EmailAddress| {
            app.note_bounce(organisation, notification, from, status).await.expect("noted")
        };
        bounce(row.notification, &gina).await;
        assert_eq!(states(&mut clara, &message).await, ["QUEUED"], "it has not left");
        assert_eq!(stage.mails(GINA).await.len(), 1);
        assert!(!bounce(row.notification, &bruno).await);
        assert!(!bounce(stage.clock.new_id(), &gina).await);
        assert_eq!(states(&mut clara, &message).await, ["SENT"]);

        assert!(bounce(row.notification, &gina).await);
        let head = stage.head();
        assert!(bounce(row.notification, &gina).await, "it is known");
        assert_eq!(stage.head(), head, "it came back twice");
        let delivery = fates(&mut clara, &message).await.remove(0);
        assert_eq!(delivery["state"], "UNDELIVERABLE");
        assert_eq!(delivery["notifications"][0]["state"], "BOUNCED");
        assert_eq!(delivery["notifications"][0]["lastReply"], "5.1.1");
        let seen = read(&mut admin, MAILS).await;
        let marked = &seen["viewer"]["administration"]["accounts"]["edges"];
        assert_eq!(marked[0]["node"]["primaryAddress"], GINA, "{seen}");
        let told = stage.mails(CLARA).await;
        assert!(told.len() == 1 && told[0].subject.contains("was not delivered"));
    })
    .await;
}

/// A41, R15: who invited somebody is told when the invitation cannot be delivered.
#[tokio::test]
async fn an_invitation_that_cannot_be_delivered() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let invite = json!({ "idempotencyKey": stage.key(), "address": ADA });
        clara.act(INVITE, invite).await.expect("an invitation");
        let (app, organisation) = (&stage.node.app, stage.cast.organisation);
        let row = due(stage).await.remove(0);
        assert_eq!(row.kind, Kind::Invitation);
        app.settle(organisation, &row, &[], Delivery::Never(Some(550))).await.expect("settled");
        let mails = stage.mails(CLARA).await;
        assert!(mails.len() == 1 && mails[0].subject.starts_with("An invitation"), "{}", mails[0].text);
        assert!(!mails[0].raw.contains("ada"), "{}", mails[0].raw);
    })
    .await;
}

/// Takes what is passed on, which is nothing here.
struct NoRelay;

impl Onward for NoRelay {
    fn pass<'a>(&'a self, _: Option<&'a str>, _: &'a [String], _: &'a [u8]) -> BoxFuture<'a, Delivery> {
        Box::pin(async { Delivery::Taken })
    }
}

/// Somebody writes to the address that nobody reads.
async fn write_to_nobody(stage: &Stage, from: &str, subject: &str, marks: &str) {
    let rules = stage.node.app.rules(stage.cast.organisation).await.expect("the rules");
    let to = rules.founded.as_ref().expect("an organisation").do_not_reply.clone();
    let raw = format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n{marks}\r\nPlease call me.\r\n");
    let mail = Handover {
        peer: [127, 0, 0, 1].into(),
        helo: "mail.guest.example".into(),
        sender: Some(from.into()),
        recipients: vec![to],
        tls: false,
        raw: raw.into(),
    };
    stage.node.app.receive_mail(mail, &NoRelay).await.expect("it is taken");
}

/// B30, B31, B36, B37, R13: who writes to the address that nobody reads is told, by a mail that is marked as an answer; who
/// wants to leave and proves nothing gets the link, and only at an address that gets mail here; programs get nothing.
#[tokio::test]
async fn who_writes_to_nobody_is_answered() {
    on_stage(async |stage| {
        write_to_nobody(stage, GINA, "Re: A secure message", "").await;
        write_to_nobody(stage, GINA, "Hello? Somebody there?", "").await;
        let mails = stage.mails(GINA).await;
        assert_eq!(mails.len(), 1, "one a day");
        assert!(mails[0].subject.ends_with("was not read"), "{}", mails[0].subject);
        assert!(mails[0].raw.contains("Auto-Submitted: auto-replied\r\n") && !mails[0].raw.contains("call me"));
        assert!(!mails[0].raw.contains("List-Unsubscribe"));

        let name = stage.node.app.rules(stage.cast.organisation).await.expect("the rules");
        let name = name.founded.as_ref().expect("an organisation").name.clone();
        let leaving = format!("unsubscribe {name}");
        write_to_nobody(stage, ADA, &leaving, "").await;
        let mails = stage.mails(ADA).await;
        assert!(mails.len() == 1 && mails[0].subject.contains("sends nothing"), "{}", mails[0].subject);
        assert!(mails[0].token().is_err(), "{}", mails[0].text);
        write_to_nobody(stage, BRUNO, "unsubscribe", "").await;
        let mails = stage.mails(BRUNO).await;
        assert!(mails.len() == 1 && mails[0].text.contains(&name), "{}", mails[0].text);

        write_to_nobody(stage, CLARA, &leaving, "").await;
        let token = stage.mails(CLARA).await[0].token().expect("a link");
        let leave =
            "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { unsubscribed problems { code } } }";
        let left = stage.stranger().act(leave, json!({ "token": token })).await.expect("she leaves");
        assert_eq!(left["unsubscribed"], true);

        stage.advance("P1DT1H").await;
        let before = stage.mails(GINA).await.len();
        for marks in ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n"] {
            write_to_nobody(stage, GINA, "I am on holiday", marks).await;
        }
        assert_eq!(stage.mails(GINA).await.len(), before);
    })
    .await;
}

/// R13: a program that answers every mail, and says of itself that it is none, is answered once a day and no more.
#[tokio::test]
async fn two_programs_do_not_write_to_each_other_for_ever() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "Hello").await;
        let mut answered = 0;
        for _ in 0..20 {
            let mails = stage.mails(GINA).await;
            for _ in answered..mails.len() {
                write_to_nobody(stage, GINA, "Thank you for your mail", "").await;
            }
            answered = mails.len();
        }
        assert_eq!(answered, 2, "the notification, and one answer");
    })
    .await;
}
