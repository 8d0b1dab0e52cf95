//! The settings of an endpoint and the limits it keeps.
//!
//! Deliberately not here: what each limit guards; that stands with its user.

use crate::time::Timing;

/// Settings of an [`crate::Endpoint`].
#[derive(Clone, Debug)]
pub struct Config {
    /// The timers of RFC 3261.
    pub timing: Timing,
    /// Transactions at once; requests that clean up may use as many again.
    pub max_transactions: usize,
    /// Calls at once.
    pub max_calls: usize,
    /// Smallest session interval we accept (RFC 4028 5: 90 s or more).
    pub min_se_s: u32,
    /// How long the product may take to answer an offer of the peer.
    pub offer_timeout_ms: u64,
    /// Retry-After of our 503.
    pub retry_after_s: u32,
    /// Host names and addresses that mean this box, for Request-URIs; empty: any.
    pub domains: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timing: Timing::default(),
            max_transactions: 20_000,
            max_calls: 5_000,
            min_se_s: 90,
            offer_timeout_ms: 10_000,
            retry_after_s: 5,
            domains: Vec::new(),
        }
    }
}
