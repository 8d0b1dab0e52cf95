//! Power cuts while lists are imported: in the middle of one, at the moment one is acknowledged, and later in another. What
//! was acknowledged is there with every row; what was not is there whole or not at all.

use super::Bench;
use crate::site::Site;
use crate::steps::Steps;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut site = Site::ready(bench, steps)?;
    site.machine.with_write_cache();
    let limit = Duration::from_secs(600);
    let mut lists = Lists::new();
    for (at, cut) in CUTS.iter().enumerate() {
        steps.step(
            &format!("life {}: lists of {ROWS} rows are imported until the power is cut {cut:?}", at + 1),
            || {
                let up = site.power_on()?;
                if at > 0 {
                    check(&mut site, false, limit)?;
                }
                let plan = Importing { rows: ROWS, first: lists.len(), noted: lists.clone() };
                let mut browser = site.window.start("virtual-import.test.js", &plan, &[])?;
                let (before, acknowledged) = (lists.len(), count(&lists, ACKNOWLEDGED));
                site.window.until::<Lists>(&mut browser, "an import", limit, |found| {
                    let found = found.unwrap_or_default();
                    match cut {
                        Cut::Into(_) => found.len() > before,
                        Cut::Acknowledged => count(&found, ACKNOWLEDGED) > acknowledged,
                    }
                })?;
                if let Cut::Into(after_ms) = cut {
                    // Where the import stands then decides nothing: any place must do.
                    std::thread::sleep(Duration::from_millis(*after_ms));
                }
                let settled = site.machine.power_lost(u64::try_from(at)? + 1)?;
                drop(browser);
                site.window.acknowledge()?;
                lists = site.window.found().unwrap_or_default();
                Ok(((), format!("up after {up:.0} s; {lists:?}; {settled:?}")))
            },
        )?;
    }
    steps.step(
        "it comes back alone: acknowledged lists are whole, others whole or absent, and it imports again",
        || {
            let up = site.power_on()?;
            check(&mut site, true, limit)?;
            Ok(((), format!("up after {up:.0} s; {} lists acknowledged", count(&lists, ACKNOWLEDGED))))
        },
    )
}

fn check(site: &mut Site, last: bool, limit: Duration) -> anyhow::Result<()> {
    site.window.run(&mut site.machine, "virtual-imported.test.js", &Looking { rows: ROWS, last }, &[], limit)
}

type Lists = BTreeMap<String, String>;

fn count(lists: &Lists, state: &str) -> usize {
    lists.values().filter(|known| *known == state).count()
}

#[derive(Debug)]
enum Cut {
    /// So many milliseconds after an import was begun.
    Into(u64),
    /// When one was acknowledged.
    Acknowledged,
}

#[derive(Debug, Serialize)]
struct Importing {
    rows: usize,
    first: usize,
    noted: Lists,
}

#[derive(Debug, Serialize)]
struct Looking {
    rows: usize,
    last: bool,
}

const ROWS: usize = 3_000;
const CUTS: [Cut; 3] = [Cut::Into(2_500), Cut::Acknowledged, Cut::Into(5_000)];
const ACKNOWLEDGED: &str = "acknowledged";
