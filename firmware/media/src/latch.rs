//! Which address a leg's media may come from.
//!
//! Once a leg has taken audio from an address it never takes it from another, unless signalling
//! names a new one: that is what stops RTP bleed. It does not authenticate anything itself.

use std::net::SocketAddr;

/// What a leg accepts besides the negotiated address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatchPolicy {
    /// Nothing: the address in SDP or none.
    NegotiatedOnly,
    /// Symmetric RTP through NAT. With SRTP: the source of the first packet that authenticates.
    /// Plain: the negotiated host from another port, once, within this time.
    Symmetric {
        /// How long the latch stays open for plain RTP.
        window_us: u64,
    },
}

/// The default window of plain symmetric RTP.
pub const SYMMETRIC_WINDOW_US: u64 = 5_000_000;

/// What to do with a packet from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The latched or negotiated address.
    Accept,
    /// May become the address if the packet proves good.
    Candidate,
    /// Dropped.
    Refuse,
}

/// The latch of one leg.
#[derive(Clone, Debug)]
pub struct Latch {
    policy: LatchPolicy,
    remote: SocketAddr,
    locked: bool,
    opened_us: Option<u64>,
}

impl Latch {
    /// A latch on the negotiated address.
    #[must_use]
    pub fn new(policy: LatchPolicy, negotiated: SocketAddr) -> Self {
        Self { policy, remote: canonical(negotiated), locked: false, opened_us: None }
    }

    /// Where our media goes.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Whether the source is settled.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Signalling named a new address.
    pub fn renegotiated(&mut self, negotiated: SocketAddr) {
        let negotiated = canonical(negotiated);
        if negotiated != self.remote {
            *self = Self::new(self.policy, negotiated);
        }
    }

    /// Judges a packet's source; `authenticated_later` says that SRTP will prove it.
    pub fn judge(&mut self, from: SocketAddr, now_us: u64, authenticated_later: bool) -> Verdict {
        let from = canonical(from);
        let opened = *self.opened_us.get_or_insert(now_us);
        if from == self.remote {
            return Verdict::Accept;
        }
        if self.locked {
            return Verdict::Refuse;
        }
        match self.policy {
            LatchPolicy::NegotiatedOnly => Verdict::Refuse,
            LatchPolicy::Symmetric { .. } if authenticated_later => Verdict::Candidate,
            LatchPolicy::Symmetric { window_us } => {
                let in_time = now_us.saturating_sub(opened) <= window_us;
                if in_time && from.ip() == self.remote.ip() { Verdict::Candidate } else { Verdict::Refuse }
            }
        }
    }

    /// A packet from this address was good: the latch closes on it.
    pub fn settle(&mut self, from: SocketAddr) {
        if !self.locked {
            self.remote = canonical(from);
            self.locked = true;
        }
    }
}

/// IPv4 in an IPv6 socket is the same host.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
