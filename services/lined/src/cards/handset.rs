//! The technician's handset on a span: put onto a line that carries no call, and taken away when it is hung up, its time is
//! over, the line rings, or it is itself gone. It never comes near a call: the slot takes none meanwhile.

use super::line_test::LineTest;
use super::span::{Purpose, Span};
use super::{DeckOutput, Now};
use crate::voice::{FrameRings, HandsetProcessor, SlotProcessor};
use card::LineEvent;
use idl::handset::{HandsetEnd, HandsetTest, HandsetUse};
use idl::spans::{SlotState, SpanFact, SpanRefusal};
use q931::control::Command;
use vocab::Timeslot;

impl Span {
    /// Whether the handset is on it.
    pub(super) fn has_handset(&self) -> bool {
        matches!(self.test, Some(LineTest::Handset { .. }))
    }

    /// Puts the handset onto a line.
    pub(super) fn lift_handset(
        &mut self,
        now: Now,
        test: HandsetTest,
        out: &mut Vec<DeckOutput>,
    ) -> Result<(), SpanRefusal> {
        let state = self.line.slots.get(usize::from(test.slot.0).wrapping_sub(1));
        let blocked = match state {
            None | Some(SlotState::Unused | SlotState::Signalling | SlotState::Disconnected) => {
                return Err(SpanRefusal::NoSuchSlot);
            }
            Some(SlotState::Idle | SlotState::BlockedByPeer) => false,
            Some(SlotState::Blocked) => true,
            Some(_) => return Err(SpanRefusal::InUse),
        };
        let under = match &self.test {
            None => None,
            Some(LineTest::Loop(kind)) => Some(*kind),
            Some(LineTest::Bert { .. } | LineTest::Handset { .. }) => return Err(SpanRefusal::Running),
        };
        let (ours, theirs) = FrameRings::pair();
        let processor: Box<dyn SlotProcessor> = match &mut self.purpose {
            Purpose::Ports(ports) => Box::new(ports.lift_handset(test, ours)?),
            Purpose::Pri(pri) => {
                pri.command(now, Command::Block(test.slot), &mut self.news);
                Box::new(HandsetProcessor::new(ours, test.talk))
            }
            Purpose::Off => return Err(SpanRefusal::NoSuchSlot),
        };
        self.test = Some(LineTest::Handset { test, began: now.at, blocked, under });
        self.line.set_slot(test.slot, SlotState::Testing);
        out.push(DeckOutput::Process(self.id, test.slot, Some(processor)));
        out.push(DeckOutput::Handset(theirs));
        Ok(())
    }

    /// Takes the handset away, if it is there: on this slot, or on any.
    pub(super) fn hang_up_handset(
        &mut self,
        now: Now,
        on: Option<Timeslot>,
        end: HandsetEnd,
        out: &mut Vec<DeckOutput>,
    ) {
        let Some(LineTest::Handset { test, began, blocked, under }) = self.test else { return };
        if on.is_some_and(|slot| slot != test.slot) {
            return;
        }
        self.test = under.map(LineTest::Loop);
        // What carried it is replaced, and with it the other end of its audio goes.
        let after = self.ports().and_then(|ports| ports.hang_up_handset(now, test));
        out.push(DeckOutput::Process(self.id, test.slot, after));
        if let Purpose::Pri(pri) = &mut self.purpose {
            let state = if blocked { SlotState::Blocked } else { SlotState::Idle };
            self.line.set_slot(test.slot, state);
            if !blocked {
                // The channel takes calls again; call control tells its state.
                pri.command(now, Command::Unblock(test.slot), &mut self.news);
            }
        }
        let seconds = u16::try_from((now.at - began) / 1_000).unwrap_or(u16::MAX);
        out.push(DeckOutput::Fact(SpanFact::Handset(HandsetUse { span: self.id, test, seconds, end })));
        self.line.touch();
    }

    /// What a line did while the handset was on it: a caller is never listened to.
    pub(super) fn handset_sees(
        &mut self,
        now: Now,
        slot: Timeslot,
        event: LineEvent,
        out: &mut Vec<DeckOutput>,
    ) {
        let Some(LineTest::Handset { test, .. }) = &self.test else { return };
        let taken = match event {
            LineEvent::RingBegins | LineEvent::LoopOpen => true,
            // With the loop open it announces a call; with the loop closed some exchanges do it at each seizing.
            LineEvent::PolarityReversed => !test.talk,
            _ => false,
        };
        if taken {
            self.hang_up_handset(now, Some(slot), HandsetEnd::LineTaken, out);
        }
    }
}
