//! The Via header (RFC 3261 20.42, `rport` of RFC 3581). Where a response goes is
//! computed here; sending it is not.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::host::Host;
use crate::params::Params;
use crate::scan::{Cursor, Syntax, split_list};

/// The branch prefix that marks a transaction id of RFC 3261.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// A transport name of a Via or URI.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// Any other, as written.
    Other(String),
}

impl Transport {
    /// The transport a token names, in any case.
    #[must_use]
    pub fn from_token(token: &str) -> Self {
        match token {
            t if t.eq_ignore_ascii_case("UDP") => Self::Udp,
            t if t.eq_ignore_ascii_case("TCP") => Self::Tcp,
            t if t.eq_ignore_ascii_case("TLS") => Self::Tls,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name as a Via carries it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Other(name) => name,
        }
    }

    /// Does the transport itself deliver?
    #[must_use]
    pub const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The port meant when none is written (RFC 3261 19.1.2).
    #[must_use]
    pub const fn default_port(&self) -> u16 {
        match self {
            Self::Tls => 5061,
            Self::Udp | Self::Tcp | Self::Other(_) => 5060,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One Via value.
#[derive(Clone, PartialEq)]
pub struct Via {
    /// The transport of this hop.
    pub transport: Transport,
    /// Who sent it.
    pub host: Host,
    /// The port of the sender, if written.
    pub port: Option<u16>,
    /// Everything after the first `;`.
    pub params: Params,
}

impl Via {
    /// A Via of ours: with a branch, and asking for `rport`.
    #[must_use]
    pub fn new(transport: Transport, host: Host, port: Option<u16>, branch: &str) -> Self {
        let mut params = Params::new();
        params.push_raw("rport", None);
        params.set("branch", Some(branch));
        Self { transport, host, port, params }
    }

    /// The `branch` parameter.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch if it identifies a transaction: cookie *and* something after it
    /// (RFC 4475 3.2.1 sends the cookie alone).
    #[must_use]
    pub fn rfc3261_branch(&self) -> Option<&str> {
        let branch = self.branch()?;
        let cookie = branch.get(..MAGIC_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && branch.len() > MAGIC_COOKIE.len()).then_some(branch)
    }

    /// The `received` parameter.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.trim_matches(['[', ']']).parse().ok()
    }

    /// Was `rport` asked for, and if filled in, with which port?
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|port| port.parse().ok())
    }

    /// The `maddr` parameter.
    #[must_use]
    pub fn maddr(&self) -> Option<Host> {
        let mut cursor = Cursor::new(self.params.get("maddr")?);
        Host::parse(&mut cursor).ok().filter(|_| cursor.at_end())
    }

    /// The `ttl` parameter.
    #[must_use]
    pub fn ttl(&self) -> Option<u8> {
        self.params.get("ttl")?.parse().ok()
    }

    /// The port, or the default of the transport.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }

    /// What a server adds on receipt: `received` where the sender's address differs from
    /// sent-by (RFC 3261 18.2.1), or always when `rport` was asked for (RFC 3581 4).
    pub fn note_source(&mut self, source: SocketAddr) {
        let asked = self.params.has("rport");
        if asked {
            self.params.set("rport", Some(&source.port().to_string()));
        }
        if asked || self.host.ip() != Some(source.ip()) {
            self.params.set("received", Some(&source.ip().to_string()));
        }
    }

    /// Where a response to this hop goes over an unreliable transport (RFC 3261 18.2.2,
    /// RFC 3581 4): `maddr`, else `received` with `rport`, else sent-by.
    #[must_use]
    pub fn response_target(&self) -> (Host, u16) {
        if let Some(maddr) = self.maddr() {
            return (maddr, self.port_or_default());
        }
        match self.received() {
            Some(ip) => {
                let port = self.rport().flatten();
                (ip.into(), port.unwrap_or_else(|| self.port_or_default()))
            }
            None => (self.host.clone(), self.port_or_default()),
        }
    }

    /// Reads one whole value.
    ///
    /// # Errors
    /// Where the value departs from the grammar, or is not SIP/2.0.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut cursor = Cursor::new(text);
        cursor.skip_ws();
        let start = cursor;
        let protocol = cursor.token("protocol name")?;
        if !protocol.eq_ignore_ascii_case("SIP") {
            return Err(start.error("SIP"));
        }
        slash(&mut cursor)?;
        let at = cursor;
        if cursor.token("protocol version")? != "2.0" {
            return Err(at.error("2.0"));
        }
        slash(&mut cursor)?;
        let transport = Transport::from_token(cursor.token("transport")?);
        let before = cursor.pos();
        cursor.skip_ws();
        if cursor.pos() == before {
            return Err(cursor.error("blank before sent-by"));
        }
        let host = Host::parse(&mut cursor)?;
        let port = if cursor.eat_separator(b':') {
            let at = cursor;
            let port = cursor.number("port")?;
            Some(u16::try_from(port).map_err(|_| at.error("port up to 65535"))?)
        } else {
            None
        };
        let params = Params::parse_header(&mut cursor)?;
        cursor.finish()?;
        Ok(Self { transport, host, port, params })
    }

    /// Reads a comma list of values.
    ///
    /// # Errors
    /// Where an element departs from the grammar.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        split_list(text)?.into_iter().map(Self::parse).collect()
    }
}

fn slash(cursor: &mut Cursor<'_>) -> Result<(), Syntax> {
    if cursor.eat_separator(b'/') { Ok(()) } else { Err(cursor.error("slash")) }
}

impl FromStr for Via {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        Self::parse(text)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

/// A Via names machines, not people: shown whole.
impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
