//! One primary rate interface: its calls, its channels, its data link. What messages and commands do stands in
//! [`super::dispatch`] and [`super::orders`]; here is what holds them together, and the data link with T309.

use super::api::{CallEnd, CallHandle, EndedBy, Event, Input, Output, PEER_CALLS_FROM};
use super::call::{Call, Ctx, Gone};
use super::config::Config;
use super::expiry;
use super::reference::{Key, References};
use super::restart::Restarter;
use super::service::Service;
use super::slots::{SlotSet, Slots};
use super::state::CallState;
use super::timer::Timer;
use crate::CauseValue;
use idl::spans::{E1_TIMESLOTS, PriSide, SlotState};
use std::collections::BTreeMap;
use vocab::{Millis, Timeslot};

/// Call control of one primary rate interface, one side of it.
#[derive(Debug)]
pub struct Interface {
    pub(super) config: Config,
    pub(super) link_up: bool,
    /// T309: the data link is gone and active calls wait.
    t309: Option<Millis>,
    pub(super) slots: Slots,
    pub(super) calls: BTreeMap<Key, Call>,
    pub(super) handles: BTreeMap<CallHandle, Key>,
    pub(super) references: References,
    next_peer_call: u64,
    pub(super) restarter: Restarter,
    pub(super) service: Service,
    /// The channels as they were told last.
    told: [SlotState; E1_TIMESLOTS as usize],
}

impl Interface {
    /// An interface whose data link is down and whose channels are idle.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let slots = Slots::new(config.selection, &config.unused);
        let mut interface = Self {
            slots,
            config,
            link_up: false,
            t309: None,
            calls: BTreeMap::new(),
            handles: BTreeMap::new(),
            references: References::default(),
            next_peer_call: PEER_CALLS_FROM,
            restarter: Restarter::default(),
            service: Service::default(),
            told: [SlotState::Idle; E1_TIMESLOTS as usize],
        };
        interface.told = interface.states();
        interface
    }

    /// Takes one input and adds what comes of it to `out`.
    pub fn step(&mut self, now: Millis, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::LinkEstablished if self.link_up => self.link_reset(now, out),
            Input::LinkEstablished => self.link_established(now, out),
            Input::LinkReset if self.link_up => self.link_reset(now, out),
            Input::LinkReset => self.link_established(now, out),
            Input::LinkReleased => self.link_released(now, out),
            Input::Message(octets) => self.receive(now, octets, out),
            Input::Command(command) => self.command(now, command, out),
        }
        self.tell_channels(out);
    }

    /// Does what the timers that are over ask for.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<Output>) {
        for key in self.keys() {
            while let Some(timer) = self.calls.get_mut(&key).and_then(|call| call.timers.take_over(now)) {
                self.act(now, key, out, |call, ctx| expiry::timer_over(call, ctx, timer));
            }
        }
        self.with_restarter(now, out, |restarter, ctx| restarter.expire(ctx));
        self.with_service(now, out, |service, ctx| service.expire(ctx));
        if self.t309.is_some_and(|end| end <= now) {
            self.t309 = None;
            for key in self.keys() {
                self.act(now, key, out, |call, _| expiry::lost(call));
            }
        }
        self.tell_channels(out);
    }

    /// When [`Self::expire`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let calls = self.calls.values().filter_map(|call| call.timers.next()).min();
        let others = [self.t309, self.restarter.deadline(), self.service.deadline()];
        others.into_iter().flatten().chain(calls).min()
    }

    /// Each timeslot from 1 to 31 in the page's words.
    #[must_use]
    pub fn slot_states(&self) -> Vec<SlotState> {
        self.states().to_vec()
    }

    /// How many channels a new call could take now. Without the data link none can be set up all the same.
    #[must_use]
    pub fn idle_channels(&self) -> usize {
        self.slots.idle().iter().count()
    }

    /// Whether calls can be set up: the data link stands.
    #[must_use]
    pub const fn is_link_up(&self) -> bool {
        self.link_up
    }

    /// How many calls are not over.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// The state of a call that is not over.
    #[must_use]
    pub fn call_state(&self, call: CallHandle) -> Option<CallState> {
        self.handles.get(&call).and_then(|key| self.calls.get(key)).map(|call| call.state)
    }

    /// The channel of a call that is not over and has one.
    #[must_use]
    pub fn call_channel(&self, call: CallHandle) -> Option<Timeslot> {
        self.handles.get(&call).and_then(|key| self.calls.get(key)).and_then(|call| call.channel)
    }

    /// Which side this is.
    #[must_use]
    pub const fn side(&self) -> PriSide {
        self.config.side
    }

    /// Whether calls, handles and channels name each other: always. Tests and fuzzing ask.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let channels = self.calls.iter().all(|(key, call)| {
            call.key == *key
                && call.gone.is_none()
                && call.channel.is_none_or(|slot| self.slots.holder(slot) == Some(*key))
                && self.handles.get(&call.handle) == Some(key)
        });
        let holders =
            (1..=E1_TIMESLOTS).map(Timeslot).filter_map(|slot| Some((slot, self.slots.holder(slot)?)));
        let mut holders =
            holders.map(|(slot, key)| self.calls.get(&key).and_then(|call| call.channel) == Some(slot));
        channels && holders.all(|held| held) && self.handles.len() == self.calls.len()
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.calls.keys().copied().collect()
    }

    /// Lets a call act; it leaves the table where it is over then.
    pub(super) fn act(
        &mut self,
        now: Millis,
        key: Key,
        out: &mut Vec<Output>,
        action: impl FnOnce(&mut Call, &mut Ctx<'_>),
    ) {
        let Some(mut call) = self.calls.remove(&key) else { return };
        let mut ctx = self.ctx(now, out);
        action(&mut call, &mut ctx);
        match call.gone {
            None => {
                self.calls.insert(key, call);
            }
            Some(gone) => self.gone(now, call, gone, out),
        }
    }

    pub(super) fn ctx<'a>(&'a mut self, now: Millis, out: &'a mut Vec<Output>) -> Ctx<'a> {
        Ctx { now, config: &self.config, slots: &mut self.slots, calls: &mut self.calls, out }
    }

    pub(super) fn with_restarter(
        &mut self,
        now: Millis,
        out: &mut Vec<Output>,
        action: impl FnOnce(&mut Restarter, &mut Ctx<'_>),
    ) {
        let mut restarter = std::mem::take(&mut self.restarter);
        action(&mut restarter, &mut self.ctx(now, out));
        self.restarter = restarter;
    }

    pub(super) fn with_service(
        &mut self,
        now: Millis,
        out: &mut Vec<Output>,
        action: impl FnOnce(&mut Service, &mut Ctx<'_>),
    ) {
        let mut service = std::mem::take(&mut self.service);
        action(&mut service, &mut self.ctx(now, out));
        self.service = service;
    }

    /// A call has left the table: its channel is given back, and its end is told, once.
    fn gone(&mut self, now: Millis, mut call: Call, gone: Gone, out: &mut Vec<Output>) {
        let channel = call.channel.take();
        if let Some(slot) = channel {
            self.slots.give_back(slot, call.key);
        }
        if gone == Gone::ChannelTaken {
            match self.try_another(now, call, channel, out) {
                None => return,
                Some(back) => call = back,
            }
        }
        self.handles.remove(&call.handle);
        let unknown = CallEnd { cause: CauseValue::NormalUnspecified, location: None, by: EndedBy::Protocol };
        let event = Event::Released { call: call.handle, end: call.end.unwrap_or(unknown) };
        out.push(Output::Event(event));
        if let (Gone::Unanswered, Some(slot)) = (gone, channel) {
            self.with_restarter(now, out, |restarter, ctx| restarter.order_channels(ctx, SlotSet::of(slot)));
        }
    }

    /// The call goes on with another channel and another reference; it comes back where there is none.
    fn try_another(
        &mut self,
        now: Millis,
        mut call: Call,
        channel: Option<Timeslot>,
        out: &mut Vec<Output>,
    ) -> Option<Call> {
        channel.into_iter().for_each(|slot| call.tried.insert(slot));
        let next = self.references.next(|key| self.calls.contains_key(&key));
        let (Some(slot), Some(key)) = (self.slots.choose(call.tried), next) else {
            call.ends(CauseValue::RequestedChannelNotAvailable, None, EndedBy::Peer);
            return Some(call);
        };
        self.slots.take(slot, key);
        let mut again = Call::new(call.handle, key, CallState::SetupSent, Some(slot));
        again.tried = call.tried;
        again.reselections = call.reselections + 1;
        again.setup = call.setup;
        again.waiting = call.waiting;
        again.send_setup(&mut self.ctx(now, out));
        self.handles.insert(again.handle, key);
        self.calls.insert(key, again);
        None
    }

    pub(super) fn peer_handle(&mut self) -> CallHandle {
        let handle = CallHandle(self.next_peer_call);
        self.next_peer_call = self.next_peer_call.checked_add(1).unwrap_or(PEER_CALLS_FROM);
        handle
    }

    /// Ends the calls on these channels without messages: a RESTART does away with them.
    pub(super) fn restart_calls(&mut self, now: Millis, slots: SlotSet, out: &mut Vec<Output>) {
        let all = slots == self.slots.rented();
        for key in self.keys() {
            let channel = self.calls.get(&key).and_then(|call| call.channel);
            if channel.map_or(all, |slot| slots.contains(slot)) {
                self.act(now, key, out, |call, _| {
                    call.ends(CauseValue::TemporaryFailure, None, EndedBy::Restart);
                    call.leave(Gone::Ended);
                });
            }
        }
    }

    fn link_established(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.link_up = true;
        self.t309 = None;
        for key in self.keys() {
            self.act(now, key, out, expiry::link_back);
        }
        if self.config.restart_on_start && self.calls.is_empty() {
            self.with_restarter(now, out, |restarter, ctx| restarter.order_interface(ctx));
        } else if self.config.restart_on_start {
            let held: SlotSet = self.calls.values().filter_map(|call| call.channel).collect();
            let free = self.slots.rented().minus(held);
            self.with_restarter(now, out, |restarter, ctx| restarter.order_channels(ctx, free));
        }
        self.with_restarter(now, out, |restarter, ctx| restarter.link_back(ctx));
        self.with_service(now, out, |service, ctx| service.link_back(ctx));
    }

    fn link_reset(&mut self, now: Millis, out: &mut Vec<Output>) {
        for key in self.keys() {
            self.act(now, key, out, expiry::link_reset);
        }
        // A RESTART or SERVICE that was out may be among the messages that were lost: T316 would find out in minutes.
        self.restarter.link_lost();
        self.service.link_lost();
        self.with_restarter(now, out, |restarter, ctx| restarter.link_back(ctx));
        self.with_service(now, out, |service, ctx| service.link_back(ctx));
    }

    fn link_released(&mut self, now: Millis, out: &mut Vec<Output>) {
        out.push(Output::EstablishLink);
        if !self.link_up {
            return;
        }
        self.link_up = false;
        self.restarter.link_lost();
        self.service.link_lost();
        for key in self.keys() {
            self.act(now, key, out, |call, ctx| expiry::link_lost(call, ctx));
        }
        if !self.calls.is_empty() {
            self.t309 = Some(now + self.config.timers.of(Timer::T309));
        }
    }

    fn tell_channels(&mut self, out: &mut Vec<Output>) {
        let states = self.states();
        for ((slot, was), state) in (1..).map(Timeslot).zip(&mut self.told).zip(states) {
            if *was != state {
                *was = state;
                out.push(Output::Event(Event::Channel { channel: slot, state }));
            }
        }
    }

    fn states(&self) -> [SlotState; E1_TIMESLOTS as usize] {
        let mut states = [SlotState::Unused; E1_TIMESLOTS as usize];
        for (slot, state) in (1..).map(Timeslot).zip(&mut states) {
            let call = self.slots.holder(slot).and_then(|key| self.calls.get(&key));
            *state = self.slots.state(slot, call.map(|call| call.state.slot()));
        }
        states
    }
}
