//! Power-on to the claim page: the page answers with the certificate whose fingerprint the console shows, the claim code
//! of the console makes the box a company's, and after its power was cut the box comes back alone with what it knew.

use super::{BOOT_LIMIT, Bench, claim, console_shows_code, page_answers};
use crate::client::Client;
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::ensure;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    let client = Client::new(machine.port(), &bench.folder);
    machine.power_on()?;
    let told = steps.step("the blank box starts and its console shows a claim code", || {
        let told = console_shows_code(&mut machine)?;
        let kernel = machine.told().map_or(0.0, |told| told.uptime_s);
        let detail = format!("{:.0} s after power-on, {kernel:.0} s of them the kernel's", machine.on_for());
        Ok((told, detail))
    })?;
    let page = steps.step("the page answers from outside with the console's fingerprint", || {
        let page = page_answers(&mut machine, &client, "/welcome")?;
        ensure!(page.status == 200, "status {}", page.status);
        ensure!(page.fingerprint == told.fingerprint, "another certificate: {}", page.fingerprint);
        Ok((page, format!("{:.0} s after power-on", machine.on_for())))
    })?;
    steps.step("console and page say that this is the development variant", || {
        ensure!(machine.console().contains("DEVELOPMENT VARIANT"), "the console does not");
        ensure!(DEVELOPMENT.iter().any(|words| page.body.contains(words)), "the page does not");
        Ok(((), String::new()))
    })?;
    steps.step("a wrong claim code is refused", || {
        let refused = claim(&client, &page, "AAAA-BBBB-CCCC")?;
        ensure!(refused.status == 422, "status {}", refused.status);
        Ok(((), String::new()))
    })?;
    steps.step("the console's claim code makes the box the company's", || {
        let page = client.get("/welcome")?;
        let claimed = claim(&client, &page, &told.claim_code)?;
        ensure!(claimed.status == 200 && claimed.body.contains("code-once"), "status {}", claimed.status);
        Ok(((), String::new()))
    })?;
    steps.step("memory in use after commissioning", || {
        let told = machine.wait("the witness", BOOT_LIMIT, Machine::told)?;
        let used = told.memory_total_kib.saturating_sub(told.memory_available_kib) / 1024;
        Ok(((), format!("{used} MiB of {} MiB", told.memory_total_kib / 1024)))
    })?;
    machine.power_cut();
    machine.power_on()?;
    steps.step("after a power cut it comes back alone: same certificate, claimed for good", || {
        let again = page_answers(&mut machine, &client, "/welcome")?;
        ensure!(again.status == 303, "status {}: a second first visit", again.status);
        ensure!(again.fingerprint == told.fingerprint, "another certificate");
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })
}

const DEVELOPMENT: &[&str] = &["开发版本", "Development variant"];
