//! Long work and live parts.

use crate::harness::{Browser, Site, multipart};
use idl::admin::Role;
use rights::Request;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Reads a stream's lines until one begins with `wanted`.
async fn until(site: &Site, browser: &Browser, path: &str, wanted: &[&str]) -> String {
    let mut stream = site.connect(&[b"http/1.1"]).await;
    let request = site.request("GET", path, &format!("Cookie: {}\r\n", browser.cookies));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut read = String::new();
    let mut wanted = wanted.iter();
    let mut next = wanted.next();
    while let Some(words) = next {
        let line = lines.next_line().await.unwrap().expect("the stream ended too early");
        if line.contains(words) {
            next = wanted.next();
        }
        read.push_str(&line);
        read.push('\n');
    }
    read
}

#[tokio::test]
async fn long_work_is_watched_and_its_result_stays() {
    let site = Site::start().await;
    site.double.state.lock().unwrap().role = Role::AuditAdmin;
    let browser = site.signed_in().await;
    let started = browser.send(&site, "/me", "/probe/job", &[]).await;
    assert_eq!((started.status, started.header("location")), (303, "/jobs/1"));
    let page = browser.get(&site, "/jobs/1").await;
    assert_eq!((page.status, page.header("refresh")), (200, "5"));
    assert!(page.body.contains("data-live-from=\"/jobs/1/live\"") && page.body.contains("<progress"));
    site.double.step.notify_one();
    until(&site, &browser, "/jobs/1/live", &["event: fragment", "已处理 1 / 2"]).await;
    site.double.step.notify_one();
    until(&site, &browser, "/jobs/1/live", &["已处理 2 / 2"]).await;
    site.double.step.notify_one();
    until(&site, &browser, "/jobs/1/live", &["event: end"]).await;
    for _ in 0..2 {
        assert_eq!(browser.get(&site, "/jobs/1").await.body, "li sees 2 true");
    }
    let other = site.signed_in().await;
    // The double gives every session the same number: another person's has another.
    assert_eq!(other.get(&site, "/jobs/2").await.status, 404);
    site.stop().await;
}

#[tokio::test]
async fn refused_work_says_why() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let started = browser.send(&site, "/me", "/probe/job", &[]).await;
    assert_eq!(started.header("location"), "/jobs/1");
    until(&site, &browser, "/jobs/1/live", &["event: end"]).await;
    assert_eq!(browser.get(&site, "/jobs/1").await.status, 403);
    site.stop().await;
}

#[tokio::test]
async fn an_uploaded_file_reaches_vaultd_whole_and_with_a_harmless_name() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let (csrf, once) = browser.proofs(&site, "/me").await;
    let fields = [("csrf", csrf.as_str()), ("once", once.as_str()), ("word", "<b>")];
    let content: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    let body = multipart(&fields, &[("list", "C:\\..\\名单\t.csv", &content)]);
    let headers = site.post_headers(&browser.cookies, "multipart/form-data; boundary=XX", body.len());
    let head = site.request("POST", "/probe/upload", &headers);
    let answer = site.raw(&[head.as_bytes(), &body].concat()).await;
    assert_eq!(answer.header("location"), "/jobs/1", "{}", answer.body);
    until(&site, &browser, "/jobs/1/live", &["event: end"]).await;
    assert_eq!(browser.get(&site, "/jobs/1").await.body, "名单.csv 3000 &#60;b&#62; true");
    let asked = site.double.state.lock().unwrap().asked.clone();
    let import = asked.iter().find(|asked| asked.request == Request::ImportDoNotCall).unwrap();
    assert_eq!(import.attached, content);
    let again = site.raw(&[head.as_bytes(), &body].concat()).await;
    assert_eq!(again.status, 409);
    site.stop().await;
}

#[tokio::test]
async fn live_parts_send_what_changed_and_end_with_the_session() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let read = until(&site, &browser, "/probe/live", &[r#""id":"count""#, r#""id":"count""#]).await;
    assert_eq!(read.matches(r#""id":"same""#).count(), 1, "{read}");
    assert!(read.contains(r#"{"html":"&#60;same&#62;\n","id":"same"}"#), "{read}");
    let passive = {
        let state = site.double.state.lock().unwrap();
        state.asked.iter().filter(|asked| asked.passive).count()
    };
    assert!(passive >= 2, "a live view keeps no session alive");
    site.double.state.lock().unwrap().sessions.clear();
    let gone = site.get("/probe/live", &browser.cookies).await;
    assert_eq!(gone.status, 401);
    site.stop().await;
}

#[tokio::test]
async fn a_running_stream_ends_with_its_session_and_with_the_page() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let mut stream = site.connect(&[b"http/1.1"]).await;
    let request = site.request("GET", "/probe/live", &format!("Cookie: {}\r\n", browser.cookies));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut ended = false;
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("event: fragment") {
            site.double.state.lock().unwrap().sessions.clear();
        }
        ended |= line == "event: end";
    }
    assert!(ended);
    let second = site.signed_in().await;
    let mut stream = site.connect(&[b"http/1.1"]).await;
    let request = site.request("GET", "/probe/live", &format!("Cookie: {}\r\n", second.cookies));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(lines.next_line().await.unwrap().unwrap().starts_with("HTTP/1.1 200"));
    site.stop().await;
    while lines.next_line().await.unwrap_or_default().is_some() {}
}
