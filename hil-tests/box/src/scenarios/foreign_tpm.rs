//! The whole disk in a box with another TPM: data stays closed, nothing new is made in its place, and the box says so.

use super::{BOOT_LIMIT, Bench, console_shows_code};
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::ensure;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    machine.power_on()?;
    steps.step("the box starts in its own hardware", || {
        Ok((console_shows_code(&mut machine)?, String::new()))
    })?;
    machine.power_cut();
    machine.change_tpm()?;
    machine.power_on()?;
    steps.step("with another TPM data is not opened", || {
        let said = machine.wait("the refusal", BOOT_LIMIT, |machine| {
            let all = machine.journal() + &machine.console();
            all.lines().find(|line| REFUSED.iter().any(|word| line.contains(word))).map(str::to_owned)
        })?;
        ensure!(!machine.console().contains("Serial console"), "the services started all the same");
        Ok(((), said.trim().to_owned()))
    })
}

/// How systemd-cryptsetup says that the TPM does not give the key.
const REFUSED: &[&str] =
    &["Failed to activate", "Failed to unseal", "Failed to load HMAC key", "TPM2 operation failed"];
