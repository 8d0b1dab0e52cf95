//! What `calld` asks: campaigns, agents, the queue, wrap-ups. Dialling is in `dial`.

use crate::command::{ConnId, Message};
use crate::entries::{Event, Who};
use crate::seal::Purpose;
use crate::state::Due;
use crate::vault::Vault;
use idl::MAX_PAGE_ITEMS;
use idl::admin::Role;
use idl::campaign::{
    AgentView, CalldToVault, CampaignReply, CampaignRequest, CampaignView, Disposition, VaultToCalld,
};
use idl::hello::Process;
use vocab::{AgentId, CallId, CampaignId, PersonId, Pii, UnixMs};

impl Vault {
    pub(crate) fn calld_asks(&mut self, conn: ConnId, message: CalldToVault) {
        let CalldToVault { id, request } = message;
        let reply = match request {
            CampaignRequest::Dial { campaign, contact, agent } => {
                return self.dial(conn, id, campaign, contact, agent);
            }
            CampaignRequest::Campaigns => CampaignReply::Campaigns(self.campaign_views()),
            CampaignRequest::Agents { after } => CampaignReply::Agents(self.agent_views(after)),
            CampaignRequest::AgentStates => self.agent_states(),
            CampaignRequest::Queue { campaign, max } => self.queue(campaign, max),
            CampaignRequest::Return { campaign, contacts } => {
                for contact in contacts {
                    self.settle(campaign, contact);
                }
                CampaignReply::Stored
            }
            CampaignRequest::WrapUp { call, agent, disposition, note } => {
                self.wrap_up(call, agent, disposition, &note)
            }
            CampaignRequest::Phone { agent, registered } => return self.phone_now(agent, registered),
            CampaignRequest::DeskReply(reply) => return self.desk_reply(conn, reply),
            CampaignRequest::AgentState { agent, state, at } => {
                if self.state.people.get(&PersonId(agent.0)).is_none_or(|person| person.role != Role::Agent) {
                    CampaignReply::Error { reason: format!("there is no {agent}") }
                } else {
                    self.record(Who::Process(Process::Calld), Event::AgentChanged { agent, state, at });
                    CampaignReply::Stored
                }
            }
        };
        self.send(conn, Message::Calld(VaultToCalld::Reply { id, reply }));
    }

    pub(crate) fn calld_down(&mut self, conn: ConnId) {
        self.calld.remove(&conn);
        self.desks_without(conn);
        for (campaign, due) in &mut self.due {
            if let Some(queue) = self.state.queues.get(campaign) {
                due.return_all(queue);
            }
        }
    }

    /// Campaigns or agents changed.
    pub(crate) fn tell_calld_changed(&mut self) {
        let conns: Vec<ConnId> = self.calld.iter().copied().collect();
        for conn in conns {
            self.send(conn, Message::Calld(VaultToCalld::Changed));
        }
    }

    fn campaign_views(&self) -> Vec<CampaignView> {
        let view = |(id, campaign): (&CampaignId, &crate::state::Campaign)| CampaignView {
            id: *id,
            name: campaign.plan.name.clone(),
            class: campaign.plan.class,
            mode: campaign.plan.mode,
            running: campaign.running,
            group: campaign.plan.group,
            department: campaign.plan.department,
            max_calls: campaign.plan.max_calls,
            calls_per_minute: campaign.plan.calls_per_minute,
            wrap_up_s: campaign.plan.wrap_up_s,
        };
        // Running ones first: a page may not hold all that ever ran.
        let mut all: Vec<_> = self.state.campaigns.iter().collect();
        all.sort_by_key(|(id, campaign)| (!campaign.running, std::cmp::Reverse(**id)));
        let mut views: Vec<CampaignView> = all.into_iter().take(CAMPAIGNS_A_PAGE).map(view).collect();
        views.sort_by_key(|view| view.id);
        views
    }

    fn agent_views(&self, after: Option<AgentId>) -> Vec<AgentView> {
        let above = PersonId(after.map_or(0, |agent| agent.0.saturating_add(1)));
        let agents = self.state.people.range(above..).filter(|(_, person)| person.role == Role::Agent);
        agents
            .filter_map(|(id, person)| {
                let active = self.state.accounts.works(*id);
                Some(AgentView { id: AgentId(id.0), department: person.department?, active })
            })
            .take(MAX_PAGE_ITEMS)
            .collect()
    }

    fn agent_states(&self) -> CampaignReply {
        let states = self.state.agents.iter().take(MAX_AGENT_STATES);
        CampaignReply::AgentStates(states.map(|(id, now)| (*id, now.state, now.unwrapped)).collect())
    }

    fn queue(&mut self, campaign: CampaignId, max: u16) -> CampaignReply {
        let Some(known) = self.state.campaigns.get(&campaign) else {
            return CampaignReply::Error { reason: format!("there is no {campaign}") };
        };
        let (Some(due), Some(queue)) = (self.due.get_mut(&campaign), self.state.queues.get(&campaign)) else {
            return CampaignReply::Error { reason: format!("{campaign} has no queue") };
        };
        let now = self.clock.now;
        if !known.running {
            return CampaignReply::Queue { contacts: Vec::new(), again_at: None };
        }
        if known.hold_until > now && queue.left() > 0 {
            return CampaignReply::Queue { contacts: Vec::new(), again_at: Some(known.hold_until) };
        }
        let contacts = due.take(queue, now, usize::from(max).min(MAX_PAGE_ITEMS));
        let again_at = if contacts.is_empty() { due.again_at(queue, now) } else { None };
        CampaignReply::Queue { contacts, again_at }
    }

    /// Makes the order of a new campaign's contacts.
    pub(crate) fn begin_queue(&mut self, campaign: CampaignId) {
        if let Some(queue) = self.state.queues.get(&campaign) {
            self.due.insert(campaign, Due::of(queue));
        }
    }

    fn wrap_up(
        &mut self,
        call: CallId,
        agent: AgentId,
        disposition: Disposition,
        note: &Pii<String>,
    ) -> CampaignReply {
        let Some(record) = self.calls.get(call) else {
            return CampaignReply::Error { reason: format!("there is no {call}") };
        };
        if record.agent.or(record.intent.agent) != Some(agent) {
            return CampaignReply::Error { reason: format!("{call} was not with {agent}") };
        }
        if record.disposition.is_some() {
            return CampaignReply::Stored;
        }
        if note.reveal().len() > MAX_NOTE_BYTES {
            return CampaignReply::Error { reason: format!("a note has at most {MAX_NOTE_BYTES} bytes") };
        }
        let sealed = self.seal_for(record.intent.subject, Purpose::Note, note.reveal());
        let Some(note) = sealed else {
            return CampaignReply::Error { reason: "the key of the call's subject was destroyed".to_owned() };
        };
        let who = match self.state.people.get(&PersonId(agent.0)) {
            Some(person) => Who::Person(PersonId(agent.0), person.role),
            None => Who::Process(Process::Calld),
        };
        self.record(who, Event::WrappedUp { call, agent, disposition, note });
        CampaignReply::Stored
    }

    /// Instants before which no contact can pass, for people.
    #[must_use]
    pub fn hold_of(&self, campaign: CampaignId) -> Option<UnixMs> {
        self.state.campaigns.get(&campaign).map(|known| known.hold_until).filter(|at| at.0 > 0)
    }
}

/// Campaigns of one answer: the longest names still fit a frame.
const CAMPAIGNS_A_PAGE: usize = 128;
/// Bytes of a note.
pub(crate) const MAX_NOTE_BYTES: usize = 4_096;
/// Agents' states in one answer, well within a frame.
const MAX_AGENT_STATES: usize = 2_048;
