//! The audit against a plain look at every event: any conditions together, both ways, in pages of any size, and counted.

use crate::{
    acts::act,
    life::sight,
    world::{ORG, World, address, at, by, id, message, person},
};
use domain::{
    Event, Metadata, OrganisationId, Timestamp,
    account::{self, Command, Lockout, LogIn, Verdict},
    audit::{self, Audit, Question},
    event::Actor,
    id::AddressTag,
    period::{Period, buckets::Buckets},
    policy::{Network, Role},
    reservation::{self, Reservation},
};
use eventstore::{Position, Recorded, testing::on_both};
use projections::{
    Projections,
    audit::{AuditFilter, EventCount, Kind, Outcome, PositionPage, actor, facts, network},
};
use proptest::{
    collection::vec,
    option::weighted,
    prelude::{Just, Strategy, any},
    sample::{Index, select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// More than one stretch of the search has.
const FAILURES: u128 = 12;
const QUESTIONS: usize = 40;

const PLACES: [&str; 8] = [
    "192.0.2.7",
    "192.0.2.200",
    "192.0.3.7",
    "198.51.100.9",
    "2001:db8::7",
    "2001:db8::8:0:0:9",
    "2001:db8:0:1::7",
    "2001:db9::7",
];
const NETWORKS: [&str; 14] = [
    "192.0.2.0/24",
    "192.0.2.7",
    "192.0.2.192/26",
    "192.0.2.0/23",
    "198.51.0.0/16",
    "0.0.0.0/0",
    "10.0.0.0/8",
    "::/0",
    "2001:db8::/32",
    "2001:db8::/31",
    "2001:db8::/64",
    "2001:db8::7",
    "2001:db8::/65",
    "2001:db8::/120",
];
const AUDIENCES: [&str; 3] = ["broker", "provider", "nobody"];

/// The address of that number.
fn tag(n: u128) -> AddressTag {
    id(8_000 + n)
}

/// A history with all that can be asked for.
async fn history(world: &World, runner: &mut TestRunner) {
    world.found("https://mail.insurer.example").await;
    for n in 2..5 {
        world.join(n).await;
    }
    let acts = vec((act(), select(&PLACES[..]), 0_u8..12), 120).new_tree(runner).unwrap().current();
    for (minute, (act, place, more)) in (1..).step_by(7).zip(acts) {
        world.log.clock().set(at(minute));
        world.act(&act, minute).await;
        let who = u128::from(more % 4) + 1;
        let from: IpAddr = place.parse().unwrap();
        match more {
            0..4 => {
                let fail = reservation::Command::FailLogin { typed: address(who), from, at: at(minute) };
                let nobody = Metadata::by(Actor::Anonymous);
                world.tell::<Reservation>(tag(who).uuid(), &nobody, fail).await;
            }
            4..7 => log_in(world, who, from, minute).await,
            7 => {
                let audience = Some(AUDIENCES[usize::from(more) % 2].to_owned());
                world.account(who, &by(person(1)), Command::SetAudience { audience, at: at(minute) }).await;
            }
            8 => {
                let audience = (minute % 3 > 0).then(|| "provider".to_owned());
                world.account(who, &by(person(1)), Command::SetAudience { audience, at: at(minute) }).await;
            }
            9 => ask(world, who, minute).await,
            10 => {
                world.account(who, &by(person(who)), sight(who, minute)).await;
            }
            _ => {}
        }
    }
    for n in 0..FAILURES {
        world.log.clock().set(at(1_000 + 45 * i64::try_from(n).unwrap()));
        world.block(90 + n, 1_000).await;
    }
}

async fn log_in(world: &World, who: u128, from: IpAddr, minute: i64) {
    let attempt = LogIn {
        password: if minute % 2 == 0 { Verdict::Right } else { Verdict::Wrong },
        factor: account::FactorVerdict::NotGiven,
        from,
        lockout: Lockout { threshold: 9, window: Period::minutes(60), duration: Period::minutes(1) },
        session: crate::world::new_session(20_000 + u128::try_from(minute).unwrap(), minute),
        at: at(minute),
    };
    let nobody = Metadata::by(Actor::Anonymous);
    world.account(who, &nobody, Command::LogIn(Box::new(attempt))).await;
}

async fn ask(world: &World, about: u128, minute: i64) {
    let officer = Actor::Person { account: person(9), role: Some(Role::ComplianceOfficer) };
    let question = Question {
        subjects: vec![person(about)],
        holders: vec![person(2)],
        addresses: vec![tag(about)],
        ..Question::default()
    };
    let ask = audit::Command::Ask { question, at: at(minute) };
    let inquiry = id::<()>(30_000 + u128::try_from(minute).unwrap());
    world.tell::<Audit>(inquiry.uuid(), &Metadata::by(officer), ask).await;
}

/// Any conditions together; most of them absent, so that something is found.
fn question() -> impl Strategy<Value = AuditFilter> {
    let time = || weighted(0.3, (0_i64..1_800).prop_map(at));
    let few =
        |most| (0_usize..4, vec(1_u128..most, 1..3)).prop_map(|(n, who)| if n == 0 { who } else { vec![] });
    let kinds = prop_kinds();
    let outcomes = vec![Outcome::Done, Outcome::Refused, Outcome::Failed];
    let outcomes = weighted(0.3, subsequence(outcomes, 0..3)).prop_map(Option::unwrap_or_default);
    let networks = weighted(0.3, subsequence(NETWORKS.to_vec(), 1..4)).prop_map(Option::unwrap_or_default);
    let audiences = weighted(0.2, subsequence(AUDIENCES.to_vec(), 1..3)).prop_map(Option::unwrap_or_default);
    let people = (few(6), few(6), few(5), few(5), few(6));
    let privileged = weighted(0.2, any::<bool>());
    ((time(), time()), people, (kinds, outcomes, networks, audiences, privileged)).prop_map(
        |((from, until), (actors, subjects, messages, addresses, holders), rest)| {
            let (kinds, outcomes, networks, audiences, privileged) = rest;
            AuditFilter {
                from,
                until,
                kinds,
                actors: actors.into_iter().map(person).collect(),
                subjects: subjects.into_iter().map(person).collect(),
                messages: messages.into_iter().map(message).collect(),
                holders: if addresses.is_empty() {
                    vec![]
                } else {
                    holders.into_iter().map(person).collect()
                },
                addresses: addresses.into_iter().map(tag).collect(),
                networks: networks.into_iter().map(|text| Network::parse(text).unwrap()).collect(),
                audiences: audiences.into_iter().map(str::to_owned).collect(),
                outcomes,
                privileged,
                reviewed: None,
            }
        },
    )
}

fn prop_kinds() -> impl Strategy<Value = Vec<Kind>> {
    proptest::prop_oneof![
        5 => Just(vec![]),
        2 => subsequence(Kind::ALL.to_vec(), 1..40),
        2 => Just(vec![Kind::LoginFailed, Kind::LockedOut]),
        1 => Just(vec![Kind::AttemptFailed]),
    ]
}

/// Every event with the audiences that it touched, oldest first.
fn with_audiences(events: Vec<Recorded>) -> Vec<(Recorded, BTreeSet<String>)> {
    let mut audiences: BTreeMap<_, String> = BTreeMap::new();
    let mut touched = |recorded: Recorded| {
        let of = |audiences: &BTreeMap<_, String>| -> BTreeSet<String> {
            let subjects = facts(&recorded).subjects;
            subjects.iter().filter_map(|subject| audiences.get(subject).cloned()).collect()
        };
        let before = of(&audiences);
        if let Event::Account(account, event) = &recorded.event {
            match event {
                account::Event::Invited { audience, .. }
                | account::Event::AudienceChanged { audience, .. } => {
                    audiences.remove(account);
                    audiences.extend(audience.clone().map(|audience| (*account, audience)));
                }
                account::Event::PromotedToMember { .. } => drop(audiences.remove(account)),
                _ => {}
            }
        }
        let both = before.union(&of(&audiences)).cloned().collect();
        (recorded, both)
    };
    events.into_iter().map(&mut touched).collect()
}

fn answers(filter: &AuditFilter, recorded: &Recorded, audiences: &BTreeSet<String>) -> bool {
    fn any<T: PartialEq>(asked: &[T], has: &[T]) -> bool {
        asked.is_empty() || asked.iter().any(|one| has.contains(one))
    }
    let facts = facts(recorded);
    let from = network(&recorded.event);
    let at_address = filter.addresses.iter().any(|address| facts.addresses.contains(address))
        || filter.holders.iter().any(|holder| facts.subjects.contains(holder));
    filter.from.is_none_or(|at| recorded.recorded_at >= at)
        && filter.until.is_none_or(|at| recorded.recorded_at < at)
        && any(&filter.kinds, &[facts.kind])
        && any(&filter.outcomes, &[facts.outcome])
        && any(&filter.actors, actor(&recorded.meta).as_slice())
        && any(&filter.subjects, &facts.subjects)
        && any(&filter.messages, &facts.messages)
        && ((filter.addresses.is_empty() && filter.holders.is_empty()) || at_address)
        && (filter.networks.is_empty()
            || from.is_some_and(|from| filter.networks.iter().any(|network| network.contains(from))))
        && any(&filter.audiences, &audiences.iter().cloned().collect::<Vec<_>>())
        && filter.privileged.is_none_or(|wanted| facts.privileged == wanted)
}

/// All pages, newest first, read the one way or the other.
async fn paged(models: &Projections, filter: &AuditFilter, size: u32, backwards: bool) -> Vec<Position> {
    let mut all: Vec<Position> = vec![];
    loop {
        let page = if backwards {
            PositionPage { last: Some(size), before: all.first().copied(), ..PositionPage::default() }
        } else {
            PositionPage { first: Some(size), after: all.last().copied(), ..PositionPage::default() }
        };
        let slice = models.audit(ORG, filter, &page).await.unwrap();
        assert!(slice.items.len() <= usize::try_from(size).unwrap());
        if backwards {
            all.splice(0..0, slice.items);
        } else {
            all.extend(slice.items);
        }
        if !(if backwards { slice.has_previous } else { slice.has_next }) {
            return all;
        }
    }
}

/// Q1, Q2, Q10, C15: whatever conditions are put together, the answer is what a look at every event gives: in pages of any
/// size, both ways, and counted.
#[tokio::test]
async fn any_conditions_are_answered_right() {
    on_both(async |test| {
        let mut runner = TestRunner::default();
        let world = World::new(&test).await;
        history(&world, &mut runner).await;
        let models = world.caught_up().await;
        let events = with_audiences(world.events().await);
        let mut found = 0;
        for (filter, size) in
            vec((question(), 5_u32..120), QUESTIONS).new_tree(&mut runner).unwrap().current()
        {
            let expected: Vec<_> = events
                .iter()
                .rev()
                .filter(|(recorded, audiences)| answers(&filter, recorded, audiences))
                .map(|(recorded, _)| recorded.position)
                .collect();
            assert_eq!(paged(models, &filter, size, false).await, expected, "{filter:?}");
            assert_eq!(paged(models, &filter, size, true).await, expected, "{filter:?}");
            let count = models.audit_count(ORG, &filter).await.unwrap();
            assert_eq!(count, Some(expected.len() as u64), "{filter:?}");
            counted_right(models, &filter, &events).await;
            let another = models.audit(OrganisationId(2), &filter, &PositionPage::default()).await.unwrap();
            assert!(another.items.is_empty());
            found += usize::from(!expected.is_empty());
        }
        assert!(found > QUESTIONS / 6, "only {found} questions were answered by anything");
    })
    .await;
}

/// Q2: charts count the same events, whether their hours are counted already or must be looked for.
async fn counted_right(models: &Projections, filter: &AuditFilter, events: &[(Recorded, BTreeSet<String>)]) {
    for bucket in ["P1M", "P1D", "PT7H", "PT5M"] {
        let buckets = Buckets::of(Period::parse(bucket).unwrap()).unwrap();
        let mut expected: BTreeMap<(Timestamp, Kind), u64> = BTreeMap::new();
        for (recorded, _) in
            events.iter().filter(|(recorded, audiences)| answers(filter, recorded, audiences))
        {
            *expected.entry((buckets.start(recorded.recorded_at), facts(recorded).kind)).or_default() += 1;
        }
        let expected: Vec<_> =
            expected.into_iter().map(|((from, kind), count)| EventCount { from, kind, count }).collect();
        assert_eq!(models.event_counts(ORG, filter, buckets).await.unwrap(), expected, "{bucket} {filter:?}");
    }
}

/// Q1: what was on a page stays there, and the next page goes on where it ended, while the log grows.
#[tokio::test]
async fn pages_stay_while_the_log_grows() {
    on_both(async |test| {
        let mut runner = TestRunner::default();
        let world = World::new(&test).await;
        history(&world, &mut runner).await;
        let filter = AuditFilter { outcomes: vec![Outcome::Failed], ..AuditFilter::default() };
        let before = paged(world.caught_up().await, &filter, 1_000, false).await;
        let cut = Index::clone(&any::<Index>().new_tree(&mut runner).unwrap().current()).index(before.len());
        world.block(150, 2_000).await;
        let models = world.caught_up().await;
        let page = PositionPage { first: Some(1_000), after: Some(before[cut]), ..PositionPage::default() };
        assert_eq!(models.audit(ORG, &filter, &page).await.unwrap().items, before[cut + 1..]);
        let page = PositionPage { last: Some(20), before: Some(before[0]), ..PositionPage::default() };
        let newer = models.audit(ORG, &filter, &page).await.unwrap();
        assert!(newer.items.iter().all(|position| *position > before[0]) && newer.items.len() == 20);
        assert!(newer.has_previous && newer.has_next);
    })
    .await;
}
