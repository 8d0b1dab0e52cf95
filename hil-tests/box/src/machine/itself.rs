//! A machine that starts itself again, as hardware does, and how its starts are told apart; the folder that a box of a bench
//! sees, too; the notes of what is written to its disk, and of what passes on its network.

use super::Machine;
use anyhow::Context;
use std::fs::File;
use std::net::SocketAddr;
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

    /// From the next start on every packet that comes to the box or leaves it is noted in this file
    /// ([`crate::packets`]).
    pub fn note_packets(&mut self, file: &Path) {
        self.packets = Some(file.to_owned());
    }

    pub(super) fn packets_noted(&self) -> String {
        let dump =
            |file: &PathBuf| format!("-object filter-dump,id=packets,netdev=lan,file={}", file.display());
        self.packets.as_ref().map(dump).unwrap_or_default()
    }

    /// As [`Machine::forward`], from any address of this machine's and to any that the box has (empty: its first).
    pub fn forward_at(&mut self, protocol: &str, here: SocketAddr, box_address: &str, there: u16) {
        self.forwards.push(format!("hostfwd={protocol}:{here}-{box_address}:{there}"));
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

    /// An emulator without the hardware's help may run an instruction while the kernel changes it, which panics within its
    /// first seconds (`Oops: int3`). A box starts again by itself then, and so does this one, if it may not do it itself;
    /// nothing of its disk was in use. Whether it did.
    pub(super) fn starts_after_a_stumble(&mut self) -> anyhow::Result<bool> {
        if self.volatile
            || self.writes.is_some()
            || self.stumbles >= MAX_STUMBLES
            || !stumbled(&self.console())
        {
            return Ok(false);
        }
        self.stumbles += 1;
        eprintln!(
            "      the emulated processor stumbled over changed code (Oops: int3): the box starts again"
        );
        self.power_cut();
        self.power_on()?;
        Ok(true)
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
/// So often a machine may stumble; more is no accident.
const MAX_STUMBLES: u8 = 2;

/// Whether the kernel's end, on its console, is the emulator's: in its first seconds, before there is a process of ours.
fn stumbled(console: &str) -> bool {
    console.contains("] Oops: int3: ") && console.contains("Kernel panic") && !console.contains("systemd[1]")
}

/// The first thing that each start measures, as the journal of the development variant tells it.
const JOURNAL_BEGINS: &str = "Extended PCR index 11 with 'enter-initrd'";
pub(super) const SHARED: &str = "bench";

#[cfg(test)]
mod tests {
    use super::stumbled;

    #[test]
    fn only_the_emulators_own_fault_lets_a_box_start_again() {
        let oops = "[    4.1] Oops: int3: 0000 [#1] PREEMPT SMP\r\n[    4.2] Kernel panic - not syncing: Fatal exception";
        assert!(stumbled(oops));
        assert!(!stumbled("[    4.2] Kernel panic - not syncing: VFS: Unable to mount root fs"));
        assert!(!stumbled(&format!("systemd[1]: Mounting /var\r\n{oops}")));
        assert!(!stumbled(""));
    }
}
