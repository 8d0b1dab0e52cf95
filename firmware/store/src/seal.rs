//! Small values encrypted with AES-256-GCM under a random nonce, bound to their place by a context.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use thiserror::Error;
use vocab::Secret;
use zeroize::Zeroizing;

const TAG_BYTES: usize = 16;
pub(crate) const OVERHEAD_BYTES: usize = NONCE_LEN + TAG_BYTES;

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// The operating system gives no randomness.
    #[error("no randomness")]
    Randomness,
    /// Another key, another context, or altered.
    #[error("the value does not open under this key and context")]
    Refused,
}

/// Fresh key material from the operating system.
///
/// # Errors
/// [`SealError::Randomness`].
pub fn random_key() -> Result<Secret<[u8; 32]>, SealError> {
    random().map(Secret::new)
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0_u8; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SealError::Randomness)?;
    Ok(bytes)
}

/// Encrypts a field; `context` (tree, key, name of the field) must be the same to open it.
///
/// # Errors
/// [`SealError::Randomness`].
pub fn seal_field(key: &Secret<[u8; 32]>, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce = random::<NONCE_LEN>()?;
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = cipher(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut out[NONCE_LEN..],
        )
        .map_err(|_| SealError::Refused)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Decrypts a field.
///
/// # Errors
/// [`SealError::Refused`].
pub fn open_field(
    key: &Secret<[u8; 32]>,
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Refused)?;
    let mut text = Zeroizing::new(text.to_vec());
    let length = cipher(key)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut text)
        .map_err(|_| SealError::Refused)?
        .len();
    text.truncate(length);
    Ok(text)
}

pub(crate) fn cipher(key: &Secret<[u8; 32]>) -> LessSafeKey {
    match UnboundKey::new(&AES_256_GCM, key.expose()) {
        Ok(unbound) => LessSafeKey::new(unbound),
        Err(_) => unreachable!("a key of 32 bytes is an AES-256 key"),
    }
}
