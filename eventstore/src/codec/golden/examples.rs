//! One event of every type, with every field filled; and a second one where a type got a field after it was frozen.

mod account;
mod export;
mod mail;
mod organisation;

use super::meta;
use crate::codec::{Parts, split};
use domain::{
    Content, Event, Personal, Timestamp,
    account::{Account, IssuedLink, LoginFailure, client::Program, recovery::ChallengeFailure},
    address::EmailAddress,
    audit::{self, Audit, Question, Right, Topic},
    bytes::{BlobKey, TokenHash},
    device::{self, Device},
    draft::{self, Draft},
    event::Stored,
    export::Export,
    id::Id,
    intake::Intake,
    key::{self, VaultKey},
    message::{About, Attachment, Message, Onward},
    network::{self, Network},
    notification::Notification,
    organisation::Organisation,
    period::Period,
    replier::Replier,
    reservation::{self, Reservation},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use time::macros::date;
use uuid::Uuid;

pub(super) struct Example {
    pub(super) event: Event,
    pub(super) parts: Parts,
    /// The field that the type's first example does not have.
    pub(super) with: Option<&'static str>,
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
    examples.extend(organisation::first().map(of::<Organisation>));
    examples.extend(organisation::later().map(with::<Organisation>));
    examples.extend(account::first().into_iter().map(of::<Account>));
    examples.extend(account::later().map(with::<Account>));
    examples.extend(reservation().map(of::<Reservation>));
    examples.extend(network().map(of::<Network>));
    examples.extend(device().map(of::<Device>));
    examples.extend(draft().map(of::<Draft>));
    examples.extend(mail::message().map(of::<Message>));
    examples.push(with::<Message>(mail::sent_by_gateway()));
    examples.extend(mail::intake().map(of::<Intake>));
    examples.extend(mail::replier().map(of::<Replier>));
    examples.extend(mail::notification().map(of::<Notification>));
    examples.extend(mail::notification_later().map(with::<Notification>));
    examples.extend(audit().map(of::<Audit>));
    let asked = audit::Event::Queried { question: question(Topic::Accounts), at: AT };
    examples.push(with::<Audit>(("topic", asked)));
    examples.extend(export::export().map(of::<Export>));
    examples.extend(key().map(of::<VaultKey>));
    examples.extend(keys_of_accounts().map(with::<VaultKey>));
    examples
}

fn of<A: Stored>(event: A::Event) -> Example {
    let stream = Uuid::from_u128(0x57);
    Example { parts: split::<A>(stream, &meta(), &event), event: A::event(stream, event), with: None }
}

fn with<A: Stored>((field, event): (&'static str, A::Event)) -> Example {
    Example { with: Some(field), ..of::<A>(event) }
}

fn link<Of>(n: u128) -> IssuedLink<Id<Of>> {
    IssuedLink { id: id(n), hash: TokenHash([0x11; 32]), expires_at: LATER }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn program() -> Program {
    Program { name: "Plugin".into(), version: "2.1".into(), platform: "Windows 11".into() }
}

fn reservation() -> [reservation::Event; 5] {
    use reservation::Event;
    [
        Event::Reserved { account: id(1), at: AT },
        Event::Transferred { account: id(2), at: AT },
        Event::Released { account: id(2), at: AT },
        Event::ChallengeFailed {
            why: ChallengeFailure::UnknownAddress,
            from: Personal::known(FROM_V6),
            at: AT,
        },
        Event::LoginFailed {
            why: LoginFailure::UnknownAddress,
            typed: Personal::known(address("nobody@guest.example")),
            from: Personal::known(FROM),
            at: AT,
        },
    ]
}

fn network() -> [network::Event; 3] {
    use network::Event;
    [
        Event::AttemptFailed { at: AT },
        Event::Blocked { until: LATER, attempts: 50, at: AT },
        Event::Released { at: LATER },
    ]
}

fn device() -> [device::Event; 3] {
    use device::Event;
    [
        Event::Requested { program: program(), expires_at: LATER, at: AT },
        Event::Approved { account: id(1), client: id(12), at: AT },
        Event::Fetched { at: AT },
    ]
}

fn file() -> Attachment {
    Attachment {
        id: id(7),
        name: "Röntgen 1/2.png".into(),
        media_type: "image/png".into(),
        size_bytes: 50 * 1024 * 1024,
        blob: "00000000000000000000000000000001/2026-03-06/00000000-0000-0000-0000-000000000007".into(),
        parts: vec![],
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

fn question(topic: Topic) -> Question {
    Question {
        topic,
        from: Some(AT),
        until: Some(LATER),
        kinds: vec!["message.opened".into()],
        actors: vec![id(1)],
        subjects: vec![id(2)],
        messages: vec![id(9)],
    }
}

fn audit() -> [audit::Event; 2] {
    use audit::Event;
    let question = question(Topic::Audit);
    [Event::Queried { question, at: AT }, Event::AccessRefused { right: Right::ReadAudit, at: AT }]
}

fn keys_of_accounts() -> [(&'static str, key::Event); 7] {
    use key::Subject;
    let requested = |subject| key::Event::DestructionRequested { subject, at: AT };
    [
        ("incoming_mailbox", requested(Subject::IncomingMailbox { account: id(1), generation: 2 })),
        ("outgoing_mailbox", requested(Subject::OutgoingMailbox { account: id(1), generation: 1 })),
        ("credentials", requested(Subject::Credentials { account: id(1) })),
        ("personal", requested(Subject::Personal { owner: id::<()>(1).uuid() })),
        ("draft", requested(Subject::Draft { draft: id(2) })),
        ("held", requested(Subject::Held { intake: id(3) })),
        ("export", requested(Subject::Export { export: id(4) })),
    ]
}

fn key() -> [key::Event; 2] {
    use key::Event;
    let subject = key::Subject::ExpiryDay { day: date!(2026 - 03 - 06) };
    [Event::DestructionRequested { subject, at: AT }, Event::Destroyed { at: LATER }]
}
