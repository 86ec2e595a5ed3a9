//! An event of the audit as a line of CSV (RFC 4180), harmless to spreadsheets (E2).

use super::json_lines::Line;
use eventstore::Recorded;
use std::fmt::Display;

const COLUMNS: [&str; 14] = [
    "index",
    "id",
    "at",
    "kind",
    "outcome",
    "reason",
    "actorKind",
    "actorAccount",
    "actorRole",
    "subjects",
    "subjectAddress",
    "messages",
    "network",
    "policyVersion",
];

/// The line with the columns' names.
pub(super) fn head() -> String {
    COLUMNS.join(",") + "\r\n"
}

pub(super) fn write(to: &mut Vec<u8>, event: &Recorded) {
    let Line {
        index,
        id,
        at,
        kind,
        outcome,
        reason,
        actor,
        subjects,
        subject_address,
        messages,
        network,
        policy_version,
    } = Line::of(event);
    let fields: [String; COLUMNS.len()] = [
        index.to_string(),
        id.to_string(),
        at,
        kind.to_owned(),
        outcome.to_owned(),
        reason.unwrap_or_default(),
        actor.kind.to_owned(),
        text(actor.account),
        actor.role.unwrap_or_default().to_owned(),
        list(&subjects),
        subject_address.unwrap_or_default(),
        list(&messages),
        text(network),
        text(policy_version),
    ];
    to.extend_from_slice(fields.map(|field| cell(&field)).join(",").as_bytes());
    to.extend_from_slice(b"\r\n");
}

fn text(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn list(values: &[impl Display]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A field. What a spreadsheet would take for a formula gets an apostrophe before it, and so does what has one already: who
/// takes one apostrophe away has the text.
fn cell(text: &str) -> String {
    let text = if text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\'', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E2: a field is one field whatever stands in it, and never a formula.
    #[test]
    fn a_field_is_harmless() {
        for (text, field) in [
            ("", ""),
            ("LOGIN_FAILED", "LOGIN_FAILED"),
            ("a,b", "\"a,b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+2@example.org", "'=1+2@example.org"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "'＝1"),
            ("'quoted", "''quoted"),
        ] {
            assert_eq!(cell(text), field, "{text:?}");
        }
    }
}
