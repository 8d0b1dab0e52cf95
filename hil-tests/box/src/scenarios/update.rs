//! An update to a newer version, by the box itself: handed in, checked and written by RAUC, started when calls are over, found
//! good; the tries are taken away, the keys unseal by what the new release signed, and nothing of the data is lost.

use super::{Bench, claimed, comes_up, found_good, installs, page_answers, still_claimed};
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
        still_claimed(&page_answers(&mut machine, &client, "/welcome")?, &known)?;
        Ok((version.clone(), format!("version {version}, {:.0} s after power-on", machine.on_for())))
    })?;
    let ordered = Instant::now();
    steps.step("the update is ordered, checked and written, and the box starts again", || {
        Ok(((), installs(bench, &mut machine, "next")?))
    })?;
    let new = steps.step("the new version comes up and is found good", || {
        let version = comes_up(&mut machine)?;
        ensure!(version != old, "{version} started again");
        found_good(&mut machine)?;
        Ok((version.clone(), format!("{version}: {:.0} s after the order", ordered.elapsed().as_secs_f64())))
    })?;
    steps.step(
        "the same certificate, claimed as before: the keys unsealed by what the new release signed",
        || {
            still_claimed(&page_answers(&mut machine, &client, "/welcome")?, &known)?;
            Ok(((), String::new()))
        },
    )?;
    steps.step("the new version runs without tries, the one before is what it would fall back to", || {
        let told = order(&mut machine, &Order::Status)?;
        let line = |letter: &str| told.line(letter).context(told.words.clone());
        let (a, b) = (line("A")?, line("B")?);
        ensure!(b.contains(&new) && b.contains("good") && b.contains("runs"), "{}", told.words);
        ensure!(a.contains(&old) && a.contains("good"), "{}", told.words);
        Ok(((), b.to_owned()))
    })
}
