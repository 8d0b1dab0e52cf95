//! What the lines say: live calls, trunks, phones, free channels. Lines that go away take no agent with them.

use super::{Call, Floor, Now, Output, Pending};
use call::agent::Input as Work;
use call::life::{Input as Life, Stage};
use idl::campaign::{AgentState, CalldToVault, CampaignRequest};
use idl::lines::{LinedToCalld, LiveState};
use vocab::{AgentId, CallId, LineGroupId};

impl Floor {
    /// Calls go on without us or are lost; which is told by the list after the next connection.
    pub(super) fn lines_are_down(&mut self, out: &mut Vec<Output>) {
        self.lines_up = false;
        self.free.clear();
        for agent in std::mem::take(&mut self.registered) {
            self.tell_phone(agent, false, out);
        }
        self.changed = true;
    }

    /// The vault shows agents whether their phone can be called; it answers nothing to this.
    pub(super) fn tell_phone(&self, agent: AgentId, registered: bool, out: &mut Vec<Output>) {
        if self.vault_up {
            let request = CampaignRequest::Phone { agent, registered };
            out.push(Output::Vault(CalldToVault { id: 0, request }));
        }
    }

    pub(super) fn lines_say(&mut self, now: Now, message: LinedToCalld, out: &mut Vec<Output>) {
        match message {
            LinedToCalld::Live { calls } => self.take_live(now, &calls, out),
            LinedToCalld::Call { call, state } => {
                self.know_call(now, call);
                self.step_call(now, call, Life::Line(state), out);
            }
            LinedToCalld::Agent { call, agent } => self.take_agent(now, call, agent),
            LinedToCalld::Trunks(trunks) => self.trunks = trunks,
            LinedToCalld::Phone { agent, registered } => {
                let news =
                    if registered { self.registered.insert(agent) } else { self.registered.remove(&agent) };
                if news {
                    self.tell_phone(agent, registered, out);
                }
            }
            LinedToCalld::Free(free) => self.take_free(free),
            LinedToCalld::Drained => self.drained = true,
        }
        self.changed = true;
    }

    fn take_live(&mut self, now: Now, calls: &[(CallId, LiveState)], out: &mut Vec<Output>) {
        let missing: Vec<CallId> = (self.calls.iter())
            .filter(|(id, call)| call.stage.holds_a_line() && !calls.iter().any(|(live, _)| live == *id))
            .filter(|(_, call)| {
                now.mono_us >= call.ticketed_us + TICKET_LIFE_US || call.stage != Stage::Ticketed
            })
            .map(|(&id, _)| id)
            .collect();
        for call in missing {
            self.step_call(now, call, Life::UnknownToLine, out);
        }
        for &(call, state) in calls {
            self.know_call(now, call);
            self.step_call(now, call, Life::Line(state), out);
        }
    }

    /// Tickets of which the lines never said a word have lapsed.
    pub(super) fn forget_tickets(&mut self, now: Now, out: &mut Vec<Output>) {
        let lapsed: Vec<CallId> = (self.calls.iter())
            .filter(|(_, call)| {
                call.stage == Stage::Ticketed && now.mono_us >= call.ticketed_us + SILENT_TICKET_US
            })
            .map(|(&id, _)| id)
            .collect();
        for call in lapsed {
            self.step_call(now, call, Life::UnknownToLine, out);
        }
    }

    fn know_call(&mut self, now: Now, call: CallId) {
        self.calls.entry(call).or_insert(Call {
            stage: Stage::Ticketed,
            campaign: None,
            agent: None,
            ticketed_us: now.mono_us,
            closed: None,
        });
    }

    /// The line names the agent of a call, which may be one we did not know of: we, or the vault's answer,
    /// were lost.
    fn take_agent(&mut self, now: Now, call: CallId, agent: AgentId) {
        self.know_call(now, call);
        if let Some(known) = self.calls.get_mut(&call) {
            known.agent = Some(agent);
        }
        self.seat_with(now, call, agent);
    }

    /// Puts an agent where a live call says. One who owes another call its wrap-up stays with that, and one
    /// whose call is being confirmed as an opt-out has left it already.
    fn seat_with(&mut self, now: Now, call: CallId, agent: AgentId) {
        let Some(stage) = self.calls.get(&call).map(|known| known.stage) else { return };
        let wanted = match stage {
            Stage::Live(LiveState::Talking) => AgentState::Talking,
            Stage::Ticketed
            | Stage::Live(
                LiveState::Dialling | LiveState::Ringing | LiveState::Announcing | LiveState::WaitingForAgent,
            ) => AgentState::Reserved,
            Stage::Live(LiveState::OptedOut | LiveState::Ended(_)) | Stage::Over(_) | Stage::Closed(_) => {
                return;
            }
        };
        let Some(seat) = self.agents.get_mut(&agent) else { return };
        if seat.call.is_some_and(|other| other != call) {
            return;
        }
        seat.call = Some(call);
        if seat.agent.state() != wanted && seat.agent.state() != AgentState::Talking {
            seat.agent = call::agent::Agent::new(wanted);
            seat.since = now.wall;
        }
    }

    /// Agents become known after their calls when we start: each goes to the call that names it.
    pub(super) fn seat_with_live_calls(&mut self, now: Now) {
        let live: Vec<(CallId, AgentId)> = (self.calls.iter())
            .filter(|(_, known)| known.stage.holds_a_line())
            .filter_map(|(&call, known)| Some((call, known.agent?)))
            .collect();
        for (call, agent) in live {
            self.seat_with(now, call, agent);
        }
    }

    /// Channels free now, less those promised to dial requests that the lines do not know of yet.
    fn take_free(&mut self, free: Vec<(LineGroupId, u32)>) {
        self.free = free.into_iter().collect();
        let unseen =
            self.calls.values().filter(|call| call.stage == Stage::Ticketed).filter_map(|call| call.campaign);
        let asked = self.pending.values().filter_map(|pending| match pending {
            Pending::Dial { campaign, .. } => Some(*campaign),
            Pending::Campaigns
            | Pending::Agents
            | Pending::AgentStates
            | Pending::Queue { .. }
            | Pending::Return
            | Pending::WrapUp { .. }
            | Pending::AgentState => None,
        });
        for campaign in unseen.chain(asked) {
            if let Some(group) = self.campaigns.get(&campaign).map(|known| known.view.group)
                && let Some(free) = self.free.get_mut(&group)
            {
                *free = free.saturating_sub(1);
            }
        }
    }

    pub(super) fn step_call(&mut self, now: Now, call: CallId, input: Life, out: &mut Vec<Output>) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let held = known.stage.holds_a_line();
        if !known.stage.step(input) {
            return;
        }
        let (stage, agent, campaign) = (known.stage, known.agent, known.campaign);
        self.changed = true;
        if held
            && !stage.holds_a_line()
            && let Some(known) = campaign.and_then(|id| self.campaigns.get_mut(&id))
        {
            known.live = known.live.saturating_sub(1);
        }
        // News of a call that its agent has left already must not touch the agent's next one.
        let Some(agent) =
            agent.filter(|agent| self.agents.get(agent).is_some_and(|seat| seat.call == Some(call)))
        else {
            return;
        };
        match stage {
            Stage::Live(LiveState::Talking) => {
                let _ = self.move_agent(now, agent, Work::Connected, out);
            }
            // An opt-out disconnects the agent while the confirmation plays.
            Stage::Live(LiveState::OptedOut | LiveState::Ended(_)) | Stage::Over(_) | Stage::Closed(_) => {
                self.agent_call_over(now, agent, out);
            }
            Stage::Ticketed
            | Stage::Live(
                LiveState::Dialling | LiveState::Ringing | LiveState::Announcing | LiveState::WaitingForAgent,
            ) => {}
        }
    }

    /// The call of an agent is over: to wrap-up if they spoke, else free.
    pub(super) fn agent_call_over(&mut self, now: Now, agent: AgentId, out: &mut Vec<Output>) {
        let _ = self.move_agent(now, agent, Work::CallOver, out);
        if let Some(seat) = self.agents.get_mut(&agent)
            && seat.agent.state() != AgentState::WrapUp
        {
            seat.call = None;
        }
    }
}

/// A ticket lives ten seconds; a call that the lines do not list may still be on its way to them.
const TICKET_LIFE_US: u64 = 10_000_000;
/// A ticket that the lines have not spoken of after this long will never be used.
pub(super) const SILENT_TICKET_US: u64 = 15_000_000;
