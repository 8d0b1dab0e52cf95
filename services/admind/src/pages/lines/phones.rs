//! The agents' phones; a password is shown once and kept by nobody.

use super::{NAV, view};
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use idl::admin::{Admin, Answer};
use idl::lines::SrtpPolicy;
use idl::views::LinesView;
use rights::Request;
use vocab::PersonId;

#[derive(Template)]
#[template(path = "lines/phones.html")]
struct PhonesPage {
    page: Page,
    view: LinesView,
    may_give: bool,
    may_udp: bool,
}

const PATH: &str = "/lines/phones";

/// The list.
pub(super) async fn list(visit: Visit) -> Result<Html<String>, Fault> {
    render(&PhonesPage {
        page: visit.page(visit.t.lines.title, NAV),
        view: view(&visit).await?,
        may_give: visit.may(Request::AddPhone),
        may_udp: visit.may(Request::AllowUdpPhones),
    })
}

#[derive(Template)]
#[template(path = "lines/phone.html")]
struct PhonePage {
    page: Page,
    user: String,
    realm: String,
    password: String,
}

/// Gives an agent a phone, or a phone a new password.
pub(super) async fn give(visit: Visit, form: Form) -> Result<Response, Fault> {
    let person = form.value("person").parse().map(PersonId).map_err(|_| Fault::Bad("person"))?;
    let srtp = if form.has("srtp", "plain") { SrtpPolicy::PlainWaiver } else { SrtpPolicy::Required };
    match visit.ask(Admin::AddPhone { person, srtp, allow_md5: form.has("md5", "1") }).await {
        Ok(Answer::Phone { user, realm, password, .. }) => {
            let page = visit.page(visit.t.lines.phone_title, NAV);
            let shown = PhonePage { page, user, realm, password: password.expose().clone() };
            Ok(render(&shown)?.into_response())
        }
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(PATH, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

/// Whether phones may use UDP.
pub(super) async fn allow_udp(visit: Visit, form: Form) -> Result<Response, Fault> {
    let what = Admin::AllowUdpPhones { allow: form.has("allow", "1") };
    visit.ordered(what, PATH, visit.t.lines.done_udp).await
}
