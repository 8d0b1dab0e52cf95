//! What holds of every route and of every answer.

use crate::harness::{Got, Site};
use admind::dress::HEADERS;
use admind::pages;
use admind::routes::Guard;
use http::Method;
use rights::Request;

/// A path with something in its places.
fn path(route: &str) -> String {
    let mut path = String::new();
    let mut rest = route;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push('1');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path + rest
}

fn covered(what: &str, answer: &Got) {
    assert_ne!(answer.status, 0, "{what}");
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), *value, "{what}: {name}");
    }
    let kept = answer.header("cache-control");
    assert!(kept == "no-store" || kept.ends_with("immutable"), "{what}: {kept}");
    for name in ["server", "x-powered-by", "x-ratelimit-after"] {
        assert!(!answer.headers.contains_key(name), "{what}: {name}");
    }
    let page = answer.header("content-type").starts_with("text/html");
    for word in [" style=", "<style", "onclick=", "onload=", "javascript:"] {
        assert!(!page || !answer.body.contains(word), "{what}: {word}");
    }
}

#[tokio::test]
async fn every_answer_of_every_route_carries_the_headers() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    for route in pages::routes().list() {
        let path = path(route.path);
        for cookies in ["", &browser.cookies] {
            let what = format!("{} {path} {}", route.method, if cookies.is_empty() { "alone" } else { "in" });
            let cookie = format!("Cookie: {cookies}\r\n");
            let answer = match route.guard {
                // A stream has no end.
                Guard::Passive => site.head_of(site.request("GET", &path, &cookie).as_bytes()).await,
                Guard::Open | Guard::Session => site.get(&path, cookies).await,
                Guard::DoorForm | Guard::Form | Guard::Upload(_) | Guard::Large(..) | Guard::AnyForm => {
                    site.post(&path, cookies, &[]).await
                }
            };
            covered(&what, &answer);
        }
    }
    for (method, path) in [
        ("GET", "/no-such-page"),
        ("GET", "/assets/0/app.css"),
        ("PUT", "/sign-in"),
        ("POST", "/no-such-page"),
        ("OPTIONS", "/sign-in"),
        ("TRACE", "/sign-in"),
        ("GET", "/probe/panic"),
        ("HEAD", "/enrol"),
    ] {
        let answer = site.raw(site.request(method, path, "").as_bytes()).await;
        covered(&format!("{method} {path}"), &answer);
    }
    site.stop().await;
}

#[tokio::test]
async fn without_a_session_no_page_of_a_session_is_shown() {
    let site = Site::start().await;
    for route in pages::routes().list() {
        let path = path(route.path);
        let answer = match route.guard {
            Guard::Session => {
                let answer = site.get(&path, "").await;
                assert!(answer.header("location").starts_with("/sign-in"), "{path}");
                answer
            }
            Guard::Passive => site.get(&path, "__Host-session=AAAA").await,
            Guard::Form | Guard::Upload(_) | Guard::Large(..) => site.post(&path, "", &[]).await,
            Guard::Open | Guard::DoorForm | Guard::AnyForm => continue,
        };
        assert!([303, 401].contains(&answer.status), "{} {path}: {}", route.method, answer.status);
    }
    let back = site.get("/me?x=1", "").await;
    assert_eq!((back.status, back.header("location")), (303, "/sign-in?next=/me%3Fx%3D1"));
    let asked = site.double.state.lock().unwrap().asked.len();
    assert_eq!(asked, 0, "nothing is asked without a token");
    site.stop().await;
}

#[tokio::test]
async fn no_form_of_any_route_is_taken_without_its_proofs() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let door = site.door().await;
    for route in pages::routes().list().iter().filter(|route| route.method == Method::POST) {
        let path = path(route.path);
        let cookies = if route.guard == Guard::DoorForm { &door.cookies } else { &browser.cookies };
        let answer = match route.guard {
            Guard::Upload(_) | Guard::Large(..) => {
                let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--XX--\r\n";
                let headers = site.post_headers(cookies, "multipart/form-data; boundary=XX", body.len());
                let head = site.request("POST", &path, &headers);
                site.raw(&[head.as_bytes(), body].concat()).await
            }
            _ => site.post(&path, cookies, &[("login", "li")]).await,
        };
        assert_eq!(answer.status, 403, "{path}: {}", answer.body);
    }
    site.stop().await;
}

#[tokio::test]
async fn faults_are_pages_in_the_visitors_language_or_json() {
    let site = Site::start().await;
    let zh = site.get("/no-such-page", "").await;
    assert!(zh.status == 404 && zh.body.contains("没有这个页面") && zh.body.contains("not-found"));
    let en = site.get("/no-such-page", "lang=en").await;
    assert!(en.body.contains("There is no such page") && en.body.contains("lang=\"en\""));
    let browser = site.signed_in().await;
    let inside = browser.get(&site, "/no-such-page").await;
    assert_eq!(inside.status, 404);
    let json = site.request("GET", "/no-such-page", "Accept: application/json\r\nCookie: lang=en\r\n");
    let json = site.raw(json.as_bytes()).await;
    assert_eq!(json.header("content-type"), "application/json");
    assert!(json.body.contains(r#""code":"not-found""#), "{}", json.body);
    site.stop().await;
}

#[tokio::test]
async fn a_panic_is_a_page_and_the_next_request_is_served() {
    let site = Site::start().await;
    let answer = site.get("/probe/panic", "").await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("internal") && !answer.body.contains("as the test wants it"));
    assert_eq!(site.get("/enrol", "").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn a_form_refused_while_vaultd_is_away_may_be_sent_again_as_it_is() {
    let mut site = Site::start().await;
    let browser = site.signed_in().await;
    let (csrf, once) = browser.proofs(&site, "/me").await;
    let fields = [("csrf", csrf.as_str()), ("once", once.as_str())];
    site.vault_dies().await;
    let away = site.post("/me/sessions/7/end", &browser.cookies, &fields).await;
    assert_eq!(away.status, 503);
    assert!(away.body.contains("records-unavailable"));
    site.vault_lives();
    let back = site.post("/me/sessions/7/end", &browser.cookies, &fields).await;
    assert_eq!((back.status, site.double.count(Request::EndMySession)), (303, 1));
    site.stop().await;
}
