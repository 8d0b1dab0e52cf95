//! Concurrent recorded calls: processor time, memory, and whether anything is missing from the recordings.
//!
//! Callees are the simulated carrier's: in a process of its own, speaking all the time.

use crate::machine::{self, Reading};
use crate::options::Options;
use crate::peer::Carrier;
use crate::rig::{Plan, RTP, Rig, numbers};
use crate::spread::{rounded, spread};
use anyhow::{Context, ensure};
use e2e::{Line, TrunkPlan};
use idl::lines::{PromptRole, SipTransport};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vocab::{CampaignId, CampaignMode};

/// How many calls, for how long, on which trunk.
#[derive(Debug, Clone, Copy)]
struct Load {
    calls: u16,
    seconds: u64,
    secure: bool,
    /// Starts the numbers: a person is called once.
    prefix: &'static str,
}

/// Plain and secure calls, at each number of calls.
///
/// # Errors
/// If box or carrier cannot be started.
pub fn media(options: &Options) -> anyhow::Result<Value> {
    let sizes = options.calls.map_or_else(|| vec![100, 200], |calls| vec![calls]);
    let mut results = Vec::new();
    for calls in sizes {
        for secure in [false, true] {
            let load = Load { calls, seconds: options.seconds, secure, prefix: "138" };
            results.push(measure(options, load)?.0);
        }
    }
    Ok(Value::Array(results))
}

/// Memory of an idle box and with live calls.
///
/// # Errors
/// If box or carrier cannot be started.
pub fn memory(options: &Options) -> anyhow::Result<Value> {
    let calls = options.calls.unwrap_or(200);
    let load = Load { calls, seconds: MEMORY_SECONDS, secure: false, prefix: "139" };
    Ok(measure(options, load)?.1)
}

fn measure(options: &Options, load: Load) -> anyhow::Result<(Value, Value)> {
    let mut rig = Rig::start(options.media_threads)?;
    let mut carrier = Carrier::start(&rig.sut.place, "00")?;
    let trunk = if load.secure {
        TrunkPlan::secure(carrier.tls, &carrier.ca_pem()?)
    } else {
        TrunkPlan::plain(carrier.udp, SipTransport::Udp)
    };
    let line = rig.sut.line(&[trunk.with(|trunk| trunk.channels = MAX_CHANNELS)]);
    let campaign = prepare(&mut rig, &line, load)?;
    let pids = rig.pids();
    let idle: Vec<_> = pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect();
    let mut all = pids.clone();
    all.push(("carrier".to_owned(), carrier.peer.pid()));
    let idle_before = Reading::take(&all);
    std::thread::sleep(IDLE);
    let idle_after = Reading::take(&all);
    rig.run(campaign);
    let wanted = u64::from(load.calls);
    rig.sut.wait_for("all calls are made", UP, |figures| figures.open == wanted);
    // The last of them is still to be answered, and to hear what stands before the recording.
    std::thread::sleep(BEGUN);
    let (before, load_before) = (Reading::take(&all), machine::load());
    std::thread::sleep(Duration::from_secs(load.seconds));
    let after = Reading::take(&all);
    let live: Vec<_> = pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect();
    let still_up = rig.sut.figures().open;
    ensure!(still_up == wanted, "only {still_up} of {wanted} calls lasted through the window");
    let drops = machine::udp_drops(RTP);
    let figures = rig.sut.wait_for("all calls are over and verified", OVER, |figures| {
        figures.open == 0 && figures.recordings == figures.recordings_verified
    });
    let recordings = recordings(&mut rig, campaign)?;
    let media = json!({
        "run": {
            "calls": load.calls, "window_s": load.seconds,
            "trunk": if load.secure { "SIP over TLS, SRTP" } else { "SIP over UDP, RTP" },
            "codec": "G.711, 20 ms, both ways", "media_threads": options.media_threads,
        },
        "cpu": shares(load.calls, &before, &after),
        "idle_percent_of_a_core": idle_after.shares(&idle_before)["processes"],
        "load_average_before": load_before, "load_average_after": machine::load(),
        "datagrams_dropped_by_the_kernel": drops,
        "carrier": carrier_figures(&mut carrier)?,
        "recordings": recordings,
        "answered": figures.answered, "failed": figures.failed, "unrecorded": figures.unrecorded,
        "recordings_verified": figures.recordings_verified,
    });
    Ok((media, grown(load.calls, &idle, &live)))
}

fn prepare(rig: &mut Rig, line: &Line, load: Load) -> anyhow::Result<CampaignId> {
    let ramp_ms = u64::from(load.calls) * 1_000 / u64::from(RAMP_PER_S);
    let body_ms = ramp_ms + (load.seconds + SLACK_S) * 1_000;
    let script = rig.script(&[
        (PromptRole::Identify, 300),
        (PromptRole::RecordingNotice, 300),
        (PromptRole::OptOutHint, 300),
        (PromptRole::Body, u32::try_from(body_ms)?),
    ])?;
    let plan = Plan {
        numbers: &numbers(load.prefix, load.calls.into()),
        mode: CampaignMode::Announcement,
        script,
        max_calls: load.calls,
        pace: RAMP_PER_S * 60,
    };
    rig.campaign(line, plan)
}

fn shares(calls: u16, before: &Reading, after: &Reading) -> Value {
    let wall = after.wall_ms(before);
    let percent = |ms: f64| rounded(ms / wall * 100.0 / f64::from(calls));
    let spent = after.spent_ms(before);
    let box_ms: f64 = spent.iter().filter(|(name, _)| name != "carrier").map(|(_, ms)| ms).sum();
    let each: Map<String, Value> = spent.into_iter().map(|(name, ms)| (name, json!(percent(ms)))).collect();
    json!({
        "percent_of_a_core_per_call": each,
        "all_processes_of_the_box_per_call": percent(box_ms),
        "percent_of_a_core": after.shares(before),
    })
}

fn carrier_figures(carrier: &mut Carrier) -> anyhow::Result<Value> {
    let report = carrier.report()?;
    Ok(json!({
        "rtp_sent": report["rtp_sent"], "rtp_received": report["rtp_received"],
        "violations": report["violations"], "answered": report["answered"],
    }))
}

/// Every recording is opened with its key and read to its end.
fn recordings(rig: &mut Rig, campaign: CampaignId) -> anyhow::Result<Value> {
    let calls: Vec<_> = rig.sut.calls().into_iter().filter(|call| call.campaign == campaign).collect();
    let (mut durations, mut callee, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sound, mut shorter_ms) = (0, Vec::new());
    for call in &calls {
        let exported = rig.sut.recording(call.call);
        let file = std::fs::File::open(&exported.file).context("a recording")?;
        let report = recording::verify(std::io::BufReader::new(file), &exported.key, None)?;
        sound += u64::from(report.verdict == recording::Verdict::Sound);
        durations.push(report.duration_ms as f64);
        callee.push(report.gaps_left_ms as f64);
        ours.push(report.gaps_right_ms as f64);
        if let (Some(answered), Some(ended)) = (call.answered_at, call.ended_at) {
            // What precedes the recording: identification and notice, 600 ms.
            let talked = ended.since(answered) as f64;
            shorter_ms.push(talked - BEFORE_RECORDING_MS - report.duration_ms as f64);
        }
    }
    let total = |values: &[f64]| values.iter().sum::<f64>();
    let (all_ms, callee_ms, our_ms) = (total(&durations), total(&callee), total(&ours));
    let short = callee.iter().filter(|ms| **ms > 0.0).count();
    Ok(json!({
        "files": calls.len(), "sound": sound,
        "frames_of_20_ms_of_the_callee": (all_ms - callee_ms) / FRAME_MS,
        "frames_missing_of_the_callee": callee_ms / FRAME_MS,
        "ms_recorded": all_ms, "ms_missing_of_the_callee": callee_ms, "ms_missing_of_our_side": our_ms,
        "calls_with_any_frame_missing": short,
        "ms_missing_per_call": spread(callee),
        "ms_by_the_clock_beyond_the_recording": spread(shorter_ms),
    }))
}

fn grown(calls: u16, idle: &[(String, Value)], live: &[(String, Value)]) -> Value {
    let mut processes = Map::new();
    let (mut pss, mut rss) = (0.0, 0.0);
    for ((name, idle), (_, live)) in idle.iter().zip(live) {
        let of = |value: &Value, key: &str| value[key].as_f64().unwrap_or(0.0);
        let more = |key: &str| of(live, key) - of(idle, key);
        pss += more("pss_kib");
        rss += more("rss_kib");
        let per_call = |key: &str| (more(key) * 1_024.0 / f64::from(calls)).round();
        let entry = json!({
            "idle": idle, "live": live,
            "pss_bytes_per_call": per_call("pss_kib"), "rss_bytes_per_call": per_call("rss_kib"),
        });
        processes.insert(name.clone(), entry);
    }
    let bytes = |kib: f64| (kib * 1_024.0 / f64::from(calls)).round();
    json!({
        "calls": calls, "processes": processes,
        "all_pss_bytes_per_call": bytes(pss), "all_rss_bytes_per_call": bytes(rss),
    })
}

const MAX_CHANNELS: u16 = 2_000;
const RAMP_PER_S: u32 = 25;
const FRAME_MS: f64 = 20.0;
const BEFORE_RECORDING_MS: f64 = 600.0;
const MEMORY_SECONDS: u64 = 10;
/// The message outlasts ramp and window by this.
const SLACK_S: u64 = 15;
const IDLE: Duration = Duration::from_secs(5);
const BEGUN: Duration = Duration::from_secs(3);
const UP: Duration = Duration::from_secs(60);
const OVER: Duration = Duration::from_secs(180);
