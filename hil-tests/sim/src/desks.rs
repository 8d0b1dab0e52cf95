//! The agents: they sign in, take breaks, speak, write up, and lose their desk when `calld` dies.

use crate::env::{Env, Event};
use idl::campaign::{AgentState, Disposition};
use idl::desk::{Desk, DeskReply, DeskRequest, Live};
use std::collections::BTreeMap;
use vocab::{AgentId, CallId, CampaignId, CampaignMode, ContactId, Pii};

#[derive(Debug, Default)]
struct Seat {
    state: Option<AgentState>,
    owes: Option<CallId>,
    shown: Option<ContactId>,
    thinking: bool,
    phone: bool,
}

/// All desks.
#[derive(Debug, Default)]
pub struct Desks {
    seats: BTreeMap<AgentId, Seat>,
    preview: Option<CampaignId>,
    pending: BTreeMap<u64, (AgentId, Option<(CallId, Disposition)>)>,
    next: u64,
}

impl Desks {
    /// Desks of these agents.
    pub fn new(agents: &[AgentId], preview: Option<CampaignId>) -> Self {
        let seats = agents.iter().map(|agent| (*agent, Seat { phone: true, ..Seat::default() })).collect();
        Self { seats, preview, pending: BTreeMap::new(), next: 0 }
    }

    /// The mode in which desks ask for contacts.
    pub const fn previews(mode: CampaignMode) -> bool {
        matches!(mode, CampaignMode::Preview)
    }

    /// Agents whose phone is registered.
    pub fn phones(&self) -> Vec<(AgentId, bool)> {
        self.seats.iter().map(|(agent, seat)| (*agent, seat.phone)).collect()
    }

    /// Whether an agent's phone is registered now; now and then one is unplugged for a while.
    pub fn phone(&mut self, env: &mut Env, agent: AgentId) -> bool {
        let unplug = !env.quiet && env.chance(50);
        let Some(seat) = self.seats.get_mut(&agent) else { return false };
        seat.phone = !unplug;
        seat.phone
    }

    /// `calld` runs anew: everybody signs in again.
    pub fn reconnect(&mut self, env: &mut Env, life: u64) {
        self.pending.clear();
        let wait = env.between(200, 4_000);
        let id = self.id();
        env.after(wait, Event::AskDesk(Box::new(DeskRequest { id, what: Desk::Watch }), life));
        let agents: Vec<AgentId> = self.seats.keys().copied().collect();
        for agent in agents {
            if let Some(seat) = self.seats.get_mut(&agent) {
                *seat = Seat { phone: seat.phone, ..Seat::default() };
            }
            self.think_in(env, agent, 3_000, 9_000);
        }
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn think_in(&mut self, env: &mut Env, agent: AgentId, low: u64, high: u64) {
        let Some(seat) = self.seats.get_mut(&agent) else { return };
        if !seat.thinking {
            seat.thinking = true;
            let wait = env.between(low, high);
            env.after(wait, Event::Agent(agent));
        }
    }

    /// `calld` says something.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn told(&mut self, env: &mut Env, reply: DeskReply) -> Result<(), String> {
        match reply {
            DeskReply::Live(live) => self.live(env, &live)?,
            DeskReply::Done { id } => {
                if let Some((agent, Some((call, disposition)))) = self.pending.remove(&id) {
                    env.note(|| format!("{agent} wrote up {call} as {disposition:?}"));
                    env.truth.wrapped.insert(call);
                }
            }
            DeskReply::Preview { id, contact } => {
                if let Some((agent, _)) = self.pending.remove(&id)
                    && let Some(seat) = self.seats.get_mut(&agent)
                {
                    seat.shown = contact;
                    self.think_in(env, agent, 1_000, 20_000);
                }
            }
            DeskReply::Dialled { id, .. } | DeskReply::Refused { id, .. } => {
                self.pending.remove(&id);
            }
        }
        Ok(())
    }

    fn live(&mut self, env: &mut Env, live: &Live) -> Result<(), String> {
        for (agent, state, _) in &live.agents {
            let owes = live.wrap_ups.iter().find(|(of, _)| of == agent).map(|(_, call)| *call);
            if *state == AgentState::WrapUp && owes.is_none() {
                return Err(format!("CAM-15: {agent} is in wrap-up for no call"));
            }
            let Some(seat) = self.seats.get_mut(agent) else { continue };
            seat.state = Some(*state);
            seat.owes = owes;
            match state {
                AgentState::WrapUp => self.think_in(env, *agent, 500, 15_000),
                AgentState::Out => self.think_in(env, *agent, 500, 5_000),
                AgentState::Break => self.think_in(env, *agent, 5_000, 300_000),
                AgentState::Talking => self.think_in(env, *agent, 1_000, 60_000),
                AgentState::Ready | AgentState::Reserved => self.think_in(env, *agent, 2_000, 900_000),
            }
        }
        Ok(())
    }

    /// An agent acts.
    pub fn act(&mut self, env: &mut Env, agent: AgentId, life: u64) {
        let Some(seat) = self.seats.get_mut(&agent) else { return };
        seat.thinking = false;
        let ready = Desk::State { agent, state: AgentState::Ready };
        let (state, owes) = (seat.state, seat.owes);
        let mut wrote = None;
        let what = match (state, owes) {
            (Some(AgentState::WrapUp), Some(call)) => {
                let disposition = env.pick(&DISPOSITIONS);
                wrote = Some((call, disposition));
                Desk::WrapUp { agent, call, disposition, note: Pii::new("note".to_owned()) }
            }
            (None | Some(AgentState::Out | AgentState::Break), _) => ready,
            (Some(AgentState::Talking), _) => match env.between(0, 3) {
                0 => Desk::HangUp { agent },
                1 => Desk::Refused { agent },
                2 => Desk::State { agent, state: AgentState::Break },
                _ => return,
            },
            (Some(AgentState::Ready), _) if self.preview.is_some() => match (seat.shown.take(), self.preview)
            {
                (Some(contact), _) => Desk::PreviewDial { agent, contact },
                (None, Some(campaign)) => Desk::PreviewNext { agent, campaign },
                (None, None) => return,
            },
            (Some(AgentState::Ready | AgentState::Reserved), _) if !env.quiet && env.chance(150) => {
                Desk::State { agent, state: env.pick(&[AgentState::Break, AgentState::Out]) }
            }
            (Some(AgentState::Ready | AgentState::Reserved | AgentState::WrapUp), _) => return,
        };
        let id = self.id();
        env.note(|| format!("{agent} asks {what:?}"));
        self.pending.insert(id, (agent, wrote));
        let wait = env.between(1, 20);
        env.after(wait, Event::AskDesk(Box::new(DeskRequest { id, what }), life));
        // Without news the same is asked again: the desk may have lost its connection.
        if state != Some(AgentState::Ready) {
            self.think_in(env, agent, 8_000, 12_000);
        }
    }

    /// A preview desk looks for work as long as somebody can be called.
    pub fn look(&mut self, env: &mut Env) {
        if self.preview.is_none() {
            return;
        }
        let agents: Vec<AgentId> = self.seats.keys().copied().collect();
        for agent in agents {
            self.think_in(env, agent, 1_000, 30_000);
        }
    }
}

const DISPOSITIONS: [Disposition; 7] = [
    Disposition::Done,
    Disposition::Done,
    Disposition::Callback,
    Disposition::Refused,
    Disposition::WrongPerson,
    Disposition::Minor,
    Disposition::Complaint,
];
