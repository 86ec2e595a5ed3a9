//! Checking a bundle: in one pass, in constant memory, on all cores.

use super::{
    BundleError, Kind, Report,
    read::{Part, Parts},
};
use crate::{
    checking::{Checked, Checker, is_body_of, place},
    crew::cores,
    entry::ENTRY_BYTES,
    heads::{Heads, Kept, SignedHead},
    note::Verifier,
    proofs::check_inclusion,
    tile::TILE_HEIGHT,
    tree::leaf_hash,
    verdict::{Findings, Verdict},
};
use std::{
    io::{BufReader, Read},
    num::NonZeroUsize,
};

/// What a bundle is checked against besides the log's key.
#[derive(Debug, Clone)]
pub struct Options {
    /// Signed notes that were kept away from the log.
    pub anchors: Vec<String>,
    /// The freshest checkpoint must be signed at this time at the earliest, in seconds since 1970.
    pub stale_before: Option<u64>,
    /// Threads that hash.
    pub threads: NonZeroUsize,
    /// Told now and then how many events are read, of how many.
    pub progress: fn(u64, u64),
}

impl Default for Options {
    fn default() -> Self {
        Self { anchors: vec![], stale_before: None, threads: cores(), progress: |_, _| {} }
    }
}

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;
/// Events between two reports of progress.
const PROGRESS_EVENTS: u64 = 64 * 256;

/// Checks a bundle of the log that has this key. What is wrong with the log stands in the report; an error says that the bundle
/// itself cannot be read.
pub fn check(from: impl Read, key: &Verifier, options: &Options) -> Result<Report, BundleError> {
    let parts = Parts::open(BufReader::with_capacity(READ_BYTES, from))?;
    if parts.head.key != *key {
        return Err(BundleError::OtherKey(parts.head.key.to_string()));
    }
    let mut findings = Findings::default();
    let mut anchors = vec![];
    for note in &options.anchors {
        match SignedHead::open(note, key, Kept::Anchor) {
            Ok(head) => anchors.push(head),
            Err(problem) => findings.add(Verdict::Tampered, format!("an anchor does not count: {problem}")),
        }
    }
    match parts.head.kind {
        Kind::Log => log(parts, key, options, anchors, findings),
        Kind::Events => events(parts, key, options, anchors, findings),
    }
}

fn log(
    mut parts: Parts<impl std::io::BufRead>,
    key: &Verifier,
    options: &Options,
    anchors: Vec<SignedHead>,
    findings: Findings,
) -> Result<Report, BundleError> {
    let mut checker = Checker::new(options.threads);
    checker.findings().extend(findings);
    for anchor in anchors {
        checker.head(anchor);
    }
    let mut tile = vec![[0; ENTRY_BYTES]; 1 << TILE_HEIGHT];
    loop {
        match parts.next()? {
            Part::Tile(count) => {
                if parts.head.bodies {
                    for _ in 0..count {
                        let (entry, body) = parts.item()?;
                        checker.event(&entry, body.unwrap_or_default());
                    }
                } else {
                    parts.entries(&mut tile[..count])?;
                    checker.events(&tile[..count]);
                }
                if checker.count().is_multiple_of(PROGRESS_EVENTS) {
                    (options.progress)(checker.count(), parts.head.events);
                }
            }
            Part::Checkpoint(note) => match SignedHead::open(&note, key, Kept::Checkpoint) {
                Ok(head) => checker.head(head),
                Err(problem) => {
                    let problem =
                        format!("a checkpoint after event {} does not count: {problem}", checker.count());
                    checker.findings().add(Verdict::Tampered, problem);
                }
            },
            Part::Event(_) => unreachable!("the reader refuses selected events in a whole log"),
            Part::End => break,
        }
    }
    let Checked { times, proven, notes, findings, .. } = checker.finish(options.stale_before);
    Ok(Report { head: parts.head, heads: proven.heads, proven: proven.last, times, notes, findings })
}

fn events(
    mut parts: Parts<impl std::io::BufRead>,
    key: &Verifier,
    options: &Options,
    anchors: Vec<SignedHead>,
    mut findings: Findings,
) -> Result<Report, BundleError> {
    let Part::Checkpoint(note) = parts.next()? else {
        return Err(parts.damaged("its checkpoint is missing"));
    };
    let head = SignedHead::open(&note, key, Kept::Checkpoint);
    let unsigned =
        |problem| findings.add(Verdict::Tampered, format!("its checkpoint does not count: {problem}"));
    let head = head.map_err(unsigned).ok();
    let mut read = 0;
    while let Part::Event(leaf) = parts.next()? {
        let (entry, body) = parts.item()?;
        let path = parts.path()?;
        let place = place(leaf + 1, &entry);
        if place.header.is_none() {
            findings.at(Verdict::Tampered, place, "its header is not in the format of this log");
        }
        if body.is_some_and(|body| !is_body_of(&body, &entry)) {
            findings.at(Verdict::Tampered, place, "its sealed body is not the one whose hash the event has");
        }
        if let Some(SignedHead { checkpoint, .. }) = &head {
            let proven = check_inclusion(&leaf_hash(&entry), leaf, checkpoint.size, &path, &checkpoint.root);
            if let Err(problem) = proven {
                findings.at(
                    Verdict::Tampered,
                    place,
                    format!("it is not proven to be in the log: {problem}"),
                );
            }
        }
        read += 1;
        (options.progress)(read, parts.head.events);
    }
    let mut notes = vec![];
    let mut heads = Heads::default();
    let known = head.as_ref().map(|head| (head.size(), head.checkpoint.root));
    for head in anchors.into_iter().chain(head) {
        // Without the other events the root is known at one size alone.
        match known {
            Some((size, root)) if head.size() == size => heads.judge(head, Some(root), &mut findings),
            Some((size, _)) if head.size() > size => heads.judge(head, None, &mut findings),
            Some(_) | None => notes.push(format!("{head} cannot be compared: that takes the whole log")),
        }
    }
    let proven = heads.finish(options.stale_before, &mut findings);
    Ok(Report { head: parts.head, heads: proven.heads, proven: proven.last, times: None, notes, findings })
}
