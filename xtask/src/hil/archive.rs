//! The guest's first file system: a "newc" archive as the kernel unpacks it, and what a program of this machine needs
//! to run there. Written here because it wants no root and no copies on disk.

use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An archive being written.
#[derive(Debug)]
pub struct Archive {
    out: BufWriter<File>,
    written: BTreeSet<PathBuf>,
    next: u32,
}

impl Archive {
    /// An empty one.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self { out: BufWriter::new(file), written: BTreeSet::new(), next: 1 })
    }

    /// A folder, with those above it.
    pub fn folder(&mut self, path: &str) -> anyhow::Result<()> {
        let path = Path::new(path.trim_start_matches('/'));
        let above: Vec<&Path> = path.ancestors().filter(|path| !path.as_os_str().is_empty()).collect();
        for folder in above.into_iter().rev() {
            if self.written.insert(folder.to_owned()) {
                self.entry(folder, FOLDER, b"")?;
            }
        }
        Ok(())
    }

    /// A symbolic link.
    pub fn link(&mut self, path: &str, target: &str) -> anyhow::Result<()> {
        self.written.insert(path.trim_start_matches('/').into());
        self.entry(Path::new(path.trim_start_matches('/')), LINK, target.as_bytes())
    }

    /// A file with this content, executable.
    pub fn file(&mut self, path: &str, content: &[u8]) -> anyhow::Result<()> {
        let relative = Path::new(path.trim_start_matches('/'));
        if let Some(above) = relative.parent() {
            self.folder(&above.to_string_lossy())?;
        }
        if self.written.insert(relative.to_owned()) {
            self.entry(relative, FILE, content)?;
        }
        Ok(())
    }

    /// A program of this machine under a name of the guest, with the libraries it is linked with.
    pub fn program(&mut self, from: &Path, to: &str) -> anyhow::Result<()> {
        self.file(to, &read(from)?)?;
        for library in libraries(from)? {
            self.same(&library)?;
        }
        Ok(())
    }

    /// A file or folder of this machine at the same place in the guest; a library brings those it is linked with.
    pub fn same(&mut self, path: &Path) -> anyhow::Result<()> {
        if path.is_dir() {
            for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
                self.same(&entry?.path())?;
            }
            return Ok(());
        }
        // The guest's folders are merged as Debian's are: /lib is /usr/lib.
        let folder = path.parent().unwrap_or(Path::new("/"));
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        let place = folder.join(path.file_name().unwrap_or_default());
        if self.written.contains(place.strip_prefix("/").unwrap_or(&place)) {
            return Ok(());
        }
        self.file(&place.to_string_lossy(), &read(path)?)?;
        if path.to_string_lossy().contains(".so") {
            for library in libraries(path)? {
                self.same(&library)?;
            }
        }
        Ok(())
    }

    /// All files below a folder of this machine, below another one of the guest.
    pub fn tree(&mut self, from: &Path, to: &str) -> anyhow::Result<()> {
        for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
            let path = entry?.path();
            let place = format!("{to}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            if path.is_dir() {
                self.tree(&path, &place)?;
            } else {
                self.file(&place, &read(&path)?)?;
            }
        }
        Ok(())
    }

    /// Ends the archive.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.entry(Path::new("TRAILER!!!"), 0, b"")?;
        Ok(self.out.flush()?)
    }

    fn entry(&mut self, path: &Path, mode: u32, content: &[u8]) -> anyhow::Result<()> {
        let name = path.to_string_lossy();
        let (size, name_size) = (u32::try_from(content.len())?, u32::try_from(name.len() + 1)?);
        // magic; inode, mode, uid, gid, links, mtime, size, device (2), rdevice (2), name's size, checksum.
        write!(self.out, "070701{:08X}{mode:08X}{:08X}{:08X}{:08X}{:08X}", self.next, 0, 0, 1, 0)?;
        write!(self.out, "{size:08X}{:08X}{:08X}{:08X}{:08X}{name_size:08X}{:08X}", 0, 0, 0, 0, 0)?;
        write!(self.out, "{name}\0")?;
        self.pad(HEADER + name.len() + 1)?;
        self.out.write_all(content)?;
        self.pad(content.len())?;
        self.next += 1;
        Ok(())
    }

    fn pad(&mut self, length: usize) -> anyhow::Result<()> {
        let zeros = [0_u8; 3];
        Ok(self.out.write_all(zeros.get(..length.wrapping_neg() % 4).unwrap_or_default())?)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What the loader would load for a program or a library; none for one that is linked statically.
fn libraries(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("ldd").arg(path).output().context("ldd cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!text.contains("not found"), "{} misses a library: {text}", path.display());
    let words = text.split_whitespace().filter(|word| word.starts_with('/') && !word.ends_with(':'));
    Ok(words.map(PathBuf::from).collect())
}

const HEADER: usize = 110;
const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_755;
const LINK: u32 = 0o120_777;

#[cfg(test)]
mod tests {
    use super::Archive;

    #[test]
    fn an_archive_is_what_the_kernel_unpacks() {
        let path = std::env::temp_dir().join(format!("ringfence-archive-{}", std::process::id()));
        let mut archive = Archive::create(&path).unwrap();
        archive.file("/a/b/c", b"hello").unwrap();
        archive.file("a/b/c", b"only the first stays").unwrap();
        archive.link("/d", "a").unwrap();
        archive.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        // Folder a, folder a/b, file, link, trailer; every part on four bytes.
        assert_eq!(bytes.len(), 112 + 116 + (116 + 8) + (112 + 4) + 124);
        assert_eq!(bytes.windows(6).filter(|part| part == b"070701").count(), 5);
        assert!(bytes.ends_with(b"TRAILER!!!\0\0\0\0"));
    }
}
