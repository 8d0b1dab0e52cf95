//! Whether a system on trial is good: a pure judgement over `health.json`, repeated until it holds or time is up.
//!
//! It runs only while the loader counts (boot-complete.target is wanted by nothing else), so a carrier that is down on an
//! ordinary start restarts nothing. It has the lines call themselves (`lined::loopback`), and marks nothing itself: the
//! loader's counter goes by systemd's own hand when this program ends well.

use crate::found_bad;
use anyhow::Context;
use idl::health::{HealthReply, HealthRequest};
use idl::hello::Process;
use idl::trial::{Against, CALL_GAUGE, CALL_SUCCEEDED, CallFault};
use ipc::Conn;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
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

/// What still speaks against the system, a line each; none: it is good.
#[must_use]
pub fn faults(seen: &Seen, processes: &[String]) -> Vec<Against> {
    let mut faults = Vec::new();
    for name in processes {
        match seen.processes.get(name) {
            None => faults.push(Against::NotReached(name.clone())),
            Some(known) if !known.works() => faults.push(Against::State(name.clone(), known.state.clone())),
            Some(known) if known.restarts > MAX_RESTARTS => {
                faults.push(Against::Restarts(name.clone(), known.restarts));
            }
            Some(known) => {
                let fatal = known.alarms.keys().filter(|code| FATAL.contains(&code.as_str()));
                faults.extend(fatal.map(|code| Against::Alarm(name.clone(), code.clone())));
            }
        }
    }
    if processes.iter().any(|name| name == LINES) {
        faults.extend(against_the_call(seen));
    }
    // The vault answers only with its keys open and its ledger read; by whom they were opened, it tells of this very start:
    // `health.json` lies in memory, and is another with every start of the box.
    if let Some(vault) = seen.processes.get("vaultd") {
        let gauge = |name: &str| vault.gauges.get(name).copied();
        if gauge("hostd") != Some(1) {
            faults.push(Against::NotReached("hostd".to_owned()));
        }
        if gauge("keys_recovered") != Some(0) {
            faults.push(Against::KeysNotUnsealed);
        }
        if gauge("disk_sealed") != Some(1) {
            faults.push(Against::DiskNotOpened);
        }
        if gauge("ledger_unverified") != Some(0) {
            faults.push(Against::LedgerUnverified);
        }
        match gauge("lines_missing") {
            Some(0) => {}
            Some(missing) => faults.push(Against::LinesMissing(missing)),
            None => faults.push(Against::LinesUnknown),
        }
    }
    faults
}

/// What the loop-back call says, once the lines work: before that something else speaks against them.
fn against_the_call(seen: &Seen) -> Option<Against> {
    let lines = seen.processes.get(LINES).filter(|lines| lines.works())?;
    match lines.gauges.get(CALL_GAUGE).copied() {
        Some(CALL_SUCCEEDED) => None,
        Some(code) => Some(CallFault::of(code).map_or(Against::CallUnknown, Against::Call)),
        None => Some(Against::CallUnknown),
    }
}

impl SeenProcess {
    fn works(&self) -> bool {
        matches!(self.state.as_str(), "ready" | "degraded")
    }
}

/// When the lines are to call themselves: as soon as they work, and again for as long as the call does not succeed.
#[derive(Debug, Default)]
pub struct Caller {
    asked: Option<Duration>,
}

impl Caller {
    /// Whether to ask now, so long after the begin.
    pub fn is_due(&mut self, seen: &Seen, now: Duration) -> bool {
        let due = against_the_call(seen).is_some()
            && self.asked.is_none_or(|asked| now.saturating_sub(asked) >= CALL_AGAIN);
        if due {
            self.asked = Some(now);
        }
        due
    }
}

/// Waits until nothing speaks against the system, and until that has held for a while.
///
/// # Errors
/// What speaks against it when the time is up; it is written down before.
pub fn confirm(options: &ConfirmOptions) -> anyhow::Result<()> {
    let begun = Instant::now();
    let until = begun + options.limit;
    let mut caller = Caller::default();
    let mut well_since: Option<Instant> = None;
    loop {
        let found = match read(&Process::Supervisor.folder(&options.run).join("health.json")) {
            Ok(seen) => {
                if caller.is_due(&seen, begun.elapsed())
                    && let Err(error) = call_yourself(&options.run)
                {
                    log::warn!("the lines cannot be asked to call themselves: {error}");
                }
                faults(&seen, &options.processes)
            }
            Err(error) => vec![Against::Health(error.to_string())],
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
            let found = if found.is_empty() { vec![Against::TooLate] } else { found };
            let reasons: Vec<String> = found.iter().map(ToString::to_string).collect();
            found_bad::leave(&options.found_bad, &options.boot, &reasons)?;
            anyhow::bail!("this system is not good: {}", reasons.join("; "));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Has the lines call themselves; how that ends stands in their health.
fn call_yourself(run: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let asking = async {
            let path = Process::Lined.socket(run);
            let conn = Conn::connect(&path, Process::Supervisor, Process::Lined).await?;
            conn.send(&HealthRequest::CallYourself { serial: 0 }).await?;
            conn.recv::<HealthReply>().await
        };
        tokio::time::timeout(ASK_LIMIT, asking).await.context("no answer")??;
        Ok(())
    })
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
/// The process that calls itself.
const LINES: &str = "lined";
/// A call that failed is placed again after this: longer than any call of its kind lasts.
const CALL_AGAIN: Duration = Duration::from_secs(45);
/// How long the lines may take to answer that they were asked.
const ASK_LIMIT: Duration = Duration::from_secs(2);
const MAX_BYTES: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::{CALL_AGAIN, Caller, ConfirmOptions, Seen, SeenProcess, confirm, faults, read};
    use crate::report::Picture;
    use idl::health::{HealthReply, HealthState};
    use idl::hello::Process;
    use idl::trial::{CALL_GAUGE, CALL_SUCCEEDED, CallFault};
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
        let opened = [("keys_recovered", 0), ("disk_sealed", 1)];
        let vault = [("hostd", 1), ("ledger_unverified", 0), ("lines_missing", 0)];
        let vault = process(&[&opened[..], &vault[..]].concat());
        let lines = process(&[(CALL_GAUGE, CALL_SUCCEEDED)]);
        Seen { processes: [("vaultd".to_owned(), vault), ("lined".to_owned(), lines)].into() }
    }

    fn said(seen: &Seen) -> Vec<String> {
        faults(seen, &names()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_system_is_good_only_when_nothing_speaks_against_it() {
        assert_eq!(said(&well()), Vec::<String>::new());
        let against = |change: &dyn Fn(&mut Seen)| {
            let mut seen = well();
            change(&mut seen);
            said(&seen)
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
        assert_eq!(against(&|seen| vault(seen, "keys_recovered", 1)), ["the TPM did not unseal the keys"]);
        assert_eq!(against(&|seen| vault(seen, "disk_sealed", 0)), ["the TPM did not open the disk"]);
        assert_eq!(faults(&Seen::default(), &names()).len(), 2);
    }

    #[test]
    fn an_alarm_of_the_site_does_not_condemn_a_system_and_one_of_the_system_does() {
        let mut seen = well();
        let vault = seen.processes.get_mut("vaultd").unwrap();
        vault.state = "degraded".to_owned();
        vault.alarms.insert("disk-low".to_owned(), Default::default());
        assert!(said(&seen).is_empty());
        seen.processes
            .get_mut("vaultd")
            .unwrap()
            .alarms
            .insert("head-unsigned".to_owned(), Default::default());
        assert_eq!(said(&seen), ["vaultd: alarm head-unsigned"]);
    }

    #[test]
    fn a_system_whose_loop_back_call_does_not_succeed_is_not_good_and_says_at_what_it_failed() {
        let with = |call: Option<u64>| {
            let mut seen = well();
            let gauges = &mut seen.processes.get_mut("lined").unwrap().gauges;
            gauges.remove(CALL_GAUGE);
            gauges.extend(call.map(|call| (CALL_GAUGE.to_owned(), call)));
            said(&seen)
        };
        let unknown = ["the loop-back call has not ended yet"];
        assert_eq!(
            (with(None).as_slice(), with(Some(0)).as_slice()),
            (&unknown.map(str::to_owned)[..], &unknown.map(str::to_owned)[..])
        );
        assert_eq!(
            with(Some(CallFault::NotHeardFar.code())),
            ["the loop-back call failed: the far leg heard nothing"]
        );
        assert_eq!(with(Some(CallFault::Ports.code())), ["the loop-back call failed: no free media port"]);
        assert_eq!(with(Some(99)), unknown);
        // Lines that do not work speak for themselves.
        let mut seen = well();
        let lines = seen.processes.get_mut("lined").unwrap();
        lines.state = "starting".to_owned();
        lines.gauges.clear();
        assert_eq!(said(&seen), ["lined: starting"]);
    }

    #[test]
    fn the_lines_are_asked_to_call_themselves_when_they_work_and_again_until_they_succeed() {
        let (mut caller, mut seen) = (Caller::default(), well());
        let at = |s| Duration::from_secs(s);
        let set = |seen: &mut Seen, state: &str, call| {
            let lines = seen.processes.get_mut("lined").unwrap();
            lines.state = state.to_owned();
            lines.gauges.insert(CALL_GAUGE.to_owned(), call);
        };
        set(&mut seen, "starting", 0);
        assert!(!caller.is_due(&seen, at(0)));
        set(&mut seen, "ready", 0);
        assert!(caller.is_due(&seen, at(1)) && !caller.is_due(&seen, at(2)));
        set(&mut seen, "degraded", CallFault::NotAnswered.code());
        assert!(!caller.is_due(&seen, at(30)) && caller.is_due(&seen, at(1) + CALL_AGAIN));
        set(&mut seen, "ready", CALL_SUCCEEDED);
        assert!(!caller.is_due(&seen, at(600)));
    }

    #[test]
    fn why_a_system_is_bad_is_on_the_disk_before_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        // What the supervisor writes is what is judged.
        let mut picture = Picture::default();
        picture.reached("vaultd", 7);
        let gauges = [("hostd", 1), ("keys_recovered", 0), ("disk_sealed", 1), ("ledger_unverified", 0)];
        let gauges = gauges.map(|(name, value)| (name.to_owned(), value)).to_vec();
        picture.take("vaultd", HealthReply { serial: 1, state: HealthState::Ready, gauges, alarms: vec![] });
        let own = Process::Supervisor.folder(folder.path());
        picture.write(&own).unwrap();
        assert_eq!(read(&own.join("health.json")).unwrap().processes["vaultd"].gauges["hostd"], 1);
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
