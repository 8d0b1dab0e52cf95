//! `name-addr` and `addr-spec` with header parameters: From, To, Contact, Route,
//! Record-Route and their like. Whether a tag must be there is the caller's question.

use std::fmt;
use std::str::FromStr;

use crate::params::Params;
use crate::scan::{Cursor, Syntax, is_token, quote, split_list, unquote};
use crate::uri::{Context, Uri};

/// A URI with an optional display name and header parameters.
#[derive(Clone, PartialEq)]
pub struct NameAddr {
    /// The display name, quotes and escapes undone.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Header parameters, the tag among them.
    pub params: Params,
}

impl NameAddr {
    /// An address with neither name nor parameters.
    #[must_use]
    pub const fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The `tag` parameter.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Sets the `tag` parameter.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", Some(tag));
    }

    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        let value = Self::parse_at(&mut cursor)?;
        cursor.finish()?;
        Ok(value)
    }

    /// Reads a comma list of values.
    ///
    /// # Errors
    /// Where an element departs from the grammar.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        split_list(text)?.into_iter().map(Self::parse).collect()
    }

    pub(crate) fn parse_at(cursor: &mut Cursor<'_>) -> Result<Self, Syntax> {
        cursor.skip_ws();
        let display = display_name(cursor)?;
        let bracketed = cursor.eat(b'<');
        let uri = if bracketed {
            // Blanks inside the brackets are wrong, but common and harmless (RFC 4475 3.1.2.14).
            cursor.skip_ws();
            let uri = Uri::parse_at(cursor, Context::Bracketed)?;
            cursor.skip_ws();
            cursor.expect(b'>', "closing angle bracket")?;
            uri
        } else if display.is_some() {
            return Err(cursor.error("opening angle bracket"));
        } else {
            Uri::parse_at(cursor, Context::Bare)?
        };
        let params = Params::parse_header(cursor)?;
        Ok(Self { display, uri, params })
    }
}

/// A quoted string, or tokens, in front of `<`; nothing in front of a bare URI.
fn display_name(cursor: &mut Cursor<'_>) -> Result<Option<String>, Syntax> {
    if cursor.peek() == Some(b'"') {
        let raw = cursor.quoted()?;
        cursor.skip_ws();
        return Ok(Some(unquote(raw).into_owned()));
    }
    let start = cursor.pos();
    // Names out of the token alphabet (RFC 4475 3.1.2.15) are taken too, up to the bracket.
    let name = cursor.take_while(|b| is_token(b) || matches!(b, b' ' | b'\t') || b >= 0x80);
    if cursor.peek() == Some(b'<') {
        let name = name.trim();
        return Ok((!name.is_empty()).then(|| name.to_owned()));
    }
    cursor.seek(start);
    Ok(None)
}

impl FromStr for NameAddr {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        Self::parse(text)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// Neither the name nor the user part is shown.
impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.display.is_some() {
            f.write_str("*** ")?;
        }
        write!(f, "<{:?}>", self.uri)?;
        if let Some(tag) = self.tag() {
            write!(f, ";tag={tag}")?;
        }
        Ok(())
    }
}

/// The Contact header: a list of addresses, or the `*` of a REGISTER that removes all.
#[derive(Debug, Clone, PartialEq)]
pub enum Contacts {
    /// `Contact: *`
    Star,
    /// The addresses, perhaps none.
    List(Vec<NameAddr>),
}

impl Contacts {
    /// The first address: the remote target of a dialog.
    #[must_use]
    pub fn first(&self) -> Option<&NameAddr> {
        match self {
            Self::Star => None,
            Self::List(list) => list.first(),
        }
    }
}
