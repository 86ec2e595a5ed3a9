//! Who plays, what they remember, and what they do again and again.

use super::{
    Stage,
    client::{Client, File},
    letters::{self, Arrived, Letter},
};
use anyhow::{Context, Result, ensure};
use domain::{Timestamp, period::Period};
use serde_json::{Value, json};

/// The story so far.
pub struct Story<'a> {
    pub(super) stage: &'a Stage<'a>,
    /// A member, who writes.
    pub(super) clara: Client,
    /// A guest of the same domain as Ada.
    pub(super) gina: Client,
    /// The new guest.
    pub(super) ada: Client,
    /// Ada's way in.
    pub(super) invitation: String,
    /// Ada's activation.
    pub(super) activation: String,
    /// Messages, by what they are in the story.
    pub(super) first: String,
    pub(super) second: String,
    pub(super) first_letter: Letter,
    /// What Clara writes on.
    pub(super) draft: Value,
    pub(super) lockout_until: Option<Timestamp>,
    pub(super) began: Timestamp,
    /// How many requests had a key so far.
    keys: u32,
}

/// The address that nobody holds when the story begins.
pub const ADA: &str = "ada@guest.example";
/// Another person of Ada's domain.
pub const GINA: &str = "gina@guest.example";
/// The member who writes.
pub const CLARA: &str = "clara@insurer.example";
/// A member who writes from a mail program.
pub const BRUNO: &str = "bruno@insurer.example";
/// The compliance officer.
pub const OFFICER: &str = "officer@insurer.example";
/// The administrator.
pub const ADMINISTRATOR: &str = "admin@insurer.example";
/// Ada's password.
pub const ADAS_PASSWORD: &str = "seven quiet herons at dawn";

impl<'a> Story<'a> {
    /// Members log in.
    pub async fn begin(stage: &'a Stage<'a>) -> Result<Self> {
        let mut story = Self {
            stage,
            clara: Client::new(stage.address)?,
            gina: Client::new(stage.address)?,
            ada: Client::new(stage.address)?,
            invitation: String::new(),
            activation: String::new(),
            first: String::new(),
            second: String::new(),
            first_letter: letters::read(letters::ATTACHMENTS)?,
            draft: Value::Null,
            lockout_until: None,
            began: stage.clock.now(),
            keys: 0,
        };
        story.clara = story.logged_in(CLARA).await?;
        story.gina = story.logged_in(GINA).await?;
        Ok(story)
    }

    /// A new session of one of the people.
    pub(super) async fn logged_in(&self, address: &str) -> Result<Client> {
        let password = match self.stage.cast.person(address) {
            Ok((_, password)) => password,
            Err(_) if address == ADA => ADAS_PASSWORD,
            Err(unknown) => return Err(unknown),
        };
        let mut client = Client::new(self.stage.address)?;
        let payload = client.log_in(address, password).await?;
        ensure!(payload["viewer"]["account"]["primaryAddress"] == address, "login answered {payload}");
        Ok(client)
    }

    /// Everybody's sessions anew, after time has passed.
    pub(super) async fn log_in_again(&mut self) -> Result<()> {
        self.clara = self.logged_in(CLARA).await?;
        self.gina = self.logged_in(GINA).await?;
        self.ada = self.logged_in(ADA).await?;
        Ok(())
    }

    /// Moves the clock, and lets the scheduled jobs do what time does.
    pub(super) async fn advance_to(&self, at: Timestamp) -> Result<()> {
        // Time passes only when everything that happened has had its effect, as it has in life after a moment.
        let app = &self.stage.node.app;
        app.wait_for(app.log().head()).await?;
        ensure!(self.stage.clock.set(at), "the clock cannot be moved");
        for ran in self.stage.node.scheduler.run_due().await? {
            ensure!(ran.failure.is_none(), "the job {} failed: {:?}", ran.name.as_str(), ran.failure);
        }
        Ok(())
    }

    /// Lets some time pass.
    pub(super) async fn advance(&self, period: &str) -> Result<()> {
        let period: Period = period.parse().context("a period")?;
        self.advance_to(self.stage.clock.now().plus(period)).await
    }

    /// Lets a minute pass: by then every job but the hourly one has had its turn.
    pub(super) async fn jobs(&self) -> Result<()> {
        self.advance("PT1M").await
    }

    /// A key for a request that must not be done twice.
    pub(super) fn key(&mut self) -> String {
        self.keys += 1;
        format!("walk-request-{}", self.keys)
    }

    /// Mails that arrived for an address.
    pub(super) fn mails(&self, address: &str) -> Result<Vec<Arrived>> {
        letters::arrived(&self.stage.mail, address)
    }

    /// A letter by way of a draft: begun, saved, files attached, sent. Gives the message.
    pub(super) async fn write(&mut self, to: &str, letter: &Letter) -> Result<Value> {
        let key = self.key();
        let begin = "mutation($input: CreateDraftInput!) { createDraft(input: $input) \
             { draft { id version } problems { code message } position } }";
        let draft = self.clara.act(begin, json!({ "idempotencyKey": key })).await?["draft"].clone();
        let id = id_of(&draft)?;
        let save = "mutation($input: UpdateDraftInput!) { updateDraft(input: $input) \
             { draft { id version to { address isNew problem { code } } } problems { code message field } position } }";
        let input = json!({ "draftId": id, "version": draft["version"], "to": [to],
             "subject": letter.subject, "text": letter.text });
        let saved = self.clara.act(save, input).await?["draft"].clone();
        for file in &letter.files {
            let key = self.key();
            self.attach(&id, &key, file).await?;
        }
        let key = self.key();
        let send = "mutation($input: SendDraftInput!) { sendDraft(input: $input) \
             { message { id subject sentAt expiresAt attachments { name sizeBytes } } problems { code message field } position } }";
        let input = json!({ "idempotencyKey": key, "draftId": id, "version": saved["version"], "newRecipients": "INVITE" });
        Ok(self.clara.act(send, input).await?["message"].clone())
    }

    async fn attach(&self, draft: &str, key: &str, file: &File) -> Result<()> {
        self.clara.upload(draft, key, file).await.with_context(|| format!("attaching {}", file.name))
    }
}

/// The first problem's code of a payload that must have been refused.
pub(super) fn refused(payload: &Value) -> Result<&str> {
    payload["problems"][0]["code"].as_str().with_context(|| format!("it was not refused: {payload}"))
}

/// The id of an object.
pub(super) fn id_of(object: &Value) -> Result<String> {
    Ok(object["id"].as_str().with_context(|| format!("it has no id: {object}"))?.to_owned())
}

/// A list as the inbox or the sent folder shows it.
pub(super) async fn folder(client: &mut Client, name: &str) -> Result<Vec<Value>> {
    let query = format!(
        "{{ viewer {{ mailbox {{ unreadCount {name}(first: 50) {{ totalCount edges {{ node {{ id subject openedAt \
         from {{ address }} attachments {{ name sizeBytes }} }} }} }} }} }} }}"
    );
    let answer = client.ask(&query, json!({})).await?;
    let list = &answer["data"]["viewer"]["mailbox"][name]["edges"];
    let edges = list.as_array().with_context(|| format!("no {name}: {answer}"))?;
    Ok(edges.iter().map(|edge| edge["node"].clone()).collect())
}

/// Opens a message; the payload says whether it worked.
pub(super) async fn open(client: &mut Client, message: &str) -> Result<Value> {
    let query = "mutation($input: OpenMessageInput!) { openMessage(input: $input) \
         { message { id openedAt subject } content { text } problems { code message } position } }";
    client.attempt(query, json!({ "messageId": message })).await
}
