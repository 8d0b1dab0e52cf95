//! The first visit: a blank box becomes a company's by the claim code from its console.

use crate::fault::Fault;
use crate::form::Form;
use crate::format::Zone;
use crate::page::Page;
use crate::pages::door::{MAX_CODE_BYTES, MAX_LOGIN, Stranger};
use crate::routes::Routes;
use crate::texts::Texts;
use crate::visit::to;
use askama::Template;
use axum::response::Response;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use http::StatusCode;
use idl::account::{Claim, NewAdministrator, Profile};
use idl::admin::{Admin, Answer, Role};
use vocab::Pii;
use zeroize::Zeroizing;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().open("/welcome", show).door_form("/welcome", claim)
}

/// An administrator's fields.
struct Row {
    role: &'static str,
    name: &'static str,
    login: &'static str,
}

#[derive(Template)]
#[template(path = "door/welcome.html")]
struct Welcome {
    page: Page,
    t: &'static Texts,
    form: Form,
    rows: [Row; 3],
    tpm_kept: bool,
}

/// An administrator's enrolment code.
struct Code {
    role: &'static str,
    name: String,
    login: String,
    code: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "door/claimed.html")]
struct Claimed {
    page: Page,
    t: &'static Texts,
    codes: Vec<Code>,
}

fn rows(t: &'static Texts) -> [Row; 3] {
    let role = |role| crate::page::role(t, role);
    [
        Row { role: role(Role::SystemAdmin), name: "system_name", login: "system_login" },
        Row { role: role(Role::SecurityAdmin), name: "security_name", login: "security_login" },
        Row { role: role(Role::AuditAdmin), name: "audit_name", login: "audit_login" },
    ]
}

async fn show(stranger: Stranger) -> Result<Response, Fault> {
    let mut form = Form::default();
    form.set("zone", "Asia/Shanghai");
    form.set("profile", "intl");
    form_page(&stranger, StatusCode::OK, form).await
}

async fn form_page(stranger: &Stranger, status: StatusCode, form: Form) -> Result<Response, Fault> {
    let door = stranger.door().await?;
    if door.commissioned {
        return Ok(to("/sign-in"));
    }
    let page = stranger.page(stranger.t.door.welcome_title, &door);
    let (t, tpm_kept) = (stranger.t, door.tpm_kept);
    stranger.show(status, &Welcome { page, t, form, rows: rows(t), tpm_kept })
}

async fn claim(stranger: Stranger, mut form: Form) -> Result<Response, Fault> {
    let t = stranger.t;
    let claim = read(&mut form, t);
    if form.is_good()
        && let Some(claim) = claim
    {
        let names: Vec<(String, String)> = claim
            .administrators
            .iter()
            .map(|administrator| (administrator.name.reveal().clone(), administrator.login.clone()))
            .collect();
        match stranger.ask(Admin::Claim(Box::new(claim))).await {
            Ok(Answer::Claimed { codes }) => {
                let page = stranger.page(t.door.claimed_title, &stranger.door().await?);
                let told = rows(t).into_iter().zip(names).zip(&codes);
                let codes = told.map(|((row, (name, login)), (_, code))| Code {
                    role: row.role,
                    name,
                    login,
                    code: Zeroizing::new(code.expose().clone()),
                });
                let codes = codes.collect();
                return stranger.show(StatusCode::OK, &Claimed { page, t, codes });
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, stranger.looks.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    form_page(&stranger, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

fn read(form: &mut Form, t: &'static Texts) -> Option<Claim> {
    let code = form.secret(t, "claim_code", MAX_CODE_BYTES);
    let company = form.text(t, "company", MAX_NAME);
    let zone = form.text(t, "zone", MAX_NAME);
    if !Zone::exists(&zone) {
        form.fail("zone", t.door.zone_unknown);
    }
    let profile = form.choice(t, "profile", &[("intl", Profile::Intl), ("gm", Profile::Gm)]);
    let administrators = rows(t).map(|row| {
        let name = Pii::new(form.text(t, row.name, MAX_NAME));
        NewAdministrator { name, login: form.text(t, row.login, MAX_LOGIN) }
    });
    for (later, row) in rows(t).iter().enumerate().skip(1) {
        let (before, own) = (&administrators[..later], &administrators[later]);
        if before.iter().any(|earlier| earlier.login == own.login) {
            form.fail(row.login, t.door.logins_differ);
        }
        if before.iter().any(|earlier| earlier.name == own.name) {
            form.fail(row.name, t.door.names_differ);
        }
    }
    let key = form.text(t, "calendar_key", MAX_KEY);
    let calendar_key = public_key(&key);
    if calendar_key.is_none() {
        form.fail("calendar_key", t.door.calendar_key_wrong);
    }
    Some(Claim { code, company, zone, profile: profile?, administrators, calendar_key: calendar_key? })
}

fn public_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).or_else(|_| BASE64.decode(text.as_bytes()));
    bytes.ok()?.try_into().ok()
}

const MAX_NAME: usize = 64;
const MAX_KEY: usize = 128;

#[cfg(test)]
mod tests {
    use super::public_key;

    #[test]
    fn a_public_key_is_taken_in_hex_and_base64_and_nothing_else() {
        assert_eq!(public_key(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(public_key(&"0F".repeat(32)), Some([15; 32]));
        assert_eq!(public_key("Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8="), Some([15; 32]));
        for bad in ["", "0f", &"0f".repeat(33), &"zz".repeat(32), "Dw8P"] {
            assert_eq!(public_key(bad), None, "{bad}");
        }
    }
}
