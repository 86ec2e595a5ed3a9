//! What each mail says. The texts are in `golden/`; after a change of words `SEALPOST_BLESS=1 cargo test -p app mails` writes
//! them anew, and the difference is read like code.

use super::*;
use crate::envelopes::Envelope;
use domain::account::recovery::ResetBy;
use mail_parser::decoders::html::html_to_text;
use std::{env, fs, path::Path};

const TOKEN: &str = "tokentokentokentokentokentokentokentokentok";
/// 2026-01-05T08:00:00Z.
const NOW: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);
/// 2026-03-06T08:30:00Z.
const UNTIL: Timestamp = Timestamp::from_micros(1_772_785_800_000_000);

fn identity() -> Identity {
    Identity {
        name: "Hallowmere Health".into(),
        portal_url: "https://secure.hallowmere.example".into(),
        do_not_reply: "do-not-reply@hallowmere.example".into(),
    }
}

fn presentation() -> Presentation {
    let support = SupportContact { country: "US".into(), telephone: "+15550142".into(), hours: None };
    Presentation {
        colour: "#1a5468".into(),
        notification_text: "Hallowmere Health, 1 Mere Street\nOpen Monday to Friday".into(),
        support: vec![support],
        ..Presentation::default()
    }
}

fn dispatch(leave: Option<&str>) -> Dispatch {
    Dispatch {
        notification: NotificationId::new(uuid::Uuid::from_u128(7)),
        to: EmailAddress::parse("may.nguyen@post.example").unwrap(),
        automatic: AutoSubmitted::Generated,
        leave: leave.map(str::to_owned),
        attachment: None,
        covers: vec![],
        at: NOW,
    }
}

fn written(words: &Words) -> Mail {
    let (identity, presentation) = (identity(), presentation());
    let head = Letterhead { identity: &identity, presentation: &presentation };
    mail(&head, words, dispatch(Some("leavingleavingleavingleavingleavingleaving")))
}

/// Every kind of mail, by name.
fn all() -> Vec<(&'static str, Words)> {
    let of = &identity();
    let waiting = |count, encrypts| Waiting { count, until: UNTIL, encrypts };
    let file = MailFile {
        name: "securedoc.html".into(),
        media_type: "text/html".into(),
        bytes: Bytes::from_static(b"<!doctype html>"),
    };
    let mut enclosing = new_message(of, waiting(1, true));
    enclosing.adds.push(enclosed(&Envelope { file, link: format!("{}/envelope/{TOKEN}", of.portal_url) }));
    vec![
        ("new_message", new_message(of, waiting(1, false))),
        ("new_message_encrypted", enclosing),
        ("new_messages", new_message(of, waiting(3, false))),
        ("new_messages_encrypted", new_message(of, waiting(3, true))),
        ("invitation", invitation(of, TOKEN, UNTIL, false)),
        ("invitation_encrypted", invitation(of, TOKEN, UNTIL, true)),
        ("activation", activation(of, TOKEN, UNTIL)),
        ("password_activation", password_activation(of, TOKEN, UNTIL)),
        ("reminder", reminder(of, "what flies over the lake")),
        ("reset", reset(of, TOKEN, UNTIL, ResetBy::Person)),
        ("reset_by_administrator", reset(of, TOKEN, UNTIL, ResetBy::Administrator)),
        ("lockout", lockout(of, UNTIL)),
        ("alias_confirmation", alias_confirmation(of, TOKEN, UNTIL)),
        ("alias_promotion", promotion_notice(of, TOKEN, UNTIL)),
        ("expiry_warning", expiry_warning(of, UNTIL)),
        ("undeliverable", undeliverable(of, 1, false)),
        ("undeliverable_too_large", undeliverable(of, 2, true)),
        ("uninvited", uninvited(of, false)),
        ("alert", alert(of, UNTIL)),
        ("unread", unread(of)),
        ("names_too_little", names_too_little(of)),
        ("leaving", leaving(of, TOKEN)),
        ("not_known", not_known(of)),
    ]
}

/// A1, A6, A10, A13, A18, A22, A41, B1, B31, B35, B37, B42, C2, R14: what each mail says, to the letter.
#[test]
fn each_mail_says_this() {
    let (mut texts, mut foot) = (String::new(), None);
    for (name, words) in all() {
        let mail = written(&words);
        let (said, own_foot) = mail.text.split_once("\nHallowmere Health, 1 Mere Street").unwrap();
        assert_eq!(*foot.get_or_insert(own_foot.to_owned()), own_foot, "{name}");
        write!(texts, "===== {name}\nSubject: {}\n\n{said}\n", mail.subject).unwrap();
    }
    let foot = foot.unwrap();
    write!(texts, "===== under each mail\nHallowmere Health, 1 Mere Street{foot}").unwrap();
    golden("mails.txt", &texts);
    golden("new_message.html", &written(&new_message_of_one()).html);
}

fn new_message_of_one() -> Words {
    new_message(&identity(), Waiting { count: 1, until: UNTIL, encrypts: false })
}

/// B35: opening a mail fetches nothing, runs nothing and sends nothing; its links lead to the portal alone.
#[test]
fn a_mail_is_whole_in_itself() {
    for (name, words) in all() {
        let html = written(&words).html;
        for foreign in
            ["src=", "url(", "@import", "<img", "<link", "<script", "<form", "<iframe", "<object", "<base"]
        {
            assert!(!html.contains(foreign), "{name} has {foreign}");
        }
        for link in html.split("href=\"").skip(1) {
            let target = link.split('"').next().unwrap();
            assert!(target.starts_with("https://secure.hallowmere.example/"), "{name}: {target}");
        }
        let addresses = html.matches("http").count();
        assert_eq!(addresses, html.matches("href=\"https://").count(), "{name}: addresses are links alone");
    }
}

/// A6, R8: the HTML says what the text says, word by word.
#[test]
fn both_forms_say_the_same() {
    for (name, words) in all() {
        let mail = written(&words);
        let (_, body) = mail.html.split_once("<body").unwrap();
        let shown = html_to_text(&format!("<body{body}"));
        let shown: Vec<_> = shown.split_whitespace().collect();
        let mut rest = shown.iter();
        for word in mail.text.split_whitespace() {
            let is_shown = |shown: &str| shown.trim_end_matches(':') == word.trim_end_matches(':');
            let is_mark = word == "--" || word.starts_with("https://");
            assert!(
                is_mark || rest.any(|shown| is_shown(shown)),
                "{name}: {word} of the text is not in {shown:?}"
            );
        }
    }
}

/// R12: words from outside stay words in both forms.
#[test]
fn nothing_from_outside_becomes_markup() {
    let name = "A <b>& \"Co\"</b> 'Ltd'";
    let identity = Identity { name: name.into(), ..identity() };
    let sly = "<img src=x onerror=alert(1)>";
    let presentation = Presentation {
        notification_text: sly.into(),
        colour: "red;} body {display:none".into(),
        ..presentation()
    };
    let head = Letterhead { identity: &identity, presentation: &presentation };
    let mail = mail(&head, &reminder(&identity, sly), dispatch(None));
    assert!(mail.text.contains(name) && mail.text.contains(sly));
    assert!(mail.html.contains("A &lt;b&gt;&amp; &quot;Co&quot;&lt;/b&gt; &#39;Ltd&#39;"), "{}", mail.html);
    assert!(!mail.html.contains("<img") && !mail.html.contains("display:none"), "{}", mail.html);
    assert_eq!(mail.html.matches("&lt;img src=x onerror=alert(1)&gt;").count(), 2);
    assert_eq!(mail.leave, None);
}

/// B36, R12: what a mail program offers to leave by names the organisation, and nobody's address.
#[test]
fn a_mail_says_how_to_leave() {
    let mail = written(&new_message_of_one());
    let leave = mail.leave.unwrap();
    assert_eq!(
        leave.mailto,
        "mailto:do-not-reply@hallowmere.example?subject=unsubscribe%20Hallowmere%20Health"
    );
    assert!(mail.text.contains(&leave.url) && mail.html.contains(&leave.url));
    assert!(!mail.text.contains("may.nguyen") && !mail.html.contains("may.nguyen"));
}

/// R8: whatever the organisation's colour, links stand out on a dark page: 4.5 to 1 at least (WCAG 2.2, 1.4.3).
#[test]
fn links_stand_out_on_a_dark_page() {
    let luminance = |colour: &str| {
        let linear = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5)
    };
    for colour in ["#000000", "#1a5468", "#c00000", "#0000ff", "#767676", "#005500"] {
        let light = html::Colour::of(colour).light;
        for dark in ["#14191c", "#0f1d23"] {
            let contrast = (luminance(&light) + 0.05) / (luminance(dark) + 0.05);
            assert!(contrast >= 4.5, "{colour}: {light} on {dark} has {contrast}");
        }
    }
}

fn golden(file: &str, text: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/mails/golden")).join(file);
    if env::var_os("SEALPOST_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, known, "{file} says something else; bless it if that is meant");
}
