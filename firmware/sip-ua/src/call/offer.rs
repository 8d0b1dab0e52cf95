//! Offers of ours inside an answered call: re-INVITE (RFC 3261 14.1), refreshes by UPDATE
//! or re-INVITE (RFC 4028), and the responses to all requests of a dialog.
//!
//! Deliberately not here: offers of the peer; see [`super::offer_in`].

use super::{Call, Input, State};
use crate::api::{EndCause, EndedBy, Event, OfferResult, Sdp};
use crate::ctx::{CallTimer, Ctx, Purpose, Undone};
use crate::dialog::SDP;
use crate::ids;
use crate::transaction::TxId;
use crate::trunk::Attempt;
use crate::wire;
use sip::{HeaderName, Method, Request, Response, StatusCode};

/// A request of a dialog that waits for its final response.
pub(super) struct Sent {
    pub tag: String,
    /// The request without credentials.
    pub request: Request,
    pub repeated: bool,
}

/// The offer of ours that is out.
pub(super) struct OfferOut {
    sdp: Vec<u8>,
    /// Nobody asked for it: it only keeps the session alive.
    refresh: bool,
    tries: u32,
}

/// Why an offer cannot be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// No such call.
    #[error("there is no such call")]
    NoCall,
    /// The call is not answered, or already ending.
    #[error("the call is not in conversation")]
    NotInConversation,
    /// Another offer is open (RFC 3264 4): try again when it is answered.
    #[error("another offer is open")]
    Busy,
    /// There is no offer of the peer to answer.
    #[error("the peer has made no offer")]
    NothingOffered,
}

impl Call {
    /// Sends a re-INVITE with a new offer.
    pub(crate) fn reoffer(&mut self, ctx: &mut Ctx<'_>, sdp: Vec<u8>) -> Result<(), OfferError> {
        if self.state != State::Confirmed {
            return Err(OfferError::NotInConversation);
        }
        if self.offer_is_open() {
            return Err(OfferError::Busy);
        }
        self.send_offer(ctx, OfferOut { sdp, refresh: false, tries: 1 });
        Ok(())
    }

    pub(super) fn offer_is_open(&self) -> bool {
        self.offer_out.is_some() || self.offer_in.is_some() || self.ack_wait.is_some()
    }

    /// The session wants its refresh.
    pub(super) fn refresh(&mut self, ctx: &mut Ctx<'_>) {
        if self.state != State::Confirmed {
            return;
        }
        if self.offer_is_open() {
            self.start(ctx, CallTimer::Refresh, REFRESH_RETRY_MS);
            return;
        }
        let sdp = self.session.local_sdp.clone();
        self.send_offer(ctx, OfferOut { sdp, refresh: true, tries: 1 });
    }

    pub(super) fn reoffer_after_glare(&mut self, ctx: &mut Ctx<'_>) {
        let Some(offer) = self.offer_out.take() else { return };
        if self.offer_in.is_some() || self.ack_wait.is_some() {
            // The peer's offer is being answered: ours waits for another turn.
            self.offer_out = Some(offer);
            self.start(ctx, CallTimer::Glare, GLARE_RETRY_MS);
            return;
        }
        self.send_offer(ctx, offer);
    }

    fn send_offer(&mut self, ctx: &mut Ctx<'_>, offer: OfferOut) {
        let Some(tag) = self.forks.chosen_tag().map(str::to_owned) else { return };
        let Some(fork) = self.forks.get_mut(&tag) else { return };
        let by_update = offer.refresh && fork.allows_update;
        let method = if by_update { Method::Update } else { Method::Invite };
        let mut request = fork.dialog.request(method);
        request.headers.push(HeaderName::Allow, wire::ALLOW);
        self.push_session(&mut request);
        if !by_update {
            request.set_body(SDP, offer.sdp.clone());
        }
        self.offer_out = Some(offer);
        self.start(ctx, CallTimer::ReofferUnanswered, REOFFER_LIMIT_MS);
        if !self.send_in_dialog(ctx, &tag, request, Purpose::Reoffer) {
            self.offer_failed(ctx, StatusCode::SERVICE_UNAVAILABLE.code());
        }
    }

    /// A re-INVITE got provisional responses only: no timer of its transaction ends it.
    pub(super) fn reoffer_unanswered(&mut self, ctx: &mut Ctx<'_>) {
        if self.offer_out.is_some() {
            self.abandon_reinvites(ctx);
            self.dialog_is_dead(ctx, None);
        }
    }

    /// Gives up re-INVITEs that wait for a final response.
    pub(super) fn abandon_reinvites(&mut self, ctx: &mut Ctx<'_>) {
        self.sent.retain(|id, sent| {
            let open = sent.request.method == Method::Invite;
            if open {
                ctx.layer.abandon(*id);
            }
            !open
        });
    }

    /// A response to any request of the call.
    pub(crate) fn response(&mut self, ctx: &mut Ctx<'_>, id: TxId, purpose: Purpose, response: &Response) {
        match purpose {
            Purpose::Invite if self.invite == Some(id) => self.invite_response(ctx, response),
            Purpose::Invite | Purpose::Cancel => {}
            Purpose::Reoffer if is_invite_success(response) => {
                self.acknowledge(ctx, response);
                if self.sent.remove(&id).is_some() {
                    self.offer_answered(ctx, response);
                }
            }
            Purpose::Prack | Purpose::Reoffer | Purpose::Bye | Purpose::SurplusBye | Purpose::Info => {
                if response.status.is_final() && !self.repeat_with_login(ctx, id, purpose, response) {
                    self.sent.remove(&id);
                    self.finished(ctx, purpose, response);
                }
            }
        }
    }

    fn invite_response(&mut self, ctx: &mut Ctx<'_>, response: &Response) {
        let input = if response.status == StatusCode::TRYING {
            Input::Trying
        } else if response.status.is_provisional() {
            Input::Provisional(response)
        } else if response.status.is_success() {
            Input::Success(response)
        } else {
            Input::Failure(response)
        };
        self.step(ctx, input);
    }

    /// No response came, or the request could not be sent.
    pub(crate) fn unanswered(&mut self, ctx: &mut Ctx<'_>, id: TxId, purpose: Purpose, how: Undone) {
        self.sent.remove(&id);
        match purpose {
            Purpose::Invite if self.invite == Some(id) => {
                let input = match how {
                    Undone::Unanswered => Input::Unanswered,
                    Undone::Broken => Input::Undeliverable(Attempt::Broken),
                    Undone::NotSent => Input::Undeliverable(Attempt::NotSent),
                };
                self.step(ctx, input);
            }
            Purpose::Invite | Purpose::Cancel | Purpose::Prack | Purpose::SurplusBye => {}
            Purpose::Bye => self.step(ctx, Input::Released),
            // RFC 3261 12.2.1.2: no answer inside a dialog ends it.
            Purpose::Reoffer | Purpose::Info => self.dialog_is_dead(ctx, None),
        }
    }

    fn finished(&mut self, ctx: &mut Ctx<'_>, purpose: Purpose, response: &Response) {
        let status = response.status;
        let gone = matches!(status, StatusCode::CALL_DOES_NOT_EXIST | StatusCode::REQUEST_TIMEOUT);
        match purpose {
            Purpose::Bye => self.step(ctx, Input::Released),
            Purpose::Reoffer | Purpose::Info if gone => {
                self.dialog_is_dead(ctx, Some(status.code()));
            }
            Purpose::Reoffer if status.is_success() => self.offer_answered(ctx, response),
            Purpose::Reoffer => self.offer_refused(ctx, response),
            Purpose::Invite | Purpose::Cancel | Purpose::Prack | Purpose::SurplusBye | Purpose::Info => {}
        }
    }

    /// Repeats a challenged request of the dialog once, with credentials.
    fn repeat_with_login(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: TxId,
        purpose: Purpose,
        response: &Response,
    ) -> bool {
        let asked =
            matches!(response.status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        if !asked || self.sent.get(&id).is_none_or(|sent| sent.repeated) {
            return false;
        }
        if !self.auth.challenged(response) {
            return false;
        }
        let Some(Sent { tag, mut request, .. }) = self.sent.remove(&id) else { return false };
        let Some(fork) = self.forks.get_mut(&tag) else { return false };
        fork.dialog.renumber(&mut request);
        if !self.send_in_dialog(ctx, &tag, request, purpose) {
            return false;
        }
        if let Some(mut newest) = self.sent.last_entry() {
            newest.get_mut().repeated = true;
        }
        true
    }

    /// ACKs a 2xx to a re-INVITE, the same ACK for each repetition.
    fn acknowledge(&mut self, ctx: &mut Ctx<'_>, response: &Response) {
        let Some((seq, _)) = wire::cseq(&response.headers) else { return };
        let Some(fork) = self.forks.chosen() else { return };
        if fork.dialog.ack_again(seq).is_none() {
            fork.dialog.refresh_target(&response.headers);
        }
        let branch = ids::branch(ctx.ids);
        let bytes = fork.dialog.ack(seq, &branch, &self.invite_credentials, None);
        ctx.send_bytes(fork.dialog.flow(), bytes);
    }

    fn offer_answered(&mut self, ctx: &mut Ctx<'_>, response: &Response) {
        let Some(offer) = self.offer_out.take() else { return };
        self.stop(ctx, CallTimer::ReofferUnanswered);
        self.agree_session(ctx, &response.headers);
        let answer = wire::sdp(&response.headers, &response.body);
        let changed = answer.as_ref().is_some_and(|sdp| *sdp != self.session.remote_sdp);
        if let Some(sdp) = &answer {
            self.session.remote_sdp.clone_from(sdp);
        }
        let handle = self.handle;
        match (offer.refresh, answer) {
            (true, sdp) if changed => ctx.event(Event::RemoteAnswer { handle, sdp: sdp.map(Sdp) }),
            (true, _) => {}
            (false, Some(sdp)) => {
                self.session.local_sdp = offer.sdp;
                ctx.event(Event::Reoffered { handle, result: OfferResult::Accepted(sdp) });
            }
            (false, None) => {
                let status = StatusCode::NOT_ACCEPTABLE_HERE.code();
                ctx.event(Event::Reoffered { handle, result: OfferResult::Refused(status) });
            }
        }
    }

    fn offer_refused(&mut self, ctx: &mut Ctx<'_>, response: &Response) {
        let Some(offer) = &mut self.offer_out else { return };
        let again = offer.tries < MAX_OFFER_TRIES;
        offer.tries += 1;
        match response.status {
            StatusCode::REQUEST_PENDING if again => {
                // RFC 3261 14.1: the owner of the Call-ID, us, waits 2.1 to 4 s.
                let wait_ms = ids::between(ctx.ids, 210, 400) * 10;
                self.start(ctx, CallTimer::Glare, wait_ms);
            }
            StatusCode::SESSION_INTERVAL_TOO_SMALL if again => {
                let wanted = response.headers.min_se().ok().flatten();
                self.min_se_s = self.min_se_s.max(wanted.unwrap_or(self.min_se_s * 2));
                if let Some(offer) = self.offer_out.take() {
                    self.send_offer(ctx, offer);
                }
            }
            status => self.offer_failed(ctx, status.code()),
        }
    }

    /// The session stays as it was. A refresh is tried again until the session runs out.
    fn offer_failed(&mut self, ctx: &mut Ctx<'_>, status: u16) {
        let Some(offer) = self.offer_out.take() else { return };
        self.stop(ctx, CallTimer::ReofferUnanswered);
        if offer.refresh {
            self.start(ctx, CallTimer::Refresh, REFRESH_RETRY_MS);
        } else {
            let result = OfferResult::Refused(status);
            ctx.event(Event::Reoffered { handle: self.handle, result });
        }
    }

    fn dialog_is_dead(&mut self, ctx: &mut Ctx<'_>, status: Option<u16>) {
        let mut cause = EndCause::local(None, "the peer lost the dialog");
        cause.by = if status.is_some() { EndedBy::Remote } else { EndedBy::Timeout };
        cause.status = status;
        self.step(ctx, Input::GiveUp(cause));
    }
}

fn is_invite_success(response: &Response) -> bool {
    response.status.is_success()
        && wire::cseq(&response.headers).is_some_and(|(_, method)| method == Method::Invite)
}

/// Attempts of one offer against 491 and 422.
const MAX_OFFER_TRIES: u32 = 4;
/// When the peer's offer is still open after a glare.
const GLARE_RETRY_MS: u64 = 2_000;
/// The pause after a refresh that was refused or found another offer open.
const REFRESH_RETRY_MS: u64 = 10_000;
/// How long a re-INVITE may stay without a final response, its retries included.
const REOFFER_LIMIT_MS: u64 = 64_000;
