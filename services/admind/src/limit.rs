//! Requests a second of one source. A source is an IPv4 address or an IPv6 /64; the table forgets who is quiet.

use crate::fault::Fault;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

/// The source of a request, from its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer;

impl KeyExtractor for Peer {
    type Key = IpAddr;

    fn extract<T>(&self, request: &http::Request<T>) -> Result<IpAddr, GovernorError> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        peer.map(|peer| source(peer.0.ip())).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// The source an address belongs to: whoever has one address of a /64 has all of them.
#[must_use]
pub const fn source(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Limits a router; with it comes the work that forgets quiet sources, to be run until the end.
pub fn limit(router: Router, rate_per_s: u32) -> (Router, impl Future<Output = ()> + Send + 'static) {
    let rate = rate_per_s.max(1);
    let mut builder = GovernorConfigBuilder::default().key_extractor(Peer);
    builder.period(Duration::from_secs(1) / rate).burst_size(rate.saturating_mul(BURST_S));
    let config = builder.finish().map(Arc::new);
    let limited = match &config {
        Some(config) => {
            router.layer(GovernorLayer::new(Arc::clone(config)).error_handler(|error| match error {
                GovernorError::TooManyRequests { wait_time, .. } => {
                    Fault::TooMany { wait_s: wait_time.max(1) }.into_response()
                }
                GovernorError::UnableToExtractKey | GovernorError::Other { .. } => Fault::Bug.into_response(),
            }))
        }
        // Period and burst are never zero.
        None => router,
    };
    let forget = async move {
        let mut minute = tokio::time::interval(FORGET_EVERY);
        loop {
            minute.tick().await;
            if let Some(config) = &config {
                config.limiter().retain_recent();
                config.limiter().shrink_to_fit();
            }
        }
    };
    (limited, forget)
}

/// A page with its parts comes at once: the burst is a few seconds of the rate.
const BURST_S: u32 = 4;
const FORGET_EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        let source = |text: &str| source(text.parse().unwrap()).to_string();
        assert_eq!(source("192.0.2.7"), "192.0.2.7");
        assert_eq!(source("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
