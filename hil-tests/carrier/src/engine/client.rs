//! Requests of our own inside a dialog: BYE, INFO, re-INVITE; and the answers to them.
//!
//! REGISTER is in `register`; it shares the retransmission here.

use std::time::{Duration, Instant};

use super::call::State;
use super::{Engine, GIVE_UP, T1, T2, Timer, literal_address};
use crate::digest;
use crate::journal::EventKind;
use crate::media::Command;
use crate::text::Message;
use crate::transport::{Link, may_reach};

/// Why a re-INVITE goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// To refresh the session.
    Refresh,
    /// To hold.
    Hold,
    /// To resume.
    Resume,
}

/// What a request of ours was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of a call.
    Bye { call: u64 },
    /// A key press.
    Info,
    /// A change of a call.
    Reinvite { call: u64, purpose: Purpose },
    /// A registration.
    Register { phone: usize },
}

/// A request of ours without a final answer.
pub(super) struct Pending {
    pub(super) kind: Kind,
    pub(super) link: Link,
    pub(super) bytes: Vec<u8>,
    pub(super) first: Instant,
    pub(super) interval: Duration,
}

impl Engine {
    /// Sends a request and repeats it until it is answered.
    pub(super) fn send_request(
        &mut self,
        kind: Kind,
        link: Link,
        branch: String,
        request: &Message,
        now: Instant,
    ) {
        let bytes = request.to_bytes();
        link.send(&bytes);
        self.after(now, T1, Timer::Request { branch: branch.clone(), sent: 0 });
        self.pending.insert(branch, Pending { kind, link, bytes, first: now, interval: T1 });
    }

    pub(super) fn request_again(&mut self, branch: &str, sent: u32, now: Instant) {
        let Some(pending) = self.pending.get_mut(branch) else { return };
        if now - pending.first >= GIVE_UP {
            let kind = pending.kind;
            self.pending.remove(branch);
            return self.unanswered(kind, now);
        }
        if pending.link.is_unreliable() {
            pending.link.send(&pending.bytes);
        }
        pending.interval = (pending.interval * 2).min(T2);
        let wait = pending.interval;
        self.after(now, wait, Timer::Request { branch: branch.to_owned(), sent: sent + 1 });
    }

    fn unanswered(&mut self, kind: Kind, now: Instant) {
        match kind {
            Kind::Bye { call } => {
                if let Some(number) = self.calls.get(&call).map(|c| c.number.clone()) {
                    self.violation(call, &number, "bye_unanswered");
                }
                self.end(call, now);
            }
            Kind::Reinvite { call, .. } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.reinviting = false;
                }
                self.violation(call, "", "reinvite_unanswered");
            }
            Kind::Info => self.violation(0, "", "info_unanswered"),
            Kind::Register { phone } => self.registration_failed(phone, 408, now),
        }
    }

    pub(super) fn response(&mut self, code: u16, message: &Message, now: Instant) {
        if code < 200 {
            return;
        }
        let branch = message.branch().to_owned();
        let Some(pending) = self.pending.remove(&branch) else {
            return self.acknowledge_again(code, message);
        };
        match pending.kind {
            Kind::Bye { call } => {
                if let Some(number) = self.calls.get(&call).map(|c| c.number.clone()) {
                    self.journal.note_code(EventKind::ByeAnswered, call, &number, code);
                }
                // With glare the peer's BYE still waits for our answer.
                if self.calls.get(&call).is_some_and(|c| c.crossed_bye.is_none()) {
                    self.end(call, now);
                }
            }
            Kind::Info => {}
            Kind::Reinvite { call, purpose } => {
                self.reinvite_answered(call, purpose, code, message, &pending, now)
            }
            Kind::Register { phone } => self.register_answered(phone, code, message, now),
        }
    }

    pub(super) fn hang_up(&mut self, id: u64, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.state {
            State::Up => self.send_bye(id, now),
            // RFC 3261 section 15: the callee waits for the ACK.
            State::Answered => call.hang_up_due = true,
            State::Waiting | State::Refused | State::Closing | State::Ended => {}
        }
    }

    pub(super) fn send_bye(&mut self, id: u64, now: Instant) {
        let branch = new_branch();
        let Some((link, request)) = self.prepare(id, "BYE", &branch) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.state = State::Closing;
        call.sent += 1;
        self.journal.note(EventKind::ByeSent, id, &call.number);
        self.media.send(Command::Sending { call: id, on: false });
        self.send_request(Kind::Bye { call: id }, link, branch, &request, now);
    }

    pub(super) fn press_by_info(&mut self, id: u64, now: Instant) {
        if self.calls.get(&id).is_none_or(|c| c.state != State::Up) {
            return;
        }
        let branch = new_branch();
        let Some((link, mut request)) = self.prepare(id, "INFO", &branch) else { return };
        request.add("Content-Type", "application/dtmf-relay").body =
            "Signal=9\r\nDuration=100\r\n".to_owned();
        if let Some(call) = self.calls.get(&id) {
            self.journal.note_detail(EventKind::DtmfSent, id, &call.number, "info");
        }
        self.send_request(Kind::Info, link, branch, &request, now);
    }

    pub(super) fn send_reinvite(&mut self, id: u64, purpose: Purpose, now: Instant) {
        if self.calls.get(&id).is_none_or(|c| c.state != State::Up || c.reinviting) {
            return;
        }
        let branch = new_branch();
        let Some((link, mut request)) = self.prepare(id, "INVITE", &branch) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (contact, interval) = (call.contact(), call.session_interval_s());
        let Some(local) = &mut call.local else { return };
        let (direction, words) = match purpose {
            Purpose::Refresh => (local.direction, "refresh"),
            Purpose::Hold => ("sendonly", "hold"),
            Purpose::Resume => ("sendrecv", "resume"),
        };
        local.version += u64::from(direction != local.direction);
        local.direction = direction;
        request.add("Contact", contact).add("Allow", super::ALLOW).add("Supported", "timer");
        if let Some(interval) = interval {
            request.add("Session-Expires", interval.to_string());
        }
        request.add("Content-Type", "application/sdp").body = local.write();
        call.reinviting = true;
        self.journal.note_detail(EventKind::ReinviteSent, id, &call.number, words);
        self.send_request(Kind::Reinvite { call: id, purpose }, link, branch, &request, now);
    }

    fn reinvite_answered(
        &mut self,
        id: u64,
        purpose: Purpose,
        code: u16,
        message: &Message,
        pending: &Pending,
        now: Instant,
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.reinviting = false;
        let number = call.number.clone();
        let ack = acknowledgement(&pending.bytes, message, code);
        pending.link.send(&ack);
        self.journal.note_code(EventKind::ReinviteAnswered, id, &number, code);
        if code == 491 {
            return self.after(now, GLARE_WAIT, Timer::Reinvite { call: id, purpose });
        }
        if code >= 300 {
            return;
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.reinvite_ack = ack;
        }
        self.refreshed(id, now);
        match purpose {
            Purpose::Refresh => {}
            Purpose::Hold => {
                self.media.send(Command::Sending { call: id, on: false });
                self.after(now, HOLD_FOR, Timer::Reinvite { call: id, purpose: Purpose::Resume });
            }
            Purpose::Resume => self.media.send(Command::Sending { call: id, on: true }),
        }
    }

    // A repeated 2xx to a re-INVITE whose ACK was lost.
    fn acknowledge_again(&self, code: u16, message: &Message) {
        let of_invite = message.cseq().is_some_and(|(_, method)| method == "INVITE");
        let Some(our_tag) =
            crate::text::param(message.header("From"), "tag").filter(|_| of_invite && code < 300)
        else {
            return;
        };
        let key = super::dialog_key(message.header("Call-ID"), our_tag);
        if let Some(call) = self.by_dialog.get(&key).and_then(|id| self.calls.get(id))
            && !call.reinvite_ack.is_empty()
        {
            call.link.send(&call.reinvite_ack);
        }
    }

    fn prepare(&mut self, id: u64, method: &str, branch: &str) -> Option<(Link, Message)> {
        let call = self.calls.get_mut(&id)?;
        let request = call.request(method, branch);
        let target = literal_address(call.next_hop()).filter(|a| may_reach(a.ip(), self.loopback_only));
        let link = target.map_or_else(|| call.link.clone(), |address| call.link.towards(address));
        Some((link, request))
    }
}

/// A new branch with the cookie of RFC 3261.
pub(super) fn new_branch() -> String {
    format!("z9hG4bK{}", digest::token(8))
}

// The ACK keeps the request's URI, Route, CSeq number and, for a refusal, its branch.
fn acknowledgement(invite: &[u8], response: &Message, code: u16) -> Vec<u8> {
    let Some(mut ack) = Message::parse(invite) else { return Vec::new() };
    if let crate::text::Start::Request(method, _) = &mut ack.start {
        *method = "ACK".to_owned();
    }
    ack.headers.retain(|(name, _)| {
        matches!(name.as_str(), "Via" | "Max-Forwards" | "Route" | "From" | "To" | "Call-ID" | "CSeq")
    });
    for (name, value) in &mut ack.headers {
        match name.as_str() {
            "CSeq" => *value = value.replace("INVITE", "ACK"),
            "To" => *value = response.header("To").to_owned(),
            "Via" if code < 300 => {
                let head = value.split(";branch=").next().unwrap_or_default();
                *value = format!("{head};branch={};rport", new_branch());
            }
            _ => {}
        }
    }
    ack.body = String::new();
    ack.to_bytes()
}

const GLARE_WAIT: Duration = Duration::from_millis(1_000);
const HOLD_FOR: Duration = Duration::from_secs(2);
