//! Information transfer of states 7 and 8 (5.6): I frames, acknowledgements, REJ and RNR, the window, status enquiry.
//!
//! Deliberately not here: what follows a loss of sequence that cannot be mended; `establish` does.

use vocab::Millis;

use super::event::{Information, Status};
use super::{Link, distance, next};
use crate::api::{Output, State};
use crate::error::MdlError;
use crate::frame::{Frame, Role, Supervisory};

impl Link {
    /// I frames as the window k, the peer and the state permit (5.6.1).
    pub(super) fn send_information(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.state != State::MultipleFrameEstablished || self.peer_busy {
            return;
        }
        while self.outstanding() < self.config.k {
            let Some(message) = self.queue.0.get(usize::from(self.outstanding())) else { break };
            let frame = Frame::I { ns: self.vs, nr: self.vr, p: false, information: message };
            let octets = frame.encode(self.config.side);
            out.push(Output::Send(octets));
            self.counters.frames_sent += 1;
            self.counters.information_sent += 1;
            if let Some(left) = self.repeats.checked_sub(1) {
                self.repeats = left;
                self.counters.retransmissions += 1;
            }
            self.vs = next(self.vs);
            self.acknowledge_pending = false;
            self.t203 = None;
            if self.t200.is_none() {
                self.start_t200(now);
            }
        }
    }

    /// RR for what was received, where no I frame carried N(R) (5.6.2; figures B-7, B-8: acknowledge pending).
    pub(super) fn acknowledge(&mut self, out: &mut Vec<Output>) {
        if std::mem::take(&mut self.acknowledge_pending) {
            self.send_supervisory(Supervisory::Rr, Role::Response, false, out);
        }
    }

    /// An I frame in state 7 (5.6.2; figure B-7, sheets 8 and 9).
    pub(super) fn information(&mut self, now: Millis, frame: Information<'_>, out: &mut Vec<Output>) {
        self.receive(frame, out);
        if !self.is_valid(frame.nr) {
            return self.re_establish(now, MdlError::J, out);
        }
        if self.peer_busy {
            self.acknowledged(frame.nr);
        } else {
            self.acknowledged_in_time(now, frame.nr);
        }
    }

    /// An I frame in state 8 (figure B-8, sheets 7 and 8).
    pub(super) fn information_in_recovery(
        &mut self,
        now: Millis,
        frame: Information<'_>,
        out: &mut Vec<Output>,
    ) {
        self.receive(frame, out);
        if !self.is_valid(frame.nr) {
            return self.re_establish(now, MdlError::J, out);
        }
        self.acknowledged(frame.nr);
    }

    /// RR, RNR or REJ in state 7 (5.6.3 to 5.6.6; figure B-7, sheets 5 to 7).
    pub(super) fn status(&mut self, now: Millis, frame: Status, out: &mut Vec<Output>) {
        self.note_peer(frame.kind);
        match (frame.role, frame.pf) {
            (Role::Command, true) => self.answer_enquiry(out),
            (Role::Response, true) => self.error(MdlError::A, out),
            (Role::Command | Role::Response, false) => {}
        }
        if !self.is_valid(frame.nr) {
            return self.re_establish(now, MdlError::J, out);
        }
        match frame.kind {
            Supervisory::Rr => self.acknowledged_in_time(now, frame.nr),
            Supervisory::Rej => {
                self.acknowledged(frame.nr);
                self.t200 = None;
                self.start_t203(now);
                self.go_back();
            }
            Supervisory::Rnr => {
                self.acknowledged(frame.nr);
                self.t203 = None;
                self.start_t200(now);
            }
        }
    }

    /// RR, RNR or REJ in state 8 (5.6.7; figure B-8, sheets 5 and 6): the answer to the enquiry ends it.
    pub(super) fn status_in_recovery(&mut self, now: Millis, frame: Status, out: &mut Vec<Output>) {
        self.note_peer(frame.kind);
        if frame.role == Role::Command && frame.pf {
            self.answer_enquiry(out);
        }
        if !self.is_valid(frame.nr) {
            return self.re_establish(now, MdlError::J, out);
        }
        self.acknowledged(frame.nr);
        if frame.role == Role::Response && frame.pf {
            self.stop_timers();
            match frame.kind {
                Supervisory::Rr | Supervisory::Rej => self.start_t203(now),
                Supervisory::Rnr => self.start_t200(now),
            }
            self.go_back();
            self.state = State::MultipleFrameEstablished;
        }
    }

    /// T200 in state 7: of the two ways the figure offers, the enquiry (5.6.7; figure B-7, sheet 2).
    pub(super) fn ask_after_t200(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.enquire(now, out);
        self.rc = 1;
        self.enter_recovery();
    }

    /// T203 in state 7 (5.10.3; figure B-7, sheet 2).
    pub(super) fn ask_after_t203(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.enquire(now, out);
        self.rc = 0;
        self.enter_recovery();
    }

    /// T200 in state 8 (5.6.7; figure B-8, sheet 2).
    pub(super) fn ask_again(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.rc >= self.config.n200 {
            return self.re_establish(now, MdlError::I, out);
        }
        self.enquire(now, out);
        self.rc += 1;
    }

    /// Own receiver busy, or no longer (5.6.6; figures B-7 and B-8, sheet 4).
    pub(super) fn set_busy(&mut self, busy: bool, out: &mut Vec<Output>) {
        if self.own_busy == busy {
            return;
        }
        self.own_busy = busy;
        self.send_readiness(Role::Response, false, out);
    }

    /// RNR where we are busy, otherwise RR.
    pub(super) fn send_readiness(&mut self, role: Role, pf: bool, out: &mut Vec<Output>) {
        let kind = if self.own_busy { Supervisory::Rnr } else { Supervisory::Rr };
        self.send_supervisory(kind, role, pf, out);
        self.acknowledge_pending = false;
    }

    /// What N(S) and P of an I frame do (5.6.2, 5.8.1).
    fn receive(&mut self, frame: Information<'_>, out: &mut Vec<Output>) {
        let in_order = frame.ns == self.vr;
        if !self.own_busy && in_order {
            self.vr = next(self.vr);
            self.reject_exception = false;
            self.counters.information_received += 1;
            out.push(Output::Data(frame.message.to_vec()));
        } else {
            self.counters.information_discarded += 1;
        }
        if !self.own_busy && !in_order && !self.reject_exception {
            self.reject_exception = true;
            self.acknowledge_pending = false;
            self.counters.rejects_sent += 1;
            self.send_supervisory(Supervisory::Rej, Role::Response, frame.p, out);
        } else if frame.p {
            self.send_readiness(Role::Response, true, out);
        } else if !self.own_busy && in_order {
            self.acknowledge_pending = true;
        }
    }

    fn note_peer(&mut self, kind: Supervisory) {
        self.peer_busy = kind == Supervisory::Rnr;
        match kind {
            Supervisory::Rr => {}
            Supervisory::Rnr => self.counters.peer_busy += 1,
            Supervisory::Rej => self.counters.rejects_received += 1,
        }
    }

    /// Transmit enquiry (figure B-9).
    fn enquire(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.send_readiness(Role::Command, true, out);
        self.start_t200(now);
    }

    /// Enquiry response (figure B-9).
    fn answer_enquiry(&mut self, out: &mut Vec<Output>) {
        self.send_readiness(Role::Response, true, out);
    }

    fn enter_recovery(&mut self) {
        self.t203 = None;
        self.state = State::TimerRecovery;
        self.counters.timer_recoveries += 1;
    }

    /// V(A) ≤ N(R) ≤ V(S), modulo 128 (3.5.2.6).
    const fn is_valid(&self, nr: u8) -> bool {
        distance(self.va, nr) <= self.outstanding()
    }

    /// V(A) = N(R).
    fn acknowledged(&mut self, nr: u8) {
        let count = usize::from(distance(self.va, nr));
        self.queue.0.drain(..count);
        self.va = nr;
    }

    /// V(A) = N(R), with T200 and T203 as after an acknowledgement in state 7 (5.6.3.2).
    fn acknowledged_in_time(&mut self, now: Millis, nr: u8) {
        let news = nr != self.va;
        self.acknowledged(nr);
        if nr == self.vs {
            self.t200 = None;
            self.start_t203(now);
        } else if news {
            self.start_t200(now);
        }
    }

    /// Invoke retransmission (figure B-9): V(S) = N(R), which V(A) now is.
    fn go_back(&mut self) {
        self.repeats = self.repeats.saturating_add(self.outstanding());
        self.vs = self.va;
    }
}
