//! The lists of those not to be called (CAM-04, CAM-07): the official one, the internal one, looking up a number.
//!
//! A number looked up never comes into an address, and its page does not repeat it. Nothing is taken off a list
//! here: that needs two persons and new consent.

mod change;

use super::consents::blocked;
use super::shown::{self, Badge, Pager, address, day, minute, place};
use crate::clock;
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format::count;
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::upload::MAX_LIST_BYTES;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::lines::OptOutBy;
use idl::views::{BlockedRow, DncView, NumberCard};
use rights::Request;
use vocab::{DAY_MS, Pii, UnixMs};

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/dnc", show)
        .get("/dnc/lookup", show)
        .post("/dnc/lookup", lookup)
        .get("/dnc/add", change::add_form)
        .post("/dnc/add", change::add)
        .get("/dnc/import", change::import_form)
        .upload("/dnc/import", MAX_LIST_BYTES, change::import)
}

/// The official list as the page shows it.
struct Official {
    state: Badge,
    issued: Markup,
    imported: Markup,
    entries: String,
    age: String,
    days: i64,
    max_days: i64,
}

/// An entry of the internal list as the page shows it.
struct Row {
    at: Markup,
    number: String,
    reason: &'static str,
    how: &'static str,
    call: Option<(String, u64)>,
    person: Option<String>,
}

/// What is known of a number.
struct Found {
    title: String,
    state: Badge,
    lists: Vec<Markup>,
    notes: Vec<Badge>,
    attempts: Vec<(Markup, Option<u64>)>,
    quota: String,
}

/// What the visitor may do here.
struct May {
    import: bool,
    add: bool,
    look_up: bool,
    open_calls: bool,
}

#[derive(Template)]
#[template(path = "dnc/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    form: Form,
    found: Option<Found>,
    official: Option<Official>,
    internal: String,
    rows: Vec<Row>,
    at_start: bool,
    may: May,
    pager: Pager,
}

async fn show(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let (before, seen) = (place(&query, "before"), place(&query, "seen"));
    render(&page(&visit, Form::default(), None, before, seen.unwrap_or(0)).await?)
}

async fn lookup(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let number = Pii::new(form.text(visit.t, "number", MAX_NUMBER_CHARS));
    if form.is_good() {
        match visit.ask(Admin::Lookup { number }).await {
            Ok(Answer::Number(card)) => {
                let found = found(&visit, *card);
                let page = page(&visit, Form::default(), Some(found), None, 0).await?;
                return Ok(axum::response::IntoResponse::into_response(render(&page)?));
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.fail("number", refusal.text(visit.lang)),
            Err(fault) => return Err(fault),
        }
    }
    visit.again(&page(&visit, form, None, None, 0).await?)
}

async fn page(
    visit: &Visit,
    form: Form,
    found: Option<Found>,
    before: Option<u64>,
    seen: u64,
) -> Result<Show, Fault> {
    let t = visit.t;
    let Answer::DoNotCall(view) = visit.ask(Admin::DoNotCall { before }).await? else {
        return Err(Fault::other_answer());
    };
    let seen = seen.saturating_add(view.rows.len() as u64);
    let next = match view.rows.last() {
        Some(last) if seen < view.internal => {
            address("/dnc", &[("before", &last.seq.to_string()), ("seen", &seen.to_string())])
        }
        _ => String::new(),
    };
    let first = if before.is_some() { "/dnc".to_owned() } else { String::new() };
    let pager = Pager { shown: fill(t.dnc.shown, &[&view.rows.len()]), first, next };
    Ok(Show {
        page: visit.page(t.dnc.title, "/dnc"),
        t,
        form,
        found,
        official: official(visit, &view, clock::now()),
        internal: fill(t.dnc.internal_count, &[&count(view.internal)]),
        rows: view.rows.iter().map(|entry| row(visit, entry)).collect(),
        at_start: before.is_none(),
        may: May {
            import: visit.may(Request::ImportDoNotCall),
            add: visit.may(Request::Blacklist),
            look_up: visit.may(Request::Lookup),
            open_calls: visit.may(Request::CallCard),
        },
        pager,
    })
}

/// The age counts from the day the authority gave, as the gate's does.
fn official(visit: &Visit, view: &DncView, now: UnixMs) -> Option<Official> {
    let (t, zone) = (visit.t, &visit.zone);
    let (issued, imported, entries) = view.official?;
    let (age_ms, max_days) = (now.since(issued), i64::from(view.max_age_days));
    let state = if age_ms > max_days * DAY_MS {
        ("bad", t.dnc.official_old)
    } else if age_ms > (max_days - SOON_DAYS) * DAY_MS {
        ("warn", t.dnc.official_soon)
    } else {
        ("ok", t.dnc.official_fresh)
    };
    let days = age_ms.max(0) / DAY_MS + 1;
    Some(Official {
        state,
        issued: day(zone, issued),
        imported: minute(zone, imported),
        entries: count(entries),
        age: fill(t.dnc.age_days, &[&days, &max_days]),
        days: days.min(max_days),
        max_days,
    })
}

fn row(visit: &Visit, entry: &BlockedRow) -> Row {
    let t = visit.t;
    let how = match entry.by {
        Some(OptOutBy::Rfc4733 | OptOutBy::Info) => t.dnc.by_key,
        Some(OptOutBy::InBand) => t.dnc.by_tone,
        Some(OptOutBy::Agent) => t.dnc.by_agent,
        None => "",
    };
    Row {
        at: minute(&visit.zone, entry.at),
        number: shown::text(&entry.number),
        reason: blocked(t, entry.reason),
        how,
        call: entry.call.map(|call| (fill(t.dnc.call, &[&call.0]), call.0)),
        person: entry.person.as_ref().map(shown::person),
    }
}

fn found(visit: &Visit, card: NumberCard) -> Found {
    let (t, zone) = (visit.t, &visit.zone);
    let lists = card.blocked.iter().map(|(why, since)| match since {
        Some(at) => Markup::of_safe(fill(t.dnc.found_since, &[&blocked(t, *why), &minute(zone, *at)])),
        None => Markup::of_safe(blocked(t, *why).to_owned()),
    });
    let mut notes = vec![];
    if card.declined {
        notes.push(("warn", t.dnc.found_declined));
    }
    if card.in_call {
        notes.push(("live", t.dnc.found_in_call));
    }
    let may_open = visit.may(Request::CallCard);
    let attempts = card.attempts.iter().map(|(call, at)| (minute(zone, *at), may_open.then_some(call.0)));
    Found {
        title: fill(t.dnc.found, &[&shown::text(&card.number)]),
        state: if card.blocked.is_empty() { ("ok", t.dnc.found_clear) } else { ("bad", t.dnc.found_blocked) },
        lists: lists.collect(),
        notes,
        attempts: attempts.collect(),
        quota: fill(t.dnc.found_quota_text, &[&card.quota.0, &card.quota.1]),
    }
}

/// A number as people type it.
const MAX_NUMBER_CHARS: usize = 32;
/// The list is said to be soon too old so many days before.
const SOON_DAYS: i64 = 2;
