//! From the first login to the end of the message, and of the guest's stay.

use super::{
    copy, letters,
    story::{ADA, GINA, Story, folder, id_of, open, refused},
};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

const FORWARD: &str = "mutation($input: ForwardMessageInput!) { forwardMessage(input: $input) \
     { message { id subject } problems { code message field } position } }";
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) \
     { message { id subject expiresAt } draft { id } problems { code message field } position } }";

impl Story<'_> {
    pub(super) async fn the_inbox_shows_it(&mut self) -> Result<String> {
        let inbox = folder(&mut self.ada, "inbox").await?;
        ensure!(inbox.len() == 1, "the inbox has {} messages", inbox.len());
        let message = &inbox[0];
        ensure!(message["subject"] == self.first_letter.subject, "the subject is {}", message["subject"]);
        ensure!(message["openedAt"].is_null(), "it counts as opened before anybody opened it");
        let shown = message["attachments"].as_array().cloned().unwrap_or_default();
        for file in &self.first_letter.files {
            let has = |shown: &Value| shown["name"] == file.name && shown["sizeBytes"] == file.bytes.len();
            ensure!(shown.iter().any(has), "{} is missing in {shown:?}", file.name);
        }
        Ok(format!("{} with {} files", message["subject"], shown.len()))
    }

    pub(super) async fn open(&mut self) -> Result<String> {
        let payload = open(&mut self.ada, &self.first).await?;
        let text = payload["content"]["text"].as_str().context("no text came")?;
        ensure!(text == self.first_letter.text, "the text is another one");
        ensure!(!payload["message"]["openedAt"].is_null(), "it does not count as opened");
        let inbox = folder(&mut self.ada, "inbox").await?;
        ensure!(!inbox[0]["openedAt"].is_null(), "the inbox does not show that it was opened");
        Ok(format!("{} characters, as they were written", text.chars().count()))
    }

    pub(super) async fn reply(&mut self) -> Result<String> {
        let query = "mutation($input: ReplyToMessageInput!) { replyToMessage(input: $input) \
             { message { id subject to { address } } problems { code message } position } }";
        let key = self.key();
        let input =
            json!({ "idempotencyKey": key, "messageId": self.first, "text": "Thank you, that helps." });
        let payload = self.ada.act(query, input.clone()).await?;
        let again = self.ada.act(query, input).await?;
        ensure!(
            payload["message"]["id"] == again["message"]["id"],
            "repeating the request sent a second reply"
        );
        let inbox = folder(&mut self.clara, "inbox").await?;
        ensure!(inbox.len() == 1 && inbox[0]["from"]["address"] == ADA, "the sender has no reply");
        Ok(format!("{}; repeating the request sends nothing twice", payload["message"]["subject"]))
    }

    pub(super) async fn forward_within_the_domain(&mut self) -> Result<String> {
        let key = self.key();
        let input =
            json!({ "idempotencyKey": key, "messageId": self.first, "to": [GINA], "text": "For you too." });
        self.ada.act(FORWARD, input).await?;
        let inbox = folder(&mut self.gina, "inbox").await?;
        let message = inbox.first().context("it did not arrive")?;
        let id = id_of(message)?;
        let payload = open(&mut self.gina, &id).await?;
        let text = payload["content"]["text"].as_str().unwrap_or_default();
        ensure!(text.contains(self.first_letter.text.trim()), "the original is not in the forward");
        ensure!(message["attachments"].as_array().map_or(0, Vec::len) == 3, "the files were not passed on");
        Ok(format!("{GINA} reads the original with its files"))
    }

    pub(super) async fn forward_outside_is_refused(&mut self) -> Result<String> {
        let key = self.key();
        let outside = "somebody@elsewhere.example";
        let input = json!({ "idempotencyKey": key, "messageId": self.first, "to": [outside], "text": "" });
        let payload = self.ada.attempt(FORWARD, input).await?;
        ensure!(refused(&payload)? == "RECIPIENT_REFUSED", "it was answered {payload}");
        let message = payload["problems"][0]["message"].as_str().unwrap_or_default();
        ensure!(message.contains(outside), "the refusal does not name the recipient");
        Ok(message.into())
    }

    pub(super) async fn a_second_message_is_announced(&mut self) -> Result<String> {
        self.advance("P3D").await?;
        self.log_in_again().await?;
        let mut news = self.ada.news().await?;
        let letter = letters::read(letters::PLAIN)?;
        let key = self.key();
        let input =
            json!({ "idempotencyKey": key, "to": [ADA], "subject": letter.subject, "text": letter.text });
        let sent = self.clara.act(SEND, input).await?;
        self.second = id_of(&sent["message"])?;
        let change = news.next().await?;
        ensure!(change["kind"] == "ARRIVED", "the news were {change}");
        ensure!(change["message"]["id"] == self.second, "the news are of another message");
        let before = self.mails(ADA)?.len();
        self.jobs().await?;
        let mails = self.mails(ADA)?;
        ensure!(mails.len() == before + 1, "{} notifications came instead of one", mails.len() - before);
        Ok(format!("{}; one mail: “{}”", change["kind"], mails[mails.len() - 1].subject))
    }

    pub(super) async fn other_letters_arrive(&mut self) -> Result<String> {
        let mut subjects = vec![];
        for bytes in [letters::ALTERNATIVE, letters::LATIN1] {
            let letter = letters::read(bytes)?;
            let key = self.key();
            let input = json!({ "idempotencyKey": key, "to": [GINA], "subject": letter.subject, "text": letter.text });
            let sent = self.clara.act(SEND, input).await?;
            let id = id_of(&sent["message"])?;
            let payload = open(&mut self.gina, &id).await?;
            ensure!(payload["message"]["subject"] == letter.subject, "the subject changed");
            ensure!(payload["content"]["text"] == letter.text, "the text changed");
            subjects.push(letter.subject);
        }
        Ok(subjects.join(" / "))
    }

    pub(super) async fn the_first_message_expires(&mut self) -> Result<String> {
        let before =
            copy::openable(self.stage, "before", self.began.plus("P60D".parse().context("a period")?))
                .await?;
        ensure!(before.of_the_day > 0, "the copy could not even be opened before");
        self.advance_to(self.began.plus("P61D".parse().context("a period")?)).await?;
        self.log_in_again().await?;
        let first = self.first.clone();
        for (who, client, name) in [("guest", &mut self.ada, "inbox"), ("sender", &mut self.clara, "sent")] {
            let list = folder(client, name).await?;
            ensure!(list.iter().all(|message| message["id"] != first), "the {who} still sees it in a list");
            let payload = open(client, &first).await?;
            ensure!(refused(&payload)? == "UNAVAILABLE", "the {who} opened it: {payload}");
            ensure!(payload["content"].is_null(), "the {who} got content");
        }
        let key = self.key();
        let input = json!({ "idempotencyKey": key, "messageId": first, "to": [GINA], "text": "" });
        let payload = self.ada.attempt(FORWARD, input).await?;
        refused(&payload)?;
        let forwarded = folder(&mut self.gina, "inbox").await?;
        let stands =
            |message: &Value| message["subject"].as_str().is_some_and(|subject| subject.starts_with("Fwd: "));
        ensure!(!forwarded.iter().any(stands), "the forward outlived the original");
        Ok("gone from list, view and forward; the forward went with it".into())
    }

    pub(super) async fn a_copy_opens_nothing(&mut self) -> Result<String> {
        let day = self.began.plus("P60D".parse().context("a period")?);
        let after = copy::openable(self.stage, "after", day).await?;
        ensure!(after.of_the_day == 0, "{} rows of that day can still be opened", after.of_the_day);
        ensure!(after.of_other_days > 0, "the copy opens nothing at all, so this shows nothing");
        Ok(format!("0 of its rows open, {} of later days still do", after.of_other_days))
    }

    pub(super) async fn the_guest_leaves(&mut self) -> Result<String> {
        let mails = self.mails(ADA)?;
        let token = mails.last().context("no mail")?.leaving_token()?;
        let path = format!("/link/{token}");
        ensure!(self.ada.page(Method::GET, &path).await?.is_success(), "the page is not there");
        ensure!(!folder(&mut self.ada, "inbox").await?.is_empty(), "looking at the page was enough to leave");
        let pressed = self.ada.press(&path).await?;
        ensure!(pressed.is_success(), "the button answered {pressed}");
        Ok("a page, a button, done".into())
    }

    pub(super) async fn what_leaving_means(&mut self) -> Result<String> {
        let before = self.mails(ADA)?.len();
        let key = self.key();
        let input =
            json!({ "idempotencyKey": key, "to": [ADA], "subject": "One more", "text": "Are you there?" });
        let payload = self.clara.attempt(SEND, input).await?;
        ensure!(refused(&payload)? == "RECIPIENT_REFUSED", "it was answered {payload}");
        self.jobs().await?;
        ensure!(self.mails(ADA)?.len() == before, "a notification followed");
        ensure!(folder(&mut self.ada, "inbox").await?.is_empty(), "received mail is still listed");
        let second = self.second.clone();
        let payload = open(&mut self.ada, &second).await?;
        ensure!(refused(&payload)? == "UNAVAILABLE", "received mail still opens: {payload}");
        let kept = open(&mut self.clara, &second).await?;
        ensure!(kept["content"]["text"].is_string(), "the sender's copy is gone too: {kept}");
        Ok("writing to her is refused by name; the sender's copy stands".into())
    }
}
