//! Text to [`Session`]. The order of lines inside a section is not insisted upon; what
//! section a line belongs to, and that the mandatory ones are there, is.

use std::fmt;

use super::model::{Address, Attribute, Hidden, Media, Origin, Proto, Session};
use crate::host::Host;

/// The largest description taken.
pub const MAX_SDP_BYTES: usize = 16 * 1024;
/// The longest line taken.
pub const MAX_SDP_LINE_BYTES: usize = 1024;
/// The most streams.
pub const MAX_STREAMS: usize = 16;
/// The most attributes of a section.
pub const MAX_ATTRIBUTES: usize = 128;
/// The most payload types of a stream.
pub const MAX_FORMATS: usize = 64;

/// What is wrong with a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdpProblem {
    /// Larger than a limit of this module.
    TooLarge,
    /// Not UTF-8.
    Encoding,
    /// Not `letter=value`.
    Line,
    /// A version other than 0.
    Version,
    /// A line that may come once came again.
    Repeated,
    /// A mandatory line is missing; the letter.
    Missing(char),
    /// `o=` departs from the grammar.
    Origin,
    /// `c=` departs from the grammar.
    Connection,
    /// `m=` departs from the grammar.
    Media,
    /// `a=` departs from the grammar.
    Attribute,
    /// A line that has no place in its section.
    Misplaced,
}

/// Why a description could not be read, and in which line, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SdpError {
    /// The line.
    pub line: usize,
    /// What is wrong there.
    pub problem: SdpProblem,
}

impl fmt::Display for SdpProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("too large"),
            Self::Encoding => f.write_str("not UTF-8"),
            Self::Line => f.write_str("not letter=value"),
            Self::Version => f.write_str("version is not 0"),
            Self::Repeated => f.write_str("line repeated"),
            Self::Missing(letter) => write!(f, "{letter}= missing"),
            Self::Origin => f.write_str("malformed o="),
            Self::Connection => f.write_str("malformed c="),
            Self::Media => f.write_str("malformed m="),
            Self::Attribute => f.write_str("malformed a="),
            Self::Misplaced => f.write_str("line out of place"),
        }
    }
}

/// Reads a description.
///
/// # Errors
/// At the first line that no description has there.
pub fn parse_sdp(bytes: &[u8]) -> Result<Session, SdpError> {
    let whole = |problem| SdpError { line: 1, problem };
    if bytes.len() > MAX_SDP_BYTES {
        return Err(whole(SdpProblem::TooLarge));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| SdpError {
        line: 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count(),
        problem: SdpProblem::Encoding,
    })?;
    let mut draft = Draft::default();
    let mut last = 0;
    for (i, raw) in text.split('\n').enumerate() {
        let line = raw.strip_suffix('\r').unwrap_or(raw);
        if line.is_empty() {
            continue;
        }
        last = i + 1;
        draft.line(line).map_err(|problem| SdpError { line: last, problem })?;
    }
    draft.finish().map_err(|problem| SdpError { line: last + 1, problem })
}

#[derive(Default)]
struct Draft {
    version: bool,
    origin: Option<Origin>,
    name: Option<String>,
    connection: Option<Address>,
    others: Vec<(char, Hidden)>,
    times: Vec<(char, String)>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
}

impl Draft {
    fn line(&mut self, line: &str) -> Result<(), SdpProblem> {
        if line.len() > MAX_SDP_LINE_BYTES {
            return Err(SdpProblem::TooLarge);
        }
        let (letter, value) = match line.as_bytes() {
            [letter @ b'a'..=b'z', b'=', ..] => (*letter as char, &line[2..]),
            _ => return Err(SdpProblem::Line),
        };
        if value.contains(['\r', '\0']) {
            return Err(SdpProblem::Line);
        }
        if !self.version {
            self.version = true;
            return match (letter, value.trim()) {
                ('v', "0") => Ok(()),
                ('v', _) => Err(SdpProblem::Version),
                _ => Err(SdpProblem::Missing('v')),
            };
        }
        if letter == 'm' {
            if self.media.len() == MAX_STREAMS {
                return Err(SdpProblem::TooLarge);
            }
            self.media.push(media(value).ok_or(SdpProblem::Media)?);
            return Ok(());
        }
        match self.media.last_mut() {
            Some(media) => media_line(media, letter, value),
            None => self.session_line(letter, value),
        }
    }

    fn session_line(&mut self, letter: char, value: &str) -> Result<(), SdpProblem> {
        match letter {
            'o' => once(&mut self.origin, origin(value).ok_or(SdpProblem::Origin)?),
            's' => once(&mut self.name, value.to_owned()),
            'c' => once(&mut self.connection, address(value).ok_or(SdpProblem::Connection)?),
            't' | 'r' => bounded(&mut self.times, (letter, value.to_owned())),
            'i' | 'u' | 'e' | 'p' | 'b' | 'z' | 'k' => {
                bounded(&mut self.others, (letter, Hidden(value.to_owned())))
            }
            'a' => bounded(&mut self.attributes, attribute(value)?),
            _ => Err(SdpProblem::Misplaced),
        }
    }

    fn finish(self) -> Result<Session, SdpProblem> {
        if !self.times.iter().any(|(letter, _)| *letter == 't') {
            return Err(SdpProblem::Missing('t'));
        }
        Ok(Session {
            origin: self.origin.ok_or(SdpProblem::Missing('o'))?,
            name: self.name.ok_or(SdpProblem::Missing('s'))?,
            connection: self.connection,
            others: self.others,
            times: self.times,
            attributes: self.attributes,
            media: self.media,
        })
    }
}

fn media_line(media: &mut Media, letter: char, value: &str) -> Result<(), SdpProblem> {
    match letter {
        'c' if media.connection.is_some() => Ok(()), // layered multicast: the first counts
        'c' => once(&mut media.connection, address(value).ok_or(SdpProblem::Connection)?),
        'i' | 'b' | 'k' => bounded(&mut media.others, (letter, Hidden(value.to_owned()))),
        'a' => bounded(&mut media.attributes, attribute(value)?),
        _ => Err(SdpProblem::Misplaced),
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), SdpProblem> {
    match slot.replace(value) {
        Some(_) => Err(SdpProblem::Repeated),
        None => Ok(()),
    }
}

fn bounded<T>(list: &mut Vec<T>, value: T) -> Result<(), SdpProblem> {
    if list.len() == MAX_ATTRIBUTES {
        return Err(SdpProblem::TooLarge);
    }
    list.push(value);
    Ok(())
}

fn origin(value: &str) -> Option<Origin> {
    let mut parts = value.splitn(4, ' ');
    let username = parts.next().filter(|text| !text.is_empty())?.to_owned();
    let session_id = parts.next().filter(|id| digits(id))?.to_owned();
    let version = parts.next().filter(|v| digits(v))?.parse().ok()?;
    let address = address(parts.next()?)?;
    Some(Origin { username, session_id, version, address })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `IN IP4 host`, as it stands in `o=`, `c=` and `a=rtcp`.
pub(super) fn address(value: &str) -> Option<Address> {
    let mut parts = value.trim_end().split(' ');
    if parts.next()? != "IN" {
        return None;
    }
    let ipv6 = match parts.next()? {
        "IP4" => false,
        "IP6" => true,
        _ => return None,
    };
    let text = parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let (host, suffix) = match text.find('/') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let numbers = suffix.split('/').skip(1).all(digits);
    let host = host_of(host).filter(|_| numbers)?;
    let family_fits = match host {
        Host::V4(_) => !ipv6,
        Host::V6(_) => ipv6,
        Host::Name(_) => true,
        Host::Absent => false,
    };
    family_fits.then(|| Address { host, ipv6, suffix: suffix.to_owned() })
}

fn host_of(text: &str) -> Option<Host> {
    if let Ok(ip) = text.parse::<std::net::IpAddr>() {
        return Some(ip.into());
    }
    let mut cursor = crate::scan::Cursor::new(text);
    let host = Host::parse(&mut cursor).ok()?;
    let name = matches!(host, Host::Name(_)) && cursor.at_end();
    name.then_some(host)
}

fn attribute(value: &str) -> Result<Attribute, SdpProblem> {
    let (name, value) = match value.split_once(':') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (value.trim_end(), None),
    };
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    if valid { Ok(Attribute { name: name.to_owned(), value }) } else { Err(SdpProblem::Attribute) }
}

fn media(value: &str) -> Option<Media> {
    let mut parts = value.split(' ').filter(|part| !part.is_empty());
    let kind = parts.next()?.to_owned();
    let port = parts.next()?;
    let (port, port_count) = match port.find('/') {
        Some(at) => port.split_at(at),
        None => (port, ""),
    };
    let counted = port_count.is_empty() || digits(&port_count[1..]);
    let port = Some(port).filter(|p| digits(p) && counted)?.parse().ok()?;
    let proto = Proto::from_token(parts.next()?);
    let formats: Vec<String> = parts.map(str::to_owned).collect();
    let fits = (1..=MAX_FORMATS).contains(&formats.len());
    fits.then(|| Media {
        kind,
        port,
        port_count: port_count.to_owned(),
        proto,
        formats,
        connection: None,
        others: Vec::new(),
        attributes: Vec::new(),
    })
}
