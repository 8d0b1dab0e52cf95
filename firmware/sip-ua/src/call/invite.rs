//! The INVITE of a call: sending and repeating it, provisional responses and PRACK
//! (RFC 3262), the answer, forks that answer too, and the BYE.
//!
//! Deliberately not here: offers inside an answered call; see [`super::offer`].

use super::offer::Sent;
use super::{Call, State};
use crate::api::{EndCause, EndedBy, Event, Sdp};
use crate::ctx::{CallTimer, Ctx, Purpose};
use crate::dialog::{Dialog, SDP};
use crate::ids;
use crate::trunk::Attempt;
use crate::wire;
use sip::{HeaderName, Method, Request, Response, StatusCode};
use vocab::Pii;

impl Call {
    /// Sends the INVITE, again with a higher CSeq after a challenge or a 422.
    pub(super) fn invite(&mut self, ctx: &mut Ctx<'_>) -> State {
        self.tries += 1;
        self.seq += 1;
        self.forks.clear();
        let mut request = self.build_invite();
        self.invite_credentials = self.auth.headers(&request, ctx.ids);
        for (name, value) in &self.invite_credentials {
            request.headers.push(name.clone(), value.as_str());
        }
        self.invite = ctx.send(request, self.spec.flow, self.owner(Purpose::Invite));
        if self.invite.is_some() {
            return State::Calling;
        }
        let text = "too many transactions";
        self.end(ctx, EndCause::of(EndedBy::Local, Attempt::GivenUp, text))
    }

    fn build_invite(&self) -> Request {
        let mut from = self.spec.from.clone();
        from.set_tag(&self.local_tag);
        let mut request = Request::new(Method::Invite, self.spec.target.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, wire::MAX_FORWARDS);
        for route in &self.spec.routes {
            headers.push(HeaderName::Route, route.as_str());
        }
        headers.push(HeaderName::From, from.to_string());
        headers.push(HeaderName::To, self.spec.to.to_string());
        headers.push(HeaderName::CallId, self.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{} INVITE", self.seq));
        headers.push(HeaderName::Contact, self.contact.to_string());
        if let Some(identity) = &self.spec.asserted_identity {
            headers.push(HeaderName::PAssertedIdentity, identity.to_string());
        }
        headers.push(HeaderName::Allow, wire::ALLOW);
        let supported = if self.spec.reliable_provisionals { "timer, 100rel" } else { "timer" };
        headers.push(HeaderName::Supported, supported);
        if let Some(interval_s) = self.spec.session_expires_s {
            let interval_s = interval_s.max(self.min_se_s);
            headers.push(HeaderName::SessionExpires, interval_s.to_string());
            headers.push(HeaderName::MinSe, self.min_se_s.to_string());
        }
        headers.push(HeaderName::UserAgent, wire::PRODUCT);
        request.set_body(SDP, self.spec.offer.clone());
        request
    }

    /// A provisional response above 100.
    pub(super) fn progress(&mut self, ctx: &mut Ctx<'_>, response: &Response) {
        self.rang = true;
        let Some((fork, reliable)) = self.acknowledge_progress(ctx, response) else { return };
        let sdp = wire::sdp(&response.headers, &response.body);
        if let (true, Some(tag)) = (reliable, wire::to_tag(&response.headers))
            && let Some(fork) = self.forks.get_mut(&tag)
            && fork.answer.is_none()
        {
            fork.answer.clone_from(&sdp);
        }
        ctx.event(Event::Provisional {
            handle: self.handle,
            status: response.status.code(),
            reliable,
            sdp: sdp.map(Sdp),
            fork,
        });
    }

    /// Makes the early dialog and sends the PRACK of a reliable response. `None` for one
    /// that repeats or overtakes another (RFC 3262 4): it is not processed.
    pub(super) fn acknowledge_progress(
        &mut self,
        ctx: &mut Ctx<'_>,
        response: &Response,
    ) -> Option<(u32, bool)> {
        let Some(tag) = wire::to_tag(&response.headers) else { return Some((0, false)) };
        if !self.forks.contains(&tag) {
            let dialog = Dialog::from_response(response, &self.contact, self.spec.flow)?;
            self.forks.add(dialog)?;
        }
        let fork = self.forks.get_mut(&tag)?;
        fork.allows_update |= allows_update(response);
        let number = fork.number;
        let required = response.headers.require().is_ok_and(|set| set.contains("100rel"));
        let Some(rseq) = response.headers.rseq().ok().flatten().filter(|_| required) else {
            return Some((number, false));
        };
        if fork.rseq.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return None;
        }
        fork.rseq = Some(rseq);
        let mut prack = fork.dialog.request(Method::Prack);
        prack.headers.push(HeaderName::RAck, format!("{rseq} {} INVITE", self.seq));
        self.send_in_dialog(ctx, &tag, prack, Purpose::Prack);
        Some((number, true))
    }

    /// The first 2xx.
    pub(super) fn answered(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> State {
        self.stop(ctx, CallTimer::Ring);
        let Some(tag) = self.take_success(ctx, response) else {
            let text = "2xx cannot be read";
            return self.end(ctx, EndCause::of(EndedBy::Remote, Attempt::Answered, text));
        };
        self.forks.choose(&tag);
        let sdp = wire::sdp(&response.headers, &response.body);
        let Some(fork) = self.forks.chosen() else { return State::Releasing };
        fork.allows_update |= allows_update(response);
        let (answer, snapshot) = (fork.answer.take().or(sdp), fork.dialog.snapshot());
        let Some(answer) = answer else {
            self.how = Some(EndCause {
                status: Some(StatusCode::NOT_ACCEPTABLE_HERE.code()),
                attempt: Attempt::Answered,
                ..EndCause::local(Some(Q850_INCOMPATIBLE), "no session description")
            });
            return self.release(ctx);
        };
        self.agree_session(ctx, &response.headers);
        self.session.remote_sdp.clone_from(&answer);
        self.session.local_sdp.clone_from(&self.spec.offer);
        ctx.event(Event::Answered { handle: self.handle, sdp: Sdp(answer), dialog: snapshot });
        State::Confirmed
    }

    /// A 2xx that crossed our CANCEL (RFC 3261 9.1).
    pub(super) fn answered_too_late(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> State {
        self.stop(ctx, CallTimer::Ring);
        self.stop(ctx, CallTimer::CancelUnanswered);
        let Some(tag) = self.take_success(ctx, response) else { return self.end_as_noted(ctx) };
        self.forks.choose(&tag);
        self.release(ctx)
    }

    /// A 2xx after the first: the same again, or another fork (RFC 3261 13.2.2.4).
    pub(super) fn repeated_success(&mut self, ctx: &mut Ctx<'_>, response: &Response) {
        let tag = wire::to_tag(&response.headers).unwrap_or_default();
        let Some((seq, _)) = wire::cseq(&response.headers) else { return };
        if let Some(fork) = self.forks.get_mut(&tag)
            && let Some(bytes) = fork.dialog.ack_again(seq)
        {
            let flow = fork.dialog.flow();
            ctx.send_bytes(flow, bytes);
            return;
        }
        if seq != self.seq || self.forks.is_chosen(&tag) {
            return;
        }
        let Some(tag) = self.take_success(ctx, response) else { return };
        if let Some(fork) = self.forks.get_mut(&tag) {
            let bye = fork.dialog.request(Method::Bye);
            self.send_in_dialog(ctx, &tag, bye, Purpose::SurplusBye);
        }
    }

    /// Confirms the dialog of a 2xx and sends its ACK.
    fn take_success(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> Option<String> {
        let tag = wire::to_tag(&response.headers).unwrap_or_default();
        if !self.forks.contains(&tag) {
            let dialog = Dialog::from_response(response, &self.contact, self.spec.flow)?;
            self.forks.add(dialog)?;
        }
        let fork = self.forks.get_mut(&tag)?;
        fork.dialog.confirm(response);
        let branch = ids::branch(ctx.ids);
        let bytes = fork.dialog.ack(self.seq, &branch, &self.invite_credentials, None);
        ctx.send_bytes(fork.dialog.flow(), bytes);
        Some(tag)
    }

    /// A final failure: once more with credentials or a longer interval, or the end.
    pub(super) fn refused(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> State {
        if !self.rang && self.tries < MAX_INVITES && self.may_repeat(response) {
            return self.invite(ctx);
        }
        let cause = self.failure(response);
        self.invite = None;
        self.end(ctx, cause)
    }

    fn may_repeat(&mut self, response: &Response) -> bool {
        match response.status {
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                self.auth.challenged(response)
            }
            StatusCode::SESSION_INTERVAL_TOO_SMALL => {
                let wanted = response.headers.min_se().ok().flatten();
                let Some(min_se_s) = wanted.filter(|s| *s > self.min_se_s) else { return false };
                self.min_se_s = min_se_s;
                min_se_s <= MAX_MIN_SE_S && self.spec.session_expires_s.is_some()
            }
            _ => false,
        }
    }

    /// The final response to a cancelled INVITE: 487, or what crossed the CANCEL.
    pub(super) fn cancelled(&mut self, ctx: &mut Ctx<'_>, response: &Response) -> State {
        let mut cause = self.how.take().unwrap_or_else(|| EndCause::local(None, "cancelled"));
        cause.status = Some(response.status.code());
        self.invite = None;
        self.end(ctx, cause)
    }

    /// Says BYE in the answered dialog.
    pub(super) fn release(&mut self, ctx: &mut Ctx<'_>) -> State {
        self.stop(ctx, CallTimer::Refresh);
        self.stop(ctx, CallTimer::SessionExpired);
        self.drop_offers(ctx);
        let reason = self.how.as_ref().and_then(super::reason_header);
        let Some(tag) = self.forks.chosen_tag().map(str::to_owned) else {
            return self.end_as_noted(ctx);
        };
        let Some(fork) = self.forks.get_mut(&tag) else { return self.end_as_noted(ctx) };
        let mut bye = fork.dialog.request(Method::Bye);
        if let Some(reason) = reason {
            bye.headers.push(HeaderName::Reason, reason);
        }
        if self.send_in_dialog(ctx, &tag, bye, Purpose::Bye) {
            State::Releasing
        } else {
            self.end_as_noted(ctx)
        }
    }

    /// Sends a request of one dialog with the credentials known so far.
    pub(super) fn send_in_dialog(
        &mut self,
        ctx: &mut Ctx<'_>,
        tag: &str,
        mut request: Request,
        purpose: Purpose,
    ) -> bool {
        let Some(fork) = self.forks.get_mut(tag) else { return false };
        let flow = fork.dialog.flow();
        let plain = request.clone();
        for (name, value) in self.auth.headers(&request, ctx.ids) {
            request.headers.push(name, value);
        }
        let sent = ctx.send(request, flow, self.owner(purpose));
        if let Some(id) = sent {
            self.sent.insert(id, Sent { tag: tag.to_owned(), request: plain, repeated: false });
        }
        sent.is_some()
    }

    fn failure(&self, response: &Response) -> EndCause {
        let status = response.status.code();
        let text = response.status.default_reason();
        let q850 = wire::q850(&response.headers);
        let may_have_rung = self.rang || self.may_have_missed_ringing(q850);
        let attempt = Attempt::Refused { status, may_have_rung };
        let mut cause = EndCause::of(EndedBy::Remote, attempt, text);
        cause.status = Some(status);
        cause.q850 = q850;
        cause.retry_after_s = wire::retry_after_s(&response.headers);
        if response.status.class() == 3
            && let Ok(sip::Contacts::List(list)) = response.headers.contacts()
        {
            cause.targets =
                list.iter().take(MAX_TARGETS).map(|contact| Pii::new(contact.uri.to_string())).collect();
        }
        cause
    }

    /// On a transport that loses messages a 180 may be missing between the 100 and this refusal, unless its cause
    /// says that no circuit was found. Where nothing is lost it would have come before.
    fn may_have_missed_ringing(&self, q850: Option<u8>) -> bool {
        self.state == State::Proceeding
            && !self.spec.flow.transport.is_reliable()
            && !q850.is_some_and(found_no_circuit)
    }
}

/// Whether a cause of the refusing side says that it found no way to set the call up (Q.850 2.2, class 2).
fn found_no_circuit(q850: u8) -> bool {
    matches!(q850, 34 | 42 | 44 | 47)
}

fn allows_update(response: &Response) -> bool {
    response.headers.allow().is_ok_and(|set| set.contains("UPDATE"))
}

/// INVITEs of one call: the first, one per challenge (server and proxy), one for a 422.
pub(super) const MAX_INVITES: u32 = 4;
/// Targets of a redirection that are reported.
const MAX_TARGETS: usize = 8;
/// Longest Min-SE we follow: one day.
const MAX_MIN_SE_S: u32 = 86_400;
/// Q.850 cause 88: incompatible destination.
const Q850_INCOMPATIBLE: u8 = 88;
