//! The page's certificate: made once, kept safely, replaced while serving, refused when it is no good.

use crate::harness::{Site, client_config};
use admind::clock;
use admind::tls::{FILE, Identity, IdentityError, TOLD};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::ServerName;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use vocab::{DAY_MS, UnixMs};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &Path, now: UnixMs) -> Result<Arc<Identity>, IdentityError> {
    Identity::open(&folder.join("state"), folder, now)
}

/// A certificate of the site's own authority, and its key.
fn own(until_year: i32) -> (String, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn the_first_start_makes_a_certificate_that_only_the_page_may_read() {
    let folder = folder();
    let now = UnixMs(1_790_000_000_000);
    let identity = open(folder.path(), now).unwrap();
    let file = folder.path().join("state").join(FILE);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let told = std::fs::read_to_string(folder.path().join(TOLD)).unwrap();
    assert_eq!(told.trim(), identity.fingerprint());
    assert_eq!(told.trim().split(':').count(), 32);
    let days = identity.not_after().since(now) / DAY_MS;
    assert!((728..=731).contains(&days), "{days}");
    assert_eq!(open(folder.path(), now).unwrap().fingerprint(), identity.fingerprint());
}

#[test]
fn what_the_box_made_is_made_again_before_it_runs_out_but_a_sites_own_is_kept() {
    let folder = folder();
    let now = UnixMs(1_790_000_000_000);
    let first = open(folder.path(), now).unwrap().fingerprint();
    assert_eq!(open(folder.path(), now.plus(690 * DAY_MS)).unwrap().fingerprint(), first);
    let late = now.plus(705 * DAY_MS);
    let second = open(folder.path(), late).unwrap();
    assert_ne!(second.fingerprint(), first);
    let (chain, key) = own(2040);
    second.replace(&chain, &key, late).unwrap();
    let kept = second.fingerprint();
    assert_eq!(open(folder.path(), UnixMs(3_000_000_000_000)).unwrap().fingerprint(), kept);
}

#[test]
fn a_bad_pair_is_refused_and_the_old_one_stays() {
    let folder = folder();
    let identity = open(folder.path(), clock::now()).unwrap();
    let before = identity.fingerprint();
    let (chain, key) = own(2040);
    let (other, _) = own(2040);
    let (expired, expired_key) = own(2021);
    let now = UnixMs(1_790_000_000_000);
    assert!(matches!(identity.replace(&other, &key, now), Err(IdentityError::Apart)));
    assert!(matches!(identity.replace(&expired, &expired_key, now), Err(IdentityError::Expired)));
    assert!(matches!(identity.replace("hello", &key, now), Err(IdentityError::Certificate)));
    assert!(matches!(identity.replace(&chain, &chain, now), Err(IdentityError::Key)));
    let broken = chain.replace("MII", "AAA");
    assert!(matches!(identity.replace(&broken, &key, now), Err(IdentityError::Certificate)));
    assert_eq!(identity.fingerprint(), before);
    assert_eq!(open(folder.path(), clock::now()).unwrap().fingerprint(), before);
}

#[tokio::test]
async fn a_certificate_is_replaced_while_serving() {
    let site = Site::start().await;
    let state = site.folder.path().join("state");
    let trusting_the_old = TlsConnector::from(Arc::new(client_config(&state)));
    let connect = async |connector: &TlsConnector| {
        let stream = TcpStream::connect(site.address).await.unwrap();
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.is_ok()
    };
    assert!(connect(&trusting_the_old).await);
    let (chain, key) = own(2040);
    site.identity.replace(&chain, &key, clock::now()).unwrap();
    let trusting_the_new = TlsConnector::from(Arc::new(client_config(&state)));
    assert!(connect(&trusting_the_new).await);
    assert!(!connect(&trusting_the_old).await);
    let told = std::fs::read_to_string(site.folder.path().join("run").join(TOLD)).unwrap();
    assert_eq!(told.trim(), site.identity.fingerprint());
    site.stop().await;
}
