//! Before a handler: session, proofs and form, as the route demands. After it: cookies that end, forms given back.
//!
//! It asks `vaultd` who is there and decides no right.

use crate::app::App;
use crate::clock;
use crate::cookie::{self, Token};
use crate::csrf::{self, Used, Uses};
use crate::dress::Visitor;
use crate::fault::Fault;
use crate::form::{self, Form};
use crate::routes::Guard;
use crate::upload::{Keep, Upload};
use crate::visit::{Visit, to};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::request::Parts;
use std::time::Duration;

/// The middleware of every route.
pub async fn admit(
    State((app, guard)): State<(App, Guard)>,
    request: Request,
    next: Next,
) -> Result<Response, Fault> {
    let (mut parts, body) = request.into_parts();
    let proven = match guard {
        Guard::Open | Guard::DoorForm => None,
        Guard::Session | Guard::Form | Guard::Upload(_) | Guard::Large(..) => {
            Some(Visit::prove(&app, &parts, false).await)
        }
        Guard::Passive => Some(Visit::prove(&app, &parts, true).await),
        Guard::AnyForm => match Visit::prove(&app, &parts, false).await {
            Err(Fault::NoSession | Fault::Elsewhere(_)) => None,
            proven => Some(proven),
        },
    };
    let visit = match proven {
        None => None,
        Some(Ok(visit)) => Some(visit),
        Some(Err(fault)) => return turned_away(fault, guard, &parts),
    };
    if let Some(visit) = &visit {
        if let Some(visitor) = parts.extensions.get::<Visitor>() {
            visitor.is(visit.clone());
        }
        parts.extensions.insert(visit.clone());
    }
    let used = match guard {
        Guard::Open | Guard::Session | Guard::Passive => None,
        Guard::DoorForm | Guard::Form | Guard::AnyForm => {
            let form = read_form(&parts, body).await?;
            let used = prove_form(&app, visit.as_ref(), &parts, &form)?;
            parts.extensions.insert(form);
            Some(used)
        }
        Guard::Upload(limit) => {
            let _permit = app.uploads.try_acquire().map_err(|_| Fault::Busy)?;
            Some(read_upload(&app, visit.as_ref(), &mut parts, body, limit, Keep::Memory).await?)
        }
        Guard::Large(limit, request) => {
            if !visit.as_ref().is_some_and(|visit| visit.may(request)) {
                return Err(Fault::Forbidden);
            }
            let _permit = app.large.try_acquire().map_err(|_| Fault::Busy)?;
            Some(read_upload(&app, visit.as_ref(), &mut parts, body, limit, Keep::Disk(&app.spool)).await?)
        }
    };
    let response = next.run(Request::from_parts(parts, Body::empty())).await;
    if response.extensions().get::<Fault>().is_some_and(Fault::nothing_done) {
        give_back(&app, used.as_ref());
    }
    Ok(response)
}

/// A page without a session leads to the door and back; anything else is told so.
fn turned_away(fault: Fault, guard: Guard, parts: &Parts) -> Result<Response, Fault> {
    let over = matches!(fault, Fault::NoSession | Fault::Elsewhere(_));
    let mut response = if fault == Fault::NoSession && guard == Guard::Session && !wants_json(parts) {
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        if here == "/" { to("/sign-in") } else { to(&format!("/sign-in?next={}", form::encode(here))) }
    } else {
        fault.into_response()
    };
    if over && cookie::find(&parts.headers, cookie::SESSION).is_some() {
        response.headers_mut().append(SET_COOKIE, cookie::drop_token(cookie::SESSION));
    }
    Ok(response)
}

/// Whether the client asked for JSON rather than a page.
#[must_use]
pub fn wants_json(parts: &Parts) -> bool {
    let accept = parts.headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.trim_start().starts_with("application/json"))
}

fn content_type(parts: &Parts) -> &str {
    parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

async fn read_form(parts: &Parts, body: Body) -> Result<Form, Fault> {
    let kind = content_type(parts).split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Fault::Media);
    }
    let reading = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_FORM_BYTES));
    let bytes = reading.await.map_err(|_| Fault::BodyLate)?.map_err(|error| {
        let text = error.to_string();
        if text.contains("length limit") { Fault::TooLarge } else { Fault::Bad("body-broken") }
    })?;
    Form::parse(&bytes)
}

/// Reads a form with files and proves it with what comes before the first of them. The session is proven again for as
/// long as the file comes: it does not go idle meanwhile, and its end ends the upload.
async fn read_upload(
    app: &App,
    visit: Option<&Visit>,
    parts: &mut Parts,
    body: Body,
    limit: u64,
    keep: Keep<'_>,
) -> Result<UsedForm, Fault> {
    let kind = content_type(parts).to_owned();
    let mut used = None;
    let read = {
        let parts = &*parts;
        let checked = |form: &Form| {
            used = Some(prove_form(app, visit, parts, form)?);
            Ok(())
        };
        let still = || async { Visit::prove(app, parts, false).await.map(drop) };
        Upload::read(&kind, body, (limit, keep), checked, still).await
    };
    match (read, used) {
        (Ok(upload), Some(used)) => {
            parts.extensions.insert(upload);
            Ok(used)
        }
        (Ok(_), None) => Err(Fault::Csrf("csrf")),
        (Err(fault), used) => {
            give_back(app, used.as_ref());
            Err(fault)
        }
    }
}

struct UsedForm {
    token: Token,
    once: String,
    session: bool,
}

fn uses(app: &App, session: bool) -> &Uses {
    if session { &app.session_uses } else { &app.door_uses }
}

fn prove_form(app: &App, visit: Option<&Visit>, parts: &Parts, form: &Form) -> Result<UsedForm, Fault> {
    let session = visit.is_some();
    let token = match visit {
        Some(visit) => *visit.token(),
        None => cookie::token(&parts.headers, cookie::DOOR).ok_or(Fault::Csrf("door-cookie"))?,
    };
    if !csrf::proves(&token, form.value("csrf")) {
        return Err(Fault::Csrf("csrf"));
    }
    let once = form.value("once").to_owned();
    match uses(app, session).take(&token, &once, clock::now()) {
        Used::First => Ok(UsedForm { token, once, session }),
        Used::Again => Err(Fault::Again { page: parts.uri.path().to_owned() }),
        Used::Foreign => Err(Fault::Csrf("once")),
    }
}

fn give_back(app: &App, used: Option<&UsedForm>) {
    if let Some(used) = used {
        uses(app, used.session).give_back(&used.token, &used.once);
    }
}

/// A form without files.
pub const MAX_FORM_BYTES: usize = 64 * 1024;
/// How long such a form may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
