//! A draft that waits, a file that comes in pieces, and what its recipient takes home.

use super::{
    client::File,
    story::{GINA, Story, id_of, refused},
};
use anyhow::{Context, Result, ensure};
use async_zip::base::read1::seek::ZipArchiveReader;
use futures_util::io::{AsyncReadExt, Cursor};
use serde_json::{Value, json};

const CREATE: &str = "mutation($input: CreateDraftInput!) { createDraft(input: $input) \
     { draft { id version } problems { code message } position } }";
const SAVE: &str = "mutation($input: UpdateDraftInput!) { updateDraft(input: $input) \
     { draft { id version } problems { code message field } position } }";
const DRAFTS: &str = "{ viewer { mailbox { drafts(first: 50) { edges { node { id version subject text attachments { name } } } } } } }";
const SEND: &str = "mutation($input: SendDraftInput!) { sendDraft(input: $input) \
     { message { id } problems { code message field } position } }";
const KEPT: &str = "query($id: ID!) { node(id: $id) { ... on Message { downloads { textUrl zipUrl } \
     attachments { name downloadUrl } deliveries { downloadedAt } } } }";

const SUBJECT: &str = "The scan that you asked for";
const TEXT: &str = "Here it is, in one piece again.";

impl Story<'_> {
    pub(super) async fn a_draft_outlives_a_session(&mut self) -> Result<String> {
        let key = self.key();
        let begun = self.clara.act(CREATE, json!({ "idempotencyKey": key })).await?["draft"].clone();
        let input = json!({ "draftId": begun["id"], "version": begun["version"], "to": [GINA],
             "subject": SUBJECT, "text": TEXT });
        self.clara.act(SAVE, input.clone()).await?;
        self.advance("PT1H").await?;
        let over = self.clara.ask(DRAFTS, json!({})).await?;
        let code = &over["errors"][0]["extensions"]["code"];
        ensure!(code == "SESSION_ENDED", "the session should be over: {over}");
        self.log_in_again().await?;
        let stale = self.clara.attempt(SAVE, input).await?;
        ensure!(refused(&stale)? == "CONFLICT", "a window that is behind overwrote it: {stale}");
        self.draft = self.found_draft(&id_of(&begun)?).await?;
        ensure!(self.draft["subject"] == SUBJECT && self.draft["text"] == TEXT, "it is another one");
        Ok("kept over the timeout; a window that is behind overwrites nothing".into())
    }

    pub(super) async fn a_file_arrives_in_pieces(&mut self) -> Result<String> {
        let (id, key) = (id_of(&self.draft)?, self.key());
        let file = scan();
        self.clara.upload_in_pieces(&id, &key, &file, 2).await?;
        let draft = self.found_draft(&id).await?;
        ensure!(draft["attachments"][0]["name"] == file.name, "it is not attached: {draft}");
        Ok(format!("{}, {} bytes in two pieces", file.name, file.bytes.len()))
    }

    pub(super) async fn the_recipient_keeps_it(&mut self) -> Result<String> {
        let key = self.key();
        let input =
            json!({ "idempotencyKey": key, "draftId": self.draft["id"], "version": self.draft["version"] });
        let message = id_of(&self.clara.act(SEND, input).await?["message"])?;
        let shown = self.gina.ask(KEPT, json!({ "id": message })).await?["data"]["node"].clone();
        let file = scan();
        let bytes = self.gina.download(url(&shown["attachments"][0]["downloadUrl"])?).await?;
        ensure!(bytes == file.bytes, "the file came back as another one");
        let text = self.gina.download(url(&shown["downloads"]["textUrl"])?).await?;
        ensure!(String::from_utf8(text.clone())?.contains(TEXT), "the text file has another text");
        let zip = self.gina.download(url(&shown["downloads"]["zipUrl"])?).await?;
        let packed = unpacked(zip.clone()).await?;
        let expected = [(format!("{SUBJECT}.txt"), text), (file.name, file.bytes)];
        ensure!(
            packed == expected,
            "the Zip file holds {:?}",
            packed.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
        let seen = self.clara.ask(KEPT, json!({ "id": message })).await?;
        let at = &seen["data"]["node"]["deliveries"][0]["downloadedAt"];
        ensure!(at.is_string(), "the sender does not see that it was taken: {seen}");
        Ok(format!("the file, the text, and a Zip file of {} bytes with both", zip.len()))
    }

    async fn found_draft(&mut self, id: &str) -> Result<Value> {
        let answer = self.clara.ask(DRAFTS, json!({})).await?;
        let edges = answer["data"]["viewer"]["mailbox"]["drafts"]["edges"].as_array();
        let mut drafts = edges.context("no drafts")?.iter().map(|edge| edge["node"].clone());
        drafts.find(|draft| draft["id"] == id).context("the draft is not listed")
    }
}

/// A file that is longer than a chunk of the store, and no two chunks of it alike.
fn scan() -> File {
    let bytes = (0..200_000_u32).map(|place| place.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    File { name: "Scan März.pdf".into(), media_type: "application/pdf".into(), bytes }
}

/// The path in an address of the portal: the walk talks to the node itself.
fn url(value: &Value) -> Result<&str> {
    let url = value.as_str().context("no address to download from")?;
    Ok(&url[url.find("/download/").context("another address")?..])
}

/// Names and bytes of what is in a Zip file.
async fn unpacked(zip: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>> {
    let mut zip = ZipArchiveReader::open(Cursor::new(zip)).await?;
    let names = zip.cdrs().iter().map(|entry| entry.insecure_file_name.as_str().map(str::to_owned));
    let names: Vec<String> = names.collect::<Option<_>>().context("a name that is not UTF-8")?;
    let mut files = vec![];
    for (index, name) in names.into_iter().enumerate() {
        let mut bytes = vec![];
        zip.file(index).await?.read_to_end(&mut bytes).await?;
        files.push((name, bytes));
    }
    Ok(files)
}
