//! Accounts: people, their roles, sessions and sign-ins. It decides nothing: `vaultd` refuses what is not allowed.

use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::page::{self, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use idl::account::{AccountState, PersonView, SessionId, SessionView, SignInOutcome, SignInView, Whose};
use idl::admin::{Admin, Answer, Role};
use rights::{ROLES, Request};
use vocab::{DepartmentId, PersonId, Pii, UnixMs};

/// The area's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/accounts", people)
        .get("/accounts/new", new)
        .post("/accounts", add)
        .post("/accounts/departments", add_department)
        .get("/accounts/sessions", sessions)
        .post("/accounts/sessions/{id}/end", end_session)
        .get("/accounts/sign-ins", sign_ins)
        .get("/accounts/{id}", person)
        .get("/accounts/{id}/give", person)
        .post("/accounts/{id}/give", give)
        .post("/accounts/{id}/reset", reset)
        .post("/accounts/{id}/off", switch_off)
        .post("/accounts/{id}/on", switch_on)
        .post("/accounts/{id}/unlock", unlock)
}

/// The path of the navigation's item.
const NAV: &str = "/accounts";
/// People shown on one page; the search narrows them.
const MAX_SHOWN: usize = 200;
/// Pages asked of `vaultd` for one search.
const MAX_PAGES: usize = 40;

#[derive(Template)]
#[template(path = "accounts/people.html")]
struct PeoplePage {
    page: Page,
    query: Form,
    roles: Vec<(String, &'static str)>,
    rows: Vec<Row>,
    cut: bool,
    departments: Vec<(DepartmentId, String)>,
    may_add: bool,
    may_add_department: bool,
    may_sessions: bool,
}

struct Row {
    view: PersonView,
    role: &'static str,
    department: String,
    badge: (&'static str, &'static str),
    until: String,
}

async fn people(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let departments = departments(&visit).await?;
    let (wanted, role) = (query.value("q").trim().to_lowercase(), role_named(query.value("role")));
    let mut rows = Vec::new();
    for view in everybody(&visit).await? {
        let found =
            wanted.is_empty() || view.login.contains(&wanted) || view.name.to_lowercase().contains(&wanted);
        if found && role.is_none_or(|role| view.role == role) {
            rows.push(row(&visit, view, &departments));
        }
    }
    let cut = rows.len() > MAX_SHOWN;
    rows.truncate(MAX_SHOWN);
    render(&PeoplePage {
        page: visit.page(visit.t.accounts.title, NAV),
        query,
        roles: role_choices(visit.t),
        rows,
        cut,
        departments,
        may_add: visit.may(Request::AddAccount),
        may_add_department: visit.may(Request::AddDepartment),
        may_sessions: visit.may(Request::Sessions),
    })
}

async fn everybody(visit: &Visit) -> Result<Vec<PersonView>, Fault> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let Answer::Persons(views) = visit.ask(Admin::Persons { after }).await? else {
            return Err(Fault::other_answer());
        };
        let Some(last) = views.last() else { break };
        after = Some(last.person);
        all.extend(views);
    }
    Ok(all)
}

async fn departments(visit: &Visit) -> Result<Vec<(DepartmentId, String)>, Fault> {
    match visit.ask(Admin::Departments).await? {
        Answer::Departments(departments) => Ok(departments),
        _ => Err(Fault::other_answer()),
    }
}

fn row(visit: &Visit, view: PersonView, departments: &[(DepartmentId, String)]) -> Row {
    let named = |id: DepartmentId| departments.iter().find(|(known, _)| *known == id);
    let department = view.department.and_then(named).map(|(_, name)| name.clone()).unwrap_or_default();
    let t = &visit.t.accounts;
    let (badge, until) = match view.account {
        AccountState::None => (("idle", t.account_none), None),
        AccountState::Enrolling(until) => (("waiting", t.account_enrolling), Some(until)),
        AccountState::Active => (("ok", t.account_active), None),
        AccountState::Locked(until) => (("locked", t.account_locked), Some(until)),
        AccountState::Off => (("bad", t.account_off), None),
    };
    let until = until.map_or_else(String::new, |at: UnixMs| fill(t.until, &[&visit.zone.minute(at)]));
    Row { role: page::role(visit.t, view.role), view, department, badge, until }
}

fn role_choices(t: &Texts) -> Vec<(String, &'static str)> {
    ROLES.iter().map(|role| (format!("{role:?}"), page::role(t, *role))).collect()
}

fn role_named(word: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| format!("{role:?}") == word)
}

#[derive(Template)]
#[template(path = "accounts/new.html")]
struct NewPage {
    page: Page,
    form: Form,
    roles: Vec<(String, &'static str)>,
    departments: Vec<(DepartmentId, String)>,
}

async fn new(visit: Visit) -> Result<Html<String>, Fault> {
    render(&new_page(&visit, Form::default()).await?)
}

async fn new_page(visit: &Visit, form: Form) -> Result<NewPage, Fault> {
    let departments = departments(visit).await?;
    Ok(NewPage {
        page: visit.page(visit.t.accounts.add, NAV),
        form,
        roles: role_choices(visit.t),
        departments,
    })
}

async fn add(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let login = form.text(t, "login", MAX_LOGIN_CHARS);
    let role = role_named(form.value("role"));
    if role.is_none() {
        form.fail("role", t.errors.field_choice);
    }
    let department = department_of(&mut form, t);
    if let (true, Some(role)) = (form.is_good(), role) {
        let what = Admin::AddAccount { name: Pii::new(name), login: login.clone(), role, department };
        match visit.ask(what).await {
            Ok(Answer::EnrolCode { code, until, .. }) => return told(&visit, &login, code.expose(), until),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&new_page(&visit, form).await?)
}

fn department_of(form: &mut Form, t: &Texts) -> Option<DepartmentId> {
    let word = form.value("department");
    if word.is_empty() {
        return None;
    }
    let id = word.parse().ok().map(DepartmentId);
    if id.is_none() {
        form.fail("department", t.errors.field_choice);
    }
    id
}

#[derive(Template)]
#[template(path = "accounts/code.html")]
struct CodePage {
    page: Page,
    login: String,
    code: String,
    next: String,
    draft_done: bool,
}

/// The code's only page: it is not kept anywhere.
fn told(visit: &Visit, login: &str, code: &str, until: UnixMs) -> Result<Response, Fault> {
    let t = &visit.t.accounts;
    let shown = CodePage {
        page: visit.page(t.code_title, NAV),
        login: login.to_owned(),
        code: code.to_owned(),
        next: fill(t.code_next, &[&visit.zone.minute(until)]),
        draft_done: true,
    };
    Ok(render(&shown)?.into_response())
}

#[derive(Template)]
#[template(path = "accounts/person.html")]
struct PersonPage {
    page: Page,
    row: Row,
    form: Form,
    own: bool,
    may_act: bool,
}

async fn person(visit: Visit, Path(id): Path<u32>) -> Result<Html<String>, Fault> {
    render(&person_page(&visit, PersonId(id), Form::default()).await?)
}

async fn person_page(visit: &Visit, id: PersonId, form: Form) -> Result<PersonPage, Fault> {
    let after = id.0.checked_sub(1).map(PersonId);
    let Answer::Persons(views) = visit.ask(Admin::Persons { after }).await? else {
        return Err(Fault::other_answer());
    };
    let view = views.into_iter().find(|view| view.person == id).ok_or(Fault::NotFound)?;
    let departments = departments(visit).await?;
    let title = fill(visit.t.accounts.person_title, &[&view.name]);
    Ok(PersonPage {
        page: visit.page(&title, NAV),
        own: view.person == visit.me.person,
        row: row(visit, view, &departments),
        form,
        may_act: visit.may(Request::ResetAccount),
    })
}

async fn give(visit: Visit, Path(id): Path<u32>, mut form: Form) -> Result<Response, Fault> {
    let login = form.text(visit.t, "login", MAX_LOGIN_CHARS);
    if form.is_good() {
        match visit.ask(Admin::GiveAccount { person: PersonId(id), login: login.clone() }).await {
            Ok(Answer::EnrolCode { code, until, .. }) => return told(&visit, &login, code.expose(), until),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    visit.again(&person_page(&visit, PersonId(id), form).await?)
}

async fn reset(visit: Visit, Path(id): Path<u32>) -> Result<Response, Fault> {
    let login = person_page(&visit, PersonId(id), Form::default()).await?.row.view.login;
    match visit.ask(Admin::ResetAccount { person: PersonId(id) }).await {
        Ok(Answer::EnrolCode { code, until, .. }) => told(&visit, &login, code.expose(), until),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(&path_of(id), refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

async fn switch_off(visit: Visit, Path(id): Path<u32>) -> Result<Response, Fault> {
    let what = Admin::SetActive { person: PersonId(id), active: false };
    visit.ordered(what, &path_of(id), visit.t.accounts.done_off).await
}

async fn switch_on(visit: Visit, Path(id): Path<u32>) -> Result<Response, Fault> {
    let what = Admin::SetActive { person: PersonId(id), active: true };
    visit.ordered(what, &path_of(id), visit.t.accounts.done_on).await
}

async fn unlock(visit: Visit, Path(id): Path<u32>) -> Result<Response, Fault> {
    let what = Admin::Unlock { person: PersonId(id) };
    visit.ordered(what, &path_of(id), visit.t.accounts.done_unlock).await
}

async fn add_department(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let name = form.text(visit.t, "department_name", MAX_NAME_CHARS);
    if !form.is_good() {
        return Ok(visit.refused(NAV, form.error("department_name")));
    }
    visit.ordered(Admin::AddDepartment { name }, NAV, visit.t.accounts.done_department).await
}

#[derive(Template)]
#[template(path = "accounts/sessions.html")]
struct SessionsPage {
    page: Page,
    rows: Vec<SessionView>,
    may_sessions: bool,
}

async fn sessions(visit: Visit) -> Result<Html<String>, Fault> {
    let Answer::Sessions(rows) = visit.ask(Admin::Sessions).await? else {
        return Err(Fault::other_answer());
    };
    render(&SessionsPage { page: visit.page(visit.t.accounts.title, NAV), rows, may_sessions: true })
}

async fn end_session(visit: Visit, Path(id): Path<u64>) -> Result<Response, Fault> {
    let what = Admin::EndSession { session: SessionId(id) };
    visit.ordered(what, "/accounts/sessions", visit.t.accounts.done_end).await
}

#[derive(Template)]
#[template(path = "accounts/sign_ins.html")]
struct SignInsPage {
    page: Page,
    rows: Vec<(SignInView, (&'static str, &'static str))>,
    newest: String,
    older: String,
    may_sessions: bool,
}

async fn sign_ins(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let person = query.value("person").parse().ok().map(PersonId);
    let before = query.value("before").parse().ok();
    let whose = person.map_or(Whose::All, Whose::Person);
    let Answer::SignIns(views) = visit.ask(Admin::SignIns { whose, before }).await? else {
        return Err(Fault::other_answer());
    };
    let of_person = person.map_or_else(String::new, |person| format!("person={}", person.0));
    let older = views.last().map_or_else(String::new, |last| {
        format!(
            "/accounts/sign-ins?{of_person}{}before={}",
            if person.is_some() { "&" } else { "" },
            last.seq
        )
    });
    let newest = before.map_or_else(String::new, |_: u64| format!("/accounts/sign-ins?{of_person}"));
    let t = &visit.t.accounts;
    let rows =
        views.into_iter().map(|view| (outcome(t, view.outcome), view)).map(|(badge, view)| (view, badge));
    render(&SignInsPage {
        page: visit.page(t.title, NAV),
        rows: rows.collect(),
        newest,
        older,
        may_sessions: visit.may(Request::Sessions),
    })
}

/// An outcome's badge and word.
#[must_use]
pub const fn outcome(t: &crate::texts::Accounts, outcome: SignInOutcome) -> (&'static str, &'static str) {
    match outcome {
        SignInOutcome::SignedIn => ("ok", t.signed_in),
        SignInOutcome::UnknownLogin => ("bad", t.unknown_login),
        SignInOutcome::NotEnrolled => ("waiting", t.not_enrolled),
        SignInOutcome::WrongPassword => ("bad", t.wrong_password),
        SignInOutcome::WrongCode => ("bad", t.wrong_code),
        SignInOutcome::ReusedCode => ("bad", t.reused_code),
        SignInOutcome::Locked => ("locked", t.locked),
        SignInOutcome::Disabled => ("idle", t.disabled),
        SignInOutcome::SourceBlocked => ("locked", t.source_blocked),
        SignInOutcome::NotAtConsole => ("idle", t.not_at_console),
    }
}

fn path_of(id: u32) -> String {
    format!("{NAV}/{id}")
}

const MAX_NAME_CHARS: usize = 128;
const MAX_LOGIN_CHARS: usize = 32;
