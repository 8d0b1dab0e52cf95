//! The three columns of the desk, each a part that can be sent alone: who one is, what there is to do, what to say.
//! A part's key names what it shows; while it stays, the part in the browser stays.

use super::words::{agent_badge, agent_state, consent, live_badge, live_state, script_part};
use crate::form::Form;
use crate::format::clock;
use crate::page::Page;
use crate::texts::{fill, with};
use askama::Template;
use idl::campaign::AgentState;
use idl::lines::LiveState;
use idl::views::{ConsentState, CustomerCard, DeskView};
use vocab::{CampaignMode, Outcome, SECOND_MS, UnixMs};

/// The left column: one's own state, phone and day.
#[derive(Template)]
#[template(path = "desk/who.html")]
pub(super) struct Who<'a> {
    page: &'a Page,
    view: &'a DeskView,
}

impl<'a> Who<'a> {
    pub(super) const fn new(page: &'a Page, view: &'a DeskView) -> Self {
        Self { page, view }
    }

    pub(super) fn key(&self) -> String {
        let DeskView { state, since, phone, has_phone, today, .. } = self.view;
        format!("{state:?} {} {phone:?} {has_phone} {today:?}", since.0)
    }

    fn state(&self) -> &'static str {
        agent_state(self.page.t, self.view.state)
    }

    fn badge(&self) -> &'static str {
        agent_badge(self.view.state)
    }

    /// The states that may be chosen: word, icon, label, key, and whether it is the present one.
    fn choices(&self) -> [(&'static str, &'static str, &'static str, &'static str, bool); 3] {
        let t = self.page.t;
        let is = |state| self.view.state == state;
        [
            ("ready", "ok", t.desk.go_ready, "R", is(AgentState::Ready)),
            ("break", "pause", t.desk.go_break, "B", is(AgentState::Break)),
            ("out", "sign-out", t.desk.go_out, "O", is(AgentState::Out)),
        ]
    }

    fn passed(&self) -> String {
        clock(self.view.now.since(self.view.since))
    }

    /// Ready comes after the wrap-up (CAM-15).
    fn owes(&self, word: &str) -> bool {
        word == "ready" && self.view.state == AgentState::WrapUp
    }

    const fn busy(&self) -> bool {
        matches!(self.view.state, AgentState::Reserved | AgentState::Talking | AgentState::WrapUp)
    }

    /// Badge, word, and what to do next.
    const fn phone(&self) -> (&'static str, &'static str, &'static str) {
        let t = self.page.t;
        match (self.view.has_phone, self.view.phone) {
            (false, _) => ("bad", t.desk.phone_none, t.desk.phone_none_next),
            (true, Some(true)) => ("ok", t.desk.phone_on, ""),
            (true, Some(false)) => ("warn", t.desk.phone_off, t.desk.phone_off_next),
            (true, None) => ("idle", t.desk.phone_unknown, ""),
        }
    }

    fn talk(&self) -> String {
        clock(i64::from(self.view.today.2) * SECOND_MS)
    }
}

/// The middle column: the customer, the call, and what may be done now.
#[derive(Template)]
#[template(path = "desk/do.html")]
pub(super) struct Do<'a> {
    page: &'a Page,
    view: &'a DeskView,
    form: &'a Form,
}

impl<'a> Do<'a> {
    pub(super) const fn new(page: &'a Page, view: &'a DeskView, form: &'a Form) -> Self {
        Self { page, view, form }
    }

    pub(super) fn key(&self) -> String {
        let view = self.view;
        match (&view.preview, &view.call, &view.wrap_up) {
            (_, Some((call, state, ..)), _) => format!("call {} {state:?}", call.0),
            (_, None, Some((call, ..))) => format!("wrap-up {}", call.0),
            (Some((card, _, until)), None, None) => format!("preview {} {}", card.contact.0, until.0),
            (None, None, None) => {
                let campaigns: Vec<u32> = view.campaigns.iter().map(|(id, ..)| id.0).collect();
                format!("idle {} {campaigns:?}", self.ready())
            }
        }
    }

    fn ready(&self) -> bool {
        self.view.state == AgentState::Ready
    }

    fn card(&self) -> Option<Card<'_>> {
        card_of(self.view).map(|card| Card { page: self.page, card })
    }

    fn live(&self, state: &LiveState) -> (&'static str, &'static str) {
        (live_badge(*state), live_state(self.page.t, *state))
    }

    const fn mode(&self, mode: &CampaignMode) -> &'static str {
        match mode {
            CampaignMode::Preview => self.page.t.desk.mode_preview,
            CampaignMode::Progressive | CampaignMode::Announcement => self.page.t.desk.mode_progressive,
        }
    }

    fn is_preview(&self, mode: &CampaignMode) -> bool {
        *mode == CampaignMode::Preview
    }

    fn progressive(&self) -> bool {
        self.view.campaigns.iter().any(|(_, _, mode)| *mode == CampaignMode::Progressive)
    }

    /// When the time for the wrap-up is over.
    fn wrap_until(&self, seconds: &u16) -> UnixMs {
        self.view.since.plus(i64::from(*seconds) * SECOND_MS)
    }

    fn over(&self, until: &UnixMs) -> bool {
        self.view.now >= *until
    }

    fn left(&self, until: &UnixMs) -> String {
        clock(until.since(self.view.now))
    }

    fn passed(&self, since: &UnixMs) -> String {
        clock(self.view.now.since(*since))
    }

    /// Each disposition: word, label, what follows.
    const fn dispositions(&self) -> [(&'static str, &'static str, &'static str); 7] {
        let t = &self.page.t.desk;
        [
            ("done", t.d_done, ""),
            ("callback", t.d_callback, t.d_callback_note),
            ("refused", t.d_refused, t.d_refused_note),
            ("wrong-person", t.d_wrong, t.d_wrong_note),
            ("minor", t.d_minor, t.d_minor_note),
            ("complaint", t.d_complaint, ""),
            ("voicemail", t.d_voicemail, ""),
        ]
    }

    fn chosen(&self, word: &str) -> bool {
        self.form.has("disposition", word)
    }

    fn ticked(&self, name: &str) -> bool {
        self.form.has(name, super::YES)
    }
}

/// The right column: the script, how to speak, and where the number comes from.
#[derive(Template)]
#[template(path = "desk/script.html")]
pub(super) struct Script<'a> {
    page: &'a Page,
    view: &'a DeskView,
}

impl<'a> Script<'a> {
    pub(super) const fn new(page: &'a Page, view: &'a DeskView) -> Self {
        Self { page, view }
    }

    pub(super) fn key(&self) -> String {
        card_of(self.view).map_or_else(
            || "none".to_owned(),
            |card| {
                let consent = card.consent.state;
                format!("{} {} {consent:?} {}", card.contact.0, card.campaign.0.0, card.basis)
            },
        )
    }

    fn card(&self) -> Option<Card<'_>> {
        card_of(self.view).map(|card| Card { page: self.page, card })
    }
}

fn card_of(view: &DeskView) -> Option<&CustomerCard> {
    let call = view.call.as_ref().map(|(_, _, _, card)| card);
    let wrap_up = view.wrap_up.as_ref().map(|(_, card, _)| card);
    call.or(wrap_up).or_else(|| view.preview.as_ref().map(|(card, ..)| card))
}

/// A customer as shown.
struct Card<'a> {
    page: &'a Page,
    card: &'a CustomerCard,
}

impl Card<'_> {
    fn name(&self) -> &str {
        if self.card.name.is_empty() { self.page.t.desk.nameless } else { &self.card.name }
    }

    fn imported(&self) -> String {
        self.page.zone.date(self.card.imported_at)
    }

    /// Fields that are not empty: name and value.
    fn fields(&self) -> Vec<(&'static str, &str)> {
        let (t, card) = (&self.page.t.desk, self.card);
        let all: [(&'static str, &str); 5] = [
            (t.order_no, &card.order_no),
            (t.demand, &card.demand),
            (t.tag, &card.tag),
            (t.issue, &card.issue),
            (t.source, &card.source),
        ];
        all.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()
    }

    fn consent(&self) -> (&'static str, &'static str) {
        consent(self.page.t, self.card.consent.state)
    }

    fn consent_until(&self) -> String {
        match self.card.consent.expires_at {
            Some(at) if self.card.consent.state == ConsentState::Good => {
                with(self.page.t.desk.consent_until, self.page.zone.date(at))
            }
            _ => String::new(),
        }
    }

    fn quota(&self) -> String {
        fill(self.page.t.desk.quota_text, &[&self.card.quota.0, &self.card.quota.1])
    }

    /// The last contacts: instant and how they ended.
    fn last(&self) -> Vec<(UnixMs, &'static str)> {
        let t = &self.page.t.desk;
        let word = |outcome: &Option<Outcome>| match outcome {
            Some(Outcome::Answered { .. }) => t.last_answered,
            Some(Outcome::Failed(_)) => t.last_failed,
            None => t.last_open,
        };
        self.card.last.iter().map(|(at, outcome)| (*at, word(outcome))).collect()
    }

    /// The parts of the script: title, whether the agent speaks it, text.
    fn script(&self) -> Vec<(&'static str, bool, &str)> {
        let parts = self.card.script.iter().filter_map(|(role, text)| {
            let (title, spoken) = script_part(self.page.t, *role)?;
            Some((title, spoken, text.as_str()))
        });
        parts.collect()
    }

    /// The answer to "how did you get my number?", sentence by sentence (CAM-18).
    fn answer(&self) -> Vec<String> {
        let (t, card) = (&self.page.t.desk, self.card);
        let mut said = vec![fill(t.answer_source, &[&card.source, &self.imported()])];
        let consent = &card.consent;
        match (consent.state, consent.given_at) {
            (ConsentState::Good, Some(given_at)) => {
                let date = self.page.zone.date(given_at);
                said.push(fill(t.answer_consent, &[&date, &consent.channel, &consent.purpose]));
                if !consent.evidence.is_empty() {
                    said.push(with(t.answer_evidence, &consent.evidence));
                }
            }
            _ => said.push(with(t.answer_source_basis, &card.purpose)),
        }
        said.push(with(t.answer_keep, &card.purpose));
        said
    }
}
