//! How a carrier or a set of phones is told what to be.
//!
//! Plain values; reading command lines and files happens in the program.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The two digest algorithms (RFC 7616, RFC 8760).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// MD5, which most carriers still ask for.
    Md5,
    /// SHA-256.
    Sha256,
}

/// Whom the carrier lets in.
#[derive(Clone)]
pub struct Credentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Realm of the challenge.
    pub realm: String,
    /// Algorithm of the challenge.
    pub algorithm: DigestAlgorithm,
}

/// Where the certificate of the TLS listener comes from.
#[derive(Clone)]
pub enum TlsIdentity {
    /// A new CA and certificate at every start.
    Generated,
    /// Files in PEM.
    Pem {
        /// The chain, leaf first.
        chain: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// Everything a carrier needs to start.
#[derive(Clone)]
pub struct CarrierConfig {
    /// UDP listener.
    pub udp: Option<SocketAddr>,
    /// TCP listener.
    pub tcp: Option<SocketAddr>,
    /// TLS listener.
    pub tls: Option<SocketAddr>,
    /// The TLS listener's certificate.
    pub tls_identity: TlsIdentity,
    /// Where the CA of a generated certificate is written.
    pub ca_out: Option<PathBuf>,
    /// Address of the RTP sockets.
    pub rtp_ip: IpAddr,
    /// First and last RTP port; even ones are used.
    pub rtp_ports: (u16, u16),
    /// Credentials; without them nobody is challenged.
    pub auth: Option<Credentials>,
    /// Whether INVITE is challenged (407) and not only REGISTER (401).
    pub challenge_invites: bool,
    /// The code of numbers that do not end in two digits.
    pub default_code: u8,
    /// One code for every number.
    pub only_code: Option<u8>,
    /// Ring this long instead of what the table says.
    pub ring_ms: Option<u64>,
    /// Hang up this long after the answer; zero means listen to the end.
    pub talk_ms: u64,
    /// Callers that may stand in From and P-Asserted-Identity; empty means any.
    pub allowed_callers: Vec<String>,
    /// File for the journal, one JSON object a line.
    pub journal_file: Option<PathBuf>,
    /// Refuse to send anything past the loopback interface.
    pub loopback_only: bool,
}

impl Default for CarrierConfig {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            udp: Some(any_port),
            tcp: Some(any_port),
            tls: None,
            tls_identity: TlsIdentity::Generated,
            ca_out: None,
            rtp_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            rtp_ports: (20_000, 27_998),
            auth: None,
            challenge_invites: false,
            default_code: 0,
            only_code: None,
            ring_ms: None,
            talk_ms: 0,
            allowed_callers: Vec::new(),
            journal_file: None,
            loopback_only: true,
        }
    }
}

/// The transport of the phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams, one socket a phone.
    Udp,
    /// One connection a phone.
    Tcp,
    /// One TLS connection a phone.
    Tls,
}

/// One agent's account.
#[derive(Clone, serde::Deserialize)]
pub struct Account {
    /// User name, also the user part of the address of record.
    pub user: String,
    /// Password.
    pub password: String,
    /// Domain of the address of record; the registrar's host when absent.
    #[serde(default)]
    pub realm: Option<String>,
}

/// Everything the phones need to start.
#[derive(Clone)]
pub struct PhonesConfig {
    /// Host of the registrar, as in the request URI and the TLS name check.
    pub registrar_host: String,
    /// Address of the registrar.
    pub registrar: SocketAddr,
    /// Transport.
    pub transport: Transport,
    /// CA certificates in PEM for TLS.
    pub ca_pem: Option<String>,
    /// The agents; the place in the list chooses the tone.
    pub accounts: Vec<Account>,
    /// How long a phone rings before it answers.
    pub answer_ms: u64,
    /// Hang up this long after the answer; zero means never first.
    pub hangup_after_ms: u64,
    /// The Expires a phone asks for.
    pub expires_s: u32,
    /// Address of the phones' sockets.
    pub local_ip: IpAddr,
    /// First and last RTP port; even ones are used.
    pub rtp_ports: (u16, u16),
    /// File for the journal, one JSON object a line.
    pub journal_file: Option<PathBuf>,
    /// Refuse to send anything past the loopback interface.
    pub loopback_only: bool,
}

impl PhonesConfig {
    /// Phones on the loopback interface over UDP that answer at once.
    pub fn new(registrar: SocketAddr, accounts: Vec<Account>) -> Self {
        Self {
            registrar_host: registrar.ip().to_string(),
            registrar,
            transport: Transport::Udp,
            ca_pem: None,
            accounts,
            answer_ms: 0,
            hangup_after_ms: 0,
            expires_s: 300,
            local_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            rtp_ports: (28_000, 31_998),
            journal_file: None,
            loopback_only: true,
        }
    }
}
