//! The caller's commands on an interface: new calls, channels, restarts; those of a call go to its machine.

use super::api::{
    CallEnd, CallHandle, Command, EndedBy, Event, MAX_DIGITS, Output, PEER_CALLS_FROM, Refusal, Setup,
};
use super::call::Call;
use super::commands::{self, Order, are_digits};
use super::config::MAX_CALLS;
use super::interface::Interface;
use super::slots::SlotSet;
use super::state::CallState;
use super::wire;
use crate::CauseValue;
use vocab::{Millis, Pii, Timeslot};

impl Interface {
    pub(super) fn command(&mut self, now: Millis, command: Command, out: &mut Vec<Output>) {
        match command {
            Command::Setup(setup) => self.set_up(now, setup, out),
            Command::Digits { call, digits, complete } => {
                self.order(now, call, Order::Digits { digits, complete }, out);
            }
            Command::SetupAck { call } => self.order(now, call, Order::SetupAck, out),
            Command::Proceed { call } => self.order(now, call, Order::Proceed, out),
            Command::Progress { call, in_band } => self.order(now, call, Order::Progress { in_band }, out),
            Command::Alert { call, in_band } => self.order(now, call, Order::Alert { in_band }, out),
            Command::Connect { call } => self.order(now, call, Order::Connect, out),
            Command::Disconnect { call, cause, in_band } => {
                self.order(now, call, Order::Disconnect { cause, in_band }, out);
            }
            Command::Reject { call, cause } => self.order(now, call, Order::Reject { cause }, out),
            Command::Enquire { call } => self.order(now, call, Order::Enquire, out),
            Command::Block(slot) => self.block(now, slot, true, out),
            Command::Unblock(slot) => self.block(now, slot, false, out),
            Command::RestartChannel(slot) => self.restart(now, Some(slot), out),
            Command::RestartAll => self.restart(now, None, out),
        }
    }

    fn order(&mut self, now: Millis, handle: CallHandle, order: Order, out: &mut Vec<Output>) {
        match self.handles.get(&handle).copied() {
            // Without the data link only the end of a call can be ordered; it needs no message then.
            Some(key) if !self.link_up => self.act(now, key, out, |call, ctx| match order {
                Order::Disconnect { cause, .. } | Order::Reject { cause } => {
                    call.ends(cause, None, EndedBy::Caller);
                    call.leave(super::call::Gone::Ended);
                }
                Order::Digits { .. }
                | Order::SetupAck
                | Order::Proceed
                | Order::Progress { .. }
                | Order::Alert { .. }
                | Order::Connect
                | Order::Enquire => ctx.tell(Event::Refused(Refusal::LinkDown)),
            }),
            Some(key) => self.act(now, key, out, |call, ctx| commands::order(call, ctx, order)),
            None => out.push(Output::Event(Event::Refused(Refusal::NoSuchCall(handle)))),
        }
    }

    /// A new call; over at once where it cannot be begun. Only a handle that cannot be told of is refused.
    fn set_up(&mut self, now: Millis, setup: Box<Setup>, out: &mut Vec<Output>) {
        let handle = setup.call;
        if handle.0 >= PEER_CALLS_FROM || self.handles.contains_key(&handle) {
            return out.push(Output::Event(Event::Refused(Refusal::HandleInUse(handle))));
        }
        let over = |cause, by| {
            let end = CallEnd { cause, location: None, by };
            Output::Event(Event::Released { call: handle, end })
        };
        let fits = |number: &Pii<String>| number.reveal().len() <= MAX_DIGITS && are_digits(number.reveal());
        if !fits(&setup.called) || !setup.calling.as_ref().is_none_or(fits) {
            return out.push(over(CauseValue::InvalidNumberFormat, EndedBy::Caller));
        }
        if setup.channel.is_some_and(|slot| !self.slots.exists(slot)) {
            return out.push(over(CauseValue::ChannelDoesNotExist, EndedBy::NoChannel));
        }
        if !self.link_up {
            return out.push(over(CauseValue::NetworkOutOfOrder, EndedBy::NoChannel));
        }
        let wanted = setup.channel;
        let channel = match wanted {
            Some(slot) => Some(slot).filter(|slot| self.slots.idle().contains(*slot)),
            None => self.slots.choose(SlotSet::EMPTY),
        };
        let Some(channel) = channel else {
            let cause = match wanted {
                Some(_) => CauseValue::RequestedChannelNotAvailable,
                None => CauseValue::NoChannelAvailable,
            };
            return out.push(over(cause, EndedBy::NoChannel));
        };
        let key = self.references.next(|key| self.calls.contains_key(&key));
        let Some(key) = key.filter(|_| self.calls.len() < MAX_CALLS) else {
            return out.push(over(CauseValue::SwitchCongestion, EndedBy::NoChannel));
        };
        self.slots.take(channel, key);
        let mut call = Call::new(handle, key, CallState::SetupSent, Some(channel));
        if wire::is_overlap(&self.config, &setup) && setup.complete {
            call.waiting.digits = Pii::new(setup.called.reveal().clone());
            call.waiting.complete = true;
        }
        call.setup = Some(setup);
        call.send_setup(&mut self.ctx(now, out));
        self.calls.insert(key, call);
        self.handles.insert(handle, key);
    }

    fn block(&mut self, now: Millis, slot: Timeslot, block: bool, out: &mut Vec<Output>) {
        if !self.slots.exists(slot) {
            return out.push(Output::Event(Event::Refused(Refusal::NoSuchChannel(slot))));
        }
        if block {
            self.slots.block(slot);
        } else {
            self.slots.unblock(slot);
        }
        if self.config.service {
            let link_up = self.link_up;
            self.with_service(now, out, |service, ctx| service.tell(ctx, slot, !block, link_up));
        }
    }

    fn restart(&mut self, now: Millis, slot: Option<Timeslot>, out: &mut Vec<Output>) {
        if let Some(unknown) = slot.filter(|slot| !self.slots.exists(*slot)) {
            return out.push(Output::Event(Event::Refused(Refusal::NoSuchChannel(unknown))));
        }
        if !self.link_up {
            return out.push(Output::Event(Event::Refused(Refusal::LinkDown)));
        }
        let slots = slot.map_or(self.slots.rented(), SlotSet::of);
        self.restart_calls(now, slots, out);
        self.with_restarter(now, out, |restarter, ctx| match slot {
            Some(_) => restarter.order_channels(ctx, slots),
            None => restarter.order_interface(ctx),
        });
    }
}
