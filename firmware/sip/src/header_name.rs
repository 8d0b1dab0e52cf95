//! Header names: the long form, the compact form, and how often and in what shape a
//! value may come. What is not in the table keeps its own name and is one opaque value.

use std::fmt;

/// How values of a header may come (RFC 3261 7.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// At most one line with one value.
    Single,
    /// Any number of lines, each a comma list.
    List,
    /// Any number of lines, none split: commas belong to the value.
    Opaque,
}

macro_rules! header_names {
    ($($variant:ident, $wire:literal, $compact:expr, $shape:ident;)*) => {
        /// The name of a header; names compare without case.
        #[derive(Debug, Clone)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $wire, "`.")] $variant,)*
            /// Any other, as written.
            Other(String),
        }

        impl HeaderName {
            /// The long form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(name) => name,
                }
            }

            /// How its values may come.
            #[must_use]
            pub const fn shape(&self) -> Shape {
                match self {
                    $(Self::$variant => Shape::$shape,)*
                    Self::Other(_) => Shape::Opaque,
                }
            }
        }

        /// Every known name: long form, compact form, value.
        const KNOWN: &[(&str, Option<u8>, HeaderName)] =
            &[$(($wire, $compact, HeaderName::$variant),)*];
    };
}

header_names! {
    Accept, "Accept", None, List;
    AcceptContact, "Accept-Contact", Some(b'a'), List;
    AcceptEncoding, "Accept-Encoding", None, List;
    AcceptLanguage, "Accept-Language", None, List;
    AlertInfo, "Alert-Info", None, List;
    Allow, "Allow", None, List;
    AllowEvents, "Allow-Events", Some(b'u'), List;
    AuthenticationInfo, "Authentication-Info", None, Opaque;
    Authorization, "Authorization", None, Opaque;
    CallId, "Call-ID", Some(b'i'), Single;
    CallInfo, "Call-Info", None, List;
    Contact, "Contact", Some(b'm'), List;
    ContentDisposition, "Content-Disposition", None, Single;
    ContentEncoding, "Content-Encoding", Some(b'e'), List;
    ContentLanguage, "Content-Language", None, List;
    ContentLength, "Content-Length", Some(b'l'), Single;
    ContentType, "Content-Type", Some(b'c'), Single;
    CSeq, "CSeq", None, Single;
    Date, "Date", None, Single;
    ErrorInfo, "Error-Info", None, List;
    Event, "Event", Some(b'o'), Single;
    Expires, "Expires", None, Single;
    From, "From", Some(b'f'), Single;
    Identity, "Identity", Some(b'y'), Opaque;
    IdentityInfo, "Identity-Info", Some(b'n'), Opaque;
    InReplyTo, "In-Reply-To", None, List;
    MaxForwards, "Max-Forwards", None, Single;
    MimeVersion, "MIME-Version", None, Single;
    MinExpires, "Min-Expires", None, Single;
    MinSe, "Min-SE", None, Single;
    Organization, "Organization", None, Single;
    PAssertedIdentity, "P-Asserted-Identity", None, List;
    PPreferredIdentity, "P-Preferred-Identity", None, List;
    Path, "Path", None, List;
    Priority, "Priority", None, Single;
    Privacy, "Privacy", None, Opaque;
    ProxyAuthenticate, "Proxy-Authenticate", None, Opaque;
    ProxyAuthorization, "Proxy-Authorization", None, Opaque;
    ProxyRequire, "Proxy-Require", None, List;
    RAck, "RAck", None, Single;
    Reason, "Reason", None, List;
    RecordRoute, "Record-Route", None, List;
    ReferTo, "Refer-To", Some(b'r'), Single;
    ReferredBy, "Referred-By", Some(b'b'), Single;
    RejectContact, "Reject-Contact", Some(b'j'), List;
    Replaces, "Replaces", None, Single;
    ReplyTo, "Reply-To", None, Single;
    RequestDisposition, "Request-Disposition", Some(b'd'), List;
    Require, "Require", None, List;
    RetryAfter, "Retry-After", None, Single;
    Route, "Route", None, List;
    RSeq, "RSeq", None, Single;
    Server, "Server", None, Single;
    ServiceRoute, "Service-Route", None, List;
    SessionExpires, "Session-Expires", Some(b'x'), Single;
    SipEtag, "SIP-ETag", None, Single;
    SipIfMatch, "SIP-If-Match", None, Single;
    Subject, "Subject", Some(b's'), Single;
    SubscriptionState, "Subscription-State", None, Single;
    Supported, "Supported", Some(b'k'), List;
    Timestamp, "Timestamp", None, Single;
    To, "To", Some(b't'), Single;
    Unsupported, "Unsupported", None, List;
    UserAgent, "User-Agent", None, Single;
    Via, "Via", Some(b'v'), List;
    Warning, "Warning", None, List;
    WwwAuthenticate, "WWW-Authenticate", None, Opaque;
}

impl HeaderName {
    /// The header a name means, long or compact, in any case (RFC 3261 7.3.3).
    #[must_use]
    pub fn from_wire(name: &str) -> Self {
        let known = if let [letter] = name.as_bytes() {
            let letter = letter.to_ascii_lowercase();
            KNOWN.iter().find(|(_, compact, _)| *compact == Some(letter))
        } else {
            KNOWN.iter().find(|(long, _, _)| long.len() == name.len() && long.eq_ignore_ascii_case(name))
        };
        match known {
            Some((_, _, name)) => name.clone(),
            None => Self::Other(name.to_owned()),
        }
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            (Self::Other(_), _) | (_, Self::Other(_)) => false,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl Eq for HeaderName {}

impl From<&str> for HeaderName {
    fn from(name: &str) -> Self {
        Self::from_wire(name)
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
