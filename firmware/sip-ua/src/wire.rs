//! Small readers and builders over [`sip`] messages that several machines share.
//!
//! Deliberately not here: state. Readers answer `None` for what is missing or malformed;
//! whoever needs more asks [`sip`] itself.

use crate::flow::{Flow, Transport};
use sip::{HeaderName, Headers, Host, Method, NameAddr, Request, Response, StatusCode, Uri, Via};
use std::net::SocketAddr;
use std::sync::Arc;

/// CSeq as number and method.
pub(crate) fn cseq(headers: &Headers) -> Option<(u32, Method)> {
    headers.cseq().ok().map(|cseq| (cseq.seq, cseq.method))
}

/// The Call-ID.
pub(crate) fn call_id(headers: &Headers) -> Option<&str> {
    headers.call_id().ok()
}

/// The tag of From.
pub(crate) fn from_tag(headers: &Headers) -> Option<String> {
    headers.from().ok()?.tag().map(str::to_owned)
}

/// The tag of To.
pub(crate) fn to_tag(headers: &Headers) -> Option<String> {
    headers.to().ok()?.tag().map(str::to_owned)
}

/// Whether everything is there that a response is made of (RFC 3261 8.2.6.2). A request
/// without it cannot even be refused and is dropped.
pub(crate) fn is_complete(headers: &Headers) -> bool {
    headers.via_top().is_ok()
        && headers.from().is_ok()
        && headers.to().is_ok()
        && headers.call_id().is_ok()
        && headers.cseq().is_ok()
}

/// The branch of the top Via.
pub(crate) fn top_branch(headers: &Headers) -> Option<String> {
    headers.via_top().ok()?.branch().map(str::to_owned)
}

/// Host and port of the top Via.
pub(crate) fn top_sent_by(headers: &Headers) -> Option<String> {
    let via = headers.via_top().ok()?;
    Some(format!("{}:{}", via.host, via.port_or_default()))
}

/// The first Contact's URI: the remote target.
pub(crate) fn contact_uri(headers: &Headers) -> Option<Uri> {
    headers.contacts().ok()?.first().map(|contact| contact.uri.clone())
}

/// The SDP body, if there is one and it says so.
pub(crate) fn sdp(headers: &Headers, body: &[u8]) -> Option<Vec<u8>> {
    let is_sdp = headers.content_type().ok().flatten().is_some_and(|kind| kind.is_sdp());
    (is_sdp && !body.is_empty()).then(|| body.to_vec())
}

/// Seconds of Retry-After.
pub(crate) fn retry_after_s(headers: &Headers) -> Option<u32> {
    headers.retry_after().ok().flatten().map(|retry| retry.seconds)
}

/// The Q.850 cause of a Reason header (RFC 3326).
pub(crate) fn q850(headers: &Headers) -> Option<u8> {
    headers
        .reason()
        .ok()?
        .iter()
        .find(|reason| reason.protocol.eq_ignore_ascii_case("Q.850"))
        .and_then(|reason| reason.cause)
        .and_then(|cause| u8::try_from(cause).ok())
}

/// Puts our Via on top (RFC 3261 18.1.1, rport of RFC 3581).
pub(crate) fn push_via(headers: &mut Headers, flow: &Flow, branch: &str) {
    let transport = match flow.transport {
        Transport::Udp => sip::Transport::Udp,
        Transport::Tcp => sip::Transport::Tcp,
        Transport::Tls => sip::Transport::Tls,
    };
    let mut via = Via::new(transport, flow.local.ip().into(), Some(flow.local.port()), branch);
    via.params.set("rport", None);
    headers.prepend(HeaderName::Via, via.to_string());
}

/// Notes the source of a request in its top Via and answers where the response goes
/// (RFC 3261 18.2.1 and 18.2.2, RFC 3581).
pub(crate) fn mark_source(headers: &mut Headers, flow: Flow) -> Flow {
    let Ok(mut via) = headers.via_top() else { return flow };
    via.note_source(flow.remote);
    let mut list = headers
        .get(&HeaderName::Via)
        .and_then(|value| value.split_once(','))
        .map(|(_, rest)| format!("{via},{rest}"));
    headers.set_first(&HeaderName::Via, list.take().unwrap_or_else(|| via.to_string()));
    if flow.transport.is_reliable() {
        return flow;
    }
    // `maddr` is not followed: an answer only ever goes to the address that asked.
    let port = match via.rport() {
        Some(_) => flow.remote.port(),
        None => via.port_or_default(),
    };
    Flow { remote: SocketAddr::new(flow.remote.ip(), port), ..flow }
}

/// The ACK of a 3xx–6xx (RFC 3261 17.1.1.3).
pub(crate) fn ack_for_failure(invite: &Request, response: &Response) -> Request {
    let mut ack = hop_request(invite, Method::Ack);
    ack.headers.remove(&HeaderName::To);
    ack.headers.copy_from(&response.headers, &HeaderName::To);
    ack
}

/// The CANCEL of an INVITE (RFC 3261 9.1).
pub(crate) fn cancel_for(invite: &Request, reason: Option<&str>) -> Request {
    let mut cancel = hop_request(invite, Method::Cancel);
    if let Some(reason) = reason {
        cancel.headers.push(HeaderName::Reason, reason);
    }
    cancel
}

/// A request that follows an INVITE hop by hop: same target, top Via, route and ids.
fn hop_request(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method.clone(), invite.uri.clone());
    if let Some(via) = invite.headers.get(&HeaderName::Via) {
        request.headers.push(HeaderName::Via, via);
    }
    request.headers.push(HeaderName::MaxForwards, MAX_FORWARDS);
    for name in [HeaderName::Route, HeaderName::From, HeaderName::To, HeaderName::CallId] {
        request.headers.copy_from(&invite.headers, &name);
    }
    let number = cseq(&invite.headers).map_or(0, |(number, _)| number);
    request.headers.push(HeaderName::CSeq, format!("{number} {method}"));
    request
}

/// The bytes of a request, shared by its retransmissions.
pub(crate) fn request_bytes(request: &Request) -> Arc<[u8]> {
    request.to_bytes().into()
}

/// The bytes of a response, shared by its retransmissions.
pub(crate) fn response_bytes(response: &Response) -> Arc<[u8]> {
    response.to_bytes().into()
}

/// A response with our To tag and the usual phrase.
pub(crate) fn response(request: &Request, status: u16, to_tag: Option<&str>) -> Response {
    let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
    let mut response = Response::for_request(request, status, "", to_tag);
    response.headers.push(HeaderName::from("Server"), PRODUCT);
    response
}

/// A Contact that leads back over the flow.
pub(crate) fn own_contact(user: Option<&str>, flow: &Flow) -> NameAddr {
    let host: Host = flow.local.ip().into();
    let mut uri = Uri::sip(user, host, Some(flow.local.port()));
    match flow.transport {
        Transport::Udp => {}
        Transport::Tcp => uri.params.set("transport", Some("tcp")),
        Transport::Tls => uri.params.set("transport", Some("tls")),
    }
    NameAddr::new(uri)
}

/// Max-Forwards of our requests (RFC 3261 8.1.1.6).
pub(crate) const MAX_FORWARDS: &str = "70";
/// What we call ourselves on the wire: no version, it would help an attacker only.
pub(crate) const PRODUCT: &str = "Ringfence";
/// The methods we serve, for Allow.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO";
