//! Certificate and key of the page, and how TLS is spoken: 1.3 alone.
//!
//! Both stand in one file, so that a crash never leaves a key beside another's certificate. The key leaves this
//! process only into that file.

use crate::der;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXUPPER;
use idl::hello::Process;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedCipherSuite};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use thiserror::Error;
use vocab::{DAY_MS, UnixMs};
use zeroize::Zeroizing;

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// It is no PEM certificate chain.
    #[error("this is no PEM certificate")]
    Certificate,
    /// It is no PEM private key, or of a kind TLS 1.3 has no signature for.
    #[error("this is no usable PEM private key")]
    Key,
    /// They do not belong together.
    #[error("certificate and key do not belong together")]
    Apart,
    /// It is not valid now.
    #[error("the certificate is not valid now")]
    Expired,
    /// A file cannot be used.
    #[error("{path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The certificate could not be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

/// The certificate served now, and where it is kept.
#[derive(Debug)]
pub struct Identity {
    current: RwLock<Current>,
    file: PathBuf,
    told: PathBuf,
}

#[derive(Debug, Clone)]
struct Current {
    key: Arc<CertifiedKey>,
    sha256: [u8; 32],
    not_after: UnixMs,
}

/// A certificate with its key that may be served from now on; nothing of it is stored yet.
pub struct Checked {
    current: Current,
    text: Zeroizing<String>,
}

impl Checked {
    /// Checks a chain, which begins with the page's own certificate, and its key.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn new(chain_pem: &str, key_pem: &str, now: UnixMs) -> Result<Self, IdentityError> {
        let current = read(chain_pem, key_pem, Some(now))?;
        let text = Zeroizing::new(format!("{}\n{}\n", chain_pem.trim(), key_pem.trim()));
        Ok(Self { current, text })
    }

    /// SHA-256 of the certificate.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        self.current.sha256
    }
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("fingerprint", &colons(&self.current.sha256)).finish_non_exhaustive()
    }
}

impl Identity {
    /// Opens the certificate of a state folder; makes one at the first start, and again when the one it made
    /// has run out. Its fingerprint is written into the run folder, for the console.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(state: &Path, run: &Path, now: UnixMs) -> Result<Arc<Self>, IdentityError> {
        let file = state.join(FILE);
        let told = Process::Admind.folder(run);
        for folder in [state, &told] {
            std::fs::create_dir_all(folder)
                .map_err(|source| IdentityError::File { path: folder.into(), source })?;
        }
        let stored = match std::fs::read_to_string(&file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(IdentityError::File { path: file, source }),
        };
        let own = |text: &String| text.starts_with(MADE_HERE);
        let current = match stored {
            Some(text) if !own(&text) => read(&text, &text, None)?,
            Some(text) => match read(&text, &text, Some(now.plus(RENEW_BEFORE_MS))) {
                Ok(current) => current,
                Err(_) => made(&file, now)?,
            },
            None => made(&file, now)?,
        };
        let identity = Self { current: RwLock::new(current), file, told: told.join(TOLD) };
        identity.tell()?;
        Ok(Arc::new(identity))
    }

    /// Serves another certificate from now on, after it is safely stored.
    ///
    /// # Errors
    /// [`IdentityError`]; the old one is served then.
    pub fn replace(&self, checked: Checked) -> Result<(), IdentityError> {
        let Checked { current, text } = checked;
        write(&self.file, text.as_bytes(), SECRET_MODE)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        self.tell()
    }

    /// The SHA-256 fingerprint of the page's certificate, as browsers show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        colons(&self.current().sha256)
    }

    /// When the certificate runs out.
    #[must_use]
    pub fn not_after(&self) -> UnixMs {
        self.current().not_after
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self) -> Result<(), IdentityError> {
        let fingerprint = self.fingerprint();
        log::info!("certificate fingerprint (SHA-256): {fingerprint}");
        write(&self.told, format!("{fingerprint}\n").as_bytes(), PUBLIC_MODE)
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().key)
    }
}

/// How TLS is spoken: 1.3 alone, no early data, no session tickets that outlive a swap of the certificate.
#[must_use]
pub fn server_config(identity: Arc<Identity>) -> Arc<ServerConfig> {
    let suites: Vec<SupportedCipherSuite> = provider::DEFAULT_CIPHER_SUITES
        .iter()
        .filter(|suite| matches!(suite, SupportedCipherSuite::Tls13(_)))
        .copied()
        .collect();
    let provider = CryptoProvider { cipher_suites: suites, ..provider::default_provider() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has TLS 1.3 suites")
        .with_no_client_auth()
        .with_cert_resolver(identity);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    Arc::new(config)
}

/// Reads chain and key; with `valid_at`, refuses what is not valid then.
fn read(chain_pem: &str, key_pem: &str, valid_at: Option<UnixMs>) -> Result<Current, IdentityError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
        .take(MAX_CHAIN)
        .collect::<Result<_, _>>()
        .map_err(|_| IdentityError::Certificate)?;
    let own = chain.first().ok_or(IdentityError::Certificate)?;
    let validity = der::validity(own).ok_or(IdentityError::Certificate)?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, own).as_ref());
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| IdentityError::Key)?;
    let key = provider::sign::any_supported_type(&key).map_err(|_| IdentityError::Key)?;
    let key = CertifiedKey::new(chain, key);
    match key.keys_match() {
        Ok(()) => {}
        Err(rustls::Error::InconsistentKeys(_)) => return Err(IdentityError::Apart),
        Err(_) => return Err(IdentityError::Certificate),
    }
    if valid_at.is_some_and(|at| at < validity.0 || at > validity.1) {
        return Err(IdentityError::Expired);
    }
    Ok(Current { key: Arc::new(key), sha256, not_after: validity.1 })
}

fn made(file: &Path, now: UnixMs) -> Result<Current, IdentityError> {
    let text = make(now)?;
    write(file, text.as_bytes(), SECRET_MODE)?;
    read(&text, &text, None)
}

/// A self-signed certificate for every name and address this machine has.
fn make(now: UnixMs) -> Result<String, IdentityError> {
    let host = host_name();
    let mut names = vec![host.clone(), "localhost".to_owned()];
    names.extend(addresses().iter().map(IpAddr::to_string));
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, host);
    params.distinguished_name.push(DnType::OrganizationName, "Ringfence");
    let day = |at: UnixMs| {
        let date = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        let date = date.to_zoned(jiff::tz::TimeZone::UTC).date();
        let part = |part: i8| u8::try_from(part).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    params.not_before = day(now.plus(-DAY_MS));
    params.not_after = day(now.plus(VALID_MS));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    Ok(format!("{MADE_HERE}\n{}{}", certificate.pem(), key.serialize_pem()))
}

fn host_name() -> String {
    let read = |path| std::fs::read_to_string(path).ok();
    let name = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname")).unwrap_or_default();
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let name = name.trim();
    if name.is_empty() || !name.chars().all(good) { "ringfence".to_owned() } else { name.to_owned() }
}

fn addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = vec![];
    for interface in nix::ifaddrs::getifaddrs().into_iter().flatten() {
        let Some(address) = interface.address else { continue };
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        let v6 = address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip()));
        found.extend(v4.or(v6).filter(|ip| !found.contains(ip)));
    }
    found.truncate(MAX_ADDRESSES);
    found
}

/// Writes a file so that it is there in whole or not at all, and on the platter when this returns.
fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), IdentityError> {
    let fault = |source| IdentityError::File { path: path.to_owned(), source };
    let parent = path.parent().unwrap_or(Path::new("."));
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new).map_err(fault)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(fault)?;
    std::fs::rename(&new, path).map_err(fault)?;
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(fault)
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect::<Vec<_>>().join(":")
}

/// Chain and key, within the state folder.
pub const FILE: &str = "page.pem";
/// The fingerprint, within our folder of the run folder.
pub const TOLD: &str = "page-fingerprint";
const MADE_HERE: &str = "Made by this box; a certificate of your own may replace it in the settings.";
const SECRET_MODE: u32 = 0o600;
const PUBLIC_MODE: u32 = 0o644;
const VALID_MS: i64 = 730 * DAY_MS;
const RENEW_BEFORE_MS: i64 = 30 * DAY_MS;
const MAX_CHAIN: usize = 8;
const MAX_ADDRESSES: usize = 32;
