//! Payload types: which format of a stream is which codec (RFC 3551 6 for the static
//! numbers, `a=rtpmap` for all). Only G.711 and telephone-event are known.

use super::model::Media;

/// A voice codec of this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
}

impl Codec {
    /// The static payload type.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// The encoding name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }
}

/// What a payload type of a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Voice.
    Voice(Codec),
    /// Digits of RFC 4733 at 8,000 Hz.
    TelephoneEvent,
    /// Something not known here.
    Unknown,
}

impl Media {
    /// The payload types of the stream in the order of its sender's preference.
    pub(super) fn payloads(&self) -> impl Iterator<Item = (u8, Format)> + '_ {
        self.formats
            .iter()
            .filter_map(|format| format.parse::<u8>().ok())
            .filter(|pt| *pt < 128)
            .map(|pt| (pt, self.format_of(pt)))
    }

    fn format_of(&self, pt: u8) -> Format {
        let mapped = self.attributes("rtpmap").find_map(|value| {
            let (number, encoding) = value.trim().split_once(' ')?;
            (number.parse() == Ok(pt)).then_some(encoding.trim())
        });
        match (mapped, pt) {
            (Some(encoding), _) => named(encoding),
            (None, 0) => Format::Voice(Codec::Pcmu),
            (None, 8) => Format::Voice(Codec::Pcma),
            (None, _) => Format::Unknown,
        }
    }

    /// The first voice payload type that `wanted` takes.
    pub(super) fn voice(&self, wanted: &[Codec]) -> Option<(u8, Codec)> {
        self.payloads().find_map(|(pt, format)| match format {
            Format::Voice(codec) if wanted.contains(&codec) => Some((pt, codec)),
            Format::Voice(_) | Format::TelephoneEvent | Format::Unknown => None,
        })
    }

    /// The payload type of telephone-event.
    pub(super) fn telephone_event(&self) -> Option<u8> {
        self.payloads().find(|(_, format)| *format == Format::TelephoneEvent).map(|(pt, _)| pt)
    }
}

/// `name/rate[/channels]`
fn named(encoding: &str) -> Format {
    let mut parts = encoding.split('/');
    let name = parts.next().unwrap_or("");
    let rate = parts.next().and_then(|rate| rate.parse::<u32>().ok());
    let mono = parts.next().is_none_or(|channels| channels == "1");
    if rate != Some(8000) || !mono {
        return Format::Unknown;
    }
    match name {
        n if n.eq_ignore_ascii_case("PCMA") => Format::Voice(Codec::Pcma),
        n if n.eq_ignore_ascii_case("PCMU") => Format::Voice(Codec::Pcmu),
        n if n.eq_ignore_ascii_case("telephone-event") => Format::TelephoneEvent,
        _ => Format::Unknown,
    }
}
