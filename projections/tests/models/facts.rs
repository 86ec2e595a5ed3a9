//! What the audit says of an event: a table of everything that can happen to accounts, addresses, networks, client
//! programs and the organisation besides what `audit.rs` shows.

use crate::{
    life::{ABROAD, profile},
    world::{ORG, address, at, by_worker, id, link, person},
};
use domain::{
    Event, Personal, Timestamp,
    account::{
        self, Closing, FactorUse, LeavingVia, LoginFailure, ReleasedBy, SessionEnd, alias, client,
        recovery::{self, ChallengeFailure, NewSecrets, ResetBy},
        second_factor,
    },
    address::Domain,
    bytes::Sealed,
    device, network, organisation,
    presentation::Presentation,
    reservation,
};
use eventstore::Recorded;
use projections::audit::{
    Kind,
    Outcome::{self, Done, Failed},
    facts,
};
use uuid::Uuid;

/// What happened, and what the audit is to say: kind, outcome, whom it touched and the reason.
type Line<E> = (E, Kind, Outcome, &'static [u128], Option<&'static str>);

fn recorded(event: Event) -> Recorded {
    let (event_id, recorded_at) = (Uuid::from_u128(9), at(0));
    Recorded { position: 1, version: 1, organisation: ORG, event_id, recorded_at, meta: by_worker(), event }
}

fn check<E>(lines: impl IntoIterator<Item = Line<E>>, event: impl Fn(E) -> Event) {
    for (happened, kind, outcome, subjects, reason) in lines {
        let recorded = recorded(event(happened));
        let told = facts(&recorded);
        let subjects: Vec<_> = subjects.iter().copied().map(person).collect();
        assert_eq!(
            (told.kind, told.outcome, told.subjects, told.reason, told.messages, told.privileged),
            (kind, outcome, subjects, reason, vec![], false),
            "{:?}",
            recorded.event
        );
    }
}

const AT: Timestamp = Timestamp::from_micros(1_767_600_000_000_000);
const OWN: &[u128] = &[1];
const NOBODY: &[u128] = &[];

/// An account's events touch account 1.
fn of_account(event: impl Into<account::Event>) -> Event {
    Event::Account(person(1), event.into())
}
fn from() -> Personal<std::net::IpAddr> {
    Personal::known(ABROAD.into())
}

/// Q1: what changes of an account, and how it ends, is told with its reason.
#[test]
fn changes_of_an_account_are_told() {
    use account::Event;
    let closed = |why| Event::Closed { why, reason: None, at: AT };
    let unsubscribed = |via| Event::Unsubscribed { mailbox_generation: 1, via, at: AT };
    let profile = Personal::known(profile("Lovelace"));
    check(
        [
            (Event::ProfileUpdated { profile, at: AT }, Kind::ProfileUpdated, Done, OWN, None),
            (Event::PromotedToMember { at: AT }, Kind::PromotedToMember, Done, OWN, None),
            (Event::AudienceChanged { audience: None, at: AT }, Kind::AudienceChanged, Done, OWN, None),
            (unsubscribed(LeavingVia::Link), Kind::Unsubscribed, Done, OWN, Some("link")),
            (unsubscribed(LeavingVia::Account), Kind::Unsubscribed, Done, OWN, Some("account")),
            (unsubscribed(LeavingVia::Mail), Kind::Unsubscribed, Done, OWN, Some("mail")),
            (Event::Resubscribed { mailbox_generation: 2, at: AT }, Kind::Resubscribed, Done, OWN, None),
            (closed(Closing::Wish), Kind::AccountClosed, Done, OWN, Some("wish")),
            (closed(Closing::Administrator), Kind::AccountClosed, Done, OWN, Some("administrator")),
            (closed(Closing::Joined { into: person(2) }), Kind::AccountClosed, Done, OWN, Some("joined")),
        ],
        of_account,
    );
}

/// Q1, R3, R4, R6: every way in which a login fails, a lockout or a session ends is told apart.
#[test]
fn logins_and_sessions_are_told() {
    use account::Event;
    let failed = |why| Event::LoginFailed { why, from: from(), at: AT };
    let set_free = |by| Event::LockoutReleased { by, at: AT };
    let ended = |why| Event::SessionEnded { session: id(5), why, at: AT };
    let logged_in = Event::LoggedIn { from: from(), factor: Some(FactorUse::Totp { step: 1 }), at: AT };
    let locked = Event::LockedOut { until: AT, attempts: 5, untold: true, at: AT };
    let moved = Event::NetworkChanged { session: id(5), from: from(), at: AT };
    let lines = [
        (logged_in, Kind::LoginSucceeded, Done, OWN, None),
        (locked, Kind::LockedOut, Done, OWN, None),
        (moved, Kind::NetworkChanged, Done, OWN, None),
    ];
    let failures = [
        (LoginFailure::WrongPassword, "wrong_password"),
        (LoginFailure::LockedOut, "locked_out"),
        (LoginFailure::NotActivated, "not_activated"),
        (LoginFailure::WrongCode, "wrong_code"),
        (LoginFailure::UnfamiliarNetwork, "unfamiliar_network"),
        (LoginFailure::Closed, "closed"),
    ];
    let ways_free = [
        (ReleasedBy::Time, "time"),
        (ReleasedBy::Administrator, "administrator"),
        (ReleasedBy::Reset, "reset"),
    ];
    let ends = [
        (SessionEnd::LoggedOut, "logged_out"),
        (SessionEnd::Idle, "idle"),
        (SessionEnd::TooOld, "too_old"),
        (SessionEnd::EndedElsewhere, "ended_elsewhere"),
        (SessionEnd::Replaced, "replaced"),
        (SessionEnd::NetworkChanged, "network_changed"),
        (SessionEnd::Tampered, "tampered"),
        (SessionEnd::PasswordChanged, "password_changed"),
        (SessionEnd::PromotionUndone, "promotion_undone"),
        (SessionEnd::ClientBlocked, "client_blocked"),
        (SessionEnd::AccountClosed, "account_closed"),
    ];
    check(lines, of_account);
    check(failures.map(|(why, code)| (failed(why), Kind::LoginFailed, Failed, OWN, Some(code))), of_account);
    check(
        ways_free.map(|(by, code)| (set_free(by), Kind::LockoutReleased, Done, OWN, Some(code))),
        of_account,
    );
    check(ends.map(|(why, code)| (ended(why), Kind::SessionEnded, Done, OWN, Some(code))), of_account);
}

/// Q1, A10–A14, B22: what is done about a lost password is told, a right to set one with how it came about.
#[test]
fn recovery_is_told() {
    use recovery::Event;
    let secrets = || NewSecrets { password: Sealed(vec![1]), reminder: None };
    let reset = |by| Event::ResetRequested { by, link: link(2, 0), at: AT };
    let failed = |why| Event::ChallengeFailed { why, from: from(), at: AT };
    let staged = Event::PasswordStaged { secrets: secrets(), activation: link(3, 0), at: AT };
    check(
        [
            (Event::ReminderSent { at: AT }, Kind::ReminderSent, Done, OWN, None),
            (reset(ResetBy::Person), Kind::ResetRequested, Done, OWN, Some("person")),
            (reset(ResetBy::Administrator), Kind::ResetRequested, Done, OWN, Some("administrator")),
            (reset(ResetBy::Challenge), Kind::ResetRequested, Done, OWN, Some("challenge")),
            (failed(ChallengeFailure::WrongAnswer), Kind::ChallengeFailed, Failed, OWN, Some("wrong_answer")),
            (failed(ChallengeFailure::TooMany), Kind::ChallengeFailed, Failed, OWN, Some("too_many")),
            (failed(ChallengeFailure::NotActive), Kind::ChallengeFailed, Failed, OWN, Some("not_active")),
            (staged, Kind::PasswordStaged, Done, OWN, None),
            (Event::PasswordChanged { secrets: secrets(), at: AT }, Kind::PasswordChanged, Done, OWN, None),
            (Event::PasswordLapsed { at: AT }, Kind::PasswordLapsed, Done, OWN, None),
        ],
        of_account,
    );
}

/// Q1: so is the second factor, with what became of it.
#[test]
fn the_second_factor_is_told() {
    use second_factor::Event;
    let secret = || Sealed(vec![1]);
    let requested = Event::SecondFactorRequested { secret: secret(), until: AT, at: AT };
    let enrolled =
        Event::SecondFactorEnrolled { secret: secret(), recovery_codes: secret(), step: 1, at: AT };
    let kind = Kind::SecondFactorChanged;
    check(
        [
            (requested, kind, Done, OWN, Some("requested")),
            (enrolled, kind, Done, OWN, Some("enrolled")),
            (Event::SecondFactorRemoved { at: AT }, kind, Done, OWN, Some("removed")),
        ],
        of_account,
    );
}

/// Q1, B42–B50: so are aliases; joining touches both accounts.
#[test]
fn aliases_are_told() {
    use alias::Event;
    let (alias, former, added_by) = (id(5), id(6), Some(person(7)));
    let address = || Personal::known(address(5));
    let requested = Event::AliasRequested { alias, address: address(), added_by, link: link(2, 0), at: AT };
    let promoted = Event::AliasPromoted { alias, address: address(), former, undo: link(3, 0), at: AT };
    let undone = Event::AliasPromotionUndone { former, address: address(), at: AT };
    let joined = Event::AccountJoined { account: person(2), at: AT };
    let added = Event::AliasAdded { alias, address: address(), added_by, at: AT };
    check(
        [
            (requested, Kind::AliasRequested, Done, OWN, None),
            (added, Kind::AliasConfirmed, Done, OWN, Some("added")),
            (Event::AliasConfirmed { alias, at: AT }, Kind::AliasConfirmed, Done, OWN, None),
            (promoted, Kind::AliasPromoted, Done, OWN, None),
            (undone, Kind::AliasPromotionUndone, Done, OWN, None),
            (Event::AliasRemoved { alias, at: AT }, Kind::AliasRemoved, Done, OWN, None),
            (joined, Kind::AccountsMerged, Done, &[1, 2], None),
        ],
        of_account,
    );
}

/// Q1, B51: so are client programs, from the request for a credential on.
#[test]
fn client_programs_are_told() {
    let program = || client::Program { name: "P".into(), version: "1".into(), platform: "L".into() };
    let client = id(5);
    let activated = client::Event::ClientActivated { client, program: Personal::known(program()), at: AT };
    check(
        [
            (activated, Kind::ClientActivated, Done, OWN, None),
            (client::Event::ClientBlocked { client, at: AT }, Kind::ClientBlocked, Done, OWN, None),
            (client::Event::ClientDeleted { client, at: AT }, Kind::ClientDeleted, Done, OWN, None),
        ],
        of_account,
    );
    let requested = device::Event::Requested { program: program(), expires_at: AT, at: AT };
    let approved = device::Event::Approved { account: person(1), client, at: AT };
    check(
        [
            (requested, Kind::ClientRequested, Done, NOBODY, None),
            (approved, Kind::ClientRequested, Done, OWN, Some("approved")),
            (device::Event::Fetched { at: AT }, Kind::ClientRequested, Done, NOBODY, Some("fetched")),
        ],
        |event| Event::Device(id(8), event),
    );
}

/// Q1, R3: a network that is not heard is told of like a lockout, and touches nobody.
#[test]
fn networks_are_told() {
    use network::Event as Of;
    check(
        [
            (Of::AttemptFailed { at: AT }, Kind::AttemptFailed, Failed, NOBODY, None),
            (Of::Blocked { until: AT, attempts: 50, at: AT }, Kind::LockedOut, Done, NOBODY, Some("network")),
            (Of::Released { at: AT }, Kind::LockoutReleased, Done, NOBODY, Some("network")),
        ],
        |event| Event::Network(id(8), event),
    );
}

/// Q1, B43: an address is told with whom it belongs to, and is searched by.
#[test]
fn addresses_are_told() {
    use reservation::Event as Of;
    let account = person(1);
    let unknown = ChallengeFailure::UnknownAddress;
    let challenged = Of::ChallengeFailed { why: unknown, from: from(), at: AT };
    let (why, typed) = (LoginFailure::UnknownAddress, Personal::known(address(9)));
    let logged_in = Of::LoginFailed { why, typed, from: from(), at: AT };
    check(
        [
            (Of::Reserved { account, at: AT }, Kind::AddressReserved, Done, OWN, None),
            (Of::Transferred { account, at: AT }, Kind::AddressTransferred, Done, OWN, None),
            (Of::Released { account, at: AT }, Kind::AddressReleased, Done, OWN, None),
            (challenged.clone(), Kind::ChallengeFailed, Failed, NOBODY, Some("unknown_address")),
            (logged_in, Kind::LoginFailed, Failed, NOBODY, Some("unknown_address")),
        ],
        |event| Event::Reservation(id(8), event),
    );
    assert_eq!(facts(&recorded(Event::Reservation(id(8), challenged))).addresses, [id(8)]);
}

/// Q1, A47, A26: what an organisation shows and which domains it has is told.
#[test]
fn an_organisations_changes_are_told() {
    use organisation::Event as Of;
    let domain = || Domain::parse("insurer.example").unwrap();
    let presentation = Box::new(Presentation::default());
    let updated = Of::Updated { name: "Insurer".into(), presentation, at: AT };
    check(
        [
            (updated, Kind::OrganisationUpdated, Done, NOBODY, None),
            (Of::DomainClaimed { domain: domain(), at: AT }, Kind::DomainClaimed, Done, NOBODY, None),
            (Of::DomainReleased { domain: domain(), at: AT }, Kind::DomainReleased, Done, NOBODY, None),
        ],
        Event::Organisation,
    );
}
