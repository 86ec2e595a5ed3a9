//! The node stops.

use super::*;
use std::time::Duration;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

/// G2: a stop ends idle dialogues at once, lets a mail that is coming in finish, and keeps nobody for good.
#[tokio::test]
async fn a_stop_lets_mails_finish() {
    let (desk, stop) = (Desk::new(), CancellationToken::new());
    let gateway = gateway_with(settings(), &desk, &stop);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(gateway.run(listener));
    let mut peers = vec![];
    for data in [false, true, true] {
        let mut peer = Peer { stream: TcpStream::connect(address).await.unwrap() };
        peer.reply().await;
        peer.asks(HELLO).await;
        if data {
            peer.says(ENVELOPE).await;
            for expected in ["250 2.1.0", "250 2.1.5", "354 end"] {
                assert_eq!(status(&peer.reply().await), expected);
            }
        }
        peers.push(peer);
    }
    let [idle, mut sending, stuck] = <[Peer<TcpStream>; 3]>::try_from(peers).ok().unwrap();
    stop.cancel();
    assert_eq!(idle.rest().await, ["421 4.3.2"]);
    assert_eq!(status(&sending.asks("text\r\n.\r\n").await), "250 2.6.0");
    assert_eq!(sending.rest().await, ["421 4.3.2"]);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    // From here on time passes by itself.
    tokio::time::pause();
    let begun = Instant::now();
    assert_eq!(stuck.rest().await, ["421 4.3.2"]);
    serving.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15));
    sleep(Duration::ZERO).await;
    assert_eq!(desk.mails().len(), 1);
}
