//! A log held against what was signed of it: its events in order, in one pass, in constant memory, on all cores.

mod tiles;

use crate::{
    crew::Crew,
    entry::{ENTRY_BYTES, HEADER_BYTES, Header},
    growing::{Growing, HashedTile, hash_tiles},
    heads::{Heads, Proven, SignedHead},
    sequence::{Sequence, Times},
    tile::{TILE_WIDTH, TileId},
    tree::Hash,
    verdict::{Findings, Place, Verdict},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, num::NonZeroUsize};
use tiles::StoredTiles;

/// Entries in a piece of work: 16 tiles, about 360 KB.
const PIECE_ENTRIES: usize = 16 * 256;
/// Bytes of bodies in a piece of work, but for the last body.
const PIECE_BYTES: usize = 1024 * 1024;

/// Checks events as they come.
pub struct Checker {
    count: u64,
    crew: Crew<Work, Done>,
    sequence: Sequence,
    growing: Growing,
    heads: Heads,
    /// Heads of sizes that are yet to come, by size and in the order of arrival.
    waiting: BTreeMap<(u64, u64), SignedHead>,
    arrived: u64,
    stored: StoredTiles,
    entries: Vec<Entry>,
    /// Emptied ones, to be filled again.
    spare: Vec<Vec<Entry>>,
    bodies: Vec<Body>,
    bodies_bytes: usize,
    findings: Findings,
}

/// What was checked.
#[derive(Debug, Clone)]
pub struct Checked {
    /// How many events there are.
    pub events: u64,
    /// Root of the tree over all of them.
    pub root: Hash,
    /// When they were recorded.
    pub times: Option<Times>,
    /// What signed heads prove.
    pub proven: Proven,
    /// What is worth knowing and no sign of tampering.
    pub notes: Vec<String>,
    /// What is wrong.
    pub findings: Findings,
}

type Entry = [u8; ENTRY_BYTES];

/// Stands for an event that is not there, so that those after it keep their places.
pub const MISSING: [u8; ENTRY_BYTES] = [0; ENTRY_BYTES];

/// A sealed body with the position and the entry of its event.
struct Body(u64, Entry, Vec<u8>);

/// What threads do.
enum Work {
    Tiles(Vec<Entry>),
    Bodies(Vec<Body>),
}

enum Done {
    /// The entries again, with their hashes.
    Tiles(Vec<Entry>, Vec<HashedTile>),
    /// Events whose bodies are not theirs.
    Bodies(Vec<Place>),
}

fn work(work: Work) -> Done {
    match work {
        Work::Tiles(entries) => {
            let tiles = hash_tiles(&entries);
            Done::Tiles(entries, tiles)
        }
        Work::Bodies(bodies) => {
            let others = bodies.iter().filter(|Body(_, entry, body)| !is_body_of(body, entry));
            Done::Bodies(others.map(|Body(position, entry, _)| place(*position, entry)).collect())
        }
    }
}

/// Whether a sealed body is the one that an entry names by its hash.
#[must_use]
pub fn is_body_of(body: &[u8], entry: &[u8; ENTRY_BYTES]) -> bool {
    Sha256::digest(body)[..] == entry[HEADER_BYTES..]
}

/// The place of an entry.
#[must_use]
pub fn place(position: u64, entry: &[u8; ENTRY_BYTES]) -> Place {
    Place { position, header: entry.first_chunk().and_then(Header::decode) }
}

impl Checker {
    /// Checks with so many threads besides the caller's.
    #[must_use]
    pub fn new(threads: NonZeroUsize) -> Self {
        Self {
            count: 0,
            crew: Crew::new(threads, work),
            sequence: Sequence::default(),
            growing: Growing::default(),
            heads: Heads::default(),
            waiting: BTreeMap::new(),
            arrived: 0,
            stored: StoredTiles::default(),
            entries: vec![],
            spare: vec![],
            bodies: vec![],
            bodies_bytes: 0,
            findings: Findings::default(),
        }
    }

    /// A signed head, before the first event of the tile after the one that completes its size.
    pub fn head(&mut self, head: SignedHead) {
        self.arrived += 1;
        self.waiting.insert((head.size(), self.arrived), head);
    }

    /// A tile as it is stored beside the log, before the first event of the tile after it. Each is compared with the one that
    /// the events give, so that the very event is found that does not fit.
    pub fn stored_tile(&mut self, id: TileId, hashes: Vec<Hash>) {
        self.stored.expect(id, hashes);
    }

    /// The next event with its sealed body.
    pub fn event(&mut self, entry: &[u8; ENTRY_BYTES], body: Vec<u8>) {
        self.events(std::slice::from_ref(entry));
        self.bodies_bytes += body.len();
        if *entry != MISSING {
            self.bodies.push(Body(self.count, *entry, body));
        }
        if self.bodies_bytes >= PIECE_BYTES {
            self.give_bodies();
        }
    }

    /// The next events of one tile, without their bodies. Bodies come with all events or with none.
    pub fn events(&mut self, entries: &[[u8; ENTRY_BYTES]]) {
        // Not as soon as the piece is full: heads and stored tiles of its last tile may come until now.
        if self.entries.len() >= PIECE_ENTRIES {
            self.give_entries();
        }
        self.count += entries.len() as u64;
        self.entries.extend_from_slice(entries);
    }

    /// Findings so far, to add to them.
    pub fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    /// How many events came.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What it comes to. `stale_before` is when the freshest head must have been signed at the earliest, in seconds since 1970.
    #[must_use]
    pub fn finish(mut self, stale_before: Option<u64>) -> Checked {
        self.give_entries();
        self.give_bodies();
        while let Some(done) = self.crew.take() {
            self.receive(done);
        }
        self.judge_heads();
        // What is left speaks of more events than there are.
        for head in std::mem::take(&mut self.waiting).into_values() {
            self.heads.judge(head, None, &mut self.findings);
        }
        self.stored.finish(&mut self.findings);
        let proven = self.heads.finish(stale_before, &mut self.findings);
        let mut notes = self.sequence.notes();
        let (events, proven_until) = (self.growing.size(), proven.last.as_ref().map_or(0, SignedHead::size));
        if proven_until < events && self.findings.verdict() == Verdict::Sound {
            notes.push(format!(
                "{} events came after the last checkpoint and are not signed yet",
                events - proven_until
            ));
        }
        if self.stored.last_difference.is_some_and(|position| position <= proven_until) {
            notes.push("the events fit what was signed: it is the stored tiles that were changed".to_owned());
        }
        let root = self.growing.root_at(events).expect("the last root is known");
        Checked { events, root, times: self.sequence.times(), proven, notes, findings: self.findings }
    }

    fn give_entries(&mut self) {
        if !self.entries.is_empty() {
            let next = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(PIECE_ENTRIES));
            let entries = std::mem::replace(&mut self.entries, next);
            self.sequence.extend(&entries, &mut self.findings);
            self.give(Work::Tiles(entries));
        }
    }

    fn give_bodies(&mut self) {
        self.bodies_bytes = 0;
        if !self.bodies.is_empty() {
            let bodies = std::mem::take(&mut self.bodies);
            self.give(Work::Bodies(bodies));
        }
    }

    fn give(&mut self, work: Work) {
        self.crew.give(work);
        while self.crew.is_full() {
            if let Some(done) = self.crew.take() {
                self.receive(done);
            }
        }
    }

    fn receive(&mut self, done: Done) {
        match done {
            Done::Tiles(mut entries, tiles) => {
                let width = usize::try_from(TILE_WIDTH).unwrap_or(usize::MAX);
                for (entries, tile) in entries.chunks(width).zip(tiles) {
                    self.stored.compare(self.growing.size(), entries, &tile, &mut self.findings);
                    self.growing.push(tile);
                    self.judge_heads();
                }
                entries.clear();
                self.spare.push(entries);
            }
            Done::Bodies(others) => {
                for place in others {
                    let problem = "its sealed body is not the one whose hash the event has";
                    self.findings.at(Verdict::Tampered, place, problem);
                }
            }
        }
    }

    /// Judges the heads whose sizes are reached.
    fn judge_heads(&mut self) {
        while let Some(first) = self.waiting.first_entry()
            && first.key().0 <= self.growing.size()
        {
            let head = first.remove();
            let root = self.growing.root_at(head.size());
            self.heads.judge(head, root, &mut self.findings);
        }
    }
}
