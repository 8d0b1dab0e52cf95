//! The scripted callee: it answers as the RFCs let it, repeats what is not acknowledged, and hangs up or offers anew.
//!
//! Deliberately not here: the network between, and what must hold; see the simulation itself.

use super::{Arrival, Script, World};
use crate::support::{peer_request, reply, with_sdp};
use sip::{HeaderName, Message, Method, Request, Response};

impl World {
    /// The callee's side, written from RFC 3261 17.2 without sharing code.
    pub(super) fn callee(&mut self, now: u64, message: Message) {
        match message {
            Message::Request(request) => self.callee_request(now, request),
            Message::Response(response) => self.callee_response(now, &response),
        }
    }

    fn callee_response(&mut self, now: u64, response: &Response) {
        let cseq = response.headers.cseq().unwrap();
        if response.status.is_provisional() {
            return;
        }
        let call_id = response.headers.call_id().unwrap().to_owned();
        let tag = response.headers.from().unwrap().tag().unwrap().to_owned();
        self.settled.insert(format!("{call_id}{tag}{}", cseq.seq));
        if cseq.method == Method::Invite {
            let mut ack = peer_request(&self.invites[&call_id], &tag, Method::Ack, cseq.seq);
            if !response.status.is_success() {
                let via = response.headers.get(&HeaderName::Via).unwrap().to_owned();
                ack.headers.set(HeaderName::Via, via);
            }
            self.transmit(now, &ack.to_bytes(), false);
        }
    }

    fn callee_request(&mut self, now: u64, request: Request) {
        let call_id = request.headers.call_id().unwrap().to_owned();
        let branch = request.headers.via_top().unwrap().branch().unwrap().to_owned();
        let seq = request.headers.cseq().unwrap().seq;
        let tag = request.headers.to().unwrap().tag().unwrap_or_default().to_owned();
        if request.method == Method::Ack {
            self.settled.insert(format!("{call_id}{tag}ack{seq}"));
            return;
        }
        let key = format!("{branch}{}", request.method);
        if let Some(bytes) = self.last_response.get(&key).cloned() {
            if !bytes.is_empty() {
                self.transmit(now, &bytes, false);
            }
            return;
        }
        self.last_response.insert(key.clone(), Vec::new());
        match request.method {
            Method::Invite if tag.is_empty() => self.initial(now, request, &key),
            Method::Invite if self.rng.chance(20) => {
                // It never says more than 100.
                let response = reply(&request, 100, &tag).to_bytes();
                self.transmit(now, &response, false);
                self.last_response.insert(key, response);
            }
            Method::Invite => {
                let response = with_sdp(reply(&request, 200, &tag)).to_bytes();
                self.last_response.insert(key, response.clone());
                self.repeat(now, format!("{call_id}{tag}ack{seq}"), response);
            }
            Method::Cancel => {
                let response = reply(&request, 200, "c").to_bytes();
                self.transmit(now, &response, false);
                self.last_response.insert(key, response);
                let invite = self.invites.get(&call_id).cloned();
                let invite_key = format!("{branch}INVITE");
                let open = self
                    .last_response
                    .get(&invite_key)
                    .is_none_or(|bytes| bytes.is_empty() || bytes.starts_with(b"SIP/2.0 1"));
                if let Some(invite) = invite.filter(|_| open && self.rng.chance(66)) {
                    if self.flow.transport.is_reliable() {
                        // Timer D is zero there: who answers a fork after the 487 of all is
                        // not heard. Over UDP this callee does it anyway.
                        self.settled.insert(format!("{call_id}t2ack{seq}"));
                    }
                    self.finish(now, &invite, 487, "t1", &invite_key);
                }
            }
            _ => {
                let response = reply(&request, 200, &tag).to_bytes();
                self.last_response.insert(key, response.clone());
                self.transmit(now, &response, false);
            }
        }
    }

    fn initial(&mut self, now: u64, request: Request, key: &str) {
        let call_id = request.headers.call_id().unwrap().to_owned();
        let fresh = !self.invites.contains_key(&call_id);
        self.invites.insert(call_id.clone(), request.clone());
        let pick = [
            Script::Silent,
            Script::Trying,
            Script::RingForever,
            Script::Refuse,
            Script::Challenge,
            Script::Answer,
            Script::AnswerReliably,
            Script::TwoForksAnswer,
            Script::Answer,
        ][self.rng.below(9) as usize];
        let script = if fresh {
            pick
        } else if self.scripts[&call_id] == Script::Challenge {
            Script::Answer
        } else {
            return;
        };
        self.scripts.insert(call_id, script);
        match script {
            Script::Silent => {}
            Script::Trying => self.say(now, &reply(&request, 100, "")),
            Script::RingForever => self.say(now, &reply(&request, 180, "t1")),
            Script::Refuse => self.finish(now, &request, 486, "t1", key),
            Script::Challenge => {
                if self.rng.chance(30) {
                    self.say(now, &reply(&request, 180, "t1"));
                }
                let mut response = reply(&request, 401, "t1");
                let challenge = "Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"";
                response.headers.push(HeaderName::WwwAuthenticate, challenge);
                let bytes = response.to_bytes();
                self.last_response.insert(key.to_owned(), bytes.clone());
                let seq = request.headers.cseq().unwrap().seq;
                let call_id = request.headers.call_id().unwrap();
                self.repeat(now, format!("{call_id}t1ack{seq}"), bytes);
            }
            Script::Answer => self.ring_and_answer(now, &request, "t1", key, false),
            Script::AnswerReliably => self.ring_and_answer(now, &request, "t1", key, true),
            Script::TwoForksAnswer => {
                self.ring_and_answer(now, &request, "t1", key, false);
                self.ring_and_answer(now, &request, "t2", key, false);
            }
        }
    }

    fn ring_and_answer(&mut self, now: u64, invite: &Request, tag: &str, key: &str, reliable: bool) {
        let mut ringing = reply(invite, 183, tag);
        if reliable {
            ringing.headers.push(HeaderName::Require, "100rel");
            ringing.headers.push(HeaderName::RSeq, "17");
            ringing = with_sdp(ringing);
        }
        self.say(now, &ringing);
        let delay = self.rng.below(30_000);
        let response = with_sdp(reply(invite, 200, tag)).to_bytes();
        let call_id = invite.headers.call_id().unwrap().to_owned();
        let seq = invite.headers.cseq().unwrap().seq;
        self.last_response.insert(key.to_owned(), ringing.to_bytes());
        self.at(
            now + delay,
            Arrival::Repeat {
                key: format!("{call_id}{tag}ack{seq}"),
                bytes: response,
                interval_ms: 500,
                left: 11,
            },
        );
        if self.rng.chance(40) {
            let later = now + delay + self.rng.below(40_000);
            self.at(later, Arrival::CalleeReinvites { call_id: call_id.clone(), tag: tag.into() });
        }
        if self.rng.chance(40) {
            let later = now + delay + 1_000 + self.rng.below(60_000);
            self.at(later, Arrival::CalleeHangsUp { call_id, tag: tag.into() });
        }
    }

    fn say(&mut self, now: u64, response: &Response) {
        self.at(now, Arrival::CalleeSays(response.to_bytes()));
    }

    fn finish(&mut self, now: u64, invite: &Request, status: u16, tag: &str, key: &str) {
        let bytes = reply(invite, status, tag).to_bytes();
        self.last_response.insert(key.to_owned(), bytes.clone());
        let call_id = invite.headers.call_id().unwrap();
        let seq = invite.headers.cseq().unwrap().seq;
        self.repeat(now, format!("{call_id}{tag}ack{seq}"), bytes);
    }
}
