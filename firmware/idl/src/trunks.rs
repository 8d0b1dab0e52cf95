//! The site's lines as `vaultd` keeps them and `lined` uses them: trunks, groups, agents' phones.

use crate::spans::SpanConfig;
use serde::{Deserialize, Serialize};
use vocab::{AgentId, LineGroupId, Secret, TrunkId};

/// The site's trunks and groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SiteLines {
    /// Grows with each change.
    pub version: u64,
    /// All trunks.
    pub trunks: Vec<TrunkConfig>,
    /// The spans of cards; each is a trunk, too.
    pub spans: Vec<SpanConfig>,
    /// All groups.
    pub groups: Vec<LineGroup>,
    /// Whether agents' phones may use UDP and plain RTP.
    pub phones_allow_udp: bool,
}

/// One SIP trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkConfig {
    /// Its id.
    pub id: TrunkId,
    /// Its name, for people.
    pub name: String,
    /// Host name or address literal of the carrier.
    pub host: String,
    /// Port; `None` asks DNS SRV (RFC 3263) or takes the default.
    pub port: Option<u16>,
    /// Transport.
    pub transport: SipTransport,
    /// CA certificates (PEM) that may sign the carrier's certificate; needed for TLS.
    pub ca_pem: Option<String>,
    /// Name to expect in the certificate and to send as SNI, if not `host`.
    pub tls_name: Option<String>,
    /// Whether this carrier may speak TLS 1.2 (a waiver; 1.3 otherwise).
    pub tls12_waiver: bool,
    /// SRTP policy.
    pub srtp: SrtpPolicy,
    /// Register with the carrier, and how.
    pub account: Option<TrunkAccount>,
    /// Most calls at once.
    pub channels: u16,
    /// Seconds between OPTIONS; 0 sends none.
    pub options_interval_s: u16,
    /// Accept symmetric RTP (a carrier behind NAT).
    pub symmetric_rtp: bool,
    /// Codecs in order of preference.
    pub codecs: Vec<Codec>,
}

/// The account at a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkAccount {
    /// User name of the digest.
    pub user: String,
    /// Its password.
    pub password: Secret<String>,
    /// Whether to send REGISTER, or only to answer challenges.
    pub register: bool,
    /// The expiry to ask for, in seconds.
    pub expires_s: u32,
}

/// SIP transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SipTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

/// SRTP policy of a trunk or phone; it fails closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum SrtpPolicy {
    /// Only SRTP; anything else ends the call.
    #[default]
    Required,
    /// Plain RTP under a waiver, shown red.
    PlainWaiver,
}

/// Codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
}

/// An ordered group of trunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineGroup {
    /// Its id.
    pub id: LineGroupId,
    /// Its name.
    pub name: String,
    /// Trunks with their weights; those with the same rank share the load, a higher rank is the fallback.
    pub members: Vec<LineGroupMember>,
}

/// A trunk within a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineGroupMember {
    /// The trunk.
    pub trunk: TrunkId,
    /// Rank: 0 is tried first.
    pub rank: u8,
    /// Share within its rank.
    pub weight: u8,
}

/// An agent's phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneAccount {
    /// The agent.
    pub agent: AgentId,
    /// SIP user name.
    pub user: String,
    /// Digest realm.
    pub realm: String,
    /// HA1 for SHA-256 (RFC 7616), in lower-case hex.
    pub ha1_sha256: Secret<String>,
    /// HA1 for MD5, only where the site allows old phones.
    pub ha1_md5: Option<Secret<String>>,
    /// SRTP policy.
    pub srtp: SrtpPolicy,
}
