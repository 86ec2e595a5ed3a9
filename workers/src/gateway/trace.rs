//! The line that every server puts on top of a mail it takes (RFC 5321 §4.4). It names hosts and no person.

use domain::Timestamp;
use std::net::IpAddr;
use time::format_description::well_known::Rfc2822;

/// How a mail came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) peer: IpAddr,
    pub(super) helo: &'a str,
    pub(super) extended: bool,
    pub(super) tls: bool,
    pub(super) utf8: bool,
    pub(super) hostname: &'a str,
    pub(super) at: Timestamp,
}

/// The `Received` line, CRLF included.
pub(super) fn received(way: Way<'_>) -> String {
    let Way { helo, hostname, .. } = way;
    let literal = match way.peer.to_canonical() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    };
    // RFC 3848, RFC 6531 §4.3.
    let protocol = match (way.utf8, way.extended, way.tls) {
        (true, _, true) => "UTF8SMTPS",
        (true, _, false) => "UTF8SMTP",
        (false, true, true) => "ESMTPS",
        (false, true, false) => "ESMTP",
        (false, false, _) => "SMTP",
    };
    // Years of four digits, which any clock has, can be formatted.
    let at = way.at.to_utc().format(&Rfc2822).unwrap_or_default();
    format!("Received: from {helo} ({literal})\r\n\tby {hostname} with {protocol};\r\n\t{at}\r\n")
}

/// How many servers a mail has passed, by its own account.
pub(super) fn hops(raw: &[u8]) -> usize {
    let head = raw.split(|octet| *octet == b'\n').take_while(|line| !matches!(line, [] | [b'\r']));
    head.filter(|line| line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:"))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G4: the line says which host came by which way and when.
    #[test]
    fn the_line_is_as_the_standard_has_it() {
        let way = Way {
            peer: "::ffff:192.0.2.7".parse().unwrap(),
            helo: "mail.insurer.example",
            extended: true,
            tls: true,
            utf8: false,
            hostname: "gateway.insurer.example",
            at: Timestamp::from_micros(1_772_442_000_000_000),
        };
        let expected = "Received: from mail.insurer.example ([192.0.2.7])\r\n\tby gateway.insurer.example with \
             ESMTPS;\r\n\tMon, 02 Mar 2026 09:00:00 +0000\r\n";
        assert_eq!(received(way), expected);
        let other = Way { peer: "2001:db8::7".parse().unwrap(), tls: false, utf8: true, ..way };
        assert!(
            received(other).contains("([IPv6:2001:db8::7])\r\n\tby gateway.insurer.example with UTF8SMTP;")
        );
    }
}
