//! Given who had to do with a message, then to whom an event discloses it.

use super::*;
use crate::{id::Id, message::Onward, timestamp::Timestamp};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(0);

fn account(n: u128) -> AccountId {
    Id::new(Uuid::from_u128(n))
}
fn accounts(all: &[u128]) -> BTreeSet<AccountId> {
    all.iter().map(|n| account(*n)).collect()
}
/// Sent by 1, an insider, to the outsiders 2 and 3.
fn parties() -> Parties {
    Parties { sender: account(1), outside: accounts(&[2, 3]) }
}
fn sent() -> Event {
    let unread = || serde_json::json!({ "$content": null });
    Event::Sent {
        from: account(1),
        recipients: vec![],
        about: None,
        content_key: Id::new(Uuid::nil()),
        grants: vec![],
        headline: serde_json::from_value(unread()).unwrap(),
        body: serde_json::from_value(unread()).unwrap(),
        files: vec![],
        secured_by: None,
        attachment_count: 0,
        size_bytes: 0,
        expires_at: AT,
        at: AT,
    }
}
fn opened(by: u128) -> Event {
    Event::Opened { by: account(by), first: true, at: AT }
}

/// Q4: what was sent is disclosed to each outside person but the one whom it is about, whichever of their accounts got it.
#[test]
fn what_is_sent_is_disclosed_to_others_outside() {
    let sent = sent();
    let to_three = vec![(account(3), How::Sent)];
    assert_eq!(disclosed(&accounts(&[2]), &parties(), &sent), to_three);
    assert_eq!(disclosed(&accounts(&[4, 2]), &parties(), &sent), to_three);
    let to_both = vec![(account(2), How::Sent), (account(3), How::Sent)];
    assert_eq!(disclosed(&accounts(&[9]), &parties(), &sent), to_both, "a forward of theirs");
    assert_eq!(disclosed(&accounts(&[2, 3]), &parties(), &sent), vec![]);
    assert_eq!(disclosed(&accounts(&[1]), &parties(), &sent), vec![], "it was their own choice");
}

/// Q4: so is what an outside person opens, keeps or prints; what insiders and the person do is none.
#[test]
fn what_is_opened_kept_or_printed_is_disclosed() {
    let of_two = |event: &Event| disclosed(&accounts(&[2]), &parties(), event);
    let kept = |by| Event::Downloaded { by: account(by), what: Taken::Zip, at: AT };
    let printed = |by| Event::Printed { by: account(by), at: AT };
    assert_eq!(of_two(&opened(3)), [(account(3), How::Opened)]);
    assert_eq!(of_two(&kept(3)), [(account(3), How::Kept(Taken::Zip))]);
    assert_eq!(of_two(&printed(3)), [(account(3), How::Printed)]);
    for event in [opened(2), kept(2), printed(2), opened(1), kept(1), printed(1), opened(7)] {
        assert_eq!(of_two(&event), [], "{event:?}");
    }
    assert_eq!(disclosed(&accounts(&[1]), &parties(), &opened(3)), []);
}

/// Q4: what gives nobody content discloses nothing.
#[test]
fn what_gives_no_content_discloses_nothing() {
    let (by, with) = (account(3), Id::new(Uuid::from_u128(9)));
    let events = [
        Event::Replied { by, with, at: AT },
        Event::Forwarded { by, with, at: AT },
        Event::OnwardRefused { by, what: Onward::Forward, at: AT },
        Event::Recalled { from: vec![by], wholly: false, at: AT },
        Event::Deleted { by, at: AT },
        Event::ExpiryWarned { recipients: vec![by], at: AT },
        Event::Expired { at: AT },
    ];
    for event in events {
        assert_eq!(disclosed(&accounts(&[2]), &parties(), &event), [], "{event:?}");
    }
}
