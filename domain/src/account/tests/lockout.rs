//! When failures lock an account, for how long, and what a stranger cannot do with it.

use super::{
    login::{failed, log_in, log_in_from, succeeded, wrong},
    *,
};

fn locked_at(at: Timestamp, untold: bool) -> Event {
    Event::LockedOut { until: at.plus(Period::minutes(30)), attempts: 3, untold, at }
}
fn released(by: ReleasedBy, at: Timestamp) -> Event {
    Event::LockoutReleased { by, at }
}
fn unfamiliar(at: Timestamp) -> Event {
    Event::LoginFailed { why: LoginFailure::UnfamiliarNetwork, from: Personal::known(AWAY), at }
}
fn wrong_from(from: IpAddr, at: Timestamp) -> Event {
    Event::LoginFailed { why: LoginFailure::WrongPassword, from: Personal::known(from), at }
}

/// Active, known from home, and locked `n` times by somebody, each hour once, beginning at noon.
fn harassed(n: i64) -> Vec<Event> {
    let lockouts = (0..n).flat_map(|hour| {
        [locked_at(minutes(hour * 60), false), released(ReleasedBy::Time, minutes(hour * 60 + 30))]
    });
    active().into_iter().chain([logged_in(HOME, NOON)]).chain(lockouts).collect()
}
/// The same, at the cap, with as many failures as the policy takes.
fn besieged() -> Vec<Event> {
    [harassed(4), vec![wrong(minutes(300)); 3]].concat()
}

/// A17: the failure that reaches the limit locks.
#[test]
fn the_third_failure_within_the_window_locks() {
    after(active(), [wrong(NOON)]).when(log_in(Verdict::Wrong, NOON)).then([wrong(NOON)]);
    after(active(), [wrong(NOON), wrong(minutes(1))])
        .when(log_in(Verdict::Wrong, minutes(2)))
        .then([wrong(minutes(2)), locked_at(minutes(2), false)]);
}

/// A17: failures further apart than the window do not add up; a success forgets them.
#[test]
fn old_failures_do_not_count() {
    after(active(), [wrong(NOON), wrong(NOON)])
        .when(log_in(Verdict::Wrong, seconds(15 * 60 - 1)))
        .then([wrong(seconds(15 * 60 - 1)), locked_at(seconds(15 * 60 - 1), false)]);
    after(active(), [wrong(NOON), wrong(NOON)])
        .when(log_in(Verdict::Wrong, minutes(15)))
        .then([wrong(minutes(15))]);
    after(active(), [vec![wrong(NOON), wrong(NOON)], succeeded(HOME, None, minutes(1))].concat())
        .when(log_in(Verdict::Wrong, minutes(2)))
        .then([wrong(minutes(2))]);
}

/// R4: while locked out even the right password fails, and the attempt is on record without making it longer.
#[test]
fn the_right_password_fails_while_locked_out() {
    let last = seconds(30 * 60 - 1);
    let refused = failed(LoginFailure::LockedOut, last);
    after(active(), [locked(minutes(30))]).when(log_in(Verdict::Right, last)).then([refused.clone()]);
    after(active(), [locked(minutes(30)), refused])
        .when(log_in(Verdict::Right, minutes(30)))
        .then([vec![released(ReleasedBy::Time, minutes(30))], succeeded(HOME, None, minutes(30))].concat());
}

/// A18: at the promised time the account is available, also when the worker is late, and counts from zero.
#[test]
fn the_promised_time_counts() {
    after(active(), [wrong(NOON), wrong(NOON), wrong(NOON), locked(minutes(1))])
        .when(log_in(Verdict::Wrong, minutes(1)))
        .then([released(ReleasedBy::Time, minutes(1)), wrong(minutes(1))]);
}

/// A18: releasing happens to the second, and stays quiet before it and when repeated.
#[test]
fn a_lockout_is_released_once() {
    let release = |at| Command::ReleaseLockout { by: ReleasedBy::Time, at };
    let over = released(ReleasedBy::Time, minutes(30));
    after(active(), [locked(minutes(30))]).when(release(seconds(30 * 60 - 1))).then_nothing();
    after(active(), [locked(minutes(30))]).when(release(minutes(30))).then([over.clone()]);
    after(active(), [locked(minutes(30)), over]).when(release(minutes(31))).then_nothing();
    given::<Account>(active()).when(release(minutes(30))).then_nothing();
    given::<Account>([]).when(release(minutes(30))).then_refused(Refusal::NotInvited);
}

/// A18: an administrator releases before the time, once.
#[test]
fn an_administrator_releases_at_once() {
    let release = || Command::ReleaseLockout { by: ReleasedBy::Administrator, at: minutes(1) };
    let over = released(ReleasedBy::Administrator, minutes(1));
    after(active(), [locked(minutes(30))]).when(release()).then([over.clone()]);
    after(active(), [locked(minutes(30)), over]).when(release()).then_nothing();
    given::<Account>(closed()).when(release()).then_nothing();
}

/// R3: a session that lives goes on through a lockout.
#[test]
fn a_lockout_spares_live_sessions() {
    let past = [active(), vec![session_started(9, None, HOME), locked(minutes(30))]].concat();
    assert_eq!(holder_of(&past).sessions.len(), 1);
}

/// R3: lockouts send one mail a window, however often somebody has an account released and locked again.
#[test]
fn one_mail_a_window() {
    let again = |at| [wrong(at), wrong(at)];
    let past = |at| {
        let release = released(ReleasedBy::Administrator, minutes(1));
        [active(), vec![locked_at(NOON, false), release], again(at).to_vec()].concat()
    };
    given::<Account>(past(minutes(14)))
        .when(log_in(Verdict::Wrong, minutes(14)))
        .then([wrong(minutes(14)), locked_at(minutes(14), true)]);
    given::<Account>(past(minutes(15)))
        .when(log_in(Verdict::Wrong, minutes(15)))
        .then([wrong(minutes(15)), locked_at(minutes(15), false)]);
    // What went untold does not silence the next one.
    let release = released(ReleasedBy::Administrator, minutes(15));
    let untold = [locked_at(minutes(14), true), release, wrong(minutes(15)), wrong(minutes(15))];
    after(past(minutes(14)), untold)
        .when(log_in(Verdict::Wrong, minutes(16)))
        .then([wrong(minutes(16)), locked_at(minutes(16), false)]);
}

/// R3: after four lockouts within a day nobody can lock the account any more; before that, and a day later, they can.
#[test]
fn lockouts_are_capped() {
    let failures = |at| [wrong_from(AWAY, at), wrong_from(AWAY, at)];
    let locking = |at| log_in_from(AWAY, Verdict::Wrong, at);
    let (soon, next_day) = (minutes(300), minutes(24 * 60));
    after(harassed(3), failures(soon))
        .when(locking(soon))
        .then([wrong_from(AWAY, soon), locked_at(soon, false)]);
    after(harassed(4), failures(soon)).when(locking(soon)).then([wrong_from(AWAY, soon)]);
    after(harassed(4), failures(next_day))
        .when(locking(next_day))
        .then([wrong_from(AWAY, next_day), locked_at(next_day, false)]);
}

/// R3: at the cap strangers are not heard once failures stand at the threshold, not even with the right password; the
/// person's own network is.
#[test]
fn at_the_cap_only_familiar_networks_are_heard() {
    let at = minutes(301);
    for password in [Verdict::Wrong, Verdict::Right] {
        given::<Account>(besieged()).when(log_in_from(AWAY, password, at)).then([unfamiliar(at)]);
    }
    given::<Account>(besieged()).when(log_in(Verdict::Right, at)).then(succeeded(HOME, None, at));
    given::<Account>(besieged()).when(log_in(Verdict::Wrong, at)).then([wrong(at)]);
    let neighbour = IpAddr::from([192, 0, 2, 200]);
    let mapped = "::ffff:192.0.2.200".parse().unwrap();
    for from in [neighbour, mapped] {
        given::<Account>(besieged())
            .when(log_in_from(from, Verdict::Right, at))
            .then(succeeded(from, None, at));
    }
}

/// R3: below the threshold a stranger is heard also at the cap: the person may be somewhere new. What is not heard is
/// no failure, so that the account is open again once the window is over.
#[test]
fn at_the_cap_strangers_are_heard_again_after_the_window() {
    let at = minutes(300);
    after(harassed(4), [wrong(at), wrong(at)])
        .when(log_in_from(AWAY, Verdict::Right, at))
        .then(succeeded(AWAY, None, at));
    after(besieged(), vec![unfamiliar(minutes(314)); 40])
        .when(log_in_from(AWAY, Verdict::Right, minutes(315)))
        .then(succeeded(AWAY, None, minutes(315)));
}

/// R3: a password that was reset by mail clears the cap and the failures.
#[test]
fn a_reset_clears_the_cap() {
    let at = minutes(301);
    let secrets = recovery::NewSecrets { password: Sealed(vec![7]), reminder: None };
    let changed = recovery::Event::PasswordChanged { secrets, at }.into();
    after(besieged(), [changed]).when(log_in_from(AWAY, Verdict::Right, at)).then(succeeded(AWAY, None, at));
}

/// R3: of the person's networks the last eight are remembered.
#[test]
fn the_last_networks_are_familiar() {
    let past: Vec<_> = (1..=9).map(|n| logged_in(IpAddr::from([203, 0, n, 1]), NOON)).collect();
    let familiar = holder_of(&[active(), past].concat()).vigilance.familiar;
    let known = |n| familiar.iter().any(|network| network.contains(IpAddr::from([203, 0, n, 77])));
    assert!(!known(1));
    assert!((2..=9).all(known));
}

/// K8, A18: with the clock set back nothing ends early: failures count, the lockout lasts, the cap holds.
#[test]
fn a_clock_set_back_releases_nothing() {
    let earlier = minutes(-600);
    after(active(), [locked(minutes(30))])
        .when(log_in(Verdict::Right, earlier))
        .then([failed(LoginFailure::LockedOut, earlier)]);
    after(active(), [locked(minutes(30))])
        .when(Command::ReleaseLockout { by: ReleasedBy::Time, at: earlier })
        .then_nothing();
    after(active(), [wrong(NOON), wrong(NOON)])
        .when(log_in(Verdict::Wrong, earlier))
        .then([wrong(earlier), locked_at(earlier, false)]);
    given::<Account>(besieged()).when(log_in_from(AWAY, Verdict::Right, earlier)).then([unfamiliar(earlier)]);
}
