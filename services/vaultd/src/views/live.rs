//! The floor now: calls, agents, trunks, campaigns. No number and no customer: it is watched without a look of
//! its own, each second, so it reads only what is in memory.

use super::page::{MAX_PAGE_BYTES, Page};
use super::sight::Eyes;
use crate::vault::Vault;
use idl::admin::Role;
use idl::campaign::AgentState;
use idl::lines::LiveState;
use idl::views::{LiveAgent, LiveCall, LiveView};
use rights::Field;
use vocab::{AgentId, DepartmentId, PersonId, UnixMs};

impl Vault {
    pub(super) fn live(&mut self, eyes: Eyes) -> LiveView {
        let mut calls = Page::within(MAX_CALLS, MAX_PAGE_BYTES / 4);
        let mut calls_total = 0;
        for call in &self.state.open_calls {
            let Some(record) = self.calls.get(*call) else {
                continue;
            };
            let campaign = record.intent.campaign;
            if !self.campaign_reached(eyes, campaign) {
                continue;
            }
            calls_total += 1;
            let agent = record.agent.or(record.intent.agent);
            let (state, since) = self.live_now.get(call).copied().unwrap_or((LiveState::Dialling, record.at));
            calls.push(LiveCall { call: *call, campaign, agent, state, since });
        }
        LiveView {
            now: self.clock.now,
            calls: calls.into_rows(),
            calls_total,
            agents: self.live_agents(eyes),
            trunks: self.trunks_live(),
            campaigns: self.pulses(eyes, MAX_CAMPAIGNS),
            today: self.today(eyes),
        }
    }

    /// Those at their desks first, then those who are out.
    fn live_agents(&mut self, eyes: Eyes) -> Vec<LiveAgent> {
        let people = self.state.people.iter();
        let mut agents: Vec<(bool, AgentId, DepartmentId)> = people
            .filter(|(_, person)| person.role == Role::Agent)
            .filter_map(|(id, person)| Some((AgentId(id.0), person.department?)))
            .filter(|(_, department)| eyes.reaches(*department))
            .map(|(agent, department)| (self.agent_state(agent).0 == AgentState::Out, agent, department))
            .collect();
        agents.sort_unstable();
        let mut page = Page::within(MAX_AGENTS, MAX_PAGE_BYTES / 4);
        for (_, agent, department) in agents.into_iter().take(MAX_AGENTS) {
            let (state, since) = self.agent_state(agent);
            let row = LiveAgent {
                agent,
                name: self.agent_seen(eyes, agent).1,
                login: eyes.text(Field::StaffLogin, &self.login_of(PersonId(agent.0))),
                department,
                state,
                since,
                phone: self.phone_registered(agent),
                owes: self.state.agents.get(&agent).and_then(|now| now.unwrapped),
            };
            if !page.push(row) {
                break;
            }
        }
        page.into_rows()
    }

    fn agent_state(&self, agent: AgentId) -> (AgentState, UnixMs) {
        self.state.agents.get(&agent).map_or((AgentState::Out, UnixMs(0)), |now| (now.state, now.since))
    }
}

const MAX_CALLS: usize = 512;
const MAX_AGENTS: usize = 256;
const MAX_CAMPAIGNS: usize = 64;
