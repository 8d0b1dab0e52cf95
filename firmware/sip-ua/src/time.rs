//! The timer values of RFC 3261.
//!
//! Deliberately not here: any clock. The caller says what time it is, so that a
//! simulation can run the same code in virtual time.

pub use vocab::Millis;

/// The timer values of RFC 3261 table 4, from which all transaction timers follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Round-trip estimate, default 500 ms.
    pub t1_ms: u64,
    /// Largest retransmission interval of non-INVITE requests and INVITE responses, default 4 s.
    pub t2_ms: u64,
    /// How long a message stays in the network, default 5 s.
    pub t4_ms: u64,
}

impl Timing {
    /// 64*T1: the life of a transaction without an answer (timers B, F, H, J, L, M).
    pub fn transaction_ms(&self) -> u64 {
        self.t1_ms.saturating_mul(64)
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self { t1_ms: 500, t2_ms: 4_000, t4_ms: 5_000 }
    }
}
