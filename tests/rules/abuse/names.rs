//! Names of files that are meant to be something else: a header, a path, another file.

use crate::{
    downloads::{fetch, file, header, keep, path, send, taken},
    house::{CLARA, GINA},
    stage::on_stage,
    unpacking::{mail, names_in_python, unzipped},
};
use reqwest::StatusCode;

/// A24, A25, A38, B19: whatever a file is called, taking it brings one header that names one file, its archive unpacks into
/// its own folder, and its mail has no more headers than any.
#[tokio::test]
async fn names_are_no_headers_and_no_paths() {
    let names = [
        "a.txt\r\nSet-Cookie: __Host-sealpost=evil",
        "a\"; filename=\"evil.exe",
        "a.txt\"\r\n\r\n<script>alert(1)</script>",
        "../../../etc/cron.d/evil",
        "..\\..\\windows\\evil.dll",
        "/etc/passwd",
        "invoice\u{202e}fdp.exe",
        "%0d%0aSet-Cookie: evil=1",
        "=?utf-8?q?=0D=0ABcc:_evil@evil.example?=",
        "\u{0}",
    ];
    on_stage(async |stage| {
        let mut clara = stage.log_in(CLARA).await;
        let mut gina = stage.log_in(GINA).await;
        let files: Vec<_> = (0..).zip(names).map(|(number, name)| file(name, number, 10)).collect();
        let message = send(stage, &mut clara, GINA, "=?utf-8?q?x?= \"; a=\"b ../..", &files).await;
        let kept = keep(&mut gina, &message).await;
        let attachments = kept["attachments"].as_array().expect("files");
        let mut places: Vec<_> = attachments.iter().map(|shown| path(&shown["downloadUrl"])).collect();
        places.extend(["textUrl", "zipUrl", "emlUrl"].map(|what| path(&kept["downloads"][what])));
        for place in &places {
            let given = taken(&gina, stage, place).await;
            assert!(!given.headers().contains_key("set-cookie"), "{place}: {:?}", given.headers());
            let disposition = header(&given, "content-disposition");
            let (plain, full) = disposition.split_once("; filename*=UTF-8''").expect("two names");
            let plain = plain.strip_prefix("attachment; filename=\"").and_then(|name| name.strip_suffix('"'));
            let plain = plain.expect("a quoted name");
            assert!(!plain.contains(['"', '\\', '/', '%']), "{disposition}");
            assert!(!full.contains([' ', '"', ';', '/', '\\']) && !full.contains("%2F"), "{disposition}");
        }
        let zip = taken(&gina, stage, &path(&kept["downloads"]["zipUrl"])).await;
        let zip = zip.bytes().await.expect("a Zip file");
        let listed = names_in_python(&zip);
        assert!(listed.iter().all(|name| !name.contains(['/', '\\', '\r', '\n', '\u{202e}'])), "{listed:?}");
        assert_eq!(unzipped(&zip).len(), 11, "{listed:?}");
        let given = taken(&gina, stage, &path(&kept["downloads"]["emlUrl"])).await;
        let mail = mail(&given.bytes().await.expect("a mail"));
        assert_eq!(mail["subject"], "= ?utf-8?q?x?= \"; a=\"b ../..");
        let headers = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];
        assert_eq!(mail["headers"], serde_json::json!(headers));
        assert_eq!(mail["files"].as_array().map(Vec::len), Some(10));

        // Nor does an address take more than an id.
        for id in ["..%2f..%2fetc%2fpasswd", "a%0d%0aSet-Cookie:%20evil=1", "%00", "BgAA'--"] {
            let page = [("accept", "text/html")];
            let place = format!("/download/attachment/{id}");
            assert_eq!(fetch(&gina, stage, &place, &[]).await.status(), StatusCode::NOT_FOUND, "{id}");
            let stranger = fetch(&stage.stranger(), stage, &place, &page).await;
            assert_eq!((stranger.status(), header(&stranger, "location")), (StatusCode::SEE_OTHER, "/login"));
        }
    })
    .await;
}
