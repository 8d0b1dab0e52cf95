//! The bytes the caller keeps: a sealed root key, a wrapped signing key. Useless without their TPM.

use crate::error::TpmError;
use tss_esapi::structures::{Private, Public};
use tss_esapi::traits::{Marshall, UnMarshall};

const MAGIC: &[u8; 6] = b"RFTPM1";
const MAX_PART_BYTES: usize = 2_048;

/// A root key sealed to PCRs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRoot(Vec<u8>);

/// A signing key wrapped by the TPM's storage key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

macro_rules! blob {
    ($name:ident, $kind:literal) => {
        impl $name {
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

            pub(crate) fn new(pcrs: u32, public: &Public, private: &Private) -> Result<Self, TpmError> {
                encode($kind, pcrs, public, private).map(Self)
            }

            pub(crate) fn parts(&self) -> Result<Parts, TpmError> {
                decode($kind, &self.0).ok_or(TpmError::Blob)
            }
        }
    };
}

blob!(SealedRoot, b'R');
blob!(SigningKey, b'S');

pub(crate) struct Parts {
    /// Bit n = PCR n.
    pub(crate) pcrs: u32,
    pub(crate) public: Public,
    pub(crate) private: Private,
}

fn encode(kind: u8, pcrs: u32, public: &Public, private: &Private) -> Result<Vec<u8>, TpmError> {
    let public = public.marshall().map_err(|_| TpmError::Answer("encode a public area"))?;
    let mut out = Vec::with_capacity(MAGIC.len() + 9 + public.len() + private.value().len());
    out.extend_from_slice(MAGIC);
    out.push(kind);
    out.extend_from_slice(&pcrs.to_be_bytes());
    for part in [public.as_slice(), private.value()] {
        let length = u16::try_from(part.len()).map_err(|_| TpmError::Answer("encode a blob"))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(part);
    }
    Ok(out)
}

fn decode(kind: u8, bytes: &[u8]) -> Option<Parts> {
    let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&[kind])?;
    let (pcrs, rest) = rest.split_first_chunk()?;
    let (public, rest) = part(rest)?;
    let (private, rest) = part(rest)?;
    rest.is_empty().then_some(())?;
    Some(Parts {
        pcrs: u32::from_be_bytes(*pcrs),
        public: Public::unmarshall(public).ok()?,
        private: Private::try_from(private.to_vec()).ok()?,
    })
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    (length <= MAX_PART_BYTES && length <= rest.len()).then(|| rest.split_at(length))
}
