//! `/ledger`: entries with their filters, newest first, and the verification of all of it as long work. Entries
//! come without customers' data and without secrets.

use super::calls::days;
use super::{kinds, words};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format;
use crate::page::{Page, render, role};
use crate::routes::Routes;
use crate::texts::Texts;
use crate::visit::{self, Visit};
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer, Role};
use idl::views::{LedgerFilter, LedgerPage, LedgerRow};
use rights::Request;
use vocab::PersonId;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().get("/ledger", list).get("/ledger/verify", back).post("/ledger/verify", verify)
}

#[derive(Template)]
#[template(path = "ledger/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    form: Form,
    seen: LedgerPage,
    person: String,
    newest: String,
    older: String,
    narrows: bool,
    may_verify: bool,
}

const FIELDS: [&str; 6] = ["person", "kind", "refused", "looks", "from", "to"];

impl List {
    fn role(&self, known: &Role) -> &'static str {
        role(self.t, *known)
    }

    fn kind<'a>(&self, name: &'a str) -> &'a str {
        kinds::kind(self.t, name)
    }

    fn everybody(&self) -> String {
        href(&self.form, "person", None)
    }

    fn of_person(&self, person: &PersonId) -> String {
        words::address("/ledger", &[("person", person.0.to_string())])
    }

    fn chosen_kind(&self, kind: &u16) -> bool {
        self.form.has("kind", &kind.to_string())
    }

    fn signed(&self, row: &LedgerRow) -> bool {
        row.seq <= self.seen.signed_up_to
    }
}

async fn list(visit: Visit, Query(mut form): Query) -> Result<Html<String>, Fault> {
    if !visit.may(Request::LedgerPage) {
        return Err(Fault::Forbidden);
    }
    let t = visit.t;
    let before = form.value("before").parse().ok();
    let (from, to) = days(t, &visit.zone, &mut form);
    let filter = LedgerFilter {
        person: form.value("person").parse().ok().map(PersonId),
        kind: form.value("kind").parse().ok(),
        refused: form.has("refused", "yes"),
        looks: form.has("looks", "yes"),
        from,
        to,
    };
    let wanted = filter.person;
    let seen = if form.is_good() {
        match visit.ask(Admin::LedgerPage { filter, before }).await? {
            Answer::LedgerPage(seen) => *seen,
            _ => return Err(Fault::other_answer()),
        }
    } else {
        LedgerPage::default()
    };
    let person = wanted.map_or_else(String::new, |wanted| {
        let known = seen.rows.iter().filter_map(|row| row.person.as_ref()).find(|(id, ..)| *id == wanted);
        known.map_or_else(|| wanted.0.to_string(), |(_, login, _)| login.clone())
    });
    render(&List {
        newest: before.map(|_: u64| href(&form, "", None)).unwrap_or_default(),
        older: seen.next.map(|next| href(&form, "", Some(next))).unwrap_or_default(),
        narrows: FIELDS.iter().any(|name| !form.value(name).is_empty()),
        page: visit.page(t.ledger.title, "/ledger"),
        t,
        form,
        seen,
        person,
        may_verify: visit.may(Request::VerifyLedger),
    })
}

fn href(form: &Form, without: &str, before: Option<u64>) -> String {
    let mut pairs: Vec<(&str, String)> = FIELDS
        .iter()
        .filter(|name| **name != without && !form.value(name).is_empty())
        .map(|name| (*name, form.value(name).to_owned()))
        .collect();
    if let Some(before) = before {
        pairs.push(("before", before.to_string()));
    }
    words::address("/ledger", &pairs)
}

#[derive(Template)]
#[template(path = "ledger/verified.html")]
struct Verified {
    page: Page,
    t: &'static Texts,
    ok: bool,
    entries: String,
    fault: String,
}

/// Who opens again what was sent before.
async fn back(_: Visit) -> Response {
    visit::to("/ledger")
}

async fn verify(visit: Visit, _form: Form) -> Result<Response, Fault> {
    if !visit.may(Request::VerifyLedger) {
        return Err(Fault::Forbidden);
    }
    visit.start_job(visit.t.ledger.verifying, Admin::VerifyLedger, None, |visit, answer| {
        let Answer::Ledger { entries, ok, fault } = answer else { return Err(Fault::other_answer()) };
        render(&Verified {
            page: visit.page(visit.t.ledger.verified_title, "/ledger"),
            t: visit.t,
            ok: *ok,
            entries: format::count(*entries),
            fault: fault.clone(),
        })
    })
}
