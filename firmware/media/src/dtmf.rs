//! Keypad digits by all three ways: RFC 4733 events, in-band tones, SIP INFO bodies.

pub mod event;
pub mod generate;
pub mod inband;
pub mod info;
pub mod stop;

/// A key of the telephone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

/// Keys may be a card number: Debug shows none.
impl std::fmt::Debug for Digit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digit(*)")
    }
}

impl Digit {
    /// The digit of an RFC 4733 event code 0–15.
    #[must_use]
    pub const fn from_event(code: u8) -> Option<Digit> {
        if code < 16 { Some(Digit(code)) } else { None }
    }

    /// The digit of its character: `0`–`9`, `*`, `#`, `A`–`D`.
    #[must_use]
    pub fn from_char(key: char) -> Option<Digit> {
        KEYS.iter().position(|k| *k == key.to_ascii_uppercase()).and_then(|n| u8::try_from(n).ok()).map(Digit)
    }

    /// Its RFC 4733 event code.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.0
    }

    /// Its character.
    #[must_use]
    pub const fn as_char(self) -> char {
        KEYS[(self.0 & 15) as usize]
    }
}

/// How a digit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigitSource {
    /// RFC 4733 telephone events.
    TelephoneEvent,
    /// Tones in the audio.
    InBand,
    /// A SIP INFO body.
    Info,
}

/// In the order of the event codes (RFC 4733 section 3.2).
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
