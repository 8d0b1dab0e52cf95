//! One campaign: its figures, why contacts were not called, its settings, and the contacts that were refused.

use super::super::words::{self, Badge};
use crate::chart;
use crate::fault::Fault;
use crate::form::Query;
use crate::live;
use crate::page::{Markup, Page, render};
use crate::texts::Texts;
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::{CampaignDetail, DayFigures, RefusalRow, Series};
use rights::Request;
use std::time::Duration;
use vocab::{CampaignId, HOUR_MS, RuleId};

#[derive(Template)]
#[template(path = "campaigns/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    seen: CampaignDetail,
    head: Markup,
    figures: Markup,
    charts: Option<(Markup, Markup)>,
    hours: u16,
    may: May,
}

/// What the role may do here.
struct May {
    start: bool,
    pause: bool,
    refusals: bool,
    batches: bool,
}

impl May {
    fn of(visit: &Visit) -> Self {
        Self {
            start: visit.may(Request::StartCampaign),
            pause: visit.may(Request::PauseCampaign),
            refusals: visit.may(Request::Refusals),
            batches: visit.may(Request::Batches),
        }
    }
}

#[derive(Template)]
#[template(path = "campaigns/part.html")]
struct Part<'a> {
    t: &'static Texts,
    visit: &'a Visit,
    part: &'static str,
    seen: &'a CampaignDetail,
    state: Badge,
    obstacles: Vec<String>,
    refused: Option<Markup>,
    failed: Option<Markup>,
    unrecorded: Option<Markup>,
}

/// Shows a campaign.
pub async fn show(
    visit: Visit,
    Path(campaign): Path<u32>,
    Query(query): Query,
) -> Result<Html<String>, Fault> {
    let campaign = CampaignId(campaign);
    let seen = ask(&visit, campaign).await?;
    let (head, figures) = (part(&visit, &seen, "head")?, part(&visit, &seen, "figures")?);
    let hours = SPANS.into_iter().find(|hours| hours.to_string() == query.value("hours")).unwrap_or(SPANS[0]);
    let charts = if visit.may(Request::Series) { Some(charts(&visit, campaign, hours).await?) } else { None };
    let t = visit.t;
    let page = visit.page(&seen.row.name, "/campaigns");
    render(&Show { page, t, seen, head, figures, charts, hours, may: May::of(&visit) })
}

/// What of it changes while one looks.
pub async fn watch(visit: Visit, Path(campaign): Path<u32>) -> Result<Response, Fault> {
    live::live(visit, PERIOD, move |visit| async move {
        let seen = ask(&visit, CampaignId(campaign)).await?;
        let part = |name| Ok::<_, Fault>((name, part(&visit, &seen, name)?.to_string()));
        Ok(vec![part("head")?, part("figures")?])
    })
}

async fn ask(visit: &Visit, campaign: CampaignId) -> Result<CampaignDetail, Fault> {
    match visit.ask(Admin::Campaign { campaign }).await? {
        Answer::Campaign(seen) => Ok(*seen),
        _ => Err(Fault::other_answer()),
    }
}

fn part(visit: &Visit, seen: &CampaignDetail, part: &'static str) -> Result<Markup, Fault> {
    let (t, row) = (visit.t, &seen.row);
    let html = Part {
        t,
        visit,
        part,
        seen,
        state: words::campaign_state(t, row.running, row.left, row.open, row.hold_until.is_some()),
        obstacles: seen.obstacles.iter().map(|code| super::super::overview::obstacle(t, code)).collect(),
        refused: bars(&seen.figures.refused, |id| words::rule_named(t, id)),
        failed: bars(&seen.figures.failed, |name| words::fail_named(t, name)),
        unrecorded: bars(&seen.figures.unrecorded, |name| unrecorded(t, name)),
    }
    .render()?;
    Ok(Markup::of_safe(html))
}

fn bars(figures: &[(String, u64)], name: impl Fn(&str) -> String) -> Option<Markup> {
    let mut rows: Vec<(String, u64)> =
        figures.iter().filter(|(_, count)| *count > 0).map(|(code, count)| (name(code), *count)).collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    (!rows.is_empty()).then(|| chart::bars(&rows))
}

fn unrecorded(t: &Texts, name: &str) -> String {
    match name {
        "ended_before_notice" => t.campaigns.unrecorded_before_notice.to_owned(),
        "storage" => t.campaigns.unrecorded_storage.to_owned(),
        other => other.to_owned(),
    }
}

/// Calls and answer rate: by hour over a day, by day over more.
async fn charts(visit: &Visit, campaign: CampaignId, hours: u16) -> Result<(Markup, Markup), Fault> {
    let asked = Admin::Series { campaign: Some(campaign), hours };
    let Answer::Series(series) = visit.ask(asked).await? else { return Err(Fault::other_answer()) };
    let slots = slots(visit, &series, hours > SPANS[0]);
    let labels: Vec<String> = slots.iter().map(|(label, _)| label.clone()).collect();
    let (answered, others): (Vec<u64>, Vec<u64>) =
        slots.iter().map(|(_, sum)| (sum.answered, sum.placed.saturating_sub(sum.answered))).unzip();
    let rates: Vec<Option<u64>> = slots.iter().map(|(_, sum)| per_mille(sum)).collect();
    let t = visit.t;
    let words =
        |title| chart::Words { title, labels: t.campaigns.chart_time, figures: t.words.figures_table };
    let rows = [
        chart::Series { name: t.campaigns.series_answered, figures: &answered },
        chart::Series { name: t.campaigns.series_others, figures: &others },
    ];
    let calls = chart::columns(words(t.campaigns.chart_calls), &labels, &rows);
    let rate = chart::ratio(words(t.campaigns.chart_rate), t.campaigns.answer_rate, &labels, &rates);
    Ok((calls, rate))
}

/// The hours of a series, or its days in the site's zone, with their labels.
fn slots(visit: &Visit, series: &Series, by_day: bool) -> Vec<(String, DayFigures)> {
    let mut slots: Vec<(String, DayFigures)> = vec![];
    for (at, hour) in series.hours.iter().enumerate() {
        let begin = series.from.plus(HOUR_MS.saturating_mul(i64::try_from(at).unwrap_or(i64::MAX)));
        let label = if by_day {
            visit.zone.date(begin).chars().skip("2026-".len()).collect()
        } else {
            visit.zone.clock(begin).chars().take("09:00".len()).collect::<String>()
        };
        match slots.last_mut() {
            Some((known, sum)) if by_day && *known == label => {
                sum.placed += hour.placed;
                sum.answered += hour.answered;
            }
            _ => slots.push((label, *hour)),
        }
    }
    slots
}

fn per_mille(sum: &DayFigures) -> Option<u64> {
    let answered = u128::from(sum.answered.min(sum.placed));
    (sum.placed > 0).then(|| u64::try_from(answered * 1_000 / u128::from(sum.placed)).unwrap_or(1_000))
}

#[derive(Template)]
#[template(path = "campaigns/refusals.html")]
struct Refusals {
    page: Page,
    t: &'static Texts,
    campaign: CampaignId,
    rows: Vec<Refused>,
    newest: String,
    older: String,
}

/// A refusal with its rules in the reader's language.
struct Refused {
    row: RefusalRow,
    rules: Vec<(RuleId, &'static str, String)>,
}

/// The contacts that were refused, newest first.
pub async fn refusals(
    visit: Visit,
    Path(campaign): Path<u32>,
    Query(query): Query,
) -> Result<Html<String>, Fault> {
    let campaign = CampaignId(campaign);
    let before = query.value("before").parse().ok();
    let Answer::Refusals(rows) = visit.ask(Admin::Refusals { campaign, before }).await? else {
        return Err(Fault::other_answer());
    };
    let name = ask(&visit, campaign).await?.row.name;
    let path = format!("/campaigns/{}/refusals", campaign.0);
    let older = rows.last().map(|row| format!("{path}?before={}", row.seq)).unwrap_or_default();
    let t = visit.t;
    let rows = rows
        .into_iter()
        .map(|row| {
            let said = |(rule, en, zh): &(RuleId, String, String)| {
                (*rule, words::rule(t, *rule), visit.lang.of(zh, en).to_owned())
            };
            Refused { rules: row.rules.iter().map(said).collect(), row }
        })
        .collect();
    let newest = if before.is_some() { path } else { String::new() };
    render(&Refusals { page: visit.page(&name, "/campaigns"), t, campaign, rows, newest, older })
}

/// How often a campaign's page looks again.
const PERIOD: Duration = Duration::from_secs(2);
/// Hours that charts may cover: the first by hour, the others by day.
const SPANS: [u16; 3] = [24, 168, 744];
