//! The tick: frames in from both legs and the player, frames out to both legs and the tap.

use super::delay::{DelayLine, Kept};
use super::{CallMedia, Datagram, Side, TapFrame, TickOutput};
use crate::command::{Event, Leg};
use crate::dtmf::DigitSource;
use crate::g711::{Law, transcode};
use crate::jitter::Popped;
use crate::line::Line;
use crate::list::Bounded;
use crate::prompt::PlayEvent;
use crate::units::{FRAME_SAMPLES, Frame, PcmFrame};
use crate::watchdog::Totals;

/// Watchdogs look twice a second.
const WATCH_TICKS: u64 = 25;
/// Player events of one tick: short clips make several.
const MAX_PLAY_EVENTS: usize = 16;

/// One leg's frame of this tick, in the customer's law.
struct Incoming {
    raw: Frame,
    heard: Frame,
    popped: Popped,
}

impl CallMedia {
    /// Runs one 20 ms tick. `out` is overwritten.
    pub fn tick(&mut self, now_us: u64, out: &mut TickOutput) {
        out.customer.to = None;
        out.agent.to = None;
        out.customer_control.to = None;
        out.agent_control.to = None;
        out.customer_frame = None;
        out.agent_frame = None;
        out.tap = None;
        out.events.clear();
        self.stats.ticks += 1;
        if !self.ended {
            self.converse(now_us, out);
            self.control(now_us, out);
            if self.stats.ticks.is_multiple_of(WATCH_TICKS) {
                self.watch(now_us);
            }
            self.ended = self.ending;
        } else {
            let silent = DelayLine::silent(self.customer.line.law());
            self.exchange(silent, out);
        }
        std::mem::swap(&mut self.events, &mut out.events);
    }

    /// Whether the recording's last ticks are still to come out: keep ticking after
    /// [`crate::command::Command::HangUp`] until this is false.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        !self.ended || self.delay.holds_recording()
    }

    fn converse(&mut self, now_us: u64, out: &mut TickOutput) {
        let law = self.customer.line.law();
        // Before the player runs: a notice that ends in this tick opens the next one.
        let record = self.gate.is_open();
        let mut prompt = [law.silence(); FRAME_SAMPLES];
        let playing = self.play(law, &mut prompt);
        let customer = take(&mut self.customer, law);
        let agent = self.agent.as_mut().map(|side| take(side, law));
        self.detect(&customer.raw, law, now_us);

        let silence = [law.silence(); FRAME_SAMPLES];
        let agent_heard = agent.as_ref().filter(|_| self.agent_is_heard());
        let (to_customer, right, right_missing) = match (playing, agent_heard) {
            (true, _) => (&prompt, &prompt, 0),
            (false, Some(agent)) => (&agent.heard, &agent.raw, agent.popped.missing),
            (false, None) => (&silence, &silence, 0),
        };
        send(&mut self.customer, law, to_customer, &mut out.customer, &mut out.customer_frame);

        let kept = Kept {
            tap: TapFrame {
                law,
                left: customer.raw,
                right: *right,
                left_missing: customer.popped.missing,
                right_missing,
            },
            heard: customer.heard,
            record,
        };
        let to_agent = self.exchange(kept, out);
        let customer_held = self.customer.held;
        if let Some(side) = &mut self.agent {
            let quiet = side.held || customer_held;
            let to_agent = if quiet { &silence } else { &to_agent };
            send(side, law, to_agent, &mut out.agent, &mut out.agent_frame);
        }
    }

    /// Passes a tick through the delay line; gives what the agent is to hear.
    fn exchange(&mut self, kept: Kept, out: &mut TickOutput) -> Frame {
        let fresh = kept.heard;
        let old = self.delay.exchange(kept);
        let key_is_down = self.suppress && self.key_is_down;
        let mut old = old;
        if key_is_down {
            self.delay.wipe();
            let silence = self.customer.line.law().silence();
            old.heard.fill(silence);
            old.tap.left.fill(silence);
        }
        if old.record {
            self.stats.recorded_ticks += 1;
            self.left_missing += u64::from(old.tap.left_missing);
            self.right_missing += u64::from(old.tap.right_missing);
            self.stats.recorded_gap_left_ms = self.left_missing / 8;
            self.stats.recorded_gap_right_ms = self.right_missing / 8;
            out.tap = Some(old.tap);
        }
        if self.suppress { old.heard } else { fresh }
    }

    fn agent_is_heard(&self) -> bool {
        !self.customer.held && self.agent.as_ref().is_some_and(|side| !side.held)
    }

    fn play(&mut self, law: Law, frame: &mut Frame) -> bool {
        let mut events: Bounded<PlayEvent, MAX_PLAY_EVENTS> = Bounded::new();
        let mut lost = 0;
        let playing = self.player.next_frame(law, frame, |event| {
            lost += u64::from(events.push(event).is_err());
        });
        self.stats.events_lost += lost;
        for event in events.drain() {
            let change = self.gate.played(&event);
            self.tell_play(event);
            self.tell_recording(change);
        }
        playing
    }

    fn detect(&mut self, raw: &Frame, law: Law, now_us: u64) {
        let mut pcm: PcmFrame = [0; FRAME_SAMPLES];
        law.decode_into(raw, &mut pcm);
        if let Some(digit) = self.detector.process(&pcm) {
            self.digit(digit, DigitSource::InBand, now_us);
        }
        self.key_is_down = self.detector.is_active() || self.customer.line.event_is_down(now_us);
    }

    /// Before anybody hears or records the customer, nothing of what came in a lump has to wait for its turn: keys are
    /// listened for at once, and the delay it would make is gone before the call begins.
    pub(super) fn catch_up(&mut self, now_us: u64) {
        if self.gate.is_open() || self.agent.is_some() {
            return;
        }
        let law = self.customer.line.law();
        for _ in 0..self.customer.line.surplus_frames() {
            let customer = take(&mut self.customer, law);
            self.detect(&customer.raw, law, now_us);
        }
    }

    fn control(&mut self, now_us: u64, out: &mut TickOutput) {
        control(&mut self.customer, now_us, self.ending, &mut out.customer_control);
        if let Some(side) = &mut self.agent {
            control(side, now_us, self.ending, &mut out.agent_control);
        }
    }

    fn watch(&mut self, now_us: u64) {
        for leg in [Leg::Customer, Leg::Agent] {
            let mut changes: Bounded<Event, MAX_FAULT_CHANGES> = Bounded::new();
            let Some(side) = self.side(leg) else { continue };
            let totals = Totals::of(&side.line.stats());
            side.watchdog.check(now_us, &totals, |fault, stands| {
                let event = if stands { Event::Fault(leg, fault) } else { Event::Cleared(leg, fault) };
                let fits = changes.push(event).is_ok();
                debug_assert!(fits, "one change per fault");
            });
            for event in changes.drain() {
                self.tell(event);
            }
        }
    }
}

const MAX_FAULT_CHANGES: usize = crate::watchdog::MEDIA_FAULTS.len();

/// A leg's frame, in the customer's law.
fn take(side: &mut Side, law: Law) -> Incoming {
    let from = side.line.law();
    let mut incoming =
        Incoming { raw: [0; FRAME_SAMPLES], heard: [0; FRAME_SAMPLES], popped: Popped::default() };
    incoming.popped = side.line.take_frame(&mut incoming.raw, &mut incoming.heard);
    transcode(from, law, &mut incoming.raw);
    transcode(from, law, &mut incoming.heard);
    incoming
}

/// Sends a frame given in the customer's law.
fn send(side: &mut Side, law: Law, frame: &Frame, out: &mut Datagram, slot: &mut Option<Frame>) {
    let to_law = side.line.law();
    let mut frame = *frame;
    transcode(law, to_law, &mut frame);
    match &mut side.line {
        Line::Rtp(session) => {
            if let Ok(len) = session.send_frame(&frame, &mut out.octets) {
                out.len = len;
                out.to = Some(session.remote());
            }
        }
        Line::Tdm(leg) => {
            let mut sent = [0; FRAME_SAMPLES];
            leg.send_frame(&frame, &mut sent);
            *slot = Some(sent);
        }
    }
}

fn control(side: &mut Side, now_us: u64, leaving: bool, out: &mut Datagram) {
    let Line::Rtp(session) = &mut side.line else { return };
    if let Some((len, to)) = session.control_packet(now_us, leaving, &mut out.octets) {
        out.len = len;
        out.to = Some(to);
    }
}
