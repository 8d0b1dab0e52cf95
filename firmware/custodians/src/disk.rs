//! The disk's recovery key as three shares open it: a copy of the key, sealed under the custodians' secret, in a token of
//! the LUKS2 header. The keyslot itself is `systemd-cryptenroll --recovery-key`'s; a new set of shares is a new token,
//! and nobody who writes it learns the key.
//!
//! A header's metadata are read here as `cryptsetup luksDump --dump-json-metadata` prints them: whoever holds the disk
//! may have written them. Nothing is written here.

use crate::secret::{RecoverySecret, SetId};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::{BASE64, HEXUPPER};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;
use vocab::Secret;
use zeroize::Zeroizing;

/// The longest metadata that are read: those of the largest header.
pub const MAX_METADATA_BYTES: usize = 4 * 1024 * 1024;
/// The longest key of a disk.
pub const MAX_DISK_KEY_BYTES: usize = 128;
/// The longest sealed copy.
pub const MAX_DISK_COPY_BYTES: usize = NONCE_LEN + MAX_DISK_KEY_BYTES + TAG_BYTES;

const TAG_BYTES: usize = 16;
const CONTEXT: &[u8] = b"ringfence recovery key of the disk v1";
const COPY_TYPE: &str = "ringfence-custody";
const OWED_TYPE: &str = "ringfence-owed";
const RECOVERY_TYPE: &str = "systemd-recovery";

/// A copy of the disk's recovery key that three shares of a set open. It may be shown to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskCopy {
    /// The set.
    pub set: SetId,
    /// Nonce, key, tag.
    pub sealed: Vec<u8>,
}

/// What a header says of recovery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiskHeader {
    /// The copies, by the numbers of their tokens.
    pub copies: Vec<(u32, DiskCopy)>,
    /// The keyslot that the key opens.
    pub keyslot: Option<u32>,
    /// The token that says that a recovery has begun and the vault's keys still wait for the shares.
    pub owed: Option<u32>,
    /// The tokens of copies that cannot be read. They are passed over: one of them is no reason to refuse the others.
    pub damaged: Vec<u32>,
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Longer than any.
    #[error("the header's metadata are longer than {MAX_METADATA_BYTES} bytes")]
    TooLong,
    /// Not as a header's are.
    #[error("the header's metadata cannot be read, line {line} column {column}")]
    Form {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    tokens: BTreeMap<String, Value>,
}

impl DiskCopy {
    /// Seals the key; the caller draws the nonce, which must never be used twice.
    #[must_use]
    pub fn seal(secret: &RecoverySecret, nonce: [u8; NONCE_LEN], key: &Secret<String>) -> Self {
        let mut text = Zeroizing::new(key.expose().as_bytes().to_vec());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        let Ok(tag) = cipher(secret).seal_in_place_separate_tag(nonce_used, Aad::from(CONTEXT), &mut text)
        else {
            unreachable!("a disk's key is far below the limit of AES-GCM");
        };
        Self { set: secret.set(), sealed: [nonce.as_slice(), &text, tag.as_ref()].concat() }
    }

    /// Opens it; `None`: another secret, or altered.
    #[must_use]
    pub fn open(&self, secret: &RecoverySecret) -> Option<Secret<String>> {
        let (nonce, text) = self.sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = cipher(secret).open_in_place(nonce, Aad::from(CONTEXT), &mut text).ok()?;
        let key = std::str::from_utf8(plain).ok()?;
        is_disk_key(key).then(|| Secret::new(key.to_owned()))
    }

    /// The token, as `cryptsetup token import` takes it; with its keyslot goes the token.
    #[must_use]
    pub fn token(&self, keyslot: u32) -> String {
        let sealed = BASE64.encode(&self.sealed);
        format!(
            "{{\"type\":\"{COPY_TYPE}\",\"keyslots\":[\"{keyslot}\"],\"set\":\"{}\",\"sealed\":\"{sealed}\"}}",
            self.set
        )
    }
}

/// The token that a recovery leaves before it seals the disk to another TPM.
#[must_use]
pub fn owed_token() -> String {
    format!("{{\"type\":\"{OWED_TYPE}\",\"keyslots\":[]}}")
}

/// Whether a text can be the key of a disk, as `systemd-cryptenroll` makes it: letters and hyphens.
#[must_use]
pub fn is_disk_key(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    (MIN_DISK_KEY_BYTES..=MAX_DISK_KEY_BYTES).contains(&text.len()) && text.bytes().all(sign)
}

impl DiskHeader {
    /// Reads metadata.
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn parse(metadata: &[u8]) -> Result<Self, HeaderError> {
        if metadata.len() > MAX_METADATA_BYTES {
            return Err(HeaderError::TooLong);
        }
        let read: Metadata = serde_json::from_slice(metadata)
            .map_err(|error| HeaderError::Form { line: error.line(), column: error.column() })?;
        let mut header = Self::default();
        for (number, token) in read.tokens {
            let Ok(number) = number.parse::<u32>() else { continue };
            match token.get("type").and_then(Value::as_str) {
                Some(COPY_TYPE) => match copy_of(&token) {
                    Some(copy) => header.copies.push((number, copy)),
                    None => header.damaged.push(number),
                },
                Some(OWED_TYPE) => header.owed = Some(number),
                Some(RECOVERY_TYPE) => header.keyslot = keyslot_of(&token),
                _ => {}
            }
        }
        Ok(header)
    }

    /// The disk's key, by whichever copy of the secret's set opens.
    #[must_use]
    pub fn open(&self, secret: &RecoverySecret) -> Option<Secret<String>> {
        let mut ours = self.copies.iter().filter(|(_, copy)| copy.set == secret.set());
        ours.find_map(|(_, copy)| copy.open(secret))
    }
}

fn keyslot_of(token: &Value) -> Option<u32> {
    token.get("keyslots")?.get(0)?.as_str()?.parse().ok()
}

fn copy_of(token: &Value) -> Option<DiskCopy> {
    let set = token.get("set")?.as_str()?;
    let set: [u8; 4] = HEXUPPER.decode(set.as_bytes()).ok()?.try_into().ok()?;
    let sealed = token.get("sealed")?.as_str()?;
    if sealed.len() > 2 * MAX_DISK_COPY_BYTES {
        return None;
    }
    let sealed =
        BASE64.decode(sealed.as_bytes()).ok().filter(|sealed| sealed.len() <= MAX_DISK_COPY_BYTES)?;
    Some(DiskCopy { set: SetId(set), sealed })
}

fn cipher(secret: &RecoverySecret) -> LessSafeKey {
    match UnboundKey::new(&AES_256_GCM, secret.disk_key().expose()) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unreachable!("32 bytes are an AES-256 key"),
    }
}

/// What must hold of any metadata.
pub fn fuzz_header(data: &[u8]) {
    if let Ok(header) = DiskHeader::parse(data) {
        for (_, copy) in &header.copies {
            let all = format!("{{\"tokens\":{{\"7\":{}}}}}", copy.token(1));
            let again = DiskHeader::parse(all.as_bytes()).map(|header| header.copies);
            assert_eq!(again, Ok(vec![(7, copy.clone())]), "what was read is written as it was read");
            assert_eq!(copy.open(&RecoverySecret::new(Secret::new([0; 32]))), None);
        }
    }
}

/// Shorter than this no key of a disk is.
const MIN_DISK_KEY_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::{DiskCopy, DiskHeader, HeaderError, is_disk_key, owed_token};
    use crate::RecoverySecret;
    use vocab::Secret;

    /// As systemd-cryptenroll 257 prints one.
    const KEY: &str = "btbtkrft-cukbnihb-guvrikhr-jnjrlktb-jbkgnhtv-hetvgtek-ebbdbbnu-ivdkugvd";

    fn secret(byte: u8) -> RecoverySecret {
        RecoverySecret::new(Secret::new([byte; 32]))
    }

    fn copy(byte: u8) -> DiskCopy {
        DiskCopy::seal(&secret(byte), [7; 12], &Secret::new(KEY.to_owned()))
    }

    #[test]
    fn enc_05_the_copy_of_the_disks_key_opens_with_its_own_secret_alone() {
        let mut sealed = copy(1);
        assert_eq!(sealed.open(&secret(1)), Some(Secret::new(KEY.to_owned())));
        assert_eq!(sealed.open(&secret(2)), None);
        sealed.sealed[20] ^= 1;
        assert_eq!(sealed.open(&secret(1)), None);
        sealed.sealed.truncate(5);
        assert_eq!(sealed.open(&secret(1)), None);
    }

    #[test]
    fn a_header_is_read_as_cryptsetup_prints_it() {
        let (one, two) = (copy(1), copy(2));
        let text = format!(
            "{{\"keyslots\":{{\"0\":{{\"type\":\"luks2\"}}}},\"tokens\":{{\"0\":{{\"type\":\"systemd-tpm2\",\
             \"keyslots\":[\"0\"],\"tpm2-blob\":\"AA\"}},\"1\":{{\"type\":\"systemd-recovery\",\"keyslots\":[\"3\"]}},\
             \"4\":{},\"5\":{},\"6\":{}}},\"config\":{{}}}}",
            one.token(3),
            two.token(3),
            owed_token()
        );
        let header = DiskHeader::parse(text.as_bytes()).unwrap();
        assert_eq!((header.keyslot, header.owed), (Some(3), Some(6)));
        assert_eq!(header.copies, [(4, one.clone()), (5, two)]);
        assert!(header.damaged.is_empty());
        assert_eq!(DiskHeader::parse(b"{}"), Ok(DiskHeader::default()));
    }

    #[test]
    fn what_is_no_header_is_told_with_its_place() {
        assert_eq!(DiskHeader::parse(b"{\n  ]"), Err(HeaderError::Form { line: 2, column: 3 }));
        assert_eq!(DiskHeader::parse(b"{\"tokens\": 5}"), Err(HeaderError::Form { line: 1, column: 12 }));
        assert_eq!(DiskHeader::parse(&vec![b' '; super::MAX_METADATA_BYTES + 1]), Err(HeaderError::TooLong));
    }

    #[test]
    fn enc_05_a_damaged_copy_is_counted_and_hides_no_other() {
        let whole = copy(1);
        for damaged in [
            r#"{"type":"ringfence-custody"}"#,
            r#"{"type":"ringfence-custody","set":"1A2B3C4D","sealed":"?"}"#,
            r#"{"type":"ringfence-custody","set":"1A2B3C","sealed":"AAAA"}"#,
            r#"{"type":"ringfence-custody","set":5,"sealed":["AAAA"],"keyslots":{}}"#,
            &format!(r#"{{"type":"ringfence-custody","set":"1A2B3C4D","sealed":"{}"}}"#, "A".repeat(512)),
        ] {
            let text = format!("{{\"tokens\":{{\"2\":{damaged},\"4\":{},\"9\":{damaged}}}}}", whole.token(3));
            let header = DiskHeader::parse(text.as_bytes()).unwrap();
            assert_eq!(header.copies, [(4, whole.clone())], "{damaged}");
            assert_eq!(header.damaged, [2, 9], "{damaged}");
        }
    }

    #[test]
    fn enc_05_a_copy_that_was_altered_does_not_stand_before_a_whole_one_of_its_set() {
        let whole = copy(1);
        let mut altered = whole.clone();
        altered.sealed[20] ^= 1;
        let header = DiskHeader { copies: vec![(1, altered), (2, whole)], ..DiskHeader::default() };
        assert_eq!(header.open(&secret(1)), Some(Secret::new(KEY.to_owned())));
        assert_eq!(header.open(&secret(2)), None);
    }

    #[test]
    fn a_token_of_ours_is_known_by_its_type_whatever_else_is_wrong_with_it() {
        let text = br#"{"tokens":{"1":5,"2":{"type":7},"3":{"type":"ringfence-owed","keyslots":0},
            "4":{"type":"systemd-recovery","keyslots":"0"},"x":{"type":"ringfence-custody"}}}"#;
        let header = DiskHeader { owed: Some(3), ..DiskHeader::default() };
        assert_eq!(DiskHeader::parse(text), Ok(header));
    }

    #[test]
    fn only_what_systemd_makes_is_a_disks_key() {
        assert!(is_disk_key(KEY));
        for other in ["", "short", &KEY.to_uppercase(), &format!("{KEY}\n"), &"a".repeat(129)] {
            assert!(!is_disk_key(other), "{other:?}");
        }
    }
}
