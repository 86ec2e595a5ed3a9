//! Sizes, counts and times.

use super::*;
use std::time::Duration;
use tokio::time::{Instant, sleep};

fn of_size(bytes: usize) -> String {
    let line = format!("{}\r\n", "x".repeat(98));
    format!("{}{}\r\n", line.repeat(bytes / 100 - 1), "y".repeat(bytes % 100 + 98))
}

/// G2: a mail that is too large is refused when its size is announced, and when it was not.
#[tokio::test(start_paused = true)]
async fn a_mail_has_a_size() {
    let desk = Desk::new();
    let gateway = gateway(&desk);
    let announced = |bytes| format!("{HELLO}MAIL FROM:<a@b.example> SIZE={bytes}\r\n");
    assert_eq!(told(&gateway, announced(MIB + 1)).await[1], "552 5.3.4");
    assert_eq!(told(&gateway, announced(MIB)).await[1], "250 2.1.0");

    let sent = |bytes| format!("{HELLO}{ENVELOPE}{}.\r\nNOOP\r\n", of_size(bytes));
    assert_eq!(told(&gateway, sent(MIB + 1)).await[4..], ["552 5.3.4", "250 2.0.0"]);
    assert!(desk.mails().is_empty());
    assert_eq!(told(&gateway, sent(MIB)).await[4..], ["250 2.6.0", "250 2.0.0"]);
    assert_eq!(desk.only_mail().len(), MIB);
    // Far beyond the limit nobody waits for the end.
    assert_eq!(told(&gateway, sent(4 * MIB)).await[4..], ["552 5.3.4"]);
}

/// G2: mails in memory are bounded together; one more is put off before it is sent.
#[tokio::test(start_paused = true)]
async fn mails_share_the_memory() {
    let desk = Desk::closed();
    let gateway = gateway_with(
        GatewaySettings { max_memory_bytes: MIB + 1024, ..settings() },
        &desk,
        &CancellationToken::new(),
    );
    let mut first = greeted(&gateway).await;
    first.says("MAIL FROM:<a@b.example> SIZE=1000000\r\nRCPT TO:<a@b.example>\r\nDATA\r\n").await;
    for _ in 0..3 {
        first.reply().await;
    }
    first.says("text\r\n.\r\n").await;
    let mut second = greeted(&gateway).await;
    second.says(ENVELOPE).await;
    for expected in ["250 2.1.0", "250 2.1.5", "452 4.3.1"] {
        assert_eq!(status(&second.reply().await), expected);
    }
    desk.open.add_permits(2);
    assert_eq!(status(&first.reply().await), "250 2.6.0");
    assert_eq!(status(&second.asks("DATA\r\n").await), "354 end");
    assert_eq!(status(&second.asks("text\r\n.\r\n").await), "250 2.6.0");
}

/// G2: two hundred recipients, and the next one is for another mail.
#[tokio::test(start_paused = true)]
async fn recipients_are_counted() {
    let desk = Desk::new();
    let recipients: Vec<_> = (0..=200).map(|number| format!("RCPT TO:<a{number}@b.example>\r\n")).collect();
    let recipients = recipients.concat();
    let session = format!("{HELLO}MAIL FROM:<a@b.example>\r\n{recipients}DATA\r\ntext\r\n.\r\n");
    let replies = told(&gateway(&desk), session).await;
    assert_eq!(replies[201..], ["250 2.1.5", "452 4.5.3", "354 end", "250 2.6.0"]);
    assert_eq!(desk.mails()[0].recipients.len(), 200);
}

/// G2: connections are counted by host and together; who leaves makes room.
#[tokio::test(start_paused = true)]
async fn connections_are_counted() {
    let gateway = gateway(&Desk::new());
    let mut peers = vec![];
    for _ in 0..5 {
        peers.push(greeted(&gateway).await);
    }
    assert_eq!(connect(&gateway).rest().await, ["421 4.7.0"]);
    for host in 2..=6 {
        let mut other = connect_from(&gateway, Ipv4Addr::new(127, 0, 0, host).into());
        assert!(other.reply().await.starts_with("220"));
        peers.push(other);
    }
    let seventh = Ipv4Addr::new(127, 0, 0, 7).into();
    assert_eq!(connect_from(&gateway, seventh).rest().await, ["421 4.7.0"]);
    assert_eq!(status(&peers[0].asks("QUIT\r\n").await), "221 2.0.0");
    assert_eq!(peers[0].reply().await, "");
    drop(peers.remove(0));
    // The gateway lingers for a moment after the last reply.
    sleep(Duration::from_secs(3)).await;
    assert!(connect_from(&gateway, seventh).reply().await.starts_with("220"));
}

/// G2: who says nothing is let go after five minutes, and so is who says an octet a minute.
#[tokio::test(start_paused = true)]
async fn silence_ends_a_dialogue() {
    let gateway = gateway(&Desk::new());
    let begun = Instant::now();
    let silent = greeted(&gateway).await;
    assert_eq!(silent.rest().await, ["421 4.4.2"]);
    assert_eq!(begun.elapsed().as_secs() / 60, 5);

    let begun = Instant::now();
    let mut slow = greeted(&gateway).await;
    for octet in b"NOOP NOOP" {
        slow.says([*octet]).await;
        sleep(Duration::from_mins(1)).await;
    }
    assert_eq!(slow.rest().await, ["421 4.4.2"]);
    assert!(begun.elapsed() < Duration::from_mins(10));
}

/// G2: a mail that stops coming is let go after three minutes, one that trickles after thirty; none is handed over.
#[tokio::test(start_paused = true)]
async fn a_mail_must_come_in_time() {
    let desk = Desk::new();
    let gateway = gateway(&desk);
    for (pause_seconds, minutes) in [(None, 3), (Some(100), 30)] {
        let mut peer = greeted(&gateway).await;
        peer.says(ENVELOPE).await;
        for _ in 0..3 {
            peer.reply().await;
        }
        let begun = Instant::now();
        let (reading, mut writing) = tokio::io::split(peer.stream);
        if let Some(pause) = pause_seconds {
            tokio::spawn(async move {
                while writing.write_all(b"x\r\n").await.is_ok() {
                    sleep(Duration::from_secs(pause)).await;
                }
            });
        }
        let peer = Peer { stream: tokio::io::join(reading, tokio::io::sink()) };
        assert_eq!(peer.rest().await, ["421 4.4.2"]);
        assert_eq!(begun.elapsed().as_secs() / 60, minutes);
    }
    assert!(desk.mails().is_empty());
}
