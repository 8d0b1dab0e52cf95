//! Addresses of trunks given by name: SRV, A and AAAA (RFC 3263), resolved in the background.
//!
//! A caller always gets at once what is known. Known addresses stay in use while the resolver fails, however
//! old they are; a trunk given by address never asks. NAPTR is not used: the transport is configured.

mod lookup;
#[cfg(test)]
mod tests;

pub use lookup::{Found, LookupError, Source};

use sip_ua::{Millis, Transport};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Names known at once; trunks are bounded, so more is a misuse.
pub const MAX_NAMES: usize = 256;
/// Lookups at once.
pub const MAX_LOOKUPS: usize = 16;
/// Addresses kept of one name.
pub const MAX_ADDRESSES: usize = 16;
/// Longest host name (RFC 1035).
pub const MAX_HOST_BYTES: usize = 253;
/// One lookup, all its queries together.
const LOOKUP_LIMIT: Duration = Duration::from_secs(6);
const RETRY_MS: u64 = 5_000;
const MIN_TTL_MS: u64 = 5_000;
const MAX_TTL_MS: u64 = 3_600_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Host name or address literal.
    pub host: String,
    /// The port; `None` asks SRV.
    pub port: Option<u16>,
    /// The transport.
    pub transport: Transport,
}

impl Target {
    /// The address, if the host is a literal.
    #[must_use]
    pub fn literal(&self) -> Option<SocketAddr> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let ip: IpAddr = bare.parse().ok()?;
        Some(SocketAddr::new(ip, self.port.unwrap_or(default_port(self.transport))))
    }
}

/// The result of a background lookup.
#[derive(Debug)]
pub struct Answer {
    target: Target,
    result: Result<Found, LookupError>,
}

/// What is known of names.
#[derive(Debug)]
pub struct Names {
    source: Arc<Source>,
    answers: mpsc::Sender<Answer>,
    table: HashMap<Target, Known>,
    running: usize,
}

#[derive(Debug, Default)]
struct Known {
    addresses: Vec<SocketAddr>,
    ask_again: Millis,
    asking: bool,
    failed: Option<LookupError>,
}

impl Names {
    /// Nothing known. Results of lookups come through `answers` and are handed to [`Names::answered`].
    #[must_use]
    pub fn new(source: Source, answers: mpsc::Sender<Answer>) -> Self {
        Self { source: Arc::new(source), answers, table: HashMap::new(), running: 0 }
    }

    /// The addresses known now, best first; asks in the background if they are due or unknown.
    pub fn addresses(&mut self, now: Millis, target: &Target) -> Vec<SocketAddr> {
        if let Some(literal) = target.literal() {
            return vec![literal];
        }
        if target.host.len() > MAX_HOST_BYTES || target.host.is_empty() {
            return Vec::new();
        }
        if !self.table.contains_key(target) {
            if self.table.len() >= MAX_NAMES {
                return Vec::new();
            }
            self.table.insert(target.clone(), Known::default());
        }
        let Some(known) = self.table.get_mut(target) else { return Vec::new() };
        if !known.asking && known.ask_again <= now && self.running < MAX_LOOKUPS {
            known.asking = true;
            self.running += 1;
            ask(Arc::clone(&self.source), target.clone(), self.answers.clone());
        }
        known.addresses.clone()
    }

    /// A lookup ended; whether the addresses changed. A failure keeps what was known.
    pub fn answered(&mut self, now: Millis, answer: Answer) -> bool {
        self.running = self.running.saturating_sub(1);
        let Some(known) = self.table.get_mut(&answer.target) else { return false };
        known.asking = false;
        match answer.result {
            Ok(found) => {
                known.ask_again = now + found.ttl_ms.clamp(MIN_TTL_MS, MAX_TTL_MS);
                let changed = known.addresses != found.addresses;
                known.addresses = found.addresses;
                known.failed = None;
                changed
            }
            Err(error) => {
                log::warn!(target: "dns", error:% ; "a trunk's name was not resolved; known addresses stay");
                known.ask_again = now + RETRY_MS;
                known.failed = Some(error);
                false
            }
        }
    }

    /// Why no address of a name is known; `None` while nobody answered yet.
    #[must_use]
    pub fn failed(&self, target: &Target) -> Option<LookupError> {
        self.table.get(target).filter(|known| known.addresses.is_empty()).and_then(|known| known.failed)
    }

    /// Forgets names that no trunk uses any more.
    pub fn keep(&mut self, used: &[Target]) {
        self.table.retain(|target, _| used.contains(target));
    }
}

fn ask(source: Arc<Source>, target: Target, answers: mpsc::Sender<Answer>) {
    // Owned by the runtime and bounded by MAX_LOOKUPS and LOOKUP_LIMIT.
    tokio::spawn(async move {
        let result = tokio::time::timeout(LOOKUP_LIMIT, lookup::lookup(&source, &target))
            .await
            .unwrap_or(Err(LookupError::TimedOut));
        let _ = answers.send(Answer { target, result }).await;
    });
}

/// The port without SRV (RFC 3261 19.1.2).
#[must_use]
pub const fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5_060,
        Transport::Tls => 5_061,
    }
}
