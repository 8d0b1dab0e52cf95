//! Prompts: the list with their levels, and the upload of one. `vaultd` measures and refuses; here it is told.

use super::{audio, seconds};
use crate::fault::{Fault, Refusal};
use crate::form::{Form, Query};
use crate::page::{Markup, Page, render};
use crate::pages::contacts::{Retry, refused};
use crate::pages::shown::{self, Pager, address, minute, place};
use crate::texts::{Texts, fill};
use crate::upload::Upload;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::PromptView;
use rights::Request;

/// A prompt as the page shows it.
struct Row {
    text: String,
    length: String,
    level: String,
    by: String,
    at: Markup,
    audio: String,
}

#[derive(Template)]
#[template(path = "scripts/prompts.html")]
struct List {
    page: Page,
    t: &'static Texts,
    rows: Vec<Row>,
    may_upload: bool,
    at_start: bool,
    pager: Pager,
}

async fn prompts(visit: &Visit, before: Option<u64>) -> Result<Vec<PromptView>, Fault> {
    match visit.ask(Admin::Prompts { before }).await? {
        Answer::Prompts(prompts) => Ok(prompts),
        _ => Err(Fault::other_answer()),
    }
}

/// The list.
///
/// # Errors
/// [`Fault`].
pub async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let before = place(&query, "before");
    let views = prompts(&visit, before).await?;
    let next = match views.last() {
        Some(last) if !prompts(&visit, Some(last.seq)).await?.is_empty() => {
            address("/scripts/prompts", &[("before", &last.seq.to_string())])
        }
        _ => String::new(),
    };
    let first = if before.is_some() { "/scripts/prompts".to_owned() } else { String::new() };
    let pager = Pager { shown: fill(t.scripts.prompts_shown, &[&views.len()]), first, next };
    render(&List {
        page: visit.page(t.scripts.title, "/scripts"),
        t,
        rows: views.iter().map(|view| row(&visit, view)).collect(),
        may_upload: visit.may(Request::UploadPrompt),
        at_start: before.is_none(),
        pager,
    })
}

fn row(visit: &Visit, view: &PromptView) -> Row {
    let t = visit.t;
    let level = view.level.map_or_else(
        || t.scripts.level_none.to_owned(),
        |(mean, peak)| fill(t.scripts.level_dbm0, &[&signed(mean), &signed(peak)]),
    );
    Row {
        text: shown::text(&view.text),
        length: seconds(t, view.duration_ms),
        level,
        by: shown::person(&view.by),
        at: minute(&visit.zone, view.at),
        audio: audio::address(view.object),
    }
}

/// A level with the sign that printers use.
fn signed(level: i32) -> String {
    if level < 0 { format!("−{}", level.unsigned_abs()) } else { level.to_string() }
}

#[derive(Template)]
#[template(path = "scripts/upload.html")]
struct UploadForm {
    page: Page,
    t: &'static Texts,
    form: Form,
}

fn upload_page(visit: &Visit, form: Form) -> UploadForm {
    UploadForm { page: visit.page(visit.t.scripts.upload_title, "/scripts"), t: visit.t, form }
}

/// The form of an upload.
///
/// # Errors
/// [`Fault::Bug`].
pub async fn upload_form(visit: Visit) -> Result<Html<String>, Fault> {
    render(&upload_page(&visit, Form::default()))
}

/// Begins to check and store a prompt.
///
/// # Errors
/// [`Fault`].
pub async fn upload(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let t = visit.t;
    let mut form = upload.form.clone();
    let text = form.text(t, "text", MAX_SPOKEN_CHARS);
    let file = upload.file("file");
    if file.is_none() {
        form.fail("file", t.scripts.upload_file_missing);
    }
    if let (true, Some(file)) = (form.is_good(), file) {
        let title = fill(t.scripts.job, &[&file.name]);
        return visit.start_job_told(&title, Admin::UploadPrompt { text }, Some(file.attach()?), ended);
    }
    if file.is_some() {
        form.fail("file", t.scripts.upload_file_again);
    }
    form.mark(t);
    visit.again(&upload_page(&visit, form))
}

#[derive(Template)]
#[template(path = "scripts/stored.html")]
struct Stored {
    page: Page,
    t: &'static Texts,
    text: String,
    audio: String,
}

fn ended(visit: &Visit, answer: &Answer) -> Result<Html<String>, Fault> {
    let t = visit.t;
    match answer {
        Answer::Prompt { object, duration_ms } => render(&Stored {
            page: visit.page(t.scripts.stored_title, "/scripts"),
            t,
            text: fill(t.scripts.stored_text, &[&seconds(t, *duration_ms)]),
            audio: audio::address(*object),
        }),
        Answer::Refused { code, text_en, text_zh } => {
            let refusal = Refusal { code: code.clone(), text_en: text_en.clone(), text_zh: text_zh.clone() };
            let retry = Retry {
                nav: "/scripts",
                form: "/scripts/prompts/new",
                text: t.scripts.refused_again,
                hint: t.scripts.refused_next,
            };
            refused(visit, t.scripts.refused_title, &refusal, retry)
        }
        _ => Err(Fault::other_answer()),
    }
}

const MAX_SPOKEN_CHARS: usize = 1_000;
