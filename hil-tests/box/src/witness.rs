//! Inside a virtual box of the development variant: tells the bench once a second how much memory is left and how long the
//! kernel has run. One JSON object a line, by a port that only the bench has. It asks none of our processes anything.

use anyhow::Context;
use box_scenarios::told::Told;
use lexopt::prelude::Long;
use std::fs::{OpenOptions, read_to_string};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let mut to = None;
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("to") => to = Some(PathBuf::from(words.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    let to = to.context("--to names the port")?;
    let mut port = OpenOptions::new().write(true).open(&to).with_context(|| to.display().to_string())?;
    loop {
        let mut line = serde_json::to_string(&look())?;
        line.push('\n');
        port.write_all(line.as_bytes())?;
        std::thread::sleep(EVERY);
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
    }
}

const EVERY: Duration = Duration::from_secs(1);
