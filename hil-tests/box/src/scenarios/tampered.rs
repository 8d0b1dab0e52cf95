//! What is changed on the disk by who has it in hand: a byte of the root, of the signed kernel, of its command line. Each
//! on a new box; none may start.

use super::{BOOT_LIMIT, Bench};
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    steps.step("a kernel with another command line is not started by the firmware", || {
        let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
        // The same length: one option less, by one letter.
        let count = replace(&machine.disk(), b"panic-on-corruption", b"Panic-on-corruption")?;
        ensure!(count > 0, "the command line is not on the disk");
        machine.power_on()?;
        let said = refused(&mut machine, FIRMWARE_REFUSES)?;
        Ok(((), said))
    })?;
    steps.step("a root with one changed byte does not start", || {
        let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
        flip_root(&machine.disk())?;
        machine.power_on()?;
        let said = refused(&mut machine, VERITY_REFUSES)?;
        Ok(((), said))
    })
}

fn refused(machine: &mut Machine, words: &[&str]) -> anyhow::Result<String> {
    let said = machine.wait("the refusal", BOOT_LIMIT, |machine| {
        let all = machine.journal() + &machine.console();
        all.lines().find(|line| words.iter().any(|word| line.contains(word))).map(str::to_owned)
    })?;
    ensure!(!machine.console().contains("Serial console"), "it started all the same");
    Ok(said.trim().to_owned())
}

/// Flips one byte in the middle of the root's superblock, which whoever mounts it reads.
fn flip_root(disk: &Path) -> anyhow::Result<()> {
    let file = File::options().read(true).write(true).open(disk)?;
    let mut entry = [0_u8; 8];
    // GPT: entries of 128 bytes from sector 2; the second is root-a, its first sector at byte 32.
    file.read_exact_at(&mut entry, 2 * SECTOR + 128 + 32)?;
    let at = u64::from_le_bytes(entry) * SECTOR + SUPERBLOCK;
    let mut byte = [0_u8; 1];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
    Ok(())
}

/// Replaces text of the same length wherever it stands in the boot partition; how often.
fn replace(disk: &Path, from: &[u8], to: &[u8]) -> anyhow::Result<usize> {
    ensure!(from.len() == to.len(), "of the same length");
    let file = File::options().read(true).write(true).open(disk)?;
    let (mut at, mut count) = (0_u64, 0);
    let mut chunk = vec![0_u8; CHUNK];
    while at < ESP_END {
        file.read_exact_at(&mut chunk, at).context("the disk is too short")?;
        for found in 0..CHUNK - from.len() {
            if chunk.get(found..found + from.len()) == Some(from) {
                file.write_all_at(to, at + u64::try_from(found)?)?;
                count += 1;
            }
        }
        at += u64::try_from(CHUNK - from.len())?;
    }
    Ok(count)
}

/// How the firmware says that a signature is not good, and systemd-boot that it has nothing to start.
const FIRMWARE_REFUSES: &[&str] =
    &["Access Denied", "Access denied", "Security Violation", "Security violation"];
/// How dm-verity and systemd say that a block is not what was signed.
const VERITY_REFUSES: &[&str] = &["is corrupted", "data block", "Corruption", "corrupted"];
const SECTOR: u64 = 512;
const SUPERBLOCK: u64 = 1_024 + 40;
const ESP_END: u64 = 384 << 20;
const CHUNK: usize = 4 << 20;
