//! Why a call on an analogue line ended, in the words of campaigns and of Q.850.
//!
//! An analogue exchange says little: what a tone does not tell is not guessed.

use vocab::FailCause;

/// Why a call on an analogue line ended, or was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineCause {
    /// The line was in use, ringing, in its guard time: no call was begun.
    NotIdle,
    /// There is no loop current: not plugged in, or cut.
    NotConnected,
    /// No dial tone within its time.
    NoDialTone,
    /// Another tone than dial tone came after seizing.
    Refused,
    /// The exchange rang while we seized: two calls met on the line.
    Glare,
    /// Busy tone before anything rang.
    Busy,
    /// Congestion tone.
    Congestion,
    /// Number unobtainable tone, or special information tone.
    Unobtainable,
    /// Dial tone after dialling: the exchange did not take the digits.
    NotDialled,
    /// It rang and nobody answered: our limit, or the exchange's busy tone after ringback.
    NoAnswer,
    /// Nothing that tells of progress within the limit.
    NoProgress,
    /// The exchange opened the loop before an answer.
    Dropped,
    /// The far side hung up after the answer.
    FarHungUp,
    /// We hung up.
    Ours,
}

impl LineCause {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::NotIdle,
        Self::NotConnected,
        Self::NoDialTone,
        Self::Refused,
        Self::Glare,
        Self::Busy,
        Self::Congestion,
        Self::Unobtainable,
        Self::NotDialled,
        Self::NoAnswer,
        Self::NoProgress,
        Self::Dropped,
        Self::FarHungUp,
        Self::Ours,
    ];

    /// What it means to a campaign; `None` for an answered call's end and for our own hanging up.
    ///
    /// A busy tone after ringback is no proof that the callee declined: it never counts as such.
    #[must_use]
    pub const fn fail_cause(self) -> Option<FailCause> {
        match self {
            Self::NotIdle | Self::NotConnected | Self::NoDialTone | Self::Refused | Self::Glare => {
                Some(FailCause::NoLine)
            }
            Self::Busy => Some(FailCause::Busy),
            Self::Congestion | Self::NotDialled | Self::Dropped => Some(FailCause::Carrier),
            Self::Unobtainable => Some(FailCause::InvalidNumber),
            Self::NoAnswer | Self::NoProgress => Some(FailCause::NoAnswer),
            Self::FarHungUp | Self::Ours => None,
        }
    }

    /// The cause value of Q.850 that says the same.
    #[must_use]
    pub const fn q850(self) -> u8 {
        match self {
            Self::Unobtainable => 1,
            Self::FarHungUp | Self::Ours => 16,
            Self::Busy => 17,
            Self::NoProgress => 18,
            Self::NoAnswer => 19,
            Self::NotConnected => 27,
            Self::NotDialled => 28,
            Self::Congestion => 34,
            Self::Dropped => 41,
            Self::Refused => 42,
            Self::NotIdle | Self::Glare => 44,
            Self::NoDialTone => 47,
        }
    }

    /// Whether the call may be tried on another line: nothing of it reached the callee.
    #[must_use]
    pub const fn may_try_another_line(self) -> bool {
        match self {
            Self::NotIdle | Self::NotConnected | Self::NoDialTone | Self::Refused | Self::Glare => true,
            Self::Busy
            | Self::Congestion
            | Self::Unobtainable
            | Self::NotDialled
            | Self::NoAnswer
            | Self::NoProgress
            | Self::Dropped
            | Self::FarHungUp
            | Self::Ours => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LineCause;
    use vocab::FailCause;

    #[test]
    fn every_failure_has_a_campaign_result_and_a_q850_value() {
        for cause in LineCause::ALL {
            assert!((1..=127).contains(&cause.q850()), "{cause:?}");
            let ended = matches!(cause, LineCause::FarHungUp | LineCause::Ours);
            assert_eq!(cause.fail_cause().is_none(), ended, "{cause:?}");
        }
    }

    #[test]
    fn another_line_is_tried_only_where_no_digit_left_this_one() {
        for cause in LineCause::ALL {
            let no_line = cause.fail_cause() == Some(FailCause::NoLine);
            assert_eq!(cause.may_try_another_line(), no_line, "{cause:?}");
        }
    }

    #[test]
    fn no_tone_of_an_analogue_line_counts_as_declined() {
        assert!(LineCause::ALL.iter().all(|cause| cause.fail_cause() != Some(FailCause::Declined)));
    }
}
