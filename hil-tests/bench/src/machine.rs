//! What `/proc` says of the machine and of processes. It asks only about processes it is given.

use serde_json::{Map, Value, json};
use std::fs::read_to_string;
use std::time::Instant;

/// The machine as it is now: cores, kernel, processor, memory, load, time.
#[must_use]
pub fn now() -> Value {
    let read = |path: &str| read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    json!({
        "at": jiff::Timestamp::now().to_string(),
        "cores": cores,
        "processor": model.trim_start_matches([' ', '\t', ':']),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "memory_kib": field(&read("/proc/meminfo"), "MemTotal"),
        "load_average": read("/proc/loadavg").trim(),
    })
}

/// The load average of the last minute.
#[must_use]
pub fn load() -> f64 {
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// A line `Name: N kB` of a `/proc` file.
#[must_use]
pub fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// User and system time of a process in milliseconds (fields 14 and 15 of `/proc/PID/stat`).
#[must_use]
pub fn cpu_ms(pid: u32) -> u64 {
    ticks(&read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default()) * MS_PER_TICK
}

fn ticks(stat: &str) -> u64 {
    // The name in brackets may hold blanks: fields are counted after it.
    let rest = stat.rsplit(')').next().unwrap_or("");
    rest.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum()
}

/// User and system time of the threads of a process in milliseconds, summed by name.
#[must_use]
pub fn cpu_ms_by_thread(pid: u32) -> Vec<(String, u64)> {
    let mut sums = std::collections::BTreeMap::<String, u64>::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let name = read_to_string(task.path().join("comm")).unwrap_or_default();
        let stat = read_to_string(task.path().join("stat")).unwrap_or_default();
        *sums.entry(name.trim().to_owned()).or_default() += ticks(&stat) * MS_PER_TICK;
    }
    sums.into_iter().collect()
}

/// Memory of a process: proportional, resident, and the greatest resident so far, in KiB.
#[must_use]
pub fn memory(pid: u32) -> Value {
    let rollup = read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    json!({
        "pss_kib": field(&rollup, "Pss"),
        "rss_kib": field(&status, "VmRSS"),
        "peak_rss_kib": field(&status, "VmHWM"),
    })
}

/// Forgets the greatest resident size of a process, so that the next is that of what follows.
///
/// # Errors
/// If the kernel does not let us.
pub fn forget_peak(pid: u32) -> std::io::Result<()> {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// Datagrams the kernel dropped for want of room in the UDP sockets a process holds now.
#[must_use]
pub fn udp_drops(pid: u32) -> u64 {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let inode = |entry: std::fs::DirEntry| {
        let link = std::fs::read_link(entry.path()).ok()?;
        link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']').map(str::to_owned)
    };
    let own: std::collections::HashSet<String> = open.filter_map(inode).collect();
    drops_of(&read_to_string("/proc/net/udp").unwrap_or_default(), &own)
}

fn drops_of(table: &str, own: &std::collections::HashSet<String>) -> u64 {
    let drops = table.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        own.contains(*words.get(9)?).then(|| words.last()?.parse::<u64>().ok())?
    });
    drops.sum()
}

/// Processor time of processes and of the whole machine at an instant.
#[derive(Debug, Clone)]
pub struct Reading {
    at: Instant,
    processes: Vec<(String, u32, u64)>,
    busy_ms: u64,
    threads: Vec<(String, Vec<(String, u64)>)>,
}

impl Reading {
    /// Reads now.
    #[must_use]
    pub fn take(pids: &[(String, u32)]) -> Self {
        let threads = pids.iter().map(|(name, pid)| (name.clone(), cpu_ms_by_thread(*pid))).collect();
        let processes = pids.iter().map(|(name, pid)| (name.clone(), *pid, cpu_ms(*pid))).collect();
        Self { at: Instant::now(), processes, busy_ms: busy_ms(), threads }
    }

    /// Milliseconds by the clock since an earlier reading.
    #[must_use]
    pub fn wall_ms(&self, before: &Self) -> f64 {
        self.at.duration_since(before.at).as_secs_f64() * 1e3
    }

    /// Processor milliseconds of each process since an earlier reading of the same processes.
    #[must_use]
    pub fn spent_ms(&self, before: &Self) -> Vec<(String, f64)> {
        let pairs = self.processes.iter().zip(&before.processes);
        pairs.map(|((name, _, now), (_, _, then))| (name.clone(), now.saturating_sub(*then) as f64)).collect()
    }

    /// Shares of one core by process and thread, and what the rest of the machine took.
    #[must_use]
    pub fn shares(&self, before: &Self) -> Value {
        let wall = self.wall_ms(before);
        let percent = |ms: f64| crate::spread::rounded(ms / wall * 100.0);
        let spent = self.spent_ms(before);
        let ours: f64 = spent.iter().map(|(_, ms)| ms).sum();
        let processes: Map<String, Value> =
            spent.into_iter().map(|(name, ms)| (name, json!(percent(ms)))).collect();
        let mut threads = Map::new();
        for ((name, now), (_, then)) in self.threads.iter().zip(&before.threads) {
            for (thread, ms) in now {
                let earlier = then.iter().find(|(known, _)| known == thread).map_or(0, |(_, ms)| *ms);
                let share = percent(ms.saturating_sub(earlier) as f64);
                if share >= 0.5 {
                    threads.insert(format!("{name}/{thread}"), json!(share));
                }
            }
        }
        let busy = self.busy_ms.saturating_sub(before.busy_ms) as f64;
        json!({
            "processes": processes,
            "threads": threads,
            "others_on_the_machine": percent((busy - ours).max(0.0)),
            "window_ms": crate::spread::rounded(wall),
        })
    }
}

/// Time all cores were not idle.
fn busy_ms() -> u64 {
    let stat = read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = stat
        .lines()
        .next()
        .unwrap_or("")
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    // user, nice, system; then idle, iowait; then irq, softirq, steal.
    fields
        .iter()
        .enumerate()
        .filter(|(at, _)| !matches!(at, 3 | 4) && *at < 8)
        .map(|(_, ticks)| ticks)
        .sum::<u64>()
        * MS_PER_TICK
}

/// `USER_HZ` is 100 on every Linux this runs on.
const MS_PER_TICK: u64 = 10;

#[cfg(test)]
mod tests {
    use super::{drops_of, field, ticks};

    #[test]
    fn only_drops_of_one_s_own_sockets_count() {
        let table = "  sl local rem st queues tr tm retr uid timeout inode ref pointer drops\n\
            1: 0100007F:5DC0 0:0 07 0:0 00:0 0 0 0 101 2 0 7\n\
            2: 0100007F:5DC2 0:0 07 0:0 00:0 0 0 0 102 2 0 9\n";
        assert_eq!(drops_of(table, &["102".to_owned()].into()), 9);
    }

    #[test]
    fn times_are_read_behind_a_name_with_blanks_and_brackets() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 9 0 0";
        assert_eq!(ticks(stat), 300);
        assert_eq!(ticks(""), 0);
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "VmPeak:\t  9 kB\nVmRSS:\t  1234 kB\n";
        assert_eq!((field(text, "VmRSS"), field(text, "Vm")), (1_234, 0));
    }
}
