//! `sealpost org`: an organisation from its founding on, by the command line alone.

mod program;

use eventstore::testing::{TestDb, on_both};
use program::sealpost;
use std::{fs, path::Path};

/// An operator's shell.
struct Shell<'a> {
    folder: &'a Path,
    url: &'a str,
}

impl Shell<'_> {
    /// What the program prints when it does what it was told.
    #[track_caller]
    fn runs(&self, arguments: &[&str]) -> String {
        let output = sealpost(self.folder, self.url, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
    /// What it says when it does not.
    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = sealpost(self.folder, self.url, arguments);
        assert!(!output.status.success(), "{arguments:?} should have failed");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
    /// A file in the shell's folder.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("the file is written");
        path.to_string_lossy().into_owned()
    }
    fn found(&self) {
        let founded = self.runs(&[
            "org",
            "found",
            "--name",
            "Lakeside",
            "--portal-url",
            "https://mail.insurer.example",
            "--do-not-reply",
            "do-not-reply@insurer.example",
            "--domain",
            "insurer.example",
            "--administrator",
            "admin@insurer.example",
        ]);
        assert!(founded.contains("Organisation 1 is founded"), "{founded}");
    }
}

async fn in_shell(test: impl Fn(&Shell<'_>)) {
    on_both(async |database: TestDb| test(&Shell { folder: database.dir.path(), url: &database.url })).await;
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
}

/// K2, B8: an operator founds an organisation, invites its people, and gives and takes their roles within the rules.
#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_begins_at_the_command_line() {
    in_shell(|shell| {
        has(&shell.runs(&["org", "list"]), &["sealpost org found"]);
        has(&shell.refuses(&["org", "show"]), &["there is no organisation 1", "org list"]);
        shell.found();
        has(&shell.runs(&["org", "list"]), &["1", "Lakeside", "https://mail.insurer.example"]);
        has(&shell.runs(&["org", "show"]), &["insurer.example", "version 1, from the pack portal"]);

        shell.runs(&["org", "invite", "clara@insurer.example"]);
        shell.runs(&["org", "grant", "clara@insurer.example", "policy-author"]);
        let roles = shell.runs(&["org", "roles"]);
        has(&roles, &["admin@insurer.example", "administrator", "clara@insurer.example", "policy-author"]);
        has(
            &shell.refuses(&["org", "grant", "admin@insurer.example", "break-glass"]),
            &["must not be in one hand"],
        );
        has(&shell.refuses(&["org", "revoke", "admin@insurer.example", "administrator"]), &["somebody else"]);
        has(
            &shell.refuses(&["org", "grant", "nobody@insurer.example", "approver"]),
            &["invite the person first"],
        );
        has(&shell.refuses(&["org", "grant", "clara@insurer.example", "king"]), &["policy_author"]);
        shell.runs(&["org", "revoke", "clara@insurer.example", "policy-author"]);
        assert!(!shell.runs(&["org", "roles"]).contains("clara"), "the role was taken");

        has(
            &shell.runs(&["org", "domain", "claim", "lakeside.example"]),
            &["insurer.example, lakeside.example"],
        );
        let left = shell.runs(&["org", "domain", "release", "insurer.example"]);
        assert!(!left.contains("insurer.example") && left.contains("lakeside.example"), "{left}");
        has(&shell.refuses(&["org", "domain", "claim", "gmail.com"]), &["yours alone"]);
    })
    .await;
}

/// B16, Q8: the policy is changed from a file, after a look at what changes; every wrong setting is named at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_comes_from_a_file() {
    in_shell(|shell| {
        shell.found();
        let shown = shell.runs(&["org", "policy", "show"]);
        has(&shown, &["[sessions]", "idle_limit = \"PT30M\""]);
        let whole = shell.file("whole.toml", &shown);
        has(&shell.runs(&["org", "policy", "set", &whole]), &["already"]);
        let json = shell.runs(&["org", "policy", "show", "--format", "json"]);
        let json = shell.file("whole.json", &json);
        has(&shell.runs(&["org", "policy", "set", &json]), &["already"]);

        let shorter = shell.file("shorter.toml", "[sessions]\nidle_limit = \"PT10M\"\n");
        let looked = shell.refuses(&["org", "policy", "set", &shorter]);
        has(&looked, &["--yes", "sessions.idle_limit: PT30M -> PT10M"]);
        has(&shell.runs(&["org", "show"]), &["version 1"]);
        shell.runs(&["org", "policy", "set", &shorter, "--yes", "--reason", "Shared desks"]);
        has(&shell.runs(&["org", "policy", "show"]), &["idle_limit = \"PT10M\""]);
        let history = shell.runs(&["org", "policy", "history"]);
        has(&history, &["2 ", "operator", "Shared desks", "sessions.idle_limit: PT30M -> PT10M"]);

        let wrong =
            "[sessions]\nidle_limit = \"P2D\"\nlockout_threshold = 1\n[mail]\nattachment_count = 500\n";
        let wrong = shell.refuses(&["org", "policy", "set", &shell.file("wrong.toml", wrong), "--yes"]);
        has(
            &wrong,
            &["sessions.idle_limit", "sessions.lockout_threshold", "mail.attachment_count", "0 to 100"],
        );
        let unknown = shell.file("unknown.toml", "[sessions]\nidle = 3\n");
        has(&shell.refuses(&["org", "policy", "set", &unknown, "--yes"]), &["idle", "idle_limit"]);
        has(&shell.refuses(&["org", "policy", "set", "none.toml"]), &["cannot read none.toml"]);
        has(&shell.runs(&["org", "show"]), &["version 2"]);
    })
    .await;
}

/// A47, B35, B54, B55: what is shown in public, and the supported clients, come from the command line too.
#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_dressed_at_the_command_line() {
    in_shell(|shell| {
        shell.found();
        let words = shell.file("words.txt", "Secure mail waits for you.\n");
        let statement = shell.file("privacy.md", "# Privacy\n\nWe keep what we must.\n");
        let support = "[[support]]\ncountry = \"US\"\ntelephone = \"+15551230000\"\nhours = \"9 to 5\"\n";
        let support = shell.file("support.toml", support);
        let shown = shell.runs(&[
            "org",
            "update",
            "--name",
            "Lakeside Health",
            "--colour",
            "#225522",
            "--notification-text",
            &words,
            "--privacy-statement",
            &statement,
            "--support",
            &support,
        ]);
        has(&shown, &["Lakeside Health", "#225522", "US +15551230000 9 to 5"]);
        has(&shell.refuses(&["org", "update", "--colour", "#ffffff"]), &["darker"]);
        has(&shell.refuses(&["org", "update"]), &["required"]);

        let clients = "[[clients]]\nname = \"Plugin\"\nplatform = \"Outlook\"\nminimum_version = \"2.9\"\n\
             wanted_version = \"2.10\"\n";
        let clients = shell.runs(&["org", "clients", "set", &shell.file("clients.toml", clients)]);
        assert_eq!(shell.runs(&["org", "clients", "show"]), clients);
        has(&shell.runs(&["org", "show"]), &["Plugin on Outlook, 2.9 or later, 2.10 is wanted"]);
        let older = clients.replace("2.10", "2.8");
        has(
            &shell.refuses(&["org", "clients", "set", &shell.file("older.toml", &older)]),
            &["no older than"],
        );
    })
    .await;
}

/// Q1, K7: the audit is asked at the command line by the same conditions, oldest first; each question is on record.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_asked_at_the_command_line() {
    in_shell(|shell| {
        shell.found();
        shell.runs(&["org", "invite", "officer@insurer.example"]);
        let all = shell.runs(&["audit"]);
        has(&all, &["time (UTC)", "ORGANISATION_FOUNDED", "INVITED", "operator"]);
        let events: Vec<&str> = all.lines().skip(1).collect();
        assert!(
            events[0].contains("ORGANISATION_FOUNDED") && events[events.len() - 1].contains("AUDIT_QUERIED"),
            "{all}"
        );

        let lines = |arguments: &[&str]| {
            let shown = shell.runs(&[&["audit"], arguments].concat());
            shown.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let invited = lines(&["--kind", "INVITED", "--subject", "officer@insurer.example"]);
        assert!(invited.len() == 1 && invited[0].contains("INVITED"), "{invited:?}");
        assert_eq!(lines(&["--kind", "INVITED", "--address", "officer@insurer.example"]), invited);
        assert_eq!(lines(&["--kind", "INVITED", "--limit", "1"]), invited, "the newest");
        assert_eq!(lines(&["--kind", "INVITED"]).len(), 2);
        assert!(lines(&["--outcome", "failed"]).is_empty());
        assert!(lines(&["--network", "10.0.0.0/8"]).is_empty());
        assert!(lines(&["--until", "2020-01-01"]).is_empty());
        assert!(
            lines(&["--privileged", "--kind", "AUDIT_QUERIED"]).len() > 7,
            "each question before it, and itself"
        );
        has(&shell.refuses(&["audit", "--kind", "NONSENSE"]), &["no kind of event"]);
        has(&shell.refuses(&["audit", "--actor", "never@insurer.example"]), &["--address"]);
        has(&shell.refuses(&["audit", "--organisation", "7"]), &["no organisation 7"]);
    })
    .await;
}
