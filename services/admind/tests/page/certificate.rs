//! The page's certificate: made once, kept safely, replaced while serving, refused when it is no good.

use crate::harness::{Site, client_config, multipart};
use admind::clock;
use admind::tls::{Checked, FILE, Identity, IdentityError, TOLD};
use idl::admin::{Admin, Answer};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rights::Request;
use rustls::pki_types::ServerName;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
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
    let told = std::fs::read_to_string(folder.path().join("admind").join(TOLD)).unwrap();
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
    second.replace(Checked::new(&chain, &key, late).unwrap()).unwrap();
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
    assert!(matches!(Checked::new(&other, &key, now), Err(IdentityError::Apart)));
    assert!(matches!(Checked::new(&expired, &expired_key, now), Err(IdentityError::Expired)));
    assert!(matches!(Checked::new("hello", &key, now), Err(IdentityError::Certificate)));
    assert!(matches!(Checked::new(&chain, &chain, now), Err(IdentityError::Key)));
    let broken = chain.replace("MII", "AAA");
    assert!(matches!(Checked::new(&broken, &key, now), Err(IdentityError::Certificate)));
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
    site.identity.replace(Checked::new(&chain, &key, clock::now()).unwrap()).unwrap();
    let trusting_the_new = TlsConnector::from(Arc::new(client_config(&state)));
    assert!(connect(&trusting_the_new).await);
    assert!(!connect(&trusting_the_old).await);
    let told = std::fs::read_to_string(site.folder.path().join("run/admind").join(TOLD)).unwrap();
    assert_eq!(told.trim(), site.identity.fingerprint());
    site.stop().await;
}

/// The fingerprint that was told last.
static TOLD_TO_VAULTD: Mutex<Option<[u8; 32]>> = Mutex::new(None);

fn allow(what: &Admin) -> Option<Answer> {
    let Admin::ReplacePageCertificate { fingerprint } = what else { return None };
    *TOLD_TO_VAULTD.lock().unwrap() = Some(*fingerprint);
    Some(Answer::Done)
}

#[tokio::test]
async fn aud_01_only_a_certificate_that_can_be_served_is_told_to_vaultd_and_with_its_fingerprint() {
    let site = Site::start().await;
    site.double.state.lock().unwrap().more = Some(allow);
    let browser = site.signed_in().await;
    let before = site.identity.fingerprint();
    let (chain, key) = own(2040);
    let (other, _) = own(2040);
    for (chain, asked) in [(&other, 0), (&chain, 1)] {
        let (csrf, once) = browser.proofs(&site, "/me").await;
        let fields = [("csrf", csrf.as_str()), ("once", once.as_str())];
        let files = [("chain", "chain.pem", chain.as_bytes()), ("key", "key.pem", key.as_bytes())];
        let body = multipart(&fields, &files);
        let headers = site.post_headers(&browser.cookies, "multipart/form-data; boundary=XX", body.len());
        let head = site.request("POST", "/settings/certificate", &headers);
        let answer = site.raw(&[head.as_bytes(), &body].concat()).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(site.double.count(Request::ReplacePageCertificate), asked);
        assert_eq!(site.identity.fingerprint() != before, asked == 1);
    }
    let told = TOLD_TO_VAULTD.lock().unwrap().unwrap();
    let told = told.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    assert_eq!(told, site.identity.fingerprint());
    site.stop().await;
}
