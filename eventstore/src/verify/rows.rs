//! The levels of entries and bodies: every row, as it stands, in order. One task reads, a thread checks what comes, others hash.

use super::{
    Against, Progress, Stage, Verified, VerifyError,
    sources::{self, Extent},
};
use crate::{
    db::{Db, Row},
    log::{LogError, header},
    tree::{signed, unsigned},
};
use domain::verification::Level;
use proof::{
    Hash,
    checking::{Checked, Checker, MISSING},
    crew::cores,
    entry::{ENTRY_BYTES, entry},
    heads::SignedHead,
    tile::{TILE_HEIGHT, TILE_WIDTH, TileId},
    verdict::{Findings, Place, Verdict},
};
use tokio::sync::mpsc;

/// How much of each row is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    Entries,
    Bodies,
}

impl Depth {
    fn level(self) -> Level {
        match self {
            Self::Entries => Level::Entries,
            Self::Bodies => Level::Bodies,
        }
    }
}

/// Events read by one statement: 256 tiles, so that SQLite's write-ahead log can be cut back in between.
const STRETCH: u64 = 65_536;
/// Handovers, of a tile at most, that wait for the checking thread.
const WAITING: usize = 8;
/// A gap of more events is not looked beyond.
const WIDEST_GAP: u64 = 65_536;

const ENTRIES: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body_hash \
     FROM events WHERE position > $1 AND position <= $2 ORDER BY position";
const BODIES: &str = "SELECT position, organisation, class, stream, version, event_id, recorded_at, body_hash, body \
     FROM events WHERE position > $1 AND position <= $2 ORDER BY position";
const NEXT: &str = "SELECT COALESCE(MIN(position), $1) AS next FROM events WHERE position >= $1";
const OUTSIDE: &str = "SELECT COUNT(*) AS found FROM events WHERE position < 1";

/// Levels of a tree of 2^56 events, which no log has.
const LEVELS: u8 = 7;
/// Stands for a row that is none.
const MALFORMED: [u8; ENTRY_BYTES] = [0xff; ENTRY_BYTES];

/// What the checking thread gets.
enum Fed {
    Head(SignedHead),
    StoredTile(TileId, Vec<Hash>),
    Events(Vec<([u8; ENTRY_BYTES], Option<Vec<u8>>)>),
}

pub(super) async fn verify(
    db: &Db,
    against: &Against,
    depth: Depth,
    progress: Progress<'_>,
) -> Result<Verified, VerifyError> {
    let (feed, input) = mpsc::channel(WAITING);
    let stale_before = against.stale_before;
    let checking = tokio::task::spawn_blocking(move || check(input, stale_before));
    let mut reader =
        Reader { db, against, depth, feed, due: 1, batch: vec![], findings: Findings::default() };
    let read = reader.read(progress).await;
    let Reader { feed, findings, .. } = reader;
    // The thread ends with what it is fed.
    drop(feed);
    let checked = checking.await.map_err(|_| VerifyError::Stopped)?;
    let Checked { events, times, proven, notes, findings: found, .. } = checked;
    let mut all = findings;
    all.extend(found);
    Ok(Verified {
        level: depth.level(),
        events,
        heads: proven.heads,
        proven: proven.last,
        times,
        notes: [read?, notes].concat(),
        findings: all,
    })
}

fn check(mut input: mpsc::Receiver<Fed>, stale_before: Option<u64>) -> Checked {
    let mut checker = Checker::new(cores());
    while let Some(fed) = input.blocking_recv() {
        match fed {
            Fed::Head(head) => checker.head(head),
            Fed::StoredTile(id, hashes) => checker.stored_tile(id, hashes),
            Fed::Events(events) => {
                for (entry, body) in events {
                    match body {
                        Some(body) => checker.event(&entry, body),
                        None => checker.events(&[entry]),
                    }
                }
            }
        }
    }
    checker.finish(stale_before)
}

/// Reads everything in order, and feeds the checking thread.
struct Reader<'v> {
    db: &'v Db,
    against: &'v Against,
    depth: Depth,
    feed: mpsc::Sender<Fed>,
    /// The position that comes next.
    due: u64,
    batch: Vec<([u8; ENTRY_BYTES], Option<Vec<u8>>)>,
    findings: Findings,
}

impl Reader<'_> {
    /// Answers what is worth knowing.
    async fn read(&mut self, progress: Progress<'_>) -> Result<Vec<String>, VerifyError> {
        let Self { db, against, .. } = *self;
        let (anchors, notes) = against.anchors.heads(&against.key, &mut self.findings);
        let extent = Extent::read(db, &mut self.findings).await?;
        sources::check_key(db, &against.key, &extent, &mut self.findings).await?;
        let latest =
            extent.latest.as_deref().and_then(|note| sources::head(note, against, &mut self.findings));
        for head in anchors.into_iter().chain(latest) {
            self.give(Fed::Head(head)).await?;
        }
        let outside = db.one(OUTSIDE, vec![]).await?.int("found")?;
        if outside > 0 {
            let problem = format!("{outside} rows are before the beginning of the log");
            self.findings.add(Verdict::Tampered, problem);
        }
        let (mut from, mut is_whole) = (0, true);
        while from < extent.events && is_whole {
            let until = (from + STRETCH).min(extent.events);
            self.give_tiles(from, until, extent.tree).await?;
            self.give_heads((from.checked_sub(1).map(|_| from), until)).await?;
            self.give_rows(from, until).await?;
            is_whole = self.close_gap(until).await?;
            progress(Stage::Events, until, extent.events);
            from = until;
        }
        self.give_heads((from.checked_sub(1).map(|_| from), extent.checkpoints)).await?;
        if extent.events < extent.tree {
            let Extent { tree, events, .. } = extent;
            let problem = format!("the tree has {tree} leaves, and the last event is {events}");
            self.findings.add(Verdict::RolledBack, problem);
        }
        Ok(notes)
    }

    /// Tiles of the leaves of a stretch, and those above that begin with it.
    async fn give_tiles(&mut self, from: u64, until: u64, size: u64) -> Result<(), VerifyError> {
        for level in 0..LEVELS {
            let span = 1_u64 << (TILE_HEIGHT * (u32::from(level) + 1));
            let (first, end) = (from.div_ceil(span), until.div_ceil(span));
            let tiles = sources::tiles(self.db, level, (first, end), size, &mut self.findings).await?;
            for (id, hashes) in tiles {
                self.give(Fed::StoredTile(id, hashes)).await?;
            }
        }
        Ok(())
    }

    async fn give_heads(&mut self, sizes: (Option<u64>, u64)) -> Result<(), VerifyError> {
        for head in sources::heads(self.db, self.against, sizes, &mut self.findings).await? {
            self.give(Fed::Head(head)).await?;
        }
        Ok(())
    }

    async fn give_rows(&mut self, from: u64, until: u64) -> Result<(), VerifyError> {
        let sql = match self.depth {
            Depth::Entries => ENTRIES,
            Depth::Bodies => BODIES,
        };
        let db = self.db;
        let values = vec![signed(from).into(), signed(until).into()];
        db.each(sql, values, async |row| self.take(&row).await).await?;
        self.flush().await
    }

    /// Puts in what is missing at the end of a stretch. Whether it is worth looking further.
    async fn close_gap(&mut self, until: u64) -> Result<bool, VerifyError> {
        if self.due > until {
            return Ok(true);
        }
        let next = unsigned(self.db.one(NEXT, vec![signed(self.due).into()]).await?.int("next")?);
        if next.saturating_sub(self.due) > WIDEST_GAP {
            let problem =
                format!("events {} to {} are missing; what follows is not looked at", self.due, next - 1);
            self.findings.add(Verdict::Tampered, problem);
            return Ok(false);
        }
        while self.due < next && self.due <= until {
            self.push_missing().await?;
        }
        self.flush().await?;
        Ok(true)
    }

    /// Puts a row in its place, behind what is missing before it.
    async fn take(&mut self, row: &Row) -> Result<(), VerifyError> {
        let position = unsigned(row.int("position")?);
        if position < self.due {
            let place = Place { position, header: None };
            self.findings.at(Verdict::Tampered, place, "there is more than one row with this position");
            return Ok(());
        }
        while self.due < position {
            self.push_missing().await?;
        }
        let (entry, body) = match self.parts(row) {
            Ok(parts) => parts,
            Err(problem) => {
                self.findings.at(Verdict::Tampered, Place { position, header: None }, problem.to_string());
                (MALFORMED, (self.depth == Depth::Bodies).then(Vec::new))
            }
        };
        self.push(entry, body).await
    }

    fn parts(&self, row: &Row) -> Result<([u8; ENTRY_BYTES], Option<Vec<u8>>), LogError> {
        let entry = entry(&header(row)?, &row.bytes32("body_hash")?);
        let body = match self.depth {
            Depth::Entries => None,
            Depth::Bodies => Some(row.bytes("body")?),
        };
        Ok((entry, body))
    }

    async fn push_missing(&mut self) -> Result<(), VerifyError> {
        self.push(MISSING, (self.depth == Depth::Bodies).then(Vec::new)).await
    }

    async fn push(&mut self, entry: [u8; ENTRY_BYTES], body: Option<Vec<u8>>) -> Result<(), VerifyError> {
        self.batch.push((entry, body));
        self.due += 1;
        if (self.due - 1).is_multiple_of(TILE_WIDTH) { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), VerifyError> {
        let batch = std::mem::take(&mut self.batch);
        self.give(Fed::Events(batch)).await
    }

    async fn give(&self, fed: Fed) -> Result<(), VerifyError> {
        self.feed.send(fed).await.map_err(|_| VerifyError::Stopped)
    }
}
