//! Bytes to canonical header text: line ends, folding, blanks around the colon, compact
//! names, comma lists, bytes that are no UTF-8. No header value is understood here.

use super::error::{ParseError, Place, Problem};
use super::{MAX_HEADER_LINES, MAX_LINE_BYTES, MAX_MESSAGE_BYTES};
use crate::header_name::{HeaderName, Shape};
use crate::scan::{Syntax, is_token, split_list};
use crate::typed::HeaderError;

/// The head of a message in canonical form.
pub(super) struct Head {
    /// The start line without its line end.
    pub start: String,
    /// `Name: value` lines, each with CRLF, one value a line.
    pub canonical: String,
    /// How many of those lines there are.
    pub values: usize,
    /// Where the body begins.
    pub end: usize,
    /// The first fault in a header line; what could be read stands in `canonical`.
    pub fault: Option<ParseError>,
}

/// Reads start line and headers.
pub(super) fn read_head(bytes: &[u8]) -> Result<Head, ParseError> {
    let lead = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    if lead == bytes.len() {
        return Err(ParseError::new(Place::Message, 0, Problem::KeepAlive));
    }
    let bytes = &bytes[..bytes.len().min(MAX_MESSAGE_BYTES)];
    let Some(first) = line_at(bytes, lead) else {
        return Err(ParseError::new(Place::StartLine, lead, Problem::NoEnd));
    };
    if first.text.len() > MAX_LINE_BYTES {
        return Err(ParseError::new(Place::StartLine, lead, Problem::LineTooLong));
    }
    let mut head = Head {
        start: String::from_utf8_lossy(first.text).into_owned(),
        canonical: String::with_capacity(bytes.len().min(4096)),
        values: 0,
        end: first.next,
        fault: None,
    };
    head.read_lines(bytes);
    Ok(head)
}

struct Line<'a> {
    text: &'a [u8],
    next: usize,
}

/// The line that begins at `at`, ended by CRLF or a lone LF.
fn line_at(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|b| *b == b'\n')?;
    let text = &rest[..end];
    Some(Line { text: text.strip_suffix(b"\r").unwrap_or(text), next: at + end + 1 })
}

impl Head {
    fn read_lines(&mut self, bytes: &[u8]) {
        let mut folded = Vec::new();
        for number in 1.. {
            let at = self.end;
            let Some(line) = line_at(bytes, at) else {
                self.note(Place::HeaderLine(number), at, Problem::NoEnd);
                return;
            };
            self.end = line.next;
            if line.text.is_empty() {
                return;
            }
            if number > MAX_HEADER_LINES {
                self.note(Place::HeaderLine(number), at, Problem::TooManyLines);
                return;
            }
            folded.clear();
            while let Some(more) = continuation(bytes, self.end) {
                if folded.is_empty() {
                    folded.extend_from_slice(line.text.trim_ascii_end());
                }
                if folded.len() <= MAX_LINE_BYTES {
                    folded.push(b' ');
                    folded.extend_from_slice(more.text.trim_ascii());
                }
                self.end = more.next;
            }
            let text = if folded.is_empty() { line.text } else { &folded };
            if text.len() > MAX_LINE_BYTES {
                self.note(Place::HeaderLine(number), at, Problem::LineTooLong);
            } else {
                self.line(text, number, at);
            }
        }
    }

    fn line(&mut self, text: &[u8], number: usize, at: usize) {
        let colon = text.iter().position(|b| *b == b':');
        let (name, value) = text.split_at(colon.unwrap_or(0));
        let name = name.trim_ascii_end();
        let valid = !name.is_empty() && name.iter().all(|b| is_token(*b));
        let (true, Ok(name)) = (valid, std::str::from_utf8(name)) else {
            self.note(Place::HeaderLine(number), at, Problem::HeaderLine);
            return;
        };
        let value = String::from_utf8_lossy(value.get(1..).unwrap_or(&[]).trim_ascii());
        // A lone CR would end the line for the library.
        let value = if value.contains('\r') { value.replace('\r', " ").into() } else { value };
        let name = HeaderName::from_wire(name);
        let list = name.shape() == Shape::List && !value.is_empty();
        if list && value.contains(',') {
            match split_list(&value) {
                Ok(values) => values.iter().for_each(|value| self.value(&name, value, at)),
                Err(source) => self.bad_value(name, &value, source, at),
            }
        } else if list || !value.is_empty() || may_be_empty(&name) {
            self.value(&name, &value, at);
        } else {
            let source = Syntax { at: 0, expected: "a value" };
            self.bad_value(name, &value, source, at);
        }
    }

    fn value(&mut self, name: &HeaderName, value: &str, at: usize) {
        if self.values == MAX_HEADER_LINES {
            self.note(Place::Header(name.clone()), at, Problem::TooManyLines);
            return;
        }
        self.values += 1;
        self.canonical.push_str(name.as_str());
        self.canonical.push_str(": ");
        self.canonical.push_str(value);
        self.canonical.push_str("\r\n");
    }

    /// A value that cannot be split stands whole in the canonical text, so that an error
    /// response can carry it back.
    fn bad_value(&mut self, header: HeaderName, value: &str, source: Syntax, at: usize) {
        self.value(&header, value, at);
        if self.fault.is_none() {
            self.fault = Some(ParseError::header(HeaderError::Syntax { header, source }));
        }
    }

    fn note(&mut self, place: Place, at: usize, problem: Problem) {
        if self.fault.is_none() {
            self.fault = Some(ParseError::new(place, at, problem));
        }
    }
}

/// The next line, if it continues the one before (RFC 3261 7.3.1).
fn continuation(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    match bytes.get(at) {
        Some(b' ' | b'\t') => line_at(bytes, at),
        _ => None,
    }
}

/// Headers that a transaction or dialog reads make no sense when empty; all others may be.
const fn may_be_empty(name: &HeaderName) -> bool {
    !matches!(
        name,
        HeaderName::Via
            | HeaderName::From
            | HeaderName::To
            | HeaderName::CallId
            | HeaderName::CSeq
            | HeaderName::Contact
            | HeaderName::Route
            | HeaderName::RecordRoute
            | HeaderName::MaxForwards
            | HeaderName::ContentLength
    )
}
