//! Scripts (CAM-12): the list, one script with its texts and sounds, its approval by another person of compliance.

mod audio;
mod create;
mod prompts;

use super::shown::{self, Badge, Pager, address, day, minute, place};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::upload::MAX_PROMPT_BYTES;
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use idl::admin::{Admin, Answer};
use idl::lines::PromptRole;
use idl::views::ScriptView;
use rights::Request;
use vocab::ScriptId;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/scripts", list)
        .get("/scripts/new", create::show)
        .post("/scripts/new", create::create)
        .get("/scripts/prompts", prompts::list)
        .get("/scripts/prompts/new", prompts::upload_form)
        .upload("/scripts/prompts/new", MAX_PROMPT_BYTES, prompts::upload)
        .get("/scripts/prompts/{object}/audio", audio::play)
        .get("/scripts/{script}", show)
        .get("/scripts/{script}/approve", approve_form)
        .post("/scripts/{script}/approve", approve)
}

/// A part of a script as the pages show it.
struct Part {
    role: &'static str,
    text: String,
    length: String,
    audio: String,
}

/// A script as the pages show it.
struct Row {
    id: u32,
    name: String,
    parts: Vec<Part>,
    length: String,
    author: String,
    state: Badge,
    note: String,
    approval: Option<(String, Markup, Markup)>,
    good: bool,
    may_approve: bool,
    lacks: String,
}

impl Row {
    fn of(visit: &Visit, view: ScriptView) -> Self {
        let (t, zone) = (visit.t, &visit.zone);
        let roles: Vec<&str> = view.lacks.iter().map(|said| role(t, *said)).collect();
        let lacks = roles.join(visit.lang.of("、", ", "));
        let ends = view.approval.as_ref().map(|(.., ends)| *ends);
        let (state, note) = match (view.good, ends) {
            (true, Some(ends)) => (("ok", t.scripts.state_good), fill(t.scripts.until, &[&zone.date(ends)])),
            (true, None) => (("ok", t.scripts.state_good), String::new()),
            (false, Some(ends)) => {
                (("bad", t.scripts.state_over), fill(t.scripts.ended, &[&zone.date(ends)]))
            }
            (false, None) if lacks.is_empty() => (("waiting", t.scripts.state_waiting), String::new()),
            (false, None) => (("warn", t.scripts.state_lacks), fill(t.scripts.lacks, &[&lacks])),
        };
        let ms: u64 = view.prompts.iter().map(|(_, _, _, ms)| *ms).sum();
        let parts = view.prompts.into_iter().map(|(said, object, text, ms)| Part {
            role: role(t, said),
            text: shown::text(&text),
            length: seconds(t, ms),
            audio: audio::address(object),
        });
        Self {
            id: view.id.0,
            name: view.name,
            parts: parts.collect(),
            length: seconds(t, ms),
            author: shown::person(&view.author),
            state,
            note,
            approval: view
                .approval
                .map(|(id, name, at, ends)| (shown::person(&(id, name)), minute(zone, at), day(zone, ends))),
            good: view.good,
            may_approve: view.may_approve && visit.may(Request::ApproveScript) && lacks.is_empty(),
            lacks,
        }
    }
}

/// What a prompt says, in words.
#[must_use]
pub const fn role(t: &Texts, said: PromptRole) -> &'static str {
    match said {
        PromptRole::Identify => t.scripts.role_identify,
        PromptRole::RecordingNotice => t.scripts.role_recording_notice,
        PromptRole::OptOutHint => t.scripts.role_opt_out_hint,
        PromptRole::Body => t.scripts.role_body,
        PromptRole::OptOutConfirmation => t.scripts.role_opt_out_confirmation,
        PromptRole::Hold => t.scripts.role_hold,
        PromptRole::NoAgent => t.scripts.role_no_agent,
    }
}

/// A length in seconds with one digit: prompts are short.
fn seconds(t: &Texts, ms: u64) -> String {
    let tenths = ms.saturating_add(50) / 100;
    fill(t.scripts.seconds, &[&format!("{}.{}", tenths / 10, tenths % 10)])
}

#[derive(Template)]
#[template(path = "scripts/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    rows: Vec<Row>,
    may_create: bool,
    at_start: bool,
    pager: Pager,
}

async fn scripts(visit: &Visit, after: Option<ScriptId>) -> Result<Vec<ScriptView>, Fault> {
    match visit.ask(Admin::Scripts { after }).await? {
        Answer::Scripts(scripts) => Ok(scripts),
        _ => Err(Fault::other_answer()),
    }
}

async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let after = place(&query, "after").and_then(|id| u32::try_from(id).ok()).map(ScriptId);
    let views = scripts(&visit, after).await?;
    let next = match views.last() {
        Some(last) if !scripts(&visit, Some(last.id)).await?.is_empty() => {
            address("/scripts", &[("after", &last.id.0.to_string())])
        }
        _ => String::new(),
    };
    let first = if after.is_some() { "/scripts".to_owned() } else { String::new() };
    let pager = Pager { shown: fill(t.scripts.shown, &[&views.len()]), first, next };
    render(&List {
        page: visit.page(t.scripts.title, "/scripts"),
        t,
        rows: views.into_iter().map(|view| Row::of(&visit, view)).collect(),
        may_create: visit.may(Request::CreateScript),
        at_start: after.is_none(),
        pager,
    })
}

async fn find(visit: &Visit, script: u32) -> Result<Row, Fault> {
    let before_it = script.checked_sub(1).map(ScriptId);
    let found = scripts(visit, before_it).await?.into_iter().next();
    let view = found.filter(|view| view.id.0 == script).ok_or(Fault::NotFound)?;
    Ok(Row::of(visit, view))
}

#[derive(Template)]
#[template(path = "scripts/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    row: Row,
}

async fn show(visit: Visit, Path(script): Path<u32>) -> Result<Html<String>, Fault> {
    let row = find(&visit, script).await?;
    render(&Show {
        page: visit.page(&fill(visit.t.scripts.detail, &[&row.name]), "/scripts"),
        t: visit.t,
        row,
    })
}

#[derive(Template)]
#[template(path = "scripts/approve.html")]
struct Approve {
    page: Page,
    t: &'static Texts,
    row: Row,
    form: Form,
}

fn approve_page(visit: &Visit, row: Row, form: Form) -> Approve {
    let title = fill(visit.t.scripts.approve_title, &[&row.name]);
    Approve { page: visit.page(&title, "/scripts"), t: visit.t, row, form }
}

async fn approve_form(visit: Visit, Path(script): Path<u32>) -> Result<Response, Fault> {
    let row = find(&visit, script).await?;
    if !row.may_approve {
        return Ok(visit.refused(&format!("/scripts/{script}"), visit.t.scripts.not_yours));
    }
    Ok(render(&approve_page(&visit, row, Form::default()))?.into_response())
}

async fn approve(visit: Visit, Path(script): Path<u32>, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let row = find(&visit, script).await?;
    if form.value("read") != "yes" {
        form.fail("read", t.scripts.approve_read_missing);
    }
    if form.is_good() {
        match visit.ask(Admin::ApproveScript { script: ScriptId(script) }).await {
            Ok(_) => {
                let done = fill(t.scripts.approved, &[&row.name]);
                return Ok(visit.done(&format!("/scripts/{script}"), &done));
            }
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&approve_page(&visit, row, form))
}
