//! One span: its driver, what the site uses it for, and how it stands.

use super::line_test::LineTest;
use super::ports::Ports;
use super::pri::{Pri, PriOutput};
use super::status::{LOOK_MS, Line, trunk_state};
use super::tracing::Tracing;
use super::{CardCall, DeckOutput, Now};
use card::trace::Direction;
use card::{CardError, CardEvent, SpanControl, SpanKind};
use idl::handset::HandsetEnd;
use idl::lines::TrunkState;
use idl::spans::{D_CHANNEL, LinkState, SlotState, SpanConfig, SpanFact, SpanPurpose, SpanStatus};
use sip_ua::CallHandle;
use std::path::{Path, PathBuf};
use vocab::{AgentId, Millis, SpanId, Timeslot};

/// A span of the board.
#[derive(Debug)]
pub struct Span {
    pub(super) id: SpanId,
    pub(super) control: Box<dyn SpanControl>,
    pub(super) traces: PathBuf,
    pub(super) test: Option<LineTest>,
    pub(super) trace: Option<Tracing>,
    config: Option<SpanConfig>,
    configured: bool,
    pub(super) purpose: Purpose,
    pub(super) line: Line,
    told: Option<(TrunkState, &'static str, u32)>,
    pub(super) news: Vec<PriOutput>,
}

/// What runs on it.
#[derive(Debug)]
pub(super) enum Purpose {
    Off,
    Pri(Box<Pri>),
    Ports(Box<Ports>),
}

impl Span {
    /// A span that is not used yet.
    #[must_use]
    pub fn new(id: SpanId, control: Box<dyn SpanControl>, traces: &Path) -> Self {
        let kind = control.kind();
        Self {
            id,
            control,
            traces: traces.to_owned(),
            test: None,
            trace: None,
            config: None,
            configured: false,
            purpose: Purpose::Off,
            line: Line::new(id, kind.slots(), kind == SpanKind::E1),
            told: None,
            news: Vec::new(),
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> SpanId {
        self.id
    }

    /// What the site sets it to.
    pub(super) fn config(&self) -> Option<&SpanConfig> {
        self.config.as_ref()
    }

    /// Takes what the site sets it to; the same again changes nothing.
    pub fn apply(&mut self, now: Now, config: Option<&SpanConfig>, out: &mut Vec<DeckOutput>) {
        if self.config.as_ref() == config {
            return;
        }
        self.end_purpose(now, out);
        self.config = config.cloned();
        self.configured = false;
        self.told = None;
        if let Some(SpanPurpose::Pri(pri)) = self.config.as_ref().map(|config| &config.purpose) {
            for slot in 1..=idl::spans::E1_TIMESLOTS {
                let slot = Timeslot(slot);
                let state = if slot == D_CHANNEL {
                    SlotState::Signalling
                } else if pri.unused.contains(&slot) {
                    SlotState::Unused
                } else {
                    SlotState::Idle
                };
                self.line.set_slot(slot, state);
            }
            let mut access = Pri::new(now, pri, &mut self.news);
            access.line(now, self.line.alarms.is_clear(), &mut self.news);
            self.purpose = Purpose::Pri(Box::new(access));
        }
        if let Some(SpanPurpose::Ports(ports)) = self.config.as_ref().map(|config| &config.purpose) {
            let mut ports = Ports::new(self.id, ports);
            ports.line(now, self.line.alarms.is_clear(), out);
            self.purpose = Purpose::Ports(Box::new(ports));
        }
        self.look(now, out);
        self.settle(now, out);
    }

    /// Takes what the card has to tell, at most `most` events.
    pub fn on_ready(&mut self, now: Now, most: usize, out: &mut Vec<DeckOutput>) {
        for _ in 0..most {
            match self.control.next_event() {
                Ok(Some(event)) => self.event(now, event, out),
                Ok(None) => break,
                Err(error) => {
                    self.failed(now, &error, out);
                    break;
                }
            }
        }
        self.settle(now, out);
    }

    /// Everything that is due.
    pub fn expire(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        if self.line.next_look <= now.at {
            self.look(now, out);
        }
        if let Purpose::Pri(pri) = &mut self.purpose
            && pri.deadline().is_some_and(|at| at <= now.at)
        {
            pri.expire(now, &mut self.news);
        }
        if let Purpose::Ports(ports) = &mut self.purpose
            && ports.deadline().is_some_and(|at| at <= now.at)
        {
            ports.expire(now, out);
        }
        if self.test.as_ref().and_then(LineTest::deadline).is_some_and(|at| at <= now.at) {
            self.hang_up_handset(now, None, HandsetEnd::Limit, out);
        }
        self.settle(now, out);
    }

    /// When something is due next.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let pri = match &self.purpose {
            Purpose::Off => None,
            Purpose::Pri(pri) => pri.deadline(),
            Purpose::Ports(ports) => ports.deadline(),
        };
        let test = self.test.as_ref().and_then(LineTest::deadline);
        pri.into_iter().chain(test).chain([self.line.deadline()]).min()
    }

    /// Places a call; its end follows in any case.
    pub fn call(&mut self, now: Now, call: CardCall, out: &mut Vec<DeckOutput>) {
        match &mut self.purpose {
            Purpose::Pri(pri) => pri.call(now, &call, &mut self.news),
            Purpose::Ports(ports) => ports.call(now, &call, out),
            Purpose::Off => out.push(DeckOutput::Ended(call.handle, super::CardEnd::NO_LINE)),
        }
        self.settle(now, out);
    }

    /// Rings the agent's telephone, if it is here.
    pub fn ring(&mut self, now: Now, agent: AgentId, handle: CallHandle, out: &mut Vec<DeckOutput>) -> bool {
        let here = self.ports().is_some_and(|ports| ports.ring(now, agent, handle, out));
        self.settle(now, out);
        here
    }

    /// Its analogue ports, if that is what it is used for.
    pub(super) fn ports(&mut self) -> Option<&mut Ports> {
        match &mut self.purpose {
            Purpose::Ports(ports) => Some(ports),
            Purpose::Off | Purpose::Pri(_) => None,
        }
    }

    /// Agents whose plain telephone can be rung here.
    pub(super) fn telephones(&self) -> impl Iterator<Item = AgentId> + '_ {
        let ports = match &self.purpose {
            Purpose::Ports(ports) => Some(ports),
            Purpose::Off | Purpose::Pri(_) => None,
        };
        ports.into_iter().flat_map(|ports| ports.agents())
    }

    /// Ends a call, if it is here.
    pub fn hang_up(&mut self, now: Now, handle: CallHandle, out: &mut Vec<DeckOutput>) -> bool {
        let known = match &mut self.purpose {
            Purpose::Pri(pri) => pri.hang_up(now, handle, &mut self.news),
            Purpose::Ports(ports) => ports.hang_up(now, handle, out),
            Purpose::Off => false,
        };
        self.settle(now, out);
        known
    }

    /// Tells how it stands, whether that changed or not.
    pub fn tell_status(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        self.told = None;
        self.line.touch();
        self.settle(now, out);
    }

    fn event(&mut self, now: Now, event: CardEvent, out: &mut Vec<DeckOutput>) {
        match event {
            CardEvent::Frame(frame) => {
                self.traced(now, Direction::Received, &frame);
                if let Purpose::Pri(pri) = &mut self.purpose {
                    pri.frame(now, &frame, &mut self.news);
                }
            }
            CardEvent::BadFrame | CardEvent::Alarms => self.look(now, out),
            CardEvent::Line(slot, event) => {
                self.handset_sees(now, slot, event, out);
                if let Purpose::Ports(ports) = &mut self.purpose {
                    ports.event(now, slot, event, out);
                }
            }
        }
        self.send_frames(now, out);
    }

    /// Asks the card how it stands, sets it up where that has not been done, and passes on what changed.
    pub(super) fn look(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        self.line.next_look = now.at + LOOK_MS;
        self.configure(out);
        match self.control.status() {
            Ok((alarms, counters)) => {
                let was_clear = self.line.alarms.is_clear();
                self.line.see(alarms, counters, now.wall);
                if was_clear != alarms.is_clear() {
                    self.line_is(now, alarms.is_clear(), out);
                }
                if let Some(quality) = &mut self.line.quality {
                    let mut bins = Vec::new();
                    quality.second(now.wall, counters, alarms, &mut bins);
                    out.extend(bins.into_iter().map(|bin| DeckOutput::Fact(SpanFact::Quality(bin))));
                }
            }
            Err(error) => self.failed(now, &error, out),
        }
    }

    fn configure(&mut self, out: &mut Vec<DeckOutput>) {
        let Some(config) = self.config.as_ref().filter(|_| !self.configured) else { return };
        match self.control.configure(config) {
            Ok(()) => {
                self.configured = true;
                if let Purpose::Ports(ports) = &mut self.purpose {
                    ports.install(out);
                }
            }
            Err(error) => {
                log::error!(target: "cards", span:% = self.id, error:% ; "the card refuses its settings")
            }
        }
    }

    /// The card is gone: the span is in alarm until it answers again, and is then set up anew.
    fn failed(&mut self, now: Now, error: &CardError, out: &mut Vec<DeckOutput>) {
        log::error!(target: "cards", span:% = self.id, error:% ; "the card does not answer");
        self.configured = false;
        let gone = idl::spans::Alarms { not_open: true, ..self.line.alarms };
        let was_clear = self.line.alarms.is_clear();
        self.line.see(gone, self.line.counters, now.wall);
        if was_clear {
            self.line_is(now, false, out);
        }
    }

    /// Tells what runs on the span whether its line carries anything.
    fn line_is(&mut self, now: Now, clear: bool, out: &mut Vec<DeckOutput>) {
        if !clear && self.control.kind() != SpanKind::E1 {
            self.hang_up_handset(now, None, HandsetEnd::LineTaken, out);
        }
        match &mut self.purpose {
            Purpose::Off => {}
            Purpose::Pri(pri) => pri.line(now, clear, &mut self.news),
            Purpose::Ports(ports) => ports.line(now, clear, out),
        }
    }

    /// Ends what the span was used for; its calls are over.
    fn end_purpose(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        // A bit error test first, then the loop it ran under.
        while self.end_test(now, out).is_some() {}
        self.end_trace(out);
        if let Some(ports) = self.ports() {
            ports.end(now, out);
            self.give_signals();
        }
        if let Purpose::Pri(mut pri) = std::mem::replace(&mut self.purpose, Purpose::Off) {
            for handle in pri.handles() {
                pri.hang_up(now, handle, &mut self.news);
                out.push(DeckOutput::Ended(handle, super::CardEnd::LOST));
            }
            self.send_frames(now, out);
            self.news.clear();
        }
        for slot in 1..=self.control.kind().slots() {
            self.line.set_slot(Timeslot(slot), SlotState::Unused);
        }
    }

    /// Passes on everything the access wants done, and tells what changed.
    pub(super) fn settle(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        self.send_frames(now, out);
        self.give_signals();
        if self.trace.as_ref().is_some_and(Tracing::is_full) {
            self.end_trace(out);
        }
        self.tell_facts(now, out);
        self.tell_trunk(now, out);
        if self.line.due(now.at) {
            out.push(DeckOutput::Status(Box::new(self.status(now))));
        }
    }

    /// Gives the signals that the ports want given, and notes how they stand.
    fn give_signals(&mut self) {
        let Purpose::Ports(ports) = &mut self.purpose else { return };
        for (slot, signal) in ports.signals() {
            if let Err(error) = self.control.signal(slot, signal) {
                log::error!(target: "cards", span:% = self.id, slot:%, error:% ; "a line was not signalled");
            }
        }
        for (slot, state) in ports.slots() {
            self.line.set_slot(slot, state);
        }
    }

    fn send_frames(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        for news in std::mem::take(&mut self.news) {
            match news {
                PriOutput::Frame(frame) => {
                    self.traced(now, Direction::Sent, &frame);
                    if let Err(error) = self.control.send_frame(&frame) {
                        // The data link repeats it.
                        log::warn!(target: "cards", span:% = self.id, error:% ; "a frame was not sent");
                    }
                }
                PriOutput::Link(state) => {
                    self.line.link(state);
                    self.tell_facts(now, out);
                }
                PriOutput::Ringing(handle) => out.push(DeckOutput::Ringing(handle)),
                PriOutput::Answered(handle, slot) => out.push(DeckOutput::Answered(handle, self.id, slot)),
                PriOutput::Ended(handle, end) => out.push(DeckOutput::Ended(handle, end)),
                PriOutput::Slot(slot, _) if self.tests_slot(slot) => {
                    self.line.set_slot(slot, SlotState::Testing);
                }
                PriOutput::Slot(slot, state) => self.line.set_slot(slot, state),
            }
        }
    }

    fn tell_facts(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        for fact in self.line.facts(self.id, now.at) {
            log::warn!(target: "cards", span:% = self.id, fact:? ; "the line or its data link changed");
            out.push(DeckOutput::Fact(fact));
        }
    }

    fn tell_trunk(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        let Some(config) = &self.config else { return };
        let (state, reason, idle) = match &self.purpose {
            Purpose::Off => (TrunkState::Disabled, "not used for calls", 0),
            Purpose::Pri(pri) => {
                let (state, reason) = trunk_state(self.line.alarms, pri.link());
                let restarting = self.line.slots.contains(&SlotState::Restarting);
                match (state, pri.idle()) {
                    (TrunkState::Up, 0) if restarting => {
                        (TrunkState::Degraded, "the channels are being restarted", 0)
                    }
                    (TrunkState::Up, idle) => (TrunkState::Up, reason, idle),
                    (state, _) => (state, reason, 0),
                }
            }
            Purpose::Ports(ports) => match trunk_state(self.line.alarms, LinkState::None) {
                (TrunkState::Up, _) => ports.trunk(),
                (state, reason) => (state, reason, 0),
            },
        };
        let (state, reason, idle) = match state {
            TrunkState::Up | TrunkState::Degraded if self.line.bounces(now.at) => {
                (TrunkState::Down, "the signal is back and is being watched", 0)
            }
            _ => (state, reason, idle),
        };
        if self.told != Some((state, reason, idle)) {
            self.told = Some((state, reason, idle));
            out.push(DeckOutput::Trunk { trunk: config.trunk, state, reason, idle });
        }
    }

    fn status(&self, now: Now) -> SpanStatus {
        let link = match &self.purpose {
            Purpose::Off | Purpose::Ports(_) => LinkState::None,
            Purpose::Pri(pri) => pri.link(),
        };
        SpanStatus {
            span: self.id,
            trunk: self.config.as_ref().map(|config| config.trunk),
            place: self.control.place().to_owned(),
            is_e1: self.control.kind() == SpanKind::E1,
            at: now.wall,
            since: self.line.since,
            alarms: self.line.alarms,
            link,
            counters: self.line.counters,
            slots: self.line.slots.clone(),
            test: self.test.as_ref().map(LineTest::status),
            trace_frames: self.trace.as_ref().map(Tracing::frames),
        }
    }
}
