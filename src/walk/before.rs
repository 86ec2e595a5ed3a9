//! From the first letter to the first login.

use super::story::{ADA, ADAS_PASSWORD, GINA, Story, id_of, refused};
use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const REGISTER: &str = "mutation($input: RegisterInput!) { register(input: $input) \
     { next problems { code message field } position } }";

impl Story<'_> {
    pub(super) async fn write_to_a_new_address(&mut self) -> Result<String> {
        let letter = super::letters::read(super::letters::ATTACHMENTS)?;
        ensure!(letter.files.len() == 3, "the letter should have three files");
        let message = self.write(ADA, &letter).await?;
        self.first = id_of(&message)?;
        ensure!(message["attachments"].as_array().map_or(0, Vec::len) == 3, "files are missing: {message}");
        self.jobs().await?;
        let mails = self.mails(ADA)?;
        ensure!(mails.len() == 1, "{} mails came instead of one invitation", mails.len());
        let mail = &mails[0];
        for secret in [&letter.subject, &letter.text, &letter.files[0].name] {
            ensure!(!mail.raw.contains(secret.as_str()), "the invitation gives content away");
        }
        ensure!(mail.raw.contains("Auto-Submitted: auto-generated"), "the mail is not marked as automatic");
        self.invitation = mail.token()?;
        Ok(format!("one invitation, without content: “{}”", mail.subject))
    }

    pub(super) async fn another_address_is_refused(&mut self) -> Result<String> {
        let form = self.form("eve@guest.example");
        let unknown = self.ada.attempt(REGISTER, form).await?;
        let form = self.form(GINA);
        let known = self.ada.attempt(REGISTER, form).await?;
        ensure!(refused(&unknown)? == "ADDRESS_REFUSED", "it was answered {unknown}");
        ensure!(unknown == known, "a known address gets another answer than an unknown one");
        Ok("ADDRESS_REFUSED, the same for known and unknown ones".into())
    }

    pub(super) async fn register(&mut self) -> Result<String> {
        let form = self.form("Ada@Guest.Example");
        let payload = self.ada.act(REGISTER, form).await?;
        ensure!(payload["next"] == "ACTIVATE", "it was answered {payload}");
        self.jobs().await?;
        let mails = self.mails(ADA)?;
        let mail = mails.last().context("no confirmation mail came")?;
        ensure!(mails.len() == 2, "{} mails came instead of two", mails.len());
        self.activation = mail.token()?;
        Ok(format!("“{}”", mail.subject))
    }

    pub(super) async fn no_login_before_activation(&mut self) -> Result<String> {
        let payload = self.ada.log_in(ADA, ADAS_PASSWORD).await?;
        ensure!(refused(&payload)? == "LOGIN_FAILED", "it was answered {payload}");
        Ok("LOGIN_FAILED".into())
    }

    pub(super) async fn looking_at_the_link(&mut self) -> Result<String> {
        let path = format!("/link/{}", self.activation);
        for method in [Method::GET, Method::HEAD, Method::GET] {
            let status = self.ada.page(method, &path).await?;
            ensure!(status.is_success(), "the page answered {status}");
        }
        let payload = self.ada.log_in(ADA, ADAS_PASSWORD).await?;
        ensure!(refused(&payload)? == "LOGIN_FAILED", "looking activated the account");
        Ok("GET and HEAD show a page, login is still refused".into())
    }

    pub(super) async fn activate_once(&mut self) -> Result<String> {
        let path = format!("/link/{}", self.activation);
        let pressed = self.ada.press(&path).await?;
        ensure!(pressed.is_success(), "the button answered {pressed}");
        let again = self.ada.press(&path).await?;
        ensure!(again.is_client_error(), "the second press answered {again}");
        let query = "mutation($input: ActivateAccountInput!) { activateAccount(input: $input) \
             { activated problems { code message } position } }";
        let payload = self.ada.attempt(query, json!({ "token": self.activation })).await?;
        ensure!(refused(&payload)? == "LINK_USED", "it was answered {payload}");
        Ok(format!("{pressed}, then {again}; by the API LINK_USED"))
    }

    pub(super) async fn one_answer_to_failures(&mut self) -> Result<String> {
        let wrong = self.ada.log_in(ADA, "not the password").await?;
        let unknown = self.ada.log_in("nobody@guest.example", "not the password").await?;
        ensure!(refused(&wrong)? == "LOGIN_FAILED", "it was answered {wrong}");
        ensure!(wrong == unknown, "a wrong password gets another answer than an unknown address");
        Ok(format!("{}", wrong["problems"][0]["message"]))
    }

    pub(super) async fn the_fifth_failure_locks(&mut self) -> Result<String> {
        // The first failure was the step before.
        for _ in 2..=5 {
            self.ada.log_in(ADA, "not the password").await?;
        }
        let right = self.ada.log_in(ADA, ADAS_PASSWORD).await?;
        ensure!(refused(&right)? == "LOGIN_FAILED", "the right password works while locked out");
        self.jobs().await?;
        let mails = self.mails(ADA)?;
        let mail = mails.last().context("no mail came")?;
        let until = mail.text.split_whitespace().find_map(instant).context("the mail names no time")?;
        ensure!(until > self.stage.clock.now(), "the mail names a time that is over");
        self.lockout_until = Some(until);
        Ok(format!("the right password is refused; the mail names {until}"))
    }

    pub(super) async fn the_lockout_ends(&mut self) -> Result<String> {
        let until = self.lockout_until.context("nobody is locked out")?;
        self.advance_to(until).await?;
        // Half an hour passed: everybody's session is over by now (A37).
        self.log_in_again().await?;
        Ok("released by the worker; the right password works".into())
    }

    fn form(&self, address: &str) -> Value {
        json!({
            "invitationToken": self.invitation,
            "address": address,
            "password": ADAS_PASSWORD,
            "profile": { "givenName": "Ada", "familyName": "Example", "telephone": "+1 555 0199" },
            "reminderPhrase": "birds in the morning",
            "challengeAnswers": [
                { "question": "In which town were you born?", "answer": "Lakeside" },
                { "question": "What was your first school?", "answer": "By the mill" },
            ],
        })
    }
}

fn instant(word: &str) -> Option<Timestamp> {
    OffsetDateTime::parse(word.trim_end_matches([',', '.']), &Rfc3339).ok().map(Timestamp::from)
}
