//! Maintenance of a span: loops, inserted errors, a simulated alarm, counters back to zero.
//!
//! Which of them a card can do is the card's; those it cannot do answer `NotSupported`.

use idl::spans::LoopKind;
use nix::libc::c_int;

/// What is done to a span for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Maintenance {
    /// No loop, no test.
    None,
    /// What we send comes back inside the card.
    LocalLoop,
    /// What the far side sends goes back at the line.
    NetworkLineLoop,
    /// What the far side sends goes back after the framer.
    NetworkPayloadLoop,
    /// One errored frame alignment signal.
    FrameDefect,
    /// One errored multiframe.
    MultiframeDefect,
    /// One CRC-4 error.
    CrcDefect,
    /// One errored CAS multiframe.
    CasDefect,
    /// One bit error in the card's own pseudo-random pattern.
    PatternDefect,
    /// One bipolar violation.
    BipolarDefect,
    /// The card's own generator and receiver of a pseudo-random pattern.
    Pattern,
    /// Counters to zero.
    ResetCounters,
    /// The card behaves as if alarms came.
    SimulateAlarm,
}

impl Maintenance {
    /// DAHDI's number of it.
    pub(crate) const fn command(self) -> c_int {
        match self {
            Self::None => 0,
            Self::LocalLoop => 1,
            Self::NetworkLineLoop => 2,
            Self::FrameDefect => 6,
            Self::MultiframeDefect => 7,
            Self::CrcDefect => 8,
            Self::CasDefect => 9,
            Self::PatternDefect => 10,
            Self::BipolarDefect => 11,
            Self::Pattern => 12,
            Self::NetworkPayloadLoop => 13,
            Self::ResetCounters => 14,
            Self::SimulateAlarm => 15,
        }
    }
}

impl From<Option<LoopKind>> for Maintenance {
    fn from(kind: Option<LoopKind>) -> Self {
        match kind {
            None => Self::None,
            Some(LoopKind::Local) => Self::LocalLoop,
            Some(LoopKind::Network) => Self::NetworkLineLoop,
            Some(LoopKind::Payload) => Self::NetworkPayloadLoop,
        }
    }
}
