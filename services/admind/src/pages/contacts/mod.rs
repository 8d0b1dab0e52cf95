//! Batches of contacts: the list, one batch, its release by another person. Contacts themselves are shown by
//! [`super::consents`].

mod import;
mod report;

pub use report::{Retry, failed, refused};

use report::errors_csv;

use super::shown::{self, Badge, Pager, address, minute, person, place};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format::count;
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::upload::MAX_LIST_BYTES;
use crate::visit::{Visit, to};
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use idl::admin::{Admin, Answer};
use idl::views::BatchView;
use rights::Request;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/contacts", list)
        .get("/contacts/import", import::show)
        .upload("/contacts/import", MAX_LIST_BYTES, import::start)
        .get("/contacts/{batch}", show)
        .get("/contacts/{batch}/release", release_form)
        .post("/contacts/{batch}/release", release)
        .get("/jobs/{id}/errors.csv", errors_csv)
}

/// A batch as the pages show it.
struct Row {
    batch: u64,
    file: String,
    purpose: String,
    department: String,
    rows: String,
    source: String,
    imported_at: Markup,
    imported_by: String,
    released_by: Option<String>,
    state: Badge,
    may_release: bool,
}

impl Row {
    fn of(visit: &Visit, view: BatchView) -> Self {
        let state = if view.released_by.is_some() {
            ("ok", visit.t.contacts.state_released)
        } else {
            ("waiting", visit.t.contacts.state_waiting)
        };
        Self {
            batch: view.batch,
            file: shown::text(&view.file),
            purpose: shown::text(&view.purpose),
            department: shown::text(&view.department.1),
            rows: count(view.rows),
            source: shown::text(&view.source),
            imported_at: minute(&visit.zone, view.imported_at),
            imported_by: person(&view.imported_by),
            released_by: view.released_by.as_ref().map(person),
            state,
            may_release: view.may_release && view.released_by.is_none(),
        }
    }
}

#[derive(Template)]
#[template(path = "contacts/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    rows: Vec<Row>,
    may_import: bool,
    at_start: bool,
    pager: Pager,
}

async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let before = place(&query, "before");
    let views = batches(&visit, before).await?;
    let next = match views.last() {
        Some(last) if !batches(&visit, Some(last.batch)).await?.is_empty() => {
            address("/contacts", &[("before", &last.batch.to_string())])
        }
        _ => String::new(),
    };
    let first = if before.is_some() { "/contacts".to_owned() } else { String::new() };
    let pager = Pager { shown: fill(t.contacts.shown, &[&views.len()]), first, next };
    render(&List {
        page: visit.page(t.contacts.title, "/contacts"),
        t,
        rows: views.into_iter().map(|view| Row::of(&visit, view)).collect(),
        may_import: visit.may(Request::ImportContacts),
        at_start: before.is_none(),
        pager,
    })
}

/// Batches, newest first.
///
/// # Errors
/// [`Fault`].
pub async fn batches(visit: &Visit, before: Option<u64>) -> Result<Vec<BatchView>, Fault> {
    match visit.ask(Admin::Batches { before }).await? {
        Answer::Batches(batches) => Ok(batches),
        _ => Err(Fault::other_answer()),
    }
}

async fn find(visit: &Visit, batch: u64) -> Result<BatchView, Fault> {
    let from_it = batches(visit, batch.checked_add(1)).await?;
    from_it.into_iter().next().filter(|found| found.batch == batch).ok_or(Fault::NotFound)
}

#[derive(Template)]
#[template(path = "contacts/batch.html")]
struct Batch {
    page: Page,
    t: &'static Texts,
    row: Row,
    may_look: bool,
    may_create: bool,
}

async fn show(visit: Visit, Path(batch): Path<u64>) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let row = Row::of(&visit, find(&visit, batch).await?);
    let may_create = visit.may(Request::CreateCampaign) && row.released_by.is_some();
    render(&Batch {
        page: visit.page(&fill(t.contacts.batch_title, &[&batch]), "/contacts"),
        t,
        row,
        may_look: visit.may(Request::Contacts),
        may_create,
    })
}

#[derive(Template)]
#[template(path = "contacts/release.html")]
struct Release {
    page: Page,
    t: &'static Texts,
    row: Row,
    form: Form,
}

async fn release_form(visit: Visit, Path(batch): Path<u64>) -> Result<Response, Fault> {
    let row = Row::of(&visit, find(&visit, batch).await?);
    if !row.may_release {
        return Ok(to(&format!("/contacts/{batch}")));
    }
    Ok(render(&release_page(&visit, row, Form::default()))?.into_response())
}

fn release_page(visit: &Visit, row: Row, form: Form) -> Release {
    let title = fill(visit.t.contacts.release_title, &[&row.batch]);
    Release { page: visit.page(&title, "/contacts"), t: visit.t, row, form }
}

async fn release(visit: Visit, Path(batch): Path<u64>, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    if !form.has("seen", "yes") {
        form.fail("seen", t.contacts.release_seen_missing);
    }
    if form.is_good() {
        match visit.ask(Admin::ReleaseBatch { batch }).await {
            Ok(_) => {
                let done = fill(t.contacts.release_done, &[&batch]);
                return Ok(visit.done(&format!("/contacts/{batch}"), &done));
            }
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    let row = Row::of(&visit, find(&visit, batch).await?);
    visit.again(&release_page(&visit, row, form))
}
