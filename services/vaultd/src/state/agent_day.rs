//! An agent's own figures of the site's day, for the agent's desk. They decide nothing.

use super::State;
use serde::{Deserialize, Serialize};
use vocab::{AgentId, CallId, SECOND_MS, UnixMs};

/// One agent's day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentDay {
    /// When the day began.
    pub begin: UnixMs,
    /// Calls dialled for the agent.
    pub calls: u32,
    /// Calls in which a customer heard the agent.
    pub answered: u32,
    /// Seconds of talk, of the calls that are over.
    pub talk_s: u32,
    talking: Option<(CallId, UnixMs)>,
}

impl State {
    /// An agent's figures of the day that an instant belongs to.
    #[must_use]
    pub fn agent_today(&self, agent: AgentId, now: UnixMs) -> AgentDay {
        let begin = gate::day_begin(&self.policy, now).unwrap_or_default();
        let known = self.agent_days.get(&agent).filter(|day| day.begin == begin);
        known.cloned().unwrap_or_else(|| AgentDay { begin, ..AgentDay::default() })
    }

    fn agent_day(&mut self, agent: AgentId, at: UnixMs) -> &mut AgentDay {
        let begin = gate::day_begin(&self.policy, at).unwrap_or_default();
        let day = self.agent_days.entry(agent).or_default();
        if day.begin < begin {
            // A talk over midnight counts where it ends.
            *day = AgentDay { begin, talking: day.talking, ..AgentDay::default() };
        }
        day
    }

    pub(super) fn agent_was_given(&mut self, agent: Option<AgentId>, at: UnixMs) {
        if let Some(agent) = agent {
            let day = self.agent_day(agent, at);
            day.calls = day.calls.saturating_add(1);
        }
    }

    pub(super) fn agent_talks(&mut self, agent: AgentId, call: CallId, at: UnixMs) {
        let day = self.agent_day(agent, at);
        day.answered = day.answered.saturating_add(1);
        day.talking = Some((call, at));
    }

    /// The agent's part of a call is over: it ended, or the customer opted out.
    pub(super) fn agent_is_done(&mut self, agent: Option<AgentId>, call: CallId, at: UnixMs) {
        let Some(agent) = agent else {
            return;
        };
        let day = self.agent_day(agent, at);
        if let Some((_, since)) = day.talking.take_if(|(known, _)| *known == call) {
            let seconds = at.since(since).max(0) / SECOND_MS;
            day.talk_s = day.talk_s.saturating_add(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
    }
}
