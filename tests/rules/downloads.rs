//! What people take with them: by whom, in which form, on record, and not a microsecond too late.

use crate::{
    house::{BRUNO, CLARA, GINA},
    stage::{FORWARD, Stage, on_stage, text},
    unpacking::{mail, names_in_python, unzipped},
};
use domain::Timestamp;
use eventstore::db::Dialect;
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, COOKIE},
};
use sealpost::walk::client::{Client, File};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use workers::JobName;

const KEEP: &str = "query($id: ID!) { node(id: $id) { ... on Message { expiresAt \
     downloads { textUrl zipUrl emlUrl printUrl } attachments { name downloadUrl unavailable { reason } } \
     deliveries { downloadedAt printedAt } } } }";
const RECALL: &str =
    "mutation($input: RecallMessageInput!) { recallMessage(input: $input) { problems { code } } }";
const DELETE: &str =
    "mutation($input: DeleteMessageInput!) { deleteMessage(input: $input) { problems { code } } }";
const LEAVE: &str =
    "mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) { problems { code } } }";
const ADD_ALIAS: &str = "mutation($input: AddAliasInput!) { addAlias(input: $input) { problems { code } } }";
const CONFIRM_ALIAS: &str =
    "mutation($input: ConfirmAliasInput!) { confirmAlias(input: $input) { confirmed problems { code } } }";

/// A22, A23, A24, A25, A42, C11, K7: a message is kept as text, Zip, mail and paper, and each file alone, by its sender
/// and its recipient; each is on record before it is there, and the sender sees it. Names that collide are told apart.
#[tokio::test]
async fn a_message_is_kept_in_every_form() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let names = [
            "scan.pdf",
            "Scan.PDF",
            "scan.pdf",
            "scan (2).pdf",
            "Re\u{301}sume\u{301}.txt",
            "Résumé.txt",
            "x/scan.pdf",
            "CON",
            "con",
            "Ten bfiles-b, Übersicht.txt",
        ];
        let files: Vec<_> = (0..).zip(names).map(|(number, name)| file(name, number, 70_000)).collect();
        let message = send(stage, &mut clara, GINA, "Ten <b>files</b>, Übersicht", &files).await;
        let kept = keep(&mut gina, &message).await;
        let place = |what| path(&kept["downloads"][what]);

        let head = stage.head();
        let given = taken(&gina, stage, &place("textUrl")).await;
        assert_eq!(stage.head(), head + 1, "one event for each");
        assert_eq!(header(&given, "content-type"), "text/plain; charset=utf-8");
        assert_eq!(header(&given, "cache-control"), "no-store");
        let words = given.text().await.expect("text");
        assert!(
            words.starts_with("From: ") && words.contains("\r\nTo:          gina@guest.example\r\n"),
            "{words}"
        );
        assert!(words.contains("\r\nSubject:     Ten <b>files</b>, Übersicht\r\n"), "{words}");
        assert!(words.contains("2 March 2026, 09:00:00 UTC (2026-03-02T09:00:00Z)"), "{words}");
        assert!(words.contains("\r\nAttachment:  Scan.PDF (70001 bytes)\r\n"), "{words}");
        assert!(words.ends_with("\r\n\r\nOne.\r\nTwo.\r\n"), "{words}");

        for (shown, file) in kept["attachments"].as_array().expect("files").iter().zip(&files) {
            assert_eq!(shown["unavailable"], Value::Null);
            let given = taken(&gina, stage, &path(&shown["downloadUrl"])).await;
            assert_eq!(header(&given, "content-type"), "application/pdf");
            assert_eq!(header(&given, "content-length"), file.bytes.len().to_string());
            assert_eq!(header(&given, "x-content-type-options"), "nosniff");
            assert!(header(&given, "content-security-policy").contains("sandbox"));
            assert!(header(&given, "content-disposition").starts_with("attachment; "));
            assert!(
                given.bytes().await.expect("bytes") == file.bytes,
                "{} came back as another one",
                file.name
            );
        }
        assert_eq!(stage.head(), head + 11);

        let zip = taken(&gina, stage, &place("zipUrl")).await.bytes().await.expect("a Zip file");
        let expected = [
            "Ten bfiles-b, Übersicht.txt",
            "scan.pdf",
            "Scan (2).PDF",
            "scan (3).pdf",
            "scan (2) (2).pdf",
            "Résumé.txt",
            "Résumé (2).txt",
            "scan (4).pdf",
            "_CON",
            "_con (2)",
        ];
        let in_python = names_in_python(&zip);
        assert_eq!(in_python[..10], expected, "{in_python:?}");
        assert_eq!(in_python.len(), 11);
        let unzipped = unzipped(&zip);
        assert_eq!(unzipped.len(), 11, "a file lies over another one");
        for (name, file) in in_python.iter().skip(1).zip(&files) {
            assert!(unzipped[name] == file.bytes, "{name} is another file");
        }
        assert_eq!(unzipped[expected[0]], words.as_bytes());

        let given = taken(&gina, stage, &place("emlUrl")).await;
        assert_eq!(header(&given, "content-type"), "message/rfc822");
        let mail = mail(&given.bytes().await.expect("a mail"));
        assert_eq!(mail["subject"], "Ten <b>files</b>, Übersicht");
        assert_eq!((&mail["to"], &mail["date"]), (&json!(GINA), &json!("2026-03-02T09:00:00+00:00")));
        assert!(text(&mail, "/from").contains(CLARA), "{mail}");
        assert_eq!(text(&mail, "/text").replace("\r\n", "\n").trim_end(), "One.\nTwo.");
        assert_eq!(mail["defects"], json!([]), "Python finds fault with it");
        for (part, file) in mail["files"].as_array().expect("files").iter().zip(&files) {
            assert_eq!(part["type"], "application/pdf");
            assert_eq!(part["bytes"], hex(&file.bytes), "{} came back as another one", file.name);
        }
        assert_eq!(mail["files"][4]["name"], "Résumé.txt");

        let given = taken(&gina, stage, &place("printUrl")).await;
        let policy = header(&given, "content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let page = given.text().await.expect("a page");
        assert!(page.contains("Ten &#60;b&#62;files&#60;/b&#62;, Übersicht</h1>"), "{page}");
        assert!(page.contains("One.\nTwo.") && page.contains("10 attachments"), "{page}");
        assert!(!page.contains("<script") && !page.contains("href="), "{page}");
        assert_eq!(stage.head(), head + 14);

        let seen = keep(&mut clara, &message).await;
        for at in ["downloadedAt", "printedAt"] {
            assert_eq!(seen["deliveries"][0][at], "2026-03-02T09:00:00Z", "{at}");
        }
        for what in ["textUrl", "zipUrl", "emlUrl", "printUrl"] {
            taken(&clara, stage, &path(&seen["downloads"][what])).await;
        }
        assert_eq!(stage.head(), head + 18, "the sender's are on record as well");
    })
    .await;
}

/// A24, A25, R17: a message without files has no group; what was just sent can be taken at once.
#[tokio::test]
async fn a_message_without_files_is_kept() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let sent = stage.try_send(&mut clara, GINA, "No files").await;
        let id = text(&sent, "/message/id");
        assert_eq!(keep(&mut gina, &id).await["downloads"]["zipUrl"], Value::Null);
        let position = text(&sent, "/position");
        let at_least = [("sealpost-at-least", position.as_str())];
        let given = fetch(&gina, stage, &format!("/download/message/{id}/text"), &at_least).await;
        assert_eq!(given.status(), StatusCode::OK);
        let given = fetch(&gina, stage, &format!("/download/message/{id}/zip"), &[]).await;
        assert_eq!(given.status(), StatusCode::NOT_FOUND, "there is no group of one");
    })
    .await;
}

/// A24, R1: a file comes in parts, and goes on where it stopped; each part is on record. HEAD and what a browser fetches ahead
/// record nothing and get nothing, nor does who has the file already.
#[tokio::test]
async fn a_file_comes_in_parts() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let gina = &mut stage.log_in(GINA).await;
        let file = file("long.bin", 7, 200_000);
        let message = send(stage, &mut clara, GINA, "Parts", std::slice::from_ref(&file)).await;
        let kept = keep(gina, &message).await;
        let place = path(&kept["attachments"][0]["downloadUrl"]);

        let head = stage.head();
        let shown = request(gina, stage, Method::HEAD, &place).send().await.expect("an answer");
        assert_eq!((shown.status(), header(&shown, "accept-ranges")), (StatusCode::OK, "bytes"));
        assert!(!shown.headers().contains_key("content-length"), "{:?}", shown.headers());
        let etag = header(&shown, "etag").to_owned();
        for what in ["textUrl", "zipUrl", "emlUrl", "printUrl"] {
            let place = path(&kept["downloads"][what]);
            let shown = request(gina, stage, Method::HEAD, &place).send().await.expect("an answer");
            assert_eq!(
                (shown.status(), shown.headers().get("content-length")),
                (StatusCode::OK, None),
                "{what}"
            );
        }
        for (name, value) in
            [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
        {
            let ahead = fetch(gina, stage, &place, &[(name, value)]).await;
            assert_eq!(ahead.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(ahead.bytes().await.expect("an end").is_empty());
        }
        let owned = fetch(gina, stage, &place, &[("if-none-match", &etag)]).await;
        assert_eq!(owned.status(), StatusCode::NOT_MODIFIED);
        let beyond = fetch(gina, stage, &place, &[("range", "bytes=200007-")]).await;
        assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&beyond, "content-range"), "bytes */200007");
        assert_eq!(stage.head(), head, "something was recorded");

        for (range, bytes) in [
            ("bytes=0-9", 0..10),
            ("bytes=65530-65545", 65_530..65_546),
            ("bytes=131072-", 131_072..200_007),
            ("bytes=-1", 200_006..200_007),
        ] {
            let part = fetch(gina, stage, &place, &[("range", range), ("if-range", &etag)]).await;
            assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            let shown = format!("bytes {}-{}/200007", bytes.start, bytes.end - 1);
            assert_eq!(header(&part, "content-range"), shown);
            assert!(part.bytes().await.expect("bytes") == file.bytes[bytes], "{range} gave other bytes");
        }
        let other = fetch(gina, stage, &place, &[("range", "bytes=5-"), ("if-range", "\"another\"")]).await;
        assert_eq!(other.status(), StatusCode::OK);
        assert!(other.bytes().await.expect("bytes") == file.bytes);
        assert_eq!(stage.head(), head + 5, "each part is on record");
    })
    .await;
}

/// A2, B19: the address alone gives nothing: not without a session, not to somebody else, not to another site's page; and
/// what is somebody else's is answered like what never was. A browser is led to the login page and comes back.
#[tokio::test]
async fn an_address_gives_no_access() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let bruno = stage.log_in(BRUNO).await;
        let message = stage.send_files(&mut clara, GINA, "Not for Bruno", &["a.txt"]).await;
        stage.send_files(&mut clara, BRUNO, "For Bruno", &["b.txt"]).await;
        let places = places(&keep(&mut gina, &message).await);
        let draft = stage.draft(&mut gina, &Value::Null).await;
        stage.attach(&gina, &draft, &["of a draft.txt"]).await;
        let query = "query($id: ID!) { node(id: $id) { ... on Draft { attachments { downloadUrl } } } }";
        let shown = gina.ask(query, json!({ "id": draft["id"] })).await.expect("an answer");
        let on_draft = path(&shown["data"]["node"]["attachments"][0]["downloadUrl"]);

        let head = stage.head();
        assert_eq!(taken(&gina, stage, &on_draft).await.text().await.expect("text"), "a file");
        let none = fetch(&bruno, stage, "/download/message/BgAAAAAAAAAAAAAAAAAAAAA/text", &[]).await;
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
        let never = none.text().await.expect("a problem");
        for place in places.iter().chain([&on_draft]) {
            let stranger = fetch(&stage.stranger(), stage, place, &[]).await;
            assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{place}");
            assert_eq!(header(&stranger, "content-type"), "application/problem+json");
            let page = [(ACCEPT.as_str(), "text/html,application/xhtml+xml")];
            let browser = fetch(&stage.stranger(), stage, place, &page).await;
            assert_eq!(browser.status(), StatusCode::SEE_OTHER, "{place}");
            assert_eq!(header(&browser, "location"), format!("/login?next={place}"));
            for method in [Method::GET, Method::HEAD] {
                let other = request(&bruno, stage, method, place).send().await.expect("an answer");
                assert_eq!(other.status(), StatusCode::NOT_FOUND, "{place}");
            }
            for site in ["cross-site", "same-site"] {
                let foreign = fetch(&gina, stage, place, &[("sec-fetch-site", site)]).await;
                assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "{place}");
            }
            let posted = request(&gina, stage, Method::POST, place).send().await.expect("an answer");
            assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED, "{place}");
        }
        let other = fetch(&bruno, stage, &places[0], &[]).await.text().await.expect("a problem");
        assert_eq!(other, never, "what is somebody else's is told from what never was");
        assert_eq!(stage.head(), head, "something was recorded");

        // What was passed on to him is his, in the message that he has.
        let onward =
            json!({ "idempotencyKey": stage.key(), "messageId": message, "to": [BRUNO], "text": "See." });
        gina.act(FORWARD, onward).await.expect("she passes it on");
        let file = places.last().expect("a file");
        assert_eq!(taken(&bruno, stage, file).await.text().await.expect("text"), "a file");
    })
    .await;
}

/// A20, A21, R16, B38: a microsecond before its end all of a message is there; from then on nothing is, by any address, for
/// anybody, whether a job was by or not; nor when it was recalled or deleted, or whoever had it left.
#[tokio::test]
async fn nothing_is_given_after_the_end() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let mut sent = vec![];
        for subject in ["Recalled", "Deleted", "Left", "Expired"] {
            let message = stage.send_files(&mut clara, GINA, subject, &["a.txt"]).await;
            sent.push((message.clone(), keep(&mut gina, &message).await));
        }
        let [(recalled, of_recalled), (deleted, of_deleted), (_, of_left), (_, of_expired)] = &sent[..]
        else {
            panic!("four messages")
        };

        clara.act(RECALL, json!({ "messageId": recalled })).await.expect("it is recalled");
        gone(&gina, stage, &places(of_recalled)).await;
        given(&clara, stage, &places(of_recalled)).await;
        gina.act(DELETE, json!({ "messageId": deleted })).await.expect("it is deleted");
        gone(&gina, stage, &places(of_deleted)).await;
        given(&clara, stage, &places(of_deleted)).await;

        let end = OffsetDateTime::parse(&text(of_expired, "/expiresAt"), &Rfc3339).expect("a time");
        let end = Timestamp::from(end);
        stage.move_to(Timestamp::from_micros(end.micros() - 1)).await;
        let (clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        given(&gina, stage, &places(of_expired)).await;
        given(&gina, stage, &places(of_left)).await;
        gina.act(LEAVE, json!({})).await.expect("she leaves");
        gone(&gina, stage, &places(of_left)).await;
        given(&clara, stage, &places(of_expired)).await;
        stage.move_to(end).await;
        gone(&clara, stage, &places(of_expired)).await;
        gone(&gina, stage, &places(of_expired)).await;
        let ran = stage.node.scheduler.run_now(JobName::ExpireMessages).await.expect("the job runs");
        assert_eq!(ran.and_then(|ran| ran.failure), None);
        gone(&clara, stage, &places(of_expired)).await;
    })
    .await;
}

/// A21, R16: a download that is on its way breaks off when the message ends or is recalled, for sender and recipient; what
/// came is never taken for the whole.
#[tokio::test]
async fn a_download_breaks_off_at_the_end() {
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let gina = &mut stage.log_in(GINA).await;
        // More than the buffers of a connection take.
        let file = file("long.bin", 3, 12 << 20);
        let [recalled, ended] = [
            send(stage, &mut clara, GINA, "To be recalled", std::slice::from_ref(&file)).await,
            send(stage, &mut clara, GINA, "To end", std::slice::from_ref(&file)).await,
        ];
        let place = path(&keep(gina, &recalled).await["attachments"][0]["downloadUrl"]);
        let on_its_way = begun(gina, stage, &place).await;
        clara.act(RECALL, json!({ "messageId": recalled })).await.expect("it is recalled");
        assert!(!on_its_way.ends_whole().await, "a recalled file came whole");

        let kept = keep(gina, &ended).await;
        let end = OffsetDateTime::parse(&text(&kept, "/expiresAt"), &Rfc3339).expect("a time");
        stage.move_to(Timestamp::from_micros(Timestamp::from(end).micros() - 1)).await;
        let (clara, gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let of_file = path(&kept["attachments"][0]["downloadUrl"]);
        let [of_mail, of_zip] = ["emlUrl", "zipUrl"].map(|what| path(&kept["downloads"][what]));
        let mut on_their_way = vec![];
        for (who, place) in [(&gina, &of_file), (&clara, &of_file), (&gina, &of_mail), (&gina, &of_zip)] {
            on_their_way.push((place, begun(who, stage, place).await));
        }
        // Without the end it would come whole: one is left alone.
        assert!(begun(&gina, stage, &of_file).await.ends_whole().await, "it does not come at all");
        stage.move_to(Timestamp::from(end)).await;
        for (place, one) in on_their_way {
            assert!(!one.ends_whole().await, "{place} came whole");
        }
    })
    .await;
}

/// K7: what cannot be recorded is not given.
#[tokio::test]
async fn what_cannot_be_recorded_is_not_given() {
    on_stage(async |stage| {
        let (mut clara, mut gina) = (stage.log_in(CLARA).await, stage.log_in(GINA).await);
        let message = stage.send_files(&mut clara, GINA, "On record", &["a.txt"]).await;
        let places = places(&keep(&mut gina, &message).await);
        let db = stage.node.app.log().db();
        let (full, free) = match db.dialect() {
            Dialect::Sqlite => (
                "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END",
                "DROP TRIGGER full",
            ),
            Dialect::Postgres => (
                "ALTER TABLE events ADD CONSTRAINT full_log CHECK (position < 0) NOT VALID",
                "ALTER TABLE events DROP CONSTRAINT full_log",
            ),
        };
        db.run(full, vec![]).await.expect("the log is full");
        for place in &places {
            let answer = fetch(&gina, stage, place, &[]).await;
            assert!(answer.status().is_server_error(), "{place} was answered {}", answer.status());
            let said = answer.text().await.expect("an answer");
            assert!(!said.contains("The text.") && !said.contains("a file"), "{said}");
        }
        db.run(free, vec![]).await.expect("there is room again");
        given(&gina, stage, &places).await;
    })
    .await;
}

/// B43, B48: what an account received that joined another is taken by whoever has it now.
#[tokio::test]
async fn mail_of_an_account_that_joined_is_taken() {
    on_stage(async |stage| {
        stage.change_policy(|policy| policy.accounts.aliases = true).await;
        let (mut clara, mut bruno) = (stage.log_in(CLARA).await, stage.log_in(BRUNO).await);
        let message = stage.send_files(&mut bruno, GINA, "For Gina", &["a.txt"]).await;
        clara.act(ADD_ALIAS, json!({ "address": GINA })).await.expect("it is asked for");
        let mails = stage.mails(GINA).await;
        let mail =
            mails.iter().find(|mail| mail.subject.contains("address")).expect("a mail about the address");
        let token = mail.token().expect("a link");
        let password = stage.password(GINA).to_owned();
        let confirm = json!({ "token": token, "password": password });
        stage.stranger().act(CONFIRM_ALIAS, confirm).await.expect("she joins");
        let places = places(&keep(&mut clara, &message).await);
        given(&clara, stage, &places).await;
        let seen = keep(&mut bruno, &message).await;
        assert!(seen["deliveries"][0]["downloadedAt"].is_string(), "{seen}");
    })
    .await;
}

/// A file of so many bytes and a few more.
pub fn file(name: &str, number: u32, length: u32) -> File {
    let byte = |place: u32| (place ^ number).wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let bytes = (0..length + number).map(byte).collect();
    File { name: name.into(), media_type: "application/pdf".into(), bytes }
}

/// New mail with files; gives its id.
pub async fn send(stage: &Stage, from: &mut Client, to: &str, subject: &str, files: &[File]) -> String {
    let draft = stage.draft(from, &Value::Null).await;
    let change = json!({ "to": [to], "subject": subject, "text": "One.\nTwo." });
    let saved = stage.save(from, &draft, change).await["draft"].clone();
    for file in files {
        from.upload(saved["id"].as_str().expect("an id"), &stage.key(), file)
            .await
            .expect("the file is attached");
    }
    text(&stage.send_draft(from, &saved).await, "/message/id")
}

/// What a message says of how it can be kept.
pub async fn keep(client: &mut Client, message: &str) -> Value {
    let answer = client.ask(KEEP, json!({ "id": message })).await.expect("an answer");
    assert!(answer["data"]["node"].is_object(), "{answer}");
    answer["data"]["node"].clone()
}

/// A request as a browser makes it that follows a link.
fn request(client: &Client, stage: &Stage, method: Method, path: &str) -> RequestBuilder {
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let request = http.request(method, format!("http://{}{path}", stage.address));
    match client.cookie() {
        Some(cookie) => request.header(COOKIE, cookie),
        None => request,
    }
}

/// Asks for something, with headers.
pub async fn fetch(client: &Client, stage: &Stage, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = request(client, stage, Method::GET, path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

/// Takes what must be there.
pub async fn taken(client: &Client, stage: &Stage, path: &str) -> Response {
    let response = fetch(client, stage, path, &[]).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response
}

/// All of these are there, and each is on record.
async fn given(client: &Client, stage: &Stage, places: &[String]) {
    for place in places {
        let head = stage.head();
        let bytes = taken(client, stage, place).await.bytes().await.expect("it comes whole");
        assert!(!bytes.is_empty(), "{place} is empty");
        assert_eq!(stage.head(), head + 1, "{place} is not on record");
    }
}

/// None of these is there, and nothing is on record.
async fn gone(client: &Client, stage: &Stage, places: &[String]) {
    let head = stage.head();
    for place in places {
        for method in [Method::GET, Method::HEAD] {
            let answer = request(client, stage, method, place).send().await.expect("an answer");
            assert!(
                matches!(answer.status(), StatusCode::GONE | StatusCode::NOT_FOUND),
                "{place} was answered {}",
                answer.status()
            );
        }
    }
    assert_eq!(stage.head(), head, "something was recorded");
}

/// A download over a connection that holds little, so that most of it waits at the server.
struct OnItsWay {
    stream: TcpStream,
    came: Vec<u8>,
}

/// A download whose first bytes are there.
async fn begun(client: &Client, stage: &Stage, path: &str) -> OnItsWay {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(65_536).expect("a small buffer");
    let mut stream = socket.connect(stage.address).await.expect("the server listens");
    let cookie = client.cookie().expect("somebody is logged in");
    let host = stage.address;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is asked for");
    let mut came = vec![0; 65_536];
    stream.read_exact(&mut came).await.expect("the first bytes");
    assert!(came.starts_with(b"HTTP/1.1 200 "), "{path}");
    OnItsWay { stream, came }
}

impl OnItsWay {
    /// Takes what comes until nothing does, and says whether a client would take it for the whole.
    async fn ends_whole(mut self) -> bool {
        // A connection that was cut counts as its end.
        let _ = self.stream.read_to_end(&mut self.came).await;
        let end_of_head = self.came.windows(4).position(|four| four == b"\r\n\r\n").expect("headers");
        let (head, body) = self.came.split_at(end_of_head + 4);
        let head = std::str::from_utf8(head).expect("text").to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        // Without a length nobody could tell.
        body.len() >= length.expect("a length").parse::<usize>().expect("a number")
    }
}

/// All addresses of a message, the file's last.
fn places(kept: &Value) -> Vec<String> {
    let of_message = ["textUrl", "zipUrl", "emlUrl", "printUrl"].map(|what| &kept["downloads"][what]);
    of_message.into_iter().chain([&kept["attachments"][0]["downloadUrl"]]).map(path).collect()
}

/// The path in an address of the portal.
#[track_caller]
pub fn path(url: &Value) -> String {
    let url = url.as_str().unwrap_or_else(|| panic!("no address: {url}"));
    url.strip_prefix("http://localhost").expect("the portal's address").to_owned()
}

#[track_caller]
pub fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let mut values = response.headers().get_all(name).iter();
    let value = values.next().unwrap_or_else(|| panic!("no {name}: {:?}", response.headers()));
    assert!(values.next().is_none(), "{name} twice");
    value.to_str().expect("text")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes it");
        hex
    })
}
