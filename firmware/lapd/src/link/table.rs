//! The state table of the crate's documentation, a function for each column and an arm for each row.
//!
//! Deliberately not here: how a row is done; each arm calls a helper named after it.

use vocab::Millis;

use super::{Event, Link};
use crate::api::{Output, RefuseCause, ReleaseCause, State};
use crate::error::MdlError;

impl Link {
    /// What `event` does in the present state.
    pub(super) fn take(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        match self.state {
            State::TeiAssigned if !self.physical_up => self.in_tei_assigned_line_down(event, out, now),
            State::TeiAssigned => self.in_tei_assigned(now, event, out),
            State::AwaitingEstablishment => self.in_awaiting_establishment(now, event, out),
            State::AwaitingRelease => self.in_awaiting_release(now, event, out),
            State::MultipleFrameEstablished => self.in_multiple_frame_established(now, event, out),
            State::TimerRecovery => self.in_timer_recovery(now, event, out),
        }
    }

    /// State 4 without a line: no frame is believed, and no request can be met.
    fn in_tei_assigned_line_down(&mut self, event: Event<'_>, out: &mut Vec<Output>, now: Millis) {
        match event {
            Event::Sabme { .. }
            | Event::Disc { .. }
            | Event::Ua { .. }
            | Event::Dm { .. }
            | Event::Frmr
            | Event::Ui(_)
            | Event::Xid
            | Event::I(_)
            | Event::S(_)
            | Event::Rejected(_)
            | Event::Invalid
            | Event::OtherLink
            | Event::PhysicalDown
            | Event::T200
            | Event::T203
            | Event::Retry => {}
            Event::Establish => self.want_without_line(out),
            Event::Release => self.release_at_rest(out),
            Event::Data(_) => self.refuse(RefuseCause::NotEstablished, out),
            Event::SetBusy => self.own_busy = true,
            Event::ClearBusy => self.own_busy = false,
            Event::PhysicalUp => self.line_up(now),
        }
    }

    /// State 4 (figure B-4).
    fn in_tei_assigned(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        match event {
            Event::Sabme { p } => self.accept(now, p, out),
            Event::Disc { p } => self.send_dm(p, out),
            Event::Ua { f } => self.unsolicited_ua(f, out),
            Event::Dm { f: false } => self.called_by_dm(now, out),
            Event::Ui(message) => out.push(Output::UnitData(message.to_vec())),
            Event::Rejected(error) => self.error(error, out),
            Event::Dm { f: true }
            | Event::Frmr
            | Event::Xid
            | Event::I(_)
            | Event::S(_)
            | Event::Invalid
            | Event::OtherLink
            | Event::PhysicalUp
            | Event::T200
            | Event::T203 => {}
            Event::Establish => self.want(now, out),
            Event::Release => self.release_at_rest(out),
            Event::Data(_) => self.refuse(RefuseCause::NotEstablished, out),
            Event::SetBusy => self.own_busy = true,
            Event::ClearBusy => self.own_busy = false,
            Event::PhysicalDown => self.line_down(now, out),
            Event::Retry => self.call(now, out),
        }
    }

    /// State 5 (figure B-5).
    fn in_awaiting_establishment(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        match event {
            Event::Sabme { p } => self.send_ua(p, out),
            Event::Disc { p } => self.send_dm(p, out),
            Event::Ua { f: true } => self.answered(now, out),
            Event::Ua { f: false } => self.error(MdlError::D, out),
            Event::Dm { f: true } => self.lose(now, ReleaseCause::Peer, out),
            Event::Ui(message) => out.push(Output::UnitData(message.to_vec())),
            Event::Rejected(error) => self.error(error, out),
            Event::Dm { f: false }
            | Event::Frmr
            | Event::Xid
            | Event::I(_)
            | Event::S(_)
            | Event::Invalid
            | Event::OtherLink
            | Event::PhysicalUp
            | Event::T203
            | Event::Retry => {}
            Event::Establish => self.want_while_establishing(),
            Event::Release => self.release_later(),
            Event::Data(_) if self.layer3_initiated => self.refuse(RefuseCause::NotEstablished, out),
            Event::Data(message) => self.enqueue(message, out),
            Event::SetBusy => self.own_busy = true,
            Event::ClearBusy => self.own_busy = false,
            Event::PhysicalDown => self.line_down(now, out),
            Event::T200 => self.repeat_sabme(now, out),
        }
    }

    /// State 6 (figure B-6).
    fn in_awaiting_release(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        match event {
            Event::Sabme { p } => self.send_dm(p, out),
            Event::Disc { p } => self.send_ua(p, out),
            Event::Ua { f: true } | Event::Dm { f: true } => self.released(out),
            Event::Ua { f: false } => self.error(MdlError::D, out),
            Event::Ui(message) => out.push(Output::UnitData(message.to_vec())),
            Event::Rejected(error) => self.error(error, out),
            Event::Dm { f: false }
            | Event::Frmr
            | Event::Xid
            | Event::I(_)
            | Event::S(_)
            | Event::Invalid
            | Event::OtherLink
            | Event::PhysicalUp
            | Event::T203
            | Event::Retry => {}
            Event::Establish => self.want_after_release(),
            Event::Release => self.release_again(),
            Event::Data(_) => self.refuse(RefuseCause::NotEstablished, out),
            Event::SetBusy => self.own_busy = true,
            Event::ClearBusy => self.own_busy = false,
            Event::PhysicalDown => self.line_down(now, out),
            Event::T200 => self.repeat_disc(now, out),
        }
    }

    /// State 7 (figure B-7).
    fn in_multiple_frame_established(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        match event {
            Event::Sabme { p } => self.reset_by_peer(now, p, out),
            Event::Disc { p } => self.disconnected(now, p, out),
            Event::Ua { f } => self.unsolicited_ua(f, out),
            Event::Dm { f: true } => self.error(MdlError::B, out),
            Event::Dm { f: false } => self.re_establish(now, MdlError::E, out),
            Event::Frmr => self.re_establish(now, MdlError::K, out),
            Event::Rejected(error) => self.re_establish(now, error, out),
            Event::Ui(message) => out.push(Output::UnitData(message.to_vec())),
            Event::I(frame) => self.information(now, frame, out),
            Event::S(frame) => self.status(now, frame, out),
            Event::Xid | Event::Invalid | Event::OtherLink | Event::PhysicalUp | Event::Retry => {}
            Event::Establish => self.establish_anew(now, out),
            Event::Release => self.disconnect(now, out),
            Event::Data(message) => self.enqueue(message, out),
            Event::SetBusy => self.set_busy(true, out),
            Event::ClearBusy => self.set_busy(false, out),
            Event::PhysicalDown => self.line_down(now, out),
            Event::T200 => self.ask_after_t200(now, out),
            Event::T203 => self.ask_after_t203(now, out),
        }
    }

    /// State 8 (figure B-8).
    fn in_timer_recovery(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        match event {
            Event::Sabme { p } => self.reset_by_peer(now, p, out),
            Event::Disc { p } => self.disconnected(now, p, out),
            Event::Ua { f } => self.unsolicited_ua(f, out),
            Event::Dm { f: true } => self.re_establish(now, MdlError::B, out),
            Event::Dm { f: false } => self.re_establish(now, MdlError::E, out),
            Event::Frmr => self.re_establish(now, MdlError::K, out),
            Event::Rejected(error) => self.re_establish(now, error, out),
            Event::Ui(message) => out.push(Output::UnitData(message.to_vec())),
            Event::I(frame) => self.information_in_recovery(now, frame, out),
            Event::S(frame) => self.status_in_recovery(now, frame, out),
            Event::Xid
            | Event::Invalid
            | Event::OtherLink
            | Event::PhysicalUp
            | Event::T203
            | Event::Retry => {}
            Event::Establish => self.establish_anew(now, out),
            Event::Release => self.disconnect(now, out),
            Event::Data(message) => self.enqueue(message, out),
            Event::SetBusy => self.set_busy(true, out),
            Event::ClearBusy => self.set_busy(false, out),
            Event::PhysicalDown => self.line_down(now, out),
            Event::T200 => self.ask_again(now, out),
        }
    }
}
