//! What the machine wants done, done.

use super::call::{LiveCall, Media, prompt_ms};
use super::{Core, flow_of, ua_id};
use crate::carrier::copies;
use crate::env::{Env, Event};
use crate::run::Sabotage;
use crate::sip_text::Text;
use idl::lines::{
    CallEnd, CallFact, LinedToCalld, LiveState, MediaSummary, NoRecording, PromptRole, RecordingClosed,
};
use lined::call::{Action, Failure, Input, Note, Playing, State};
use sip::{NameAddr, Uri};
use sip_ua::{CallHandle, CallSpec, EndCause, Flow, Millis};
use vocab::{CallId, FailCause, Outcome, PhoneNumber, Pii, Secret, TrunkId};

impl Core {
    /// Gives machines what waits for them, until nothing is left.
    pub(super) fn drive(&mut self, env: &mut Env) {
        while let Some((call, input)) = self.pending.pop_front() {
            let Some(live) = self.calls.get_mut(&call) else { continue };
            let mut actions = Vec::new();
            env.note(|| format!("lined: {call} {:?} takes {input:?}", live.machine.state()));
            live.machine.step(input, &mut actions);
            for action in actions {
                self.act(env, call, action);
            }
            let over = self.calls.get(&call).is_some_and(|live| live.machine.state() == State::Over);
            if over {
                self.forget(call);
            }
        }
    }

    fn forget(&mut self, call: CallId) {
        self.timers.retain(|(_, of, _)| *of != call);
        self.by_sip.retain(|_, of| *of != call);
        if let Some(live) = self.calls.remove(&call)
            && let Some(trunk) = live.trunk
        {
            self.selector.call_ended(ua_id(trunk));
        }
        self.facts.forget(call);
    }

    /// Media speaks.
    pub(super) fn play(&mut self, env: &Env) {
        for (call, live) in &mut self.calls {
            while live.media.first().is_some_and(|(at, _)| *at <= env.now) {
                let input = match live.media.remove(0).1 {
                    Media::Ready => Input::Start,
                    Media::Heard(role) => Input::PromptOver(role),
                    Media::AgentAnswered => Input::AgentAnswered,
                    Media::AgentGone => Input::AgentGone,
                    Media::Closed => Input::Closed,
                };
                self.pending.push_back((*call, input));
            }
        }
    }

    fn act(&mut self, env: &mut Env, call: CallId, action: Action) {
        match action {
            Action::Dial => self.dial(env, call),
            Action::CancelCustomer | Action::ByeCustomer => self.end_customer(env, call),
            Action::CallAgent => self.call_agent(env, call),
            Action::EndAgent => self.with(call, |live| {
                live.media.retain(|(_, what)| !matches!(what, Media::AgentAnswered | Media::AgentGone));
            }),
            Action::Play(what) => self.begin(env, call, what),
            Action::StopPlaying => {
                self.with(call, |live| live.media.retain(|(_, what)| !matches!(what, Media::Heard(_))));
            }
            Action::Bridge => {
                let talk = env.now + env.between(2_000, 40_000);
                self.with(call, |live| live.later(talk, Media::AgentGone));
            }
            Action::Unbridge => {}
            Action::CloseMedia => {
                let closed = env.now + env.between(5, 60);
                self.with(call, |live| {
                    live.media.clear();
                    live.later(closed, Media::Closed);
                });
            }
            Action::Note(note) => self.note(env, call, note),
            Action::Live(state) => self.tell_state(env, call, state),
            Action::Arm(timer) => {
                let Some(ms) = self.calls.get(&call).map(|live| live.timer_ms(timer)) else { return };
                self.timers.retain(|(_, of, known)| (*of, *known) != (call, timer));
                self.timers.insert((env.now + ms, call, timer));
            }
            Action::Disarm(timer) => self.timers.retain(|(_, of, known)| (*of, *known) != (call, timer)),
        }
    }

    fn with(&mut self, call: CallId, act: impl FnOnce(&mut LiveCall)) {
        if let Some(live) = self.calls.get_mut(&call) {
            act(live);
        }
    }

    fn tell_state(&mut self, env: &mut Env, call: CallId, state: LiveState) {
        if let Some(live) = self.calls.get_mut(&call)
            && !std::mem::replace(&mut live.told, true)
            && let Some(agent) = live.agent
        {
            self.tell_calld(env, &LinedToCalld::Agent { call, agent });
        }
        self.tell_calld(env, &LinedToCalld::Call { call, state });
    }

    /// Sends the INVITE on the next trunk; the ticket is used up by it.
    pub(super) fn dial(&mut self, env: &mut Env, call: CallId) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let fail = |cause| Input::CustomerFailed(Failure { cause, sip_status: 0, q850: 0 });
        let group = self.groups.get_mut(&live.group);
        let tried: Vec<_> = live.tried.iter().map(|id| ua_id(*id)).collect();
        let Some(trunk) = group.and_then(|group| self.selector.select(group, &tried)) else {
            return self.pending.push_back((call, fail(FailCause::NoLine)));
        };
        let keep = self.sabotage == Sabotage::LapsedTicket;
        let permit = live.permit.take().filter(|(_, expires)| env.now <= *expires || keep);
        let Some((number, expires)) = permit else {
            return self.pending.push_back((call, fail(FailCause::TicketExpired)));
        };
        let trunk = TrunkId(u16::try_from(trunk.0).unwrap_or(0));
        live.tried.push(trunk);
        live.trunk = Some(trunk);
        live.rang = false;
        self.next_handle += 1;
        let handle = CallHandle(self.next_handle);
        live.handle = Some(handle);
        let spec = spec(handle, trunk, &number, &live.caller, live.ring_ms());
        // What was not dialled yet may come back to another trunk.
        live.permit = Some((number, expires));
        self.selector.call_started(ua_id(trunk));
        self.legs.insert(handle, call);
        let _ = self.push_fact(env, call, CallFact::Dialling { trunk });
        self.tell_state(env, call, LiveState::Dialling);
        if self.endpoint.call(Millis(env.now), spec, &mut self.out).is_err() {
            self.pending.push_back((call, fail(FailCause::NoLine)));
        }
    }

    /// Puts a datagram on the wire; the first one of an INVITE is what the checker looks at.
    pub(super) fn transmit(&mut self, env: &mut Env, flow: Flow, bytes: &[u8]) -> Result<(), String> {
        let Some(trunk) = (0..crate::carrier::TRUNKS).find(|trunk| flow_of(*trunk).remote == flow.remote)
        else {
            return Ok(());
        };
        if bytes.starts_with(b"INVITE ")
            && let Some(text) = Text::read(bytes)
            && !text.is_in_dialog()
        {
            let number = PhoneNumber::parse(text.user()).map_err(|error| format!("dialled {error}"))?;
            env.truth.invited(env.now, text.call_id(), &number)?;
            if !self.by_sip.contains_key(text.call_id())
                && let Some(call) = self.legs.get(&CallHandle(self.next_handle))
            {
                self.by_sip.insert(text.call_id().to_owned(), *call);
            }
        }
        for _ in 0..copies(env) {
            let delay = env.between(3, 90);
            env.after(delay, Event::ToCarrier(trunk, bytes.to_vec()));
        }
        Ok(())
    }

    fn end_customer(&mut self, env: &Env, call: CallId) {
        let handle = self.calls.get(&call).and_then(|live| live.handle);
        if let Some(handle) = handle {
            let cause = EndCause::local(Some(16), "ended");
            let _ = self.endpoint.hangup(Millis(env.now), handle, cause, &mut self.out);
        }
    }

    fn call_agent(&mut self, env: &mut Env, call: CallId) {
        let (now, wait, answers) = (env.now, env.between(300, 12_000), env.chance(850));
        let phones = &self.phones;
        if let Some(live) = self.calls.get_mut(&call) {
            let there = live.agent.is_some_and(|agent| phones.contains(&agent));
            let what = if there && answers { Media::AgentAnswered } else { Media::AgentGone };
            live.later(now + wait, what);
        }
    }

    fn begin(&mut self, env: &Env, call: CallId, what: Playing) {
        let roles: &[PromptRole] = match what {
            Playing::Mandatory => {
                &[PromptRole::Identify, PromptRole::RecordingNotice, PromptRole::OptOutHint]
            }
            Playing::Body => &[PromptRole::Body],
            Playing::Hold => return,
            Playing::NoAgent => &[PromptRole::NoAgent],
            Playing::Confirmation => &[PromptRole::OptOutConfirmation],
        };
        let mut at = env.now;
        self.with(call, |live| {
            for role in roles {
                at += prompt_ms(*role);
                live.later(at, Media::Heard(*role));
            }
        });
    }

    fn note(&mut self, env: &mut Env, call: CallId, note: Note) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let fact = match note {
            Note::Ringing => CallFact::Ringing,
            Note::Answered => {
                live.answered_at = Some(env.wall());
                let trunk = live.trunk.unwrap_or(TrunkId(0));
                CallFact::Answered { trunk, dialog: Secret::new(live.dialog.clone()) }
            }
            Note::NoticeHeard => {
                live.noticed = true;
                CallFact::NoticeHeard { began_after_ms: 1, ended_after_ms: 3_500 }
            }
            Note::AgentConnected => match live.agent {
                Some(agent) => CallFact::AgentConnected { agent, after_announcement_ms: 0 },
                None => return,
            },
            Note::OptOut(by) => CallFact::OptOut { by },
            Note::Ended { outcome, sip_status, q850 } => ended(live, env, outcome, sip_status, q850),
        };
        let opt_out = matches!(fact, CallFact::OptOut { .. });
        let seq = self.push_fact(env, call, fact);
        if opt_out {
            env.truth.opt_out_noted(call, seq);
            self.with(call, |live| live.opt_out_seq = Some(seq));
        }
    }
}

fn ended(live: &LiveCall, env: &Env, outcome: Outcome, sip_status: u16, q850: u8) -> CallFact {
    let recording = match (outcome, live.noticed) {
        (Outcome::Answered { .. }, true) => Ok(RecordingClosed {
            duration_ms: 1,
            expected_ms: 1,
            gaps_customer_ms: 0,
            gaps_agent_ms: 0,
            bytes: 1,
        }),
        (Outcome::Answered { .. }, false) => Err(NoRecording::EndedBeforeNotice),
        (Outcome::Failed(_), _) => Err(NoRecording::NotAnswered),
    };
    CallFact::Ended(Box::new(CallEnd {
        outcome,
        sip_status,
        q850,
        answered_at: live.answered_at,
        ended_at: env.wall(),
        recording,
        media: MediaSummary::default(),
    }))
}

fn spec(
    handle: CallHandle,
    trunk: TrunkId,
    number: &PhoneNumber,
    caller: &PhoneNumber,
    ring_ms: u64,
) -> CallSpec {
    let flow = flow_of(usize::from(trunk.0) - 1);
    let at = |user: &str| Uri::sip(Some(user), flow.remote.ip().into(), Some(5060));
    CallSpec {
        handle,
        target: at(&number.dial_string()),
        flow,
        from: NameAddr::new(at(&caller.dial_string())),
        to: NameAddr::new(at(&number.dial_string())),
        asserted_identity: None,
        contact_user: None,
        routes: Vec::new(),
        offer: OFFER.as_bytes().to_vec(),
        login: None,
        ring_timeout_ms: ring_ms + 1_000,
        session_expires_s: None,
        reliable_provisionals: false,
        trunk: Some(ua_id(trunk)),
    }
}

/// The number of a ticket, for what the trace must not show in full.
pub(super) fn masked(number: &Pii<PhoneNumber>) -> String {
    number.reveal().masked()
}

const OFFER: &str = "v=0\r\no=- 2 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
                     m=audio 5000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n";
