//! Trunks and groups of the site: their addresses, connections, states, and who takes the next call.
//!
//! A change of the site never touches a live call: its dialog keeps the flow it has.

use crate::dns::{LookupError, Names, Target};
use crate::transport::{ClientProfile, Transports};
use idl::lines::{SipTransport, SiteLines, TrunkConfig, TrunkState, TrunkStatus};
use idl::spans::{E1_TIMESLOTS, MAX_SPANS};
use sip::{Host, NameAddr, Uri};
use sip_ua::registration::RegistrationConfig;
use sip_ua::trunk::{LineGroup, Member, MonitorConfig, TrunkSelector};
use sip_ua::{Endpoint, Flow, Login, Millis, Output, Transport};
use std::collections::BTreeMap;
use std::sync::Arc;
use vocab::{LineGroupId, Pii, SpanId, TrunkId, UnixMs};

/// Trunks of a site.
pub const MAX_TRUNKS: usize = 256;
/// How long a trunk without OPTIONS rests after it was found dead.
const REST_MS: i64 = 30_000;

/// All trunks.
#[derive(Debug, Default)]
pub struct Lines {
    site: SiteLines,
    trunks: BTreeMap<TrunkId, Trunk>,
    spans: BTreeMap<TrunkId, SpanTrunk>,
    groups: BTreeMap<LineGroupId, LineGroup>,
    selector: TrunkSelector,
}

#[derive(Debug)]
struct Trunk {
    config: TrunkConfig,
    profile: Option<Arc<ClientProfile>>,
    target: Target,
    flow: Option<Flow>,
    turn: usize,
    state: TrunkState,
    since: UnixMs,
    reason: String,
}

/// A span of a card as a trunk.
#[derive(Debug)]
struct SpanTrunk {
    span: SpanId,
    idle: u32,
    state: TrunkState,
    since: UnixMs,
    reason: String,
}

/// What the lines need of the process while they look after trunks.
pub struct Upkeep<'a> {
    /// Monotonic time.
    pub now: Millis,
    /// Wall time.
    pub wall: UnixMs,
    /// Names of trunks.
    pub names: &'a mut Names,
    /// The sockets.
    pub transports: &'a mut Transports,
    /// The SIP endpoint.
    pub endpoint: &'a mut Endpoint,
    /// What the endpoint wants done.
    pub out: &'a mut Vec<Output>,
}

impl Lines {
    /// Takes the site as it is now: adds, changes and removes trunks.
    pub fn apply(&mut self, mut site: SiteLines, around: &mut Upkeep<'_>) {
        site.trunks.truncate(MAX_TRUNKS);
        let kept: Vec<TrunkId> = site.trunks.iter().map(|trunk| trunk.id).collect();
        let gone: Vec<TrunkId> = self.trunks.keys().filter(|id| !kept.contains(id)).copied().collect();
        for id in gone {
            self.trunks.remove(&id);
            self.selector.set_state(ua_id(id), sip_ua::TrunkState::Disabled);
            around.endpoint.stop_trunk(around.now, ua_id(id), around.out);
        }
        for config in &site.trunks {
            let same = self.trunks.get(&config.id).is_some_and(|trunk| trunk.config == *config);
            if !same {
                self.trunks.insert(config.id, Trunk::new(config.clone(), around.wall));
                self.selector.set_state(ua_id(config.id), sip_ua::TrunkState::Unknown);
            }
        }
        self.apply_spans(&site, around.wall);
        self.groups = site.groups.iter().map(|group| (group.id, group_of(group, &site))).collect();
        self.site = site;
        let used: Vec<Target> = self.trunks.values().map(|trunk| trunk.target.clone()).collect();
        around.names.keep(&used);
        self.look_after(around);
    }

    fn apply_spans(&mut self, site: &SiteLines, wall: UnixMs) {
        let known = |trunk: &TrunkId, own: &SpanTrunk| {
            site.spans.iter().any(|span| span.trunk == *trunk && span.span == own.span)
        };
        for (trunk, _) in self.spans.extract_if(.., |trunk, own| !known(trunk, own)) {
            self.selector.set_state(ua_id(trunk), sip_ua::TrunkState::Disabled);
        }
        for config in site.spans.iter().take(MAX_SPANS) {
            self.spans.entry(config.trunk).or_insert_with(|| SpanTrunk {
                span: config.span,
                idle: 0,
                state: TrunkState::Unknown,
                since: wall,
                reason: reason_of(sip_ua::TrunkState::Unknown).to_owned(),
            });
        }
    }

    /// The span of a trunk that is one.
    #[must_use]
    pub fn span(&self, id: TrunkId) -> Option<SpanId> {
        self.spans.get(&id).map(|trunk| trunk.span)
    }

    /// A span takes calls, or does not, and has so many idle channels. Gives its status if that is to be told.
    pub fn span_stands(
        &mut self,
        id: TrunkId,
        state: TrunkState,
        reason: &str,
        idle: u32,
        wall: UnixMs,
    ) -> Option<TrunkStatus> {
        let trunk = self.spans.get_mut(&id)?;
        trunk.idle = idle;
        if trunk.state == state && trunk.reason == reason {
            return None;
        }
        trunk.state = state;
        trunk.since = wall;
        reason.clone_into(&mut trunk.reason);
        self.selector.set_state(ua_id(id), ua_state(state));
        self.status(id)
    }

    /// Resolves, connects and registers what is not yet; called at least once a second. Gives the trunks of which it is
    /// news that their name has no address.
    pub fn look_after(&mut self, around: &mut Upkeep<'_>) -> Vec<TrunkStatus> {
        let mut nameless = Vec::new();
        for (id, trunk) in &mut self.trunks {
            trunk.look_after(around);
            if let Some(error) = around.names.failed(&trunk.target).filter(|_| trunk.flow.is_none()) {
                if trunk.is_nameless(error, around.wall) {
                    self.selector.set_state(ua_id(*id), sip_ua::TrunkState::Down);
                    nameless.push(*id);
                }
                continue;
            }
            if trunk.deserves_another_call(around.wall) {
                trunk.state = TrunkState::Unknown;
                trunk.since = around.wall;
                reason_of(sip_ua::TrunkState::Unknown).clone_into(&mut trunk.reason);
                self.selector.set_state(ua_id(*id), sip_ua::TrunkState::Unknown);
            }
        }
        nameless.into_iter().filter_map(|id| self.status(id)).collect()
    }

    /// Whether agents' phones may speak without TLS and SRTP.
    #[must_use]
    pub fn phones_allow_udp(&self) -> bool {
        self.site.phones_allow_udp
    }

    /// A trunk's configuration.
    #[must_use]
    pub fn trunk(&self, id: TrunkId) -> Option<&TrunkConfig> {
        self.trunks.get(&id).map(|trunk| &trunk.config)
    }

    /// The flow of a trunk that has one.
    #[must_use]
    pub fn flow(&self, id: TrunkId) -> Option<Flow> {
        self.trunks.get(&id).and_then(|trunk| trunk.flow)
    }

    /// The trunk for the next call of a group, not one of `tried`, and one that has an address.
    pub fn select(&mut self, group: LineGroupId, tried: &[TrunkId]) -> Option<TrunkId> {
        let group = self.groups.get_mut(&group)?;
        let mut tried: Vec<_> = tried.iter().map(|id| ua_id(*id)).collect();
        loop {
            let id = idl_id(self.selector.select(group, &tried)?);
            let sip = self.trunks.get(&id).is_some_and(|trunk| trunk.flow.is_some());
            let card =
                self.spans.get(&id).is_some_and(|trunk| trunk.state == TrunkState::Up && trunk.idle > 0);
            if sip || card {
                return Some(id);
            }
            tried.push(ua_id(id));
        }
    }

    /// A call occupies a channel.
    pub fn call_started(&mut self, id: TrunkId) {
        self.selector.call_started(ua_id(id));
    }

    /// A call freed its channel.
    pub fn call_ended(&mut self, id: TrunkId) {
        self.selector.call_ended(ua_id(id));
    }

    /// The endpoint saw a trunk change. Answers its status to be told.
    pub fn changed(
        &mut self,
        id: sip_ua::TrunkId,
        state: sip_ua::TrunkState,
        wall: UnixMs,
    ) -> Option<TrunkStatus> {
        let trunk = self.trunks.get_mut(&idl_id(id))?;
        // What a changed trunk's former address still says is none of its news.
        trunk.flow?;
        self.selector.set_state(id, state);
        let id = idl_id(id);
        trunk.state = state_of(state);
        trunk.since = wall;
        trunk.reason = reason_of(state).to_owned();
        if state == sip_ua::TrunkState::Down {
            // The next round tries the next address of the name.
            trunk.turn = trunk.turn.wrapping_add(1);
        }
        self.status(id)
    }

    /// All states.
    #[must_use]
    pub fn statuses(&self) -> Vec<TrunkStatus> {
        self.trunks.keys().chain(self.spans.keys()).filter_map(|id| self.status(*id)).collect()
    }

    /// Calls that may be added now, for each group, at most `room`.
    #[must_use]
    pub fn free(&self, room: u32) -> Vec<(LineGroupId, u32)> {
        let free_of = |id: TrunkId| {
            let Some(trunk) = self.trunks.get(&id) else {
                let up = self.spans.get(&id).filter(|trunk| trunk.state == TrunkState::Up);
                return up.map_or(0, |trunk| trunk.idle);
            };
            let usable = matches!(trunk.state, TrunkState::Unknown | TrunkState::Up | TrunkState::Degraded);
            let calls = self.selector.calls(ua_id(id));
            if usable && trunk.flow.is_some() {
                u32::from(trunk.config.channels).saturating_sub(calls)
            } else {
                0
            }
        };
        let groups = self.site.groups.iter();
        groups
            .map(|group| {
                let free: u32 = group.members.iter().map(|member| free_of(member.trunk)).sum();
                (group.id, free.min(room))
            })
            .collect()
    }

    /// Trunks that cannot take calls.
    #[must_use]
    pub fn down(&self) -> Vec<TrunkId> {
        let dead = |trunk: &Trunk| {
            matches!(trunk.state, TrunkState::Down | TrunkState::RegistrationFailed) || trunk.flow.is_none()
        };
        let spans = self.spans.iter().filter(|(_, trunk)| trunk.state == TrunkState::Down).map(|(id, _)| *id);
        self.trunks.iter().filter(|(_, trunk)| dead(trunk)).map(|(id, _)| *id).chain(spans).collect()
    }

    fn status(&self, id: TrunkId) -> Option<TrunkStatus> {
        let (since, state, reason) = match (self.trunks.get(&id), self.spans.get(&id)) {
            (Some(trunk), _) => (trunk.since, trunk.state, &trunk.reason),
            (None, Some(trunk)) => (trunk.since, trunk.state, &trunk.reason),
            (None, None) => return None,
        };
        Some(TrunkStatus {
            trunk: id,
            since,
            state,
            reason: reason.clone(),
            calls: u16::try_from(self.selector.calls(ua_id(id))).unwrap_or(u16::MAX),
        })
    }
}

impl Trunk {
    fn new(config: TrunkConfig, wall: UnixMs) -> Self {
        let transport = transport_of(config.transport);
        let mut trunk = Self {
            profile: None,
            target: Target { host: config.host.clone(), port: config.port, transport },
            flow: None,
            turn: 0,
            state: TrunkState::Unknown,
            since: wall,
            reason: reason_of(sip_ua::TrunkState::Unknown).to_owned(),
            config,
        };
        let name = trunk.config.tls_name.as_deref().unwrap_or(&trunk.config.host);
        let profile = match trunk.config.transport {
            SipTransport::Udp | SipTransport::Tcp => Ok(ClientProfile::Plain),
            SipTransport::Tls => {
                ClientProfile::tls(trunk.config.ca_pem.as_deref(), name, trunk.config.tls12_waiver)
            }
        };
        match profile {
            Ok(profile) => trunk.profile = Some(Arc::new(profile)),
            Err(error) => {
                log::error!(target: "lines", trunk:% = trunk.config.id, error:% ; "the trunk cannot be used");
                trunk.state = TrunkState::Down;
                trunk.reason = format!("{error}: correct the trunk's TLS settings");
            }
        }
        trunk
    }

    /// A trunk that may not be asked by OPTIONS is asked by a call, some time after it was found dead.
    fn deserves_another_call(&self, wall: UnixMs) -> bool {
        let asked_by_calls = self.config.options_interval_s == 0 && self.profile.is_some();
        asked_by_calls && self.state == TrunkState::Down && wall.since(self.since) > REST_MS
    }

    /// Its name has no address: it is down for that reason. Whether that is news.
    fn is_nameless(&mut self, error: LookupError, wall: UnixMs) -> bool {
        let news = self.profile.is_some() && self.reason != error.reason();
        if news {
            self.state = TrunkState::Down;
            self.since = wall;
            error.reason().clone_into(&mut self.reason);
        }
        news
    }

    fn look_after(&mut self, around: &mut Upkeep<'_>) {
        let Some(profile) = &self.profile else { return };
        let addresses = around.names.addresses(around.now, &self.target);
        let Some(&remote) = addresses.get(self.turn % addresses.len().max(1)) else { return };
        // A lease may come after us, and change: what is offered to the carrier must be where we are.
        let ours = around.transports.towards(self.target.transport, remote);
        if ours.ip().is_unspecified()
            || self.flow.is_some_and(|flow| (flow.remote, flow.local) == (remote, ours))
        {
            return;
        }
        match around.transports.flow_to(self.target.transport, remote, profile) {
            Ok(flow) => {
                self.flow = Some(flow);
                around.endpoint.add_trunk(around.now, self.endpoint_config(flow), around.out);
            }
            Err(error) => {
                log::warn!(target: "lines", trunk:% = self.config.id, error:% ; "no way to the trunk")
            }
        }
    }

    fn endpoint_config(&self, flow: Flow) -> sip_ua::TrunkConfig {
        let host = host_of(&self.config.host);
        let target = Uri::sip(None, host.clone(), self.config.port);
        let interval_ms = u64::from(self.config.options_interval_s) * 1_000;
        let account = self.config.account.as_ref();
        let registration = account.filter(|account| account.register).map(|account| RegistrationConfig {
            registrar: target.clone(),
            aor: NameAddr::new(Uri::sip(Some(&account.user), host, None)),
            contact_user: Some(account.user.clone()),
            expires_s: account.expires_s,
            login: Some(login_of(account)),
        });
        sip_ua::TrunkConfig {
            id: ua_id(self.config.id),
            flow,
            target,
            monitor: (interval_ms > 0).then(|| MonitorConfig { interval_ms, ..MonitorConfig::default() }),
            registration,
        }
    }
}

/// How a challenge of the carrier is answered.
#[must_use]
pub fn login_of(account: &idl::lines::TrunkAccount) -> Login {
    Login { user: Pii::new(account.user.clone()), password: account.password.clone() }
}

/// A host as SIP writes it.
#[must_use]
pub fn host_of(text: &str) -> Host {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<std::net::IpAddr>().map_or_else(|_| Host::Name(bare.to_owned()), Host::from)
}

fn group_of(group: &idl::lines::LineGroup, site: &SiteLines) -> LineGroup {
    LineGroup::new(group.members.iter().filter_map(|member| {
        let trunk = site.trunks.iter().find(|trunk| trunk.id == member.trunk);
        let span = site.spans.iter().find(|span| span.trunk == member.trunk);
        // A span's idle channels are the card's to count; here its size is enough.
        let channels = trunk.map(|trunk| trunk.channels).or(span.map(|_| u16::from(E1_TIMESLOTS)))?;
        Some(Member {
            trunk: ua_id(member.trunk),
            order: member.rank,
            weight: u32::from(member.weight),
            channels: u32::from(channels),
        })
    }))
}

const fn transport_of(transport: SipTransport) -> Transport {
    match transport {
        SipTransport::Udp => Transport::Udp,
        SipTransport::Tcp => Transport::Tcp,
        SipTransport::Tls => Transport::Tls,
    }
}

/// The endpoint's number of a trunk.
#[must_use]
pub fn ua_id(id: TrunkId) -> sip_ua::TrunkId {
    sip_ua::TrunkId(u32::from(id.0))
}

fn idl_id(id: sip_ua::TrunkId) -> TrunkId {
    TrunkId(u16::try_from(id.0).unwrap_or(u16::MAX))
}

const fn state_of(state: sip_ua::TrunkState) -> TrunkState {
    match state {
        sip_ua::TrunkState::Unknown => TrunkState::Unknown,
        sip_ua::TrunkState::Up => TrunkState::Up,
        sip_ua::TrunkState::Degraded => TrunkState::Degraded,
        sip_ua::TrunkState::Down => TrunkState::Down,
        sip_ua::TrunkState::RegistrationFailed => TrunkState::RegistrationFailed,
        sip_ua::TrunkState::Disabled => TrunkState::Disabled,
    }
}

const fn ua_state(state: TrunkState) -> sip_ua::TrunkState {
    match state {
        TrunkState::Unknown => sip_ua::TrunkState::Unknown,
        TrunkState::Up => sip_ua::TrunkState::Up,
        TrunkState::Degraded => sip_ua::TrunkState::Degraded,
        TrunkState::Down => sip_ua::TrunkState::Down,
        TrunkState::RegistrationFailed => sip_ua::TrunkState::RegistrationFailed,
        TrunkState::Disabled => sip_ua::TrunkState::Disabled,
    }
}

const fn reason_of(state: sip_ua::TrunkState) -> &'static str {
    match state {
        sip_ua::TrunkState::Unknown => "not asked yet",
        sip_ua::TrunkState::Up => "answers",
        sip_ua::TrunkState::Degraded => "overloaded or just back: watch it",
        sip_ua::TrunkState::Down => "no answer: check network, firewall and the carrier's address",
        sip_ua::TrunkState::RegistrationFailed => "the carrier refuses our registration: check the account",
        sip_ua::TrunkState::Disabled => "switched off",
    }
}

#[cfg(test)]
mod tests {
    use super::reason_of;

    #[test]
    fn why_a_trunk_stands_as_it_does_is_said_in_both_languages() {
        for state in [
            sip_ua::TrunkState::Unknown,
            sip_ua::TrunkState::Up,
            sip_ua::TrunkState::Degraded,
            sip_ua::TrunkState::Down,
            sip_ua::TrunkState::RegistrationFailed,
            sip_ua::TrunkState::Disabled,
        ] {
            assert_ne!(idl::reasons::chinese(reason_of(state)), reason_of(state), "{state:?}");
        }
    }
}
