//! Hosts: a name, an IPv4 address, or an IPv6 literal in brackets. Resolving a name
//! is someone else's work.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::scan::{Cursor, Syntax};

/// The host part of a URI or a Via.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A domain name, as written.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; written in brackets.
    V6(Ipv6Addr),
    /// A `tel:` or unknown URI names no host.
    Absent,
}

impl Host {
    /// The address, unless it is a name that must be looked up first.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::V4(ip) => Some(IpAddr::V4(*ip)),
            Self::V6(ip) => Some(IpAddr::V6(*ip)),
            Self::Name(_) | Self::Absent => None,
        }
    }

    /// Host names compare without case (RFC 3261 19.1.4).
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a == b,
        }
    }

    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Syntax> {
        let start = *cursor;
        if cursor.eat(b'[') {
            let literal = cursor.take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
            let address = literal.parse().map_err(|_| start.error("IPv6 address"))?;
            cursor.expect(b']', "closing bracket")?;
            return Ok(Self::V6(address));
        }
        let text = cursor.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if text.is_empty() {
            return Err(start.error("host"));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::V4(address));
        }
        // A name's last label may not be all digits: 300.1.2.3 is no host.
        let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or("");
        if last.is_empty() || last.bytes().all(|b| b.is_ascii_digit()) && text.contains('.') {
            return Err(start.error("host name or address"));
        }
        Ok(Self::Name(text.to_owned()))
    }

    pub(crate) fn parse_port(cursor: &mut Cursor<'_>) -> Result<Option<u16>, Syntax> {
        if !cursor.eat(b':') {
            return Ok(None);
        }
        let at = *cursor;
        let port = cursor.number("port")?;
        u16::try_from(port).map(Some).map_err(|_| at.error("port up to 65535"))
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => write!(f, "{ip}"),
            Self::V6(ip) => write!(f, "[{ip}]"),
            Self::Absent => Ok(()),
        }
    }
}
