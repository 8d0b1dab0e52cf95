//! The calls of an [`Endpoint`]: placing, answering offers, hanging up, orphans.
//!
//! Deliberately not here: when to do any of it.

use super::{CallError, Endpoint};
use crate::api::{CallHandle, CallSpec, EndCause, Event, Output};
use crate::call::{Call, Input, OfferError};
use crate::ctx::{Ctx, Owner};
use crate::dialog::DialogSnapshot;
use crate::time::Millis;
use sip::{HeaderName, Method};

impl Endpoint {
    /// Places a call. From now on an `Ended` event for the handle is certain.
    ///
    /// # Errors
    /// When no more calls fit or the handle is in use; nothing is sent then.
    pub fn call(&mut self, now: Millis, spec: CallSpec, out: &mut Vec<Output>) -> Result<(), CallError> {
        if self.calls.contains_key(&spec.handle) {
            return Err(CallError::InUse);
        }
        if self.active >= self.config.max_calls {
            return Err(CallError::TooMany(self.config.max_calls));
        }
        let handle = spec.handle;
        let Self { config, ids, layer, effects, timers, .. } = self;
        let mut ctx = Ctx { now, config, ids: ids.as_mut(), layer, effects, timers, out };
        let call = Call::place(&mut ctx, spec);
        if !call.is_gone(&ctx) {
            self.active += usize::from(!call.is_over());
            self.by_call_id.insert(call.call_id.clone(), handle);
            self.calls.insert(handle, call);
        }
        self.pump(now, out);
        Ok(())
    }

    /// Ends a call in whatever state it is: CANCEL, BYE, or both in turn. False when there
    /// is no such call.
    pub fn hangup(
        &mut self,
        now: Millis,
        handle: CallHandle,
        cause: EndCause,
        out: &mut Vec<Output>,
    ) -> bool {
        let known =
            self.with_call(now, handle, out, |call, ctx| call.step(ctx, Input::GiveUp(cause))).is_some();
        self.pump(now, out);
        known
    }

    /// Answers the peer's offer (or makes the offer it asked for).
    ///
    /// # Errors
    /// When there is no call or no open offer.
    pub fn answer_offer(
        &mut self,
        now: Millis,
        handle: CallHandle,
        sdp: &[u8],
        out: &mut Vec<Output>,
    ) -> Result<(), OfferError> {
        self.on_call(now, handle, out, |call, ctx| call.answer_offer(ctx, sdp))
    }

    /// Refuses the peer's offer with a status, 488 for instance.
    ///
    /// # Errors
    /// When there is no call or no open offer.
    pub fn reject_offer(
        &mut self,
        now: Millis,
        handle: CallHandle,
        status: u16,
        out: &mut Vec<Output>,
    ) -> Result<(), OfferError> {
        self.on_call(now, handle, out, |call, ctx| call.reject_offer(ctx, status))
    }

    /// Offers a new session by re-INVITE; `Reoffered` brings the result.
    ///
    /// # Errors
    /// When the call is not in conversation or another offer is open.
    pub fn reinvite(
        &mut self,
        now: Millis,
        handle: CallHandle,
        sdp: Vec<u8>,
        out: &mut Vec<Output>,
    ) -> Result<(), OfferError> {
        self.on_call(now, handle, out, |call, ctx| call.reoffer(ctx, sdp))
    }

    /// Sends an INFO.
    ///
    /// # Errors
    /// When the call is not in conversation or the transactions are exhausted.
    pub fn send_info(
        &mut self,
        now: Millis,
        handle: CallHandle,
        content_type: &str,
        body: Vec<u8>,
        out: &mut Vec<Output>,
    ) -> Result<(), OfferError> {
        self.on_call(now, handle, out, |call, ctx| call.send_info(ctx, content_type, body))
    }

    /// Whether the call is answered and not ending.
    pub fn is_in_conversation(&self, handle: CallHandle) -> bool {
        self.calls.get(&handle).is_some_and(Call::is_confirmed)
    }

    /// Says BYE in a dialog of a former process; `OrphanReleased` follows in any case.
    pub fn release_orphan(
        &mut self,
        now: Millis,
        orphan: u64,
        snapshot: &DialogSnapshot,
        out: &mut Vec<Output>,
    ) {
        let mut dialog = snapshot.clone().into_dialog();
        let mut bye = dialog.request(Method::Bye);
        bye.headers.push(HeaderName::Reason, ORPHAN_REASON);
        let flow = dialog.flow();
        let Self { config, ids, layer, effects, timers, .. } = self;
        let mut ctx = Ctx { now, config, ids: ids.as_mut(), layer, effects, timers, out };
        if ctx.send(bye, flow, Owner::Orphan(orphan)).is_some() {
            self.orphans.insert(orphan, dialog);
        } else {
            ctx.event(Event::OrphanReleased { orphan, answered: false });
        }
        self.pump(now, out);
    }

    fn on_call(
        &mut self,
        now: Millis,
        handle: CallHandle,
        out: &mut Vec<Output>,
        act: impl FnOnce(&mut Call, &mut Ctx<'_>) -> Result<(), OfferError>,
    ) -> Result<(), OfferError> {
        let result = self.with_call(now, handle, out, act).unwrap_or(Err(OfferError::NoCall));
        self.pump(now, out);
        result
    }
}

/// Q.850 cause 41: temporary failure.
const ORPHAN_REASON: &str = "Q.850;cause=41;text=\"restarted\"";
