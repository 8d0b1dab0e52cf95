//! A span's history: alarms with how long they stood, the data link, tests and traces. Quality is a chart, not a list.

use super::{NAV, card, words};
use crate::fault::Fault;
use crate::form::Query;
use crate::format;
use crate::page::{Markup, Page, render};
use crate::pages::words::{address, when};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::Html;
use idl::admin::{Admin, Answer};
use idl::handset::HandsetEnd;
use idl::spans::{LinkState, SpanFact, TestStatus};
use idl::views::{SpanAsk, SpanEvent, SpanHistory};
use rights::Request;
use vocab::{SpanId, UnixMs};

/// An event in words.
pub(super) struct Row {
    /// When.
    at: Markup,
    /// As the timeline and the badges know it.
    kind: &'static str,
    /// What it is about.
    subject: &'static str,
    /// What happened.
    what: String,
    /// How long it stood so; empty where that says nothing.
    lasted: String,
}

/// Asks for a page of the history.
pub(super) async fn ask(visit: &Visit, span: SpanId, before: Option<u64>) -> Result<SpanHistory, Fault> {
    match visit.ask(Admin::Span(SpanAsk::History { span: Some(span), before })).await? {
        Answer::SpanHistory(history) => Ok(*history),
        _ => Err(Fault::other_answer()),
    }
}

/// Events in words, newest first. `until` is when the alarms of the newest change stood no more; `None`: they stand.
pub(super) fn rows(visit: &Visit, events: &[SpanEvent], until: Option<UnixMs>) -> Vec<Row> {
    let mut newer = until;
    events
        .iter()
        .map(|event| {
            let mut row = row(visit, event);
            if matches!(event.fact, SpanFact::Alarms { .. }) {
                row.lasted = newer.map_or_else(
                    || visit.t.spans.still.to_owned(),
                    |newer| format::duration(visit.t, newer.since(event.at)),
                );
                newer = Some(event.at);
            }
            row
        })
        .collect()
}

fn row(visit: &Visit, event: &SpanEvent) -> Row {
    let t = visit.t;
    let (kind, subject, what) = match &event.fact {
        SpanFact::Alarms { before, now, .. } => {
            let kind = if now.is_clear() { "ok" } else { "bad" };
            let what =
                fill(t.spans.from_to, &[&words::alarm_words(t, *before), &words::alarm_words(t, *now)]);
            (kind, t.spans.fact_alarms, what)
        }
        SpanFact::Link { state, .. } => {
            let kind = if *state == LinkState::Up { "ok" } else { "warn" };
            (kind, t.spans.fact_link, words::link(t, *state).text.to_owned())
        }
        SpanFact::Bert { result, .. } => ("info", t.spans.fact_test, words::test(t, *result)),
        SpanFact::Trace { file, frames, .. } => {
            ("info", t.spans.fact_trace, fill(t.spans.trace_line, &[file, frames]))
        }
        SpanFact::Handset(used) => {
            let end = match used.end {
                HandsetEnd::HungUp => t.spans.handset_hung_up,
                HandsetEnd::Limit => t.spans.handset_limit,
                HandsetEnd::LineTaken => t.spans.handset_line_taken,
                HandsetEnd::NoDialTone => t.spans.handset_no_dial_tone,
                HandsetEnd::Gone => t.spans.handset_gone,
            };
            let test = words::test(t, TestStatus::Handset(used.test));
            let what = fill(t.spans.handset_line, &[&test, &used.seconds, &end]);
            ("info", t.spans.fact_handset, what)
        }
        SpanFact::Quality(bin) => {
            let [es, ses, uas, ..] = words::sum(std::slice::from_ref(bin));
            ("info", t.spans.fact_quality, format!("ES {es} · SES {ses} · UAS {uas}"))
        }
    };
    Row { at: when(&visit.zone, &event.at), kind, subject, what, lasted: String::new() }
}

/// The rows alone, for a page that has more.
#[derive(Template)]
#[template(path = "lines/span_history_rows.html")]
pub(super) struct Rows<'a> {
    /// Texts.
    pub(super) t: &'static Texts,
    /// The rows.
    pub(super) rows: &'a [Row],
}

#[derive(Template)]
#[template(path = "lines/span_history.html")]
struct History {
    page: Page,
    back: String,
    name: String,
    table: Markup,
    shown: String,
    newest: String,
    older: String,
}

/// A page of the history.
pub(super) async fn list(
    visit: Visit,
    Path(id): Path<u16>,
    Query(query): Query,
) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let before = query.value("before").parse().ok();
    let until = query.value("until").parse().ok().map(UnixMs);
    let history = ask(&visit, SpanId(id), before).await?;
    let may_see = visit.may(Request::Span);
    let name =
        if may_see { words::name(t, &card(&visit, id).await?.view) } else { fill(t.spans.unnamed, &[&id]) };
    let rows = rows(&visit, &history.rows, until);
    let path = format!("/lines/spans/{id}/history");
    // What came last on this page is what the next page's newest change lasted until.
    let alarms = |event: &&SpanEvent| matches!(event.fact, SpanFact::Alarms { .. });
    let last = history.rows.iter().rfind(alarms).map(|event| event.at).or(until);
    let older = history.next.map(|next| {
        let mut pairs = vec![("before", next.to_string())];
        pairs.extend(last.map(|at| ("until", at.0.to_string())));
        address(&path, &pairs)
    });
    render(&History {
        page: visit.page(&fill(t.spans.history_title, &[&name]), NAV),
        back: if may_see { format!("/lines/spans/{id}") } else { String::new() },
        name,
        table: Markup::of_safe(Rows { t, rows: &rows }.render()?),
        shown: crate::pages::words::rows(t, rows.len()),
        newest: before.map(|_: u64| path).unwrap_or_default(),
        older: older.unwrap_or_default(),
    })
}
