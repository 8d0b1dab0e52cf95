//! A person's orders to a span: block, restart, trace, loop, bit error test; the handset's stand beside them. Each is done or
//! refused at once.

use super::line_test::LineTest;
use super::span::{Purpose, Span};
use super::tracing::Tracing;
use super::{DeckOutput, Now};
use crate::voice::SlotNews;
use card::CardError;
use card::trace::Direction;
use idl::handset::HandsetEnd;
use idl::spans::{
    BertPattern, LinkState, LoopKind, PriSide, SlotState, SpanFact, SpanOrder, SpanPurpose, SpanRefusal,
};
use q931::control::Command;
use std::sync::atomic::Ordering;
use vocab::Timeslot;

impl Span {
    /// Carries out a person's order.
    ///
    /// # Errors
    /// [`SpanRefusal`].
    pub fn order(
        &mut self,
        now: Now,
        order: SpanOrder,
        out: &mut Vec<DeckOutput>,
    ) -> Result<(), SpanRefusal> {
        let result = match order {
            SpanOrder::Block(slot) if self.ports().is_some() => self.block_port(slot, true),
            SpanOrder::Unblock(slot) if self.ports().is_some() => self.block_port(slot, false),
            SpanOrder::Block(slot) => self.channel_order(now, slot, Command::Block(slot)),
            SpanOrder::Unblock(slot) => self.channel_order(now, slot, Command::Unblock(slot)),
            SpanOrder::RestartChannel(slot) => {
                self.link_order().and_then(|()| self.channel_order(now, slot, Command::RestartChannel(slot)))
            }
            SpanOrder::RestartSpan => {
                self.link_order().and_then(|()| self.pri_order(now, Command::RestartAll))
            }
            SpanOrder::StartTrace => self.start_trace(now),
            SpanOrder::StopTrace => self.end_trace(out).ok_or(SpanRefusal::NothingRuns),
            SpanOrder::Loop(kind) => self.close_loop(now, kind, out),
            SpanOrder::StartBert { slot, pattern } => self.start_bert(now, slot, pattern, out),
            SpanOrder::InsertBitError => self.insert_error(),
            SpanOrder::StopTest => self.end_test(now, out).ok_or(SpanRefusal::NothingRuns),
            SpanOrder::Handset(test) => self.lift_handset(now, test, out),
        };
        self.line.touch();
        self.settle(now, out);
        result
    }

    /// News of what runs on a slot.
    pub fn news(&mut self, now: Now, slot: Timeslot, news: SlotNews, out: &mut Vec<DeckOutput>) {
        match (news, &mut self.test) {
            (SlotNews::Bert(told), Some(LineTest::Bert { slot: tested, status, .. })) if *tested == slot => {
                *status = told;
                self.line.touch();
            }
            (SlotNews::Bert(_), _) => {}
            (SlotNews::Handset(end), _) => self.hang_up_handset(now, Some(slot), end, out),
            (SlotNews::Fxo(_) | SlotNews::Fxs(_), _) => {
                if let Some(ports) = self.ports() {
                    ports.news(now, slot, news, out);
                }
            }
        }
        self.settle(now, out);
    }

    /// Whether a test runs on this slot.
    pub(super) fn tests_slot(&self, slot: Timeslot) -> bool {
        self.test.as_ref().and_then(LineTest::slot) == Some(slot)
    }

    /// A frame of the D channel, for the trace.
    pub(super) fn traced(&mut self, now: Now, direction: Direction, frame: &[u8]) {
        if let Some(trace) = &mut self.trace {
            trace.frame(now.wall, direction, frame);
            self.line.touch();
        }
    }

    /// Ends the trace, if one runs.
    pub(super) fn end_trace(&mut self, out: &mut Vec<DeckOutput>) -> Option<()> {
        let (file, frames) = self.trace.take()?.end();
        self.line.touch();
        out.push(DeckOutput::Fact(SpanFact::Trace { span: self.id, file, frames }));
        Some(())
    }

    /// Ends the test, if one runs.
    pub(super) fn end_test(&mut self, now: Now, out: &mut Vec<DeckOutput>) -> Option<()> {
        match self.test.take()? {
            test @ LineTest::Handset { .. } => {
                self.test = Some(test);
                self.hang_up_handset(now, None, HandsetEnd::HungUp, out);
            }
            LineTest::Loop(_) => {
                if let Err(error) = self.control.set_loop(None) {
                    log::error!(target: "cards", span:% = self.id, error:% ; "the loop cannot be opened");
                }
                self.look(now, out);
            }
            LineTest::Bert { slot, status, under, .. } => {
                self.test = under.map(LineTest::Loop);
                out.push(DeckOutput::Process(self.id, slot, None));
                out.push(DeckOutput::Fact(SpanFact::Bert { span: self.id, result: status }));
                // The channel takes calls again; call control tells its state.
                self.line.set_slot(slot, SlotState::Idle);
                if let Purpose::Pri(pri) = &mut self.purpose {
                    pri.command(now, Command::Unblock(slot), &mut self.news);
                }
            }
        }
        self.line.touch();
        Some(())
    }

    fn start_trace(&mut self, now: Now) -> Result<(), SpanRefusal> {
        if self.trace.is_some() {
            return Err(SpanRefusal::Running);
        }
        let side = match self.config().map(|config| &config.purpose) {
            Some(SpanPurpose::Pri(pri)) => pri.side,
            Some(SpanPurpose::Off | SpanPurpose::Ports(_)) | None => PriSide::User,
        };
        match Tracing::begin(&self.traces, self.id, side, now.wall) {
            Ok(trace) => self.trace = Some(trace),
            Err(error) => {
                log::error!(target: "cards", span:% = self.id, error:% ; "no trace can be written");
                return Err(SpanRefusal::Failed);
            }
        }
        Ok(())
    }

    fn close_loop(&mut self, now: Now, kind: LoopKind, out: &mut Vec<DeckOutput>) -> Result<(), SpanRefusal> {
        if self.test.is_some() {
            return Err(SpanRefusal::Running);
        }
        // A call in any state, and one that is being cleared.
        if self.calls() > 0 {
            return Err(SpanRefusal::InUse);
        }
        match self.control.set_loop(Some(kind)) {
            Ok(()) => {
                self.test = Some(LineTest::Loop(kind));
                self.look(now, out);
                Ok(())
            }
            Err(CardError::NotSupported(_)) => Err(SpanRefusal::NotSupported),
            Err(error) => {
                log::error!(target: "cards", span:% = self.id, error:% ; "the loop cannot be closed");
                Err(SpanRefusal::Failed)
            }
        }
    }

    fn start_bert(
        &mut self,
        now: Now,
        slot: Timeslot,
        pattern: BertPattern,
        out: &mut Vec<DeckOutput>,
    ) -> Result<(), SpanRefusal> {
        match self.line.slots.get(usize::from(slot.0).wrapping_sub(1)) {
            None | Some(SlotState::Unused | SlotState::Signalling) => return Err(SpanRefusal::NoSuchSlot),
            Some(SlotState::Idle | SlotState::Blocked | SlotState::BlockedByPeer) => {}
            Some(_) => return Err(SpanRefusal::InUse),
        }
        // What runs there is the line's ear and mouth.
        if matches!(self.purpose, Purpose::Ports(_)) {
            return Err(SpanRefusal::NotSupported);
        }
        let under = match &self.test {
            None => None,
            Some(LineTest::Loop(kind)) => Some(*kind),
            Some(LineTest::Bert { .. } | LineTest::Handset { .. }) => return Err(SpanRefusal::Running),
        };
        if let Purpose::Pri(pri) = &mut self.purpose {
            pri.command(now, Command::Block(slot), &mut self.news);
        }
        let (test, processor) = LineTest::bert(slot, pattern, under);
        self.test = Some(test);
        self.line.set_slot(slot, SlotState::Testing);
        out.push(DeckOutput::Process(self.id, slot, Some(processor)));
        Ok(())
    }

    fn insert_error(&mut self) -> Result<(), SpanRefusal> {
        match &self.test {
            Some(LineTest::Bert { wanted_errors, .. }) => {
                wanted_errors.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Some(LineTest::Loop(_) | LineTest::Handset { .. }) | None => Err(SpanRefusal::NothingRuns),
        }
    }

    fn link_order(&self) -> Result<(), SpanRefusal> {
        match &self.purpose {
            Purpose::Pri(pri) if pri.link() == LinkState::Up => Ok(()),
            Purpose::Pri(_) => Err(SpanRefusal::LinkDown),
            Purpose::Off | Purpose::Ports(_) => Err(SpanRefusal::NotSupported),
        }
    }

    fn channel_order(&mut self, now: Now, slot: Timeslot, command: Command) -> Result<(), SpanRefusal> {
        let state = self.line.slots.get(usize::from(slot.0).wrapping_sub(1));
        if matches!(state, None | Some(SlotState::Unused | SlotState::Signalling)) {
            return Err(SpanRefusal::NoSuchSlot);
        }
        if self.tests_slot(slot) {
            return Err(SpanRefusal::InUse);
        }
        self.pri_order(now, command)
    }

    fn block_port(&mut self, slot: Timeslot, blocked: bool) -> Result<(), SpanRefusal> {
        let known = self.ports().is_some_and(|ports| ports.block(slot, blocked));
        known.then_some(()).ok_or(SpanRefusal::NoSuchSlot)
    }

    fn pri_order(&mut self, now: Now, command: Command) -> Result<(), SpanRefusal> {
        match &mut self.purpose {
            Purpose::Pri(pri) => {
                pri.command(now, command, &mut self.news);
                Ok(())
            }
            Purpose::Off | Purpose::Ports(_) => Err(SpanRefusal::NotSupported),
        }
    }

    fn calls(&self) -> usize {
        match &self.purpose {
            Purpose::Pri(pri) => pri.handles().len(),
            Purpose::Ports(ports) => ports.calls(),
            Purpose::Off => 0,
        }
    }
}
