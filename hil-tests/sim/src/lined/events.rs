//! What the vault, `calld` and the SIP endpoint say.

use super::call::{LiveCall, Media};
use super::{Core, ua_id};
use crate::env::{Env, Link};
use idl::lines::{
    CallEnd, CallFact, CalldToLined, LinedToCalld, LinedToVault, MediaSummary, NoRecording, OptOutBy, Ticket,
    TrunkState, VaultToLined,
};
use lined::call::{Failure, Input, State};
use sip_ua::trunk::{Attempt, may_fail_over};
use sip_ua::{DialogSnapshot, EndCause, EndedBy, Event, Millis};
use vocab::{CallId, FailCause, Outcome, TrunkId};

impl Core {
    pub(super) fn link_is_up(&mut self, env: &mut Env, link: Link) {
        if link == Link::VaultLined {
            let mut calls: Vec<CallId> = self.calls.keys().copied().chain(self.facts.calls()).collect();
            calls.sort_unstable();
            calls.dedup();
            self.facts.reconnected();
            return self.tell_vault(env, &LinedToVault::Live { calls });
        }
        self.tell_calld(env, &LinedToCalld::Live { calls: self.live_states() });
        for (call, live) in &self.calls {
            if let Some(agent) = live.agent {
                self.tell_calld(env, &LinedToCalld::Agent { call: *call, agent });
            }
        }
        self.tell_calld(env, &LinedToCalld::Trunks(self.statuses(env)));
        for agent in &self.phones {
            self.tell_calld(env, &LinedToCalld::Phone { agent: *agent, registered: true });
        }
        self.tell_calld(env, &LinedToCalld::Free(self.free.clone()));
    }

    pub(super) fn vault_says(&mut self, env: &mut Env, message: VaultToLined) {
        match message {
            VaultToLined::Site(site) => self.take_site(env, site),
            VaultToLined::Phones { .. } => {}
            VaultToLined::Ticket(ticket) => self.take_ticket(env, *ticket),
            VaultToLined::FactStored { call, seq } => {
                let _ = self.facts.stored(call, seq);
                match self.calls.get(&call) {
                    Some(live) if live.opt_out_seq == Some(seq) => {
                        self.pending.push_back((call, Input::OptOutStored));
                    }
                    Some(_) => {}
                    None => self.facts.forget(call),
                }
            }
            VaultToLined::SpanFactStored { .. }
            | VaultToLined::SpanOrder { .. }
            | VaultToLined::Listen(_) => {}
            VaultToLined::Release { call, dialog } => self.release(env, call, dialog.expose()),
        }
    }

    fn take_ticket(&mut self, env: &mut Env, ticket: Ticket) {
        let call = ticket.call;
        if self.calls.contains_key(&call) {
            return;
        }
        env.note(|| format!("lined takes the ticket of {call} for {}", super::act::masked(&ticket.number)));
        let lapsed = env.now > ticket.expires_boot_ms;
        if self.draining || (lapsed && self.sabotage != crate::run::Sabotage::LapsedTicket) {
            let cause = if lapsed { FailCause::TicketExpired } else { FailCause::Stopped };
            let end = CallEnd {
                outcome: Outcome::Failed(cause),
                sip_status: 0,
                q850: 0,
                answered_at: None,
                ended_at: env.wall(),
                recording: Err(NoRecording::NotAnswered),
                media: MediaSummary::default(),
            };
            let _ = self.push_fact(env, call, CallFact::Ended(Box::new(end)));
            return;
        }
        let mut live = LiveCall::new(ticket);
        let slow = if !env.quiet && env.chance(20) { env.between(1_000, 12_000) } else { 0 };
        let ready = env.now + env.between(2, 60) + slow;
        live.later(ready, Media::Ready);
        self.calls.insert(call, live);
    }

    fn release(&mut self, env: &mut Env, call: CallId, dialog: &[u8]) {
        if self.releasing.values().any(|known| *known == call) {
            return;
        }
        self.next_handle += 1;
        let orphan = self.next_handle;
        match DialogSnapshot::from_bytes(dialog) {
            Ok(snapshot) => {
                self.releasing.insert(orphan, call);
                self.endpoint.release_orphan(Millis(env.now), orphan, &snapshot, &mut self.out);
            }
            Err(_) => self.released.push_back(call),
        }
    }

    pub(super) fn calld_says(&mut self, message: CalldToLined) {
        match message {
            CalldToLined::HangUp { call, by } => self.pending.push_back((call, Input::HangUp(by))),
            CalldToLined::Refused { call } => self.pending.push_back((call, Input::OptOut(OptOutBy::Agent))),
            CalldToLined::Drain => self.draining = true,
        }
    }

    pub(super) fn sip_event(&mut self, env: &mut Env, event: Event) {
        match event {
            Event::Provisional { handle, .. } => {
                let Some(call) = self.legs.get(&handle).copied() else { return };
                if let Some(live) = self.calls.get_mut(&call) {
                    live.rang = true;
                }
                self.pending.push_back((call, Input::CustomerRings));
            }
            Event::Answered { handle, dialog, .. } => {
                let Some(call) = self.legs.get(&handle).copied() else { return };
                if let Some(live) = self.calls.get_mut(&call) {
                    live.answered = true;
                    live.dialog = dialog.to_bytes();
                }
                self.pending.push_back((call, Input::CustomerAnswered));
            }
            Event::Info { handle, body, .. } => {
                let Some(call) = self.legs.get(&handle).copied() else { return };
                if body.expose().starts_with(b"Signal=9") {
                    self.pending.push_back((call, Input::OptOut(OptOutBy::Info)));
                }
            }
            Event::Ended { handle, how } => {
                if let Some(call) = self.legs.remove(&handle) {
                    self.leg_ended(env, call, &how);
                }
            }
            Event::TrunkState { trunk, state } => {
                self.selector.set_state(trunk, state);
                let id = TrunkId(u16::try_from(trunk.0).unwrap_or(0));
                self.states.insert(id, state_of(state));
                let statuses = self.statuses(env);
                if let Some(status) = statuses.iter().find(|status| status.trunk == id) {
                    self.tell_vault(env, &LinedToVault::Trunk(status.clone()));
                }
                self.tell_calld(env, &LinedToCalld::Trunks(statuses));
            }
            Event::OrphanReleased { orphan, .. } => {
                if let Some(call) = self.releasing.remove(&orphan) {
                    self.released.push_back(call);
                }
            }
            Event::Trying { .. }
            | Event::RemoteOffer { .. }
            | Event::RemoteAnswer { .. }
            | Event::OfferWithdrawn { .. }
            | Event::Reoffered { .. }
            | Event::Registered { .. }
            | Event::Unregistered { .. }
            | Event::LoginFailed { .. }
            | Event::Registration { .. }
            | Event::IncomingRefused { .. } => {}
        }
    }

    /// A leg is over: the call goes to the next trunk where nothing can have rung, or fails, or was hung up.
    fn leg_ended(&mut self, env: &mut Env, call: CallId, how: &EndCause) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        env.note(|| format!("lined: the leg of {call} ended: {how:?}"));
        if live.answered {
            let input = if how.by == EndedBy::Remote { Input::CustomerHungUp } else { Input::CustomerLost };
            return self.pending.push_back((call, input));
        }
        let again =
            matches!(live.machine.state(), State::Dialling) && may_fail_over(how.attempt) && !live.rang;
        let again = again || self.sabotage == crate::run::Sabotage::RedialAfterRing && live.rang;
        if again {
            if let Some(trunk) = live.trunk.take() {
                self.selector.call_ended(ua_id(trunk));
            }
            return self.dial(env, call);
        }
        let failure = failure(how, live.rang);
        self.pending.push_back((call, Input::CustomerFailed(failure)));
    }
}

/// How an ending reads in the product's words.
fn failure(how: &EndCause, rang: bool) -> Failure {
    let cause = match (how.status, how.attempt) {
        (Some(486 | 600), _) => FailCause::Busy,
        (Some(603), _) => FailCause::Declined,
        (Some(404 | 410 | 484 | 604), _) => FailCause::InvalidNumber,
        (Some(408 | 480), _) if rang => FailCause::NoAnswer,
        (Some(408 | 480), _) => FailCause::Unreachable,
        (None, Attempt::NotSent | Attempt::Broken | Attempt::Silent) => FailCause::NoLine,
        (Some(_) | None, _) => FailCause::Carrier,
    };
    Failure { cause, sip_status: how.status.unwrap_or(0), q850: how.q850.unwrap_or(0) }
}

const fn state_of(state: sip_ua::TrunkState) -> TrunkState {
    match state {
        sip_ua::TrunkState::Unknown => TrunkState::Unknown,
        sip_ua::TrunkState::Up => TrunkState::Up,
        sip_ua::TrunkState::Degraded => TrunkState::Degraded,
        sip_ua::TrunkState::Down => TrunkState::Down,
        sip_ua::TrunkState::RegistrationFailed => TrunkState::RegistrationFailed,
        sip_ua::TrunkState::Disabled => TrunkState::Disabled,
    }
}
