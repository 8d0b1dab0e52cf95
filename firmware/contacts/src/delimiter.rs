//! What stands between the fields of a file.

use serde::{Deserialize, Serialize};

/// A delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tab.
    Tab,
}

impl Delimiter {
    /// Its byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// The delimiter that stands most often in a header line, outside quotes; the comma if none does.
    #[must_use]
    pub fn of_header(line: &[u8]) -> Self {
        let count = |delimiter: Self| {
            let mut quoted = false;
            let plain = |byte: &&u8| {
                quoted ^= **byte == b'"';
                !quoted && **byte == delimiter.byte()
            };
            line.iter().filter(plain).count()
        };
        let (comma, semicolon, tab) = (count(Self::Comma), count(Self::Semicolon), count(Self::Tab));
        if tab > comma && tab > semicolon {
            Self::Tab
        } else if semicolon > comma {
            Self::Semicolon
        } else {
            Self::Comma
        }
    }
}
