//! Inside a virtual box of the development variant: tells the bench once a second how much memory is left and how long the
//! kernel has run, and lets a process hang (`hang NAME`) when the bench says so. One line each way, by ports that only
//! the bench has. It asks none of our processes anything.

use anyhow::Context;
use box_scenarios::told::Told;
use lexopt::prelude::Long;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{File, OpenOptions, read_to_string};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let (mut to, mut orders) = (None, None);
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("to") => to = Some(PathBuf::from(words.value()?)),
            Long("orders") => orders = Some(PathBuf::from(words.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    let to = to.context("--to names the port")?;
    let orders = orders.context("--orders names the port of the bench's orders")?;
    let orders = File::open(&orders).with_context(|| orders.display().to_string())?;
    std::thread::spawn(move || {
        let mut lines = BufReader::new(orders).lines();
        loop {
            match lines.next() {
                Some(Ok(order)) => obey(&order),
                // Nobody is at the other end of the port yet.
                Some(Err(_)) | None => std::thread::sleep(EVERY),
            }
        }
    });
    let mut port = OpenOptions::new().write(true).open(&to).with_context(|| to.display().to_string())?;
    loop {
        let mut line = serde_json::to_string(&look())?;
        line.push('\n');
        port.write_all(line.as_bytes())?;
        std::thread::sleep(EVERY);
    }
}

/// Stops every process of this name: it is there, and answers nothing.
fn obey(order: &str) {
    let Some(name) = order.strip_prefix("hang ") else { return };
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let comm = read_to_string(entry.path().join("comm")).unwrap_or_default();
        let pid = entry.file_name().to_str().and_then(|pid| pid.parse().ok());
        if let (true, Some(pid)) = (comm.trim() == name, pid) {
            let _gone_meanwhile = kill(Pid::from_raw(pid), Signal::SIGSTOP);
        }
    }
}

fn look() -> Told {
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| {
        let line = memory.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default()
    };
    let uptime = read_to_string("/proc/uptime").unwrap_or_default();
    Told {
        uptime_s: uptime.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default(),
        memory_total_kib: kib("MemTotal:"),
        memory_available_kib: kib("MemAvailable:"),
        watchdog: read_to_string("/sys/class/watchdog/watchdog0/state").unwrap_or_default().trim().to_owned(),
    }
}

const EVERY: Duration = Duration::from_secs(1);
