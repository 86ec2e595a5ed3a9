//! Leaving, coming back, and closing.

use super::*;

fn left(mailbox_generation: u32) -> Event {
    Event::Unsubscribed { mailbox_generation, via: LeavingVia::Link, at: NOON }
}
fn came_back() -> Event {
    Event::Resubscribed { mailbox_generation: 2, at: NOON }
}

/// B36, B38: who leaves, by whichever way, names the mailbox generation that ends; leaving twice stays quiet.
#[test]
fn leaving_happens_once() {
    let leave = |via| Command::Unsubscribe { via, at: NOON };
    for via in [LeavingVia::Link, LeavingVia::Account, LeavingVia::Mail] {
        let left = Event::Unsubscribed { mailbox_generation: 1, via, at: NOON };
        for past in [vec![invited()], awaiting_activation(), active()] {
            given::<Account>(past.clone()).when(leave(via)).then([left.clone()]);
            after(past, [left.clone()]).when(leave(via)).then_nothing();
        }
    }
    given::<Account>(closed()).when(leave(LeavingVia::Link)).then_nothing();
    given::<Account>([]).when(leave(LeavingVia::Link)).then_refused(Refusal::NotInvited);
}

/// B38, K9: who comes back begins another mailbox, once; the old one stays ended.
#[test]
fn coming_back_begins_another_mailbox() {
    let come_back = || Command::Resubscribe { at: NOON };
    after(active(), [left(1)]).when(come_back()).then([came_back()]);
    after(active(), [left(1), came_back()]).when(come_back()).then_nothing();
    after(active(), [left(1), came_back()])
        .when(Command::Unsubscribe { via: LeavingVia::Link, at: NOON })
        .then([left(2)]);
    given::<Account>(active()).when(come_back()).then_nothing();
    given::<Account>(closed()).when(come_back()).then_refused(Refusal::Closed);
}

/// K9, B43: closing ends each session, a client program's too, and happens once.
#[test]
fn closing_ends_everything() {
    let close = || Command::Close { why: Closing::Administrator, reason: Some("Left".into()), at: NOON };
    let shut =
        Event::Closed { why: Closing::Administrator, reason: Some(Personal::known("Left".into())), at: NOON };
    let past =
        [active(), vec![session_started(9, None, HOME), session_started(10, Some(id(30)), HOME)]].concat();
    let expected = [
        session_ended(9, SessionEnd::AccountClosed, NOON),
        session_ended(10, SessionEnd::AccountClosed, NOON),
        shut,
    ];
    given::<Account>(past.clone()).when(close()).then(&expected);
    after(past.clone(), expected.clone()).when(close()).then_nothing();
    let holder = holder_of(&[past, expected.to_vec()].concat());
    assert_eq!((holder.stage, holder.subscribed), (Stage::Closed, false));
    assert!(holder.sessions.is_empty());
    for past in [vec![invited()], awaiting_activation(), [active(), vec![locked(minutes(30))]].concat()] {
        given::<Account>(past).when(close()).then(&expected[2..]);
    }
    given::<Account>([]).when(close()).then_refused(Refusal::NotInvited);
}

/// K9: inviting a closed account resurrects nothing.
#[test]
fn a_closed_account_stays_closed() {
    given::<Account>(closed()).when(Command::Invite(invite(minutes(90)))).then_nothing();
}
