//! Logging in, with and without a second factor.

use super::*;

pub(super) fn attempt(password: Verdict, at: Timestamp) -> LogIn {
    LogIn {
        password,
        factor: FactorVerdict::NotGiven,
        from: HOME,
        lockout: rule(),
        session: new_session(9),
        at,
    }
}
pub(super) fn log_in(password: Verdict, at: Timestamp) -> Command {
    Command::LogIn(Box::new(attempt(password, at)))
}
pub(super) fn log_in_from(from: IpAddr, password: Verdict, at: Timestamp) -> Command {
    Command::LogIn(Box::new(LogIn { from, ..attempt(password, at) }))
}
fn log_in_with(factor: FactorVerdict, at: Timestamp) -> Command {
    Command::LogIn(Box::new(LogIn { factor, ..attempt(Verdict::Right, at) }))
}
pub(super) fn failed(why: LoginFailure, at: Timestamp) -> Event {
    Event::LoginFailed { why, from: Personal::known(HOME), at }
}
pub(super) fn wrong(at: Timestamp) -> Event {
    failed(LoginFailure::WrongPassword, at)
}
pub(super) fn succeeded(from: IpAddr, factor: Option<FactorUse>, at: Timestamp) -> Vec<Event> {
    vec![
        Event::LoggedIn { from: Personal::known(from), factor, at },
        new_session(9).started(Personal::known(from), None, at),
    ]
}

const STEP: FactorUse = FactorUse::Totp { step: 1000 };
const PAPER: FactorUse = FactorUse::RecoveryCode { index: 3 };

/// With an authenticator whose first code was of step 999.
fn enrolled() -> Vec<Event> {
    let event = second_factor::Event::SecondFactorEnrolled {
        secret: Sealed(vec![4]),
        recovery_codes: Sealed(vec![5]),
        step: 999,
        at: NOON,
    };
    [active(), vec![event.into()]].concat()
}

/// A9: the right password begins a session.
#[test]
fn the_right_password_begins_a_session() {
    given::<Account>(active()).when(log_in(Verdict::Right, minutes(1))).then(succeeded(
        HOME,
        None,
        minutes(1),
    ));
}

/// A4, K9: before activation and after closing even the right password fails, and the attempt is on record.
#[test]
fn no_login_before_activation_and_after_closing() {
    for past in [vec![invited()], awaiting_activation()] {
        given::<Account>(past)
            .when(log_in(Verdict::Right, NOON))
            .then([failed(LoginFailure::NotActivated, NOON)]);
    }
    given::<Account>(closed()).when(log_in(Verdict::Right, NOON)).then([failed(LoginFailure::Closed, NOON)]);
    given::<Account>([]).when(log_in(Verdict::Right, NOON)).then_refused(Refusal::NotInvited);
}

/// A9: the right password alone leaves a login half done where a second factor is enrolled: nothing happened yet.
#[test]
fn a_password_without_a_code_is_half_a_login() {
    given::<Account>(enrolled()).when(log_in(Verdict::Right, minutes(1))).then_nothing();
    given::<Account>(enrolled()).when(log_in_with(FactorVerdict::Right(STEP), minutes(1))).then(succeeded(
        HOME,
        Some(STEP),
        minutes(1),
    ));
}

/// R4: a wrong password is one, whatever the code.
#[test]
fn a_right_code_does_not_mend_a_wrong_password() {
    let factor = FactorVerdict::Right(STEP);
    let attempt = LogIn { factor, ..attempt(Verdict::Wrong, NOON) };
    given::<Account>(enrolled()).when(Command::LogIn(Box::new(attempt))).then([wrong(NOON)]);
}

/// A17: a wrong code is a failure and locks like a wrong password.
#[test]
fn wrong_codes_lock() {
    let wrong_code = |at| failed(LoginFailure::WrongCode, at);
    given::<Account>(enrolled()).when(log_in_with(FactorVerdict::Wrong, NOON)).then([wrong_code(NOON)]);
    after(enrolled(), [wrong(NOON), wrong_code(NOON)])
        .when(log_in_with(FactorVerdict::Wrong, NOON))
        .then([wrong_code(NOON), locked(minutes(30))]);
}

/// A9: a code counts once, and so does each code before it and the one that completed the enrolment.
#[test]
fn a_code_counts_once() {
    let wrong_code = || [failed(LoginFailure::WrongCode, minutes(2))];
    let used = succeeded(HOME, Some(STEP), minutes(1));
    for step in [998, 999, 1000] {
        after(enrolled(), used.clone())
            .when(log_in_with(FactorVerdict::Right(FactorUse::Totp { step }), minutes(2)))
            .then(wrong_code());
    }
    let next = FactorUse::Totp { step: 1001 };
    after(enrolled(), used).when(log_in_with(FactorVerdict::Right(next), minutes(2))).then(succeeded(
        HOME,
        Some(next),
        minutes(2),
    ));
    given::<Account>(enrolled())
        .when(log_in_with(FactorVerdict::Right(FactorUse::Totp { step: 999 }), minutes(2)))
        .then(wrong_code());
}

/// A9: a code on paper counts once; the others go on.
#[test]
fn a_code_on_paper_counts_once() {
    let used = succeeded(HOME, Some(PAPER), minutes(1));
    given::<Account>(enrolled())
        .when(log_in_with(FactorVerdict::Right(PAPER), minutes(1)))
        .then(used.clone());
    after(enrolled(), used.clone())
        .when(log_in_with(FactorVerdict::Right(PAPER), minutes(2)))
        .then([failed(LoginFailure::WrongCode, minutes(2))]);
    let other = FactorUse::RecoveryCode { index: 4 };
    after(enrolled(), used).when(log_in_with(FactorVerdict::Right(other), minutes(2))).then(succeeded(
        HOME,
        Some(other),
        minutes(2),
    ));
}
