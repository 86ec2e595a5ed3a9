//! `GET /graphql` as a WebSocket, after graphql-transport-ws. For subscriptions alone: what changes something or reads
//! something goes by POST.

use crate::{
    Api,
    asker::Asker,
    codes::{self, Code, error},
    graphql,
    identify::{self, Proof, text},
    refusal::Refusal,
    schema::Schema,
};
use async_graphql::{
    Data, Executor, Pos, Request as Operation, Response as Answer,
    http::{WebSocket as Conversation, WebSocketProtocols, WsMessage},
    parser::types::OperationType,
};
use futures_util::{
    SinkExt, StreamExt, future,
    stream::{self, BoxStream},
};
use poem::{
    FromRequest, IntoResponse, Request, RequestBody, Response,
    http::{StatusCode, header},
    web::websocket::{CloseCode, Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

const PROTOCOL: &str = "graphql-transport-ws";
/// Subscriptions of one socket that live at a time.
const SUBSCRIPTIONS: usize = 16;
/// Of one message that a client sends.
const MESSAGE_BYTES: usize = 64 << 10;
/// How often a silent socket is asked whether its session still stands (B14).
const LOOK: Duration = Duration::from_secs(30);
/// Closes a socket whose session is over; 4000 and up are an application's own (RFC 6455 §7.4.2).
const SESSION_ENDED: u16 = 4401;

/// Opens a socket for a logged-in person.
pub(crate) async fn upgrade(api: Api, request: Request) -> Response {
    let (request, mut body) = request.split();
    match accept(&api, &request, &mut body).await {
        Ok((socket, asker)) => {
            let sockets = api.settings.sockets.clone();
            let config = WebSocketConfig::default()
                .max_message_size(Some(MESSAGE_BYTES))
                .max_frame_size(Some(MESSAGE_BYTES));
            let talk = move |stream| {
                let talking = talk(api, asker, stream);
                async move { sockets.track_future(talking).await }
            };
            socket.protocols([PROTOCOL]).config(config).on_upgrade(talk).into_response()
        }
        Err(refusal) => {
            let allow = (refusal.status == StatusCode::METHOD_NOT_ALLOWED).then_some("POST");
            let mut response = refusal.into_graphql("application/json");
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
            }
            response
        }
    }
}

async fn accept(
    api: &Api,
    request: &Request,
    body: &mut RequestBody,
) -> Result<(WebSocket, Arc<Asker>), Refusal> {
    let Ok(socket) = WebSocket::from_request(request, body).await else {
        let message = "Operations go by POST; GET opens a WebSocket.";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message));
    };
    let offered = text(request.headers(), "sec-websocket-protocol").unwrap_or_default();
    if !offered.split(',').any(|protocol| protocol.trim() == PROTOCOL) {
        return Err(Refusal::bad("The WebSocket protocol is `graphql-transport-ws`."));
    }
    let asker = identify::identify(api, request, Proof::OriginOrHeader).await?;
    asker.viewer()?;
    Ok((socket, Arc::new(asker)))
}

async fn talk(api: Api, asker: Arc<Asker>, socket: WebSocketStream) {
    let (mut sink, incoming) = socket.split();
    let texts = incoming
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| future::ready(message.ok().and_then(text_of)));
    let executor =
        Subscriptions { schema: api.schema.clone(), free: Arc::new(Semaphore::new(SUBSCRIPTIONS)) };
    let mut answers = Conversation::new(executor, texts.boxed(), WebSocketProtocols::GraphQLWS)
        .connection_data(graphql::context(&api, asker.clone()));
    let mut look = tokio::time::interval(LOOK);
    look.tick().await;
    let last = loop {
        tokio::select! {
            () = api.settings.stop.cancelled() => break Message::close_with(CloseCode::Away, "The server stops."),
            answer = answers.next() => match answer {
                Some(WsMessage::Text(text)) => if sink.send(Message::text(text)).await.is_err() { return },
                Some(WsMessage::Close(code, reason)) => break Message::close_with(code, reason),
                None => break Message::close(),
            },
            _ = look.tick() => if asker.look_again().await.is_err() {
                break Message::close_with(SESSION_ENDED, "The session is over.");
            },
        }
    };
    // A peer that is gone already needs no farewell.
    drop(sink.send(last).await);
}

fn text_of(message: Message) -> Option<String> {
    match message {
        Message::Text(text) => Some(text),
        Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_) => None,
    }
}

/// Runs subscriptions, a few at a time, and nothing else.
#[derive(Clone)]
struct Subscriptions {
    schema: Schema,
    free: Arc<Semaphore>,
}

impl Executor for Subscriptions {
    async fn execute(&self, operation: Operation) -> Answer {
        codes::complete(self.schema.execute(operation).await)
    }

    fn execute_stream(
        &self,
        mut operation: Operation,
        data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Answer> {
        let subscribes = match operation.parsed_query() {
            Ok(document) => {
                document.operations.iter().all(|(_, one)| one.node.ty == OperationType::Subscription)
            }
            // The schema says what is wrong with it.
            Err(_) => true,
        };
        if !subscribes {
            return refuse(Code::BadRequest, "Queries and mutations go by POST.");
        }
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            let message = format!("A WebSocket carries {SUBSCRIPTIONS} subscriptions at most.");
            return refuse(Code::LimitExceeded, &message);
        };
        let answers = self.schema.execute_stream_with_session_data(operation, data.unwrap_or_default());
        answers
            .map(move |answer| {
                let _held = &permit;
                codes::complete(answer)
            })
            .boxed()
    }
}

fn refuse(code: Code, message: &str) -> BoxStream<'static, Answer> {
    let refused = Answer::from_errors(vec![error(code, message).into_server_error(Pos::default())]);
    stream::once(future::ready(refused)).boxed()
}
