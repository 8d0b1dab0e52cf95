//! The box's own key for updates that are encrypted (RAUC's format `crypt`): made once, by the box, and never told to
//! anybody. Its certificate names the box; whoever encrypts to it makes an update that this box alone can read.
//!
//! Both stand in one file on the sealed data, root's alone, so that a cut of power never leaves a key beside another's
//! certificate; RAUC takes from it what it asks for. A factory reset destroys it with the data. The certificate proves
//! nothing about who made an update: that is the signature's matter, which is looked at in any case.

use crate::status::Place;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, date_time_ymd};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why the box has no key for encrypted updates.
#[derive(Debug, Error)]
pub enum UpdateKeyError {
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// It cannot be made.
    #[error("a key cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

/// The certificate in PEM; key and certificate are made where they are not there. Durable when this returns.
///
/// # Errors
/// [`UpdateKeyError`]: the box then takes updates that are not encrypted alone.
pub fn update_certificate(place: &Place) -> Result<String, UpdateKeyError> {
    let path = place.state.join(FILE);
    let failed = |source| UpdateKeyError::File { path: path.clone(), source };
    let there = match read(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Some(Zeroizing::default()),
        Err(source) => return Err(failed(source)),
    };
    if let Some(text) = there {
        if let Some(certificate) = certificate_of(&text) {
            return Ok(certificate);
        }
        log::warn!("the key for encrypted updates cannot be read: another one is made");
    }
    let text = make(place)?;
    write(&path, text.as_bytes()).map_err(failed)?;
    log::info!("this box has a key for encrypted updates");
    Ok(certificate_of(&text).unwrap_or_default())
}

/// The certificate of a file that holds a usable key beside it.
fn certificate_of(text: &str) -> Option<String> {
    let (certificate, key) = text.split_at_checked(text.find(KEY_BEGINS)?)?;
    KeyPair::from_pem(key).ok()?;
    let begin = certificate.find(CERTIFICATE_BEGINS)?;
    certificate.get(begin..).map(str::to_owned)
}

/// It holds as long as the data does: a term would only keep a box from its updates, and a clock can be wrong at the
/// first start (RFC 5280 4.1.2.5: a certificate without an end).
fn make(place: &Place) -> Result<Zeroizing<String>, UpdateKeyError> {
    let id = std::fs::read(place.at("etc/machine-id")).unwrap_or_default();
    let name = match vocab::device_number(&id) {
        Some(number) => format!("Ringfence {number}"),
        None => "Ringfence".to_owned(),
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Ringfence");
    params.distinguished_name.push(DnType::OrganizationalUnitName, "updates");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31);
    // CMS agrees on a key with it (RFC 5753); it signs nothing but itself.
    params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?;
    let certificate = params.self_signed(&key)?;
    let secret = Zeroizing::new(key.serialize_pem());
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
    text.push_str(&certificate.pem());
    text.push_str(&secret);
    Ok(text)
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
    File::open(path)?.take(MAX_BYTES as u64).read_to_string(&mut text)?;
    Ok(text)
}

/// There in whole or not at all.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Certificate and key, as RAUC's configuration names it (`firmware/slots/rauc/system.conf`).
pub const FILE: &str = "update.pem";
const CERTIFICATE_BEGINS: &str = "-----BEGIN CERTIFICATE-----";
const KEY_BEGINS: &str = "-----BEGIN PRIVATE KEY-----";
/// Bytes of the file.
const MAX_BYTES: usize = 16 * 1024;
