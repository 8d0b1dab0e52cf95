//! The front end: received bytes become messages. It undoes folding, compact names and
//! comma lists, hands the canonical text to `rsip`, and checks what a transaction will
//! rely on. It holds no connection state except in [`StreamFramer`], and sends nothing.

mod check;
mod error;
mod framer;
mod library;
mod lines;
mod start;

pub use error::{Answer, ParseError, Place, Problem};
pub use framer::{FrameError, Framed, MAX_BUFFERED_BYTES, StreamFramer};

use crate::headers::Headers;
use crate::message::{Message, Request, Response};
use start::StartLine;

/// The largest message taken, start line to body.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The most header lines, and the most header values once comma lists are split.
pub const MAX_HEADER_LINES: usize = 256;
/// The longest line, folded parts included.
pub const MAX_LINE_BYTES: usize = 8 * 1024;

/// Reads the one message of a datagram. Bytes after its Content-Length are ignored
/// (RFC 3261 18.3); without Content-Length the body goes to the end.
///
/// # Errors
/// When the bytes are no valid message; the error says what to answer.
pub fn parse_datagram(bytes: &[u8]) -> Result<Message, ParseError> {
    let head = lines::read_head(bytes)?;
    let start = match StartLine::parse(&head.start) {
        Ok(start) => start,
        Err(error) => return Err(start::refuse(error, head)),
    };
    let rebuilt = head.fault.map_or_else(|| library::read(&start, &head.canonical, head.values), Err);
    let headers = match rebuilt {
        Ok(headers) => headers,
        Err(error) => return Err(blame(error, start, salvage(&head.canonical))),
    };
    let checked = if bytes.len() > MAX_MESSAGE_BYTES {
        Err(ParseError::new(Place::Message, MAX_MESSAGE_BYTES, Problem::TooLarge))
    } else {
        check::headers(&start, &headers).and_then(|()| body(&headers, bytes.get(head.end..).unwrap_or(&[])))
    };
    match checked {
        Ok(body) => Ok(message(start, headers, body.to_vec())),
        Err(error) => Err(blame(error, start, headers)),
    }
}

fn body<'a>(headers: &Headers, rest: &'a [u8]) -> Result<&'a [u8], ParseError> {
    match headers.content_length().map_err(ParseError::header)? {
        None => Ok(rest),
        Some(length) => rest
            .get(..length as usize)
            .ok_or_else(|| ParseError::new(Place::Body, rest.len(), Problem::ShortBody)),
    }
}

fn message(start: StartLine, headers: Headers, body: Vec<u8>) -> Message {
    match start {
        StartLine::Request { method, uri } => Message::Request(Request { method, uri, headers, body }),
        StartLine::Status { status, reason } => Message::Response(Response { status, reason, headers, body }),
    }
}

/// An error in a request is answered; one in a response is not.
fn blame(error: ParseError, start: StartLine, headers: Headers) -> ParseError {
    match message(start, headers, Vec::new()) {
        Message::Request(request) => error.of_request(request),
        Message::Response(_) => error,
    }
}

/// The headers that an error response copies, read without the library.
fn salvage(canonical: &str) -> Headers {
    let mut headers = Headers::new();
    for line in canonical.split("\r\n") {
        if let Some((name, value)) = line.split_once(": ") {
            headers.push(crate::HeaderName::from_wire(name), value);
        }
    }
    headers
}
