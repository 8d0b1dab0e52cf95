//! Where one box of a test lies: its folders, its ports, its certificates; and where the binaries are.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use tempfile::TempDir;

/// Folders and ports of one box; both are given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    folder: Option<TempDir>,
    path: PathBuf,
    base: u16,
    spare: Cell<u16>,
    board: Option<&'static str>,
    _lock: TcpListener,
}

impl Place {
    /// Takes free ports and makes the folders and the box's certificate.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("rf").tempdir().expect("a folder for the box");
        let path = folder.path().to_owned();
        for name in FOLDERS {
            std::fs::create_dir(path.join(name)).expect("a folder of the box");
        }
        let (base, lock) = block();
        let place = Self { folder: Some(folder), path, base, spare: Cell::new(0), board: None, _lock: lock };
        make_certificates(&place.folder("tls"));
        place
    }

    /// The same for a box with the cards of this board, whose far sides are simulated.
    #[must_use]
    pub fn with_cards(board: &'static str) -> Self {
        Self { board: Some(board), ..Self::new() }
    }

    /// The box's model, if it has cards.
    #[must_use]
    pub const fn board(&self) -> Option<&'static str> {
        self.board
    }

    /// One of the folders: `run`, `vault`, `objects`, `recordings`, `traces`, `cards`, `tpm`, `tls`, `logs`, `peers`,
    /// `page`.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// All of it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The software TPM; its control port is the next.
    #[must_use]
    pub const fn tpm(&self) -> u16 {
        self.base + 1
    }

    /// The box's SIP over UDP and TCP.
    #[must_use]
    pub fn sip(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base + 4).into()
    }

    /// The box's SIP over TLS.
    #[must_use]
    pub fn sip_tls(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base + 5).into()
    }

    /// The box's HTTPS page.
    #[must_use]
    pub fn page(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base + 6).into()
    }

    /// The box's media ports.
    #[must_use]
    pub const fn rtp(&self) -> (u16, u16) {
        (self.base + 40, self.base + 439)
    }

    /// Media ports of the simulated carrier.
    #[must_use]
    pub const fn carrier_rtp(&self) -> (u16, u16) {
        (self.base + 440, self.base + 739)
    }

    /// Media ports of the simulated phones.
    #[must_use]
    pub const fn phones_rtp(&self) -> (u16, u16) {
        (self.base + 740, self.base + 839)
    }

    /// An even port for a further peer, with the three after it (SIPp echoes audio and video).
    ///
    /// # Panics
    /// When a test asks for more than there are.
    #[must_use]
    pub fn spare(&self) -> u16 {
        let taken = self.spare.get();
        assert!(taken < SPARE_PORTS, "more peers than ports");
        self.spare.set(taken + 4);
        self.base + 840 + taken
    }

    /// The CA that signed the box's certificate.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        std::fs::read_to_string(self.folder("tls").join("ca.pem")).expect("the CA")
    }

    /// Leaves the folders where they are, for a person to look at.
    pub fn keep(&mut self) {
        if let Some(folder) = self.folder.take() {
            let _ = folder.keep();
        }
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

/// A block of ports nobody uses; the listener on its first port says so to other tests.
fn block() -> (u16, TcpListener) {
    for base in (FIRST_BLOCK..LAST_BLOCK).step_by(BLOCK.into()) {
        let Ok(lock) = TcpListener::bind((Ipv4Addr::LOCALHOST, base)) else { continue };
        let free = (base + 1..base + 7).all(|port| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
                && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
        if free {
            return (base, lock);
        }
    }
    panic!("no free ports on 127.0.0.1");
}

/// A CA and a certificate of it, as `ca.pem`, `cert.pem`, `key.pem`.
pub(crate) fn make_certificates(folder: &Path) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "Ringfence test CA");
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let authority_cert = authority.self_signed(&authority_key).expect("a CA");
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let parameters = rcgen::CertificateParams::new(names).expect("parameters");
    let certificate = parameters.signed_by(&key, &issuer).expect("a certificate");
    let write =
        |name: &str, text: String| std::fs::write(folder.join(name), text).expect("a certificate file");
    write("ca.pem", authority_cert.pem());
    write("cert.pem", certificate.pem());
    write("key.pem", key.serialize_pem());
}

/// A binary of the product, from the folder in which this test was built; built if it is not there.
///
/// # Panics
/// If it cannot be built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::new(());
    let test = std::env::current_exe().expect("the test's own file");
    let profile = test.parent().and_then(Path::parent).expect("a target folder");
    let found = profile.join(name);
    let _one_at_a_time = BUILDING.lock();
    if !found.exists() {
        let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        cargo.args(["build", "--quiet", "--bins"]).arg("--target-dir").arg(profile.parent().expect("target"));
        for package in ["vaultd", "lined", "calld", "supervisor", "admind", "store", "carrier", "exchange"] {
            cargo.args(["--package", package]);
        }
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
        assert!(status.success(), "the product's binaries could not be built");
    }
    found
}

const FOLDERS: [&str; 11] =
    ["run", "vault", "objects", "recordings", "traces", "cards", "tpm", "tls", "logs", "peers", "page"];
const FIRST_BLOCK: u16 = 7_000;
const LAST_BLOCK: u16 = 19_000;
const BLOCK: u16 = 1_000;
const SPARE_PORTS: u16 = 150;
