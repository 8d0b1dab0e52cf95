//! What the supervisor asks every process, and the answer by which it lives or is restarted.

use serde::{Deserialize, Serialize};

/// A question of the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HealthRequest {
    /// Are you well? Answered by the loop that does the work, never by a helper beside it.
    Check {
        /// Echoed in the answer.
        serial: u64,
    },
    /// To the lines alone: place the loop-back call, unless one is under way. Answered as [`HealthRequest::Check`] is; how
    /// the call ended is the gauge [`crate::trial::CALL_GAUGE`] of later answers.
    CallYourself {
        /// Echoed in the answer.
        serial: u64,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReply {
    /// The question's serial.
    pub serial: u64,
    /// The state of the process as a whole.
    pub state: HealthState,
    /// Gauges that must return to zero when nothing runs, by name (`calls`, `dialogs`, `tickets`).
    pub gauges: Vec<(String, u64)>,
    /// Alarms raised now, as codes with plain text.
    pub alarms: Vec<Alarm>,
}

/// The state of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HealthState {
    /// It starts: replaying, unsealing, registering.
    Starting,
    /// It works.
    Ready,
    /// It works with a fault that needs attention (an alarm says which).
    Degraded,
    /// It finishes its calls and takes no new ones.
    Draining,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// A stable code, such as `trunk-down`.
    pub code: String,
    /// What is wrong and what to do next, in English; holds no personal data.
    pub text_en: String,
    /// The same in Chinese.
    pub text_zh: String,
}
