//! The first calls over E1: both spans of the box's virtual card are set up on the page, their far side is the simulated
//! exchange inside the guest. Who answers, who is busy and who presses 9 is the exchange's; it and the page count the same.

use super::Bench;
use crate::campaign::{Found, Plan, numbers};
use crate::site::Site;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut site = Site::ready(bench, steps)?;
    site.machine.with_exchange();
    steps.step("the commissioned box starts with an exchange behind its card", || {
        Ok((site.power_on()?, String::new()))
    })?;
    let limit = Duration::from_secs(300);
    steps.step("both spans are set up on the page, and their data links come up", || {
        let plan = Lines { group: GROUP, caller: CALLER, limit_s: limit.as_secs() };
        site.window.run(&mut site.machine, "virtual-spans.test.js", &plan, &[], 2 * limit)?;
        Ok(((), String::new()))
    })?;
    // Four listen to the end, one presses 9, one is busy.
    let numbers = numbers(200, [0, 1, 2, 3, 61, 70]);
    let plan = Plan {
        name: "E1".into(),
        numbers: numbers.clone(),
        max_calls: "3".into(),
        lines: Some([GROUP, CALLER]),
        limit_s: limit.as_secs(),
    };
    let found: Found = steps.step("a campaign calls over the spans", || {
        site.window.run(&mut site.machine, "virtual-calls.test.js", &plan, &[], 2 * limit)?;
        let found: Found = site.window.found().context("the page's figures were not written down")?;
        Ok((found.clone(), format!("{:?}", found.figures)))
    })?;
    steps.step("exchange and page count the same calls; the opt-out is one", || {
        let count = |kind: &str| {
            let mut all = BTreeMap::<String, u64>::new();
            for event in events(&site.machine.exchange()).filter(|event| event.event == kind) {
                *all.entry(event.number).or_default() += 1;
            }
            all
        };
        let (calls, answered) = (count("invite"), count("answered"));
        let once: Vec<&String> =
            calls.iter().filter(|(_, count)| **count == 1).map(|(number, _)| number).collect();
        let mut wanted: Vec<&String> = numbers.iter().collect();
        wanted.sort();
        ensure!(once == wanted && calls.len() == numbers.len(), "the exchange was called for {calls:?}");
        let said = found.figures;
        let (placed, spoken) = (u64::try_from(calls.len())?, u64::try_from(answered.len())?);
        ensure!(
            (said.placed, said.answered, said.opted_out) == (placed, spoken, 1),
            "{answered:?}; the page says {said:?}"
        );
        // Who presses 9 before the recording notice has ended is not recorded.
        ensure!(said.verified + said.opted_out >= spoken, "the page says {said:?}");
        Ok(((), format!("{placed} calls, {spoken} answered")))
    })
}

/// What the spans are to be for.
#[derive(Debug, serde::Serialize)]
struct Lines {
    group: &'static str,
    caller: &'static str,
    limit_s: u64,
}

/// A line of the exchange's journal.
#[derive(Debug, Deserialize)]
struct Event {
    event: String,
    number: String,
}

fn events(journal: &str) -> impl Iterator<Item = Event> + '_ {
    journal.lines().filter_map(|line| serde_json::from_str(line).ok())
}

const GROUP: &str = "数字中继组";
const CALLER: &str = "01088880002";
