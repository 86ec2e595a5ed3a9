//! What becomes of a mail that the organisation's mail server hands over: secured, held, refused, passed on, answered, noted.

use crate::{
    downloads::{keep, path, taken},
    house::{BRUNO, CLARA, GINA, OFFICER, folder},
    stage::{Stage, codes, on_stage, open, text},
};
use app::IntakeSettings;
use domain::{
    Metadata, Timestamp,
    content::{Action, Condition, Detector, Part, Rule},
    event::Actor,
    id::RuleId,
    organisation::{Command, Organisation, rules},
};
use eventstore::keys::KeyName;
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::{AppIntake, Gateway, JobName, Mailer};

const DO_NOT_REPLY: &str = "do-not-reply@insurer.example";
const NEW: &str = "new@elsewhere.example";
const HITS: &str = "{ viewer { compliance { ruleHits(first: 50) { edges { node { id action decision hitCount reason \
     rule { name } message { id } } } } } } }";
const DECIDE: &str = "mutation($input: DecideHeldMailInput!) { decideHeldMail(input: $input) \
     { ruleHit { decision reason message { id } } problems { code field message } } }";
/// Written by another program: three attachments, two of them with names beyond ASCII.
const WRITTEN: &str = r#"
import sys
from email.message import EmailMessage
from email.policy import SMTP
mail = EmailMessage(policy=SMTP)
mail["From"], mail["To"], mail["Cc"] = "Clara Čapek <clara@insurer.example>", "Gina <gina@guest.example>", sys.argv[1]
mail["Subject"], mail["Message-ID"] = "[Secure] Ihr Befund, 漢字", "<one@insurer.example>"
mail.set_content("Grüße, 5 €.\n", charset="iso-8859-15")
mail.add_alternative("<p onclick='x()'>Grüße, <b>5 €</b>.<img src='http://track.example/1'></p>", subtype="html")
mail.add_attachment(bytes(range(256)) * 400, "application", "pdf", filename="Befund Ä.pdf")
mail.add_attachment("Zeile\n", filename="漢字.txt")
mail.add_attachment(b"\x78\x9f\x3e\x22", "application", "ms-tnef", filename="winmail.dat")
sys.stdout.buffer.write(mail.as_bytes())
"#;

/// A mail server that hands mails over, and sees every reply.
struct MailServer<'a> {
    stage: &'a Stage,
    gateway: SocketAddr,
}

impl<'a> MailServer<'a> {
    /// Before the gateway of the node itself.
    async fn of(stage: &'a Stage) -> Self {
        let gateway =
            stage.node.start_gateway().await.expect("it starts").expect("it is a role of this node");
        Self { stage, gateway }
    }

    /// Before a gateway that believes the checks of this mail server.
    async fn trusted(stage: &'a Stage) -> Self {
        let trusted_authentication = Some("mx.insurer.example".to_owned());
        let app = stage.node.app.clone().with_intake(IntakeSettings { trusted_authentication });
        let relay = Mailer::maildir(&stage.config.mail.folder).expect("a mailbox");
        let intake = Arc::new(AppIntake { app, relay });
        let (settings, clock) = (stage.config.gateway.settings(), stage.clock.clone());
        let gateway = Gateway::new(settings, intake, clock, CancellationToken::new()).expect("a gateway");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(gateway.run(listener));
        Self { stage, gateway: address }
    }

    /// Hands a mail over; gives the last reply. What it says is in the read models then.
    async fn hand(&self, sender: &str, recipients: &[&str], raw: impl AsRef<[u8]>) -> String {
        let stream = TcpStream::connect(self.gateway).await.expect("it listens");
        let mut talk = Talk { stream: BufReader::new(stream) };
        assert!(talk.reply().await.starts_with("220"));
        let mut lines = vec!["EHLO mx.insurer.example".to_owned(), format!("MAIL FROM:<{sender}>")];
        lines.extend(recipients.iter().map(|recipient| format!("RCPT TO:<{recipient}>")));
        lines.push("DATA".to_owned());
        for line in lines {
            let reply = talk.say(format!("{line}\r\n").as_bytes()).await;
            if !reply.starts_with(['2', '3']) {
                return reply;
            }
        }
        let raw = raw.as_ref().strip_suffix(b"\r\n").unwrap_or(raw.as_ref());
        let reply = talk.say(&[raw, b"\r\n.\r\n"].concat()).await;
        let app = &self.stage.node.app;
        app.wait_for(app.log().head()).await.expect("the read models catch up");
        reply
    }

    async fn secured(&self, sender: &str, recipients: &[&str], raw: impl AsRef<[u8]>) {
        let reply = self.hand(sender, recipients, raw).await;
        assert!(reply.starts_with("250 2"), "{reply}");
    }
}

struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    async fn say(&mut self, line: &[u8]) -> String {
        self.stream.write_all(line).await.expect("it reads");
        self.reply().await
    }

    async fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.expect("it answers");
            all += &line;
            if line.get(3..4) != Some("-") {
                return all;
            }
        }
    }
}

/// One more content rule; they are asked in the order in which they were made.
pub async fn rule(
    stage: &Stage,
    name: &str,
    action: Action,
    part: Part,
    detector: Detector,
    pattern: &str,
) -> RuleId {
    let app = &stage.node.app;
    let organisation = stage.cast.organisation;
    let order = i32::try_from(app.rules(organisation).await.expect("rules").rules.len()).expect("few");
    let pattern = Some(pattern.to_owned()).filter(|pattern| !pattern.is_empty());
    let condition = Condition { part, detector, pattern, threshold: 1 };
    let rule = Rule { name: name.into(), order, enabled: true, action, conditions: vec![condition] };
    assert_eq!(rule.problems(), []);
    let id = app.log().clock().new_id();
    let create =
        || rules::Command::Create { id, rule: Box::new(rule.clone()), at: Timestamp::from_micros(0) };
    let meta = Metadata::by(Actor::Operator);
    let made =
        app.log().execute::<Organisation>(organisation, Uuid::nil(), &meta, || Command::Rules(create()));
    assert!(made.await.expect("it is appended").is_ok());
    id
}

fn mail(from: &str, to: &str, subject: &str, text: &str) -> String {
    format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}")
}

/// What lies in the local mailbox because the gateway passed it on.
pub fn passed_on(stage: &Stage) -> Vec<String> {
    let mails = fs::read_dir(stage.config.mail.folder.join("new")).expect("a mailbox");
    let mails = mails.map(|mail| fs::read(mail.expect("a mail").path()).expect("it is read"));
    let mails = mails.map(|mail| String::from_utf8_lossy(&mail).into_owned());
    mails.filter(|mail| mail.contains("\r\nDelivered-To: ") || mail.starts_with("Delivered-To: ")).collect()
}

/// B5, C1, G2, G4, A1, A27, R7: a member's mail with the tag becomes a secure message, with its text, its files and itself as it
/// came; who is new is invited, whoever gets it blindly is named to nobody, and handed over again it is still one message.
#[tokio::test]
async fn a_tagged_mail_becomes_a_message() {
    on_stage(async |stage| {
        let server = MailServer::of(stage).await;
        rule(stage, "Tag", Action::Secure, Part::Subject, Detector::Pattern, r"^\s*\[secure\]").await;
        let raw = crate::python::run(WRITTEN, &[NEW]).stdout;
        let to = [GINA, NEW, BRUNO];
        server.secured(CLARA, &to, &raw).await;
        let head = stage.head();
        server.secured(CLARA, &to, &raw).await;
        assert_eq!(stage.head(), head, "handed over again it was done again");

        let mut gina = stage.log_in(GINA).await;
        let inbox = folder(&mut gina, "inbox").await;
        assert_eq!(inbox.len(), 1, "{inbox:?}");
        let shown = &inbox[0];
        assert_eq!(shown["subject"], "Ihr Befund, 漢字");
        assert_eq!(shown["to"], json!([{ "address": GINA, "name": "Gina" }]));
        assert_eq!(shown["cc"], json!([{ "address": NEW }]), "a blind copy is nobody's business");
        let names: Vec<_> =
            shown["attachments"].as_array().expect("files").iter().map(|file| &file["name"]).collect();
        assert_eq!(names, ["Befund Ä.pdf", "漢字.txt", "winmail.dat"]);
        let id = text(shown, "/id");
        assert_eq!(text(&open(&mut gina, &id).await, "/content/text").trim_end(), "Grüße, 5 €.");
        let kept = keep(&mut gina, &id).await;
        let pdf = taken(&gina, stage, &path(&kept["attachments"][0]["downloadUrl"])).await;
        assert_eq!(pdf.bytes().await.expect("bytes").len(), 102_400);
        let whole =
            taken(&gina, stage, &path(&kept["downloads"]["emlUrl"])).await.bytes().await.expect("bytes");
        assert!(whole.ends_with(&raw), "the mail is not as it came");
        let mut bruno = stage.log_in(BRUNO).await;
        assert_eq!(folder(&mut bruno, "inbox").await.len(), 1);
        assert_eq!(folder(&mut stage.log_in(CLARA).await, "sent").await.len(), 1);

        assert_eq!(stage.mails(GINA).await.len(), 1);
        let invited = stage.mails(NEW).await;
        assert_eq!(invited.len(), 1);
        assert!(invited[0].token().is_ok() && !invited[0].raw.contains("Befund"));
        assert_eq!(passed_on(stage), [""; 0]);

        // Somebody of the organisation's own who has no account becomes a member by writing.
        let dora = "Dora <dora@insurer.example>";
        server
            .secured("dora@insurer.example", &[GINA], mail(dora, GINA, "[secure] From Dora", "Hello."))
            .await;
        assert_eq!(folder(&mut gina, "inbox").await.len(), 2);
        assert_eq!(stage.mails("dora@insurer.example").await.len(), 1, "she is invited");
        let rows = stage.node.app.models().organisations().await.expect("rows");
        assert_eq!(rows.len(), 1);
    })
    .await;
}

/// C1, G2, A39, A40, B33, B38, G4: what cannot be secured is refused, for a reason that its sender understands, and leaves nothing
/// behind; what no rule is about is passed on untouched, and who belongs to nobody here is not served.
#[tokio::test]
async fn a_mail_that_cannot_be_secured_is_refused() {
    on_stage(async |stage| {
        let server = MailServer::of(stage).await;
        stage
            .change_policy(|policy| {
                policy.mail.attachment_count = 2;
                policy.accounts.group_addresses = [GROUP.parse().expect("an address")].into();
            })
            .await;
        rule(stage, "Never", Action::Refuse, Part::Header, Detector::Pattern, "X-Class: secret").await;
        rule(stage, "Accounts", Action::Secure, Part::Body, Detector::Iban, "").await;
        let iban = "Pay to DE89 3704 0044 0532 0130 00.";
        let head = stage.head();
        let refused = async |recipients: &[&str], raw: String, says: &[&str]| {
            let reply = server.hand(CLARA, recipients, raw).await;
            assert!(says.iter().all(|said| reply.contains(said)), "{says:?}: {reply}");
        };
        refused(&[GINA, GROUP], mail(CLARA, GINA, "x", iban), &["550 5.7.1", GROUP, "is a group"]).await;
        let part = |n: i32| format!("--b\r\nContent-Type: application/x\r\nContent-Disposition: attachment; filename={n}\r\n\r\n{n}\r\n");
        let parts: String = (0..3).map(part).collect();
        let many = format!(
            "From: {CLARA}\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{iban}\r\n{parts}--b--"
        );
        refused(&[GINA], many, &["552 5.3.4", "at most 2 files"]).await;
        let long = format!("{iban}\r\n{}", "All is well.\r\n".repeat(45_000));
        refused(&[GINA], mail(CLARA, GINA, "x", &long), &["552 5.3.4", "512 KiB"]).await;
        refused(&[GINA], format!("Subject: x\r\n\r\n{iban}"), &["554 5.6.0", "From"]).await;
        let broken = format!("From: {CLARA}\r\nContent-Type: multipart/mixed\r\n\r\n{iban}");
        refused(&[GINA], broken, &["554 5.6.0", "boundary"]).await;
        let strange = server.hand("eve@elsewhere.example", &[GINA], mail("eve@elsewhere.example", GINA, "x", iban)).await;
        assert!(strange.starts_with("550 5.7.1"), "{strange}");
        let forged = server.hand("", &[GINA], mail("eve@elsewhere.example", GINA, "x", iban)).await;
        assert!(forged.starts_with("550 5.7.1"), "{forged}");
        assert_eq!(stage.head(), head, "something is left of it");

        let secret = format!("X-Class: secret\r\n{}", mail(CLARA, GINA, "x", iban));
        refused(&[GINA], secret.clone(), &["550 5.7.1", "Never"]).await;
        assert_eq!(stage.head(), head + 1, "the hit is on record");
        refused(&[GINA], secret, &["550 5.7.1", "Never"]).await;
        assert_eq!(stage.head(), head + 1, "once");
        let ordinary = mail(CLARA, GINA, "Ordinary", "All is well.");
        server.secured(CLARA, &[GINA], &ordinary).await;
        let passed = passed_on(stage);
        assert_eq!(passed.len(), 1);
        assert!(passed[0].contains(&ordinary));
        assert_eq!(stage.head(), head + 1);
        let mut gina = stage.log_in(GINA).await;
        assert_eq!(folder(&mut gina, "inbox").await, [Value::Null; 0]);

        // An organisation's own notification that comes by the gateway is not made another one.
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "A message").await;
        let told = stage.mails(GINA).await.into_iter().find(|mail| mail.raw.contains("Auto-Submitted"));
        let told = told.expect("she is told").raw.replace('\n', "\r\n").replace("\r\r", "\r");
        let (head, told) = (stage.head(), format!("X-Class: secret\r\n{told}"));
        server.secured("", &[GINA], &told).await;
        assert_eq!((stage.head(), passed_on(stage).len()), (head, 2));
    })
    .await;
}

const GROUP: &str = "claims@insurer.example";

/// G2, G3, Q9, K7: a mail that a rule holds waits, sealed, for the compliance officer, who lets it pass, secures it or drops it,
/// once and with a reason; then its key is gone.
#[tokio::test]
async fn a_held_mail_waits_for_the_officer() {
    on_stage(async |stage| {
        let server = MailServer::of(stage).await;
        rule(stage, "Cards", Action::Hold, Part::Body, Detector::CardNumber, "").await;
        for subject in ["First", "Second", "Third"] {
            let raw = mail(CLARA, GINA, subject, "My card is 4111 1111 1111 1111.");
            server.secured(CLARA, &[GINA], &raw).await;
            let head = stage.head();
            server.secured(CLARA, &[GINA], &raw).await;
            assert_eq!(stage.head(), head, "it is held twice");
        }
        let mut gina = stage.log_in(GINA).await;
        assert_eq!((folder(&mut gina, "inbox").await.len(), passed_on(stage).len()), (0, 0));

        let (mut clara, mut officer) = (stage.log_in(CLARA).await, stage.log_in(OFFICER).await);
        let answer = officer.ask(HITS, json!({})).await.expect("an answer");
        let hits = answer["data"]["viewer"]["compliance"]["ruleHits"]["edges"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        let hits: Vec<_> = hits.iter().map(|edge| edge["node"].clone()).collect();
        assert_eq!(hits.len(), 3, "{answer}");
        assert!(hits.iter().all(|hit| hit["action"] == "HOLD" && hit["decision"] == Value::Null), "{answer}");
        let input = |hit: &Value, decision: &str, reason: &str| {
            json!({ "ruleHitId": hit["id"], "decision": decision, "reason": reason })
        };
        let answer = clara.ask(DECIDE, json!({ "input": input(&hits[0], "PASS", "Please") })).await;
        assert_eq!(crate::stage::error(&answer.expect("an answer")), "FORBIDDEN");
        for (decision, reason) in [("HOLD", "Because"), ("PASS", " ")] {
            let payload = officer.attempt(DECIDE, input(&hits[0], decision, reason)).await.expect("an answer");
            assert_eq!(codes(&payload), ["INVALID"], "{payload}");
        }
        for (hit, decision) in hits.iter().zip(["PASS", "SECURE", "REFUSE"]) {
            let payload = officer.act(DECIDE, input(hit, decision, "A test card.")).await.expect("it is decided");
            assert_eq!((&payload["ruleHit"]["decision"], &payload["ruleHit"]["reason"]), (&json!(decision), &json!("A test card.")));
            let again = officer.attempt(DECIDE, input(hit, "REFUSE", "Again")).await.expect("an answer");
            assert_eq!(codes(&again), ["CONFLICT"], "{again}");
        }
        assert_eq!(passed_on(stage).len(), 0);
        for passed in [1, 0] {
            let ran = stage.node.scheduler.run_now(JobName::PassOnMail).await.expect("the job runs").expect("it ran");
            assert_eq!((ran.failure, ran.done_count), (None, passed));
        }
        let passed = passed_on(stage);
        assert_eq!(passed.len(), 1);
        assert!(passed[0].contains("4111"));
        let inbox = folder(&mut gina, "inbox").await;
        assert_eq!(inbox.len(), 1);
        let opened = open(&mut gina, &text(&inbox[0], "/id")).await;
        assert_eq!(text(&opened, "/content/text").trim_end(), "My card is 4111 1111 1111 1111.");

        let (log, organisation) = (stage.node.app.log(), stage.cast.organisation);
        let page = projections::TimedPage::default();
        let rows = stage.node.app.models().rule_hits(organisation, None, &page).await.expect("rows");
        assert_eq!(rows.items.len(), 3);
        for row in rows.items {
            assert_eq!(row.waits, None);
            let key = log.vault().find(&KeyName::held(organisation, row.intake)).await.expect("the vault");
            assert!(key.is_none(), "its key is left");
        }
    })
    .await;
}

/// B30, B31, R4, R13: whoever answers a notification hears, once a day, that nobody reads it, whether anybody knows the address
/// or not; its sender hears nothing, programs are not answered, and two of them come to an end at once.
#[tokio::test]
async fn an_answer_to_a_notification_reaches_nobody() {
    on_stage(async |stage| {
        let server = MailServer::of(stage).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "A message").await;
        let told = stage.mails(GINA).await.remove(0);
        for (address, known) in [(GINA, 1), (NEW, 0)] {
            let reply = mail(address, DO_NOT_REPLY, &format!("Re: {}", told.subject), "Thank you, Clara!");
            let head = stage.head();
            server.secured(address, &[DO_NOT_REPLY], &reply).await;
            assert_eq!(stage.head(), head + 1);
            server.secured(address, &[DO_NOT_REPLY], &reply).await;
            server
                .secured(address, &[DO_NOT_REPLY], mail(address, DO_NOT_REPLY, "Another", "Are you there?"))
                .await;
            assert_eq!(stage.head(), head + 1, "one answer a day");
            let mut answers = stage.mails(address).await;
            answers.retain(|mail| mail.subject.contains("was not read"));
            assert_eq!(answers.len(), 1, "{address}");
            assert!(answers[0].raw.contains("Auto-Submitted: auto-replied"), "{}", answers[0].raw);
            assert!(!answers[0].raw.contains("Thank you"));
            // The other side answers that: it is a program, and programs are not answered.
            let back = format!(
                "Auto-Submitted: auto-replied\r\n{}",
                mail(address, DO_NOT_REPLY, "Re:", "I am away.")
            );
            stage.advance("P2D").await;
            let head = stage.head();
            server.secured(address, &[DO_NOT_REPLY], &back).await;
            server.secured("", &[DO_NOT_REPLY], mail(address, DO_NOT_REPLY, "Away", "I am away.")).await;
            server
                .secured("no-reply@guest.example", &[DO_NOT_REPLY], mail(address, DO_NOT_REPLY, "x", "x"))
                .await;
            server.secured(DO_NOT_REPLY, &[DO_NOT_REPLY], mail(DO_NOT_REPLY, DO_NOT_REPLY, "x", "x")).await;
            assert_eq!(stage.head(), head, "a program is answered");
            server.secured(address, &[DO_NOT_REPLY], &reply).await;
            assert_eq!(stage.mails(address).await.len(), known + 2, "the next day");
        }
        assert_eq!(stage.mails(CLARA).await.len(), 0, "the sender hears of it");
        let mut clara = stage.log_in(CLARA).await;
        assert_eq!((folder(&mut clara, "inbox").await.len(), passed_on(stage).len()), (0, 0));
        // B32: what is addressed to a person is ordinary mail, and none of ours.
        let ordinary = server.hand(GINA, &[CLARA], mail(GINA, CLARA, "Hello", "By hand.")).await;
        assert!(ordinary.starts_with("550 5.7.1"), "{ordinary}");
    })
    .await;
}

/// B36, B37, B38, B39: a mail that names organisation and address, and that the organisation's mail server found authentic, ends
/// it at once; one that proves nothing gets a link to the address itself; one that names too little is told what is missing.
#[tokio::test]
async fn leaving_by_mail() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let message = stage.send(&mut clara, GINA, "A message").await;
        stage.mails(GINA).await;
        let server = MailServer::trusted(stage).await;
        let wish = |subject: &str| mail(GINA, DO_NOT_REPLY, subject, "Please.");
        let proven = |raw: String, domain: &str| {
            format!("Authentication-Results: mx.insurer.example; spf=pass smtp.mailfrom={domain}\r\n{raw}")
        };

        server.secured(GINA, &[DO_NOT_REPLY], proven(wish("unsubscribe"), "guest.example")).await;
        let told = stage.mails(GINA).await;
        assert_eq!(told.len(), 2);
        let unclear = told.iter().find(|mail| mail.text.contains("does not say enough")).expect("an answer");
        assert!(unclear.text.contains("Lakeside Health Insurance"), "{}", unclear.text);

        stage.advance("P1D").await;
        let whole = "unsubscribe gina@guest.example from Lakeside Health Insurance";
        server.secured(GINA, &[DO_NOT_REPLY], proven(wish(whole), "elsewhere.example")).await;
        let told = stage.mails(GINA).await;
        assert_eq!(told.len(), 3, "{:?}", told.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
        let mut gina = stage.log_in(GINA).await;
        assert!(open(&mut gina, &message).await["content"].is_object(), "a forged mail ended it");
        let link = told.iter().find(|mail| mail.subject.contains("want no more")).expect("a link to confirm");
        assert!(link.token().is_ok(), "{}", link.text);

        server.secured(GINA, &[DO_NOT_REPLY], proven(wish(whole), "guest.example")).await;
        assert_eq!(codes(&open(&mut gina, &message).await), ["UNAVAILABLE"]);
        let head = stage.head();
        server.secured(GINA, &[DO_NOT_REPLY], proven(wish(whole), "guest.example")).await;
        assert_eq!(stage.head(), head, "she left already");
        let nobody = wish(whole).replace(GINA, NEW);
        server.secured(NEW, &[DO_NOT_REPLY], proven(nobody, "elsewhere.example")).await;
        assert_eq!(stage.head(), head, "nobody has the address");
        assert_eq!(stage.mails(GINA).await.len(), 3);
    })
    .await;
}

/// R15, A41, G1: a notification that comes back is known as such, and its sender is told; a report about a delay, about another
/// address or about a mail that never was changes nothing.
#[tokio::test]
async fn a_notification_comes_back() {
    on_stage(async |stage| {
        let server = MailServer::of(stage).await;
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, GINA, "A message").await;
        let told = stage.mails(GINA).await.remove(0);
        let id = told.raw.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("its id").trim().to_owned();
        let report = |recipient: &str, action: &str, id: &str| {
            format!(
                "From: MAILER-DAEMON@mx.elsewhere.example\r\nTo: {DO_NOT_REPLY}\r\nAuto-Submitted: auto-replied\r\n\
                 Subject: Undelivered Mail\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; \
                 report-type=delivery-status; boundary=\"=_b\"\r\n\r\n--=_b\r\n\r\nSorry.\r\n--=_b\r\nContent-Type: \
                 message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elsewhere.example\r\n\r\nFinal-Recipient: rfc822; \
                 {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n\
                 --=_b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\nSubject: x\r\n\r\n--=_b--\r\n"
            )
        };
        let head = stage.head();
        for raw in [
            report(GINA, "delayed", &id),
            report(BRUNO, "failed", &id),
            report(GINA, "failed", "<no-such-mail@insurer.example>"),
            report(GINA, "failed", &id.replace(|c: char| c.is_ascii_digit(), "0")),
        ] {
            server.secured("", &[DO_NOT_REPLY], raw).await;
        }
        assert_eq!(stage.head(), head);
        server.secured("", &[DO_NOT_REPLY], report(GINA, "failed", &id)).await;
        server.secured("", &[DO_NOT_REPLY], report(GINA, "failed", &id)).await;
        let message = text(&folder(&mut clara, "sent").await[0], "/id");
        let query = "query($id: ID!) { node(id: $id) { ... on Message { deliveries { notifications { state } } } } }";
        let answer = clara.ask(query, json!({ "id": message })).await.expect("an answer");
        let deliveries = &answer["data"]["node"]["deliveries"];
        assert!(deliveries.to_string().contains("BOUNCED"), "{answer}");
        let told = stage.mails(CLARA).await;
        assert_eq!(told.len(), 1);
        assert_eq!(stage.mails("MAILER-DAEMON@mx.elsewhere.example").await.len(), 0);
    })
    .await;
}
