//! Challenges: WWW-Authenticate and Proxy-Authenticate. Schemes other than Digest and
//! algorithms not known here are kept by name and never answered.

use std::fmt;

use crate::scan::{Cursor, Syntax, is_ws, quote, unquote};

/// The most challenges read from one header line.
pub const MAX_CHALLENGES: usize = 16;
/// The most parameters of one challenge or of one set of credentials.
const MAX_AUTH_PARAMS: usize = 32;

/// A digest algorithm (RFC 7616 3.3, RFC 8760 2.1), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// MD5 over a session key.
    Md5Sess,
    /// SHA-256.
    Sha256,
    /// SHA-256 over a session key.
    Sha256Sess,
}

impl Algorithm {
    /// The algorithm a token names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess]
            .into_iter()
            .find(|a| a.as_str().eq_ignore_ascii_case(token))
    }

    /// The token of RFC 7616.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
        }
    }

    /// Is HA1 bound to the nonces?
    #[must_use]
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }

    /// Is the hash SHA-256?
    #[must_use]
    pub const fn is_sha256(self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha256Sess)
    }
}

/// A quality of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// Method and URI are protected.
    Auth,
    /// So is the body.
    AuthInt,
}

impl Qop {
    /// The token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// The qualities of protection a challenge offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QopSet {
    /// `auth` is offered.
    pub auth: bool,
    /// `auth-int` is offered.
    pub auth_int: bool,
    /// Something else is offered.
    pub other: bool,
}

/// A challenge. Names of the realm and the nonce are no secrets, but the realm may name
/// a customer, so Debug shows only the algorithm.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Scheme, in its own case; only `Digest` can be answered.
    pub scheme: String,
    /// The realm, quotes undone.
    pub realm: String,
    /// The nonce, quotes undone.
    pub nonce: String,
    /// To be sent back unchanged.
    pub opaque: Option<String>,
    /// The protection space.
    pub domain: Option<String>,
    /// The algorithm; `None` when it is one not known here. Absent means MD5.
    pub algorithm: Option<Algorithm>,
    /// Was the algorithm written out? The answer then names it too.
    pub algorithm_named: bool,
    /// What the challenge offers; `None` for RFC 2069.
    pub qop: Option<QopSet>,
    /// The nonce was too old, the password was right: try again with this one.
    pub stale: bool,
}

impl Challenge {
    /// A Digest challenge.
    #[must_use]
    pub fn new(realm: &str, nonce: &str, algorithm: Algorithm, qop: QopSet) -> Self {
        Self {
            scheme: "Digest".to_owned(),
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            opaque: None,
            domain: None,
            algorithm: Some(algorithm),
            algorithm_named: true,
            qop: Some(qop),
            stale: false,
        }
    }

    /// Can credentials be computed for it?
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
            && self.algorithm.is_some()
            && !self.nonce.is_empty()
            && self.qop.is_none_or(|qop| qop.auth || qop.auth_int)
    }

    /// Reads the challenges of one header line; some peers join several by commas.
    ///
    /// # Errors
    /// Where the line departs from the grammar.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        let mut out = Vec::with_capacity(1);
        for (scheme, params) in schemes(text)? {
            out.push(Self::from_params(scheme, &params));
        }
        Ok(out)
    }

    fn from_params(scheme: &str, params: &AuthParams<'_>) -> Self {
        let text = |name| params.get(name).map(|raw| unquote(raw).into_owned());
        let algorithm = text("algorithm");
        Self {
            scheme: scheme.to_owned(),
            realm: text("realm").unwrap_or_default(),
            nonce: text("nonce").unwrap_or_default(),
            opaque: text("opaque"),
            domain: text("domain"),
            algorithm: match &algorithm {
                Some(name) => Algorithm::from_token(name),
                None => Some(Algorithm::Md5),
            },
            algorithm_named: algorithm.is_some(),
            qop: text("qop").map(|list| qop_set(&list)),
            stale: text("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        }
    }
}

fn qop_set(list: &str) -> QopSet {
    let mut set = QopSet::default();
    for token in list.split(',').map(str::trim).filter(|t| !t.is_empty()) {
        if token.eq_ignore_ascii_case("auth") {
            set.auth = true;
        } else if token.eq_ignore_ascii_case("auth-int") {
            set.auth_int = true;
        } else {
            set.other = true;
        }
    }
    set
}

/// The challenge to answer: the first of those with the strongest hash (RFC 8760 2.4
/// lets the server order by preference; a weaker one never wins over a stronger one).
#[must_use]
pub fn strongest(challenges: &[Challenge]) -> Option<&Challenge> {
    challenges
        .iter()
        .filter(|c| c.is_answerable())
        .rev()
        .max_by_key(|c| c.algorithm.is_some_and(Algorithm::is_sha256))
}

/// Parameters of one scheme as written.
#[derive(Default)]
pub(super) struct AuthParams<'a>(Vec<(&'a str, &'a str)>);

impl<'a> AuthParams<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v)
    }
}

/// `Scheme name=value, name=value, Scheme …`: a token followed by a blank and no `=`
/// begins the next scheme.
pub(super) fn schemes(text: &str) -> Result<Vec<(&str, AuthParams<'_>)>, Syntax> {
    let mut cursor = Cursor::new(text);
    let mut out: Vec<(&str, AuthParams<'_>)> = Vec::with_capacity(1);
    loop {
        cursor.skip_ws();
        let at = cursor;
        let token = cursor.token("scheme or parameter")?;
        if cursor.eat_separator(b'=') {
            let value = auth_value(&mut cursor)?;
            let Some((_, params)) = out.last_mut() else {
                return Err(at.error("scheme"));
            };
            if params.0.len() == MAX_AUTH_PARAMS {
                return Err(at.error("fewer parameters"));
            }
            params.0.push((token, value));
        } else {
            if out.len() == MAX_CHALLENGES {
                return Err(at.error("fewer challenges"));
            }
            out.push((token, AuthParams::default()));
            if cursor.peek().is_some_and(is_ws) {
                cursor.skip_ws();
                if !cursor.at_end() {
                    continue;
                }
            }
        }
        // Empty list elements are allowed here (RFC 7235 7).
        while cursor.eat_separator(b',') {}
        cursor.skip_ws();
        if cursor.at_end() {
            return Ok(out);
        }
        if !text[..cursor.pos()].trim_end().ends_with(',') {
            return Err(cursor.error("comma"));
        }
    }
}

fn auth_value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Syntax> {
    if cursor.peek() == Some(b'"') {
        return cursor.quoted();
    }
    let value = cursor.take_while(|b| b > b' ' && b != b',' && b != b'"' && b != 0x7f);
    if value.is_empty() { Err(cursor.error("parameter value")) } else { Ok(value) }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} realm={}", self.scheme, quote(&self.realm))?;
        if let Some(domain) = &self.domain {
            write!(f, ", domain={}", quote(domain))?;
        }
        write!(f, ", nonce={}", quote(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if let Some(algorithm) = self.algorithm.filter(|_| self.algorithm_named) {
            write!(f, ", algorithm={}", algorithm.as_str())?;
        }
        match self.qop {
            Some(QopSet { auth: true, auth_int: true, .. }) => f.write_str(", qop=\"auth,auth-int\""),
            Some(QopSet { auth: true, .. }) => f.write_str(", qop=\"auth\""),
            Some(QopSet { auth_int: true, .. }) => f.write_str(", qop=\"auth-int\""),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("scheme", &self.scheme)
            .field("algorithm", &self.algorithm)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}
