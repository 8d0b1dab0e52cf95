//! Digits in SIP INFO bodies: `application/dtmf-relay` and `application/dtmf`.
//!
//! It reads the body only; the transaction belongs to SIP.

use super::Digit;

/// Longest body looked at.
pub const MAX_INFO_BODY: usize = 256;

/// A digit from INFO and how long the peer says it lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoDigit {
    /// The key.
    pub digit: Digit,
    /// `Duration=` in milliseconds, when given.
    pub duration_ms: Option<u16>,
}

/// Reads a body by its content type; `None` for any other type or a malformed body.
#[must_use]
pub fn parse_info(content_type: &str, body: &[u8]) -> Option<InfoDigit> {
    let body = std::str::from_utf8(body.get(..MAX_INFO_BODY).unwrap_or(body)).ok()?;
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        relay(body)
    } else if media_type.eq_ignore_ascii_case("application/dtmf") {
        key(body).map(|digit| InfoDigit { digit, duration_ms: None })
    } else {
        None
    }
}

fn relay(body: &str) -> Option<InfoDigit> {
    let mut digit = None;
    let mut duration_ms = None;
    for line in body.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("signal") {
            digit = key(value);
        } else if name.eq_ignore_ascii_case("duration") {
            duration_ms = value.parse().ok();
        }
    }
    digit.map(|digit| InfoDigit { digit, duration_ms })
}

/// One character, or an event code of two digits (10 is `*`, 11 is `#`).
fn key(text: &str) -> Option<Digit> {
    let text = text.trim();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) => Digit::from_char(one),
        (Some(_), Some(_)) => text.parse().ok().and_then(Digit::from_event),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_info;

    fn digit(content_type: &str, body: &str) -> Option<char> {
        parse_info(content_type, body.as_bytes()).map(|info| info.digit.as_char())
    }

    #[test]
    fn cam_05_the_nine_of_an_info_body_is_read_in_both_forms() {
        assert_eq!(digit("application/dtmf-relay", "Signal=9\r\nDuration=160\r\n"), Some('9'));
        assert_eq!(digit("application/dtmf-relay; x=y", "Signal= 9 \nDuration= 160"), Some('9'));
        assert_eq!(digit("application/dtmf", "9"), Some('9'));
        assert_eq!(digit("APPLICATION/DTMF", "9\r\n"), Some('9'));
        let full = parse_info("application/dtmf-relay", b"Signal=*\r\nDuration=250\r\n");
        assert_eq!(full.and_then(|info| info.duration_ms), Some(250));
    }

    #[test]
    fn event_codes_stand_for_the_keys_without_a_digit() {
        assert_eq!(digit("application/dtmf-relay", "Signal=10"), Some('*'));
        assert_eq!(digit("application/dtmf", "11"), Some('#'));
    }

    #[test]
    fn other_types_and_malformed_bodies_give_no_digit() {
        assert_eq!(digit("text/plain", "9"), None);
        assert_eq!(digit("application/dtmf-relay", "Duration=160"), None);
        assert_eq!(digit("application/dtmf-relay", "Signal=x"), None);
        assert_eq!(digit("application/dtmf", ""), None);
        assert_eq!(digit("application/dtmf", "99"), None);
        assert!(parse_info("application/dtmf", &[0xFF, 0xFE]).is_none());
    }
}
