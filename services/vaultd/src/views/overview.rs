//! The first page: what the first call still needs, what needs attention, and how the day goes.

use super::sight::Eyes;
use crate::state::{Campaign, telephones};
use crate::vault::Vault;
use gate::Hours;
use idl::admin::Role;
use idl::campaign::AgentState;
use idl::lines::TrunkState;
use idl::views::{CampaignPulse, CheckItem, DayFigures, Overview, TrunkLive};
use rights::Request;
use std::collections::BTreeMap;
use vocab::{CallId, CampaignClass, CampaignId, CampaignMode, DepartmentId, TrunkId, UnixMs};

impl Vault {
    pub(super) fn overview(&mut self, eyes: Eyes) -> Overview {
        let lines = eyes.may(Request::Lines) || eyes.may(Request::Live);
        let campaigns = if eyes.may(Request::Campaigns) { self.pulses(eyes, MAX_PULSES) } else { Vec::new() };
        Overview {
            now: self.clock.now,
            checklist: self.checklist(),
            attention: self.attention(eyes),
            trunks: if lines { self.trunks_live() } else { Vec::new() },
            live_calls: self.open_within(eyes),
            agents: self.agents_within(eyes),
            today: if eyes.may(Request::Series) { self.today(eyes) } else { DayFigures::default() },
            campaigns,
            storage: (self.free_bytes, self.total_bytes),
            tpm: self.state.tpm.clone(),
            ledger: (self.state.applied_seq, self.heads.signed_up_to, self.heads.signed_at),
            clock_synchronised: self.clock.synchronised,
            calling_hours: self.calling_hours(),
            processes: (self.lined_ready(), !self.calld.is_empty()),
        }
    }

    pub(crate) fn lined_ready(&self) -> bool {
        self.lined.as_ref().is_some_and(crate::lines::LinedLink::ready)
    }

    fn checklist(&self) -> Vec<CheckItem> {
        let state = &self.state;
        let with_agents = state.campaigns.values().any(|known| known.plan.mode != CampaignMode::Announcement);
        let agents = state.people.values().any(|person| person.role == Role::Agent);
        let plain = state.cards.spans.values().any(|span| telephones(span).next().is_some());
        let items = [
            ("clock", self.clock.synchronised),
            ("trunk", !state.trunks.is_empty() || !state.cards.spans.is_empty()),
            ("group", !state.groups.is_empty()),
            ("number", !state.numbers.is_empty()),
            ("number-approved", state.numbers.values().any(|number| number.approved_by.is_some())),
            ("holidays", self.calendar_now().is_some()),
            ("dnc", state.dnc.is_some()),
            ("script", state.scripts.values().any(|script| script.approval.is_some())),
            ("batch", state.batches.values().any(|batch| batch.released_by.is_some())),
            // Announcements need nobody at a phone.
            ("agent", agents || (!state.campaigns.is_empty() && !with_agents)),
            ("phone", plain || !state.phones.is_empty() || (!state.campaigns.is_empty() && !with_agents)),
            ("lined", self.lined_ready()),
            ("campaign", !state.campaigns.is_empty()),
        ];
        items.into_iter().map(|(code, done)| CheckItem { code: code.to_owned(), done }).collect()
    }

    /// The holiday calendar of the site's current year.
    pub(crate) fn calendar_now(&self) -> Option<&gate::HolidayCalendar> {
        let (year, _) = super::civil::year_at(&self.state.policy.zone, self.clock.now)?;
        self.state.holidays.get(&year)
    }

    /// Whether any class that runs may ring now; without one, marketing is what people ask about.
    fn calling_hours(&self) -> (bool, Option<UnixMs>) {
        let running = self.state.campaigns.values().filter(|known| known.running);
        let mut classes: Vec<CampaignClass> = running.map(|known| known.plan.class).collect();
        if classes.is_empty() {
            classes.push(CampaignClass::Marketing);
        }
        classes.sort_unstable_by_key(|class| *class as u8);
        classes.dedup();
        let calendar = self.calendar_now();
        let hours = |class| gate::hours_at(&self.state.policy, class, calendar, self.clock.now);
        let all: Vec<Hours> = classes.into_iter().map(hours).collect();
        let open = all.iter().any(|hours| hours.open);
        let changes = all.iter().filter(|hours| hours.open == open).filter_map(|hours| hours.changes_at);
        // Open until the last one closes; closed until the first one opens.
        (open, if open { changes.max() } else { changes.min() })
    }

    /// Trunks as they are now: SIP trunks, then the spans of cards.
    pub(crate) fn trunks_live(&self) -> Vec<TrunkLive> {
        let state = &self.state;
        let spans = state.cards.spans.values().map(|span| span.trunk);
        let ids: Vec<TrunkId> = state.trunks.keys().copied().chain(spans).collect();
        let mut calls: BTreeMap<TrunkId, u16> = BTreeMap::new();
        for call in &state.open_calls {
            if let Some(trunk) = self.calls.get(*call).and_then(|record| record.trunk) {
                let count = calls.entry(trunk).or_default();
                *count = count.saturating_add(1);
            }
        }
        ids.into_iter().map(|id| self.trunk_live(id, calls.get(&id).copied().unwrap_or(0))).collect()
    }

    fn trunk_live(&self, id: TrunkId, calls: u16) -> TrunkLive {
        let span = self.state.cards.of_trunk(id).map(super::spans::channels_of);
        let channels = self.state.trunks.get(&id).map(|config| config.channels).or(span);
        // What was last said of a trunk holds only while somebody speaks for it.
        let status = self.state.trunk_states.get(&id).filter(|_| self.lined_ready());
        TrunkLive {
            id,
            name: self.state.trunk_name(id).map_or_else(String::new, str::to_owned),
            state: status.map_or(TrunkState::Unknown, |status| status.state),
            since: status.map(|status| status.since),
            reason: status.map_or_else(String::new, |status| super::cut(&status.reason, MAX_REASON_BYTES)),
            calls,
            channels: channels.unwrap_or(0),
        }
    }

    /// Calls being made within reach.
    pub(crate) fn open_within(&self, eyes: Eyes) -> u32 {
        let reached = |call: &&CallId| {
            !eyes.bound()
                || self
                    .calls
                    .get(**call)
                    .is_some_and(|record| self.campaign_reached(eyes, record.intent.campaign))
        };
        u32::try_from(self.state.open_calls.iter().filter(reached).count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn department_of(&self, agent: vocab::AgentId) -> Option<DepartmentId> {
        self.state.people.get(&vocab::PersonId(agent.0))?.department
    }

    /// Agents at their desks within reach, and those who talk.
    fn agents_within(&self, eyes: Eyes) -> (u32, u32) {
        let mut sum = (0, 0);
        for (agent, now) in &self.state.agents {
            let reached = self.department_of(*agent).is_some_and(|department| eyes.reaches(department));
            if reached && now.state != AgentState::Out {
                sum.0 += 1;
                sum.1 += u32::from(now.state == AgentState::Talking);
            }
        }
        sum
    }

    /// Running campaigns within reach, newest first.
    pub(crate) fn pulses(&self, eyes: Eyes, max: usize) -> Vec<CampaignPulse> {
        let running = self.state.campaigns.iter().rev().filter(|(_, known)| known.running);
        let reached = running.filter(|(_, known)| eyes.reaches(known.plan.department));
        reached.take(max).map(|(id, known)| self.pulse(*id, known)).collect()
    }

    fn pulse(&self, id: CampaignId, known: &Campaign) -> CampaignPulse {
        let queue = self.state.queues.get(&id);
        let counts = self.state.counts.get(&id);
        CampaignPulse {
            id,
            name: known.plan.name.clone(),
            contacts: queue.map_or(0, crate::state::Queue::total),
            left: queue.map_or(0, crate::state::Queue::left),
            open: counts.map_or(0, crate::state::Counts::open),
            placed: counts.map_or(0, |counts| counts.placed),
            answered: counts.map_or(0, |counts| counts.answered),
            hold_until: self.held_until(known),
        }
    }

    /// Nothing of a campaign can pass the gate before then.
    pub(crate) fn held_until(&self, known: &Campaign) -> Option<UnixMs> {
        Some(known.hold_until).filter(|at| known.running && *at > self.clock.now)
    }
}

/// Campaigns of the first page.
const MAX_PULSES: usize = 16;
/// Bytes of a trunk's reason.
pub(crate) const MAX_REASON_BYTES: usize = 160;
