//! Every value of the policy by its dotted name, with the bounds that [`Policy::validate`] keeps, for people who
//! set them. A test compares the two.

use crate::policy::{
    CLASSES, CONSENT_DAYS, DNC_AGE_DAYS, EARLIEST_OPEN_MIN, IDENTIFY_S, MARKETING_PER_7D, MARKETING_PER_DAY,
    MAX_BUDGET_ATTEMPTS, MAX_BUDGET_DAYS, MAX_RING_S, MIN_RING_S, OTHER_PER_7D, OTHER_PER_DAY,
    RECORDING_FREE_MIB, SCRIPT_DAYS, latest_close,
};
use vocab::CampaignClass;

/// A value of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyField {
    /// Its dotted name, as [`crate::Policy`] is written.
    pub name: String,
    /// The requirement it belongs to.
    pub rule: &'static str,
    /// Smallest and largest value of a number; `None` for a switch or text.
    pub bounds: Option<(u32, u32)>,
    /// May be changed after commissioning.
    pub editable: bool,
}

/// The name of a class within the policy.
#[must_use]
pub const fn class_name(class: CampaignClass) -> &'static str {
    match class {
        CampaignClass::Marketing => "marketing",
        CampaignClass::ReturnVisit => "return_visit",
        CampaignClass::Confirmation => "confirmation",
        CampaignClass::ServiceNotice => "service_notice",
        CampaignClass::Emergency => "emergency",
    }
}

/// All values, in the order in which people read them.
#[must_use]
pub fn policy_fields() -> Vec<PolicyField> {
    let number = |name: &str, rule, min: u32, max: u32| PolicyField {
        name: name.to_owned(),
        rule,
        bounds: Some((min, max)),
        editable: true,
    };
    let pair = |name, rule, (min, max): (u16, u16)| number(name, rule, min.into(), max.into());
    let mut fields =
        vec![PolicyField { name: "zone".to_owned(), rule: "CAM-01", bounds: None, editable: false }];
    for class in CLASSES {
        let name = class_name(class);
        let (open, close) = (EARLIEST_OPEN_MIN.into(), latest_close(class).into());
        fields.push(number(&format!("hours.{name}.opens_min"), "CAM-01", open, close));
        fields.push(number(&format!("hours.{name}.closes_min"), "CAM-01", open, close));
    }
    fields.push(pair("ring_time_s", "CAM-01", (MIN_RING_S, MAX_RING_S)));
    for (table, rule) in [("holidays_off", "CAM-02"), ("weekends_off", "CAM-02")] {
        for class in CLASSES {
            let fixed = table == "holidays_off" && class == CampaignClass::Marketing;
            let name = format!("{table}.{}", class_name(class));
            fields.push(PolicyField { name, rule, bounds: None, editable: !fixed });
        }
    }
    for class in CLASSES {
        let (day, week) = match class {
            CampaignClass::Marketing => (MARKETING_PER_DAY, MARKETING_PER_7D),
            CampaignClass::ReturnVisit
            | CampaignClass::Confirmation
            | CampaignClass::ServiceNotice
            | CampaignClass::Emergency => (OTHER_PER_DAY, OTHER_PER_7D),
        };
        let name = class_name(class);
        fields.push(number(&format!("frequency.{name}.per_day"), "CAM-03", 0, day.into()));
        fields.push(number(&format!("frequency.{name}.per_7d"), "CAM-03", 0, week.into()));
    }
    fields.push(number("retry_budget.max_attempts", "CAM-03", 0, MAX_BUDGET_ATTEMPTS.into()));
    fields.push(number("retry_budget.window_days", "CAM-03", 1, MAX_BUDGET_DAYS.into()));
    fields.push(pair("dnc_max_age_days", "CAM-07", DNC_AGE_DAYS));
    fields.push(pair("consent_max_days", "CAM-08", CONSENT_DAYS));
    fields.push(pair("identify_within_s", "CAM-11", IDENTIFY_S));
    fields.push(pair("script_max_age_days", "CAM-12", SCRIPT_DAYS));
    fields.push(number("recording_min_free_mib", "REC-02", RECORDING_FREE_MIB.0, RECORDING_FREE_MIB.1));
    fields
}
