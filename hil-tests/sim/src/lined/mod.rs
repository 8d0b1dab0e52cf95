//! The line process: the product's call machine, fact queue, trunk choice and SIP endpoint, driven here.
//!
//! The driver stands for the product's signalling loop without its sockets: media is a clock that says when
//! a prompt was heard, the recorder always works, agents' phones answer or do not.

mod act;
mod call;
mod events;

use crate::env::{Env, Event, Link, Proc, Wire};
use crate::run::Sabotage;
use crate::vault::{frame, read};
use call::LiveCall;
use idl::lines::{CallFact, LinedToCalld, LinedToVault, LiveState, SiteLines, TrunkState, TrunkStatus};
use lined::call::{Input, Timer};
use lined::link::facts::Facts;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sip_ua::trunk::{LineGroup, Member, TrunkSelector};
use sip_ua::{CallHandle, Config, Endpoint, Flow, IdSource, Millis, Output, Transport};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use vocab::{AgentId, CallId, LineGroupId, TrunkId};

/// The process.
#[derive(Default)]
pub struct LinedProc {
    life: u64,
    core: Option<Core>,
    sabotage: Sabotage,
}

/// What dies with the process.
struct Core {
    endpoint: Endpoint,
    facts: Facts,
    calls: BTreeMap<CallId, LiveCall>,
    legs: BTreeMap<CallHandle, CallId>,
    by_sip: BTreeMap<String, CallId>,
    selector: TrunkSelector,
    groups: BTreeMap<LineGroupId, LineGroup>,
    site: SiteLines,
    states: BTreeMap<TrunkId, TrunkState>,
    timers: BTreeSet<(u64, CallId, Timer)>,
    pending: VecDeque<(CallId, Input)>,
    out: Vec<Output>,
    links: BTreeMap<Link, u64>,
    releasing: BTreeMap<u64, CallId>,
    released: VecDeque<CallId>,
    phones: BTreeSet<AgentId>,
    free: Vec<(LineGroupId, u32)>,
    next_handle: u64,
    draining: bool,
    wake: Option<u64>,
    sabotage: Sabotage,
}

struct Tokens(ChaCha8Rng);

impl IdSource for Tokens {
    fn token(&mut self) -> [u8; 16] {
        let mut token = [0; 16];
        self.0.fill_bytes(&mut token);
        token
    }
}

impl LinedProc {
    /// A process that does not run.
    pub fn new(sabotage: Sabotage) -> Self {
        Self { life: 0, core: None, sabotage }
    }

    /// Whether it runs.
    pub fn alive(&self) -> bool {
        self.core.is_some()
    }

    /// Whether calls are alive in it.
    pub fn is_busy(&self) -> bool {
        self.core.as_ref().is_some_and(|core| !core.calls.is_empty() || core.endpoint.call_count() > 0)
    }

    /// Starts with nothing.
    pub fn start(&mut self, env: &mut Env) {
        let mut seed = [0; 8];
        env.fill(&mut seed);
        let tokens = Tokens(ChaCha8Rng::seed_from_u64(u64::from_be_bytes(seed)));
        self.life += 1;
        self.core = Some(Core {
            endpoint: Endpoint::new(Config::default(), Box::new(tokens)),
            facts: Facts::default(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            by_sip: BTreeMap::new(),
            selector: TrunkSelector::new(),
            groups: BTreeMap::new(),
            site: SiteLines::default(),
            states: BTreeMap::new(),
            timers: BTreeSet::new(),
            pending: VecDeque::new(),
            out: Vec::new(),
            links: BTreeMap::new(),
            releasing: BTreeMap::new(),
            released: VecDeque::new(),
            phones: BTreeSet::new(),
            free: Vec::new(),
            next_handle: 0,
            draining: false,
            wake: None,
            sabotage: self.sabotage,
        });
        env.note(|| "lined starts".to_owned());
    }

    /// Kill -9.
    pub fn kill(&mut self, env: &mut Env) {
        if self.core.take().is_some() {
            env.note(|| "lined is killed".to_owned());
        }
    }

    /// A link brings something.
    ///
    /// # Errors
    /// A frame that cannot be read, or a broken invariant.
    pub fn link(&mut self, env: &mut Env, link: Link, epoch: u64, wire: Wire) -> Result<(), String> {
        let Some(core) = &mut self.core else { return Ok(()) };
        match wire {
            Wire::Up => {
                core.links.insert(link, epoch);
                core.link_is_up(env, link);
            }
            Wire::Down if core.links.get(&link) == Some(&epoch) => {
                core.links.remove(&link);
            }
            Wire::Frame(bytes) if core.links.get(&link) == Some(&epoch) => {
                if link == Link::VaultLined {
                    core.vault_says(env, read(&bytes)?);
                } else {
                    core.calld_says(read(&bytes)?);
                }
            }
            Wire::Down | Wire::Frame(_) => {}
        }
        core.settle(env)
    }

    /// A datagram of a carrier.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn datagram(&mut self, env: &mut Env, trunk: usize, bytes: &[u8]) -> Result<(), String> {
        let Some(core) = &mut self.core else { return Ok(()) };
        let Ok(message) = sip::parse_datagram(bytes) else {
            return Err("the product's parser refuses a carrier's message".to_owned());
        };
        let input = sip_ua::Input::Received { message, source: flow_of(trunk) };
        core.endpoint.receive(Millis(env.now), input, &mut core.out);
        core.settle(env)
    }

    /// The opt-out key in the audio of a call.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn key(&mut self, env: &mut Env, sip_call: &str) -> Result<(), String> {
        let Some(core) = &mut self.core else { return Ok(()) };
        if let Some(call) = core.by_sip.get(sip_call).copied() {
            core.pending.push_back((call, Input::OptOut(idl::lines::OptOutBy::Rfc4733)));
        }
        core.settle(env)
    }

    /// An agent's phone registers or leaves.
    pub fn phone(&mut self, env: &mut Env, agent: AgentId, registered: bool) {
        let Some(core) = &mut self.core else { return };
        let news = if registered { core.phones.insert(agent) } else { core.phones.remove(&agent) };
        if news {
            core.tell_calld(env, &LinedToCalld::Phone { agent, registered });
        }
    }

    /// A timer.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn wake(&mut self, env: &mut Env, at: u64) -> Result<(), String> {
        match &mut self.core {
            Some(core) if core.wake == Some(at) => {
                core.wake = None;
                core.settle(env)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Its gauges.
    pub fn gauges(&self) -> Vec<(String, u64)> {
        let Some(core) = &self.core else { return Vec::new() };
        let gauges = [
            ("calls", core.calls.len()),
            ("dialogs", core.endpoint.call_count()),
            ("transactions", core.endpoint.transaction_count()),
            ("facts_waiting", core.facts.len()),
            ("timers", core.timers.len()),
            ("releasing", core.releasing.len() + core.released.len()),
        ];
        gauges.into_iter().map(|(name, value)| (name.to_owned(), value as u64)).collect()
    }
}

impl Core {
    fn tell_calld(&self, env: &mut Env, message: &LinedToCalld) {
        if let Some(epoch) = self.links.get(&Link::LinedCalld).copied() {
            env.send(Link::LinedCalld, Proc::Calld, epoch, frame(message));
        }
    }

    fn tell_vault(&self, env: &mut Env, message: &LinedToVault) {
        if let Some(epoch) = self.links.get(&Link::VaultLined).copied() {
            env.send(Link::VaultLined, Proc::Vault, epoch, frame(message));
        }
    }

    fn push_fact(&mut self, env: &Env, call: CallId, fact: CallFact) -> u32 {
        self.facts.push(call, env.wall(), fact)
    }

    /// Everything that follows from the last event, and everything that is due.
    fn settle(&mut self, env: &mut Env) -> Result<(), String> {
        let now = Millis(env.now);
        self.endpoint.expire(now, &mut self.out);
        while let Some((at, call, timer)) = self.timers.first().copied().filter(|(at, ..)| *at <= env.now) {
            self.timers.remove(&(at, call, timer));
            self.pending.push_back((call, Input::TimerFired(timer)));
        }
        self.play(env);
        loop {
            self.drive(env);
            if self.out.is_empty() {
                break;
            }
            for output in std::mem::take(&mut self.out) {
                match output {
                    Output::Send { flow, bytes } => self.transmit(env, flow, &bytes)?,
                    Output::Event(event) => self.sip_event(env, event),
                }
            }
        }
        self.send_facts(env);
        self.tell_free(env);
        self.arm(env);
        Ok(())
    }

    fn arm(&mut self, env: &mut Env) {
        let sip = self.endpoint.deadline().map(|at| at.0);
        let timers = self.timers.first().map(|(at, ..)| *at);
        let media = self.calls.values().filter_map(LiveCall::media_deadline).min();
        let Some(at) = [sip, timers, media].into_iter().flatten().min() else { return };
        let at = at.max(env.now + 1);
        if self.wake.is_none_or(|known| at < known || known <= env.now) {
            self.wake = Some(at);
            env.at(at, Event::Wake(Proc::Lined, at));
        }
    }

    fn send_facts(&mut self, env: &mut Env) {
        if !self.links.contains_key(&Link::VaultLined) {
            return;
        }
        while let Some(call) = self.released.pop_front() {
            self.tell_vault(env, &LinedToVault::Released { call });
        }
        while let Some(fact) = self.facts.unsent() {
            self.tell_vault(env, &fact);
            self.facts.handed_over();
        }
    }

    fn tell_free(&mut self, env: &mut Env) {
        let free_of = |id: TrunkId| {
            let usable = self.states.get(&id).is_none_or(|state| {
                matches!(state, TrunkState::Unknown | TrunkState::Up | TrunkState::Degraded)
            });
            let channels =
                self.site.trunks.iter().find(|trunk| trunk.id == id).map_or(0, |trunk| trunk.channels);
            let used = self.selector.calls(ua_id(id));
            if usable { u32::from(channels).saturating_sub(used) } else { 0 }
        };
        let groups = self.site.groups.iter();
        let free: Vec<(LineGroupId, u32)> = groups
            .map(|group| (group.id, group.members.iter().map(|member| free_of(member.trunk)).sum()))
            .map(|(group, free)| (group, if self.draining { 0 } else { free }))
            .collect();
        if free != self.free {
            self.free.clone_from(&free);
            self.tell_calld(env, &LinedToCalld::Free(free));
        }
    }

    fn statuses(&self, env: &Env) -> Vec<TrunkStatus> {
        let status = |trunk: &idl::lines::TrunkConfig| TrunkStatus {
            trunk: trunk.id,
            since: env.wall(),
            state: self.states.get(&trunk.id).copied().unwrap_or(TrunkState::Unknown),
            reason: String::new(),
            calls: 0,
        };
        self.site.trunks.iter().map(status).collect()
    }

    fn take_site(&mut self, env: &mut Env, site: SiteLines) {
        for trunk in &site.trunks {
            if self.site.trunks.contains(trunk) {
                continue;
            }
            let index = usize::from(trunk.id.0) - 1;
            let flow = flow_of(index);
            let target = sip::Uri::sip(None, flow.remote.ip().into(), Some(5060));
            let interval_ms = u64::from(trunk.options_interval_s) * 1_000;
            let config = sip_ua::TrunkConfig {
                id: ua_id(trunk.id),
                flow,
                target,
                monitor: Some(sip_ua::trunk::MonitorConfig { interval_ms, ..Default::default() }),
                registration: None,
            };
            self.selector.set_state(ua_id(trunk.id), sip_ua::TrunkState::Unknown);
            self.endpoint.add_trunk(Millis(env.now), config, &mut self.out);
        }
        let member = |member: &idl::lines::LineGroupMember| Member {
            trunk: ua_id(member.trunk),
            order: member.rank,
            weight: u32::from(member.weight),
            channels: site
                .trunks
                .iter()
                .find(|trunk| trunk.id == member.trunk)
                .map_or(0, |trunk| trunk.channels.into()),
        };
        self.groups = site
            .groups
            .iter()
            .map(|group| (group.id, LineGroup::new(group.members.iter().map(member))))
            .collect();
        self.site = site;
    }

    fn live_states(&self) -> Vec<(CallId, LiveState)> {
        self.calls.iter().map(|(call, live)| (*call, live.machine.live())).collect()
    }
}

/// The way to a carrier.
pub fn flow_of(trunk: usize) -> Flow {
    let last = u8::try_from(trunk).unwrap_or(0) + 1;
    Flow {
        transport: Transport::Udp,
        remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), 5060),
        local: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)), 5060),
        connection: None,
    }
}

/// The endpoint's number of a trunk.
pub fn ua_id(id: TrunkId) -> sip_ua::TrunkId {
    sip_ua::TrunkId(u32::from(id.0))
}

/// A message to the vault in the trace.
pub fn show(message: &LinedToVault) -> String {
    match message {
        LinedToVault::Fact { call, seq, fact, .. } => {
            let name = format!("{fact:?}");
            format!("{call} fact {seq} {}", name.chars().take(70).collect::<String>())
        }
        LinedToVault::Live { .. }
        | LinedToVault::Trunk(_)
        | LinedToVault::Span(_)
        | LinedToVault::SpanFact { .. }
        | LinedToVault::SpanOrderDone { .. }
        | LinedToVault::Released { .. } => {
            format!("{message:?}")
        }
    }
}
