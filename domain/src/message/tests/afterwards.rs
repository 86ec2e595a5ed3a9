//! What can still become of a message that was sent: kept, recalled, deleted, about to end.

use super::*;

const OTHER: u128 = 4;

/// To two people.
fn sent_to_two() -> Event {
    let mut send = message();
    send.recipients.push(Recipient { account: id(OTHER), ..send.recipients[0].clone() });
    send.judged().unwrap().remove(0)
}
fn recall(by: Recaller, from: Option<&[u128]>) -> Command {
    Command::Recall { by, from: from.map(|from| from.iter().map(|n| id(*n)).collect()), at: NOON }
}
fn recalled(from: &[u128], wholly: bool) -> Event {
    Event::Recalled { from: from.iter().map(|n| id(*n)).collect(), wholly, at: NOON }
}
fn delete(by: u128) -> Command {
    Command::Delete { by: id(by), at: NOON }
}
fn deleted(by: u128) -> Event {
    Event::Deleted { by: id(by), at: NOON }
}

/// A22, A23, A42: each download and each print is on record, for those who can read; not a microsecond after expiry (A21).
#[test]
fn what_is_taken_is_on_record() {
    let take = |by, at| Command::Download { by: id(by), what: Taken::Zip, at };
    let print = |by, at| Command::Print { by: id(by), at };
    for by in [GUEST, SENDER] {
        let taken = Event::Downloaded { by: id(by), what: Taken::Zip, at: BEFORE };
        given::<Message>([sent()]).when(take(by, BEFORE)).then([taken]);
        given::<Message>([sent()]).when(print(by, BEFORE)).then([Event::Printed { by: id(by), at: BEFORE }]);
        given::<Message>([sent()]).when(take(by, EXPIRY)).then_refused(Refusal::Expired);
        given::<Message>([sent()]).when(print(by, EXPIRY)).then_refused(Refusal::Expired);
    }
    given::<Message>([sent()]).when(take(STRANGER, NOON)).then_refused(Refusal::NotFound);
}

/// R16: its sender takes a message back from one or all, before or after it was opened; again it stays quiet.
#[test]
fn a_message_is_taken_back() {
    let sender = Recaller::Sender(id(SENDER));
    given::<Message>([sent_to_two()]).when(recall(sender, None)).then([recalled(&[GUEST, OTHER], true)]);
    let first = || recalled(&[GUEST], false);
    given::<Message>([sent_to_two(), opened(true)]).when(recall(sender, Some(&[GUEST]))).then([first()]);
    given::<Message>([sent_to_two(), first()]).when(recall(sender, Some(&[GUEST]))).then_nothing();
    given::<Message>([sent_to_two(), first()]).when(recall(sender, None)).then([recalled(&[OTHER], true)]);
    given::<Message>([sent_to_two(), first()]).when(open(GUEST, NOON)).then_refused(Refusal::Recalled);
    let reads = Event::Opened { by: id(SENDER), first: true, at: NOON };
    given::<Message>([sent_to_two(), first()]).when(open(SENDER, NOON)).then([reads]);
}

/// R16: nobody else takes it back, not from somebody who never got it, and not when its time is over.
#[test]
fn a_recall_is_refused() {
    let by = |n| Recaller::Sender(id(n));
    given::<Message>([sent()]).when(recall(by(GUEST), None)).then_refused(Refusal::NotSender);
    given::<Message>([sent()])
        .when(recall(by(SENDER), Some(&[STRANGER])))
        .then_refused(Refusal::NoSuchRecipient);
    let late = Command::Recall { by: by(SENDER), from: None, at: EXPIRY };
    given::<Message>([sent()]).when(late).then_refused(Refusal::Expired);
}

/// R16: with a message that was passed on, whoever passed it on loses what they passed on as well.
#[test]
fn what_was_passed_on_is_taken_back_too() {
    let taken = || recalled(&[SENDER, GUEST], true);
    given::<Message>([sent()]).when(recall(Recaller::Original, None)).then([taken()]);
    given::<Message>([sent(), taken()]).when(recall(Recaller::Original, None)).then_nothing();
    given::<Message>([sent(), taken()]).when(open(SENDER, NOON)).then_refused(Refusal::Recalled);
}

/// R16: deleting from one's own mailbox happens once, takes it from nobody else, and ends one's reach.
#[test]
fn a_message_is_deleted_from_ones_own_mailbox() {
    given::<Message>([sent()]).when(delete(GUEST)).then([deleted(GUEST)]);
    given::<Message>([sent(), deleted(GUEST)]).when(delete(GUEST)).then_nothing();
    given::<Message>([sent()]).when(delete(STRANGER)).then_refused(Refusal::NotFound);
    given::<Message>([sent(), deleted(GUEST)]).when(open(GUEST, NOON)).then_refused(Refusal::NotFound);
    let reads = Event::Opened { by: id(SENDER), first: true, at: NOON };
    given::<Message>([sent(), deleted(GUEST)]).when(open(SENDER, NOON)).then([reads]);
    let recall = recall(Recaller::Sender(id(SENDER)), None);
    given::<Message>([sent(), deleted(SENDER)]).when(recall).then_refused(Refusal::NotSender);
}

/// A22: those who still have it are warned once that it ends, and not afterwards.
#[test]
fn recipients_are_warned_once() {
    let warn = |at| Command::WarnOfExpiry { at };
    let warned = |people: &[u128]| Event::ExpiryWarned {
        recipients: people.iter().map(|n| id(*n)).collect(),
        at: BEFORE,
    };
    given::<Message>([sent_to_two()]).when(warn(BEFORE)).then([warned(&[GUEST, OTHER])]);
    given::<Message>([sent_to_two(), deleted(OTHER)]).when(warn(BEFORE)).then([warned(&[GUEST])]);
    given::<Message>([sent_to_two(), recalled(&[GUEST], false)]).when(warn(BEFORE)).then([warned(&[OTHER])]);
    given::<Message>([sent(), warned(&[GUEST])]).when(warn(BEFORE)).then_nothing();
    given::<Message>([sent(), deleted(GUEST)]).when(warn(BEFORE)).then_nothing();
    given::<Message>([sent()]).when(warn(EXPIRY)).then_nothing();
}

/// Q9: whoever goes against a rule says why, in the same step.
#[test]
fn going_against_a_rule_is_on_record() {
    let against = Some(RuleOverride { rule: id(13), hits: 2, reason: "It is my own number.".into() });
    let decided = Message::decide(&State::Unsent, send(Send { against, ..message() })).unwrap();
    let reason = Personal::known("It is my own number.".to_owned());
    let overridden = Event::RuleOverridden { by: id(SENDER), rule: id(13), hits: 2, reason, at: NOON };
    assert_eq!(decided, [sent(), overridden]);
}
