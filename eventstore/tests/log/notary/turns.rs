//! One notary at a time, whatever dies or stalls.

use super::*;

/// N1: whatever a notary was doing when it died, the next one ends with the same tree and goes on.
#[tokio::test]
async fn a_crash_between_any_two_writes_costs_nothing() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let mut size = 0;
        // So often it waits for the database before it dies: in the middle of each read, write and commit in turn.
        for waits in 0_i64.. {
            size += 300;
            grow(&test.db, size).await;
            let dying = same_notary(&log, test.dir.path());
            let finished = die_after(waits, &dying).await;
            drop(dying);
            let next = same_notary(&log, test.dir.path());
            let step = next.step().await.unwrap();
            let checkpoint = log.tree().checkpoint(None).await.unwrap().unwrap();
            assert_eq!(checkpoint.size, size.unsigned_abs(), "after {waits} waits: {step:?}");
            assert_eq!(log.tree().size().await.unwrap(), checkpoint.size);
            assert_eq!(log.tree().root(checkpoint.size).await.unwrap(), checkpoint.root);
            if finished {
                assert!(waits > 5, "it never died");
                assert_eq!(checkpoint.root, root_of(size.unsigned_abs()));
                return;
            }
        }
    })
    .await;
}

/// Lets a notary take a step until it has waited for the database so often, then drops it; whether it got through before.
async fn die_after(waits: i64, notary: &Notary) -> bool {
    let mut step = pin!(notary.step());
    let mut left = waits;
    poll_fn(|context| match step.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(done.map(|_| true).unwrap()),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// N1: a notary that stalled while another took over writes nothing more, whatever its own clock says.
#[tokio::test]
async fn a_stalled_notary_writes_nothing() {
    on_both(async |test: TestDb| {
        let stalled_log = open_log(&test).await;
        let later = Timestamp::from_micros(START.micros() + 60_000_000);
        let log = log_on(open_url(&test.url).await, test.dir.path(), Clock::manual(later)).await;
        let (stalled, other) = (notary(&stalled_log, test.dir.path()), notary(&log, test.dir.path()));
        grow(&test.db, 10).await;
        signed(&stalled).await;
        grow(&test.db, 20).await;
        assert_eq!(signed(&other).await.size, 20);
        grow(&test.db, 30).await;
        let refused = stalled.step().await.unwrap_err();
        assert!(matches!(refused, NotaryError::Superseded), "{refused}");
        assert_eq!(log.tree().size().await.unwrap(), 20);
        assert_eq!(stalled.step().await.unwrap(), Step::Elsewhere);
        assert_eq!(signed(&other).await.root, root_of(30));
    })
    .await;
}

/// N1: two processes that take each other for themselves still sign one history.
#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_sign_one_history() {
    on_both(async |test: TestDb| {
        let log = open_log(&test).await;
        let other = open_other_log(&test).await;
        grow(&test.db, 1).await;
        signed(&same_notary(&log, test.dir.path())).await;
        let at_work = [&log, &other].map(|log| {
            let notary = Arc::new(same_notary(log, test.dir.path()));
            tokio::spawn(async move {
                for _ in 0..60 {
                    match notary.step().await {
                        Ok(_) | Err(NotaryError::Superseded) => {}
                        Err(problem) if !problem.is_refusal() => {}
                        Err(problem) => panic!("{problem}"),
                    }
                }
            })
        });
        for size in 1..20 {
            grow(&test.db, 1 + size * 40).await;
        }
        for task in at_work {
            task.await.unwrap();
        }
        same_notary(&log, test.dir.path()).step().await.unwrap();
        let rows = test.db.all("SELECT tree_size FROM log_checkpoints", vec![]).await.unwrap();
        assert!(rows.len() > 1);
        for row in rows {
            let size = row.int("tree_size").unwrap().unsigned_abs();
            let checkpoint = log.tree().checkpoint(Some(size)).await.unwrap().unwrap();
            assert_eq!((checkpoint.size, checkpoint.root), (size, root_of(size)));
        }
        assert_eq!(log.tree().checkpoint(None).await.unwrap().unwrap().root, root_of(761));
    })
    .await;
}
