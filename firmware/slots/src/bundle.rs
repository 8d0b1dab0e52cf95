//! What a bundle says of itself, as far as we need it. RAUC has checked the signature before any of it counts.
//!
//! `build=` in RAUC's manifest carries what RAUC has no field of its own for: `epoch=N root=HEX`. Every version of RAUC
//! hands this field on, in its report and in the manifest.

use crate::version::{Version, VersionError};
use std::fmt;
use thiserror::Error;

/// The hash at the top of a root's dm-verity tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RootHash(pub [u8; 32]);

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The hardware it is made for.
    pub compatible: String,
    /// Its version.
    pub version: Version,
    /// Its security epoch.
    pub epoch: u32,
    /// The hash of its root.
    pub root: RootHash,
}

/// Why a bundle is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BundleError {
    /// A field misses.
    #[error("the bundle does not say its {0}")]
    Missing(&'static str),
    /// A field cannot be read.
    #[error("the bundle's {0} cannot be read")]
    Bad(&'static str),
    /// Its version cannot be one.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The text is longer than any of these is.
    #[error("what the bundle says of itself is longer than {MAX_TEXT} bytes")]
    Long,
}

impl RootHash {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digit = |at: usize| pair.get(at).and_then(|digit| (*digit as char).to_digit(16));
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        Some(Self(bytes))
    }

    /// The id of the root partition: its first half (Discoverable Partitions Specification).
    #[must_use]
    pub fn root_id(&self) -> String {
        uuid(&self.0[..16])
    }

    /// The id of the hash partition: its second half.
    #[must_use]
    pub fn verity_id(&self) -> String {
        uuid(&self.0[16..])
    }
}

impl fmt::Display for RootHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RootHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootHash({self})")
    }
}

fn uuid(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

impl Bundle {
    /// Reads what `rauc info --output-format=shell` prints.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn of_info(text: &str) -> Result<Self, BundleError> {
        let value =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(unquoted));
        Self::of_fields(text, value("RAUC_MF_COMPATIBLE"), value("RAUC_MF_VERSION"), value("RAUC_MF_BUILD"))
    }

    /// Reads the manifest of a mounted bundle.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn of_manifest(text: &str) -> Result<Self, BundleError> {
        let value = |wanted: &str| {
            let mut section = "";
            text.lines().map(str::trim).find_map(|line| {
                if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    section = name;
                }
                let (key, value) = line.split_once('=')?;
                (section == "update" && key.trim_end() == wanted).then(|| value.trim_start())
            })
        };
        Self::of_fields(text, value("compatible"), value("version"), value("build"))
    }

    fn of_fields(
        text: &str,
        compatible: Option<&str>,
        version: Option<&str>,
        build: Option<&str>,
    ) -> Result<Self, BundleError> {
        if text.len() > MAX_TEXT {
            return Err(BundleError::Long);
        }
        let compatible =
            compatible.filter(|text| !text.is_empty()).ok_or(BundleError::Missing("hardware"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if compatible.len() > MAX_COMPATIBLE || !compatible.chars().all(plain) {
            return Err(BundleError::Bad("hardware"));
        }
        let version = version.ok_or(BundleError::Missing("version"))?.parse()?;
        let build = build.unwrap_or_default();
        let part = |name: &str| build.split(' ').find_map(|part| part.strip_prefix(name));
        let epoch = part("epoch=").ok_or(BundleError::Missing("security epoch"))?;
        let epoch = epoch.parse().map_err(|_| BundleError::Bad("security epoch"))?;
        let root = part("root=").ok_or(BundleError::Missing("root hash"))?;
        let root = RootHash::parse(root).ok_or(BundleError::Bad("root hash"))?;
        Ok(Self { compatible: compatible.to_owned(), version, epoch, root })
    }
}

/// RAUC quotes as a shell reads it; what we take has no quote inside.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')).unwrap_or(text)
}

/// Bytes of a report or manifest.
const MAX_TEXT: usize = 64 * 1024;
/// Characters of the hardware's name.
const MAX_COMPATIBLE: usize = 64;

#[cfg(test)]
mod tests {
    use super::{Bundle, BundleError, RootHash};

    const ROOT: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

    #[test]
    fn a_root_hash_names_both_partitions() {
        let root = RootHash::parse(ROOT).unwrap();
        assert_eq!(root.root_id(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(root.verity_id(), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(root.to_string(), ROOT);
        for bad in ["", &ROOT[1..], &ROOT.replace('f', "g"), "０"] {
            assert_eq!(RootHash::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn report_and_manifest_say_the_same() {
        let info = format!(
            "RAUC_MF_COMPATIBLE='ringfence-virtual'\nRAUC_MF_VERSION='0.2.0'\nRAUC_MF_DESCRIPTION=''\n\
             RAUC_MF_BUILD='epoch=3 root={ROOT}'\nRAUC_MF_IMAGES=2\n"
        );
        let manifest = format!(
            "[update]\ncompatible = ringfence-virtual\nversion=0.2.0\nbuild=epoch=3 root={ROOT}\n\n\
             [image.root]\nversion=9\nfilename=root.img\n"
        );
        let bundle = Bundle::of_info(&info).unwrap();
        assert_eq!(Bundle::of_manifest(&manifest), Ok(bundle.clone()));
        assert_eq!((bundle.version.as_str(), bundle.epoch), ("0.2.0", 3));
    }

    #[test]
    fn a_bundle_that_hides_what_counts_is_not_taken() {
        let with = |version: &str, build: &str| {
            Bundle::of_manifest(&format!("[update]\ncompatible=x\nversion={version}\nbuild={build}\n"))
        };
        assert_eq!(with("1", ""), Err(BundleError::Missing("security epoch")));
        assert_eq!(with("1", "epoch=-1 root=0"), Err(BundleError::Bad("security epoch")));
        assert_eq!(with("1", "epoch=1 root=0"), Err(BundleError::Bad("root hash")));
        assert!(matches!(with("../1", "epoch=1"), Err(BundleError::Version(_))));
        assert_eq!(Bundle::of_info("RAUC_MF_VERSION='1'"), Err(BundleError::Missing("hardware")));
    }
}
