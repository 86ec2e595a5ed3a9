//! `POST /graphql`, after the GraphQL over HTTP specification (draft of 2025).

use crate::{
    Api,
    asker::Asker,
    codes::{self, Code},
    identify::{self, Proof, text},
    loaders::Rows,
    refusal::Refusal,
};
use async_graphql::{Request as Operation, Response as Answer, Value, Variables};
use poem::{
    Body, Request, Response,
    error::ReadBodyError,
    http::{HeaderMap, StatusCode, header},
};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// 1 MiB: twice the longest body of a message, with room for its recipients (contract: limits).
const BODY_BYTES: usize = 1 << 20;
const JSON: &str = "application/json";
const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// What a client sends. Other members are passed over, as the specification asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Answers one operation.
pub(crate) async fn answer(api: Api, request: Request) -> Response {
    let Some(media_type) = negotiate(request.headers()) else {
        let message = "The answer is `application/graphql-response+json` or `application/json`.";
        return Refusal::new(StatusCode::NOT_ACCEPTABLE, Code::BadRequest, message).into_graphql(JSON);
    };
    match execute(&api, request).await {
        Ok((answer, ended)) => respond(&answer, media_type, ended),
        Err(refusal) => refusal.into_graphql(media_type),
    }
}

async fn execute(api: &Api, mut request: Request) -> Result<(Answer, bool), Refusal> {
    if !is_json(request.headers()) {
        let message = "Send `Content-Type: application/json`.";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message));
    }
    let announced = text(request.headers(), "content-length").and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES) {
        return Err(too_large());
    }
    let asker = Arc::new(identify::identify(api, &request, Proof::Header).await?);
    let operation = read(request.take_body()).await?;
    let ended = asker.ended();
    let answer = api
        .schema
        .execute(operation.data(Rows::loader(api.app.clone(), asker.caller.organisation)).data(asker));
    Ok((codes::complete(answer.await), ended))
}

/// The operation in a body, parsed as far as its syntax.
async fn read(body: Body) -> Result<Operation, Refusal> {
    let bytes = body.into_bytes_limit(BODY_BYTES).await.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => too_large(),
        _ => Refusal::bad("The request ended before its body did."),
    })?;
    if bytes.trim_ascii_start().starts_with(b"[") {
        let message = "One operation a request: send the operations of this list one by one.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, Code::LimitExceeded, message));
    }
    let Parameters { query, operation_name, variables } = serde_json::from_slice(&bytes).map_err(|_| {
        Refusal::bad("Send a JSON object with `query`, and perhaps `operationName` and `variables`.")
    })?;
    let variables = variables.map(|map| Variables::from_json(map.into())).unwrap_or_default();
    let mut operation = Operation::new(query).variables(variables);
    operation.operation_name = operation_name;
    match operation.parsed_query() {
        Ok(_) => Ok(operation),
        Err(syntax) => Err(Refusal::bad(syntax.message)),
    }
}

fn respond(answer: &Answer, media_type: &'static str, ended: bool) -> Response {
    // Without data the operation was never begun: then the specification wants no member `data`.
    let begun = answer.data != Value::Null || answer.errors.iter().any(|error| !error.path.is_empty());
    let status = if begun || media_type == JSON { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let mut response =
        Response::builder().status(status).content_type(media_type).header(header::CACHE_CONTROL, "no-store");
    let sets_cookie = answer.http_headers.contains_key(header::SET_COOKIE);
    for (name, value) in &answer.http_headers {
        response = response.header(name, value);
    }
    if ended && !sets_cookie {
        response = response.header(header::SET_COOKIE, identify::cleared_cookie());
    }
    let body = match (begun, answer.errors.is_empty()) {
        (true, true) => json!({ "data": answer.data }),
        (true, false) => json!({ "data": answer.data, "errors": answer.errors }),
        (false, _) => json!({ "errors": answer.errors }),
    };
    response.body(body.to_string())
}

fn too_large() -> Refusal {
    let message = format!("A request is {} MiB at most; send files to `/upload`.", BODY_BYTES >> 20);
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message)
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = text(headers, "content-type").and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
}

/// The first media type of `Accept` that we have; `application/json` where the client does not care.
fn negotiate(headers: &HeaderMap) -> Option<&'static str> {
    let Some(accept) = text(headers, "accept") else {
        return Some(JSON);
    };
    accept.split(',').find_map(|range| {
        match range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            GRAPHQL_JSON => Some(GRAPHQL_JSON),
            JSON | "application/*" | "*/*" => Some(JSON),
            _ => None,
        }
    })
}

/// What a resolver finds in its context.
pub(crate) fn context(api: &Api, asker: Arc<Asker>) -> async_graphql::Data {
    let mut data = async_graphql::Data::default();
    data.insert(Rows::loader(api.app.clone(), asker.caller.organisation));
    data.insert(asker);
    data
}
