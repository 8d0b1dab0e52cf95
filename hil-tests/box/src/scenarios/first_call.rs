//! The first calls: a campaign over a SIP trunk to SIPp outside the guest. SIPp and the page count the same calls, and each
//! is recorded and its recording verified.

use super::Bench;
use crate::callee::Callee;
use crate::campaign::{Found, Plan, numbers};
use crate::site::Site;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut site = Site::ready(bench, steps)?;
    let callee = Callee::start(&site.folder.join("callee"))?;
    steps.step("the commissioned box starts", || Ok((site.power_on()?, String::new())))?;
    let numbers = numbers(100, [0; 6]);
    let wanted = u64::try_from(numbers.len())?;
    let limit = Duration::from_secs(300);
    let plan = Plan {
        name: "SIPp".into(),
        numbers: numbers.clone(),
        max_calls: "3".into(),
        lines: None,
        limit_s: limit.as_secs(),
    };
    let found: Found = steps.step("a campaign calls SIPp outside the guest", || {
        site.window.run(&mut site.machine, "virtual-calls.test.js", &plan, &[], 2 * limit)?;
        let found: Found = site.window.found().context("the page's figures were not written down")?;
        Ok((found.clone(), format!("{:?}", found.figures)))
    })?;
    steps.step("SIPp and the page count the same calls, each recorded and verified", || {
        let statistics = site.machine.wait("SIPp's last figures", STATISTICS_LIMIT, |_| {
            Some(callee.statistics()).filter(|counted| counted.current == 0)
        })?;
        let calls = callee.calls();
        for number in &numbers {
            let count = calls.get(number).map_or(0, std::collections::BTreeSet::len);
            ensure!(count == 1, "SIPp was called {count} times for number {number}");
        }
        ensure!(calls.len() == numbers.len(), "SIPp was called for somebody else");
        ensure!(
            (statistics.created, statistics.successful, statistics.failed) == (wanted, wanted, 0),
            "{statistics:?}"
        );
        let said = found.figures;
        ensure!(
            (said.placed, said.answered, said.verified) == (wanted, wanted, wanted),
            "the page says {said:?}"
        );
        Ok(((), format!("{statistics:?}")))
    })
}

/// SIPp writes its figures once a second.
const STATISTICS_LIMIT: Duration = Duration::from_secs(60);
