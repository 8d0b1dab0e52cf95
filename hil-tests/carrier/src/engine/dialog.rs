//! What the peer asks for inside a dialog: ACK, CANCEL, BYE, PRACK, re-INVITE, UPDATE, INFO.
//!
//! Requests of our own are in `client`.

use std::time::{Duration, Instant};

use super::call::State;
use super::invite::branch_key;
use super::{Engine, Timer, dialog_key, tag};
use crate::journal::EventKind;
use crate::media::Command;
use crate::sdp;
use crate::text::{self, Message};
use crate::transport::Link;

impl Engine {
    /// The call a request inside a dialog belongs to.
    fn call_of(&self, message: &Message) -> Option<u64> {
        let our_tag = text::param(message.header("To"), "tag")?;
        self.by_dialog.get(&dialog_key(message.header("Call-ID"), our_tag)).copied()
    }

    fn reply(&self, message: &Message, link: &Link, code: u16) {
        link.send(&Message::response(message, code, &tag()).to_bytes());
    }

    pub(super) fn ack(&mut self, message: &Message, now: Instant) {
        let Some(id) = self.call_of(message) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.state {
            State::Answered => {
                call.state = State::Up;
                call.sent += 1;
                let number = call.number.clone();
                let offered_by_us = call.offer.is_none();
                let hang_up_due = call.hang_up_due;
                if offered_by_us {
                    call.offer = sdp::read(&message.body);
                    let script = call.script.clone();
                    self.begin_media(id, script.sound);
                    self.media.send(Command::Talk {
                        call: id,
                        sound: script.sound,
                        press: script.press,
                        bleed: script.bleed,
                    });
                }
                self.journal.note(EventKind::Ack, id, &number);
                if hang_up_due {
                    self.send_bye(id, now);
                }
            }
            State::Refused => {
                call.sent += 1;
                self.end(id, now);
            }
            // An ACK to a repeated 200, or to an answer to a re-INVITE.
            State::Waiting | State::Up | State::Closing | State::Ended => {}
        }
    }

    pub(super) fn cancel(&mut self, message: &Message, link: &Link, now: Instant) {
        let Some(id) = self.by_branch.get(&branch_key(message)).copied() else {
            return self.reply(message, link, 481);
        };
        let Some(call) = self.calls.get(&id) else { return };
        let (number, state) = (call.number.clone(), call.state);
        if call.script.before.is_empty() {
            // RFC 3261 section 9.1: no CANCEL before a provisional response.
            return self.violation(id, &number, "cancel_before_provisional");
        }
        let crosses = call.script.answer_crosses_cancel;
        self.journal.note(EventKind::Cancel, id, &number);
        match state {
            State::Waiting if crosses => {
                self.answer(id, now);
                self.reply(message, link, 200);
            }
            State::Waiting => {
                self.reply(message, link, 200);
                self.refuse(id, 487, now);
            }
            State::Answered | State::Up | State::Refused | State::Closing | State::Ended => {
                self.reply(message, link, 200);
            }
        }
    }

    pub(super) fn bye(&mut self, message: &Message, link: &Link, now: Instant) {
        let Some(id) = self.call_of(message) else { return self.reply(message, link, 481) };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let number = call.number.clone();
        match call.state {
            State::Up | State::Answered if call.script.glare => {
                call.crossed_bye = Some(message.clone());
                self.journal.note(EventKind::ByeReceived, id, &number);
                self.send_bye(id, now);
                self.after(now, CROSSING, Timer::CrossedBye { call: id });
            }
            State::Closing if call.crossed_bye.is_some() => {}
            State::Waiting | State::Answered | State::Up | State::Closing | State::Refused => {
                if call.state == State::Answered {
                    self.violation(id, &number, "bye_before_ack");
                }
                self.journal.note(EventKind::ByeReceived, id, &number);
                self.reply(message, link, 200);
                self.end(id, now);
            }
            State::Ended => self.reply(message, link, 200),
        }
    }

    pub(super) fn answer_crossed_bye(&mut self, id: u64, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(bye) = call.crossed_bye.take() {
            let link = call.link.clone();
            self.reply(&bye, &link, 200);
            self.end(id, now);
        }
    }

    pub(super) fn prack(&mut self, message: &Message, link: &Link, now: Instant) {
        let Some(id) = self.call_of(message) else { return self.reply(message, link, 481) };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let number = call.number.clone();
        let acknowledged: Option<u32> =
            message.header("RAck").split_whitespace().next().and_then(|n| n.parse().ok());
        if call.rseq.is_none() || acknowledged != call.rseq {
            // A repeated PRACK gets its 200 again, a wrong one the 481 of RFC 3262 section 3.
            let code = if acknowledged.is_some() && call.rseq.is_none() { 200 } else { 481 };
            return self.reply(message, link, code);
        }
        call.rseq = None;
        call.sent += 1;
        let wait = Duration::from_millis(call.script.answer_after_prack_ms);
        self.journal.note(EventKind::Prack, id, &number);
        self.reply(message, link, 200);
        self.after(now, wait, Timer::Answer { call: id });
    }

    pub(super) fn reinvite(&mut self, message: &Message, link: &Link, now: Instant) {
        let Some(id) = self.call_of(message) else { return self.reply(message, link, 481) };
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.state {
            State::Up if !call.reinviting => {}
            State::Up => return self.reply(message, link, 491),
            State::Answered | State::Waiting | State::Refused | State::Closing | State::Ended => {
                return self.reply(message, link, 481);
            }
        }
        self.renegotiate(id, message, link, now);
    }

    pub(super) fn update(&mut self, message: &Message, link: &Link, now: Instant) {
        match self.call_of(message) {
            Some(id) => self.renegotiate(id, message, link, now),
            None => self.reply(message, link, 481),
        }
    }

    pub(super) fn info(&mut self, message: &Message, link: &Link) {
        let Some(id) = self.call_of(message) else { return self.reply(message, link, 481) };
        if let Some(call) = self.calls.get(&id)
            && message.header("Content-Type").starts_with("application/dtmf")
        {
            self.journal.note_detail(EventKind::DtmfReceived, id, &call.number, "info");
        }
        self.reply(message, link, 200);
    }

    pub(super) fn session_expired(&mut self, id: u64, refreshes: u32, now: Instant) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.refreshes == refreshes && matches!(call.state, State::Up | State::Answered) {
            let number = call.number.clone();
            self.violation(id, &number, "session_not_refreshed");
            self.send_bye(id, now);
        }
    }

    /// Notes a refresh by either side and arms the next expiry.
    pub(super) fn refreshed(&mut self, id: u64, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.refreshes += 1;
        let refreshes = call.refreshes;
        if let Some(interval) = call.session_interval_s() {
            self.after(now, Duration::from_secs(interval), Timer::SessionExpiry { call: id, refreshes });
        }
    }

    fn renegotiate(&mut self, id: u64, message: &Message, link: &Link, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.journal.note(EventKind::ReinviteReceived, id, &call.number);
        let mut response = Message::response(message, 200, &call.our_tag);
        response.add("Contact", call.contact()).add("Allow", super::ALLOW);
        let interval = message.header("Session-Expires");
        if !interval.is_empty() {
            let refresher = if text::param(interval, "refresher").is_some() { "" } else { ";refresher=uac" };
            response.add("Session-Expires", format!("{interval}{refresher}")).add("Require", "timer");
        }
        let is_invite = message.cseq().is_some_and(|(_, method)| method == "INVITE");
        if let Some(local) = &mut call.local
            && (is_invite || !message.body.is_empty())
        {
            if let Some(offer) = sdp::read(&message.body) {
                let sends = matches!(offer.direction, "sendrecv" | "recvonly");
                local.direction = match offer.direction {
                    "sendonly" => "recvonly",
                    "recvonly" => "sendonly",
                    other => other,
                };
                local.version += 1;
                self.media.send(Command::Sending { call: id, on: sends });
                self.media.send(Command::Retarget { call: id, remote: offer.remote });
            }
            response.add("Content-Type", "application/sdp").body = local.write();
        }
        link.send(&response.to_bytes());
        self.refreshed(id, now);
    }
}

const CROSSING: Duration = Duration::from_millis(30);
