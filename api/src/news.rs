//! What happens, as it happens: one reader of the log for all sockets of this node.

use app::App;
use domain::{AccountId, Event, OrganisationId, SessionId, account};
use eventstore::{Position, Recorded};
use projections::{ProjectionError, mailbox::MailboxNews};
use std::{
    sync::{Arc, Once},
    time::Duration,
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// The news of this node. Cloning shares them.
#[derive(Clone)]
pub(crate) struct News(Arc<Source>);

struct Source {
    app: App,
    stop: CancellationToken,
    sender: broadcast::Sender<Item>,
    started: Once,
}

/// Something that somebody who listens wants to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) organisation: OrganisationId,
    pub(crate) position: Position,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Mailbox(AccountId, MailboxNews),
    SessionEnded(SessionId),
}

/// News that a slow listener may be behind; then its subscription ends.
const WAITING: usize = 1_024;
/// Events read at once.
const BATCH: i64 = 256;
/// Between attempts while the database does not answer.
const RETRY: Duration = Duration::from_secs(1);

impl News {
    pub(crate) fn new(app: App, stop: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        Self(Arc::new(Source { app, stop, sender, started: Once::new() }))
    }

    /// Everything from now on. The first who listens starts the reader.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Item> {
        let receiver = self.0.sender.subscribe();
        self.0.started.call_once(|| {
            let (app, stop, sender) = (self.0.app.clone(), self.0.stop.clone(), self.0.sender.clone());
            let from = app.log().head();
            tokio::spawn(async move { stop.run_until_cancelled(read(app, from, sender)).await });
        });
        receiver
    }
}

async fn read(app: App, mut position: Position, sender: broadcast::Sender<Item>) {
    let mut head = app.log().subscribe();
    loop {
        head.borrow_and_update();
        match app.log().read_after(position, BATCH).await {
            Ok(events) if events.is_empty() => {
                if head.changed().await.is_err() {
                    return;
                }
            }
            Ok(events) => {
                for recorded in &events {
                    // Nobody listening is no mistake, and nothing to look anything up for.
                    if sender.receiver_count() > 0 {
                        match items(&app, recorded).await {
                            Ok(items) => items.for_each(|item| drop(sender.send(item))),
                            Err(problem) => {
                                tracing::warn!(%problem, "news cannot be told; trying again");
                                tokio::time::sleep(RETRY).await;
                                break;
                            }
                        }
                    }
                    position = recorded.position;
                }
            }
            Err(problem) => {
                tracing::warn!(%problem, "news cannot be read; trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

async fn items(
    app: &App,
    recorded: &Recorded,
) -> Result<impl Iterator<Item = Item> + use<>, ProjectionError> {
    let Recorded { organisation, position, .. } = *recorded;
    let ended = if let Event::Account(_, account::Event::SessionEnded { session, .. }) = &recorded.event {
        Some(What::SessionEnded(*session))
    } else {
        None
    };
    let news = app.models().mailbox_news(recorded).await?;
    let mailbox = news.into_iter().map(|(account, news)| What::Mailbox(account, news));
    Ok(mailbox.chain(ended).map(move |what| Item { organisation, position, what }))
}
