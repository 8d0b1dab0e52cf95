//! The verdict over one call: one line for every rule, each with the version of what it read.
//!
//! It is stored with the call as it is; it holds no personal data.

use crate::reason::{Refusal, Skipped, Standing};
use serde::{Deserialize, Serialize};
use vocab::{RuleId, UnixMs};

/// What one rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleResult {
    /// The call may be made as far as this rule goes.
    Pass,
    /// The rule does not govern this call.
    NotApplicable(Skipped),
    /// The call must not be made.
    Refuse(Refusal),
}

/// One rule's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleLine {
    /// The rule.
    pub rule: RuleId,
    /// Version of the input it read; 0 if the input was missing.
    pub version: u64,
    /// What it decided.
    pub result: RuleResult,
}

/// What the gate decided at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The instant decided upon.
    pub at: UnixMs,
    /// Version of the policy.
    pub policy_version: u64,
    /// One line for each of [`RuleId::ALL`], in that order.
    pub lines: Vec<RuleLine>,
    pub(crate) retry_after: Option<UnixMs>,
}

impl Verdict {
    /// The call may be made: every rule was asked and none refused.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.lines.len() == RuleId::ALL.len()
            && self.lines.iter().zip(RuleId::ALL).all(|(line, rule)| line.rule == *rule)
            && self.refusals().next().is_none()
    }

    /// Each rule that refused, with its reason.
    pub fn refusals(&self) -> impl Iterator<Item = (RuleId, Refusal)> + '_ {
        self.lines.iter().filter_map(|line| match line.result {
            RuleResult::Refuse(reason) => Some((line.rule, reason)),
            RuleResult::Pass | RuleResult::NotApplicable(_) => None,
        })
    }

    /// The first rule that refused.
    #[must_use]
    pub fn first_refusal(&self) -> Option<(RuleId, Refusal)> {
        self.refusals().next()
    }

    /// The earliest instant at which hours, holidays and caps together let the call pass. `None` if the call
    /// was allowed, or if something other than time refused it.
    #[must_use]
    pub const fn retry_after(&self) -> Option<UnixMs> {
        self.retry_after
    }

    /// How lasting the refusal is as a whole; `None` if the call was allowed.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.refusals().map(|(_, reason)| reason.standing()).max()
    }
}
