//! Custody of the keys: five persons are named, each takes a share once. What a share is, and who may take one, `vaultd`
//! knows; it is shown in the answer to the form alone and kept nowhere here.

use super::NAV;
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render, role};
use crate::texts::fill;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use data_encoding::HEXUPPER;
use idl::admin::{Admin, Answer};
use idl::views::{CUSTODIANS, CustodyAsk, CustodyView, DiskCustody};
use rights::Request;
use vocab::PersonId;
use zeroize::Zeroizing;

#[derive(Template)]
#[template(path = "settings/custody.html")]
struct CustodyPage {
    page: Page,
    form: Form,
    view: CustodyView,
    /// The set in force, since when, and whose.
    in_force: Option<(String, String, Vec<String>)>,
    /// The set that is taken, and who has not come yet.
    begun: Option<(String, Vec<String>)>,
    disk: (&'static str, String),
    /// Fields for five persons, each with its label.
    fields: Vec<(String, String)>,
    recoveries: Vec<(String, String)>,
    may_name: bool,
    enough: bool,
}

/// The page.
pub(super) async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    let view = view(&visit).await?;
    render(&page(&visit, view, Form::default()))
}

async fn view(visit: &Visit) -> Result<CustodyView, Fault> {
    match visit.ask(Admin::Custody(CustodyAsk::Look)).await? {
        Answer::Custody(view) => Ok(*view),
        _ => Err(Fault::other_answer()),
    }
}

fn page(visit: &Visit, mut view: CustodyView, form: Form) -> CustodyPage {
    let t = &visit.t.custody;
    view.candidates.sort_by(|one, other| one.1.cmp(&other.1));
    let named = |id: &PersonId| {
        let known = view.people.iter().find(|(known, ..)| known == id);
        known.map_or_else(|| id.0.to_string(), |(_, name, of)| format!("{name} · {}", role(visit.t, *of)))
    };
    let all = |people: &[PersonId]| people.iter().map(named).collect::<Vec<_>>();
    let since = view.since.map(|at| visit.zone.minute(at)).unwrap_or_default();
    CustodyPage {
        page: visit.page(visit.t.settings.title, NAV),
        form,
        in_force: view.in_force.as_ref().map(|(set, people)| (hex(set), since.clone(), all(people))),
        begun: view.begun.as_ref().map(|(set, waiting)| (hex(set), all(waiting))),
        disk: match &view.disk {
            None => ("idle", t.disk_none.to_owned()),
            Some(DiskCustody::Opens) => ("ok", t.disk_opens.to_owned()),
            Some(DiskCustody::Closed) => ("bad", t.disk_closed.to_owned()),
            Some(DiskCustody::Fault(why)) => ("bad", fill(t.disk_fault, &[why])),
        },
        fields: (1..=CUSTODIANS).map(|at| (field(at), fill(t.custodian, &[&at.to_string()]))).collect(),
        recoveries: view
            .recoveries
            .iter()
            .rev()
            .map(|(at, set)| (visit.zone.minute(*at), fill(t.recovered, &[&hex(set)])))
            .collect(),
        may_name: visit.may(Request::BeginCustody),
        enough: view.candidates.len() >= CUSTODIANS,
        view,
    }
}

fn hex(set: &[u8; 4]) -> String {
    HEXUPPER.encode(set)
}

fn field(at: usize) -> String {
    format!("custodian{at}")
}

/// Names five.
pub(super) async fn begin(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    if !visit.may(Request::BeginCustody) {
        return Err(Fault::Forbidden);
    }
    let t = visit.t;
    let mut custodians = [PersonId(0); CUSTODIANS];
    for (at, place) in (1..).zip(&mut custodians) {
        match form.value(&field(at)).parse() {
            Ok(id) => *place = PersonId(id),
            Err(_) => form.fail(&field(at), t.errors.field_choice),
        }
    }
    if form.is_good() {
        match visit.ask(Admin::Custody(CustodyAsk::Begin { custodians })).await {
            Ok(Answer::Done) => return Ok(visit.done(PATH, t.custody.done_begun)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    let view = view(&visit).await?;
    visit.again(&page(&visit, view, form))
}

#[derive(Template)]
#[template(path = "settings/share.html")]
struct SharePage {
    page: Page,
    which: String,
    /// Four lines of four groups.
    lines: Zeroizing<Vec<String>>,
}

/// Takes one's own share.
pub(super) async fn take(visit: Visit, _form: Form) -> Result<Response, Fault> {
    if !visit.may(Request::TakeShare) {
        return Err(Fault::Forbidden);
    }
    match visit.ask(Admin::Custody(CustodyAsk::Take)).await {
        Ok(Answer::Share { set, number, text }) => {
            let which = fill(visit.t.custody.share_number, &[&number.to_string(), &hex(&set)]);
            let lines = Zeroizing::new(text.expose().lines().map(str::to_owned).collect());
            let page = visit.page(visit.t.custody.share_title, NAV);
            Ok(render(&SharePage { page, which, lines })?.into_response())
        }
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(PATH, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

pub(super) const PATH: &str = "/settings/custody";
