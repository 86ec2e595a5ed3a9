//! One append after another: what it writes, what it answers, and what a stale one does.

use crate::support::*;
use domain::{
    Event,
    account::{self, Account, Stage},
    reservation::Reservation,
};
use eventstore::{
    Appended, Log, LogError,
    log::{ContentKeys, Loaded, StreamName},
    testing::{TestDb, on_both},
};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::timeout;

/// K7, K8: what was decided is read back as it was, with who, when and where, by this process and by another.
#[tokio::test]
async fn what_was_decided_is_read_back() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let appended =
            log.execute::<Account>(ORGANISATION, uuid(1), &meta(), || invite("bob@guest.example")).await;
        assert_eq!(appended.unwrap().unwrap(), Appended::Now(1));
        for log in [log, open_other_log(&test).await] {
            assert_eq!(log.head(), 1);
            let account: Loaded<Account> = log.load(ORGANISATION, uuid(1)).await.unwrap();
            let holder = account.state.holder().unwrap();
            assert_eq!(account.version, 1);
            assert_eq!(holder.stage, Stage::Invited);
            assert_eq!(holder.address.value(), Some(&address("bob@guest.example")));

            let stream = StreamName { category: "account", id: uuid(1) };
            let by_stream = log.read_stream(ORGANISATION, stream, 0, &ContentKeys::none()).await.unwrap();
            let by_position = log.read_positions(ORGANISATION, &[1], &ContentKeys::none()).await.unwrap();
            for recorded in [everything(&log).await, by_stream, by_position].concat() {
                assert_eq!((recorded.position, recorded.version), (1, 1));
                assert_eq!((recorded.organisation, recorded.recorded_at), (ORGANISATION, START));
                assert_eq!(recorded.meta, meta());
                let Event::Account(account, account::Event::Invited { address: invited, .. }) =
                    recorded.event
                else {
                    panic!("an invitation was appended");
                };
                assert_eq!((account, invited.value()), (id(1), Some(&address("bob@guest.example"))));
            }
        }
    })
    .await;
}

/// K7: a command that changes nothing, and one that is refused, leave no trace.
#[tokio::test]
async fn what_changes_nothing_leaves_no_trace() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let refused = log
            .execute::<Account>(ORGANISATION, uuid(1), &meta(), || account::Command::LapseInvitation {
                at: START,
            })
            .await;
        assert_eq!(refused.unwrap(), Err(account::Refusal::NotInvited));
        invite_somebody(&log, id(1), "bob@guest.example").await;
        let repeated =
            log.execute::<Account>(ORGANISATION, uuid(1), &meta(), || invite("bob@guest.example")).await;
        assert_eq!(repeated.unwrap().unwrap(), Appended::Now(1));
        assert_eq!(everything(&log).await.len(), 1);
    })
    .await;
}

/// K7: streams, categories and organisations of the same id are kept apart.
#[tokio::test]
async fn streams_are_kept_apart() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        invite_somebody(&log, id(1), "bob@guest.example").await;
        assert_eq!(load(&log, 1).await.version, 0);
        let other = domain::OrganisationId(2);
        let elsewhere: Loaded<Account> = log.load(other, uuid(1)).await.unwrap();
        assert_eq!(elsewhere.version, 0);
        assert!(log.read_positions(other, &[1], &ContentKeys::none()).await.unwrap().is_empty());
    })
    .await;
}

/// Marks and answers of appends that are written in one batch: sealed without waiting, since every key is known.
async fn append_together(
    log: &Log,
    changes: Vec<eventstore::log::Change>,
) -> Vec<Result<Appended, LogError>> {
    join_all(changes.into_iter().map(|change| log.append(commit(vec![change])))).await
}

async fn marks(log: &Log) -> Vec<i64> {
    everything(log).await.iter().filter_map(mark).collect()
}

/// K7: in a batch, the append that saw too little fails alone; its neighbours are written.
#[tokio::test]
async fn a_stale_append_fails_alone() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for stream in [1, 2, 3] {
            persist(&log, stream, 0).await;
        }
        let stale = load(&log, 2).await;
        persist(&log, 2, 1).await;
        let (one, three) = (load(&log, 1).await, load(&log, 3).await);
        let changes = vec![failed_login(&one, 10), failed_login(&stale, 20), failed_login(&three, 30)];
        let answers = append_together(&log, changes).await;
        assert!(matches!(answers[..], [Ok(Appended::Now(5)), Err(LogError::Conflict), Ok(Appended::Now(6))]));
        assert_eq!(marks(&log).await, [0, 0, 0, 1, 10, 30]);

        // Two that saw the same: one of them is late.
        let two = load(&log, 2).await;
        let answers = append_together(&log, vec![failed_login(&two, 40), failed_login(&two, 50)]).await;
        assert!(matches!(answers[..], [Ok(Appended::Now(7)), Err(LogError::Conflict)]));
    })
    .await;
}

/// K7: the same when another process moved the stream on, which this one has not seen.
#[tokio::test]
async fn an_append_that_missed_another_process_fails_alone() {
    on_both(async |test: TestDb| {
        let (log, other) = (open_log(&test).await, open_other_log(&test).await);
        for stream in [1, 2, 3] {
            persist(&log, stream, 0).await;
        }
        let loaded = [load(&log, 1).await, load(&log, 2).await, load(&log, 3).await];
        persist(&other, 2, 1).await;
        let changes = (10..).zip(&loaded).map(|(mark, loaded)| failed_login(loaded, mark)).collect();
        let answers = append_together(&log, changes).await;
        assert!(matches!(answers[..], [Ok(Appended::Now(5)), Err(LogError::Conflict), Ok(Appended::Now(6))]));
        assert_eq!(marks(&log).await, [0, 0, 0, 1, 10, 12]);
        assert_eq!(persist(&log, 2, 13).await, 7);
        assert_gapless(&test.db).await;
    })
    .await;
}

/// B8, R7: changes of several streams happen together; when one of them is stale, none happens.
#[tokio::test]
async fn a_commit_is_all_or_nothing() {
    on_both(async |test: TestDb| {
        let (log, other) = (open_log(&test).await, open_other_log(&test).await);
        let (account, address) =
            (log.load::<Account>(ORGANISATION, uuid(1)).await.unwrap(), load(&log, 2).await);
        let together = |account: &Loaded<Account>, address: &Loaded<Reservation>| {
            let invited = account.decide(invite("bob@guest.example")).unwrap();
            commit(vec![invited, address.decide(reserve(id(1))).unwrap()])
        };
        persist(&other, 2, 0).await;
        assert!(log.append(together(&account, &address)).await.unwrap_err().is_conflict());
        persist(&log, 2, 1).await;
        assert!(log.append(together(&account, &address)).await.unwrap_err().is_conflict());
        assert_eq!(log.load::<Account>(ORGANISATION, uuid(1)).await.unwrap().version, 0);
        let address = load(&log, 2).await;
        assert_eq!(log.append(together(&account, &address)).await.unwrap(), Appended::Now(4));
        assert_gapless(&test.db).await;
    })
    .await;
}

/// R7: what was accepted before the log closes is written and answered; later appends are turned down, by every clone.
#[tokio::test]
async fn closing_writes_what_was_accepted() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        for stream in 1..=20 {
            persist(&log, stream, 0).await;
        }
        let streams = join_all((1..=20).map(|stream| load(&log, stream))).await;
        let appends =
            join_all(streams.iter().map(|loaded| log.append(commit(vec![failed_login(loaded, 1)]))));
        let (answers, closed) = tokio::join!(appends, timeout(Duration::from_mins(1), log.clone().close()));
        closed.expect("closing does not wait for clones");
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let late = log.append(commit(vec![failed_login(&streams[1], 2)])).await;
        assert!(matches!(late, Err(LogError::Closed)));
        assert_eq!(everything(&log).await.len(), 40);
    })
    .await;
}
