//! Forms: proofs, replays, looks.

use crate::harness::{Site, form};
use rights::Request;

#[tokio::test]
async fn a_form_sent_twice_is_carried_out_once() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let (csrf, once) = browser.proofs(&site, "/me").await;
    let fields = [("csrf", csrf.as_str()), ("once", once.as_str())];
    let first = site.post("/me/sessions/7/end", &browser.cookies, &fields).await;
    assert_eq!(first.status, 303);
    let second = site.post("/me/sessions/7/end", &browser.cookies, &fields).await;
    assert_eq!(second.status, 409);
    assert!(second.body.contains("sent-before") && second.body.contains("href=\"/me/sessions/7/end\""));
    assert_eq!(site.double.count(Request::EndMySession), 1);
    site.stop().await;
}

#[tokio::test]
async fn proofs_of_another_session_or_of_the_door_are_worth_nothing() {
    let site = Site::start().await;
    let (own, other, door) = (site.signed_in().await, site.signed_in().await, site.door().await);
    let (own_csrf, own_once) = own.proofs(&site, "/me").await;
    for (browser, page) in [(&other, "/me"), (&door, "/enrol")] {
        let (csrf, once) = browser.proofs(&site, page).await;
        for (csrf, once) in
            [(csrf.as_str(), own_once.as_str()), (&own_csrf, once.as_str()), ("", ""), (&own_csrf, "")]
        {
            let fields = [("csrf", csrf), ("once", once)];
            let answer = site.post("/me/sessions/7/end", &own.cookies, &fields).await;
            assert_eq!(answer.status, 403);
        }
    }
    assert_eq!(site.double.count(Request::EndMySession), 0);
    site.stop().await;
}

#[tokio::test]
async fn a_post_from_another_origin_is_refused() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let (csrf, once) = browser.proofs(&site, "/me").await;
    let body = form(&[("csrf", &csrf), ("once", &once)]);
    let here = format!("https://localhost:{}", site.address.port());
    let send = async |origin: &str| {
        let headers = format!(
            "{origin}Cookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            browser.cookies,
            body.len()
        );
        let head = site.request("POST", "/me/sessions/7/end", &headers);
        site.raw(format!("{head}{body}").as_bytes()).await
    };
    for origin in [
        String::new(),
        "Origin: null\r\n".to_owned(),
        "Origin: https://evil.example\r\n".to_owned(),
        format!("Origin: {}\r\n", here.replace("https", "http")),
        format!("Origin: {here}1\r\n"),
        format!("Origin: {here}\r\nSec-Fetch-Site: cross-site\r\n"),
        format!("Origin: {here}\r\nSec-Fetch-Site: same-site\r\n"),
    ] {
        assert_eq!(send(&origin).await.status, 403, "{origin}");
    }
    assert_eq!(site.double.count(Request::EndMySession), 0);
    assert_eq!(send(&format!("Origin: {here}\r\nSec-Fetch-Site: same-origin\r\n")).await.status, 303);
    site.stop().await;
}

#[tokio::test]
async fn a_forbidden_form_changes_nothing_and_says_so() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let answer = browser.send(&site, "/me", "/probe/write", &[("number", "13812345678")]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("您的角色无权执行此操作") && !answer.body.contains("13812345678"));
    site.stop().await;
}

#[tokio::test]
async fn language_and_theme_are_chosen_before_and_after_a_sign_in() {
    let site = Site::start().await;
    for (browser, page) in [(site.door().await, "/enrol"), (site.signed_in().await, "/me")] {
        let fields = [("lang", "en"), ("theme", "dark"), ("back", page)];
        let answer = browser.send(&site, page, "/preferences", &fields).await;
        assert_eq!((answer.status, answer.header("location")), (303, page));
        let cookies = [browser.cookies, answer.cookie("lang").unwrap(), answer.cookie("theme").unwrap()];
        let page = site.get(page, &cookies.join("; ")).await;
        assert!(page.body.contains("<html lang=\"en\" data-theme=\"dark\""), "{}", page.body);
    }
    let browser = site.door().await;
    let answer = browser.send(&site, "/enrol", "/preferences", &[("lang", "fr"), ("back", "//evil")]).await;
    assert_eq!((answer.header("location"), answer.header("set-cookie")), ("/", ""));
    site.stop().await;
}
