//! `/calls`: the list with its filters, and a call with the gate's proof. Numbers and names come masked.

use super::campaigns;
use super::words::{self, Badge};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format::{self, Zone};
use crate::page::{Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::Html;
use idl::admin::{Admin, Answer};
use idl::views::{self, CallFilter, CallKind, CallRow, CallsPage};
use rights::Request;
use vocab::{AgentId, CallId, CampaignId, DAY_MS, RuleId, UnixMs};

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().get("/calls", list).get("/calls/{call}", card)
}

/// The kinds by their words in an address.
pub(super) const KINDS: [(&str, CallKind); 7] = [
    ("all", CallKind::All),
    ("open", CallKind::Open),
    ("answered", CallKind::Answered),
    ("failed", CallKind::Failed),
    ("opted-out", CallKind::OptedOut),
    ("recorded", CallKind::Recorded),
    ("bad", CallKind::BadRecording),
];

fn kind_word(t: &Texts, kind: CallKind) -> &'static str {
    match kind {
        CallKind::All => t.words.all,
        CallKind::Open => t.calls.kind_open,
        CallKind::Answered => t.calls.kind_answered,
        CallKind::Failed => t.calls.kind_failed,
        CallKind::OptedOut => t.calls.kind_opted_out,
        CallKind::Recorded => t.calls.kind_recorded,
        CallKind::BadRecording => t.calls.kind_bad,
    }
}

/// A filter as it stands in an address, with what is wrong with it.
pub(super) struct Filter {
    /// The fields as typed.
    pub form: Form,
    /// What to ask for; `None`: a field is wrong, nothing is asked.
    pub asked: Option<CallFilter>,
    /// Calls below this one.
    pub before: Option<CallId>,
}

impl Filter {
    /// Reads it; `kinds` are those this page knows, the first one stands for none.
    pub fn read(t: &Texts, zone: &Zone, mut form: Form, kinds: &[(&str, CallKind)]) -> Self {
        let kind = kinds.iter().find(|(word, _)| form.has("kind", word)).or(kinds.first());
        let (from, to) = days(t, zone, &mut form);
        let asked = CallFilter {
            campaign: form.value("campaign").parse().ok().map(CampaignId),
            agent: form.value("agent").parse().ok().map(AgentId),
            kind: kind.map(|(_, kind)| *kind).unwrap_or_default(),
            from,
            to,
        };
        let before = form.value("before").parse().ok().map(CallId);
        Self { asked: form.is_good().then_some(asked), before, form }
    }

    /// Whether anything is filtered.
    pub fn narrows(&self) -> bool {
        FIELDS.iter().any(|name| !matches!(self.form.value(name), "" | "all"))
    }

    /// This page's address with the same filters but for `without`, from `before` on.
    pub fn href(&self, path: &str, without: &str, before: Option<CallId>) -> String {
        let mut pairs: Vec<(&str, String)> = FIELDS
            .iter()
            .filter(|name| **name != without && !self.form.value(name).is_empty())
            .map(|name| (*name, self.form.value(name).to_owned()))
            .collect();
        if let Some(CallId(before)) = before {
            pairs.push(("before", before.to_string()));
        }
        words::address(path, &pairs)
    }
}

const FIELDS: [&str; 5] = ["campaign", "agent", "kind", "from", "to"];

/// The two days of a filter as instants: from the begin of the first to the end of the last.
pub(super) fn days(t: &Texts, zone: &Zone, form: &mut Form) -> (Option<UnixMs>, Option<UnixMs>) {
    let mut day = |name: &str| {
        let text = form.value(name).trim().to_owned();
        let day = zone.parse(&text).filter(|_| !text.contains('T'));
        if !text.is_empty() && day.is_none() {
            form.fail(name, t.words.bad_day);
        }
        day
    };
    let from = day("from");
    // The begin of the day after, also where the clocks change: 36 hours later it is that day for certain.
    let to = day("to").and_then(|begin| zone.parse(&zone.date(begin.plus(DAY_MS + DAY_MS / 2))));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        form.fail("to", t.words.days_reversed);
    }
    (from, to)
}

/// A row ready to be shown.
pub(super) struct Row {
    /// The call.
    pub row: CallRow,
    /// How it ended.
    pub outcome: Badge,
    /// Its recording.
    pub recording: Badge,
    /// There is sound to be heard.
    pub audible: bool,
    /// How long they talked.
    pub talk: String,
    /// Disposition in words.
    pub disposition: &'static str,
}

impl Row {
    /// A row in the reader's words.
    pub fn of(t: &Texts, row: CallRow) -> Self {
        Self {
            outcome: words::outcome(t, row.outcome),
            recording: words::recording(t, row.recording),
            audible: words::audible(row.recording),
            talk: row
                .talk_s
                .map_or_else(|| "–".to_owned(), |s| format::clock(i64::from(s) * vocab::SECOND_MS)),
            disposition: row.disposition.map_or("", |disposition| words::disposition(t, disposition)),
            row,
        }
    }
}

#[derive(Template)]
#[template(path = "calls/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    filter: Filter,
    campaigns: Vec<(CampaignId, String)>,
    agent: String,
    rows: Vec<Row>,
    newest: String,
    older: String,
    /// The search was cut short.
    goes_on: bool,
    may_hear: bool,
}

impl List {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        KINDS.iter().map(|(word, kind)| (*word, kind_word(self.t, *kind))).collect()
    }

    fn chosen_campaign(&self, id: &CampaignId) -> bool {
        self.filter.form.has("campaign", &id.0.to_string())
    }

    fn of_agent(&self, agent: &AgentId) -> String {
        words::address("/calls", &[("agent", agent.0.to_string())])
    }
}

async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let filter = Filter::read(t, &visit.zone, query, &KINDS);
    let page = find(&visit, &filter).await?;
    let (campaigns, _) = campaigns::all(&visit).await?;
    let agent = filter.asked.as_ref().and_then(|asked| asked.agent).map_or_else(String::new, |agent| {
        let known = page.rows.iter().filter_map(|row| row.agent.as_ref()).find(|(id, _)| *id == agent);
        known.map_or_else(|| agent.0.to_string(), |(_, name)| name.clone())
    });
    render(&List {
        newest: filter.before.map(|_| filter.href("/calls", "", None)).unwrap_or_default(),
        older: page.next.map(|next| filter.href("/calls", "", Some(next))).unwrap_or_default(),
        goes_on: page.rows.is_empty() && page.next.is_some(),
        page: visit.page(t.calls.title, "/calls"),
        t,
        campaigns: campaigns.into_iter().rev().map(|row| (row.id, row.name)).collect(),
        agent,
        rows: page.rows.into_iter().map(|row| Row::of(t, row)).collect(),
        filter,
        may_hear: visit.may(Request::Play),
    })
}

/// The calls of a filter; none where it is wrong.
pub(super) async fn find(visit: &Visit, filter: &Filter) -> Result<CallsPage, Fault> {
    let Some(asked) = filter.asked.clone() else { return Ok(CallsPage::default()) };
    match visit.ask(Admin::CallsPage { filter: asked, before: filter.before }).await? {
        Answer::CallsPage(page) => Ok(*page),
        _ => Err(Fault::other_answer()),
    }
}

#[derive(Template)]
#[template(path = "calls/card.html")]
struct Card {
    page: Page,
    t: &'static Texts,
    zone: Zone,
    card: views::CallCard,
    outcome: Badge,
    recording: Badge,
    audible: bool,
    disposition: &'static str,
    verdict: Vec<Proof>,
    may_hear: bool,
    may_batches: bool,
}

/// One rule's answer in the reader's language.
struct Proof {
    rule: RuleId,
    name: &'static str,
    version: u64,
    passed: bool,
    why: String,
}

impl Card {
    fn rang(&self) -> String {
        self.between(Some(self.card.row.at), self.card.answered_at, self.t.calls.answered_after)
    }

    fn talked(&self) -> String {
        self.between(self.card.answered_at, self.card.ended_at, self.t.calls.ended_after)
    }

    fn between(&self, from: Option<UnixMs>, to: Option<UnixMs>, text: &str) -> String {
        let length = from.zip(to).map(|(from, to)| format::duration(self.t, to.since(from)));
        length.map_or_else(String::new, |length| fill(text, &[&length]))
    }

    fn recorded(&self) -> String {
        let ms = self.card.recorded_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        ms.map_or_else(|| "–".to_owned(), |ms| format::duration(self.t, ms))
    }

    fn gaps(&self) -> String {
        let (customer, agent) = self.card.gaps_ms;
        if (customer, agent) == (0, 0) {
            return self.t.words.none.to_owned();
        }
        let said = |ms: u64| fill(self.t.calls.milliseconds, &[&format::count(ms)]);
        fill(self.t.calls.gaps_both, &[&said(customer), &said(agent)])
    }
}

async fn card(visit: Visit, Path(call): Path<u64>) -> Result<Html<String>, Fault> {
    let card = ask(&visit, CallId(call)).await?;
    let t = visit.t;
    let verdict = card
        .verdict
        .iter()
        .map(|(rule, version, passed, en, zh)| Proof {
            rule: *rule,
            name: words::rule(t, *rule),
            version: *version,
            passed: *passed,
            why: visit.lang.of(zh, en).to_owned(),
        })
        .collect();
    render(&Card {
        page: visit.page(&fill(t.calls.card_title, &[&call]), "/calls"),
        t,
        zone: visit.zone.clone(),
        outcome: words::outcome(t, card.row.outcome),
        recording: words::recording(t, card.row.recording),
        audible: words::audible(card.row.recording),
        disposition: card.row.disposition.map_or("–", |disposition| words::disposition(t, disposition)),
        verdict,
        may_hear: card.may_hear && visit.may(Request::Play),
        may_batches: visit.may(Request::Batches),
        card,
    })
}

/// A call with all that is known of it; the look is an entry of the ledger.
pub(super) async fn ask(visit: &Visit, call: CallId) -> Result<views::CallCard, Fault> {
    match visit.ask(Admin::CallCard { call }).await? {
        Answer::CallCard(card) => Ok(*card),
        _ => Err(Fault::other_answer()),
    }
}
