//! A Maildir: written in `tmp`, moved to `new` when it is whole, so that a reader never sees half a mail.
//!
//! The mails carry links that open accounts: only the program's own user may read them.

use std::{fs, io, os::unix::fs::DirBuilderExt, path::Path};
use tokio::{
    fs::{File, OpenOptions, rename},
    io::AsyncWriteExt,
};
use uuid::Uuid;

/// Makes the mailbox's folders where they are missing.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    for folder in ["tmp", "new", "cur"] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path.join(folder))?;
    }
    Ok(())
}

/// Stores a mail under an id, so that the same one stored again takes the place of the first. It
/// outlives a power cut. The sender is the envelope's, empty for none.
pub(crate) async fn deliver(path: &Path, id: Uuid, sender: &str, message: &[u8]) -> io::Result<()> {
    let name = id.to_string();
    let unfinished = path.join("tmp").join(&name);
    let new = path.join("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished).await?;
    // Final delivery says what the envelope's sender was (RFC 5321 §4.4).
    file.write_all(format!("Return-Path: <{sender}>\r\n").as_bytes()).await?;
    file.write_all(message).await?;
    file.sync_all().await?;
    rename(&unfinished, new.join(&name)).await?;
    File::open(&new).await?.sync_all().await
}
