//! The words every crate shares: ids, wall time, personal data, telephone numbers, call outcomes,
//! which system runs.
//!
//! It deliberately holds no behaviour of calls, no I/O and no clock; whoever needs the time is handed it.

mod device;
mod id;
mod number;
mod outcome;
mod private;
mod release;
mod rule;
mod time;

pub use device::device_number;
pub use id::{
    AgentId, CallId, CampaignId, ContactId, DepartmentId, LineGroupId, ObjectHash, PersonId, ScriptId,
    SpanId, SubjectId, Timeslot, TrunkId,
};
pub use number::{MAX_NUMBER_DIGITS, NumberError, PhoneNumber};
pub use outcome::{CampaignClass, CampaignMode, EndedBy, FailCause, Outcome};
pub use private::{Pii, Secret};
pub use release::Release;
pub use rule::RuleId;
pub use time::{DAY_MS, HOUR_MS, MINUTE_MS, Millis, SECOND_MS, UnixMs};
