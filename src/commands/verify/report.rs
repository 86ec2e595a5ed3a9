//! What a verification came to, for people.

use eventstore::verify::{Against, Verified};
use std::fmt::Write;

/// The report, one thing a line.
pub(super) fn of(verified: &Verified, against: &Against) -> String {
    let Verified { level, events, heads, proven, times, notes, findings } = verified;
    let mut lines = vec![
        ("log", against.key.name().to_owned()),
        ("key", against.key.to_string()),
        ("level", level.to_string()),
        ("events", events.to_string()),
    ];
    lines.extend(times.map(|times| ("recorded", times.to_string())));
    lines.push(("signatures", format!("{heads} checkpoints and anchors")));
    lines.push(("proven", proven.as_ref().map_or("nothing".to_owned(), |head| format!("by {head}"))));
    lines.extend(notes.iter().map(|note| ("note", note.clone())));
    let mut report = lines.iter().fold(String::new(), |mut report, (what, text)| {
        let _ = writeln!(report, "{what:<12} {text}");
        report
    });
    let _ = write!(report, "{findings}");
    let _ = writeln!(report, "{:<12} {}", "result", verified.verdict());
    report
}
