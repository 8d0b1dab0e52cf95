//! Starting calls: as many as lines, agents, pace and the campaign's bound allow. The gate has the last word.

use super::{Floor, Now, Output, Pending};
use call::agent::Input as Work;
use idl::campaign::{AgentState, CampaignRequest};
use vocab::{AgentId, CampaignId, CampaignMode, ContactId};

impl Floor {
    pub(super) fn fill(&mut self, now: Now, out: &mut Vec<Output>) {
        let running: Vec<CampaignId> =
            self.campaigns.iter().filter(|(_, campaign)| campaign.view.running).map(|(&id, _)| id).collect();
        for id in running {
            self.ask_for_contacts(now, id, out);
            while let Some((contact, agent)) = self.next_call(now, id) {
                self.dial(now, id, contact, agent, None, out);
            }
        }
    }

    fn ask_for_contacts(&mut self, now: Now, id: CampaignId, out: &mut Vec<Output>) {
        let Some(campaign) = self.campaigns.get_mut(&id) else { return };
        let due = campaign.ask_at.is_none_or(|at| at <= now.wall);
        if campaign.asking || campaign.exhausted || !due || campaign.queue.len() >= LOW_WATER {
            return;
        }
        campaign.asking = true;
        let request = CampaignRequest::Queue { campaign: id, max: BATCH };
        self.ask(request, Pending::Queue { campaign: id }, out);
    }

    /// The next contact that may be dialled now and the agent it is for, both taken.
    fn next_call(&mut self, now: Now, id: CampaignId) -> Option<(ContactId, Option<AgentId>)> {
        let campaign = self.campaigns.get(&id)?;
        let view = &campaign.view;
        let room = u32::from(view.max_calls).saturating_sub(campaign.live + campaign.dialling);
        let free = self.free.get(&view.group).copied().unwrap_or(0);
        if room == 0
            || free == 0
            || campaign.dialling >= MAX_DIALLING
            || campaign.rate.permits(now.mono_us) == 0
        {
            return None;
        }
        let agent = match view.mode {
            CampaignMode::Announcement => None,
            CampaignMode::Progressive => Some(self.free_agent(id)?),
            CampaignMode::Preview => return None,
        };
        let contact = self.campaigns.get_mut(&id)?.queue.pop_front()?;
        Some((contact, agent))
    }

    /// The agent of the campaign's department who has been free the longest.
    fn free_agent(&self, id: CampaignId) -> Option<AgentId> {
        let department = self.campaigns.get(&id)?.view.department;
        let free = self.agents.iter().filter(|(id, seat)| {
            seat.department == department
                && self.states_known
                && self.registered.contains(id)
                && seat.agent.state() == AgentState::Ready
                && seat.shown.is_none()
        });
        free.min_by_key(|(id, seat)| (seat.since, **id)).map(|(&id, _)| id)
    }

    /// Asks the vault for one call. The agent is reserved until the answer.
    pub(super) fn dial(
        &mut self,
        now: Now,
        id: CampaignId,
        contact: ContactId,
        agent: Option<AgentId>,
        desk: Option<(u64, u64)>,
        out: &mut Vec<Output>,
    ) {
        if let Some(agent) = agent {
            let reserved = self.move_agent(now, agent, Work::Reserve, out);
            debug_assert!(reserved.is_ok(), "only a free agent is chosen");
        }
        if let Some(campaign) = self.campaigns.get_mut(&id) {
            campaign.dialling += 1;
            campaign.rate.used(now.mono_us);
            if let Some(free) = self.free.get_mut(&campaign.view.group) {
                *free = free.saturating_sub(1);
            }
        }
        let request = CampaignRequest::Dial { campaign: id, contact, agent };
        self.ask(request, Pending::Dial { campaign: id, contact, agent, desk }, out);
    }

    /// Contacts shown and not dialled in time go back.
    pub(super) fn forget_shown(&mut self, now: Now, out: &mut Vec<Output>) {
        let mut back = Vec::new();
        for seat in self.agents.values_mut() {
            if let Some((campaign, contact, until)) = seat.shown
                && until <= now.mono_us
            {
                seat.shown = None;
                back.push((campaign, contact));
            }
        }
        for (campaign, contact) in back {
            self.give_back(campaign, vec![contact], out);
        }
    }

    pub(super) fn give_back(
        &mut self,
        campaign: CampaignId,
        contacts: Vec<ContactId>,
        out: &mut Vec<Output>,
    ) {
        if !contacts.is_empty() {
            self.ask(CampaignRequest::Return { campaign, contacts }, Pending::Return, out);
        }
    }
}

/// Contacts asked for at once.
const BATCH: u16 = 128;
/// Ask for more below this.
const LOW_WATER: usize = 64;
/// Most dial requests of one campaign without an answer.
const MAX_DIALLING: u32 = 64;
