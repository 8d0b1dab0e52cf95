//! Spans of cards: E1 interfaces and analogue ports beside the SIP trunks. Live figures come as fragments; what is
//! ordered of a card is decided by `vaultd` and done by `lined`.

mod grid;
mod history;
mod orders;
mod quality;
mod set;
mod trace;
pub(in crate::pages) mod words;

use super::NAV;
use crate::fault::Fault;
use crate::form::Query;
use crate::live::live;
use crate::looks::{Looks, Theme};
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::Texts;
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use grid::Part;
use idl::admin::{Admin, Answer};
use idl::spans::SpanPurpose;
use idl::views::{SpanAsk, SpanCard, SpanView};
use rights::Request;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vocab::SpanId;

/// The routes of spans.
pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/lines/spans/{id}", show)
        .live("/lines/spans/{id}/live", watch)
        .get("/lines/spans/{id}/slots/{slot}", orders::slot)
        .get("/lines/spans/{id}/history", history::list)
        .get("/lines/spans/{id}/set", set::show)
        .post("/lines/spans/{id}/set", set::save)
        .get("/lines/spans/{id}/sure/{order}", orders::sure)
        .post("/lines/spans/{id}/order", orders::order)
        .post("/lines/spans/{id}/bert", orders::bert)
        .post("/lines/spans/{id}/remove", orders::remove)
        .post("/lines/spans/{id}/trace", trace::take)
}

fn path(span: SpanId) -> String {
    format!("/lines/spans/{}", span.0)
}

/// All spans.
pub(in crate::pages) async fn all(visit: &Visit) -> Result<Vec<SpanView>, Fault> {
    match visit.ask(Admin::Span(SpanAsk::All)).await? {
        Answer::Spans(spans) => Ok(spans),
        _ => Err(Fault::other_answer()),
    }
}

async fn card(visit: &Visit, id: u16) -> Result<SpanCard, Fault> {
    match visit.ask(Admin::Span(SpanAsk::One { span: SpanId(id) })).await? {
        Answer::Span(card) => Ok(*card),
        _ => Err(Fault::other_answer()),
    }
}

#[derive(Template)]
#[template(path = "lines/span.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    here: String,
    parts: Vec<(&'static str, Markup)>,
    quality: Option<quality::Quality>,
    history: Option<Markup>,
    facts: Vec<(&'static str, String)>,
    groups: String,
    is_set: bool,
    may_set: bool,
    may_remove: bool,
    may_restart: bool,
}

impl Show {
    fn part(&self, name: &str) -> Option<&Markup> {
        self.parts.iter().find(|(known, _)| *known == name).map(|(_, part)| part)
    }
}

async fn show(visit: Visit, Path(id): Path<u16>, Query(query): Query) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let card = card(&visit, id).await?;
    let page = visit.page(&words::name(t, &card.view), NAV);
    let span = SpanId(id);
    let history = if visit.may(Request::SpanHistory) {
        let mut newest = history::ask(&visit, span, None).await?.rows;
        newest.truncate(NEWEST_EVENTS);
        let rows = history::rows(&visit, &newest, None);
        Some(Markup::of_safe(history::Rows { t, rows: &rows }.render()?))
    } else {
        None
    };
    let quality = if visit.may(Request::SpanQuality) {
        Some(quality::of(&visit, span, words::is_e1(&card.view), query.has("days", "7")).await?)
    } else {
        None
    };
    let parts =
        PARTS.iter().map(|part| Ok((*part, Markup::of_safe(Part::of(&visit, &page, &card, part).render()?))));
    let pri = matches!(&card.view.config, Some(config) if matches!(config.purpose, SpanPurpose::Pri(_)));
    let groups: Vec<&str> = card.groups.iter().map(|(_, name)| name.as_str()).collect();
    render(&Show {
        parts: parts.collect::<Result<_, Fault>>()?,
        t,
        here: path(span),
        quality,
        history,
        facts: set::facts(t, &card.view),
        groups: groups.join(t.spans.and),
        is_set: card.view.config.is_some(),
        may_set: visit.may(Request::SetSpan),
        may_remove: card.view.config.is_some() && visit.may(Request::RemoveSpan),
        may_restart: pri && visit.may(Request::OrderSpan),
        page,
    })
}

/// What was sent of the parts with forms, by what they show: each rendering of a form has another proof.
type Sent = Arc<Mutex<[(String, String); 2]>>;

async fn watch(visit: Visit, Path(id): Path<u16>) -> Result<Response, Fault> {
    card(&visit, id).await?;
    let sent = Sent::default();
    live(visit, LIVE_PERIOD, move |visit| {
        let sent = Arc::clone(&sent);
        async move {
            let card = card(&visit, id).await?;
            let page = frame(&visit, id);
            let mut fragments = Vec::with_capacity(PARTS.len());
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            for name in PARTS {
                let part = Part::of(&visit, &page, &card, name);
                let html = match FORMS.iter().position(|form| *form == name) {
                    Some(at) if sent[at].0 == part.key() => sent[at].1.clone(),
                    Some(at) => {
                        sent[at] = (part.key(), part.render()?);
                        sent[at].1.clone()
                    }
                    None => part.render()?,
                };
                fragments.push((name, html));
            }
            Ok(fragments)
        }
    })
}

/// The frame of parts that are sent by themselves: the notices stay for the next page.
fn frame(visit: &Visit, id: u16) -> Page {
    let looks = Looks { lang: visit.lang, theme: Theme::default() };
    Page::inside(looks, visit.t.lines.title, &path(SpanId(id)), &visit.me, NAV, *visit.token())
}

/// The live parts of a span's page.
const PARTS: [&str; 5] = ["state", "slots", "counters", "test", "trace"];
/// Those with forms.
const FORMS: [&str; 2] = ["test", "trace"];
/// A card tells at most twice a second.
const LIVE_PERIOD: Duration = Duration::from_millis(500);
/// Events of the history on the span's own page.
const NEWEST_EVENTS: usize = 8;
