//! An alias becomes the primary address, and the old address can undo that.

use super::{
    alias::UNDO_WINDOW,
    aliases::{SECOND, added, remove, removed},
    *,
};
use crate::id::AliasId;

const THIRD: &str = "ada@third.example";
const WEEK: i64 = 7 * 24 * 60;

fn promote(n: u128, former: u128, undo: u128, at: Timestamp) -> Command {
    let undo = link_until(undo, at.plus(UNDO_WINDOW));
    Command::Alias(alias::Command::Promote { alias: id(n), former: id(former), undo, at })
}
fn promoted(n: u128, text: &str, former: u128, undo: u128, at: Timestamp) -> Event {
    let (address, undo) = (Personal::known(address(text)), link_until(undo, at.plus(UNDO_WINDOW)));
    alias::Event::AliasPromoted { alias: id(n), address, former: id(former), undo, at }.into()
}
fn undo(link: u128, at: Timestamp) -> Command {
    Command::Alias(alias::Command::UndoPromotion { link: id(link), at })
}
fn undone(former: u128, text: &str, at: Timestamp) -> Event {
    let address = Personal::known(address(text));
    alias::Event::AliasPromotionUndone { former: id(former), address, at }.into()
}
fn with_aliases() -> Vec<Event> {
    [member(), vec![added(20, SECOND), added(21, THIRD)]].concat()
}
/// The second address is primary since noon.
fn moved() -> Vec<Event> {
    [with_aliases(), vec![promoted(20, SECOND, 60, 70, NOON)]].concat()
}
fn primary(past: &[Event]) -> String {
    holder_of(past).address.value().unwrap().normalised().to_owned()
}
fn receiving(past: &[Event]) -> Vec<String> {
    let mut all: Vec<_> = holder_of(past).receiving().map(|own| own.normalised().to_owned()).collect();
    all.sort();
    all
}

/// B46, B47: a confirmed alias becomes the primary address; the old one still receives, under an id of its own.
#[test]
fn an_alias_is_promoted() {
    given::<Account>(with_aliases())
        .when(promote(20, 60, 70, NOON))
        .then([promoted(20, SECOND, 60, 70, NOON)]);
    assert_eq!(primary(&moved()), SECOND);
    assert_eq!(receiving(&moved()), [ADDRESS, SECOND, THIRD]);
    let former: AliasId = id(60);
    assert_eq!(holder_of(&moved()).alias_of(&address(ADDRESS)).unwrap().id, former);
    given::<Account>(moved()).when(promote(20, 60, 70, NOON)).then_refused(Refusal::AliasUnknown);
}

/// B45: a pending alias is not promoted, nor one that is not there.
#[test]
fn a_pending_alias_is_not_promoted() {
    let pending = alias::Event::AliasRequested {
        alias: id(20),
        address: Personal::known(address(SECOND)),
        added_by: None,
        link: link(40),
        at: NOON,
    };
    after(member(), [pending.into()]).when(promote(20, 60, 70, NOON)).then_refused(Refusal::AliasPending);
    given::<Account>(member()).when(promote(20, 60, 70, NOON)).then_refused(Refusal::AliasUnknown);
    after(with_aliases(), [Event::Closed { why: Closing::Wish, reason: None, at: NOON }])
        .when(promote(20, 60, 70, NOON))
        .then_refused(Refusal::Closed);
}

/// R14: within seven days the old address undoes it, once, and whoever was logged in is out, programs too.
#[test]
fn a_promotion_is_undone_from_the_old_address() {
    let last = seconds(WEEK * 60 - 1);
    let sessions = [session_started(9, None, HOME), session_started(10, Some(id(30)), AWAY)];
    let ended = |session| session_ended(session, SessionEnd::PromotionUndone, last);
    after(moved(), sessions).when(undo(70, last)).then([undone(60, ADDRESS, last), ended(9), ended(10)]);
    given::<Account>(moved()).when(undo(70, minutes(WEEK))).then_refused(Refusal::LinkExpired);
    given::<Account>(moved()).when(undo(71, NOON)).then_refused(Refusal::LinkInvalid);
    let back = [moved(), vec![undone(60, ADDRESS, NOON)]].concat();
    assert_eq!(primary(&back), ADDRESS);
    assert_eq!(receiving(&back), [ADDRESS, SECOND, THIRD]);
    let second: AliasId = id(20);
    assert_eq!(holder_of(&back).alias_of(&address(SECOND)).unwrap().id, second);
    given::<Account>(back).when(undo(70, NOON)).then_refused(Refusal::LinkUsed);
}

/// R14: the old address is not taken away while it can undo, and can be afterwards.
#[test]
fn the_old_address_stays_while_it_can_undo() {
    let last = seconds(WEEK * 60 - 1);
    given::<Account>(moved()).when(remove(60, last)).then_refused(Refusal::UndoOpen);
    given::<Account>(moved()).when(remove(60, minutes(-600))).then_refused(Refusal::UndoOpen);
    given::<Account>(moved()).when(remove(60, minutes(WEEK))).then([removed(60, minutes(WEEK))]);
}

/// R14: whoever promotes twice gains nothing: the first address undoes both, and the link of the one between is dead.
#[test]
fn the_first_address_undoes_what_came_after() {
    let twice = [moved(), vec![promoted(21, THIRD, 61, 71, minutes(1))]].concat();
    assert_eq!(primary(&twice), THIRD);
    given::<Account>(twice.clone()).when(undo(70, minutes(2))).then([undone(60, ADDRESS, minutes(2))]);
    let back = [twice.clone(), vec![undone(60, ADDRESS, minutes(2))]].concat();
    assert_eq!(primary(&back), ADDRESS);
    given::<Account>(back.clone()).when(undo(71, minutes(3))).then_refused(Refusal::LinkUsed);
    given::<Account>(back).when(remove(61, minutes(3))).then([removed(61, minutes(3))]);
    // The other way round the first link still works.
    let half = [twice, vec![undone(61, SECOND, minutes(2))]].concat();
    assert_eq!(primary(&half), SECOND);
    given::<Account>(half).when(undo(70, minutes(3))).then([undone(60, ADDRESS, minutes(3))]);
}

/// R14: promoting the old address itself mails it no less a right when it is replaced again.
#[test]
fn going_back_and_forth_keeps_a_right_to_undo() {
    let back = promoted(60, ADDRESS, 62, 72, minutes(1));
    let forth = promoted(62, SECOND, 63, 73, minutes(2));
    given::<Account>([moved(), vec![back, forth]].concat()).when(undo(73, minutes(3))).then([undone(
        63,
        ADDRESS,
        minutes(3),
    )]);
}

/// R14, B24: what was mailed to the address that is primary no more sets no password: neither a reset link nor an
/// activation.
#[test]
fn undoing_ends_what_was_under_way() {
    let permit = |by| recovery::Event::ResetRequested { by, link: link(5), at: NOON }.into();
    let secrets = recovery::NewSecrets { password: Sealed(vec![7]), reminder: None };
    let set = recovery::Command::SetPassword {
        permit: id(5),
        secrets: secrets.clone(),
        activation: link(11),
        at: minutes(1),
    };
    after(moved(), [permit(recovery::ResetBy::Person), undone(60, ADDRESS, NOON)])
        .when(Command::Recover(set))
        .then_refused(Refusal::LinkUsed);
    let staged = recovery::Event::PasswordStaged { secrets, activation: link(11), at: NOON }.into();
    let lapsed = recovery::Event::PasswordLapsed { at: NOON }.into();
    let waiting = [moved(), vec![permit(recovery::ResetBy::Challenge), staged]].concat();
    given::<Account>(waiting.clone()).when(undo(70, NOON)).then([undone(60, ADDRESS, NOON), lapsed]);
    let activate = recovery::Command::ActivatePassword { link: id(11), at: NOON };
    let events = Account::decide(&crate::decider::replay::<Account>(&waiting), undo(70, NOON)).unwrap();
    after(waiting, events).when(Command::Recover(activate)).then_refused(Refusal::LinkInvalid);
}
