//! Commands, their order and their answers.

use super::*;

/// G2: the extensions that are offered, and none that is not.
#[tokio::test(start_paused = true)]
async fn ehlo_names_what_is_offered() {
    let gateway = gateway(&Desk::new());
    let mut peer = connect(&gateway);
    assert_eq!(peer.reply().await, "220 gateway.insurer.example ESMTP\r\n");
    let offered = "250-gateway.insurer.example\r\n250-PIPELINING\r\n250-SIZE 1048576\r\n250-ENHANCEDSTATUSCODES\r\n\
         250-8BITMIME\r\n250-SMTPUTF8\r\n250 LIMITS RCPTMAX=200\r\n";
    assert_eq!(peer.asks(HELLO).await, offered);
    assert_eq!(peer.asks("HELO mail.insurer.example\r\n").await, "250 gateway.insurer.example\r\n");
}

/// G2: commands are answered in their order, pipelined or not, and none is guessed at.
#[tokio::test(start_paused = true)]
async fn commands_have_an_order() {
    let desk = Desk::new();
    let gateway = gateway(&desk);
    let pipeline = "MAIL FROM:<a@b.example>\r\nehlo mail.insurer.example\r\nRCPT TO:<a@b.example>\r\nDATA\r\n\
         MAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\nDATA\r\nRCPT TO:<nobody@guest.example>\r\n\
         RCPT TO:<busy@guest.example>\r\nDATA\r\nRSET\r\nDATA\r\nNOOP\r\nVRFY clara\r\nEXPN all\r\nHELP\r\n\
         AUTH PLAIN x\r\nBDAT 3 LAST\r\nSTARTTLS\r\nWHAT IS THIS\r\nQUIT\r\nNOOP\r\n";
    let expected = [
        "503 5.5.1",
        "250 LIMITS",
        "503 5.5.1",
        "503 5.5.1",
        "250 2.1.0",
        "503 5.5.1",
        "554 5.5.1",
        "550 5.1.1",
        "451 4.3.0",
        "554 5.5.1",
        "250 2.0.0",
        "503 5.5.1",
        "250 2.0.0",
        "252 2.5.0",
        "502 5.5.1",
        "214 2.0.0",
        "502 5.5.1",
        "502 5.5.1",
        "502 5.5.1",
        "500 5.5.2",
        "221 2.0.0",
    ];
    assert_eq!(told(&gateway, pipeline).await, expected);
    assert!(desk.mails().is_empty());
}

/// G2: a peer gets its answers while it waits for them, command by command and octet by octet.
#[tokio::test(start_paused = true)]
async fn a_command_may_come_octet_by_octet() {
    let gateway = gateway(&Desk::new());
    let mut peer = greeted(&gateway).await;
    for octet in b"NOOP\r" {
        peer.says([*octet]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(peer.asks("\n").await, "250 2.0.0 OK\r\n");
    assert_eq!(status(&peer.asks("QUIT\r\n").await), "221 2.0.0");
    assert_eq!(peer.reply().await, "", "the connection is closed");
}

/// G2: who is not on the list is told so and let go.
#[tokio::test(start_paused = true)]
async fn strangers_are_turned_away() {
    let gateway = gateway(&Desk::new());
    for stranger in ["192.0.2.1", "::1"] {
        let peer = connect_from(&gateway, stranger.parse().unwrap());
        assert_eq!(peer.rest().await, ["554 5.7.1"], "{stranger}");
    }
    let mut dressed = connect_from(&gateway, "::ffff:127.0.0.1".parse().unwrap());
    assert_eq!(status(&dressed.reply().await), "220 gateway.insurer.example");
}

/// G4: lines that are none are mistakes, and too many mistakes end the dialogue.
#[tokio::test(start_paused = true)]
async fn mistakes_are_counted() {
    let gateway = gateway(&Desk::new());
    let lines = "NOOP\nNO\0OP\r\nNOOP \x1b\r\n\r\n";
    assert_eq!(told(&gateway, lines).await, ["500 5.5.2"; 4]);
    let mut expected = vec!["500 5.5.2"; 20];
    expected.push("421 4.7.0");
    assert_eq!(told(&gateway, "WHAT\r\n".repeat(100)).await, expected);
    let idle = told(&gateway, "NOOP\r\n".repeat(1000)).await;
    assert_eq!((idle.len(), idle.last().map(String::as_str)), (251, Some("421 4.7.0")));
}

/// G4: octets without a line end are read past and not kept, and end the dialogue when they are too many.
#[tokio::test(start_paused = true)]
async fn garbage_is_let_go() {
    let gateway = gateway(&Desk::new());
    assert_eq!(told(&gateway, vec![b'x'; MIB]).await, ["421 4.7.0"]);
    let long = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(5000));
    assert_eq!(told(&gateway, long).await, ["500 5.5.2", "250 2.0.0"]);
    assert_eq!(told(&gateway, "NOOP").await, [""; 0], "half a command is none");
    let binary: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let replies = told(&gateway, binary).await;
    assert!(replies.iter().all(|reply| reply.starts_with("500") || reply.starts_with("421")), "{replies:?}");
}
