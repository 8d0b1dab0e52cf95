//! What the running system says of itself: os-release(5), as our images write it.
//!
//! It takes bytes and opens no file. What another system writes there (a workstation's) is no release of ours: it has no
//! image version.

/// Which system runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    /// The image's version; none where the system is no image of ours.
    pub version: Option<String>,
    /// Its security epoch; 0 where it names none.
    pub epoch: u32,
    /// Whether it is the development variant.
    pub development: bool,
}

impl Release {
    /// Where it lies, below the root.
    pub const PATH: &str = "usr/lib/os-release";
    /// A longer file is none.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Reads the file's bytes. What is missing, too long or not text is not there.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = Some(bytes).filter(|bytes| bytes.len() <= Self::MAX_BYTES);
        let text = text.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let value = |key: &str| text.lines().find_map(|line| Some(unquoted(line.strip_prefix(key)?)));
        let version = value("IMAGE_VERSION=").filter(|version| !version.is_empty());
        Self {
            version: version.map(str::to_owned),
            epoch: value("RINGFENCE_EPOCH=").and_then(|epoch| epoch.parse().ok()).unwrap_or(0),
            development: value("VARIANT_ID=") == Some("development"),
        }
    }
}

/// A value as a shell would take it; ours need no escapes.
fn unquoted(value: &str) -> &str {
    let value = value.trim_end();
    let within = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn a_system_of_ours_names_its_version_its_epoch_and_its_variant() {
        let text = "ID=ringfence\nPRETTY_NAME=\"Ringfence 7.2.1 (DEVELOPMENT)\"\nVERSION_ID=\"13\"\n\
            IMAGE_VERSION=\"7.2.1\"\nVARIANT_ID=development\nRINGFENCE_EPOCH=2\n";
        let release = Release { version: Some("7.2.1".to_owned()), epoch: 2, development: true };
        assert_eq!(Release::parse(text.as_bytes()), release);
        let product = text.replace("=development", "='product'").replace("EPOCH=2", "EPOCH='3'\r");
        let release = Release { epoch: 3, development: false, ..release };
        assert_eq!(Release::parse(product.as_bytes()), release);
    }

    #[test]
    fn what_is_no_release_of_ours_says_nothing() {
        let long = format!("IMAGE_VERSION=1.0.0\n{}", "#".repeat(Release::MAX_BYTES));
        let others: [&[u8]; 7] = [
            b"",
            b"NAME=Debian\nVERSION_ID=\"12\"\n",
            b"IMAGE_VERSION=\n",
            b"IMAGE_VERSION=\"\"\n",
            b"MY_IMAGE_VERSION=1.0.0\nXVARIANT_ID=development\nRINGFENCE_EPOCH=-1\n",
            b"IMAGE_VERSION=1.0.0\n\xff\xfe",
            long.as_bytes(),
        ];
        for other in others {
            assert_eq!(Release::parse(other), Release::default(), "{}", String::from_utf8_lossy(other));
        }
    }
}
