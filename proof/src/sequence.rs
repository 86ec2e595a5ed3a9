//! What headers promise besides their hashes: each stream's versions are 1, 2, 3 …, and time goes on.

use crate::{
    checking::MISSING,
    entry::{ENTRY_BYTES, Header},
    time::Utc,
    verdict::{Findings, Place, Verdict},
};
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    hint::black_box,
};

/// Streams whose versions are remembered at once, about 18 MB. Of a log with more, a part is looked at: half of them, a
/// quarter …, each from its first event on.
const MOST_STREAMS: usize = 900_000;
/// Entries whose streams are looked up side by side before any is changed: so the processor waits for memory once for all of
/// them and not for each.
const AT_ONCE: usize = 16;

/// Headers in the order of the log.
#[derive(Debug)]
pub struct Sequence {
    position: u64,
    /// The last version of each stream, by half of its tag: tags are keyed hashes, so that no two of them share it.
    versions: HashMap<u64, u64, Mixed>,
    most_streams: usize,
    /// Streams are looked at whose number begins with so many zero bits. That is chance, too.
    zero_bits: u32,
    times: Option<Times>,
}

/// When events were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Of the first event.
    pub first: i64,
    /// The latest of all.
    pub latest: i64,
    /// How many events have an earlier time than one before them.
    pub backwards: u64,
    /// The widest of those steps, in microseconds, and where it is.
    pub widest: (i64, u64),
}

impl Default for Sequence {
    fn default() -> Self {
        Self::of_streams(MOST_STREAMS)
    }
}

impl Sequence {
    fn of_streams(most_streams: usize) -> Self {
        Self {
            position: 0,
            versions: HashMap::with_hasher(Mixed::new()),
            most_streams,
            zero_bits: 0,
            times: None,
        }
    }

    /// Looks at the headers of the next entries.
    pub fn extend(&mut self, entries: &[[u8; ENTRY_BYTES]], findings: &mut Findings) {
        for entries in entries.chunks(AT_ONCE) {
            let mut few = [None; AT_ONCE];
            for (entry, place) in entries.iter().zip(&mut few) {
                *place =
                    header_of(entry).map(|header| (stream_of(&header), header.version, header.recorded_at));
            }
            black_box(few.iter().flatten().filter(|(stream, ..)| self.versions.contains_key(stream)).count());
            for (entry, header) in entries.iter().zip(few) {
                self.position += 1;
                let problem = match header {
                    Some((stream, version, at)) => {
                        self.note_time(at);
                        self.next(stream, version)
                    }
                    None if *entry == MISSING => Some("it is missing".to_owned()),
                    None => Some("its header is not in the format of this log".to_owned()),
                };
                if let Some(problem) = problem {
                    let place = Place { position: self.position, header: header_of(entry) };
                    findings.at(Verdict::Tampered, place, problem);
                }
            }
        }
    }

    /// What is wrong with the next version of a stream, if anything is.
    fn next(&mut self, stream: u64, version: u64) -> Option<String> {
        if stream.leading_zeros() < self.zero_bits {
            return None;
        }
        let last = self.versions.get_mut(&stream).map(|last| std::mem::replace(last, version));
        if last.is_none() {
            self.remember(stream, version);
        }
        match last.unwrap_or(0).saturating_add(1) {
            expected if expected == version => None,
            1 => Some("it is the first event of its stream in the log, and its version is not 1".to_owned()),
            expected => Some(format!("the next version of its stream would be {expected}")),
        }
    }

    fn remember(&mut self, stream: u64, version: u64) {
        self.versions.insert(stream, version);
        while self.versions.len() > self.most_streams {
            self.zero_bits += 1;
            let bits = self.zero_bits;
            self.versions.retain(|stream, _| stream.leading_zeros() >= bits);
        }
    }

    /// How many events there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.position
    }

    /// When they were recorded; `None` before the first.
    #[must_use]
    pub fn times(&self) -> Option<Times> {
        self.times
    }

    /// What is worth knowing and no sign of tampering.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if let Some(Times { backwards, widest: (step, position), .. }) =
            self.times.filter(|times| times.backwards > 0)
        {
            let (seconds, micros) = (step / 1_000_000, step % 1_000_000);
            notes.push(format!(
                "{backwards} events have an earlier time than one before them, by at most {seconds}.{micros:06} s \
                 (event {position}): nodes write side by side, and a clock may have been set back"
            ));
        }
        if self.zero_bits > 0 {
            let part = 1_u64.checked_shl(self.zero_bits).unwrap_or(u64::MAX);
            notes.push(format!("the log has very many streams: versions were checked of one in {part}"));
        }
        notes
    }

    fn note_time(&mut self, at: i64) {
        let Some(times) = &mut self.times else {
            self.times = Some(Times { first: at, latest: at, backwards: 0, widest: (0, 0) });
            return;
        };
        if at < times.latest {
            times.backwards += 1;
            let step = times.latest.saturating_sub(at);
            if step > times.widest.0 {
                times.widest = (step, self.position);
            }
        }
        times.latest = times.latest.max(at);
    }
}

fn header_of(entry: &[u8; ENTRY_BYTES]) -> Option<Header> {
    entry.first_chunk().and_then(Header::decode)
}

/// A stream's number among all: the first half of its tag, set apart by organisation.
fn stream_of(header: &Header) -> u64 {
    let (half, _) = header.stream.split_first_chunk().expect("a tag has 16 bytes");
    u64::from_be_bytes(*half).wrapping_add(header.organisation.into())
}

/// A hash for numbers that are hashes already: mixed with a secret, so that nobody can make a bundle that fills one place
/// of the map.
#[derive(Debug, Clone)]
struct Mixed(u64);

impl Mixed {
    fn new() -> Self {
        Self(RandomState::new().hash_one("streams") | 1)
    }
}

impl BuildHasher for Mixed {
    type Hasher = Mixing;

    fn build_hasher(&self) -> Mixing {
        Mixing { secret: self.0, hash: 0 }
    }
}

#[derive(Debug)]
struct Mixing {
    secret: u64,
    hash: u64,
}

impl Hasher for Mixing {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, number: u64) {
        let product = (self.hash ^ number).wrapping_mul(self.secret);
        // Its upper half depends on all bits of the number, its lower half does not.
        self.hash = product ^ (product >> 32);
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", Utc(self.first), Utc(self.latest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Class, entry};

    fn header(stream: u8, version: u64, recorded_at: i64) -> Header {
        let mut tag = [7; 16];
        tag[0] = stream;
        Header { class: Class::Domain, organisation: 1, stream: tag, version, event_id: [0; 16], recorded_at }
    }

    fn look(sequence: &mut Sequence, headers: &[Header]) -> Findings {
        let mut findings = Findings::default();
        let entries: Vec<_> = headers.iter().map(|header| entry(header, &[0; 32])).collect();
        sequence.extend(&entries, &mut findings);
        findings
    }

    /// N1: a stream's versions go up by one; what is missing, doubled or exchanged is found where it is.
    #[test]
    fn versions_go_up_by_one() {
        let sound = [header(1, 1, 5), header(2, 1, 6), header(1, 2, 7), header(2, 2, 8)];
        assert_eq!(look(&mut Sequence::default(), &sound).count(), 0);
        let cases = [
            (vec![header(1, 2, 5)], 1),
            (vec![header(1, 1, 5), header(1, 3, 5)], 2),
            (vec![header(1, 1, 5), header(1, 1, 5)], 2),
            (vec![header(1, 1, 5), header(2, 1, 5), header(2, 3, 5)], 3),
        ];
        for (headers, position) in cases {
            let findings = look(&mut Sequence::default(), &headers);
            let place = findings.first()[0].place.unwrap();
            assert_eq!((place.position, findings.verdict()), (position, Verdict::Tampered));
        }
        let mut findings = Findings::default();
        Sequence::default().extend(&[[0; ENTRY_BYTES]], &mut findings);
        assert_eq!(findings.verdict(), Verdict::Tampered);
    }

    /// K8: a clock that was set back is told, and is no tampering.
    #[test]
    fn time_that_goes_back_is_noted() {
        let mut sequence = Sequence::default();
        let headers = [
            header(1, 1, 10_000_000),
            header(1, 2, 8_500_000),
            header(1, 3, 9_000_000),
            header(1, 4, 11_000_000),
        ];
        assert_eq!(look(&mut sequence, &headers).count(), 0);
        let times = sequence.times().unwrap();
        assert_eq!(
            times,
            Times { first: 10_000_000, latest: 11_000_000, backwards: 2, widest: (1_500_000, 2) }
        );
        assert!(sequence.notes()[0].contains("by at most 1.500000 s (event 2)"), "{:?}", sequence.notes());
    }

    /// N1: memory stays bounded in a log of very many streams, of which a part is then looked at from its beginning.
    #[test]
    fn of_very_many_streams_a_part_is_looked_at() {
        let mut sequence = Sequence::of_streams(100);
        let mut findings = Findings::default();
        for version in 1..=2 {
            let headers: Vec<_> = (0..=255).map(|stream| header(stream, version, 0)).collect();
            findings.extend(look(&mut sequence, &headers));
        }
        assert_eq!(findings.count(), 0);
        assert!(
            sequence.versions.len() <= 100 && sequence.versions.len() >= 32,
            "{}",
            sequence.versions.len()
        );
        assert!(sequence.notes()[0].contains("one in 4"), "{:?}", sequence.notes());
        findings.extend(look(&mut sequence, &[header(0, 4, 0)]));
        assert_eq!(findings.count(), 1);
    }
}
