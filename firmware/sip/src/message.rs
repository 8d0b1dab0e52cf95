//! Requests and responses, their bytes, and the response that answers a request.
//! Nothing here knows a transaction or a dialog.

use std::fmt;
use std::io::Write as _;

use crate::header_name::HeaderName;
use crate::headers::Headers;
use crate::method::Method;
use crate::scan::is_token;
use crate::status::StatusCode;
use crate::uri::Uri;

/// A SIP message.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A SIP request.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A SIP response.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The code.
    pub status: StatusCode,
    /// The reason phrase, perhaps empty.
    pub reason: String,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// The header fields of either kind.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The header fields of either kind, to change them.
    pub const fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The body of either kind.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The bytes for the wire, with the right Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::new(), body: Vec::new() }
    }

    /// Gives the request a body and its Content-Type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
    }

    /// The bytes for the wire, with the right Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("{} {} SIP/2.0", self.method, self.uri);
        serialise(start, &self.headers, &self.body)
    }
}

impl Response {
    /// A response to `request` with the headers RFC 3261 8.2.6.2 asks for: Via, From,
    /// To, Call-ID and CSeq copied, the To tag added where there is none; Timestamp is
    /// copied into a 100 and Record-Route into answers to INVITE below 300. An empty
    /// `reason` takes the usual phrase.
    #[must_use]
    pub fn for_request(request: &Request, status: StatusCode, reason: &str, to_tag: Option<&str>) -> Self {
        let mut headers = Headers::new();
        for name in [HeaderName::Via, HeaderName::From] {
            headers.copy_from(&request.headers, &name);
        }
        headers.copy_from(&request.headers, &HeaderName::To);
        if let (Some(tag), Ok(mut to)) = (to_tag, request.headers.to())
            && to.tag().is_none()
            && status != StatusCode::TRYING
        {
            to.set_tag(tag);
            headers.set(HeaderName::To, to.to_string());
        }
        for name in [HeaderName::CallId, HeaderName::CSeq] {
            headers.copy_from(&request.headers, &name);
        }
        if status == StatusCode::TRYING {
            headers.copy_from(&request.headers, &HeaderName::Timestamp);
        }
        let makes_dialog = request.method == Method::Invite && status.code() > 100;
        if makes_dialog && status.code() < 300 {
            headers.copy_from(&request.headers, &HeaderName::RecordRoute);
        }
        let reason = if reason.is_empty() { status.default_reason() } else { reason };
        Self { status, reason: reason.to_owned(), headers, body: Vec::new() }
    }

    /// Gives the response a body and its Content-Type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
    }

    /// The bytes for the wire, with the right Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("SIP/2.0 {} {}", self.status, self.reason);
        serialise(start, &self.headers, &self.body)
    }
}

/// Nothing that a caller put into a start line or a header name can open another line:
/// line breaks in the one become blanks, and a name that is no token is left out.
fn serialise(start: String, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let mut out = if start.contains(['\r', '\n']) {
        start.replace(['\r', '\n'], " ").into_bytes()
    } else {
        start.into_bytes()
    };
    out.reserve(768 + body.len());
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers.iter() {
        let name = name.as_str();
        let own = name == HeaderName::ContentLength.as_str();
        if own || name.is_empty() || !name.bytes().all(is_token) {
            continue;
        }
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    // Writing into a Vec cannot fail.
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
    out
}

/// The wire form, a body that is no UTF-8 shown lossily. For a transport use `to_bytes`.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// Method, Call-ID and CSeq only: the rest names people.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("call_id", &self.headers.get(&HeaderName::CallId))
            .field("cseq", &self.headers.get(&HeaderName::CSeq))
            .finish_non_exhaustive()
    }
}

/// Status, Call-ID and CSeq only: the rest names people.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("call_id", &self.headers.get(&HeaderName::CallId))
            .field("cseq", &self.headers.get(&HeaderName::CSeq))
            .finish_non_exhaustive()
    }
}
