//! A request that is repeated is done once.

use crate::support::*;
use eventstore::{
    Appended, Commit, Log, LogError,
    log::Idempotency,
    testing::{TestDb, on_both},
};
use futures_util::future::join_all;

const FIRST: Idempotency = Idempotency { key: [1; 32], input: [2; 32] };
const CHANGED: Idempotency = Idempotency { key: [1; 32], input: [3; 32] };
const SECOND: Idempotency = Idempotency { key: [4; 32], input: [2; 32] };

async fn append(log: &Log, stream: u128, idempotency: Idempotency) -> Result<Appended, LogError> {
    let loaded = load(log, stream).await;
    let commit = commit(vec![failed_login(&loaded, 1)]);
    log.append(Commit { idempotency: Some(idempotency), ..commit }).await
}

/// R7: the repeat of a request gets the first one's answer and writes nothing, whichever process it reaches.
#[tokio::test]
async fn a_repeat_writes_nothing() {
    on_both(async |test: TestDb| {
        let (log, other) = (open_log(&test).await, open_other_log(&test).await);
        persist(&log, 9, 0).await;
        assert_eq!(append(&log, 1, FIRST).await.unwrap(), Appended::Now(2));
        assert_eq!(append(&log, 1, SECOND).await.unwrap(), Appended::Now(3));
        for log in [&log, &other] {
            assert_eq!(append(log, 1, FIRST).await.unwrap(), Appended::Before(2));
        }
        assert_eq!(everything(&log).await.len(), 3);
    })
    .await;
}

/// R7: a key that was used for another request is refused, and nothing is written.
#[tokio::test]
async fn a_key_is_for_one_request() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        append(&log, 1, FIRST).await.unwrap();
        assert!(matches!(append(&log, 1, CHANGED).await, Err(LogError::KeyReused)));
        assert_eq!(everything(&log).await.len(), 1);
    })
    .await;
}

/// R7: a request that failed did not use its key up.
#[tokio::test]
async fn a_conflict_leaves_the_key_free() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let stale = load(&log, 1).await;
        persist(&log, 1, 0).await;
        let late = Commit { idempotency: Some(FIRST), ..commit(vec![failed_login(&stale, 1)]) };
        assert!(log.append(late).await.unwrap_err().is_conflict());
        assert_eq!(append(&log, 1, FIRST).await.unwrap(), Appended::Now(2));
    })
    .await;
}

/// R7: of twenty at once, in two processes and upon different streams, one is done and all get its answer.
#[tokio::test(flavor = "multi_thread")]
async fn repeats_at_once_are_done_once() {
    on_both(async |test: TestDb| {
        let logs = [open_log(&test).await, open_other_log(&test).await];
        let requests = (0..20).zip(logs.iter().cycle()).map(|(n, log)| append(log, n % 3, FIRST));
        let answers: Vec<Appended> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
        let done = answers.iter().filter(|answer| matches!(answer, Appended::Now(_)));
        assert_eq!(done.count(), 1);
        assert!(answers.iter().all(|answer| answer.position() == 1));
        assert_eq!(everything(&logs[0]).await.len(), 1);
    })
    .await;
}
