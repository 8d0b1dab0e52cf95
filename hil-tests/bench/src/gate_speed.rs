//! The gate: verdicts a second with a look-up in a large do-not-call list, and that list's memory.

use crate::machine;
use crate::options::Options;
use crate::spread::{rounded, spread};
use anyhow::{Context, ensure};
use gate::do_not_call::DoNotCall;
use gate::{
    Attempt, BlacklistFacts, CalendarData, CallerFacts, CampaignFacts, ClockFacts, ConsentFacts,
    ContactFacts, Facts, HolidayCalendar, PersonFacts, Policy, RecordingFacts, ScriptApproval, ScriptFacts,
    evaluate,
};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;
use vocab::{CampaignClass, CampaignId, DAY_MS, LineGroupId, PersonId, UnixMs};

/// Verdicts with lists of a million and of ten million entries.
///
/// # Errors
/// If the facts are not those of a lawful call.
pub fn run(_options: &Options) -> anyhow::Result<Value> {
    let lists: Vec<Value> = LISTS.iter().map(|entries| measure(*entries)).collect::<anyhow::Result<_>>()?;
    Ok(json!({ "threads": 1, "lists": lists }))
}

fn measure(entries: u64) -> anyhow::Result<Value> {
    let own = std::process::id();
    let rss = |pid| machine::memory(pid)["rss_kib"].as_u64().unwrap_or(0);
    let before = rss(own);
    let begun = Instant::now();
    let list = DoNotCall::build(1, UnixMs(0), (0..entries).map(mixed))?;
    let built = begun.elapsed();
    let after = rss(own);
    let now: jiff::Timestamp = "2026-09-15T10:00:00+08:00".parse()?;
    let now = UnixMs(now.as_millisecond());
    let year = CalendarData {
        year: 2026,
        version: 1,
        dates_off: vec!["2026-10-01".parse()?],
        adjusted_working_days: vec![],
    };
    let holidays = HolidayCalendar::new(year).ok().context("a calendar")?;
    let attempts: Vec<Attempt> =
        (2..5).map(|week| Attempt { at: now.plus(-week * 8 * DAY_MS), answered: true }).collect();
    let policy = Policy::default();
    let decide = |at: u64| {
        let mut facts = lawful(now, &holidays, &attempts);
        // Every other number is on the list: even inputs were put there, odd ones beyond it were not.
        let hash = mixed(if at.is_multiple_of(2) { at % entries } else { entries + at });
        let mut asked = list.ask(hash);
        asked.imported_at = now.plus(-DAY_MS);
        facts.dnc = Some(asked);
        evaluate(black_box(&policy), black_box(&facts))
    };
    ensure!(!decide(0).allowed(), "a listed number is refused");
    let free = decide(1);
    ensure!(free.allowed(), "another is allowed: {:?}", free.refusals().collect::<Vec<_>>());
    let begun = Instant::now();
    for at in 0..ROUNDS {
        black_box(decide(mixed(at) >> 8));
    }
    let wall = begun.elapsed();
    let single = |at: u64| {
        let begun = Instant::now();
        black_box(decide(mixed(at) >> 8));
        begun.elapsed().as_secs_f64() * 1e6
    };
    Ok(json!({
        "entries": list.len(), "build_ms": rounded(built.as_secs_f64() * 1e3),
        "heap_bytes": list.heap_bytes(), "process_rss_grown_kib": after.saturating_sub(before),
        "verdicts": ROUNDS, "verdicts_per_s": (ROUNDS as f64 / wall.as_secs_f64()).round(),
        "us_per_verdict": spread((0..ROUNDS).map(single).collect()),
    }))
}

fn mixed(seed: u64) -> u64 {
    let spread = seed.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (spread ^ (spread >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (spread >> 17)
}

/// Facts of a marketing call that is lawful at `now`.
fn lawful<'a>(now: UnixMs, holidays: &'a HolidayCalendar, attempts: &'a [Attempt]) -> Facts<'a> {
    let caller = CallerFacts { registered_for: Some(LineGroupId(2)), valid_to: now.plus(DAY_MS), version: 1 };
    let approval = ScriptApproval { hash: [7; 32], approver: PersonId(2), at: now.plus(-10 * DAY_MS) };
    let consent = ConsentFacts {
        version: 1,
        purpose: "card offer",
        given_at: now.plus(-30 * DAY_MS),
        expires_at: now.plus(300 * DAY_MS),
        withdrawn_at: None,
        evidence_ok: true,
    };
    Facts {
        now,
        clock: Some(ClockFacts { synchronised: true, last_known: now.plus(-1_000) }),
        campaign: Some(CampaignFacts {
            id: CampaignId(1),
            version: 1,
            class: CampaignClass::Marketing,
            purpose: "card offer",
            running: true,
            line_group: LineGroupId(2),
            caller: Some(caller),
        }),
        script: Some(ScriptFacts {
            version: 1,
            current_hash: [7; 32],
            author: PersonId(1),
            approval: Some(approval),
            identifies_within_s: Some(5),
            recording_notice: true,
            opt_out_hint: true,
        }),
        contact: Some(ContactFacts {
            version: 1,
            purpose: "card offer",
            open: true,
            consent: Some(consent),
            birth: None,
            adult_attested: true,
            guardian_consent: false,
            answered_by_child: false,
        }),
        person: Some(PersonFacts { version: 1, attempts, declined: false, in_call_now: false }),
        blacklist: Some(BlacklistFacts { version: 1, hit: false }),
        dnc: None,
        holidays: Some(holidays),
        recording: Some(RecordingFacts { version: 1, ready: true, free_bytes: 1 << 40 }),
    }
}

const LISTS: [u64; 2] = [1_000_000, 10_000_000];
const ROUNDS: u64 = 500_000;
