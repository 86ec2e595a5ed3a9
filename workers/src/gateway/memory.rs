//! The memory that mails take while they come in: bounded for each, and for all together.

use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted at a time.
const PAGE_BYTES: usize = 1024;
/// A mail grows by this at least: most mails are smaller.
const STEP_BYTES: usize = 64 * 1024;

/// The memory of all mails together.
#[derive(Clone)]
pub(super) struct Memory(Arc<Semaphore>);

/// A mail that comes in. What does not fit is dropped, and what came before with it.
pub(super) struct MailBuffer {
    memory: Memory,
    limit: usize,
    bytes: Vec<u8>,
    held: Option<OwnedSemaphorePermit>,
    full: Option<Full>,
}

/// Why a mail does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// It is larger than a mail may be.
    TooLarge,
    /// The other mails leave no room for it right now.
    NoMemory,
}

/// A whole mail; its memory is counted until the second part is dropped.
pub(super) type Whole = (Bytes, Option<OwnedSemaphorePermit>);

impl Memory {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PAGE_BYTES)))
    }

    /// Room for a mail of a size that was announced, or for the beginning of one; `None` when there is none left.
    pub(super) fn buffer(&self, announced: usize, limit: usize) -> Option<MailBuffer> {
        let mut buffer = MailBuffer { memory: self.clone(), limit, bytes: vec![], held: None, full: None };
        buffer.grow(announced.max(STEP_BYTES).min(limit)).then_some(buffer)
    }
}

impl MailBuffer {
    /// Appends, if it fits.
    pub(super) fn push(&mut self, more: &[u8]) {
        if self.full.is_some() {
            return;
        }
        let needed = self.bytes.len() + more.len();
        if needed > self.limit {
            return self.give_up(Full::TooLarge);
        }
        let capacity = self.bytes.capacity();
        if needed > capacity {
            let target = needed.max(capacity + (capacity / 2).max(STEP_BYTES)).min(self.limit);
            if !self.grow(target) && !self.grow(needed) {
                return self.give_up(Full::NoMemory);
            }
        }
        self.bytes.extend_from_slice(more);
    }

    /// Gives its memory back: the rest of the mail is only read past.
    pub(super) fn give_up(&mut self, why: Full) {
        self.full = Some(why);
        self.bytes = vec![];
        self.held = None;
    }

    /// The mail, unless it did not fit.
    pub(super) fn finish(self) -> Result<Whole, Full> {
        match self.full {
            Some(why) => Err(why),
            None => Ok((self.bytes.into(), self.held)),
        }
    }

    fn grow(&mut self, target: usize) -> bool {
        let more = target.saturating_sub(self.bytes.capacity());
        let Ok(pages) = u32::try_from(more.div_ceil(PAGE_BYTES)) else { return false };
        let Ok(permit) = self.memory.0.clone().try_acquire_many_owned(pages) else { return false };
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        self.bytes.reserve_exact(target - self.bytes.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    /// G2: mails together hold no more than they may; one that finds no room leaves the others alone, and gives its own back.
    #[test]
    fn mails_share_a_bounded_memory() {
        let memory = Memory::new(2 * MIB);
        let mut first = memory.buffer(MIB, 2 * MIB).unwrap();
        let mut second = memory.buffer(0, 2 * MIB).unwrap();
        let chunk = vec![b'x'; STEP_BYTES];
        for _ in 0..16 {
            first.push(&chunk);
            second.push(&chunk);
        }
        first.push(b"more than was announced");
        assert_eq!(first.finish().err(), Some(Full::NoMemory));
        let (bytes, held) = second.finish().ok().unwrap();
        assert_eq!(bytes.len(), MIB);
        assert!(memory.buffer(2 * MIB, 2 * MIB).is_none());
        drop(held);
        assert!(memory.buffer(2 * MIB, 2 * MIB).is_some());
    }

    /// G2: a mail that grows beyond its limit is dropped at once.
    #[test]
    fn a_mail_never_holds_more_than_its_limit() {
        let memory = Memory::new(MIB);
        let mut buffer = memory.buffer(0, 100).unwrap();
        buffer.push(&[b'x'; 100]);
        assert!(buffer.bytes.capacity() <= 100);
        buffer.push(b"x");
        assert_eq!(memory.0.available_permits(), MIB / PAGE_BYTES);
        buffer.push(b"x");
        assert_eq!(buffer.finish().err(), Some(Full::TooLarge));
    }
}
