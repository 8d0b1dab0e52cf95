//! Power cuts while a campaign dials. SIPp outside the guest lives through all of it and is the witness: no number was
//! dialled twice. What the page had acknowledged stands there afterwards, and the campaign went on alone.

use super::Bench;
use crate::callee::Callee;
use crate::campaign::{Found, Plan, numbers};
use crate::site::Site;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut site = Site::ready(bench, steps)?;
    site.machine.with_write_cache();
    let callee = Callee::start(&site.folder.join("callee"))?;
    let limit = Duration::from_secs(600);
    let numbers = numbers(300, [0; NUMBERS]);
    let plan = Plan {
        name: "cut".into(),
        numbers: numbers.clone(),
        max_calls: "6".into(),
        lines: None,
        limit_s: limit.as_secs(),
    };
    for (at, called) in CUT_AFTER.into_iter().enumerate() {
        steps.step(&format!("life {}: it dials until its power is cut", at + 1), || {
            let up = site.power_on()?;
            let mut browser = site.window.start("virtual-dialling.test.js", &plan, &[])?;
            let dialled = site.machine.wait("calls at SIPp", 2 * limit, |_| {
                let enough = (callee.calls().len() >= called).then_some(true);
                enough.or_else(|| (!matches!(browser.ended(), Ok(None))).then_some(false))
            })?;
            ensure!(dialled, "the browser ended before SIPp was called {called} times");
            site.window.until::<Found>(&mut browser, "a look at the page", limit, |found| found.is_some())?;
            let standing = callee.statistics().current;
            let settled = site.machine.power_lost(u64::try_from(at)? + 1)?;
            drop(browser);
            site.window.acknowledge()?;
            let found: Found = site.window.found().context("what was acknowledged")?;
            let (called, ended) = (callee.calls().len(), found.calls.len());
            Ok(((), format!("up after {up:.0} s; SIPp was called {called} times, {standing} calls stood, {ended} ends acknowledged; {settled:?}")))
        })?;
    }
    let found: Found =
        steps.step("it comes back alone, goes on to the end, and has all that was acknowledged", || {
            let up = site.power_on()?;
            site.window.run(&mut site.machine, "virtual-after.test.js", &plan, &[], 2 * limit)?;
            let found: Found = site.window.found().context("the page's figures were not written down")?;
            Ok((found.clone(), format!("up after {up:.0} s; {:?}", found.figures)))
        })?;
    steps.step("at SIPp nobody was dialled twice", || {
        let calls = callee.calls();
        let twice = calls.values().filter(|ids| ids.len() > 1).count();
        ensure!(twice == 0, "{twice} numbers were dialled more than once");
        let list: BTreeSet<&String> = numbers.iter().collect();
        ensure!(calls.keys().all(|number| list.contains(number)), "somebody else was called");
        let (heard, placed) = (u64::try_from(calls.len())?, found.figures.placed);
        // A permit that was durable when the power went counts as a call, dialled or not.
        ensure!(
            heard <= placed && placed <= u64::try_from(numbers.len())?,
            "{heard} at SIPp, {placed} on the page"
        );
        ensure!(found.figures.answered <= heard, "{heard} at SIPp, the page says {:?}", found.figures);
        Ok(((), format!("{heard} numbers once each, {placed} on the page; {:?}", callee.statistics())))
    })
}

const NUMBERS: usize = 60;
/// The power goes when SIPp has been called so often.
const CUT_AFTER: [usize; 2] = [12, 30];
