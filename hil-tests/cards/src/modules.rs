//! That the guest is what the other scenarios need; it configures nothing.

use crate::report::Report;
use anyhow::{Context, ensure};
use std::fs;
use std::path::Path;

/// The modules, the devices, the sound card.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    report.step("the modules are loaded", || {
        let loaded = fs::read_to_string("/proc/modules").context("/proc/modules")?;
        for module in MODULES {
            let found = loaded.lines().any(|line| line.split(' ').next() == Some(module));
            ensure!(found, "{module} is not loaded");
        }
        let version = fs::read_to_string("/sys/module/dahdi/version").context("DAHDI's version")?;
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").context("the kernel's version")?;
        Ok(format!("kernel {}, DAHDI {}", kernel.trim(), version.trim()))
    })?;
    report.step("the devices are there", || {
        for device in DEVICES {
            ensure!(Path::new(device).exists(), "{device} is not there");
        }
        Ok(())
    })?;
    report.step("the loopback sound card is there", || {
        let cards = fs::read_to_string("/proc/asound/cards").context("/proc/asound/cards")?;
        ensure!(cards.contains("Loopback"), "sound cards: {cards}");
        Ok(())
    })
}

const MODULES: &[&str] = &["dahdi", "dahdi_dynamic", "dahdi_dynamic_loc", "dahdi_echocan_mg2", "snd_aloop"];
const DEVICES: &[&str] = &["/dev/dahdi/ctl", "/dev/dahdi/channel", "/dev/dahdi/pseudo", "/dev/dahdi/timer"];
