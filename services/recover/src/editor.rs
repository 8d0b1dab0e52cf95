//! What is typed on a serial line becomes lines: printable ASCII, one sign back, the whole line back. Bytes in, echo and
//! lines out; it reads no port.

use crate::dialogue::{Dialogue, Said};
use custodians::SetId;
use zeroize::Zeroizing;

/// Signs of a line; more are not taken.
pub const MAX_LINE_SIGNS: usize = 79;

const BELL: u8 = 0x07;
const BACK: &[u8] = b"\x08 \x08";

/// A line as it is typed.
#[derive(Debug, Default)]
pub struct Editor {
    line: Zeroizing<Vec<u8>>,
    /// A carriage return ended the last line: a line feed right after it is part of it.
    returned: bool,
    /// Within a sequence that a cursor key sends.
    escape: bool,
}

impl Editor {
    /// Whether the line has a sign.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        !self.line.is_empty()
    }

    /// Takes a byte; what is to be shown goes to `echo`; the line, when it is whole.
    pub fn byte(&mut self, byte: u8, echo: &mut Vec<u8>) -> Option<Zeroizing<String>> {
        let after_return = std::mem::take(&mut self.returned);
        if self.escape {
            self.escape = !byte.is_ascii_alphabetic() && byte != b'~' && byte != b'\r';
            return None;
        }
        match byte {
            b'\n' if after_return => {}
            b'\r' | b'\n' => {
                self.returned = byte == b'\r';
                echo.extend(b"\r\n");
                let line = std::mem::take(&mut self.line);
                return Some(Zeroizing::new(line.iter().map(|byte| char::from(*byte)).collect()));
            }
            0x08 | 0x7f => echo.extend(self.line.pop().map_or(&[][..], |_| BACK)),
            // Control-U and Control-C take the line back.
            0x15 | 0x03 => {
                for _ in 0..self.line.len() {
                    echo.extend(BACK);
                }
                self.line = Zeroizing::default();
            }
            0x1b => self.escape = true,
            b' '..=b'~' if self.line.len() < MAX_LINE_SIGNS => {
                if self.line.capacity() == 0 {
                    // Never grown: a grown vector leaves what it held behind.
                    self.line.reserve_exact(MAX_LINE_SIGNS);
                }
                self.line.push(byte);
                echo.push(byte);
            }
            b' '..=b'~' => echo.push(BELL),
            _ => {}
        }
        None
    }
}

/// What must hold whatever is typed: the echo stays within a line, nothing but three right shares opens anything.
pub fn fuzz_typed(data: &[u8]) {
    let (mut editor, mut dialogue) = (Editor::default(), Dialogue::new(vec![SetId([1, 2, 3, 4])]));
    for byte in data {
        let mut echo = Vec::new();
        if let Some(line) = editor.byte(*byte, &mut echo) {
            assert!(line.len() <= MAX_LINE_SIGNS, "a line is bounded");
            match dialogue.line(&line) {
                Said::Restart => return,
                Said::Whole(..) => unreachable!("nobody has shares of a set that was never made"),
                Said::Nothing | Said::More(_) | Said::Taken(_) | Said::Refused(_) => {}
            }
        }
        assert!(echo.iter().all(|byte| byte.is_ascii()), "ASCII alone is shown");
    }
}

#[cfg(test)]
mod tests {
    use super::{Editor, MAX_LINE_SIGNS};

    fn typed(keys: &[u8]) -> (Vec<String>, Vec<u8>) {
        let (mut editor, mut echo) = (Editor::default(), Vec::new());
        let lines = keys.iter().filter_map(|byte| editor.byte(*byte, &mut echo));
        (lines.map(|line| line.to_string()).collect(), echo)
    }

    #[test]
    fn a_line_ends_with_return_or_line_feed_and_with_both_once() {
        assert_eq!(typed(b"a\rb\nc\r\nd\r").0, ["a", "b", "c", "d"]);
        assert_eq!(typed(b"\r\r").0, ["", ""]);
    }

    #[test]
    fn signs_and_lines_are_taken_back_and_cursor_keys_are_nothing() {
        assert_eq!(typed(b"ab\x7fc\x08\x08\x08\x08d\r").0, ["d"]);
        assert_eq!(typed(b"wrong\x15right\r").0, ["right"]);
        assert_eq!(typed(b"a\x1b[Ab\x1b[3~c\r").0, ["abc"]);
        assert_eq!(typed("é中a\r".as_bytes()).0, ["a"]);
    }

    #[test]
    fn a_line_has_a_limit_and_says_so_with_a_bell() {
        let (lines, echo) = typed(&[vec![b'x'; MAX_LINE_SIGNS + 1], b"\r".to_vec()].concat());
        assert_eq!(lines[0].len(), MAX_LINE_SIGNS);
        assert_eq!(echo.iter().filter(|byte| **byte == 7).count(), 1);
    }
}
