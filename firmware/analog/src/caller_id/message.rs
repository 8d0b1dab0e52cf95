//! Reading a caller's number from what was received (EN 300 659-3, Telcordia GR-30; YDN 069-1997 has the same forms).
//!
//! Unknown parameters are passed over, as the standards ask; what is broken is refused whole: a wrong number is worse
//! than none. It reads no call-waiting, message-waiting or charging messages.

use super::{CallerIdKind, RawCallerId};
use thiserror::Error;
use vocab::Pii;

/// Most digits of a number; EN 300 659-3 allows 20.
pub const MAX_CALLER_DIGITS: usize = 24;
/// Most octets of a name.
pub const MAX_NAME: usize = 50;

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// The caller withholds it (`P`).
    Private,
    /// The network does not know it (`O`).
    Unavailable,
}

/// When the exchange says the call came: it has no year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallTime {
    /// 1–12.
    pub month: u8,
    /// 1–31.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerId {
    /// The number as it was sent: digits, `*`, `#`, perhaps a leading `+`.
    pub number: Option<Pii<String>>,
    /// Why there is none.
    pub absence: Option<Absence>,
    /// The name's octets; the standards say T.50, Chinese exchanges send GB 2312.
    pub name: Option<Pii<Vec<u8>>>,
    /// When.
    pub time: Option<CallTime>,
}

/// Why what was received is no caller's number. The line's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageError {
    /// Shorter than it says, or longer.
    #[error("the message has another length than it says")]
    Length,
    /// The octets do not add up to nothing.
    #[error("the checksum is wrong")]
    Checksum,
    /// A message for something else.
    #[error("message type {0:#04x} tells no caller")]
    Type(u8),
    /// A parameter is longer than what is left.
    #[error("parameter {0:#04x} is longer than the message")]
    Parameter(u8),
    /// The time is none.
    #[error("the time is none")]
    Time,
    /// Something else than digits, or too many.
    #[error("the number is none")]
    Number,
    /// The keys follow no known form.
    #[error("the keys follow no form of a caller's number")]
    Keys,
    /// It tells neither a number nor why there is none.
    #[error("the message tells no caller")]
    Nothing,
}

impl CallerId {
    /// Reads what was received.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn read(raw: &RawCallerId) -> Result<Self, MessageError> {
        match raw.kind() {
            CallerIdKind::Fsk => Self::of_message(raw.octets()),
            CallerIdKind::Dtmf => Self::of_keys(raw.octets()),
        }
    }

    /// Reads a message with type, length and checksum.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn of_message(octets: &[u8]) -> Result<Self, MessageError> {
        let (kind, length) = match octets {
            [kind, length, ..] => (*kind, usize::from(*length)),
            _ => return Err(MessageError::Length),
        };
        if octets.len() != length + 3 {
            return Err(MessageError::Length);
        }
        if octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet)) != 0 {
            return Err(MessageError::Checksum);
        }
        let body = &octets[2..2 + length];
        let caller = match kind {
            SINGLE => single(body)?,
            MULTIPLE => multiple(body)?,
            other => return Err(MessageError::Type(other)),
        };
        if caller.number.is_none() && caller.absence.is_none() && caller.name.is_none() {
            return Err(MessageError::Nothing);
        }
        Ok(caller)
    }

    /// Reads keys from the first mark to the last.
    ///
    /// # Errors
    /// [`MessageError::Keys`], [`MessageError::Number`].
    pub fn of_keys(keys: &[u8]) -> Result<Self, MessageError> {
        let (first, rest) = keys.split_first().ok_or(MessageError::Keys)?;
        let (last, body) = rest.split_last().ok_or(MessageError::Keys)?;
        let absent = |absence| Ok(Self { absence: Some(absence), ..Self::default() });
        match (first, body, last) {
            // Denmark: D, a reason of one digit, #.
            (b'D', b"1", b'#') => absent(Absence::Private),
            (b'D', b"2" | b"3", b'#') => absent(Absence::Unavailable),
            // EN 300 659-1 annex B: B, two digits of information, C.
            (b'B', b"10", b'C' | b'#') => absent(Absence::Private),
            (b'B', b"00", b'C' | b'#') => absent(Absence::Unavailable),
            (b'A' | b'B' | b'D', _, b'C' | b'#' | b'D') | (b'C', _, b'#' | b'D') => {
                Ok(Self { number: Some(number(body)?), ..Self::default() })
            }
            _ => Err(MessageError::Keys),
        }
    }
}

/// Eight digits of time, then the number or a letter.
fn single(body: &[u8]) -> Result<CallerId, MessageError> {
    let (when, rest) = body.split_at_checked(TIME_DIGITS).ok_or(MessageError::Length)?;
    let mut caller = CallerId { time: Some(time(when)?), ..CallerId::default() };
    match rest {
        [letter] if absence(*letter).is_some() => caller.absence = absence(*letter),
        digits => caller.number = Some(number(digits)?),
    }
    Ok(caller)
}

fn multiple(body: &[u8]) -> Result<CallerId, MessageError> {
    let mut caller = CallerId::default();
    let mut rest = body;
    while let [kind, length, after @ ..] = rest {
        let (value, next) =
            after.split_at_checked(usize::from(*length)).ok_or(MessageError::Parameter(*kind))?;
        rest = next;
        match *kind {
            TIME => caller.time = Some(time(value)?),
            NUMBER => caller.number = Some(number(value)?),
            NO_NUMBER => caller.absence = value.first().and_then(|letter| absence(*letter)),
            NAME if value.len() <= MAX_NAME => caller.name = Some(Pii::new(value.to_vec())),
            _ => {}
        }
    }
    match rest {
        [] => Ok(caller),
        [kind, ..] => Err(MessageError::Parameter(*kind)),
    }
}

const fn absence(letter: u8) -> Option<Absence> {
    match letter {
        b'P' => Some(Absence::Private),
        b'O' => Some(Absence::Unavailable),
        _ => None,
    }
}

fn time(digits: &[u8]) -> Result<CallTime, MessageError> {
    if digits.len() != TIME_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err(MessageError::Time);
    }
    let two = |at: usize| (digits[at] - b'0') * 10 + (digits[at + 1] - b'0');
    let time = CallTime { month: two(0), day: two(2), hour: two(4), minute: two(6) };
    let real =
        (1..=12).contains(&time.month) && (1..=31).contains(&time.day) && time.hour < 24 && time.minute < 60;
    if real { Ok(time) } else { Err(MessageError::Time) }
}

fn number(digits: &[u8]) -> Result<Pii<String>, MessageError> {
    let plain = digits.strip_prefix(b"+").unwrap_or(digits);
    let of_keys = plain.iter().all(|digit| digit.is_ascii_digit() || matches!(digit, b'*' | b'#'));
    if plain.is_empty() || plain.len() > MAX_CALLER_DIGITS || !of_keys {
        return Err(MessageError::Number);
    }
    Ok(Pii::new(digits.iter().map(|digit| char::from(*digit)).collect()))
}

pub(super) const SINGLE: u8 = 0x04;
pub(super) const MULTIPLE: u8 = 0x80;
pub(super) const TIME: u8 = 0x01;
pub(super) const NUMBER: u8 = 0x02;
pub(super) const NO_NUMBER: u8 = 0x04;
pub(super) const NAME: u8 = 0x07;
const TIME_DIGITS: usize = 8;
