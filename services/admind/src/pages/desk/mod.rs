//! The agent's desk: one's own state, the customer, the call, the approved script, the wrap-up.
//!
//! It keeps nothing and decides nothing: `vaultd` says what lies on the desk, and every action is a form of its
//! own that works without JavaScript. The live view sends a part again only when what it shows is another thing,
//! so that nobody's typing is lost.

mod parts;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod words;

use crate::fault::Fault;
use crate::form::{Form, Query, encode};
use crate::live::live;
use crate::looks::{Looks, Theme};
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::visit::{Visit, to};
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use idl::admin::{Admin, Answer};
use idl::campaign::{AgentState, Disposition};
use idl::views::{DeskAction, DeskView};
use parts::{Do, Script, Who};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vocab::{CallId, CampaignId, Pii};

pub use words::{agent_badge, agent_state, live_badge, live_state};

/// The area's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get(DESK, show)
        .live("/desk/live", watch)
        .get("/desk/state", back)
        .post("/desk/state", state)
        .get("/desk/next", back)
        .post("/desk/next", next)
        .get("/desk/dial", back)
        .post("/desk/dial", dial)
        .get("/desk/hang-up", back)
        .post("/desk/hang-up", hang_up)
        .get("/desk/refused", back)
        .post("/desk/refused", refuse)
        .get("/desk/wrap-up/{call}", back)
        .post("/desk/wrap-up/{call}", wrap_up)
}

const DESK: &str = "/desk";
const LIVE_PERIOD: Duration = Duration::from_secs(1);
/// Characters of a note; the vault takes 4,096 bytes.
const MAX_NOTE_CHARS: usize = 1_000;
const YES: &str = "yes";

/// A part of the desk by what it shows: its key, and its HTML.
type Part = (String, String);

#[derive(Template)]
#[template(path = "desk/show.html")]
struct Show {
    page: Page,
    live: String,
    who: Markup,
    work: Markup,
    script: Markup,
    saved: Option<String>,
}

async fn look(visit: &Visit) -> Result<DeskView, Fault> {
    desk(visit.ask(Admin::Desk(DeskAction::Look)).await?)
}

fn desk(answer: Answer) -> Result<DeskView, Fault> {
    match answer {
        Answer::Desk(view) => Ok(*view),
        _ => Err(Fault::other_answer()),
    }
}

async fn show(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let view = look(&visit).await?;
    let saved = query.value("saved").parse::<u64>().ok();
    page_of(&visit, &view, &Form::default(), saved)
}

fn page_of(visit: &Visit, view: &DeskView, form: &Form, saved: Option<u64>) -> Result<Html<String>, Fault> {
    let page = visit.page(visit.t.desk.title, DESK);
    let (who, work, script) = (Who::new(&page, view), Do::new(&page, view, form), Script::new(&page, view));
    let query = [("who", who.key()), ("do", work.key()), ("script", script.key())];
    let query: Vec<String> = query.iter().map(|(name, key)| format!("{name}={}", encode(key))).collect();
    let (who, work, script) = (who.render()?, work.render()?, script.render()?);
    render(&Show {
        live: format!("/desk/live?{}", query.join("&")),
        who: Markup::of_safe(who),
        work: Markup::of_safe(work),
        script: Markup::of_safe(script),
        saved: saved.map(|call| format!("/desk/wrap-up/{call}")),
        page,
    })
}

/// What the browser has of each part: a part is sent again when its key is another one. A part the page came with
/// has no text here until it changes.
#[derive(Debug)]
struct Sent {
    who: Part,
    work: Part,
    script: Part,
}

async fn watch(visit: Visit, Query(query): Query) -> Result<Response, Fault> {
    let known = |name: &str| (query.value(name).to_owned(), String::new());
    let sent = Sent { who: known("who"), work: known("do"), script: known("script") };
    let sent = Arc::new(Mutex::new(sent));
    live(visit, LIVE_PERIOD, move |visit| {
        let sent = Arc::clone(&sent);
        async move {
            let view = look(&visit).await?;
            let page = frame(&visit);
            let form = Form::default();
            let (who, work) = (Who::new(&page, &view), Do::new(&page, &view, &form));
            let script = Script::new(&page, &view);
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            renew(&mut sent.who, who.key(), &who)?;
            renew(&mut sent.work, work.key(), &work)?;
            renew(&mut sent.script, script.key(), &script)?;
            let parts = [("who", &sent.who), ("do", &sent.work), ("script", &sent.script)];
            let changed = parts.into_iter().filter(|(_, (_, html))| !html.is_empty());
            Ok(changed.map(|(id, (_, html))| (id, html.clone())).collect())
        }
    })
}

/// The frame of parts that are sent by themselves: the notices stay for the next page.
fn frame(visit: &Visit) -> Page {
    let looks = Looks { lang: visit.lang, theme: Theme::default() };
    Page::inside(looks, visit.t.desk.title, DESK, &visit.me, DESK, *visit.token())
}

fn renew(part: &mut Part, key: String, template: &impl Template) -> Result<(), Fault> {
    if part.0 != key {
        *part = (key, template.render()?);
    }
    Ok(())
}

/// An action that leads back to the desk, with the refusal said there if it was one.
async fn act(visit: &Visit, action: DeskAction) -> Result<Response, Fault> {
    match visit.ask(Admin::Desk(action)).await {
        Ok(Answer::Done | Answer::Desk(_)) => Ok(to(DESK)),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(DESK, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

async fn back() -> Response {
    to(DESK)
}

async fn state(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let states = [("ready", AgentState::Ready), ("break", AgentState::Break), ("out", AgentState::Out)];
    let Some(state) = form.choice(visit.t, "state", &states) else {
        return Err(Fault::Bad("form-malformed"));
    };
    act(&visit, DeskAction::State(state)).await
}

async fn next(visit: Visit, form: Form) -> Result<Response, Fault> {
    let campaign = form.value("campaign").parse().map_err(|_| Fault::Bad("form-malformed"))?;
    act(&visit, DeskAction::Next { campaign: CampaignId(campaign) }).await
}

async fn hang_up(visit: Visit) -> Result<Response, Fault> {
    act(&visit, DeskAction::HangUp).await
}

async fn refuse(visit: Visit) -> Result<Response, Fault> {
    act(&visit, DeskAction::Refused).await
}

/// CAM-13: identity and purpose are confirmed, then the token that came with the card dials, once.
async fn dial(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    if !(form.has("identity", YES) && form.has("purpose", YES)) {
        form.fail("confirm", visit.t.desk.tick_missing);
        let view = look(&visit).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page_of(&visit, &view, &form, None)?).into_response());
    }
    let token = form.value("token").parse().unwrap_or_default();
    match visit.ask(Admin::Desk(DeskAction::Dial { token })).await {
        Ok(Answer::Done) => Ok(to(DESK)),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) if refusal.code == "token" => {
            let mut form = Form::default();
            form.refuse(&refusal, visit.lang);
            let view = look(&visit).await?;
            Ok((StatusCode::CONFLICT, page_of(&visit, &view, &form, None)?).into_response())
        }
        Err(Fault::Refused(refusal)) => Ok(visit.refused(DESK, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

/// CAM-15: a disposition is mandatory.
async fn wrap_up(visit: Visit, Path(call): Path<u64>, mut form: Form) -> Result<Response, Fault> {
    let note = Pii::new(form.lines(visit.t, "note", MAX_NOTE_CHARS));
    let Some(disposition) = form.choice(visit.t, "disposition", &DISPOSITIONS) else {
        form.fail("outcome", visit.t.desk.disposition_missing);
        return again(&visit, form).await;
    };
    if !form.is_good() {
        return again(&visit, form).await;
    }
    let action = DeskAction::WrapUp { call: CallId(call), disposition, note };
    match visit.ask(Admin::Desk(action)).await {
        Ok(_) => Ok(visit.done(&format!("{DESK}?saved={call}"), visit.t.desk.saved)),
        Err(Fault::Refused(refusal)) => {
            form.refuse(&refusal, visit.lang);
            again(&visit, form).await
        }
        Err(fault) => Err(fault),
    }
}

async fn again(visit: &Visit, mut form: Form) -> Result<Response, Fault> {
    form.mark(visit.t);
    let view = look(visit).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page_of(visit, &view, &form, None)?).into_response())
}

/// The words of the form for each disposition.
const DISPOSITIONS: [(&str, Disposition); 7] = [
    ("done", Disposition::Done),
    ("callback", Disposition::Callback),
    ("refused", Disposition::Refused),
    ("wrong-person", Disposition::WrongPerson),
    ("minor", Disposition::Minor),
    ("complaint", Disposition::Complaint),
    ("voicemail", Disposition::Voicemail),
];
