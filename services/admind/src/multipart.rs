//! `multipart/form-data` (RFC 7578) as browsers send it: a pure machine over chunks of bytes.
//!
//! Every part's head is bounded before it is believed; it keeps no content, and files nothing.

use thiserror::Error;

/// Why a body is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MultipartError {
    /// The content type names no usable boundary.
    #[error("no usable boundary")]
    Boundary,
    /// The bytes do not follow RFC 2046 5.1.1.
    #[error("malformed")]
    Malformed,
    /// A part's head is too long.
    #[error("the head of a part is too long")]
    HeadTooLong,
    /// There are too many parts.
    #[error("too many parts")]
    TooManyParts,
    /// The body ends before its closing boundary.
    #[error("cut short")]
    Short,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The field's name.
    pub name: String,
    /// The file's name as sent, if it is a file; never to be used as a path ([`file_name`]).
    pub file: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A part begins.
    Part(Head),
    /// Content of it.
    Data(Vec<u8>),
    /// It ends.
    PartEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// After a boundary: a part's head, or the closing hyphens.
    AfterBoundary,
    Head,
    Body,
    Closed,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Parser {
    delimiter: Vec<u8>,
    buffer: Vec<u8>,
    state: State,
    started: bool,
    parts: usize,
}

impl Parser {
    /// A machine for the boundary that a content type names.
    ///
    /// # Errors
    /// [`MultipartError::Boundary`].
    pub fn new(content_type: &str) -> Result<Self, MultipartError> {
        let mut pieces = content_type.split(';');
        let kind = pieces.next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("multipart/form-data") {
            return Err(MultipartError::Boundary);
        }
        let boundary = pieces
            .filter_map(|piece| piece.trim().split_once('='))
            .find(|(key, _)| key.eq_ignore_ascii_case("boundary"))
            .map(|(_, value)| value.trim_matches('"'))
            .ok_or(MultipartError::Boundary)?;
        let good = |byte: u8| byte.is_ascii_graphic();
        if boundary.is_empty() || boundary.len() > MAX_BOUNDARY_BYTES || !boundary.bytes().all(good) {
            return Err(MultipartError::Boundary);
        }
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no line end before it.
        Ok(Self { delimiter, buffer: b"\r\n".to_vec(), state: State::Body, started: false, parts: 0 })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`MultipartError`]; after it the machine is of no use.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<Event>) -> Result<(), MultipartError> {
        self.buffer.extend_from_slice(chunk);
        loop {
            let going_on = match self.state {
                State::Body => self.body(out)?,
                State::AfterBoundary => self.after_boundary()?,
                State::Head => self.head(out)?,
                State::Closed => {
                    // What follows the closing boundary means nothing.
                    self.buffer.clear();
                    false
                }
            };
            if !going_on {
                return Ok(());
            }
        }
    }

    /// The body is over.
    ///
    /// # Errors
    /// [`MultipartError::Short`] if its closing boundary never came.
    pub fn finish(&self) -> Result<(), MultipartError> {
        if self.state == State::Closed { Ok(()) } else { Err(MultipartError::Short) }
    }

    fn body(&mut self, out: &mut Vec<Event>) -> Result<bool, MultipartError> {
        let found = find(&self.buffer, &self.delimiter);
        let content = found.unwrap_or_else(|| self.buffer.len().saturating_sub(self.delimiter.len() - 1));
        if self.started {
            if content > 0 {
                out.push(Event::Data(self.buffer.drain(..content).collect()));
            }
        } else if content > 0 {
            // Something before the first boundary: no browser sends it.
            return Err(MultipartError::Malformed);
        }
        if found.is_none() {
            return Ok(false);
        }
        self.buffer.drain(..self.delimiter.len());
        if self.started {
            out.push(Event::PartEnd);
        }
        self.started = true;
        self.state = State::AfterBoundary;
        Ok(true)
    }

    fn after_boundary(&mut self) -> Result<bool, MultipartError> {
        let Some((next, _)) = self.buffer.split_at_checked(2) else { return Ok(false) };
        self.state = match next {
            b"--" => State::Closed,
            b"\r\n" => State::Head,
            _ => return Err(MultipartError::Malformed),
        };
        self.buffer.drain(..2);
        Ok(true)
    }

    fn head(&mut self, out: &mut Vec<Event>) -> Result<bool, MultipartError> {
        let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
            return if self.buffer.len() > MAX_HEAD_BYTES {
                Err(MultipartError::HeadTooLong)
            } else {
                Ok(false)
            };
        };
        if end > MAX_HEAD_BYTES {
            return Err(MultipartError::HeadTooLong);
        }
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(MultipartError::TooManyParts);
        }
        out.push(Event::Part(read_head(&self.buffer[..end])?));
        // The head's last line end stays: an empty part ends with the very next boundary.
        self.buffer.drain(..end + 4);
        self.state = State::Body;
        Ok(true)
    }
}

fn read_head(bytes: &[u8]) -> Result<Head, MultipartError> {
    let text = std::str::from_utf8(bytes).map_err(|_| MultipartError::Malformed)?;
    let disposition = text
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .ok_or(MultipartError::Malformed)?
        .1;
    let mut rest = disposition.trim().strip_prefix("form-data").ok_or(MultipartError::Malformed)?;
    let (mut name, mut file) = (None, None);
    while let Some(parameter) = rest.trim_start().strip_prefix(';') {
        let (key, after) = parameter.split_once('=').ok_or(MultipartError::Malformed)?;
        let quoted = after.strip_prefix('"').ok_or(MultipartError::Malformed)?;
        let (value, after) = quoted.split_once('"').ok_or(MultipartError::Malformed)?;
        let place = match key.trim() {
            "name" => &mut name,
            "filename" => &mut file,
            _ => return Err(MultipartError::Malformed),
        };
        if place.replace(value.to_owned()).is_some() {
            return Err(MultipartError::Malformed);
        }
        rest = after;
    }
    if !rest.trim().is_empty() {
        return Err(MultipartError::Malformed);
    }
    Ok(Head { name: name.ok_or(MultipartError::Malformed)?, file })
}

/// A file's name made harmless: its last path element, without control and direction characters, not too long.
#[must_use]
pub fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden =
        |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = last.chars().filter(|c| !c.is_control() && !hidden(c)).collect();
    let clean = clean.trim().trim_start_matches('.');
    clean.chars().take(MAX_FILE_NAME_CHARS).collect()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut at = 0;
    while let Some(next) = haystack.get(at..)?.iter().position(|byte| byte == first) {
        at += next + 1;
        if haystack.get(at..)?.starts_with(rest) {
            return Some(at - 1);
        }
    }
    None
}

/// RFC 2046 5.1.1: a boundary has at most 70 characters.
const MAX_BOUNDARY_BYTES: usize = 70;
const MAX_HEAD_BYTES: usize = 4 * 1_024;
const MAX_PARTS: usize = 128;
const MAX_FILE_NAME_CHARS: usize = 128;

#[cfg(test)]
mod tests {
    use super::{Event, Head, MAX_HEAD_BYTES, MAX_PARTS, MultipartError, Parser, file_name};
    use proptest::prelude::*;

    const KIND: &str = "multipart/form-data; boundary=XX";

    fn read(body: &[u8], step: usize) -> Result<Vec<Event>, MultipartError> {
        let mut parser = Parser::new(KIND)?;
        let mut out = vec![];
        for chunk in body.chunks(step) {
            parser.feed(chunk, &mut out)?;
        }
        parser.finish()?;
        Ok(out)
    }

    fn joined(events: Vec<Event>) -> Vec<Event> {
        let mut whole: Vec<Event> = vec![];
        for event in events {
            match (whole.last_mut(), event) {
                (Some(Event::Data(before)), Event::Data(data)) => before.extend(data),
                (_, event) => whole.push(event),
            }
        }
        whole
    }

    const GOOD: &[u8] = b"--XX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--XX\r\n\
        content-disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        1\r\n--X\r\n2\r\n--XX--\r\n";

    #[test]
    fn parts_are_the_same_however_the_bytes_arrive() {
        let part = |name: &str, file: Option<&str>| {
            Event::Part(Head { name: name.to_owned(), file: file.map(str::to_owned) })
        };
        let expected = [
            part("csrf", None),
            Event::Data(b"abc".to_vec()),
            Event::PartEnd,
            part("f", Some("a.csv")),
            Event::Data(b"1\r\n--X\r\n2".to_vec()),
            Event::PartEnd,
        ];
        for step in 1..GOOD.len() {
            assert_eq!(joined(read(GOOD, step).unwrap()), expected, "chunks of {step}");
        }
    }

    #[test]
    fn an_empty_part_has_no_content() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--XX--";
        let head = Head { name: "a".to_owned(), file: None };
        assert_eq!(read(body, 7), Ok(vec![Event::Part(head), Event::PartEnd]));
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let bad: &[(&[u8], MultipartError)] = &[
            (b"", MultipartError::Short),
            (b"hello there --XX", MultipartError::Malformed),
            (b"--XXtail", MultipartError::Malformed),
            (b"--XX\r\n\r\n\r\nx\r\n--XX--", MultipartError::Malformed),
            (
                b"--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--XX--",
                MultipartError::Malformed,
            ),
            (b"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--XX--", MultipartError::Malformed),
            (
                b"--XX\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n\r\n--XX--",
                MultipartError::Malformed,
            ),
            (b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", MultipartError::Short),
        ];
        for (body, error) in bad {
            assert_eq!(read(body, 5), Err(*error), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn heads_and_parts_are_bounded() {
        let long = [b"--XX\r\nX: ".to_vec(), vec![b'a'; MAX_HEAD_BYTES + 1]].concat();
        assert_eq!(read(&long, 1_000), Err(MultipartError::HeadTooLong));
        let part = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n".repeat(MAX_PARTS + 1);
        assert_eq!(read(&part, 1_000), Err(MultipartError::TooManyParts));
    }

    #[test]
    fn a_boundary_must_be_usable() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for kind in ["text/plain", "multipart/form-data", "multipart/form-data; boundary=", &long] {
            assert_eq!(Parser::new(kind).err(), Some(MultipartError::Boundary), "{kind}");
        }
        assert!(Parser::new("Multipart/Form-Data; charset=utf-8; Boundary=\"a-b\"").is_ok());
    }

    #[test]
    fn a_file_name_is_never_a_path_and_never_turns_the_text_around() {
        assert_eq!(file_name("C:\\lists\\..\\名单.csv"), "名单.csv");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("..\u{202e}vsc.exe\r\nSet-Cookie: a"), "vsc.exeSet-Cookie: a");
        assert_eq!(file_name(&"x".repeat(999)).len(), 128);
    }

    proptest! {
        #[test]
        fn any_content_comes_back(content in proptest::collection::vec(any::<u8>(), 0..300), step in 1_usize..40) {
            prop_assume!(super::find(&content, b"\r\n--XX").is_none() && !content.starts_with(b"--XX"));
            let mut body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".to_vec();
            body.extend(&content);
            body.extend(b"\r\n--XX--");
            let events = joined(read(&body, step).unwrap());
            let data: Vec<u8> = events.into_iter().filter_map(|event| match event {
                Event::Data(data) => Some(data),
                _ => None,
            }).flatten().collect();
            prop_assert_eq!(data, content);
        }
    }
}
