//! An account's events.

use super::{AT, FROM, FROM_V6, LATER, address, id, link, program};
use domain::{
    Personal,
    account::{
        Closing, Credentials, Event, FactorUse, Kind, LeavingVia, LoginFailure, Profile, RegistrationFailure,
        ReleasedBy, SessionEnd, alias, client, recovery, second_factor,
    },
    bytes::{Sealed, TokenHash},
    id::ClientId,
    user_name::UserName,
};

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

fn sealed(byte: u8) -> Sealed {
    Sealed(vec![byte; 5])
}

fn invited(audience: Option<String>) -> Event {
    Event::Invited {
        address: Personal::known(address("Bob.Guest@guest.example")),
        kind: Kind::Guest,
        audience,
        by: Some(id(2)),
        invitation: link(3),
        at: AT,
    }
}

fn session_started(client: Option<ClientId>) -> Event {
    Event::SessionStarted {
        session: id(6),
        token: TokenHash([0x22; 32]),
        from: Personal::known(FROM),
        device: Personal::known("Firefox on Linux".into()),
        client,
        ends_at: LATER,
        at: AT,
    }
}

pub(super) fn first() -> Vec<Event> {
    [
        ways_in(),
        logins(),
        what_changes(),
        recovery().map(Event::Recovery).into(),
        second_factor().map(Event::SecondFactor).into(),
        aliases().map(Event::Alias).into(),
        clients().map(Event::Client).into(),
    ]
    .concat()
}

/// Fields that are not written where there is nothing to say.
pub(super) fn later() -> [(&'static str, Event); 6] {
    let logged_in = |factor| Event::LoggedIn { from: Personal::known(FROM), factor: Some(factor), at: AT };
    let reason = Some(Personal::known("Left the practice".to_owned()));
    [
        ("audience", invited(Some("broker".into()))),
        ("factor", logged_in(FactorUse::Totp { step: 58_920_000 })),
        ("recovery_code", logged_in(FactorUse::RecoveryCode { index: 3 })),
        ("untold", Event::LockedOut { until: LATER, attempts: 5, untold: true, at: AT }),
        ("client", session_started(Some(id(12)))),
        ("reason", Event::Closed { why: Closing::Administrator, reason, at: AT }),
    ]
}

fn ways_in() -> Vec<Event> {
    let credentials =
        Credentials { password: sealed(1), reminder: Some(sealed(2)), challenges: Some(sealed(3)) };
    let user_name = UserName::parse("zoe").expect("a user name");
    vec![
        invited(None),
        Event::InvitationResent { invitation: link(4), at: AT },
        Event::InvitationLapsed { at: AT },
        Event::Registered {
            profile: Personal::known(profile()),
            user_name: Some(Personal::known(user_name)),
            credentials,
            at: AT,
        },
        Event::RegistrationRefused { why: RegistrationFailure::AnotherAddress, at: AT },
        Event::ActivationIssued { activation: link(5), at: AT },
        Event::Activated { at: AT },
    ]
}

fn logins() -> Vec<Event> {
    vec![
        Event::LoggedIn { from: Personal::known(FROM), factor: None, at: AT },
        Event::LoginFailed { why: LoginFailure::WrongPassword, from: Personal::known(FROM_V6), at: AT },
        Event::LockedOut { until: LATER, attempts: 5, untold: false, at: AT },
        Event::LockoutReleased { by: ReleasedBy::Administrator, at: AT },
        session_started(None),
        Event::SessionEnded { session: id(6), why: SessionEnd::Idle, at: AT },
        Event::NetworkChanged { session: id(6), from: Personal::known(FROM_V6), at: AT },
    ]
}

fn what_changes() -> Vec<Event> {
    vec![
        Event::ProfileUpdated { profile: Personal::known(profile()), at: AT },
        Event::PromotedToMember { at: AT },
        Event::AudienceChanged { audience: Some("broker".into()), at: AT },
        Event::Unsubscribed { mailbox_generation: 2, via: LeavingVia::Link, at: AT },
        Event::Resubscribed { mailbox_generation: 3, at: AT },
        Event::Closed { why: Closing::Joined { into: id(13) }, reason: None, at: AT },
    ]
}

fn recovery() -> [recovery::Event; 6] {
    use recovery::{ChallengeFailure, Event, NewSecrets, ResetBy};
    let secrets = || NewSecrets { password: sealed(4), reminder: Some(sealed(5)) };
    [
        Event::ReminderSent { at: AT },
        Event::ResetRequested { by: ResetBy::Challenge, link: link(14), at: AT },
        Event::ChallengeFailed { why: ChallengeFailure::WrongAnswer, from: Personal::known(FROM_V6), at: AT },
        Event::PasswordStaged { secrets: secrets(), activation: link(15), at: AT },
        Event::PasswordChanged { secrets: secrets(), at: AT },
        Event::PasswordLapsed { at: LATER },
    ]
}

fn second_factor() -> [second_factor::Event; 3] {
    use second_factor::Event;
    let (secret, recovery_codes) = (sealed(6), sealed(7));
    [
        Event::SecondFactorRequested { secret: secret.clone(), until: LATER, at: AT },
        Event::SecondFactorEnrolled { secret, recovery_codes, step: 58_920_000, at: AT },
        Event::SecondFactorRemoved { at: AT },
    ]
}

fn aliases() -> [alias::Event; 7] {
    use alias::Event;
    let address = || Personal::known(address("zoe@second.example"));
    [
        Event::AliasRequested {
            alias: id(16),
            address: address(),
            added_by: Some(id(2)),
            link: link(17),
            at: AT,
        },
        Event::AliasAdded { alias: id(16), address: address(), added_by: Some(id(2)), at: AT },
        Event::AliasConfirmed { alias: id(16), at: AT },
        Event::AliasPromoted { alias: id(16), address: address(), former: id(18), undo: link(19), at: AT },
        Event::AliasPromotionUndone { former: id(18), address: address(), at: AT },
        Event::AliasRemoved { alias: id(16), at: AT },
        Event::AccountJoined { account: id(13), at: AT },
    ]
}

fn clients() -> [client::Event; 3] {
    use client::Event;
    [
        Event::ClientActivated { client: id(12), program: Personal::known(program()), at: AT },
        Event::ClientBlocked { client: id(12), at: AT },
        Event::ClientDeleted { client: id(12), at: AT },
    ]
}
