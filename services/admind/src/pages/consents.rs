//! Contacts of a batch by the state of their consents (CAM-08), masked by `vaultd`. It judges no consent.

use super::contacts::batches;
use super::shown::{self, ABSENT, Badge, Pager, address, day, minute, place};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format::{Zone, count};
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::response::{IntoResponse, Response};
use idl::admin::{Admin, Answer};
use idl::views::{Blocked, ConsentState, ConsentView, ContactFilter, ContactView, ContactsPage};

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().get("/consents", show)
}

/// A batch to choose.
struct Batch {
    batch: u64,
    file: String,
    purpose: String,
    rows: String,
    imported_at: Markup,
}

#[derive(Template)]
#[template(path = "consents/choose.html")]
struct Choose {
    page: Page,
    t: &'static Texts,
    form: Form,
    batches: Vec<Batch>,
}

/// A contact as the page shows it.
struct Row {
    row: String,
    number: String,
    name: String,
    order: String,
    demand: String,
    consent: Badge,
    validity: Option<Markup>,
    channel: String,
    evidence: String,
    blocked: Option<Badge>,
    attempts: u32,
}

/// A tab of the filter.
struct Tab {
    text: &'static str,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "consents/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    batch: u64,
    facts: [String; 3],
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    cut: String,
    all: String,
    is_filtered: bool,
    pager: Pager,
}

async fn show(visit: Visit, Query(query): Query) -> Result<Response, Fault> {
    let typed = query.value("batch").trim().to_owned();
    if typed.is_empty() {
        return Ok(render(&choose(&visit, query).await?)?.into_response());
    }
    let Ok(batch) = typed.parse::<u64>() else {
        let mut form = query;
        form.fail("batch", visit.t.consents.batch_bad);
        return visit.again(&choose(&visit, form).await?);
    };
    let only = FILTERS.iter().find(|(code, _)| *code == query.value("only"));
    let (code, only) = *only.unwrap_or(&FILTERS[0]);
    let from_row = place(&query, "from").unwrap_or(0);
    match visit.ask(Admin::Contacts { batch, from_row, only }).await? {
        Answer::Contacts(contacts) => Ok(render(&list(&visit, *contacts, code, from_row))?.into_response()),
        _ => Err(Fault::other_answer()),
    }
}

async fn choose(visit: &Visit, form: Form) -> Result<Choose, Fault> {
    let batches = batches(visit, None).await?.into_iter().map(|view| Batch {
        batch: view.batch,
        file: shown::text(&view.file),
        purpose: shown::text(&view.purpose),
        rows: count(view.rows),
        imported_at: minute(&visit.zone, view.imported_at),
    });
    let batches = batches.collect();
    Ok(Choose { page: visit.page(visit.t.consents.title, "/consents"), t: visit.t, form, batches })
}

fn list(visit: &Visit, contacts: ContactsPage, only: &str, from_row: u64) -> List {
    let t = visit.t;
    let ContactsPage { batch, rows, next_row } = contacts;
    let number = batch.batch.to_string();
    let at = |only: &str, from: &str| {
        address(
            "/consents",
            &[("batch", &number), ("only", if only == "all" { "" } else { only }), ("from", from)],
        )
    };
    let words = [
        t.consents.only_all,
        t.consents.only_consented,
        t.consents.only_unconsented,
        t.consents.only_blocked,
    ];
    let tabs = FILTERS.iter().zip(words);
    let pager = Pager {
        shown: fill(t.consents.shown, &[&rows.len(), &count(batch.rows)]),
        first: if from_row > 0 { at(only, "") } else { String::new() },
        next: next_row.map_or_else(String::new, |next| at(only, &next.to_string())),
    };
    let cut = match next_row {
        Some(next) if rows.is_empty() => fill(t.consents.cut_text, &[&count(next)]),
        _ => String::new(),
    };
    List {
        page: visit.page(&fill(t.consents.batch_title, &[&batch.batch]), "/consents"),
        t,
        batch: batch.batch,
        facts: [shown::text(&batch.file), shown::text(&batch.purpose), shown::text(&batch.department.1)],
        tabs: tabs
            .map(|((code, _), text)| Tab { text, href: at(code, ""), current: *code == only })
            .collect(),
        rows: rows.into_iter().map(|contact| row(t, &visit.zone, contact)).collect(),
        cut,
        all: at("all", ""),
        is_filtered: only != "all",
        pager,
    }
}

fn row(t: &Texts, zone: &Zone, contact: ContactView) -> Row {
    let demand: Vec<&str> = [&contact.demand, &contact.tag]
        .into_iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    Row {
        row: count(contact.row.saturating_add(1)),
        number: shown::text(&contact.number),
        name: shown::text(&contact.name),
        order: shown::text(&contact.order_no),
        demand: demand.join(" · "),
        consent: consent(t, contact.consent.state),
        validity: validity(t, zone, &contact.consent),
        channel: channel(t, &contact.consent.channel),
        evidence: contact.consent.evidence,
        blocked: contact.blocked.map(|why| ("bad", blocked(t, why))),
        attempts: contact.attempts_7d,
    }
}

/// From when until when a consent is, as far as it says.
fn validity(t: &Texts, zone: &Zone, consent: &ConsentView) -> Option<Markup> {
    let text = match (consent.given_at, consent.expires_at) {
        (Some(given), Some(ends)) => fill(t.consents.from_to, &[&day(zone, given), &day(zone, ends)]),
        (Some(given), None) => fill(t.consents.given, &[&day(zone, given)]),
        (None, Some(ends)) => fill(t.consents.until, &[&day(zone, ends)]),
        (None, None) => return None,
    };
    Some(Markup::of_safe(text))
}

fn channel(t: &Texts, name: &str) -> String {
    match name {
        "ticked" => t.consents.channel_ticked.to_owned(),
        "voice" => t.consents.channel_voice.to_owned(),
        "paper" => t.consents.channel_paper.to_owned(),
        "" => ABSENT.to_owned(),
        other => other.to_owned(),
    }
}

/// The state of a consent, as a badge.
#[must_use]
pub const fn consent(t: &Texts, state: ConsentState) -> Badge {
    match state {
        ConsentState::None => ("idle", t.consents.state_none),
        ConsentState::Good => ("ok", t.consents.state_good),
        ConsentState::Expired => ("warn", t.consents.state_expired),
        ConsentState::OtherPurpose => ("warn", t.consents.state_other_purpose),
        ConsentState::NoEvidence => ("warn", t.consents.state_no_evidence),
        ConsentState::Withdrawn => ("bad", t.consents.state_withdrawn),
    }
}

/// Why a number is not to be called, in words.
#[must_use]
pub const fn blocked(t: &Texts, why: Blocked) -> &'static str {
    match why {
        Blocked::Entered => t.dnc.reason_entered,
        Blocked::OptOut => t.dnc.reason_opt_out,
        Blocked::Refused => t.dnc.reason_refused,
        Blocked::WrongPerson => t.dnc.reason_wrong_person,
        Blocked::Minor => t.dnc.reason_minor,
        Blocked::Official => t.dnc.reason_official,
    }
}

/// The filter's words in the query.
const FILTERS: [(&str, ContactFilter); 4] = [
    ("all", ContactFilter::All),
    ("consented", ContactFilter::Consented),
    ("unconsented", ContactFilter::Unconsented),
    ("blocked", ContactFilter::Blocked),
];
