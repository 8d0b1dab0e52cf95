//! Parameters after a `;`: `name[=value]`, in order, the value kept as it was written
//! (quoted values keep their quotes). What a parameter means is not known here.

use std::borrow::Cow;
use std::fmt;

use crate::scan::{Cursor, Syntax, is_token, quote, unquote};

/// The most parameters one value may carry.
pub const MAX_PARAMS: usize = 64;

/// An ordered parameter list.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value as written, `""` for a parameter without one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_deref().unwrap_or(""))
    }

    /// The value with quotes and escapes undone.
    #[must_use]
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(unquote)
    }

    /// Is the parameter there, with or without a value?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// Sets or replaces a parameter. A value that is neither token, host, address nor a
    /// whole quoted string is quoted; URI parameters must be given escaped instead, since
    /// a URI knows no quotes.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let plain = |b: u8| is_token(b) || matches!(b, b'[' | b']' | b':' | b'/');
        let name: String = name.chars().filter(|c| is_name_char(*c)).collect();
        let value = value.map(|v| {
            if (!v.is_empty() && v.bytes().all(plain)) || is_quoted(v) { v.to_owned() } else { quote(v) }
        });
        let found = self.0.iter().position(|(n, _)| n.eq_ignore_ascii_case(&name));
        match found.and_then(|i| self.0.get_mut(i)) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// All parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_deref()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push_raw(&mut self, name: &str, value: Option<&str>) {
        self.0.push((name.to_owned(), value.map(str::to_owned)));
    }

    /// Reads `*( SEMI generic-param )` of a header value.
    pub(crate) fn parse_header(cursor: &mut Cursor<'_>) -> Result<Self, Syntax> {
        let mut params = Self::new();
        while cursor.eat_separator(b';') {
            if params.len() == MAX_PARAMS {
                return Err(cursor.error("fewer parameters"));
            }
            let name = cursor.token("parameter name")?;
            let value = if cursor.eat_separator(b'=') { Some(Self::header_value(cursor)?) } else { None };
            params.push_raw(name, value);
        }
        Ok(params)
    }

    fn header_value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Syntax> {
        if cursor.peek() == Some(b'"') {
            return cursor.quoted();
        }
        // gen-value = token / host / quoted-string; a host brings IPv6 brackets and colons.
        let value = cursor.take_while(|b| is_token(b) || matches!(b, b'[' | b']' | b':' | b'/') || b >= 0x80);
        if value.is_empty() { Err(cursor.error("parameter value")) } else { Ok(value) }
    }
}

/// Is the text one quoted string from end to end, on one line?
fn is_quoted(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.quoted().is_ok() && cursor.at_end() && !text.contains(['\r', '\n'])
}

/// Names of URI parameters may be escaped or hold brackets; no character that ends one
/// may stand in any.
fn is_name_char(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, ';' | '=' | ',' | '<' | '>' | '"' | '?')
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// Names only: a value may carry a number or a key.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(n, _)| n)).finish()
    }
}
