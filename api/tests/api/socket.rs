//! Subscriptions over graphql-transport-ws.

use crate::node::Node;
use eventstore::testing::{TestDb, on_both};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::Response},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const SUBSCRIBE: &str =
    "subscription { mailboxChanged { kind unreadCount position message { subject } draft { version } } }";

async fn connect(node: &Node, cookie: Option<&str>, header: bool) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/graphql", node.address).into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    if let Some(cookie) = cookie {
        headers.insert("cookie", cookie.parse().unwrap());
    }
    if header {
        headers.insert("sealpost-request", "1".parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.expect("the socket is open").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Close(frame) => {
                return json!({ "closed": frame.map(|frame| u16::from(frame.code)) });
            }
            _ => {}
        }
    }
}

/// An acknowledged socket.
async fn open(node: &Node, cookie: &str) -> Socket {
    let mut socket = connect(node, Some(cookie), true).await.unwrap();
    say(&mut socket, json!({ "type": "connection_init" })).await;
    assert_eq!(hear(&mut socket).await["type"], "connection_ack");
    socket
}

/// Subscribes, and makes sure that it took: whoever answers the second probe has looked at every subscription since the
/// first one was answered.
async fn subscribe(socket: &mut Socket) {
    say(socket, json!({ "id": "1", "type": "subscribe", "payload": { "query": SUBSCRIBE } })).await;
    for probe in ["2", "3"] {
        let query = json!({ "id": probe, "type": "subscribe", "payload": { "query": "{ __typename }" } });
        say(socket, query).await;
        loop {
            let answer = hear(socket).await;
            assert_eq!(answer["id"], probe, "{answer}");
            if answer["type"] == "complete" {
                break;
            }
            assert!(answer.to_string().contains("BAD_REQUEST"), "{answer}");
        }
    }
}

/// N8: who has the mailbox open hears of new mail, can read it at that position, and hears no more after logging out.
#[tokio::test]
async fn the_mailbox_tells_its_news() {
    on_both(async |database: TestDb| {
        let node = Node::start(database).await;
        let [ada, bob, _] = node.people().await;
        let mut socket = open(&node, &bob).await;
        subscribe(&mut socket).await;
        node.mail(&ada, "bob@out.example", "News----").await;
        let heard = hear(&mut socket).await;
        let change = &heard["payload"]["data"]["mailboxChanged"];
        assert_eq!((&change["kind"], &change["unreadCount"]), (&json!("ARRIVED"), &json!(1)), "{heard}");
        assert_eq!(change["message"]["subject"], "News----");
        assert!(change["position"].is_string());
        node.ask(Some(&bob), "mutation { logOut(input: {}) { endedSessionId } }", Value::Null).await;
        assert_eq!(hear(&mut socket).await, json!({ "type": "complete", "id": "1" }));
    })
    .await;
}

/// A9: a socket needs a session, and a browser's must come from our own pages.
#[tokio::test]
async fn a_socket_needs_a_session() {
    let node = Node::start(TestDb::sqlite().await).await;
    let [ada, _, _] = node.people().await;
    let status = |refused: Result<Socket, Error>| match refused {
        Err(Error::Http(response)) => Response::status(&response).as_u16(),
        other => panic!("{other:?}"),
    };
    assert_eq!(status(connect(&node, None, true).await), 401);
    assert_eq!(status(connect(&node, Some(&ada), false).await), 403);
}

/// Operations: a stop closes every socket with 1001, and waits for it.
#[tokio::test]
async fn a_stop_closes_sockets() {
    let node = Node::start(TestDb::sqlite().await).await;
    let [ada, _, _] = node.people().await;
    let mut socket = open(&node, &ada).await;
    node.stop.cancel();
    assert_eq!(hear(&mut socket).await, json!({ "closed": 1001 }));
    node.sockets.close();
    node.sockets.wait().await;
}
