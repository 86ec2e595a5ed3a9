//! What can become of an export.

use super::*;
use crate::{decider::kit::given, id::Id};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);
const WEEK: Period = Period::days(7);

fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}
fn request(kind: Kind, reason: &str) -> Command {
    Command::Request(Request {
        by: Some(id(1)),
        kind,
        what: Question::default(),
        terms: "{}".into(),
        reason: reason.into(),
        tree_size: 9,
        at: AT,
    })
}
fn requested(kind: Kind) -> Event {
    Event::Requested {
        by: Some(id(1)),
        kind,
        what: Question::default(),
        terms: Personal::known("{}".into()),
        reason: Personal::known("An enquiry.".into()),
        tree_size: 9,
        at: AT,
    }
}
fn approve(by: u128) -> Command {
    Command::Approve { by: id(by), at: AT }
}
fn approved() -> Event {
    Event::Approved { by: id(2), at: AT }
}
fn disclose(chunk: u32) -> Command {
    Command::Disclose { chunk, messages: vec![id(7)], at: AT }
}
fn disclosed(chunk: u32) -> Event {
    Event::Disclosed { chunk, messages: vec![id(7)], at: AT }
}
fn files() -> Vec<File> {
    vec![File::new("audit.jsonl", 7, Sha256([1; 32])), File::new("manifest.txt", 5, Sha256([2; 32]))]
}
fn finish() -> Command {
    Command::Finish { files: files(), kept: WEEK, at: AT }
}
fn finished() -> Event {
    Event::Finished { files: files(), kept_until: AT.plus(WEEK), at: AT }
}
fn fail() -> Command {
    Command::Fail { why: Failure::TooLarge, at: AT }
}
fn failed() -> Event {
    Event::Failed { why: Failure::TooLarge, at: AT }
}
fn download(file: u32, at: Timestamp) -> Command {
    Command::Download { by: id(3), file, at }
}

/// E5: an export is asked for once, with a reason.
#[test]
fn an_export_is_asked_for_with_a_reason() {
    let kind = Kind::AuditCsv;
    given::<Export>([]).when(request(kind, "An enquiry.")).then([requested(kind)]);
    given::<Export>([requested(kind)]).when(request(kind, "Another.")).then_nothing();
    for reason in ["", " \n", "a\u{7}", &"ä".repeat(501)] {
        given::<Export>([]).when(request(kind, reason)).then_refused(Refusal::BadReason);
    }
    for command in [approve(2), disclose(0), finish(), fail(), download(0, AT)] {
        given::<Export>([]).when(command).then_refused(Refusal::NotFound);
    }
}

/// K3, E1, E3: content is opened once a second person agreed, who is not the one that asked.
#[test]
fn content_needs_two_persons() {
    for kind in [Kind::Messages, Kind::Person] {
        let asked = || requested(kind);
        given::<Export>([asked()]).when(disclose(0)).then_refused(Refusal::NotApproved);
        given::<Export>([asked()]).when(finish()).then_refused(Refusal::NotApproved);
        given::<Export>([asked()]).when(approve(1)).then_refused(Refusal::OwnRequest);
        given::<Export>([asked()]).when(approve(2)).then([approved()]);
        given::<Export>([asked(), approved()]).when(approve(3)).then_nothing();
        given::<Export>([asked(), approved()]).when(disclose(0)).then([disclosed(0)]);
        given::<Export>([asked(), approved()]).when(finish()).then([finished()]);
    }
    for kind in [Kind::AuditCsv, Kind::AuditJsonLines, Kind::VerificationBundle] {
        given::<Export>([requested(kind)]).when(finish()).then([finished()]);
    }
}

/// N7: that messages were opened is on record once for each chunk, also when a step is done again after a crash; and none is
/// opened for an export that is over.
#[test]
fn a_chunk_is_disclosed_once() {
    let begun = [requested(Kind::Messages), approved(), disclosed(0)];
    given::<Export>(begun.clone()).when(disclose(0)).then_nothing();
    given::<Export>(begun.clone()).when(disclose(1)).then([disclosed(1)]);
    for end in [finished(), failed()] {
        given::<Export>([&begun[..], &[end]].concat()).when(disclose(1)).then_refused(Refusal::Over);
    }
}

/// E5: it ends once, well or not.
#[test]
fn an_export_ends_once() {
    let asked = requested(Kind::AuditCsv);
    given::<Export>([asked.clone()]).when(fail()).then([failed()]);
    for command in [finish(), fail(), approve(2)] {
        given::<Export>([asked.clone(), finished()]).when(command).then_nothing();
    }
    given::<Export>([asked.clone(), failed()]).when(fail()).then_nothing();
    given::<Export>([asked, failed()]).when(finish()).then_refused(Refusal::Over);
}

/// E5: each time that a file is fetched is on record; what is not there, or not any more, is refused.
#[test]
fn each_download_is_on_record() {
    let asked = requested(Kind::AuditCsv);
    let got = Event::Downloaded { by: id(3), file: 1, at: AT };
    let made = || vec![asked.clone(), finished(), got.clone()];
    given::<Export>(made()).when(download(1, AT)).then([got.clone()]);
    given::<Export>(made()).when(download(2, AT)).then_refused(Refusal::NoSuchFile);
    given::<Export>(made()).when(download(1, AT.plus(WEEK))).then_refused(Refusal::Deleted);
    given::<Export>([asked.clone()]).when(download(0, AT)).then_refused(Refusal::NotFinished);
    given::<Export>([asked, failed()]).when(download(0, AT)).then_refused(Refusal::NotFinished);
}

/// E5: what an export is asked for in words, and why, is classified.
#[test]
fn words_are_classified() {
    let json = serde_json::to_value(requested(Kind::Person)).unwrap();
    assert_eq!(json["terms"], serde_json::json!({ "$personal": "{}" }));
    assert_eq!(json["reason"], serde_json::json!({ "$personal": "An enquiry." }));
}
