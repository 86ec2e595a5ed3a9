//! Mails that another program wrote, mails that no program should write, and mails that nobody wrote.

use super::{Action, Incoming, Malformed, html, read};
use domain::notification::MailStatus;
use proptest::prelude::*;
use serde_json::Value;
use std::{fs, path::Path, process::Command};

fn mail(head: &str, body: &str) -> String {
    format!("From: Ada <ada@insurer.example>\r\nTo: ben@guest.example\r\n{head}\r\n{body}")
}

fn understood(raw: &str) -> Incoming {
    read(raw.as_bytes()).unwrap_or_else(|why| panic!("{why}"))
}

#[track_caller]
fn refused(raw: &[u8], why: Malformed) {
    assert_eq!(read(raw).err(), Some(why));
}

/// G4: what Python's email package wrote comes out as it went in: texts of eleven character sets in every encoding that
/// carries them, HTML, pictures, files with names of all sorts, a forwarded mail, an invitation, a signature.
#[test]
fn mails_of_another_program_survive() {
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/intake/mime/tests/write.py");
    let ran = Command::new("python3").arg(script).arg(folder.path()).status().unwrap();
    assert!(ran.success());
    let mails: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mails: Vec<_> =
        mails.iter().filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    assert!(mails.len() > 30, "{} mails", mails.len());
    for path in mails {
        compare(path);
    }
}

fn compare(path: &Path) {
    let said: Value = serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
    let mail = read(&fs::read(path).unwrap()).unwrap_or_else(|why| panic!("{path:?}: {why}"));
    assert_eq!(mail.subject, said["subject"].as_str().unwrap().trim(), "{path:?}");
    assert_eq!(mail.text.trim_end(), said["text"].as_str().unwrap().trim_end(), "{path:?}");
    assert_eq!(mail.html.as_deref().map(str::trim_end), said["html"].as_str().map(str::trim_end), "{path:?}");
    let files: Vec<_> =
        mail.files.iter().map(|file| (&*file.name, &*file.media_type, hex(&file.bytes))).collect();
    let written: Vec<_> = said["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let text = |name: &str| file[name].as_str().unwrap();
            (text("name"), text("type"), text("hex").to_owned())
        })
        .collect();
    assert_eq!(files, written, "{path:?}");
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").unwrap();
        all
    })
}

/// G4: a label that is wrong costs characters, not the mail.
#[test]
fn a_wrong_charset_costs_characters_alone() {
    for charset in ["utf-8", "us-ascii", "x-nobody-knows", "iso-2022-jp", "utf-16", ""] {
        let head = format!("Content-Type: text/plain; charset=\"{charset}\"\r\n");
        let mut raw = mail(&head, "").into_bytes();
        raw.extend_from_slice(b"Caf\xe9 ol\xe9\r\n");
        assert!(!read(&raw).unwrap().text.is_empty(), "{charset}");
    }
    let unlabelled = [mail("", "").as_bytes(), b"Caf\xe9".as_slice()].concat();
    assert_eq!(read(&unlabelled).unwrap().text, "Caf\u{fffd}");
}

/// G4: a mail is refused that cannot be read without a guess, each for its reason.
#[test]
fn what_cannot_be_read_is_refused() {
    let multipart =
        |boundary: &str, body: &str| mail(&format!("Content-Type: multipart/mixed{boundary}\r\n"), body);
    refused(b"", Malformed::NoAuthor);
    refused(b"\r\n\r\nNo head.\r\n", Malformed::NoAuthor);
    refused(b"Subject: x\r\n\r\nNo author.\r\n", Malformed::NoAuthor);
    refused(b"From:\r\n\r\n", Malformed::NoAuthor);
    refused(b"From: a@b.example\r\nFrom: c@b.example\r\n\r\n", Malformed::NoAuthor);
    refused(b"From: a@b.example, c@b.example\r\n\r\n", Malformed::NoSender);
    let crowd = vec!["a@b.example"; 101].join(", ");
    refused(format!("From: {crowd}\r\nSender: a@b.example\r\n\r\n").as_bytes(), Malformed::NoAuthor);
    refused(&[mail("", "a").as_bytes(), b"\0"].concat(), Malformed::Nul);
    refused(multipart("", "--x\r\n\r\na\r\n--x--\r\n").as_bytes(), Malformed::NoBoundary);
    refused(multipart("; boundary=\"\"", "--x\r\n\r\na\r\n").as_bytes(), Malformed::NoBoundary);
    refused(multipart("; boundary=x", "No line is it.\r\n").as_bytes(), Malformed::NoParts);
    let garbage = "--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%%% no base64\r\n--x--\r\n";
    refused(multipart("; boundary=x", garbage).as_bytes(), Malformed::BadEncoding);
    let many = "To: a@b.example\r\n".repeat(1_001);
    refused(mail(&many, "").as_bytes(), Malformed::TooManyMailboxes);
    let long = format!("X-Long: {}\r\n", "x".repeat(1_000_000));
    refused(mail(&long, "").as_bytes(), Malformed::LongHead);
    let folded = format!("X-Long: a\r\n{}", " x\r\n".repeat(250_000));
    refused(mail(&folded, "").as_bytes(), Malformed::LongHead);
    let parts = "--x\r\n\r\na\r\n".repeat(10_000);
    refused(multipart("; boundary=x", &parts).as_bytes(), Malformed::TooManyParts);
    refused(nested(100).as_bytes(), Malformed::TooDeep);
    assert_eq!(understood(&nested(20)).text, "deep");
}

/// Parts within parts.
fn nested(depth: usize) -> String {
    let (mut begin, mut end) = (String::new(), String::new());
    for level in 0..depth {
        begin = format!("{begin}Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
        end = format!("\r\n--b{level}--\r\n{end}");
    }
    format!("From: a@b.example\r\n{begin}\r\ndeep{end}")
}

/// G4: mails within mails are files, however deep: nothing in them is read.
#[test]
fn a_mail_within_a_mail_is_a_file() {
    let within = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let raw = mail("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n", &within);
    let read = understood(&raw);
    assert_eq!((read.files.len(), &*read.files[0].name, read.text.as_str()), (1, "message.eml", ""));
    let digest =
        mail("Content-Type: multipart/digest; boundary=x\r\n", "--x\r\n\r\nSubject: in\r\n\r\n\r\n--x--");
    assert_eq!(understood(&digest).files[0].media_type, "message/rfc822");
}

/// G4: a boundary is a line of its own, and a longer one is another.
#[test]
fn a_boundary_is_a_line() {
    let body = "before\r\n--x \r\n\r\none\r\n--xy\r\n --x\r\n--x--\r\nafter\r\n";
    let read = understood(&mail("Content-Type: multipart/mixed; boundary=x\r\n", body));
    assert_eq!(read.text, "one\n--xy\n --x");
    let open = understood(&mail(
        "Content-Type: multipart/mixed; boundary=x\r\n",
        "--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n",
    ));
    assert_eq!(open.text, "one\ntwo\n");
}

/// R13: mail of a program is known by its fields (RFC 3834).
#[test]
fn a_programs_mail_is_known() {
    let automatic = |field: &str| understood(&mail(&format!("{field}\r\n"), "x")).automatic;
    for field in [
        "Auto-Submitted: auto-replied",
        "auto-submitted: AUTO-GENERATED; x=y",
        "Precedence: bulk",
        "List-Id: <a.b.example>",
        "X-Auto-Response-Suppress: All",
    ] {
        assert!(automatic(field), "{field}");
    }
    for field in ["Auto-Submitted: no", "Precedence: first-class", "X-Auto-Response-Suppress: None", "X-A: b"]
    {
        assert!(!automatic(field), "{field}");
    }
}

/// G3, G4: correspondents and fields as they were written, names that could pass for another's address without them.
#[test]
fn correspondents_are_read() {
    let raw = "From: \"Lovelace, Ada\" <ada@insurer.example>\r\nTo: =?utf-8?q?J=C3=BCrgen?= <j@x.example>,\r\n \
               \"c@d.example\" <e@x.example>, broken\r\nCc: Team: a@x.example, b@x.example;\r\n\
               X-Class: =?utf-8?b?w4RyenRlLUFrdGU=?=\r\n folded\r\nSubject: [secure]\r\n\tof two lines\r\n\r\nx";
    let read = understood(raw);
    let shown = |mailboxes: &[domain::address::Mailbox]| {
        mailboxes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(read.from.unwrap().to_string(), "\"Lovelace, Ada\" <ada@insurer.example>");
    assert_eq!(shown(&read.to), ["\"Jürgen\" <j@x.example>", "e@x.example"]);
    assert_eq!(shown(&read.cc), ["a@x.example", "b@x.example"]);
    assert_eq!(read.subject, "[secure] of two lines");
    assert!(read.headers.contains(&("X-Class".into(), "Ärzte-Akte folded".into())), "{:?}", read.headers);
    let several = "From: a@x.example, b@x.example\r\nSender: s@x.example\r\n\r\n";
    assert_eq!(understood(several).from.unwrap().to_string(), "s@x.example");
}

/// R15: a report on a delivery says what became of which mail (RFC 3464), as postfix writes it and as Exchange does.
#[test]
fn a_delivery_report_is_read() {
    let report = |returned: &str, status: &str| {
        mail(
            "Auto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"x/y\"\r\n",
            &format!(
                "--x/y\r\n\r\nSorry.\r\n--x/y\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--x/y\r\n{returned}\r\n--x/y--\r\n"
            ),
        )
    };
    let postfix = understood(&report(
        "Content-Type: text/rfc822-headers\r\n\r\nFrom: no@portal.example\r\nMessage-ID: <018f@portal.example>\r\n",
        "Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; ben@guest.example\r\nOriginal-Recipient: \
         rfc822;ben@guest.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n <ben>: \
         no such user\r\n\r\nFinal-Recipient: rfc822; eve@guest.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n",
    ));
    let found = postfix.report.unwrap();
    let fates: Vec<_> =
        found.recipients.iter().map(|fate| (fate.recipient.to_string(), fate.action, fate.status)).collect();
    assert_eq!(
        fates,
        [
            ("ben@guest.example".to_owned(), Action::Failed, Some(MailStatus(5, 1, 1))),
            ("eve@guest.example".to_owned(), Action::Delayed, Some(MailStatus(4, 4, 1))),
        ]
    );
    assert_eq!(found.originals, ["018f@portal.example"]);
    assert!(postfix.automatic);
    let whole = understood(&report(
        "Content-Type: message/rfc822\r\n\r\nReceived: by x\r\nMessage-Id: <018f@portal.example>\r\n\r\nText.\r\n",
        "Reporting-MTA: dns;x\r\n\r\nFinal-Recipient: RFC822;ben@guest.example\r\nAction: FAILED\r\nDiagnostic-Code: \
         smtp;552 5.2.2 full\r\n",
    ));
    let found = whole.report.unwrap();
    assert_eq!(
        (found.recipients[0].status, &*found.originals[0]),
        (Some(MailStatus(5, 2, 2)), "018f@portal.example")
    );
    assert_eq!(understood(&mail("", "x")).report, None);
}

/// G4: HTML comes out without anything that acts or is fetched, and with its text.
#[test]
fn html_becomes_harmless() {
    let written = "<html><head><style>p{background:url(http://x)}</style><title>T</title></head><body onload=a()>\
        <p class=x style='color:url(http://x)'>Dear <B>Ben</B>,<p>see <a href='https://x.example/?a=1&amp;b=2' onclick=b()>here\
        </a><a href=javascript:c()>not</a><img src=http://x.example/1.gif><script>alert('</p>')</script><form action=http://x>\
        <input></form><iframe src=//x></iframe><!-- <b> --><table><tr><td colspan=2>1<td>2</table><svg><script>d()</script>\
        </svg><ul><li>one<li>two</ul>a < b &lt;i&gt; &copy; &#60;";
    assert_eq!(
        html::harmless(written),
        "<p>Dear <b>Ben</b>,</p><p>see <a href=\"https://x.example/?a=1&amp;b=2\">here</a><a>not</a></p><table><tr><td \
         colspan=\"2\">1</td><td>2</td></tr></table><ul><li>one</li><li>two</li></ul>a &lt; b &lt;i&gt; © &lt;"
    );
    assert_eq!(
        html::text_of(written),
        "Dear Ben,\n\nsee here <https://x.example/?a=1&b=2> not\n\n1 2\n\n- one\n- two\n\na < b <i> © <"
    );
    assert_eq!(html::text_of("<pre>a\n  b</pre><div>c<br>d</div>"), "a\n  b\n\nc\nd");
}

/// G4: HTML that makes a tree explode costs no more than other HTML, and what is nested too deep is written flat.
#[test]
fn hostile_html_costs_nothing() {
    let formatting: String =
        (0..40_000).flat_map(|n| ["<b a=".to_owned(), n.to_string(), ">".to_owned()]).collect();
    let written = format!("<p>{formatting}{}", "</p><p>y".repeat(40_000));
    assert!(html::harmless(&written).len() < written.len() * 2);
    let deep = "<div>".repeat(100_000) + "text";
    assert_eq!(html::harmless(&deep).matches("<div>").count(), 100);
    assert_eq!(html::text_of(&deep), "text");
}

/// Whether nothing but allowed tags stands in a text, each with a partner.
fn is_harmless(html: &str) -> bool {
    let mut open = vec![];
    for piece in html.split('<').skip(1) {
        let Some((tag, text)) = piece.split_once('>') else { return false };
        let name = tag.split(' ').next().unwrap_or_default();
        let attributes = &tag[name.len()..];
        let allowed = ["", " dir=\"", " href=\"http", " href=\"mailto", " colspan=\"", " rowspan=\""];
        if !allowed.iter().any(|start| attributes.to_ascii_lowercase().starts_with(start))
            || text.contains('>')
        {
            return false;
        }
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            Some(_) => {}
            None if ["br", "hr", "wbr"].contains(&name) => {}
            None => open.push(name),
        }
    }
    open.is_empty()
}

proptest! {
    /// G4: no sequence of octets is beyond reading: it is understood or refused.
    #[test]
    fn any_octets_are_read_or_refused(raw in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&raw);
        let _ = read(&[b"From: a@b.example\r\n".as_slice(), &raw].concat());
    }

    /// G4: neither is a mail made of the pieces that mails are made of.
    #[test]
    fn any_pieces_are_read_or_refused(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        let _ = read(("From: a@b.example\r\n".to_owned() + &pieces.concat()).as_bytes());
    }

    /// G4: whatever HTML says, what is shown of it is harmless, and stays as it is when it is read again.
    #[test]
    fn any_html_becomes_harmless(pieces in prop::collection::vec(prop::sample::select(TAGS), 0..60)) {
        let once = html::harmless(&pieces.concat());
        prop_assert!(is_harmless(&once), "{once}");
        prop_assert_eq!(html::harmless(&once), once);
        let _ = html::text_of(&pieces.concat());
    }
}

const PIECES: &[&str] = &[
    "\r\n",
    "\r\n\r\n",
    "\n",
    "--x\r\n",
    "--x--\r\n",
    "--y\r\n",
    "--y--",
    " ",
    "a",
    "=",
    "=3D",
    "=?utf-8?q?=FF?=",
    "\u{e9}",
    "Content-Type: multipart/mixed; boundary=x\r\n",
    "Content-Type: multipart/alternative; boundary=\"y\"\r\n",
    "Content-Type: multipart/report; boundary=x\r\n",
    "Content-Type: message/delivery-status\r\n",
    "Content-Type: text/html; charset=shift_jis\r\n",
    "Content-Type: text/plain; charset=utf-7\r\n",
    "Content-Type: text/plain; charset*0*=utf-16''%ff; charset*1=x\r\n",
    "Content-Type: text/plain; charset=gb18030\r\n",
    "Content-Type: text/plain; charset=iso-2022-jp\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "8J+YgA==",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment; filename*=utf-8''%e2%82\r\n",
    "Subject: =?gb18030?b?gTA=?=\r\n",
    "To: \"a\" <b@c.example>, (c\r\n",
    "Cc: g: a@b.example;\r\n",
    "Sender: \"\\\r\n",
    "Final-Recipient: rfc822; a@b.example\r\n",
    "Action: failed\r\n",
    "Status: 5.1.1\r\n",
    "\u{1b}$B",
    "+AGE-",
    "<p>",
    "&#0;",
];
const TAGS: &[&str] = &[
    "<",
    ">",
    "\"",
    "'",
    "&",
    "&amp;",
    "&#x0;",
    "&#60;",
    "&lt;",
    ";",
    "<!--",
    "-->",
    "<!",
    "a",
    " ",
    "=",
    "/",
    "\u{e9}",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<a href=",
    "http://x.example",
    "javascript:x",
    "</a>",
    "<a href=\"https://x\">",
    "<table>",
    "<tr>",
    "<td colspan=\"2\">",
    "</td>",
    "</table>",
    "<ul>",
    "<li>",
    "</ul>",
    "<script>",
    "</script>",
    "<img src=x>",
    "<br>",
    "<pre>",
    "</pre>",
    "<div dir=rtl>",
    "</div>",
    "<svg onload=x>",
    "<style",
    "<title>",
    "</",
    "<dl>",
    "<dt>",
    "<dd>",
];
