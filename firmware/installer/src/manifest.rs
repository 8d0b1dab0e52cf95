//! The manifest of the image that is carried, as `cargo xtask image` writes it. Its signature is no matter here: it lies
//! in the signed file that was started.

use thiserror::Error;

/// What the image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its version.
    pub version: String,
    /// Whether it is the development variant.
    pub development: bool,
    /// The hardware it is for.
    pub board: String,
    /// SHA-256 of the whole of it.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: u64,
}

/// Why a manifest is none.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ManifestError {
    /// A line is missing, or not of its form.
    #[error("line {line} of the manifest is not `{wanted} …`")]
    Line {
        /// From 1.
        line: usize,
        /// What it begins with.
        wanted: &'static str,
    },
    /// There is more than there should be.
    #[error("the manifest is too long")]
    Long,
}

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// The line that is not of its form.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_BYTES || text.lines().count() > NAMES.len() {
            return Err(ManifestError::Long);
        }
        let mut values = [""; NAMES.len()];
        let mut lines = text.lines();
        for ((place, wanted), line) in values.iter_mut().zip(NAMES).zip(1..) {
            let value = lines.next().and_then(|line| line.strip_prefix(wanted)?.strip_prefix(' '));
            let good = |value: &&str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
            *place = value.filter(good).ok_or(ManifestError::Line { line, wanted })?;
        }
        let [form, version, variant, epoch, board, sha256, bytes] = values;
        let fault = |line: usize| ManifestError::Line {
            line,
            wanted: NAMES.get(line - 1).copied().unwrap_or_default(),
        };
        if form != "1" {
            return Err(fault(1));
        }
        if !matches!(variant, "product" | "development") {
            return Err(fault(3));
        }
        epoch.parse::<u32>().map_err(|_| fault(4))?;
        Ok(Self {
            version: version.to_owned(),
            development: variant == "development",
            board: board.to_owned(),
            sha256: digest(sha256).ok_or(fault(6))?,
            bytes: bytes.parse().ok().filter(|bytes| *bytes > 0).ok_or(fault(7))?,
        })
    }
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Each line's first word, in this order.
const NAMES: [&str; 7] = ["ringfence-image", "version", "variant", "epoch", "board", "sha256", "bytes"];
const MAX_BYTES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::{Manifest, ManifestError};

    const GOOD: &str = "ringfence-image 1\nversion 0.1.0\nvariant product\nepoch 1\nboard ringfence-virtual\n\
        sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nbytes 3\n";

    #[test]
    fn a_manifest_says_what_the_image_is() {
        let told = Manifest::parse(GOOD).expect("a manifest");
        assert_eq!(
            (told.version.as_str(), told.board.as_str(), told.bytes),
            ("0.1.0", "ringfence-virtual", 3)
        );
        assert_eq!((told.sha256[0], told.sha256[31], told.development), (0xba, 0xad, false));
    }

    #[test]
    fn each_line_that_is_not_of_its_form_is_named() {
        for (from, to, line) in [
            ("image 1", "image 2", 1),
            ("ringfence-image", "ringfence-bundle", 1),
            ("version 0.1.0", "version ", 2),
            ("product", "another", 3),
            ("epoch 1", "epoch -1", 4),
            ("board ", "hardware ", 5),
            ("sha256 ba", "sha256 b", 6),
            ("bytes 3", "bytes 0", 7),
            ("bytes 3\n", "", 7),
        ] {
            match Manifest::parse(&GOOD.replace(from, to)) {
                Err(ManifestError::Line { line: found, .. }) => assert_eq!(found, line, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
        assert_eq!(Manifest::parse(&format!("{GOOD}more\n")), Err(ManifestError::Long));
    }
}
