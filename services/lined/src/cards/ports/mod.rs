//! Analogue ports of a span: lines to the exchange that calls go out on, and agents' plain telephones. It touches no
//! card: signals wait in [`Ports::signals`] until the span sends them.
//!
//! It answers nobody: a line that rings is told in the log, and what an agent dials leads nowhere (L-23).

mod line;
mod telephone;
#[cfg(test)]
mod tests;

use super::{CardCall, CardEnd, DeckOutput, Now};
use crate::voice::{FrameRings, HandsetProcessor, SlotNews, SlotProcessor};
use analog::{
    DialString, FxoInput, FxoOutput, FxoReport, FxsInput, FxsOutput, FxsReport, LineCause, TonePlan,
};
use card::{HookState, LineEvent, LineSignal};
use idl::handset::HandsetTest;
use idl::lines::TrunkState;
use idl::spans::{PortConfig, PortKind, SlotState, SpanRefusal};
use line::{Call, Line, bit, ended};
use sip_ua::CallHandle;
use telephone::Telephone;
use vocab::{AgentId, Millis, SpanId, Timeslot};

/// The ports of one span.
#[derive(Debug)]
pub(super) struct Ports {
    span: SpanId,
    lines: Vec<Line>,
    telephones: Vec<Telephone>,
    /// The line after the one that was taken last.
    next: usize,
    clear: bool,
    signals: Vec<(Timeslot, LineSignal)>,
}

impl Ports {
    /// Ports of a card that has not said yet that it is there.
    pub fn new(span: SpanId, ports: &[PortConfig]) -> Self {
        let mut known = Self {
            span,
            lines: Vec::new(),
            telephones: Vec::new(),
            next: 0,
            clear: false,
            signals: Vec::new(),
        };
        for port in ports {
            match &port.kind {
                PortKind::Fxo { answer, tones } => {
                    known.lines.push(Line::new(port.port, *answer, tone_plan(span, tones)));
                }
                PortKind::Fxs { agent } => {
                    known.telephones.push(Telephone::new(port.port, *agent, TonePlan::cn()));
                }
            }
        }
        known
    }

    /// The card is set up: every port gets its half in the media thread.
    pub fn install(&mut self, out: &mut Vec<DeckOutput>) {
        for line in &mut self.lines {
            out.push(DeckOutput::Process(self.span, line.slot, Some(Box::new(line.processor()))));
        }
        for phone in &mut self.telephones {
            out.push(DeckOutput::Process(self.span, phone.slot, Some(Box::new(phone.processor(None)))));
        }
    }

    /// The card carries calls, or does not: then those it had are over.
    pub fn line(&mut self, now: Now, clear: bool, out: &mut Vec<DeckOutput>) {
        if self.clear == clear {
            return;
        }
        self.clear = clear;
        if !clear {
            self.drop_calls(now, out);
        }
        out.extend(self.telephones.iter().map(|phone| DeckOutput::Phone(phone.agent, clear)));
    }

    /// The ports are not used any more.
    pub fn end(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        self.line(now, false, out);
        let slots = self.slots().map(|(slot, _)| DeckOutput::Process(self.span, slot, None));
        out.extend(slots.collect::<Vec<_>>());
    }

    fn drop_calls(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        for at in 0..self.lines.len() {
            if let Some(call) = self.lines[at].call.take() {
                out.push(DeckOutput::Ended(call.handle, CardEnd::LOST));
                self.step_line(now, at, FxoInput::HangUp, out);
            }
        }
        for at in 0..self.telephones.len() {
            if let Some(handle) = self.telephones[at].call.take() {
                out.push(DeckOutput::Ended(handle, CardEnd::LOST));
                self.step_telephone(now, at, FxsInput::HangUp, out);
            }
        }
    }

    /// Places a call on an idle line; its end follows in any case, once.
    pub fn call(&mut self, now: Now, call: &CardCall, out: &mut Vec<DeckOutput>) {
        let handle = call.handle;
        match DialString::parse(&call.number.reveal().dial_string()) {
            Ok(number) => {
                let call = Call { handle, number, tried: 0, rang: false, answered: false, last: None };
                self.place(now, call, out);
            }
            Err(error) => {
                log::error!(target: "cards", error:% ; "a number cannot be dialled");
                out.push(DeckOutput::Ended(handle, ended(LineCause::Unobtainable)));
            }
        }
    }

    /// The next idle line that was not tried for this call takes it.
    fn place(&mut self, now: Now, mut call: Call, out: &mut Vec<DeckOutput>) {
        let count = self.lines.len();
        let turn = (0..count).map(|step| (self.next + step) % count);
        let free = |at: &usize| {
            let line = &self.lines[*at];
            self.clear && line.is_idle() && call.tried & bit(line.slot) == 0
        };
        let Some(at) = turn.into_iter().find(free) else {
            let end = call.last.map_or(CardEnd::NO_LINE, ended);
            return out.push(DeckOutput::Ended(call.handle, end));
        };
        self.next = (at + 1) % count;
        call.tried |= bit(self.lines[at].slot);
        let number = call.number;
        self.lines[at].call = Some(call);
        self.step_line(now, at, FxoInput::Dial(number), out);
    }

    /// Rings the agent's telephone; `false` if it is not here. One that is off-hook already is as good as gone.
    pub fn ring(&mut self, now: Now, agent: AgentId, handle: CallHandle, out: &mut Vec<DeckOutput>) -> bool {
        let found = self.telephones.iter().position(|phone| phone.agent == agent);
        let Some(at) = found.filter(|_| self.clear) else { return false };
        if self.telephones[at].call.is_some() || self.telephones[at].machine.slot_state() != SlotState::Idle {
            out.push(DeckOutput::Ended(handle, ended(LineCause::NotIdle)));
            return true;
        }
        self.telephones[at].call = Some(handle);
        self.step_telephone(now, at, FxsInput::Ring, out);
        true
    }

    /// Ends a call; `false` if it is none of these ports.
    pub fn hang_up(&mut self, now: Now, handle: CallHandle, out: &mut Vec<DeckOutput>) -> bool {
        let on_line = |line: &Line| line.call.as_ref().is_some_and(|call| call.handle == handle);
        if let Some(at) = self.lines.iter().position(on_line) {
            self.step_line(now, at, FxoInput::HangUp, out);
            return true;
        }
        let Some(at) = self.telephones.iter().position(|phone| phone.call == Some(handle)) else {
            return false;
        };
        self.telephones[at].call = None;
        self.step_telephone(now, at, FxsInput::HangUp, out);
        out.push(DeckOutput::Ended(handle, ended(LineCause::Ours)));
        true
    }

    /// Takes a line out of use, or back; `false` if the slot is no line to the exchange.
    pub fn block(&mut self, slot: Timeslot, blocked: bool) -> bool {
        let line = self.lines.iter_mut().find(|line| line.slot == slot);
        line.map(|line| line.blocked = blocked).is_some()
    }

    /// Puts the technician's handset onto a line; to talk, its loop is closed.
    pub fn lift_handset(
        &mut self,
        test: HandsetTest,
        rings: FrameRings,
    ) -> Result<HandsetProcessor, SpanRefusal> {
        if self.telephones.iter().any(|phone| phone.slot == test.slot) {
            return Err(SpanRefusal::NotSupported);
        }
        let line = self.lines.iter_mut().find(|line| line.slot == test.slot);
        let line = line.ok_or(SpanRefusal::NoSuchSlot)?;
        if !self.clear || !line.is_quiet() {
            return Err(SpanRefusal::InUse);
        }
        line.tested = true;
        if test.talk {
            self.signals.push((test.slot, LineSignal::Hook(HookState::Off)));
        }
        Ok(line.handset(test.talk, rings))
    }

    /// Gives the line back; what runs on it from now on.
    pub fn hang_up_handset(&mut self, now: Now, test: HandsetTest) -> Option<Box<dyn SlotProcessor>> {
        let line = self.lines.iter_mut().find(|line| line.slot == test.slot)?;
        line.tested = false;
        if test.talk {
            line.rests_until = Some(now.at + REST_MS);
            self.signals.push((test.slot, LineSignal::Hook(HookState::On)));
        }
        Some(Box::new(line.processor()))
    }

    /// Calls in any state.
    pub fn calls(&self) -> usize {
        let lines = self.lines.iter().filter(|line| line.call.is_some()).count();
        lines + self.telephones.iter().filter(|phone| phone.call.is_some()).count()
    }

    /// What the card saw on a port.
    pub fn event(&mut self, now: Now, slot: Timeslot, event: LineEvent, out: &mut Vec<DeckOutput>) {
        if let Some(at) = self.lines.iter().position(|line| line.slot == slot) {
            self.step_line(now, at, FxoInput::Line(event), out);
        } else if let Some(at) = self.telephones.iter().position(|phone| phone.slot == slot) {
            self.step_telephone(now, at, FxsInput::Line(event), out);
        }
    }

    /// What the media thread heard on a port.
    pub fn news(&mut self, now: Now, slot: Timeslot, news: SlotNews, out: &mut Vec<DeckOutput>) {
        match news {
            SlotNews::Fxo(ear) => {
                if let Some(at) = self.lines.iter().position(|line| line.slot == slot) {
                    self.step_line(now, at, FxoInput::Ear(ear), out);
                }
            }
            SlotNews::Fxs(key) => {
                if let Some(at) = self.telephones.iter().position(|phone| phone.slot == slot) {
                    self.step_telephone(now, at, FxsInput::Key(key), out);
                }
            }
            SlotNews::Bert(_) | SlotNews::Handset(_) => {}
        }
    }

    /// Everything that is due.
    pub fn expire(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        for at in 0..self.lines.len() {
            let mut said = Vec::new();
            self.lines[at].rests_until = self.lines[at].rests_until.filter(|until| *until > now.at);
            self.lines[at].machine.expire(now.at, &mut said);
            self.carry_line(now, at, said, out);
        }
        for at in 0..self.telephones.len() {
            let mut said = Vec::new();
            self.telephones[at].machine.expire(now.at, &mut said);
            self.carry_telephone(now, at, said, out);
        }
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Millis> {
        let due = |line: &Line| line.machine.deadline().into_iter().chain(line.rests_until);
        let lines = self.lines.iter().flat_map(due);
        lines.chain(self.telephones.iter().filter_map(|phone| phone.machine.deadline())).min()
    }

    /// The telephone's half in the media thread that carries its audio to and from a call.
    pub fn bridge(&mut self, slot: Timeslot, rings: FrameRings) -> Option<Box<dyn SlotProcessor>> {
        let phone = self.telephones.iter_mut().find(|phone| phone.slot == slot)?;
        Some(Box::new(phone.processor(Some(rings))))
    }

    /// Agents whose telephone can be rung.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> + '_ {
        self.telephones.iter().filter(|_| self.clear).map(|phone| phone.agent)
    }

    /// Signals that the card is to give, in their order.
    pub fn signals(&mut self) -> Vec<(Timeslot, LineSignal)> {
        std::mem::take(&mut self.signals)
    }

    /// Each port and how it stands.
    pub fn slots(&self) -> impl Iterator<Item = (Timeslot, SlotState)> + '_ {
        let lines = self.lines.iter().map(|line| (line.slot, line.slot_state()));
        lines.chain(self.telephones.iter().map(|phone| (phone.slot, phone.machine.slot_state())))
    }

    /// Whether a line takes calls, why not, and how many are idle. Alarms of the card are not looked at.
    pub fn trunk(&self) -> (TrunkState, &'static str, u32) {
        if self.lines.is_empty() {
            return (TrunkState::Disabled, "only agents' telephones: no line to the exchange", 0);
        }
        if !self.lines.iter().any(Line::is_plugged) {
            return (TrunkState::Down, "no line is plugged in: check the cables to the exchange", 0);
        }
        if self.lines.iter().filter(|line| line.is_plugged()).all(|line| line.blocked) {
            return (TrunkState::Down, "every line is blocked: unblock one", 0);
        }
        let idle = self.lines.iter().filter(|line| line.is_idle()).count();
        (TrunkState::Up, "ready", u32::try_from(idle).unwrap_or(0))
    }

    fn step_line(&mut self, now: Now, at: usize, input: FxoInput, out: &mut Vec<DeckOutput>) {
        let mut said = Vec::new();
        self.lines[at].machine.step(now.at, input, &mut said);
        self.carry_line(now, at, said, out);
    }

    fn carry_line(&mut self, now: Now, at: usize, said: Vec<FxoOutput>, out: &mut Vec<DeckOutput>) {
        for output in said {
            match output {
                FxoOutput::Signal(signal) => self.signals.push((self.lines[at].slot, signal)),
                FxoOutput::Audio(order) => self.lines[at].order(order),
                FxoOutput::Report(report) => self.line_report(now, at, report, out),
            }
        }
    }

    fn line_report(&mut self, now: Now, at: usize, report: FxoReport, out: &mut Vec<DeckOutput>) {
        let (span, slot) = (self.span, self.lines[at].slot);
        match report {
            FxoReport::Dialled => {}
            FxoReport::Alerting => {
                if let Some(call) = &mut self.lines[at].call {
                    call.rang = true;
                    out.push(DeckOutput::Ringing(call.handle));
                }
            }
            FxoReport::Answered(_) => {
                if let Some(call) = &mut self.lines[at].call {
                    call.answered = true;
                    out.push(DeckOutput::Answered(call.handle, span, slot));
                }
            }
            FxoReport::Ended(cause) | FxoReport::Refused(cause) => {
                let Some(mut call) = self.lines[at].call.take() else { return };
                if cause.may_try_another_line() && !call.rang && !call.answered {
                    log::warn!(target: "cards", span:%, slot:%, cause:? ; "a line does not take a call");
                    call.last = Some(cause);
                    return self.place(now, call, out);
                }
                log::info!(target: "cards", span:%, slot:%, cause:? ; "a line's call is over");
                out.push(DeckOutput::Ended(call.handle, ended(cause)));
            }
            FxoReport::Incoming => {
                log::warn!(target: "cards", span:%, slot:% ; "a call from outside rings and is not answered");
            }
            FxoReport::Caller(_) => {}
            FxoReport::Free => log::info!(target: "cards", span:%, slot:% ; "the line is free"),
            FxoReport::Unplugged => log::warn!(target: "cards", span:%, slot:% ; "no line is plugged in"),
        }
    }

    fn step_telephone(&mut self, now: Now, at: usize, input: FxsInput, out: &mut Vec<DeckOutput>) {
        let mut said = Vec::new();
        self.telephones[at].machine.step(now.at, input, &mut said);
        self.carry_telephone(now, at, said, out);
    }

    fn carry_telephone(&mut self, now: Now, at: usize, said: Vec<FxsOutput>, out: &mut Vec<DeckOutput>) {
        for output in said {
            match output {
                FxsOutput::Signal(signal) => self.signals.push((self.telephones[at].slot, signal)),
                FxsOutput::Audio(order) => self.telephones[at].order(order),
                FxsOutput::Report(report) => self.telephone_report(now, at, &report, out),
            }
        }
    }

    fn telephone_report(&mut self, now: Now, at: usize, report: &FxsReport, out: &mut Vec<DeckOutput>) {
        let phone = &mut self.telephones[at];
        match report {
            FxsReport::Answered => {
                if let Some(handle) = phone.call {
                    out.push(DeckOutput::Answered(handle, self.span, phone.slot));
                }
            }
            FxsReport::OnHook => {
                if let Some(handle) = phone.call.take() {
                    out.push(DeckOutput::Ended(handle, ended(LineCause::FarHungUp)));
                }
            }
            FxsReport::Unanswered | FxsReport::Refused => {
                if let Some(handle) = phone.call.take() {
                    out.push(DeckOutput::Ended(handle, ended(LineCause::NoAnswer)));
                }
            }
            // There is no way out of the box but a campaign's: whatever was dialled ends in busy tone.
            FxsReport::Digits(_) => self.step_telephone(now, at, FxsInput::HangUp, out),
            FxsReport::OffHook | FxsReport::Flash | FxsReport::Key(_) => {}
        }
    }
}

/// How long a line rests after a test, so that the exchange sees its loop open and releases.
const REST_MS: u64 = 2_000;

/// The plan of this name, or the Chinese one.
fn tone_plan(span: SpanId, name: &str) -> TonePlan {
    TonePlan::built_in(name).unwrap_or_else(|| {
        log::error!(target: "cards", span:%, name ; "there is no such tone plan: the Chinese one is used");
        TonePlan::cn()
    })
}
