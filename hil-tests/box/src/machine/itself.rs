//! A machine that starts itself again, as hardware does, and how its starts are told apart; the folder that a box of a bench
//! sees, too; the notes of what is written to its disk.

use super::Machine;
use anyhow::Context;
use std::fs::File;
use std::path::{Path, PathBuf};

impl Machine {
    /// From the next start on the box may start itself again; else such a start is its end.
    pub const fn may_restart(&mut self) {
        self.restarts = true;
    }

    /// From the next start on everything that is written to its disk is noted in this file, too, with the flushes
    /// (QEMU's `blklogwrites`): [`crate::writes`] makes disks of it.
    pub fn note_writes(&mut self, file: &Path) {
        self.writes = Some(file.to_owned());
    }

    /// The folder that the box of a bench sees too, for who hands it a file (the unit `box-hand`).
    #[must_use]
    pub fn shared(&self) -> PathBuf {
        self.folder.join(SHARED)
    }

    /// The folder of the machine.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How often it was started since it was switched on: once, and again whenever it started itself.
    #[must_use]
    pub fn starts_seen(&self) -> usize {
        self.console().matches(START).count()
    }

    /// What the journal said since the last of those starts.
    #[must_use]
    pub fn this_start(&self) -> String {
        let (all, starts) = (self.journal(), self.starts_seen());
        let begins: Vec<usize> = all.match_indices(JOURNAL_BEGINS).map(|(at, _)| at).collect();
        let from = starts.checked_sub(1).and_then(|last| begins.get(last).copied());
        from.and_then(|from| all.get(from..)).unwrap_or_default().to_owned()
    }

    pub(super) fn begin_writes(&self) -> anyhow::Result<()> {
        let Some(writes) = &self.writes else { return Ok(()) };
        File::create(writes).with_context(|| writes.display().to_string()).map(|_| ())
    }

    /// The disk without a write cache of the bench's own; its writes are noted where that was asked for.
    pub(super) fn plain_disk(&self) -> [String; 2] {
        let disk = self.disk();
        let drive = match &self.writes {
            None => format!("-drive if=none,id=disk,format=raw,cache=writeback,file={}", disk.display()),
            Some(writes) => format!(
                "-blockdev driver=blklogwrites,node-name=disk,file.driver=file,file.filename={},\
                 file.cache.no-flush=on,log.driver=file,log.filename={},log.cache.no-flush=on",
                disk.display(),
                writes.display()
            ),
        };
        [drive, "-device virtio-blk-pci,drive=disk,bootindex=1".to_owned()]
    }

    /// The shared folder, and what a start of its own is.
    pub(super) fn around(&self) -> [String; 2] {
        let shared = self.shared();
        [
            format!(
                "-virtfs local,path={},mount_tag={SHARED},security_model=none,multidevs=remap",
                shared.display()
            ),
            if self.restarts { String::new() } else { "-no-reboot".to_owned() },
        ]
    }
}

/// What the kernel shows on the console where each start begins.
pub const START: &str = "EFI stub: UEFI Secure Boot is enabled";
/// The first thing that each start measures, as the journal of the development variant tells it.
const JOURNAL_BEGINS: &str = "Extended PCR index 11 with 'enter-initrd'";
pub(super) const SHARED: &str = "bench";
