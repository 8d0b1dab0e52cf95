//! What a machine may use while it handles one input: time, ids, transactions, timers, output.
//!
//! Deliberately not here: decisions.

use crate::api::{CallHandle, Event, Output};
use crate::config::Config;
use crate::flow::Flow;
use crate::ids::{self, IdSource};
use crate::time::Millis;
use crate::timers::Timers;
use crate::transaction::{Effect, Layer, TxId};
use crate::trunk::TrunkId;
use sip::{Request, Response};
use std::sync::Arc;

/// The user of a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Call(CallHandle, Purpose),
    Registration(TrunkId),
    Options(TrunkId),
    Orphan(u64),
    /// The BYE for a 2xx that came after the call had failed.
    Late(u64),
}

/// What a call wants with a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Invite,
    Cancel,
    Prack,
    Reoffer,
    Bye,
    SurplusBye,
    Info,
}

/// Why a request of ours has no final response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// None came within 64*T1.
    Unanswered,
    /// Its flow broke after it may have left.
    Broken,
    /// It never left.
    NotSent,
}

/// The timers of calls and trunks, in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    Call(CallHandle, CallTimer),
    Register(TrunkId),
    Options(TrunkId),
    Silence(TrunkId),
}

/// The timers of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallTimer {
    Ring,
    CancelUnanswered,
    Linger,
    RepeatAnswer,
    AckMissing,
    OfferUnanswered,
    Glare,
    ReofferUnanswered,
    Refresh,
    SessionExpired,
}

impl CallTimer {
    pub(crate) const ALL: [Self; 10] = [
        Self::Ring,
        Self::CancelUnanswered,
        Self::Linger,
        Self::RepeatAnswer,
        Self::AckMissing,
        Self::OfferUnanswered,
        Self::Glare,
        Self::ReofferUnanswered,
        Self::Refresh,
        Self::SessionExpired,
    ];
}

/// The surroundings of a machine for one input.
pub(crate) struct Ctx<'a> {
    pub now: Millis,
    pub config: &'a Config,
    pub ids: &'a mut dyn IdSource,
    pub layer: &'a mut Layer<Owner>,
    pub effects: &'a mut Vec<Effect<Owner>>,
    pub timers: &'a mut Timers<TimerKey>,
    pub out: &'a mut Vec<Output>,
}

impl Ctx<'_> {
    /// Starts a client transaction; `None` when the table is full.
    pub(crate) fn send(&mut self, request: Request, flow: Flow, owner: Owner) -> Option<TxId> {
        let branch = ids::branch(self.ids);
        self.layer.request(self.now, request, flow, &branch, owner, self.effects).ok()
    }

    pub(crate) fn respond(&mut self, id: TxId, response: &Response) {
        self.layer.respond(self.now, id, response, self.effects);
    }

    pub(crate) fn send_bytes(&mut self, flow: Flow, bytes: Arc<[u8]>) {
        self.out.push(Output::Send { flow, bytes });
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    pub(crate) fn start(&mut self, key: TimerKey, after_ms: u64) {
        self.timers.set(key, self.now + after_ms);
    }
}
