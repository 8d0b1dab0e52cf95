//! Requests of the peer inside the dialogs of a call, and INFO of ours.
//!
//! Deliberately not here: REFER and its kin. Nobody transfers a call of this box (L-23).

use super::offer::OfferError;
use super::{Call, Input, State};
use crate::api::{EndCause, EndedBy, Event};
use crate::core_uas;
use crate::ctx::{Ctx, Purpose};
use crate::flow::Flow;
use crate::transaction::TxId;
use crate::trunk::Attempt;
use crate::wire;
use sip::{HeaderName, Method, Request};
use vocab::Secret;

impl Call {
    /// A request with our To tag.
    pub(crate) fn request(&mut self, ctx: &mut Ctx<'_>, tx: TxId, request: Request, flow: Flow) {
        let tag = wire::from_tag(&request.headers).unwrap_or_default();
        let known = self.forks.get_mut(&tag).filter(|fork| fork.dialog.matches(&request.headers));
        let Some(fork) = known.filter(|_| self.state != State::Ended) else {
            return ctx.respond(tx, &wire::response(&request, 481, None));
        };
        if fork.dialog.accept(&request).is_err() {
            return ctx.respond(tx, &self.reply(&request, 500));
        }
        fork.dialog.follow(flow);
        if let Some(mut response) = core_uas::refuse_in_dialog(&request) {
            response.headers.push(HeaderName::Supported, core_uas::SUPPORTED);
            return ctx.respond(tx, &response);
        }
        self.serve(ctx, tx, &tag, request);
    }

    fn serve(&mut self, ctx: &mut Ctx<'_>, tx: TxId, tag: &str, request: Request) {
        match request.method {
            Method::Bye => self.bye(ctx, tx, tag, &request),
            Method::Invite => self.offered(ctx, tx, request),
            Method::Update if wire::sdp(&request.headers, &request.body).is_some() => {
                self.offered(ctx, tx, request);
            }
            Method::Update => self.refreshed(ctx, tx, &request),
            Method::Info => self.info(ctx, tx, request),
            Method::Options => ctx.respond(tx, &core_uas::capabilities(&request, &self.local_tag)),
            // We send no reliable provisional responses and keep no other transactions.
            Method::Prack | Method::Cancel => ctx.respond(tx, &self.reply(&request, 481)),
            Method::Ack
            | Method::Register
            | Method::Subscribe
            | Method::Notify
            | Method::Refer
            | Method::Message
            | Method::Publish
            | Method::Extension(_) => {
                let mut response = self.reply(&request, 405);
                response.headers.push(HeaderName::Allow, wire::ALLOW);
                ctx.respond(tx, &response);
            }
        }
    }

    fn bye(&mut self, ctx: &mut Ctx<'_>, tx: TxId, tag: &str, request: &Request) {
        let ours = matches!(self.state, State::Confirmed | State::Releasing);
        if !ours || !self.forks.is_chosen(tag) {
            // A surplus fork that hangs up by itself gets its 200; the callee of an early
            // dialog may not send BYE (RFC 3261 15) and its INVITE still has to be answered.
            let status = if ours { 200 } else { 481 };
            return ctx.respond(tx, &self.reply(request, status));
        }
        ctx.respond(tx, &self.reply(request, 200));
        let mut cause = EndCause::of(EndedBy::Remote, Attempt::Answered, "BYE");
        cause.q850 = wire::q850(&request.headers);
        self.step(ctx, Input::PeerBye(cause));
    }

    /// An UPDATE without a description refreshes the session only.
    fn refreshed(&mut self, ctx: &mut Ctx<'_>, tx: TxId, request: &Request) {
        if self.session_too_small(ctx, request) {
            let mut response = self.reply(request, 422);
            response.headers.push(HeaderName::MinSe, ctx.config.min_se_s.to_string());
            return ctx.respond(tx, &response);
        }
        let mut response = self.reply(request, 200);
        response.headers.push(HeaderName::Contact, self.contact.to_string());
        if self.state == State::Confirmed {
            self.answer_session(ctx, request, &mut response);
        }
        ctx.respond(tx, &response);
    }

    fn info(&mut self, ctx: &mut Ctx<'_>, tx: TxId, request: Request) {
        if request.body.len() > MAX_INFO_BYTES {
            return ctx.respond(tx, &self.reply(&request, 413));
        }
        ctx.respond(tx, &self.reply(&request, 200));
        let content_type = request.headers.get(&HeaderName::ContentType).unwrap_or_default();
        ctx.event(Event::Info {
            handle: self.handle,
            content_type: content_type.to_owned(),
            body: Secret::new(request.body),
        });
    }

    /// Sends an INFO in the answered dialog.
    pub(crate) fn send_info(
        &mut self,
        ctx: &mut Ctx<'_>,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(), OfferError> {
        if self.state != State::Confirmed {
            return Err(OfferError::NotInConversation);
        }
        let tag = self.forks.chosen_tag().map(str::to_owned).unwrap_or_default();
        let fork = self.forks.get_mut(&tag).ok_or(OfferError::NotInConversation)?;
        let mut request = fork.dialog.request(Method::Info);
        request.set_body(content_type, body);
        let sent = self.send_in_dialog(ctx, &tag, request, Purpose::Info);
        if sent { Ok(()) } else { Err(OfferError::Busy) }
    }
}

/// Largest body of an INFO; DTMF relay needs some 30 bytes.
pub const MAX_INFO_BYTES: usize = 2_048;
