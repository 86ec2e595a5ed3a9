use super::*;
use crate::content::Action::{Hold, Pass, Refuse, Secure};
use uuid::Uuid;

fn id(number: u128) -> RuleId {
    RuleId::new(Uuid::from_u128(number))
}

fn condition(part: Part, detector: Detector, pattern: &str, threshold: u32) -> Condition {
    let pattern = Some(pattern.to_owned()).filter(|pattern| !pattern.is_empty());
    Condition { part, detector, pattern, threshold }
}

fn rule(order: i32, action: Action, conditions: &[Condition]) -> Rule {
    let rule = Rule { name: "A rule".into(), order, enabled: true, action, conditions: conditions.into() };
    assert_eq!(rule.problems(), [], "a rule that can stand");
    rule
}

fn lists() -> ContentPolicy {
    let set = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    ContentPolicy { terms: set(&["diabetes", "HIV", "Krebs"]), member_ids: set(&[r"M\d{8}"]) }
}

fn compiled(rules: &[(u128, Rule)]) -> Rules {
    Rules::compile(rules.iter().map(|(number, rule)| (id(*number), rule)), &lists())
        .expect("rules that compile")
}

fn mail() -> Scanned {
    Scanned {
        sender: "anna@insurer.example".into(),
        recipients: vec!["dana@clinic.example".into(), "bob@broker.example".into()],
        subject: "Your claim".into(),
        headers: vec![("X-Secure".into(), "YES".into()), ("X-Mailer".into(), "Post".into())],
        text: "Card 4111 1111 1111 1111, again 4111-1111-1111-1111".into(),
        files: vec!["5555 5555 5555 4444".into(), "SSN 536-22-1234".into()],
    }
}

/// The hits of one condition in the mail above, after a change.
fn hits(condition: Condition, change: impl FnOnce(&mut Scanned)) -> Option<u32> {
    let mut mail = mail();
    change(&mut mail);
    judge(&compiled(&[(1, rule(1, Secure, &[condition]))]), &mail).map(|hit| hit.hits)
}

/// G2, G3: the first rule that matches acts, in their order and then by their ids; what is disabled is not asked.
#[test]
fn the_first_rule_acts() {
    let cards = || [condition(Part::Body, Detector::CardNumber, "", 1)];
    let rules = [
        (5, rule(3, Refuse, &cards())),
        (9, rule(2, Hold, &cards())),
        (2, rule(2, Secure, &cards())),
        (1, Rule { enabled: false, ..rule(1, Pass, &cards()) }),
        (3, rule(0, Pass, &[condition(Part::Body, Detector::Iban, "", 1)])),
    ];
    assert_eq!(judge(&compiled(&rules), &mail()), Some(Hit { rule: id(2), action: Secure, hits: 2 }));
    assert_eq!(judge(&compiled(&[]), &mail()), None);
    assert!(compiled(&rules).look_at_bodies());
    let by_tag = rule(1, Secure, &[condition(Part::Subject, Detector::Term, "[secure]", 1)]);
    assert!(!compiled(&[(1, by_tag)]).look_at_bodies());
    assert!(compiled(&[(1, Rule { enabled: false, ..rule(1, Pass, &cards()) })]).is_empty());
}

/// G3: all conditions must hold, each by its threshold; different numbers count, in the body and the attachments.
#[test]
fn all_conditions_must_hold() {
    let cards = |threshold| condition(Part::Body, Detector::CardNumber, "", threshold);
    let to = |domain: &str| condition(Part::Recipient, Detector::Pattern, &format!("@{domain}$"), 1);
    let judged = |conditions: &[Condition]| {
        judge(&compiled(&[(1, rule(1, Hold, conditions))]), &mail()).map(|hit| hit.hits)
    };
    assert_eq!(judged(&[cards(2)]), Some(2));
    assert_eq!(judged(&[cards(3)]), None);
    assert_eq!(judged(&[cards(2), to(r"broker\.example")]), Some(3));
    assert_eq!(judged(&[cards(2), to(r"bank\.example")]), None);
    assert_eq!(judged(&[condition(Part::Body, Detector::UsSsn, "", 1), cards(1)]), Some(3));
}

/// B5, G3: a tag in the subject and a header, by expression or as a term; a header without a value, and any header.
#[test]
fn senders_choose_by_tag_or_header() {
    let tag = || condition(Part::Subject, Detector::Pattern, r"^\[secure\]", 1);
    assert_eq!(hits(tag(), |mail| mail.subject = "[SECURE] Your claim".into()), Some(1));
    assert_eq!(hits(tag(), |mail| mail.subject = "Secure".into()), None);
    let term = || condition(Part::Subject, Detector::Term, "[secure]", 1);
    assert_eq!(hits(term(), |mail| mail.subject = "Claim [Secure]".into()), Some(1));
    assert_eq!(hits(term(), |mail| mail.subject = "Claim, secure".into()), None);
    let header = |pattern: &str| condition(Part::Header, Detector::Pattern, pattern, 1);
    assert_eq!(hits(header("x-secure: ^yes$"), |_| ()), Some(1));
    assert_eq!(hits(header("X-Secure: no"), |_| ()), None);
    assert_eq!(hits(header("X-Other: yes"), |_| ()), None);
    assert_eq!(hits(header("X-Secure:"), |mail| mail.headers[0].1.clear()), Some(1));
    assert_eq!(hits(condition(Part::Header, Detector::CardNumber, "", 1), |_| ()), None);
    let card = |mail: &mut Scanned| mail.headers[1].1 = "4111111111111111".into();
    assert_eq!(hits(condition(Part::Header, Detector::CardNumber, "", 1), card), Some(1));
    assert_eq!(hits(condition(Part::Header, Detector::CardNumber, "X-Secure:", 1), card), None);
}

/// C1, G3: terms of the list count once each, one term by its places; member numbers by the organisation's expressions or
/// the condition's own.
#[test]
fn terms_and_member_numbers() {
    let text = |text: &'static str| move |mail: &mut Scanned| mail.text = text.into();
    let terms = |threshold| condition(Part::Body, Detector::Term, "", threshold);
    assert_eq!(hits(terms(2), text("Krebs, KREBS und ein HIV-Test")), Some(2));
    assert_eq!(hits(terms(2), text("Krebs, KREBS")), None);
    assert_eq!(hits(condition(Part::Body, Detector::Term, "Rheuma", 2), text("Rheuma, rheuma.")), Some(2));
    assert_eq!(hits(condition(Part::Body, Detector::Term, "Rheuma", 1), text("Krebs")), None);
    let members = |pattern: &str| condition(Part::Body, Detector::MemberId, pattern, 1);
    assert_eq!(hits(members(""), text("M12345678 m12345678 M\u{200b}8765432\u{ad}1")), Some(2));
    assert_eq!(hits(members(r"Z\d{3}"), text("M12345678 Z123")), Some(1));
    assert_eq!(hits(members(""), text("XM12345678 M123456789")), None);
}

/// G3: digits inside an account's number are no card.
#[test]
fn an_account_is_no_card() {
    // The digits 4111 1111 1111 1111 with the check digits that make them an account.
    let account = (2..=98).map(|check| format!("DE{check:02} 4111 1111 1111 1111 00"));
    let is_account = |text: &String| !iban::find(&text.to_lowercase(), &mut BTreeSet::new()).is_empty();
    let account = account.into_iter().find(is_account).expect("one of 97 passes");
    let cards = || condition(Part::Body, Detector::CardNumber, "", 1);
    let only = |text: String| move |mail: &mut Scanned| (mail.text, mail.files) = (text, vec![]);
    assert_eq!(hits(condition(Part::Body, Detector::Iban, "", 1), only(account.clone())), Some(1));
    assert_eq!(hits(cards(), only(account.clone())), None);
    assert_eq!(hits(cards(), only(account[5..24].to_owned())), Some(1));
}

/// G2: a rule that cannot be asked stops everything, rather than let mail pass by it.
#[test]
fn what_cannot_be_asked_is_named() {
    let broken = Rule {
        name: "Broken".into(),
        order: 1,
        enabled: true,
        action: Secure,
        conditions: vec![condition(Part::Body, Detector::Pattern, "(", 1)],
    };
    let problem = |rule: &Rule, lists: &ContentPolicy| Rules::compile([(id(1), rule)], lists).err();
    assert!(matches!(problem(&broken, &lists()), Some(Unusable::Rule(rule, _)) if rule == id(1)));
    let off = Rule { enabled: false, ..broken };
    assert_eq!(problem(&off, &lists()), None);
    let wrong = ContentPolicy { member_ids: ["(".into()].into(), ..lists() };
    assert!(matches!(problem(&off, &wrong), Some(Unusable::MemberIds(_))));
}

/// G2: nothing of a mail shows where it is written for debugging.
#[test]
fn debugging_shows_no_content() {
    let shown = format!("{:?}", mail());
    assert!(!shown.contains("4111") && !shown.contains("anna") && !shown.contains("claim"), "{shown}");
}

/// How long the dearest texts take; `cargo test -p domain --release -- --ignored --nocapture content_speed` prints it.
#[test]
#[ignore = "prints a measurement and asserts nothing of it"]
fn content_speed() {
    let all = [Detector::CardNumber, Detector::UsSsn, Detector::Iban, Detector::Term, Detector::MemberId];
    let mut conditions: Vec<_> = all.map(|detector| condition(Part::Body, detector, "", 1)).into();
    conditions.push(condition(Part::Body, Detector::Pattern, r"conf\w+ial \d+", 1));
    let rules: Vec<_> = conditions.into_iter().zip(1..).map(|(c, n)| (n, rule(1, Hold, &[c]))).collect();
    let rules = compiled(&rules);
    for (name, piece) in [
        ("prose", "Dear Sir, we have looked at your letter of 12 May 2024 and at the invoice.\r\n"),
        ("digits", "1 2 3 4 5 6 7 8 9 0 "),
        ("groups", "4111 1111 1111 1112 "),
        ("accounts", "de12 3704 0044 0532 0130 00 "),
        ("one number", "4"),
        ("Cyrillic", "Уважаемые дамы и господа, ваш счёт готов. "),
        ("marks", "e\u{301}\u{200b}４"),
        ("ssn", "ssn 000-00-0000 "),
        ("lines", "1\n2\n"),
    ] {
        let text = piece.repeat(512 * 1024 / piece.len());
        let mail = Scanned { text, files: vec![], ..mail() };
        #[expect(clippy::disallowed_methods, reason = "measures how long work takes")]
        let began = std::time::Instant::now();
        let hit = judge(&rules, &mail);
        println!("{name}: {:?} {hit:?}", began.elapsed());
    }
}
