//! What the vault says: campaigns, agents, contacts, verdicts, ends. A lost answer never loses an agent.

use super::{Call, Campaign, Floor, Now, Output, Pending, Seat, VAULT_DESK};
use crate::rate::Rate;
use call::agent::{Agent, Input as Work};
use call::life::{Input as Life, Stage};
use idl::campaign::{AgentState, AgentView, CampaignReply, CampaignRequest, CampaignView, VaultToCalld};
use idl::desk::DeskReply;
use std::collections::VecDeque;
use vocab::{AgentId, CallId, CampaignId, ContactId, Outcome, UnixMs};

impl Floor {
    pub(super) fn vault_is_up(&mut self, out: &mut Vec<Output>) {
        self.vault_up = true;
        // What changed while nobody listened, or was on its way when the connection broke.
        let states: Vec<(AgentId, AgentState, UnixMs)> = (self.agents.iter())
            .map(|(&agent, seat)| (agent, seat.agent.state(), seat.since))
            .filter(|(_, state, _)| *state != AgentState::Reserved)
            .collect();
        for (agent, state, at) in states {
            self.ask(CampaignRequest::AgentState { agent, state, at }, Pending::AgentState, out);
        }
        for agent in &self.registered {
            self.tell_phone(*agent, true, out);
        }
        self.ask(CampaignRequest::Campaigns, Pending::Campaigns, out);
        self.ask(CampaignRequest::Agents { after: None }, Pending::Agents, out);
    }

    /// Requests under way have no answer. Contacts given out are the vault's again: its queue starts anew.
    pub(super) fn vault_is_down(&mut self, now: Now, out: &mut Vec<Output>) {
        self.vault_up = false;
        let lost = std::mem::take(&mut self.pending);
        for pending in lost.into_values() {
            match pending {
                Pending::Dial { agent, desk, .. } => {
                    if let Some(agent) = agent {
                        self.release_unplaced(now, agent);
                    }
                    if let Some((to, id)) = desk {
                        out.push(Output::Desk { to, reply: vault_away(id) });
                    }
                }
                Pending::WrapUp { desk: (to, id), .. } => {
                    out.push(Output::Desk { to, reply: vault_away(id) })
                }
                Pending::Campaigns
                | Pending::Agents
                | Pending::AgentStates
                | Pending::Queue { .. }
                | Pending::Return
                | Pending::AgentState => {}
            }
        }
        // Ends that the vault told nobody of are stored all the same: what is over here needs no place.
        self.calls.retain(|_, call| call.stage.holds_a_line());
        for campaign in self.campaigns.values_mut() {
            campaign.queue.clear();
            campaign.asking = false;
            campaign.dialling = 0;
            campaign.ask_at = None;
            campaign.exhausted = false;
        }
    }

    /// An agent whose dial request has no answer is free, unless the lines have named a call of theirs.
    fn release_unplaced(&mut self, now: Now, agent: AgentId) {
        if let Some(seat) = self.agents.get_mut(&agent)
            && seat.call.is_none()
            && seat.agent.step(Work::CallOver) == Ok(true)
        {
            seat.since = now.wall;
            self.changed = true;
        }
    }

    pub(super) fn vault_says(&mut self, now: Now, message: VaultToCalld, out: &mut Vec<Output>) {
        match message {
            VaultToCalld::Changed => {
                self.ask(CampaignRequest::Campaigns, Pending::Campaigns, out);
                self.ask(CampaignRequest::Agents { after: None }, Pending::Agents, out);
            }
            VaultToCalld::Desk(request) => self.desk_asks(now, VAULT_DESK, request, out),
            VaultToCalld::CallClosed { call, campaign, outcome, opted_out: _ } => {
                self.call_closed(now, call, campaign, outcome, out);
            }
            VaultToCalld::Reply { id, reply } => {
                if let Some(pending) = self.pending.remove(&id) {
                    self.vault_answers(now, pending, reply, out);
                }
            }
        }
    }

    fn vault_answers(&mut self, now: Now, pending: Pending, reply: CampaignReply, out: &mut Vec<Output>) {
        match (pending, reply) {
            (Pending::Campaigns, CampaignReply::Campaigns(views)) => self.take_campaigns(views),
            (Pending::Agents, CampaignReply::Agents(page)) => self.take_agents(now, &page, out),
            (Pending::AgentStates, CampaignReply::AgentStates(states)) => self.take_states(now, states),
            (Pending::Queue { campaign }, CampaignReply::Queue { contacts, again_at }) => {
                self.take_queue(campaign, contacts, again_at);
            }
            (Pending::Queue { campaign }, _) => self.ask_later(now, campaign),
            (Pending::Dial { campaign, contact, agent, desk }, reply) => {
                self.take_verdict(now, Dialled { campaign, contact, agent, desk }, reply, out);
            }
            (Pending::WrapUp { agent, call, desk }, CampaignReply::Stored) => {
                self.wrapped_up(now, agent, call, desk, out);
            }
            (Pending::WrapUp { desk, .. }, CampaignReply::Error { reason }) => {
                let text_zh = "小结未能保存，请检查后再提交".to_owned();
                out.push(Output::Desk { to: desk.0, reply: refused(desk.1, "wrap-up", reason, text_zh) });
            }
            // An answer of another kind than asked for is the vault's bug; the request is simply over.
            (
                Pending::Campaigns
                | Pending::Agents
                | Pending::AgentStates
                | Pending::Return
                | Pending::WrapUp { .. }
                | Pending::AgentState,
                _,
            ) => {}
        }
    }

    fn take_campaigns(&mut self, views: Vec<CampaignView>) {
        self.changed = true;
        self.campaigns.retain(|id, _| views.iter().any(|view| view.id == *id));
        for view in views {
            match self.campaigns.get_mut(&view.id) {
                Some(known) => {
                    if known.view.calls_per_minute != view.calls_per_minute {
                        known.rate = Rate::per_minute(view.calls_per_minute);
                    }
                    known.exhausted = false;
                    known.ask_at = None;
                    known.view = view;
                }
                None => {
                    self.campaigns.insert(view.id, new_campaign(view));
                }
            }
        }
    }

    fn take_agents(&mut self, now: Now, page: &[AgentView], out: &mut Vec<Output>) {
        for view in page {
            let seat = self.agents.entry(view.id).or_insert_with(|| Seat {
                department: view.department,
                agent: Agent::new(AgentState::Out),
                since: now.wall,
                call: None,
                shown: None,
            });
            seat.department = view.department;
            if !view.active {
                let _ = seat.agent.step(Work::Ask(AgentState::Out));
            }
        }
        self.seat_with_live_calls(now);
        match page.last() {
            Some(last) => self.ask(CampaignRequest::Agents { after: Some(last.id) }, Pending::Agents, out),
            None => self.ask(CampaignRequest::AgentStates, Pending::AgentStates, out),
        }
        self.changed = true;
    }

    /// After a start every seat is signed out; what was recorded is taken over, but never over a live state.
    fn take_states(&mut self, now: Now, states: Vec<(AgentId, AgentState, Option<CallId>)>) {
        self.states_known = true;
        for (agent, recorded, owed) in states {
            let Some(seat) = self.agents.get_mut(&agent) else { continue };
            let now_in = seat.agent.state();
            let free = matches!(now_in, AgentState::Out | AgentState::Break | AgentState::Ready);
            // An agent may sign in before this answer comes; a wrap-up that is owed is owed all the same.
            if !free || seat.call.is_some() || (now_in != AgentState::Out && owed.is_none()) {
                continue;
            }
            let state = match (recorded, owed) {
                (_, Some(_)) => AgentState::WrapUp,
                (AgentState::Break, None) => AgentState::Break,
                (AgentState::Out, None) => AgentState::Out,
                (
                    AgentState::Ready | AgentState::Reserved | AgentState::Talking | AgentState::WrapUp,
                    None,
                ) => AgentState::Ready,
            };
            seat.agent = Agent::new(state);
            seat.since = now.wall;
            seat.call = owed;
        }
    }

    fn take_queue(&mut self, campaign: CampaignId, contacts: Vec<ContactId>, again_at: Option<UnixMs>) {
        let Some(known) = self.campaigns.get_mut(&campaign) else { return };
        known.asking = false;
        known.exhausted = contacts.is_empty() && again_at.is_none();
        known.ask_at = if contacts.is_empty() { again_at } else { None };
        known.queue.extend(contacts);
        self.changed = true;
    }

    fn ask_later(&mut self, now: Now, campaign: CampaignId) {
        if let Some(known) = self.campaigns.get_mut(&campaign) {
            known.asking = false;
            known.ask_at = Some(now.wall.plus(ASK_AGAIN_MS));
        }
    }

    fn take_verdict(&mut self, now: Now, dialled: Dialled, reply: CampaignReply, out: &mut Vec<Output>) {
        self.changed = true;
        if let Some(campaign) = self.campaigns.get_mut(&dialled.campaign) {
            campaign.dialling = campaign.dialling.saturating_sub(1);
        }
        if let CampaignReply::Ticketed { call } = reply {
            return self.ticketed(now, &dialled, call, out);
        }
        self.channel_unused(dialled.campaign);
        if let Some(agent) = dialled.agent {
            let _ = self.move_agent(now, agent, Work::CallOver, out);
        }
        let (code, text_en, text_zh) = match reply {
            CampaignReply::Refused { rules, .. } => {
                let ids: Vec<&str> = rules.iter().map(|rule| rule.id()).collect();
                let ids = ids.join(", ");
                let text_zh = format!("规则不允许拨打：{ids}。请查看下一位客户");
                ("gate", format!("the rules forbid this call: {ids}; go on with the next customer"), text_zh)
            }
            CampaignReply::NotNow { reason } => {
                self.ask_later(now, dialled.campaign);
                let text_zh = "暂时无法拨打，客户已放回名单，请稍后再试".to_owned();
                ("not-now", format!("not now, the customer is back in the list: {reason}"), text_zh)
            }
            CampaignReply::Error { reason } => ("error", reason, "此通话未能发起，请联系主管".to_owned()),
            CampaignReply::Campaigns(_)
            | CampaignReply::Agents(_)
            | CampaignReply::AgentStates(_)
            | CampaignReply::Queue { .. }
            | CampaignReply::Ticketed { .. }
            | CampaignReply::Stored => {
                let text_zh = "此通话未能发起，请联系主管".to_owned();
                ("error", format!("no verdict for {}", dialled.contact), text_zh)
            }
        };
        if let Some((to, id)) = dialled.desk {
            out.push(Output::Desk { to, reply: refused(id, code, text_en, text_zh) });
        }
    }

    /// The channel promised to a dial request was not used.
    fn channel_unused(&mut self, campaign: CampaignId) {
        if let Some(group) = self.campaigns.get(&campaign).map(|known| known.view.group)
            && let Some(free) = self.free.get_mut(&group)
        {
            *free += 1;
        }
    }

    fn ticketed(&mut self, now: Now, dialled: &Dialled, call: CallId, out: &mut Vec<Output>) {
        let known = self.calls.entry(call).or_insert(Call {
            stage: Stage::Ticketed,
            campaign: None,
            agent: None,
            ticketed_us: now.mono_us,
            closed: None,
        });
        known.campaign = Some(dialled.campaign);
        // Where the lines named the agent before this answer came, they have moved the agent, too.
        let named = known.agent.is_some();
        known.agent = dialled.agent;
        let gone = !known.stage.holds_a_line();
        if let (false, Some(campaign)) = (gone, self.campaigns.get_mut(&dialled.campaign)) {
            campaign.live += 1;
        }
        if let Some(agent) = dialled.agent.filter(|_| !named)
            && let Some(seat) = self.agents.get_mut(&agent)
        {
            seat.call = Some(call);
            if gone {
                self.agent_call_over(now, agent, out);
            }
        }
        if let Some((to, id)) = dialled.desk {
            out.push(Output::Desk { to, reply: DeskReply::Dialled { id, call } });
        }
        self.forget_closed(call);
    }

    fn call_closed(
        &mut self,
        now: Now,
        call: CallId,
        campaign: CampaignId,
        outcome: Outcome,
        out: &mut Vec<Output>,
    ) {
        self.changed = true;
        if !self.calls.contains_key(&call) && matches!(outcome, Outcome::Answered { .. }) {
            // It ended between our start and the lines': whom it owes a wrap-up the vault alone knows, and until it says so
            // nobody is called for.
            self.states_known = false;
            self.ask(CampaignRequest::AgentStates, Pending::AgentStates, out);
        }
        if self.awaits_the_line(call, outcome) {
            if let Some(known) = self.calls.get_mut(&call) {
                known.closed = Some(outcome);
            }
        } else {
            self.step_call(now, call, Life::Closed(outcome), out);
            self.forget_closed(call);
        }
        // The end may have brought a retry or a free person back into the queue.
        if let Some(known) = self.campaigns.get_mut(&campaign)
            && known.exhausted
        {
            known.exhausted = false;
            known.ask_at = Some(now.wall.plus(ASK_AGAIN_MS));
        }
    }

    /// Whether the end of an answered call has overtaken what the lines say of it: only they tell whether its
    /// agent was heard, and so owes a wrap-up.
    fn awaits_the_line(&self, call: CallId, outcome: Outcome) -> bool {
        let live = self.calls.get(&call).filter(|known| matches!(known.stage, Stage::Live(_)));
        let agent = live.and_then(|known| known.agent).and_then(|agent| self.agents.get(&agent));
        self.lines_up
            && matches!(outcome, Outcome::Answered { .. })
            && agent.is_some_and(|seat| seat.call == Some(call) && seat.agent.state() == AgentState::Reserved)
    }

    /// The lines have said their last about calls whose end was durable before.
    pub(super) fn close_awaited(&mut self, now: Now, out: &mut Vec<Output>) {
        let over: Vec<(CallId, Outcome)> = (self.calls.iter())
            .filter(|(_, known)| !self.lines_up || !known.stage.holds_a_line())
            .filter_map(|(&call, known)| Some((call, known.closed?)))
            .collect();
        for (call, outcome) in over {
            self.step_call(now, call, Life::Closed(outcome), out);
            self.forget_closed(call);
        }
    }

    /// A closed call that belongs to a campaign needs no place any more. One whose ticket is not known yet
    /// (its end overtook the verdict) waits for it.
    fn forget_closed(&mut self, call: CallId) {
        let done = self.calls.get(&call).is_some_and(|known| matches!(known.stage, Stage::Closed(_)));
        let known_campaign = self.calls.get(&call).is_some_and(|known| known.campaign.is_some());
        let asked = self.pending.values().any(|pending| matches!(pending, Pending::Dial { .. }));
        if done && (known_campaign || !asked) {
            self.calls.remove(&call);
        }
    }

    fn wrapped_up(
        &mut self,
        now: Now,
        agent: AgentId,
        call: CallId,
        desk: (u64, u64),
        out: &mut Vec<Output>,
    ) {
        if let Some(seat) = self.agents.get_mut(&agent)
            && seat.call == Some(call)
        {
            seat.call = None;
        }
        let _ = self.move_agent(now, agent, Work::WrittenUp, out);
        out.push(Output::Desk { to: desk.0, reply: DeskReply::Done { id: desk.1 } });
    }
}

struct Dialled {
    campaign: CampaignId,
    contact: ContactId,
    agent: Option<AgentId>,
    desk: Option<(u64, u64)>,
}

fn new_campaign(view: CampaignView) -> Campaign {
    Campaign {
        rate: Rate::per_minute(view.calls_per_minute),
        view,
        queue: VecDeque::new(),
        asking: false,
        ask_at: None,
        exhausted: false,
        dialling: 0,
        live: 0,
    }
}

fn refused(id: u64, code: &str, text_en: String, text_zh: String) -> DeskReply {
    DeskReply::Refused { id, code: code.to_owned(), text_en, text_zh }
}

/// Nothing is written down while the vault is away.
pub(super) fn vault_away(id: u64) -> DeskReply {
    DeskReply::Refused {
        id,
        code: "not-now".to_owned(),
        text_en: "the records are not reached; try again in a moment".to_owned(),
        text_zh: "暂时无法连接记录服务，请稍后再试".to_owned(),
    }
}

/// After an answer that says "not now", the vault is asked again after this long.
const ASK_AGAIN_MS: i64 = 200;
