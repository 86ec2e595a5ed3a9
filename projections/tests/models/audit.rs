//! The audit: what a question is answered by.

use crate::world::{ORG, World, address, at, by, id, message, person};
use domain::{
    Event, Metadata, OrganisationId,
    account::Verdict,
    audit::{self, Audit, Question, Right},
    event::Actor,
    id::AddressTag,
    message::{Command, Message, Onward},
    policy::Role,
    reservation::{self, Reservation},
    review::{self, Examined, Finding, Review},
};
use eventstore::{Position, testing::on_both};
use projections::audit::{AuditFilter, Kind, Outcome, PositionPage, actor, facts};

/// A page that holds everything.
const WHOLE: PositionPage = PositionPage { first: Some(1000), after: None, last: None, before: None };

/// The kinds that a question is answered by, oldest first; their number is the count.
async fn kinds(world: &World, filter: &AuditFilter) -> Vec<Kind> {
    let models = world.caught_up().await;
    let found = models.audit(ORG, filter, &WHOLE).await.unwrap().items;
    assert_eq!(models.audit_count(ORG, filter).await.unwrap(), Some(found.len() as u64));
    let events = world.events().await;
    let kind =
        |position: &Position| facts(events.iter().find(|event| event.position == *position).unwrap()).kind;
    found.iter().rev().map(kind).collect()
}

async fn busy_day(test: &eventstore::testing::TestDb) -> World {
    let world = World::new(test).await;
    world.found("https://mail.insurer.example").await;
    world.join(2).await;
    world.log_in(2, Verdict::Wrong, 1, 1).await;
    world.log_in(2, Verdict::Right, 2, 2).await;
    world.log.clock().set(at(10));
    world.send(1, 1, &[2, 3], 0, 10).await;
    world.open(1, 2, 11).await;
    world.log.clock().set(at(20));
    let refused = Command::NoteRefusal { by: person(2), what: Onward::Forward, at: at(20) };
    world.tell::<Message>(message(1).uuid(), &by(person(2)), refused).await;
    world
}

/// Q1: everything that somebody did, every access to a message, everything that touched a person.
#[tokio::test]
async fn a_question_is_answered_by_actor_message_and_person() {
    on_both(async |test| {
        let world = busy_day(&test).await;
        let did = AuditFilter { actors: vec![person(2)], ..AuditFilter::default() };
        assert_eq!(
            kinds(&world, &did).await,
            [
                Kind::Registered,
                Kind::ActivationIssued,
                Kind::Activated,
                Kind::MessageOpened,
                Kind::MessageForwarded,
            ]
        );
        let touched = AuditFilter { subjects: vec![person(3)], ..AuditFilter::default() };
        assert_eq!(kinds(&world, &touched).await, [Kind::MessageSent]);
        let accessed = AuditFilter { messages: vec![message(1)], ..AuditFilter::default() };
        let of_message = [Kind::MessageSent, Kind::MessageOpened, Kind::MessageForwarded];
        assert_eq!(kinds(&world, &accessed).await, of_message);
        let another = world.projections.audit(OrganisationId(2), &accessed, &WHOLE).await.unwrap();
        assert_eq!(another.items, Vec::<Position>::new());
    })
    .await;
}

/// Q1, Q2: conditions must all hold, and within one list any will do; time, kind, outcome and address narrow.
#[tokio::test]
async fn conditions_add_up() {
    on_both(async |test| {
        let world = busy_day(&test).await;
        let failed = AuditFilter { outcomes: vec![Outcome::Failed], ..AuditFilter::default() };
        assert_eq!(kinds(&world, &failed).await, [Kind::LoginFailed]);
        let went_wrong =
            AuditFilter { outcomes: vec![Outcome::Failed, Outcome::Refused], ..AuditFilter::default() };
        assert_eq!(kinds(&world, &went_wrong).await, [Kind::LoginFailed, Kind::MessageForwarded]);
        let of_two = AuditFilter { subjects: vec![person(2)], ..went_wrong.clone() };
        assert_eq!(kinds(&world, &of_two).await, [Kind::LoginFailed, Kind::MessageForwarded]);
        let of_three = AuditFilter { subjects: vec![person(3)], ..went_wrong };
        assert_eq!(kinds(&world, &of_three).await, []);
        let by_kind = AuditFilter { kinds: vec![Kind::Invited, Kind::Activated], ..AuditFilter::default() };
        assert_eq!(kinds(&world, &by_kind).await, [Kind::Invited, Kind::Activated]);
        let (from, until) = (Some(at(10)), Some(at(20)));
        let then = AuditFilter { from, until, ..AuditFilter::default() };
        assert_eq!(kinds(&world, &then).await, [Kind::MessageSent, Kind::MessageOpened]);

        let free: AddressTag = id(77);
        let fail =
            reservation::Command::FailLogin { typed: address(9), from: [192, 0, 2, 7].into(), at: at(21) };
        let anonymous = Metadata { by: Actor::Anonymous, session: None, policy: None };
        world.tell::<Reservation>(free.uuid(), &anonymous, fail).await;
        let at_address = AuditFilter { addresses: vec![free], ..AuditFilter::default() };
        assert_eq!(kinds(&world, &at_address).await, [Kind::LoginFailed]);
    })
    .await;
}

/// Q10, K7: asking is an event like any other, names whom it was about, and is told apart as done by right of a role.
#[tokio::test]
async fn asking_is_audited() {
    on_both(async |test| {
        let world = World::new(&test).await;
        world.send(1, 1, &[2], 0, 1).await;
        let account = person(8);
        let officer = Actor::Person { account, role: Some(Role::ComplianceOfficer) };
        let officer = Metadata { by: officer, session: None, policy: Some(1) };
        let question =
            Question { subjects: vec![person(2)], messages: vec![message(1)], ..Question::default() };
        world.tell::<Audit>(id::<()>(1).uuid(), &officer, audit::Command::Ask { question, at: at(2) }).await;
        let refuse = audit::Command::Refuse { right: Right::ReadAudit, at: at(3) };
        world.tell::<Audit>(id::<()>(2).uuid(), &by(person(2)), refuse).await;

        let privileged = AuditFilter { privileged: Some(true), ..AuditFilter::default() };
        assert_eq!(kinds(&world, &privileged).await, [Kind::AuditQueried]);
        let ordinary = AuditFilter { privileged: Some(false), ..AuditFilter::default() };
        assert_eq!(kinds(&world, &ordinary).await, [Kind::MessageSent, Kind::AccessRefused]);
        let about_two = AuditFilter { subjects: vec![person(2)], ..AuditFilter::default() };
        assert_eq!(kinds(&world, &about_two).await, [Kind::MessageSent, Kind::AuditQueried]);
        let asked = world.last(|event| matches!(event, Event::Audit(_, audit::Event::Queried { .. }))).await;
        assert_eq!(actor(&asked.meta), Some(account));
        let refused = facts(&world.last(|_| true).await);
        assert_eq!(
            (refused.outcome, refused.reason, refused.privileged),
            (Outcome::Refused, Some("read_audit"), false)
        );
    })
    .await;
}

/// Q1: an answer of any length is paged both ways, newest first.
#[tokio::test]
async fn an_answer_is_paged_both_ways() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in 1..=5 {
            world.send(n, 1, &[2], 0, 1).await;
        }
        let models = world.caught_up().await;
        let filter = AuditFilter { kinds: vec![Kind::MessageSent], ..AuditFilter::default() };
        let all = models.audit(ORG, &filter, &WHOLE).await.unwrap().items;
        let (first, last) = (Some(2), Some(2));
        let none = PositionPage::default();
        let pages = [
            (PositionPage { first, ..none }, &all[..2], (false, true)),
            (PositionPage { first, after: Some(all[1]), ..none }, &all[2..4], (true, true)),
            (PositionPage { first, after: Some(all[3]), ..none }, &all[4..], (true, false)),
            (PositionPage { last, ..none }, &all[3..], (true, false)),
            (PositionPage { last, before: Some(all[3]), ..none }, &all[1..3], (true, true)),
            (PositionPage { last, before: Some(all[1]), ..none }, &all[..1], (false, true)),
        ];
        assert_eq!(all.len(), 5);
        for (page, items, (has_previous, has_next)) in pages {
            let slice = models.audit(ORG, &filter, &page).await.unwrap();
            assert_eq!(
                (slice.items.as_slice(), slice.has_previous, slice.has_next),
                (items, has_previous, has_next)
            );
        }
    })
    .await;
}

/// Q2, Q10: what was signed off is told apart from what was not, however often; each sign-off is found by what it covers.
#[tokio::test]
async fn what_was_signed_off_is_told_apart() {
    on_both(async |test| {
        let world = World::new(&test).await;
        for n in 1..=3 {
            world.send(n, 1, &[2], 0, 1).await;
        }
        let sign_off = async |n: u128, positions: &[Position]| {
            let events = positions.iter().map(|position| Examined { position: *position, actor: None });
            let command = review::Command::SignOff {
                by: person(8),
                joined: [].into(),
                events: events.collect(),
                finding: Finding::FollowUp,
                comment: None,
                at: at(2),
            };
            world.tell::<Review>(id::<()>(n).uuid(), &by(person(8)), command).await;
            world.log.head()
        };
        let (first, second) = (sign_off(1, &[1, 3]).await, sign_off(2, &[3]).await);
        let sent = AuditFilter { kinds: vec![Kind::MessageSent], ..AuditFilter::default() };
        let found = async |reviewed| {
            let filter = AuditFilter { reviewed: Some(reviewed), ..sent.clone() };
            world.caught_up().await.audit(ORG, &filter, &WHOLE).await.unwrap().items
        };
        assert_eq!(found(true).await, [3, 1]);
        assert_eq!(found(false).await, [2]);
        let models = world.caught_up().await;
        let covered = models.reviews(ORG, &[1, 2, 3]).await.unwrap();
        assert_eq!(covered, [(1, first), (3, first), (3, second)]);
        assert_eq!(models.reviews(ORG, &[]).await.unwrap(), []);
        let told = facts(&world.last(|_| true).await);
        assert_eq!((told.kind, told.reason), (Kind::Reviewed, Some("follow_up")));
    })
    .await;
}
