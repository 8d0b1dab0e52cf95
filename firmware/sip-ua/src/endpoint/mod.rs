//! The facade: messages and time in; messages and events out.
//!
//! Deliberately not here: sockets, name resolution, threads. The owner sends what
//! [`Output::Send`] says and reports what failed with the [`Flow`] and the bytes it was given there.

mod calls;
mod inbound;
mod late;
mod phones;
mod trunks;

use crate::api::{CallHandle, Event, Input, Output};
use crate::call::Call;
use crate::config::Config;
use crate::ctx::{Ctx, Owner, Purpose, TimerKey, Undone};
use crate::dialog::Dialog;
use crate::ids::IdSource;
use crate::registrar::Registrar;
use crate::time::Millis;
use crate::timers::Timers;
use crate::transaction::{Effect, Layer, TxId};
use crate::trunk::TrunkId;
use crate::wire;
use inbound::Merged;
use late::Late;
use sip::Response;
use std::collections::BTreeMap;
use std::fmt;
use trunks::Trunk;
pub use trunks::TrunkConfig;

/// Why a call cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The configured number of calls is reached.
    #[error("all {0} calls are in use")]
    TooMany(usize),
    /// The handle names a call that is not over.
    #[error("the call number is in use")]
    InUse,
}

/// Calls, trunks and phones of one box.
pub struct Endpoint {
    config: Config,
    ids: Box<dyn IdSource + Send>,
    layer: Layer<Owner>,
    effects: Vec<Effect<Owner>>,
    timers: Timers<TimerKey>,
    calls: BTreeMap<CallHandle, Call>,
    by_call_id: BTreeMap<String, CallHandle>,
    trunks: BTreeMap<TrunkId, Trunk>,
    orphans: BTreeMap<u64, Dialog>,
    late: Late,
    active: usize,
    registrar: Option<Registrar>,
    merged: Merged,
}

impl Endpoint {
    /// An endpoint without calls, trunks and phones.
    pub fn new(config: Config, ids: Box<dyn IdSource + Send>) -> Self {
        Self {
            layer: Layer::new(config.timing, config.max_transactions),
            config,
            ids,
            effects: Vec::new(),
            timers: Timers::new(),
            calls: BTreeMap::new(),
            by_call_id: BTreeMap::new(),
            trunks: BTreeMap::new(),
            orphans: BTreeMap::new(),
            late: Late::default(),
            active: 0,
            registrar: None,
            merged: Merged::default(),
        }
    }

    /// Takes what a socket brought.
    pub fn receive(&mut self, now: Millis, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Received { message, source } => {
                self.layer.receive(now, message, source, &mut self.effects);
            }
            Input::TransportFailed { flow } => {
                self.layer.transport_failed(now, &flow, &mut self.effects);
                if let Some(registrar) = &mut self.registrar {
                    registrar.flow_failed(&flow, out);
                }
            }
            Input::NotSent { flow, bytes } => self.layer.not_sent(now, &flow, &bytes, &mut self.effects),
        }
        self.pump(now, out);
    }

    /// Runs all timers that are due.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.layer.expire(now, &mut self.effects);
        self.pump(now, out);
        while let Some(key) = self.timers.pop(now) {
            match key {
                TimerKey::Call(handle, timer) => {
                    self.with_call(now, handle, out, |call, ctx| call.expired(ctx, timer));
                }
                TimerKey::Register(trunk) => self.registration_due(now, trunk, out),
                TimerKey::Options(trunk) => self.send_options(now, trunk, out),
                TimerKey::Silence(trunk) => self.silence(now, trunk, out),
            }
            self.pump(now, out);
        }
        if let Some(registrar) = &mut self.registrar {
            registrar.expire(now, out);
        }
    }

    /// When [`Endpoint::expire`] has work next.
    pub fn deadline(&self) -> Option<Millis> {
        let registrar = self.registrar.as_ref().and_then(Registrar::deadline);
        [self.layer.deadline(), self.timers.deadline(), registrar].into_iter().flatten().min()
    }

    /// Calls that are not over.
    pub fn active_calls(&self) -> usize {
        self.active
    }

    /// Calls that are not over, with those that only wait for late responses.
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// Running transactions.
    pub fn transaction_count(&self) -> usize {
        self.layer.len()
    }

    /// Performs what the transactions brought, until nothing is left.
    fn pump(&mut self, now: Millis, out: &mut Vec<Output>) {
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                self.perform(now, effect, out);
            }
        }
    }

    fn perform(&mut self, now: Millis, effect: Effect<Owner>, out: &mut Vec<Output>) {
        match effect {
            Effect::Send { flow, bytes } => out.push(Output::Send { flow, bytes }),
            Effect::Request { id, request, flow } => self.request(now, id, request, flow, out),
            Effect::Ack { request, flow: _ } => {
                let handle =
                    wire::call_id(&request.headers).and_then(|call_id| self.by_call_id.get(call_id).copied());
                if let Some(handle) = handle {
                    self.with_call(now, handle, out, |call, ctx| call.acknowledged(ctx, &request));
                }
            }
            Effect::Response { id, owner, response, flow: _ } => {
                self.response(now, id, owner, &response, out);
            }
            Effect::StrayResponse { response, flow } => self.stray(now, &response, flow, out),
            Effect::TimedOut { id, owner } => self.unanswered(now, id, owner, Undone::Unanswered, out),
            Effect::Undeliverable { id, owner, left } => {
                let how = if left { Undone::Broken } else { Undone::NotSent };
                self.unanswered(now, id, owner, how, out);
            }
            Effect::Ended { id: _, owner } => match owner {
                // The call may have waited only for this transaction.
                Owner::Call(handle, Purpose::Invite) => {
                    self.with_call(now, handle, out, |_, _| {});
                }
                Owner::Late(number) => self.late.forget(number),
                Owner::Call(..) | Owner::Registration(_) | Owner::Options(_) | Owner::Orphan(_) => {}
            },
            Effect::Refused { request, flow } => self.overloaded(&request, flow, out),
        }
    }

    fn response(&mut self, now: Millis, id: TxId, owner: Owner, response: &Response, out: &mut Vec<Output>) {
        match owner {
            Owner::Call(handle, purpose) => {
                if purpose == Purpose::Invite
                    && let Some(trunk) = self.trunk_of(handle, id)
                {
                    self.call_answered(now, trunk, response.status, out);
                }
                self.with_call(now, handle, out, |call, ctx| {
                    call.response(ctx, id, purpose, response);
                });
            }
            Owner::Late(_) => {}
            Owner::Registration(trunk) | Owner::Options(trunk) if !self.tells_of(id, trunk) => {}
            Owner::Registration(trunk) => self.registration_answered(now, trunk, response, out),
            Owner::Options(trunk) => self.options_answered(now, trunk, response, out),
            Owner::Orphan(orphan) => {
                if response.status.is_final() && self.orphans.remove(&orphan).is_some() {
                    out.push(Output::Event(Event::OrphanReleased { orphan, answered: true }));
                }
            }
        }
    }

    fn unanswered(&mut self, now: Millis, id: TxId, owner: Owner, how: Undone, out: &mut Vec<Output>) {
        match owner {
            Owner::Call(handle, purpose) => {
                if purpose == Purpose::Invite
                    && let Some(trunk) = self.trunk_of(handle, id)
                {
                    if how == Undone::Unanswered {
                        self.call_unanswered(now, trunk, out);
                    } else {
                        self.trunk_unreachable(now, trunk, out);
                    }
                }
                self.with_call(now, handle, out, |call, ctx| {
                    call.unanswered(ctx, id, purpose, how);
                });
            }
            Owner::Late(_) => {}
            Owner::Registration(trunk) | Owner::Options(trunk) if !self.tells_of(id, trunk) => {}
            Owner::Registration(trunk) => self.registration_unanswered(now, trunk, out),
            // An old OPTIONS that runs out says nothing: the silence timer watches the newest.
            Owner::Options(_) if how == Undone::Unanswered => {}
            Owner::Options(trunk) => self.trunk_unreachable(now, trunk, out),
            Owner::Orphan(orphan) => {
                if self.orphans.remove(&orphan).is_some() {
                    out.push(Output::Event(Event::OrphanReleased { orphan, answered: false }));
                }
            }
        }
    }

    /// The trunk of which an INVITE of a call tells.
    fn trunk_of(&self, handle: CallHandle, invite: TxId) -> Option<TrunkId> {
        let trunk = self.calls.get(&handle).and_then(Call::trunk)?;
        self.tells_of(invite, trunk).then_some(trunk)
    }

    /// Runs `act` on a call and drops the call when nothing of it is left.
    fn with_call<R>(
        &mut self,
        now: Millis,
        handle: CallHandle,
        out: &mut Vec<Output>,
        act: impl FnOnce(&mut Call, &mut Ctx<'_>) -> R,
    ) -> Option<R> {
        let Self { config, ids, layer, effects, timers, calls, by_call_id, .. } = self;
        let call = calls.get_mut(&handle)?;
        let was_over = call.is_over();
        let mut ctx = Ctx { now, config, ids: ids.as_mut(), layer, effects, timers, out };
        let result = act(call, &mut ctx);
        if call.is_over() && !was_over {
            self.active -= 1;
        }
        if call.is_gone(&ctx) {
            by_call_id.remove(&call.call_id);
            calls.remove(&handle);
        }
        Some(result)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("calls", &self.calls.len())
            .field("transactions", &self.layer.len())
            .field("trunks", &self.trunks.len())
            .finish_non_exhaustive()
    }
}
