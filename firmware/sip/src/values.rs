//! The smaller typed header values: CSeq, RAck, Session-Expires, Retry-After, Reason,
//! Content-Type and token sets. What they do to a dialog is decided elsewhere.

use std::fmt;

use crate::method::Method;
use crate::params::Params;
use crate::scan::{Cursor, Syntax, is_ws, split_list};

/// CSeq (RFC 3261 20.16).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// The sequence number, below 2^31.
    pub seq: u32,
    /// The method it counts.
    pub method: Method,
}

/// CSeq numbers stay below 2^31 (RFC 3261 8.1.1.5).
pub const MAX_CSEQ: u32 = (1 << 31) - 1;

impl CSeq {
    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar or the number is too large.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let at = cursor;
        let seq = cursor.number("sequence number")?;
        if seq > MAX_CSEQ {
            return Err(at.error("sequence number below 2^31"));
        }
        let method = method_after(&mut cursor)?;
        cursor.finish()?;
        Ok(Self { seq, method })
    }
}

fn method_after(cursor: &mut Cursor<'_>) -> Result<Method, Syntax> {
    let before = cursor.pos();
    cursor.skip_ws();
    if cursor.pos() == before {
        return Err(cursor.error("blank before method"));
    }
    Ok(Method::from_token(cursor.token("method")?))
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}

/// RAck (RFC 3262 7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq acknowledged.
    pub rseq: u32,
    /// The CSeq number of the request that was provisionally answered.
    pub cseq: u32,
    /// Its method.
    pub method: Method,
}

impl RAck {
    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let rseq = cursor.number("response number")?;
        cursor.skip_ws();
        let cseq = cursor.number("sequence number")?;
        let method = method_after(&mut cursor)?;
        cursor.finish()?;
        Ok(Self { rseq, cseq, method })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.cseq, self.method)
    }
}

/// Who refreshes a session (RFC 4028 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

/// Session-Expires (RFC 4028 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session interval in seconds.
    pub interval_s: u32,
    /// Who refreshes, if said.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let interval_s = cursor.number("seconds")?;
        let at = cursor;
        let params = Params::parse_header(&mut cursor)?;
        cursor.finish()?;
        let refresher = match params.get("refresher") {
            None => None,
            Some(r) if r.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(r) if r.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return Err(at.error("refresher uac or uas")),
        };
        Ok(Self { interval_s, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.interval_s)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

/// Retry-After (RFC 3261 20.33); its comment is read over and dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryAfter {
    /// Seconds to stay away.
    pub seconds: u32,
    /// How long the sender will then be reachable, in seconds.
    pub duration_s: Option<u32>,
}

impl RetryAfter {
    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let seconds = cursor.number("seconds")?;
        cursor.skip_ws();
        if cursor.peek() == Some(b'(') {
            comment(&mut cursor)?;
        }
        let at = cursor;
        let params = Params::parse_header(&mut cursor)?;
        cursor.finish()?;
        let duration_s = match params.get("duration") {
            Some(text) => Some(text.parse().map_err(|_| at.error("duration in seconds"))?),
            None => None,
        };
        Ok(Self { seconds, duration_s })
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.duration_s {
            Some(duration) => write!(f, ";duration={duration}"),
            None => Ok(()),
        }
    }
}

/// Comments nest; a backslash takes the next character (RFC 3261 25.1).
fn comment(cursor: &mut Cursor<'_>) -> Result<(), Syntax> {
    let start = *cursor;
    let mut depth = 0_u32;
    loop {
        cursor.take_while(|b| !matches!(b, b'(' | b')' | b'\\'));
        if cursor.eat(b'(') {
            depth += 1;
        } else if cursor.eat(b')') {
            depth -= 1;
            if depth == 0 {
                return Ok(());
            }
        } else if cursor.eat(b'\\') {
            cursor.seek(cursor.pos() + 1);
        } else {
            return Err(start.error("closing parenthesis"));
        }
    }
}

/// One Reason value (RFC 3326).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850` or another protocol.
    pub protocol: String,
    /// The cause number in that protocol.
    pub cause: Option<u32>,
    /// A text for people, quotes undone.
    pub text: Option<String>,
}

impl Reason {
    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let protocol = cursor.token("protocol")?.to_owned();
        let at = cursor;
        let params = Params::parse_header(&mut cursor)?;
        cursor.finish()?;
        let cause = match params.get("cause") {
            Some(cause) => Some(cause.parse().map_err(|_| at.error("cause number"))?),
            None => None,
        };
        Ok(Self { protocol, cause, text: params.unquoted("text").map(std::borrow::Cow::into_owned) })
    }

    /// Reads a comma list of values.
    ///
    /// # Errors
    /// Where an element departs from the grammar.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        split_list(text)?.into_iter().map(Self::parse).collect()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        match &self.text {
            Some(text) => write!(f, ";text={}", crate::scan::quote(text)),
            None => Ok(()),
        }
    }
}

/// Content-Type (RFC 3261 20.15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// The type, in lower case.
    pub kind: String,
    /// The subtype, in lower case.
    pub subtype: String,
    /// Its parameters.
    pub params: Params,
}

impl ContentType {
    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let kind = cursor.token("media type")?.to_ascii_lowercase();
        if !cursor.eat_separator(b'/') {
            return Err(cursor.error("slash"));
        }
        let subtype = cursor.token("media subtype")?.to_ascii_lowercase();
        let params = Params::parse_header(&mut cursor)?;
        cursor.finish()?;
        Ok(Self { kind, subtype, params })
    }

    /// Is it `kind/subtype`, whatever its parameters?
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// Is it `application/sdp`?
    #[must_use]
    pub fn is_sdp(&self) -> bool {
        self.is("application", "sdp")
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

/// A set of tokens in the order they came: option tags or methods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenSet(Vec<String>);

impl TokenSet {
    /// Adds the tokens of one header value; an empty value adds none (RFC 3261 20.37).
    ///
    /// # Errors
    /// When an element is no token.
    pub fn extend(&mut self, value: &str) -> Result<(), Syntax> {
        if value.bytes().all(is_ws) {
            return Ok(());
        }
        for element in split_list(value)? {
            let mut cursor = Cursor::new(element);
            let token = cursor.token("token")?;
            cursor.finish()?;
            if !self.contains(token) {
                self.0.push(token.to_owned());
            }
        }
        Ok(())
    }

    /// Is the token in the set, in any case?
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|t| t.eq_ignore_ascii_case(token))
    }

    /// The tokens.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// No token at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens that `known` does not list.
    #[must_use]
    pub fn outside(&self, known: &[&str]) -> Vec<String> {
        let unknown = |t: &&String| !known.iter().any(|k| k.eq_ignore_ascii_case(t));
        self.0.iter().filter(unknown).cloned().collect()
    }
}

impl fmt::Display for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}
