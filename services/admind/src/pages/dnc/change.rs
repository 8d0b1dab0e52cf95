//! What changes the lists: a number added by hand, the official list replaced.

use super::MAX_NUMBER_CHARS;
use crate::clock;
use crate::fault::{Fault, Refusal};
use crate::form::Form;
use crate::format::count;
use crate::page::{Page, render};
use crate::pages::contacts::{Retry, failed, refused};
use crate::texts::{Texts, fill};
use crate::upload::Upload;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use vocab::Pii;

#[derive(Template)]
#[template(path = "dnc/add.html")]
struct Add {
    page: Page,
    t: &'static Texts,
    form: Form,
}

fn add_page(visit: &Visit, form: Form) -> Add {
    Add { page: visit.page(visit.t.dnc.add_title, "/dnc"), t: visit.t, form }
}

/// The form for a number.
///
/// # Errors
/// [`Fault::Bug`].
pub async fn add_form(visit: Visit) -> Result<Html<String>, Fault> {
    render(&add_page(&visit, Form::default()))
}

/// Adds a number.
///
/// # Errors
/// [`Fault`].
pub async fn add(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let number = Pii::new(form.text(t, "number", MAX_NUMBER_CHARS));
    if form.value("sure") != "yes" {
        form.fail("sure", t.dnc.add_sure_missing);
    }
    if form.is_good() {
        match visit.ask(Admin::Blacklist { number }).await {
            Ok(_) => return Ok(visit.done("/dnc", t.dnc.add_done)),
            Err(Fault::Refused(refusal)) => form.fail("number", refusal.text(visit.lang)),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&add_page(&visit, form))
}

#[derive(Template)]
#[template(path = "dnc/import.html")]
struct Import {
    page: Page,
    t: &'static Texts,
    form: Form,
    issued_hint: String,
}

async fn import_page(visit: &Visit, form: Form) -> Result<Import, Fault> {
    let t = visit.t;
    let Answer::DoNotCall(view) = visit.ask(Admin::DoNotCall { before: None }).await? else {
        return Err(Fault::other_answer());
    };
    Ok(Import {
        page: visit.page(t.dnc.import_title, "/dnc"),
        t,
        form,
        issued_hint: fill(t.dnc.import_issued_hint, &[&view.max_age_days]),
    })
}

/// The form for the official list.
///
/// # Errors
/// [`Fault`].
pub async fn import_form(visit: Visit) -> Result<Html<String>, Fault> {
    render(&import_page(&visit, Form::default()).await?)
}

/// Begins to import the official list.
///
/// # Errors
/// [`Fault`].
pub async fn import(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let t = visit.t;
    let mut form = upload.form.clone();
    let issued = form.value("issued").to_owned();
    let issued_at = visit.zone.parse(&issued).filter(|day| *day <= clock::now());
    if issued_at.is_none() || issued.contains('T') {
        form.fail("issued", t.dnc.import_issued_bad);
    }
    let file = upload.file("file");
    if file.is_none() {
        form.fail("file", t.dnc.import_file_missing);
    }
    if let (true, Some(issued_at), Some(file)) = (form.is_good(), issued_at, file) {
        let what = Admin::ImportDoNotCall { issued_at };
        return visit.start_job_told(t.dnc.job, what, Some(file.attach()?), ended);
    }
    if file.is_some() {
        form.fail("file", t.contacts.file_again);
    }
    form.mark(t);
    visit.again(&import_page(&visit, form).await?)
}

#[derive(Template)]
#[template(path = "dnc/imported.html")]
struct Imported {
    page: Page,
    t: &'static Texts,
    text: String,
}

fn ended(visit: &Visit, answer: &Answer) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let retry = Retry { nav: "/dnc", form: "/dnc/import", text: t.dnc.again, hint: "" };
    match answer {
        Answer::Imported { batch: Some(_), rows, .. } => render(&Imported {
            page: visit.page(t.dnc.done_title, "/dnc"),
            t,
            text: fill(t.dnc.done_text, &[&count(*rows)]),
        }),
        Answer::Imported { batch: None, rows, errors_total, errors } => {
            failed(visit, *rows, *errors_total, errors, retry)
        }
        Answer::Refused { code, text_en, text_zh } => {
            let refusal = Refusal { code: code.clone(), text_en: text_en.clone(), text_zh: text_zh.clone() };
            refused(visit, t.contacts.refused_title, &refusal, retry)
        }
        _ => Err(Fault::other_answer()),
    }
}
