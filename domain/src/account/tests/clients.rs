//! Client programs.

use super::{
    client::{CLIENTS, Program},
    *,
};

fn program() -> Program {
    Program { name: "Plugin".into(), version: "2.1".into(), platform: "Linux".into() }
}
fn activate(n: u128) -> Command {
    Command::Client(client::Command::Activate { client: id(n), program: program(), at: NOON })
}
fn activated(n: u128) -> Event {
    client::Event::ClientActivated { client: id(n), program: Personal::known(program()), at: NOON }.into()
}
fn begin(n: u128, session: u128) -> Command {
    let session = new_session(session);
    Command::Client(client::Command::Begin { client: id(n), session, from: HOME, at: NOON })
}
fn block(n: u128) -> Command {
    Command::Client(client::Command::Block { client: id(n), at: NOON })
}
fn blocked(n: u128) -> Event {
    client::Event::ClientBlocked { client: id(n), at: NOON }.into()
}
fn delete(n: u128) -> Command {
    Command::Client(client::Command::Delete { client: id(n), at: NOON })
}
fn deleted(n: u128) -> Event {
    client::Event::ClientDeleted { client: id(n), at: NOON }.into()
}
fn with_client() -> Vec<Event> {
    [active(), vec![activated(30)]].concat()
}

/// B51: a client program is activated once.
#[test]
fn a_client_is_activated_once() {
    given::<Account>(active()).when(activate(30)).then([activated(30)]);
    given::<Account>(with_client()).when(activate(30)).then_nothing();
    given::<Account>(closed()).when(activate(30)).then_refused(Refusal::Closed);
    given::<Account>([]).when(activate(30)).then_refused(Refusal::NotInvited);
}

/// B51: an account has as many client programs as one list shows; the one that is there already is no further one.
#[test]
fn clients_are_bounded() {
    let full: Vec<_> = (0..CLIENTS as u128).map(activated).collect();
    after(active(), full.clone()).when(activate(30)).then_refused(Refusal::TooManyClients);
    after(active(), full.clone()).when(activate(0)).then_nothing();
    after(active(), [full, vec![blocked(0), deleted(0)]].concat()).when(activate(30)).then([activated(30)]);
}

/// B51: an active client program gets a credential of its own; a blocked or unknown one gets none.
#[test]
fn a_client_has_a_credential() {
    let began = session_started(9, Some(id(30)), HOME);
    given::<Account>(with_client()).when(begin(30, 9)).then([began.clone()]);
    after(with_client(), [began]).when(begin(30, 9)).then_nothing();
    after(with_client(), [blocked(30)]).when(begin(30, 9)).then_refused(Refusal::ClientUnknown);
    given::<Account>(active()).when(begin(30, 9)).then_refused(Refusal::ClientUnknown);
    after(with_client(), [Event::Closed { why: Closing::Wish, reason: None, at: NOON }])
        .when(begin(30, 9))
        .then_refused(Refusal::Closed);
}

/// B51: blocking refuses the credential of this client program, and no other's.
#[test]
fn a_blocked_client_is_out() {
    let sessions = [
        session_started(9, Some(id(30)), HOME),
        session_started(10, Some(id(31)), HOME),
        session_started(11, None, HOME),
    ];
    let past = [with_client(), vec![activated(31)], sessions.to_vec()].concat();
    let ended = session_ended(9, SessionEnd::ClientBlocked, NOON);
    given::<Account>(past.clone()).when(block(30)).then([blocked(30), ended.clone()]);
    after(past, [blocked(30), ended]).when(block(30)).then_nothing();
    given::<Account>(active()).when(block(30)).then_refused(Refusal::ClientUnknown);
}

/// B51: a client program whose session ended, whichever way, has no credential that works, and can be deleted.
#[test]
fn a_client_whose_session_ended_is_out() {
    let begun = session_started(9, Some(id(30)), HOME);
    let over = session_ended(9, SessionEnd::EndedElsewhere, NOON);
    after(with_client(), [begun, over]).when(delete(30)).then([deleted(30)]);
}

/// B51: only a blocked client program can be deleted; then it is gone.
#[test]
fn a_blocked_client_is_deleted() {
    given::<Account>(with_client()).when(delete(30)).then_refused(Refusal::ClientActive);
    after(with_client(), [blocked(30)]).when(delete(30)).then([deleted(30)]);
    after(with_client(), [blocked(30), deleted(30)]).when(delete(30)).then_refused(Refusal::ClientUnknown);
}

/// B51: what a program says that it is is short, printable and there.
#[test]
fn a_program_says_what_it_is() {
    assert!(program().is_valid());
    let long = "a".repeat(101);
    for bad in ["", " ", "a\nb", &long] {
        assert!(!Program { name: bad.into(), ..program() }.is_valid(), "{bad:?}");
        assert!(!Program { version: bad.into(), ..program() }.is_valid(), "{bad:?}");
        assert!(!Program { platform: bad.into(), ..program() }.is_valid(), "{bad:?}");
    }
}
