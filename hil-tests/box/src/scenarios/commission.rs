//! Commissioning from outside: a real browser takes the box from the claim code on its console to everything a campaign
//! needs. What is commissioned here others begin with.

use super::Bench;
use crate::site::{self, Site};
use crate::steps::Steps;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    site::commission(bench, steps)?;
    let mut site = Site::ready(bench, steps)?;
    steps.step("after a power cut everything is there, and its people sign in with what they had", || {
        let up = site.power_on()?;
        site.window.run(&mut site.machine, "virtual-commissioned.test.js", &(), &[], super::BOOT_LIMIT)?;
        Ok(((), format!("{up:.0} s after power-on")))
    })
}
