//! What headers promise besides their hashes: each stream's versions are 1, 2, 3 …, and time goes on.

use crate::{
    entry::{HEADER_BYTES, Header},
    time::Utc,
    verdict::{Findings, Place, Verdict},
};
use std::collections::HashMap;

/// Streams whose versions are remembered at once, about 40 MB. Of a log with more, a part is looked at: half of them, a
/// quarter …, each from its first event on.
const MOST_STREAMS: usize = 900_000;

/// Headers in the order of the log.
#[derive(Debug)]
pub struct Sequence {
    position: u64,
    /// The last version of each stream, by organisation and tag.
    versions: HashMap<(u32, [u8; 16]), u64>,
    most_streams: usize,
    /// Streams are looked at whose tag begins with so many zero bits. Tags are keyed hashes, so that this is chance.
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
        Self { position: 0, versions: HashMap::new(), most_streams, zero_bits: 0, times: None }
    }

    /// Looks at the header of the next event.
    pub fn next(&mut self, header: &[u8; HEADER_BYTES], findings: &mut Findings) {
        self.position += 1;
        let position = self.position;
        let Some(header) = Header::decode(header) else {
            let place = Place { position, header: None };
            return findings.at(Verdict::Tampered, place, "its header is not in the format of this log");
        };
        self.note_time(&header);
        if u64::from_be_bytes(*header.stream.first_chunk().unwrap_or(&[0; 8])).leading_zeros()
            < self.zero_bits
        {
            return;
        }
        let last = self.versions.entry((header.organisation, header.stream)).or_default();
        let expected = *last + 1;
        *last = header.version;
        if header.version != expected {
            let problem = match expected {
                1 => "it is the first event of its stream in the log, and its version is not 1".to_owned(),
                _ => format!("the next version of its stream would be {expected}"),
            };
            findings.at(Verdict::Tampered, Place { position, header: Some(header) }, problem);
        }
        while self.versions.len() > self.most_streams {
            self.zero_bits += 1;
            let bits = self.zero_bits;
            self.versions.retain(|(_, stream), _| {
                u64::from_be_bytes(*stream.first_chunk().unwrap_or(&[0; 8])).leading_zeros() >= bits
            });
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

    fn note_time(&mut self, header: &Header) {
        let at = header.recorded_at;
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

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", Utc(self.first), Utc(self.latest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Class;

    fn header(stream: u8, version: u64, recorded_at: i64) -> Header {
        let mut tag = [7; 16];
        tag[0] = stream;
        Header { class: Class::Domain, organisation: 1, stream: tag, version, event_id: [0; 16], recorded_at }
    }

    fn look(sequence: &mut Sequence, headers: &[Header]) -> Findings {
        let mut findings = Findings::default();
        for header in headers {
            sequence.next(&header.encode(), &mut findings);
        }
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
        Sequence::default().next(&[0; HEADER_BYTES], &mut findings);
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
            for stream in 0..=255 {
                sequence.next(&header(stream, version, 0).encode(), &mut findings);
            }
        }
        assert_eq!(findings.count(), 0);
        assert!(
            sequence.versions.len() <= 100 && sequence.versions.len() >= 32,
            "{}",
            sequence.versions.len()
        );
        assert!(sequence.notes()[0].contains("one in 4"), "{:?}", sequence.notes());
        sequence.next(&header(0, 4, 0).encode(), &mut findings);
        assert_eq!(findings.count(), 1);
    }
}
