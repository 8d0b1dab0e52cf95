//! The request line and the status line. They are taken strictly: RFC 3261 7.1 and 7.2
//! allow one blank between their parts and none after them.

use super::error::{ParseError, Place, Problem};
use super::lines::Head;
use super::salvage;
use crate::host::Host;
use crate::message::Request;
use crate::method::Method;
use crate::scan::{Cursor, Syntax};
use crate::status::StatusCode;
use crate::uri::{Scheme, Uri};

/// A start line.
#[derive(Debug, Clone)]
pub(super) enum StartLine {
    Request { method: Method, uri: Uri },
    Status { status: StatusCode, reason: String },
}

/// Why a start line was refused, and the method if it could still be read.
pub(super) struct Refused {
    method: Option<Method>,
    problem: Problem,
    offset: usize,
}

impl StartLine {
    pub(super) fn parse(line: &str) -> Result<Self, Refused> {
        let is_status = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/"));
        if is_status { status_line(line) } else { request_line(line) }
    }
}

/// Turns a refused start line into an error that can still be answered.
pub(super) fn refuse(refused: Refused, head: Head) -> ParseError {
    let error = ParseError::new(Place::StartLine, refused.offset, refused.problem);
    match refused.method {
        Some(method) => error.of_request(Request {
            method,
            uri: Uri::sip(None, Host::Absent, None),
            headers: salvage(&head.canonical),
            body: Vec::new(),
        }),
        None => error,
    }
}

fn request_line(line: &str) -> Result<StartLine, Refused> {
    let mut cursor = Cursor::new(line);
    let not_sip =
        |source: Syntax| Refused { method: None, offset: source.at, problem: Problem::StartLine(source) };
    let method = Method::from_token(cursor.token("method").map_err(not_sip)?);
    let refuse = |source: Syntax| Refused {
        method: Some(method.clone()),
        offset: source.at,
        problem: Problem::StartLine(source),
    };
    cursor.expect(b' ', "one blank").map_err(not_sip)?;
    let uri_at = cursor.pos();
    let uri_text = cursor.take_while(|b| b != b' ');
    cursor.expect(b' ', "one blank after the URI").map_err(refuse)?;
    let version = cursor.rest();
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(wrong_version(&method, version, &cursor));
    }
    let uri = Uri::parse(uri_text).map_err(|mut source| {
        source.at += uri_at;
        refuse(source)
    })?;
    let problem = match uri.scheme {
        Scheme::Other(_) => Some(Problem::Scheme),
        Scheme::Sip | Scheme::Sips | Scheme::Tel if !uri.headers.is_empty() => Some(Problem::UriHeaders),
        Scheme::Sip | Scheme::Sips | Scheme::Tel => None,
    };
    match problem {
        Some(problem) => Err(Refused { method: Some(method), problem, offset: uri_at }),
        None => Ok(StartLine::Request { method, uri }),
    }
}

/// `SIP/x.y` is another version; anything else is no request line.
fn wrong_version(method: &Method, version: &str, cursor: &Cursor<'_>) -> Refused {
    let number = version
        .get(..4)
        .filter(|name| name.eq_ignore_ascii_case("SIP/"))
        .and_then(|_| version.get(4..))
        .and_then(|number| number.split_once('.'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let problem = match number {
        Some((major, minor)) if digits(major) && digits(minor) => Problem::Version,
        _ => Problem::StartLine(cursor.error("SIP/2.0 and nothing after it")),
    };
    Refused { method: Some(method.clone()), problem, offset: cursor.pos() }
}

fn status_line(line: &str) -> Result<StartLine, Refused> {
    let refuse = |problem| Refused { method: None, problem, offset: 0 };
    let Some((version, rest)) = line.split_once(' ') else {
        return Err(refuse(Problem::Version));
    };
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(refuse(Problem::Version));
    }
    // A missing blank before an empty phrase is common and harmless.
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let three_digits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
    let status = code
        .parse()
        .ok()
        .filter(|_| three_digits)
        .and_then(StatusCode::new)
        .ok_or_else(|| refuse(Problem::StatusCode))?;
    Ok(StartLine::Status { status, reason: reason.to_owned() })
}
