//! One synchronisation source as a receiver sees it: probation, extended sequence numbers and
//! loss (RFC 3550 A.1, A.3), interarrival jitter (A.8). It keeps no packets.

/// What a packet's sequence number means for the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Still on probation: the source is not yet believed.
    Probation,
    /// In order, or a permissible jump forward.
    InOrder,
    /// Late or duplicated, within the misorder limit.
    Misordered,
    /// The same sequence number was seen before.
    Duplicate,
    /// A large jump, not believed before a second packet confirms it.
    Jump,
    /// The peer restarted its sequence numbers: two packets in a row confirm it.
    Restarted,
}

/// Sequence numbers in a row before a source is believed (RFC 3550 `MIN_SEQUENTIAL`).
pub const MIN_SEQUENTIAL: u8 = 2;
/// Largest believed gap forward (RFC 3550 `MAX_DROPOUT`).
pub const MAX_DROPOUT: u16 = 3_000;
/// Largest believed step backward (RFC 3550 `MAX_MISORDER`).
pub const MAX_MISORDER: u16 = 100;

/// Receiver state of one source.
#[derive(Clone, Debug)]
pub struct Source {
    ssrc: u32,
    max_seq: u16,
    cycles: u32,
    base_seq: u32,
    bad_seq: Option<u16>,
    probation: u8,
    received: u64,
    /// Distinct packets: duplicates do not count.
    distinct: u64,
    duplicates: u64,
    expected_before_restart: u64,
    expected_prior: u64,
    received_prior: u64,
    /// Bit n: `max_seq - n` was seen.
    seen: u128,
    transit: Option<u32>,
    jitter_x16: u32,
}

impl Source {
    /// A new source, on probation, from its first packet.
    #[must_use]
    pub fn new(ssrc: u32, sequence: u16) -> Self {
        Self {
            ssrc,
            max_seq: sequence.wrapping_sub(1),
            cycles: 0,
            base_seq: u32::from(sequence),
            bad_seq: None,
            probation: MIN_SEQUENTIAL,
            received: 0,
            distinct: 0,
            duplicates: 0,
            expected_before_restart: 0,
            expected_prior: 0,
            received_prior: 0,
            seen: 0,
            transit: None,
            jitter_x16: 0,
        }
    }

    /// Its synchronisation source identifier.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether the source passed its probation.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.probation == 0
    }

    /// Ends the probation at once: used where authentication already proves the source.
    pub fn trust(&mut self) {
        self.probation = 0;
    }

    /// Accounts for a packet (RFC 3550 A.1 `update_seq`).
    pub fn arrived(&mut self, sequence: u16) -> Arrival {
        if self.probation > 0 {
            return self.on_probation(sequence);
        }
        let delta = sequence.wrapping_sub(self.max_seq);
        if delta == 0 || delta > u16::MAX - MAX_MISORDER + 1 {
            return self.behind(sequence);
        }
        if delta < MAX_DROPOUT {
            self.advance(sequence, delta);
            self.count_distinct();
            return Arrival::InOrder;
        }
        if self.bad_seq == Some(sequence) {
            self.expected_before_restart += self.expected_since_base();
            self.begin(sequence);
            self.count_distinct();
            return Arrival::Restarted;
        }
        self.bad_seq = Some(sequence.wrapping_add(1));
        Arrival::Jump
    }

    /// Updates the interarrival jitter (RFC 3550 A.8), both times in timestamp units.
    pub fn timed(&mut self, arrival_ticks: u32, timestamp: u32) {
        let transit = arrival_ticks.wrapping_sub(timestamp);
        if let Some(before) = self.transit {
            let d = transit.wrapping_sub(before).cast_signed().unsigned_abs();
            // A step of more than a second is a new timeline, not jitter.
            if d < JITTER_STEP_LIMIT {
                self.jitter_x16 = self.jitter_x16 + d - ((self.jitter_x16 + 8) >> 4);
            }
        }
        self.transit = Some(transit);
    }

    /// Interarrival jitter in timestamp units.
    #[must_use]
    pub fn jitter(&self) -> u32 {
        self.jitter_x16 >> 4
    }

    /// The extended highest sequence number received.
    #[must_use]
    pub fn extended_max(&self) -> u32 {
        self.cycles.wrapping_add(u32::from(self.max_seq))
    }

    /// Packets expected so far (RFC 3550 A.3), over restarts too.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.expected_before_restart + self.expected_since_base()
    }

    /// Packets received, duplicates included.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets received more than once.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that never came: expected less distinct received.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.distinct)
    }

    /// Cumulative loss as RTCP carries it: 24 bits signed, clamped (RFC 3550 section 6.4.1).
    #[must_use]
    pub fn cumulative_lost(&self) -> i32 {
        let lost = i128::from(self.expected()) - i128::from(self.received);
        i32::try_from(lost.clamp(-0x80_0000, 0x7F_FFFF)).unwrap_or(0)
    }

    /// Loss fraction in 1/256 since the last call (RFC 3550 A.3).
    pub fn fraction_lost(&mut self) -> u8 {
        let expected = self.expected();
        let expected_interval = expected - self.expected_prior.min(expected);
        let received_interval = self.received - self.received_prior;
        self.expected_prior = expected;
        self.received_prior = self.received;
        let lost = expected_interval.saturating_sub(received_interval);
        if expected_interval == 0 {
            return 0;
        }
        u8::try_from((lost << 8) / expected_interval).unwrap_or(u8::MAX)
    }

    fn on_probation(&mut self, sequence: u16) -> Arrival {
        if sequence != self.max_seq.wrapping_add(1) {
            self.probation = MIN_SEQUENTIAL - 1;
            self.max_seq = sequence;
            return Arrival::Probation;
        }
        self.probation -= 1;
        self.max_seq = sequence;
        if self.probation > 0 {
            return Arrival::Probation;
        }
        self.begin(sequence);
        self.count_distinct();
        Arrival::InOrder
    }

    fn begin(&mut self, sequence: u16) {
        self.base_seq = u32::from(sequence);
        self.max_seq = sequence;
        self.cycles = 0;
        self.bad_seq = None;
        self.seen = 1;
        self.transit = None;
    }

    fn advance(&mut self, sequence: u16, delta: u16) {
        if sequence < self.max_seq {
            self.cycles = self.cycles.wrapping_add(1 << 16);
        }
        self.max_seq = sequence;
        self.bad_seq = None;
        self.seen = self.seen.checked_shl(u32::from(delta)).unwrap_or(0) | 1;
        if self.distinct == 0 {
            // A trusted source's first packet.
            self.base_seq = u32::from(sequence);
            self.cycles = 0;
            self.seen = 1;
        }
    }

    fn behind(&mut self, sequence: u16) -> Arrival {
        let age = u32::from(self.max_seq.wrapping_sub(sequence));
        let bit = 1u128.checked_shl(age).unwrap_or(0);
        if self.seen & bit != 0 {
            self.received += 1;
            self.duplicates += 1;
            return Arrival::Duplicate;
        }
        self.seen |= bit;
        self.count_distinct();
        Arrival::Misordered
    }

    fn count_distinct(&mut self) {
        self.received += 1;
        self.distinct += 1;
    }

    fn expected_since_base(&self) -> u64 {
        if self.distinct == 0 {
            return 0;
        }
        u64::from(self.extended_max().wrapping_sub(self.base_seq)) + 1
    }
}

const JITTER_STEP_LIMIT: u32 = 8_000;
