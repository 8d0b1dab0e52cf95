//! The diagnostics bundle: what it is, collecting one, downloading it. What is in it `hostd` decides and scrubs.

use super::words::{hash, hex, short};
use super::{HERE, look};
use crate::fault::Fault;
use crate::form::Form;
use crate::format::bytes;
use crate::page::{Markup, Page, render};
use crate::pages::pieces::download;
use crate::pages::shown::minute;
use crate::texts::Texts;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::Admin;
use idl::host::HostFact;
use idl::views::BoxAsk;
use rights::Request;

/// A bundle that was made.
struct Made {
    hex: String,
    short: String,
    size: String,
    at: Markup,
}

#[derive(Template)]
#[template(path = "settings/box_diagnostics.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    made: Vec<Made>,
    may_collect: bool,
    no_host: bool,
}

/// The bundles.
pub(super) async fn list(visit: Visit) -> Result<Html<String>, Fault> {
    if !visit.may(Request::BoxDiagnostics) {
        return Err(Fault::Forbidden);
    }
    let view = look(&visit).await?;
    // Each one that is made takes the place of the one before.
    let newest = view.history.iter().find_map(|(at, fact)| match fact {
        HostFact::Diagnostics { bundle, bytes: size } => Some(Made {
            hex: hex(bundle),
            short: short(bundle),
            size: bytes(*size),
            at: minute(&visit.zone, *at),
        }),
        _ => None,
    });
    render(&Show {
        page: visit.page(visit.t.boxes.diagnostics, HERE),
        t: visit.t,
        made: newest.into_iter().collect(),
        may_collect: visit.may(Request::OrderBox),
        no_host: view.status.is_none(),
    })
}

/// Hands one out. That it was is an entry of the ledger, so that it is asked for by a form.
pub(super) async fn take(visit: Visit, form: Form) -> Result<Response, Fault> {
    // Who may not do it is told so before anything of the form is looked at.
    if !visit.may(Request::BoxDiagnostics) {
        return Err(Fault::Forbidden);
    }
    let bundle = hash(form.value("bundle")).ok_or(Fault::NotFound)?;
    let ask = move |offset| Admin::Box(BoxAsk::Diagnostics { bundle, offset });
    let name = format!("ringfence-diagnostics-{}.tar", short(&bundle));
    match download(visit.clone(), Box::new(ask), &name, "application/x-tar").await {
        Err(Fault::Refused(refusal)) if refusal.code != "unknown" => {
            Ok(visit.refused("/settings/box/diagnostics", refusal.text(visit.lang)))
        }
        answer => answer,
    }
}
