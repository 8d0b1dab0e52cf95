//! An update that came in: it lies in a nameless file on the disk; `vaultd` gets the descriptor and keeps a copy.

use super::HERE;
use super::words::hex;
use crate::fault::{Fault, Refusal};
use crate::format::bytes;
use crate::page::{Page, render};
use crate::pages::contacts::{Retry, refused};
use crate::texts::Texts;
use crate::upload::Upload;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::BoxAsk;
use rights::Request;

/// Has it stored.
pub(super) async fn store(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let Some(file) = upload.file("bundle") else {
        return Ok(visit.refused(HERE, visit.t.boxes.upload_missing));
    };
    let title = format!("{} {}", visit.t.boxes.storing, bytes(file.bytes));
    visit.start_job_told(&title, Admin::Box(BoxAsk::Upload), Some(file.attach()?), ended)
}

#[derive(Template)]
#[template(path = "settings/box_stored.html")]
struct Stored {
    page: Page,
    t: &'static Texts,
    hex: String,
    size: String,
    may_install: bool,
}

fn ended(visit: &Visit, answer: &Answer) -> Result<Html<String>, Fault> {
    let t = visit.t;
    match answer {
        Answer::Bundle { bundle, bytes: size } => render(&Stored {
            page: visit.page(t.boxes.stored_title, HERE),
            t,
            hex: hex(bundle),
            size: bytes(*size),
            may_install: visit.may(Request::OrderUpdate),
        }),
        Answer::Refused { code, text_en, text_zh } => {
            let refusal = Refusal { code: code.clone(), text_en: text_en.clone(), text_zh: text_zh.clone() };
            let retry = Retry { nav: HERE, form: HERE, text: t.boxes.upload_again, hint: "" };
            refused(visit, t.boxes.stored_refused, &refusal, retry)
        }
        _ => Err(Fault::other_answer()),
    }
}
