//! Requests from outside: to their dialog, to the registrar, or refused.
//!
//! Deliberately not here: how a request is judged; see [`crate::core_uas`].

use super::Endpoint;
use crate::api::{Event, Output};
use crate::core_uas::{self, Verdict};
use crate::flow::Flow;
use crate::ids;
use crate::time::Millis;
use crate::transaction::TxId;
use crate::wire;
use sip::{HeaderName, Method, Request, Response};
use std::collections::{BTreeMap, VecDeque};

impl Endpoint {
    pub(super) fn request(
        &mut self,
        now: Millis,
        id: TxId,
        request: Request,
        flow: Flow,
        out: &mut Vec<Output>,
    ) {
        let call = wire::call_id(&request.headers).and_then(|call_id| self.by_call_id.get(call_id).copied());
        let tagged = wire::to_tag(&request.headers).is_some();
        if let Some(handle) = call
            && request.method != Method::Cancel
        {
            if tagged {
                self.with_call(now, handle, out, |call, ctx| call.request(ctx, id, request, flow));
            } else {
                // Our own request came back (RFC 3261 8.2.2.2).
                self.answer(now, id, &wire::response(&request, 482, None));
            }
            return;
        }
        let tag = ids::tag(self.ids.as_mut());
        if !tagged && self.merged.is_merged(now, &request) {
            return self.answer(now, id, &wire::response(&request, 482, Some(&tag)));
        }
        let trunk = self.is_trunk(&flow);
        match core_uas::judge(&request, &tag, &self.config.domains, trunk) {
            Verdict::Answer(response) => self.answer(now, id, &response),
            Verdict::RefuseCall(response) => {
                let status = response.status.code();
                self.answer(now, id, &response);
                out.push(Output::Event(Event::IncomingRefused { flow, status }));
            }
            Verdict::Cancel => self.cancel(now, id, &request, out),
            Verdict::Register => self.register(now, id, &request, flow, out),
        }
    }

    /// RFC 3261 9.2.
    fn cancel(&mut self, now: Millis, id: TxId, request: &Request, out: &mut Vec<Output>) {
        let Some(invite) = self.layer.invite_of(request) else {
            return self.answer(now, id, &wire::response(request, 481, None));
        };
        self.answer(now, id, &wire::response(request, 200, None));
        let handle =
            wire::call_id(&request.headers).and_then(|call_id| self.by_call_id.get(call_id).copied());
        if let Some(handle) = handle {
            self.with_call(now, handle, out, |call, ctx| call.offer_cancelled(ctx, invite));
        }
    }

    fn register(&mut self, now: Millis, id: TxId, request: &Request, flow: Flow, out: &mut Vec<Output>) {
        let Some(registrar) = &mut self.registrar else {
            return self.answer(now, id, &wire::response(request, 405, None));
        };
        let response = registrar.register(now, request, flow, self.ids.as_mut(), out);
        self.answer(now, id, &response);
    }

    /// No room for a transaction: 503 without state, never for an ACK.
    pub(super) fn overloaded(&mut self, request: &Request, flow: Flow, out: &mut Vec<Output>) {
        let mut response = wire::response(request, 503, None);
        let wait_s = self.config.retry_after_s.to_string();
        response.headers.push(HeaderName::RetryAfter, wait_s);
        out.push(Output::Send { flow, bytes: wire::response_bytes(&response) });
    }

    fn answer(&mut self, now: Millis, id: TxId, response: &Response) {
        self.layer.respond(now, id, response, &mut self.effects);
    }
}

/// Requests seen lately, to notice one that came over two ways (RFC 3261 8.2.2.2).
#[derive(Debug, Default)]
pub(super) struct Merged {
    seen: BTreeMap<String, (String, Millis)>,
    order: VecDeque<(Millis, String)>,
}

impl Merged {
    /// Whether the same request, by From tag, Call-ID and CSeq, came with another branch.
    fn is_merged(&mut self, now: Millis, request: &Request) -> bool {
        while self.order.len() >= MAX_SEEN || self.order.front().is_some_and(|(at, _)| now - *at > SEEN_MS) {
            let Some((at, key)) = self.order.pop_front() else { break };
            if self.seen.get(&key).is_some_and(|(_, seen)| *seen == at) {
                self.seen.remove(&key);
            }
        }
        let headers = &request.headers;
        let (Some(tag), Some(call_id), Some((seq, method)), Some(branch)) =
            (wire::from_tag(headers), wire::call_id(headers), wire::cseq(headers), wire::top_branch(headers))
        else {
            return false;
        };
        if method == Method::Cancel {
            return false;
        }
        let key = format!("{tag}|{call_id}|{seq}|{method}");
        match self.seen.get(&key) {
            Some((known, _)) => *known != branch,
            None => {
                self.seen.insert(key.clone(), (branch, now));
                self.order.push_back((now, key));
                false
            }
        }
    }
}

/// Requests remembered for merging.
const MAX_SEEN: usize = 1_024;
/// As long as a server transaction lives.
const SEEN_MS: u64 = 32_000;
