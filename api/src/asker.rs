//! Who asks, for the length of one request or socket.

use crate::{
    Api,
    codes::{Code, error, failure},
    news::News,
    schema::scalars,
};
use app::{App, Caller, Place, Viewer};
use async_graphql::{Context, Result};
use domain::organisation;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, PoisonError, RwLock};

/// Who asks, and the way to the use cases.
pub(crate) struct Asker {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) news: News,
    token: Option<SecretString>,
    standing: RwLock<Standing>,
}

#[derive(Clone)]
enum Standing {
    Nobody,
    /// There was a session; it is over (B14).
    Ended,
    Person(Arc<Viewer>),
}

impl Asker {
    /// Finds out whose the credential is, if there is one.
    pub(crate) async fn identify(
        api: &Api,
        caller: Caller,
        token: Option<String>,
        background: bool,
    ) -> Result<Self, app::Error> {
        let token = token.map(SecretString::from);
        let found =
            api.app.viewer(&caller, token.as_ref().map(ExposeSecret::expose_secret), background).await;
        let standing = match found {
            Ok(Some(viewer)) => Standing::Person(Arc::new(viewer)),
            Ok(None) => Standing::Nobody,
            Err(app::Error::SessionEnded) => Standing::Ended,
            Err(other) => return Err(other),
        };
        let (app, news) = (api.app.clone(), api.news.clone());
        Ok(Self { app, caller, news, token, standing: RwLock::new(standing) })
    }

    /// The person who asks, or why nobody is known.
    pub(crate) fn viewer(&self) -> Result<Arc<Viewer>, app::Error> {
        match self.standing() {
            Standing::Person(viewer) => Ok(viewer),
            Standing::Nobody => Err(app::Error::Unauthenticated),
            Standing::Ended => Err(app::Error::SessionEnded),
        }
    }

    /// Whether there was a session that is over.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.standing(), Standing::Ended)
    }

    /// The same person as they stand now; the session may be over meanwhile. Looking is no activity (B15).
    pub(crate) async fn look_again(&self) -> Result<Arc<Viewer>, app::Error> {
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        let viewer = self.app.viewer(&self.caller, token, true).await?;
        viewer.map(Arc::new).ok_or(app::Error::Unauthenticated)
    }

    /// From here on this person asks.
    pub(crate) fn becomes(&self, viewer: Viewer) -> Arc<Viewer> {
        let viewer = Arc::new(viewer);
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Standing::Person(viewer.clone());
        viewer
    }

    /// From here on nobody asks.
    pub(crate) fn leaves(&self) {
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Standing::Nobody;
    }

    /// The rules of the organisation that is asked.
    pub(crate) async fn rules(&self) -> Result<Arc<organisation::State>> {
        self.app.rules(self.caller.organisation).await.map_err(failure)
    }

    /// A position as a payload shows it; nothing for strangers, who cannot read what they did.
    pub(crate) async fn position(&self, position: eventstore::Position) -> Result<Option<scalars::Position>> {
        if self.viewer().is_err() {
            return Ok(None);
        }
        let token = self.app.position_token(self.caller.organisation, position).await.map_err(failure)?;
        Ok(Some(scalars::Position(token)))
    }

    /// A cursor as a page shows it.
    pub(crate) async fn cursor(&self, place: &[u8]) -> Result<String> {
        self.app.hide(self.caller.organisation, Place::Cursor, place).await.map_err(failure)
    }

    /// The place that a cursor stands for.
    pub(crate) async fn place(&self, cursor: &str) -> Result<Vec<u8>> {
        let found =
            self.app.reveal(self.caller.organisation, Place::Cursor, cursor).await.map_err(failure)?;
        found.ok_or_else(unknown_cursor)
    }

    fn standing(&self) -> Standing {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The answer to a cursor that no page of this list gave out.
pub(crate) fn unknown_cursor() -> async_graphql::Error {
    error(Code::BadRequest, "Page with the cursors that this list gave you.")
}

/// Who asks, in a resolver.
pub(crate) fn asker<'a>(ctx: &Context<'a>) -> &'a Asker {
    ctx.data_unchecked::<Arc<Asker>>()
}

/// The person who asks, in a resolver that needs one.
pub(crate) fn viewer(ctx: &Context<'_>) -> Result<Arc<Viewer>> {
    asker(ctx).viewer().map_err(failure)
}
