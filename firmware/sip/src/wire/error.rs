//! What can be wrong with received bytes, where, and what a server answers to it.

use std::fmt;

use crate::header_name::HeaderName;
use crate::message::{Request, Response};
use crate::method::Method;
use crate::scan::Syntax;
use crate::status::StatusCode;
use crate::typed::HeaderError;

/// The part of the message at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The message as a whole.
    Message,
    /// The request or status line.
    StartLine,
    /// A header line that could not be told apart; lines count from 1 after the start line.
    HeaderLine(usize),
    /// A header.
    Header(HeaderName),
    /// The body.
    Body,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message => f.write_str("message"),
            Self::StartLine => f.write_str("start line"),
            Self::HeaderLine(line) => write!(f, "header line {line}"),
            Self::Header(name) => write!(f, "header {:?}", name.as_str()),
            Self::Body => f.write_str("body"),
        }
    }
}

/// What is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing but line ends: a keep-alive, not a message (RFC 5626 3.5.1).
    #[error("nothing but line ends")]
    KeepAlive,
    /// Larger than [`super::MAX_MESSAGE_BYTES`].
    #[error("message too large")]
    TooLarge,
    /// More lines than [`super::MAX_HEADER_LINES`], or more values than that.
    #[error("too many header lines")]
    TooManyLines,
    /// A line longer than [`super::MAX_LINE_BYTES`].
    #[error("line too long")]
    LineTooLong,
    /// The empty line after the headers never comes.
    #[error("headers do not end")]
    NoEnd,
    /// Neither a request line nor a status line.
    #[error("malformed start line, {0}")]
    StartLine(Syntax),
    /// Not SIP/2.0.
    #[error("version is not SIP/2.0")]
    Version,
    /// A status code outside 100 to 699.
    #[error("status code outside 100 to 699")]
    StatusCode,
    /// A Request-URI of a scheme this product does not serve.
    #[error("URI scheme not supported")]
    Scheme,
    /// A Request-URI with `?headers` (RFC 3261 19.1.1 forbids them there).
    #[error("URI headers in Request-URI")]
    UriHeaders,
    /// A header line without name or colon.
    #[error("header line without a name and a colon")]
    HeaderLine,
    /// A header is missing, repeated or malformed.
    #[error("{0}")]
    Header(HeaderError),
    /// The CSeq method is not the request's method.
    #[error("CSeq method differs from the request method")]
    CSeqMismatch,
    /// Content-Length is larger than what arrived.
    #[error("body shorter than Content-Length")]
    ShortBody,
    /// The header library read something other than what was handed to it.
    #[error("header library disagrees")]
    Library,
}

/// What a server does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Send this response.
    Respond {
        /// The code.
        status: StatusCode,
        /// The phrase: it names what was wrong.
        reason: &'static str,
    },
    /// Say nothing: it was a response, an ACK, or not SIP at all.
    Drop,
}

/// Why bytes are no message that can be used.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("{place}: {problem} (byte {offset})")]
pub struct ParseError {
    /// The part at fault.
    pub place: Place,
    /// Where that part, or the fault in it, begins, counted in the message's bytes;
    /// for a fault inside a header value, counted in that value.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
    /// What to do about it.
    pub answer: Answer,
    /// What could be saved of the request, so that it can be answered.
    salvage: Option<Box<Request>>,
}

impl ParseError {
    pub(crate) fn new(place: Place, offset: usize, problem: Problem) -> Self {
        Self { place, offset, problem, answer: Answer::Drop, salvage: None }
    }

    pub(crate) fn header(error: HeaderError) -> Self {
        let offset = match &error {
            HeaderError::Syntax { source, .. } => source.at,
            HeaderError::Missing { .. } | HeaderError::Repeated { .. } => 0,
        };
        let place = Place::Header(error.header().clone());
        Self::new(place, offset, Problem::Header(error))
    }

    /// Decides the answer, now that it is known what kind of message this was.
    pub(crate) fn of_request(mut self, request: Request) -> Self {
        self.answer =
            if request.method == Method::Ack { Answer::Drop } else { self.problem.answer(&self.place) };
        self.salvage = Some(Box::new(request));
        self
    }

    /// The response to send, if one is due and there is a Via to copy; `to_tag` is the
    /// tag to add to To. Where that Via is itself unreadable, the response goes to where
    /// the request came from.
    #[must_use]
    pub fn response(&self, to_tag: &str) -> Option<Response> {
        let Answer::Respond { status, reason } = self.answer else {
            return None;
        };
        let request = self.salvage.as_deref()?;
        request.headers.get(&HeaderName::Via)?;
        Some(Response::for_request(request, status, reason, Some(to_tag)))
    }
}

/// The salvaged request shows no more than any request does.
impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseError")
            .field("place", &self.place)
            .field("offset", &self.offset)
            .field("problem", &self.problem)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

impl Problem {
    fn answer(&self, place: &Place) -> Answer {
        let respond = |status, reason| Answer::Respond { status, reason };
        let bad = |reason| respond(StatusCode::BAD_REQUEST, reason);
        match self {
            Self::KeepAlive | Self::StatusCode => Answer::Drop,
            Self::TooLarge | Self::TooManyLines | Self::LineTooLong => {
                respond(StatusCode::MESSAGE_TOO_LARGE, "Message Too Large")
            }
            Self::Version => respond(StatusCode::VERSION_NOT_SUPPORTED, "Version Not Supported"),
            Self::Scheme => respond(StatusCode::UNSUPPORTED_URI_SCHEME, "Unsupported URI Scheme"),
            Self::NoEnd => bad("Missing End of Headers"),
            Self::StartLine(_) => bad("Malformed Request Line"),
            Self::UriHeaders => bad("Headers in Request-URI"),
            Self::HeaderLine => bad("Malformed Header Line"),
            Self::CSeqMismatch => bad("CSeq Method Mismatch"),
            Self::ShortBody => bad("Content-Length Exceeds Body"),
            Self::Library => bad("Bad Request"),
            Self::Header(HeaderError::Missing { header }) => bad(missing(header)),
            Self::Header(_) => bad(malformed(place)),
        }
    }
}

const fn missing(header: &HeaderName) -> &'static str {
    match header {
        HeaderName::Via => "Missing Via",
        HeaderName::From => "Missing From",
        HeaderName::To => "Missing To",
        HeaderName::CallId => "Missing Call-ID",
        HeaderName::CSeq => "Missing CSeq",
        HeaderName::Contact => "Missing Contact",
        _ => "Missing Header",
    }
}

const fn malformed(place: &Place) -> &'static str {
    match place {
        Place::Header(HeaderName::Via) => "Bad Via",
        Place::Header(HeaderName::From) => "Bad From",
        Place::Header(HeaderName::To) => "Bad To",
        Place::Header(HeaderName::CallId) => "Bad Call-ID",
        Place::Header(HeaderName::CSeq) => "Bad CSeq",
        Place::Header(HeaderName::Contact) => "Bad Contact",
        Place::Header(HeaderName::ContentLength) => "Bad Content-Length",
        Place::Header(HeaderName::MaxForwards) => "Bad Max-Forwards",
        Place::Header(HeaderName::Route) => "Bad Route",
        Place::Header(HeaderName::RecordRoute) => "Bad Record-Route",
        _ => "Bad Header",
    }
}
