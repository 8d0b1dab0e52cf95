//! A disk whose write cache is lost with the power. While the box runs QEMU keeps a log of every write and flush
//! (`blklogwrites`, the format of Linux' dm-log-writes) beside a copy of the disk as it was at power-on; when the power goes,
//! the disk becomes that copy with what was written before the last flush, and of the rest what a coin lets through: a
//! disk may have put any part of its cache on the platter. A file that was only written, and a flush that only the
//! kernel's page cache of this machine saw, would otherwise survive the death of QEMU.

use crate::writes::{Cut, SECTOR, Writes};
use anyhow::Context;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk that is being written.
#[derive(Debug)]
pub struct WriteCache {
    disk: PathBuf,
    before: PathBuf,
    log: PathBuf,
}

impl WriteCache {
    /// Begins with the disk as it is.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn begin(disk: &Path) -> anyhow::Result<Self> {
        let new = Self {
            disk: disk.to_owned(),
            before: disk.with_extension("before"),
            log: disk.with_extension("log"),
        };
        let copied = Command::new("cp").arg("--sparse=always").arg(&new.disk).arg(&new.before).status()?;
        anyhow::ensure!(copied.success(), "the disk cannot be copied");
        File::create(&new.log)?;
        Ok(new)
    }

    /// QEMU's words for it; the device is `disk`.
    #[must_use]
    pub fn words(&self) -> [String; 4] {
        // The death of QEMU is not the death of this machine: flushes need not reach its own disk.
        let file = |name: &str, path: &Path| {
            format!("-blockdev driver=file,node-name={name},cache.no-flush=on,filename={}", path.display())
        };
        [
            file("written", &self.disk),
            file("writes", &self.log),
            format!(
                "-blockdev driver=blklogwrites,node-name=disk,file=written,log=writes,log-sector-size={SECTOR}"
            ),
            "-device virtio-blk-pci,drive=disk,bootindex=1,write-cache=on,discard=off,write-zeroes=off"
                .to_owned(),
        ]
    }

    /// The power went: what the disk holds now. The seed is the coin's.
    ///
    /// # Errors
    /// The log or the disk cannot be read or written.
    pub fn settle(self, seed: u64) -> anyhow::Result<Cut> {
        let writes = Writes::read(&self.log, fs::metadata(&self.before)?.len() / SECTOR)?;
        let cut = writes.replay(&self.before, writes.entries().len(), seed)?;
        fs::remove_file(&self.log)?;
        fs::rename(&self.before, &self.disk).context("the disk after the power cut")?;
        Ok(cut)
    }

    /// Switched off in order: everything is on the disk.
    ///
    /// # Errors
    /// The copy cannot be removed.
    pub fn end(self) -> anyhow::Result<()> {
        fs::remove_file(&self.log)?;
        Ok(fs::remove_file(&self.before)?)
    }
}

#[cfg(test)]
mod tests {
    use super::WriteCache;
    use crate::writes::{Cut, tests::log};
    use std::fs;

    #[test]
    fn after_a_power_cut_the_disk_is_as_at_power_on_with_what_was_flushed() {
        let folder = std::env::temp_dir().join(format!("ringfence-write-cache-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let disk = folder.join("disk.raw");
        fs::write(&disk, vec![b'.'; 4 * 512]).unwrap();
        let cache = WriteCache::begin(&disk).unwrap();
        // QEMU writes both.
        let written = log(&folder, &[(1, b'a', 0), (2, b'b', 0), (0, 0, 1), (1, b'c', 0), (0, 0, 1)]);
        fs::rename(written, &cache.log).unwrap();
        fs::write(&disk, vec![b'x'; 4 * 512]).unwrap();
        assert_eq!(cache.settle(1).unwrap(), Cut { flushed: 3, kept: 0, lost: 0 });
        let letters: Vec<u8> = fs::read(&disk).unwrap().chunks(512).map(|sector| sector[0]).collect();
        assert_eq!(letters, b".cb.");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
