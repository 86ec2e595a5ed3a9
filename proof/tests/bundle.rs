//! N1: verification bundles, written, checked, and attacked.

mod common;

use common::{Log, key};
use proof::{
    bundle::{BundleError, EventsWriter, LogWriter, Options, Report, check},
    heads::SignedHead,
    verdict::Verdict,
};
use std::collections::BTreeSet;

/// Bytes before the first part of a bundle.
fn head_bytes() -> usize {
    17 + key().verifier().to_string().len()
}

fn checked(bundle: &[u8], options: &Options) -> Result<Report, BundleError> {
    check(bundle, &key().verifier(), options)
}

fn verdict(bundle: &[u8]) -> Verdict {
    checked(bundle, &Options::default()).unwrap().verdict()
}

/// A bundle of the whole log with checkpoints of these sizes.
fn bundle(log: &Log, checkpoints: &[u64], bodies: bool) -> Vec<u8> {
    let mut writer = LogWriter::begin(vec![], &key().verifier(), log.size(), bodies).unwrap();
    let mut checkpoints = checkpoints.iter().copied().peekable();
    while let Some(size) = checkpoints.next_if_eq(&0) {
        writer.checkpoint(&log.note(size)).unwrap();
    }
    for (position, (entry, body)) in (1..).zip(&log.events) {
        writer.entry(entry, body).unwrap();
        while let Some(size) = checkpoints.next_if_eq(&position) {
            writer.checkpoint(&log.note(size)).unwrap();
        }
    }
    writer.finish().unwrap()
}

/// N1: a log of any size is sound, with bodies and without, whatever threads there are.
#[test]
fn a_sound_log_is_sound() {
    for events in [0, 1, 2, 255, 256, 257, 512, 5_000] {
        let log = Log::of(events);
        for bodies in [false, true] {
            let middle = events / 3;
            let checkpoints: Vec<_> = BTreeSet::from([middle, events]).into_iter().collect();
            let bundle = bundle(&log, &checkpoints, bodies);
            for threads in 1..=3 {
                let options = Options { threads: threads.try_into().unwrap(), ..Options::default() };
                let report = checked(&bundle, &options).unwrap();
                assert_eq!(report.findings.count(), 0, "{events}: {report}");
                assert_eq!(report.proven.as_ref().map(SignedHead::size), Some(events));
                assert_eq!(report.head.events, events);
            }
        }
    }
}

/// N1: whichever byte of a bundle is changed, it is not sound any more.
#[test]
fn no_byte_can_be_changed() {
    let log = Log::of(300);
    for bodies in [false, true] {
        let sound = bundle(&log, &[40, 300], bodies);
        // Every byte of the first events and of everything around them; a sample of the others.
        for place in
            (0..sound.len()).filter(|place| *place < 800 || sound.len() - place < 600 || place % 97 == 0)
        {
            let mut changed = sound.clone();
            changed[place] ^= 1;
            let outcome = checked(&changed, &Options::default());
            let refused = outcome.as_ref().map_or(true, |report| report.verdict() != Verdict::Sound);
            assert!(refused, "byte {place} of {}, {bodies}", sound.len());
        }
    }
}

/// N1: a changed event is named, by its body's hash or by the checkpoints around it.
#[test]
fn a_changed_event_is_named() {
    let mut log = Log::of(300);
    let sound = bundle(&log, &[40, 100, 300], true);
    log.events[77].1.push(0);
    let changed = bundle(&log, &[], true);
    let report = checked(&changed, &Options::default()).unwrap();
    assert_eq!(report.findings.first()[0].place.unwrap().position, 78);

    let entry = head_bytes() + 1;
    let length = 94 + 3;
    let mut changed = sound;
    changed[entry + 77 * length + 60] ^= 1;
    let report = checked(&changed, &Options::default()).unwrap();
    let findings: Vec<_> = report.findings.first().iter().map(ToString::to_string).collect();
    assert_eq!(report.verdict(), Verdict::Tampered);
    assert!(findings[0].contains("event 78"), "{findings:?}");
    assert!(findings[1].contains("something in events 41 to 100 was changed"), "{findings:?}");
}

/// N1: entries exchanged, left out, put in or taken from the end are found, with the exit code that says what it was.
#[test]
fn a_rewritten_log_is_found() {
    let signed = Log::of(300);
    let outcome = |rewritten: &Log, anchors: &[u64]| {
        let anchors = anchors.iter().map(|size| signed.note(*size)).collect();
        let options = Options { anchors, ..Options::default() };
        checked(&bundle(rewritten, &[rewritten.size()], false), &options).unwrap().verdict()
    };
    assert_eq!(outcome(&signed, &[0, 1, 256, 300]), Verdict::Sound);

    // Whoever has the signing key can sign a rewritten log: what was kept elsewhere tells.
    let with = |change: fn(&mut Vec<_>)| {
        let mut rewritten = Log::of(300);
        change(&mut rewritten.events);
        rewritten
    };
    let exchanged = with(|events| events.swap(10, 200));
    let shorter = with(|events| events.truncate(290));
    assert_eq!(outcome(&exchanged, &[]), Verdict::Tampered, "versions are out of their order");
    assert_eq!(outcome(&exchanged, &[300]), Verdict::Forked);
    assert_eq!(outcome(&shorter, &[]), Verdict::Sound, "a log was shorter once");
    assert_eq!(outcome(&shorter, &[200, 300]), Verdict::RolledBack);
    assert_eq!(outcome(&with(|events| drop(events.remove(150))), &[299]), Verdict::Forked);
    assert_eq!(outcome(&with(|events| events.insert(150, events[7].clone())), &[300]), Verdict::Forked);

    // Whoever has not got the key cannot.
    let unsigned = bundle(&exchanged, &[], false);
    let options = Options { anchors: vec![signed.note(300)], ..Options::default() };
    assert_eq!(checked(&unsigned, &options).unwrap().verdict(), Verdict::Tampered);
    assert_eq!(verdict(&bundle(&signed, &[], false)), Verdict::Stale, "nothing is signed");
}

/// N1: a checkpoint that is too old is said to be; one of another key counts for nothing.
#[test]
fn old_and_foreign_checkpoints() {
    let log = Log::of(3);
    let bundle = bundle(&log, &[3], false);
    let at = |stale_before| {
        let options = Options { stale_before: Some(stale_before), ..Options::default() };
        checked(&bundle, &options).unwrap().verdict()
    };
    let signed_at = common::SIGNED_AT + 3;
    assert_eq!((at(signed_at), at(signed_at + 1)), (Verdict::Sound, Verdict::Stale));

    let stranger = common::key_of(9).verifier();
    assert!(matches!(check(&bundle[..], &stranger, &Options::default()), Err(BundleError::OtherKey(_))));
    let anchors = vec![log.signed(3, &common::key_of(9))];
    let report = checked(&bundle, &Options { anchors, ..Options::default() }).unwrap();
    assert_eq!(report.verdict(), Verdict::Tampered);
}

/// N1: there is one way to write a bundle: the writer refuses the others, and so does the reader.
#[test]
fn there_is_one_encoding() {
    let log = Log::of(600);
    let key = key().verifier();
    let begun = || LogWriter::begin(vec![], &key, 600, false).unwrap();

    let mut writer = begun();
    assert!(writer.checkpoint(&Log::of(601).note(601)).is_err(), "of more events than the bundle has");
    writer.checkpoint(&log.note(5)).unwrap();
    assert!(writer.checkpoint(&log.note(5)).is_err(), "twice");
    assert!(writer.checkpoint(&log.note(4)).is_err(), "out of order");
    let mut writer = begun();
    for (entry, body) in &log.events[..257] {
        writer.entry(entry, body).unwrap();
    }
    assert!(writer.checkpoint(&log.note(256)).is_err(), "its tile is over");
    assert!(writer.checkpoint("no note").is_err());
    assert!(writer.finish().is_err(), "events are missing");

    let sound = bundle(&log, &[300, 600], false);
    for length in
        (0..sound.len()).filter(|length| *length < 300 || length % 101 == 0 || sound.len() - length < 300)
    {
        assert!(checked(&sound[..length], &Options::default()).is_err(), "cut off at {length}");
    }
    let longer = [&sound[..], &[0]].concat();
    assert!(matches!(checked(&longer, &Options::default()), Err(BundleError::Damaged { after: 600, .. })));
    assert!(matches!(checked(b"SPVBundle", &Options::default()), Err(BundleError::NotABundle)));
}

/// N1: a length that is a lie is refused before it costs memory.
#[test]
fn limits_hold() {
    let log = Log::of(1);
    let sound = bundle(&log, &[1], true);
    for (place, problem) in [(head_bytes() + 91, "limit"), (sound.len() - 1 - log.note(1).len() - 4, "limit")]
    {
        let mut lie = sound.clone();
        lie[place] = 0xff;
        let refused = checked(&lie, &Options::default()).unwrap_err().to_string();
        assert!(refused.contains(problem), "{refused}");
    }
    let body = vec![0; proof::bundle::MOST_BODY_BYTES + 1];
    let mut writer = LogWriter::begin(vec![], &key().verifier(), 1, true).unwrap();
    assert!(writer.entry(&log.events[0].0, &body).is_err());
}

/// N1: selected events are proven to be in the log, and nothing else is.
#[test]
fn selected_events_are_proven() {
    let log = Log::of(700);
    let tiles = log.tiles();
    let selected = [0, 3, 255, 256, 699];
    for bodies in [false, true] {
        let written = |change: &dyn Fn(u64, &mut Vec<proof::Hash>)| {
            let note = log.note(700);
            let mut writer = EventsWriter::begin(vec![], &key().verifier(), &note, 5, bodies).unwrap();
            for leaf in selected {
                let (entry, body) = &log.events[usize::try_from(leaf).unwrap()];
                let mut path = tiles.inclusion(leaf, 700).unwrap();
                change(leaf, &mut path);
                writer.event(leaf, entry, body, &path).unwrap();
            }
            writer.finish().unwrap()
        };
        let sound = written(&|_, _| {});
        let report = checked(&sound, &Options::default()).unwrap();
        assert_eq!((report.findings.count(), report.head.events), (0, 5), "{report}");
        assert_eq!(report.proven.unwrap().size(), 700);
        for place in 0..sound.len() {
            let mut changed = sound.clone();
            changed[place] ^= 4;
            let outcome = checked(&changed, &Options::default());
            assert!(outcome.is_err() || outcome.unwrap().verdict() != Verdict::Sound, "byte {place}");
        }
        let other_path = written(&|leaf, path| path[0][0] ^= u8::from(leaf == 255));
        let report = checked(&other_path, &Options::default()).unwrap();
        assert_eq!(report.findings.first()[0].place.unwrap().position, 256);

        // Anchors: of another size nothing can be said, of the same size they agree, of a larger one the log was taken back.
        let with = |notes: &[String]| {
            let options = Options { anchors: notes.to_vec(), ..Options::default() };
            checked(&sound, &options).unwrap()
        };
        assert_eq!(with(&[log.note(5)]).notes.len(), 1);
        assert_eq!(with(&[log.note(700)]).verdict(), Verdict::Sound);
        assert_eq!(with(&[Log::of(701).note(701)]).verdict(), Verdict::RolledBack);
    }
    let mut writer = EventsWriter::begin(vec![], &key().verifier(), &log.note(700), 2, false).unwrap();
    writer.event(9, &log.events[9].0, &[], &[]).unwrap();
    assert!(writer.event(9, &log.events[9].0, &[], &[]).is_err(), "twice");
    assert!(writer.event(700, &log.events[9].0, &[], &[]).is_err(), "outside the tree");
}
