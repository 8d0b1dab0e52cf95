//! What a cause means for a campaign: the one table of Q.850 values and results.
//!
//! It knows no SIP status; whoever has one asks [`CauseValue::verdict`] first and falls back on the status.

use super::CauseValue;
use vocab::FailCause;

impl CauseValue {
    /// What the value alone says of an unanswered call; none where it says no more than that the call ended.
    #[must_use]
    pub const fn verdict(self) -> Option<FailCause> {
        match self {
            Self::UserBusy => Some(FailCause::Busy),
            Self::NoAnswer => Some(FailCause::NoAnswer),
            Self::CallRejected | Self::RejectedByFeature => Some(FailCause::Declined),
            Self::UnallocatedNumber | Self::NumberChanged | Self::InvalidNumberFormat => {
                Some(FailCause::InvalidNumber)
            }
            Self::NoUserResponding | Self::SubscriberAbsent | Self::DestinationOutOfOrder => {
                Some(FailCause::Unreachable)
            }
            Self::ChannelUnacceptable
            | Self::NoChannelAvailable
            | Self::RequestedChannelNotAvailable
            | Self::ChannelDoesNotExist => Some(FailCause::NoLine),
            Self::BearerNotImplemented | Self::OnlyRestrictedDigital | Self::IncompatibleDestination => {
                Some(FailCause::Media)
            }
            _ => None,
        }
    }

    /// The result of a call that was cleared with this value before it was answered. After ringing, a normal
    /// clearing or an expired timer means that nobody answered; everything else is the carrier's.
    #[must_use]
    pub fn fail_cause(self, rang: bool) -> FailCause {
        let nobody_answered =
            matches!(self.class(), Self::NormalClearing | Self::NormalUnspecified | Self::TimerExpiry);
        match self.verdict() {
            Some(verdict) => verdict,
            None if rang && nobody_answered => FailCause::NoAnswer,
            None => FailCause::Carrier,
        }
    }

    /// The value itself, or of one without a name the "unspecified" value of its class, as Q.850 2.2.5 has unknown
    /// values treated.
    #[must_use]
    pub const fn class(self) -> Self {
        let Self::Other(code) = self else { return self };
        match code >> 4 & 7 {
            0 | 1 => Self::NormalUnspecified,
            2 => Self::ResourceUnavailable,
            3 => Self::ServiceNotAvailable,
            4 => Self::ServiceNotImplemented,
            5 => Self::InvalidMessage,
            6 => Self::ProtocolError,
            _ => Self::Interworking,
        }
    }
}
