//! The registration of a trunk with its carrier (RFC 3261 10.2).
//!
//! | state | input | next |
//! |---|---|---|
//! | Idle, Waiting | due | Registering; REGISTER |
//! | Registering | 2xx with our Contact | Registered; refresh at 50 to 90 % of the grant |
//! | Registering | 401, 407 | Registering; REGISTER with credentials, once per realm |
//! | Registering | 423 | Registering with Min-Expires, once |
//! | Registering | other final, silence | Waiting; 5 s doubled up to 5 min, or Retry-After |
//! | Registered | due | Registering |
//! | Registering, Registered, Waiting, Idle | stop | Unregistering; REGISTER with 0 |
//! | Unregistering | 401, 407 | Unregistering; once more |
//! | Unregistering | final, silence | Stopped |
//! | Stopped | start | Registering |
//!
//! Deliberately not here: the bindings others register with us; see [`crate::registrar`].

use crate::api::{Event, Login, RegistrationState};
use crate::call::DigestState;
use crate::ctx::{Ctx, Owner, TimerKey};
use crate::flow::Flow;
use crate::ids;
use crate::trunk::TrunkId;
use crate::wire;
use sip::{Contacts, HeaderName, Method, NameAddr, Request, Response, StatusCode, Uri};
use std::fmt;

/// How a trunk registers.
#[derive(Clone)]
pub struct RegistrationConfig {
    /// The Request-URI: the carrier's domain.
    pub registrar: Uri,
    /// The address of record: From and To.
    pub aor: NameAddr,
    /// User part of our Contact.
    pub contact_user: Option<String>,
    /// Seconds to ask for.
    pub expires_s: u32,
    /// How to answer 401 and 407.
    pub login: Option<Login>,
}

impl fmt::Debug for RegistrationConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationConfig").field("expires_s", &self.expires_s).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Registering,
    Registered,
    Waiting,
    Unregistering,
    Stopped,
}

pub(crate) enum Input<'a> {
    Start,
    Due,
    Final(&'a Response),
    Unanswered,
    Stop,
}

/// The registration of one trunk.
pub(crate) struct Registration {
    trunk: TrunkId,
    config: RegistrationConfig,
    flow: Flow,
    state: State,
    call_id: String,
    tag: String,
    seq: u32,
    wanted_s: u32,
    tries: u32,
    failures: u32,
    auth: DigestState,
}

impl Registration {
    pub(crate) fn new(ctx: &mut Ctx<'_>, trunk: TrunkId, config: RegistrationConfig, flow: Flow) -> Self {
        Self {
            trunk,
            flow,
            state: State::Idle,
            call_id: ids::call_id(ctx.ids),
            tag: ids::tag(ctx.ids),
            seq: 0,
            wanted_s: config.expires_s.clamp(MIN_EXPIRES_S, MAX_EXPIRES_S),
            tries: 0,
            failures: 0,
            auth: DigestState::new(config.login.clone()),
            config,
        }
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.state == State::Registered
    }

    pub(crate) fn step(&mut self, ctx: &mut Ctx<'_>, input: Input<'_>) {
        use {Input as I, State as S};
        self.state = match (self.state, input) {
            (S::Idle | S::Stopped, I::Start) | (S::Idle | S::Registered | S::Waiting, I::Due) => {
                self.begin(ctx)
            }
            (S::Registering, I::Final(response)) => self.answered(ctx, response),
            (S::Registering, I::Unanswered) => self.failed(ctx, None, None),
            (S::Idle | S::Registering | S::Registered | S::Waiting, I::Stop) => {
                ctx.timers.clear(TimerKey::Register(self.trunk));
                self.tries = 0;
                self.register(ctx, 0, S::Unregistering)
            }
            (S::Unregistering, I::Final(response)) => {
                if self.tries < MAX_TRIES && is_challenge(response) && self.auth.challenged(response) {
                    self.register(ctx, 0, S::Unregistering)
                } else {
                    self.stopped(ctx)
                }
            }
            (S::Unregistering, I::Unanswered) => self.stopped(ctx),
            (S::Registering | S::Registered | S::Waiting | S::Unregistering, I::Start)
            | (S::Registering | S::Unregistering | S::Stopped, I::Due)
            | (S::Idle | S::Registered | S::Waiting | S::Stopped, I::Final(_) | I::Unanswered)
            | (S::Unregistering | S::Stopped, I::Stop) => self.state,
        };
    }

    fn begin(&mut self, ctx: &mut Ctx<'_>) -> State {
        self.tries = 0;
        self.register(ctx, self.wanted_s, State::Registering)
    }

    fn register(&mut self, ctx: &mut Ctx<'_>, expires_s: u32, next: State) -> State {
        self.tries += 1;
        self.seq += 1;
        let mut aor = self.config.aor.clone();
        let to = aor.to_string();
        aor.set_tag(&self.tag);
        let mut request = Request::new(Method::Register, self.config.registrar.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, wire::MAX_FORWARDS);
        headers.push(HeaderName::From, aor.to_string());
        headers.push(HeaderName::To, to);
        headers.push(HeaderName::CallId, self.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{} REGISTER", self.seq));
        headers.push(HeaderName::Contact, self.contact().to_string());
        headers.push(HeaderName::Expires, expires_s.to_string());
        headers.push(HeaderName::Supported, "path");
        headers.push(HeaderName::UserAgent, wire::PRODUCT);
        for (name, value) in self.auth.headers(&request, ctx.ids) {
            request.headers.push(name, value);
        }
        if ctx.send(request, self.flow, Owner::Registration(self.trunk)).is_some() {
            return next;
        }
        match next {
            State::Unregistering => self.stopped(ctx),
            State::Idle | State::Registering | State::Registered | State::Waiting | State::Stopped => {
                self.failed(ctx, None, None)
            }
        }
    }

    fn contact(&self) -> NameAddr {
        wire::own_contact(self.config.contact_user.as_deref(), &self.flow)
    }

    fn answered(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> State {
        if response.status.is_success() {
            return self.granted(ctx, response);
        }
        let status = response.status.code();
        let retry_after_s = wire::retry_after_s(&response.headers);
        if self.tries >= MAX_TRIES {
            return self.failed(ctx, Some(status), retry_after_s);
        }
        if is_challenge(response) && self.auth.challenged(response) {
            return self.register(ctx, self.wanted_s, State::Registering);
        }
        let min_s = response.headers.min_expires().ok().flatten();
        if response.status == StatusCode::INTERVAL_TOO_BRIEF
            && let Some(min_s) = min_s.filter(|s| *s > self.wanted_s && *s <= MAX_EXPIRES_S)
        {
            self.wanted_s = min_s;
            return self.register(ctx, self.wanted_s, State::Registering);
        }
        self.failed(ctx, Some(status), retry_after_s)
    }

    /// RFC 3261 10.2.4: the expires parameter of our Contact, else the Expires header.
    fn granted(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> State {
        let ours = self.contact().uri;
        let listed = match response.headers.contacts() {
            Ok(Contacts::List(list)) => list,
            Ok(Contacts::Star) | Err(_) => Vec::new(),
        };
        // Registrars behind NAT rewrite our address: a single other Contact is ours too.
        let mine = listed.iter().find(|contact| contact.uri == ours).or(match &listed[..] {
            [only] => Some(only),
            _ => None,
        });
        let param = mine.and_then(|contact| contact.params.get("expires")?.parse().ok());
        let header = response.headers.expires().ok().flatten();
        let expires_s: u32 = param.or(header).unwrap_or(self.wanted_s);
        if expires_s == 0 {
            return self.failed(ctx, Some(response.status.code()), None);
        }
        self.failures = 0;
        let expires_s = expires_s.min(MAX_EXPIRES_S);
        let percent = ids::between(ctx.ids, REFRESH_FROM_PERCENT, REFRESH_TO_PERCENT);
        let after_ms = (u64::from(expires_s) * 10 * percent).max(MIN_REFRESH_MS);
        ctx.start(TimerKey::Register(self.trunk), after_ms);
        let state = RegistrationState::Registered { expires_s };
        ctx.event(Event::Registration { trunk: self.trunk, state });
        State::Registered
    }

    fn failed(&mut self, ctx: &mut Ctx<'_>, status: Option<u16>, retry_after_s: Option<u32>) -> State {
        self.auth.reset();
        let doubled = BACKOFF_MS.saturating_mul(1 << self.failures.min(MAX_DOUBLINGS));
        self.failures = self.failures.saturating_add(1);
        let backoff_ms = doubled.min(MAX_BACKOFF_MS);
        let asked_ms = retry_after_s.map_or(0, |s| u64::from(s) * 1_000).min(MAX_RETRY_AFTER_MS);
        // Up to a tenth more, so that boxes do not return in step after an outage.
        let retry_ms = backoff_ms.max(asked_ms);
        let retry_ms = ids::between(ctx.ids, retry_ms, retry_ms + retry_ms / 10);
        ctx.start(TimerKey::Register(self.trunk), retry_ms);
        let state = RegistrationState::Failed { status, retry_ms };
        ctx.event(Event::Registration { trunk: self.trunk, state });
        State::Waiting
    }

    fn stopped(&mut self, ctx: &mut Ctx<'_>) -> State {
        let state = RegistrationState::Unregistered;
        ctx.event(Event::Registration { trunk: self.trunk, state });
        State::Stopped
    }
}

fn is_challenge(response: &Response) -> bool {
    matches!(response.status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED)
}

/// REGISTERs of one attempt: the first, two challenges, one 423.
const MAX_TRIES: u32 = 4;
const MIN_EXPIRES_S: u32 = 60;
const MAX_EXPIRES_S: u32 = 86_400;
const REFRESH_FROM_PERCENT: u64 = 50;
const REFRESH_TO_PERCENT: u64 = 90;
const MIN_REFRESH_MS: u64 = 5_000;
/// The first pause after a failure.
const BACKOFF_MS: u64 = 5_000;
/// The longest pause of our own choice.
const MAX_BACKOFF_MS: u64 = 300_000;
const MAX_DOUBLINGS: u32 = 6;
/// The longest pause a carrier may ask for.
const MAX_RETRY_AFTER_MS: u64 = 3_600_000;
