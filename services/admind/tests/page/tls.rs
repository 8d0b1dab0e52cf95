//! TLS 1.3 and nothing else; no weaker hello is answered with anything but an alert.

use crate::harness::{Site, client_config};
use rustls::pki_types::ServerName;
use rustls::version::TLS12;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};
use std::io::{Read, Write};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn a_browser_gets_tls_13_with_http_2_or_1() {
    let site = Site::start().await;
    for (offered, chosen) in [(&[&b"h2"[..], b"http/1.1"][..], &b"h2"[..]), (&[b"http/1.1"], b"http/1.1")] {
        let stream = site.connect(offered).await;
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(session.alpn_protocol(), Some(chosen));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_client_of_tls_12_is_refused() {
    let site = Site::start().await;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let stream = TcpStream::connect(site.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let error = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
    site.stop().await;
}

/// A ClientHello (RFC 5246 7.4.1.2, RFC 6101 5.6.1.2) of an old version, offering what its time offered.
fn hello(version: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    // ECDHE-ECDSA-AES128-GCM, ECDHE-RSA-AES128-CBC, RSA-AES128-CBC, RSA-3DES, RSA-RC4.
    body.extend([0, 10, 0xc0, 0x2b, 0xc0, 0x13, 0, 0x2f, 0, 0x0a, 0, 5]);
    body.extend([1, 0]);
    if version != [3, 0] {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    let mut message = vec![1];
    message.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
    message.extend(body);
    let mut record = vec![22, 3, version[1].min(1)];
    record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
    record.extend(message);
    record
}

/// Signature algorithms, groups and points of a client of TLS 1.2.
const EXTENSIONS_12: &[u8] = &[
    0, 13, 0, 6, 0, 4, 4, 3, 4, 1, // signature_algorithms
    0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: secp256r1
    0, 11, 0, 2, 1, 0, // ec_point_formats
    0, 23, 0, 0, // extended_master_secret
];

async fn answer_to(site: &Site, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![];
    // The page may reset the connection after its alert: what was read before counts.
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn hellos_of_ssl_3_to_tls_12_are_answered_with_one_alert_and_nothing_else() {
    let site = Site::start().await;
    for minor in 0..=3 {
        let answer = answer_to(&site, &hello([3, minor], EXTENSIONS_12)).await;
        let [kind, 3, _, 0, 2, level, _] = answer[..] else {
            panic!("version 3.{minor}: {answer:?}");
        };
        // RFC 8446 6: record type alert, level fatal.
        assert_eq!((kind, level), (21, 2), "version 3.{minor}");
    }
    site.stop().await;
}

#[tokio::test]
async fn plain_http_gets_no_http_answer() {
    let site = Site::start().await;
    for bytes in
        [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0"]
    {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = vec![];
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.windows(4).any(|word| word == b"HTTP"), "{answer:?}");
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn no_ticket_allows_early_data() {
    let site = Site::start().await;
    let mut config = client_config(&site.folder.path().join("state"));
    config.enable_early_data = true;
    let (config, address) = (Arc::new(config), site.address);
    let request = site.request("GET", "/enrol", "");
    let offers = tokio::task::spawn_blocking(move || {
        let name = ServerName::try_from("localhost").unwrap();
        let mut first = ClientConnection::new(Arc::clone(&config), name.clone()).unwrap();
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        let mut stream = rustls::Stream::new(&mut first, &mut socket);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = vec![];
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        // The tickets of the first connection are in the client's memory now.
        let mut second = ClientConnection::new(config, name).unwrap();
        second.early_data().is_some()
    });
    assert!(!offers.await.unwrap());
    site.stop().await;
}
