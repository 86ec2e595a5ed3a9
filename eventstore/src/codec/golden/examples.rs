//! One event of every type, with every field filled.

use super::{golden, meta};
use crate::codec::{Parts, split};
use domain::{
    Content, Event, Personal, Timestamp,
    account::{self, Account, Credentials, IssuedLink, Kind, LeavingVia, LoginFailure, Profile, SessionEnd},
    address::{Domain, EmailAddress, Mailbox},
    audit::{self, Audit, Question, Right},
    bytes::{BlobKey, Sealed, TokenHash},
    draft::{self, Draft},
    event::Stored,
    id::Id,
    key::{self, VaultKey},
    message::{self, About, Attachment, Direction, Field, Grant, Message, Onward, Recipient},
    notification::{self, Notification},
    organisation::{self, Identity, Organisation},
    period::Period,
    policy::{Pack, Policy, Role},
    reservation::{self, Reservation},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use time::macros::date;
use uuid::Uuid;

pub(super) struct Example {
    pub(super) event: Event,
    pub(super) parts: Parts,
}

const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_001);
const LATER: Timestamp = Timestamp::from_micros(1_772_800_000_000_002);
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const FROM_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7));

pub(super) fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}

pub(super) fn examples() -> Vec<Example> {
    let mut examples = vec![];
    examples.extend(organisation().map(of::<Organisation>));
    examples.extend(account().into_iter().map(of::<Account>));
    examples.extend(reservation().map(of::<Reservation>));
    examples.extend(draft().map(of::<Draft>));
    examples.extend(message().map(of::<Message>));
    examples.extend(notification().map(of::<Notification>));
    examples.extend(audit().map(of::<Audit>));
    examples.extend(key().map(of::<VaultKey>));
    examples
}

fn of<A: Stored>(event: A::Event) -> Example {
    let stream = Uuid::from_u128(0x57);
    Example { parts: split::<A>(stream, &meta(), &event), event: A::event(stream, event) }
}

/// Frozen apart from the packs, whose defaults may change.
fn policy() -> Box<Policy> {
    let pack =
        || format!("{:#}\n", serde_json::to_value(Policy::from_pack(Pack::Platform)).expect("plain data"));
    serde_json::from_str(&golden("policy.json", pack)).expect("a policy")
}

fn organisation() -> [organisation::Event; 4] {
    use organisation::Event;
    let identity = Identity {
        name: "Insurer".into(),
        portal_url: "https://mail.insurer.example".into(),
        do_not_reply: "do-not-reply@insurer.example".into(),
    };
    let domains = [Domain::parse("insurer.example").expect("a domain")].into();
    let (account, role) = (id(1), Role::ComplianceOfficer);
    [
        Event::Founded { identity, policy: policy(), domains, at: AT },
        Event::PolicyChanged { policy: policy(), version: 2, at: AT },
        Event::RoleGranted { account, role, at: AT },
        Event::RoleRevoked { account, role, at: AT },
    ]
}

fn link<Of>(n: u128) -> IssuedLink<Id<Of>> {
    IssuedLink { id: id(n), hash: TokenHash([0x11; 32]), expires_at: LATER }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn profile() -> Profile {
    let some = |text: &str| Some(text.to_owned());
    Profile {
        given_name: some("Zoë"),
        family_name: some("O'Neill"),
        company: some("Practice \"North\""),
        telephone: some("+1 555 0100"),
        postal_address: some("1 Long Road\nSomewhere"),
        member_number: some("M-1"),
        language: some("en-GB"),
    }
}

fn account() -> Vec<account::Event> {
    use account::Event;
    let sealed = |byte| Sealed(vec![byte; 5]);
    let credentials =
        Credentials { password: sealed(1), reminder: Some(sealed(2)), challenges: Some(sealed(3)) };
    vec![
        Event::Invited {
            address: Personal::known(address("Bob.Guest@guest.example")),
            kind: Kind::Guest,
            by: Some(id(2)),
            invitation: link(3),
            at: AT,
        },
        Event::InvitationResent { invitation: link(4), at: AT },
        Event::InvitationLapsed { at: AT },
        Event::Registered {
            profile: Personal::known(profile()),
            user_name: Some(Personal::known("zoe".into())),
            credentials,
            at: AT,
        },
        Event::RegistrationRefused { why: account::RegistrationFailure::AnotherAddress, at: AT },
        Event::ActivationIssued { activation: link(5), at: AT },
        Event::Activated { at: AT },
        Event::LoggedIn { from: Personal::known(FROM), at: AT },
        Event::LoginFailed { why: LoginFailure::WrongPassword, from: Personal::known(FROM_V6), at: AT },
        Event::LockedOut { until: LATER, attempts: 5, at: AT },
        Event::LockoutReleased { by: account::ReleasedBy::Administrator, at: AT },
        Event::SessionStarted {
            session: id(6),
            token: TokenHash([0x22; 32]),
            from: Personal::known(FROM),
            device: Personal::known("Firefox on Linux".into()),
            ends_at: LATER,
            at: AT,
        },
        Event::SessionEnded { session: id(6), why: SessionEnd::Idle, at: AT },
        Event::Unsubscribed { mailbox_generation: 2, via: LeavingVia::Link, at: AT },
    ]
}

fn reservation() -> [reservation::Event; 2] {
    use reservation::Event;
    [
        Event::Reserved { account: id(1), at: AT },
        Event::LoginFailed {
            why: LoginFailure::UnknownAddress,
            typed: Personal::known(address("nobody@guest.example")),
            from: Personal::known(FROM),
            at: AT,
        },
    ]
}

fn file() -> Attachment {
    Attachment {
        id: id(7),
        name: "Röntgen 1/2.png".into(),
        media_type: "image/png".into(),
        size_bytes: 50 * 1024 * 1024,
        blob: "00000000000000000000000000000001/2026-03-06/00000000-0000-0000-0000-000000000007".into(),
        key: BlobKey([0x33; 32]),
    }
}

fn draft() -> [draft::Event; 5] {
    use draft::Event;
    let text = draft::Text {
        to: vec!["Ada <ada@insurer.example>".into(), "half an addr".into()],
        cc: vec!["bob@guest.example".into()],
        subject: "Grüße".into(),
        text: "Line one\nline two \u{1F4E8}".into(),
    };
    [
        Event::Saved {
            owner: id(1),
            version: 2,
            about: Some(About { message: id(8), what: Onward::Reply }),
            text: Content::known(text),
            expires_in: Some(Period::days(7)),
            at: AT,
        },
        Event::AttachmentAdded { attachment: id(7), size_bytes: 9, file: Content::known(file()), at: AT },
        Event::AttachmentRemoved { attachment: id(7), at: AT },
        Event::Sent { message: id(9), at: AT },
        Event::Discarded { at: AT },
    ]
}

fn sent() -> message::Event {
    let mailbox = |text| Mailbox::parse(text).expect("a mailbox");
    message::Event::Sent {
        from: id(1),
        recipients: vec![Recipient {
            account: id(2),
            kind: Kind::Member,
            field: Field::Cc,
            notice: Some(notification::Kind::NewMessage),
        }],
        about: Some(About { message: id(8), what: Onward::Forward }),
        content_key: id(10),
        grants: vec![Grant {
            account: id(2),
            direction: Direction::In,
            generation: 1,
            key: Sealed(vec![4; 104]),
        }],
        headline: Content::known(message::Headline {
            subject: "Results".into(),
            from: mailbox("\"Lovelace, Ada\" <ada@insurer.example>"),
            to: vec![mailbox("zoe@guest.example")],
            cc: vec![mailbox("Bob <bob@insurer.example>")],
            attachments: vec![file()],
        }),
        body: Content::known(message::Body { text: "All is well.\n".into() }),
        attachment_count: 1,
        size_bytes: 52_428_813,
        expires_at: LATER,
        at: AT,
    }
}

fn message() -> [message::Event; 6] {
    use message::Event;
    let (by, with) = (id(2), id(11));
    [
        sent(),
        Event::Opened { by, first: true, at: AT },
        Event::Replied { by, with, at: AT },
        Event::Forwarded { by, with, at: AT },
        Event::OnwardRefused { by, what: Onward::Forward, at: AT },
        Event::Expired { at: LATER },
    ]
}

fn notification() -> [notification::Event; 4] {
    use notification::Event;
    let about = || notification::About {
        kind: notification::Kind::NewMessage,
        recipient: id(2),
        message: Some(id(9)),
    };
    [
        Event::Sent { about: about(), at: AT },
        Event::Deferred { about: about(), reply: Some(451), next_attempt_at: LATER, at: AT },
        Event::Failed { about: about(), reply: Some(550), at: AT },
        Event::Suppressed { about: about(), why: notification::Suppression::Unsubscribed, at: AT },
    ]
}

fn audit() -> [audit::Event; 2] {
    use audit::Event;
    let question = Question {
        from: Some(AT),
        until: Some(LATER),
        kinds: vec!["message.opened".into()],
        actors: vec![id(1)],
        subjects: vec![id(2)],
        messages: vec![id(9)],
    };
    [Event::Queried { question, at: AT }, Event::AccessRefused { right: Right::ReadAudit, at: AT }]
}

fn key() -> [key::Event; 2] {
    use key::Event;
    let subject = key::Subject::ExpiryDay { day: date!(2026 - 03 - 06) };
    [Event::DestructionRequested { subject, at: AT }, Event::Destroyed { at: LATER }]
}
