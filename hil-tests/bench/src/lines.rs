//! E1 lines over the virtual card: what a B channel with a recorded call costs, how many calls a second a D channel
//! carries through the whole box and through the protocol cores alone, and whether recordings lack anything.
//!
//! The exchange is the simulated one in a process of its own; both ends of the card's sockets share the cores. A real
//! card costs its driver's interrupts instead of the sockets.

use crate::heard;
use crate::live_calls::{grown, shares};
use crate::machine::{self, Reading};
use crate::options::Options;
use crate::peer::{self, Simulated};
use crate::rig::{Plan, Rig, numbers};
use crate::spread::rounded;
use anyhow::ensure;
use e2e::Place;
use idl::lines::PromptRole;
use idl::spans::{PriConfig, PriSide};
use q931::control::{CallHandle, Command, Config, Event, Setup};
use q931::{CauseValue, DChannel, DOutput};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vocab::{CampaignMode, Millis, Pii};

/// Live calls at each size, then calls a second.
///
/// # Errors
/// If box or exchange cannot be started.
pub fn run(options: &Options) -> anyhow::Result<Value> {
    let core = core_rate();
    let rate = call_rate(options)?;
    let sizes = options.calls.map_or_else(|| vec![30, 60, 240], |calls| vec![calls]);
    let live: Vec<Value> =
        sizes.into_iter().map(|calls| live(options, calls)).collect::<anyhow::Result<_>>()?;
    Ok(json!({ "cores_alone": core, "calls_of_one_d_channel": rate, "live": live }))
}

/// A box with eight E1, and the exchange at their other end.
fn rig(options: &Options) -> anyhow::Result<(Rig, Simulated)> {
    let place = Place::with_cards("virtual/eight");
    let exchange = peer::exchange(&place, SPANS)?;
    Ok((Rig::start_in(place, options.media_threads)?, exchange))
}

/// So many recorded announcements at once, over as few spans as carry them.
fn live(options: &Options, calls: u16) -> anyhow::Result<Value> {
    ensure!((1..=CHANNELS * u16::from(SPANS)).contains(&calls), "eight E1 have 240 B channels");
    let (mut rig, mut exchange) = rig(options)?;
    let spans = u8::try_from(calls.div_ceil(CHANNELS))?;
    let line = rig.sut.e1_line(spans);
    let body_ms = u64::from(calls) * 1_000 / u64::from(RAMP_PER_S) + (options.seconds + SLACK_S) * 1_000;
    let mut prompts = PROMPTS.to_vec();
    prompts.push((PromptRole::Body, u32::try_from(body_ms)?));
    let script = rig.script(&prompts)?;
    let plan = Plan {
        numbers: &numbers("137", calls.into()),
        mode: CampaignMode::Announcement,
        script,
        max_calls: calls,
        pace: RAMP_PER_S * 60,
    };
    let campaign = rig.campaign(&line, plan)?;
    let pids = rig.pids();
    let idle: Vec<_> = pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect();
    let mut all = pids.clone();
    all.push((EXCHANGE.to_owned(), exchange.pid()));
    let idle_before = Reading::take(&all);
    std::thread::sleep(IDLE);
    let idle_after = Reading::take(&all);
    rig.run(campaign);
    let wanted = u64::from(calls);
    rig.sut.wait_for("all calls are made", UP, |figures| figures.open == wanted);
    std::thread::sleep(BEGUN);
    let (before, load_before) = (Reading::take(&all), machine::load());
    std::thread::sleep(Duration::from_secs(options.seconds));
    let after = Reading::take(&all);
    let live: Vec<_> = pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect();
    let still_up = rig.sut.figures().open;
    ensure!(still_up == wanted, "only {still_up} of {wanted} calls lasted through the window");
    let figures = rig.sut.wait_for("all calls are over and verified", OVER, |figures| {
        figures.open == 0 && figures.recordings == figures.recordings_verified
    });
    let report = exchange.report()?;
    Ok(json!({
        "run": {
            "b_channels": calls, "spans_in_use": spans, "spans_of_the_card": SPANS, "window_s": options.seconds,
            "legs": "callee over E1, hears an announcement and speaks", "media_threads": options.media_threads,
        },
        "cpu": shares(calls, &before, &after),
        "idle_percent_of_a_core": idle_after.shares(&idle_before)["processes"],
        "load_average_before": load_before, "load_average_after": machine::load(),
        "recordings": heard::recordings(&mut rig, campaign)?,
        "memory": grown(calls, &idle, &live),
        "exchange": { "answered": report["answered"], "violations": report["violations"] },
        "answered": figures.answered, "failed": figures.failed, "unrecorded": figures.unrecorded,
        "recordings_verified": figures.recordings_verified,
    }))
}

/// Short lawful calls one after another on the thirty channels of one span: gate to ledger, recorded.
fn call_rate(options: &Options) -> anyhow::Result<Value> {
    let (mut rig, exchange) = rig(options)?;
    let line = rig.sut.e1_line(1);
    let mut prompts = SHORT_PROMPTS.to_vec();
    prompts.push((PromptRole::Body, SHORT_MS));
    let script = rig.script(&prompts)?;
    let plan = Plan {
        numbers: &numbers("136", RATE_CALLS),
        mode: CampaignMode::Announcement,
        script,
        max_calls: CHANNELS,
        pace: 60_000,
    };
    let campaign = rig.campaign(&line, plan)?;
    let mut pids = rig.pids();
    pids.push((EXCHANGE.to_owned(), exchange.pid()));
    rig.run(campaign);
    let over = |figures: &idl::admin::Figures| figures.placed - figures.open;
    let total = u64::from(RATE_CALLS);
    let mark = |rig: &mut Rig, fifths: u64| {
        let figures = rig.sut.wait_for("calls go on", OVER, |now| over(now) * 5 >= total * fifths);
        (Reading::take(&pids), over(&figures))
    };
    let (from, first) = mark(&mut rig, 1);
    let (to, last) = mark(&mut rig, 4);
    let end = rig.sut.wait_for("all calls are over and verified", OVER, |figures| {
        figures.contacts_left == 0 && figures.open == 0 && figures.recordings == figures.recordings_verified
    });
    let (calls, wall) = ((last - first) as f64, to.wall_ms(&from));
    let spent = to.spent_ms(&from);
    let each: serde_json::Map<String, Value> =
        spent.into_iter().map(|(name, ms)| (name, json!(rounded(ms / calls)))).collect();
    Ok(json!({
        "run": { "calls": RATE_CALLS, "b_channels": CHANNELS, "prompts_ms": SHORT_MS * 4 + 100, "ring_ms": 20 },
        "steady": {
            "calls": calls, "seconds": rounded(wall / 1e3), "calls_per_s": rounded(calls / wall * 1e3),
            "cpu_ms_per_call": each, "percent_of_a_core": to.shares(&from),
        },
        "placed": end.placed, "answered": end.answered, "failed": end.failed,
        "recordings_verified": end.recordings_verified, "load_average_after": machine::load(),
    }))
}

/// Both ends of one D channel in memory, without a clock: LAPD and Q.931 of box and exchange, in one thread.
fn core_rate() -> Value {
    let pri = |side| PriConfig { side, restart_on_start: false, ..PriConfig::default() };
    let mut pair = Pair::new(&pri(PriSide::User), &pri(PriSide::Network));
    let begun = Instant::now();
    let mut connected = 0_u64;
    for call in 1..=CORE_CALLS {
        connected += u64::from(pair.call(CallHandle(call)));
    }
    let seconds = begun.elapsed().as_secs_f64();
    json!({
        "calls": CORE_CALLS, "connected": connected, "frames": pair.frames, "seconds": rounded(seconds),
        "calls_per_s_both_ends_one_thread": (CORE_CALLS as f64 / seconds).round(),
        "us_per_call_both_ends": rounded(seconds * 1e6 / CORE_CALLS as f64),
    })
}

/// Two D channels joined without a line.
struct Pair {
    ends: [DChannel; 2],
    now: Millis,
    frames: u64,
}

impl Pair {
    fn new(user: &PriConfig, network: &PriConfig) -> Self {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let end = |side, config: &PriConfig, said: &mut Vec<DOutput>| {
            DChannel::new(Millis(0), lapd::Config::new(side), Config::of(config), said)
        };
        let ends = [end(lapd::Side::User, user, &mut first), end(lapd::Side::Network, network, &mut second)];
        let mut pair = Self { ends, now: Millis(0), frames: 0 };
        pair.carry([first, second]);
        for at in 0..2 {
            let mut said = Vec::new();
            pair.ends[at].line(pair.now, true, &mut said);
            pair.settle(at, said);
        }
        pair.establish();
        pair
    }

    /// Lets time pass until the data link stands at both ends.
    fn establish(&mut self) {
        for _ in 0..MAX_TIMERS {
            if self.ends.iter().all(|end| end.link().state().is_established()) {
                return;
            }
            let due = self.ends.iter().filter_map(DChannel::deadline).min();
            self.now = due.unwrap_or(self.now).max(self.now);
            for at in 0..2 {
                let mut said = Vec::new();
                self.ends[at].expire(self.now, &mut said);
                self.settle(at, said);
            }
        }
    }

    /// One call from SETUP to RELEASE COMPLETE; whether it was connected at both ends.
    fn call(&mut self, call: CallHandle) -> bool {
        self.now = self.now + 100;
        let setup =
            Setup::new(call, Pii::new("13800138000".to_owned()), Some(Pii::new("01088880001".to_owned())));
        let events = self.command(0, Command::Setup(Box::new(setup)));
        let incoming = events.iter().find_map(|(_, event)| match event {
            Event::Incoming(incoming) => Some(incoming.call),
            _ => None,
        });
        let Some(peer) = incoming else { return false };
        self.command(1, Command::Alert { call: peer, in_band: false });
        let events = self.command(1, Command::Connect { call: peer });
        let connected = events.iter().filter(|(_, event)| matches!(event, Event::Connected { .. })).count();
        let cause = CauseValue::NormalClearing;
        let events = self.command(0, Command::Disconnect { call, cause, in_band: false });
        let released = events.iter().filter(|(_, event)| matches!(event, Event::Released { .. })).count();
        connected == 2 && released == 2
    }

    fn command(&mut self, at: usize, command: Command) -> Vec<(usize, Event)> {
        let mut said = Vec::new();
        self.ends[at].command(self.now, command, &mut said);
        self.settle(at, said)
    }

    fn settle(&mut self, at: usize, said: Vec<DOutput>) -> Vec<(usize, Event)> {
        if at == 0 { self.carry([said, Vec::new()]) } else { self.carry([Vec::new(), said]) }
    }

    /// Carries frames to and fro until both are silent.
    fn carry(&mut self, mut said: [Vec<DOutput>; 2]) -> Vec<(usize, Event)> {
        let mut events = Vec::new();
        while said.iter().any(|outputs| !outputs.is_empty()) {
            for at in 0..2 {
                for output in std::mem::take(&mut said[at]) {
                    match output {
                        DOutput::Frame(frame) => {
                            self.frames += 1;
                            self.ends[1 - at].frame(self.now, &frame, &mut said[1 - at]);
                        }
                        DOutput::Event(event) => events.push((at, event)),
                        DOutput::Link(_) | DOutput::Trouble(_) | DOutput::Unsent(_) => {}
                    }
                }
            }
        }
        events
    }
}

/// The exchange's name in results.
pub(crate) const EXCHANGE: &str = "exchange";
const SPANS: u8 = 8;
const CHANNELS: u16 = 30;
const PROMPTS: &[(PromptRole, u32)] =
    &[(PromptRole::Identify, 300), (PromptRole::RecordingNotice, 300), (PromptRole::OptOutHint, 300)];
const SHORT_PROMPTS: &[(PromptRole, u32)] = &[
    (PromptRole::Identify, SHORT_MS),
    (PromptRole::RecordingNotice, SHORT_MS + 100),
    (PromptRole::OptOutHint, SHORT_MS),
];
const SHORT_MS: u32 = 100;
const RATE_CALLS: u32 = 1_500;
const CORE_CALLS: u64 = 100_000;
/// Timers of the data link until it stands.
const MAX_TIMERS: usize = 16;
const RAMP_PER_S: u32 = 25;
/// The message outlasts ramp and window by this.
const SLACK_S: u64 = 15;
const IDLE: Duration = Duration::from_secs(5);
const BEGUN: Duration = Duration::from_secs(3);
const UP: Duration = Duration::from_secs(60);
const OVER: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    use super::{CallHandle, Pair, PriConfig, PriSide};

    #[test]
    fn a_call_between_the_two_ends_is_connected_and_released() {
        let pri = |side| PriConfig { side, restart_on_start: false, ..PriConfig::default() };
        let mut pair = Pair::new(&pri(PriSide::User), &pri(PriSide::Network));
        assert!((1..=40).all(|call| pair.call(CallHandle(call))), "more calls than channels");
        assert!(pair.frames > 40 * 10);
    }
}
