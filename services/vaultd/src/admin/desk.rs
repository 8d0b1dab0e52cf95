//! The agent's desk: `vaultd` proves who acts and shows the customer masked; `calld` carries it out.
//!
//! An agent is the person of the session, and no one else: no request names one. A contact shown may be dialled
//! once, within 120 s, by whom it was shown to (CAM-13). A card that appears on a desk is an entry (AUD-01).

use super::{Actor, Handled, Refusal};
use crate::command::{ConnId, Message};
use crate::desk::MAX_NOTE_BYTES;
use crate::desks::{Preview, Shown, TOKEN_LIFE_MS, WISH_WAITS_MS, Wish, WishKind};
use crate::entries::Event;
use crate::vault::Vault;
use idl::admin::Answer;
use idl::campaign::{AgentState, VaultToCalld};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::lines::LiveState;
use idl::views::{CustomerCard, DeskAction, DeskView};
use vocab::{AgentId, CallId, CampaignId, ContactId, PersonId, UnixMs};

impl Vault {
    pub(super) fn desk_request(&mut self, actor: &Actor, action: DeskAction) -> Handled {
        let agent = AgentId(actor.id.0);
        if actor.session.is_some() {
            self.desks.at_page.insert(agent);
        }
        let (kind, wish) = match action {
            DeskAction::Look => return Ok(Some(self.desk_answer(actor))),
            DeskAction::State(state) => {
                // `calld` takes a contact back that was shown and not dialled.
                self.desks.previews.remove(&agent);
                (WishKind::Plain, Desk::State { agent, state })
            }
            DeskAction::Next { campaign } => {
                let known = self.state.campaigns.get(&campaign);
                actor.may_reach(known.ok_or_else(|| Refusal::unknown("campaign"))?.plan.department)?;
                (WishKind::Next(campaign), Desk::PreviewNext { agent, campaign })
            }
            DeskAction::Dial { token } => {
                let contact = self.use_token(actor, token)?;
                (WishKind::Plain, Desk::PreviewDial { agent, contact })
            }
            DeskAction::HangUp => (WishKind::Plain, Desk::HangUp { agent }),
            DeskAction::Refused => (WishKind::Plain, Desk::Refused { agent }),
            DeskAction::WrapUp { call, disposition, note } => {
                if note.reveal().len() > MAX_NOTE_BYTES {
                    return Err(Refusal::bounds(
                        format!("A note has at most {MAX_NOTE_BYTES} bytes."),
                        format!("备注最多{}个汉字。", MAX_NOTE_BYTES / 3),
                    ));
                }
                (WishKind::Plain, Desk::WrapUp { agent, call, disposition, note })
            }
        };
        self.wish(actor, kind, wish)
    }

    fn wish(&mut self, actor: &Actor, kind: WishKind, what: Desk) -> Handled {
        let calld = *self.calld.last().ok_or_else(calld_gone)?;
        let until_boot_ms = self.clock.boot_ms + WISH_WAITS_MS;
        let wish = Wish { actor: actor.clone(), calld, kind, until_boot_ms };
        let id = self.desks.keep(wish).ok_or_else(|| {
            Refusal::new("busy", "Wait for what you asked before.", "请等待上一步操作完成。")
        })?;
        self.send(calld, Message::Calld(VaultToCalld::Desk(DeskRequest { id, what })));
        Ok(None)
    }

    /// `calld` answers.
    pub(crate) fn desk_reply(&mut self, calld: ConnId, reply: DeskReply) {
        let (DeskReply::Done { id }
        | DeskReply::Preview { id, .. }
        | DeskReply::Dialled { id, .. }
        | DeskReply::Refused { id, .. }) = reply
        else {
            return;
        };
        let Some(Wish { actor, kind, .. }) = self.desks.take(id, calld) else {
            return;
        };
        let answer = match (reply, kind) {
            (DeskReply::Preview { contact: Some(contact), .. }, WishKind::Next(campaign)) => {
                self.preview(&actor, campaign, contact)
            }
            (DeskReply::Preview { .. }, _) => Refusal::new(
                "nobody-now",
                "There is no customer to call now. Try again in a moment.",
                "目前没有可拨打的客户，请稍后再试。",
            )
            .into_answer(),
            (DeskReply::Refused { code, text_en, text_zh, .. }, _) => {
                let code = if code == "not-shown" { "token".to_owned() } else { code };
                Answer::Refused { code, text_en, text_zh }
            }
            (DeskReply::Done { .. } | DeskReply::Dialled { .. } | DeskReply::Live(_), _) => Answer::Done,
        };
        self.answer_wish(&actor, answer);
    }

    fn answer_wish(&mut self, actor: &Actor, answer: Answer) {
        if let Answer::Refused { code, .. } = &answer {
            self.write_refusal(actor.who(), actor.from, rights::Request::Desk.name(), code);
        }
        self.answer(actor.conn, actor.request, answer);
    }

    /// `calld` does not answer, or is gone: what was wished may have been done all the same.
    pub(crate) fn forget_wishes(&mut self) {
        let now = self.clock.boot_ms;
        for Wish { actor, .. } in self.desks.take_where(|wish| wish.until_boot_ms <= now) {
            self.answer_wish(&actor, calld_gone().into_answer());
        }
    }

    /// An agent whose last session is over gets no further call: nobody would write it up.
    pub(crate) fn leave_desks(&mut self) {
        let Some(calld) = self.calld.last().copied() else {
            return;
        };
        let gone = |agent: &AgentId| self.state.accounts.sessions_of(PersonId(agent.0)).next().is_none();
        let left: Vec<AgentId> = self.desks.at_page.iter().copied().filter(gone).collect();
        for agent in left {
            self.desks.at_page.remove(&agent);
            self.desks.previews.remove(&agent);
            self.desks.shown.remove(&agent);
            if self.state.agents.contains_key(&agent) {
                let what = Desk::State { agent, state: AgentState::Out };
                self.send(calld, Message::Calld(VaultToCalld::Desk(DeskRequest { id: NOBODY, what })));
            }
        }
    }

    /// A start: agents whose sessions have outlived it.
    pub(crate) fn know_desks(&mut self) {
        let agents = self.state.agents.keys();
        let here = |agent: &&AgentId| self.state.accounts.sessions_of(PersonId(agent.0)).next().is_some();
        self.desks.at_page = agents.filter(here).copied().collect();
    }

    /// A connection of `calld` is gone; so is what it knew of phones.
    pub(crate) fn desks_without(&mut self, calld: ConnId) {
        for Wish { actor, .. } in self.desks.take_where(|wish| wish.calld == calld) {
            self.answer_wish(&actor, calld_gone().into_answer());
        }
        self.phones_now.clear();
        self.desks.previews.clear();
    }

    pub(crate) fn phone_now(&mut self, agent: AgentId, registered: bool) {
        // Bounded by the accounts there are.
        if self.state.has_phone(agent) {
            self.phones_now.insert(agent, registered);
        }
    }

    fn preview(&mut self, actor: &Actor, campaign: CampaignId, contact: ContactId) -> Answer {
        let agent = AgentId(actor.id.0);
        let now = self.clock.now;
        let known = self.desks.previews.get(&agent).copied();
        let same =
            known.filter(|known| (known.contact, known.campaign) == (contact, campaign) && known.until > now);
        let preview = same.unwrap_or_else(|| Preview {
            contact,
            campaign,
            token: u64::from_le_bytes(self.random()),
            until: now.plus(TOKEN_LIFE_MS),
        });
        self.desks.previews.insert(agent, preview);
        let answer = self.desk_answer(actor);
        if let Some(shown) = self.desks.shown.get_mut(&agent) {
            shown.fetched = false;
        }
        answer
    }

    /// The contact that a token dials; the token is used up, whatever comes of it.
    fn use_token(&mut self, actor: &Actor, token: u64) -> Result<ContactId, Refusal> {
        let agent = AgentId(actor.id.0);
        let now = self.clock.now;
        let matches = self.desks.previews.get(&agent).is_some_and(|known| known.token == token);
        let preview = if matches { self.desks.previews.remove(&agent) } else { None };
        let Some(preview) = preview.filter(|known| known.until > now) else {
            return Err(Refusal::new(
                "token",
                "Look at the next customer again, confirm, then dial.",
                "确认已失效：请重新查看下一位客户并确认后再拨打。",
            ));
        };
        let card = self.customer_card(actor.role, preview.contact, preview.campaign, None);
        if card.is_none_or(|card| !card.basis) {
            return Err(Refusal::new(
                "no-basis",
                "No basis for this call was found: it is not dialled. Go on with the next customer.",
                "未找到联系该客户的依据，不予拨打；请查看下一位客户。",
            ));
        }
        Ok(preview.contact)
    }

    fn desk_answer(&mut self, actor: &Actor) -> Answer {
        Answer::Desk(Box::new(self.desk_view(actor)))
    }

    fn desk_view(&mut self, actor: &Actor) -> DeskView {
        let agent = AgentId(actor.id.0);
        let now = self.clock.now;
        let recorded = self.state.agents.get(&agent).cloned();
        let wrapping = recorded.as_ref().is_some_and(|known| known.state == AgentState::WrapUp);
        let owes = recorded.as_ref().and_then(|known| known.unwrapped);
        let live = self.desks.calls.get(&agent).copied();
        let live = live.filter(|call| !(wrapping && owes == Some(*call)));
        let owes = owes.filter(|call| live.is_none() && (wrapping || !self.live_now.contains_key(call)));
        let call = live.and_then(|call| self.desk_call(actor, call));
        let wrap_up = owes.and_then(|call| self.desk_wrap_up(actor, call));
        let preview = if call.is_none() && wrap_up.is_none() { self.desk_preview(actor) } else { None };
        if call.is_none() && wrap_up.is_none() && preview.is_none() {
            self.desks.shown.remove(&agent);
        }
        let (state, since) = match (&call, &recorded) {
            (Some((_, LiveState::Talking, since, _)), _) => (AgentState::Talking, *since),
            (Some((_, _, since, _)), Some(known)) if known.state == AgentState::Ready => {
                (AgentState::Reserved, *since)
            }
            (_, Some(known)) => (known.state, known.since),
            (_, None) => (AgentState::Out, now),
        };
        let day = self.state.agent_today(agent, now);
        DeskView {
            agent,
            now,
            state,
            since,
            phone: self.phones_now.get(&agent).copied(),
            has_phone: self.state.has_phone(agent),
            campaigns: self.desk_campaigns(actor),
            preview,
            call,
            wrap_up,
            today: (day.calls, day.answered, day.talk_s),
        }
    }

    fn desk_campaigns(&self, actor: &Actor) -> Vec<(CampaignId, String, vocab::CampaignMode)> {
        let own = self.state.campaigns.iter().filter(|(_, campaign)| {
            campaign.running
                && campaign.plan.mode != vocab::CampaignMode::Announcement
                && Some(campaign.plan.department) == actor.department
        });
        let told = |(id, campaign): (&CampaignId, &crate::state::Campaign)| {
            (*id, campaign.plan.name.clone(), campaign.plan.mode)
        };
        own.take(MAX_DESK_CAMPAIGNS).map(told).collect()
    }

    fn desk_call(
        &mut self,
        actor: &Actor,
        call: CallId,
    ) -> Option<(CallId, LiveState, UnixMs, CustomerCard)> {
        let (state, since) = *self.live_now.get(&call)?;
        let intent = self.calls.get(call)?.intent;
        let card = self.show_card(actor, Some(call), intent.contact, intent.campaign)?;
        Some((call, state, since, card))
    }

    fn desk_wrap_up(&mut self, actor: &Actor, call: CallId) -> Option<(CallId, CustomerCard, u16)> {
        let intent = self.calls.get(call)?.intent;
        let wrap_up_s = self.state.campaigns.get(&intent.campaign)?.plan.wrap_up_s;
        let card = self.show_card(actor, Some(call), intent.contact, intent.campaign)?;
        Some((call, card, wrap_up_s))
    }

    fn desk_preview(&mut self, actor: &Actor) -> Option<(CustomerCard, u64, UnixMs)> {
        let agent = AgentId(actor.id.0);
        let now = self.clock.now;
        let preview = *self.desks.previews.get(&agent)?;
        if preview.until <= now {
            self.desks.previews.remove(&agent);
            return None;
        }
        let card = self.show_card(actor, None, preview.contact, preview.campaign)?;
        Some((card, preview.token, preview.until))
    }

    /// A card for a desk. That it appears, and each time the agent asks for it anew, is an entry; a live view
    /// that goes on showing it is none.
    fn show_card(
        &mut self,
        actor: &Actor,
        call: Option<CallId>,
        contact: ContactId,
        campaign: CampaignId,
    ) -> Option<CustomerCard> {
        let agent = AgentId(actor.id.0);
        let shown = self.desks.shown.get_mut(&agent).filter(|shown| {
            (shown.call, shown.card.contact, shown.card.campaign.0) == (call, contact, campaign)
        });
        if let Some(shown) = shown {
            let fetched = std::mem::replace(&mut shown.fetched, true);
            if actor.passive || !fetched {
                return Some(shown.card.clone());
            }
        }
        let card = self.customer_card(actor.role, contact, campaign, call)?;
        self.desks.shown.insert(agent, Shown { call, card: card.clone(), fetched: true });
        let request = format!("{} {contact}", rights::Request::Desk.name());
        let purpose = card.purpose.clone();
        self.write(actor, Event::Looked { request, call, campaign: Some(campaign), purpose });
        Some(card)
    }
}

fn calld_gone() -> Refusal {
    Refusal::new(
        "calld-gone",
        "Campaigns do not answer at the moment. See what your desk shows, then try again.",
        "外呼服务暂无响应：请先查看工作台当前状态，再重试。",
    )
}

/// The wish whose answer nobody waits for.
const NOBODY: u64 = 0;
/// Campaigns named on a desk.
const MAX_DESK_CAMPAIGNS: usize = 32;
