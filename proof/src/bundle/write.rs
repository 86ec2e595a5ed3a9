//! Writing a bundle, piece by piece. Whatever would not be in the one form of the format is refused.

use super::{
    CHECKPOINT, END, EVENT, Kind, MAGIC, MOST_BODY_BYTES, MOST_HASHES, MOST_NOTE_BYTES, TILE, VERSION,
};
use crate::{Checkpoint, Hash, entry::ENTRY_BYTES, note::Verifier, tile::TILE_WIDTH};
use std::{
    collections::VecDeque,
    io::{self, Write},
};

/// Writes a whole log.
#[derive(Debug)]
pub struct LogWriter<W> {
    items: Items<W>,
    /// Checkpoints of sizes that are not written whole yet, by size and note.
    waiting: VecDeque<(u64, String)>,
    last: Option<(u64, String)>,
}

impl<W: Write> LogWriter<W> {
    /// Begins the bundle of a log with so many events.
    pub fn begin(to: W, key: &Verifier, events: u64, bodies: bool) -> io::Result<Self> {
        Ok(Self {
            items: Items::begin(to, Kind::Log, key, events, bodies)?,
            waiting: VecDeque::new(),
            last: None,
        })
    }

    /// Writes the next entry, with its sealed body if the bundle has bodies.
    pub fn entry(&mut self, entry: &[u8; ENTRY_BYTES], body: &[u8]) -> io::Result<()> {
        if self.items.written.is_multiple_of(TILE_WIDTH) {
            self.items.to.write_all(&[TILE])?;
        }
        self.items.item(entry, body)?;
        if self.at_the_end_of_a_tile() { self.flush() } else { Ok(()) }
    }

    /// Writes a checkpoint as soon as the tile is written that completes its size. They are given by size, each before the
    /// tile after that is begun.
    pub fn checkpoint(&mut self, note: &str) -> io::Result<()> {
        let size = Checkpoint::read(note).map_err(|_| refused("a note is no checkpoint"))?.size;
        let place = (size, note.to_owned());
        let tile_begins_at = self.items.written.saturating_sub(1) / TILE_WIDTH * TILE_WIDTH;
        let is_late = size <= tile_begins_at && self.items.written > 0;
        if is_late
            || size > self.items.events
            || note.len() > MOST_NOTE_BYTES
            || self.last.as_ref() >= Some(&place)
        {
            return Err(refused(
                "a checkpoint is out of its order, too long, or of more events than the bundle has",
            ));
        }
        self.last = Some(place.clone());
        self.waiting.push_back(place);
        if self.at_the_end_of_a_tile() { self.flush() } else { Ok(()) }
    }

    /// Ends the bundle, and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.items.finish()
    }

    fn at_the_end_of_a_tile(&self) -> bool {
        self.items.written.is_multiple_of(TILE_WIDTH) || self.items.written == self.items.events
    }

    fn flush(&mut self) -> io::Result<()> {
        while let Some((_, note)) = self.waiting.pop_front_if(|(size, _)| *size <= self.items.written) {
            self.items.checkpoint(&note)?;
        }
        Ok(())
    }
}

/// Writes selected events with their proofs.
#[derive(Debug)]
pub struct EventsWriter<W> {
    items: Items<W>,
    size: u64,
    next: u64,
}

impl<W: Write> EventsWriter<W> {
    /// Begins the bundle of so many events, whose paths lead to this checkpoint.
    pub fn begin(to: W, key: &Verifier, checkpoint: &str, events: u64, bodies: bool) -> io::Result<Self> {
        let size = Checkpoint::read(checkpoint).map_err(|_| refused("a note is no checkpoint"))?.size;
        let mut items = Items::begin(to, Kind::Events, key, events, bodies)?;
        items.checkpoint(checkpoint)?;
        Ok(Self { items, size, next: 0 })
    }

    /// Writes the next event: its leaf, entry, sealed body if the bundle has bodies, and path.
    pub fn event(
        &mut self,
        leaf: u64,
        entry: &[u8; ENTRY_BYTES],
        body: &[u8],
        path: &[Hash],
    ) -> io::Result<()> {
        let hashes = u8::try_from(path.len()).ok().filter(|_| path.len() <= MOST_HASHES);
        let Some(hashes) = hashes.filter(|_| (self.next..self.size).contains(&leaf)) else {
            return Err(refused("an event is out of its order, or its path is too long"));
        };
        self.next = leaf + 1;
        self.items.to.write_all(&[EVENT])?;
        self.items.to.write_all(&leaf.to_be_bytes())?;
        self.items.item(entry, body)?;
        self.items.to.write_all(&[hashes])?;
        self.items.to.write_all(path.as_flattened())
    }

    /// Ends the bundle, and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        self.items.finish()
    }
}

/// What both kinds have in common.
#[derive(Debug)]
struct Items<W> {
    to: W,
    events: u64,
    bodies: bool,
    written: u64,
}

impl<W: Write> Items<W> {
    fn begin(mut to: W, kind: Kind, key: &Verifier, events: u64, bodies: bool) -> io::Result<Self> {
        let key = key.to_string();
        let length = u16::try_from(key.len()).map_err(|_| refused("the key's name is too long"))?;
        to.write_all(MAGIC)?;
        to.write_all(&[VERSION, kind as u8, bodies.into()])?;
        to.write_all(&events.to_be_bytes())?;
        to.write_all(&length.to_be_bytes())?;
        to.write_all(key.as_bytes())?;
        Ok(Self { to, events, bodies, written: 0 })
    }

    fn item(&mut self, entry: &[u8; ENTRY_BYTES], body: &[u8]) -> io::Result<()> {
        if self.written == self.events {
            return Err(refused("there are more events than were announced"));
        }
        self.to.write_all(entry)?;
        if self.bodies {
            let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MOST_BODY_BYTES);
            self.to.write_all(&length.ok_or_else(|| refused("a body is too long"))?.to_be_bytes())?;
            self.to.write_all(body)?;
        }
        self.written += 1;
        Ok(())
    }

    fn checkpoint(&mut self, note: &str) -> io::Result<()> {
        let length = u32::try_from(note.len()).ok().filter(|_| note.len() <= MOST_NOTE_BYTES);
        self.to.write_all(&[CHECKPOINT])?;
        self.to.write_all(&length.ok_or_else(|| refused("a note is too long"))?.to_be_bytes())?;
        self.to.write_all(note.as_bytes())
    }

    fn finish(mut self) -> io::Result<W> {
        if self.written < self.events {
            return Err(refused("there are fewer events than were announced"));
        }
        self.to.write_all(&[END])?;
        self.to.flush()?;
        Ok(self.to)
    }
}

fn refused(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}
