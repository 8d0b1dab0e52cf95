//! Slow and many: time limits in virtual time, limits of connections and requests.

use crate::harness::Site;
use admind::app::App;
use admind::listen::HANDSHAKE_TIMEOUT;
use admind::listen::{HEAD_TIMEOUT, MAX_CONNECTIONS, MAX_CONNECTIONS_OF_SOURCE, Seats, connection, speak};
use admind::serve::{dressed, router};
use admind::tls::{Identity, server_config};
use admind::vault::Vault;
use admind::{clock, pages, spool};
use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// A page without sockets and without `vaultd`.
fn alone() -> (tempfile::TempDir, Arc<Identity>, Router) {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::open(folder.path(), folder.path(), clock::now()).unwrap();
    let (vault, _never_run) = Vault::open(folder.path());
    let (_, stopping) = watch::channel(false);
    let app = App::new(vault, Arc::clone(&identity), stopping, spool::prepare(folder.path()).unwrap());
    let router = dressed(router(&app, pages::routes()));
    (folder, identity, router)
}

fn spoken(router: Router) -> (DuplexStream, JoinHandle<()>) {
    let (browser, page) = duplex(1 << 20);
    let speaking = async move {
        // It lives as long as the connection: its end would ask the connection to end.
        let graceful = GracefulShutdown::new();
        speak(router, page, PEER, graceful.watcher()).await;
    };
    (browser, tokio::spawn(speaking))
}

async fn rest(mut stream: DuplexStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_comes_is_given_up() {
    let (_folder, identity, router) = alone();
    let (browser, page) = duplex(1_024);
    let graceful = GracefulShutdown::new();
    let began = Instant::now();
    connection(server_config(identity), router, page, PEER, graceful.watcher()).await;
    assert_eq!(began.elapsed().as_secs(), HANDSHAKE_TIMEOUT.as_secs());
    drop(browser);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_given_up() {
    let (_folder, _, router) = alone();
    let (mut browser, serving) = spoken(router);
    let began = Instant::now();
    let head = "GET /enrol HTTP/1.1\r\nHost: localhost\r\n";
    for byte in head.bytes().chain(std::iter::repeat(b'x')) {
        if browser.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        if serving.is_finished() {
            break;
        }
    }
    serving.await.unwrap();
    assert!(began.elapsed() <= HEAD_TIMEOUT + Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_form_whose_body_does_not_come_is_answered_with_408() {
    let (_folder, _, router) = alone();
    let (mut browser, serving) = spoken(router);
    let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\nConnection: close\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogin=";
    browser.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(browser).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body-slow"));
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_vaultd_a_page_says_so_after_a_short_wait() {
    let (_folder, _, router) = alone();
    let (mut browser, serving) = spoken(router);
    let began = Instant::now();
    let request = "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    browser.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(browser).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("records-unavailable"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5));
    serving.await.unwrap();
}

#[test]
fn connections_are_counted_in_all_and_for_each_source() {
    let seats = Seats::default();
    let source = |of: usize| IpAddr::V4(Ipv4Addr::from(u32::try_from(of).unwrap()));
    let own: Vec<_> = (0..MAX_CONNECTIONS_OF_SOURCE).map(|_| seats.take(source(0)).unwrap()).collect();
    assert!(seats.take(source(0)).is_none());
    let others: Vec<_> =
        (MAX_CONNECTIONS_OF_SOURCE..MAX_CONNECTIONS).map(|of| seats.take(source(of)).unwrap()).collect();
    assert!(seats.take(source(1)).is_none());
    drop(own);
    assert_eq!(seats.taken(), MAX_CONNECTIONS - MAX_CONNECTIONS_OF_SOURCE);
    assert!(seats.take(source(0)).is_some());
    drop(others);
    assert_eq!(seats.taken(), 0);
}

#[tokio::test]
async fn too_many_requests_of_one_source_are_answered_with_429_and_when_to_come_back() {
    let site = Site::with_rate(1).await;
    let mut last = site.get("/no-such-page", "lang=en").await;
    for _ in 0..10 {
        if last.status == 429 {
            break;
        }
        last = site.get("/no-such-page", "lang=en").await;
    }
    assert_eq!(last.status, 429);
    assert_eq!(last.header("retry-after"), "1");
    assert!(last.body.contains("Wait 1 s") && !last.header("content-security-policy").is_empty());
    site.stop().await;
}
