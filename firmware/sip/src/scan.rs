//! A bounded cursor over one header value: the lexical rules of RFC 3261 25.1
//! that every typed parser here shares. It allocates nothing and knows no header.

use std::borrow::Cow;

/// Where a value stopped making sense, and what the grammar wanted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: expected {expected}")]
pub struct Syntax {
    /// Byte offset inside the value.
    pub at: usize,
    /// The production the grammar asks for at that place.
    pub expected: &'static str,
}

/// Is `b` a `token` character (RFC 3261 25.1)?
#[must_use]
pub const fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Is `b` linear white space (folding has already been undone, but a lone CR or LF counts)?
#[must_use]
pub const fn is_ws(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// A read position inside one value.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    text: &'a str,
    pos: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at the first byte of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text, pos: 0 }
    }

    /// The byte offset reached.
    #[must_use]
    pub const fn pos(&self) -> usize {
        self.pos
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }

    /// The next byte, unread.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Nothing is left.
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    /// An error at the present position.
    #[must_use]
    pub const fn error(&self, expected: &'static str) -> Syntax {
        Syntax { at: self.pos, expected }
    }

    /// Skips white space.
    pub fn skip_ws(&mut self) {
        self.take_while(is_ws);
    }

    /// Reads the bytes for which `accept` holds. A multi-byte character is either
    /// wholly accepted or wholly refused because `accept` sees only bytes ≥ 0x80 of it.
    pub fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a str {
        let start = self.pos;
        let bytes = self.text.as_bytes();
        while self.pos < bytes.len() && accept(bytes[self.pos]) {
            self.pos += 1;
        }
        while !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
        &self.text[start..self.pos]
    }

    /// Reads `byte` if it is next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        if next {
            self.pos += 1;
        }
        next
    }

    /// Reads `byte` or fails.
    ///
    /// # Errors
    /// When another byte, or nothing, is next.
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Syntax> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// Reads a separator with white space on both sides (SEMI, EQUAL, SLASH, COMMA …).
    pub fn eat_separator(&mut self, byte: u8) -> bool {
        let before = self.pos;
        self.skip_ws();
        if self.eat(byte) {
            self.skip_ws();
            true
        } else {
            self.pos = before;
            false
        }
    }

    /// Reads a `token`.
    ///
    /// # Errors
    /// When no token character is next.
    pub fn token(&mut self, expected: &'static str) -> Result<&'a str, Syntax> {
        let token = self.take_while(is_token);
        if token.is_empty() { Err(self.error(expected)) } else { Ok(token) }
    }

    /// Reads a `quoted-string`; the slice keeps its quotes and escapes.
    ///
    /// # Errors
    /// When no quote is next, or it is never closed.
    pub fn quoted(&mut self) -> Result<&'a str, Syntax> {
        let start = self.pos;
        self.expect(b'"', "quoted string")?;
        let bytes = self.text.as_bytes();
        while let Some(&b) = bytes.get(self.pos) {
            match b {
                b'"' => {
                    self.pos += 1;
                    return Ok(&self.text[start..self.pos]);
                }
                b'\\' => self.pos += 2,
                _ => self.pos += 1,
            }
        }
        self.pos = start;
        Err(self.error("closing quote"))
    }

    /// Reads a decimal number that fits `u32`.
    ///
    /// # Errors
    /// When no digit is next or the number does not fit.
    pub fn number(&mut self, expected: &'static str) -> Result<u32, Syntax> {
        let at = self.pos;
        let digits = self.take_while(|b| b.is_ascii_digit());
        digits.parse().map_err(|_| Syntax { at, expected })
    }

    /// Fails unless only white space is left.
    ///
    /// # Errors
    /// When something else follows.
    pub fn finish(mut self) -> Result<(), Syntax> {
        self.skip_ws();
        if self.at_end() { Ok(()) } else { Err(self.error("end of value")) }
    }

    /// Moves to an absolute offset (used to go back to a remembered place).
    pub(crate) fn seek(&mut self, pos: usize) {
        self.pos = pos.min(self.text.len());
        while !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
    }
}

/// The text a quoted string stands for; text without quotes is returned as it is.
#[must_use]
pub fn unquote(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(raw);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `text` as a quoted string. Line breaks cannot be quoted in SIP and become spaces.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\r' | '\n' => out.push(' '),
            '"' | '\\' | '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Splits `value` at the commas that stand outside quoted strings and angle brackets.
///
/// # Errors
/// When a quoted string or angle bracket never closes, or an element is empty
/// (RFC 4475 3.1.2.1: `;;,;,,`).
pub fn split_list(value: &str) -> Result<Vec<&str>, Syntax> {
    let mut out = Vec::with_capacity(1);
    let bytes = value.as_bytes();
    let (mut start, mut pos, mut angle) = (0, 0, None);
    while pos < bytes.len() {
        match bytes[pos] {
            b'"' => {
                let mut cursor = Cursor::new(value);
                cursor.seek(pos);
                cursor.quoted()?;
                pos = cursor.pos();
                continue;
            }
            b'<' => angle = angle.or(Some(pos)),
            b'>' => angle = None,
            b',' if angle.is_none() => {
                out.push(element(value, start, pos)?);
                start = pos + 1;
            }
            _ => {}
        }
        pos += 1;
    }
    if let Some(at) = angle {
        return Err(Syntax { at, expected: "closing angle bracket" });
    }
    out.push(element(value, start, value.len())?);
    Ok(out)
}

fn element(value: &str, start: usize, end: usize) -> Result<&str, Syntax> {
    let text = value[start..end].trim_matches(|c: char| c.is_ascii() && is_ws(c as u8));
    if text.is_empty() { Err(Syntax { at: start, expected: "list element" }) } else { Ok(text) }
}
