//! Messages out of a byte stream (RFC 3261 18.3): Content-Length tells where each ends.
//! After an error the stream has no known message boundary: the connection must be closed.

use super::error::ParseError;
use super::{MAX_MESSAGE_BYTES, parse_datagram};
use crate::message::Message;

/// One thing found in the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Framed {
    /// A message.
    Message(Box<Message>),
    /// The double CRLF keep-alive of RFC 5626 4.4.1: answer with one CRLF.
    Ping,
    /// The single CRLF that answers a ping.
    Pong,
}

/// Why nothing more can be read from the stream, or why one message could not be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// A message was framed but is not valid; the stream goes on.
    #[error("message in stream: {0}")]
    Message(ParseError),
    /// A header section longer than a whole message may be; close the connection.
    #[error("header section too long")]
    HeadTooLong,
    /// Content-Length is missing, repeated or malformed (RFC 3261 20.14 makes it
    /// mandatory on streams); close the connection.
    #[error("no usable Content-Length")]
    NoLength,
    /// The announced message is larger than [`MAX_MESSAGE_BYTES`]; close the connection.
    #[error("message of {announced} bytes announced")]
    TooLarge {
        /// Head and body together.
        announced: usize,
    },
}

impl FrameError {
    /// Must the connection be closed, because no boundary is known any more?
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        !matches!(self, Self::Message(_))
    }
}

/// The most bytes kept waiting: one message and what came with it in the last read.
pub const MAX_BUFFERED_BYTES: usize = 2 * MAX_MESSAGE_BYTES;

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// Everything before this offset has been handed out.
    start: usize,
    /// From here on the end of the head has not been looked for.
    searched: usize,
    /// The length of the message at `start`, once its head has been read.
    total: Option<usize>,
    failed: Option<FrameError>,
}

impl StreamFramer {
    /// A framer for a new connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes that arrived. Call [`Self::next`] until it returns `None` before
    /// pushing more: what exceeds [`MAX_BUFFERED_BYTES`] fails the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        self.buffer.drain(..self.start);
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
        if self.buffer.len() + bytes.len() > MAX_BUFFERED_BYTES {
            self.fail(FrameError::HeadTooLong);
            return;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes wait for the rest of their message.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    fn fail(&mut self, error: FrameError) -> FrameError {
        self.buffer = Vec::new();
        self.start = 0;
        self.searched = 0;
        self.total = None;
        self.failed = Some(error.clone());
        error
    }

    /// One CRLF in front of a message is a pong, two are a ping. A ping cut in two by the
    /// network reads as two pongs: nobody waits for an answer to what was never whole.
    fn keep_alive(&mut self) -> Option<Framed> {
        let rest = self.buffer.get(self.start..)?;
        let (size, framed) = if rest.starts_with(b"\r\n\r\n") {
            (4, Framed::Ping)
        } else if rest.starts_with(b"\r\n") && rest != b"\r\n\r" {
            (2, Framed::Pong)
        } else {
            return None;
        };
        self.start += size;
        self.searched = self.start;
        Some(framed)
    }

    /// The length of the message that waits, head and body, once its head is all there.
    fn announced(&mut self) -> Result<Option<usize>, FrameError> {
        if self.total.is_some() {
            return Ok(self.total);
        }
        let from = self.searched.saturating_sub(3).max(self.start);
        let found = end_of_head(self.buffer.get(from..).unwrap_or(&[]));
        self.searched = self.buffer.len();
        let Some(end) = found else {
            return if self.buffered() > MAX_MESSAGE_BYTES { Err(FrameError::HeadTooLong) } else { Ok(None) };
        };
        let head = self.buffer.get(self.start..from + end).unwrap_or(&[]);
        let length = content_length(head).ok_or(FrameError::NoLength)?;
        let announced = head.len().saturating_add(length);
        if announced > MAX_MESSAGE_BYTES {
            return Err(FrameError::TooLarge { announced });
        }
        self.total = Some(announced);
        Ok(self.total)
    }
}

impl Iterator for StreamFramer {
    type Item = Result<Framed, FrameError>;

    /// The next message or keep-alive, or `None` until more bytes come. After a fatal
    /// error every call repeats it.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = &self.failed {
            return Some(Err(error.clone()));
        }
        if self.total.is_none()
            && let Some(framed) = self.keep_alive()
        {
            return Some(Ok(framed));
        }
        let total = match self.announced() {
            Ok(total) => total?,
            Err(error) => return Some(Err(self.fail(error))),
        };
        let message = self.buffer.get(self.start..self.start + total)?;
        let parsed = parse_datagram(message);
        self.start += total;
        self.searched = self.start;
        self.total = None;
        Some(match parsed {
            Ok(message) => Ok(Framed::Message(Box::new(message))),
            Err(error) => Err(FrameError::Message(error)),
        })
    }
}

/// The offset behind the empty line that ends a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = bytes.get(at..)?.iter().position(|b| *b == b'\n') {
        at += found + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// The one Content-Length of a head, folded or compact; `None` without exactly one.
fn content_length(head: &[u8]) -> Option<usize> {
    let mut lines = head.split(|b| *b == b'\n').peekable();
    let mut length = None;
    while let Some(line) = lines.next() {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let name = name.trim_ascii();
        if !name.eq_ignore_ascii_case(b"content-length") && !name.eq_ignore_ascii_case(b"l") {
            continue;
        }
        let mut value = value.get(1..)?.trim_ascii();
        if value.is_empty()
            && let Some(folded) = lines.next_if(|next| matches!(next.first(), Some(b' ' | b'\t')))
        {
            value = folded.trim_ascii();
        }
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(value).ok().filter(|_| digits)?;
        if length.replace(text.parse().ok()?).is_some() {
            return None;
        }
    }
    length
}
