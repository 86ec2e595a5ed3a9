//! The main job by roles over HTTP, on both databases: the same walk that `sealpost demo --walk` prints.

use eventstore::{
    Clock,
    testing::{TestDb, on_both},
};
use sealpost::{
    config::{Config, Database},
    demo,
    node::Node,
    walk::{self, Stage},
};
use std::net::SocketAddr;

/// A1, A2, A3, A4, A6, A7, A8, A9: invited by a message, registered, activated by its link; one answer to every failure.
/// A17, A18, A20, A21: locked out and released by time; expired for guest and sender, its keys destroyed.
/// A29, A30, A31, A33, A34, A43, A44: answered; forwarded under the rule; a copy of the database opens nothing.
/// A22, A23, A24, A25, A36, A37, A38, B5, C1, G2, R5, R7: drafts, a file in pieces, downloads, a mail through the gateway.
/// B1, B8, B9, B12, B29, B35, B36, B38, B39: notifications without content; leaving by a link.
/// R1, R2, R4, R7, R12, R13, R17: pages change nothing, opening is recorded, repeats act once, one sees what one did.
/// Q1, K1, K7: the officer's audit has it all; a refusal is in it too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_lives_its_whole_life() {
    on_both(async |test: TestDb| {
        let folder = test.dir.path();
        let database = Database { url: test.url.clone(), max_connections: 8 };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = Config { database, ..Config::in_folder(folder, listen) };
        let is_sqlite = test.url.starts_with("sqlite:");
        let clock = Clock::manual(Clock::System.now());
        let node = Node::open(config, clock.clone()).await.expect("the node opens");
        node.start_projections();
        let cast = demo::people_of(&node, "http://localhost").await.expect("people are enrolled");
        let address = node.start_server().await.expect("the server listens");
        let copies = is_sqlite.then(|| folder.to_owned());
        let gateway = node.start_gateway().await.expect("the gateway listens").expect("it has that role");
        let stage = Stage { node: &node, clock, address, gateway, mail: folder.join("mail"), cast, copies };
        let outcome = walk::run(&stage).await;
        node.stop().await;
        if let Err(failed) = outcome {
            panic!("{failed:#}");
        }
    })
    .await;
}
