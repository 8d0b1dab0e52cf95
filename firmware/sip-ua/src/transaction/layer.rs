//! The bounded table of running transactions: matching, retransmission, timers.
//!
//! Deliberately not here: what requests mean, and the 2xx and ACK of INVITE beyond the
//! client and server machines (dialogs repeat those).

use super::effect::Effect;
use super::key::{client_key, server_key};
use super::machine::{Machine, duration};
use super::{Action, Timer};
use crate::flow::Flow;
use crate::time::{Millis, Timing};
use crate::timers::Timers;
use crate::wire;
use sip::{Message, Method, Request, Response};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Names a transaction for as long as the layer lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub u64);

/// The table of transactions is full: nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {limit} transactions are in use")]
pub struct LayerFull {
    /// The configured bound.
    pub limit: usize,
}

/// All running transactions of one endpoint.
pub struct Layer<O> {
    timing: Timing,
    limit: usize,
    next_id: u64,
    entries: BTreeMap<TxId, Entry<O>>,
    clients: BTreeMap<String, TxId>,
    servers: BTreeMap<String, TxId>,
    by_flow: BTreeSet<(Flow, TxId)>,
    timers: Timers<(TxId, Timer)>,
}

struct Entry<O> {
    machine: Machine,
    flow: Flow,
    key: String,
    owner: Option<O>,
    /// What `SendAgain` sends: the request of a client, the last response of a server.
    last: Option<Arc<[u8]>>,
    /// An INVITE kept for its ACK and CANCEL.
    invite: Option<Box<Request>>,
    ack: Option<Arc<[u8]>>,
    interval_ms: u64,
    /// How often `last` was handed to the transport.
    sends: u32,
}

/// What came with the input that made a machine step.
enum Carried {
    Nothing,
    /// The transport refused the message; none of it left.
    NotSent,
    Response(Response, Flow),
    Ack(Request, Flow),
    Answer(Arc<[u8]>),
}

impl<O> fmt::Debug for Layer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layer({} transactions)", self.entries.len())
    }
}

impl<O: Clone> Layer<O> {
    /// An empty table for at most `limit` transactions.
    pub fn new(timing: Timing, limit: usize) -> Self {
        Self {
            timing,
            limit,
            next_id: 0,
            entries: BTreeMap::new(),
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            by_flow: BTreeSet::new(),
            timers: Timers::new(),
        }
    }

    /// Starts a client transaction. The layer adds the Via with `branch`.
    ///
    /// # Errors
    /// When the table is full; nothing is sent then.
    pub fn request(
        &mut self,
        now: Millis,
        mut request: Request,
        flow: Flow,
        branch: &str,
        owner: O,
        out: &mut Vec<Effect<O>>,
    ) -> Result<TxId, LayerFull> {
        let opens = matches!(request.method, Method::Invite | Method::Options | Method::Register);
        let bound = if opens { self.limit } else { self.bound_for_cleanup() };
        if self.entries.len() >= bound {
            return Err(LayerFull { limit: bound });
        }
        wire::push_via(&mut request.headers, &flow, branch);
        Ok(self.start_client(now, request, flow, branch, owner, out))
    }

    /// Sends the CANCEL of a running INVITE, with the same branch (RFC 3261 9.1).
    /// Answers `None` when the INVITE is gone or the table is full.
    pub fn cancel(
        &mut self,
        now: Millis,
        invite: TxId,
        reason: Option<&str>,
        owner: O,
        out: &mut Vec<Effect<O>>,
    ) -> Option<TxId> {
        if self.entries.len() >= self.bound_for_cleanup() {
            return None;
        }
        let entry = self.entries.get(&invite)?;
        let request = wire::cancel_for(entry.invite.as_deref()?, reason);
        let flow = entry.flow;
        let branch = wire::top_branch(&request.headers)?;
        Some(self.start_client(now, request, flow, &branch, owner, out))
    }

    fn start_client(
        &mut self,
        now: Millis,
        request: Request,
        flow: Flow,
        branch: &str,
        owner: O,
        out: &mut Vec<Effect<O>>,
    ) -> TxId {
        let reliable = flow.transport.is_reliable();
        let invite = request.method == Method::Invite;
        let (machine, actions) = Machine::client(&request.method, reliable);
        let bytes = wire::request_bytes(&request);
        let key = client_key(branch, &request.method);
        let id = self.insert(Entry {
            machine,
            flow,
            key: key.clone(),
            owner: Some(owner),
            last: Some(Arc::clone(&bytes)),
            invite: invite.then(|| Box::new(request)),
            ack: None,
            interval_ms: 0,
            sends: 0,
        });
        self.clients.insert(key, id);
        self.perform(now, id, actions, Carried::Answer(bytes), out);
        id
    }

    /// The number of the next transaction; all before it have lower ones.
    pub fn next_id(&self) -> TxId {
        TxId(self.next_id + 1)
    }

    /// Forgets a client transaction without telling anyone.
    pub fn abandon(&mut self, id: TxId) {
        self.remove(id);
    }

    /// Whether the transaction still runs.
    pub fn is_running(&self, id: TxId) -> bool {
        self.entries.contains_key(&id)
    }

    /// Takes a message from the wire.
    pub fn receive(&mut self, now: Millis, message: Message, flow: Flow, out: &mut Vec<Effect<O>>) {
        match message {
            Message::Request(request) => self.receive_request(now, request, flow, out),
            Message::Response(response) => self.receive_response(now, response, flow, out),
        }
    }

    fn receive_response(&mut self, now: Millis, response: Response, flow: Flow, out: &mut Vec<Effect<O>>) {
        let Some((_, method)) = wire::cseq(&response.headers) else { return };
        let known = wire::top_branch(&response.headers)
            .and_then(|branch| self.clients.get(&client_key(&branch, &method)).copied());
        let Some(id) = known else {
            if method == Method::Invite && response.status.is_success() {
                out.push(Effect::StrayResponse { response, flow: None });
            }
            return;
        };
        if response.status.is_success()
            && let Some(entry) = self.entries.get(&id)
            && entry.machine.has_failed()
        {
            out.push(Effect::StrayResponse { response, flow: Some(entry.flow) });
            return;
        }
        let status = response.status;
        self.step(now, id, Carried::Response(response, flow), out, |machine, _| machine.on_response(status));
    }

    fn receive_request(&mut self, now: Millis, mut request: Request, flow: Flow, out: &mut Vec<Effect<O>>) {
        if !wire::is_complete(&request.headers) {
            return;
        }
        let Some(key) = server_key(&request) else { return };
        if let Some(id) = self.servers.get(&key).copied() {
            self.repeat(now, id, request, flow, out);
            return;
        }
        let flow = wire::mark_source(&mut request.headers, flow);
        if request.method == Method::Ack {
            out.push(Effect::Ack { request, flow });
            return;
        }
        if self.entries.len() >= self.limit {
            out.push(Effect::Refused { request, flow });
            return;
        }
        let machine = Machine::server(&request.method);
        let id = self.insert(Entry {
            machine,
            flow,
            key: key.clone(),
            owner: None,
            last: None,
            invite: None,
            ack: None,
            interval_ms: 0,
            sends: 0,
        });
        self.servers.insert(key, id);
        out.push(Effect::Request { id, request, flow });
    }

    /// A retransmitted request, or the ACK of an INVITE.
    fn repeat(&mut self, now: Millis, id: TxId, request: Request, flow: Flow, out: &mut Vec<Effect<O>>) {
        let ack = request.method == Method::Ack;
        self.step(now, id, Carried::Ack(request, flow), out, |machine, reliable| {
            machine.on_request(ack, reliable)
        });
    }

    /// Answers a request. False when its transaction is gone.
    pub fn respond(&mut self, now: Millis, id: TxId, response: &Response, out: &mut Vec<Effect<O>>) -> bool {
        let status = response.status;
        let bytes = wire::response_bytes(response);
        self.step(now, id, Carried::Answer(bytes), out, |machine, reliable| {
            machine.on_answer(status, reliable)
        })
    }

    /// Repeats a 2xx of an Accepted INVITE (RFC 3261 13.3.1.4). False when it is gone.
    pub fn repeat_success(&mut self, id: TxId, out: &mut Vec<Effect<O>>) -> bool {
        let Some(entry) = self.entries.get(&id) else { return false };
        if let Some(bytes) = &entry.last {
            out.push(Effect::Send { flow: entry.flow, bytes: Arc::clone(bytes) });
        }
        true
    }

    /// The INVITE transaction a CANCEL means (RFC 3261 9.2).
    pub fn invite_of(&self, cancel: &Request) -> Option<TxId> {
        let mut as_invite = cancel.clone();
        as_invite.method = Method::Invite;
        server_key(&as_invite).and_then(|key| self.servers.get(&key).copied())
    }

    /// A flow broke: its transactions end where the standard says so.
    pub fn transport_failed(&mut self, now: Millis, flow: &Flow, out: &mut Vec<Effect<O>>) {
        let hit: Vec<TxId> =
            self.by_flow.range((*flow, TxId(0))..=(*flow, TxId(u64::MAX))).map(|&(_, id)| id).collect();
        for id in hit {
            self.step(now, id, Carried::Nothing, out, Machine::on_transport_error);
        }
    }

    /// A message never left. Its transaction ends as if the flow had failed; a request that went out before and was
    /// only repeated now goes on waiting.
    pub fn not_sent(&mut self, now: Millis, flow: &Flow, bytes: &Arc<[u8]>, out: &mut Vec<Effect<O>>) {
        let of_flow = self.by_flow.range((*flow, TxId(0))..=(*flow, TxId(u64::MAX)));
        let meant = |id: &TxId| {
            let entry = self.entries.get(id)?;
            let same = entry.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, bytes));
            same.then_some(entry.owner.is_some() && entry.sends > 1)
        };
        let hit = of_flow.into_iter().find_map(|&(_, id)| meant(&id).map(|repeated| (id, repeated)));
        if let Some((id, false)) = hit {
            self.step(now, id, Carried::NotSent, out, Machine::on_transport_error);
        }
    }

    /// Runs every timer that is due.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<Effect<O>>) {
        while let Some((id, timer)) = self.timers.pop(now) {
            self.step(now, id, Carried::Nothing, out, |machine, reliable| machine.on_timer(timer, reliable));
        }
    }

    /// When [`Layer::expire`] has work next.
    pub fn deadline(&self) -> Option<Millis> {
        self.timers.deadline()
    }

    /// How many transactions run.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no transaction runs.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// BYE, CANCEL and the like find room when new calls do not.
    fn bound_for_cleanup(&self) -> usize {
        self.limit.saturating_mul(2)
    }

    fn insert(&mut self, entry: Entry<O>) -> TxId {
        self.next_id += 1;
        let id = TxId(self.next_id);
        self.by_flow.insert((entry.flow, id));
        self.entries.insert(id, entry);
        id
    }

    fn remove(&mut self, id: TxId) -> Option<O> {
        let entry = self.entries.remove(&id)?;
        self.by_flow.remove(&(entry.flow, id));
        for &timer in entry.machine.timers() {
            self.timers.clear((id, timer));
        }
        if entry.owner.is_some() {
            self.clients.remove(&entry.key);
        } else {
            self.servers.remove(&entry.key);
        }
        entry.owner
    }

    fn step(
        &mut self,
        now: Millis,
        id: TxId,
        carried: Carried,
        out: &mut Vec<Effect<O>>,
        table: impl FnOnce(Machine, bool) -> (Machine, &'static [Action]),
    ) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let (next, actions) = table(entry.machine, entry.flow.transport.is_reliable());
        entry.machine = next;
        self.perform(now, id, actions, carried, out);
        if next.is_terminated()
            && let Some(owner) = self.remove(id)
        {
            out.push(Effect::Ended { id, owner });
        }
        true
    }

    fn perform(
        &mut self,
        now: Millis,
        id: TxId,
        actions: &[Action],
        carried: Carried,
        out: &mut Vec<Effect<O>>,
    ) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let reliable = entry.flow.transport.is_reliable();
        let mut carried = Some(carried);
        for &action in actions {
            match action {
                Action::Send => {
                    if let Some(Carried::Answer(bytes)) = &carried {
                        entry.last = Some(Arc::clone(bytes));
                        entry.sends = 1;
                        out.push(Effect::Send { flow: entry.flow, bytes: Arc::clone(bytes) });
                    }
                }
                Action::SendAgain => {
                    if let Some(bytes) = &entry.last {
                        entry.sends = entry.sends.saturating_add(1);
                        out.push(Effect::Send { flow: entry.flow, bytes: Arc::clone(bytes) });
                    }
                }
                Action::Ack => {
                    if let (Some(Carried::Response(response, _)), Some(invite)) = (&carried, &entry.invite) {
                        let bytes = entry.ack.get_or_insert_with(|| {
                            wire::request_bytes(&wire::ack_for_failure(invite, response))
                        });
                        out.push(Effect::Send { flow: entry.flow, bytes: Arc::clone(bytes) });
                    }
                }
                Action::Deliver => deliver(id, entry.owner.as_ref(), carried.take(), out),
                Action::Start(timer) => {
                    let after = duration(timer, &mut entry.interval_ms, reliable, &self.timing);
                    self.timers.set((id, timer), now + after);
                }
                Action::StartSlowest(timer) => {
                    entry.interval_ms = self.timing.t2_ms;
                    self.timers.set((id, timer), now + self.timing.t2_ms);
                }
                Action::Stop(timer) => self.timers.clear((id, timer)),
                Action::Timeout => {
                    if let Some(owner) = entry.owner.clone() {
                        out.push(Effect::TimedOut { id, owner });
                    }
                }
                Action::TransportError => {
                    if let Some(owner) = entry.owner.clone() {
                        let left = !matches!(carried, Some(Carried::NotSent));
                        out.push(Effect::Undeliverable { id, owner, left });
                    }
                }
            }
        }
    }
}

fn deliver<O: Clone>(id: TxId, owner: Option<&O>, carried: Option<Carried>, out: &mut Vec<Effect<O>>) {
    match (carried, owner) {
        (Some(Carried::Response(response, flow)), Some(owner)) => {
            out.push(Effect::Response { id, owner: owner.clone(), response, flow });
        }
        (Some(Carried::Ack(request, flow)), _) => out.push(Effect::Ack { request, flow }),
        (
            Some(Carried::Response(..) | Carried::Answer(_) | Carried::Nothing | Carried::NotSent) | None,
            _,
        ) => {}
    }
}
