//! A new call: checks, the script's steps before the answer, the answer itself.
//!
//! What happens inside the dialog afterwards is in `dialog`.

use std::time::{Duration, Instant};

use super::call::{Call, State};
use super::{CALL_LIMIT, Engine, GIVE_UP, Role, T1, T2, Timer, client, dialog_key, tag};
use crate::behaviour::{During, Press, Script, Sound, Step, national};
use crate::journal::EventKind;
use crate::media::{Begin, Command};
use crate::sdp::{self, Local};
use crate::text::{self, Message};
use crate::transport::Link;

impl Engine {
    pub(super) fn invite(&mut self, uri: &str, message: Message, link: Link, owner: usize, now: Instant) {
        let branch = branch_key(&message);
        if let Some(call) = self.by_branch.get(&branch).and_then(|id| self.calls.get(id)) {
            if !call.last.is_empty() {
                call.link.send(&call.last);
            }
            return;
        }
        let number = self.callee(uri, owner);
        if let Role::Carrier(carrier) = &self.role
            && carrier.challenge_invites
            && let Some(challenge) = carrier.challenge(&message, "INVITE", "Proxy-Authorization")
        {
            // The tag depends on the branch alone, so that a repeated INVITE gets the same answer.
            let mut response = Message::response(&message, 407, &format!("c-{}", message.branch()));
            response.add("Proxy-Authenticate", challenge);
            self.journal.note_code(EventKind::Challenged, 0, &number, 407);
            return link.send(&response.to_bytes());
        }
        if self.calls.len() >= CALL_LIMIT {
            return link.send(&Message::response(&message, 503, &tag()).to_bytes());
        }
        let script = self.script_of(&number);
        let id = self.open(number, script, message, link, branch.clone(), now);
        self.by_branch.insert(branch, id);
        self.check_caller(id);
        if self.refuse_interval(id, now) {
            return;
        }
        let steps = self.calls.get(&id).map(|c| c.script.before.clone()).unwrap_or_default();
        for (index, (at_ms, _)) in steps.into_iter().enumerate() {
            match at_ms {
                0 => self.step(id, index, now),
                _ => self.after(now, Duration::from_millis(at_ms), Timer::Step { call: id, index }),
            }
        }
    }

    fn callee(&self, uri: &str, owner: usize) -> String {
        match &self.role {
            Role::Carrier(_) => text::user_of(uri).to_owned(),
            Role::Phones(phones) => {
                phones.phones.get(owner).map(|p| p.account.user.clone()).unwrap_or_default()
            }
        }
    }

    fn open(
        &mut self,
        number: String,
        script: Script,
        invite: Message,
        link: Link,
        branch: String,
        now: Instant,
    ) -> u64 {
        let id = self.add(number, script, invite, link, branch, None);
        let Some(call) = self.calls.get(&id) else { return id };
        let number = call.number.clone();
        self.journal.note(EventKind::Invite, id, &number);
        let up = self.up_by_number.entry(number.clone()).or_default();
        *up += 1;
        if *up > 1 && matches!(self.role, Role::Carrier(_)) {
            self.violation(id, &number, "second_invite_while_up");
        }
        // A call without any answer goes away when the peer's timer B must have fired.
        if call_is_mute(&self.calls, id) {
            self.after(now, GIVE_UP, Timer::Retransmit { call: id, sent: 0 });
        }
        id
    }

    fn add(
        &mut self,
        number: String,
        script: Script,
        invite: Message,
        link: Link,
        branch: String,
        sibling_of: Option<u64>,
    ) -> u64 {
        self.next_call += 1;
        let (id, our_tag) = (self.next_call, tag());
        let dialog = dialog_key(invite.header("Call-ID"), &our_tag);
        self.by_dialog.insert(dialog.clone(), id);
        let offer = sdp::read(&invite.body);
        let call = Call {
            id,
            number,
            script,
            state: State::Waiting,
            link,
            invite,
            branch,
            dialog,
            our_tag,
            sibling_of,
            fork: None,
            socket: None,
            local: None,
            offer,
            has_media: false,
            last: Vec::new(),
            reinvite_ack: Vec::new(),
            last_sent: None,
            first_sent: None,
            sent: 0,
            rseq: None,
            our_cseq: 0,
            reinviting: false,
            hang_up_due: false,
            crossed_bye: None,
            refreshes: 0,
        };
        self.calls.insert(id, call);
        self.set_active(1);
        id
    }

    fn check_caller(&mut self, id: u64) {
        let Role::Carrier(carrier) = &self.role else { return };
        let Some(call) = self.calls.get(&id) else { return };
        if carrier.allowed_callers.is_empty() {
            return;
        }
        let identities =
            call.invite.all("From").chain(call.invite.all("P-Asserted-Identity").flat_map(text::split_list));
        let foreign = identities
            .map(|value| national(text::user_of(text::uri_of(value))))
            .any(|user| !carrier.allowed_callers.iter().any(|allowed| national(allowed) == user));
        if foreign {
            self.violation(id, &call.number, "caller_not_allowed");
        }
    }

    // RFC 4028 section 9: 422 with a Min-SE above what was asked, once per number.
    fn refuse_interval(&mut self, id: u64, now: Instant) -> bool {
        let Some(call) = self.calls.get(&id).filter(|c| c.script.interval_too_small_first) else {
            return false;
        };
        match call.session_interval_s() {
            Some(interval) if interval < INTERVAL_FLOOR_S => {
                self.refuse(id, 422, now);
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn step(&mut self, id: u64, index: usize, now: Instant) {
        let Some(call) = self.calls.get(&id).filter(|c| c.state == State::Waiting) else { return };
        let Some((_, step)) = call.script.before.get(index).copied() else { return };
        match step {
            Step::Trying => self.provisional(id, 100, None),
            Step::Ringing => self.provisional(id, 180, None),
            Step::RingingForked => self.ring_forked(id),
            Step::EarlyMedia => self.early_media(id, now, false),
            Step::ReliableProgress => self.early_media(id, now, true),
            Step::Answer => self.answer(id, now),
            Step::AnswerForked => {
                let fork = self.calls.get(&id).and_then(|c| c.fork);
                self.answer(id, now);
                if let Some(fork) = fork {
                    self.after(now, FORK_GAP, Timer::Answer { call: fork });
                }
            }
            Step::AnswerBroken => self.answer_broken(id, now),
            Step::Refuse(code) => self.refuse(id, code, now),
            Step::RefuseBroken => self.refuse_broken(id),
        }
    }

    fn provisional(&mut self, id: u64, code: u16, body: Option<(String, Option<u32>)>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut response = Message::response(&call.invite, code, &call.our_tag);
        if code > 100 {
            response.add("Contact", call.contact()).add("Allow", super::ALLOW);
        }
        if let Some((sdp, rseq)) = body {
            if let Some(rseq) = rseq {
                response.add("Require", "100rel").add("RSeq", rseq.to_string());
            }
            response.add("Content-Type", "application/sdp").body = sdp;
        }
        call.last = response.to_bytes();
        call.link.send(&call.last);
        let kind = if code == 180 { EventKind::Ringing } else { EventKind::Progress };
        self.journal.note_code(kind, id, &call.number, code);
    }

    fn ring_forked(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let (number, script, invite) = (call.number.clone(), call.script.clone(), call.invite.clone());
        let (link, branch) = (call.link.clone(), call.branch.clone());
        let other = self.add(number, script, invite, link, branch, Some(id));
        if let Some(call) = self.calls.get_mut(&id) {
            call.fork = Some(other);
        }
        self.provisional(id, 180, None);
        self.provisional(other, 180, None);
    }

    fn early_media(&mut self, id: u64, now: Instant, reliable: bool) {
        let Some(call) = self.calls.get(&id) else { return };
        let able = call.invite.lists("Supported", "100rel") || call.invite.lists("Require", "100rel");
        let Some(sdp) = self.describe(id, Sound::Ringback) else { return self.refuse(id, 488, now) };
        if reliable && able {
            self.provisional(id, 183, Some((sdp, Some(FIRST_RSEQ))));
            let Some(call) = self.calls.get_mut(&id) else { return };
            call.rseq = Some(FIRST_RSEQ);
            self.arm_retransmission(id, now);
        } else {
            self.provisional(id, 183, Some((sdp, None)));
            if reliable {
                let wait = self.calls.get(&id).map_or(0, |c| c.script.answer_after_prack_ms);
                self.after(now, Duration::from_millis(wait), Timer::Answer { call: id });
            }
        }
    }

    /// Our SDP for this call, with the media begun when there was an offer.
    fn describe(&mut self, id: u64, sound: Sound) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        if let Some(local) = &call.local {
            return Some(local.write());
        }
        if call.offer.is_none() && !call.invite.body.trim().is_empty() {
            return None;
        }
        let socket = self.ports.take()?;
        let local = match &call.offer {
            Some(offer) => Local::answering(offer, socket.address, id),
            None => Local::offering(socket.address, id),
        };
        let text = local.write();
        call.local = Some(local);
        call.socket = Some(socket);
        self.begin_media(id, sound);
        Some(text)
    }

    pub(super) fn begin_media(&mut self, id: u64, sound: Sound) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (Some(remote), Some(local)) = (call.offer.clone(), call.local.clone()) else { return };
        let Some(socket) = call.socket.take() else { return };
        call.has_media = true;
        let number = call.number.clone();
        self.media.send(Command::Begin(Box::new(Begin { call: id, number, socket, local, remote, sound })));
    }

    pub(super) fn answer(&mut self, id: u64, now: Instant) {
        if self.calls.get(&id).is_none_or(|c| c.state != State::Waiting) {
            return;
        }
        let Some(sdp) = self.describe(id, Sound::Nothing) else { return self.refuse(id, 488, now) };
        self.accept(id, sdp, now);
        self.begin_talk(id, now);
    }

    fn answer_broken(&mut self, id: u64, now: Instant) {
        self.accept(id, sdp::broken(), now);
    }

    fn accept(&mut self, id: u64, sdp: String, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut response = Message::response(&call.invite, 200, &call.our_tag);
        response.add("Contact", call.contact()).add("Allow", super::ALLOW).add("Supported", "100rel, timer");
        if let Some(interval) = call.session_interval_s() {
            let ours = call.script.during == During::Refresh;
            let asked = text::param(call.invite.header("Session-Expires"), "refresher");
            let refresher = asked.unwrap_or(if ours { "uas" } else { "uac" });
            response
                .add("Session-Expires", format!("{interval};refresher={refresher}"))
                .add("Require", "timer");
        }
        response.add("Content-Type", "application/sdp").body = sdp;
        call.last = response.to_bytes();
        call.link.send(&call.last);
        call.state = State::Answered;
        call.rseq = None;
        let interval = call.session_interval_s();
        self.journal.note(EventKind::Answered, id, &call.number);
        self.arm_retransmission(id, now);
        if let Some(interval) = interval {
            self.after(now, Duration::from_secs(interval), Timer::SessionExpiry { call: id, refreshes: 0 });
        }
    }

    fn begin_talk(&mut self, id: u64, now: Instant) {
        let Some(call) = self.calls.get(&id) else { return };
        let script = call.script.clone();
        if call.has_media {
            let talk =
                Command::Talk { call: id, sound: script.sound, press: script.press, bleed: script.bleed };
            self.media.send(talk);
        }
        if let Some(Press::Info { at_ms }) = script.press {
            self.after(now, Duration::from_millis(at_ms), Timer::Info { call: id });
        }
        if let Some(after_ms) = script.hang_up_after_ms {
            self.after(now, Duration::from_millis(after_ms), Timer::HangUp { call: id });
        }
        let purpose = match script.during {
            During::Listen => return,
            During::Refresh => (client::Purpose::Refresh, REFRESH_AFTER),
            During::Hold => (client::Purpose::Hold, HOLD_AFTER),
        };
        self.after(now, purpose.1, Timer::Reinvite { call: id, purpose: purpose.0 });
    }

    pub(super) fn refuse(&mut self, id: u64, code: u16, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut response = Message::response(&call.invite, code, &call.our_tag);
        match code {
            302 => {
                let digits = call.number.len().saturating_sub(2);
                let other = call.number.get(..digits).unwrap_or_default();
                response.add("Contact", format!("<sip:{other}00@{}>", call.link.local));
            }
            422 => {
                response.add("Min-SE", INTERVAL_FLOOR_S.to_string());
            }
            503 => {
                response.add("Retry-After", "2");
            }
            _ => {}
        }
        call.last = response.to_bytes();
        call.link.send(&call.last);
        call.state = State::Refused;
        call.rseq = None;
        let fork = call.fork;
        self.journal.note_code(EventKind::Refused, id, &call.number, code);
        self.arm_retransmission(id, now);
        if let Some(fork) = fork {
            self.end(fork, now);
        }
    }

    // The final response nobody can match: the call waits for a CANCEL.
    fn refuse_broken(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let via = call.invite.header("Via");
        let text = format!(
            "SIP/2.0 486 Busy Here\r\nVia: {via}\r\nFrom <sip:broken\r\nTo: \"unclosed <sip:@>;tag=\r\n\
             CSeq: banana\r\nCall-ID\r\nContent-Length: -5\r\n\r\n"
        );
        call.link.send(text.as_bytes());
    }

    fn arm_retransmission(&mut self, id: u64, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.sent += 1;
        call.first_sent = Some(now);
        call.last_sent = Some(now);
        let sent = call.sent;
        self.after(now, T1, Timer::Retransmit { call: id, sent });
    }

    pub(super) fn retransmit(&mut self, id: u64, sent: u32, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if sent != call.sent {
            return;
        }
        let waiting_for_prack = call.state == State::Waiting && call.rseq.is_some();
        let refused = call.state == State::Refused;
        let (Some(first), Some(last)) = (call.first_sent, call.last_sent) else {
            // Never answered at all: the peer must have given up by now.
            return self.end(id, now);
        };
        if !waiting_for_prack && !refused && call.state != State::Answered {
            return;
        }
        if now - first >= GIVE_UP {
            return self.acknowledgement_missing(id, waiting_for_prack, now);
        }
        // A 2xx and a reliable 1xx are repeated on every transport, other finals on UDP alone.
        if !refused || call.link.is_unreliable() {
            call.link.send(&call.last);
        }
        call.last_sent = Some(now);
        let next = ((now - last) * 2).clamp(T1, if waiting_for_prack { GIVE_UP } else { T2 });
        self.after(now, next, Timer::Retransmit { call: id, sent });
    }

    fn acknowledgement_missing(&mut self, id: u64, waiting_for_prack: bool, now: Instant) {
        let Some(call) = self.calls.get(&id) else { return };
        let (number, state) = (call.number.clone(), call.state);
        if waiting_for_prack {
            self.violation(id, &number, "prack_missing");
            return self.refuse(id, 504, now);
        }
        self.violation(id, &number, "ack_missing");
        match state {
            // RFC 3261 section 13.3.1.4.
            State::Answered => self.send_bye(id, now),
            State::Waiting | State::Up | State::Refused | State::Closing | State::Ended => self.end(id, now),
        }
    }
}

fn call_is_mute(calls: &std::collections::HashMap<u64, Call>, id: u64) -> bool {
    calls.get(&id).is_some_and(|c| c.script.before.is_empty())
}

/// The key of an INVITE transaction, as its CANCEL repeats it.
pub(super) fn branch_key(message: &Message) -> String {
    let number = message.cseq().map_or(0, |(number, _)| number);
    format!("{}\n{}\n{number}", message.header("Call-ID"), message.branch())
}

const FIRST_RSEQ: u32 = 1_001;
const INTERVAL_FLOOR_S: u64 = 3_600;
const FORK_GAP: Duration = Duration::from_millis(30);
const REFRESH_AFTER: Duration = Duration::from_secs(2);
const HOLD_AFTER: Duration = Duration::from_secs(1);
