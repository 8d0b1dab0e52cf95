//! As much DER (X.690) as tells when a certificate is valid (RFC 5280 4.1.2.5). It verifies nothing.

use jiff::civil::DateTime;
use vocab::UnixMs;

/// From when until when a certificate is valid.
#[must_use]
pub fn validity(certificate: &[u8]) -> Option<(UnixMs, UnixMs)> {
    let (whole, _) = take(certificate, SEQUENCE)?;
    let (mut rest, _) = take(whole, SEQUENCE)?;
    if let Some((_version, after)) = take(rest, VERSION) {
        rest = after;
    }
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        rest = take(rest, tag)?.1;
    }
    let (validity, _) = take(rest, SEQUENCE)?;
    let (from, rest) = time(validity)?;
    let (until, _) = time(rest)?;
    Some((from, until))
}

/// The content of the value at the start, which must have this tag, and what follows it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(UnixMs, &[u8])> {
    let (digits, rest) = match bytes.first()? {
        &UTC_TIME => take(bytes, UTC_TIME)?,
        _ => take(bytes, GENERALIZED_TIME)?,
    };
    let text = std::str::from_utf8(digits).ok()?.strip_suffix('Z')?;
    let full = match text.len() {
        // RFC 5280 4.1.2.5.1: two digits of the year below 50 are of this century.
        12 if text.get(..2)?.parse::<u8>().ok()? < 50 => format!("20{text}"),
        12 => format!("19{text}"),
        _ => text.to_owned(),
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", &full).ok()?;
    let at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond();
    Some((UnixMs(at), rest))
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
