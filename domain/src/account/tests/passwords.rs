//! A lost password: reminder, reset link, challenge, and the change itself.

use super::{
    recovery::{ChallengeFailure, NewSecrets, ResetBy},
    *,
};

fn secrets(n: u8) -> NewSecrets {
    NewSecrets { password: Sealed(vec![n]), reminder: Some(Sealed(vec![n + 1])) }
}
fn remind(at: Timestamp) -> Command {
    Command::Recover(recovery::Command::SendReminder { at })
}
fn reminded(at: Timestamp) -> Event {
    recovery::Event::ReminderSent { at }.into()
}
fn issue(by: ResetBy, n: u128, at: Timestamp) -> Command {
    Command::Recover(recovery::Command::IssueReset { by, link: link(n), at })
}
fn issued(by: ResetBy, n: u128, at: Timestamp) -> Event {
    recovery::Event::ResetRequested { by, link: link(n), at }.into()
}
fn answer(answers: Verdict, at: Timestamp) -> Command {
    let (lockout, permit) = (rule(), link(8));
    Command::Recover(recovery::Command::AnswerChallenge { answers, from: HOME, lockout, permit, at })
}
fn challenge_failed(why: ChallengeFailure, at: Timestamp) -> Event {
    recovery::Event::ChallengeFailed { why, from: Personal::known(HOME), at }.into()
}
fn set(n: u128, at: Timestamp) -> Command {
    let (permit, secrets, activation) = (id(n), secrets(7), link(11));
    Command::Recover(recovery::Command::SetPassword { permit, secrets, activation, at })
}
fn staged(n: u8) -> Event {
    recovery::Event::PasswordStaged { secrets: secrets(n), activation: link(11), at: NOON }.into()
}
fn changed(n: u8, at: Timestamp) -> Event {
    recovery::Event::PasswordChanged { secrets: secrets(n), at }.into()
}
fn activate(n: u128, at: Timestamp) -> Command {
    Command::Recover(recovery::Command::ActivatePassword { link: id(n), at })
}
fn lapse(at: Timestamp) -> Command {
    Command::Recover(recovery::Command::LapsePassword { at })
}
fn lapsed(at: Timestamp) -> Event {
    recovery::Event::PasswordLapsed { at }.into()
}
/// Whose challenge was answered, and who set a password that waits for its activation.
fn waiting() -> Vec<Event> {
    [active(), vec![issued(ResetBy::Challenge, 8, NOON), staged(7)]].concat()
}

/// A10: the phrase is mailed, to a locked person too; without a phrase, before activation and after closing nothing is.
#[test]
fn a_reminder_is_mailed() {
    given::<Account>(active()).when(remind(NOON)).then([reminded(NOON)]);
    after(active(), [locked(minutes(30))]).when(remind(NOON)).then([reminded(NOON)]);
    for past in [vec![invited()], awaiting_activation(), closed()] {
        given::<Account>(past).when(remind(NOON)).then_nothing();
    }
    let bare = Event::Registered {
        profile: Personal::known(Profile::default()),
        user_name: None,
        credentials: Credentials { reminder: None, ..credentials() },
        at: NOON,
    };
    given::<Account>([invited(), bare, Event::Activated { at: NOON }]).when(remind(NOON)).then_nothing();
    given::<Account>([]).when(remind(NOON)).then_refused(Refusal::NotInvited);
}

/// B22, B26, C14, R4: a reset link is mailed on the person's or an administrator's wish; whoever cannot log in gets none, and
/// whoever asked is told no difference.
#[test]
fn a_reset_link_is_mailed() {
    for by in [ResetBy::Person, ResetBy::Administrator] {
        given::<Account>(active()).when(issue(by, 5, NOON)).then([issued(by, 5, NOON)]);
        after(active(), [issued(by, 5, NOON)]).when(issue(by, 5, NOON)).then_nothing();
        after(active(), [locked(minutes(30))]).when(issue(by, 5, NOON)).then([issued(by, 5, NOON)]);
        for past in [vec![invited()], awaiting_activation(), closed()] {
            given::<Account>(past).when(issue(by, 5, NOON)).then_nothing();
        }
    }
}

/// A11: the right that answers give is given by answers alone.
#[test]
fn a_challenge_is_not_issued() {
    given::<Account>(active()).when(issue(ResetBy::Challenge, 5, NOON)).then_nothing();
}

/// R13: strangers have a minute between two mails and five mails an hour; an administrator has no limit.
#[test]
fn mails_pause() {
    let person = ResetBy::Person;
    after(active(), [reminded(NOON)]).when(issue(person, 5, seconds(59))).then_nothing();
    after(active(), [issued(person, 5, NOON)]).when(remind(seconds(59))).then_nothing();
    after(active(), [reminded(NOON)]).when(issue(person, 5, minutes(1))).then([issued(
        person,
        5,
        minutes(1),
    )]);
    let five = || (0..5).map(|n| reminded(minutes(n)));
    let (last, free) = (seconds(60 * 60 - 1), minutes(60));
    after(active(), five().skip(1)).when(remind(minutes(5))).then([reminded(minutes(5))]);
    after(active(), five()).when(remind(minutes(5))).then_nothing();
    after(active(), five()).when(issue(person, 5, last)).then_nothing();
    after(active(), five()).when(issue(person, 5, free)).then([issued(person, 5, free)]);
    let administrator = issued(ResetBy::Administrator, 5, minutes(5));
    after(active(), five()).when(issue(ResetBy::Administrator, 5, minutes(5))).then([administrator.clone()]);
    after(active(), [administrator]).when(remind(minutes(5))).then([reminded(minutes(5))]);
}

/// A11, A16: answers that match give a right to set a password, also to whoever is logged in; others do not, and are on
/// record.
#[test]
fn a_challenge_is_answered() {
    given::<Account>(active()).when(answer(Verdict::Right, NOON)).then([issued(ResetBy::Challenge, 8, NOON)]);
    after(active(), [session_started(9, None, HOME)]).when(answer(Verdict::Right, NOON)).then([issued(
        ResetBy::Challenge,
        8,
        NOON,
    )]);
    given::<Account>(active())
        .when(answer(Verdict::Wrong, NOON))
        .then([challenge_failed(ChallengeFailure::WrongAnswer, NOON)]);
    for past in [vec![invited()], awaiting_activation(), closed()] {
        given::<Account>(past)
            .when(answer(Verdict::Right, NOON))
            .then([challenge_failed(ChallengeFailure::NotActive, NOON)]);
    }
    given::<Account>([]).when(answer(Verdict::Right, NOON)).then_refused(Refusal::NotInvited);
}

/// R3: after too many wrong answers right ones do not count either, for as long as a lockout lasts; asking on does not
/// make it longer.
#[test]
fn a_challenge_is_throttled() {
    let wrong = challenge_failed(ChallengeFailure::WrongAnswer, NOON);
    let too_many = |at| challenge_failed(ChallengeFailure::TooMany, at);
    let last = seconds(30 * 60 - 1);
    after(active(), vec![wrong.clone(); 2]).when(answer(Verdict::Right, NOON)).then([issued(
        ResetBy::Challenge,
        8,
        NOON,
    )]);
    after(active(), vec![wrong.clone(); 3]).when(answer(Verdict::Right, last)).then([too_many(last)]);
    let insisting = [vec![wrong; 3], vec![too_many(last); 40]].concat();
    after(active(), insisting.clone()).when(answer(Verdict::Right, minutes(30))).then([issued(
        ResetBy::Challenge,
        8,
        minutes(30),
    )]);
    after(active(), insisting).when(answer(Verdict::Right, minutes(-600))).then([too_many(minutes(-600))]);
}

/// R3: a change of the password forgets wrong answers.
#[test]
fn a_change_forgets_wrong_answers() {
    let wrong = challenge_failed(ChallengeFailure::WrongAnswer, NOON);
    after(active(), [vec![wrong; 3], vec![changed(7, NOON)]].concat())
        .when(answer(Verdict::Right, NOON))
        .then([issued(ResetBy::Challenge, 8, NOON)]);
}

/// B24, B25: the link sets a password, which works at once; once, and in its time.
#[test]
fn a_reset_link_sets_a_password_once() {
    let asked = |by| [active(), vec![issued(by, 5, NOON)]].concat();
    for by in [ResetBy::Person, ResetBy::Administrator] {
        given::<Account>(asked(by)).when(set(5, minutes(1))).then([changed(7, minutes(1))]);
        after(asked(by), [changed(7, minutes(1))]).when(set(5, minutes(2))).then_refused(Refusal::LinkUsed);
        given::<Account>(asked(by)).when(set(5, minutes(60))).then_refused(Refusal::LinkExpired);
        given::<Account>(asked(by)).when(set(6, NOON)).then_refused(Refusal::LinkInvalid);
    }
    given::<Account>(active()).when(set(5, NOON)).then_refused(Refusal::LinkInvalid);
    after(asked(ResetBy::Person), [Event::Closed { why: Closing::Wish, reason: None, at: NOON }])
        .when(set(5, NOON))
        .then_refused(Refusal::LinkInvalid);
    let holder = holder_of(&[asked(ResetBy::Person), vec![changed(7, NOON)]].concat());
    let expected =
        Credentials { password: Sealed(vec![7]), reminder: Some(Sealed(vec![8])), ..credentials() };
    assert_eq!(holder.credentials, Some(expected));
}

/// R11: a newer link is the one that works, and any change of the password ends it.
#[test]
fn a_newer_link_replaces_the_old_one() {
    let newer = issued(ResetBy::Person, 6, minutes(1));
    let past = [active(), vec![issued(ResetBy::Person, 5, NOON), newer]].concat();
    given::<Account>(past.clone()).when(set(5, minutes(2))).then_refused(Refusal::LinkInvalid);
    after(past, [changed(9, minutes(2))]).when(set(6, minutes(3))).then_refused(Refusal::LinkUsed);
}

/// A12: without a new phrase the old one stays.
#[test]
fn a_phrase_stays_unless_it_is_changed() {
    let secrets = NewSecrets { password: Sealed(vec![7]), reminder: None };
    let change = recovery::Event::PasswordChanged { secrets, at: NOON };
    let own = holder_of(&[active(), vec![change.into()]].concat()).credentials.unwrap();
    assert_eq!(own, Credentials { password: Sealed(vec![7]), ..credentials() });
}

/// R3, A17: a reset ends a lockout and the sessions of people, whoever began them; a client program's goes on (B51).
#[test]
fn a_reset_releases_and_ends_sessions() {
    let past = [
        active(),
        vec![session_started(9, None, HOME), session_started(10, Some(id(30)), HOME), locked(minutes(30))],
        vec![issued(ResetBy::Person, 5, NOON)],
    ]
    .concat();
    given::<Account>(past).when(set(5, NOON)).then([
        changed(7, NOON),
        Event::LockoutReleased { by: ReleasedBy::Reset, at: NOON },
        session_ended(9, SessionEnd::PasswordChanged, NOON),
    ]);
}

/// A13, A15: what is set after a challenge waits: the old password works until the activation, the new one after it.
#[test]
fn a_staged_password_waits_for_its_activation() {
    let answered = [active(), vec![issued(ResetBy::Challenge, 8, NOON)]].concat();
    given::<Account>(answered).when(set(8, NOON)).then([staged(7)]);
    given::<Account>(waiting()).when(set(8, NOON)).then_refused(Refusal::LinkUsed);
    assert_eq!(holder_of(&waiting()).credentials, Some(credentials()));
    let last = seconds(60 * 60 - 1);
    given::<Account>(waiting()).when(activate(11, last)).then([changed(7, last)]);
    let own = holder_of(&[waiting(), vec![changed(7, last)]].concat()).credentials.unwrap();
    assert_eq!(own.password, Sealed(vec![7]));
}

/// A14: a staged password is activated once, in its time, by its link.
#[test]
fn a_staged_password_is_activated_once() {
    given::<Account>(waiting()).when(activate(11, minutes(60))).then_refused(Refusal::LinkExpired);
    given::<Account>(waiting()).when(activate(12, NOON)).then_refused(Refusal::LinkInvalid);
    after(waiting(), [changed(7, NOON)]).when(activate(11, NOON)).then_refused(Refusal::LinkUsed);
    given::<Account>(active()).when(activate(11, NOON)).then_refused(Refusal::LinkInvalid);
    after(waiting(), [Event::Closed { why: Closing::Wish, reason: None, at: NOON }])
        .when(activate(11, NOON))
        .then_refused(Refusal::LinkInvalid);
}

/// A14: another change drops what waits; its link did nothing, and does nothing.
#[test]
fn another_change_drops_what_waits() {
    let past = [waiting(), vec![issued(ResetBy::Person, 5, NOON), changed(9, NOON)]].concat();
    given::<Account>(past.clone()).when(activate(11, NOON)).then_refused(Refusal::LinkInvalid);
    given::<Account>(past).when(lapse(minutes(60))).then_nothing();
}

/// A14: a staged password lapses exactly at its time, once, and the old one stays.
#[test]
fn a_staged_password_lapses_at_its_time() {
    given::<Account>(waiting()).when(lapse(seconds(60 * 60 - 1))).then_nothing();
    given::<Account>(waiting()).when(lapse(minutes(60))).then([lapsed(minutes(60))]);
    let after_that = [waiting(), vec![lapsed(minutes(60))]].concat();
    given::<Account>(after_that.clone()).when(lapse(minutes(61))).then_nothing();
    given::<Account>(after_that.clone()).when(activate(11, NOON)).then_refused(Refusal::LinkInvalid);
    assert_eq!(holder_of(&after_that).credentials, Some(credentials()));
    given::<Account>(active()).when(lapse(minutes(60))).then_nothing();
}

/// K8, A14: a clock set back makes nothing lapse, and no mail leave early.
#[test]
fn a_clock_set_back_ends_nothing() {
    given::<Account>(waiting()).when(lapse(minutes(-600))).then_nothing();
    after(active(), [reminded(NOON)]).when(remind(minutes(-600))).then_nothing();
}
