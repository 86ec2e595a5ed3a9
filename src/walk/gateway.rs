//! A mail that the organisation's own mail server hands over, and what a content rule makes of it.

use super::story::{BRUNO, GINA, Story, folder, id_of, open};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

const ACCOUNT: &str = "{ viewer { account { id } } }";
const GRANT: &str =
    "mutation($input: GrantRoleInput!) { grantRole(input: $input) { problems { code message } position } }";
const CREATE_RULE: &str = "mutation($input: CreateContentRuleInput!) { createContentRule(input: $input) \
     { contentRule { id name } problems { code message field } position } }";
const SECURED: &str = "query($id: ID!) { node(id: $id) { ... on Message { subject securedByRule attachments { name sizeBytes } } } }";

const RULE: &str = "Whoever writes [secure] means it";
const TEXT: &str = "Your results are attached.";
const FILE: &str = "Glucose 4.8 mmol/l\r\n";

impl Story<'_> {
    /// B5, C1: a tag in the subject is enough; the sender needs nothing but the mail program that they have.
    pub(super) async fn a_mail_is_secured_by_a_rule(&mut self) -> Result<String> {
        let mut bruno = self.logged_in(BRUNO).await?;
        let account = bruno.ask(ACCOUNT, json!({})).await?["data"]["viewer"]["account"].clone();
        let mut administrator = self.logged_in(super::story::ADMINISTRATOR).await?;
        let grant = json!({ "accountId": id_of(&account)?, "role": "POLICY_AUTHOR" });
        administrator.act(GRANT, grant).await?;
        let conditions = json!([{ "part": "SUBJECT", "detector": "PATTERN", "pattern": "^\\s*\\[secure\\]", "threshold": 1 }]);
        let rule = json!({ "name": RULE, "order": 1, "action": "SECURE", "conditions": conditions });
        let key = self.key();
        bruno.act(CREATE_RULE, json!({ "idempotencyKey": key, "rule": rule })).await?;

        let before = folder(&mut self.gina, "inbox").await?.len();
        let mail = mail();
        self.hand_over(&mail).await?;
        // The answer may have got lost: the server hands it over again.
        self.hand_over(&mail).await?;
        let inbox = folder(&mut self.gina, "inbox").await?;
        ensure!(inbox.len() == before + 1, "{} messages came of one mail", inbox.len() - before);
        let found = inbox.iter().find(|message| message["subject"] == "Your results");
        let message = id_of(found.context("it does not lie in the inbox")?)?;
        let shown = self.gina.ask(SECURED, json!({ "id": message })).await?["data"]["node"].clone();
        ensure!(shown["securedByRule"] == RULE, "no rule is named: {shown}");
        let file = &shown["attachments"][0];
        ensure!(file["name"] == "results.txt" && file["sizeBytes"] == FILE.len(), "another file: {shown}");
        let opened: Value = open(&mut self.gina, &message).await?;
        let text = opened["content"]["text"].as_str().unwrap_or_default();
        ensure!(text.contains(TEXT), "another text: {opened}");
        Ok("handed over twice, there once, with its file".into())
    }

    /// What a mail server says, and what it must be answered (RFC 5321 §4.3.2).
    async fn hand_over(&self, mail: &str) -> Result<()> {
        let mut server = BufReader::new(TcpStream::connect(self.stage.gateway).await?);
        let sender = format!("MAIL FROM:<{BRUNO}>\r\n");
        let recipient = format!("RCPT TO:<{GINA}>\r\n");
        let steps = [
            ("", 220),
            ("EHLO mail.insurer.example\r\n", 250),
            (sender.as_str(), 250),
            (recipient.as_str(), 250),
            ("DATA\r\n", 354),
            (mail, 250),
            ("QUIT\r\n", 221),
        ];
        for (said, expected) in steps {
            server.write_all(said.as_bytes()).await?;
            let answer = reply(&mut server).await?;
            ensure!(answer.starts_with(&expected.to_string()), "the gateway answered {answer}");
        }
        Ok(())
    }
}

/// The last line of a reply.
async fn reply(server: &mut BufReader<TcpStream>) -> Result<String> {
    loop {
        let mut line = String::new();
        ensure!(server.read_line(&mut line).await? > 0, "the gateway hung up");
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line);
        }
    }
}

fn mail() -> String {
    let head = format!(
        "From: Bruno Example <{BRUNO}>\r\nTo: {GINA}\r\nSubject: [secure] Your results\r\n\
         Message-ID: <walk@insurer.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=walk\r\n\r\n"
    );
    let text = format!("--walk\r\nContent-Type: text/plain\r\n\r\n{TEXT}\r\n");
    let file = format!(
        "--walk\r\nContent-Type: text/plain; name=results.txt\r\n\
         Content-Disposition: attachment; filename=results.txt\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{FILE}\r\n--walk--\r\n.\r\n"
    );
    format!("{head}{text}{file}")
}
