//! What the far sides saw: the journals of the simulated carrier and of the simulated exchange, read as they grow. They
//! say independently of the box who was called, over which line, and that nobody was called twice.
//!
//! Numbers stay in here; what is shown are counts.

use super::options::Options;
use super::site::Folders;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Counts of both far sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// Calls that reached the simulated carrier.
    pub sip_calls: u64,
    /// Calls that reached the simulated exchange.
    pub e1_calls: u64,
    /// Different numbers called, over either.
    pub numbers: u64,
    /// Numbers called again although neither a line had refused the call nor the carrier asked for it once more.
    pub called_twice: u64,
}

/// Both journals of a run.
#[derive(Debug)]
pub struct FarSides {
    sip: Option<Journal>,
    e1: Option<Journal>,
    numbers: BTreeMap<String, Called>,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Called {
    calls: u64,
    may_be_repeated: u64,
}

impl FarSides {
    /// Those that this run simulates.
    pub fn of(options: &Options, folders: &Folders) -> Self {
        let journal = |name: &str| Journal { path: folders.demo.join(name), at: 0, rest: Vec::new() };
        Self {
            sip: options.trunk.is_none().then(|| journal("carrier.jsonl")),
            e1: options.cards.then(|| journal("exchange.jsonl")),
            numbers: BTreeMap::new(),
            seen: Seen::default(),
        }
    }

    /// Whether there is a simulated carrier, and whether there is a simulated exchange.
    pub fn which(&self) -> (bool, bool) {
        (self.sip.is_some(), self.e1.is_some())
    }

    /// Reads what came since the last look.
    pub fn look(&mut self) -> Seen {
        let Self { sip, e1, numbers, seen } = self;
        seen.sip_calls += sip.as_mut().map_or(0, |journal| journal.read(numbers));
        seen.e1_calls += e1.as_mut().map_or(0, |journal| journal.read(numbers));
        let twice = |called: &&Called| called.calls > 1 + called.may_be_repeated;
        seen.numbers = numbers.len() as u64;
        seen.called_twice = numbers.values().filter(twice).count() as u64;
        *seen
    }
}

/// One journal, as far as it was read.
#[derive(Debug)]
struct Journal {
    path: PathBuf,
    at: u64,
    rest: Vec<u8>,
}

/// What is read of an event.
#[derive(Deserialize)]
struct Line {
    event: String,
    number: String,
    code: Option<u16>,
}

impl Journal {
    /// Takes the new lines; how many calls they begin. A journal that is not there yet is an empty one.
    fn read(&mut self, numbers: &mut BTreeMap<String, Called>) -> u64 {
        let Ok(mut file) = std::fs::File::open(&self.path) else { return 0 };
        let length = file.metadata().map_or(0, |data| data.len());
        if length < self.at {
            // Its writer was started again.
            (self.at, self.rest) = (0, Vec::new());
        }
        let mut new = Vec::new();
        if file.seek(SeekFrom::Start(self.at)).is_err() || file.take(MAX_READ).read_to_end(&mut new).is_err()
        {
            return 0;
        }
        self.at += new.len() as u64;
        self.rest.append(&mut new);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return 0 };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        whole.split(|byte| *byte == b'\n').map(|line| count(line, numbers)).sum()
    }
}

/// Counts one event; 1 if it begins a call.
fn count(line: &[u8], numbers: &mut BTreeMap<String, Called>) -> u64 {
    let Ok(line) = serde_json::from_slice::<Line>(line) else { return 0 };
    match (line.event.as_str(), line.code) {
        ("invite", _) => {
            numbers.entry(line.number).or_default().calls += 1;
            1
        }
        // 503 and 500, on an E1 causes 34 and 41: the line is the trouble, and the next line may be tried (LIN-06).
        // 422: the same call, asked for again with a longer session interval (RFC 4028 6).
        ("refused", Some(422 | 500 | 503)) => {
            numbers.entry(line.number).or_default().may_be_repeated += 1;
            0
        }
        _ => 0,
    }
}

/// Bytes read at once; the next look takes the rest.
const MAX_READ: u64 = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{Called, count};
    use std::collections::BTreeMap;

    fn counted(lines: &[&str]) -> (u64, BTreeMap<String, Called>) {
        let mut numbers = BTreeMap::new();
        let calls = lines.iter().map(|line| count(line.as_bytes(), &mut numbers)).sum();
        (calls, numbers)
    }

    #[test]
    fn a_second_call_is_allowed_only_after_a_line_refused_the_first() {
        let invite = r#"{"t_us":1,"event":"invite","call":1,"number":"19900000079"}"#;
        let refused = r#"{"t_us":2,"event":"refused","call":1,"number":"19900000079","code":503}"#;
        let busy = r#"{"t_us":2,"event":"refused","call":1,"number":"19900000079","code":486}"#;
        let (calls, numbers) = counted(&[invite, refused, invite, ""]);
        assert_eq!(calls, 2);
        let called = &numbers["19900000079"];
        assert_eq!((called.calls, called.may_be_repeated), (2, 1));
        assert_eq!(counted(&[invite, busy, invite]).1["19900000079"].may_be_repeated, 0);
    }

    #[test]
    fn a_call_asked_for_again_with_a_longer_session_interval_is_no_second_call() {
        let invite = r#"{"t_us":1,"event":"invite","call":1,"number":"19900000098"}"#;
        let interval = r#"{"t_us":2,"event":"refused","call":1,"number":"19900000098","code":422}"#;
        let (_, numbers) = counted(&[invite, interval, invite]);
        let called = &numbers["19900000098"];
        assert_eq!((called.calls, called.may_be_repeated), (2, 1));
    }
}
