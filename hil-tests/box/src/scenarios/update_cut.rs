//! The power fails at ten points of an update, from the first block written to the mark that the new version is good. The update
//! runs once with all its writes noted; of the notes ten disks are made, and each box must come back alone. A run that was
//! interrupted goes on with the points that are left.

use super::{BOOT_LIMIT, Bench, Known, claimed, comes_up, found_good, page_answers, still_claimed};
use crate::client::Client;
use crate::hand::{Order, hand, order};
use crate::machine::Machine;
use crate::steps::Steps;
use crate::writes::{SECTOR, Writes};
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What was noted besides the writes: how far the notes had come, in bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    root_hash: String,
    known: Known,
    versions: [String; 2],
    ordered: u64,
    installed: u64,
    good: u64,
    done: Vec<String>,
}

/// A point at which the power fails.
struct Point {
    name: String,
    /// So many writes were begun.
    writes: usize,
}

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let note = bench.folder.join("record.json");
    let mut record = match read(&note)
        .filter(|record| bench.image.root_hash().is_ok_and(|hash| hash == record.root_hash))
    {
        Some(record) => record,
        None => make_record(bench, steps, &note)?,
    };
    let before = Machine::lying_in(&bench.rig, &bench.image, &bench.folder.join("box"))?;
    let after = Machine::lying_in(&bench.rig, &bench.image, &bench.folder.join("updated"))?;
    let sectors = fs::metadata(before.disk())?.len() / SECTOR;
    let writes = Writes::read(&bench.folder.join(WRITES), sectors)?;
    let points = points(&writes, &record, &before.disk())?;
    for (number, point) in points.iter().enumerate() {
        if record.done.contains(&point.name) {
            continue;
        }
        steps.step(&format!("{}. the power fails {}", number + 1, point.name), || {
            let machine = before.copy(&bench.folder.join("cut"))?;
            let cut = writes.replay(&machine.disk(), point.writes, number as u64)?;
            if point.writes > writes.before(record.installed) {
                // The TPM never forgets: from here on it is the one that has started the new version.
                take_tpm(&after, &machine)?;
            }
            let version = starts_alone(bench, machine, &record)?;
            let (kept, lost) = (cut.kept, cut.lost);
            Ok(((), format!("{version} runs; behind the last flush {kept} writes were kept, {lost} lost")))
        })?;
        record.done.push(point.name.clone());
        write(&note, &record)?;
    }
    Ok(())
}

/// One update with all its writes noted.
fn make_record(bench: &Bench, steps: &mut Steps, note: &Path) -> anyhow::Result<Record> {
    let (before, known) = claimed(bench, steps)?;
    let mut machine = before.copy(&bench.folder.join("updated"))?;
    let log = bench.folder.join(WRITES);
    machine.note_writes(&log);
    machine.may_restart();
    let record = steps.step("an update runs, and every write is noted", || {
        machine.power_on()?;
        let old = comes_up(&mut machine)?;
        hand(&machine, &bench.image.update("next"), "next.raucb")?;
        let ordered = length(&log)?;
        let told = order(&mut machine, &Order::Update("next.raucb"))?;
        ensure!(told.ok, "{}", told.words);
        let installed = length(&log)?;
        machine.wait("the start of the new version", BOOT_LIMIT, |machine| {
            (machine.starts_seen() > 1).then_some(())
        })?;
        let new = comes_up(&mut machine)?;
        found_good(&mut machine)?;
        let good = length(&log)?;
        machine.power_cut();
        let root_hash = bench.image.root_hash()?;
        let versions = [old, new];
        Ok((
            Record { root_hash, known, versions, ordered, installed, good, done: Vec::new() },
            format!("{} MiB", good >> 20),
        ))
    })?;
    write(note, &record)?;
    Ok(record)
}

fn starts_alone(bench: &Bench, mut machine: Machine, record: &Record) -> anyhow::Result<String> {
    machine.may_restart();
    let client = Client::new(machine.port(), &bench.folder);
    machine.power_on()?;
    let version = comes_up(&mut machine)?;
    ensure!(record.versions.contains(&version), "{version} runs");
    still_claimed(&page_answers(&mut machine, &client, "/welcome")?, &record.known)?;
    Ok(format!("{version} after {:.0} s, in {} starts,", machine.on_for(), machine.starts_seen()))
}

/// Ten of them: while the slot is written, in the partition table, in the boot partition, before the restart, on trial.
fn points(writes: &Writes, record: &Record, disk: &Path) -> anyhow::Result<Vec<Point>> {
    let part = |number| partition(disk, number);
    let (esp, slot) = (part(0)?, part(3)?);
    let at = |bytes| writes.before(bytes);
    let (ordered, installed, good) = (at(record.ordered), at(record.installed), at(record.good));
    let share = |list: &[usize], percent: usize, what: &str| {
        let index = (list.len().saturating_sub(1)) * percent / 100;
        list.get(index).map(|found| found + 1).with_context(|| format!("nothing was written into {what}"))
    };
    let slot_writes = writes.touching(ordered..installed, &slot);
    let table = writes.touching(ordered..installed, &(0..34));
    let named = *table.last().context("the partition table was not written")?;
    let shown = writes.touching(named..installed, &esp);
    let trial = writes.touching(installed..good, &esp);
    let mut points = Vec::new();
    let mut point = |name: &str, writes: usize| points.push(Point { name: name.to_owned(), writes });
    point("while the slot is written, at its begin", share(&slot_writes, 10, "the slot")?);
    point("while the slot is written, half-way", share(&slot_writes, 50, "the slot")?);
    point("with the last block of the slot", share(&slot_writes, 100, "the slot")?);
    point("in the partition table, at its first write", share(&table, 0, "the partition table")?);
    point("in the partition table, at its last write", share(&table, 100, "the partition table")?);
    point("while the new kernel is written", share(&shown, 50, "the boot partition")?);
    point("with the last write of its name", share(&shown, 100, "the boot partition")?);
    point("after the installation, before the restart", installed);
    point("while the loader counts the first try", share(&trial, 50, "the boot partition on trial")?);
    point(
        "with the last write of the mark that it is good",
        share(&trial, 100, "the boot partition on trial")?,
    );
    Ok(points)
}

/// The sectors of a partition (GPT: entries of 128 bytes from sector 2).
fn partition(disk: &Path, number: u64) -> anyhow::Result<Range<u64>> {
    let mut bounds = [0_u8; 16];
    File::open(disk)?.read_exact_at(&mut bounds, 2 * 512 + number * 128 + 32)?;
    let (first, last) = bounds.split_at(8);
    let (first, last) = (u64::from_le_bytes(first.try_into()?), u64::from_le_bytes(last.try_into()?));
    ensure!(first > 0 && last > first, "there is no partition {number}");
    Ok(first..last + 1)
}

fn take_tpm(from: &Machine, to: &Machine) -> anyhow::Result<()> {
    for name in ["tpm", "variables.fd"] {
        let (from, to) = (from.folder().join(name), to.folder());
        let copied = std::process::Command::new("cp").arg("--recursive").arg(from).arg(to).status()?;
        ensure!(copied.success(), "{name} cannot be copied");
    }
    Ok(())
}

fn length(log: &PathBuf) -> anyhow::Result<u64> {
    Ok(fs::metadata(log).with_context(|| log.display().to_string())?.len())
}

fn read(note: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(note).ok()?).ok()
}

fn write(note: &Path, record: &Record) -> anyhow::Result<()> {
    Ok(fs::write(note, serde_json::to_string(record)?)?)
}

const WRITES: &str = "writes";
