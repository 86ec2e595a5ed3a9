use super::*;
use crate::{decider::kit::given, id::Id};
use uuid::Uuid;

const HOUR: i64 = 3_600_000_000;
const REASON: &str = "A patient is in danger and nobody can be reached.";

fn id<Of>(n: u128) -> Id<Of> {
    Id::new(Uuid::from_u128(n))
}
/// So many microseconds after the beginning.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_767_600_000_000_000 + micros)
}
fn open(messages: &[u128], reason: &str, micros: i64) -> Command {
    Command::Open {
        by: id(1),
        messages: messages.iter().copied().map(id).collect(),
        alerted: [id(8)].into(),
        reason: reason.into(),
        ends_at: at(micros),
        at: at(0),
    }
}
fn opened(messages: &[u128], reason: &str, micros: i64) -> Event {
    Event::Opened {
        by: id(1),
        messages: messages.iter().copied().map(id).collect(),
        alerted: vec![id(8)],
        reason: Personal::known(reason.into()),
        ends_at: at(micros),
        at: at(0),
    }
}
/// Opened for messages 5 and 6 for an hour.
fn for_an_hour() -> Event {
    opened(&[5, 6], REASON, HOUR)
}
fn read(by: u128, message: u128, micros: i64) -> Command {
    Command::Read { by: id(by), message: id(message), at: at(micros) }
}
fn closed(why: Closing, micros: i64) -> Event {
    Event::Closed { why, at: at(micros) }
}

/// K6: emergency access is opened for messages, with a reason and an end; the same request again changes nothing.
#[test]
fn it_is_opened_once() {
    given::<BreakGlass>([]).when(open(&[6, 5, 6], REASON, HOUR)).then([for_an_hour()]);
    given::<BreakGlass>([for_an_hour()]).when(open(&[7], REASON, HOUR)).then_nothing();
    let over = [for_an_hour(), closed(Closing::ByHand, 9)];
    given::<BreakGlass>(over).when(open(&[7], REASON, HOUR)).then_nothing();
}

/// K6: a reason of 20 to 500 characters, 8 hours at most, 1 to 100 messages, and somebody who is told.
#[test]
fn it_has_bounds() {
    let refused = |command, why| given::<BreakGlass>([]).when(command).then_refused(why);
    refused(open(&[5], &"ä".repeat(19), HOUR), Refusal::BadReason);
    refused(open(&[5], &format!("{}  ", "ä".repeat(18)), HOUR), Refusal::BadReason);
    refused(open(&[5], &"ä".repeat(501), HOUR), Refusal::BadReason);
    refused(open(&[5], &format!("{REASON}\u{0}"), HOUR), Refusal::BadReason);
    refused(open(&[5], REASON, 8 * HOUR + 1), Refusal::BadPeriod);
    refused(open(&[5], REASON, 0), Refusal::BadPeriod);
    refused(open(&[], REASON, HOUR), Refusal::BadNumber);
    let many: Vec<_> = (0..101).collect();
    refused(open(&many, REASON, HOUR), Refusal::BadNumber);
    let Command::Open { by, messages, reason, ends_at, at, .. } = open(&[5], REASON, HOUR) else { return };
    let untold = Command::Open { by, messages, alerted: [].into(), reason, ends_at, at };
    refused(untold, Refusal::NobodyAlerted);
    for reason in ["ä".repeat(20), "ä".repeat(500)] {
        let happens = |micros| {
            let many = many.get(..100).unwrap();
            given::<BreakGlass>([]).when(open(many, &reason, micros)).then([opened(many, &reason, micros)]);
        };
        happens(8 * HOUR);
        happens(1);
    }
}

/// K6: each look is on record; it is for its holder, for its messages, until its end and not a moment longer.
#[test]
fn a_message_is_read_within_its_bounds() {
    let was = |by, message, micros| Event::Read { by: id(by), message: id(message), at: at(micros) };
    let open = [for_an_hour(), was(1, 5, 1)];
    given::<BreakGlass>(open.clone()).when(read(1, 5, 2)).then([was(1, 5, 2)]);
    given::<BreakGlass>(open.clone()).when(read(1, 6, HOUR - 1)).then([was(1, 6, HOUR - 1)]);
    given::<BreakGlass>(open.clone()).when(read(1, 6, HOUR)).then_refused(Refusal::Over);
    given::<BreakGlass>(open.clone()).when(read(1, 7, 2)).then_refused(Refusal::NotCovered);
    given::<BreakGlass>(open.clone()).when(read(2, 5, 2)).then_refused(Refusal::NotFound);
    given::<BreakGlass>([]).when(read(1, 5, 2)).then_refused(Refusal::NotFound);
    let over = [for_an_hour(), closed(Closing::ByHand, 3)];
    given::<BreakGlass>(over.clone()).when(read(1, 5, 4)).then_refused(Refusal::Over);
    given::<BreakGlass>(over).when(read(2, 5, 4)).then_refused(Refusal::NotFound);
}

/// K6: it ends by its holder's hand or by time, once, and says by which.
#[test]
fn it_ends_once() {
    let close = |by, micros| Command::Close { by: id(by), at: at(micros) };
    let lapse = |micros| Command::Lapse { at: at(micros) };
    let open = || given::<BreakGlass>([for_an_hour()]);
    open().when(close(1, 9)).then([closed(Closing::ByHand, 9)]);
    open().when(close(1, HOUR)).then([closed(Closing::Time, HOUR)]);
    open().when(close(2, 9)).then_refused(Refusal::NotFound);
    open().when(lapse(HOUR - 1)).then_nothing();
    open().when(lapse(HOUR)).then([closed(Closing::Time, HOUR)]);
    let over = || given::<BreakGlass>([for_an_hour(), closed(Closing::ByHand, 9)]);
    over().when(close(1, 10)).then_nothing();
    over().when(lapse(HOUR)).then_nothing();
    over().when(close(2, 10)).then_refused(Refusal::NotFound);
    given::<BreakGlass>([]).when(close(1, 9)).then_refused(Refusal::NotFound);
    given::<BreakGlass>([]).when(lapse(9)).then_refused(Refusal::NotFound);
}
