//! The floor: everything `calld` knows, and what it does about each piece of news.
//!
//! Files: `vault` (news of the vault), `line` (news of the lines), `desk` (agents and the page), `fill`
//! (starting calls). It holds no socket; [`Output`] says what to send.

mod desk;
mod fill;
mod line;
mod vault;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_desk;

use crate::rate::Rate;
use call::agent::Agent;
use call::life::Stage;
use idl::campaign::{AgentState, CalldToVault, CampaignRequest, CampaignView, Disposition, VaultToCalld};
use idl::desk::{DeskReply, DeskRequest, Live};
use idl::lines::{CalldToLined, LinedToCalld, TrunkStatus};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocab::{AgentId, CallId, CampaignId, ContactId, DepartmentId, LineGroupId, UnixMs};

/// The two clocks, read once for each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Monotonic microseconds.
    pub mono_us: u64,
    /// Wall time.
    pub wall: UnixMs,
}

/// News.
#[derive(Debug)]
pub enum Input {
    /// The connection to the vault is up.
    VaultUp,
    /// It is gone; requests under way have no answer any more.
    VaultDown,
    /// The vault speaks.
    Vault(VaultToCalld),
    /// The connection to the lines is up.
    LinesUp,
    /// It is gone.
    LinesDown,
    /// The lines speak.
    Lines(LinedToCalld),
    /// A desk asks; `from` names its connection.
    Desk {
        /// The connection.
        from: u64,
        /// The request.
        request: DeskRequest,
    },
    /// A desk's connection is gone.
    DeskGone {
        /// The connection.
        from: u64,
    },
}

/// What to send.
#[derive(Debug)]
pub enum Output {
    /// To the vault.
    Vault(CalldToVault),
    /// To the lines.
    Lines(CalldToLined),
    /// To one desk.
    Desk {
        /// The connection.
        to: u64,
        /// The message.
        reply: DeskReply,
    },
}

/// The desk behind the vault: what the page's agents ask comes through it, their identity proven there.
pub const VAULT_DESK: u64 = u64::MAX;

/// Everything `calld` knows.
#[derive(Debug, Default)]
pub struct Floor {
    vault_up: bool,
    lines_up: bool,
    stopping: bool,
    drained: bool,
    campaigns: BTreeMap<CampaignId, Campaign>,
    agents: BTreeMap<AgentId, Seat>,
    /// Agents whose phone can be called; the lines may name them before the vault has.
    registered: BTreeSet<AgentId>,
    /// The vault has said who owes a wrap-up; before that nobody is given a call.
    states_known: bool,
    calls: BTreeMap<CallId, Call>,
    free: BTreeMap<LineGroupId, u32>,
    trunks: Vec<TrunkStatus>,
    pending: BTreeMap<u64, Pending>,
    next_request: u64,
    watchers: Vec<u64>,
    stoppers: Vec<(u64, u64)>,
    changed: bool,
    shown_us: u64,
}

#[derive(Debug)]
struct Campaign {
    view: CampaignView,
    rate: Rate,
    queue: VecDeque<ContactId>,
    asking: bool,
    /// Do not ask the vault for contacts before this; `None`: ask when the queue runs low.
    ask_at: Option<UnixMs>,
    /// The vault has nothing left for it, now or later.
    exhausted: bool,
    /// Dial requests without an answer.
    dialling: u32,
    /// Calls that hold a line.
    live: u32,
}

#[derive(Debug)]
struct Seat {
    department: DepartmentId,
    agent: Agent,
    since: UnixMs,
    /// The call of this agent: reserved, spoken or to be written up.
    call: Option<CallId>,
    /// A contact shown for preview, until when.
    shown: Option<(CampaignId, ContactId, u64)>,
}

impl Seat {
    /// The call whose wrap-up is missing.
    fn owes(&self) -> Option<CallId> {
        self.call.filter(|_| self.agent.state() == AgentState::WrapUp)
    }
}

#[derive(Debug)]
struct Call {
    stage: Stage,
    campaign: Option<CampaignId>,
    agent: Option<AgentId>,
    /// Since when the line has said nothing about a ticketed call.
    ticketed_us: u64,
    /// Its end is durable, but the lines have not said all about it yet.
    closed: Option<vocab::Outcome>,
}

#[derive(Debug)]
enum Pending {
    Campaigns,
    Agents,
    AgentStates,
    Queue { campaign: CampaignId },
    Return,
    Dial { campaign: CampaignId, contact: ContactId, agent: Option<AgentId>, desk: Option<(u64, u64)> },
    WrapUp { agent: AgentId, call: CallId, desk: (u64, u64) },
    AgentState,
}

impl Floor {
    /// An empty floor: nothing is known until the vault and the lines have spoken.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one piece of news.
    pub fn step(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::VaultUp => self.vault_is_up(out),
            Input::VaultDown => self.vault_is_down(now, out),
            Input::Vault(message) => self.vault_says(now, message, out),
            Input::LinesUp => self.lines_up = true,
            Input::LinesDown => self.lines_are_down(out),
            Input::Lines(message) => self.lines_say(now, message, out),
            Input::Desk { from, request } => self.desk_asks(now, from, request, out),
            Input::DeskGone { from } => {
                self.watchers.retain(|&watcher| watcher != from);
                self.stoppers.retain(|&(desk, _)| desk != from);
            }
        }
        self.work(now, out);
    }

    /// Does what is due; call it at [`Floor::deadline_us`] or later.
    pub fn expire(&mut self, now: Now, out: &mut Vec<Output>) {
        self.forget_shown(now, out);
        self.forget_tickets(now, out);
        self.work(now, out);
    }

    /// When [`Floor::expire`] has something to do, in monotonic microseconds.
    #[must_use]
    pub fn deadline_us(&self, now: Now) -> Option<u64> {
        let mut next: Option<u64> = None;
        let mut at = |time: u64| next = Some(next.map_or(time, |earlier| earlier.min(time)));
        for campaign in self.campaigns.values().filter(|campaign| campaign.view.running && !self.stopping) {
            if let Some(ask_at) = campaign.ask_at {
                let wait = u64::try_from(ask_at.since(now.wall).max(0)).unwrap_or(0);
                at(now.mono_us + (wait * 1_000).min(LONGEST_SLEEP_US));
            }
            if !campaign.queue.is_empty() && campaign.rate.next_us() > now.mono_us {
                at(campaign.rate.next_us());
            }
        }
        for (_, _, until) in self.agents.values().filter_map(|seat| seat.shown) {
            at(until);
        }
        for call in self.calls.values().filter(|call| call.stage == Stage::Ticketed) {
            at(call.ticketed_us + line::SILENT_TICKET_US);
        }
        if self.changed && !self.watchers.is_empty() {
            at(self.shown_us + SHOW_EVERY_US);
        }
        next
    }

    /// Gauges that are zero when nothing runs.
    #[must_use]
    pub fn gauges(&self) -> Vec<(String, u64)> {
        let live = self.calls.values().filter(|call| call.stage.holds_a_line()).count();
        vec![("calls".into(), live as u64), ("requests".into(), self.pending.len() as u64)]
    }

    /// Whether the vault and the lines are both there.
    #[must_use]
    pub const fn connected(&self) -> bool {
        self.vault_up && self.lines_up
    }

    fn work(&mut self, now: Now, out: &mut Vec<Output>) {
        self.close_awaited(now, out);
        if !self.stopping && self.connected() {
            self.fill(now, out);
        }
        self.finish_stop(out);
        if self.changed && !self.watchers.is_empty() && now.mono_us >= self.shown_us + SHOW_EVERY_US {
            self.show(now, out);
        }
    }

    /// Asks the vault. While it is away nothing is asked: no answer could come, and what matters is asked
    /// again when it is back.
    fn ask(&mut self, request: CampaignRequest, pending: Pending, out: &mut Vec<Output>) {
        if !self.vault_up {
            return;
        }
        self.next_request += 1;
        self.pending.insert(self.next_request, pending);
        out.push(Output::Vault(CalldToVault { id: self.next_request, request }));
    }

    /// Moves an agent and records the new state with the vault.
    fn move_agent(
        &mut self,
        now: Now,
        agent: AgentId,
        input: call::agent::Input,
        out: &mut Vec<Output>,
    ) -> Result<(), call::agent::Refusal> {
        let Some(seat) = self.agents.get_mut(&agent) else { return Err(call::agent::Refusal::NotFree) };
        let before = seat.agent.state();
        if seat.agent.step(input)? {
            seat.since = now.wall;
            let state = seat.agent.state();
            self.changed = true;
            // Being reserved is not recorded, nor is coming back from it: a thousand refusals are no entries.
            let back = before == AgentState::Reserved && state == AgentState::Ready;
            if state != AgentState::Reserved && !back {
                let request = CampaignRequest::AgentState { agent, state, at: now.wall };
                self.ask(request, Pending::AgentState, out);
            }
        }
        Ok(())
    }

    fn show(&mut self, now: Now, out: &mut Vec<Output>) {
        self.changed = false;
        self.shown_us = now.mono_us;
        for &watcher in &self.watchers {
            out.push(Output::Desk { to: watcher, reply: DeskReply::Live(self.live()) });
        }
    }

    /// The figures shown to desks.
    #[must_use]
    pub fn live(&self) -> Live {
        let states = self.calls.iter().filter_map(|(&id, call)| match call.stage {
            Stage::Ticketed => Some((id, idl::lines::LiveState::Dialling)),
            Stage::Live(state) => Some((id, state)),
            Stage::Over(_) | Stage::Closed(_) => None,
        });
        let running = || self.campaigns.values().filter(|campaign| campaign.view.running);
        let open = self.calls.values().filter(|call| !matches!(call.stage, Stage::Closed(_))).count();
        let idle =
            |campaign: &Campaign| campaign.exhausted && campaign.queue.is_empty() && campaign.dialling == 0;
        // Nothing to dial and nothing asked: only time, or the end of a call, brings more.
        let waits = |campaign: &Campaign| {
            campaign.queue.is_empty()
                && campaign.dialling == 0
                && !campaign.asking
                && (campaign.exhausted || campaign.ask_at.is_some())
        };
        Live {
            calls: states.clone().take(idl::MAX_PAGE_ITEMS).collect(),
            calls_total: u32::try_from(states.count()).unwrap_or(u32::MAX),
            agents: self.agents.iter().map(|(&id, seat)| (id, seat.agent.state(), seat.since)).collect(),
            wrap_ups: self
                .agents
                .iter()
                .filter_map(|(&id, seat)| seat.owes().map(|call| (id, call)))
                .collect(),
            trunks: self.trunks.clone(),
            work_left: !self.connected() || open > 0 || running().any(|campaign| !idle(campaign)),
            next_at: if running().all(waits) {
                running().filter_map(|campaign| campaign.ask_at).min()
            } else {
                None
            },
        }
    }

    fn finish_stop(&mut self, out: &mut Vec<Output>) {
        let dialling = self.pending.values().any(|pending| matches!(pending, Pending::Dial { .. }));
        let lines_busy = self.lines_up && !self.drained;
        if !self.stopping || dialling || lines_busy {
            return;
        }
        for (to, id) in self.stoppers.drain(..) {
            out.push(Output::Desk { to, reply: DeskReply::Done { id } });
        }
    }

    fn wrap_up(
        &mut self,
        agent: AgentId,
        call: CallId,
        disposition: Disposition,
        note: vocab::Pii<String>,
        desk: (u64, u64),
        out: &mut Vec<Output>,
    ) {
        let request = CampaignRequest::WrapUp { call, agent, disposition, note };
        self.ask(request, Pending::WrapUp { agent, call, desk }, out);
    }
}

/// Live figures go out at most five times a second.
const SHOW_EVERY_US: u64 = 200_000;
/// A wall clock may jump: look again at least every second.
const LONGEST_SLEEP_US: u64 = 1_000_000;
