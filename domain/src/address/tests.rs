use super::*;
use proptest::prelude::*;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}
fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

/// B8: an address is the same in any case and with blanks around it, and what was typed is kept.
#[test]
fn case_does_not_make_another_address() {
    let typed = address("  Ada.Lovelace@Guest.Example ");
    assert_eq!(typed.typed(), "Ada.Lovelace@Guest.Example");
    assert_eq!(typed.normalised(), "ada.lovelace@guest.example");
    assert_eq!(typed, address("ada.lovelace@guest.example"));
}

/// B8: an invitation is for one exact address: a plus-address, a dot more or another host is another one.
#[test]
fn other_addresses_stay_other() {
    for other in
        ["ada+shop@guest.example", "a.da@guest.example", "ada@mail.guest.example", "áda@guest.example"]
    {
        assert_ne!(address(other), address("ada@guest.example"), "{other}");
    }
}

/// B8: letters that Unicode can write in two ways are one letter.
#[test]
fn composed_and_decomposed_letters_are_the_same() {
    assert_eq!(address("zo\u{EB}@guest.example"), address("ZOE\u{308}@guest.example"));
}

/// A32: the part after @ counts, case and script apart; a subdomain differs.
#[test]
fn a_domain_is_compared_whole() {
    assert_eq!(domain("Guest.EXAMPLE"), domain("guest.example"));
    assert_eq!(domain("Bücher.example"), domain("xn--bcher-kva.example"));
    assert_eq!(domain("bücher。example").as_str(), "xn--bcher-kva.example");
    assert_ne!(domain("mail.guest.example"), domain("guest.example"));
    assert_eq!(address("ada@Bücher.example").domain(), &domain("xn--bcher-kva.example"));
}

/// A32: what is no domain name is refused.
#[test]
fn no_domain_is_refused() {
    let long = format!("{}.example", "a.".repeat(125).trim_end_matches('.'));
    for text in [
        "",
        "localhost",
        "guest..example",
        ".example",
        "guest.example.",
        "192.0.2.1",
        "[192.0.2.1]",
        "-a.example",
        "a-.example",
        "gu est.example",
        "guest_.example",
        "a\u{200B}b.example",
        "guest.example\n",
        "xn--a.example",
        long.as_str(),
    ] {
        assert_eq!(Domain::parse(text), Err(AddressError::Domain), "{text:?}");
    }
}

/// B8: each kind of malformed address has its own error.
#[test]
fn malformed_addresses_are_refused() {
    let long = |n| format!("{}@guest.example", "a".repeat(n));
    for (text, error) in [
        ("", AddressError::Empty),
        (" \t", AddressError::Empty),
        ("ada", AddressError::NoAt),
        ("@guest.example", AddressError::LocalPart),
        ("a da@guest.example", AddressError::LocalPart),
        (".ada@guest.example", AddressError::LocalPart),
        ("ada.@guest.example", AddressError::LocalPart),
        ("a..da@guest.example", AddressError::LocalPart),
        ("ada@home@guest.example", AddressError::LocalPart),
        ("\"a da\"@guest.example", AddressError::LocalPart),
        ("a\u{37E}b@guest.example", AddressError::LocalPart),
        ("ada@", AddressError::Domain),
        ("ada@guest", AddressError::Domain),
        ("ada\r\nBcc: eve@x.example", AddressError::ControlCharacter),
        ("ada\0@guest.example", AddressError::ControlCharacter),
        ("a\u{200B}da@guest.example", AddressError::ControlCharacter),
        ("ada\u{202E}@guest.example", AddressError::ControlCharacter),
        (&long(65), AddressError::TooLong),
        (&long(400), AddressError::TooLong),
    ] {
        assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
    }
    assert!(EmailAddress::parse(&long(64)).is_ok());
}

/// R10: a masked address shows two first letters and the top-level domain.
#[test]
fn a_masked_address_shows_little() {
    assert_eq!(address("Ada@Example.com").masked(), "a***@e***.com");
    assert_eq!(address("a@mail.guest.co.uk").masked(), "a***@m***.uk");
}

/// R12: what is meant for programs' logs shows neither address nor name.
#[test]
fn debug_output_is_redacted() {
    let mailbox = Mailbox::parse("Ada <ada@guest.example>").unwrap();
    assert_eq!(format!("{mailbox:?} {:?}", mailbox.address), "Mailbox(…) EmailAddress(…)");
}

/// A28: names before addresses, quoted or not.
#[test]
fn a_mailbox_may_carry_a_name() {
    for (text, name) in [
        ("ada@guest.example", None),
        ("<ada@guest.example>", None),
        ("\"\" <ada@guest.example>", None),
        ("Ada Lovelace <ada@guest.example>", Some("Ada Lovelace")),
        ("Ada<ada@guest.example>", Some("Ada")),
        ("\"Lovelace, Ada\" < ada@guest.example >", Some("Lovelace, Ada")),
        (r#""Ada \"Countess\" <L>" <ada@guest.example>"#, Some("Ada \"Countess\" <L>")),
    ] {
        let mailbox = Mailbox::parse(text).unwrap();
        assert_eq!(mailbox.name.as_deref(), name, "{text}");
        assert_eq!(mailbox.address, address("ada@guest.example"), "{text}");
    }
}

/// A28: a name that does not close, or hides something, is refused.
#[test]
fn a_malformed_name_is_refused() {
    let long = format!("{} <ada@guest.example>", "a".repeat(201));
    for (text, error) in [
        ("Ada <ada@guest.example", AddressError::DisplayName),
        ("Ada ada@guest.example>", AddressError::DisplayName),
        ("\"Ada <ada@guest.example>", AddressError::DisplayName),
        ("\"Ada\\\" <ada@guest.example>", AddressError::DisplayName),
        ("\"Ada\" L <ada@guest.example>", AddressError::DisplayName),
        ("Ada \"L\" <ada@guest.example>", AddressError::DisplayName),
        ("eve@x.example> <ada@guest.example>", AddressError::DisplayName),
        ("Ada\r\nBcc: x <ada@guest.example>", AddressError::ControlCharacter),
        ("Ada <>", AddressError::Empty),
        (long.as_str(), AddressError::TooLong),
    ] {
        assert_eq!(Mailbox::parse(text), Err(error), "{text:?}");
    }
}

/// B8: JSON holds the typed text and is checked when it is read.
#[test]
fn json_holds_what_was_typed() {
    assert_eq!(serde_json::to_string(&address("Ada@Guest.Example")).unwrap(), r#""Ada@Guest.Example""#);
    assert_eq!(
        serde_json::from_str::<EmailAddress>(r#""Ada@Guest.Example""#).unwrap().typed(),
        "Ada@Guest.Example"
    );
    assert!(serde_json::from_str::<EmailAddress>(r#""ada""#).is_err());
    assert_eq!(serde_json::from_str::<Domain>(r#""Guest.Example""#).unwrap(), domain("guest.example"));
    assert!(serde_json::from_str::<Domain>(r#""guest""#).is_err());
}

/// Texts that look like addresses, so that the interesting paths are met.
fn address_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        ".{0,80}",
        "\\PC{1,12}@\\PC{1,12}\\.[a-z]{2,5}",
        "[\\p{Lu}\\p{M}İΣẞ.+]{1,12}@[a-zA-Z]{1,9}\\.ORG"
    ]
}

proptest! {
    /// B8: no text brings the parser down, and the normalised form is an address that normalises to itself.
    #[test]
    fn normalising_twice_changes_nothing(text in address_like()) {
        if let Ok(first) = EmailAddress::parse(&text) {
            let second = EmailAddress::parse(first.normalised()).expect("the normalised form is an address");
            prop_assert_eq!(second.normalised(), first.normalised());
            prop_assert_eq!(second.domain(), first.domain());
            prop_assert!(first.masked().contains("***@"));
        }
    }

    /// A28: what a mailbox prints is read back as the same.
    #[test]
    fn a_printed_mailbox_is_read_back(name in "\\PC{0,30}", text in address_like()) {
        if let Ok(read) = Mailbox::parse(&format!("{name}<{text}>")) {
            prop_assert_eq!(Mailbox::parse(&read.to_string()), Ok(read));
        }
    }
}
