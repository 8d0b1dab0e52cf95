//! Which rule governs which class of campaign: one table, read by the gate and by people.
//!
//! It decides nothing about a call; the rules do.

use vocab::{CampaignClass, RuleId};

/// How a rule governs a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// It always governs.
    Always,
    /// It never governs.
    Never,
    /// The policy decides.
    ByPolicy,
    /// Only its part that protects children below 14 governs (CAM-09).
    ChildrenOnly,
    /// It governs, but a failure raises an alarm instead of refusing (REC-02).
    AlarmOnly,
}

use Scope::{AlarmOnly, Always, ByPolicy, ChildrenOnly, Never};

/// The matrix. Columns: marketing, return visit, confirmation, service notice, emergency.
#[rustfmt::skip]
pub const MATRIX: [(RuleId, [Scope; 5]); 15] = [
    //                        marketing  return visit  confirmation  service notice  emergency
    (RuleId::Clock,          [Always,    Always,       Always,       Always,         Always]),
    (RuleId::CallingHours,   [Always,    Always,       Always,       Always,         Always]),
    (RuleId::Holiday,        [Always,    ByPolicy,     ByPolicy,     ByPolicy,       ByPolicy]),
    (RuleId::Frequency,      [Always,    Always,       Always,       Always,         Always]),
    (RuleId::RetryBudget,    [Always,    Always,       Always,       Always,         Always]),
    (RuleId::Declined,       [Always,    Always,       Always,       Always,         Never]),
    (RuleId::Blacklist,      [Always,    Always,       Always,       Always,         Never]),
    (RuleId::DoNotCall,      [Always,    Never,        Never,        Never,          Never]),
    (RuleId::Consent,        [Always,    Never,        Never,        Never,          Never]),
    (RuleId::ForbiddenGroup, [Always,    ChildrenOnly, ChildrenOnly, ChildrenOnly,   Never]),
    (RuleId::Script,         [Always,    Always,       Always,       Always,         Always]),
    (RuleId::Purpose,        [Always,    Always,       Always,       Always,         Always]),
    (RuleId::CallerNumber,   [Always,    Always,       Always,       Always,         Always]),
    (RuleId::Recording,      [Always,    AlarmOnly,    AlarmOnly,    AlarmOnly,      AlarmOnly]),
    (RuleId::Dialable,       [Always,    Always,       Always,       Always,         Always]),
];

const fn column(class: CampaignClass) -> usize {
    match class {
        CampaignClass::Marketing => 0,
        CampaignClass::ReturnVisit => 1,
        CampaignClass::Confirmation => 2,
        CampaignClass::ServiceNotice => 3,
        CampaignClass::Emergency => 4,
    }
}

/// How a rule governs a class; a rule that is not in the table always governs.
#[must_use]
pub fn scope(rule: RuleId, class: CampaignClass) -> Scope {
    let row = MATRIX.iter().find(|(listed, _)| *listed == rule);
    row.map_or(Always, |(_, columns)| columns[column(class)])
}
