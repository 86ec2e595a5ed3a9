//! Strings that would do harm elsewhere: they come back as they were written, or are refused, and no mail gets a header more.

use crate::{
    house::{CLARA, GINA, SEND},
    registration,
    stage::{REGISTER, codes, drafts, listed, on_stage, open, text},
};
use serde_json::{Value, json};

/// One line each.
const LINES: [&str; 6] = [
    "'; DROP TABLE events;--",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "${jndi:ldap://x.example/a} %s%n",
    "=cmd|' /C calc'!A0",
    "\u{202e}gnp.exe Ünïcödé 🦉",
];
/// With control characters.
const BROKEN: [&str; 3] = ["One\r\nBcc: x@y.example", "nul\u{0}byte", "\u{1b}[31mred\u{7f}"];

/// B35, R12: whatever stands in subject, text and names arrives as it was written, and never in a notification.
#[tokio::test]
async fn strings_arrive_as_written() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        for line in LINES {
            let name = line.replace(['\\', '"'], "").replace('\u{202e}', "");
            let input = json!({ "idempotencyKey": stage.key(), "to": [format!("\"{name}\" <{GINA}>")],
                "subject": line, "text": format!("{line}\r\nBcc: x@y.example") });
            let sent = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
            let shown = open(&mut gina, &sent).await;
            assert_eq!(shown["message"]["subject"], line);
            assert_eq!(shown["content"]["text"], format!("{line}\r\nBcc: x@y.example"));
            assert_eq!(listed(&mut gina, "inbox", &sent).await["to"][0]["name"], name);
        }
        for broken in BROKEN {
            let refused = stage.try_send(&mut clara, GINA, broken).await;
            assert_eq!(refused["problems"][0]["field"], json!(["subject"]), "{refused}");
            let input =
                json!({ "idempotencyKey": stage.key(), "to": [GINA], "subject": "S", "text": broken });
            let sent = text(&clara.act(SEND, input).await.expect("it is sent"), "/message/id");
            assert_eq!(open(&mut gina, &sent).await["content"]["text"], broken);
        }
        let mails = stage.mails(GINA).await;
        assert_eq!(mails.len(), LINES.len() + BROKEN.len());
        for mail in mails {
            assert!(!mail.raw.contains("y.example") && !mail.raw.contains("DROP TABLE"), "{}", mail.raw);
            let headers = mail.raw.split("\n\n").next().unwrap_or_default().to_lowercase();
            assert!(!headers.contains("bcc:") && headers.matches("\nto:").count() <= 1, "{headers}");
        }
    })
    .await;
}

/// A36, A38: a draft keeps what was typed, whatever it is; a file's name becomes harmless.
#[tokio::test]
async fn drafts_keep_what_was_typed() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let mut draft = stage.draft(&mut clara, &Value::Null).await;
        for string in LINES.into_iter().chain(BROKEN) {
            let change = json!({ "subject": string, "text": string, "to": [string], "cc": [string] });
            draft = stage.save(&mut clara, &draft, change).await["draft"].clone();
            let listed = &drafts(&mut clara).await[0];
            assert_eq!((&listed["subject"], &listed["text"]), (&json!(string), &json!(string)));
            let sent = stage.send_draft(&mut clara, &draft).await;
            assert!(sent["message"].is_null() && !codes(&sent).is_empty(), "{sent}");
        }
        stage
            .attach(
                &clara,
                &draft,
                &["../../etc/pass\r\nwd", "'; DROP TABLE events;--.pdf", "\u{202e}gnp.exe"],
            )
            .await;
        let change = json!({ "to": [GINA], "cc": [], "subject": "S" });
        let saved = stage.save(&mut clara, &draft, change).await["draft"].clone();
        let sent = stage.send_draft(&mut clara, &saved).await;
        let files =
            sent["message"]["attachments"].as_array().unwrap_or_else(|| panic!("it was not sent: {sent}"));
        let names: Vec<_> = files.iter().filter_map(|file| file["name"].as_str()).collect();
        assert_eq!(names, ["passwd", "'; DROP TABLE events;--.pdf", "gnp.exe"]);
    })
    .await;
}

/// A9, A19, R4: names of people come back as they were written; a login with any string is a failed login.
#[tokio::test]
async fn people_may_be_called_anything() {
    on_stage(async |stage| {
        let ada = "o'brien{{7*7}}@guest.example";
        let mut clara = stage.log_in(CLARA).await;
        stage.send(&mut clara, ada, "For Ada").await;
        let invitation = stage.mails(ada).await[0].token().expect("a link");
        let mut form = registration::form(&invitation, ada);
        form["challengeAnswers"][0]["question"] = json!(LINES[2]);
        for broken in BROKEN {
            form["profile"] = json!({ "givenName": LINES[0], "familyName": broken, "telephone": LINES[1] });
            let refused = stage.stranger().attempt(REGISTER, form.clone()).await.expect("an answer");
            assert_eq!(refused["problems"][0]["field"], json!(["profile", "familyName"]), "{refused}");
        }
        form["profile"]["familyName"] = json!(LINES[4]);
        stage.stranger().act(REGISTER, form).await.expect("she registers");
        let mails = stage.mails(ada).await;
        assert_eq!(mails.len(), 2);
        assert!(mails.iter().all(|mail| !mail.raw.contains("y.example") && !mail.raw.contains("DROP")));

        let mut words = vec![];
        for string in
            LINES.into_iter().chain(BROKEN).chain(["", "gina@guest.example'--", "GINA@guest.example\u{0}"])
        {
            words.push(stage.stranger().log_in(string, string).await.expect("an answer"));
        }
        assert_eq!(codes(&words[0]), ["LOGIN_FAILED"]);
        words.dedup();
        assert_eq!(words.len(), 1, "{words:?}");
    })
    .await;
}
