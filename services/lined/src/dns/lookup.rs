//! The queries of one lookup: SRV where no port is given, then A and AAAA of each target.

use super::{MAX_ADDRESSES, Target, default_port};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use sip_ua::Transport;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use thiserror::Error;

/// One query to one server.
const QUERY_LIMIT: Duration = Duration::from_secs(2);
/// SRV targets followed.
const MAX_SERVERS: usize = 8;

/// The addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Best first.
    pub addresses: Vec<SocketAddr>,
    /// How long they may be kept without asking again.
    pub ttl_ms: u64,
}

/// Why nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LookupError {
    /// The resolver did not answer.
    #[error("{}", self.reason())]
    TimedOut,
    /// It answered that there is nothing, or failed.
    #[error("{}", self.reason())]
    NotFound,
    /// The box has no name server.
    #[error("{}", self.reason())]
    NoServer,
}

impl LookupError {
    /// Why a trunk without any address stands still, with what to do.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TimedOut => "the name server does not answer: check it, or give the trunk by its address",
            Self::NotFound => "the name has no address: check the name with the carrier",
            Self::NoServer => "no name server can be asked: set one, or give the trunk by its address",
        }
    }
}

/// Who is asked. The system's settings are read when a name is first needed, and again until they can be used: a box
/// without a name server runs, and one that gets it later need not be started anew.
#[derive(Debug)]
pub struct Source {
    ready: OnceLock<TokioResolver>,
    make: fn() -> Result<TokioResolver, NetError>,
}

impl Source {
    /// The system's settings.
    #[must_use]
    pub const fn system() -> Self {
        Self::made_by(system)
    }

    /// One server, whatever the system says.
    ///
    /// # Errors
    /// If the library refuses the settings.
    pub fn server(server: SocketAddr) -> Result<Self, NetError> {
        Ok(Self { ready: OnceLock::from(resolver_at(server)?), make: system })
    }

    pub(super) const fn made_by(make: fn() -> Result<TokioResolver, NetError>) -> Self {
        Self { ready: OnceLock::new(), make }
    }

    fn resolver(&self) -> Result<&TokioResolver, LookupError> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let made = (self.make)().map_err(|error| {
            log::warn!(target: "dns", error:% ; "the system's name servers cannot be used");
            LookupError::NoServer
        })?;
        Ok(self.ready.get_or_init(|| made))
    }
}

fn system() -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    builder.options_mut().timeout = QUERY_LIMIT;
    builder.options_mut().attempts = 1;
    builder.build()
}

fn resolver_at(server: SocketAddr) -> Result<TokioResolver, NetError> {
    let mut connection = ConnectionConfig::udp();
    connection.port = server.port();
    let server = NameServerConfig::new(server.ip(), true, vec![connection]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().timeout = QUERY_LIMIT;
    builder.options_mut().attempts = 1;
    builder.build()
}

/// Resolves one target.
pub(super) async fn lookup(source: &Source, target: &Target) -> Result<Found, LookupError> {
    let resolver = source.resolver()?;
    let host = format!("{}.", target.host.trim_end_matches('.'));
    if let Some(port) = target.port {
        return addresses(resolver, &host, port).await;
    }
    match servers(resolver, &host, target.transport).await {
        Some((servers, ttl_ms)) => {
            let mut all = Found { addresses: Vec::new(), ttl_ms };
            for (name, port) in servers {
                if let Ok(found) = addresses(resolver, &name, port).await {
                    all.ttl_ms = all.ttl_ms.min(found.ttl_ms);
                    all.addresses.extend(found.addresses);
                }
            }
            all.addresses.truncate(MAX_ADDRESSES);
            if all.addresses.is_empty() { Err(LookupError::NotFound) } else { Ok(all) }
        }
        None => addresses(resolver, &host, default_port(target.transport)).await,
    }
}

/// SRV targets by priority, the heavier first (RFC 2782, without its dice).
async fn servers(
    resolver: &TokioResolver,
    host: &str,
    transport: Transport,
) -> Option<(Vec<(String, u16)>, u64)> {
    let service = match transport {
        Transport::Udp => "_sip._udp.",
        Transport::Tcp => "_sip._tcp.",
        Transport::Tls => "_sips._tcp.",
    };
    let answer = resolver.srv_lookup(format!("{service}{host}")).await.ok()?;
    let ttl_ms = remaining_ms(answer.valid_until());
    let mut found: Vec<_> = answer
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => Some((srv.priority, u16::MAX - srv.weight, srv.target.to_utf8(), srv.port)),
            _ => None,
        })
        .collect();
    found.sort();
    let servers: Vec<_> =
        found.into_iter().take(MAX_SERVERS).map(|(_, _, name, port)| (name, port)).collect();
    (!servers.is_empty()).then_some((servers, ttl_ms))
}

async fn addresses(resolver: &TokioResolver, host: &str, port: u16) -> Result<Found, LookupError> {
    let answer = resolver.lookup_ip(host).await.map_err(|_| LookupError::NotFound)?;
    let addresses: Vec<_> = answer.iter().take(MAX_ADDRESSES).map(|ip| SocketAddr::new(ip, port)).collect();
    if addresses.is_empty() {
        return Err(LookupError::NotFound);
    }
    Ok(Found { addresses, ttl_ms: remaining_ms(answer.valid_until()) })
}

fn remaining_ms(valid_until: Instant) -> u64 {
    let left = valid_until.saturating_duration_since(Instant::now());
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}
