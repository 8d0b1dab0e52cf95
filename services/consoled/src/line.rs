//! The line being typed: bounded, erased from memory when it is given up or used. It draws nothing.

use vocab::Secret;
use zeroize::{Zeroize, Zeroizing};

/// Characters of the longest line.
pub const MAX_CHARS: usize = 128;

/// A line.
#[derive(Default)]
pub struct Line {
    text: Zeroizing<String>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("chars", &self.text.chars().count()).finish()
    }
}

impl Line {
    /// Adds a character; false if there is no room.
    pub fn push(&mut self, one: char) -> bool {
        if self.text.chars().count() >= MAX_CHARS {
            return false;
        }
        // The text never moves: what was typed must not stay behind in freed memory.
        if self.text.capacity() < MAX_BYTES {
            self.text.reserve_exact(MAX_BYTES);
        }
        self.text.push(one);
        true
    }

    /// Takes the last character away.
    pub fn pop(&mut self) -> Option<char> {
        self.text.pop()
    }

    /// Gives everything up.
    pub fn clear(&mut self) {
        self.text.zeroize();
    }

    /// What is typed so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The line, which is empty afterwards.
    pub fn take(&mut self) -> String {
        let text = self.text.trim().to_owned();
        self.clear();
        text
    }

    /// The same for what nobody may read again; blanks around it count.
    pub fn take_secret(&mut self) -> Secret<String> {
        let text = Secret::new(self.text.as_str().to_owned());
        self.clear();
        text
    }
}

const MAX_BYTES: usize = MAX_CHARS * 4;

#[cfg(test)]
mod tests {
    use super::{Line, MAX_CHARS};

    #[test]
    fn a_line_is_bounded_and_empty_once_it_is_taken() {
        let mut line = Line::default();
        let taken = (0..1_000).filter(|_| line.push('工')).count();
        assert_eq!(taken, MAX_CHARS);
        assert_eq!(line.pop(), Some('工'));
        assert_eq!(format!("{line:?}"), "Line { chars: 127 }");
        assert_eq!(line.take().chars().count(), MAX_CHARS - 1);
        assert!(line.is_empty());
        line.push(' ');
        assert_eq!(line.take_secret().expose(), " ");
        assert!(line.is_empty() && line.pop().is_none());
    }
}
