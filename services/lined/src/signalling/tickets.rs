//! From a ticket to an INVITE. Nothing here dials without a permit, and a permit comes from a ticket only.

use super::leg::{LegSdp, Wanted};
use super::lines::{host_of, login_of, ua_id};
use super::live::{Leg, Live, RecordingStand};
use super::{MAX_CALLS, Party, Signalling};
use crate::call::{Failure, Input};
use crate::clock;
use idl::lines::{
    CallEnd, CallFact, LinedToCalld, LiveState, MediaSummary, NoRecording, Ticket, TrunkConfig,
};
use sip::{NameAddr, Uri};
use sip_ua::{CallHandle, CallSpec};
use std::net::IpAddr;
use std::sync::Arc;
use vocab::{CallId, FailCause, Outcome, TrunkId};

/// The session interval we ask for (RFC 4028).
const SESSION_EXPIRES_S: u32 = 1_800;
/// Our machine gives up first; the endpoint's own limit is a second net.
const RING_MARGIN_MS: u64 = 2_000;

impl Signalling {
    /// Takes a ticket: its prompts are read and its recording's file is made before anything is dialled.
    pub(super) fn on_ticket(&mut self, ticket: Ticket) {
        let call = ticket.call;
        if !self.used.first(call) {
            log::error!(target: "calls", call:% ; "a ticket came twice; the second is refused");
            return;
        }
        if clock::boot_ms() >= ticket.expires_boot_ms {
            self.refuse(call, FailCause::TicketExpired);
            return;
        }
        if self.draining || self.calls.len() >= MAX_CALLS {
            self.refuse(call, FailCause::Stopped);
            return;
        }
        let (mut live, key) = Live::new(ticket);
        let notice = live.notice();
        let mut readable = true;
        for prompt in live.missing.clone() {
            match self.parts.prompts.want(&prompt) {
                Ok(Some(audio)) => live.take_audio(prompt.object, &audio),
                Ok(None) => {}
                Err(error) => {
                    log::error!(target: "calls", call:%, error:% ; "a prompt cannot be read");
                    readable = false;
                }
            }
        }
        if !live.machine.plan().is_complete() || !readable {
            log::error!(target: "calls", call:% ; "the ticket has no announcement that can be played");
            self.refuse(call, FailCause::NoRecording);
            return;
        }
        if self.parts.recorder.open(call, key, notice).is_err() {
            self.refuse(call, FailCause::NoRecording);
            return;
        }
        log::info!(target: "calls", call:% ; "ticket accepted");
        let agent = live.agent_id;
        self.calls.insert(call, live);
        if let Some(agent) = agent {
            self.tell_desks(&Arc::new(LinedToCalld::Agent { call, agent }));
        }
        self.tell_desks(&Arc::new(LinedToCalld::Call { call, state: LiveState::Dialling }));
    }

    /// Begins the call once everything is at hand.
    pub(super) fn start_if_ready(&mut self, call: CallId) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        if !live.started && live.is_ready() {
            live.started = true;
            self.pending.push_back((call, Input::Start));
        }
    }

    /// A ticket that cannot be used ends at once, with its fact.
    fn refuse(&mut self, call: CallId, cause: FailCause) {
        log::warn!(target: "calls", call:%, cause:% ; "ticket not used");
        let now = clock::wall();
        let recording = match cause {
            FailCause::NoRecording => NoRecording::Storage,
            FailCause::Busy
            | FailCause::NoAnswer
            | FailCause::Declined
            | FailCause::InvalidNumber
            | FailCause::Unreachable
            | FailCause::Carrier
            | FailCause::NoLine
            | FailCause::Media
            | FailCause::TicketExpired
            | FailCause::Stopped
            | FailCause::Lost => NoRecording::NotAnswered,
        };
        let outcome = Outcome::Failed(cause);
        let end = CallEnd {
            outcome,
            sip_status: 0,
            q850: 0,
            answered_at: None,
            ended_at: now,
            recording: Err(recording),
            media: MediaSummary::default(),
        };
        self.facts.push(call, now, CallFact::Ended(Box::new(end)));
        self.tell_desks(&Arc::new(LinedToCalld::Call { call, state: LiveState::Ended(outcome) }));
    }

    /// Sends the customer's INVITE on the next trunk of the group; uses the permit up. `before` is how the trunk
    /// tried before failed: what is told if there is no other.
    pub(super) fn dial(&mut self, live: &mut Live, before: Option<Failure>) {
        let failed = |cause| {
            let none = Failure { cause, sip_status: 0, q850: 0 };
            Input::CustomerFailed(before.unwrap_or(none))
        };
        let Some(permit) = live.permit.take() else {
            log::error!(target: "calls", call:% = live.call ; "no permit to dial");
            self.pending.push_back((live.call, failed(FailCause::TicketExpired)));
            return;
        };
        if clock::boot_ms() >= permit.expires_boot_ms {
            self.pending.push_back((live.call, failed(FailCause::TicketExpired)));
            return;
        }
        let Some(trunk) = self.lines.select(live.group, &live.tried) else {
            self.pending.push_back((live.call, failed(FailCause::NoLine)));
            return;
        };
        live.tried.push(trunk);
        let leg = match (self.lines.trunk(trunk).cloned(), self.lines.span(trunk)) {
            (Some(config), _) => self.invite(live, &config, &permit),
            (None, Some(span)) => self.set_up(live, trunk, span, &permit),
            (None, None) => Err(FailCause::NoLine),
        };
        match leg {
            Ok(leg) => {
                live.trunk = Some(trunk);
                self.channels.insert(leg.handle, trunk);
                live.customer = Some(leg);
                self.lines.call_started(trunk);
                // It comes back only if the trunk fails and certainly nothing rang.
                live.permit = Some(permit);
            }
            Err(cause) => self.pending.push_back((live.call, failed(cause))),
        }
    }

    fn invite(
        &mut self,
        live: &Live,
        config: &TrunkConfig,
        permit: &super::live::Permit,
    ) -> Result<Leg, FailCause> {
        let flow = self.lines.flow(config.id).ok_or(FailCause::NoLine)?;
        let (sockets, sdp) = self.offer(live.call, config, flow.local.ip()).ok_or(FailCause::NoLine)?;
        let handle = self.handle(live.call, Party::Customer);
        let host = host_of(&config.host);
        let at = |number: &str| Uri::sip(Some(number), host.clone(), config.port);
        let target = at(&permit.number.reveal().dial_string());
        let mut to = target.clone();
        to.port = None;
        let mut from = at(&live.caller.reveal().dial_string());
        from.port = None;
        let spec = CallSpec {
            handle,
            target,
            flow,
            from: NameAddr::new(from.clone()),
            to: NameAddr::new(to),
            asserted_identity: Some(NameAddr::new(from)),
            contact_user: config.account.as_ref().map(|account| account.user.clone()),
            routes: Vec::new(),
            offer: sdp.offer_bytes(),
            login: config.account.as_ref().map(login_of),
            ring_timeout_ms: live.ring_timeout_ms + RING_MARGIN_MS,
            session_expires_s: Some(SESSION_EXPIRES_S),
            reliable_provisionals: true,
            trunk: Some(ua_id(config.id)),
        };
        self.note_dialling(live.call, config.id);
        if let Err(error) = self.parts.endpoint.call(clock::now(), spec, &mut self.out) {
            log::error!(target: "calls", call:% = live.call, error:% ; "the endpoint takes no call");
            self.legs.remove(&handle);
            return Err(FailCause::NoLine);
        }
        Ok(Leg::sip(handle, sdp, sockets))
    }

    pub(super) fn note_dialling(&mut self, call: CallId, trunk: TrunkId) {
        log::info!(target: "calls", call:%, trunk:% ; "dialling");
        self.facts.push(call, clock::wall(), CallFact::Dialling { trunk });
    }

    fn offer(
        &mut self,
        call: CallId,
        config: &TrunkConfig,
        ours: IpAddr,
    ) -> Option<(crate::voice::LegSockets, LegSdp)> {
        let sockets = match self.parts.ports.bind(ours) {
            Ok(sockets) => sockets,
            Err(error) => {
                log::error!(target: "calls", call:%, error:% ; "no media ports");
                return None;
            }
        };
        let sdp = LegSdp::new(&Wanted {
            rtp: sockets.pair.rtp(),
            codecs: config.codecs.clone(),
            srtp: config.srtp,
            symmetric: config.symmetric_rtp,
        });
        Some((sockets, sdp))
    }

    /// Calls the agent's phone. Without a phone the agent is gone at once.
    pub(super) fn call_agent(&mut self, live: &mut Live) {
        if self.ring_plain_telephone(live) {
            return;
        }
        let reached = live.agent_id.and_then(|agent| self.phones.reach(agent, &self.parts.endpoint));
        let Some(reach) = reached else {
            self.pending.push_back((live.call, Input::AgentGone));
            return;
        };
        let Ok(sockets) = self.parts.ports.bind(reach.flow.local.ip()) else {
            self.pending.push_back((live.call, Input::AgentGone));
            return;
        };
        let sdp = LegSdp::new(&Wanted {
            rtp: sockets.pair.rtp(),
            codecs: AGENT_CODECS.to_vec(),
            srtp: reach.srtp,
            symmetric: true,
        });
        let handle = self.handle(live.call, Party::Agent);
        let from = NameAddr::new(Uri::sip(Some("ringfence"), reach.flow.local.ip().into(), None));
        let spec = CallSpec {
            handle,
            to: NameAddr::new(reach.target.clone()),
            target: reach.target,
            flow: reach.flow,
            from,
            asserted_identity: None,
            contact_user: None,
            routes: reach.routes,
            offer: sdp.offer_bytes(),
            login: None,
            ring_timeout_ms: AGENT_RING_MS,
            session_expires_s: Some(SESSION_EXPIRES_S),
            reliable_provisionals: false,
            trunk: None,
        };
        if self.parts.endpoint.call(clock::now(), spec, &mut self.out).is_err() {
            self.legs.remove(&handle);
            self.pending.push_back((live.call, Input::AgentGone));
            return;
        }
        live.agent = Some(Leg::sip(handle, sdp, sockets));
    }

    pub(super) fn handle(&mut self, call: CallId, party: Party) -> CallHandle {
        self.next_handle += 1;
        let handle = CallHandle(self.next_handle);
        self.legs.insert(handle, (call, party));
        handle
    }

    /// The recording's file is there, or not.
    pub(super) fn recorder_opened(&mut self, call: CallId) {
        if let Some(live) = self.calls.get_mut(&call)
            && live.recording == RecordingStand::Opening
        {
            live.recording = RecordingStand::Open;
        }
        self.start_if_ready(call);
    }
}

const AGENT_CODECS: [idl::lines::Codec; 2] = [idl::lines::Codec::Pcma, idl::lines::Codec::Pcmu];
/// Longer than any wait of the call machine: it gives up first.
const AGENT_RING_MS: u64 = 60_000;
