//! The bytes the caller keeps: a sealed root key, a wrapped signing key. Useless without their TPM.

use crate::error::TpmError;
use crate::release::ReleaseKey;
use tss_esapi::structures::{Private, Public};
use tss_esapi::traits::{Marshall, UnMarshall};

const MAGIC: &[u8; 6] = b"RFTPM1";
const MAX_PART_BYTES: usize = 2_048;

/// A root key sealed to PCRs, or to what a release signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRoot(Vec<u8>);

/// A signing key wrapped by the TPM's storage key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

/// What a sealed root key asks of the TPM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SealedTo {
    /// These PCRs as they were (bit n = PCR n).
    Values(u32),
    /// PCR 11 as the release key signs it, and PCR 7 as it was.
    Release { key: ReleaseKey, pcr_7: [u8; 32] },
}

pub(crate) struct SealedParts {
    pub(crate) to: SealedTo,
    pub(crate) public: Public,
    pub(crate) private: Private,
}

impl SealedRoot {
    /// The bytes to store. They hold no key in clear.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes stored bytes.
    ///
    /// # Errors
    /// [`TpmError::Blob`] if they are no such blob.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TpmError> {
        let blob = Self(bytes.to_vec());
        blob.parts().map(|_| blob)
    }

    /// The fingerprint of the release key it is sealed to; `None`: to PCRs as they were.
    #[must_use]
    pub fn release(&self) -> Option<[u8; 32]> {
        match self.parts().ok()?.to {
            SealedTo::Values(_) => None,
            SealedTo::Release { key, .. } => Some(key.fingerprint()),
        }
    }

    pub(crate) fn new(to: &SealedTo, public: &Public, private: &Private) -> Result<Self, TpmError> {
        let mut out = MAGIC.to_vec();
        match to {
            SealedTo::Values(pcrs) => {
                out.push(TO_VALUES);
                out.extend_from_slice(&pcrs.to_be_bytes());
            }
            SealedTo::Release { key, pcr_7 } => {
                out.push(TO_RELEASE);
                out.extend_from_slice(pcr_7);
                add(&mut out, key.pkcs1())?;
            }
        }
        add_object(&mut out, public, private)?;
        Ok(Self(out))
    }

    pub(crate) fn parts(&self) -> Result<SealedParts, TpmError> {
        sealed_parts(&self.0).ok_or(TpmError::Blob)
    }
}

impl SigningKey {
    /// The bytes to store. They hold no key in clear.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes stored bytes.
    ///
    /// # Errors
    /// [`TpmError::Blob`] if they are no such blob.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TpmError> {
        let blob = Self(bytes.to_vec());
        blob.parts().map(|_| blob)
    }

    pub(crate) fn new(public: &Public, private: &Private) -> Result<Self, TpmError> {
        let mut out = MAGIC.to_vec();
        out.push(SIGNING);
        // Where a sealed key names its PCRs.
        out.extend_from_slice(&[0; 4]);
        add_object(&mut out, public, private)?;
        Ok(Self(out))
    }

    pub(crate) fn parts(&self) -> Result<(Public, Private), TpmError> {
        let object = self.0.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(&[SIGNING, 0, 0, 0, 0]));
        object.and_then(object_parts).ok_or(TpmError::Blob)
    }
}

const TO_VALUES: u8 = b'R';
const TO_RELEASE: u8 = b'A';
const SIGNING: u8 = b'S';

fn sealed_parts(bytes: &[u8]) -> Option<SealedParts> {
    let (kind, rest) = bytes.strip_prefix(MAGIC)?.split_first()?;
    let (to, rest) = match *kind {
        TO_VALUES => {
            let (pcrs, rest) = rest.split_first_chunk()?;
            (SealedTo::Values(u32::from_be_bytes(*pcrs)), rest)
        }
        TO_RELEASE => {
            let (pcr_7, rest) = rest.split_first_chunk()?;
            let (key, rest) = part(rest)?;
            (SealedTo::Release { key: ReleaseKey::from_pkcs1(key).ok()?, pcr_7: *pcr_7 }, rest)
        }
        _ => return None,
    };
    let (public, private) = object_parts(rest)?;
    Some(SealedParts { to, public, private })
}

fn add_object(out: &mut Vec<u8>, public: &Public, private: &Private) -> Result<(), TpmError> {
    add(out, &public.marshall().map_err(|_| TpmError::Answer("encode a public area"))?)?;
    add(out, private.value())
}

fn add(out: &mut Vec<u8>, part: &[u8]) -> Result<(), TpmError> {
    let length = u16::try_from(part.len()).map_err(|_| TpmError::Answer("encode a blob"))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(part);
    Ok(())
}

fn object_parts(bytes: &[u8]) -> Option<(Public, Private)> {
    let (public, rest) = part(bytes)?;
    let (private, rest) = part(rest)?;
    rest.is_empty().then_some(())?;
    Some((Public::unmarshall(public).ok()?, Private::try_from(private.to_vec()).ok()?))
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    (length <= MAX_PART_BYTES && length <= rest.len()).then(|| rest.split_at(length))
}
