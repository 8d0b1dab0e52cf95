//! Which variant of the system the page runs on: the development variant says so on every page. Where there is no image of
//! ours (a workstation), there is no variant.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;
use vocab::Release;

static DEVELOPMENT: OnceLock<bool> = OnceLock::new();

/// Looks once, before the process gives up the files it does not need.
pub fn look() {
    let _looked_before = DEVELOPMENT.set(read(Path::new("/")));
}

/// Whether it is the development variant.
#[must_use]
pub fn is_development() -> bool {
    DEVELOPMENT.get().copied().unwrap_or(false)
}

fn read(root: &Path) -> bool {
    let mut bytes = Vec::new();
    let file = File::open(root.join(Release::PATH));
    let read = file.and_then(|file| file.take(Release::MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.is_ok() && Release::parse(&bytes).development
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_a_system_that_names_itself_so_is_the_development_variant() {
        let root = tempfile::tempdir().unwrap();
        assert!(!read(root.path()));
        std::fs::create_dir_all(root.path().join("usr/lib")).unwrap();
        for (text, development) in [
            ("IMAGE_VERSION=0.1.0\nVARIANT_ID=development\n", true),
            ("IMAGE_VERSION=0.1.0\nVARIANT_ID=product\n", false),
            ("NAME=Debian\n", false),
        ] {
            std::fs::write(root.path().join("usr/lib/os-release"), text).unwrap();
            assert_eq!(read(root.path()), development, "{text}");
        }
    }
}
