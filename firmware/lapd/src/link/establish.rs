//! Establishment and release of multiple frame operation (5.5), re-establishment (5.7), unsolicited answers (5.8.7).
//!
//! Deliberately not here: when a lost link is called again; `persist` decides.

use vocab::Millis;

use super::{Layer3, Link, Saved};
use crate::api::{Output, ReleaseCause, State};
use crate::error::MdlError;
use crate::frame::{Frame, Role};

impl Link {
    /// DL-ESTABLISH request in state 4: the link is called now, or when its rest is over.
    pub(super) fn want(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.wanted = true;
        self.layer3 = Layer3::Waiting;
        if self.retry.is_none() {
            self.call(now, out);
        }
    }

    /// DL-ESTABLISH request without a line: refused, and remembered until the line is up.
    pub(super) fn want_without_line(&mut self, out: &mut Vec<Output>) {
        self.wanted = true;
        self.tell_released(ReleaseCause::PhysicalDown, out);
    }

    /// DL-ESTABLISH request in state 5 (figure B-5, sheet 1): layer 2's own attempt becomes layer 3's.
    pub(super) fn want_while_establishing(&mut self) {
        self.wanted = true;
        self.saved = None;
        self.layer3 = Layer3::Waiting;
        if !self.layer3_initiated {
            self.discard_queue();
            self.layer3_initiated = true;
        }
    }

    /// DL-ESTABLISH request in state 6: saved until the release is over.
    pub(super) fn want_after_release(&mut self) {
        self.wanted = true;
        self.saved = Some(Saved::Establish);
    }

    /// DL-ESTABLISH request in state 7 or 8: layer 3 resets the link (5.7.1 e).
    pub(super) fn establish_anew(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.wanted = true;
        self.layer3 = Layer3::Waiting;
        self.discard_queue();
        self.call(now, out);
    }

    /// SABME for layer 3 (5.5.1.1).
    pub(super) fn call(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.layer3_initiated = true;
        self.establish_data_link(now, out);
    }

    /// DM with F = 0 in state 4: the peer asks to be called (5.5.1.1). A link that rests is not called.
    pub(super) fn called_by_dm(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.is_resting() {
            self.call(now, out);
        }
    }

    /// SABME in state 4 (5.5.1.2).
    pub(super) fn accept(&mut self, now: Millis, p: bool, out: &mut Vec<Output>) {
        self.send_ua(p, out);
        self.clear_exceptions();
        self.enter_established(now, out);
        self.tell_established(true, false, out);
    }

    /// UA with F = 1 in state 5 (5.5.1.1; figure B-5, sheet 2).
    pub(super) fn answered(&mut self, now: Millis, out: &mut Vec<Output>) {
        let lost = !self.layer3_initiated && self.outstanding() != 0;
        if self.layer3_initiated {
            self.tell_established(false, false, out);
        } else if lost {
            self.discard_queue();
            self.tell_established(false, true, out);
        }
        self.enter_established(now, out);
    }

    /// SABME in state 7 or 8: the peer resets the link (5.7.2; figure B-7, sheet 3).
    pub(super) fn reset_by_peer(&mut self, now: Millis, p: bool, out: &mut Vec<Output>) {
        self.send_ua(p, out);
        self.clear_exceptions();
        self.counters.peer_resets += 1;
        self.error(MdlError::F, out);
        if self.outstanding() != 0 {
            self.discard_queue();
            self.tell_established(true, true, out);
        }
        self.enter_established(now, out);
    }

    /// The link fails in use and layer 2 calls the peer again (5.7.2), unless it fails again and again.
    pub(super) fn re_establish(&mut self, now: Millis, error: MdlError, out: &mut Vec<Output>) {
        self.error(error, out);
        self.count_loss(now);
        if self.is_resting() {
            return self.fall(now, ReleaseCause::Bouncing, out);
        }
        self.layer3_initiated = false;
        self.establish_data_link(now, out);
    }

    /// T200 in state 5 (5.5.1.3).
    pub(super) fn repeat_sabme(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.rc >= self.config.n200 {
            self.error(MdlError::G, out);
            return self.lose(now, ReleaseCause::NoAnswer, out);
        }
        self.rc += 1;
        self.send(Frame::Sabme { p: true }, out);
        self.start_t200(now);
    }

    /// DL-RELEASE request in state 4.
    pub(super) fn release_at_rest(&mut self, out: &mut Vec<Output>) {
        self.forget_wish();
        self.tell_released(ReleaseCause::Requested, out);
    }

    /// DL-RELEASE request in state 5: saved until the establishment is over.
    pub(super) fn release_later(&mut self) {
        self.forget_wish();
        self.saved = Some(Saved::Release);
    }

    /// DL-RELEASE request in state 6, which is under way: a saved request to establish is taken back.
    pub(super) fn release_again(&mut self) {
        self.forget_wish();
        self.saved = None;
    }

    /// DL-RELEASE request in state 7 or 8 (5.5.3.1).
    pub(super) fn disconnect(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.forget_wish();
        self.discard_queue();
        self.rc = 0;
        self.send(Frame::Disc { p: true }, out);
        self.t203 = None;
        self.start_t200(now);
        self.state = State::AwaitingRelease;
    }

    /// T200 in state 6 (5.5.3.3).
    pub(super) fn repeat_disc(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.rc >= self.config.n200 {
            self.error(MdlError::H, out);
            return self.released(out);
        }
        self.rc += 1;
        self.send(Frame::Disc { p: true }, out);
        self.start_t200(now);
    }

    /// The answer to DISC, or the end of waiting for it.
    pub(super) fn released(&mut self, out: &mut Vec<Output>) {
        self.rest();
        self.tell_released(ReleaseCause::Requested, out);
    }

    /// DISC in state 7 or 8 (5.5.3.2).
    pub(super) fn disconnected(&mut self, now: Millis, p: bool, out: &mut Vec<Output>) {
        self.send_ua(p, out);
        self.lose(now, ReleaseCause::Peer, out);
    }

    /// UA that nobody asked for (5.8.7).
    pub(super) fn unsolicited_ua(&mut self, f: bool, out: &mut Vec<Output>) {
        self.error(if f { MdlError::C } else { MdlError::D }, out);
    }

    pub(super) fn send_ua(&mut self, f: bool, out: &mut Vec<Output>) {
        self.send(Frame::Ua { f }, out);
    }

    pub(super) fn send_dm(&mut self, f: bool, out: &mut Vec<Output>) {
        self.send(Frame::Dm { f }, out);
    }

    /// A request of layer 3 that waited, once states 5 and 6 are left.
    pub(super) fn take_saved(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.is_stable() {
            return;
        }
        match self.saved.take() {
            None => {}
            Some(Saved::Establish) if self.physical_up => self.want(now, out),
            Some(Saved::Establish) => self.want_without_line(out),
            Some(Saved::Release) if self.state.is_established() => self.disconnect(now, out),
            Some(Saved::Release) => self.release_at_rest(out),
        }
    }

    pub(super) fn tell_released(&mut self, cause: ReleaseCause, out: &mut Vec<Output>) {
        self.layer3 = Layer3::Down;
        out.push(Output::Released { cause });
    }

    /// State 4, with nothing under way.
    pub(super) fn rest(&mut self) {
        self.discard_queue();
        self.clear_exceptions();
        self.stop_timers();
        self.retry = None;
        self.up_since = None;
        self.state = State::TeiAssigned;
    }

    fn tell_established(&mut self, by_peer: bool, reset: bool, out: &mut Vec<Output>) {
        self.layer3 = Layer3::Up;
        out.push(Output::Established { by_peer, reset });
    }

    /// Establish data link (figure B-9).
    fn establish_data_link(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.clear_exceptions();
        self.rc = 0;
        self.retry = None;
        self.up_since = None;
        self.send(Frame::Sabme { p: true }, out);
        self.t203 = None;
        self.start_t200(now);
        self.state = State::AwaitingEstablishment;
    }

    /// State 7 with all numbers 0. We say at once if we are busy: the peer has forgotten it.
    fn enter_established(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.vs = 0;
        self.va = 0;
        self.vr = 0;
        self.repeats = 0;
        self.t200 = None;
        self.start_t203(now);
        self.retry = None;
        if !self.state.is_established() {
            self.counters.establishments += 1;
            self.up_since = Some(now);
        }
        self.state = State::MultipleFrameEstablished;
        if self.own_busy {
            self.send_readiness(Role::Response, false, out);
        }
    }

    /// Clear exception conditions (figure B-9). Own receiver busy stays: layer 3 set it and clears it.
    fn clear_exceptions(&mut self) {
        self.peer_busy = false;
        self.reject_exception = false;
        self.acknowledge_pending = false;
    }

    /// No I frame is left, sent or not.
    fn discard_queue(&mut self) {
        self.queue.0.clear();
        self.va = self.vs;
        self.repeats = 0;
    }
}
