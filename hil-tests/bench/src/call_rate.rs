//! Complete lawful calls a second: gate, durable ledger, INVITE to BYE with a recording, against SIPp.
//!
//! SIPp shares the cores: the figure is that of box and peer together.

use crate::machine::{self, Reading};
use crate::options::Options;
use crate::peer;
use crate::rig::{Plan, Rig, numbers};
use crate::spread::rounded;
use e2e::TrunkPlan;
use idl::admin::Figures;
use idl::lines::{PromptRole, SipTransport};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use vocab::CampaignMode;

/// What was seen at one instant.
struct Sample {
    reading: Reading,
    figures: Figures,
}

impl Sample {
    /// Calls that ended, however.
    const fn over(&self) -> u64 {
        self.figures.placed - self.figures.open
    }
}

/// Runs one campaign to its end.
///
/// # Errors
/// If box or peer cannot be started.
pub fn run(options: &Options) -> anyhow::Result<Value> {
    let mut rig = Rig::start(options.media_threads)?;
    let (sipp, address) = peer::sipp_uas(&rig.sut.place)?;
    let trunk = TrunkPlan::plain(address, SipTransport::Udp).with(|trunk| trunk.channels = MAX_CHANNELS);
    let line = rig.sut.line(&[trunk]);
    let script = rig.script(PROMPTS)?;
    let all = numbers("138", options.contacts);
    let each = all.len().div_ceil(usize::from(options.campaigns).max(1)).max(1);
    let mut campaigns = Vec::new();
    for part in all.chunks(each) {
        let plan = Plan {
            numbers: part,
            mode: CampaignMode::Announcement,
            script,
            max_calls: options.room,
            pace: options.pace,
        };
        campaigns.push(rig.campaign(&line, plan)?);
    }
    let mut pids = rig.pids();
    pids.push(("sipp".to_owned(), sipp.pid()));
    campaigns.into_iter().for_each(|campaign| rig.run(campaign));
    let mut samples = vec![sample(&mut rig, &pids)];
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        std::thread::sleep(BETWEEN);
        let now = sample(&mut rig, &pids);
        let done = now.figures.contacts_left == 0 && now.figures.open == 0;
        samples.push(now);
        if done {
            break;
        }
    }
    let load_after = machine::load();
    let verified = settled(&mut rig);
    Ok(report(options, &samples, load_after, &verified))
}

fn sample(rig: &mut Rig, pids: &[(String, u32)]) -> Sample {
    let figures = rig.sut.figures();
    Sample { reading: Reading::take(pids), figures }
}

/// Waits until every recording was verified, or no longer.
fn settled(rig: &mut Rig) -> Figures {
    let begun = Instant::now();
    loop {
        let figures = rig.sut.figures();
        let done = figures.open == 0 && figures.recordings == figures.recordings_verified;
        if done || begun.elapsed() > SETTLE {
            return figures;
        }
        std::thread::sleep(BETWEEN);
    }
}

/// The steady state lies between a fifth and four fifths of the calls.
fn report(options: &Options, samples: &[Sample], load_after: f64, end: &Figures) -> Value {
    let total = samples.last().map_or(0, Sample::over);
    let at = |fifths: u64| samples.iter().find(|sample| sample.over() * 5 >= total * fifths);
    let (Some(from), Some(to)) = (at(1), at(4)) else { return Value::Null };
    let wall = to.reading.wall_ms(&from.reading);
    let calls = (to.over() - from.over()) as f64;
    let entries = (to.figures.ledger_entries - from.figures.ledger_entries) as f64;
    let each: Map<String, Value> = to
        .reading
        .spent_ms(&from.reading)
        .into_iter()
        .map(|(name, ms)| (name, json!(rounded(ms / calls))))
        .collect();
    let slices: Vec<f64> = samples
        .windows(2)
        .map(|pair| {
            let wall = pair[1].reading.wall_ms(&pair[0].reading);
            rounded((pair[1].over() - pair[0].over()) as f64 / wall * 1e3)
        })
        .collect();
    json!({
        "run": {
            "contacts": options.contacts, "campaigns": options.campaigns, "calls_per_minute_allowed_each": options.pace,
            "max_calls_each": options.room, "peer": "sipp -sn uas over UDP, on the same cores",
            "prompts_ms": PROMPTS.iter().map(|(role, ms)| (format!("{role:?}"), *ms)).collect::<Vec<_>>(),
        },
        "steady": {
            "calls": calls, "seconds": rounded(wall / 1e3),
            "calls_per_s": rounded(calls / wall * 1e3),
            "ledger_entries_per_s": rounded(entries / wall * 1e3),
            "ledger_entries_per_call": rounded(entries / calls),
            "cpu_ms_per_call": each,
            "percent_of_a_core": to.reading.shares(&from.reading),
        },
        "calls_per_s_by_sample": slices,
        "whole_run": {
            "seconds": samples.last().zip(samples.first())
                .map(|(last, first)| rounded(last.reading.wall_ms(&first.reading) / 1e3)),
            "offered": end.offered, "placed": end.placed, "answered": end.answered,
            "refused": end.refused, "failed": end.failed, "unrecorded": end.unrecorded,
            "recordings": end.recordings, "recordings_verified": end.recordings_verified,
            "open": end.open, "contacts_left": end.contacts_left,
        },
        "load_average_after": load_after,
    })
}

/// The shortest script that is lawful here: the notice is not shorter than 200 ms.
const PROMPTS: &[(PromptRole, u32)] = &[
    (PromptRole::Identify, 100),
    (PromptRole::RecordingNotice, 200),
    (PromptRole::OptOutHint, 100),
    (PromptRole::Body, 100),
];
const MAX_CHANNELS: u16 = 2_000;
const BETWEEN: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(240);
const SETTLE: Duration = Duration::from_secs(120);
