//! Given what happened, then who can read.

use super::*;
use crate::{
    account::{IssuedLink, Kind, LeavingVia, alias},
    address::EmailAddress,
    bytes::{Sealed, TokenHash},
    classified::{Content, Personal},
    id::Id,
    message::{About, Field, Grant, Onward},
};
use uuid::Uuid;

const END: i64 = 1_000;

fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}
fn at(time: i64) -> Timestamp {
    Timestamp::from_micros(time)
}

/// As the audit reads it.
fn unread<T: serde::de::DeserializeOwned>() -> Content<T> {
    serde_json::from_value(serde_json::json!({ "$content": null })).unwrap()
}

/// What happened, each with its time and its policy.
#[derive(Default)]
struct Story(Vec<(Event, i64, u32)>);

impl Story {
    fn then(mut self, time: i64, event: Event) -> Self {
        let policy = u32::try_from(time).unwrap_or_default();
        self.0.push((event, time, policy));
        self
    }
    fn account(self, n: u128, time: i64, event: account::Event) -> Self {
        self.then(time, Event::Account(id(n), event))
    }
    fn message(self, n: u128, time: i64, event: message::Event) -> Self {
        self.then(time, Event::Message(id(n), event))
    }
    /// Somebody is invited.
    fn invited(self, n: u128, time: i64) -> Self {
        let address = Personal::known(EmailAddress::parse("a@guest.example").unwrap());
        let invitation = IssuedLink { id: id(n), hash: TokenHash([0; 32]), expires_at: at(END) };
        let (kind, audience, by) = (Kind::Guest, None, None);
        let event = account::Event::Invited { address, kind, audience, by, invitation, at: at(time) };
        self.account(n, time, event)
    }
    /// Somebody is there.
    fn joined(self, n: u128) -> Self {
        self.invited(n, 0).account(n, 0, account::Event::Activated { at: at(0) })
    }
    fn leaves(self, n: u128, mailbox_generation: u32, time: i64) -> Self {
        let (via, at) = (LeavingVia::Account, at(time));
        self.account(n, time, account::Event::Unsubscribed { mailbox_generation, via, at })
    }
    fn returns(self, n: u128, mailbox_generation: u32, time: i64) -> Self {
        self.account(n, time, account::Event::Resubscribed { mailbox_generation, at: at(time) })
    }
    fn closes(self, n: u128, why: Closing, time: i64) -> Self {
        self.account(n, time, account::Event::Closed { why, reason: None, at: at(time) })
    }
    /// The first one's mail joins the second one's, with that of others who had joined it.
    fn joins(self, n: u128, others: &[u128], into: u128, time: i64) -> Self {
        let story = others.iter().chain([&n]).fold(self, |story, guest| {
            let event = alias::Event::AccountJoined { account: id(*guest), at: at(time) };
            story.account(into, time, event.into())
        });
        story.closes(n, Closing::Joined { into: id(into) }, time)
    }
    fn sends(self, n: u128, from: u128, to: &[(u128, u32)], about: Option<u128>, time: i64) -> Self {
        let grant = |account, direction, generation| Grant {
            account: id(account),
            direction,
            generation,
            key: Sealed(vec![]),
        };
        let received = to.iter().map(|(account, generation)| grant(*account, Direction::In, *generation));
        let recipient = |(account, _): &(u128, u32)| message::Recipient {
            account: id(*account),
            kind: Kind::Guest,
            field: Field::To,
            notice: None,
            notice_at: None,
        };
        let sent = message::Event::Sent {
            from: id(from),
            recipients: to.iter().map(recipient).collect(),
            about: about.map(|message| About { message: id(message), what: Onward::Forward }),
            content_key: id(1),
            grants: [grant(from, Direction::Out, 1)].into_iter().chain(received).collect(),
            headline: unread(),
            body: unread(),
            files: vec![],
            secured_by: None,
            attachment_count: 0,
            size_bytes: 0,
            expires_at: at(END),
            at: at(time),
        };
        let story = self.message(n, time, sent);
        match about {
            Some(original) => {
                let noted = message::Event::Forwarded { by: id(from), with: id(n), at: at(time) };
                story.message(original, time, noted)
            }
            None => story,
        }
    }
    fn recalls(self, n: u128, from: &[u128], time: i64) -> Self {
        let from = from.iter().map(|account| id(*account)).collect();
        self.message(n, time, message::Event::Recalled { from, wholly: false, at: at(time) })
    }
    fn deletes(self, n: u128, by: u128, time: i64) -> Self {
        self.message(n, time, message::Event::Deleted { by: id(by), at: at(time) })
    }

    /// Who could read a message at an instant, as numbers.
    fn readers(&self, n: u128, time: i64) -> Vec<(u128, Right)> {
        let happened = |(event, at, policy): &'_ (Event, i64, u32)| (event.clone(), *at, Some(*policy));
        let events: Vec<_> = self.0.iter().map(happened).collect();
        let history =
            events.iter().map(|(event, time, policy)| Happened { event, policy: *policy, at: at(*time) });
        let covering = readings(id(n), history).into_iter().filter(|reading| reading.covers(at(time)));
        let mut found: Vec<_> =
            covering.map(|Reading { access, .. }| (access.person.uuid().as_u128(), access.right)).collect();
        found.sort_unstable();
        // The same by the fold up to that instant.
        let mut circle = Circle::default();
        for (event, _, policy) in events.iter().filter(|(_, when, _)| *when <= time) {
            circle.evolve(event, *policy);
        }
        let now = circle.readers(id(n), at(time));
        let now: Vec<_> = now.keys().map(|one| (one.person.uuid().as_u128(), one.right)).collect();
        assert_eq!(found, now, "at {time}");
        found
    }
    fn readings(&self, n: u128) -> Vec<(u128, i64, i64)> {
        let history = self.0.iter().map(|(event, time, policy)| Happened {
            event,
            policy: Some(*policy),
            at: at(*time),
        });
        let mut all: Vec<_> = readings(id(n), history)
            .into_iter()
            .map(|one| (one.access.person.uuid().as_u128(), one.since.micros(), one.until.micros()))
            .collect();
        all.sort_unstable();
        all
    }
}

use Right::{Forward, Recipient, Sender};

fn sent() -> Story {
    Story::default().joined(1).joined(2).joined(3).sends(9, 1, &[(2, 1), (3, 1)], None, 10)
}

/// Q3, A20: sender and recipients can read from the instant on at which a message was sent, and not at its end any more.
#[test]
fn a_message_is_read_from_its_sending_to_its_end() {
    let story = sent();
    assert_eq!(story.readers(9, 9), []);
    assert_eq!(story.readers(9, 10), [(1, Sender), (2, Recipient), (3, Recipient)]);
    assert_eq!(story.readers(9, END - 1).len(), 3);
    assert_eq!(story.readers(9, END), []);
    assert_eq!(story.readings(9), [(1, 10, END), (2, 10, END), (3, 10, END)]);
}

/// A2: who was invited reads from the activation on; a lockout changes nothing.
#[test]
fn who_is_not_activated_reads_nothing() {
    let locked = account::Event::LockedOut { until: at(40), attempts: 5, untold: false, at: at(30) };
    let story = Story::default()
        .joined(1)
        .invited(2, 10)
        .sends(9, 1, &[(2, 1)], None, 10)
        .account(2, 20, account::Event::Activated { at: at(20) })
        .account(2, 30, locked);
    assert_eq!(story.readers(9, 19), [(1, Sender)]);
    assert_eq!(story.readers(9, 20), [(1, Sender), (2, Recipient)]);
    assert_eq!(story.readers(9, 30).len(), 2);
}

/// R16: what is taken back or deleted is out of reach of those whom it was taken from, or who deleted it.
#[test]
fn what_is_taken_back_or_deleted_is_out_of_reach() {
    let story = sent().recalls(9, &[2], 20).deletes(9, 1, 30).recalls(9, &[3], 40);
    assert_eq!(story.readers(9, 20), [(1, Sender), (3, Recipient)]);
    assert_eq!(story.readers(9, 30), [(3, Recipient)]);
    assert_eq!(story.readers(9, 40), []);
    assert_eq!(story.readings(9), [(1, 10, 30), (2, 10, 20), (3, 10, 40)]);
}

/// B38, K9: who leaves loses what they received, keeps what they sent, and gets nothing back by coming back.
#[test]
fn who_leaves_loses_what_they_received() {
    let story = sent().sends(8, 2, &[(1, 1)], None, 11).leaves(2, 1, 20).returns(2, 2, 30).sends(
        7,
        1,
        &[(2, 2)],
        None,
        40,
    );
    assert_eq!(story.readers(9, 20), [(1, Sender), (3, Recipient)]);
    assert_eq!(story.readers(9, 40), [(1, Sender), (3, Recipient)]);
    assert_eq!(story.readers(8, 40), [(1, Recipient), (2, Sender)]);
    assert_eq!(story.readers(7, 40), [(1, Sender), (2, Recipient)]);
}

/// K9: a closed account reads nothing, whichever side it was on.
#[test]
fn a_closed_account_reads_nothing() {
    let story = sent().closes(1, Closing::Wish, 20).closes(3, Closing::Administrator, 30);
    assert_eq!(story.readers(9, 20), [(2, Recipient), (3, Recipient)]);
    assert_eq!(story.readers(9, 30), [(2, Recipient)]);
}

/// B43: mail of an account that joined another is read by whoever it joined, over several steps; also when its own person
/// never came in. It goes when they leave.
#[test]
fn mail_that_joined_is_read_by_whom_it_joined() {
    let story = sent().joined(4).joined(5).joins(2, &[], 4, 20).joins(4, &[2], 5, 30).leaves(5, 1, 40);
    assert_eq!(story.readers(9, 20), [(1, Sender), (3, Recipient), (4, Recipient)]);
    assert_eq!(story.readers(9, 30), [(1, Sender), (3, Recipient), (5, Recipient)]);
    assert_eq!(story.readers(9, 40), [(1, Sender), (3, Recipient)]);
    let invited = Story::default().joined(1).joined(4).invited(2, 5).sends(9, 1, &[(2, 1)], None, 10);
    assert_eq!(invited.joins(2, &[], 4, 20).readers(9, 20), [(1, Sender), (4, Recipient)]);
}

/// B38, B43: what somebody had left before their account joined another does not come back with it, and sent mail comes along.
#[test]
fn what_was_left_does_not_join() {
    let story = sent().sends(8, 2, &[(1, 1)], None, 11).joined(4).leaves(2, 1, 15).joins(2, &[], 4, 20);
    assert_eq!(story.readers(9, 20), [(1, Sender), (3, Recipient)]);
    assert_eq!(story.readers(8, 20), [(1, Recipient), (4, Sender)]);
    // Whoever has it can leave and keep it, and close.
    let story = story.leaves(4, 1, 30).closes(4, Closing::Wish, 40);
    assert_eq!(story.readers(8, 30), [(1, Recipient), (4, Sender)]);
    assert_eq!(story.readers(8, 40), [(1, Recipient)]);
}

/// A33: who has what passes a message on can read it, over several steps, until that is taken back.
#[test]
fn what_is_passed_on_is_read() {
    let story = sent()
        .joined(4)
        .joined(5)
        .sends(20, 2, &[(4, 1)], Some(9), 20)
        .sends(21, 4, &[(5, 1)], Some(20), 30)
        .recalls(20, &[2, 4], 40);
    let direct = [(1, Sender), (2, Recipient), (3, Recipient)];
    let with = |more: &[(u128, Right)]| {
        let mut all = [&direct[..], more].concat();
        all.sort_unstable();
        all
    };
    assert_eq!(story.readers(9, 20), with(&[(2, Forward), (4, Forward)]));
    // Received as one message and sent as another, each under the policy of its day.
    let four = [(4, Forward), (4, Forward)];
    assert_eq!(story.readers(9, 30), with(&[&[(2, Forward)], &four[..], &[(5, Forward)]].concat()));
    assert_eq!(story.readers(9, 40), with(&[(4, Forward), (5, Forward)]), "the last copy stands");
    assert_eq!(story.readers(20, 30), [(2, Sender), (4, Recipient), (4, Forward), (5, Forward)]);
}

/// Q3: each right names the policy that it was given under.
#[test]
fn a_right_names_its_policy() {
    let story = sent().joined(4).sends(20, 2, &[(4, 1)], Some(9), 20);
    let mut circle = Circle::default();
    for (event, _, policy) in &story.0 {
        circle.evolve(event, Some(*policy));
    }
    let policies: BTreeSet<_> =
        circle.readers(id(9), at(20)).keys().map(|access| (access.right, access.policy)).collect();
    assert_eq!(policies, BTreeSet::from([(Sender, 10), (Recipient, 10), (Forward, 20)]));
}

/// Q3: who loses a message and has it again, because the mail of somebody else joined theirs, has two readings.
#[test]
fn a_message_can_be_lost_and_come_back() {
    let story = sent().leaves(2, 1, 20).returns(2, 2, 30).joins(3, &[], 2, 40);
    assert_eq!(story.readings(9), [(1, 10, END), (2, 10, 20), (2, 40, END), (3, 10, 40)]);
}
