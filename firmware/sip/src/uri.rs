//! SIP, SIPS and TEL URIs (RFC 3261 19.1, RFC 3966), with equality as RFC 3261 19.1.4
//! defines it. Other schemes are kept whole and not understood.

use std::fmt;
use std::str::FromStr;

use crate::host::Host;
use crate::params::{MAX_PARAMS, Params};
use crate::scan::{Cursor, Syntax};

/// A URI scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other, in lower case.
    Other(String),
}

impl Scheme {
    /// The scheme's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        }
    }
}

/// A URI. User and password keep their `%` escapes.
#[derive(Clone)]
pub struct Uri {
    /// `sip`, `sips`, `tel` or something else.
    pub scheme: Scheme,
    /// The user; the number of a `tel:`; everything of an unknown scheme.
    pub user: Option<String>,
    /// The password, which nobody should send.
    pub password: Option<String>,
    /// The host; [`Host::Absent`] unless `sip` or `sips`.
    pub host: Host,
    /// The port, if written.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params,
    /// URI headers (`?name=value&…`), still escaped.
    pub headers: Vec<(String, String)>,
}

impl Uri {
    /// `sip:[user@]host[:port]`; characters a user part cannot hold are escaped.
    #[must_use]
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self {
            scheme: Scheme::Sip,
            user: user.map(escape_user),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: Vec::new(),
        }
    }

    /// Is this `sip:` or `sips:`?
    #[must_use]
    pub const fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user with its escapes undone.
    #[must_use]
    pub fn user_unescaped(&self) -> Option<String> {
        self.user.as_deref().map(unescape)
    }

    /// Does the `lr` parameter ask for loose routing?
    #[must_use]
    pub fn is_loose_router(&self) -> bool {
        self.params.has("lr")
    }

    /// The `transport` parameter.
    #[must_use]
    pub fn transport(&self) -> Option<&str> {
        self.params.get("transport")
    }

    /// Reads a whole URI; nothing may follow it.
    ///
    /// # Errors
    /// At the first byte that no URI has there.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        let uri = Self::parse_at(&mut cursor, Context::Bracketed)?;
        if cursor.at_end() { Ok(uri) } else { Err(cursor.error("end of URI")) }
    }

    pub(crate) fn parse_at(cursor: &mut Cursor<'_>, context: Context) -> Result<Self, Syntax> {
        let scheme = scheme(cursor)?;
        match scheme {
            Scheme::Sip | Scheme::Sips => sip_uri(cursor, scheme, context),
            Scheme::Tel => tel_uri(cursor, context),
            Scheme::Other(_) => {
                let end = |b: u8| {
                    b > b' '
                        && !matches!(b, b'<' | b'>' | b'"')
                        && (context == Context::Bracketed || !matches!(b, b';' | b','))
                };
                let opaque = cursor.take_while(end);
                if opaque.is_empty() {
                    return Err(cursor.error("scheme-specific part"));
                }
                Ok(Self {
                    scheme,
                    user: Some(opaque.to_owned()),
                    password: None,
                    host: Host::Absent,
                    port: None,
                    params: Params::new(),
                    headers: Vec::new(),
                })
            }
        }
    }
}

/// Where a URI stands decides whether `;` and `?` belong to it (RFC 3261 20.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// In `<…>` or as Request-URI: parameters and headers are the URI's.
    Bracketed,
    /// A bare addr-spec in a header: parameters are the header's.
    Bare,
}

fn scheme(cursor: &mut Cursor<'_>) -> Result<Scheme, Syntax> {
    let start = *cursor;
    let name = cursor.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !cursor.eat(b':') {
        return Err(start.error("URI scheme"));
    }
    Ok(if name.eq_ignore_ascii_case("sip") {
        Scheme::Sip
    } else if name.eq_ignore_ascii_case("sips") {
        Scheme::Sips
    } else if name.eq_ignore_ascii_case("tel") {
        Scheme::Tel
    } else {
        Scheme::Other(name.to_ascii_lowercase())
    })
}

fn sip_uri(cursor: &mut Cursor<'_>, scheme: Scheme, context: Context) -> Result<Uri, Syntax> {
    let (user, password) = userinfo(cursor)?;
    let host = Host::parse(cursor)?;
    let port = Host::parse_port(cursor)?;
    let mut uri = Uri { scheme, user, password, host, port, params: Params::new(), headers: Vec::new() };
    if context == Context::Bracketed {
        uri.params = uri_params(cursor)?;
        uri.headers = uri_headers(cursor)?;
    }
    Ok(uri)
}

/// The user part ends at an `@`; before it `;`, `?`, `/`, `,` and the like are ordinary
/// (RFC 4475 3.1.1.2 and 3.1.1.4), so the `@` is looked for first.
fn userinfo(cursor: &mut Cursor<'_>) -> Result<(Option<String>, Option<String>), Syntax> {
    let start = *cursor;
    let mut probe = *cursor;
    probe.take_while(|b| is_user(b) || matches!(b, b':' | b'%'));
    if probe.peek() != Some(b'@') {
        return Ok((None, None));
    }
    let user = cursor.take_while(|b| is_user(b) || b == b'%');
    if user.is_empty() {
        return Err(start.error("user"));
    }
    check_escapes(&start, user)?;
    let password = if cursor.eat(b':') {
        let at = *cursor;
        let password = cursor.take_while(|b| is_user(b) || matches!(b, b'%' | b':'));
        check_escapes(&at, password)?;
        Some(password.to_owned())
    } else {
        None
    };
    cursor.expect(b'@', "@ after user")?;
    Ok((Some(user.to_owned()), password))
}

fn tel_uri(cursor: &mut Cursor<'_>, context: Context) -> Result<Uri, Syntax> {
    let start = *cursor;
    let number = cursor
        .take_while(|b| b.is_ascii_hexdigit() || matches!(b, b'+' | b'-' | b'.' | b'(' | b')' | b'*' | b'#'));
    let plus = number.rfind('+');
    if !number.bytes().any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'))
        || plus.is_some_and(|at| at != 0)
    {
        return Err(start.error("telephone number"));
    }
    let params = if context == Context::Bracketed { uri_params(cursor)? } else { Params::new() };
    Ok(Uri {
        scheme: Scheme::Tel,
        user: Some(number.to_owned()),
        password: None,
        host: Host::Absent,
        port: None,
        params,
        headers: Vec::new(),
    })
}

fn uri_params(cursor: &mut Cursor<'_>) -> Result<Params, Syntax> {
    let mut params = Params::new();
    while cursor.eat(b';') {
        if params.len() == MAX_PARAMS {
            return Err(cursor.error("fewer parameters"));
        }
        let at = *cursor;
        let name = cursor.take_while(is_param);
        if name.is_empty() {
            return Err(at.error("parameter name"));
        }
        check_escapes(&at, name)?;
        let value = if cursor.eat(b'=') {
            let at = *cursor;
            let value = cursor.take_while(is_param);
            check_escapes(&at, value)?;
            Some(value)
        } else {
            None
        };
        params.push_raw(name, value);
    }
    Ok(params)
}

fn uri_headers(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, Syntax> {
    let mut headers = Vec::new();
    if !cursor.eat(b'?') {
        return Ok(headers);
    }
    loop {
        let at = *cursor;
        let name = cursor.take_while(is_header);
        if name.is_empty() || headers.len() == MAX_PARAMS {
            return Err(at.error("URI header"));
        }
        cursor.expect(b'=', "= after URI header name")?;
        let value = cursor.take_while(is_header);
        check_escapes(&at, name)?;
        check_escapes(&at, value)?;
        headers.push((name.to_owned(), value.to_owned()));
        if !cursor.eat(b'&') {
            return Ok(headers);
        }
    }
}

/// Every `%` must lead two hexadecimal digits.
fn check_escapes(at: &Cursor<'_>, text: &str) -> Result<(), Syntax> {
    let bytes = text.as_bytes();
    let bad = bytes.iter().enumerate().find(|(i, b)| {
        **b == b'%' && !bytes.get(i + 1..i + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    match bad {
        Some((i, _)) => Err(Syntax { at: at.pos() + i, expected: "two hexadecimal digits" }),
        None => Ok(()),
    }
}

const fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// `unreserved / user-unreserved`, plus `#` which telephone numbers bring unescaped.
const fn is_user(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/' | b'#') || b >= 0x80
}

const fn is_param(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'%' | b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}

const fn is_header(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'%' | b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$')
}

/// Escapes what a user part may not hold.
fn escape_user(user: &str) -> String {
    let mut out = String::with_capacity(user.len());
    for b in user.bytes() {
        if is_user(b) && b != b'#' && b < 0x80 {
            out.push(b as char);
        } else {
            out.push('%');
            out.push(hex_digit(b >> 4));
            out.push(hex_digit(b & 15));
        }
    }
    out
}

const fn hex_digit(nibble: u8) -> char {
    (if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }) as char
}

/// Undoes `%` escapes; bytes that are no UTF-8 afterwards become U+FFFD.
fn unescape(text: &str) -> String {
    String::from_utf8_lossy(&unescape_bytes(text, |_| true)).into_owned()
}

/// Undoes the escapes of those bytes for which `wanted` holds; the others stay escaped,
/// in upper case.
fn unescape_bytes(text: &str, wanted: impl Fn(u8) -> bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = text
            .get(i + 1..i + 3)
            .filter(|_| bytes[i] == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) if wanted(byte) => {
                out.push(byte);
                i += 3;
            }
            Some(_) => {
                out.extend(bytes[i..i + 3].iter().map(u8::to_ascii_uppercase));
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    out
}

/// Text in the form in which two equal components are equal bytes: RFC 3261 19.1.4
/// makes an escape equal to its character unless the character is reserved.
fn canonical(text: &str) -> Vec<u8> {
    unescape_bytes(text, |b| {
        !matches!(b, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'%')
    })
}

fn canonical_lower(text: &str) -> Vec<u8> {
    canonical(text).to_ascii_lowercase()
}

/// Parameters that must be on both sides or on neither.
const DECISIVE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

/// Names and values compare without case and with their escapes undone.
fn same_params(a: &Params, b: &Params) -> bool {
    let plain = |params: &Params| -> Vec<(Vec<u8>, Vec<u8>)> {
        params
            .iter()
            .map(|(name, value)| (canonical_lower(name), canonical_lower(value.unwrap_or(""))))
            .collect()
    };
    if a.is_empty() && b.is_empty() {
        return true;
    }
    let (a, b) = (plain(a), plain(b));
    let one_way = |from: &[(Vec<u8>, Vec<u8>)], to: &[(Vec<u8>, Vec<u8>)]| {
        from.iter().all(|(name, value)| match to.iter().find(|(other, _)| other == name) {
            Some((_, other)) => value == other,
            None => !DECISIVE.iter().any(|d| d.as_bytes() == name),
        })
    };
    one_way(&a, &b) && one_way(&b, &a)
}

fn same_headers(a: &[(String, String)], b: &[(String, String)]) -> bool {
    let key = |list: &[(String, String)]| {
        let mut out: Vec<_> = list.iter().map(|(n, v)| (canonical_lower(n), canonical(v))).collect();
        out.sort();
        out
    };
    a.len() == b.len() && key(a) == key(b)
}

/// Visual separators do not count in a telephone number (RFC 3966 5).
fn digits_only(number: Option<&str>) -> String {
    number
        .unwrap_or("")
        .chars()
        .filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Equality of RFC 3261 19.1.4; it is not transitive, so there is no `Eq`.
impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        let text = |t: &Option<String>| t.as_deref().map(canonical);
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Tel => {
                digits_only(self.user.as_deref()) == digits_only(other.user.as_deref())
                    && self.params.len() == other.params.len()
                    && same_params(&self.params, &other.params)
            }
            Scheme::Other(_) => self.user == other.user,
            Scheme::Sip | Scheme::Sips => {
                text(&self.user) == text(&other.user)
                    && text(&self.password) == text(&other.password)
                    && self.host.same(&other.host)
                    && self.port == other.port
                    && same_params(&self.params, &other.params)
                    && same_headers(&self.headers, &other.headers)
            }
        }
    }
}

impl FromStr for Uri {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        Self::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme.as_str())?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            if self.is_sip() {
                f.write_str("@")?;
            }
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        for (i, (name, value)) in self.headers.iter().enumerate() {
            write!(f, "{}{name}={value}", if i == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// The user part is a telephone number or a name: never shown.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme.as_str())?;
        if self.user.is_some() {
            f.write_str(if self.is_sip() { "***@" } else { "***" })?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}
