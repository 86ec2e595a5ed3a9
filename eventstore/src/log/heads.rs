//! Notices what other processes append: by `NOTIFY` where there is one, and by a slow look in case it fails.

use super::appender::{CHANNEL, head};
use crate::{
    db::{Db, Wakeups},
    recorded::Position,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    time,
};

/// How long an append of another process can go unnoticed when nothing announces it.
const LOOK: Duration = Duration::from_secs(1);

/// Between two announcements.
const BETWEEN: Duration = Duration::from_millis(10);

/// Moves `known` forward for as long as the log is open.
pub(super) async fn follow(db: Db, known: watch::Sender<Position>) {
    let mut wakeups = db.listener(CHANNEL).await.ok().flatten();
    loop {
        wait(&mut wakeups).await;
        match head(&db).await {
            Ok(found) => {
                known.send_if_modified(|head| std::mem::replace(head, found.max(*head)) < found);
            }
            Err(problem) => tracing::warn!(%problem, "cannot look for new events; trying again"),
        }
    }
}

/// Tells other nodes that this one has written. Within the append's transaction an announcement would be made under the
/// log's lock, and every batch would pay for it; here one stands for all of a moment. A lost one is made up for by the look.
pub(super) async fn announce(db: Db, written: Arc<Notify>) {
    loop {
        written.notified().await;
        if let Err(problem) = db.announce(CHANNEL).await {
            tracing::warn!(%problem, "other nodes were not told of new events; they look every second");
        }
        time::sleep(BETWEEN).await;
    }
}

async fn wait(wakeups: &mut Option<Wakeups>) {
    if let Some(listening) = wakeups
        && let Ok(Err(problem)) = time::timeout(LOOK, listening.recv()).await
    {
        tracing::warn!(%problem, "announcements of the log broke off; looking every second instead");
        *wakeups = None;
    } else if wakeups.is_none() {
        time::sleep(LOOK).await;
    }
}
