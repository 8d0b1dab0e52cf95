//! Whether a system on trial is good: a pure judgement over `health.json`, repeated until it holds or time is up.
//!
//! It runs only while the loader counts (boot-complete.target is wanted by nothing else), so a carrier that is down on an
//! ordinary start restarts nothing. It places no call, and marks nothing itself: the loader's counter goes by systemd's
//! own hand when this program ends well.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a confirmation is started with.
#[derive(Debug, Clone)]
pub struct ConfirmOptions {
    /// The folder in which `health.json` lies.
    pub run: PathBuf,
    /// Where the reasons go if the system is bad.
    pub found_bad: PathBuf,
    /// The kernel's name for this boot.
    pub boot: String,
    /// Processes that must be well.
    pub processes: Vec<String>,
    /// How long they may take.
    pub limit: Duration,
}

/// `health.json`, as far as it is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Seen {
    /// By process name.
    pub processes: BTreeMap<String, SeenProcess>,
}

/// Health of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SeenProcess {
    /// Its state's name.
    pub state: String,
    /// How often it came back.
    pub restarts: u64,
    /// Gauges by name.
    #[serde(default)]
    pub gauges: BTreeMap<String, u64>,
    /// Alarms by code.
    #[serde(default)]
    pub alarms: BTreeMap<String, (String, String)>,
}

#[derive(Debug, Serialize)]
struct FoundBad<'a> {
    boot: &'a str,
    reasons: &'a [String],
}

/// What still speaks against the system, a line each; none: it is good.
#[must_use]
pub fn faults(seen: &Seen, processes: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for name in processes {
        match seen.processes.get(name) {
            None => faults.push(format!("{name}: not reached")),
            Some(known) if !matches!(known.state.as_str(), "ready" | "degraded") => {
                faults.push(format!("{name}: {}", known.state));
            }
            Some(known) if known.restarts > MAX_RESTARTS => {
                faults.push(format!("{name}: started again {} times", known.restarts));
            }
            Some(known) => {
                let fatal = known.alarms.keys().filter(|code| FATAL.contains(&code.as_str()));
                faults.extend(fatal.map(|code| format!("{name}: alarm {code}")));
            }
        }
    }
    // The vault answers only with its keys unsealed and its ledger open.
    if let Some(vault) = seen.processes.get("vaultd") {
        let gauge = |name: &str| vault.gauges.get(name).copied();
        if gauge("hostd") != Some(1) {
            faults.push("hostd: not reached".to_owned());
        }
        if gauge("ledger_unverified") != Some(0) {
            faults.push("the ledger is not verified".to_owned());
        }
        match gauge("lines_missing") {
            Some(0) => {}
            Some(missing) => faults.push(format!("{missing} cards or trunks do not work as before")),
            None => faults.push("cards and trunks are not known yet".to_owned()),
        }
    }
    faults
}

/// Waits until nothing speaks against the system, and until that has held for a while.
///
/// # Errors
/// What speaks against it when the time is up; it is written down before.
pub fn confirm(options: &ConfirmOptions) -> anyhow::Result<()> {
    let until = Instant::now() + options.limit;
    let mut well_since: Option<Instant> = None;
    loop {
        let found = match read(&options.run.join("health.json")) {
            Ok(seen) => faults(&seen, &options.processes),
            Err(error) => vec![format!("health.json: {error}")],
        };
        let now = Instant::now();
        if found.is_empty() {
            let since = *well_since.get_or_insert(now);
            if now.duration_since(since) >= HOLDS {
                log::info!("this system is good");
                return Ok(());
            }
        } else {
            well_since = None;
        }
        if now >= until {
            let reasons = if found.is_empty() { vec!["it was well too late".to_owned()] } else { found };
            write_found_bad(options, &reasons)?;
            anyhow::bail!("this system is not good: {}", reasons.join("; "));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Durable when this returns: the box restarts next.
fn write_found_bad(options: &ConfirmOptions, reasons: &[String]) -> io::Result<()> {
    let new = options.found_bad.with_extension("new");
    let mut file = File::create(&new)?;
    serde_json::to_writer(&mut file, &FoundBad { boot: &options.boot, reasons })?;
    file.flush()?;
    file.sync_all()?;
    std::fs::rename(&new, &options.found_bad)?;
    File::open(options.found_bad.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn read(path: &Path) -> io::Result<Seen> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut text)?;
    serde_json::from_slice(&text).map_err(io::Error::from)
}

/// Alarms that a working system never has; others are the site's (a carrier, a clock, a disk).
const FATAL: [&str; 2] = ["calld-alone", "head-unsigned"];
/// A process may come back so often: one that waits for another does.
const MAX_RESTARTS: u64 = 2;
/// All must be well for so long.
const HOLDS: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);
const MAX_BYTES: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::{ConfirmOptions, Seen, SeenProcess, confirm, faults, read};
    use crate::report::Picture;
    use idl::health::{HealthReply, HealthState};
    use std::time::Duration;

    fn names() -> Vec<String> {
        ["vaultd", "lined"].map(str::to_owned).into()
    }

    fn well() -> Seen {
        let process = |gauges: &[(&str, u64)]| SeenProcess {
            state: "ready".to_owned(),
            gauges: gauges.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            ..SeenProcess::default()
        };
        let vault = process(&[("hostd", 1), ("ledger_unverified", 0), ("lines_missing", 0)]);
        Seen { processes: [("vaultd".to_owned(), vault), ("lined".to_owned(), process(&[]))].into() }
    }

    #[test]
    fn a_system_is_good_only_when_nothing_speaks_against_it() {
        assert_eq!(faults(&well(), &names()), Vec::<String>::new());
        let against = |change: &dyn Fn(&mut Seen)| {
            let mut seen = well();
            change(&mut seen);
            faults(&seen, &names())
        };
        let vault = |seen: &mut Seen, gauge: &str, value| {
            seen.processes.get_mut("vaultd").unwrap().gauges.insert(gauge.to_owned(), value);
        };
        assert_eq!(against(&|seen| drop(seen.processes.remove("lined"))), ["lined: not reached"]);
        let starting =
            |seen: &mut Seen| seen.processes.get_mut("lined").unwrap().state = "starting".to_owned();
        assert_eq!(against(&starting), ["lined: starting"]);
        let again = |seen: &mut Seen| seen.processes.get_mut("lined").unwrap().restarts = 3;
        assert_eq!(against(&again), ["lined: started again 3 times"]);
        assert_eq!(
            against(&|seen| vault(seen, "lines_missing", 2)),
            ["2 cards or trunks do not work as before"]
        );
        assert_eq!(against(&|seen| vault(seen, "ledger_unverified", 1)), ["the ledger is not verified"]);
        assert_eq!(against(&|seen| vault(seen, "hostd", 0)), ["hostd: not reached"]);
        assert_eq!(faults(&Seen::default(), &names()).len(), 2);
    }

    #[test]
    fn an_alarm_of_the_site_does_not_condemn_a_system_and_one_of_the_system_does() {
        let mut seen = well();
        let vault = seen.processes.get_mut("vaultd").unwrap();
        vault.state = "degraded".to_owned();
        vault.alarms.insert("disk-low".to_owned(), Default::default());
        assert!(faults(&seen, &names()).is_empty());
        seen.processes
            .get_mut("vaultd")
            .unwrap()
            .alarms
            .insert("head-unsigned".to_owned(), Default::default());
        assert_eq!(faults(&seen, &names()), ["vaultd: alarm head-unsigned"]);
    }

    #[test]
    fn why_a_system_is_bad_is_on_the_disk_before_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        // What the supervisor writes is what is judged.
        let mut picture = Picture::default();
        picture.reached("vaultd", 7);
        let gauges = vec![("hostd".to_owned(), 1), ("ledger_unverified".to_owned(), 0)];
        picture.take("vaultd", HealthReply { serial: 1, state: HealthState::Ready, gauges, alarms: vec![] });
        picture.write(folder.path()).unwrap();
        assert_eq!(read(&folder.path().join("health.json")).unwrap().processes["vaultd"].gauges["hostd"], 1);
        let options = ConfirmOptions {
            run: folder.path().to_owned(),
            found_bad: folder.path().join("found-bad.json"),
            boot: "b".to_owned(),
            processes: names(),
            limit: Duration::ZERO,
        };
        assert!(confirm(&options).is_err());
        let written = std::fs::read_to_string(options.found_bad).unwrap();
        assert_eq!(
            written,
            "{\"boot\":\"b\",\"reasons\":[\"lined: not reached\",\"cards and trunks are not known yet\"]}"
        );
    }
}
