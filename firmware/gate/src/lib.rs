//! The gate: decides, at the instant of dialling, whether one call is lawful.
//!
//! It is a function of (policy, facts): it reads no clock, store or list itself, and it places no call.
//! [`evaluate`] always asks every rule of [`vocab::RuleId::ALL`]; what is missing refuses. Which rule governs
//! which class of campaign is one table, [`MATRIX`].

mod bounds;
mod calendar;
mod civil;
pub mod do_not_call;
mod facts;
mod matrix;
mod policy;
mod quota;
mod reason;
mod rules;
mod text;
mod verdict;

pub use bounds::{PolicyField, class_name, policy_fields};
pub use calendar::{CalendarData, CalendarError, HolidayCalendar, MAX_ADJUSTED, MAX_DATES_OFF};
pub use do_not_call::{DncError, DoNotCall};
pub use facts::{
    Attempt, BlacklistFacts, CallerFacts, CampaignFacts, ClockFacts, ConsentFacts, ContactFacts, DncFacts,
    Facts, MAX_ATTEMPTS, PersonFacts, RecordingFacts, ScriptApproval, ScriptFacts,
};
pub use jiff::civil::Date;
pub use matrix::{MATRIX, Scope, scope};
pub use policy::{
    CLASSES, CONSENT_DAYS, CallingWindow, DAY_MIN, DEFAULT_ZONE, DNC_AGE_DAYS, DualApproval,
    EARLIEST_OPEN_MIN, FrequencyCap, IDENTIFY_S, LATEST_CLOSE_MIN, MARKETING_CLOSE_MIN, MARKETING_PER_7D,
    MARKETING_PER_DAY, MAX_BUDGET_ATTEMPTS, MAX_BUDGET_DAYS, MAX_RING_S, MAX_ZONE_CHARS, MIN_RING_S,
    OTHER_PER_7D, OTHER_PER_DAY, PerClass, Policy, PolicyError, RECORDING_FREE_MIB, RetryBudget, SCRIPT_DAYS,
};
pub use quota::{day_begin, quota};
pub use reason::{Input, Prompt, Refusal, Skipped, Standing};
pub use rules::{Hours, MAX_CLOCK_STEP_BACK_MS, evaluate, hours_at};
pub use verdict::{RuleLine, RuleResult, Verdict};
