//! One's own account: sessions, sign-ins, password.

use crate::fault::Fault;
use crate::form::Form;
use crate::format::duration;
use crate::page::{Page, render, role};
use crate::pages::door::{MAX_CODE_BYTES, MAX_PASSWORD_BYTES};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::account::{SessionId, SignInOutcome};
use idl::admin::{Admin, Answer};
use rights::Request;
use vocab::SECOND_MS;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/me", show)
        .post("/me/sessions/{id}/end", end)
        .get("/me/password", show)
        .post("/me/password", change)
}

/// A session as the page shows it.
struct Session {
    id: u64,
    since: String,
    used_at: String,
    address: String,
    browser: String,
    own: bool,
}

/// A sign-in as the page shows it.
struct SignIn {
    at: String,
    address: String,
    browser: String,
    good: bool,
    outcome: &'static str,
}

#[derive(Template)]
#[template(path = "me/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    form: Form,
    facts: Vec<(&'static str, String)>,
    failed_since: String,
    sessions: Vec<Session>,
    sign_ins: Vec<SignIn>,
    may_share: bool,
}

async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    render(&page(&visit, Form::default()).await?)
}

async fn page(visit: &Visit, form: Form) -> Result<Show, Fault> {
    let Answer::Sessions(sessions) = visit.ask(Admin::MySessions).await? else {
        return Err(Fault::other_answer());
    };
    let Answer::SignIns(sign_ins) = visit.ask(Admin::MySignIns).await? else {
        return Err(Fault::other_answer());
    };
    let (t, zone) = (visit.t, &visit.zone);
    let sessions = sessions.into_iter().map(|session| Session {
        id: session.session.0,
        since: zone.minute(session.since),
        used_at: zone.minute(session.used_at),
        address: session.source.address.to_string(),
        browser: session.source.browser,
        own: session.own,
    });
    let sign_ins = sign_ins.into_iter().map(|sign_in| SignIn {
        at: zone.time(sign_in.at),
        address: sign_in.source.address.to_string(),
        browser: sign_in.source.browser,
        good: sign_in.outcome == SignInOutcome::SignedIn,
        outcome: outcome(t, sign_in.outcome),
    });
    let failed = visit.me.failed_since;
    Ok(Show {
        page: visit.page(t.me.title, ""),
        t,
        form,
        facts: facts(visit),
        failed_since: if failed == 0 { String::new() } else { fill(t.me.failed_since, &[&failed]) },
        sessions: sessions.collect(),
        sign_ins: sign_ins.collect(),
        may_share: visit.may(Request::TakeShare),
    })
}

fn facts(visit: &Visit) -> Vec<(&'static str, String)> {
    let (t, me, zone) = (visit.t, &visit.me, &visit.zone);
    let department = me.department.as_ref().map_or(t.me.no_department, |(_, name)| name);
    let mut facts = vec![
        (t.me.role, role(t, me.role).to_owned()),
        (t.me.department, department.to_owned()),
        (t.me.signed_in_at, zone.minute(me.signed_in_at)),
        (t.me.ends_at, zone.minute(me.ends_at)),
        (t.me.idle, duration(t, i64::from(me.idle_s) * SECOND_MS)),
    ];
    if let Some((at, address)) = me.last {
        facts.push((t.me.last, fill(t.me.last_from, &[&zone.minute(at), &address])));
    }
    facts
}

/// What came of a sign-in, in words.
#[must_use]
pub const fn outcome(t: &Texts, outcome: SignInOutcome) -> &'static str {
    match outcome {
        SignInOutcome::SignedIn => t.me.outcome_signed_in,
        SignInOutcome::UnknownLogin => t.me.outcome_unknown_login,
        SignInOutcome::NotEnrolled => t.me.outcome_not_enrolled,
        SignInOutcome::WrongPassword => t.me.outcome_wrong_password,
        SignInOutcome::WrongCode => t.me.outcome_wrong_code,
        SignInOutcome::ReusedCode => t.me.outcome_reused_code,
        SignInOutcome::Locked => t.me.outcome_locked,
        SignInOutcome::Disabled => t.me.outcome_disabled,
        SignInOutcome::SourceBlocked => t.me.outcome_source_blocked,
        SignInOutcome::NotAtConsole => t.me.outcome_not_at_console,
    }
}

async fn end(visit: Visit, Path(id): Path<u64>) -> Result<Response, Fault> {
    match visit.ask(Admin::EndMySession { session: SessionId(id) }).await {
        Ok(_) => Ok(visit.done("/me", visit.t.me.ended)),
        Err(Fault::Refused(refusal)) => Ok(visit.refused("/me", refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

async fn change(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let old = form.secret(t, "old", MAX_PASSWORD_BYTES);
    let new = form.secret(t, "new", MAX_PASSWORD_BYTES);
    if form.value("again") != new.expose() {
        form.fail("again", t.door.enrol_mismatch);
    }
    let code = form.secret(t, "code", MAX_CODE_BYTES);
    if form.is_good() {
        match visit.ask(Admin::ChangePassword { old, new, code }).await {
            Ok(_) => return Ok(visit.done("/me", t.me.changed)),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&page(&visit, form).await?)
}
