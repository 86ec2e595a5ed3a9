//! Events of exports.

use super::{AT, LATER, id, question};
use domain::{
    Personal,
    audit::Topic,
    bytes::Sha256,
    export::{Event, Failure, File, Kind},
};

pub(super) fn export() -> [Event; 6] {
    [
        Event::Requested {
            by: Some(id(1)),
            kind: Kind::AuditJsonLines,
            what: question(Topic::Audit),
            terms: Personal::known("{\"network\":\"192.0.2.0/24\"}".into()),
            reason: Personal::known("An enquiry.".into()),
            tree_size: 77,
            at: AT,
        },
        Event::Approved { by: id(2), at: AT },
        Event::Disclosed { chunk: 0, messages: vec![id(9)], at: AT },
        Event::Finished {
            files: vec![File::new("audit.jsonl", 4096, Sha256([0x33; 32]))],
            kept_until: LATER,
            at: AT,
        },
        Event::Failed { why: Failure::TooLarge, at: AT },
        Event::Downloaded { by: id(3), file: 0, at: LATER },
    ]
}
