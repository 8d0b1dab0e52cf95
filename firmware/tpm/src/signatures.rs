//! The PCR signatures that come with an image: `/run/systemd/tpm2-pcr-signature.json`, made by systemd-measure.
//!
//! The file is the box's, but what it says is believed only by its signatures: here it is read, not trusted.

use crate::release::ReleaseKey;
use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// The longest file that is read.
pub const MAX_SIGNATURE_FILE_BYTES: usize = 64 * 1024;
/// The most signatures of one bank.
pub const MAX_SIGNATURES: usize = 64;

/// The bank that counts.
const BANK: &str = "sha256";
/// The PCR that systemd-stub measures the kernel image and the phases of the boot into.
pub(crate) const PCR_KERNEL_BOOT: u8 = 11;
/// RSA 2048 to 4096.
const SIGNATURE_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Why a file holds no PCR signatures.
#[derive(Debug, Error)]
pub enum SignaturesError {
    /// Longer than such a file can be.
    #[error("more than {MAX_SIGNATURE_FILE_BYTES} bytes")]
    TooLong,
    /// Not JSON of this form.
    #[error("not in systemd's form")]
    Form(#[source] serde_json::Error),
    /// More than can be.
    #[error("more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// A field of a signature holds what it cannot.
    #[error("signature {at}: the field `{field}` holds what it cannot")]
    Field {
        /// Which, from 0.
        at: usize,
        /// Its field.
        field: &'static str,
    },
}

/// A policy digest over PCR 11 that somebody signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPolicy {
    /// By which key.
    pub key_fingerprint: [u8; 32],
    /// The digest.
    pub policy: [u8; 32],
    /// RSASSA-PKCS1-v1_5 over it with SHA-256.
    pub signature: Vec<u8>,
}

/// The signatures over PCR 11 of the SHA-256 bank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PcrSignatures {
    signed: Vec<SignedPolicy>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    pcrs: Vec<u8>,
    pkfp: String,
    pol: String,
    sig: String,
}

impl PcrSignatures {
    /// Reads a file. Signatures over other PCRs and other banks are left out.
    ///
    /// # Errors
    /// [`SignaturesError`].
    pub fn parse(json: &[u8]) -> Result<Self, SignaturesError> {
        if json.len() > MAX_SIGNATURE_FILE_BYTES {
            return Err(SignaturesError::TooLong);
        }
        let mut banks: BTreeMap<String, Vec<Written>> =
            serde_json::from_slice(json).map_err(SignaturesError::Form)?;
        let written = banks.remove(BANK).unwrap_or_default();
        if written.len() > MAX_SIGNATURES {
            return Err(SignaturesError::TooMany);
        }
        let mut signed = Vec::with_capacity(written.len());
        for (at, one) in written.iter().enumerate() {
            let policy = read(at, one)?;
            if one.pcrs == [PCR_KERNEL_BOOT] {
                signed.push(policy);
            }
        }
        Ok(Self { signed })
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[SignedPolicy] {
        &self.signed
    }

    /// Those that name this key. Whether it signed them is another question.
    pub fn of<'a>(&'a self, key: &ReleaseKey) -> impl Iterator<Item = &'a SignedPolicy> + use<'a> {
        let fingerprint = key.fingerprint();
        self.signed.iter().filter(move |signed| signed.key_fingerprint == fingerprint)
    }
}

fn read(at: usize, one: &Written) -> Result<SignedPolicy, SignaturesError> {
    let field = |field| move || SignaturesError::Field { at, field };
    let hex = |text: &str| -> Option<[u8; 32]> {
        data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
    };
    let signature = data_encoding::BASE64.decode(one.sig.as_bytes()).ok();
    Ok(SignedPolicy {
        key_fingerprint: hex(&one.pkfp).ok_or_else(field("pkfp"))?,
        policy: hex(&one.pol).ok_or_else(field("pol"))?,
        signature: signature
            .filter(|bytes| SIGNATURE_BYTES.contains(&bytes.len()))
            .ok_or_else(field("sig"))?,
    })
}

/// Reads any bytes as PCR signatures.
///
/// # Panics
/// Where what was read breaks a promise.
pub fn fuzz_pcr_signatures(data: &[u8]) {
    let Ok(read) = PcrSignatures::parse(data) else { return };
    assert!(read.all().len() <= MAX_SIGNATURES, "the limit holds");
    assert!(read.all().iter().all(|one| SIGNATURE_BYTES.contains(&one.signature.len())), "sizes are checked");
}

#[cfg(test)]
mod tests {
    use super::{MAX_SIGNATURES, PcrSignatures, SignaturesError};
    use crate::release::ReleaseKey;

    const ONE: &str = include_str!("../testdata/one.json");

    fn key(pem: &[u8]) -> ReleaseKey {
        ReleaseKey::parse(pem).expect("a key")
    }

    #[test]
    fn l_36_what_systemd_signed_is_read_and_verifies_by_its_key_alone() {
        let read = PcrSignatures::parse(ONE.as_bytes()).expect("systemd's file");
        assert_eq!(read.all().len(), 2);
        let (vault, disk) =
            (key(include_bytes!("../testdata/vault.pem")), key(include_bytes!("../testdata/disk.pem")));
        let ready = read.of(&vault).next().expect("one by the vault's key");
        assert!(vault.verifies(&ready.policy, &ready.signature));
        assert!(!disk.verifies(&ready.policy, &ready.signature));
        assert_eq!(read.of(&key(include_bytes!("../testdata/thief.pem"))).count(), 0);
    }

    #[test]
    fn other_banks_and_other_pcrs_are_left_out() {
        let other_bank = ONE.replace("sha256", "sha384");
        assert!(PcrSignatures::parse(other_bank.as_bytes()).expect("systemd's form").all().is_empty());
        let other_pcr = ONE.replace("[11]", "[11, 12]");
        assert!(PcrSignatures::parse(other_pcr.as_bytes()).expect("systemd's form").all().is_empty());
        assert_eq!(PcrSignatures::parse(b"{}").expect("no bank at all"), PcrSignatures::default());
    }

    #[test]
    fn what_cannot_be_is_refused_and_the_place_named() {
        for (from, to, field) in [
            ("\"pol\": \"", "\"pol\": \"0", "pol"),
            ("\"sig\": \"", "\"sig\": \"!", "sig"),
            ("\"pkfp\": \"", "\"pkfp\": \"x", "pkfp"),
        ] {
            let refused = PcrSignatures::parse(ONE.replace(from, to).as_bytes()).expect_err("damaged");
            assert!(
                matches!(refused, SignaturesError::Field { at: 0, field: named } if named == field),
                "{refused}"
            );
        }
        assert!(matches!(PcrSignatures::parse(b"{\"sha256\":7}"), Err(SignaturesError::Form(_))));
        assert!(matches!(PcrSignatures::parse(&[b' '; 70_000]), Err(SignaturesError::TooLong)));
        let one = r#"{"pkfp":"","pol":"","sig":""}"#;
        let many = format!("{{\"sha256\":[{}]}}", vec![one; MAX_SIGNATURES + 1].join(","));
        assert!(matches!(PcrSignatures::parse(many.as_bytes()), Err(SignaturesError::TooMany)));
    }
}
