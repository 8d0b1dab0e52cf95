//! Two scripted carriers with the callees behind them: what really rings, and how people react.
//!
//! They keep to RFC 3261 as far as a callee's side needs it: 2xx and BYE are repeated until they are
//! acknowledged, failures until the ACK, and requests that come twice are answered twice.

use crate::env::{Env, Event};
use crate::sip_text::{Text, finish};
use std::collections::BTreeMap;
use vocab::PhoneNumber;

/// How a callee takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Answers, speaks for so long, hangs up.
    Answer { after_ms: u64, talk_ms: u64 },
    /// Answers and presses the key.
    OptOut { after_ms: u64, key_ms: u64 },
    /// Refuses with a status after ringing for a while; 0: at once.
    Refuse { status: u16, after_ms: u64 },
    /// Rings and rings.
    RingOut,
    /// The carrier refuses before anybody is called.
    Reject { status: u16 },
    /// The carrier never says a word, and calls nobody.
    Silent,
    /// Two phones ring; one answers, at times both.
    Forked { after_ms: u64, talk_ms: u64, both: bool },
    /// Answers in the very moment in which we give up.
    CrossCancel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ringing,
    Answered,
    Failing,
    Over,
}

#[derive(Debug)]
struct Leg {
    script: Script,
    state: State,
    invite: Text,
    tag: String,
    final_reply: Vec<u8>,
    acked: bool,
    resend_ms: u64,
    resend_until: u64,
    bye: Option<Vec<u8>>,
    seq: u32,
}

/// A carrier.
#[derive(Debug, Default)]
struct Carrier {
    down: bool,
    legs: BTreeMap<String, Leg>,
}

/// Both carriers.
#[derive(Debug, Default)]
pub struct Carriers {
    both: [Carrier; TRUNKS],
    script: u64,
}

/// Trunks of the site.
pub const TRUNKS: usize = 2;

impl Carriers {
    /// Legs that are not over.
    pub fn live(&self) -> usize {
        let legs = self.both.iter().flat_map(|carrier| carrier.legs.values());
        legs.filter(|leg| leg.state != State::Over).count()
    }

    /// The carrier's process dies; its calls die with it.
    pub fn fail(&mut self, env: &mut Env, trunk: usize) {
        let wait = env.between(5_000, 180_000);
        let carrier = &mut self.both[trunk];
        carrier.down = true;
        for (call_id, leg) in std::mem::take(&mut carrier.legs) {
            if leg.state != State::Over {
                env.truth.leg_over(&call_id);
            }
        }
        env.note(|| format!("carrier {trunk} dies for {wait} ms"));
        env.after(wait, Event::CarrierUp(trunk));
    }

    /// The carrier is back.
    pub fn back(&mut self, trunk: usize) {
        self.both[trunk].down = false;
    }

    /// A datagram came.
    pub fn receive(&mut self, env: &mut Env, trunk: usize, bytes: &[u8]) -> Result<(), String> {
        if self.both[trunk].down {
            return Ok(());
        }
        let Some(text) = Text::read(bytes) else { return Err("the box sent what is no SIP".to_owned()) };
        env.note(|| format!("carrier {trunk} <- {} {}", text.first, text.header("cseq")));
        match text.method() {
            "INVITE" if !text.is_in_dialog() => return self.invite(env, trunk, text),
            "ACK" => self.ack(env, trunk, &text),
            "BYE" => self.bye(env, trunk, &text),
            "CANCEL" => self.cancel(env, trunk, &text),
            "" => self.response(trunk, &text),
            _ => send(env, trunk, text.answer(200, "any", "")),
        }
        Ok(())
    }

    fn invite(&mut self, env: &mut Env, trunk: usize, text: Text) -> Result<(), String> {
        let call_id = text.call_id().to_owned();
        if let Some(leg) = self.both[trunk].legs.get(&call_id) {
            if leg.script != Script::Silent {
                let again = if leg.final_reply.is_empty() {
                    text.answer(100, "", "")
                } else {
                    leg.final_reply.clone()
                };
                send(env, trunk, again);
            }
            return Ok(());
        }
        let script = self.choose(env);
        let number = text.user().to_owned();
        let tag = format!("t{}", env.between(1, u64::MAX / 2));
        let mut leg = Leg {
            script,
            state: State::Ringing,
            tag,
            final_reply: Vec::new(),
            acked: false,
            resend_ms: 0,
            resend_until: 0,
            bye: None,
            seq: 100,
            invite: text,
        };
        env.note(|| format!("carrier {trunk} takes {call_id} as {script:?}"));
        match script {
            Script::Silent => leg.state = State::Over,
            Script::Reject { status } => {
                send(env, trunk, leg.invite.answer(100, "", ""));
                fail(env, trunk, &call_id, &mut leg, status);
            }
            _ => {
                send(env, trunk, leg.invite.answer(100, "", ""));
                let number = PhoneNumber::parse(&number).map_err(|error| format!("dialled {error}"))?;
                env.truth.reached(env.now, &call_id, &number)?;
                let ring = env.between(50, 1_500);
                env.after(ring, Event::CarrierTimer(trunk, call_id.clone(), RING));
                let step = match script {
                    Script::Answer { after_ms, .. }
                    | Script::OptOut { after_ms, .. }
                    | Script::Forked { after_ms, .. }
                    | Script::Refuse { after_ms, .. } => after_ms + ring,
                    Script::RingOut | Script::CrossCancel => RING_OUT_MS,
                    Script::Reject { .. } | Script::Silent => 0,
                };
                env.after(step, Event::CarrierTimer(trunk, call_id.clone(), DECIDE));
            }
        }
        self.both[trunk].legs.insert(call_id, leg);
        Ok(())
    }

    fn choose(&mut self, env: &mut Env) -> Script {
        self.script += 1;
        let after_ms = env.between(300, 20_000);
        let talk_ms = env.between(200, 40_000);
        match env.between(0, 19) {
            0..=4 => Script::Answer { after_ms, talk_ms },
            5 | 6 => Script::OptOut { after_ms, key_ms: env.between(500, 12_000) },
            7 => Script::Refuse { status: 486, after_ms },
            8 => Script::Refuse { status: 603, after_ms },
            9 => Script::Refuse { status: 480, after_ms },
            10 => Script::Refuse { status: 404, after_ms: 20 },
            11..=13 => Script::RingOut,
            14 => Script::Reject { status: 503 },
            15 => Script::Reject { status: 500 },
            16 => Script::Silent,
            17 => Script::Forked { after_ms, talk_ms, both: env.chance(500) },
            18 => Script::CrossCancel,
            _ => Script::Answer { after_ms, talk_ms: 300 },
        }
    }

    /// A timer of a leg.
    pub fn timer(&mut self, env: &mut Env, trunk: usize, call_id: &str, what: u64) {
        let Some(leg) = self.both[trunk].legs.get_mut(call_id) else { return };
        match what {
            RING if leg.state == State::Ringing => {
                send(env, trunk, leg.invite.answer(180, &leg.tag, ""));
                if matches!(leg.script, Script::Forked { .. }) {
                    send(env, trunk, leg.invite.answer(180, "other", ""));
                }
            }
            DECIDE if leg.state == State::Ringing => decide(env, trunk, call_id, leg),
            RESEND if !leg.acked && matches!(leg.state, State::Answered | State::Failing) => {
                resend(env, trunk, call_id, leg);
            }
            HANG_UP if leg.state == State::Answered => hang_up(env, trunk, call_id, leg),
            BYE_AGAIN => bye_again(env, trunk, call_id, leg),
            KEY if leg.state == State::Answered => press(env, trunk, call_id, leg),
            _ => {}
        }
    }

    fn ack(&mut self, env: &mut Env, trunk: usize, text: &Text) {
        let Some(leg) = self.both[trunk].legs.get_mut(text.call_id()) else { return };
        if !text.header("to").contains(&leg.tag) {
            return;
        }
        leg.acked = true;
        if leg.state == State::Failing {
            leg.state = State::Over;
            env.truth.leg_over(text.call_id());
        }
    }

    fn bye(&mut self, env: &mut Env, trunk: usize, text: &Text) {
        let Some(leg) = self.both[trunk].legs.get_mut(text.call_id()) else {
            return send(env, trunk, text.answer(481, "none", ""));
        };
        send(env, trunk, text.answer(200, &leg.tag, ""));
        if leg.state != State::Over && text.header("to").contains(&leg.tag) {
            leg.state = State::Over;
            env.truth.leg_over(text.call_id());
        }
    }

    fn cancel(&mut self, env: &mut Env, trunk: usize, text: &Text) {
        let Some(leg) = self.both[trunk].legs.get_mut(text.call_id()) else {
            return send(env, trunk, text.answer(481, "none", ""));
        };
        let tag = leg.tag.clone();
        if leg.state == State::Ringing {
            if leg.script == Script::CrossCancel {
                answer(env, trunk, text.call_id(), leg, 5_000);
            } else {
                fail(env, trunk, text.call_id(), leg, 487);
            }
        }
        send(env, trunk, text.answer(200, &tag, ""));
    }

    fn response(&mut self, trunk: usize, text: &Text) {
        let (_, method) = text.cseq();
        if method == "BYE"
            && text.status() >= 200
            && let Some(leg) = self.both[trunk].legs.get_mut(text.call_id())
        {
            leg.bye = None;
        }
    }
}

fn decide(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg) {
    match leg.script {
        Script::Answer { talk_ms, .. } => answer(env, trunk, call_id, leg, talk_ms),
        Script::OptOut { key_ms, .. } => {
            answer(env, trunk, call_id, leg, 60_000);
            env.after(key_ms, Event::CarrierTimer(trunk, call_id.to_owned(), KEY));
        }
        Script::Forked { talk_ms, both, .. } => {
            if both {
                send(env, trunk, leg.invite.answer(200, "other", SDP));
            }
            answer(env, trunk, call_id, leg, talk_ms);
        }
        Script::Refuse { status, .. } => fail(env, trunk, call_id, leg, status),
        Script::RingOut | Script::CrossCancel => fail(env, trunk, call_id, leg, 480),
        Script::Reject { .. } | Script::Silent => {}
    }
}

fn answer(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg, talk_ms: u64) {
    leg.state = State::Answered;
    env.truth.answered(call_id);
    final_reply(env, trunk, call_id, leg, 200, SDP);
    env.after(talk_ms, Event::CarrierTimer(trunk, call_id.to_owned(), HANG_UP));
}

fn fail(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg, status: u16) {
    leg.state = State::Failing;
    // The phone is silent from here on, whether or not the box acknowledges.
    env.truth.leg_over(call_id);
    final_reply(env, trunk, call_id, leg, status, "");
}

fn final_reply(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg, status: u16, body: &str) {
    leg.final_reply = leg.invite.answer(status, &leg.tag, body);
    leg.resend_ms = 500;
    leg.resend_until = env.now + 32_000;
    send(env, trunk, leg.final_reply.clone());
    env.after(500, Event::CarrierTimer(trunk, call_id.to_owned(), RESEND));
}

fn resend(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg) {
    if env.now >= leg.resend_until {
        // Nobody acknowledges: a failure is forgotten, an answer is ended (RFC 3261 13.3.1.4).
        if leg.state == State::Failing {
            leg.state = State::Over;
            return env.truth.leg_over(call_id);
        }
        return hang_up(env, trunk, call_id, leg);
    }
    leg.resend_ms = (leg.resend_ms * 2).min(4_000);
    send(env, trunk, leg.final_reply.clone());
    env.after(leg.resend_ms, Event::CarrierTimer(trunk, call_id.to_owned(), RESEND));
}

fn hang_up(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg) {
    leg.state = State::Over;
    env.truth.leg_over(call_id);
    leg.bye = Some(request(leg, "BYE", ""));
    leg.resend_ms = 500;
    leg.resend_until = env.now + 32_000;
    bye_again(env, trunk, call_id, leg);
}

fn bye_again(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg) {
    let Some(bye) = leg.bye.clone().filter(|_| env.now < leg.resend_until) else { return };
    send(env, trunk, bye);
    env.after(leg.resend_ms, Event::CarrierTimer(trunk, call_id.to_owned(), BYE_AGAIN));
    leg.resend_ms = (leg.resend_ms * 2).min(4_000);
}

/// The key is heard in the audio, or comes as INFO.
fn press(env: &mut Env, trunk: usize, call_id: &str, leg: &mut Leg) {
    if env.chance(500) {
        let info = request(leg, "INFO", "Signal=9\r\nDuration=160\r\n");
        send(env, trunk, info);
    } else {
        env.after(1, Event::Key(call_id.to_owned()));
    }
}

fn request(leg: &mut Leg, method: &str, body: &str) -> Vec<u8> {
    leg.seq += 1;
    let invite = &leg.invite;
    let head = format!(
        "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{}x{};rport\r\n\
         Max-Forwards: 70\r\nFrom: {};tag={}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\n",
        invite.contact(),
        leg.tag,
        leg.seq,
        invite.header("to"),
        leg.tag,
        invite.header("from"),
        invite.call_id(),
        leg.seq,
    );
    finish(head, body)
}

fn send(env: &mut Env, trunk: usize, bytes: Vec<u8>) {
    for _ in 0..copies(env) {
        let delay = env.between(3, 90);
        env.after(delay, Event::ToBox(trunk, bytes.clone()));
    }
}

/// How often a datagram arrives: lost, once, or twice.
pub fn copies(env: &mut Env) -> u32 {
    if env.chance(env.loss) { 0 } else { 1 + u32::from(!env.quiet && env.chance(10)) }
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n\
                   a=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n";
const RING: u64 = 1;
const DECIDE: u64 = 2;
const RESEND: u64 = 3;
const HANG_UP: u64 = 4;
const BYE_AGAIN: u64 = 5;
const KEY: u64 = 6;
/// A phone nobody answers stops ringing by itself.
const RING_OUT_MS: u64 = 75_000;
