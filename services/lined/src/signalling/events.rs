//! What the sockets, the other processes and the endpoint bring, each sent to where it belongs.

use super::cause::failure;
use super::live::{Leg, Live};
use super::{Party, Signalling};
use crate::call::{Input, State};
use crate::clock;
use crate::link::server::DeskEvent;
use crate::link::vault::VaultEvent;
use crate::loopback;
use crate::transport::{Inbound, SendError};
use crate::voice::{Place, PlaceId, VoiceError};
use idl::lines::{
    CallFact, CalldToLined, LinedToCalld, LinedToVault, OptOutBy, TrunkState, TrunkStatus, VaultToLined,
};
use media::watchdog::WatchLimits;
use media::{CallMedia, Command};
use sip::{Message, Method, Response, StatusCode};
use sip_ua::trunk::may_fail_over;
use sip_ua::{CallHandle, DialogSnapshot, EndCause, EndedBy, Event, Flow, Output, Sdp, Transport};
use std::sync::Arc;
use vocab::{CallId, FailCause, Secret};

impl Signalling {
    pub(super) fn on_inbound(&mut self, inbound: Inbound) {
        let now = clock::now();
        match inbound {
            Inbound::Message { message, source, at_us } => {
                self.came_us = at_us;
                if self.is_unwanted_phone(&message, source) {
                    return;
                }
                let input = sip_ua::Input::Received { message: *message, source };
                self.parts.endpoint.receive(now, input, &mut self.out);
            }
            Inbound::Opened(opened) => self.parts.transports.opened(opened),
            Inbound::NotSent { flow, bytes } => {
                let input = sip_ua::Input::NotSent { flow, bytes };
                self.parts.endpoint.receive(now, input, &mut self.out);
            }
            Inbound::Closed { flow } => {
                if !self.parts.transports.closed(flow) {
                    return;
                }
                let input = sip_ua::Input::TransportFailed { flow };
                self.parts.endpoint.receive(now, input, &mut self.out);
            }
        }
    }

    /// A phone may log in without TLS only where the site allows it; others are told so at once.
    fn is_unwanted_phone(&mut self, message: &Message, source: Flow) -> bool {
        let Message::Request(request) = message else { return false };
        if request.method != Method::Register
            || source.transport == Transport::Tls
            || self.lines.phones_allow_udp()
        {
            return false;
        }
        log::warn!(target: "phones", "a phone tried to log in without TLS");
        let refusal = Response::for_request(request, StatusCode::FORBIDDEN, "TLS required", Some("tls"));
        let _ = self.parts.transports.send(source, refusal.to_bytes().into());
        true
    }

    pub(super) fn trunk_changed(&mut self, status: TrunkStatus) {
        log::info!(target: "lines", trunk:% = status.trunk, state:? = status.state ; "trunk changed");
        self.tell_vault(LinedToVault::Trunk(status));
        self.tell_desks(&Arc::new(LinedToCalld::Trunks(self.lines.statuses())));
    }

    pub(super) fn on_vault(&mut self, event: VaultEvent) {
        match event {
            VaultEvent::Up(sender) => {
                let mut calls: Vec<CallId> = self.calls.keys().copied().collect();
                // A call whose end is not durable yet is not lost.
                calls.extend(self.facts.calls());
                calls.sort_unstable();
                calls.dedup();
                let _ = sender.try_send(Arc::new(LinedToVault::Live { calls }));
                for status in self.lines.statuses() {
                    let _ = sender.try_send(Arc::new(LinedToVault::Trunk(status)));
                }
                self.facts.reconnected();
                self.history.reconnected();
                self.vault = Some(sender);
                self.parts.deck.tell_all(super::cards::now(), &mut self.card_out);
            }
            VaultEvent::Down => self.vault = None,
            VaultEvent::Message(message) => self.on_vault_message(message),
        }
    }

    fn on_vault_message(&mut self, message: VaultToLined) {
        match message {
            VaultToLined::Site(site) => {
                self.sited = true;
                let spans = site.spans.clone();
                self.with_upkeep(|lines, around| lines.apply(site, around));
                self.parts.deck.apply(super::cards::now(), &spans, &mut self.card_out);
                let statuses = self.lines.statuses();
                for status in statuses.iter().filter(|status| status.state == TrunkState::Down) {
                    self.tell_vault(LinedToVault::Trunk(status.clone()));
                }
                self.tell_desks(&Arc::new(LinedToCalld::Trunks(statuses)));
                self.tell_free();
            }
            VaultToLined::Phones { first, phones } => {
                self.phones.take(first, phones, &mut self.parts.endpoint, &mut self.out);
            }
            VaultToLined::Ticket(ticket) => {
                let call = ticket.call;
                self.on_ticket(*ticket);
                self.start_if_ready(call);
            }
            VaultToLined::FactStored { call, seq } => {
                if !self.facts.stored(call, seq) {
                    return;
                }
                match self.calls.get(&call) {
                    Some(live) if live.opt_out_seq == Some(seq) => {
                        self.pending.push_back((call, Input::OptOutStored));
                    }
                    Some(_) => {}
                    None => self.facts.forget(call),
                }
            }
            VaultToLined::SpanFactStored { life, seq } => self.history.stored(life, seq),
            VaultToLined::SpanOrder { id, span, order } => {
                self.parts.deck.order(super::cards::now(), id, span, order, &mut self.card_out);
            }
            VaultToLined::Release { call, dialog } => self.release(call, &dialog),
            VaultToLined::Listen(listening) => {
                self.parts.transports.listen(listening.clone());
                self.parts.ports.listen(listening);
            }
        }
    }

    /// Ends a dialog of a former life of this process.
    fn release(&mut self, call: CallId, dialog: &Secret<Vec<u8>>) {
        if self.calls.contains_key(&call) {
            log::error!(target: "calls", call:% ; "a live call is not released");
            return;
        }
        match DialogSnapshot::from_bytes(dialog.expose()) {
            Ok(snapshot) => {
                self.to_release.push((call, snapshot, clock::now() + RELEASE_WAIT_MS));
                self.release_waiting();
            }
            Err(error) => {
                log::error!(target: "calls", call:%, error:% ; "a dialog cannot be released");
                self.released.push_back(call);
            }
        }
    }

    /// Sends the BYE of former dialogs as soon as their peer can be reached, or tries in vain at the time limit.
    pub(super) fn release_waiting(&mut self) {
        let now = clock::now();
        let transports = &self.parts.transports;
        let due: Vec<_> = self
            .to_release
            .extract_if(.., |(_, snapshot, until)| transports.reaches(snapshot.flow()) || *until <= now)
            .collect();
        for (call, snapshot, _) in due {
            self.next_handle += 1;
            self.releasing.insert(self.next_handle, call);
            self.parts.endpoint.release_orphan(now, self.next_handle, &snapshot, &mut self.out);
        }
    }

    pub(super) fn on_desk(&mut self, event: DeskEvent) {
        match event {
            DeskEvent::Up { peer, sender } => {
                let calls = self.calls.values().map(|live| (live.call, live.machine.live())).collect();
                let _ = sender.try_send(Arc::new(LinedToCalld::Live { calls }));
                // A `calld` that was restarted must not give these agents another call.
                for live in self.calls.values() {
                    if let Some(agent) = live.agent_id {
                        let _ = sender.try_send(Arc::new(LinedToCalld::Agent { call: live.call, agent }));
                    }
                }
                let _ = sender.try_send(Arc::new(LinedToCalld::Trunks(self.lines.statuses())));
                for agent in self.phones.all_registered().chain(self.parts.deck.telephones()) {
                    let _ = sender.try_send(Arc::new(LinedToCalld::Phone { agent, registered: true }));
                }
                let _ = sender.try_send(Arc::new(LinedToCalld::Free(self.free.clone())));
                self.desks.push((peer, sender));
            }
            DeskEvent::Down { peer } => self.desks.retain(|(known, _)| *known != peer),
            DeskEvent::Health { serial, call_yourself, answer } => {
                if call_yourself {
                    self.begin_loopback();
                }
                let _ = answer.send(self.health_reply(serial));
            }
            DeskEvent::Message(CalldToLined::HangUp { call, by }) => {
                self.pending.push_back((call, Input::HangUp(by)));
            }
            DeskEvent::Message(CalldToLined::Refused { call }) => {
                self.pending.push_back((call, Input::OptOut(OptOutBy::Agent)));
            }
            DeskEvent::Message(CalldToLined::Drain) => self.drain(),
        }
    }

    pub(super) fn on_output(&mut self, output: Output) {
        match output {
            Output::Send { flow, bytes } => {
                if let Err(error) = self.parts.transports.send(flow, Arc::clone(&bytes)) {
                    log::warn!(target: "transport", error:% ; "a message was not sent");
                    self.not_sent(flow, bytes, error);
                }
            }
            Output::Event(event) => self.on_event(event),
        }
    }

    /// Nothing of the message left. Where the connection is gone for good, whatever else was sent on it is lost too.
    fn not_sent(&mut self, flow: Flow, bytes: Arc<[u8]>, error: SendError) {
        let now = clock::now();
        let input = sip_ua::Input::NotSent { flow, bytes };
        self.parts.endpoint.receive(now, input, &mut self.out);
        match error {
            SendError::Gone => {
                let input = sip_ua::Input::TransportFailed { flow };
                self.parts.endpoint.receive(now, input, &mut self.out);
            }
            SendError::NoSocket | SendError::Full | SendError::Refused(_) | SendError::TooMany => {}
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Trying { .. } => {}
            Event::Provisional { handle, status, .. } => self.provisional(handle, status),
            Event::Answered { handle, sdp, .. } if self.loopback.is(handle) => self.loopback_answered(&sdp),
            Event::Ended { handle, .. } if self.loopback.is(handle) => {
                self.loopback_step(loopback::Input::Over)
            }
            Event::Answered { handle, sdp, dialog } => self.answered(handle, &sdp, &dialog),
            Event::RemoteOffer { handle, sdp } => self.remote_offer(handle, sdp),
            Event::RemoteAnswer { handle, sdp } => self.remote_answer(handle, sdp),
            Event::OfferWithdrawn { .. } | Event::Reoffered { .. } => {}
            Event::Info { handle, content_type, body } => self.info(handle, &content_type, &body),
            Event::Ended { handle, how } => self.ended(handle, &how),
            Event::Registered { aor, .. } => self.phone(aor.reveal(), true),
            Event::Unregistered { aor } => self.phone(aor.reveal(), false),
            Event::LoginFailed { .. } => log::warn!(target: "phones", "a phone failed to log in"),
            Event::TrunkState { trunk, state } => {
                if let Some(status) = self.lines.changed(trunk, state, clock::wall()) {
                    self.trunk_changed(status);
                    self.next_round = clock::now();
                }
            }
            Event::Registration { trunk, state } => {
                log::info!(target: "lines", trunk:? , state:? ; "registration");
            }
            Event::IncomingRefused { status, .. } => {
                log::warn!(target: "lines", status ; "a call from outside was refused");
            }
            Event::OrphanReleased { orphan, answered } => {
                if let Some(call) = self.releasing.remove(&orphan) {
                    log::info!(target: "calls", call:%, answered ; "a former call was released");
                    self.released.push_back(call);
                }
            }
        }
    }

    /// What is told again in full after a reconnect and so may be missed.
    pub(super) fn tell_vault(&self, message: LinedToVault) {
        if let Some(vault) = &self.vault {
            let _ = vault.try_send(Arc::new(message));
        }
    }

    fn phone(&mut self, user: &str, registered: bool) {
        if let Some(agent) = self.phones.registered(user, registered) {
            // A plain telephone is there as long as its card is.
            let registered = registered || self.parts.deck.telephones().any(|known| known == agent);
            self.tell_desks(&Arc::new(LinedToCalld::Phone { agent, registered }));
        }
    }

    fn provisional(&mut self, handle: CallHandle, status: u16) {
        let Some(&(call, Party::Customer)) = self.legs.get(&handle) else { return };
        let Some(leg) = self.calls.get_mut(&call).and_then(|live| live.customer.as_mut()) else { return };
        // 180 rings; 183 with media and 181, 182 tell that the callee's side is at work.
        leg.rang |= status >= 180;
        if status >= 180 {
            self.pending.push_back((call, Input::CustomerRings));
        }
    }

    fn answered(&mut self, handle: CallHandle, sdp: &Sdp, dialog: &DialogSnapshot) {
        let Some(&(call, party)) = self.legs.get(&handle) else { return };
        let Some(mut live) = self.calls.remove(&call) else { return };
        let session = Self::leg_mut(&mut live, party).and_then(|leg| {
            leg.answered = true;
            leg.as_sip().map(|sip| sip.sdp.answered(&sdp.0))
        });
        match (party, session) {
            (_, None) => {}
            (Party::Customer, Some(Ok(session))) => self.customer_answered(&mut live, session, dialog),
            (Party::Agent, Some(Ok(session))) => {
                if let Some(sip) = live.agent.as_mut().and_then(Leg::as_sip) {
                    sip.session = Some(Box::new(session));
                }
                self.attach_agent(&mut live);
                self.pending.push_back((call, Input::AgentAnswered));
            }
            (_, Some(Err(error))) => {
                log::warn!(target: "calls", call:%, error:% ; "no common media");
                let cause = EndCause::local(Some(BEARER_NOT_AVAILABLE), "no common media");
                self.parts.endpoint.hangup(clock::now(), handle, cause, &mut self.out);
                let input = match party {
                    Party::Customer => Input::CustomerFailed(crate::call::Failure {
                        cause: FailCause::Media,
                        sip_status: 200,
                        q850: BEARER_NOT_AVAILABLE,
                    }),
                    Party::Agent => Input::AgentGone,
                };
                self.pending.push_back((call, input));
            }
        }
        self.calls.insert(call, live);
    }

    fn customer_answered(&mut self, live: &mut Live, session: media::Session, dialog: &DialogSnapshot) {
        live.encrypted = session.is_encrypted();
        let wanted = self.note_answered(live, Secret::new(dialog.to_bytes()));
        let sockets = live.customer.as_mut().and_then(Leg::as_sip).and_then(|sip| sip.sockets.take());
        if let (true, Some(sockets)) = (wanted, sockets) {
            let media = CallMedia::new(Box::new(session), WatchLimits::default());
            // Until the answer it is the network's music or words: nobody's key, and nothing to be heard late.
            let place = Place::new(live.call, media, sockets).deaf_until(self.came_us);
            let added = self.parts.voice.add(Box::new(place));
            self.media_begins(live, added);
        }
        self.tell_answered(live, wanted);
    }

    /// Answered: this number is not dialled again under this ticket, whatever happens. Gives whether the call is
    /// still wanted.
    pub(super) fn note_answered(&mut self, live: &mut Live, dialog: Secret<Vec<u8>>) -> bool {
        live.permit = None;
        live.times.answered_us = Some(clock::boot_us());
        live.times.answered_at = Some(clock::wall());
        if let Some(trunk) = live.trunk {
            self.facts.push(live.call, clock::wall(), CallFact::Answered { trunk, dialog });
        }
        matches!(live.machine.state(), State::Dialling | State::Ringing)
    }

    /// The customer's media has its place, or none could be had.
    pub(super) fn media_begins(&mut self, live: &mut Live, added: Result<PlaceId, VoiceError>) {
        match added {
            Ok(place) => live.place = Some(place),
            Err(error) => log::error!(target: "calls", call:% = live.call, error:% ; "no media thread"),
        }
        self.order(live, Command::Answered);
        self.order(live, Command::SetRecording(true));
        self.attach_agent(live);
    }

    pub(super) fn tell_answered(&mut self, live: &Live, wanted: bool) {
        self.pending.push_back((live.call, Input::CustomerAnswered));
        if wanted && live.place.is_none() {
            self.pending.push_back((live.call, Input::CustomerLost));
        }
    }

    fn info(&mut self, handle: CallHandle, content_type: &str, body: &Secret<Vec<u8>>) {
        let Some(&(call, Party::Customer)) = self.legs.get(&handle) else { return };
        let Some(key) = media::dtmf::info::parse_info(content_type, body.expose()) else { return };
        if let Some(live) = self.calls.remove(&call) {
            // Through the media, which tells one press from its echo by another way.
            self.order(&live, Command::InfoDigit(key.digit));
            self.calls.insert(call, live);
        }
    }

    fn remote_offer(&mut self, handle: CallHandle, sdp: Option<Sdp>) {
        let Some(&(call, party)) = self.legs.get(&handle) else { return };
        let Some(mut live) = self.calls.remove(&call) else { return };
        let now = clock::now();
        let answer = Self::leg_mut(&mut live, party).and_then(Leg::as_sip).map(|sip| match &sdp {
            Some(sdp) => sip.sdp.offered(&sdp.0),
            None => Ok((sip.sdp.offer_again(), super::leg::Change::default())),
        });
        match answer {
            Some(Ok((bytes, change))) => {
                if sdp.is_some() {
                    self.change(&live, party, change);
                }
                let _ = self.parts.endpoint.answer_offer(now, handle, &bytes, &mut self.out);
            }
            Some(Err(error)) => {
                log::info!(target: "calls", call:%, error:% ; "an offer was refused");
                let _ = self.parts.endpoint.reject_offer(now, handle, 488, &mut self.out);
            }
            None => {
                let _ = self.parts.endpoint.reject_offer(now, handle, 488, &mut self.out);
            }
        }
        self.calls.insert(call, live);
    }

    fn remote_answer(&mut self, handle: CallHandle, sdp: Option<Sdp>) {
        let (Some(&(call, party)), Some(sdp)) = (self.legs.get(&handle), sdp) else { return };
        let Some(mut live) = self.calls.remove(&call) else { return };
        let leg = Self::leg_mut(&mut live, party).and_then(Leg::as_sip);
        match leg.map(|sip| sip.sdp.answered_again(&sdp.0)) {
            Some(Ok(change)) => self.change(&live, party, change),
            Some(Err(error)) => log::info!(target: "calls", call:%, error:% ; "an answer was not used"),
            None => {}
        }
        self.calls.insert(call, live);
    }

    fn change(&mut self, live: &Live, party: Party, change: super::leg::Change) {
        let leg = match party {
            Party::Customer => media::Leg::Customer,
            Party::Agent => media::Leg::Agent,
        };
        if let Some(remote) = change.remote {
            self.order(live, Command::SetRemote(leg, remote));
        }
        if let Some(keys) = change.keys {
            self.order(live, Command::Rekey(leg, keys));
        }
        self.order(live, Command::Hold(leg, change.held));
    }

    fn ended(&mut self, handle: CallHandle, how: &EndCause) {
        let rang = self.legs.get(&handle).is_some_and(|(call, _)| {
            self.calls.get(call).and_then(|live| live.customer.as_ref()).is_some_and(|leg| leg.rang)
        });
        let end = LegEnd { by: how.by, failure: failure(how, rang), next_line: may_fail_over(how.attempt) };
        self.leg_ended(handle, end);
    }

    /// A leg is over at the endpoint or at the card.
    pub(super) fn leg_ended(&mut self, handle: CallHandle, end: LegEnd) {
        if let Some(trunk) = self.channels.remove(&handle) {
            self.lines.call_ended(trunk);
        }
        let Some((call, party)) = self.legs.remove(&handle) else { return };
        let Some(mut live) = self.calls.remove(&call) else { return };
        match party {
            Party::Agent => self.pending.push_back((call, Input::AgentGone)),
            Party::Customer => self.customer_ended(&mut live, end),
        }
        self.calls.insert(call, live);
    }

    fn customer_ended(&mut self, live: &mut Live, end: LegEnd) {
        let (answered, rang) = live.customer.as_ref().map_or((false, false), |leg| (leg.answered, leg.rang));
        let input = match (answered, end.by) {
            (true, EndedBy::Remote) => Input::CustomerHungUp,
            (true, EndedBy::Local) => return,
            (true, EndedBy::Timeout | EndedBy::Transport) => Input::CustomerLost,
            (false, _) => {
                let dialling = live.machine.state() == State::Dialling;
                if dialling && !rang && live.permit.is_some() && end.next_line {
                    log::info!(target: "calls", call:% = live.call ; "the next trunk is tried");
                    live.customer = None;
                    live.trunk = None;
                    self.dial(live, Some(end.failure));
                    return;
                }
                live.permit = None;
                Input::CustomerFailed(end.failure)
            }
        };
        self.pending.push_back((live.call, input));
    }
}

/// How a leg ended, whatever it went over.
#[derive(Debug, Clone, Copy)]
pub(super) struct LegEnd {
    /// Who ended it.
    pub by: EndedBy,
    /// What that means where it was not answered.
    pub failure: crate::call::Failure,
    /// Whether nothing can have rung, so that the next trunk may be tried.
    pub next_line: bool,
}

/// How long the release of a former dialog waits for its trunk's address.
const RELEASE_WAIT_MS: u64 = 30_000;
/// Q.850 cause 58.
const BEARER_NOT_AVAILABLE: u8 = 58;
