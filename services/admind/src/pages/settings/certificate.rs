//! Another certificate for the page: it is checked, `vaultd` allows and records it, then it is stored and served.

use super::NAV;
use crate::clock;
use crate::fault::Fault;
use crate::texts::fill;
use crate::tls::{Checked, IdentityError};
use crate::upload::Upload;
use crate::visit::Visit;
use axum::response::Response;
use idl::admin::{Admin, Answer};
use zeroize::Zeroizing;

/// Replaces it.
pub(super) async fn replace(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let t = &visit.t.settings;
    // Who may not do it is told so before anything of the form is looked at.
    if !visit.may(rights::Request::ReplacePageCertificate) {
        return Err(Fault::Forbidden);
    }
    let (Some(chain), Some(key)) = (upload.file("chain"), upload.file("key")) else {
        return Ok(visit.refused(NAV, t.file_missing));
    };
    let (chain, key) = (chain.text(MAX_PEM_BYTES)?, Zeroizing::new(key.text(MAX_PEM_BYTES)?));
    // What vaultd writes down is true only of a certificate that can be served.
    let checked = match Checked::new(&chain, &key, clock::now()) {
        Ok(checked) => checked,
        Err(error) => return Ok(refused(&visit, &error)),
    };
    let fingerprint = checked.sha256();
    match visit.ask(Admin::ReplacePageCertificate { fingerprint }).await {
        Ok(Answer::Done) => {}
        Ok(_) => return Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => return Ok(visit.refused(NAV, refusal.text(visit.lang))),
        Err(fault) => return Err(fault),
    }
    let identity = &visit.app().identity;
    Ok(match identity.replace(checked) {
        Ok(()) => visit.done(NAV, &fill(t.done_certificate, &[&identity.fingerprint()])),
        Err(error) => refused(&visit, &error),
    })
}

fn refused(visit: &Visit, error: &IdentityError) -> Response {
    let t = &visit.t.settings;
    log::warn!("the page's certificate was not replaced: {error}");
    let text = match error {
        IdentityError::Certificate => t.bad_certificate,
        IdentityError::Key => t.bad_key,
        IdentityError::Apart => t.apart,
        IdentityError::Expired => t.expired,
        IdentityError::File { .. } | IdentityError::Make(_) => t.not_stored,
    };
    visit.refused(NAV, text)
}

const MAX_PEM_BYTES: u64 = 64 * 1024;
