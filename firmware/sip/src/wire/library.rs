//! The hand-over to `rsip`: it parses the canonical start line and headers, its result is
//! compared with ours and then used. What it cannot read (FACTS of version 0.4: unknown
//! methods, IPv6 literals, `tel:`) is replaced by a stand-in before.

use rsip::Header as R;

use super::error::{ParseError, Place, Problem};
use super::start::StartLine;
use crate::header_name::HeaderName;
use crate::headers::Headers;
use crate::host::Host;
use crate::method::Method;
use crate::uri::{Scheme, Uri};

/// Stands for a Request-URI the library cannot read; ours is kept beside it.
const STAND_IN_URI: &str = "sip:stand-in.invalid";

/// The headers as `rsip` read them.
pub(super) fn read(start: &StartLine, canonical: &str, values: usize) -> Result<Headers, ParseError> {
    let disagrees = || ParseError::new(Place::Message, 0, Problem::Library);
    let parsed = match start {
        StartLine::Request { method, uri } => request(method, uri, canonical),
        StartLine::Status { status, .. } => response(status.code(), canonical),
    };
    let parsed = parsed.ok_or_else(disagrees)?;
    let mut lines = Vec::with_capacity(values + 4);
    lines.extend(parsed.into_iter().map(convert));
    if lines.len() != values {
        return Err(disagrees());
    }
    Ok(Headers::from_parsed(lines))
}

fn request(method: &Method, uri: &Uri, canonical: &str) -> Option<rsip::Headers> {
    let stand_in = library_method(method);
    let mut text = String::with_capacity(canonical.len() + 128);
    text.push_str(method_token(stand_in));
    text.push(' ');
    if plain(uri) {
        text.push_str(&uri.to_string());
    } else {
        text.push_str(STAND_IN_URI);
    }
    text.push_str(" SIP/2.0\r\n");
    text.push_str(canonical);
    text.push_str("\r\n");
    let parsed = rsip::Request::try_from(text.as_bytes()).ok()?;
    let same_host = !plain(uri) || parsed.uri.host_with_port.to_string() == host_port(uri);
    (parsed.method == stand_in && parsed.version == rsip::Version::V2 && same_host).then_some(parsed.headers)
}

fn response(status: u16, canonical: &str) -> Option<rsip::Headers> {
    let text = format!("SIP/2.0 {status} -\r\n{canonical}\r\n");
    let parsed = rsip::Response::try_from(text.as_bytes()).ok()?;
    (parsed.status_code.code() == status && parsed.version == rsip::Version::V2).then_some(parsed.headers)
}

/// Can the library read this URI? Only what it is known to read is handed to it: it
/// takes a dot in the user for the end of the user, and knows no underscore in hosts.
fn plain(uri: &Uri) -> bool {
    let simple =
        |text: &str, extra: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b));
    let host = match &uri.host {
        Host::Name(name) => simple(name, b"-."),
        Host::V4(_) => true,
        Host::V6(_) | Host::Absent => false,
    };
    host && matches!(uri.scheme, Scheme::Sip | Scheme::Sips)
        && uri.user.as_deref().is_none_or(|user| simple(user, b"+-_"))
        && uri.password.is_none()
        && uri.params.is_empty()
}

fn host_port(uri: &Uri) -> String {
    match uri.port {
        Some(port) => format!("{}:{port}", uri.host),
        None => uri.host.to_string(),
    }
}

const fn library_method(method: &Method) -> rsip::Method {
    match method {
        Method::Invite => rsip::Method::Invite,
        Method::Ack => rsip::Method::Ack,
        Method::Bye => rsip::Method::Bye,
        Method::Cancel => rsip::Method::Cancel,
        Method::Options | Method::Extension(_) => rsip::Method::Options,
        Method::Register => rsip::Method::Register,
        Method::Prack => rsip::Method::PRack,
        Method::Update => rsip::Method::Update,
        Method::Info => rsip::Method::Info,
        Method::Subscribe => rsip::Method::Subscribe,
        Method::Notify => rsip::Method::Notify,
        Method::Refer => rsip::Method::Refer,
        Method::Message => rsip::Method::Message,
        Method::Publish => rsip::Method::Publish,
    }
}

const fn method_token(method: rsip::Method) -> &'static str {
    match method {
        rsip::Method::Invite => "INVITE",
        rsip::Method::Ack => "ACK",
        rsip::Method::Bye => "BYE",
        rsip::Method::Cancel => "CANCEL",
        rsip::Method::Options => "OPTIONS",
        rsip::Method::Register => "REGISTER",
        rsip::Method::PRack => "PRACK",
        rsip::Method::Update => "UPDATE",
        rsip::Method::Info => "INFO",
        rsip::Method::Subscribe => "SUBSCRIBE",
        rsip::Method::Notify => "NOTIFY",
        rsip::Method::Refer => "REFER",
        rsip::Method::Message => "MESSAGE",
        rsip::Method::Publish => "PUBLISH",
    }
}

/// The library's header types onto our names; its values are taken over as they are.
fn convert(header: R) -> (HeaderName, String) {
    match header {
        R::Accept(value) => (HeaderName::Accept, value.into()),
        R::AcceptEncoding(value) => (HeaderName::AcceptEncoding, value.into()),
        R::AcceptLanguage(value) => (HeaderName::AcceptLanguage, value.into()),
        R::AlertInfo(value) => (HeaderName::AlertInfo, value.into()),
        R::Allow(value) => (HeaderName::Allow, value.into()),
        R::AuthenticationInfo(value) => (HeaderName::AuthenticationInfo, value.into()),
        R::Authorization(value) => (HeaderName::Authorization, value.into()),
        R::CallId(value) => (HeaderName::CallId, value.into()),
        R::CallInfo(value) => (HeaderName::CallInfo, value.into()),
        R::Contact(value) => (HeaderName::Contact, value.into()),
        R::ContentDisposition(value) => (HeaderName::ContentDisposition, value.into()),
        R::ContentEncoding(value) => (HeaderName::ContentEncoding, value.into()),
        R::ContentLanguage(value) => (HeaderName::ContentLanguage, value.into()),
        R::ContentLength(value) => (HeaderName::ContentLength, value.into()),
        R::ContentType(value) => (HeaderName::ContentType, value.into()),
        R::CSeq(value) => (HeaderName::CSeq, value.into()),
        R::Date(value) => (HeaderName::Date, value.into()),
        R::ErrorInfo(value) => (HeaderName::ErrorInfo, value.into()),
        R::Event(value) => (HeaderName::Event, value.into()),
        R::Expires(value) => (HeaderName::Expires, value.into()),
        R::From(value) => (HeaderName::From, value.into()),
        R::InReplyTo(value) => (HeaderName::InReplyTo, value.into()),
        R::MaxForwards(value) => (HeaderName::MaxForwards, value.into()),
        R::MimeVersion(value) => (HeaderName::MimeVersion, value.into()),
        R::MinExpires(value) => (HeaderName::MinExpires, value.into()),
        R::Organization(value) => (HeaderName::Organization, value.into()),
        R::Priority(value) => (HeaderName::Priority, value.into()),
        R::ProxyAuthenticate(value) => (HeaderName::ProxyAuthenticate, value.into()),
        R::ProxyAuthorization(value) => (HeaderName::ProxyAuthorization, value.into()),
        R::ProxyRequire(value) => (HeaderName::ProxyRequire, value.into()),
        R::RecordRoute(value) => (HeaderName::RecordRoute, value.into()),
        R::ReplyTo(value) => (HeaderName::ReplyTo, value.into()),
        R::Require(value) => (HeaderName::Require, value.into()),
        R::RetryAfter(value) => (HeaderName::RetryAfter, value.into()),
        R::Route(value) => (HeaderName::Route, value.into()),
        R::Server(value) => (HeaderName::Server, value.into()),
        R::Subject(value) => (HeaderName::Subject, value.into()),
        R::SubscriptionState(value) => (HeaderName::SubscriptionState, value.into()),
        R::Supported(value) => (HeaderName::Supported, value.into()),
        R::Timestamp(value) => (HeaderName::Timestamp, value.into()),
        R::To(value) => (HeaderName::To, value.into()),
        R::Unsupported(value) => (HeaderName::Unsupported, value.into()),
        R::UserAgent(value) => (HeaderName::UserAgent, value.into()),
        R::Via(value) => (HeaderName::Via, value.into()),
        R::Warning(value) => (HeaderName::Warning, value.into()),
        R::WwwAuthenticate(value) => (HeaderName::WwwAuthenticate, value.into()),
        R::Other(name, value) => (HeaderName::from_wire(&name), value),
    }
}
