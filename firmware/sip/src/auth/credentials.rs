//! Credentials: Authorization and Proxy-Authorization, read, computed and printed.
//! Verifying them against a stored HA1 is [`super::server`]'s work.

use std::fmt;

use super::challenge::{Algorithm, Challenge, Qop, schemes};
use super::digest::{Ha1, ha1, hash};
use crate::method::Method;
use crate::scan::{Syntax, quote, unquote};

/// How the user proves who it is.
#[derive(Clone, Copy)]
pub enum Login<'a> {
    /// The password in clear.
    Password(&'a str),
    /// HA1 for the hash of the challenge's algorithm.
    Ha1(&'a Ha1),
}

/// Why a challenge cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The scheme is not Digest.
    #[error("the scheme is not Digest")]
    Scheme,
    /// The algorithm is not known here.
    #[error("the algorithm is unknown")]
    Algorithm,
    /// Neither `auth` nor `auth-int` is offered.
    #[error("the quality of protection is unknown")]
    Qop,
    /// The stored HA1 was made with another hash than the challenge asks for.
    #[error("the stored HA1 is of another hash")]
    Ha1,
}

/// A set of credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Scheme, in its own case.
    pub scheme: String,
    /// The user name.
    pub username: String,
    /// The realm.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// The URI that was hashed, as text.
    pub uri: String,
    /// The proof, in hexadecimal.
    pub response: String,
    /// The algorithm; `None` when unknown. Absent means MD5.
    pub algorithm: Option<Algorithm>,
    /// Was the algorithm written out?
    pub algorithm_named: bool,
    /// The client's nonce.
    pub cnonce: Option<String>,
    /// Sent back unchanged.
    pub opaque: Option<String>,
    /// The quality of protection; `None` for RFC 2069.
    pub qop: Option<Qop>,
    /// How often this nonce has been used, counted from 1.
    pub nc: Option<u32>,
}

/// What is hashed with the secret.
pub(super) struct Proof<'a> {
    pub algorithm: Algorithm,
    pub nonce: &'a str,
    pub cnonce: &'a str,
    pub nc: u32,
    pub qop: Option<Qop>,
    pub method: &'a Method,
    pub uri: &'a str,
    pub body: &'a [u8],
}

impl Proof<'_> {
    /// The request digest of RFC 7616 3.4.1.
    pub(super) fn response(&self, ha1: &Ha1) -> String {
        let h = |parts: &[&[u8]]| hash(self.algorithm, parts);
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce.as_bytes());
        let mut a1 = ha1.expose().to_owned();
        if self.algorithm.is_session() {
            a1 = h(&[a1.as_bytes(), nonce, cnonce]);
        }
        let method = self.method.as_str().as_bytes();
        let a2 = match self.qop {
            Some(Qop::AuthInt) => {
                let body = h(&[self.body]);
                h(&[method, self.uri.as_bytes(), body.as_bytes()])
            }
            Some(Qop::Auth) | None => h(&[method, self.uri.as_bytes()]),
        };
        match self.qop {
            Some(qop) => {
                let nc = format!("{:08x}", self.nc);
                let qop = qop.as_str().as_bytes();
                let (a1, a2) = (a1.as_bytes(), a2.as_bytes());
                h(&[a1, nonce, nc.as_bytes(), cnonce, qop, a2])
            }
            None => h(&[a1.as_bytes(), nonce, a2.as_bytes()]),
        }
    }
}

impl Credentials {
    /// The answer to a challenge. `auth` is preferred to `auth-int`: middle boxes that
    /// rewrite addresses in bodies would break the latter.
    ///
    /// # Errors
    /// When the challenge asks for something not known here.
    #[expect(clippy::too_many_arguments, reason = "each is one input of the digest of RFC 7616 3.4")]
    pub fn answer(
        challenge: &Challenge,
        username: &str,
        login: Login<'_>,
        method: &Method,
        uri: &str,
        body: &[u8],
        cnonce: &str,
        nc: u32,
    ) -> Result<Self, AnswerError> {
        if !challenge.scheme.eq_ignore_ascii_case("Digest") {
            return Err(AnswerError::Scheme);
        }
        let algorithm = challenge.algorithm.ok_or(AnswerError::Algorithm)?;
        let qop = match challenge.qop {
            None => None,
            Some(offered) if offered.auth => Some(Qop::Auth),
            Some(offered) if offered.auth_int => Some(Qop::AuthInt),
            Some(_) => return Err(AnswerError::Qop),
        };
        let secret = match login {
            Login::Password(password) => ha1(algorithm, username, &challenge.realm, password),
            Login::Ha1(stored) => stored.clone(),
        };
        if secret.expose().len() != if algorithm.is_sha256() { 64 } else { 32 } {
            return Err(AnswerError::Ha1);
        }
        let proof = Proof { algorithm, nonce: &challenge.nonce, cnonce, nc, qop, method, uri, body };
        let with_cnonce = qop.is_some() || algorithm.is_session();
        Ok(Self {
            scheme: "Digest".to_owned(),
            username: username.to_owned(),
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: uri.to_owned(),
            response: proof.response(&secret),
            algorithm: Some(algorithm),
            algorithm_named: challenge.algorithm_named,
            cnonce: with_cnonce.then(|| cnonce.to_owned()),
            opaque: challenge.opaque.clone(),
            qop,
            nc: qop.map(|_| nc),
        })
    }

    /// Reads the credentials of one header line.
    ///
    /// # Errors
    /// Where the line departs from the grammar.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        schemes(text)?
            .into_iter()
            .map(|(scheme, params)| {
                let text = |name| params.get(name).map(|raw| unquote(raw).into_owned());
                let bad = |expected| Syntax { at: 0, expected };
                let algorithm = text("algorithm");
                let qop = match text("qop").as_deref() {
                    None => None,
                    Some(q) if q.eq_ignore_ascii_case("auth") => Some(Qop::Auth),
                    Some(q) if q.eq_ignore_ascii_case("auth-int") => Some(Qop::AuthInt),
                    Some(_) => return Err(bad("qop auth or auth-int")),
                };
                let nc = match text("nc") {
                    None => None,
                    Some(hex) if hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                        u32::from_str_radix(&hex, 16).ok()
                    }
                    Some(_) => return Err(bad("nc of eight hexadecimal digits")),
                };
                Ok(Self {
                    scheme: scheme.to_owned(),
                    username: text("username").unwrap_or_default(),
                    realm: text("realm").unwrap_or_default(),
                    nonce: text("nonce").unwrap_or_default(),
                    uri: text("uri").unwrap_or_default(),
                    response: text("response").unwrap_or_default(),
                    algorithm: match &algorithm {
                        Some(name) => Algorithm::from_token(name),
                        None => Some(Algorithm::Md5),
                    },
                    algorithm_named: algorithm.is_some(),
                    cnonce: text("cnonce"),
                    opaque: text("opaque"),
                    qop,
                    nc,
                })
            })
            .collect()
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} username={}", self.scheme, quote(&self.username))?;
        write!(f, ", realm={}", quote(&self.realm))?;
        write!(f, ", nonce={}", quote(&self.nonce))?;
        write!(f, ", uri={}", quote(&self.uri))?;
        write!(f, ", response={}", quote(&self.response))?;
        if let Some(algorithm) = self.algorithm.filter(|_| self.algorithm_named) {
            write!(f, ", algorithm={}", algorithm.as_str())?;
        }
        if let Some(cnonce) = &self.cnonce {
            write!(f, ", cnonce={}", quote(cnonce))?;
        }
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}", qop.as_str())?;
        }
        match self.nc {
            Some(nc) => write!(f, ", nc={nc:08x}"),
            None => Ok(()),
        }
    }
}

/// The user name and the proof are not shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("algorithm", &self.algorithm)
            .field("qop", &self.qop)
            .field("nc", &self.nc)
            .finish_non_exhaustive()
    }
}
