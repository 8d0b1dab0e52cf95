//! The timers of Q.931 tables 9-1 and 9-2 that a call has, and the ones that are running. It knows no procedure.

use vocab::Millis;

/// A timer. T309, T316 and T321 belong to the interface, all others to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A call of ours rings.
    T301,
    /// The peer may send more digits.
    T302,
    /// SETUP is out; it is sent twice.
    T303,
    /// We may send more digits.
    T304,
    /// DISCONNECT is out.
    T305,
    /// DISCONNECT with tones is out (network side).
    T306,
    /// RELEASE is out; it is sent twice.
    T308,
    /// The data link is gone; active calls wait.
    T309,
    /// CALL PROCEEDING came.
    T310,
    /// CONNECT is out (user side).
    T313,
    /// RESTART is out.
    T316,
    /// SERVICE is out.
    T321,
    /// STATUS ENQUIRY is out; it is sent twice.
    T322,
}

impl Timer {
    /// Those a call can have, in the order in which they are looked at.
    pub(super) const OF_CALLS: [Self; 10] = [
        Self::T301,
        Self::T302,
        Self::T303,
        Self::T304,
        Self::T305,
        Self::T306,
        Self::T308,
        Self::T310,
        Self::T313,
        Self::T322,
    ];

    const fn bit(self) -> usize {
        self as usize
    }
}

/// How long each timer runs, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerValues {
    /// T301, at least three minutes by the tables.
    pub t301_ms: u64,
    /// T302.
    pub t302_ms: u64,
    /// T303.
    pub t303_ms: u64,
    /// T304.
    pub t304_ms: u64,
    /// T305.
    pub t305_ms: u64,
    /// T306.
    pub t306_ms: u64,
    /// T308.
    pub t308_ms: u64,
    /// T309.
    pub t309_ms: u64,
    /// T310.
    pub t310_ms: u64,
    /// T313.
    pub t313_ms: u64,
    /// T316.
    pub t316_ms: u64,
    /// T321.
    pub t321_ms: u64,
    /// T322.
    pub t322_ms: u64,
}

impl TimerValues {
    /// Table 9-2: the user side. T310 is the upper end of its range: carriers take that long to find a mobile.
    pub const USER: Self = Self {
        t301_ms: 180_000,
        t302_ms: 15_000,
        t303_ms: 4_000,
        t304_ms: 30_000,
        t305_ms: 30_000,
        t306_ms: 30_000,
        t308_ms: 4_000,
        t309_ms: 90_000,
        t310_ms: 120_000,
        t313_ms: 4_000,
        t316_ms: 120_000,
        t321_ms: 30_000,
        t322_ms: 4_000,
    };
    /// Table 9-1: the network side.
    pub const NETWORK: Self = Self { t304_ms: 20_000, t310_ms: 10_000, ..Self::USER };

    /// How long a timer runs.
    #[must_use]
    pub const fn of(&self, timer: Timer) -> u64 {
        match timer {
            Timer::T301 => self.t301_ms,
            Timer::T302 => self.t302_ms,
            Timer::T303 => self.t303_ms,
            Timer::T304 => self.t304_ms,
            Timer::T305 => self.t305_ms,
            Timer::T306 => self.t306_ms,
            Timer::T308 => self.t308_ms,
            Timer::T309 => self.t309_ms,
            Timer::T310 => self.t310_ms,
            Timer::T313 => self.t313_ms,
            Timer::T316 => self.t316_ms,
            Timer::T321 => self.t321_ms,
            Timer::T322 => self.t322_ms,
        }
    }
}

/// The timers of one call that run.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    ends: [Option<Millis>; 13],
}

impl Running {
    pub(super) fn start(&mut self, timer: Timer, end: Millis) {
        self.ends[timer.bit()] = Some(end);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.ends[timer.bit()] = None;
    }

    pub(super) fn stop_all(&mut self) {
        self.ends = [None; 13];
    }

    pub(super) fn next(&self) -> Option<Millis> {
        self.ends.iter().flatten().min().copied()
    }

    /// Takes one timer that is over.
    pub(super) fn take_over(&mut self, now: Millis) -> Option<Timer> {
        let over = |timer: &Timer| self.ends[timer.bit()].is_some_and(|end| end <= now);
        let timer = Timer::OF_CALLS.into_iter().find(over)?;
        self.stop(timer);
        Some(timer)
    }
}
