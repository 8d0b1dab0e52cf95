//! An update to a version whose records process hangs in its start: the box finds it bad, falls back by itself, and says why; no data
//! are lost.

use super::{BOOT_LIMIT, Bench, claimed, comes_up, installs, page_answers, still_claimed};
use crate::client::Client;
use crate::hand::{Order, order};
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::time::Instant;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let (mut machine, known) = claimed(bench, steps)?;
    let client = Client::new(machine.port(), &bench.folder);
    machine.may_restart();
    machine.power_on()?;
    let old = steps.step("the claimed box starts", || {
        let version = comes_up(&mut machine)?;
        Ok((version.clone(), format!("version {version}")))
    })?;
    steps.step("an update that does not work is installed, and the box starts it", || {
        Ok(((), installs(bench, &mut machine, "broken")?))
    })?;
    let begun = Instant::now();
    steps.step("it is found bad, and the box starts the version before by itself", || {
        machine.wait("the judgement", BOOT_LIMIT, |machine| machine.journal().contains(BAD).then_some(()))?;
        let judged = begun.elapsed().as_secs_f64();
        machine.wait("the start of the version before", BOOT_LIMIT, |machine| {
            (machine.starts_seen() > 2).then_some(())
        })?;
        let version = comes_up(&mut machine)?;
        ensure!(version == old, "{version} runs");
        still_claimed(&page_answers(&mut machine, &client, "/welcome")?, &known)?;
        let back = begun.elapsed().as_secs_f64();
        Ok((
            (),
            format!(
                "{back:.0} s after the start of the broken version, {judged:.0} s of them until it was judged"
            ),
        ))
    })?;
    steps.step("the box says why it fell back", || {
        let told = order(&mut machine, &Order::Status)?;
        let why = told.line("上次回退").context(told.words.clone())?;
        ensure!(why.contains("vaultd"), "{why}");
        let given_up = told.line("B").context(told.words.clone())?;
        ensure!(given_up.contains("starts left: 0"), "{given_up}");
        Ok(((), why.to_owned()))
    })
}

/// How the supervisor ends its judgement.
const BAD: &str = "this system is not good";
