//! What is changed by who has the disk in hand, or sends an update: a byte of the root, of the signed kernel, of its command
//! line; an update with one changed byte, and one that somebody else signed. None may start, or be installed.

use super::{BOOT_LIMIT, Bench, claimed, comes_up};
use crate::hand::{Order, order};
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    steps.step("a kernel with another command line is not started by the firmware", || {
        let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder.join("line"))?;
        // The same length: one option less, by one letter.
        let count = replace(&machine.disk(), b"panic-on-corruption", b"Panic-on-corruption")?;
        ensure!(count > 0, "the command line is not on the disk");
        machine.power_on()?;
        Ok(((), refused(&mut machine, FIRMWARE_REFUSES)?))
    })?;
    steps.step("a kernel with one changed byte is not started by the firmware", || {
        let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder.join("kernel"))?;
        let piece = bench.image.piece_of_kernel()?;
        let mut other = piece.clone();
        other[0] ^= 1;
        let count = replace(&machine.disk(), &piece, &other)?;
        ensure!(count == 1, "the kernel is on the disk {count} times");
        machine.power_on()?;
        Ok(((), refused(&mut machine, FIRMWARE_REFUSES)?))
    })?;
    steps.step("a root with one changed byte does not start", || {
        let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder.join("root"))?;
        flip_root(&machine.disk())?;
        machine.power_on()?;
        Ok(((), refused(&mut machine, VERITY_REFUSES)?))
    })?;
    updates(bench, steps)
}

fn updates(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let (mut machine, _) = claimed(bench, steps)?;
    machine.power_on()?;
    comes_up(&mut machine)?;
    let cases = [
        ("an update that somebody else signed is refused", "foreign.raucb", "BadSignature"),
        ("an update whose description was changed is refused", "described.raucb", "BadSignature"),
        ("an update with one changed byte is not installed", "changed.raucb", "changed after it was signed"),
    ];
    foreign(bench, &machine.shared().join("foreign.raucb"))?;
    changed(bench, &machine.shared())?;
    for (what, name, why) in cases {
        steps.step(what, || {
            let told = order(&mut machine, &Order::Update(name))?;
            ensure!(!told.ok, "it was installed");
            ensure!(told.words.contains(why), "it was refused for another reason: {}", told.words);
            Ok(((), told.last()))
        })?;
    }
    steps.step("the box still runs what it ran, and nothing else would start", || {
        let told = order(&mut machine, &Order::Status)?;
        let runs = told.line("A").is_some_and(|line| line.contains("good") && line.contains("runs"));
        ensure!(runs && told.line("B").is_some_and(|line| line.contains("empty")), "{}", told.words);
        Ok(((), String::new()))
    })
}

/// A bundle that is whole and well signed, by a key that is not this product's.
fn foreign(bench: &Bench, to: &Path) -> anyhow::Result<()> {
    let folder = bench.folder.join("foreign");
    fs::create_dir_all(folder.join("in"))?;
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let noise: Vec<u8> = std::iter::repeat_with(next).take(NOISE_BYTES).collect();
    for name in ["root.img", "verity.img", "uki.efi"] {
        fs::write(folder.join("in").join(name), &noise)?;
    }
    let manifest = format!(
        "[update]\ncompatible=ringfence-virtual\nversion=9.9.9\nbuild=epoch=9 root={}\n\n[bundle]\nformat=verity\n\n\
         [image.root]\nfilename=root.img\n\n[image.verity]\nfilename=verity.img\n",
        "09".repeat(32)
    );
    fs::write(folder.join("in/manifest.raucm"), manifest)?;
    let at = |name: &str| folder.join(name).display().to_string();
    let (key, certificate) = (at("key"), at("certificate"));
    let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "99", "-subj", "/CN=somebody"];
    quiet(Command::new("openssl").args(words).args(["-keyout", &key, "-out", &certificate]))?;
    let signed = [format!("--cert={certificate}"), format!("--key={key}"), at("in"), at("out")];
    quiet(Command::new("rauc").arg("bundle").args(signed))?;
    fs::copy(folder.join("out"), to)?;
    Ok(())
}

/// The good update with one byte of its content changed, and with one of what it says of itself.
fn changed(bench: &Bench, to: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(bench.image.update("next")).context("the update is not there")?;
    let flipped = |at: usize| {
        let mut other = bytes.clone();
        other[at] ^= 1;
        other
    };
    fs::write(to.join("changed.raucb"), flipped(bytes.len() / 2))?;
    let version = b"\nversion=";
    let at = bytes.windows(version.len()).rposition(|window| window == version).context("no manifest")?;
    fs::write(to.join("described.raucb"), flipped(at + version.len()))?;
    Ok(())
}

fn quiet(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?} cannot be started"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn refused(machine: &mut Machine, words: &[&str]) -> anyhow::Result<String> {
    let said = machine.wait("the refusal", BOOT_LIMIT, |machine| {
        let all = machine.journal() + &machine.console();
        all.lines().find(|line| words.iter().any(|word| line.contains(word))).map(str::to_owned)
    })?;
    ensure!(!machine.console().contains("Serial console"), "it started all the same");
    let plain: String = said.chars().filter(|c| !c.is_control()).collect();
    Ok(plain.trim().to_owned())
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

/// Replaces bytes by as many others wherever they stand in the boot partition; how often.
fn replace(disk: &Path, from: &[u8], to: &[u8]) -> anyhow::Result<usize> {
    ensure!(from.len() == to.len(), "of the same length");
    let file = File::options().read(true).write(true).open(disk)?;
    let (mut at, mut count) = (0_u64, 0);
    let empty = vec![0_u8; CHUNK];
    let mut chunk = vec![0_u8; CHUNK];
    while at < ESP_END {
        file.read_exact_at(&mut chunk, at).context("the disk is too short")?;
        // Most of the partition is empty.
        let windows = if chunk == empty { chunk[..0].windows(from.len()) } else { chunk.windows(from.len()) };
        for (found, _) in windows.enumerate().filter(|(_, window)| *window == from) {
            file.write_all_at(to, at + u64::try_from(found)?)?;
            count += 1;
        }
        at += u64::try_from(CHUNK + 1 - from.len())?;
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
/// RAUC refuses a bundle of one block.
const NOISE_BYTES: usize = 65_536;
