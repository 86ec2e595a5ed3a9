//! Who asks, for the length of one request or socket.

use crate::{
    Api,
    codes::{Code, error, failure},
    identify::Program,
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
    credential: Option<Credential>,
    /// Where a client program is activated; `None` for a browser, and for a program that says nothing of itself.
    activation_url: Option<String>,
    /// The oldest version that is served of a client program which is older.
    minimum_version: Option<String>,
    standing: RwLock<Standing>,
}

/// What a request proves its person by. One kind does not stand in for the other: a client's credential in a cookie would
/// be a browser's session that never rests, and a browser's in a header a client that nobody can block.
#[derive(Debug)]
pub(crate) enum Credential {
    /// A browser's session.
    Cookie(SecretString),
    /// A client program's (B51).
    Bearer(SecretString),
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
        credential: Option<Credential>,
        program: Option<Program>,
        background: bool,
    ) -> Result<Self, app::Error> {
        let standing = match find(&api.app, &caller, credential.as_ref(), background).await {
            Ok(Some(viewer)) => Standing::Person(Arc::new(viewer)),
            Ok(None) => Standing::Nobody,
            Err(app::Error::SessionEnded) => Standing::Ended,
            Err(other) => return Err(other),
        };
        let activation_url = match (&credential, &program) {
            (Some(Credential::Bearer(_)), _) | (_, Some(_)) => {
                Some(api.app.activation_url(caller.organisation).await?)
            }
            (Some(Credential::Cookie(_)) | None, None) => None,
        };
        let minimum_version = match program {
            Some(Program { name, version }) => api.app.outdated(caller.organisation, &name, &version).await?,
            None => None,
        };
        let (app, news) = (api.app.clone(), api.news.clone());
        let standing = RwLock::new(standing);
        Ok(Self { app, caller, news, credential, activation_url, minimum_version, standing })
    }

    /// The person who asks, or why nobody is known. A client program that is too old is nobody: what anyone may know it is
    /// told, among it which versions are wanted (B54).
    pub(crate) fn viewer(&self) -> Result<Arc<Viewer>, app::Error> {
        if let Some(minimum) = &self.minimum_version {
            return Err(app::Error::ClientTooOld { minimum: minimum.clone() });
        }
        match self.standing() {
            Standing::Person(viewer) => Ok(viewer),
            Standing::Nobody => Err(self.nobody()),
            Standing::Ended => Err(app::Error::SessionEnded),
        }
    }

    /// Whether there was a session that is over.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.standing(), Standing::Ended)
    }

    /// The same person as they stand now; the session may be over meanwhile. Looking is no activity (B15).
    pub(crate) async fn look_again(&self) -> Result<Arc<Viewer>, app::Error> {
        let viewer = find(&self.app, &self.caller, self.credential.as_ref(), true).await?;
        viewer.map(Arc::new).ok_or_else(|| self.nobody())
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

    /// What to tell nobody: a client program is told how to be activated (B53).
    fn nobody(&self) -> app::Error {
        match &self.activation_url {
            Some(url) => app::Error::ClientNotActivated { activation_url: url.clone() },
            None => app::Error::Unauthenticated,
        }
    }

    fn standing(&self) -> Standing {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whose a credential is. A client's that does not work leaves nobody: its program is activated anew (B53).
async fn find(
    app: &App,
    caller: &Caller,
    credential: Option<&Credential>,
    background: bool,
) -> Result<Option<Viewer>, app::Error> {
    let viewer = async |text: &SecretString| app.viewer(caller, Some(text.expose_secret()), background).await;
    match credential {
        None => Ok(None),
        Some(Credential::Cookie(text)) => match viewer(text).await? {
            Some(found) if found.client().is_some() => Err(app::Error::SessionEnded),
            found => Ok(found),
        },
        Some(Credential::Bearer(text)) => match viewer(text).await {
            Ok(found) => Ok(found.filter(|found| found.client().is_some())),
            Err(app::Error::SessionEnded) => Ok(None),
            Err(other) => Err(other),
        },
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
