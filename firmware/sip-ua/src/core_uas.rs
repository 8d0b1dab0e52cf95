//! What this box answers to requests outside its dialogs (RFC 3261 8.2, 11.2), and the
//! checks it shares with requests inside them.
//!
//! Deliberately not here: incoming calls. The product refuses them all, so nothing can pass
//! from a trunk to anywhere else (L-23): 603 to trunks, 403 to everybody else.

use crate::wire;
use sip::{HeaderName, Method, Request, Response};

/// Where an out-of-dialog request goes after its checks.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Answer this.
    Answer(Box<Response>),
    /// Answer this: somebody tried to call in.
    RefuseCall(Box<Response>),
    /// A REGISTER for the registrar.
    Register,
    /// A CANCEL to match.
    Cancel,
}

/// Judges a request outside a dialog, in the order of RFC 3261 8.2.
pub(crate) fn judge(request: &Request, tag: &str, domains: &[String], trunk: bool) -> Verdict {
    let answer = |status| Verdict::Answer(Box::new(wire::response(request, status, Some(tag))));
    if let Some(status) = malformed(request) {
        return answer(status);
    }
    if request.method == Method::Cancel {
        return Verdict::Cancel;
    }
    if wire::to_tag(&request.headers).is_some() {
        return answer(481);
    }
    match method_status(&request.method) {
        Some(status @ 405) => {
            let mut response = wire::response(request, status, Some(tag));
            response.headers.push(HeaderName::Allow, wire::ALLOW);
            return Verdict::Answer(Box::new(response));
        }
        Some(status) => return answer(status),
        None => {}
    }
    if !request.uri.is_sip() {
        return answer(416);
    }
    if !is_here(request, domains) {
        // This box forwards nothing: a request for elsewhere ends here.
        let spent = request.headers.max_forwards().ok().flatten() == Some(0);
        return answer(if spent { 483 } else { 403 });
    }
    if let Some(response) = refuse_in_dialog(request) {
        return Verdict::Answer(Box::new(with_tag(response, request, tag)));
    }
    match request.method {
        Method::Register => Verdict::Register,
        Method::Options => Verdict::Answer(Box::new(capabilities(request, tag))),
        Method::Invite => {
            let status = if trunk { 603 } else { 403 };
            Verdict::RefuseCall(Box::new(wire::response(request, status, Some(tag))))
        }
        Method::Ack
        | Method::Bye
        | Method::Cancel
        | Method::Prack
        | Method::Update
        | Method::Info
        | Method::Subscribe
        | Method::Notify
        | Method::Refer
        | Method::Message
        | Method::Publish
        | Method::Extension(_) => answer(481),
    }
}

/// A header contradicts the request or cannot be read.
fn malformed(request: &Request) -> Option<u16> {
    let headers = &request.headers;
    let readable =
        headers.max_forwards().is_ok() && headers.cseq().is_ok_and(|cseq| cseq.method == request.method);
    (!readable).then_some(400)
}

/// RFC 3261 8.2.1: 405 for methods that are known and not served, 501 for unknown ones.
fn method_status(method: &Method) -> Option<u16> {
    match method {
        Method::Invite | Method::Options | Method::Register | Method::Cancel => None,
        Method::Ack | Method::Bye | Method::Prack | Method::Update | Method::Info => Some(481),
        Method::Subscribe | Method::Notify | Method::Refer | Method::Message | Method::Publish => Some(405),
        Method::Extension(_) => Some(501),
    }
}

fn is_here(request: &Request, domains: &[String]) -> bool {
    let host = request.uri.host.to_string();
    domains.is_empty() || domains.iter().any(|domain| domain.eq_ignore_ascii_case(&host))
}

/// Extensions (420) and bodies (415) we do not understand (RFC 3261 8.2.2.3, 8.2.3).
pub(crate) fn refuse_in_dialog(request: &Request) -> Option<Response> {
    let Ok(required) = request.headers.require() else {
        return Some(wire::response(request, 400, None));
    };
    let unknown = required.outside(&EXTENSIONS);
    if !unknown.is_empty() && request.method != Method::Cancel {
        let mut response = wire::response(request, 420, None);
        response.headers.push(HeaderName::Unsupported, unknown.join(", "));
        return Some(response);
    }
    if request.body.is_empty() {
        return None;
    }
    let encoded = request
        .headers
        .get(&HeaderName::ContentEncoding)
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    if encoded {
        let mut response = wire::response(request, 415, None);
        response.headers.push(HeaderName::AcceptEncoding, "identity");
        return Some(response);
    }
    let wants_sdp = matches!(request.method, Method::Invite | Method::Update | Method::Prack);
    if wants_sdp && wire::sdp(&request.headers, &request.body).is_none() {
        let mut response = wire::response(request, 415, None);
        response.headers.push(HeaderName::Accept, crate::dialog::SDP);
        return Some(response);
    }
    None
}

fn with_tag(mut response: Response, request: &Request, tag: &str) -> Response {
    if let Ok(mut to) = request.headers.to()
        && to.tag().is_none()
    {
        to.set_tag(tag);
        response.headers.set(HeaderName::To, to.to_string());
    }
    response
}

/// The 200 to an OPTIONS (RFC 3261 11.2).
pub(crate) fn capabilities(request: &Request, tag: &str) -> Response {
    let mut response = wire::response(request, 200, Some(tag));
    let headers = &mut response.headers;
    headers.push(HeaderName::Allow, wire::ALLOW);
    headers.push(HeaderName::Accept, "application/sdp, application/dtmf-relay");
    headers.push(HeaderName::AcceptEncoding, "identity");
    headers.push(HeaderName::AcceptLanguage, "en");
    headers.push(HeaderName::Supported, SUPPORTED);
    response
}

/// The extensions we understand in Require.
const EXTENSIONS: [&str; 2] = ["timer", "100rel"];
/// The extensions we announce.
pub(crate) const SUPPORTED: &str = "timer, 100rel";
