//! Offers of the peer inside a call: re-INVITE and UPDATE (RFC 3261 14.2, RFC 3311 5.2),
//! and the repetition of our 2xx until its ACK (RFC 3261 13.3.1.4).
//!
//! Deliberately not here: what the answer says; the owner of the call produces it.

use super::offer::OfferError;
use super::{Call, Input, State};
use crate::api::{EndCause, EndedBy, Event, Sdp};
use crate::ctx::{CallTimer, Ctx};
use crate::dialog::SDP;
use crate::ids;
use crate::transaction::TxId;
use crate::wire;
use sip::{HeaderName, Method, Request, Response};

/// An offer of the peer that the owner of the call has to answer.
pub(super) struct OfferIn {
    tx: TxId,
    request: Box<Request>,
    /// The re-INVITE had no description: our 2xx makes the offer.
    asks_us: bool,
}

/// Our 2xx to a re-INVITE waits for its ACK.
pub(super) struct AckWait {
    tx: TxId,
    seq: u32,
    interval_ms: u64,
    /// The ACK brings the answer.
    wants_answer: bool,
}

impl Call {
    /// A re-INVITE, or an UPDATE with a description.
    pub(super) fn offered(&mut self, ctx: &mut Ctx<'_>, tx: TxId, request: Request) {
        let invite = request.method == Method::Invite;
        let sdp = wire::sdp(&request.headers, &request.body);
        if self.session_too_small(ctx, &request) {
            let mut response = self.reply(&request, 422);
            response.headers.push(HeaderName::MinSe, ctx.config.min_se_s.to_string());
            return ctx.respond(tx, &response);
        }
        if self.offer_in.is_some() {
            // RFC 3261 14.2 and RFC 3311 5.2: 500 with a random Retry-After of 0 to 10 s.
            let mut response = self.reply(&request, 500);
            let wait_s = ids::between(ctx.ids, 0, 10);
            response.headers.push(HeaderName::RetryAfter, wait_s.to_string());
            return ctx.respond(tx, &response);
        }
        let own_is_open = self.offer_out.is_some()
            || self.ack_wait.as_ref().is_some_and(|wait| wait.wants_answer)
            || !self.may_be_offered(invite, &request);
        if own_is_open {
            return ctx.respond(tx, &self.reply(&request, 491));
        }
        if invite {
            ctx.respond(tx, &wire::response(&request, 100, None));
        }
        let asks_us = sdp.is_none();
        self.offer_in = Some(OfferIn { tx, request: Box::new(request), asks_us });
        self.start(ctx, CallTimer::OfferUnanswered, ctx.config.offer_timeout_ms);
        ctx.event(Event::RemoteOffer { handle: self.handle, sdp: sdp.map(Sdp) });
    }

    /// In an early dialog only an UPDATE may offer, after our INVITE's offer was answered.
    fn may_be_offered(&mut self, invite: bool, request: &Request) -> bool {
        if self.state == State::Confirmed {
            return true;
        }
        let tag = wire::from_tag(&request.headers).unwrap_or_default();
        !invite
            && self.state == State::Proceeding
            && self.forks.get_mut(&tag).is_some_and(|fork| fork.answer.is_some())
    }

    /// The owner's answer (or, where the peer asked for one, offer).
    pub(crate) fn answer_offer(&mut self, ctx: &mut Ctx<'_>, sdp: &[u8]) -> Result<(), OfferError> {
        let OfferIn { tx, request, asks_us } = self.offer_in.take().ok_or(OfferError::NothingOffered)?;
        self.stop(ctx, CallTimer::OfferUnanswered);
        let mut response = self.reply(&request, 200);
        response.headers.push(HeaderName::Contact, self.contact.to_string());
        response.headers.push(HeaderName::Allow, wire::ALLOW);
        response.headers.push(HeaderName::Supported, "timer");
        self.answer_session(ctx, &request, &mut response);
        response.set_body(SDP, sdp.to_vec());
        self.session.local_sdp = sdp.to_vec();
        if let Some(offer) = wire::sdp(&request.headers, &request.body) {
            self.session.remote_sdp = offer;
        }
        ctx.respond(tx, &response);
        if request.method == Method::Invite {
            let seq = wire::cseq(&request.headers).map_or(0, |(seq, _)| seq);
            let interval_ms = ctx.config.timing.t1_ms;
            self.ack_wait = Some(AckWait { tx, seq, interval_ms, wants_answer: asks_us });
            self.start(ctx, CallTimer::RepeatAnswer, interval_ms);
            self.start(ctx, CallTimer::AckMissing, ctx.config.timing.transaction_ms());
        }
        Ok(())
    }

    /// The owner refuses the offer; the session stays as it was.
    pub(crate) fn reject_offer(&mut self, ctx: &mut Ctx<'_>, status: u16) -> Result<(), OfferError> {
        let offer = self.offer_in.take().ok_or(OfferError::NothingOffered)?;
        self.stop(ctx, CallTimer::OfferUnanswered);
        let status = if (300..700).contains(&status) { status } else { 488 };
        ctx.respond(offer.tx, &self.reply(&offer.request, status));
        Ok(())
    }

    pub(super) fn offer_unanswered(&mut self, ctx: &mut Ctx<'_>) {
        if self.reject_offer(ctx, 500).is_ok() {
            ctx.event(Event::OfferWithdrawn { handle: self.handle });
        }
    }

    /// The peer cancels its re-INVITE (RFC 3261 9.2).
    pub(crate) fn offer_cancelled(&mut self, ctx: &mut Ctx<'_>, tx: TxId) {
        if self.offer_in.as_ref().is_some_and(|offer| offer.tx == tx) && self.reject_offer(ctx, 487).is_ok() {
            ctx.event(Event::OfferWithdrawn { handle: self.handle });
        }
    }

    /// The call is ending: open offers get their final responses.
    pub(super) fn drop_offers(&mut self, ctx: &mut Ctx<'_>) {
        // 487 says that the call is being terminated.
        if self.offer_in.is_some() {
            let _refused = self.reject_offer(ctx, 487);
        }
        self.offer_out = None;
        self.ack_wait = None;
        self.stop(ctx, CallTimer::RepeatAnswer);
        self.stop(ctx, CallTimer::AckMissing);
        self.stop(ctx, CallTimer::Glare);
        self.stop(ctx, CallTimer::ReofferUnanswered);
    }

    /// An ACK of the peer.
    pub(crate) fn acknowledged(&mut self, ctx: &mut Ctx<'_>, ack: &Request) {
        let seq = wire::cseq(&ack.headers).map(|(seq, _)| seq);
        let Some(wait) = self.ack_wait.take_if(|wait| Some(wait.seq) == seq) else { return };
        self.stop(ctx, CallTimer::RepeatAnswer);
        self.stop(ctx, CallTimer::AckMissing);
        if wait.wants_answer {
            let sdp = wire::sdp(&ack.headers, &ack.body);
            if let Some(sdp) = &sdp {
                self.session.remote_sdp.clone_from(sdp);
            }
            ctx.event(Event::RemoteAnswer { handle: self.handle, sdp: sdp.map(Sdp) });
        }
    }

    pub(super) fn repeat_answer(&mut self, ctx: &mut Ctx<'_>) {
        let Some(wait) = &mut self.ack_wait else { return };
        wait.interval_ms = (wait.interval_ms * 2).min(ctx.config.timing.t2_ms);
        let (tx, interval_ms) = (wait.tx, wait.interval_ms);
        if ctx.layer.repeat_success(tx, ctx.effects) {
            self.start(ctx, CallTimer::RepeatAnswer, interval_ms);
        }
    }

    /// RFC 3261 13.3.1.4: without an ACK the session ends.
    pub(super) fn ack_missing(&mut self, ctx: &mut Ctx<'_>) {
        if self.ack_wait.take().is_some() {
            let mut cause = EndCause::local(None, "no ACK");
            cause.by = EndedBy::Timeout;
            self.step(ctx, Input::GiveUp(cause));
        }
    }

    pub(super) fn reply(&self, request: &Request, status: u16) -> Response {
        wire::response(request, status, Some(&self.local_tag))
    }
}
