//! The header fields of a message: an ordered list of name and value. The typed readers
//! on top of it are in [`crate::typed`]. Values can never hold a line break.

use std::fmt;

use crate::header_name::HeaderName;

/// The header fields in the order of the message.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, String)>);

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The first value of a header.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of a header, topmost first.
    pub fn get_all<'a, 'n>(&'a self, name: &'n HeaderName) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Adds a value below all others.
    pub fn push(&mut self, name: HeaderName, value: impl Into<String>) {
        self.0.push((name, one_line(value.into())));
    }

    /// Adds a value above all others, as Via and Route want it.
    pub fn prepend(&mut self, name: HeaderName, value: impl Into<String>) {
        let at = self.0.iter().position(|(n, _)| *n == name).unwrap_or_default();
        self.0.insert(at, (name, one_line(value.into())));
    }

    /// Makes `value` the only value of the header, where its first one stood.
    pub fn set(&mut self, name: HeaderName, value: impl Into<String>) {
        let at = self.0.iter().position(|(n, _)| *n == name);
        self.remove(&name);
        let at = at.unwrap_or(self.0.len());
        self.0.insert(at, (name, one_line(value.into())));
    }

    /// Replaces the first value of the header and leaves the others.
    pub fn set_first(&mut self, name: &HeaderName, value: impl Into<String>) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = one_line(value.into()),
            None => self.push(name.clone(), value),
        }
    }

    /// Takes all values of a header away; says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.0.len();
        self.0.retain(|(n, _)| n != name);
        before - self.0.len()
    }

    /// Takes only the topmost value of a header away.
    pub fn remove_first(&mut self, name: &HeaderName) -> Option<String> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// Name and value of every line.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        self.0.iter().map(|(n, v)| (n, v.as_str()))
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There are no headers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copies all values of a header from another message.
    pub fn copy_from(&mut self, other: &Self, name: &HeaderName) {
        for value in other.get_all(name) {
            self.0.push((name.clone(), value.to_owned()));
        }
    }

    /// Values that the front end has already made one line each.
    pub(crate) fn from_parsed(lines: Vec<(HeaderName, String)>) -> Self {
        Self(lines)
    }
}

/// A line break inside a value would start a header of its own: it becomes a blank.
fn one_line(value: String) -> String {
    if value.bytes().any(|b| matches!(b, b'\r' | b'\n')) { value.replace(['\r', '\n'], " ") } else { value }
}

/// Names only: values carry numbers, names and keys.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(n, _)| n.as_str())).finish()
    }
}
