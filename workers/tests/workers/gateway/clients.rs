//! Real clients: Python's smtplib and swaks, over TCP and TLS.

use super::{starttls::certificate, *};
use std::{
    net::SocketAddr,
    process::{Command, Stdio},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::spawn_blocking};

/// A mail of 300 kB with lines that begin with dots, over TLS; then an address and a subject beyond ASCII.
const SMTPLIB: &str = r#"
import smtplib, ssl, sys
from email.message import EmailMessage
host, port, root = "localhost", int(sys.argv[1]), sys.argv[2]
mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = "clara@insurer.example", "gina@guest.example", "Befund für Sie"
mail.set_content("..\n.\n...\n" + "Zeile\n" * 50000)
with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.insurer.example") as smtp:
    smtp._host = host
    smtp.starttls(context=ssl.create_default_context(cafile=root))
    assert smtp.send_message(mail) == {}
    refused = smtp.sendmail("clara@insurer.example", ["gina@guest.example", "nobody@guest.example"], "Subject: x\n\nx")
    assert refused["nobody@guest.example"][0] == 550, refused
    smtp.sendmail("jürgen@bücher.example", ["gina@guest.example"], b"Subject: x\r\n\r\nx", ["SMTPUTF8"])
    try:
        smtp.sendmail("a@b.example", ["gina@guest.example"], "x" * 100 + "\n" + ("y" * 70 + "\n") * 20000)
    except smtplib.SMTPException as refusal:
        assert "5.3.4" in str(refusal), refusal
    else:
        raise SystemExit("too large a mail was taken")
"#;

async fn serving(folder: &TempDir, desk: &Arc<Desk>) -> SocketAddr {
    let tls = Some(certificate(folder.path(), "gateway"));
    let stop = CancellationToken::new();
    let gateway = gateway_with(GatewaySettings { tls, ..settings() }, desk, &stop);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(gateway.run(listener));
    address
}

async fn run(mut command: Command) {
    let output = spawn_blocking(move || command.stdin(Stdio::null()).output()).await.unwrap();
    let output = output.expect("the client is installed");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// G2, G4: Python's smtplib hands mails over, and finds in the answers what it needs.
#[tokio::test]
async fn smtplib_hands_over() {
    let (folder, desk) = (TempDir::new().unwrap(), Desk::new());
    let address = serving(&folder, &desk).await;
    let mut python = Command::new("python3");
    python.args(["-c", SMTPLIB, &address.port().to_string()]).arg(folder.path().join("gateway.crt"));
    run(python).await;
    let mails = desk.mails();
    assert_eq!(mails.len(), 3);
    assert!(mails.iter().all(|mail| mail.tls));
    let parser = mail_parser::MessageParser::default();
    let first = parser.parse(&mails[0].raw[..]).unwrap();
    assert_eq!(first.subject(), Some("Befund für Sie"));
    let text = first.body_text(0).unwrap().replace("\r\n", "\n");
    assert_eq!(text, format!("..\n.\n...\n{}", "Zeile\n".repeat(50_000)));
    assert_eq!(mails[2].sender.as_deref(), Some("jürgen@bücher.example"));
    let trace = desk.traced();
    assert!(trace.contains("with UTF8SMTPS;"), "{trace}");
}

/// G2: swaks hands a mail over, pipelined and with TLS.
#[tokio::test]
async fn swaks_hands_over() {
    let (folder, desk) = (TempDir::new().unwrap(), Desk::new());
    let address = serving(&folder, &desk).await;
    for more in [&["--pipeline"][..], &["--tls", "--pipeline"]] {
        let mut swaks = Command::new("swaks");
        swaks.args(["--server", &address.to_string(), "--from", "clara@insurer.example"]);
        swaks
            .args(["--to", "gina@guest.example,bob@guest.example", "--helo", "mail.insurer.example"])
            .args(more);
        run(swaks).await;
    }
    let mails = desk.mails();
    assert_eq!(
        mails.iter().map(|mail| (mail.recipients.len(), mail.tls)).collect::<Vec<_>>(),
        [(2, false), (2, true)]
    );
}
