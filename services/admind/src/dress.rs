//! The outermost layers: headers on every answer, faults made pages (or JSON), requests refused before any
//! route sees them, panics turned into faults, and a limit of requests for each source.
//!
//! It reads no body and knows no page.

use crate::admit::wants_json;
use crate::fault::Fault;
use crate::looks::Looks;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::{Visit, looks};
use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, ORIGIN, SERVER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

/// Who turned out to be there while a request was handled: an error page has the frame of the session then.
#[derive(Debug, Clone, Default)]
pub struct Visitor(Arc<OnceLock<Visit>>);

impl Visitor {
    /// Tells who is there.
    pub fn is(&self, visit: Visit) {
        let _told_once = self.0.set(visit);
    }
}

/// The layer around everything.
pub async fn dress(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visitor = Visitor::default();
    let (looks, json, path) = (looks(&parts.headers), wants_json(&parts), parts.uri.path().to_owned());
    let head = parts.method == Method::HEAD;
    let checked = check(&parts);
    parts.extensions.insert(visitor.clone());
    let response = match checked {
        Err(fault) => fault.into_response(),
        Ok(()) => {
            let run = AssertUnwindSafe(next.run(Request::from_parts(parts, body))).catch_unwind();
            // The hook has written where; a defect must not end other people's work.
            run.await.unwrap_or_else(|_| Fault::Bug.into_response())
        }
    };
    let mut response = undress(response, looks, json, &path, visitor.0.get());
    if head {
        *response.body_mut() = axum::body::Body::empty();
    }
    cover(response.headers_mut());
    response
}

/// Makes a page of a fault, ours or the framework's.
fn undress(mut response: Response, looks: Looks, json: bool, path: &str, visit: Option<&Visit>) -> Response {
    let fault = match response.extensions_mut().remove::<Fault>() {
        Some(fault) => fault,
        None => match response.status() {
            StatusCode::NOT_FOUND => Fault::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Fault::Method,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => return response,
            status if status.is_client_error() => Fault::Bad("request"),
            status if status.is_server_error() => Fault::Bug,
            _ => return response,
        },
    };
    let mut dressed = if json { as_json(&fault, looks) } else { as_page(&fault, looks, path, visit) };
    *dressed.status_mut() = fault.status();
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != http::header::CONTENT_LENGTH {
            dressed.headers_mut().append(name, value.clone());
        }
    }
    dressed
}

fn as_json(fault: &Fault, looks: Looks) -> Response {
    let words = fault.words(looks.lang);
    let text = format!("{} {}", words.title, words.next);
    let body = serde_json::json!({ "code": fault.code(), "text": text }).to_string();
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

#[derive(Template)]
#[template(path = "error/inside.html")]
struct Inside {
    page: Page,
    t: &'static Texts,
    what: What,
}

#[derive(Template)]
#[template(path = "error/outside.html")]
struct Outside {
    page: Page,
    t: &'static Texts,
    what: What,
}

/// What an error page shows.
struct What {
    status: String,
    next: String,
    code: String,
    link: String,
    link_text: &'static str,
}

fn as_page(fault: &Fault, looks: Looks, path: &str, visit: Option<&Visit>) -> Response {
    let t = Texts::of(looks.lang);
    let words = fault.words(looks.lang);
    let (link, link_text) = match fault {
        Fault::Again { page } => (crate::visit::local(page), t.errors.again_link),
        Fault::NoSession | Fault::Elsewhere(_) => ("/sign-in".to_owned(), t.errors.to_sign_in),
        _ => ("/".to_owned(), t.errors.to_start),
    };
    let status = fill(t.errors.status, &[&fault.status().as_u16()]);
    let what = What { status, next: words.next, code: fault.code().to_owned(), link, link_text };
    let rendered = match visit.filter(|_| !matches!(fault, Fault::NoSession | Fault::Elsewhere(_))) {
        Some(visit) => render(&Inside { page: visit.page(&words.title, ""), t, what }),
        None => render(&Outside { page: Page::outside(looks, &words.title, path, None), t, what }),
    };
    rendered.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), IntoResponse::into_response)
}

/// What is refused before any route sees it.
fn check(parts: &Parts) -> Result<(), Fault> {
    if ![Method::GET, Method::HEAD, Method::POST].contains(&parts.method) {
        return Err(Fault::Method);
    }
    if parts.uri.to_string().len() > MAX_URI_BYTES {
        return Err(Fault::UriTooLong);
    }
    let size: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > MAX_HEADER_BYTES || parts.headers.len() > MAX_HEADERS {
        return Err(Fault::HeadersTooLarge);
    }
    if parts.method == Method::POST {
        check_origin(parts)?;
    }
    Ok(())
}

/// A POST comes from our own page: its `Origin` is this host, and the browser says so where it can.
fn check_origin(parts: &Parts) -> Result<(), Fault> {
    let text = |name: HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text(SEC_FETCH_SITE).is_some_and(|site| site != "same-origin") {
        return Err(Fault::Csrf("fetch-site"));
    }
    let host = parts.uri.authority().map(http::uri::Authority::as_str).or_else(|| text(HOST));
    let origin = text(ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
    match (origin, host) {
        (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Fault::Csrf("origin")),
    }
}

/// The headers of every answer.
fn cover(headers: &mut HeaderMap) {
    for &(name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.remove(SERVER);
    if !headers.contains_key(http::header::VARY) {
        headers.insert(http::header::VARY, HeaderValue::from_name(ACCEPT));
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The content security policy: nothing but our own files, nothing inline.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

/// The headers of every answer, and their values.
pub const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    // Not `no-referrer`: under it a browser sends `Origin: null` with our own forms (Fetch, "append a request
    // Origin header"), and the check above could not tell them from foreign ones.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
    ("x-frame-options", "DENY"),
];

const MAX_URI_BYTES: usize = 4 * 1_024;
const MAX_HEADER_BYTES: usize = 16 * 1_024;
const MAX_HEADERS: usize = 64;
