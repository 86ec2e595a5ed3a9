//! The log itself, as an operator sees it. Works on a log that a node would refuse to start with.

use super::{plainly, say};
use crate::{config::Config, node::Node};
use anyhow::Result;
use clap::Subcommand;
use eventstore::{
    Clock,
    tree::{LogTree, Place, SignedCheckpoint},
};

/// What to do with the log.
#[derive(Debug, Clone, Subcommand)]
pub enum LogCommand {
    /// How many events there are, how far they are signed and by which key, and where that is anchored.
    Status,
    /// Declares that the log was restored from a backup and is to go on from there. Stop all nodes first. It is on record in
    /// every organisation, and the anchor that is given up is named in the file of anchors.
    DeclareRestore {
        /// Why, for the auditors.
        #[arg(long)]
        reason: String,
    },
}

/// Runs one of them.
pub async fn run(config: Config, command: LogCommand) -> Result<()> {
    let node = Node::open_unchecked(config, Clock::System).await?;
    match command {
        LogCommand::Status => say(&status(&node).await?)?,
        LogCommand::DeclareRestore { reason } => {
            let signed = node.app.declare_restore(&node.notary, &reason).await.map_err(plainly)?;
            say(&format!(
                "The log goes on from event {}. Its first checkpoint:\n\n{}",
                signed.size, signed.note
            ))?;
        }
    }
    node.stop().await;
    Ok(())
}

async fn status(node: &Node) -> Result<String> {
    let (log, tree) = (node.app.log(), node.app.log().tree());
    let mut text = format!("events       {}\nin the tree  {}\n", log.head(), tree.size().await?);
    match tree.checkpoint(None).await? {
        Some(checkpoint) => text += &shown(&checkpoint),
        None => text += "signed       nothing yet; a node with the role `workers` signs\n",
    }
    if let Some(key) = node.notary.public_key().await? {
        text.extend(["key          ", &key.to_string(), "\n"]);
    }
    text += &anchors(&tree).await?;
    match node.notary.given_up().await? {
        None => text += "The log continues its last anchor.\n",
        Some(given_up) => {
            let (known, departure) = (given_up.anchor.checkpoint.size, given_up.departure);
            let said = format!(
                "The log does NOT continue its last anchor, of {known} events: {departure}.\nIf a backup was restored, say so \
                 with `sealpost log declare-restore`; if not, find out with `sealpost verify`.\n"
            );
            text += &said;
        }
    }
    Ok(text)
}

fn shown(checkpoint: &SignedCheckpoint) -> String {
    let root = checkpoint.root.map(|byte| format!("{byte:02x}")).concat();
    let at = checkpoint.signed_at();
    format!("signed       {} at {at}\nroot         {root}\n", checkpoint.size)
}

async fn anchors(tree: &LogTree) -> Result<String> {
    let mut text = String::new();
    for place in Place::ALL {
        let last = tree.last_anchored(place).await?;
        let last =
            last.map_or_else(|| "never".to_owned(), |last| format!("{} at {}", last.tree_size, last.at));
        let line = format!("{:<12} {last}\n", place.as_str());
        text += &line;
    }
    Ok(text)
}
