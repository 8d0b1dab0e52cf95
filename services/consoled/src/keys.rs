//! What a terminal sends, as keys: UTF-8, control codes, escape sequences within a limit, the report of the cursor's
//! place. It keeps no text and knows no screen. Every byte may come from a hostile line: none is trusted, none panics.

/// A key, or what the terminal said by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// Return or line feed.
    Enter,
    /// Backspace or delete.
    Back,
    /// Escape alone.
    Escape,
    /// A control code, by its letter.
    Control(char),
    /// Page or line forward.
    Forward,
    /// Page or line back.
    Backward,
    /// Where the cursor is (`ESC [ row ; column R`): the answer to a probe.
    Place {
        /// From 1.
        column: u16,
    },
}

/// Bytes of the longest escape sequence that is looked at; what follows is passed over up to its end.
pub const MAX_SEQUENCE: usize = 32;

/// The parser.
#[derive(Debug, Default)]
pub struct Keys {
    state: State,
    after_return: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC O: one more byte.
    Single,
    /// After ESC [: parameters until a final byte; so many bytes so far.
    Sequence { bytes: [u8; MAX_SEQUENCE], length: usize },
    /// Within a UTF-8 character: what is there, and how many bytes are missing.
    Character { bytes: [u8; 4], length: usize, missing: usize },
}

impl Keys {
    /// Takes a byte.
    pub fn feed(&mut self, byte: u8) -> Option<Key> {
        let after_return = std::mem::take(&mut self.after_return);
        match &mut self.state {
            State::Ground => self.ground(byte, after_return),
            State::Escape => self.escape(byte),
            State::Single => {
                self.state = State::Ground;
                arrow(byte)
            }
            State::Sequence { bytes, length } => {
                if (0x40..=0x7e).contains(&byte) {
                    let key = sequence(bytes.get(..*length).unwrap_or_default(), byte);
                    self.state = State::Ground;
                    return key;
                }
                if !(0x20..0x7f).contains(&byte) {
                    // Not part of any sequence: the line is noisy. Begin again with this byte.
                    self.state = State::Ground;
                    return self.ground(byte, false);
                }
                if let Some(slot) = bytes.get_mut(*length) {
                    *slot = byte;
                    *length += 1;
                }
                None
            }
            State::Character { bytes, length, missing } => {
                if byte & 0xc0 != 0x80 {
                    self.state = State::Ground;
                    return self.ground(byte, false);
                }
                if let Some(slot) = bytes.get_mut(*length) {
                    *slot = byte;
                    *length += 1;
                }
                *missing = missing.saturating_sub(1);
                if *missing > 0 {
                    return None;
                }
                let whole = bytes.get(..*length).and_then(|bytes| std::str::from_utf8(bytes).ok());
                let key = whole.and_then(|text| text.chars().next()).filter(|one| !one.is_control());
                self.state = State::Ground;
                key.map(Key::Char)
            }
        }
    }

    /// Nothing came for a while: an ESC that waits was the key of that name.
    pub fn pause(&mut self) -> Option<Key> {
        match self.state {
            State::Escape => {
                self.state = State::Ground;
                Some(Key::Escape)
            }
            State::Single | State::Sequence { .. } | State::Character { .. } => {
                self.state = State::Ground;
                None
            }
            State::Ground => None,
        }
    }

    /// Whether the parser stands in the middle of something.
    #[must_use]
    pub const fn is_within(&self) -> bool {
        !matches!(self.state, State::Ground)
    }

    fn ground(&mut self, byte: u8, after_return: bool) -> Option<Key> {
        match byte {
            b'\r' => {
                self.after_return = true;
                Some(Key::Enter)
            }
            b'\n' if after_return => None,
            b'\n' => Some(Key::Enter),
            0x08 | 0x7f => Some(Key::Back),
            0x1b => {
                self.state = State::Escape;
                None
            }
            0x01..=0x1a => Some(Key::Control(char::from(byte + b'a' - 1))),
            0x20..=0x7e => Some(Key::Char(char::from(byte))),
            0xc2..=0xdf => self.begin(byte, 1),
            0xe0..=0xef => self.begin(byte, 2),
            0xf0..=0xf4 => self.begin(byte, 3),
            _ => None,
        }
    }

    fn begin(&mut self, byte: u8, missing: usize) -> Option<Key> {
        self.state = State::Character { bytes: [byte, 0, 0, 0], length: 1, missing };
        None
    }

    fn escape(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'[' => {
                self.state = State::Sequence { bytes: [0; MAX_SEQUENCE], length: 0 };
                None
            }
            b'O' => {
                self.state = State::Single;
                None
            }
            0x1b => Some(Key::Escape),
            _ => {
                self.state = State::Ground;
                // ESC with a letter is what some terminals send for Alt: nothing here is asked for that way.
                None
            }
        }
    }
}

/// A whole sequence after `ESC [`, by its final byte.
fn sequence(parameters: &[u8], last: u8) -> Option<Key> {
    match last {
        b'R' => {
            let text = std::str::from_utf8(parameters).ok()?;
            let (row, column) = text.split_once(';')?;
            let _row: u16 = row.parse().ok()?;
            Some(Key::Place { column: column.parse().ok()? })
        }
        b'~' => match parameters {
            b"5" => Some(Key::Backward),
            b"6" => Some(Key::Forward),
            _ => None,
        },
        other => arrow(other),
    }
}

const fn arrow(last: u8) -> Option<Key> {
    match last {
        b'A' => Some(Key::Backward),
        b'B' => Some(Key::Forward),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Keys};
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.feed(*byte)).collect()
    }

    #[test]
    fn a_return_is_one_key_however_the_terminal_ends_its_lines() {
        assert_eq!(read(b"a\r\nb\nc\r"), {
            let (a, b, c) = (Key::Char('a'), Key::Char('b'), Key::Char('c'));
            [a, Key::Enter, b, Key::Enter, c, Key::Enter]
        });
        assert_eq!(read(b"\r\r\n"), [Key::Enter, Key::Enter]);
    }

    #[test]
    fn characters_of_more_bytes_come_whole_and_broken_ones_not_at_all() {
        assert_eq!(read("工单é".as_bytes()), [Key::Char('工'), Key::Char('单'), Key::Char('é')]);
        assert_eq!(read(b"\xe5x\xffy\xc0\x80"), [Key::Char('x'), Key::Char('y')]);
        assert_eq!(read(b"\xed\xa0\x80z"), [Key::Char('z')], "a surrogate is no character");
        assert_eq!(read(b"\xc2\x9bA"), [Key::Char('A')], "nor is a control code of eight bits");
    }

    #[test]
    fn sequences_are_keys_or_nothing_and_an_escape_alone_is_known_by_the_pause_after_it() {
        assert_eq!(read(b"\x1b[A\x1b[6~\x1bOB\x1b[200~q"), {
            [Key::Backward, Key::Forward, Key::Forward, Key::Char('q')]
        });
        assert_eq!(read(b"\x1b[24;80R"), [Key::Place { column: 80 }]);
        assert_eq!(read(b"\x1b[;R\x1b[1;99999R\x1b[R"), []);
        let mut keys = Keys::default();
        assert_eq!(keys.feed(0x1b), None);
        assert!(keys.is_within());
        assert_eq!((keys.pause(), keys.pause()), (Some(Key::Escape), None));
    }

    #[test]
    fn a_sequence_without_an_end_keeps_nothing_and_ends_with_the_next_line() {
        let mut bytes = b"\x1b[".to_vec();
        bytes.extend(std::iter::repeat_n(b'1', 100_000));
        bytes.extend(b"\rok");
        assert_eq!(read(&bytes), [Key::Enter, Key::Char('o'), Key::Char('k')]);
    }

    proptest! {
        #[test]
        fn whatever_comes_a_line_afterwards_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut keys = Keys::default();
            let count = bytes.iter().filter_map(|byte| keys.feed(*byte)).count();
            prop_assert!(count <= bytes.len());
            keys.pause();
            prop_assert_eq!(keys.feed(b'x'), Some(Key::Char('x')));
        }
    }
}
