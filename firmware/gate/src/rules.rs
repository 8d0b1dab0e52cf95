//! Asking every rule about one call.
//!
//! No rule is skipped because another refused. A policy outside its bounds refuses under every rule, so
//! nothing can be widened by writing a policy past [`Policy::validate`].

mod contact;
mod hours;
mod line;
mod timing;

pub use hours::{Hours, hours_at};

use crate::civil;
use crate::facts::Facts;
use crate::matrix::{self, Scope};
use crate::policy::Policy;
use crate::reason::{Input, Refusal, Skipped};
use crate::verdict::{RuleLine, RuleResult, Verdict};
use jiff::tz::TimeZone;
use vocab::{CampaignClass, MINUTE_MS, RuleId, UnixMs};

/// The clock may stand this far before the last known instant (CAM-01).
pub const MAX_CLOCK_STEP_BACK_MS: i64 = MINUTE_MS;
/// Steps of the search for the next lawful instant. Each step passes a day or ends the search, and no
/// cap, budget or run of holidays lasts longer.
const MAX_SEARCH_STEPS: usize = 64;

/// What a rule answers: the version it read, and its result.
type Answer = (u64, RuleResult);

/// One question to the rules: the facts, read once.
struct Case<'a> {
    policy: &'a Policy,
    facts: &'a Facts<'a>,
    zone: TimeZone,
    now: UnixMs,
    class: CampaignClass,
}

/// Decides whether the call may be made at `facts.now`.
#[must_use]
pub fn evaluate(policy: &Policy, facts: &Facts<'_>) -> Verdict {
    let zone = civil::zone(&policy.zone).filter(|_| policy.validate_numbers().is_ok());
    let Some(zone) = zone else {
        return refuse_all(policy, facts);
    };
    // A missing campaign is taken as the strictest class.
    let class = facts.campaign.map_or(CampaignClass::default(), |campaign| campaign.class);
    let case = Case { policy, facts, zone, now: facts.now, class };
    let lines = RuleId::ALL.iter().map(|&rule| case.line(rule)).collect();
    let mut verdict = Verdict { at: facts.now, policy_version: policy.version, lines, retry_after: None };
    verdict.retry_after = case.next_instant(&verdict);
    verdict
}

fn refuse_all(policy: &Policy, facts: &Facts<'_>) -> Verdict {
    let line = |&rule: &RuleId| RuleLine {
        rule,
        version: policy.version,
        result: RuleResult::Refuse(Refusal::PolicyInvalid),
    };
    Verdict {
        at: facts.now,
        policy_version: policy.version,
        lines: RuleId::ALL.iter().map(line).collect(),
        retry_after: None,
    }
}

impl Case<'_> {
    fn line(&self, rule: RuleId) -> RuleLine {
        let scope = matrix::scope(rule, self.class);
        let (version, result) = if scope == Scope::Never {
            (self.policy.version, RuleResult::NotApplicable(Skipped::Class))
        } else {
            self.ask(rule, scope)
        };
        RuleLine { rule, version, result }
    }

    fn ask(&self, rule: RuleId, scope: Scope) -> Answer {
        match rule {
            RuleId::Clock => self.clock(),
            RuleId::CallingHours => self.calling_hours(),
            RuleId::Holiday => self.holiday(),
            RuleId::Frequency => self.frequency(),
            RuleId::RetryBudget => self.retry_budget(),
            RuleId::Declined => self.declined(),
            RuleId::Blacklist => self.blacklist(),
            RuleId::DoNotCall => self.do_not_call(),
            RuleId::Consent => self.consent(),
            RuleId::ForbiddenGroup => self.forbidden_group(scope),
            RuleId::Script => self.script(),
            RuleId::Purpose => self.purpose(),
            RuleId::CallerNumber => self.caller_number(),
            RuleId::Recording => self.recording(scope),
            RuleId::Dialable => self.dialable(),
        }
    }

    /// The first instant after a refusal at which every rule that depends on time alone passes.
    fn next_instant(&self, verdict: &Verdict) -> Option<UnixMs> {
        let mut latest = None;
        for (_, reason) in verdict.refusals() {
            latest = latest.max(Some(reason.retry_at()?));
        }
        let mut at = latest?;
        for _ in 0..MAX_SEARCH_STEPS {
            match self.time_rules_pass(at)? {
                None => return Some(at),
                Some(later) if later > at => at = later,
                Some(_) => return None,
            }
        }
        None
    }

    /// `Some(None)`: they pass at `at`; `Some(Some(t))`: not before `t`; `None`: time alone does not help.
    fn time_rules_pass(&self, at: UnixMs) -> Option<Option<UnixMs>> {
        let then = Case {
            policy: self.policy,
            facts: self.facts,
            zone: self.zone.clone(),
            now: at,
            class: self.class,
        };
        let mut latest = None;
        for rule in [RuleId::CallingHours, RuleId::Holiday, RuleId::Frequency, RuleId::RetryBudget] {
            match then.line(rule).result {
                RuleResult::Pass | RuleResult::NotApplicable(_) => {}
                // The calendar of a later year may well be there by then.
                RuleResult::Refuse(Refusal::HolidayCalendarMissing { .. }) => {}
                RuleResult::Refuse(reason) => latest = latest.max(Some(reason.retry_at()?)),
            }
        }
        Some(latest)
    }
}

const fn refuse(version: u64, reason: Refusal) -> Answer {
    (version, RuleResult::Refuse(reason))
}

const fn missing(input: Input) -> Answer {
    (0, RuleResult::Refuse(Refusal::InputMissing(input)))
}

/// Passes unless a reason was found.
fn decide(version: u64, found: Option<Refusal>) -> Answer {
    (version, found.map_or(RuleResult::Pass, RuleResult::Refuse))
}
