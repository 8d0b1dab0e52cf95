//! Session timers of a call (RFC 4028): who refreshes, when, and when the session is dead.
//!
//! Deliberately not here: how a refresh is sent; see [`super::offer`].

use super::Call;
use crate::ctx::{CallTimer, Ctx};
use sip::{HeaderName, Headers, Refresher, Request, Response};

/// The agreed session.
#[derive(Default)]
pub(super) struct Session {
    pub interval_s: Option<u32>,
    pub we_refresh: bool,
    /// Our last description, repeated by a re-INVITE that only refreshes.
    pub local_sdp: Vec<u8>,
    /// The peer's last description, to see whether a refresh changed it.
    pub remote_sdp: Vec<u8>,
}

impl Call {
    /// Takes the Session-Expires of a 2xx to a request of ours (RFC 4028 7.2).
    pub(super) fn agree_session(&mut self, ctx: &mut Ctx<'_>, headers: &Headers) {
        let agreed = headers.session_expires().ok().flatten();
        self.session.interval_s = agreed.as_ref().map(|se| se.interval_s.max(MIN_INTERVAL_S));
        self.session.we_refresh = agreed.is_some_and(|se| se.refresher != Some(Refresher::Uas));
        self.start_session(ctx);
    }

    /// The 422 for a request of the peer whose interval is too small (RFC 4028 9).
    pub(super) fn session_too_small(&self, ctx: &Ctx<'_>, request: &Request) -> bool {
        let wanted = request.headers.session_expires().ok().flatten();
        wanted.is_some_and(|se| se.interval_s < ctx.config.min_se_s)
    }

    /// Answers the Session-Expires of a request of the peer in our 2xx (RFC 4028 9).
    pub(super) fn answer_session(&mut self, ctx: &mut Ctx<'_>, request: &Request, response: &mut Response) {
        let Ok(Some(wanted)) = request.headers.session_expires() else {
            // A request without it from a peer that knows the extension ends the timer.
            self.session.interval_s = None;
            self.start_session(ctx);
            return;
        };
        let timer = request.headers.supported().is_ok_and(|set| set.contains("timer"));
        // A peer without the extension cannot refresh: a proxy asked, we do it.
        let refresher = match wanted.refresher {
            Some(Refresher::Uas) => Refresher::Uas,
            Some(Refresher::Uac) | None if timer => Refresher::Uac,
            Some(Refresher::Uac) | None => Refresher::Uas,
        };
        let interval_s = wanted.interval_s.max(MIN_INTERVAL_S);
        let role = match refresher {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        };
        let headers = &mut response.headers;
        headers.push(HeaderName::SessionExpires, format!("{interval_s};refresher={role}"));
        if timer {
            headers.push(HeaderName::Require, "timer");
        }
        self.session.interval_s = Some(interval_s);
        self.session.we_refresh = refresher == Refresher::Uas;
        self.start_session(ctx);
    }

    /// Our Session-Expires in a refresh (RFC 4028 7.4): the roles stay.
    pub(super) fn push_session(&self, request: &mut Request) {
        let headers = &mut request.headers;
        headers.push(HeaderName::Supported, "timer");
        if let Some(interval_s) = self.session.interval_s {
            let interval_s = interval_s.max(self.min_se_s);
            let role = if self.session.we_refresh { "uac" } else { "uas" };
            headers.push(HeaderName::SessionExpires, format!("{interval_s};refresher={role}"));
            headers.push(HeaderName::MinSe, self.min_se_s.to_string());
        }
    }

    fn start_session(&mut self, ctx: &mut Ctx<'_>) {
        self.stop(ctx, CallTimer::Refresh);
        self.stop(ctx, CallTimer::SessionExpired);
        let Some(interval_s) = self.session.interval_s else { return };
        let interval_ms = u64::from(interval_s) * 1_000;
        // RFC 4028 10: BYE a third of the interval, at most 32 s, before it runs out.
        let margin_ms = (interval_ms / 3).min(MAX_MARGIN_MS);
        self.start(ctx, CallTimer::SessionExpired, interval_ms - margin_ms);
        if self.session.we_refresh {
            self.start(ctx, CallTimer::Refresh, interval_ms / 2);
        }
    }
}

/// RFC 4028 4: no interval is smaller.
pub(super) const MIN_INTERVAL_S: u32 = 90;
const MAX_MARGIN_MS: u64 = 32_000;
