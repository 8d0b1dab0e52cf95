//! Measures what the gate costs: run in release with `--ignored --nocapture`.
//!
//! The bounds asserted are those of the product, with nothing added for a busy machine.

mod site;

use gate::do_not_call::DoNotCall;
use gate::{Attempt, evaluate};
use site::{at, calendar, lawful, policy, refusal, result, tuesday};
use std::hint::black_box;
use std::time::Instant;
use vocab::{DAY_MS, RuleId, UnixMs};

fn mixed(seed: u64) -> u64 {
    let spread = seed.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (spread ^ (spread >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (spread >> 17)
}

#[test]
#[ignore = "a measurement: needs a release build and a quiet machine"]
fn a_verdict_takes_less_than_five_microseconds() {
    const ROUNDS: u32 = 200_000;
    let calendar = calendar(2026);
    let attempts: Vec<Attempt> = (2..5)
        .map(|week| Attempt { at: at(tuesday(), (9, 0, 0)).plus(-week * 8 * DAY_MS), answered: true })
        .collect();
    for (name, time) in [("allowed", (10, 0, 0)), ("refused by the hours", (22, 0, 0))] {
        let facts = lawful(at(tuesday(), time), &calendar, &attempts);
        let policy = policy();
        let verdict = evaluate(&policy, &facts);
        let hours = refusal(&verdict, RuleId::CallingHours);
        assert_eq!(hours.is_none(), result(&verdict, RuleId::CallingHours) == gate::RuleResult::Pass);
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(evaluate(black_box(&policy), black_box(&facts)));
        }
        let each = start.elapsed() / ROUNDS;
        eprintln!("evaluate, {name}: {each:?}");
        assert!(each.as_nanos() < 5_000);
    }
}

#[test]
#[ignore = "a measurement: needs a release build and a quiet machine"]
fn cam_07_ten_million_entries_take_less_than_250_mb_and_a_microsecond() {
    const ENTRIES: u64 = 10_000_000;
    const LOOKUPS: u32 = 5_000_000;
    let start = Instant::now();
    let list = DoNotCall::build(1, UnixMs(0), (0..ENTRIES).map(mixed)).expect("within the bound");
    eprintln!("built {} entries in {:?}, {} bytes", list.len(), start.elapsed(), list.heap_bytes());
    assert!(list.heap_bytes() < 250_000_000);
    let start = Instant::now();
    let hits = (0..LOOKUPS).filter(|at| list.contains(black_box(mixed(u64::from(*at) * 4)))).count();
    let each = start.elapsed() / LOOKUPS;
    eprintln!("{hits} hits in {LOOKUPS} look-ups of {each:?} each");
    assert!(each.as_nanos() < 1_000);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    eprintln!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or(""));
}
