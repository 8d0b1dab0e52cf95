//! What a data link is set to: its side of the interface, the parameters of clause 5.9, and how it comes back.
//!
//! Deliberately not here: the address. On a primary rate access there is one link, SAPI 0 and TEI 0.

/// Timer T200: how long an answer is waited for (5.9.1).
pub const T200_MS: u64 = 1_000;
/// Timer T203: how long a link may be silent before the peer is asked (5.9.8).
pub const T203_MS: u64 = 10_000;
/// N200: how often a frame is sent again (5.9.2).
pub const N200: u8 = 3;
/// N201: most octets of an information field (5.9.3).
pub const N201: usize = 260;
/// k: most I frames waiting for their acknowledgement on a primary rate access (5.9.5).
pub const K: u8 = 7;
/// The largest k that modulo 128 allows (3.5.2.2).
pub const MAX_K: u8 = 127;
/// Most I frames a link holds, sent and not acknowledged or not yet sent; the next one is refused.
pub const MAX_QUEUE: usize = 256;
/// Losses in a row that are answered at once, as Q.921 has it; from the next one on the link waits before it calls.
pub const FREE_LOSSES: u32 = 3;
/// The first wait before a lost link is called again.
pub const FIRST_WAIT_MS: u64 = 1_000;
/// The longest such wait; each is twice the one before.
pub const LONGEST_WAIT_MS: u64 = 16_000;
/// How long a link stands until its losses are forgotten.
pub const STABLE_MS: u64 = 30_000;

/// A side of the interface: it decides the C/R bit (3.3.2, table 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// User (TE): commands carry C/R = 0, responses 1.
    User,
    /// Network (NT): commands carry C/R = 1, responses 0.
    Network,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::User => Self::Network,
            Self::Network => Self::User,
        }
    }
}

/// What a link is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Our side.
    pub side: Side,
    /// Timer T200 (5.9.1); at least 1, and longer than a frame and its answer take.
    pub t200_ms: u64,
    /// Timer T203 (5.9.8); at least 1.
    pub t203_ms: u64,
    /// N200 (5.9.2); at least 1.
    pub n200: u8,
    /// k (5.9.5), 1 to [`MAX_K`].
    pub k: u8,
    /// How the link comes back after a loss.
    pub persistence: Persistence,
}

impl Config {
    /// The values of a primary rate access (5.9).
    #[must_use]
    pub const fn new(side: Side) -> Self {
        Self { side, t200_ms: T200_MS, t203_ms: T203_MS, n200: N200, k: K, persistence: Persistence::DEFAULT }
    }

    /// The same with every value inside its bounds.
    pub(crate) fn bounded(mut self) -> Self {
        self.t200_ms = self.t200_ms.max(1);
        self.t203_ms = self.t203_ms.max(1);
        self.n200 = self.n200.max(1);
        self.k = self.k.clamp(1, MAX_K);
        self.persistence.first_wait_ms = self.persistence.first_wait_ms.max(1);
        self.persistence.longest_wait_ms =
            self.persistence.longest_wait_ms.max(self.persistence.first_wait_ms);
        self
    }
}

/// How a link that layer 3 wants comes back after a loss. Q.921 gives up after N200 and leaves the rest to layer 3;
/// it re-establishes a link that fails in use at once, however often. This is ours, above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persistence {
    /// Losses in a row after which the link is still called at once.
    pub free_losses: u32,
    /// The first wait; at least 1.
    pub first_wait_ms: u64,
    /// The longest wait; at least the first.
    pub longest_wait_ms: u64,
    /// How long the link stands until its losses are forgotten.
    pub stable_ms: u64,
}

impl Persistence {
    /// The values used unless the site says otherwise.
    pub const DEFAULT: Self = Self {
        free_losses: FREE_LOSSES,
        first_wait_ms: FIRST_WAIT_MS,
        longest_wait_ms: LONGEST_WAIT_MS,
        stable_ms: STABLE_MS,
    };

    /// How long is waited after so many losses in a row: not at all, then twice as long each time.
    #[must_use]
    pub fn wait_ms(&self, losses: u32) -> u64 {
        let Some(doublings) = losses.saturating_sub(self.free_losses).checked_sub(1) else { return 0 };
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        self.first_wait_ms.saturating_mul(factor).min(self.longest_wait_ms)
    }
}

impl Default for Persistence {
    fn default() -> Self {
        Self::DEFAULT
    }
}
