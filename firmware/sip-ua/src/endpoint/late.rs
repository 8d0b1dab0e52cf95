//! 2xx that come when their INVITE is over: the ACK again, or ACK and BYE for a leg that
//! answered after the call had already failed (RFC 3261 13.2.2.4).
//!
//! Deliberately not here: 2xx of calls that are still known; the call answers those.

use super::Endpoint;
use crate::api::Output;
use crate::call::Input;
use crate::ctx::{Ctx, Owner};
use crate::dialog::Dialog;
use crate::flow::Flow;
use crate::ids;
use crate::time::Millis;
use crate::wire;
use sip::{Method, Response};
use std::collections::BTreeMap;

/// Legs that answered too late, until their BYE is done.
#[derive(Debug, Default)]
pub(super) struct Late {
    legs: BTreeMap<String, (u64, Dialog)>,
    numbers: BTreeMap<u64, String>,
    next: u64,
}

impl Late {
    pub(super) fn forget(&mut self, number: u64) {
        if let Some(key) = self.numbers.remove(&number) {
            self.legs.remove(&key);
        }
    }
}

impl Endpoint {
    /// A 2xx to an INVITE that is over. `flow` is that of the INVITE where its transaction
    /// vouches for the response; without that only known calls are looked at.
    pub(super) fn stray(
        &mut self,
        now: Millis,
        response: &Response,
        flow: Option<Flow>,
        out: &mut Vec<Output>,
    ) {
        let Some(call_id) = wire::call_id(&response.headers) else { return };
        if let Some(handle) = self.by_call_id.get(call_id).copied() {
            self.with_call(now, handle, out, |call, ctx| call.step(ctx, Input::Success(response)));
            return;
        }
        let (Some(flow), Some((seq, _))) = (flow, wire::cseq(&response.headers)) else { return };
        let tag = wire::to_tag(&response.headers).unwrap_or_default();
        let key = format!("{call_id}|{tag}");
        let Self { config, ids, layer, effects, timers, late, .. } = self;
        let mut ctx = Ctx { now, config, ids: ids.as_mut(), layer, effects, timers, out };
        if let Some((_, dialog)) = late.legs.get(&key) {
            if let Some(bytes) = dialog.ack_again(seq) {
                ctx.send_bytes(flow, bytes);
            }
            return;
        }
        let contact = wire::own_contact(None, &flow);
        let Some(mut dialog) = Dialog::from_response(response, &contact, flow) else { return };
        let branch = ids::branch(ctx.ids);
        let ack = dialog.ack(seq, &branch, &[], None);
        ctx.send_bytes(flow, ack);
        let bye = dialog.request(Method::Bye);
        late.next += 1;
        if late.legs.len() < MAX_LATE && ctx.send(bye, flow, Owner::Late(late.next)).is_some() {
            late.numbers.insert(late.next, key.clone());
            late.legs.insert(key, (late.next, dialog));
        }
    }
}

/// Legs that answered too late at once.
const MAX_LATE: usize = 1_024;
