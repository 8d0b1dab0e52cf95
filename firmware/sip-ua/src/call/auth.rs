//! Digest credentials of one call or registration: challenges by realm, nonce counts.
//!
//! Deliberately not here: hashes; `sip::auth` computes them.

use crate::api::Login;
use crate::ids::{self, IdSource};
use sip::auth::{Challenge, Credentials, strongest};
use sip::{HeaderName, Request, Response, StatusCode};
use std::fmt;

/// What is known of the challenges so far.
pub(crate) struct Auth {
    login: Option<Login>,
    answered: Vec<Answered>,
}

struct Answered {
    challenge: Challenge,
    proxy: bool,
    count: u32,
    staled: u32,
}

impl Auth {
    /// Answers challenges with `login`, or not at all.
    pub(crate) fn new(login: Option<Login>) -> Self {
        Self { login, answered: Vec::new() }
    }

    /// Takes the challenge of a 401 or 407. True when the request is worth repeating: a new
    /// realm, or a nonce that was only too old. The same realm twice means a wrong password.
    pub(crate) fn challenged(&mut self, response: &Response) -> bool {
        if self.login.is_none() {
            return false;
        }
        let proxy = response.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        let challenges =
            if proxy { response.headers.proxy_authenticate() } else { response.headers.www_authenticate() };
        let Ok(challenges) = challenges else { return false };
        let Some(challenge) = strongest(&challenges).cloned() else { return false };
        let same = |known: &&mut Answered| known.proxy == proxy && known.challenge.realm == challenge.realm;
        let room = self.answered.len() < MAX_REALMS;
        match self.answered.iter_mut().find(same) {
            Some(known) if challenge.stale && known.staled < MAX_STALE => {
                *known = Answered { challenge, proxy, count: 0, staled: known.staled + 1 };
                true
            }
            Some(known) => {
                // A fresh nonce for a request that used the known one long ago is a renewal.
                let renewed = known.challenge.nonce != challenge.nonce && known.count > 1;
                if renewed {
                    *known = Answered { challenge, proxy, count: 0, staled: known.staled };
                }
                renewed
            }
            None if room => {
                self.answered.push(Answered { challenge, proxy, count: 0, staled: 0 });
                true
            }
            None => false,
        }
    }

    /// The credential headers for a request, with the next nonce counts.
    pub(crate) fn headers(&mut self, request: &Request, ids: &mut dyn IdSource) -> Vec<(HeaderName, String)> {
        let Some(login) = &self.login else { return Vec::new() };
        let uri = request.uri.to_string();
        let mut headers = Vec::new();
        for known in &mut self.answered {
            known.count = known.count.saturating_add(1);
            let cnonce = ids::hex(&ids.token());
            let answer = Credentials::answer(
                &known.challenge,
                login.user.reveal(),
                sip::auth::Login::Password(login.password.expose()),
                &request.method,
                &uri,
                &request.body,
                &cnonce,
                known.count,
            );
            if let Ok(credentials) = answer {
                let name =
                    if known.proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
                headers.push((name, credentials.to_string()));
            }
        }
        headers
    }

    /// Forgets that nonces were refused, for a new attempt later.
    pub(crate) fn reset(&mut self) {
        self.answered.clear();
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Auth({} realms)", self.answered.len())
    }
}

/// Realms of one call: the proxy's and the server's, with a spare.
const MAX_REALMS: usize = 3;
/// Stale nonces of one realm that are renewed.
const MAX_STALE: u32 = 3;
