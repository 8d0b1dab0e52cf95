//! The parts of the floor. Running times are told as instants, so that a part changes only with what it tells.

use crate::format::{Zone, count, percent};
use crate::pages::desk::{agent_badge, agent_state, live_badge, live_state};
use crate::texts::{Texts, fill};
use askama::Template;
use idl::campaign::AgentState;
use idl::lines::LiveState;
use idl::views::{CampaignPulse, LiveAgent, LiveView};
use vocab::{AgentId, CampaignId};

/// The figures.
#[derive(Template)]
#[template(path = "floor/tiles.html")]
pub(super) struct Tiles<'a> {
    pub(super) t: &'static Texts,
    pub(super) view: &'a LiveView,
}

impl Tiles<'_> {
    fn agents(&self, state: AgentState) -> usize {
        self.view.agents.iter().filter(|agent| agent.state == state).count()
    }

    fn agents_in(&self) -> usize {
        self.view.agents.iter().filter(|agent| agent.state != AgentState::Out).count()
    }

    fn calls(&self) -> String {
        count(self.view.calls_total.into())
    }

    fn opted_out(&self) -> String {
        count(self.view.today.opted_out)
    }

    fn rate(&self) -> String {
        percent(self.view.today.answered, self.view.today.placed)
    }

    fn rate_note(&self) -> String {
        let today = self.view.today;
        fill(self.t.floor.answer_note, &[&count(today.placed), &count(today.answered)])
    }
}

/// The agents.
#[derive(Template)]
#[template(path = "floor/agents.html")]
pub(super) struct Agents<'a> {
    pub(super) t: &'static Texts,
    pub(super) view: &'a LiveView,
    pub(super) zone: &'a Zone,
}

impl Agents<'_> {
    /// Those who need somebody first, then by login.
    fn rows(&self) -> Vec<&LiveAgent> {
        let mut rows: Vec<&LiveAgent> = self.view.agents.iter().collect();
        rows.sort_by(|a, b| (rank(a.state), &a.login).cmp(&(rank(b.state), &b.login)));
        rows
    }

    fn state(&self, state: &AgentState) -> (&'static str, &'static str) {
        (agent_badge(*state), agent_state(self.t, *state))
    }

    const fn phone(&self, phone: &Option<bool>) -> (&'static str, &'static str) {
        match phone {
            Some(true) => ("ok", self.t.desk.phone_on),
            Some(false) => ("warn", self.t.desk.phone_off),
            None => ("idle", self.t.desk.phone_unknown),
        }
    }
}

const fn rank(state: AgentState) -> u8 {
    match state {
        AgentState::WrapUp => 0,
        AgentState::Talking => 1,
        AgentState::Reserved => 2,
        AgentState::Ready => 3,
        AgentState::Break => 4,
        AgentState::Out => 5,
    }
}

/// The live calls.
#[derive(Template)]
#[template(path = "floor/calls.html")]
pub(super) struct Calls<'a> {
    pub(super) t: &'static Texts,
    pub(super) view: &'a LiveView,
    pub(super) zone: &'a Zone,
}

impl Calls<'_> {
    fn state(&self, state: &LiveState) -> (&'static str, &'static str) {
        (live_badge(*state), live_state(self.t, *state))
    }

    fn campaign(&self, id: &CampaignId) -> String {
        let known = self.view.campaigns.iter().find(|known| known.id == *id);
        known.map_or_else(|| format!("#{}", id.0), |known| known.name.clone())
    }

    fn agent(&self, id: &Option<AgentId>) -> &str {
        let known = id.and_then(|id| self.view.agents.iter().find(|known| known.agent == id));
        known.map_or("–", |known| if known.name.is_empty() { &known.login } else { &known.name })
    }

    fn more(&self) -> u32 {
        self.view.calls_total.saturating_sub(u32::try_from(self.view.calls.len()).unwrap_or(u32::MAX))
    }
}

/// The running campaigns.
#[derive(Template)]
#[template(path = "floor/campaigns.html")]
pub(super) struct Campaigns<'a> {
    pub(super) t: &'static Texts,
    pub(super) view: &'a LiveView,
    pub(super) zone: &'a Zone,
}

impl Campaigns<'_> {
    fn done(&self, pulse: &CampaignPulse) -> u64 {
        pulse.contacts.saturating_sub(pulse.left)
    }

    fn text(&self, pulse: &CampaignPulse) -> String {
        fill(self.t.floor.progress_text, &[&count(self.done(pulse)), &count(pulse.contacts)])
    }

    fn open(&self, pulse: &CampaignPulse) -> String {
        count(pulse.open)
    }

    fn answered(&self, pulse: &CampaignPulse) -> String {
        percent(pulse.answered, pulse.placed)
    }
}

/// The trunks.
#[derive(Template)]
#[template(path = "floor/trunks.html")]
pub(super) struct Trunks<'a> {
    pub(super) t: &'static Texts,
    pub(super) view: &'a LiveView,
}
