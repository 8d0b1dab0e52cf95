//! What agents and the page ask. Every refusal says what to do next.

use super::vault::vault_away;
use super::{Floor, Now, Output};
use call::agent::{Input as Work, Refusal};
use idl::campaign::AgentState;
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::lines::CalldToLined;
use vocab::{AgentId, CampaignId, CampaignMode, ContactId, EndedBy};

impl Floor {
    pub(super) fn desk_asks(&mut self, now: Now, from: u64, request: DeskRequest, out: &mut Vec<Output>) {
        let id = request.id;
        let answer = match request.what {
            Desk::State { agent, state } => self.ask_state(now, agent, state, id, out),
            Desk::PreviewNext { agent, campaign } => self.preview(now, agent, campaign, id, out),
            Desk::PreviewDial { agent, contact } => self.preview_dial(now, agent, contact, (from, id), out),
            Desk::HangUp { agent } => {
                self.with_call(agent, id, out, |call| CalldToLined::HangUp { call, by: EndedBy::Agent })
            }
            Desk::Refused { agent } => self.with_call(agent, id, out, |call| CalldToLined::Refused { call }),
            Desk::WrapUp { agent, call, disposition, note } => {
                let owed = self
                    .agents
                    .get(&agent)
                    .is_some_and(|seat| seat.call == Some(call) && seat.agent.state() == AgentState::WrapUp);
                if owed && !self.vault_up {
                    Some(vault_away(id))
                } else if owed {
                    self.wrap_up(agent, call, disposition, note, (from, id), out);
                    None
                } else {
                    Some(refused(
                        id,
                        "no-wrap-up",
                        "this call has no wrap-up to write",
                        "此通话没有待填写的小结",
                    ))
                }
            }
            Desk::Watch => {
                if !self.watchers.contains(&from) && self.watchers.len() < MAX_WATCHERS {
                    self.watchers.push(from);
                }
                Some(DeskReply::Live(self.live()))
            }
            Desk::Stop => {
                self.stop(from, id, out);
                None
            }
        };
        if let Some(reply) = answer {
            out.push(Output::Desk { to: from, reply });
        }
    }

    fn ask_state(
        &mut self,
        now: Now,
        agent: AgentId,
        state: AgentState,
        id: u64,
        out: &mut Vec<Output>,
    ) -> Option<DeskReply> {
        let Some(seat) = self.agents.get(&agent) else { return Some(unknown_agent(id)) };
        if let Some((campaign, contact, _)) = seat.shown {
            if let Some(seat) = self.agents.get_mut(&agent) {
                seat.shown = None;
            }
            self.give_back(campaign, vec![contact], out);
        }
        Some(match self.move_agent(now, agent, Work::Ask(state), out) {
            Ok(()) => DeskReply::Done { id },
            Err(Refusal::WrapUpMissing) => {
                refused(id, "wrap-up-missing", "write up the last call first", "请先填写上一通电话的小结")
            }
            Err(Refusal::NotFree | Refusal::NotAskable) => refused(
                id,
                "state",
                "this state follows from a call and cannot be chosen",
                "该状态由通话产生，不能手动选择",
            ),
        })
    }

    fn preview(
        &mut self,
        now: Now,
        agent: AgentId,
        campaign: CampaignId,
        id: u64,
        out: &mut Vec<Output>,
    ) -> Option<DeskReply> {
        let Some(seat) = self.agents.get_mut(&agent) else { return Some(unknown_agent(id)) };
        match seat.shown {
            Some((shown, contact, until)) if shown == campaign && until > now.mono_us => {
                return Some(DeskReply::Preview { id, contact: Some(contact) });
            }
            Some((shown, contact, _)) => {
                seat.shown = None;
                self.give_back(shown, vec![contact], out);
            }
            None => {}
        }
        let Some(seat) = self.agents.get_mut(&agent) else { return Some(unknown_agent(id)) };
        if seat.agent.state() != AgentState::Ready {
            return Some(refused(id, "not-ready", "become ready first", "请先置为就绪"));
        }
        let Some(known) = self.campaigns.get_mut(&campaign) else { return Some(unknown_campaign(id)) };
        if known.view.mode != CampaignMode::Preview
            || !known.view.running
            || known.view.department != seat.department
        {
            return Some(unknown_campaign(id));
        }
        let contact = known.queue.pop_front();
        seat.shown = contact.map(|contact| (campaign, contact, now.mono_us + SHOWN_FOR_US));
        Some(DeskReply::Preview { id, contact })
    }

    fn preview_dial(
        &mut self,
        now: Now,
        agent: AgentId,
        contact: ContactId,
        desk: (u64, u64),
        out: &mut Vec<Output>,
    ) -> Option<DeskReply> {
        let Some(seat) = self.agents.get_mut(&agent) else { return Some(unknown_agent(desk.1)) };
        let Some((campaign, _, _)) =
            seat.shown.filter(|&(_, shown, until)| shown == contact && until > now.mono_us)
        else {
            return Some(refused(
                desk.1,
                "not-shown",
                "look at the next customer again, then dial",
                "请重新查看下一位客户后再拨打",
            ));
        };
        if seat.agent.state() != AgentState::Ready || !self.registered.contains(&agent) {
            return Some(refused(
                desk.1,
                "no-phone",
                "register your phone and become ready, then dial",
                "请先注册话机并置为就绪",
            ));
        }
        if self.stopping || !(self.vault_up && self.lines_up) {
            return Some(refused(
                desk.1,
                "not-now",
                "the box is not ready to dial; try again in a moment",
                "设备暂不能拨号，请稍后再试",
            ));
        }
        seat.shown = None;
        self.dial(now, campaign, contact, Some(agent), Some(desk), out);
        None
    }

    fn with_call(
        &self,
        agent: AgentId,
        id: u64,
        out: &mut Vec<Output>,
        message: impl FnOnce(vocab::CallId) -> CalldToLined,
    ) -> Option<DeskReply> {
        let call = self.agents.get(&agent).and_then(|seat| seat.call);
        let live = call.filter(|call| self.calls.get(call).is_some_and(|known| known.stage.holds_a_line()));
        let Some(call) = live else {
            return Some(refused(id, "no-call", "this agent has no call", "该坐席当前没有通话"));
        };
        out.push(Output::Lines(message(call)));
        Some(DeskReply::Done { id })
    }

    fn stop(&mut self, from: u64, id: u64, out: &mut Vec<Output>) {
        self.stoppers.push((from, id));
        if self.stopping {
            return;
        }
        self.stopping = true;
        self.drained = false;
        out.push(Output::Lines(CalldToLined::Drain));
        let queued: Vec<(CampaignId, Vec<ContactId>)> = self
            .campaigns
            .iter_mut()
            .map(|(&id, campaign)| (id, campaign.queue.drain(..).collect()))
            .collect();
        for (campaign, contacts) in queued {
            self.give_back(campaign, contacts, out);
        }
    }
}

fn unknown_agent(id: u64) -> DeskReply {
    refused(
        id,
        "no-agent",
        "there is no such agent; ask the administrator for an account",
        "没有此坐席，请联系管理员开通",
    )
}

fn unknown_campaign(id: u64) -> DeskReply {
    refused(
        id,
        "no-campaign",
        "this is no running preview campaign of your department",
        "这不是本部门正在运行的预览任务",
    )
}

fn refused(id: u64, code: &str, text_en: &str, text_zh: &str) -> DeskReply {
    DeskReply::Refused { id, code: code.into(), text_en: text_en.into(), text_zh: text_zh.into() }
}

/// CAM-13: what was confirmed counts for 120 s.
const SHOWN_FOR_US: u64 = 120_000_000;
/// Desks that may watch at once.
const MAX_WATCHERS: usize = 64;
