//! Concurrent recorded calls: processor time, memory, and whether anything is missing from the recordings.
//!
//! Callees are the simulated carrier's: in a process of its own, speaking all the time.

use crate::heard;
use crate::machine::{self, Reading};
use crate::options::Options;
use crate::peer::{self, Carrier, Simulated};
use crate::rig::{Plan, Rig, numbers};
use crate::spread::rounded;
use anyhow::ensure;
use e2e::{Attendance, Line, TrunkPlan};
use idl::admin::Admin;
use idl::campaign::AgentState;
use idl::lines::{PromptRole, SipTransport, SrtpPolicy};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vocab::{CampaignId, CampaignMode};

/// How many calls, for how long, on which trunk.
#[derive(Debug, Clone, Copy)]
struct Load {
    calls: u16,
    seconds: u64,
    secure: bool,
    /// Each customer speaks with an agent; otherwise all hear a message.
    agents: bool,
    /// Starts the numbers: a person is called once.
    prefix: &'static str,
}

/// Announcements and conversations with agents, plain and secure, at each number of calls.
///
/// # Errors
/// If box or carrier cannot be started.
pub fn media(options: &Options) -> anyhow::Result<Value> {
    let sizes = options.calls.map_or_else(|| vec![100, 200], |calls| vec![calls]);
    let mut results = Vec::new();
    for calls in sizes {
        for (agents, secure) in [(false, false), (false, true), (true, false), (true, true)] {
            let load = Load { calls, seconds: options.seconds, secure, agents, prefix: "138" };
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
    let load = Load { calls, seconds: MEMORY_SECONDS, secure: false, agents: false, prefix: "139" };
    Ok(measure(options, load)?.1)
}

fn measure(options: &Options, load: Load) -> anyhow::Result<(Value, Value)> {
    let mut rig = Rig::start(options.media_threads)?;
    let mut carrier = Carrier::start(&rig.sut.place, "00", if load.agents { load.talk_ms() } else { 0 })?;
    let trunk = if load.secure {
        TrunkPlan::secure(carrier.tls, &carrier.ca_pem()?)
    } else {
        TrunkPlan::plain(carrier.udp, SipTransport::Udp)
    };
    let line = rig.sut.line(&[trunk.with(|trunk| trunk.channels = MAX_CHANNELS)]);
    let campaign = prepare(&mut rig, &line, load)?;
    let mut floor = if load.agents { Some(Floor::open(&mut rig, load)?) } else { None };
    let pids = rig.pids();
    let idle: Vec<_> = pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect();
    let mut all = pids.clone();
    all.push((CARRIER.to_owned(), carrier.process.pid()));
    all.extend(floor.as_ref().map(|floor| (PHONES.to_owned(), floor.phones.pid())));
    let idle_before = Reading::take(&all);
    std::thread::sleep(IDLE);
    let idle_after = Reading::take(&all);
    rig.run(campaign);
    let wanted = u64::from(load.calls);
    rig.sut.wait_for("all calls are made", UP, |figures| figures.open == wanted);
    if let Some(floor) = &floor {
        floor.all_talk(load.calls);
    }
    // The last of them is still to be answered, and to hear what stands before the recording.
    std::thread::sleep(BEGUN);
    let (before, load_before) = (Reading::take(&all), machine::load());
    std::thread::sleep(Duration::from_secs(load.seconds));
    let after = Reading::take(&all);
    let live: Vec<_> = pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect();
    let still_up = rig.sut.figures().open;
    ensure!(still_up == wanted, "only {still_up} of {wanted} calls lasted through the window");
    let drops = machine::udp_drops(rig.pid("lined")?);
    let figures = rig.sut.wait_for("all calls are over and verified", OVER, |figures| {
        figures.open == 0 && figures.recordings == figures.recordings_verified
    });
    let recordings = heard::recordings(&mut rig, campaign)?;
    let media = json!({
        "run": {
            "calls": load.calls, "window_s": load.seconds,
            "trunk": if load.secure { "SIP over TLS, SRTP" } else { "SIP over UDP, RTP" },
            "legs": if load.agents { "callee and agent's phone" } else { "callee hears an announcement" },
            "codec": "G.711, 20 ms, both ways", "media_threads": options.media_threads,
        },
        "cpu": shares(load.calls, &before, &after),
        "idle_percent_of_a_core": idle_after.shares(&idle_before)["processes"],
        "load_average_before": load_before, "load_average_after": machine::load(),
        "datagrams_dropped_by_the_kernel": drops,
        "carrier": peer_figures(&mut carrier.process)?,
        "phones": floor.as_mut().map(|floor| peer_figures(&mut floor.phones)).transpose()?,
        "recordings": recordings,
        "answered": figures.answered, "failed": figures.failed, "unrecorded": figures.unrecorded,
        "recordings_verified": figures.recordings_verified,
    });
    Ok((media, grown(load.calls, &idle, &live)))
}

impl Load {
    /// From a call's answer to its end: the first call outlasts ramp and window.
    fn talk_ms(self) -> u64 {
        u64::from(self.calls) * 1_000 / u64::from(RAMP_PER_S) + (self.seconds + SLACK_S) * 1_000
    }
}

/// Agents at their desks.
struct Floor {
    phones: Simulated,
    attendance: Attendance,
}

impl Floor {
    /// As many agents as calls, each with a phone, all ready.
    fn open(rig: &mut Rig, load: Load) -> anyhow::Result<Self> {
        let srtp = if load.secure { SrtpPolicy::Required } else { SrtpPolicy::PlainWaiver };
        if !load.secure {
            let system = rig.sut.people.system;
            rig.sut.order(system, Admin::AllowUdpPhones { allow: true });
        }
        let agents = rig.sut.agents(usize::from(load.calls), srtp, false);
        let phones = peer::phones(&rig.sut.place, &agents, load.secure)?;
        let ids: Vec<_> = agents.iter().map(|phone| phone.agent).collect();
        let attendance = rig.sut.attend(&ids, true);
        let floor = Self { phones, attendance };
        floor.wait_for(load.calls, AgentState::Ready);
        Ok(floor)
    }

    fn all_talk(&self, calls: u16) {
        self.wait_for(calls, AgentState::Talking);
    }

    fn wait_for(&self, agents: u16, state: AgentState) {
        self.attendance.wait_for("the agents' states", UP, |live| {
            live.agents.iter().filter(|(_, known, _)| *known == state).count() == usize::from(agents)
        });
    }
}

fn prepare(rig: &mut Rig, line: &Line, load: Load) -> anyhow::Result<CampaignId> {
    let mut prompts =
        vec![(PromptRole::Identify, 300), (PromptRole::RecordingNotice, 300), (PromptRole::OptOutHint, 300)];
    if load.agents {
        prompts.extend([(PromptRole::Hold, 300), (PromptRole::NoAgent, 300)]);
    } else {
        prompts.push((PromptRole::Body, u32::try_from(load.talk_ms())?));
    }
    let script = rig.script(&prompts)?;
    let plan = Plan {
        numbers: &numbers(load.prefix, load.calls.into()),
        mode: if load.agents { CampaignMode::Progressive } else { CampaignMode::Announcement },
        script,
        max_calls: load.calls,
        pace: RAMP_PER_S * 60,
    };
    rig.campaign(line, plan)
}

/// Processor time of each call in a window, by process.
pub(crate) fn shares(calls: u16, before: &Reading, after: &Reading) -> Value {
    let wall = after.wall_ms(before);
    let percent = |ms: f64| rounded(ms / wall * 100.0 / f64::from(calls));
    let spent = after.spent_ms(before);
    let box_ms: f64 =
        spent.iter().filter(|(name, _)| !PEERS.contains(&name.as_str())).map(|(_, ms)| ms).sum();
    let each: Map<String, Value> = spent.into_iter().map(|(name, ms)| (name, json!(percent(ms)))).collect();
    json!({
        "percent_of_a_core_per_call": each,
        "all_processes_of_the_box_per_call": percent(box_ms),
        "percent_of_a_core": after.shares(before),
    })
}

fn peer_figures(peer: &mut Simulated) -> anyhow::Result<Value> {
    let report = peer.report()?;
    Ok(json!({
        "rtp_sent": report["rtp_sent"], "rtp_received": report["rtp_received"],
        "violations": report["violations"], "answered": report["answered"],
    }))
}

/// What memory grew by, by call.
pub(crate) fn grown(calls: u16, idle: &[(String, Value)], live: &[(String, Value)]) -> Value {
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

const CARRIER: &str = "carrier";
const PHONES: &str = "phones";
const PEERS: [&str; 3] = [CARRIER, PHONES, crate::lines::EXCHANGE];
const MAX_CHANNELS: u16 = 2_000;
const RAMP_PER_S: u32 = 25;
const MEMORY_SECONDS: u64 = 10;
/// The message outlasts ramp and window by this.
const SLACK_S: u64 = 15;
const IDLE: Duration = Duration::from_secs(5);
const BEGUN: Duration = Duration::from_secs(3);
const UP: Duration = Duration::from_secs(60);
const OVER: Duration = Duration::from_secs(180);
