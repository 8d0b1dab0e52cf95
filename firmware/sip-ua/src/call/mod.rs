//! An outgoing call from INVITE to its end: RFC 3261 9, 13, 14, 15 with RFC 3262 (reliable
//! provisional responses), RFC 3311 (UPDATE) and RFC 4028 (session timers).
//!
//! | state | input | next |
//! |---|---|---|
//! | Calling | 100 | Proceeding |
//! | Calling, Proceeding | 101–199 | Proceeding; PRACK if reliable |
//! | Calling, Proceeding | 2xx | Confirmed with ACK; Releasing (ACK, BYE) without an answer |
//! | Calling, Proceeding | 401, 407, 422 | Calling again, once each, if nothing rang |
//! | Calling, Proceeding | other final, timer B, transport error | Ended |
//! | Calling | give up | Cancelling; the CANCEL waits for a provisional response (9.1) |
//! | Proceeding | give up | Cancelling; CANCEL |
//! | Cancelling | first 1xx | CANCEL |
//! | Cancelling | 2xx | Releasing: ACK and BYE |
//! | Cancelling | other final, timer B, transport error, 64*T1 after CANCEL | Ended |
//! | Confirmed | give up | Releasing: BYE |
//! | Confirmed | BYE | Ended |
//! | Releasing | BYE answered or unanswered, or BYE of the peer | Ended |
//! | Confirmed, Releasing, Ended | 2xx again | the same ACK again |
//! | Cancelling, Confirmed, Releasing, Ended | 2xx of another fork | ACK and BYE for that fork |
//!
//! Every call ends: ringing is bounded by `ring_timeout_ms`, CANCEL, BYE and INVITE each by
//! 64*T1. Deliberately not here: the length of an answered call; its owner hangs up.
//! Redirections are never followed and nothing is ever transferred (L-23).

mod auth;
mod forks;
mod invite;
mod offer;
mod offer_in;
mod requests;
mod session;

use crate::api::{CallHandle, CallSpec, EndCause, EndedBy, Event};
use crate::ctx::{CallTimer, Ctx, Owner, Purpose, TimerKey};
use crate::ids;
use crate::transaction::TxId;
use crate::trunk::Attempt;
use crate::wire;
use auth::Auth;
pub(crate) use auth::Auth as DigestState;
use forks::Forks;
pub use offer::OfferError;
use offer::{OfferOut, Sent};
use offer_in::{AckWait, OfferIn};
pub use requests::MAX_INFO_BYTES;
use session::Session;
use sip::{HeaderName, NameAddr, Response};
use std::collections::BTreeMap;

/// The states of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Calling,
    Proceeding,
    Cancelling,
    Confirmed,
    Releasing,
    Ended,
}

/// What may happen to a call.
pub(crate) enum Input<'a> {
    Trying,
    Provisional(&'a Response),
    Success(&'a Response),
    Failure(&'a Response),
    Unanswered,
    /// The INVITE was not sent, or its flow broke: which of both the attempt says.
    Undeliverable(Attempt),
    GiveUp(EndCause),
    CancelUnanswered,
    PeerBye(EndCause),
    Released,
}

/// One outgoing call.
pub(crate) struct Call {
    pub(crate) handle: CallHandle,
    pub(crate) call_id: String,
    state: State,
    spec: CallSpec,
    contact: NameAddr,
    local_tag: String,
    seq: u32,
    invite: Option<TxId>,
    invite_credentials: Vec<(HeaderName, String)>,
    tries: u32,
    min_se_s: u32,
    rang: bool,
    cancel_sent: bool,
    how: Option<EndCause>,
    forks: Forks,
    auth: Auth,
    session: Session,
    sent: BTreeMap<TxId, Sent>,
    offer_out: Option<OfferOut>,
    offer_in: Option<OfferIn>,
    ack_wait: Option<AckWait>,
}

impl Call {
    /// Sends the INVITE.
    pub(crate) fn place(ctx: &mut Ctx<'_>, spec: CallSpec) -> Self {
        let contact = wire::own_contact(spec.contact_user.as_deref(), &spec.flow);
        let mut call = Self {
            handle: spec.handle,
            call_id: ids::call_id(ctx.ids),
            state: State::Calling,
            contact,
            local_tag: ids::tag(ctx.ids),
            seq: 0,
            invite: None,
            invite_credentials: Vec::new(),
            tries: 0,
            min_se_s: ctx.config.min_se_s,
            rang: false,
            cancel_sent: false,
            how: None,
            forks: Forks::default(),
            auth: Auth::new(spec.login.clone()),
            session: Session::default(),
            sent: BTreeMap::new(),
            offer_out: None,
            offer_in: None,
            ack_wait: None,
            spec,
        };
        call.start(ctx, CallTimer::Ring, call.spec.ring_timeout_ms.clamp(1, MAX_RING_MS));
        call.state = call.invite(ctx);
        call
    }

    /// One step of the machine.
    pub(crate) fn step(&mut self, ctx: &mut Ctx<'_>, input: Input<'_>) {
        use {Input as I, State as S};
        self.state = match (self.state, input) {
            (S::Calling, I::Trying) => {
                ctx.event(Event::Trying { handle: self.handle });
                S::Proceeding
            }
            (S::Calling | S::Proceeding, I::Provisional(response)) => {
                self.progress(ctx, response);
                S::Proceeding
            }
            (S::Calling | S::Proceeding, I::Success(response)) => self.answered(ctx, response),
            (S::Calling | S::Proceeding, I::Failure(response)) => self.refused(ctx, response),
            (S::Calling | S::Proceeding, I::Unanswered) => {
                self.end(ctx, EndCause::of(EndedBy::Timeout, Attempt::Silent, "no response"))
            }
            (S::Calling | S::Proceeding, I::Undeliverable(attempt)) => {
                self.end(ctx, EndCause::of(EndedBy::Transport, attempt, "not delivered"))
            }
            (S::Calling, I::GiveUp(cause)) => {
                self.how = Some(cause);
                S::Cancelling
            }
            (S::Proceeding, I::GiveUp(cause)) => {
                self.how = Some(cause);
                self.cancel(ctx);
                S::Cancelling
            }
            (S::Cancelling, I::Trying) => {
                self.cancel(ctx);
                S::Cancelling
            }
            (S::Cancelling, I::Provisional(response)) => {
                self.rang = true;
                self.acknowledge_progress(ctx, response);
                self.cancel(ctx);
                S::Cancelling
            }
            (S::Cancelling, I::Success(response)) => self.answered_too_late(ctx, response),
            (S::Cancelling, I::Failure(response)) => self.cancelled(ctx, response),
            (S::Cancelling, I::Unanswered | I::Undeliverable(_) | I::CancelUnanswered)
            | (S::Releasing, I::Released) => self.end_as_noted(ctx),
            (S::Confirmed, I::GiveUp(cause)) => {
                self.how = Some(cause);
                self.release(ctx)
            }
            (S::Confirmed, I::PeerBye(cause)) => self.end(ctx, cause),
            (S::Releasing, I::PeerBye(_)) => self.end_as_noted(ctx),
            (S::Confirmed | S::Releasing | S::Ended, I::Success(response)) => {
                self.repeated_success(ctx, response);
                self.state
            }
            (S::Proceeding | S::Confirmed | S::Releasing | S::Ended, I::Trying)
            | (S::Calling | S::Proceeding, I::CancelUnanswered | I::PeerBye(_) | I::Released)
            | (S::Cancelling, I::GiveUp(_) | I::PeerBye(_) | I::Released)
            | (
                S::Confirmed,
                I::Provisional(_)
                | I::Failure(_)
                | I::Unanswered
                | I::Undeliverable(_)
                | I::CancelUnanswered
                | I::Released,
            )
            | (
                S::Releasing,
                I::Provisional(_)
                | I::Failure(_)
                | I::Unanswered
                | I::Undeliverable(_)
                | I::GiveUp(_)
                | I::CancelUnanswered,
            )
            | (
                S::Ended,
                I::Provisional(_)
                | I::Failure(_)
                | I::Unanswered
                | I::Undeliverable(_)
                | I::GiveUp(_)
                | I::CancelUnanswered
                | I::PeerBye(_)
                | I::Released,
            ) => self.state,
        };
    }

    /// A timer of the call ran out.
    pub(crate) fn expired(&mut self, ctx: &mut Ctx<'_>, timer: CallTimer) {
        match timer {
            CallTimer::Ring => {
                let text = "ring timeout";
                let cause = EndCause { by: EndedBy::Timeout, ..EndCause::local(Some(Q850_NO_ANSWER), text) };
                self.step(ctx, Input::GiveUp(cause));
            }
            CallTimer::CancelUnanswered => self.step(ctx, Input::CancelUnanswered),
            CallTimer::Linger => {
                if let Some(invite) = self.invite.take() {
                    ctx.layer.abandon(invite);
                }
            }
            CallTimer::RepeatAnswer => self.repeat_answer(ctx),
            CallTimer::AckMissing => self.ack_missing(ctx),
            CallTimer::OfferUnanswered => self.offer_unanswered(ctx),
            CallTimer::Glare => self.reoffer_after_glare(ctx),
            CallTimer::ReofferUnanswered => self.reoffer_unanswered(ctx),
            CallTimer::Refresh => self.refresh(ctx),
            CallTimer::SessionExpired => {
                let cause = EndCause {
                    by: EndedBy::Timeout,
                    ..EndCause::local(Some(Q850_RECOVERY_ON_TIMER), "session expired")
                };
                self.step(ctx, Input::GiveUp(cause));
            }
        }
    }

    /// Whether nothing of the call is left to do, so that its entry can go.
    pub(crate) fn is_gone(&self, ctx: &Ctx<'_>) -> bool {
        self.state == State::Ended && self.invite.is_none_or(|id| !ctx.layer.is_running(id))
    }

    /// Whether `Ended` was reported.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Ended
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.state == State::Confirmed
    }

    pub(crate) fn trunk(&self) -> Option<crate::trunk::TrunkId> {
        self.spec.trunk
    }

    fn end_as_noted(&mut self, ctx: &mut Ctx<'_>) -> State {
        let cause = self.how.take().unwrap_or_else(|| EndCause::local(None, "released"));
        self.end(ctx, cause)
    }

    /// Reports the end and stops everything but what late 2xx need.
    fn end(&mut self, ctx: &mut Ctx<'_>, how: EndCause) -> State {
        for timer in CallTimer::ALL {
            ctx.timers.clear(TimerKey::Call(self.handle, timer));
        }
        self.drop_offers(ctx);
        self.abandon_reinvites(ctx);
        if self.invite.is_some_and(|id| ctx.layer.is_running(id)) {
            // A 2xx may still cross (RFC 3261 9.1): it gets its ACK and BYE.
            self.start(ctx, CallTimer::Linger, ctx.config.timing.transaction_ms());
        }
        ctx.event(Event::Ended { handle: self.handle, how });
        State::Ended
    }

    fn cancel(&mut self, ctx: &mut Ctx<'_>) {
        let Some(invite) = self.invite.filter(|_| !self.cancel_sent) else { return };
        self.cancel_sent = true;
        let reason = self.how.as_ref().and_then(reason_header);
        let owner = self.owner(Purpose::Cancel);
        ctx.layer.cancel(ctx.now, invite, reason.as_deref(), owner, ctx.effects);
        self.start(ctx, CallTimer::CancelUnanswered, ctx.config.timing.transaction_ms());
    }

    fn owner(&self, purpose: Purpose) -> Owner {
        Owner::Call(self.handle, purpose)
    }

    fn start(&self, ctx: &mut Ctx<'_>, timer: CallTimer, after_ms: u64) {
        ctx.start(TimerKey::Call(self.handle, timer), after_ms);
    }

    fn stop(&self, ctx: &mut Ctx<'_>, timer: CallTimer) {
        ctx.timers.clear(TimerKey::Call(self.handle, timer));
    }
}

/// The Reason header of our CANCEL and BYE (RFC 3326).
fn reason_header(cause: &EndCause) -> Option<String> {
    cause.q850.map(|q850| format!("Q.850;cause={q850};text=\"{}\"", cause.text))
}

/// Longest ringing, whatever the caller asks for.
pub const MAX_RING_MS: u64 = 180_000;
/// Q.850 cause 19: no answer from user (user alerted).
const Q850_NO_ANSWER: u8 = 19;
/// Q.850 cause 102: recovery on timer expiry.
const Q850_RECOVERY_ON_TIMER: u8 = 102;
