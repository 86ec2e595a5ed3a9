//! A log for tests, with its signing key.
#![allow(dead_code, reason = "each test program uses its part")]

use proof::{
    Checkpoint, Hash,
    entry::{Class, ENTRY_BYTES, Header, entry},
    growing::hash_tiles,
    note::Signer,
    tile::{TileId, Tiles},
    tree::{Frontier, leaf_hash, subtree_hash},
};
use sha2::{Digest, Sha256};

/// When the empty log was signed; each event takes a second.
pub const SIGNED_AT: u64 = 1_700_000_000;

/// The log's signing key.
pub fn key() -> Signer {
    key_of(7)
}

/// A key of the same name.
pub fn key_of(seed: u8) -> Signer {
    Signer::new("insurer.example/log", &[seed; 32]).unwrap()
}

/// Events with their sealed bodies: the entry first.
pub struct Log {
    pub events: Vec<([u8; ENTRY_BYTES], Vec<u8>)>,
}

impl Log {
    /// So many events, in seven streams.
    pub fn of(events: u64) -> Self {
        let event = |number: u64| {
            let mut stream = [0; 16];
            stream[0] = u8::try_from(number % 7).unwrap();
            let body = number.to_be_bytes()[5..].to_vec();
            let mut event_id = [0; 16];
            event_id[8..].copy_from_slice(&number.to_be_bytes());
            let header = Header {
                class: Class::Domain,
                organisation: 1,
                stream,
                version: number / 7 + 1,
                event_id,
                recorded_at: i64::try_from((SIGNED_AT + number) * 1_000_000).unwrap(),
            };
            (entry(&header, &Sha256::digest(&body).into()), body)
        };
        Self { events: (0..events).map(event).collect() }
    }

    pub fn size(&self) -> u64 {
        self.events.len() as u64
    }

    /// The signed checkpoint of this size.
    pub fn note(&self, size: u64) -> String {
        self.signed(size, &key())
    }

    pub fn signed(&self, size: u64, key: &Signer) -> String {
        let mut tree = Frontier::default();
        for (entry, _) in &self.events[..usize::try_from(size).unwrap()] {
            tree.push(leaf_hash(entry));
        }
        let signed_at = Some(SIGNED_AT + size);
        Checkpoint { origin: key.name().to_owned(), size, root: tree.root(), signed_at }.sign(key)
    }

    /// All tiles of a log with fewer than 65 536 events.
    pub fn tiles(&self) -> Tiles {
        let entries: Vec<_> = self.events.iter().map(|(entry, _)| *entry).collect();
        let mut tiles = Tiles::new();
        let mut above: Vec<Hash> = vec![];
        for (index, tile) in (0..).zip(hash_tiles(&entries)) {
            above.extend(subtree_hash(&tile.leaves).filter(|_| tile.root.is_some()));
            tiles.insert(TileId { level: 0, index }, tile.leaves);
        }
        tiles.insert(TileId { level: 1, index: 0 }, above);
        tiles
    }
}
