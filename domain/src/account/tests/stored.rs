//! How the events of an account are stored. Their names are frozen: streams carry them.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// One of each, with the name that it is stored by.
pub(super) fn one_of_each() -> Vec<(&'static str, Event)> {
    let events =
        [first_half(), second_half(), recovery_events(), factor_events(), alias_events(), client_events()];
    events.concat().into_iter().map(|event| (name(&event), event)).collect()
}

fn first_half() -> Vec<Event> {
    let from = || Personal::known(HOME);
    let factor = Some(FactorUse::Totp { step: 1000 });
    vec![
        invited(),
        Event::InvitationResent { invitation: link(3), at: NOON },
        Event::InvitationLapsed { at: NOON },
        registered(),
        Event::RegistrationRefused { why: RegistrationFailure::AnotherAddress, at: NOON },
        Event::ActivationIssued { activation: link(4), at: NOON },
        Event::Activated { at: NOON },
        Event::LoggedIn { from: from(), factor, at: NOON },
        Event::LoginFailed { why: LoginFailure::WrongPassword, from: from(), at: NOON },
        Event::LockedOut { until: NOON, attempts: 3, untold: true, at: NOON },
        Event::LockoutReleased { by: ReleasedBy::Time, at: NOON },
        session_started(9, Some(id(30)), HOME),
        session_ended(9, SessionEnd::Idle, NOON),
        Event::NetworkChanged { session: id(9), from: from(), at: NOON },
    ]
}
fn second_half() -> Vec<Event> {
    vec![
        Event::ProfileUpdated { profile: Personal::known(Profile::default()), at: NOON },
        Event::PromotedToMember { at: NOON },
        Event::AudienceChanged { audience: Some("broker".into()), at: NOON },
        Event::Unsubscribed { mailbox_generation: 1, via: LeavingVia::Mail, at: NOON },
        Event::Resubscribed { mailbox_generation: 2, at: NOON },
        Event::Closed { why: Closing::Joined { into: id(5) }, reason: None, at: NOON },
    ]
}
fn recovery_events() -> Vec<Event> {
    use recovery::{ChallengeFailure, Event, NewSecrets, ResetBy};
    let secrets = || NewSecrets { password: Sealed(vec![7]), reminder: None };
    let from = Personal::known(HOME);
    let events = [
        Event::ReminderSent { at: NOON },
        Event::ResetRequested { by: ResetBy::Person, link: link(5), at: NOON },
        Event::ChallengeFailed { why: ChallengeFailure::WrongAnswer, from, at: NOON },
        Event::PasswordStaged { secrets: secrets(), activation: link(11), at: NOON },
        Event::PasswordChanged { secrets: secrets(), at: NOON },
        Event::PasswordLapsed { at: NOON },
    ];
    events.map(Into::into).into()
}
fn factor_events() -> Vec<Event> {
    use second_factor::Event;
    let (secret, recovery_codes) = (Sealed(vec![4]), Sealed(vec![5]));
    let events = [
        Event::SecondFactorRequested { secret: secret.clone(), until: NOON, at: NOON },
        Event::SecondFactorEnrolled { secret, recovery_codes, step: u64::MAX, at: NOON },
        Event::SecondFactorRemoved { at: NOON },
    ];
    events.map(Into::into).into()
}
fn alias_events() -> Vec<Event> {
    use alias::Event;
    let known = || Personal::known(address(ADDRESS));
    let events = [
        Event::AliasRequested {
            alias: id(20),
            address: known(),
            added_by: Some(id(2)),
            link: link(40),
            at: NOON,
        },
        Event::AliasAdded { alias: id(20), address: known(), added_by: None, at: NOON },
        Event::AliasConfirmed { alias: id(20), at: NOON },
        Event::AliasPromoted { alias: id(20), address: known(), former: id(60), undo: link(70), at: NOON },
        Event::AliasPromotionUndone { former: id(60), address: known(), at: NOON },
        Event::AliasRemoved { alias: id(20), at: NOON },
        Event::AccountJoined { account: id(50), at: NOON },
    ];
    events.map(Into::into).into()
}
fn client_events() -> Vec<Event> {
    use client::{Event, Program};
    let program = Program { name: "Plugin".into(), version: "2".into(), platform: "Linux".into() };
    let events = [
        Event::ClientActivated { client: id(30), program: Personal::known(program), at: NOON },
        Event::ClientBlocked { client: id(30), at: NOON },
        Event::ClientDeleted { client: id(30), at: NOON },
    ];
    events.map(Into::into).into()
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Invited { .. } => "invited",
        Event::InvitationResent { .. } => "invitation_resent",
        Event::InvitationLapsed { .. } => "invitation_lapsed",
        Event::Registered { .. } => "registered",
        Event::RegistrationRefused { .. } => "registration_refused",
        Event::ActivationIssued { .. } => "activation_issued",
        Event::Activated { .. } => "activated",
        Event::LoggedIn { .. } => "logged_in",
        Event::LoginFailed { .. } => "login_failed",
        Event::LockedOut { .. } => "locked_out",
        Event::LockoutReleased { .. } => "lockout_released",
        Event::SessionStarted { .. } => "session_started",
        Event::SessionEnded { .. } => "session_ended",
        Event::NetworkChanged { .. } => "network_changed",
        Event::ProfileUpdated { .. } => "profile_updated",
        Event::PromotedToMember { .. } => "promoted_to_member",
        Event::AudienceChanged { .. } => "audience_changed",
        Event::Unsubscribed { .. } => "unsubscribed",
        Event::Resubscribed { .. } => "resubscribed",
        Event::Closed { .. } => "closed",
        Event::Recovery(event) => match event {
            recovery::Event::ReminderSent { .. } => "reminder_sent",
            recovery::Event::ResetRequested { .. } => "reset_requested",
            recovery::Event::ChallengeFailed { .. } => "challenge_failed",
            recovery::Event::PasswordStaged { .. } => "password_staged",
            recovery::Event::PasswordChanged { .. } => "password_changed",
            recovery::Event::PasswordLapsed { .. } => "password_lapsed",
        },
        Event::SecondFactor(event) => match event {
            second_factor::Event::SecondFactorRequested { .. } => "second_factor_requested",
            second_factor::Event::SecondFactorEnrolled { .. } => "second_factor_enrolled",
            second_factor::Event::SecondFactorRemoved { .. } => "second_factor_removed",
        },
        Event::Alias(event) => match event {
            alias::Event::AliasRequested { .. } => "alias_requested",
            alias::Event::AliasAdded { .. } => "alias_added",
            alias::Event::AliasConfirmed { .. } => "alias_confirmed",
            alias::Event::AliasPromoted { .. } => "alias_promoted",
            alias::Event::AliasPromotionUndone { .. } => "alias_promotion_undone",
            alias::Event::AliasRemoved { .. } => "alias_removed",
            alias::Event::AccountJoined { .. } => "account_joined",
        },
        Event::Client(event) => match event {
            client::Event::ClientActivated { .. } => "client_activated",
            client::Event::ClientBlocked { .. } => "client_blocked",
            client::Event::ClientDeleted { .. } => "client_deleted",
        },
    }
}

/// K1: each event is stored by a name of its own, the four groups like all others, and read back as it was.
#[test]
fn events_are_read_back_by_their_names() {
    for (name, event) in one_of_each() {
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["t"], name);
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event, "{name}");
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{name}");
    }
}

/// K1: no two events of an account share a name, and one with another name is none.
#[test]
fn names_are_apart() {
    let all = one_of_each();
    let names: BTreeSet<_> = all.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), all.len());
    let unknown: Value =
        serde_json::json!({ "t": "alias_renamed", "alias": id::<AliasName>(20), "at": NOON });
    assert!(serde_json::from_value::<Event>(unknown).is_err());
}

/// K1: what was stored before lockouts, logins and sessions had more to say is read with what was meant.
#[test]
fn fields_that_came_later_may_be_missing() {
    let read = |json: Value| serde_json::from_value::<Event>(json).unwrap();
    let locked_out = read(serde_json::json!({ "t": "locked_out", "until": NOON, "attempts": 3, "at": NOON }));
    assert_eq!(locked_out, locked(NOON));
    let from = Personal::known(HOME);
    let login = read(serde_json::json!({ "t": "logged_in", "from": from, "at": NOON }));
    assert_eq!(login, logged_in(HOME, NOON));
}
