//! For whoever runs the machine: does it live, is it ready, what does it measure.

use crate::Api;
use poem::{Request, Response, http::StatusCode};
use std::time::Duration;

/// A node further behind than this answers with yesterday's mail; better that another one is asked.
const BEHIND_EVENTS: i64 = 10_000;
/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process lives.
pub(crate) async fn lives(_: Api, _: Request) -> Response {
    std::future::ready(plain(StatusCode::OK, "alive\n")).await
}

/// The database answers and the read models keep up. What is wrong stands in the program's log, not in the answer.
pub(crate) async fn ready(api: Api, _: Request) -> Response {
    let why_not = match tokio::time::timeout(PATIENCE, api.app.models().status()).await {
        Err(_) => Some("the database does not answer in time".to_owned()),
        Ok(Err(problem)) => Some(problem.to_string()),
        Ok(Ok(models)) => models
            .into_iter()
            .find(|model| model.parked.is_some() || model.behind > BEHIND_EVENTS)
            .map(|model| {
                format!("the read model {} stands still or is {} events behind", model.name, model.behind)
            }),
    };
    match why_not {
        None => plain(StatusCode::OK, "ready\n"),
        Some(reason) => {
            tracing::warn!(%reason, "not ready");
            plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}

/// Everything measured, in the text format of Prometheus.
pub(crate) async fn metrics(api: Api, _: Request) -> Response {
    let rendered = tokio::task::spawn_blocking(move || (api.settings.metrics)()).await;
    let body = rendered.unwrap_or_default();
    Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(body)
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(text)
}
