//! Language and theme: two cookies, nothing else.

use crate::cookie;
use crate::form::Form;
use crate::looks::{Lang, Theme};
use crate::routes::Routes;
use crate::visit::to;
use axum::response::Response;
use http::header::SET_COOKIE;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().any_form("/preferences", set)
}

async fn set(form: Form) -> Response {
    let mut response = to(form.value("back"));
    if let Some(lang) = Lang::parse(form.value("lang")) {
        response.headers_mut().append(SET_COOKIE, cookie::set_lang(lang));
    }
    if let Some(theme) = Theme::parse(form.value("theme")) {
        response.headers_mut().append(SET_COOKIE, cookie::set_theme(theme));
    }
    response
}
