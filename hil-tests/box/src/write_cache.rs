//! A disk whose write cache is lost with the power. While the box runs QEMU keeps a log of every write and flush
//! (`blklogwrites`, the format of Linux' dm-log-writes) beside a copy of the disk as it was at power-on; when the power goes,
//! the disk becomes that copy with what was written before the last flush, and of the rest what a coin lets through: a
//! disk may have put any part of its cache on the platter. A file that was only written, and a flush that only the
//! kernel's page cache of this machine saw, would otherwise survive the death of QEMU.

use anyhow::Context;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk that is being written.
#[derive(Debug)]
pub struct WriteCache {
    disk: PathBuf,
    before: PathBuf,
    log: PathBuf,
}

/// What became of the writes since power-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Written before the last flush.
    pub durable: usize,
    /// Written after it and on the disk all the same.
    pub lucky: usize,
    /// Lost.
    pub lost: usize,
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
    pub fn settle(self, seed: u64) -> anyhow::Result<Settled> {
        let (log, before) = (File::open(&self.log)?, File::options().write(true).open(&self.before)?);
        let entries = entries(&log, before.metadata()?.len() / SECTOR)?;
        let flushed = entries.iter().rposition(|entry| entry.flags & FLUSH != 0).unwrap_or(0);
        let (mut settled, mut coin, mut buffer) = (Settled::default(), seed | 1, Vec::new());
        for (at, entry) in
            entries.iter().enumerate().filter(|(_, entry)| entry.flags & (FLUSH | DISCARD) == 0)
        {
            if at < flushed {
                settled.durable += 1;
            } else if heads(&mut coin) {
                settled.lucky += 1;
            } else {
                settled.lost += 1;
                continue;
            }
            buffer.resize(usize::try_from(entry.count * SECTOR)?, 0);
            log.read_exact_at(&mut buffer, entry.data_at)?;
            before.write_all_at(&buffer, entry.sector * SECTOR)?;
        }
        fs::remove_file(&self.log)?;
        fs::rename(&self.before, &self.disk).context("the disk after the power cut")?;
        Ok(settled)
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

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    sector: u64,
    count: u64,
    flags: u64,
    data_at: u64,
}

/// The entries that are whole. Writes under way when QEMU was killed may be torn: their place is stepped over.
fn entries(log: &File, disk_sectors: u64) -> anyhow::Result<Vec<Entry>> {
    let length = log.metadata()?.len();
    let (mut found, mut at, mut head) = (Vec::new(), SECTOR, [0; HEAD]);
    while at + SECTOR <= length {
        log.read_exact_at(&mut head, at)?;
        at += SECTOR;
        let Some(mut entry) = entry(&head, disk_sectors) else { continue };
        entry.data_at = at;
        if entry.flags & DISCARD == 0 {
            let end = at + entry.count * SECTOR;
            if end > length {
                break;
            }
            at = end;
        }
        found.push(entry);
    }
    Ok(found)
}

fn entry(head: &[u8; HEAD], disk_sectors: u64) -> Option<Entry> {
    let (words, rest) = head.split_at(32);
    let mut numbers =
        words.chunks_exact(8).filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?)));
    let (sector, count, flags, marks) = (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next()?);
    let something = count > 0 || flags & FLUSH != 0;
    let fits = count <= MAX_COUNT && sector.checked_add(count)? <= disk_sectors;
    let sound = flags & !(FLUSH | FUA | DISCARD) == 0 && marks == 0 && rest.iter().all(|byte| *byte == 0);
    (something && fits && sound).then_some(Entry { sector, count, flags, data_at: 0 })
}

/// Xorshift: one bit that depends on the seed alone.
fn heads(coin: &mut u64) -> bool {
    *coin ^= *coin << 13;
    *coin ^= *coin >> 7;
    *coin ^= *coin << 17;
    *coin & (1 << 32) != 0
}

const SECTOR: u64 = 512;
const HEAD: usize = 512;
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;
/// 64 MiB: more than any one write.
const MAX_COUNT: u64 = 131_072;

#[cfg(test)]
mod tests {
    use super::{FLUSH, HEAD, SECTOR, Settled, WriteCache};
    use std::fs;
    use std::path::PathBuf;

    /// A log with writes of one sector (place and content) and flushes (`None`), and a torn one in between.
    fn log(steps: &[Option<(u64, u8)>]) -> Vec<u8> {
        let mut bytes = vec![0; 512];
        for step in steps {
            let (sector, count, flags) = step.map_or((0, 0, FLUSH), |(sector, _)| (sector, 1, 0));
            let mut head = vec![0; HEAD];
            for (at, number) in [sector, count, flags].iter().enumerate() {
                head[at * 8..at * 8 + 8].copy_from_slice(&number.to_le_bytes());
            }
            bytes.extend(head);
            bytes.extend(step.map(|(_, byte)| vec![byte; 512]).unwrap_or_default());
            // The place of a write that never came.
            bytes.extend([0; 1024]);
        }
        bytes
    }

    fn settled(name: &str, steps: &[Option<(u64, u8)>], seed: u64) -> (Settled, Vec<u8>) {
        let folder =
            std::env::temp_dir().join(format!("ringfence-write-cache-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let disk: PathBuf = folder.join("disk.raw");
        fs::write(&disk, vec![0_u8; 16 * 512]).unwrap();
        let cache = WriteCache::begin(&disk).unwrap();
        // QEMU writes both.
        fs::write(&cache.log, log(steps)).unwrap();
        fs::write(&disk, vec![9_u8; 16 * 512]).unwrap();
        let settled = cache.settle(seed).unwrap();
        let bytes = fs::read(&disk).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        (settled, bytes)
    }

    fn of(bytes: &[u8], sector: u64) -> u8 {
        bytes[usize::try_from(sector * SECTOR).unwrap()]
    }

    #[test]
    fn what_was_written_before_the_last_flush_is_there_in_its_order() {
        let (counted, bytes) = settled("flushed", &[Some((1, 1)), Some((2, 2)), None, Some((1, 3)), None], 1);
        assert_eq!(counted, Settled { durable: 3, lucky: 0, lost: 0 });
        assert_eq!((of(&bytes, 1), of(&bytes, 2), of(&bytes, 3)), (3, 2, 0));
    }

    #[test]
    fn of_what_was_not_flushed_a_part_is_lost_and_another_seed_loses_another() {
        let late: Vec<Option<(u64, u8)>> = (0..16).map(|sector| Some((sector, 5))).collect();
        let steps = [&[Some((0, 1)), None][..], &late].concat();
        let (counted, bytes) = settled("late", &steps, 1);
        assert!(counted.durable == 1 && counted.lucky > 0 && counted.lost > 0, "{counted:?}");
        assert_eq!((0..16).filter(|sector| of(&bytes, *sector) == 5).count(), counted.lucky);
        assert_ne!(settled("other", &steps, 77).1, bytes);
    }

    #[test]
    fn without_a_flush_nothing_is_certain() {
        let (counted, _) = settled("never", &[Some((1, 1))], 3);
        assert_eq!((counted.durable, counted.lucky + counted.lost), (0, 1));
    }
}
