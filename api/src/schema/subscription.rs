//! News of one's own mailbox.

use super::{draft::Draft, message::Message, message::int, scalars::Position};
use crate::{
    asker::Asker,
    codes::{Code, error, failure},
    news::{Item, What},
};
use async_graphql::{Context, Enum, Result, SimpleObject, Subscription as Root};
use futures_util::{Stream, stream};
use projections::mailbox::MailboxNews;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// The root of subscriptions.
pub(crate) struct Subscription;

/// Live news over graphql-transport-ws; a subscription is not activity (B15) and ends with its session.
#[Root]
impl Subscription {
    /// Each change of the viewer's own mailbox, from now on. Role: guest, member.
    async fn mailbox_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<MailboxChange>> + use<>> {
        let asker = ctx.data_unchecked::<Arc<Asker>>().clone();
        // First of all, so that nothing happens unheard while the session is looked at.
        let news = asker.news.listen();
        let viewer = asker.look_again().await.map_err(failure)?;
        let listening = Some((news, asker));
        Ok(stream::unfold(listening, move |listening| {
            let viewer = viewer.clone();
            async move {
                let (mut news, asker) = listening?;
                let change = next(&mut news, &asker, &viewer).await?;
                // After an error the stream ends: its client subscribes again and reads anew.
                let listening = change.is_ok().then_some((news, asker));
                Some((change, listening))
            }
        }))
    }
}

/// Something changed in the viewer's mailbox.
#[derive(SimpleObject)]
pub(crate) struct MailboxChange {
    /// What happened.
    kind: MailboxChangeKind,
    /// The message concerned, if any.
    message: Option<Message>,
    /// The draft concerned, if any.
    draft: Option<Draft>,
    /// Messages not opened yet, after the change.
    unread_count: i32,
    /// Name it in `Sealpost-At-Least` to read what is announced here.
    position: Position,
}

/// Changes that a mailbox view wants to know.
#[derive(Debug, Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailboxChangeKind {
    /// New mail.
    Arrived,
    /// Opened, recalled, delivered: state changed.
    Updated,
    /// Expired or revoked.
    Gone,
    /// A draft was saved, sent or discarded, here or elsewhere.
    DraftChanged,
}

/// The next change of this person's mailbox; `None` when the session is over, or the server stops.
async fn next(
    news: &mut Receiver<Item>,
    asker: &Asker,
    viewer: &app::Viewer,
) -> Option<Result<MailboxChange>> {
    loop {
        let item = match news.recv().await {
            Ok(item) => item,
            Err(RecvError::Lagged(_)) => {
                return Some(Err(error(Code::Busy, "Too much happened at once; read the mailbox again.")));
            }
            Err(RecvError::Closed) => return None,
        };
        match item.what {
            What::SessionEnded(session) if session == viewer.session => return None,
            What::Mailbox(account, news)
                if item.organisation == viewer.organisation && viewer.is(account) =>
            {
                return match change(asker, item.position, news).await {
                    Err(app::Error::SessionEnded) => None,
                    changed => Some(changed.map_err(failure)),
                };
            }
            What::SessionEnded(_) | What::Mailbox(..) => {}
        }
    }
}

async fn change(
    asker: &Asker,
    position: eventstore::Position,
    news: MailboxNews,
) -> Result<MailboxChange, app::Error> {
    let viewer = asker.look_again().await?;
    asker.app.wait_for(position).await?;
    let rules = asker.app.rules(viewer.organisation).await?;
    let (kind, message, draft) = match news {
        MailboxNews::Arrived(message) => (MailboxChangeKind::Arrived, Some(message), None),
        MailboxNews::Updated(message) => (MailboxChangeKind::Updated, Some(message), None),
        MailboxNews::Gone(message) => (MailboxChangeKind::Gone, Some(message), None),
        MailboxNews::AllGone => (MailboxChangeKind::Gone, None, None),
        MailboxNews::DraftChanged(draft) => (MailboxChangeKind::DraftChanged, None, Some(draft)),
    };
    let message = match message {
        Some(message) if kind == MailboxChangeKind::Gone => asker.app.what_is_left(&viewer, message).await?,
        Some(message) => asker.app.message(&viewer, message).await?,
        None => None,
    };
    let draft = match draft {
        Some(draft) => match asker.app.draft(&viewer, draft).await {
            // Sent or thrown away meanwhile.
            Err(app::Error::Problems(_)) => None,
            found => Some(found?),
        },
        None => None,
    };
    Ok(MailboxChange {
        kind,
        message: message.map(|view| Message::new(view, &viewer, &rules)),
        draft: draft.map(Draft::from),
        unread_count: int(asker.app.unread_count(&viewer).await?),
        position: Position(asker.app.position_token(viewer.organisation, position).await?),
    })
}
