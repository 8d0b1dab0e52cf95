//! The parts of a session description. Lines that this product never reads (`b=`, `r=`,
//! `k=` …) are kept as text; nothing is checked against anything else here.

use std::fmt;
use std::net::IpAddr;

use crate::host::Host;

/// A whole description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `o=`
    pub origin: Origin,
    /// `s=`
    pub name: String,
    /// `c=` for all streams.
    pub connection: Option<Address>,
    /// `i=`, `u=`, `e=`, `p=`, `b=`, `z=`, `k=` in order, by letter.
    pub others: Vec<(char, Hidden)>,
    /// `t=` and `r=` lines in order, by letter.
    pub times: Vec<(char, String)>,
    /// `a=` for all streams.
    pub attributes: Vec<Attribute>,
    /// `m=` and what follows each.
    pub media: Vec<Media>,
}

/// Text that may name a person or hold a key: printed on the wire, never in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `o=`: who made the description, and which version of it this is.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// `-` from us.
    pub username: String,
    /// Constant for the session.
    pub session_id: String,
    /// Grows by one with every changed description.
    pub version: u64,
    /// The machine.
    pub address: Address,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("version", &self.version).finish_non_exhaustive()
    }
}

/// `IN IP4 host[/ttl[/count]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host.
    pub host: Host,
    /// The address family written, which a host name does not tell.
    pub ipv6: bool,
    /// What follows the host of a multicast address, with its slash.
    pub suffix: String,
}

impl Address {
    /// A plain unicast address.
    #[must_use]
    pub fn ip(ip: IpAddr) -> Self {
        Self { host: ip.into(), ipv6: ip.is_ipv6(), suffix: String::new() }
    }
}

/// `a=name[:value]`
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name; attribute names are case-sensitive.
    pub name: String,
    /// The value.
    pub value: Option<String>,
}

impl Attribute {
    /// An attribute without a value.
    #[must_use]
    pub fn flag(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }

    /// An attribute with a value.
    #[must_use]
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Some(value.into()) }
    }
}

/// The name only: a value may be a key.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a={}", self.name)
    }
}

/// The transport of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proto {
    /// `RTP/AVP`
    RtpAvp,
    /// `RTP/SAVP`
    RtpSavp,
    /// Any other, which is never accepted.
    Other(String),
}

impl Proto {
    /// The token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::RtpAvp => "RTP/AVP",
            Self::RtpSavp => "RTP/SAVP",
            Self::Other(token) => token,
        }
    }

    pub(super) fn from_token(token: &str) -> Self {
        match token {
            t if t.eq_ignore_ascii_case("RTP/AVP") => Self::RtpAvp,
            t if t.eq_ignore_ascii_case("RTP/SAVP") => Self::RtpSavp,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// `m=` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image` …
    pub kind: String,
    /// The port; 0 refuses or ends the stream.
    pub port: u16,
    /// The number of ports, with its slash, as written.
    pub port_count: String,
    /// The transport.
    pub proto: Proto,
    /// Payload types, or formats of another transport.
    pub formats: Vec<String>,
    /// `c=` of this stream.
    pub connection: Option<Address>,
    /// `i=`, `b=`, `k=` in order, by letter.
    pub others: Vec<(char, Hidden)>,
    /// `a=` of this stream.
    pub attributes: Vec<Attribute>,
}

/// Which way media flows, seen from the side that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// This side only sends.
    SendOnly,
    /// This side only receives.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// A direction from its two halves.
    #[must_use]
    pub const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Does this side send?
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Does this side receive?
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same flow seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// What both allow.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::of(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn from_attributes(attributes: &[Attribute]) -> Option<Self> {
        attributes.iter().find_map(|attribute| {
            [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
                .into_iter()
                .find(|direction| direction.as_str() == attribute.name)
        })
    }
}

impl Media {
    /// The value of the first attribute of that name, `""` for a flag.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes(name).next()
    }

    /// The values of all attributes of that name.
    pub fn attributes(&self, name: &str) -> impl Iterator<Item = &str> {
        self.attributes.iter().filter(move |a| a.name == name).map(|a| a.value.as_deref().unwrap_or(""))
    }
}

impl Session {
    /// The address of a stream: its own `c=`, or that of the session.
    #[must_use]
    pub fn address<'a>(&'a self, media: &'a Media) -> Option<&'a Address> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction its sender gave a stream. The old way to hold, address 0.0.0.0,
    /// means that nothing may be sent there (RFC 3264 8.4).
    #[must_use]
    pub fn direction(&self, media: &Media) -> Direction {
        let written = Direction::from_attributes(&media.attributes)
            .or_else(|| Direction::from_attributes(&self.attributes))
            .unwrap_or(Direction::SendRecv);
        let reachable =
            self.address(media).and_then(|address| address.host.ip()).is_none_or(|ip| !ip.is_unspecified());
        Direction::of(written.sends(), written.receives() && reachable)
    }

    /// Makes this description the successor of one sent before in the same session: the
    /// same id, and a version one higher if anything has changed (RFC 3264 8).
    pub fn succeed(&mut self, previous: &Self) {
        self.origin.session_id.clone_from(&previous.origin.session_id);
        self.origin.version = previous.origin.version;
        if self != previous {
            self.origin.version = previous.origin.version.wrapping_add(1);
        }
    }
}
