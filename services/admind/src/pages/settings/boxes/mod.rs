//! The box itself: how it stands, its two systems, updates, orders, history. `vaultd` decides and writes down, `hostd`
//! does; nothing is decided here.
//!
//! A program does what a browser does, with a session's cookie and the header `Origin: https://HOST`. Every page has
//! the proofs `csrf` and `once` (each `once` for one POST), both taken before all other fields:
//!
//! | POST | fields | leads to |
//! |---|---|---|
//! | `/settings/box/upload`, `multipart/form-data` | `csrf`, `once`, then the file `bundle` | `/jobs/N`: asked again while it has a header `Refresh`; then `data-bundle="SHA-256"` |
//! | `/settings/box/order/install-SHA256` | `csrf`, `once`, `older=yes` (an older one, too: two persons) | `/settings/box` |
//! | `/settings/box/order/restart`, `power-off`, `diagnostics` | `csrf`, `once` | `/settings/box` |
//! | `/settings/box/order/reset` | `csrf`, `once`, `word` | `/settings/box` |
//! | `/settings/box/order/agree-N`, `withdraw-N` | `csrf`, `once`; `word` for a reset | `/settings/box` |
//! | `/settings/box/diagnostics` | `csrf`, `once`, `bundle` (SHA-256) | the file |
//!
//! `GET /settings/box/certificate` is the PEM file to which an update for this box alone is encrypted.

mod diagnostics;
mod orders;
mod part;
mod upload;
mod words;

use crate::fault::Fault;
use crate::live::live;
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::Texts;
use crate::upload::MAX_BUNDLE_BYTES;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use idl::admin::{Admin, Answer};
use idl::views::{BoxAsk, BoxView};
use part::Part;
use rights::Request;
use std::time::Duration;

/// The routes of the box.
pub(super) fn routes() -> Routes {
    Routes::new()
        .get(HERE, show)
        .live("/settings/box/live", watch)
        .large("/settings/box/upload", MAX_BUNDLE_BYTES, Request::UploadBundle, upload::store)
        .get("/settings/box/certificate", certificate)
        .get("/settings/box/order/{order}", orders::ask)
        .post("/settings/box/order/{order}", orders::give)
        .get("/settings/box/diagnostics", diagnostics::list)
        .post("/settings/box/diagnostics", diagnostics::take)
}

/// The page, and the path of the navigation's item.
const HERE: &str = "/settings/box";

async fn look(visit: &Visit) -> Result<BoxView, Fault> {
    match visit.ask(Admin::Box(BoxAsk::Look)).await? {
        Answer::Box(view) => Ok(*view),
        _ => Err(Fault::other_answer()),
    }
}

#[derive(Template)]
#[template(path = "settings/box.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    parts: Vec<(&'static str, Markup)>,
    may_upload: bool,
    has_certificate: bool,
    may_collect: bool,
}

impl Show {
    fn part(&self, name: &str) -> Option<&Markup> {
        self.parts.iter().find(|(known, _)| *known == name).map(|(_, part)| part)
    }
}

async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    let view = look(&visit).await?;
    let parts =
        PARTS.iter().map(|part| Ok((*part, Markup::of_safe(Part::of(&visit, &view, part).render()?))));
    render(&Show {
        parts: parts.collect::<Result<_, Fault>>()?,
        page: visit.page(visit.t.boxes.title, HERE),
        t: visit.t,
        may_upload: visit.may(Request::UploadBundle),
        has_certificate: view.update_certificate.is_some(),
        may_collect: visit.may(Request::BoxDiagnostics),
    })
}

/// To which an update for this box alone is encrypted, for who hands updates in. It is no secret.
async fn certificate(visit: Visit) -> Result<Response, Fault> {
    if !visit.may(Request::UploadBundle) {
        return Err(Fault::Forbidden);
    }
    let text = look(&visit).await?.update_certificate.ok_or(Fault::NotFound)?;
    let headers = [
        (CONTENT_TYPE, "application/x-pem-file"),
        (CONTENT_DISPOSITION, "attachment; filename=\"ringfence-update.pem\""),
    ];
    Ok((headers, text).into_response())
}

/// Nothing of it has a form, so a part is sent only when it says something else.
async fn watch(visit: Visit) -> Result<Response, Fault> {
    look(&visit).await?;
    live(visit, LIVE_PERIOD, |visit| async move {
        let view = look(&visit).await?;
        PARTS.iter().map(|part| Ok((*part, Part::of(&visit, &view, part).render()?))).collect()
    })
}

/// The live parts of the page.
const PARTS: [&str; 6] = ["state", "slots", "orders", "bundles", "power", "history"];
const LIVE_PERIOD: Duration = Duration::from_secs(1);
