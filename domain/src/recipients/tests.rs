use super::*;
use crate::policy::Pack;
use proptest::prelude::*;

const EVERY_STANDING: [Standing; 7] = [
    Standing::Member,
    Standing::Guest,
    Standing::Invited,
    Standing::Unknown,
    Standing::Unsubscribed,
    Standing::Closed,
    Standing::Group,
];
const EVERY_OCCASION: [Occasion; 3] = [Occasion::New, Occasion::Reply, Occasion::Forward];
/// What comes after a message received.
const ANSWERS: [Occasion; 2] = [Occasion::Reply, Occasion::Forward];
const EVERY_RULE: [RecipientRule; 3] =
    [RecipientRule::SenderOnly, RecipientRule::OwnDomain, RecipientRule::AnyoneRegistered];

fn with_rule(reply_rule: RecipientRule) -> Policy {
    let mut policy = Policy::from_pack(Pack::Portal);
    policy.mail.reply_rule = reply_rule;
    policy
}
fn sender(kind: Kind, domain: &str) -> Sender {
    Sender { kind, domain: Domain::parse(domain).unwrap() }
}
fn guest() -> Sender {
    sender(Kind::Guest, "clinic.example")
}
fn candidate(standing: Standing, domain: &str) -> Candidate {
    Candidate { domain: Domain::parse(domain).unwrap(), standing, is_original_sender: false }
}
fn original_sender(standing: Standing) -> Candidate {
    Candidate { is_original_sender: true, ..candidate(standing, "insurer.example") }
}

/// A27, A28: semicolons and commas separate, blanks do not matter, empty pieces are nobody.
#[test]
fn separators_and_blanks() {
    let list = parse_list(" a@x.example ;b@x.example,\tc@x.example ; ,; \n d@x.example;");
    let typed: Vec<_> = list.iter().map(|piece| piece.typed.as_str()).collect();
    assert_eq!(typed, ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]);
    assert!(list.iter().all(|piece| piece.understood.is_ok()));
    assert_eq!(parse_list(" ,; "), []);
}

/// A28: a separator within quotation marks belongs to the name.
#[test]
fn quoted_separators_belong_to_the_name() {
    let list = parse_list(r#""Last, First; \"Dr\", jr" <a@x.example>; Name <b@x.example>, c@x.example"#);
    let understood: Vec<_> = list.into_iter().map(|piece| piece.understood.unwrap()).collect();
    assert_eq!(understood[0].name.as_deref(), Some("Last, First; \"Dr\", jr"));
    assert_eq!(understood[1].name.as_deref(), Some("Name"));
    assert_eq!(understood[2].name, None);
    assert_eq!(understood[2].address.typed(), "c@x.example");
}

/// A28: comments and the names of groups (RFC 5322 §3.2.2, §3.4) are left out of what is understood; a domain of another
/// script is one.
#[test]
fn comments_and_groups_are_left_out() {
    let list = parse_list(
        "Board: ada@x.example (at home; or, \\) not), \"Bob: (jr)\" <b@x.example>; (c, that is) c@x.example; j@bücher.example",
    );
    let understood: Vec<_> = list.iter().map(|piece| piece.understood.clone().unwrap()).collect();
    let addresses: Vec<_> = understood.iter().map(|mailbox| mailbox.address.normalised()).collect();
    assert_eq!(addresses, ["ada@x.example", "b@x.example", "c@x.example", "j@xn--bcher-kva.example"]);
    assert_eq!(understood[1].name.as_deref(), Some("Bob: (jr)"));
    assert!(list[0].typed.starts_with("Board: ada@x.example (at"), "what was typed is kept");
    let unclosed = parse_list("ada@x.example (at home, b@x.example");
    assert_eq!(unclosed.len(), 1);
    assert_eq!(unclosed[0].understood, Err(AddressError::DisplayName));
    for nobody in ["undisclosed-recipients:;", "ada@x.example)", "<a@x.example> <b@x.example>"] {
        assert!(parse_list(nobody).iter().all(|piece| piece.understood.is_err()), "{nobody}");
    }
}

/// A27: what was not understood stays in its place with its error, and the others are not lost.
#[test]
fn a_mistake_stays_visible() {
    let list = parse_list("a@x.example; b; Bob <c@x.example, d@x.example");
    let errors: Vec<_> = list.iter().map(|piece| piece.understood.as_ref().err().copied()).collect();
    assert_eq!(errors, [None, Some(AddressError::NoAt), Some(AddressError::DisplayName), None]);
    assert_eq!(list[1].typed, "b");
    let unclosed = parse_list("\"Bob <c@x.example>, d@x.example");
    assert_eq!(unclosed.len(), 1);
    assert_eq!(unclosed[0].understood, Err(AddressError::DisplayName));
}

/// A27: a list that is too long is seen to be, without being read to its end.
#[test]
fn a_list_has_an_end() {
    assert_eq!(parse_list(&"a@x.example,".repeat(MAX_RECIPIENTS)).len(), MAX_RECIPIENTS);
    assert_eq!(parse_list(&"a@x.example,".repeat(10 * MAX_RECIPIENTS)).len(), MAX_RECIPIENTS + 1);
}

/// R12: a list shows no address where it might be logged.
#[test]
fn debug_output_is_redacted() {
    assert_eq!(format!("{:?}", parse_list("a@x.example")), "[Typed { understood: Ok(Mailbox(…)), .. }]");
}

proptest! {
    /// A28: any text is read; what is understood is what the piece says by itself.
    #[test]
    fn any_list_is_read(text in "\\PC{0,60}|[a-c@.<>\"\\\\;, ]{0,60}") {
        for piece in parse_list(&text) {
            prop_assert!(!piece.typed.is_empty() && text.contains(&piece.typed));
            prop_assert_eq!(Mailbox::parse(&piece.typed), piece.understood);
        }
    }
}

/// A1, B10, B11: a member writes to anyone, whatever the occasion and pack; who is new gets invited.
#[test]
fn a_member_writes_to_anyone() {
    for policy in [Pack::Portal, Pack::Platform, Pack::Envelope].map(Policy::from_pack) {
        for occasion in EVERY_OCCASION {
            let verdict = |standing| {
                let member = sender(Kind::Member, "insurer.example");
                judge(&policy, &member, occasion, &candidate(standing, "clinic.example"))
            };
            assert_eq!(verdict(Standing::Member), Ok(Verdict::Send));
            assert_eq!(verdict(Standing::Guest), Ok(Verdict::Send));
            assert_eq!(verdict(Standing::Invited), Ok(Verdict::Send));
            assert_eq!(verdict(Standing::Unknown), Ok(Verdict::Invite));
        }
    }
}

/// B33, B34, B38, K9: groups, people who left and closed accounts are refused, and a member is told which.
#[test]
fn a_member_is_told_why_not() {
    let verdict = |standing| {
        let member = sender(Kind::Member, "insurer.example");
        judge(
            &with_rule(RecipientRule::OwnDomain),
            &member,
            Occasion::New,
            &candidate(standing, "clinic.example"),
        )
    };
    assert_eq!(verdict(Standing::Group), Err(Refused::Group));
    assert_eq!(verdict(Standing::Unsubscribed), Err(Refused::Unsubscribed));
    assert_eq!(verdict(Standing::Closed), Err(Refused::Closed));
}

/// A26: a guest's new mail goes to the organisation's own people only, even within the guest's own domain.
#[test]
fn a_guest_composes_to_the_organisation_only() {
    let verdict = |recipient: &Candidate| {
        judge(&with_rule(RecipientRule::AnyoneRegistered), &guest(), Occasion::New, recipient)
    };
    assert_eq!(verdict(&candidate(Standing::Member, "insurer.example")), Ok(Verdict::Send));
    assert_eq!(verdict(&candidate(Standing::Guest, "clinic.example")), Err(Refused::NotAllowed));
    assert_eq!(verdict(&candidate(Standing::Guest, "elsewhere.example")), Err(Refused::NotAllowed));
    // New mail has no original sender; a caller that says so opens nothing.
    assert_eq!(verdict(&original_sender(Standing::Guest)), Err(Refused::NotAllowed));
}

/// C12: where guests write replies only, new mail is refused to whomever.
#[test]
fn reply_only_refuses_new_mail() {
    for guest_compose in [GuestCompose::ReplyOnly, GuestCompose::ByAudience] {
        let mut policy = with_rule(RecipientRule::AnyoneRegistered);
        policy.mail.guest_compose = guest_compose;
        for standing in EVERY_STANDING {
            let recipient = candidate(standing, "insurer.example");
            assert_eq!(judge(&policy, &guest(), Occasion::New, &recipient), Err(Refused::NotAllowed));
        }
        let reply = judge(&policy, &guest(), Occasion::Reply, &original_sender(Standing::Member));
        assert_eq!(reply, Ok(Verdict::Send));
    }
}

/// A31, A34: replies and forwards reach the organisation's people and registered recipients of the own domain.
#[test]
fn own_domain_takes_the_organisation_and_colleagues() {
    for occasion in ANSWERS {
        let verdict = |standing, domain| {
            judge(&with_rule(RecipientRule::OwnDomain), &guest(), occasion, &candidate(standing, domain))
        };
        assert_eq!(verdict(Standing::Member, "insurer.example"), Ok(Verdict::Send));
        assert_eq!(verdict(Standing::Guest, "Clinic.EXAMPLE"), Ok(Verdict::Send));
        assert_eq!(verdict(Standing::Guest, "elsewhere.example"), Err(Refused::NotAllowed));
        assert_eq!(verdict(Standing::Invited, "clinic.example"), Err(Refused::NotAllowed));
        assert_eq!(verdict(Standing::Unknown, "clinic.example"), Err(Refused::NotAllowed));
    }
}

/// A31, A32: a subdomain is another domain; the two scripts of one name are not.
#[test]
fn a_subdomain_is_another_domain() {
    let policy = with_rule(RecipientRule::OwnDomain);
    let verdict = |from, to| {
        judge(&policy, &sender(Kind::Guest, from), Occasion::Reply, &candidate(Standing::Guest, to))
    };
    assert_eq!(verdict("clinic.example", "mail.clinic.example"), Err(Refused::NotAllowed));
    assert_eq!(verdict("mail.clinic.example", "clinic.example"), Err(Refused::NotAllowed));
    assert_eq!(verdict("clinic.example", "myclinic.example"), Err(Refused::NotAllowed));
    assert_eq!(verdict("Bücher.example", "xn--bcher-kva.example"), Ok(Verdict::Send));
}

/// A32: two people of a public mailbox provider are strangers; the list is the policy's.
#[test]
fn a_public_mailbox_domain_is_nobodys_own() {
    let verdict = |policy: &Policy, occasion| {
        let recipient = candidate(Standing::Guest, "GMAIL.com");
        judge(policy, &sender(Kind::Guest, "gmail.com"), occasion, &recipient)
    };
    let policy = with_rule(RecipientRule::OwnDomain);
    for occasion in ANSWERS {
        assert_eq!(verdict(&policy, occasion), Err(Refused::NotAllowed));
    }
    let mut unlisted = policy;
    unlisted.accounts.public_mailbox_domains.clear();
    assert_eq!(verdict(&unlisted, Occasion::Reply), Ok(Verdict::Send));
}

/// C10: the envelope's rule reaches the original sender and nobody else.
#[test]
fn sender_only_reaches_the_sender() {
    let policy = with_rule(RecipientRule::SenderOnly);
    for occasion in ANSWERS {
        assert_eq!(judge(&policy, &guest(), occasion, &original_sender(Standing::Member)), Ok(Verdict::Send));
        for standing in EVERY_STANDING {
            let other = candidate(standing, "insurer.example");
            assert_eq!(judge(&policy, &guest(), occasion, &other), Err(Refused::NotAllowed), "{standing:?}");
        }
    }
}

/// A30, A35: the original sender can be answered under every rule, a guest from elsewhere too.
#[test]
fn the_original_sender_can_always_be_answered() {
    for rule in EVERY_RULE {
        for occasion in ANSWERS {
            for standing in [Standing::Member, Standing::Guest] {
                let verdict = judge(&with_rule(rule), &guest(), occasion, &original_sender(standing));
                assert_eq!(verdict, Ok(Verdict::Send), "{rule:?} {occasion:?} {standing:?}");
            }
        }
    }
}

/// A31, A34: the widest rule reaches anyone registered, and nobody who is not.
#[test]
fn anyone_registered_is_reached() {
    for standing in EVERY_STANDING {
        let verdict = judge(
            &with_rule(RecipientRule::AnyoneRegistered),
            &guest(),
            Occasion::Forward,
            &candidate(standing, "elsewhere.example"),
        );
        let expected = match standing {
            Standing::Member | Standing::Guest => Ok(Verdict::Send),
            Standing::Group => Err(Refused::Group),
            Standing::Invited | Standing::Unknown | Standing::Unsubscribed | Standing::Closed => {
                Err(Refused::NotAllowed)
            }
        };
        assert_eq!(verdict, expected, "{standing:?}");
    }
}

/// B13: a guest never invites, whatever the pack and occasion.
#[test]
fn a_guest_never_invites() {
    for policy in [Pack::Portal, Pack::Platform, Pack::Envelope].map(Policy::from_pack) {
        for (occasion, standing) in EVERY_OCCASION.into_iter().flat_map(|o| EVERY_STANDING.map(|s| (o, s))) {
            for recipient in [candidate(standing, "clinic.example"), original_sender(standing)] {
                assert_ne!(judge(&policy, &guest(), occasion, &recipient), Ok(Verdict::Invite));
            }
        }
    }
}

/// R4: outside the rule a guest gets one answer, whether the address is registered, invited, unknown, left or closed.
#[test]
fn a_guest_does_not_learn_who_is_registered() {
    let policy = with_rule(RecipientRule::OwnDomain);
    for occasion in EVERY_OCCASION {
        for standing in EVERY_STANDING {
            if matches!(standing, Standing::Member | Standing::Group) {
                continue;
            }
            let verdict = judge(&policy, &guest(), occasion, &candidate(standing, "elsewhere.example"));
            assert_eq!(verdict, Err(Refused::NotAllowed), "{occasion:?} {standing:?}");
        }
    }
}

/// B34: a guest who may write to the organisation's people is told of a group address.
#[test]
fn a_guest_is_told_of_a_group() {
    let group = candidate(Standing::Group, "insurer.example");
    for occasion in EVERY_OCCASION {
        let verdict = judge(&with_rule(RecipientRule::OwnDomain), &guest(), occasion, &group);
        assert_eq!(verdict, Err(Refused::Group));
    }
}
