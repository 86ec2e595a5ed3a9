//! Files that nobody has any more: uploads that were given up, files that were detached or discarded, and those of messages
//! that are over. A file that forwards share goes with the last of them (A21, A38).
//!
//! Who has a file, the read models say. What they cannot know yet is younger than a day, and while they are behind nothing is
//! deleted at all.

use crate::{
    App, Error,
    files::{Registered, registered},
};
use domain::Timestamp;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// What is younger is left alone: its event may still be on its way.
const YOUNG_MICROS: i64 = DAY_MICROS;
/// An upload that has not finished by then is given up.
const GIVEN_UP_MICROS: i64 = 7 * DAY_MICROS;
/// Files looked at together.
const TOGETHER: i64 = 200;

/// Older than a day; not wanted by a draft or a message that lives, nor by a mail that was held right after it came; and, where
/// it is an upload under way, too old or without its draft.
const UNWANTED: &str = "SELECT organisation, file, place, draft, length, received, parts, sealed, input_hash, attached \
     FROM files f WHERE created_at < $1 AND (attached OR created_at < $2 OR NOT EXISTS \
        (SELECT 1 FROM rm_drafts d WHERE d.organisation = f.organisation AND d.draft = f.draft)) \
     AND NOT EXISTS (SELECT 1 FROM rm_attachments a WHERE a.organisation = f.organisation \
        AND a.attachment = f.file AND (a.expires_at IS NULL OR a.expires_at > $3)) \
     AND NOT (f.draft IS NULL AND EXISTS (SELECT 1 FROM rm_rule_hits h WHERE h.organisation = f.organisation \
        AND h.waits IS NOT NULL AND h.at >= f.created_at AND h.at < f.created_at + $4)) \
     ORDER BY created_at, file LIMIT $5";
const READ_MODELS: &[&str] = &["mailbox", "rule_hits"];

impl App {
    /// Deletes the files that nobody has any more, and what interrupted writes left; gives how many it was. The blob goes
    /// before its row, so that a crash in between leaves something to go on with.
    pub async fn collect_garbage(&self) -> Result<u64, Error> {
        self.models.wait_for(self.log.head(), READ_MODELS).await?;
        let now = self.log.now();
        let before = now.micros() - YOUNG_MICROS;
        let mut collected = 0;
        loop {
            let values = vec![
                before.into(),
                (now.micros() - GIVEN_UP_MICROS).into(),
                now.micros().into(),
                YOUNG_MICROS.into(),
                TOGETHER.into(),
            ];
            let rows = self.log.db().all(UNWANTED, values).await?;
            let unwanted = rows.iter().map(registered).collect::<Result<Vec<Registered>, _>>()?;
            for file in &unwanted {
                self.blobs.delete_all(&file.place).await?;
                self.forget(file).await?;
                collected += 1;
            }
            if unwanted.is_empty() {
                let before = Timestamp::from_micros(before);
                return Ok(collected + self.blobs.clear_interrupted(before).await?);
            }
        }
    }
}
