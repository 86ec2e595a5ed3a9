//! Further addresses of a member: asked for, added, confirmed, taken away.

use super::{
    alias::{CONFIRMATION_LIFE, Joining},
    *,
};
use crate::id::AliasId;

pub(super) const SECOND: &str = "ada@new.example";

/// A link as it is mailed at that time.
pub(super) fn mailed(n: u128, at: Timestamp) -> IssuedLink<LinkId> {
    link_until(n, at.plus(CONFIRMATION_LIFE))
}
pub(super) fn added(n: u128, text: &str) -> Event {
    let address = Personal::known(address(text));
    alias::Event::AliasAdded { alias: id(n), address, added_by: None, at: NOON }.into()
}
pub(super) fn remove(n: u128, at: Timestamp) -> Command {
    Command::Alias(alias::Command::Remove { alias: id(n), at })
}
pub(super) fn removed(n: u128, at: Timestamp) -> Event {
    alias::Event::AliasRemoved { alias: id(n), at }.into()
}
fn request(text: &str, link: u128, at: Timestamp) -> Command {
    request_as(None, true, text, link, at)
}
fn request_as(added_by: Option<AccountId>, allowed: bool, text: &str, link: u128, at: Timestamp) -> Command {
    let (address, link) = (address(text), mailed(link, at));
    Command::Alias(alias::Command::Request { alias: id(20), address, added_by, allowed, link, at })
}
fn requested(added_by: Option<AccountId>, link: u128, at: Timestamp) -> Event {
    let (address, link) = (Personal::known(address(SECOND)), mailed(link, at));
    alias::Event::AliasRequested { alias: id(20), address, added_by, link, at }.into()
}
fn add(text: &str) -> Command {
    Command::Alias(alias::Command::Add { alias: id(21), address: address(text), added_by: id(2), at: NOON })
}
fn confirm(link: u128, joining: Option<Joining>, at: Timestamp) -> Command {
    Command::Alias(alias::Command::Confirm { link: id(link), joining, at })
}
fn confirmed(n: u128, at: Timestamp) -> Event {
    alias::Event::AliasConfirmed { alias: id::<AliasName>(n), at }.into()
}
fn pending() -> Vec<Event> {
    [member(), vec![requested(None, 40, NOON)]].concat()
}
fn receiving(past: &[Event]) -> Vec<String> {
    holder_of(past).receiving().map(|address| address.normalised().to_owned()).collect()
}

/// B42: an alias is asked for; its own primary address and one that receives already are no news.
#[test]
fn an_alias_is_asked_for() {
    given::<Account>(member()).when(request(SECOND, 40, NOON)).then([requested(None, 40, NOON)]);
    given::<Account>(member()).when(request("ADA@guest.example", 40, NOON)).then_nothing();
    after(member(), [added(20, SECOND)]).when(request("Ada@NEW.example", 40, NOON)).then_nothing();
    after(member(), [Event::Closed { why: Closing::Wish, reason: None, at: NOON }])
        .when(request(SECOND, 40, NOON))
        .then_refused(Refusal::Closed);
    given::<Account>([]).when(request(SECOND, 40, NOON)).then_refused(Refusal::NotInvited);
}

/// B42, R11, R13: the confirmation is mailed again, not within a minute, and its old link is dead.
#[test]
fn a_confirmation_is_mailed_again() {
    let again = requested(None, 41, minutes(1));
    given::<Account>(pending()).when(request(SECOND, 40, NOON)).then_nothing();
    given::<Account>(pending()).when(request(SECOND, 41, seconds(59))).then_nothing();
    given::<Account>(pending()).when(request(SECOND, 41, minutes(-60))).then_nothing();
    given::<Account>(pending()).when(request(SECOND, 41, minutes(1))).then([again.clone()]);
    after(pending(), [again.clone()]).when(confirm(40, None, minutes(2))).then_refused(Refusal::LinkInvalid);
    after(pending(), [again]).when(confirm(41, None, minutes(2))).then([confirmed(20, minutes(2))]);
}

/// B40, B41: guests have no aliases; where the policy lets nobody manage them, an administrator still can (B50).
#[test]
fn guests_have_no_aliases() {
    given::<Account>(active()).when(request(SECOND, 40, NOON)).then_refused(Refusal::AliasesNotAllowed);
    given::<Account>(active()).when(add(SECOND)).then_refused(Refusal::AliasesNotAllowed);
    given::<Account>(active())
        .when(request_as(Some(id(2)), true, SECOND, 40, NOON))
        .then_refused(Refusal::AliasesNotAllowed);
    given::<Account>(member())
        .when(request_as(None, false, SECOND, 40, NOON))
        .then_refused(Refusal::AliasesNotAllowed);
    given::<Account>(member()).when(request_as(Some(id(2)), false, SECOND, 40, NOON)).then([requested(
        Some(id(2)),
        40,
        NOON,
    )]);
}

/// B50: an administrator adds one at once; a pending one is confirmed by it, and adding again stays quiet.
#[test]
fn an_administrator_adds_an_alias() {
    let by_administrator = alias::Event::AliasAdded {
        alias: id(21),
        address: Personal::known(address(SECOND)),
        added_by: Some(id(2)),
        at: NOON,
    };
    given::<Account>(member()).when(add(SECOND)).then([by_administrator.clone().into()]);
    after(member(), [by_administrator.into()]).when(add(SECOND)).then_nothing();
    given::<Account>(member()).when(add(ADDRESS)).then_nothing();
    given::<Account>(pending()).when(add(SECOND)).then([confirmed(20, NOON)]);
    after(pending(), [confirmed(20, NOON)]).when(confirm(40, None, NOON)).then_refused(Refusal::LinkUsed);
}

/// B44, B45: an alias is pending until its link is followed, once, within seven days; each on its own.
#[test]
fn an_alias_is_confirmed_once() {
    let week = 7 * 24 * 60;
    let last = seconds(week * 60 - 1);
    assert_eq!(receiving(&pending()), [ADDRESS]);
    given::<Account>(pending()).when(confirm(40, None, last)).then([confirmed(20, last)]);
    given::<Account>(pending()).when(confirm(40, None, minutes(week))).then_refused(Refusal::LinkExpired);
    given::<Account>(pending()).when(confirm(41, None, NOON)).then_refused(Refusal::LinkInvalid);
    let done = [pending(), vec![confirmed(20, NOON)]].concat();
    assert_eq!(receiving(&done), [ADDRESS, SECOND]);
    given::<Account>(done).when(confirm(40, None, NOON)).then_refused(Refusal::LinkUsed);
    after(pending(), [Event::Closed { why: Closing::Wish, reason: None, at: NOON }])
        .when(confirm(40, None, NOON))
        .then_refused(Refusal::Closed);
}

/// B43, B48: the account that held the address joins, with its further addresses and those that had joined it.
#[test]
fn an_account_joins() {
    let third = "ada@third.example";
    let joining = || Joining {
        accounts: vec![id(50), id(51)],
        addresses: vec![(id(22), address(third)), (id(23), address(SECOND)), (id(24), address(ADDRESS))],
    };
    let joined = |n| Event::from(alias::Event::AccountJoined { account: id(n), at: NOON });
    let expected = vec![confirmed(20, NOON), added(22, third), joined(50), joined(51)];
    given::<Account>(pending()).when(confirm(40, Some(joining()), NOON)).then(&expected);
    let past = [pending(), expected].concat();
    assert_eq!(receiving(&past), [ADDRESS, SECOND, third]);
    assert_eq!(holder_of(&past).joined, [id(50), id(51)]);
    given::<Account>(past).when(confirm(40, Some(joining()), NOON)).then_refused(Refusal::LinkUsed);
}

/// B43: an address that waited here and comes with the account that joins stands there once.
#[test]
fn an_address_that_waited_comes_with_the_account() {
    let third = "ada@third.example";
    let waiting = alias::Event::AliasRequested {
        alias: id(25),
        address: Personal::known(address(third)),
        added_by: None,
        link: mailed(45, NOON),
        at: NOON,
    };
    let joining = Joining { accounts: vec![], addresses: vec![(id(22), address(third))] };
    after(pending(), [waiting.into()])
        .when(confirm(40, Some(joining), NOON))
        .then([confirmed(20, NOON), confirmed(25, NOON)]);
}

/// B49: their number has no limit.
#[test]
fn there_is_no_limit() {
    let many = (100..300).map(|n| added(n, &format!("ada{n}@new.example")));
    after(member(), many).when(request(SECOND, 40, NOON)).then([requested(None, 40, NOON)]);
}

/// B42: an alias is taken away, pending or confirmed, once; the primary address is none.
#[test]
fn an_alias_is_taken_away() {
    for past in [pending(), [pending(), vec![confirmed(20, NOON)]].concat()] {
        given::<Account>(past.clone()).when(remove(20, NOON)).then([removed(20, NOON)]);
        let gone = [past, vec![removed(20, NOON)]].concat();
        assert_eq!(receiving(&gone), [ADDRESS]);
        given::<Account>(gone).when(remove(20, NOON)).then_refused(Refusal::AliasUnknown);
    }
    after(pending(), [removed(20, NOON)]).when(confirm(40, None, NOON)).then_refused(Refusal::LinkInvalid);
    let one: AliasId = id(20);
    assert_eq!(holder_of(&pending()).alias_of(&address("ADA@new.example")).unwrap().id, one);
}
