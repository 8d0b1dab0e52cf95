//! Signing in and out, and what a session's cookie is worth.

use crate::double::{CODE, PASSWORD};
use crate::harness::Site;
use rights::Request;

#[tokio::test]
async fn iam_01_signing_in_takes_one_form_and_gives_a_strict_cookie() {
    let site = Site::start().await;
    let door = site.door().await;
    let fields = [("login", "li"), ("password", PASSWORD), ("code", CODE), ("next", "/me?x=1")];
    let answer = door.send(&site, "/sign-in", "/sign-in", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/me?x=1"));
    let set = answer.header("set-cookie");
    let session = set.lines().find(|line| line.starts_with("__Host-session=")).unwrap();
    for word in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(session.contains(word), "{session}");
    }
    assert!(!session.contains("Domain") && !session.contains("Max-Age"), "{session}");
    assert!(set.lines().any(|line| line.starts_with("__Host-door=;") && line.contains("Max-Age=0")));
    site.stop().await;
}

#[tokio::test]
async fn a_refused_sign_in_keeps_the_login_and_never_a_password_or_code() {
    let site = Site::start().await;
    let door = site.door().await;
    let fields = [("login", "\"li\""), ("password", "a secret nobody sees"), ("code", "987654")];
    let answer = door.send(&site, "/sign-in", "/sign-in", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("value=\"&#34;li&#34;\""), "{}", answer.body);
    assert!(answer.body.contains("拒绝：sign-in"));
    assert!(!answer.body.contains("a secret nobody sees") && !answer.body.contains("987654"));
    assert_eq!(site.double.count(Request::SignIn), 1);
    let empty = door.send(&site, "/sign-in", "/sign-in", &[("login", "")]).await;
    assert_eq!((empty.status, site.double.count(Request::SignIn)), (422, 1));
    site.stop().await;
}

#[tokio::test]
async fn every_request_names_the_peer_and_the_browser_and_no_actor() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let headers = format!("Cookie: {}\r\nX-Forwarded-For: 203.0.113.9\r\n", browser.cookies);
    assert_eq!(site.raw(site.request("GET", "/me", &headers).as_bytes()).await.status, 200);
    let asked = site.double.state.lock().unwrap().asked.clone();
    for asked in asked {
        let source = asked.source.unwrap();
        assert_eq!((source.address.to_string().as_str(), source.browser.as_str()), ("127.0.0.1", "test"));
        assert_eq!(asked.actor, None);
        assert!(!asked.passive);
    }
    site.stop().await;
}

#[tokio::test]
async fn iam_06_a_cookie_used_from_another_browser_is_worth_nothing_and_is_taken_away() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let head = format!(
        "GET /me HTTP/1.1\r\nHost: localhost\r\nUser-Agent: thief\r\nConnection: close\r\nCookie: {}\r\n\r\n",
        browser.cookies
    );
    let stolen = site.raw(head.as_bytes()).await;
    assert_eq!(stolen.status, 401);
    assert!(stolen.body.contains("session-elsewhere") && !stolen.body.contains("李雷"));
    assert!(stolen.header("set-cookie").starts_with("__Host-session=;"));
    let owner = browser.get(&site, "/me").await;
    assert_eq!((owner.status, owner.header("location")), (303, "/sign-in?next=/me"));
    site.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_and_its_cookie() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let answer = browser.send(&site, "/me", "/sign-out", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?ended=1"));
    assert!(answer.header("set-cookie").starts_with("__Host-session=;"));
    assert!(site.double.state.lock().unwrap().sessions.is_empty());
    assert_eq!(browser.get(&site, "/me").await.status, 303);
    site.stop().await;
}

#[tokio::test]
async fn ones_own_page_shows_sessions_and_sign_ins_and_escapes_what_browsers_say() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let page = browser.get(&site, "/me").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("2023-11-15 06:13") && page.body.contains("密码错误"));
    assert!(page.body.contains("&#60;script&#62;") && !page.body.contains("<script>alert"));
    let ended = browser.send(&site, "/me", "/me/sessions/7/end", &[]).await;
    assert_eq!((ended.status, ended.header("location")), (303, "/me"));
    let page = browser.get(&site, "/me").await;
    assert!(page.body.contains("会话已结束"));
    assert!(!browser.get(&site, "/me").await.body.contains("会话已结束"), "a notice is shown once");
    site.stop().await;
}

#[tokio::test]
async fn a_password_is_changed_only_if_typed_twice_alike() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    let fields =
        |again| [("old", PASSWORD), ("new", "another fine long one"), ("again", again), ("code", CODE)];
    let differ = browser.send(&site, "/me", "/me/password", &fields("another")).await;
    assert_eq!(differ.status, 422);
    assert!(!differ.body.contains("another fine long one") && !differ.body.contains(PASSWORD));
    assert_eq!(site.double.count(Request::ChangePassword), 0);
    let good = browser.send(&site, "/me", "/me/password", &fields("another fine long one")).await;
    assert_eq!((good.status, site.double.count(Request::ChangePassword)), (303, 1));
    site.stop().await;
}

#[tokio::test]
async fn enrolment_shows_the_secret_once_as_picture_and_text() {
    let site = Site::start().await;
    let door = site.door().await;
    let begin = [("login", "li"), ("enrol_code", "ENROL-CODE")];
    let page = door.send(&site, "/enrol", "/enrol", &begin).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("<svg class=\"qr\"") && page.body.contains("JBSW Y3DP"));
    assert!(page.body.contains("李 &#60;雷&#62;"));
    let finish = |password: &'static str, again| {
        [
            ("login", "li"),
            ("enrol_code", "ENROL-CODE"),
            ("password", password),
            ("again", again),
            ("totp", CODE),
        ]
    };
    let short = door.send(&site, "/enrol", "/enrol/finish", &finish("short", "short")).await;
    assert!(short.status == 422 && short.body.contains("<svg class=\"qr\""), "{}", short.body);
    let good = door.send(&site, "/enrol", "/enrol/finish", &finish(PASSWORD, PASSWORD)).await;
    assert_eq!((good.status, good.header("location")), (303, "/sign-in"));
    assert!(door.get(&site, "/sign-in").await.body.contains("账号已启用"));
    site.stop().await;
}

#[tokio::test]
async fn l_31_a_blank_box_leads_to_its_claim_and_shows_the_codes_once() {
    let site = Site::start().await;
    site.double.state.lock().unwrap().commissioned = false;
    assert_eq!(site.get("/sign-in", "").await.header("location"), "/welcome");
    assert!(!site.get("/welcome", "").await.body.contains("未能清除 TPM"));
    site.double.state.lock().unwrap().tpm_kept = true;
    assert!(site.get("/welcome", "").await.body.contains("上次恢复出厂未能清除 TPM"), "RET-05");
    let door = site.door().await;
    let claim = |code, audit_login| {
        [
            ("claim_code", code),
            ("company", "江南商业银行"),
            ("zone", "Asia/Shanghai"),
            ("profile", "intl"),
            ("system_name", "甲"),
            ("system_login", "jia"),
            ("security_name", "乙"),
            ("security_login", "yi"),
            ("audit_name", "丙"),
            ("audit_login", audit_login),
            ("calendar_key", "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8="),
        ]
    };
    let same = door.send(&site, "/welcome", "/welcome", &claim("CLAIM-CODE", "yi")).await;
    assert!(same.status == 422 && same.body.contains("登录名必须不同"));
    assert_eq!(site.double.count(Request::Claim), 0);
    let wrong = door.send(&site, "/welcome", "/welcome", &claim("GUESS", "bing")).await;
    assert!(wrong.status == 422 && wrong.body.contains("value=\"bing\"") && !wrong.body.contains("GUESS"));
    let good = door.send(&site, "/welcome", "/welcome", &claim("CLAIM-CODE", "bing")).await;
    assert_eq!(good.status, 200);
    assert!(["CODE-1", "CODE-2", "CODE-3"].iter().all(|code| good.body.contains(code)));
    assert_eq!(site.get("/welcome", "").await.header("location"), "/sign-in");
    site.stop().await;
}
