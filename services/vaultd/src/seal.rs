//! Sealing small values under one key: AES-256-GCM with a random nonce before the ciphertext.
//!
//! Which key, and whether it still exists, is not decided here.

use crate::entries::Sealed;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vocab::Secret;
use zeroize::Zeroizing;

/// What a sealed value is, bound to it so that one cannot stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A contact's row.
    Contact,
    /// A recording's key.
    RecordingKey,
    /// A dialog.
    Dialog,
    /// A note.
    Note,
    /// A person's name.
    Name,
    /// A phone's secret.
    Ha1,
    /// A number of the blacklist.
    Blacklist,
    /// A person's password hash and TOTP secret.
    Credentials,
    /// Keys of tunnels.
    Network,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Contact => b"contact",
            Self::RecordingKey => b"recording key",
            Self::Dialog => b"dialog",
            Self::Note => b"note",
            Self::Name => b"name",
            Self::Ha1 => b"ha1",
            Self::Blacklist => b"blacklist",
            Self::Credentials => b"credentials",
            Self::Network => b"network",
        }
    }
}

/// Seals a value. The nonce must never be used twice under one key: 12 random bytes.
#[must_use]
pub fn seal<T: Serialize>(
    key: &Secret<[u8; 32]>,
    purpose: Purpose,
    nonce: [u8; NONCE_LEN],
    value: &T,
) -> Sealed {
    let Ok(plain) = postcard::to_stdvec(value) else {
        unreachable!("values to seal are plain structures");
    };
    let mut text = Zeroizing::new(plain);
    let aad = Aad::from(purpose.label());
    let cipher = cipher(key);
    let Ok(tag) = cipher.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text)
    else {
        unreachable!("sealed values are far below the limit of AES-GCM");
    };
    Sealed([nonce.as_slice(), &text, tag.as_ref()].concat())
}

/// Opens a value; `None` if it was sealed under another key or for another purpose, or was altered.
#[must_use]
pub fn open<T: DeserializeOwned>(key: &Secret<[u8; 32]>, purpose: Purpose, sealed: &Sealed) -> Option<T> {
    let (nonce, text) = sealed.0.split_first_chunk::<NONCE_LEN>()?;
    let mut text = Zeroizing::new(text.to_vec());
    let aad = Aad::from(purpose.label());
    let plain = cipher(key).open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text).ok()?;
    postcard::from_bytes(plain).ok()
}

fn cipher(key: &Secret<[u8; 32]>) -> LessSafeKey {
    match UnboundKey::new(&AES_256_GCM, key.expose()) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unreachable!("32 bytes are an AES-256 key"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, open, seal};
    use vocab::Secret;

    #[test]
    fn a_sealed_value_opens_only_under_its_key_and_for_its_purpose() {
        let key = Secret::new([7; 32]);
        let sealed = seal(&key, Purpose::Note, [1; 12], &"words".to_owned());
        assert_eq!(open::<String>(&key, Purpose::Note, &sealed).as_deref(), Some("words"));
        assert_eq!(open::<String>(&key, Purpose::Name, &sealed), None);
        assert_eq!(open::<String>(&Secret::new([8; 32]), Purpose::Note, &sealed), None);
    }

    #[test]
    fn one_changed_bit_opens_nothing() {
        let key = Secret::new([7; 32]);
        let sealed = seal(&key, Purpose::Note, [1; 12], &"words".to_owned());
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert_eq!(open::<String>(&key, Purpose::Note, &changed), None);
        }
    }
}
