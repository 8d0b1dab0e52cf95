//! `flash.sh --remote` against this page, with curl and openssl as a technician has them: the certificate is held to, a
//! signed update arrives whole and is ordered, and nothing that is not one is sent.

use crate::double::{CODE, PASSWORD};
use crate::harness::Site;
use aws_lc_rs::digest::{SHA256, digest};
use idl::admin::{Admin, Answer};
use idl::host::HostOrder;
use idl::views::{BoxAsk, BoxView, BundleView};
use rights::Request;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use vocab::UnixMs;

/// More than curl or the page take at once.
fn bundle() -> Vec<u8> {
    (0..1_300_000_u32).map(|at| at.to_le_bytes()[(at % 3) as usize]).collect()
}

fn sum() -> [u8; 32] {
    digest(&SHA256, &bundle()).as_ref().try_into().unwrap()
}

fn answers(what: &Admin) -> Option<Answer> {
    let Admin::Box(ask) = what else { return None };
    Some(match ask {
        BoxAsk::Upload => Answer::Bundle { bundle: sum(), bytes: bundle().len() as u64 },
        BoxAsk::Order(HostOrder::Install { bundle, downgrade: false }) if *bundle == sum() => {
            Answer::Created { ids: vec![10] }
        }
        BoxAsk::Look => Answer::Box(Box::new(BoxView {
            status: None,
            bundles: vec![BundleView { bundle: sum(), bytes: bundle().len() as u64, at: UnixMs(0) }],
            orders: vec![],
            history: vec![],
            open_calls: 0,
            update_certificate: None,
        })),
        _ => return None,
    })
}

/// A technician's folder with a signed update in it.
struct Desk {
    folder: tempfile::TempDir,
    port: u16,
    fingerprint: String,
}

impl Desk {
    async fn before(site: &Site) -> Self {
        site.double.state.lock().unwrap().more = Some(answers);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("update.raucb"), bundle()).unwrap();
        let manifest = format!(
            "ringfence-bundle 1\nversion 0.2.0\nvariant product\nepoch 1\nboard ringfence-virtual\nsha256 {}\nbytes {}\n",
            data_encoding::HEXLOWER.encode(&sum()),
            bundle().len()
        );
        std::fs::write(folder.path().join("update.raucb.manifest"), manifest).unwrap();
        let certificate = site.folder.path().join("state").join(admind::tls::FILE);
        let words = format!(
            "openssl genpkey -algorithm ed25519 -out release.key; openssl pkey -in release.key -pubout -out release.pem
             openssl pkeyutl -sign -rawin -inkey release.key -in update.raucb.manifest -out update.raucb.manifest.sig
             openssl x509 -in {} -noout -fingerprint -sha256 | cut -d= -f2 >fingerprint",
            certificate.display()
        );
        let done =
            Command::new("bash").args(["-euc", &words]).current_dir(folder.path()).status().await.unwrap();
        assert!(done.success());
        let fingerprint =
            std::fs::read_to_string(folder.path().join("fingerprint")).unwrap().trim().to_owned();
        Self { folder, port: site.address.port(), fingerprint }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it; whether it was done, and what it said.
    async fn send(&self, fingerprint: &str, typed: &str) -> (bool, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flash.sh");
        let mut child = Command::new("bash")
            .arg(script)
            .args(["--key", "release.pem", "--fingerprint", fingerprint, "--remote"])
            .args([&format!("localhost:{}", self.port), "update.raucb"])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may have ended before it asked.
        let _ = stdin.write_all(typed.as_bytes()).await;
        drop(stdin);
        let done = child.wait_with_output().await.unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    }
}

#[tokio::test]
async fn l_80_a_signed_update_arrives_whole_over_a_connection_that_is_held_to_the_consoles_fingerprint() {
    let site = Site::start().await;
    let desk = Desk::before(&site).await;
    let (done, said) = desk.send(&desk.fingerprint, &format!("li\n{PASSWORD}\n{CODE}\ninstall\n")).await;
    assert!(done, "{said}");
    assert!(said.contains("is the one that lies here") && said.contains("the order is given"), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains(CODE), "{said}");
    {
        let state = site.double.state.lock().unwrap();
        let sent: Vec<_> =
            state.asked.iter().filter(|asked| asked.request == Request::UploadBundle).collect();
        assert!(sent.len() == 1 && sent[0].attached == bundle(), "it arrived once, and whole");
    }
    assert_eq!(site.double.count(Request::OrderUpdate), 1);
    site.stop().await;
}

#[tokio::test]
async fn another_word_than_install_leaves_the_update_stored_and_nothing_ordered() {
    let site = Site::start().await;
    let desk = Desk::before(&site).await;
    let (done, said) = desk.send(&desk.fingerprint, &format!("li\n{PASSWORD}\n{CODE}\nlater\n")).await;
    assert!(done && said.contains("not installed"), "{said}");
    assert_eq!((site.double.count(Request::UploadBundle), site.double.count(Request::OrderUpdate)), (1, 0));
    site.stop().await;
}

#[tokio::test]
async fn an_order_that_the_box_refuses_is_told_as_refused() {
    let site = Site::start().await;
    let desk = Desk::before(&site).await;
    site.double.state.lock().unwrap().more = Some(|what| match what {
        Admin::Box(BoxAsk::Order(_)) => Some(Answer::Refused {
            code: "box-not-good".to_owned(),
            text_en: "The running system has not been found good yet.".to_owned(),
            text_zh: "当前系统尚未确认正常。".to_owned(),
        }),
        other => answers(other),
    });
    let (done, said) = desk.send(&desk.fingerprint, &format!("li\n{PASSWORD}\n{CODE}\ninstall\n")).await;
    assert!(!done && said.contains("refuses the order") && said.contains("当前系统尚未确认正常"), "{said}");
    site.stop().await;
}

#[tokio::test]
async fn another_certificate_is_told_no_password_and_a_wrong_password_sends_no_update() {
    let site = Site::start().await;
    let desk = Desk::before(&site).await;
    let typed = format!("li\n{PASSWORD}\n{CODE}\ninstall\n");
    for fingerprint in ["00".repeat(32), String::new(), "not hex".to_owned()] {
        let (done, said) = desk.send(&fingerprint, &typed).await;
        assert!(!done && (said.contains("another certificate") || said.contains("--fingerprint")), "{said}");
    }
    assert!(site.double.state.lock().unwrap().asked.is_empty(), "nobody was asked anything");
    let (done, said) = desk.send(&desk.fingerprint, &format!("li\nwrong \"word\\\n{CODE}\n")).await;
    assert!(!done && said.contains("the sign-in was refused (422)"), "{said}");
    assert_eq!(site.double.count(Request::UploadBundle), 0);
    site.stop().await;
}

#[tokio::test]
async fn l_80_an_update_that_is_changed_is_not_sent() {
    let site = Site::start().await;
    let desk = Desk::before(&site).await;
    let mut changed = bundle();
    changed[700_000] ^= 1;
    std::fs::write(desk.path("update.raucb"), changed).unwrap();
    let (done, said) = desk.send(&desk.fingerprint, "li\n").await;
    assert!(!done && said.contains("cut off or changed"), "{said}");
    assert!(site.double.state.lock().unwrap().asked.is_empty(), "nobody was asked anything");
    site.stop().await;
}
