//! The peer's messages on an interface: whose they are, what 5.8 says of them, and those that are of no call: SETUP,
//! RESTART, SERVICE and whatever names a call that is not there (column 0 of the tables).

use super::api::{Event, Fault, Incoming, Output};
use super::call::{Call, yields};
use super::config::{IncomingPolicy, MAX_CALLS};
use super::faults::{self, Verdict};
use super::interface::Interface;
use super::messages;
use super::reference::Key;
use super::restart;
use super::service;
use super::slots::SlotSet;
use super::state::CallState;
use super::wire::{self, Indicated, Received};
use crate::{CauseValue, Flag, MessageType as M};
use idl::spans::PriSide;
use vocab::{Millis, Timeslot};

impl Interface {
    pub(super) fn receive(&mut self, now: Millis, octets: &[u8], out: &mut Vec<Output>) {
        let message = match wire::read(octets) {
            Ok(message) => message,
            Err(fault) => return out.push(Output::Event(Event::Faulty(fault))),
        };
        if message.kind.is_maintenance() {
            return self.maintenance(now, &message, out);
        }
        if message.reference.is_dummy() {
            return out.push(Output::Event(Event::Faulty(Fault::ReferenceUnknown)));
        }
        if message.reference.is_global() {
            return self.global(now, &message, out);
        }
        let key = Key::received(message.reference);
        match self.calls.get(&key).map(|call| call.state) {
            Some(state) => self.for_call(now, key, state, message, out),
            None => self.unknown_reference(now, key, message, out),
        }
    }

    /// A message for a call that is there: 5.8.4 to 5.8.7 around the call machine.
    fn for_call(&mut self, now: Millis, key: Key, state: CallState, mut m: Received, out: &mut Vec<Output>) {
        let looked_into = !matches!(m.kind, M::Setup | M::Segment | M::National(_) | M::Unknown(_));
        let verdict =
            if looked_into { faults::judge(&m, Some(state), self.config.side) } else { Verdict::Fine };
        let clearing = matches!(m.kind, M::Disconnect | M::Release | M::ReleaseComplete);
        let report = self.config.report_elements && !clearing && m.kind != M::Status;
        match verdict {
            Verdict::Fine => self.act(now, key, out, |call, ctx| messages::message(call, ctx, &m)),
            Verdict::Odd { cause, elements, fault } => {
                out.push(Output::Event(Event::Faulty(fault)));
                m.answer = Some(cause);
                self.act(now, key, out, |call, ctx| {
                    messages::message(call, ctx, &m);
                    if report && call.gone.is_none() {
                        call.send_status(ctx, cause, elements);
                    }
                });
            }
            Verdict::Broken { cause, elements, fault } => {
                out.push(Output::Event(Event::Faulty(fault)));
                m.answer = Some(cause);
                self.act(now, key, out, |call, ctx| {
                    if clearing {
                        messages::message(call, ctx, &m);
                    } else if m.kind != M::Status {
                        // STATUS is never answered by STATUS: two sides could do so for ever.
                        call.send_status(ctx, cause, elements);
                    }
                });
            }
        }
    }

    /// 5.8.3.2: a call reference of no call.
    fn unknown_reference(&mut self, now: Millis, key: Key, m: Received, out: &mut Vec<Output>) {
        let side = self.config.side;
        let back = m.reference.reversed();
        if m.kind == M::Setup && m.reference.flag() == Flag::FromOriginator {
            return self.incoming(now, key, &m, out);
        }
        out.push(Output::Event(Event::Faulty(Fault::ReferenceUnknown)));
        let answer = match m.kind {
            M::Setup | M::ReleaseComplete => None,
            M::Release => Some(wire::release_complete(side, back, Some(CauseValue::InvalidCallReference))),
            M::Status => m
                .state
                .filter(|state| *state != 0)
                .map(|_| wire::release_complete(side, back, Some(CauseValue::MessageNotCompatible))),
            M::StatusEnquiry => {
                Some(wire::status(side, back, CauseValue::ResponseToStatusEnquiry, Vec::new(), 0))
            }
            M::Resume if side == PriSide::Network => {
                Some(wire::resume_reject(back, CauseValue::NoCallSuspended))
            }
            M::Alerting
            | M::CallProceeding
            | M::Progress
            | M::Connect
            | M::SetupAcknowledge
            | M::ConnectAcknowledge
            | M::UserInformation
            | M::SuspendReject
            | M::ResumeReject
            | M::Suspend
            | M::Resume
            | M::SuspendAcknowledge
            | M::ResumeAcknowledge
            | M::Disconnect
            | M::Restart
            | M::RestartAcknowledge
            | M::Segment
            | M::Facility
            | M::Notify
            | M::CongestionControl
            | M::Information
            | M::ServiceAcknowledge
            | M::Service
            | M::National(_)
            | M::Unknown(_)
            | M::UnknownMaintenance(_) => {
                Some(wire::release_complete(side, back, Some(CauseValue::InvalidCallReference)))
            }
        };
        out.extend(answer.map(Output::ToLink));
    }

    /// SETUP of a new call.
    fn incoming(&mut self, now: Millis, key: Key, m: &Received, out: &mut Vec<Output>) {
        let verdict = faults::judge(m, None, self.config.side);
        match &verdict {
            Verdict::Fine => {}
            Verdict::Odd { fault, .. } | Verdict::Broken { fault, .. } => {
                out.push(Output::Event(Event::Faulty(*fault)));
            }
        }
        let channel = match (&verdict, self.config.incoming) {
            (Verdict::Broken { cause, .. }, _) => Err(*cause),
            (Verdict::Fine | Verdict::Odd { .. }, IncomingPolicy::Refuse(cause)) => Err(cause),
            (Verdict::Fine | Verdict::Odd { .. }, IncomingPolicy::Offer) => self.channel_for(now, m, out),
        };
        match channel {
            Err(cause) => {
                let back = m.reference.reversed();
                out.push(Output::ToLink(wire::release_complete(self.config.side, back, Some(cause))));
                let called = m.called.clone().unwrap_or_else(wire::no_digits);
                let calling = m.calling.clone();
                out.push(Output::Event(Event::IncomingRefused { cause, called, calling }));
            }
            Ok(channel) => self.offer(now, key, m, channel, out),
        }
        if let Verdict::Odd { cause, elements, .. } = verdict
            && self.config.report_elements
        {
            self.act(now, key, out, |call, ctx| call.send_status(ctx, cause, elements));
        }
    }

    /// The channel for a call of the peer (5.1.2, 5.2.3, 5.7), or the cause it is refused with.
    fn channel_for(
        &mut self,
        now: Millis,
        m: &Received,
        out: &mut Vec<Output>,
    ) -> Result<Timeslot, CauseValue> {
        if self.calls.len() >= MAX_CALLS {
            return Err(CauseValue::SwitchCongestion);
        }
        let any =
            |interface: &Self| interface.slots.choose(SlotSet::EMPTY).ok_or(CauseValue::NoChannelAvailable);
        let (slot, exclusive) = match m.channel {
            None | Some(Indicated::Any) => return any(self),
            Some(Indicated::No) => return Err(CauseValue::NoChannelAvailable),
            Some(Indicated::Unusable) => return Err(CauseValue::ChannelTypeNotImplemented),
            Some(Indicated::One { slot, exclusive }) => (slot, exclusive),
        };
        if self.slots.idle().contains(slot) {
            return Ok(slot);
        }
        if !self.slots.exists(slot) && exclusive {
            return Err(CauseValue::ChannelDoesNotExist);
        }
        let holder = self.slots.holder(slot);
        if let Some(holder) = holder
            && yields(&mut self.ctx(now, out), holder)
            && self.slots.idle().contains(slot)
        {
            return Ok(slot);
        }
        if exclusive { Err(CauseValue::RequestedChannelNotAvailable) } else { any(self) }
    }

    fn offer(&mut self, _now: Millis, key: Key, m: &Received, channel: Timeslot, out: &mut Vec<Output>) {
        let handle = self.peer_handle();
        self.slots.take(channel, key);
        let mut call = Call::new(handle, key, CallState::Present, Some(channel));
        let called = m.called.clone().unwrap_or_else(wire::no_digits);
        call.has_digits = !called.reveal().is_empty();
        self.calls.insert(key, call);
        self.handles.insert(handle, key);
        out.push(Output::Event(Event::Incoming(Box::new(Incoming {
            call: handle,
            channel,
            called,
            complete: m.complete,
            calling: m.calling.clone(),
            presentation: m.presentation,
        }))));
    }

    /// The global call reference: RESTART, its acknowledgement, STATUS; all else is cause 81 (5.8.3.2 f).
    fn global(&mut self, now: Millis, m: &Received, out: &mut Vec<Output>) {
        let from_originator = m.reference.flag() == Flag::FromOriginator;
        match m.kind {
            M::Restart if from_originator => self.restart_of_peer(now, m, out),
            M::RestartAcknowledge if !from_originator => match faults::judge(m, None, self.config.side) {
                Verdict::Broken { cause, elements, fault } => {
                    out.push(Output::Event(Event::Faulty(fault)));
                    self.global_status(m, cause, elements, out);
                }
                Verdict::Fine | Verdict::Odd { .. } => {
                    self.with_restarter(now, out, |restarter, ctx| restarter.acknowledged(ctx, m));
                }
            },
            M::Status => {
                let (cause, _) = m.cause_or(CauseValue::NormalUnspecified);
                let event = Event::Status { call: None, cause, state: m.state.unwrap_or(0) };
                out.push(Output::Event(event));
            }
            M::ReleaseComplete => out.push(Output::Event(Event::Faulty(Fault::ReferenceUnknown))),
            M::Alerting
            | M::CallProceeding
            | M::Progress
            | M::Setup
            | M::Connect
            | M::SetupAcknowledge
            | M::ConnectAcknowledge
            | M::UserInformation
            | M::SuspendReject
            | M::ResumeReject
            | M::Suspend
            | M::Resume
            | M::SuspendAcknowledge
            | M::ResumeAcknowledge
            | M::Disconnect
            | M::Restart
            | M::Release
            | M::RestartAcknowledge
            | M::Segment
            | M::Facility
            | M::Notify
            | M::StatusEnquiry
            | M::CongestionControl
            | M::Information
            | M::ServiceAcknowledge
            | M::Service
            | M::National(_)
            | M::Unknown(_)
            | M::UnknownMaintenance(_) => {
                out.push(Output::Event(Event::Faulty(Fault::ReferenceUnknown)));
                self.global_status(m, CauseValue::InvalidCallReference, Vec::new(), out);
            }
        }
    }

    fn restart_of_peer(&mut self, now: Millis, m: &Received, out: &mut Vec<Output>) {
        if let Verdict::Broken { cause, elements, fault } = faults::judge(m, None, self.config.side) {
            out.push(Output::Event(Event::Faulty(fault)));
            return self.global_status(m, cause, elements, out);
        }
        match restart::asked(&self.ctx(now, out), m) {
            None => self.global_status(m, CauseValue::ChannelDoesNotExist, Vec::new(), out),
            Some(slots) => {
                self.restart_calls(now, slots, out);
                let own = self.restarter.involved(self.slots.rented());
                restart::answer(&mut self.ctx(now, out), m, slots, own);
            }
        }
    }

    fn global_status(&self, m: &Received, cause: CauseValue, elements: Vec<u8>, out: &mut Vec<Output>) {
        let state = self.restarter.state_number();
        let back = m.reference.reversed();
        out.push(Output::ToLink(wire::status(self.config.side, back, cause, elements, state)));
    }

    /// SERVICE and its acknowledgement; other maintenance messages are not answered: their networks know no STATUS.
    fn maintenance(&mut self, now: Millis, m: &Received, out: &mut Vec<Output>) {
        match (m.kind, faults::judge(m, None, self.config.side)) {
            (M::Service, Verdict::Fine | Verdict::Odd { .. }) => service::answer(&mut self.ctx(now, out), m),
            (M::ServiceAcknowledge, _) => {
                self.with_service(now, out, |service, ctx| service.acknowledged(ctx, m));
            }
            (_, Verdict::Broken { fault, .. }) => out.push(Output::Event(Event::Faulty(fault))),
            (kind, Verdict::Fine | Verdict::Odd { .. }) => {
                out.push(Output::Event(Event::Faulty(Fault::UnknownType(kind.code()))));
            }
        }
    }
}
