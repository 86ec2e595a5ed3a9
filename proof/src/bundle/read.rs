//! Reading a bundle: its parts in order, each within its limits.

use super::{
    BundleError, CHECKPOINT, END, EVENT, Head, Kind, MAGIC, MOST_BODY_BYTES, MOST_HASHES, MOST_KEY_BYTES,
    MOST_NOTE_BYTES, TILE, VERSION,
};
use crate::{Checkpoint, Hash, entry::ENTRY_BYTES, tile::TILE_WIDTH};
use std::io::{self, BufRead, ErrorKind, Read};

type Entry = [u8; ENTRY_BYTES];

/// The next part of a bundle.
pub(super) enum Part {
    /// Of a whole log: as many items follow, to be read one by one.
    Tile(usize),
    /// The note of a checkpoint.
    Checkpoint(String),
    /// A selected event, whose item and path follow.
    Event(u64),
    /// Nothing follows.
    End,
}

/// Reads the parts.
pub(super) struct Parts<R> {
    from: R,
    pub(super) head: Head,
    /// Items that were read.
    read: u64,
    /// Items before the tile that was read last.
    before: u64,
    checkpoint: Option<(u64, String)>,
    next_leaf: u64,
}

impl<R: BufRead> Parts<R> {
    pub(super) fn open(mut from: R) -> Result<Self, BundleError> {
        let head = head(&mut from).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData => BundleError::NotABundle,
            _ => error.into(),
        })?;
        Ok(Self { from, head, read: 0, before: 0, checkpoint: None, next_leaf: 0 })
    }

    pub(super) fn next(&mut self) -> Result<Part, BundleError> {
        let [tag] = self.array()?;
        let rest = self.head.events - self.read;
        match (tag, self.head.kind) {
            (TILE, Kind::Log) if rest > 0 => {
                self.before = self.read;
                Ok(Part::Tile(usize::try_from(rest.min(TILE_WIDTH)).unwrap_or_default()))
            }
            (CHECKPOINT, _) => self.checkpoint(),
            (EVENT, Kind::Events) if rest > 0 && self.checkpoint.is_some() => {
                let leaf = u64::from_be_bytes(self.array()?);
                let size = self.checkpoint.as_ref().map_or(0, |(size, _)| *size);
                if !(self.next_leaf..size).contains(&leaf) {
                    return Err(self.damaged("an event is out of its order"));
                }
                self.next_leaf = leaf + 1;
                Ok(Part::Event(leaf))
            }
            (END, _) if rest == 0 => match self.from.fill_buf()? {
                [] => Ok(Part::End),
                _ => Err(self.damaged("something follows its end")),
            },
            _ => Err(self.damaged("a part is unknown or in the wrong place")),
        }
    }

    /// Reads an entry, and its body if the bundle has bodies.
    pub(super) fn item(&mut self) -> Result<(Entry, Option<Vec<u8>>), BundleError> {
        let entry = self.array()?;
        let body = if self.head.bodies {
            let length = u32::from_be_bytes(self.array()?);
            Some(self.bytes(length.into(), MOST_BODY_BYTES)?)
        } else {
            None
        };
        self.read += 1;
        Ok((entry, body))
    }

    /// Reads as many entries as there is room for, of a bundle without bodies.
    pub(super) fn entries(&mut self, entries: &mut [Entry]) -> Result<(), BundleError> {
        let read = self.from.read_exact(entries.as_flattened_mut());
        read.map_err(|problem| self.broken_off(problem))?;
        self.read += entries.len() as u64;
        Ok(())
    }

    pub(super) fn path(&mut self) -> Result<Vec<Hash>, BundleError> {
        let [count] = self.array()?;
        if usize::from(count) > MOST_HASHES {
            return Err(self.damaged("a path is too long"));
        }
        (0..count).map(|_| self.array()).collect()
    }

    fn checkpoint(&mut self) -> Result<Part, BundleError> {
        let length = u32::from_be_bytes(self.array()?);
        let note = String::from_utf8(self.bytes(length.into(), MOST_NOTE_BYTES)?);
        let note = note.map_err(|_| self.damaged("a checkpoint is no text"))?;
        let checkpoint = Checkpoint::read(&note).map_err(|_| self.damaged("a note is no checkpoint"))?;
        let place = (checkpoint.size, note.clone());
        let in_place = match self.head.kind {
            Kind::Log if self.read == 0 => checkpoint.size == 0,
            Kind::Log => (self.before + 1..=self.read).contains(&checkpoint.size),
            Kind::Events => self.checkpoint.is_none() && self.read == 0,
        };
        if !in_place || self.checkpoint.as_ref() >= Some(&place) {
            return Err(self.damaged("a checkpoint is out of its order"));
        }
        self.checkpoint = Some(place);
        Ok(Part::Checkpoint(note))
    }

    fn array<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], BundleError> {
        let mut bytes = [0; BYTES];
        let read = self.from.read_exact(&mut bytes);
        read.map_err(|problem| self.broken_off(problem))?;
        Ok(bytes)
    }

    /// Grows with what comes, so that a length that is a lie costs no memory.
    fn bytes(&mut self, length: u64, most: usize) -> Result<Vec<u8>, BundleError> {
        if length > most as u64 {
            return Err(self.damaged("a length is beyond the limit"));
        }
        let mut bytes = vec![];
        let read = (&mut self.from).take(length).read_to_end(&mut bytes)?;
        if (read as u64) < length { Err(self.damaged("it breaks off")) } else { Ok(bytes) }
    }

    fn broken_off(&self, problem: io::Error) -> BundleError {
        match problem.kind() {
            ErrorKind::UnexpectedEof => self.damaged("it breaks off"),
            _ => problem.into(),
        }
    }

    pub(super) fn damaged(&self, problem: &'static str) -> BundleError {
        BundleError::Damaged { after: self.read, problem }
    }
}

fn head(from: &mut impl Read) -> io::Result<Head> {
    let unknown = || io::Error::from(ErrorKind::InvalidData);
    let mut fixed = [0; 17];
    from.read_exact(&mut fixed)?;
    let [m0, m1, m2, m3, version, kind, bodies, events @ .., l0, l1] = fixed;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let kind =
        [Kind::Log, Kind::Events].into_iter().find(|known| *known as u8 == kind).ok_or_else(unknown)?;
    if [m0, m1, m2, m3] != *MAGIC || version != VERSION || bodies > 1 || length > MOST_KEY_BYTES {
        return Err(unknown());
    }
    let mut key = vec![0; length];
    from.read_exact(&mut key)?;
    let text = String::from_utf8(key).map_err(|_| unknown())?;
    let key = text.parse().map_err(|_| unknown())?;
    let head = Head { kind, bodies: bodies == 1, events: u64::from_be_bytes(events), key };
    if head.key.to_string() == text { Ok(head) } else { Err(unknown()) }
}
