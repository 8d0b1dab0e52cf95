//! SIPp as the carrier outside the guest: it rings, answers, sends back what it hears, and counts. The box finds it behind
//! the bench's network at [`CARRIER`]; it runs through power cuts of the box. It knows nothing of the page.

use anyhow::{Context, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the box finds it.
pub const CARRIER: &str = "10.0.2.2:5062";

/// A running SIPp; it ends when this is dropped.
#[derive(Debug)]
pub struct Callee {
    sipp: Child,
    folder: PathBuf,
}

/// SIPp's own statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Calls that came.
    pub created: u64,
    /// Calls that went as the scenario says, to the answered BYE.
    pub successful: u64,
    /// Calls that did not.
    pub failed: u64,
    /// Calls that stand.
    pub current: u64,
}

impl Callee {
    /// Starts it and waits until it listens; its files lie in this folder.
    ///
    /// # Errors
    /// It cannot be started, or its port is taken.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        // Whoever has the port already would be taken for ours.
        ensure!(!listens()?, "UDP port {PORT} of this machine is taken");
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/callee.xml");
        let out = File::create(folder.join("callee.out"))?;
        let at = |name: &str| folder.join(name).display().to_string();
        let mut command = Command::new("sipp");
        command.arg("-sf").arg(scenario).args([
            "-t",
            "u1",
            "-i",
            "127.0.0.1",
            "-p",
            PORT,
            "-nostdin",
            "-cp",
            "0",
            "-watchdog_interval",
            "0",
        ]);
        command.args(["-mi", "127.0.0.1", "-mp", MEDIA_PORT, "-rtp_echo"]);
        command.args(["-key", "reach", CARRIER, "-key", "ear", EAR]);
        command.args([
            "-trace_msg",
            "-message_file",
            &at(MESSAGES),
            "-trace_err",
            "-error_file",
            &at("callee.errors"),
        ]);
        command.args(["-trace_stat", "-stf", &at(STATISTICS), "-fd", "1"]);
        command.current_dir(folder).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let sipp = command.spawn().context("sipp cannot be started")?;
        let mut new = Self { sipp, folder: folder.to_owned() };
        let begun = Instant::now();
        while !listens()? {
            if let Some(status) = new.sipp.try_wait()? {
                bail!("sipp ended ({status})");
            }
            ensure!(begun.elapsed() < START_LIMIT, "sipp does not listen");
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(new)
    }

    /// Every call it got an INVITE of, by the number that was dialled: its Call-IDs. A retransmission is no call.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, BTreeSet<String>> {
        calls(&String::from_utf8_lossy(&fs::read(self.folder.join(MESSAGES)).unwrap_or_default()))
    }

    /// What it counted, as of a second ago.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        statistics(&fs::read_to_string(self.folder.join(STATISTICS)).unwrap_or_default()).unwrap_or_default()
    }
}

impl Drop for Callee {
    fn drop(&mut self) {
        let _ = self.sipp.kill();
        let _ = self.sipp.wait();
    }
}

fn listens() -> anyhow::Result<bool> {
    let wanted = format!("0100007F:{:04X}", PORT.parse::<u16>()?);
    let sockets = fs::read_to_string("/proc/net/udp").context("the socket table")?;
    Ok(sockets.lines().any(|line| line.split_whitespace().nth(1) == Some(&wanted)))
}

fn calls(messages: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut dialled: Option<&str> = None;
    for line in messages.lines() {
        if let Some(rest) = line.strip_prefix("INVITE sip:") {
            dialled = rest.split('@').next();
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("call-id")
            && let Some(number) = dialled.take()
        {
            found.entry(number.to_owned()).or_default().insert(value.trim().to_owned());
        }
    }
    found
}

fn statistics(table: &str) -> Option<Statistics> {
    let (mut lines, last) = (table.lines(), table.lines().last()?);
    let names: Vec<&str> = lines.next()?.split(';').collect();
    let values: Vec<&str> = last.split(';').collect();
    let of = |name: &str| values.get(names.iter().position(|known| *known == name)?)?.parse().ok();
    Some(Statistics {
        created: of("TotalCallCreated")?,
        successful: of("SuccessfulCall(C)")?,
        failed: of("FailedCall(C)")?,
        current: of("CurrentCall")?,
    })
}

const PORT: &str = "5062";
const MEDIA_PORT: &str = "6100";
/// This machine as the guest sees it.
const EAR: &str = "10.0.2.2";
const MESSAGES: &str = "callee.messages";
const STATISTICS: &str = "callee.csv";
const START_LIMIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::{Statistics, calls, statistics};

    #[test]
    fn a_retransmission_is_no_second_call_and_a_second_call_id_is_one() {
        let invite = |number: &str, id: &str| {
            format!(
                "--- UDP message received\nINVITE sip:{number}@10.0.2.2:5062 SIP/2.0\nVia: x\nCall-ID: {id}\n\n"
            )
        };
        let text = [
            invite("199", "a"),
            invite("199", "a"),
            invite("188", "b"),
            "BYE sip:box SIP/2.0\nCall-ID: a\n".into(),
        ];
        let found = calls(&text.concat());
        assert_eq!(found.values().map(std::collections::BTreeSet::len).collect::<Vec<_>>(), [1, 1]);
        let again = calls(&(text.concat() + &invite("199", "c")));
        assert_eq!(again.get("199").map(std::collections::BTreeSet::len), Some(2));
    }

    #[test]
    fn the_last_line_of_the_statistics_counts() {
        let table =
            "StartTime;TotalCallCreated;CurrentCall;SuccessfulCall(C);FailedCall(C)\nx;1;1;0;0\nx;5;1;3;1\n";
        let wanted = Statistics { created: 5, successful: 3, failed: 1, current: 1 };
        assert_eq!(statistics(table), Some(wanted));
        assert_eq!(statistics("x;y\n"), None);
    }
}
