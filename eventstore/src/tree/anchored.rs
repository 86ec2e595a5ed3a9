//! Where checkpoints were put outside the database, as far as the database remembers.

use super::{LogTree, TreeError, signed, unsigned};
use domain::Timestamp;

/// A place outside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file of anchors.
    File,
    /// The web address that is told.
    Webhook,
    /// The officers' mailboxes.
    Mail,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::File, Self::Webhook, Self::Mail];

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }
}

/// A checkpoint that was put somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// Where.
    pub place: Place,
    /// Of which tree.
    pub tree_size: u64,
    /// When.
    pub at: Timestamp,
}

const OF_SIZE: &str = "SELECT place, anchored_at FROM log_anchors WHERE tree_size = $1 ORDER BY place";
const LAST: &str =
    "SELECT tree_size, anchored_at FROM log_anchors WHERE place = $1 ORDER BY tree_size DESC LIMIT 1";
const NOTE: &str =
    "INSERT INTO log_anchors (place, tree_size, anchored_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

impl LogTree {
    /// Where the checkpoint of this size was put.
    pub async fn anchored(&self, tree_size: u64) -> Result<Vec<Anchored>, TreeError> {
        let mut found = vec![];
        for row in self.db.all(OF_SIZE, vec![signed(tree_size).into()]).await? {
            let name = row.text("place")?;
            let at = Timestamp::from_micros(row.int("anchored_at")?);
            let place = Place::ALL.into_iter().find(|place| place.as_str() == name);
            found.extend(place.map(|place| Anchored { place, tree_size, at }));
        }
        Ok(found)
    }

    /// The last one that was put there.
    pub async fn last_anchored(&self, place: Place) -> Result<Option<Anchored>, TreeError> {
        let row = self.db.optional(LAST, vec![place.as_str().into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let tree_size = unsigned(row.int("tree_size")?);
        Ok(Some(Anchored { place, tree_size, at: Timestamp::from_micros(row.int("anchored_at")?) }))
    }

    /// Notes that a checkpoint was put somewhere.
    pub async fn note_anchored(&self, anchored: Anchored) -> Result<(), TreeError> {
        let Anchored { place, tree_size, at } = anchored;
        let values = vec![place.as_str().into(), signed(tree_size).into(), at.micros().into()];
        Ok(self.db.run(NOTE, values).await.map(drop)?)
    }
}
