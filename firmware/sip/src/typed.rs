//! Typed readers over [`Headers`]. Each reads only what it is asked for, and its error
//! names the header and the place. None of them changes a message.

use crate::auth::{Challenge, Credentials};
use crate::header_name::HeaderName;
use crate::headers::Headers;
use crate::name_addr::{Contacts, NameAddr};
use crate::scan::{Cursor, Syntax};
use crate::values::{CSeq, ContentType, RAck, Reason, RetryAfter, SessionExpires, TokenSet};
use crate::via::Via;

/// Why a header could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The message has no such header.
    #[error("{header} is missing")]
    Missing {
        /// Which one.
        header: HeaderName,
    },
    /// The message has the header more than once and may not.
    #[error("{header} comes more than once")]
    Repeated {
        /// Which one.
        header: HeaderName,
    },
    /// The value departs from the grammar.
    #[error("{header} {source}")]
    Syntax {
        /// Which one.
        header: HeaderName,
        /// Where in the value.
        source: Syntax,
    },
}

impl HeaderError {
    /// The header at fault.
    #[must_use]
    pub const fn header(&self) -> &HeaderName {
        match self {
            Self::Missing { header } | Self::Repeated { header } | Self::Syntax { header, .. } => header,
        }
    }

    fn syntax(header: HeaderName) -> impl FnOnce(Syntax) -> Self {
        move |source| Self::Syntax { header, source }
    }
}

type Read<T> = Result<T, HeaderError>;

impl Headers {
    fn optional<T>(
        &self,
        header: HeaderName,
        parse: impl FnOnce(&str) -> Result<T, Syntax>,
    ) -> Read<Option<T>> {
        let mut values = self.get_all(&header);
        let first = values.next();
        if values.next().is_some() {
            drop(values);
            return Err(HeaderError::Repeated { header });
        }
        drop(values);
        match first {
            Some(value) => parse(value).map(Some).map_err(HeaderError::syntax(header)),
            None => Ok(None),
        }
    }

    fn required<T>(&self, header: HeaderName, parse: impl FnOnce(&str) -> Result<T, Syntax>) -> Read<T> {
        self.optional(header.clone(), parse)?.ok_or(HeaderError::Missing { header })
    }

    fn list<T>(&self, header: HeaderName, parse: impl Fn(&str) -> Result<Vec<T>, Syntax>) -> Read<Vec<T>> {
        let mut out = Vec::new();
        for value in self.get_all(&header) {
            match parse(value) {
                Ok(values) => out.extend(values),
                Err(source) => return Err(HeaderError::Syntax { header: header.clone(), source }),
            }
        }
        Ok(out)
    }

    fn tokens(&self, header: HeaderName) -> Read<TokenSet> {
        let mut set = TokenSet::default();
        for value in self.get_all(&header) {
            if let Err(source) = set.extend(value) {
                return Err(HeaderError::Syntax { header: header.clone(), source });
            }
        }
        Ok(set)
    }

    /// The topmost Via.
    ///
    /// # Errors
    /// When it is missing or malformed.
    pub fn via_top(&self) -> Read<Via> {
        let header = HeaderName::Via;
        let value = self.get(&header).ok_or(HeaderError::Missing { header: HeaderName::Via })?;
        let first =
            crate::scan::split_list(value).and_then(|list| Via::parse(list.first().copied().unwrap_or("")));
        first.map_err(HeaderError::syntax(header))
    }

    /// All Vias, topmost first.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn vias(&self) -> Read<Vec<Via>> {
        self.list(HeaderName::Via, Via::parse_list)
    }

    /// From.
    ///
    /// # Errors
    /// When it is missing, repeated or malformed.
    pub fn from(&self) -> Read<NameAddr> {
        self.required(HeaderName::From, NameAddr::parse)
    }

    /// To.
    ///
    /// # Errors
    /// When it is missing, repeated or malformed.
    pub fn to(&self) -> Read<NameAddr> {
        self.required(HeaderName::To, NameAddr::parse)
    }

    /// Call-ID.
    ///
    /// # Errors
    /// When it is missing, repeated, empty or has blanks inside.
    pub fn call_id(&self) -> Read<&str> {
        let header = HeaderName::CallId;
        self.required(header.clone(), |value| call_id(value).map(drop))?;
        self.get(&HeaderName::CallId).map(str::trim).ok_or(HeaderError::Missing { header })
    }

    /// CSeq.
    ///
    /// # Errors
    /// When it is missing, repeated or malformed.
    pub fn cseq(&self) -> Read<CSeq> {
        self.required(HeaderName::CSeq, CSeq::parse)
    }

    /// Contact.
    ///
    /// # Errors
    /// When one is malformed, or `*` does not stand alone.
    pub fn contacts(&self) -> Read<Contacts> {
        let mut values = self.get_all(&HeaderName::Contact);
        if let (Some(value), None) = (values.next(), values.next())
            && value.trim() == "*"
        {
            return Ok(Contacts::Star);
        }
        self.list(HeaderName::Contact, NameAddr::parse_list).map(Contacts::List)
    }

    /// Record-Route, topmost first.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn record_routes(&self) -> Read<Vec<NameAddr>> {
        self.list(HeaderName::RecordRoute, NameAddr::parse_list)
    }

    /// Route, topmost first.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn routes(&self) -> Read<Vec<NameAddr>> {
        self.list(HeaderName::Route, NameAddr::parse_list)
    }

    /// P-Asserted-Identity (RFC 3325).
    ///
    /// # Errors
    /// When one is malformed.
    pub fn asserted_identities(&self) -> Read<Vec<NameAddr>> {
        self.list(HeaderName::PAssertedIdentity, NameAddr::parse_list)
    }

    /// Max-Forwards, 0 to 255.
    ///
    /// # Errors
    /// When it is repeated, malformed or too large.
    pub fn max_forwards(&self) -> Read<Option<u8>> {
        self.optional(HeaderName::MaxForwards, |value| {
            let number = whole_number(value)?;
            u8::try_from(number).map_err(|_| Syntax { at: 0, expected: "0 to 255" })
        })
    }

    /// Content-Length.
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn content_length(&self) -> Read<Option<u32>> {
        self.optional(HeaderName::ContentLength, whole_number)
    }

    /// Expires, in seconds.
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn expires(&self) -> Read<Option<u32>> {
        self.optional(HeaderName::Expires, whole_number)
    }

    /// Min-Expires, in seconds.
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn min_expires(&self) -> Read<Option<u32>> {
        self.optional(HeaderName::MinExpires, whole_number)
    }

    /// Require.
    ///
    /// # Errors
    /// When an element is no token.
    pub fn require(&self) -> Read<TokenSet> {
        self.tokens(HeaderName::Require)
    }

    /// Supported.
    ///
    /// # Errors
    /// When an element is no token.
    pub fn supported(&self) -> Read<TokenSet> {
        self.tokens(HeaderName::Supported)
    }

    /// Unsupported.
    ///
    /// # Errors
    /// When an element is no token.
    pub fn unsupported(&self) -> Read<TokenSet> {
        self.tokens(HeaderName::Unsupported)
    }

    /// Allow.
    ///
    /// # Errors
    /// When an element is no token.
    pub fn allow(&self) -> Read<TokenSet> {
        self.tokens(HeaderName::Allow)
    }

    /// RSeq (RFC 3262 7.1).
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn rseq(&self) -> Read<Option<u32>> {
        self.optional(HeaderName::RSeq, whole_number)
    }

    /// RAck (RFC 3262 7.2).
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn rack(&self) -> Read<Option<RAck>> {
        self.optional(HeaderName::RAck, RAck::parse)
    }

    /// Session-Expires (RFC 4028).
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn session_expires(&self) -> Read<Option<SessionExpires>> {
        self.optional(HeaderName::SessionExpires, SessionExpires::parse)
    }

    /// Min-SE in seconds (RFC 4028); its parameters have no meaning.
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn min_se(&self) -> Read<Option<u32>> {
        self.optional(HeaderName::MinSe, |value| SessionExpires::parse(value).map(|v| v.interval_s))
    }

    /// WWW-Authenticate: every challenge, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn www_authenticate(&self) -> Read<Vec<Challenge>> {
        self.list(HeaderName::WwwAuthenticate, Challenge::parse_list)
    }

    /// Proxy-Authenticate: every challenge, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn proxy_authenticate(&self) -> Read<Vec<Challenge>> {
        self.list(HeaderName::ProxyAuthenticate, Challenge::parse_list)
    }

    /// Authorization: every set of Digest credentials, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn authorization(&self) -> Read<Vec<Credentials>> {
        self.list(HeaderName::Authorization, Credentials::parse_list)
    }

    /// Proxy-Authorization: every set of Digest credentials, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn proxy_authorization(&self) -> Read<Vec<Credentials>> {
        self.list(HeaderName::ProxyAuthorization, Credentials::parse_list)
    }

    /// Content-Type.
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn content_type(&self) -> Read<Option<ContentType>> {
        self.optional(HeaderName::ContentType, ContentType::parse)
    }

    /// Retry-After.
    ///
    /// # Errors
    /// When it is repeated or malformed.
    pub fn retry_after(&self) -> Read<Option<RetryAfter>> {
        self.optional(HeaderName::RetryAfter, RetryAfter::parse)
    }

    /// Reason (RFC 3326).
    ///
    /// # Errors
    /// When one is malformed.
    pub fn reason(&self) -> Read<Vec<Reason>> {
        self.list(HeaderName::Reason, Reason::parse_list)
    }
}

fn whole_number(value: &str) -> Result<u32, Syntax> {
    let mut cursor = Cursor::new(value);
    cursor.skip_ws();
    let number = cursor.number("number below 2^32")?;
    cursor.finish()?;
    Ok(number)
}

/// `word [ "@" word ]`: any visible characters serve (RFC 3261 25.1 allows nearly all).
fn call_id(value: &str) -> Result<&str, Syntax> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Syntax { at: 0, expected: "call id" });
    }
    match value.bytes().position(|b| b <= b' ' || b == 0x7f) {
        Some(at) => Err(Syntax { at, expected: "visible character" }),
        None => Ok(value),
    }
}
