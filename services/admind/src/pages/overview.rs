//! `/`: what is missing, what needs attention, what goes on now. It decides nothing; links are shown to those
//! whom `vaultd` lets through.

use super::{lines, words};
use crate::chart;
use crate::fault::Fault;
use crate::format;
use crate::live::{self, Fragment};
use crate::page::{self, Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::{self, Visit};
use askama::Template;
use axum::response::{IntoResponse, Response};
use idl::admin::{Admin, Answer};
use idl::spans::SpanPurpose;
use idl::views::{Attention, CheckItem, Overview, Series, SpanView};
use rights::Request;
use std::time::Duration;
use vocab::UnixMs;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().get("/", show).live("/live", watch)
}

#[derive(Template)]
#[template(path = "overview/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    parts: Vec<(&'static str, Markup)>,
    charts: Option<(Markup, Option<Markup>)>,
    may_create: bool,
}

impl Show {
    fn part(&self, name: &str) -> Option<&Markup> {
        self.parts.iter().find(|(known, _)| *known == name).map(|(_, part)| part)
    }
}

#[derive(Template)]
#[template(path = "overview/part.html")]
struct Part<'a> {
    t: &'static Texts,
    visit: &'a Visit,
    part: &'static str,
    seen: &'a Overview,
    steps: &'a [Line],
    alerts: &'a [Line],
}

/// A line of the checklist or of what needs attention.
struct Line {
    /// As `parts.html` knows it.
    state: &'static str,
    title: &'static str,
    text: String,
    href: String,
}

const PARTS: [&str; 6] = ["checklist", "attention", "tiles", "campaigns", "trunks", "box"];

async fn show(visit: Visit) -> Result<Response, Fault> {
    if !visit.may(Request::Overview) && visit.may(Request::Desk) {
        return Ok(visit::to("/desk"));
    }
    let parts = parts(&visit).await?;
    let charts = if visit.may(Request::Series) { Some(charts(&visit).await?) } else { None };
    let t = visit.t;
    let page = visit.page(t.overview.title, "/");
    let shown = Show { page, t, parts, charts, may_create: visit.may(Request::CreateCampaign) };
    Ok(render(&shown)?.into_response())
}

async fn watch(visit: Visit) -> Result<Response, Fault> {
    live::live(visit, PERIOD, |visit| async move {
        let parts = parts(&visit).await?;
        Ok(parts.into_iter().map(|(name, html)| (name, html.to_string())).collect::<Vec<Fragment>>())
    })
}

async fn parts(visit: &Visit) -> Result<Vec<(&'static str, Markup)>, Fault> {
    let Answer::Overview(seen) = visit.ask(Admin::Overview).await? else { return Err(Fault::other_answer()) };
    let steps: Vec<Line> = seen.checklist.iter().filter_map(|item| step(visit, item)).collect();
    let spans = span_alerts(visit).await?;
    let named =
        |item: &&Attention| item.code != "trunk-down" || !spans.iter().any(|(name, _)| *name == item.subject);
    let mut alerts: Vec<Line> =
        seen.attention.iter().filter(named).filter_map(|item| alert(visit, item)).collect();
    alerts.splice(0..0, spans.into_iter().map(|(_, line)| line));
    PARTS
        .iter()
        .map(|part| {
            let (steps, alerts) = (steps.as_slice(), alerts.as_slice());
            let html = Part { t: visit.t, visit, part, seen: &seen, steps, alerts }.render()?;
            Ok((*part, Markup::of_safe(html)))
        })
        .collect()
}

/// Spans in use whose alarms keep calls from them, by name: each leads to its own page.
async fn span_alerts(visit: &Visit) -> Result<Vec<(String, Line)>, Fault> {
    if !visit.may(Request::Spans) {
        return Ok(vec![]);
    }
    let t = visit.t;
    let spans = lines::spans::all(visit).await?;
    let alert = |span: SpanView| {
        let config = span.config.filter(|config| config.purpose != SpanPurpose::Off)?;
        let status = span.status.filter(|status| !status.alarms.is_clear())?;
        let alarms = lines::spans::words::alarm_words(t, status.alarms);
        let since = fill(t.overview.since, &[&visit.zone.minute(status.since)]);
        let text = format!("{} · {alarms} · {since}", config.name);
        let href = format!("/lines/spans/{}", span.span.0);
        Some((config.name, Line { state: "failed", title: t.spans.at_span_alarm, text, href }))
    };
    Ok(spans.into_iter().filter_map(alert).collect())
}

async fn charts(visit: &Visit) -> Result<(Markup, Option<Markup>), Fault> {
    let asked = Admin::Series { campaign: None, hours: CHART_HOURS };
    let Answer::Series(series) = visit.ask(asked).await? else { return Err(Fault::other_answer()) };
    Ok((calls_by_hour(visit, &series), refusals(visit, &series)))
}

/// Calls by hour of a series, with its table.
pub(super) fn calls_by_hour(visit: &Visit, series: &Series) -> Markup {
    let t = visit.t;
    let hour_at = |at: usize| series.from.plus(vocab::HOUR_MS * i64::try_from(at).unwrap_or(0));
    let labels: Vec<String> =
        (0..series.hours.len()).map(|at| visit.zone.clock(hour_at(at))[..5].to_owned()).collect();
    let answered: Vec<u64> = series.hours.iter().map(|hour| hour.answered).collect();
    let others: Vec<u64> =
        series.hours.iter().map(|hour| hour.placed.saturating_sub(hour.answered)).collect();
    let words = chart::Words {
        title: t.overview.chart_calls,
        labels: t.overview.chart_hour,
        figures: t.words.figures_table,
    };
    let rows = [
        chart::Series { name: t.overview.answered, figures: &answered },
        chart::Series { name: t.overview.not_answered, figures: &others },
    ];
    chart::columns(words, &labels, &rows)
}

fn refusals(visit: &Visit, series: &Series) -> Option<Markup> {
    let mut rows: Vec<(String, u64)> = series
        .refused
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(rule, count)| (words::rule(visit.t, *rule).to_owned(), *count))
        .collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    (!rows.is_empty()).then(|| chart::bars(&rows))
}

/// What a step is called, why it is needed, where it is done, and by which request.
type Step = (&'static str, &'static str, &'static str, Option<Request>);

fn step_words(t: &Texts, code: &str) -> Option<Step> {
    Some(match code {
        "trunk" => (t.overview.step_trunk, t.overview.step_trunk_why, "/lines", Some(Request::AddTrunk)),
        "group" => (t.overview.step_group, t.overview.step_group_why, "/lines", Some(Request::AddLineGroup)),
        "number" => {
            (t.overview.step_number, t.overview.step_number_why, "/lines", Some(Request::AddCallerNumber))
        }
        "number-approved" => (
            t.overview.step_number_approved,
            t.overview.step_number_approved_why,
            "/lines",
            Some(Request::ApproveCallerNumber),
        ),
        "holidays" => {
            (t.overview.step_holidays, t.overview.step_holidays_why, "/settings", Some(Request::Holidays))
        }
        "dnc" => (t.overview.step_dnc, t.overview.step_dnc_why, "/dnc", Some(Request::ImportDoNotCall)),
        "script" => {
            (t.overview.step_script, t.overview.step_script_why, "/scripts", Some(Request::CreateScript))
        }
        "batch" => {
            (t.overview.step_batch, t.overview.step_batch_why, "/contacts", Some(Request::ImportContacts))
        }
        "campaign" => (
            t.overview.step_campaign,
            t.overview.step_campaign_why,
            "/campaigns",
            Some(Request::CreateCampaign),
        ),
        "agent" => (t.overview.step_agent, t.overview.step_agent_why, "/accounts", Some(Request::AddAccount)),
        "phone" => (t.overview.step_phone, t.overview.step_phone_why, "/lines", Some(Request::AddPhone)),
        "clock" => (t.overview.step_clock, t.overview.step_clock_why, "", None),
        "lined" => (t.overview.step_lined, t.overview.step_lined_why, "", None),
        _ => return None,
    })
}

/// What keeps a campaign from dialling: a rule of the gate or a step before the first call, in words.
pub(super) fn obstacle(t: &Texts, code: &str) -> String {
    step_words(t, code).map_or_else(|| words::rule_named(t, code), |(title, ..)| title.to_owned())
}

/// A step of the checklist. An unknown code is of a newer `vaultd` and is left out.
fn step(visit: &Visit, item: &CheckItem) -> Option<Line> {
    let (title, why, href, request) = step_words(visit.t, &item.code)?;
    if item.done {
        return Some(Line { state: "done", title, text: String::new(), href: String::new() });
    }
    let mine = request.is_some_and(|request| visit.may(request));
    let text = match request {
        Some(request) if !mine => format!("{why} {}", done_by(visit.t, request)),
        _ => why.to_owned(),
    };
    Some(Line { state: "missing", title, text, href: if mine { href } else { "" }.to_owned() })
}

/// Which roles may do something, from the table of rights itself.
fn done_by(t: &Texts, request: Request) -> String {
    let roles = rights::ROLES.iter().filter(|role| rights::may(**role, request));
    let names: Vec<&str> = roles.map(|role| page::role(t, *role)).collect();
    fill(t.overview.done_by, &[&names.join(t.overview.or)])
}

/// What something is called, and where one sees to it by which request.
fn alert_words(t: &Texts, code: &str) -> Option<(&'static str, &'static str, Request)> {
    Some(match code {
        "trunk-down" => (t.overview.at_trunk_down, "/lines", Request::Lines),
        "bad-recording" => (t.overview.at_bad_recording, "/calls?kind=bad", Request::CallsPage),
        "storage-low" => (t.overview.at_storage_low, "/settings", Request::Settings),
        "dnc-old" => (t.overview.at_dnc_old, "/dnc", Request::DoNotCall),
        "holidays-missing" => (t.overview.at_holidays_missing, "/settings", Request::Settings),
        "number-expires" => (t.overview.at_number_expires, "/lines", Request::Lines),
        "script-expires" => (t.overview.at_script_expires, "/scripts", Request::Scripts),
        "clock" => (t.overview.at_clock, "/settings", Request::Settings),
        "stand-in-tpm" => (t.overview.at_stand_in_tpm, "", Request::Overview),
        "lined-gone" => (t.overview.at_lined_gone, "/lines", Request::Lines),
        "calld-gone" => (t.overview.at_calld_gone, "", Request::Overview),
        "head-late" => (t.overview.at_head_late, "/ledger", Request::LedgerPage),
        "wrap-up-missing" => (t.overview.at_wrap_up_missing, "/floor", Request::Live),
        "approval-waits" => (t.overview.at_approval_waits, "/scripts", Request::ApproveScript),
        "stolen-session" => (t.overview.at_stolen_session, "/accounts", Request::SignIns),
        _ => return None,
    })
}

fn alert(visit: &Visit, item: &Attention) -> Option<Line> {
    let (title, href, request) = alert_words(visit.t, &item.code)?;
    let (href, request) = if item.code == "approval-waits" { approval(visit, item) } else { (href, request) };
    let state = if item.urgent { "failed" } else { "missing" };
    let href = if visit.may(request) { href } else { "" }.to_owned();
    Some(Line { state, title, text: facts(visit, item).join(" · "), href })
}

/// What is known of it besides its title.
fn facts(visit: &Visit, item: &Attention) -> Vec<String> {
    let t = visit.t;
    let mut facts = vec![];
    if !item.subject.is_empty() {
        facts.push(item.subject.clone());
    }
    let count = format::count(item.count);
    match item.code.as_str() {
        "storage-low" => {
            facts.push(fill(t.overview.room_left, &[&format::bytes(item.count.saturating_mul(1024 * 1024))]));
        }
        "head-late" => facts.push(fill(t.overview.entries_unsigned, &[&count])),
        "number-expires" | "script-expires" | "dnc-old" => {
            let text = if item.urgent { t.overview.expired } else { t.overview.expires };
            facts.extend(item.since.map(|end| fill(text, &[&visit.zone.date(end)])));
            return facts;
        }
        _ if item.count > 1 => facts.push(fill(t.overview.times, &[&count])),
        _ => {}
    }
    facts.extend(item.since.map(|since| fill(t.overview.since, &[&visit.zone.minute(since)])));
    facts
}

/// Where that is approved which waits: a caller number, a list of contacts by its file, or a script.
fn approval(visit: &Visit, item: &Attention) -> (&'static str, Request) {
    let file = item.subject.to_lowercase();
    let number = file.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '*' | ' '));
    if number && visit.may(Request::ApproveCallerNumber) {
        ("/lines/numbers", Request::ApproveCallerNumber)
    } else if [".csv", ".txt"].iter().any(|ending| file.ends_with(ending))
        || !visit.may(Request::ApproveScript)
    {
        ("/contacts", Request::ReleaseBatch)
    } else {
        ("/scripts", Request::ApproveScript)
    }
}

impl Part<'_> {
    fn hours(&self) -> (&'static str, String) {
        let t = self.t;
        let zone = &self.visit.zone;
        // Today needs no date.
        let today = |at: UnixMs| zone.date(at) == zone.date(self.seen.now);
        let at = |at: UnixMs| if today(at) { zone.clock(at)[..5].to_owned() } else { zone.minute(at) };
        match self.seen.calling_hours {
            (true, None) => ("ok", t.overview.hours_open.to_owned()),
            (true, Some(until)) => ("ok", fill(t.overview.hours_open_until, &[&at(until)])),
            (false, None) => ("idle", t.overview.hours_closed.to_owned()),
            (false, Some(from)) => ("idle", fill(t.overview.hours_closed_until, &[&at(from)])),
        }
    }

    fn used_storage(&self) -> (u64, &'static str) {
        let (free, of) = self.seen.storage;
        let kind = if free < of / 10 {
            "bad"
        } else if free < of / 4 {
            "warn"
        } else {
            "ok"
        };
        (of.saturating_sub(free), kind)
    }

    fn steps_done(&self) -> usize {
        self.steps.iter().filter(|step| step.state == "done").count()
    }
}

/// How often the first page looks again.
const PERIOD: Duration = Duration::from_secs(2);
const CHART_HOURS: u16 = 24;
