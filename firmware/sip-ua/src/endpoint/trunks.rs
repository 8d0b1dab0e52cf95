//! The trunks of an [`Endpoint`]: OPTIONS keep-alives, registrations, health.
//!
//! Deliberately not here: which trunk a call takes; see [`crate::trunk::TrunkSelector`].

use super::Endpoint;
use crate::api::{Event, Output};
use crate::ctx::{Ctx, Owner, TimerKey};
use crate::flow::Flow;
use crate::ids;
use crate::registration::{Input, Registration, RegistrationConfig};
use crate::time::Millis;
use crate::transaction::TxId;
use crate::trunk::monitor::MonitorInput;
use crate::trunk::{Monitor, MonitorConfig, TrunkId, TrunkState};
use crate::wire;
use sip::{HeaderName, Method, NameAddr, Request, Response, StatusCode, Uri};
use std::fmt;

/// A trunk as the administrator set it up, with its addresses resolved.
#[derive(Clone)]
pub struct TrunkConfig {
    /// The trunk.
    pub id: TrunkId,
    /// How to reach it.
    pub flow: Flow,
    /// The Request-URI of OPTIONS.
    pub target: Uri,
    /// Keep-alive pace; `None` where the carrier forbids OPTIONS: then only calls tell.
    pub monitor: Option<MonitorConfig>,
    /// How to register; `None` for trunks known by their address.
    pub registration: Option<RegistrationConfig>,
}

impl fmt::Debug for TrunkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrunkConfig").field("id", &self.id).field("flow", &self.flow).finish_non_exhaustive()
    }
}

pub(super) struct Trunk {
    config: TrunkConfig,
    monitor: Monitor,
    registration: Option<Registration>,
    call_id: String,
    tag: String,
    seq: u32,
    /// The first transaction of this configuration: older ones went to a former address.
    since: TxId,
}

impl Endpoint {
    /// Adds a trunk, or replaces one, and starts its registration and keep-alive.
    pub fn add_trunk(&mut self, now: Millis, config: TrunkConfig, out: &mut Vec<Output>) {
        let id = config.id;
        for key in [TimerKey::Options(id), TimerKey::Silence(id), TimerKey::Register(id)] {
            self.timers.clear(key);
        }
        let since = self.layer.next_id();
        let monitor = Monitor::new(config.monitor.unwrap_or_default(), now);
        let (call_id, tag) = (ids::call_id(self.ids.as_mut()), ids::tag(self.ids.as_mut()));
        let (flow, wants) = (config.flow, config.registration.clone());
        let registration =
            self.with_ctx(now, out, |ctx| wants.map(|wants| Registration::new(ctx, id, wants, flow)));
        let registers = registration.is_some();
        let watched = config.monitor.is_some();
        self.trunks.insert(id, Trunk { config, monitor, registration, call_id, tag, seq: 0, since });
        if registers {
            // Until it is granted nothing may be placed on the trunk.
            self.observe(now, id, MonitorInput::RegistrationLost, out);
            self.with_registration(now, id, Input::Start, out);
        }
        if watched {
            self.send_options(now, id, out);
        }
        self.pump(now, out);
    }

    /// Stops a trunk: takes its registration back and sends nothing more.
    pub fn stop_trunk(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        self.timers.clear(TimerKey::Options(id));
        self.timers.clear(TimerKey::Silence(id));
        self.observe(now, id, MonitorInput::Disable, out);
        self.with_registration(now, id, Input::Stop, out);
        self.pump(now, out);
    }

    /// Takes a stopped trunk into use again.
    pub fn start_trunk(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        self.observe(now, id, MonitorInput::Enable, out);
        let Some(trunk) = self.trunks.get(&id) else { return };
        let watched = trunk.config.monitor.is_some();
        if trunk.registration.is_some() {
            self.observe(now, id, MonitorInput::RegistrationLost, out);
            self.with_registration(now, id, Input::Start, out);
        }
        if watched {
            self.send_options(now, id, out);
        }
        self.pump(now, out);
    }

    /// What is known of a trunk.
    pub fn trunk_state(&self, id: TrunkId) -> Option<TrunkState> {
        self.trunks.get(&id).map(|trunk| trunk.monitor.state())
    }

    /// Whether a transaction tells of the trunk as it is set up now.
    pub(super) fn tells_of(&self, id: TxId, trunk: TrunkId) -> bool {
        self.trunks.get(&trunk).is_some_and(|trunk| id >= trunk.since)
    }

    /// Whether an address belongs to a trunk.
    pub(super) fn is_trunk(&self, flow: &Flow) -> bool {
        self.trunks.values().any(|trunk| trunk.config.flow.remote.ip() == flow.remote.ip())
    }

    pub(super) fn send_options(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        if trunk.monitor.state() == TrunkState::Disabled {
            return;
        }
        trunk.seq += 1;
        let (pace, flow) = (*trunk.monitor.config(), trunk.config.flow);
        let request = options(trunk);
        let sent = self.with_ctx(now, out, |ctx| {
            ctx.start(TimerKey::Options(id), pace.interval_ms);
            if !ctx.timers.is_set(TimerKey::Silence(id)) {
                ctx.start(TimerKey::Silence(id), pace.silence_ms);
            }
            ctx.send(request, flow, Owner::Options(id)).is_some()
        });
        if !sent {
            // A box out of transactions says nothing about the trunk.
            self.timers.clear(TimerKey::Silence(id));
        }
    }

    pub(super) fn options_answered(
        &mut self,
        now: Millis,
        id: TrunkId,
        response: &Response,
        out: &mut Vec<Output>,
    ) {
        if response.status.is_final() {
            self.timers.clear(TimerKey::Silence(id));
            self.trunk_answered(now, id, response.status, out);
        }
    }

    /// A response to a call. A 408 is said by a living trunk of a callee who did not answer.
    pub(super) fn call_answered(
        &mut self,
        now: Millis,
        id: TrunkId,
        status: StatusCode,
        out: &mut Vec<Output>,
    ) {
        match status {
            StatusCode::REQUEST_TIMEOUT => self.observe(now, id, MonitorInput::Answer, out),
            _ => self.trunk_answered(now, id, status, out),
        }
    }

    /// A response of a trunk to an OPTIONS, or to a call.
    pub(super) fn trunk_answered(
        &mut self,
        now: Millis,
        id: TrunkId,
        status: StatusCode,
        out: &mut Vec<Output>,
    ) {
        let input = match status {
            StatusCode::SERVICE_UNAVAILABLE => MonitorInput::Unavailable,
            StatusCode::REQUEST_TIMEOUT => MonitorInput::Silence,
            _ => MonitorInput::Answer,
        };
        self.observe(now, id, input, out);
    }

    pub(super) fn trunk_unreachable(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        self.observe(now, id, MonitorInput::TransportError, out);
    }

    /// An INVITE got no response for 64*T1. Where OPTIONS watch the trunk they know better
    /// whether it lives: then it only counts as a trunk that does not serve calls.
    pub(super) fn call_unanswered(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        let watched = self.trunks.get(&id).is_some_and(|trunk| trunk.config.monitor.is_some());
        let input = if watched { MonitorInput::Unavailable } else { MonitorInput::Silence };
        self.observe(now, id, input, out);
    }

    pub(super) fn silence(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        self.observe(now, id, MonitorInput::Silence, out);
    }

    pub(super) fn registration_due(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        self.with_registration(now, id, Input::Due, out);
    }

    pub(super) fn registration_answered(
        &mut self,
        now: Millis,
        id: TrunkId,
        response: &Response,
        out: &mut Vec<Output>,
    ) {
        if response.status.is_final() {
            self.with_registration(now, id, Input::Final(response), out);
        }
    }

    pub(super) fn registration_unanswered(&mut self, now: Millis, id: TrunkId, out: &mut Vec<Output>) {
        self.with_registration(now, id, Input::Unanswered, out);
    }

    /// Steps the registration of a trunk and tells its monitor what changed.
    fn with_registration(&mut self, now: Millis, id: TrunkId, input: Input<'_>, out: &mut Vec<Output>) {
        let from = out.len();
        let Self { config, ids, layer, effects, timers, trunks, .. } = self;
        let Some(registration) = trunks.get_mut(&id).and_then(|trunk| trunk.registration.as_mut()) else {
            return;
        };
        let mut ctx = Ctx { now, config, ids: ids.as_mut(), layer, effects, timers, out };
        registration.step(&mut ctx, input);
        let registered = registration.is_registered();
        let changed =
            out[from..].iter().any(|output| matches!(output, Output::Event(Event::Registration { .. })));
        if changed && registered {
            self.observe(now, id, MonitorInput::Registered, out);
        } else if changed {
            self.observe(now, id, MonitorInput::RegistrationLost, out);
        }
    }

    fn observe(&mut self, now: Millis, id: TrunkId, input: MonitorInput, out: &mut Vec<Output>) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        if let Some(state) = trunk.monitor.observe(now, input) {
            out.push(Output::Event(Event::TrunkState { trunk: id, state }));
        }
    }

    fn with_ctx<R>(&mut self, now: Millis, out: &mut Vec<Output>, act: impl FnOnce(&mut Ctx<'_>) -> R) -> R {
        let Self { config, ids, layer, effects, timers, .. } = self;
        act(&mut Ctx { now, config, ids: ids.as_mut(), layer, effects, timers, out })
    }
}

fn options(trunk: &Trunk) -> Request {
    let config = &trunk.config;
    let mut from = wire::own_contact(None, &config.flow);
    let contact = from.to_string();
    from.set_tag(&trunk.tag);
    let mut request = Request::new(Method::Options, config.target.clone());
    let headers = &mut request.headers;
    headers.push(HeaderName::MaxForwards, wire::MAX_FORWARDS);
    headers.push(HeaderName::From, from.to_string());
    headers.push(HeaderName::To, NameAddr::new(config.target.clone()).to_string());
    headers.push(HeaderName::CallId, trunk.call_id.as_str());
    headers.push(HeaderName::CSeq, format!("{} OPTIONS", trunk.seq));
    headers.push(HeaderName::Contact, contact);
    headers.push(HeaderName::Accept, crate::dialog::SDP);
    headers.push(HeaderName::UserAgent, wire::PRODUCT);
    request
}
