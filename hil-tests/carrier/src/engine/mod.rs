//! The signalling of all calls on one thread: messages in, timers, messages out.
//!
//! One loop owns every call. The behaviour of a callee is data ([`crate::behaviour::Script`]);
//! this module walks it. It sends no RTP itself; [`crate::media`] does.

mod call;
mod client;
mod dialog;
mod invite;
mod register;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use crate::behaviour::{Script, Times};
use crate::digest::Challenger;
use crate::journal::{EventKind, Journal};
use crate::media::{Media, Ports};
use crate::text::{Message, Start};
use crate::transport::{Input, Link};
use call::{Call, State};
use client::Pending;
pub(crate) use register::Phone;

/// Who the engine plays.
pub(crate) enum Role {
    /// Callees behind numbers.
    Carrier(CarrierRole),
    /// Agents' phones.
    Phones(PhonesRole),
}

/// What makes a carrier.
pub(crate) struct CarrierRole {
    pub(crate) challenger: Option<Box<Challenger>>,
    pub(crate) challenge_invites: bool,
    pub(crate) default_code: u8,
    pub(crate) only_code: Option<u8>,
    pub(crate) times: Times,
    pub(crate) allowed_callers: Vec<String>,
}

/// What makes phones.
pub(crate) struct PhonesRole {
    pub(crate) phones: Vec<Phone>,
    pub(crate) answer_ms: u64,
    pub(crate) hangup_after_ms: u64,
    pub(crate) expires_s: u32,
}

/// The engine.
pub(crate) struct Engine {
    role: Role,
    journal: Journal,
    media: Media,
    ports: Ports,
    loopback_only: bool,
    calls: HashMap<u64, Call>,
    by_branch: HashMap<String, u64>,
    by_dialog: HashMap<String, u64>,
    up_by_number: HashMap<String, u64>,
    pending: HashMap<String, Pending>,
    timers: BinaryHeap<Reverse<(Instant, u64, Timer)>>,
    next_call: u64,
    next_timer: u64,
    active: u64,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The step of the script with this index.
    Step { call: u64, index: usize },
    /// Answer now.
    Answer { call: u64 },
    /// The reliable provisional or the final response again.
    Retransmit { call: u64, sent: u32 },
    /// The callee hangs up.
    HangUp { call: u64 },
    /// A key press by INFO.
    Info { call: u64 },
    /// A re-INVITE.
    Reinvite { call: u64, purpose: client::Purpose },
    /// The delayed answer to a BYE that crossed ours.
    CrossedBye { call: u64 },
    /// The session was not refreshed in time.
    SessionExpiry { call: u64, refreshes: u32 },
    /// A call that is over leaves the tables.
    Forget { call: u64 },
    /// A request of ours again.
    Request { branch: String, sent: u32 },
    /// A phone registers.
    Register { phone: usize, turn: u32 },
}

impl Engine {
    /// An engine without calls.
    pub(crate) fn new(role: Role, journal: Journal, media: Media, ports: Ports, loopback_only: bool) -> Self {
        Self {
            role,
            journal,
            media,
            ports,
            loopback_only,
            calls: HashMap::new(),
            by_branch: HashMap::new(),
            by_dialog: HashMap::new(),
            up_by_number: HashMap::new(),
            pending: HashMap::new(),
            timers: BinaryHeap::new(),
            next_call: 0,
            next_timer: 0,
            active: 0,
        }
    }

    /// Runs until told to stop.
    pub(crate) async fn run(mut self, mut inbox: Receiver<Input>, mut stop: oneshot::Receiver<()>) {
        self.begin_registering(Instant::now());
        loop {
            let wake = self.timers.peek().map_or_else(|| Instant::now() + IDLE, |Reverse((at, _, _))| *at);
            tokio::select! {
                biased;
                _ = &mut stop => break,
                input = inbox.recv() => {
                    let Some(input) = input else { break };
                    let now = Instant::now();
                    self.input(input, now);
                    for _ in 0..BATCH_LIMIT {
                        let Ok(input) = inbox.try_recv() else { break };
                        self.input(input, now);
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.expire(Instant::now());
        }
        // What the peer sent before it was told of the stop still counts.
        let last = async {
            while let Some(input) = inbox.recv().await {
                self.input(input, Instant::now());
            }
        };
        let _ = tokio::time::timeout(GRACE, last).await;
        self.finish();
    }

    fn finish(self) {
        for call in self.calls.values() {
            let rule = match call.state {
                State::Waiting => "unfinished_at_exit",
                State::Refused => "ack_missing_at_exit",
                State::Answered | State::Up => "bye_missing_at_exit",
                State::Closing => "bye_unanswered_at_exit",
                State::Ended => continue,
            };
            self.violation(call.id, &call.number, rule);
        }
        self.media.stop();
    }

    fn input(&mut self, input: Input, now: Instant) {
        if input.bytes.is_empty() {
            return self.reconnected(input.owner, input.link, now);
        }
        let Some(message) = Message::parse(&input.bytes) else { return };
        match message.start.clone() {
            Start::Response(code, _) => self.response(code, &message, now),
            Start::Request(method, uri) => self.request(&method, &uri, message, input.link, input.owner, now),
        }
    }

    fn request(&mut self, method: &str, uri: &str, message: Message, link: Link, owner: usize, now: Instant) {
        let in_dialog = crate::text::param(message.header("To"), "tag").is_some();
        match method {
            "INVITE" if in_dialog => self.reinvite(&message, &link, now),
            "INVITE" => self.invite(uri, message, link, owner, now),
            "ACK" => self.ack(&message, now),
            "CANCEL" => self.cancel(&message, &link, now),
            "BYE" => self.bye(&message, &link, now),
            "PRACK" => self.prack(&message, &link, now),
            "UPDATE" => self.update(&message, &link, now),
            "INFO" | "NOTIFY" if in_dialog => self.info(&message, &link),
            "OPTIONS" | "NOTIFY" => {
                let mut response = Message::response(&message, 200, &tag());
                response
                    .add("Allow", ALLOW)
                    .add("Accept", "application/sdp")
                    .add("Supported", "100rel, timer");
                link.send(&response.to_bytes());
            }
            "REGISTER" => self.registration(&message, &link),
            _ => {
                let mut response = Message::response(&message, 405, &tag());
                response.add("Allow", ALLOW);
                link.send(&response.to_bytes());
            }
        }
    }

    fn registration(&mut self, message: &Message, link: &Link) {
        let Role::Carrier(carrier) = &self.role else {
            return link.send(&Message::response(message, 405, &tag()).to_bytes());
        };
        let user = crate::text::user_of(crate::text::uri_of(message.header("To"))).to_owned();
        if let Some(challenge) = carrier.challenge(message, "REGISTER", "Authorization") {
            let mut response = Message::response(message, 401, &tag());
            response.add("WWW-Authenticate", challenge);
            self.journal.note_code(EventKind::Challenged, 0, &user, 401);
            return link.send(&response.to_bytes());
        }
        let mut response = Message::response(message, 200, &tag());
        let expires = match message.header("Expires") {
            "" => crate::text::param(message.header("Contact"), "expires").unwrap_or("3600"),
            value => value,
        };
        if expires != "0" && !message.header("Contact").is_empty() {
            let uri = crate::text::uri_of(message.header("Contact"));
            response.add("Contact", format!("<{uri}>;expires={expires}"));
        }
        self.journal.note(EventKind::Registered, 0, &user);
        link.send(&response.to_bytes());
    }

    fn expire(&mut self, now: Instant) {
        while self.timers.peek().is_some_and(|Reverse((at, _, _))| *at <= now) {
            let Some(Reverse((_, _, timer))) = self.timers.pop() else { return };
            match timer {
                Timer::Step { call, index } => self.step(call, index, now),
                Timer::Answer { call } => self.answer(call, now),
                Timer::Retransmit { call, sent } => self.retransmit(call, sent, now),
                Timer::HangUp { call } => self.hang_up(call, now),
                Timer::Info { call } => self.press_by_info(call, now),
                Timer::Reinvite { call, purpose } => self.send_reinvite(call, purpose, now),
                Timer::CrossedBye { call } => self.answer_crossed_bye(call, now),
                Timer::SessionExpiry { call, refreshes } => self.session_expired(call, refreshes, now),
                Timer::Forget { call } => self.forget(call),
                Timer::Request { branch, sent } => self.request_again(&branch, sent, now),
                Timer::Register { phone, turn } => self.registration_due(phone, turn, now),
            }
        }
    }

    fn after(&mut self, now: Instant, wait: Duration, timer: Timer) {
        self.next_timer += 1;
        self.timers.push(Reverse((now + wait, self.next_timer, timer)));
    }

    fn violation(&self, call: u64, number: &str, rule: &str) {
        self.journal.note_detail(EventKind::Violation, call, number, rule);
    }

    fn set_active(&mut self, change: i64) {
        self.active = self.active.saturating_add_signed(change);
        self.journal.set_active(self.active);
    }

    /// The end of a dialog: audio stops, counters fall, the entry lingers for late messages.
    fn end(&mut self, id: u64, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !call.is_active() {
            return;
        }
        call.state = State::Ended;
        if call.has_media {
            self.media.send(crate::media::Command::End { call: id });
        } else if let Some(socket) = call.socket.take() {
            self.ports.give_back(socket);
        }
        if call.sibling_of.is_none()
            && let Some(up) = self.up_by_number.get_mut(&call.number)
        {
            *up = up.saturating_sub(1);
            if *up == 0 {
                self.up_by_number.remove(&call.number);
            }
        }
        self.journal.note(EventKind::Ended, id, &call.number);
        self.set_active(-1);
        self.after(now, LINGER, Timer::Forget { call: id });
    }

    fn forget(&mut self, id: u64) {
        if let Some(call) = self.calls.remove(&id) {
            self.by_dialog.remove(&call.dialog);
            if call.sibling_of.is_none() {
                self.by_branch.remove(&call.branch);
            }
        }
    }

    fn script_of(&self, number: &str) -> Script {
        match &self.role {
            Role::Carrier(carrier) => {
                let code = carrier.only_code.or_else(|| crate::behaviour::code_of(number));
                crate::behaviour::script(code.unwrap_or(carrier.default_code), carrier.times)
            }
            Role::Phones(phones) => phones.script(number),
        }
    }
}

impl CarrierRole {
    /// The challenge a request must answer first, if it must.
    fn challenge(&self, message: &Message, method: &str, header: &'static str) -> Option<String> {
        let challenger = self.challenger.as_ref()?;
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let verdicts: Vec<_> = message.all(header).map(|h| challenger.check(h, method, now_s)).collect();
        if verdicts.contains(&crate::digest::Verdict::Accepted) {
            return None;
        }
        let stale = verdicts.contains(&crate::digest::Verdict::Stale);
        Some(challenger.challenge(now_s, stale))
    }
}

/// A new tag.
fn tag() -> String {
    crate::digest::token(6)
}

/// The key of a dialog: their Call-ID and our tag.
fn dialog_key(call_id: &str, our_tag: &str) -> String {
    format!("{call_id}\n{our_tag}")
}

/// The address a URI names literally, for datagrams.
fn literal_address(uri: &str) -> Option<SocketAddr> {
    let host_port = crate::text::host_port_of(uri);
    host_port.parse().ok().or_else(|| Some(SocketAddr::new(host_port.parse().ok()?, 5060)))
}

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, OPTIONS, REGISTER, NOTIFY";
/// RFC 3261 table 4.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// 64 x T1.
const GIVE_UP: Duration = Duration::from_secs(32);
const LINGER: Duration = Duration::from_secs(5);
const GRACE: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_secs(60);
const BATCH_LIMIT: usize = 256;
const CALL_LIMIT: usize = 50_000;
