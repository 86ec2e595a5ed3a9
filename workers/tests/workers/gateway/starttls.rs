//! STARTTLS (RFC 3207), with a certificate that was made by another program.

use super::*;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{path::Path, process::Command};
use tempfile::TempDir;
use tokio_rustls::{TlsConnector, client::TlsStream};
use workers::{GatewayError, TlsFiles};

/// A certificate of its own making, as an operator makes one.
pub fn certificate(folder: &Path, name: &str) -> TlsFiles {
    let files =
        TlsFiles { certificate: folder.join(format!("{name}.crt")), key: folder.join(format!("{name}.key")) };
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]);
    command.args(["-subj", "/CN=gateway.insurer.example", "-addext", "basicConstraints=critical,CA:FALSE"]);
    command.args(["-addext", "subjectAltName=DNS:gateway.insurer.example,DNS:localhost"]);
    command.arg("-keyout").arg(&files.key).arg("-out").arg(&files.certificate);
    let output = command.output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    files
}

fn guarded(folder: &TempDir, require_tls: bool, desk: &Arc<Desk>) -> Gateway {
    let tls = Some(certificate(folder.path(), "gateway"));
    gateway_with(GatewaySettings { tls, require_tls, ..settings() }, desk, &CancellationToken::new())
}

async fn upgraded(peer: Peer<DuplexStream>, folder: &TempDir) -> Peer<TlsStream<DuplexStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path().join("gateway.crt")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("gateway.insurer.example").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, peer.stream).await.unwrap();
    Peer { stream }
}

/// G2: after STARTTLS nothing that was said in the open counts, and nothing that was slipped in is heard.
#[tokio::test]
async fn tls_begins_anew() {
    let folder = TempDir::new().unwrap();
    let desk = Desk::new();
    let gateway = guarded(&folder, false, &desk);
    let mut peer = connect(&gateway);
    peer.reply().await;
    assert!(peer.asks(HELLO).await.contains("250-STARTTLS\r\n"));
    assert_eq!(status(&peer.asks("MAIL FROM:<eve@evil.example>\r\n").await), "250 2.1.0");
    assert_eq!(status(&peer.asks("RCPT TO:<gina@guest.example>\r\n").await), "250 2.1.5");
    let slipped_in =
        "STARTTLS\r\nEHLO eve\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<gina@guest.example>\r\nDATA\r\n";
    assert_eq!(status(&peer.asks(slipped_in).await), "220 2.0.0");

    let mut peer = upgraded(peer, &folder).await;
    assert_eq!(status(&peer.asks("DATA\r\n").await), "503 5.5.1");
    assert_eq!(
        status(&peer.asks("MAIL FROM:<clara@insurer.example>\r\n").await),
        "503 5.5.1",
        "EHLO is due again"
    );
    let offered = peer.asks(HELLO).await;
    assert!(offered.contains("250-SIZE") && !offered.contains("STARTTLS"), "{offered}");
    assert_eq!(status(&peer.asks("STARTTLS\r\n").await), "503 5.5.1");
    peer.says(format!("{ENVELOPE}text\r\n.\r\nQUIT\r\n")).await;
    assert_eq!(peer.rest().await, ["250 2.1.0", "250 2.1.5", "354 end", "250 2.6.0", "221 2.0.0"]);
    let mail = desk.mails().remove(0);
    assert!(mail.tls);
    let text = desk.traced();
    assert!(text.contains("with ESMTPS;") && text.ends_with("+0000\r\ntext\r\n"), "{text}");
}

/// G2: where TLS is required, no mail comes in without it.
#[tokio::test]
async fn tls_can_be_required() {
    let folder = TempDir::new().unwrap();
    let desk = Desk::new();
    let gateway = guarded(&folder, true, &desk);
    let replies = told(&gateway, format!("{HELLO}NOOP\r\nVRFY a\r\nRSET\r\n{ENVELOPE}QUIT\r\n")).await;
    let refused = "530 5.7.0";
    let expected = ["250 LIMITS", "250 2.0.0", refused, refused, refused, refused, refused, "221 2.0.0"];
    assert_eq!(replies, expected);
    let mut peer = greeted(&gateway).await;
    peer.asks("STARTTLS\r\n").await;
    let mut peer = upgraded(peer, &folder).await;
    peer.says(format!("{HELLO}{ENVELOPE}text\r\n.\r\nQUIT\r\n")).await;
    assert_eq!(peer.rest().await[4], "250 2.6.0");
}

/// G2: what is no handshake ends the connection.
#[tokio::test]
async fn garbage_is_no_handshake() {
    let folder = TempDir::new().unwrap();
    let gateway = guarded(&folder, false, &Desk::new());
    let mut peer = greeted(&gateway).await;
    peer.asks("STARTTLS\r\n").await;
    peer.says("EHLO again, in the open\r\nMAIL FROM:<eve@evil.example>\r\n").await;
    let mut rest = vec![];
    drop(peer.stream.read_to_end(&mut rest).await);
    assert!(!rest.starts_with(b"2"), "{rest:?}");
}

/// G2: a certificate that cannot be used is found at the start.
#[test]
fn certificate_and_key_are_checked() {
    let folder = TempDir::new().unwrap();
    let [one, other] = ["one", "other"].map(|name| certificate(folder.path(), name));
    let with = |tls, require_tls| {
        let settings = GatewaySettings { tls, require_tls, ..settings() };
        Gateway::new(settings, Desk::new(), Clock::manual(NOW), CancellationToken::new()).map(drop)
    };
    assert!(with(Some(one.clone()), true).is_ok());
    let mixed = TlsFiles { certificate: one.certificate.clone(), key: other.key };
    assert!(matches!(with(Some(mixed), false), Err(GatewayError::Pair(_))));
    let missing = TlsFiles { certificate: folder.path().join("none.crt"), key: one.key.clone() };
    assert!(with(Some(missing), false).unwrap_err().to_string().contains("none.crt"));
    let swapped = TlsFiles { certificate: one.key, key: one.certificate };
    assert!(with(Some(swapped), false).is_err());
    assert!(matches!(with(None, true), Err(GatewayError::NoCertificate)));
}
