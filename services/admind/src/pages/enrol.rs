//! Enrolment: login and one-time code, then authenticator and password. The secret is shown once and kept nowhere.

use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Markup, Page};
use crate::pages::door::{MAX_CODE_BYTES, MAX_LOGIN, MAX_PASSWORD_BYTES, Stranger};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use idl::account::EnrolSecret;
use idl::admin::{Admin, Answer};
use qrcode::QrCode;
use qrcode::types::Color;
use std::fmt::Write;
use zeroize::Zeroizing;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .open("/enrol", show)
        .door_form("/enrol", begin)
        .open("/enrol/finish", show)
        .door_form("/enrol/finish", finish)
}

#[derive(Template)]
#[template(path = "door/enrol.html")]
struct Begin {
    page: Page,
    t: &'static Texts,
    form: Form,
}

#[derive(Template)]
#[template(path = "door/enrol_secret.html")]
struct Finish {
    page: Page,
    t: &'static Texts,
    form: Form,
    hello: String,
    secret: Zeroizing<String>,
    qr: Markup,
}

async fn show(stranger: Stranger) -> Result<Response, Fault> {
    begin_page(&stranger, StatusCode::OK, Form::default()).await
}

async fn begin_page(stranger: &Stranger, status: StatusCode, form: Form) -> Result<Response, Fault> {
    let page = stranger.page(stranger.t.door.enrol_title, &stranger.door().await?);
    stranger.show(status, &Begin { page, t: stranger.t, form })
}

async fn begin(stranger: Stranger, mut form: Form) -> Result<Response, Fault> {
    let t = stranger.t;
    let login = form.text(t, "login", MAX_LOGIN);
    let code = form.secret(t, "enrol_code", MAX_CODE_BYTES);
    if form.is_good() {
        match stranger.ask(Admin::BeginEnrol { login, code }).await {
            Ok(Answer::Enrol(secret)) => return finish_page(&stranger, StatusCode::OK, form, &secret).await,
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, stranger.looks.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    begin_page(&stranger, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

async fn finish_page(
    stranger: &Stranger,
    status: StatusCode,
    form: Form,
    secret: &EnrolSecret,
) -> Result<Response, Fault> {
    let t = stranger.t;
    let page = stranger.page(t.door.enrol_title, &stranger.door().await?);
    let hello = fill(t.door.enrol_hello, &[secret.name.reveal()]);
    let qr = qr(secret.uri.expose(), t.door.enrol_qr)?;
    let secret = Zeroizing::new(grouped(secret.secret.expose()));
    stranger.show(status, &Finish { page, t, form, hello, secret, qr })
}

async fn finish(stranger: Stranger, mut form: Form) -> Result<Response, Fault> {
    let t = stranger.t;
    let login = form.text(t, "login", MAX_LOGIN);
    let code = form.secret(t, "enrol_code", MAX_CODE_BYTES);
    let password = form.secret(t, "password", MAX_PASSWORD_BYTES);
    if form.value("again") != password.expose() {
        form.fail("again", t.door.enrol_mismatch);
    }
    let totp = form.secret(t, "totp", MAX_CODE_BYTES);
    if form.is_good() {
        let what = Admin::FinishEnrol { login: login.clone(), code: code.clone(), password, totp };
        match stranger.ask(what).await {
            Ok(Answer::Done) => return Ok(stranger.done("/sign-in", t.door.enrol_done)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, stranger.looks.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    // The secret of an enrolment that is not finished is told again to whoever has the code.
    match stranger.ask(Admin::BeginEnrol { login, code }).await {
        Ok(Answer::Enrol(secret)) => {
            finish_page(&stranger, StatusCode::UNPROCESSABLE_ENTITY, form, &secret).await
        }
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => {
            form.refuse(&refusal, stranger.looks.lang);
            begin_page(&stranger, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Err(fault) => Err(fault),
    }
}

/// Base32 in groups of four, as people type it.
fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// A QR code as SVG with presentation attributes alone; always dark on light, whatever the theme.
fn qr(text: &str, label: &str) -> Result<Markup, Fault> {
    let code = QrCode::new(text).map_err(|error| {
        log::error!("the enrolment address makes no QR code: {error}");
        Fault::Bug
    })?;
    let (width, modules) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (at, _) in modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let _infallible = write!(path, "M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET);
    }
    let side = width + 2 * QUIET;
    let pixels = side * PIXELS;
    Ok(Markup::of_safe(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {side} {side}\" \
         width=\"{pixels}\" height=\"{pixels}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#ffffff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path fill=\"#000000\" d=\"{path}\"/></svg>"
    )))
}

/// ISO/IEC 18004: four modules of quiet around the code.
const QUIET: usize = 4;
const PIXELS: usize = 5;

#[cfg(test)]
mod tests {
    use super::{grouped, qr};

    #[test]
    fn a_secret_is_shown_in_groups() {
        assert_eq!(grouped("JBSWY3DPEHPK3PXP2"), "JBSW Y3DP EHPK 3PXP 2");
    }

    #[test]
    fn the_code_is_drawn_without_any_style() {
        let svg = qr("otpauth://totp/Ringfence:li?secret=JBSWY3DPEHPK3PXP", "QR").unwrap().to_string();
        assert!(svg.starts_with("<svg ") && !svg.contains("style"));
        assert!(!svg.contains("otpauth") && svg.matches("h1v1").count() > 200);
    }
}
