//! Enrolling a second factor and taking it away. What it does at a login, the tests of the login show.

use super::{second_factor::ENROLMENT, *};

fn request(secret: u8, at: Timestamp) -> Command {
    Command::Factor(second_factor::Command::Request { secret: Sealed(vec![secret]), at })
}
fn requested(secret: u8, at: Timestamp) -> Event {
    let until = at.plus(ENROLMENT);
    second_factor::Event::SecondFactorRequested { secret: Sealed(vec![secret]), until, at }.into()
}
fn confirm(step: Option<u64>, at: Timestamp) -> Command {
    Command::Factor(second_factor::Command::Confirm { step, recovery_codes: Sealed(vec![5]), at })
}
fn enrolled(secret: u8, at: Timestamp) -> Event {
    let (secret, recovery_codes) = (Sealed(vec![secret]), Sealed(vec![5]));
    second_factor::Event::SecondFactorEnrolled { secret, recovery_codes, step: 1000, at }.into()
}
fn remove(demanded: bool) -> Command {
    Command::Factor(second_factor::Command::Remove { demanded, at: NOON })
}
fn removed() -> Event {
    second_factor::Event::SecondFactorRemoved { at: NOON }.into()
}

/// A9: an enrolment begins, and may begin anew with another secret; the same request again stays quiet.
#[test]
fn an_enrolment_begins() {
    given::<Account>(active()).when(request(1, NOON)).then([requested(1, NOON)]);
    after(active(), [requested(1, NOON)]).when(request(1, NOON)).then_nothing();
    after(active(), [requested(1, NOON)]).when(request(2, NOON)).then([requested(2, NOON)]);
    after(active(), [enrolled(1, NOON)]).when(request(2, NOON)).then_refused(Refusal::AlreadyEnrolled);
    given::<Account>(closed()).when(request(1, NOON)).then_refused(Refusal::Closed);
    given::<Account>([]).when(request(1, NOON)).then_refused(Refusal::NotInvited);
}

/// A9: the first right code within ten minutes enrols, the last secret alone and once; a wrong one may be corrected.
#[test]
fn the_first_code_enrols() {
    let past = || [active(), vec![requested(1, NOON), requested(2, NOON)]].concat();
    let last = seconds(10 * 60 - 1);
    given::<Account>(past()).when(confirm(None, NOON)).then_refused(Refusal::WrongCode);
    given::<Account>(past()).when(confirm(Some(1000), last)).then([enrolled(2, last)]);
    given::<Account>(past()).when(confirm(Some(1000), minutes(10))).then_refused(Refusal::NotEnrolling);
    after(past(), [enrolled(2, NOON)]).when(confirm(Some(1000), NOON)).then_refused(Refusal::NotEnrolling);
    given::<Account>(active()).when(confirm(Some(1000), NOON)).then_refused(Refusal::NotEnrolling);
    given::<Account>(closed()).when(confirm(Some(1000), NOON)).then_refused(Refusal::Closed);
}

/// A9: a second factor is taken away once, unless the policy demands it; then another can be enrolled.
#[test]
fn a_second_factor_is_taken_away() {
    let past = || [active(), vec![enrolled(1, NOON)]].concat();
    given::<Account>(past()).when(remove(true)).then_refused(Refusal::FactorDemanded);
    given::<Account>(past()).when(remove(false)).then([removed()]);
    after(past(), [removed()]).when(remove(false)).then_nothing();
    after(past(), [removed()]).when(request(2, NOON)).then([requested(2, NOON)]);
    given::<Account>(closed()).when(remove(false)).then_refused(Refusal::Closed);
}

/// A9: codes on paper that were used count again only with a new enrolment, which has codes of its own.
#[test]
fn a_new_enrolment_has_new_codes() {
    let used = FactorUse::RecoveryCode { index: 3 };
    let login = Event::LoggedIn { from: Personal::known(HOME), factor: Some(used), at: NOON };
    let past = [active(), vec![enrolled(1, NOON), login]].concat();
    assert!(!holder_of(&past).second_factor.unwrap().takes(used));
    let anew = [past, vec![removed(), enrolled(2, NOON)]].concat();
    assert!(holder_of(&anew).second_factor.unwrap().takes(used));
}
