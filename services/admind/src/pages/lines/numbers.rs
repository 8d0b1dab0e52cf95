//! Caller numbers (LIN-01): entered by one, approved by compliance.

use super::{MAX_NAME_CHARS, NAV, view};
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::{LinesView, NumberView};
use rights::Request;
use vocab::{DAY_MS, LineGroupId, Pii};

#[derive(Template)]
#[template(path = "lines/numbers.html")]
struct NumbersPage {
    page: Page,
    view: LinesView,
    form: Form,
    may_add: bool,
}

impl NumbersPage {
    fn groups(&self, number: &NumberView) -> String {
        let named = |id: &LineGroupId| self.view.groups.iter().find(|group| group.id == *id);
        let names: Vec<&str> =
            number.groups.iter().filter_map(named).map(|group| group.name.as_str()).collect();
        names.join("、")
    }
}

const PATH: &str = "/lines/numbers";

/// The list.
pub(super) async fn list(visit: Visit) -> Result<Html<String>, Fault> {
    render(&page(&visit, Form::default()).await?)
}

async fn page(visit: &Visit, form: Form) -> Result<NumbersPage, Fault> {
    Ok(NumbersPage {
        page: visit.page(visit.t.lines.title, NAV),
        view: view(visit).await?,
        form,
        may_add: visit.may(Request::AddCallerNumber),
    })
}

/// Enters one.
pub(super) async fn add(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let number = form.text(t, "number", MAX_NUMBER_CHARS);
    let contract = form.text(t, "contract", MAX_NAME_CHARS);
    let groups: Vec<LineGroupId> =
        form.values("group").filter_map(|word| word.parse().ok().map(LineGroupId)).take(MAX_GROUPS).collect();
    if groups.is_empty() {
        form.fail("group", t.errors.field_missing);
    }
    // The day named is the last one on which it may be used.
    let valid_to = visit.zone.parse(form.value("valid_to")).map(|at| at.plus(DAY_MS - 1));
    if valid_to.is_none() {
        form.fail("valid_to", t.errors.field_missing);
    }
    if let (true, Some(valid_to)) = (form.is_good(), valid_to) {
        let what = Admin::AddCallerNumber { number: Pii::new(number), groups, contract, valid_to };
        match visit.ask(what).await {
            Ok(Answer::Done) => return Ok(visit.done(PATH, t.lines.done_number)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&page(&visit, form).await?)
}

/// Approves one.
pub(super) async fn approve(visit: Visit, form: Form) -> Result<Response, Fault> {
    let number = Pii::new(form.value("number").to_owned());
    visit.ordered(Admin::ApproveCallerNumber { number }, PATH, visit.t.lines.done_approved).await
}

const MAX_NUMBER_CHARS: usize = 32;
const MAX_GROUPS: usize = 16;
