//! The virtual box beside a bare Debian on the same machine, in the same run, one after the other: time from power-on,
//! memory, size. It proves nothing; its figures are for people, and nothing fails by them.

use crate::client::Client;
use crate::machine::Machine;
use crate::rig::{Image, Rig};
use crate::scenarios::{BOOT_LIMIT, claim, console_shows_code, page_answers};
use anyhow::ensure;
use serde::Serialize;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What was measured; of times the list in the order of the runs.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Processors of the machine, its memory.
    pub processors: u8,
    /// All memory.
    pub memory_mib: u32,
    /// The box.
    pub ours: Side,
    /// Debian with systemd and nothing else.
    pub bare: Side,
    /// Ours by bare, of the medians.
    pub ratio: Ratio,
}

/// One of the two.
#[derive(Debug, Default, Serialize)]
pub struct Side {
    /// A new disk: power-on until it serves (the page answers; multi-user.target).
    pub first_start_s: Vec<f64>,
    /// Every later start.
    pub start_s: Vec<f64>,
    /// Of the later start the kernel's own clock at that moment.
    pub kernel_s: Vec<f64>,
    /// In use then: all memory less what could be had.
    pub memory_mib: Vec<u64>,
    /// What the image occupies on the disk, with the boot partition.
    pub image_mib: u64,
}

/// Ours by bare.
#[derive(Debug, Default, Serialize)]
pub struct Ratio {
    /// Of first starts.
    pub first_start: f64,
    /// Of later starts.
    pub start: f64,
    /// Of memory.
    pub memory: f64,
    /// Of what the images occupy.
    pub image: f64,
}

/// Measures both, turn by turn.
///
/// # Errors
/// One of the two does not start, or the box is not claimed.
pub fn measure(rig: &Rig, ours: &Image, bare: &Image, folder: &Path) -> anyhow::Result<Figures> {
    let mut told = Figures { processors: rig.processors, memory_mib: rig.memory_mib, ..Figures::default() };
    told.ours.image_mib = occupied_mib(ours)?;
    told.bare.image_mib = occupied_mib(bare)?;
    for turn in 1..=TURNS {
        eprintln!("turn {turn} of {TURNS}: a bare Debian");
        start_bare(rig, bare, &folder.join("bare"), &mut told.bare)?;
        eprintln!("turn {turn} of {TURNS}: the box");
        start_ours(rig, ours, &folder.join("ours"), &mut told.ours)?;
    }
    let (ours, bare) = (&told.ours, &told.bare);
    told.ratio = Ratio {
        first_start: median(&ours.first_start_s) / median(&bare.first_start_s),
        start: median(&ours.start_s) / median(&bare.start_s),
        memory: whole(&ours.memory_mib) / whole(&bare.memory_mib),
        image: exact(ours.image_mib) / exact(bare.image_mib),
    };
    Ok(told)
}

fn start_ours(rig: &Rig, image: &Image, folder: &Path, side: &mut Side) -> anyhow::Result<()> {
    let mut machine = Machine::new(rig, image, folder)?;
    let client = Client::new(machine.port(), folder);
    machine.power_on()?;
    let shown = console_shows_code(&mut machine)?;
    let page = page_answers(&mut machine, &client, "/welcome")?;
    side.first_start_s.push(machine.on_for());
    let claimed = claim(&client, &page, &shown.claim_code)?;
    ensure!(claimed.status == 200, "it was not claimed: status {}", claimed.status);
    machine.power_cut();
    machine.power_on()?;
    page_answers(&mut machine, &client, "/welcome")?;
    side.start_s.push(machine.on_for());
    end(machine, side)
}

fn start_bare(rig: &Rig, image: &Image, folder: &Path, side: &mut Side) -> anyhow::Result<()> {
    let mut machine = Machine::new(rig, image, folder)?;
    for times in [&mut side.first_start_s, &mut side.start_s] {
        machine.power_cut();
        machine.power_on()?;
        machine.wait("multi-user.target", BOOT_LIMIT, |machine| {
            machine.console().contains(MULTI_USER).then_some(())
        })?;
        times.push(machine.on_for());
    }
    end(machine, side)
}

/// The kernel's clock and the memory in use, once the witness tells them; then the machine goes.
fn end(mut machine: Machine, side: &mut Side) -> anyhow::Result<()> {
    let told = machine.wait("the witness", BOOT_LIMIT, Machine::told)?;
    side.kernel_s.push(told.uptime_s);
    side.memory_mib.push(told.memory_total_kib.saturating_sub(told.memory_available_kib) / 1024);
    Ok(())
}

/// What of the disk is not a hole.
fn occupied_mib(image: &Image) -> anyhow::Result<u64> {
    Ok(fs::metadata(image.disk())?.blocks() * SECTOR / MIB)
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.get(sorted.len() / 2));
    f64::midpoint(low.copied().unwrap_or(f64::NAN), high.copied().unwrap_or(f64::NAN))
}

fn whole(all: &[u64]) -> f64 {
    median(&all.iter().copied().map(exact).collect::<Vec<_>>())
}

/// MiB are few.
fn exact(mib: u64) -> f64 {
    u32::try_from(mib).map_or(f64::INFINITY, f64::from)
}

const TURNS: usize = 2;
const SECTOR: u64 = 512;
const MIB: u64 = 1 << 20;
/// What systemd shows on the console of a Debian that nobody changed.
const MULTI_USER: &str = "multi-user.target";

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_of_two_is_between_them() {
        assert!((median(&[3.0, 1.0]) - 2.0).abs() < 1e-9 && (median(&[9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }
}
