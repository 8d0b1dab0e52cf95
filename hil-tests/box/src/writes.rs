//! What was written to a disk, as QEMU's `blklogwrites` notes it (the format of Linux' dm-log-writes), and the disk as it would
//! be had the power failed at some point of it: all before the last flush is there; of what came after it, some is, and the
//! write under way is torn. Which, a seed says.

use anyhow::{Context, ensure};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// All of it.
#[derive(Debug)]
pub struct Writes {
    file: File,
    entries: Vec<Entry>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its first sector on the disk.
    pub sector: u64,
    /// Its sectors; 0: a flush alone.
    pub sectors: u64,
    flags: u64,
    /// Where it begins in the file.
    at: u64,
}

/// What became of the writes behind the last flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// Writes that had been flushed.
    pub flushed: usize,
    /// Later ones that the disk had written all the same.
    pub kept: usize,
    /// Later ones that it lost.
    pub lost: usize,
}

impl Entry {
    /// The head of an entry, or nothing: the bytes are no head.
    fn parse(head: &[u8; SECTOR as usize], at: u64, disk_sectors: u64) -> Option<Self> {
        let entry = Self { sector: number(head, 0), sectors: number(head, 8), flags: number(head, 16), at };
        let something = entry.sectors > 0 || entry.flushes();
        let fits = entry.sectors <= MAX_SECTORS && entry.sector.checked_add(entry.sectors)? <= disk_sectors;
        let sound =
            entry.flags & !(FLUSH | FUA | DISCARD) == 0 && head.iter().skip(24).all(|byte| *byte == 0);
        (something && fits && sound).then_some(entry)
    }

    const fn has_data(&self) -> bool {
        self.flags & DISCARD == 0
    }

    /// Whether all before it is safe when it is done.
    const fn flushes(&self) -> bool {
        self.flags & FLUSH != 0
    }

    /// Whether it writes into these sectors.
    #[must_use]
    pub const fn touches(&self, sectors: &Range<u64>) -> bool {
        self.sectors > 0
            && self.has_data()
            && self.sector < sectors.end
            && self.sector + self.sectors > sectors.start
    }
}

impl Writes {
    /// Reads the file of a machine that is switched off, whose disk has so many sectors. QEMU may have been killed: a write
    /// that was under way has left its place empty or torn, and is stepped over.
    ///
    /// # Errors
    /// It is no such file.
    pub fn read(path: &Path, disk_sectors: u64) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let length = file.metadata()?.len();
        let mut sector = [0_u8; SECTOR as usize];
        file.read_exact_at(&mut sector, 0).with_context(|| path.display().to_string())?;
        ensure!(number(&sector, 0) == MAGIC, "{} does not begin as a log of writes does", path.display());
        let mut entries = Vec::new();
        let mut at = SECTOR;
        while at + SECTOR <= length && entries.len() < MAX_ENTRIES {
            file.read_exact_at(&mut sector, at)?;
            let Some(entry) = Entry::parse(&sector, at, disk_sectors) else {
                at += SECTOR;
                continue;
            };
            let data = if entry.has_data() { entry.sectors * SECTOR } else { 0 };
            let end = at + SECTOR + data;
            if end > length {
                break;
            }
            entries.push(entry);
            at = end;
        }
        Ok(Self { file, entries })
    }

    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries begin before this byte of the file: what was there when the file had so many.
    #[must_use]
    pub fn before(&self, bytes: u64) -> usize {
        self.entries.partition_point(|entry| entry.at < bytes)
    }

    /// Those of a part of them that write into these sectors.
    #[must_use]
    pub fn touching(&self, part: Range<usize>, sectors: &Range<u64>) -> Vec<usize> {
        let here = |index: &usize| self.entries.get(*index).is_some_and(|entry| entry.touches(sectors));
        part.filter(here).collect()
    }

    /// Writes the first `count` onto a disk that was copied before the first of them, as if the power had failed then.
    ///
    /// # Errors
    /// The disk cannot be written.
    pub fn replay(&self, disk: &Path, count: usize, seed: u64) -> anyhow::Result<Cut> {
        let disk = File::options().write(true).open(disk).with_context(|| disk.display().to_string())?;
        let part = self.entries.get(..count).context("so many were not written")?;
        let flushed = part.iter().rposition(Entry::flushes).unwrap_or(0);
        let mut chance = Chance(seed);
        let mut cut = Cut::default();
        for (index, entry) in
            part.iter().enumerate().filter(|(_, entry)| entry.sectors > 0 && entry.has_data())
        {
            let whole = if index < flushed {
                cut.flushed += 1;
                true
            } else if entry.flags & FUA != 0 || chance.next().is_multiple_of(2) {
                cut.kept += 1;
                true
            } else {
                cut.lost += 1;
                false
            };
            // The last write was under way: some of its sectors are there.
            let sectors = match (whole, index + 1 == count) {
                (_, true) if entry.flags & FUA == 0 && index >= flushed => {
                    chance.next() % (entry.sectors + 1)
                }
                (true, _) => entry.sectors,
                (false, _) => 0,
            };
            self.copy(entry, sectors, &disk)?;
        }
        disk.sync_all()?;
        Ok(cut)
    }

    fn copy(&self, entry: &Entry, sectors: u64, disk: &File) -> anyhow::Result<()> {
        let (mut done, all) = (0, sectors * SECTOR);
        let mut buffer = vec![0_u8; usize::try_from(all.min(PIECE))?];
        while done < all {
            let piece = usize::try_from((all - done).min(PIECE))?;
            let bytes = buffer.get_mut(..piece).context("a piece")?;
            self.file.read_exact_at(bytes, entry.at + SECTOR + done)?;
            disk.write_all_at(bytes, entry.sector * SECTOR + done)?;
            done += piece as u64;
        }
        Ok(())
    }
}

/// A small generator: the same seed, the same disk.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn number(sector: &[u8], at: usize) -> u64 {
    let bytes = sector.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;
/// Bytes of a sector of the log, and of the disk.
pub const SECTOR: u64 = 512;
const PIECE: u64 = 1 << 20;
/// 64 MiB: more than any one write.
const MAX_SECTORS: u64 = 131_072;
/// Writes looked at.
const MAX_ENTRIES: usize = 4_000_000;

#[cfg(test)]
pub(crate) mod tests {
    use super::{Cut, Writes};
    use std::path::{Path, PathBuf};

    /// A log of writes of one sector each: the sector, its letter, its flags; no letter: a flush.
    pub(crate) fn log(folder: &Path, entries: &[(u64, u8, u64)]) -> PathBuf {
        let mut bytes = super::MAGIC.to_le_bytes().to_vec();
        bytes.resize(512, 0);
        for (sector, letter, flags) in entries {
            let sectors = u64::from(*letter != 0);
            for value in [*sector, sectors, *flags, 0] {
                bytes.extend(value.to_le_bytes());
            }
            bytes.resize(bytes.len().next_multiple_of(512), 0);
            bytes.extend(std::iter::repeat_n(*letter, if sectors == 1 { 512 } else { 0 }));
        }
        let path = folder.join("writes");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ringfence-writes-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn letters(disk: &Path) -> String {
        std::fs::read(disk).unwrap().chunks(512).map(|sector| char::from(sector[0])).collect()
    }

    #[test]
    fn what_was_flushed_is_there_and_what_was_not_may_be_lost() {
        let folder = folder("flushed");
        let path =
            log(&folder, &[(0, b'a', 0), (1, b'b', 0), (0, 0, 1), (2, b'c', 0), (3, b'd', 2), (0, b'e', 0)]);
        let writes = Writes::read(&path, 4).unwrap();
        assert_eq!(writes.entries().len(), 6);
        assert_eq!(writes.touching(0..6, &(0..1)), [0, 5]);
        assert_eq!((writes.before(512), writes.before(513)), (0, 1));
        let disk = folder.join("disk");
        let (mut kept, mut lost) = (false, false);
        for seed in 0..32 {
            std::fs::write(&disk, vec![b'.'; 4 * 512]).unwrap();
            let cut = writes.replay(&disk, 5, seed).unwrap();
            let shown = letters(&disk);
            assert!(["abcd", "ab.d"].contains(&shown.as_str()), "{shown}");
            assert_eq!(cut.flushed, 2);
            assert_eq!((cut.kept, cut.lost), if shown == "abcd" { (2, 0) } else { (1, 1) });
            kept |= shown == "abcd";
            lost |= shown == "ab.d";
        }
        assert!(kept && lost);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_place_of_a_write_that_never_came_is_stepped_over() {
        let folder = folder("hole");
        let path = log(&folder, &[(0, b'a', 0), (9, b'x', 0), (1, b'b', 0), (0, 0, 1)]);
        let mut bytes = std::fs::read(&path).unwrap();
        // The second one's: its head is still empty, its data half there.
        bytes[3 * 512..4 * 512].fill(0);
        std::fs::write(&path, &bytes).unwrap();
        let disk = folder.join("disk");
        std::fs::write(&disk, vec![b'.'; 4 * 512]).unwrap();
        let writes = Writes::read(&path, 4).unwrap();
        assert_eq!(writes.replay(&disk, 3, 0).unwrap(), Cut { flushed: 2, kept: 0, lost: 0 });
        assert_eq!(letters(&disk), "ab..");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_log_that_ends_in_the_middle_of_an_entry_has_the_ones_before() {
        let folder = folder("torn");
        let path = log(&folder, &[(0, b'a', 0), (1, b'b', 0)]);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let writes = Writes::read(&path, 4).unwrap();
        assert_eq!(writes.entries().len(), 1);
        let disk = folder.join("disk");
        std::fs::write(&disk, b"").unwrap();
        assert!(writes.replay(&disk, 2, 0).is_err());
        assert_eq!(writes.replay(&disk, 0, 0).unwrap(), Cut::default());
        std::fs::write(&path, vec![1; 2_048]).unwrap();
        assert!(Writes::read(&path, 4).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
