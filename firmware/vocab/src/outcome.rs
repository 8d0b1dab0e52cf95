//! What a campaign is for, how it dials, and how a call ended, in words that hold for every kind of line.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The declared purpose class of a campaign (CAM-16); the strictest is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum CampaignClass {
    /// 营销: every rule applies.
    #[default]
    Marketing,
    /// 回访.
    ReturnVisit,
    /// 订单/预约确认.
    Confirmation,
    /// 服务通知.
    ServiceNotice,
    /// 应急通知.
    Emergency,
}

/// How a campaign dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CampaignMode {
    /// The prompts only; no agent.
    Announcement,
    /// One call for each free agent, who is connected when the mandatory announcement ends.
    Progressive,
    /// An agent looks first and dials by hand.
    Preview,
}

/// Which side ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EndedBy {
    /// The callee.
    Callee,
    /// The agent.
    Agent,
    /// The box: the script was over, a limit was reached, or it was told to stop.
    Box,
    /// The line: a fault, a watchdog, a crash.
    Line,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It was answered; `by` ended it.
    Answered {
        /// Who ended it.
        by: EndedBy,
    },
    /// It was not answered.
    Failed(FailCause),
}

/// Why a call was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FailCause {
    /// Q.850 17, SIP 486/600.
    Busy,
    /// It rang and nobody answered: Q.850 19, our ring time-out, SIP 480/408 after ringing.
    NoAnswer,
    /// The callee declined: Q.850 21, SIP 603. Never called again.
    Declined,
    /// The number does not exist: Q.850 1, SIP 404/410/484/604.
    InvalidNumber,
    /// The phone is off or out of reach: Q.850 18/20, SIP 480 without ringing.
    Unreachable,
    /// The carrier refused or failed: SIP 4xx, 5xx, 6xx not named above.
    Carrier,
    /// No trunk of the group was up or answered.
    NoLine,
    /// Both sides speak no common media, or the trunk's encryption policy was not met.
    Media,
    /// The box let the ticket lapse before it could dial.
    TicketExpired,
    /// The operator stopped the box or the campaign while it was dialling.
    Stopped,
    /// A process died while the call was being made; whether it rang is not known.
    Lost,
    /// The recorder could not start (REC-02).
    NoRecording,
}

impl FailCause {
    /// The name used in reports and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::InvalidNumber => "invalid_number",
            Self::Unreachable => "unreachable",
            Self::Carrier => "carrier",
            Self::NoLine => "no_line",
            Self::Media => "media",
            Self::TicketExpired => "ticket_expired",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
            Self::NoRecording => "no_recording",
        }
    }
}

impl fmt::Display for FailCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
