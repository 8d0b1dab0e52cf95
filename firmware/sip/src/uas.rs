//! What a server looks at in a readable request before it serves it (RFC 3261 8.2.1 to
//! 8.2.3): method, extensions, content. Which of them it has is told by the caller.

use crate::header_name::HeaderName;
use crate::headers::Headers;
use crate::message::{Request, Response};
use crate::method::Method;
use crate::params::Params;
use crate::scan::{Cursor, Syntax, split_list};
use crate::status::StatusCode;
use crate::values::ContentType;

/// What a server can do.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// The methods it serves.
    pub methods: &'a [Method],
    /// The option tags it understands.
    pub extensions: &'a [&'a str],
    /// The bodies it reads, as `(type, subtype)`.
    pub content_types: &'a [(&'a str, &'a str)],
}

/// A refusal: the code, and the header that tells the peer what would have been right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The code.
    pub status: StatusCode,
    /// Allow, Unsupported or Accept.
    pub hint: Option<(HeaderName, String)>,
}

impl Refused {
    fn new(status: StatusCode) -> Self {
        Self { status, hint: None }
    }

    fn hinting(status: StatusCode, header: HeaderName, value: String) -> Self {
        Self { status, hint: Some((header, value)) }
    }

    /// The response to send.
    #[must_use]
    pub fn response(&self, request: &Request, to_tag: &str) -> Response {
        let mut response = Response::for_request(request, self.status, "", Some(to_tag));
        if let Some((header, value)) = &self.hint {
            response.headers.push(header.clone(), value.as_str());
        }
        response
    }
}

impl Profile<'_> {
    /// Checks a request in the order of RFC 3261 8.2. An ACK is never refused: it cannot
    /// be answered.
    ///
    /// # Errors
    /// When the request cannot be served, with what to answer.
    pub fn check(&self, request: &Request) -> Result<(), Refused> {
        if request.method == Method::Ack {
            return Ok(());
        }
        self.method(&request.method)?;
        if request.method != Method::Cancel {
            self.extensions(&request.headers)?;
        }
        self.content(request)?;
        if request.method == Method::Invite {
            return answerable(&request.headers);
        }
        Ok(())
    }

    fn method(&self, method: &Method) -> Result<(), Refused> {
        if self.methods.contains(method) {
            return Ok(());
        }
        // Known but not served here is 405, never heard of is 501 (RFC 3261 8.2.1, 21.5.2).
        let status = match method {
            Method::Extension(_) => StatusCode::NOT_IMPLEMENTED,
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Options
            | Method::Register
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Subscribe
            | Method::Notify
            | Method::Refer
            | Method::Message
            | Method::Publish => StatusCode::METHOD_NOT_ALLOWED,
        };
        let allow: Vec<_> = self.methods.iter().map(Method::as_str).collect();
        Err(Refused::hinting(status, HeaderName::Allow, allow.join(", ")))
    }

    fn extensions(&self, headers: &Headers) -> Result<(), Refused> {
        let required = headers.require().map_err(|_| Refused::new(StatusCode::BAD_REQUEST))?;
        let unknown = required.outside(self.extensions);
        if unknown.is_empty() {
            return Ok(());
        }
        let status = StatusCode::BAD_EXTENSION;
        Err(Refused::hinting(status, HeaderName::Unsupported, unknown.join(", ")))
    }

    fn content(&self, request: &Request) -> Result<(), Refused> {
        if request.body.is_empty() {
            return Ok(());
        }
        let readable = match request.headers.content_type() {
            Ok(Some(found)) => {
                let encoded = request.headers.get(&HeaderName::ContentEncoding);
                let plain = encoded.is_none_or(|e| e.eq_ignore_ascii_case("identity"));
                plain && self.content_types.iter().any(|(t, s)| found.is(t, s))
            }
            // A body must say what it is (RFC 3261 20.15).
            Ok(None) | Err(_) => false,
        };
        if readable || optional_body(&request.headers) {
            return Ok(());
        }
        let accept: Vec<_> =
            self.content_types.iter().map(|(kind, subtype)| format!("{kind}/{subtype}")).collect();
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Err(Refused::hinting(status, HeaderName::Accept, accept.join(", ")))
    }
}

/// `handling=optional` lets a body be passed over (RFC 3261 20.11).
fn optional_body(headers: &Headers) -> bool {
    let Some(value) = headers.get(&HeaderName::ContentDisposition) else {
        return false;
    };
    let mut cursor = Cursor::new(value);
    cursor.skip_ws();
    cursor.token("disposition type").and_then(|_| Params::parse_header(&mut cursor)).is_ok_and(|params| {
        params.get("handling").is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
    })
}

/// An INVITE whose Accept leaves SDP out cannot be answered (RFC 3261 20.1: without the
/// header SDP is meant).
fn answerable(headers: &Headers) -> Result<(), Refused> {
    let mut any = false;
    for value in headers.get_all(&HeaderName::Accept) {
        any = true;
        let ranges = split_list(value).unwrap_or_default();
        if ranges.iter().any(|range| admits_sdp(range).unwrap_or(false)) {
            return Ok(());
        }
    }
    if any { Err(Refused::new(StatusCode::NOT_ACCEPTABLE)) } else { Ok(()) }
}

fn admits_sdp(range: &str) -> Result<bool, Syntax> {
    let range = ContentType::parse(range)?;
    let (kind, subtype) = (range.kind.as_str(), range.subtype.as_str());
    let fits = matches!((kind, subtype), ("application", "sdp" | "*") | ("*", "*"));
    let weight = range.params.get("q").unwrap_or("1");
    Ok(fits && weight.parse::<f32>().is_ok_and(|q| q > 0.0))
}
