//! The public API: GraphQL over HTTP and over WebSockets, uploads, downloads, health and metrics.
//!
//! Translates: extract, call a use case of `app`, map the answer. Decides no right and knows no rule of secure mail. What
//! clients may rely on is `api/schema.graphql`, which is generated from here and checked for drift.

mod asker;
mod codes;
mod download;
mod graphql;
mod health;
mod identify;
mod loaders;
mod news;
mod nulls;
mod refusal;
mod schema;
mod socket;
mod upload;

pub use identify::COOKIE;
pub use schema::sdl;

use app::App;
use domain::policy::Network;
use news::News;
use poem::{Request, Response, Route, RouteMethod, endpoint};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a deployment decides about the API.
#[derive(Clone)]
pub struct ApiSettings {
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// Renders what was measured, in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Ends every WebSocket, with close code 1001 (RFC 6455 §7.4.1).
    pub stop: CancellationToken,
    /// Holds the WebSockets that live: wait for it after `stop`, so that each gets its close frame.
    pub sockets: TaskTracker,
    /// Reverse proxies: `X-Forwarded-For` is believed from these alone.
    pub trusted_proxies: Vec<Network>,
}

/// What every endpoint needs.
#[derive(Clone)]
pub(crate) struct Api(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) app: App,
    pub(crate) schema: schema::Schema,
    pub(crate) news: News,
    pub(crate) settings: ApiSettings,
}

impl std::ops::Deref for Api {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The API alone: see [`mount`].
#[must_use]
pub fn routes(app: App, settings: &ApiSettings) -> Route {
    mount(Route::new(), app, settings)
}

/// Adds `/graphql`, `/upload`, `/download`, `/healthz`, `/readyz` and `/metrics` to a route. `/metrics` answers whoever reaches it:
/// it is for the reverse proxy to keep it inside.
pub fn mount(route: Route, app: App, settings: &ApiSettings) -> Route {
    let news = News::new(app.clone(), settings.stop.clone());
    let schema = schema::build(settings.introspection);
    let api = Api(Arc::new(Parts { app, schema, news, settings: settings.clone() }));
    download::mount(route, &api)
        .at("/graphql", RouteMethod::new().post(to(&api, graphql::answer)).get(to(&api, socket::upgrade)))
        .at(
            "/upload",
            RouteMethod::new().options(to(&api, upload::describe)).post(to(&api, upload::announce)),
        )
        .at(
            "/upload/:upload",
            RouteMethod::new()
                .head(to(&api, upload::progress))
                .patch(to(&api, upload::receive))
                .delete(to(&api, upload::terminate))
                .post(to(&api, upload::overridden)),
        )
        .at("/healthz", RouteMethod::new().get(to(&api, health::lives)))
        .at("/readyz", RouteMethod::new().get(to(&api, health::ready)))
        .at("/metrics", RouteMethod::new().get(to(&api, health::metrics)))
}

/// A function of the API as an endpoint.
fn to<F, Answer>(api: &Api, answer: F) -> impl poem::Endpoint<Output = Response> + 'static
where
    F: Fn(Api, Request) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let api = api.clone();
    endpoint::make(move |request| {
        let answering = answer(api.clone(), request);
        async move { Ok::<_, poem::Error>(answering.await) }
    })
}
