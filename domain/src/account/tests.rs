use super::*;
use crate::decider::kit::{Given, given};
use uuid::Uuid;

const NOON: Timestamp = Timestamp::from_micros(1_767_614_400_000_000);
const FROM: [u8; 4] = [192, 0, 2, 7];

fn minutes(n: i64) -> Timestamp {
    Timestamp::from_micros(NOON.micros() + n * 60_000_000)
}
fn id<Of>(n: u128) -> crate::id::Id<Of> {
    crate::id::Id::new(Uuid::from_u128(n))
}
fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}
fn link<Of>(n: u128) -> IssuedLink<crate::id::Id<Of>> {
    IssuedLink { id: id(n), hash: TokenHash([1; 32]), expires_at: minutes(60) }
}
fn credentials() -> Credentials {
    Credentials { password: Sealed(vec![1, 2, 3]), reminder: None, challenges: None }
}
fn invite(at: Timestamp) -> Invite {
    Invite {
        address: address("Ada@Guest.example"),
        kind: Kind::Guest,
        by: Some(id(2)),
        invitation: link(3),
        at,
    }
}
fn invited() -> Event {
    invite(NOON).accepted()
}
fn registration(typed: &str, at: Timestamp) -> Register {
    Register {
        invitation: id(3),
        address: address(typed),
        profile: Profile::default(),
        user_name: None,
        credentials: credentials(),
        activation: Some(link(4)),
        at,
    }
}
fn registered() -> Vec<Event> {
    vec![
        Event::Registered {
            profile: Personal::known(Profile::default()),
            user_name: None,
            credentials: credentials(),
            at: NOON,
        },
        Event::ActivationIssued { activation: link(4), at: NOON },
    ]
}
fn register(form: Register) -> Command {
    Command::Register(Box::new(form))
}
fn awaiting_activation() -> Vec<Event> {
    [vec![invited()], registered()].concat()
}
fn active() -> Vec<Event> {
    [awaiting_activation(), vec![Event::Activated { at: NOON }]].concat()
}
fn after(past: Vec<Event>, more: impl IntoIterator<Item = Event>) -> Given<Account> {
    given::<Account>(past.into_iter().chain(more).collect::<Vec<_>>())
}

/// A1, B8: an invitation is bound to one address; inviting again stays quiet until it lapsed, then a new link goes out.
#[test]
fn an_invitation_is_sent_once_and_again_when_it_lapsed() {
    given::<Account>([]).when(Command::Invite(invite(NOON))).then([invited()]);
    given::<Account>([invited()]).when(Command::Invite(invite(minutes(59)))).then_nothing();
    given::<Account>([invited()])
        .when(Command::Invite(invite(minutes(60))))
        .then([Event::InvitationResent { invitation: link(3), at: minutes(60) }]);
}

/// R11: an invitation lapses at its time, not before, and not once it was taken up.
#[test]
fn an_invitation_lapses_at_its_time() {
    let lapse = |at| Command::LapseInvitation { at };
    given::<Account>([invited()]).when(lapse(minutes(59))).then_nothing();
    given::<Account>([invited()])
        .when(lapse(minutes(60)))
        .then([Event::InvitationLapsed { at: minutes(60) }]);
    given::<Account>(awaiting_activation()).when(lapse(minutes(60))).then_nothing();
    given::<Account>([]).when(lapse(NOON)).then_refused(Refusal::NotInvited);
}

/// A4, B8: the invited address registers, case apart, and a confirmation goes out.
#[test]
fn the_invited_address_registers() {
    given::<Account>([invited()]).when(register(registration("ada@guest.EXAMPLE", NOON))).then(registered());
}

/// B9: another address is refused, and the refusal is on record.
#[test]
fn another_address_is_refused() {
    given::<Account>([invited()])
        .when(register(registration("eve@guest.example", NOON)))
        .then([Event::RegistrationRefused { why: RegistrationFailure::AnotherAddress, at: NOON }]);
}

/// R11: an old link registers nobody; one that did its work is refused.
#[test]
fn an_old_or_used_invitation_registers_nobody() {
    given::<Account>([invited()])
        .when(register(registration("ada@guest.example", minutes(60))))
        .then([Event::RegistrationRefused { why: RegistrationFailure::LinkExpired, at: minutes(60) }]);
    given::<Account>(awaiting_activation())
        .when(register(registration("ada@guest.example", NOON)))
        .then_refused(Refusal::AlreadyRegistered);
}

/// C6: where the policy needs no confirmation, registering activates.
#[test]
fn without_an_activation_step_registering_activates() {
    let form = Register { activation: None, ..registration("ada@guest.example", NOON) };
    let expected = [registered()[0].clone(), Event::Activated { at: NOON }];
    given::<Account>([invited()]).when(register(form)).then(expected);
}

/// A4: the link activates once, in its time, and no other link does.
#[test]
fn the_link_activates_once() {
    let activate = |n, at| Command::Activate { link: id(n), at };
    given::<Account>(awaiting_activation())
        .when(activate(4, minutes(1)))
        .then([Event::Activated { at: minutes(1) }]);
    given::<Account>(active()).when(activate(4, minutes(1))).then_refused(Refusal::LinkUsed);
    given::<Account>(awaiting_activation()).when(activate(5, NOON)).then_refused(Refusal::LinkInvalid);
    given::<Account>(awaiting_activation()).when(activate(4, minutes(60))).then_refused(Refusal::LinkExpired);
}

const POLICY_FAILURES: u32 = 3;

fn attempt(password: Verdict, at: Timestamp) -> LogIn {
    LogIn {
        password,
        from: IpAddr::from(FROM),
        lockout: Lockout {
            threshold: POLICY_FAILURES,
            window: "PT15M".parse().unwrap(),
            duration: "PT30M".parse().unwrap(),
        },
        session: NewSession {
            id: id(9),
            token: TokenHash([2; 32]),
            device: "Browser".into(),
            ends_at: minutes(600),
        },
        at,
    }
}
fn log_in(password: Verdict, at: Timestamp) -> Command {
    Command::LogIn(Box::new(attempt(password, at)))
}
fn failed(why: LoginFailure, at: Timestamp) -> Event {
    Event::LoginFailed { why, from: Personal::known(IpAddr::from(FROM)), at }
}
fn wrong(at: Timestamp) -> Event {
    failed(LoginFailure::WrongPassword, at)
}
fn locked_until(until: Timestamp) -> Event {
    Event::LockedOut { until, attempts: POLICY_FAILURES, at: minutes(2) }
}
fn succeeded(at: Timestamp) -> Vec<Event> {
    vec![
        Event::LoggedIn { from: Personal::known(IpAddr::from(FROM)), at },
        Event::SessionStarted {
            session: id(9),
            token: TokenHash([2; 32]),
            from: Personal::known(IpAddr::from(FROM)),
            device: Personal::known("Browser".into()),
            ends_at: minutes(600),
            at,
        },
    ]
}

/// A4: before activation even the right password fails, and the attempt is on record.
#[test]
fn no_login_before_activation() {
    given::<Account>(awaiting_activation())
        .when(log_in(Verdict::Right, NOON))
        .then([failed(LoginFailure::NotActivated, NOON)]);
}

/// A17: the failure that reaches the limit locks.
#[test]
fn the_third_failure_within_the_window_locks() {
    after(active(), [wrong(NOON), wrong(minutes(1))])
        .when(log_in(Verdict::Wrong, minutes(2)))
        .then([wrong(minutes(2)), locked_until(minutes(32))]);
}

/// A17: failures further apart than the window do not add up; a success forgets them.
#[test]
fn old_failures_do_not_count() {
    after(active(), [wrong(NOON), wrong(NOON)])
        .when(log_in(Verdict::Wrong, minutes(15)))
        .then([wrong(minutes(15))]);
    after(active(), [vec![wrong(NOON), wrong(NOON)], succeeded(minutes(1))].concat())
        .when(log_in(Verdict::Wrong, minutes(2)))
        .then([wrong(minutes(2))]);
}

/// R4: while locked out even the right password fails, and the attempt is on record.
#[test]
fn the_right_password_fails_while_locked_out() {
    after(active(), [locked_until(minutes(32))])
        .when(log_in(Verdict::Right, minutes(31)))
        .then([failed(LoginFailure::LockedOut, minutes(31))]);
}

/// A18: at the promised time the account is available, also when the worker is late.
#[test]
fn the_promised_time_counts() {
    let released = Event::LockoutReleased { by: ReleasedBy::Time, at: minutes(32) };
    after(active(), [locked_until(minutes(32))])
        .when(log_in(Verdict::Right, minutes(32)))
        .then([vec![released], succeeded(minutes(32))].concat());
}

/// A18: releasing happens at the time, and stays quiet before it and when repeated.
#[test]
fn a_lockout_is_released_once() {
    let by_time = |at| Command::ReleaseLockout { by: ReleasedBy::Time, at };
    let released = || Event::LockoutReleased { by: ReleasedBy::Time, at: minutes(32) };
    after(active(), [locked_until(minutes(32))]).when(by_time(minutes(32))).then([released()]);
    after(active(), [locked_until(minutes(32))]).when(by_time(minutes(31))).then_nothing();
    after(active(), [locked_until(minutes(32)), released()]).when(by_time(minutes(33))).then_nothing();
}

/// R3: a session that lives goes on through a lockout.
#[test]
fn a_lockout_spares_live_sessions() {
    let end = Command::EndSession { session: id(9), why: SessionEnd::LoggedOut, at: minutes(5) };
    after(active(), [succeeded(NOON), vec![locked_until(minutes(32))]].concat())
        .when(end)
        .then([Event::SessionEnded { session: id(9), why: SessionEnd::LoggedOut, at: minutes(5) }]);
}

/// B27: a session ends once; ending it again, or one that never was, stays quiet.
#[test]
fn a_session_ends_once() {
    let end = || Command::EndSession { session: id(9), why: SessionEnd::LoggedOut, at: NOON };
    let ended = Event::SessionEnded { session: id(9), why: SessionEnd::LoggedOut, at: NOON };
    after(active(), succeeded(NOON)).when(end()).then([ended.clone()]);
    after(active(), [succeeded(NOON), vec![ended]].concat()).when(end()).then_nothing();
    given::<Account>(active()).when(end()).then_nothing();
}

/// B38: who leaves names the mailbox generation that ends; leaving twice stays quiet.
#[test]
fn leaving_happens_once() {
    let leave = || Command::Unsubscribe { via: LeavingVia::Link, at: NOON };
    let left = Event::Unsubscribed { mailbox_generation: 1, via: LeavingVia::Link, at: NOON };
    given::<Account>(active()).when(leave()).then([left.clone()]);
    after(active(), [left]).when(leave()).then_nothing();
    given::<Account>([]).when(leave()).then_refused(Refusal::NotInvited);
}
