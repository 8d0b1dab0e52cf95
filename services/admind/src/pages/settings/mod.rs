//! Settings: the company, the page's certificate, the calling rules with their bounds, the holiday calendar, the network,
//! custody of the keys.

mod boxes;
mod certificate;
mod custody;
mod network;
mod rules;

use crate::fault::Fault;
use crate::page::{Page, render};
use crate::routes::Routes;
use crate::upload::{MAX_SMALL_BYTES, Upload};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::SettingsView;
use rights::Request;

/// The area's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/settings", site)
        .upload("/settings/certificate", MAX_SMALL_BYTES, certificate::replace)
        .get("/settings/rules", rules::show)
        .post("/settings/rules", rules::save)
        .get(custody::PATH, custody::show)
        .post(custody::PATH, custody::begin)
        .post("/settings/custody/take", custody::take)
        .get("/settings/calendar", calendar)
        .upload("/settings/calendar", MAX_SMALL_BYTES, load_calendar)
        .merge(boxes::routes())
        .merge(network::routes())
}

/// The path of the navigation's item.
const NAV: &str = "/settings";

async fn view(visit: &Visit) -> Result<SettingsView, Fault> {
    match visit.ask(Admin::Settings).await? {
        Answer::Settings(view) => Ok(*view),
        _ => Err(Fault::other_answer()),
    }
}

#[derive(Template)]
#[template(path = "settings/site.html")]
struct SitePage {
    page: Page,
    view: SettingsView,
    fingerprint: String,
    not_after: vocab::UnixMs,
    may_replace: bool,
}

async fn site(visit: Visit) -> Result<Html<String>, Fault> {
    let identity = &visit.app().identity;
    render(&SitePage {
        page: visit.page(visit.t.settings.title, NAV),
        view: view(&visit).await?,
        fingerprint: identity.fingerprint(),
        not_after: identity.not_after(),
        may_replace: visit.may(Request::ReplacePageCertificate),
    })
}

#[derive(Template)]
#[template(path = "settings/calendar.html")]
struct CalendarPage {
    page: Page,
    view: SettingsView,
    may_load: bool,
}

async fn calendar(visit: Visit) -> Result<Html<String>, Fault> {
    render(&CalendarPage {
        page: visit.page(visit.t.settings.title, NAV),
        view: view(&visit).await?,
        may_load: visit.may(Request::Holidays),
    })
}

async fn load_calendar(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let t = &visit.t.settings;
    let (Some(file), Some(signature)) = (upload.file("calendar"), upload.file("signature")) else {
        return Ok(visit.refused(CALENDAR, t.file_missing));
    };
    let toml = file.text(MAX_CALENDAR_BYTES)?;
    let Some(signature) = signature_of(&signature.content(MAX_SIGNATURE_BYTES)?) else {
        return Ok(visit.refused(CALENDAR, t.bad_signature_file));
    };
    match visit.ask(Admin::Holidays { toml, signature }).await {
        Ok(Answer::Done) => Ok(visit.done(CALENDAR, t.done_calendar)),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(CALENDAR, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

/// An Ed25519 signature as raw bytes, hexadecimal or base64.
fn signature_of(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() == SIGNATURE_BYTES {
        return Some(bytes.to_vec());
    }
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let hex = data_encoding::HEXLOWER_PERMISSIVE.decode(&text);
    let decoded = hex.or_else(|_| data_encoding::BASE64.decode(&text)).ok()?;
    (decoded.len() == SIGNATURE_BYTES).then_some(decoded)
}

const CALENDAR: &str = "/settings/calendar";
const SIGNATURE_BYTES: usize = 64;
const MAX_SIGNATURE_BYTES: u64 = 256;
const MAX_CALENDAR_BYTES: u64 = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::signature_of;

    #[test]
    fn a_signature_is_read_raw_in_hexadecimal_and_in_base64() {
        let raw: Vec<u8> = (0..64).map(|byte| byte * 3 + 1).collect();
        let hex = data_encoding::HEXUPPER.encode(&raw) + "\n";
        let base64 = data_encoding::BASE64.encode(&raw);
        for file in [raw.clone(), hex.into_bytes(), base64.into_bytes()] {
            assert_eq!(signature_of(&file), Some(raw.clone()));
        }
        assert_eq!(signature_of(b"signed"), None);
        assert_eq!(signature_of(&raw[..63]), None);
    }
}
