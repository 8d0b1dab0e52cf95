//! Bytes nobody's browser sends: each gets its own clear answer, and nothing changes.

use crate::harness::{Site, form, multipart};
use crate::probe::MAX_UPLOAD;
use rights::Request;

#[tokio::test]
async fn methods_paths_heads_and_types_out_of_bounds_have_their_own_answers() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let long_path = format!("/{}", "a".repeat(5_000));
    let wide = format!("X-Wide: {}\r\n", "a".repeat(20_000));
    let many = (0..80).map(|at| format!("X-{at}: 1\r\n")).collect::<String>();
    let json = site.post_headers(&browser.cookies, "application/json", 2);
    let plain = site.post_headers(&browser.cookies, "text/plain", 2);
    let multi = site.post_headers(&browser.cookies, "multipart/form-data; boundary=", 2);
    let cases = [
        (site.request("DELETE", "/me", ""), 405),
        (site.request("TRACE", "/me", ""), 405),
        (site.request("POST", "/me", &json), 405),
        (site.request("GET", "/sign-out", ""), 405),
        (site.request("GET", &long_path, ""), 414),
        (site.request("GET", "/enrol", &wide), 431),
        (site.request("GET", "/enrol", &many), 431),
        (site.request("POST", "/me/password", &json) + "{}", 415),
        (site.request("POST", "/me/password", &plain) + "{}", 415),
        (site.request("POST", "/probe/upload", &json) + "{}", 415),
        (site.request("POST", "/probe/upload", &multi) + "{}", 415),
        (site.request("GET", "/assets/x/../../etc/passwd", ""), 404),
        (site.request("GET", "/%2e%2e/%2e%2e/etc/passwd", ""), 404),
        (site.request("GET", "/jobs/99999999999999999999", &format!("Cookie: {}\r\n", browser.cookies)), 400),
        (site.request("GET", "/sign-in?next=%ff", ""), 400),
    ];
    for (request, status) in cases {
        let first = request.lines().next().unwrap_or_default().chars().take(60).collect::<String>();
        let answer = site.raw(request.as_bytes()).await;
        assert_eq!(answer.status, status, "{first}: {}", answer.body);
        assert!(answer.body.contains("<html"), "{first}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_form_of_more_than_64_kib_is_refused() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let note = "a".repeat(70_000);
    let answer = browser.send(&site, "/me", "/me/password", &[("old", &note)]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(site.double.count(Request::ChangePassword), 0);
    site.stop().await;
}

#[tokio::test]
async fn malformed_forms_and_multipart_bodies_are_refused() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    for body in ["a=%", "a=%zz", "a=%ff&csrf=1"] {
        let kind = "application/x-www-form-urlencoded";
        let headers = site.post_headers(&browser.cookies, kind, body.len());
        let head = site.request("POST", "/me/password", &headers);
        assert_eq!(site.raw(format!("{head}{body}").as_bytes()).await.status, 400, "{body}");
    }
    let (csrf, once) = browser.proofs(&site, "/me").await;
    let proofs = [("csrf", csrf.as_str()), ("once", once.as_str())];
    let good = multipart(&proofs, &[("list", "a.txt", b"1")]);
    let cut = &good[..good.len() - 4];
    let no_name = b"--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--\r\n";
    let long_head =
        [b"--XX\r\nA: ".to_vec(), vec![b'a'; 3_000], b"\r\nB: ".to_vec(), vec![b'b'; 1_500]].concat();
    for body in [b"".as_slice(), b"hello", cut, no_name, &long_head] {
        let headers = site.post_headers(&browser.cookies, "multipart/form-data; boundary=XX", body.len());
        let head = site.request("POST", "/probe/upload", &headers);
        let answer = site.raw(&[head.as_bytes(), body].concat()).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(site.double.count(Request::ImportDoNotCall), 0);
    site.stop().await;
}

#[tokio::test]
async fn an_upload_that_is_too_large_or_proves_nothing_is_refused_before_it_is_kept() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let send = async |body: &[u8]| {
        let headers = site.post_headers(&browser.cookies, "multipart/form-data; boundary=XX", body.len());
        let head = site.request("POST", "/probe/upload", &headers);
        site.raw(&[head.as_bytes(), body].concat()).await
    };
    let (csrf, once) = browser.proofs(&site, "/me").await;
    let proofs = [("csrf", csrf.as_str()), ("once", once.as_str())];
    let large = vec![b'1'; usize::try_from(MAX_UPLOAD).unwrap() + 1];
    assert_eq!(send(&multipart(&proofs, &[("list", "a.txt", &large)])).await.status, 413);
    assert_eq!(send(&multipart(&[], &[("list", "a.txt", b"1")])).await.status, 403);
    // Proofs after the file are too late.
    let late = [multipart(&[], &[("list", "a.txt", b"1")]), multipart(&proofs, &[])].concat();
    assert_eq!(send(&late).await.status, 403);
    assert_eq!(site.double.count(Request::ImportDoNotCall), 0);
    site.stop().await;
}

#[tokio::test]
async fn malformed_cookies_are_no_session_and_break_nothing() {
    let site = Site::start().await;
    let twice = "__Host-session=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    for cookies in [
        "__Host-session=",
        "__Host-session=%00%0d%0a",
        "=;=;=",
        ";;;;",
        "__Host-session=\u{7f}",
        &format!("{twice}; {twice}"),
        "lang=../../etc; theme=<script>",
    ] {
        let answer = site.get("/me", cookies).await;
        assert!([303, 400].contains(&answer.status), "{cookies}: {}", answer.status);
    }
    site.stop().await;
}

#[tokio::test]
async fn nothing_typed_reaches_a_header() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    for place in
        ["/me\r\nSet-Cookie: a=b", "//evil.example", "https://evil.example", "/\\evil", "/a\0b", "/é"]
    {
        let answer = browser.send(&site, "/me", "/probe/away", &[("to", place)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{place}");
        assert_eq!(answer.header("set-cookie"), "");
        let looks = browser.send(&site, "/me", "/preferences", &[("back", place), ("lang", place)]).await;
        assert_eq!((looks.header("location"), looks.header("set-cookie")), ("/", ""), "{place}");
    }
    site.stop().await;
}

#[tokio::test]
async fn smuggled_requests_are_not_two_requests() {
    let site = Site::start().await;
    let body = form(&[("a", "b")]);
    for framing in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", body.len()),
        "Content-Length: 3\r\nContent-Length: 9\r\n".to_owned(),
        "Content-Length: -1\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
    ] {
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\n{framing}");
        let request = site.request("POST", "/sign-in", &headers);
        let answer = site.raw(format!("{request}{body}").as_bytes()).await;
        assert!((400..500).contains(&answer.status), "{framing}: {}", answer.status);
        assert_eq!(answer.body.matches("HTTP/1.1 ").count(), 0, "{framing}");
    }
    assert_eq!(site.double.count(Request::SignIn), 0);
    site.stop().await;
}
