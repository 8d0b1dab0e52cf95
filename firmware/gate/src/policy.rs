//! The policy: every number the gate decides with, its strict default and the bounds nobody can leave.
//!
//! It stores nothing and knows no roles; who may change a policy is decided where it is saved.

use crate::civil;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vocab::{CampaignClass, PersonId};

/// The zone of the default policy (CAM-01). The zone of a site is fixed when it is commissioned.
pub const DEFAULT_ZONE: &str = "Asia/Shanghai";
/// The civil day starts and ends here: minutes in a day.
pub const DAY_MIN: u16 = 24 * 60;
/// No window opens before 08:00 (CAM-01, conflict C-1).
pub const EARLIEST_OPEN_MIN: u16 = 8 * 60;
/// A marketing window closes at 21:00 at the latest, and it is everybody's default (CAM-01).
pub const MARKETING_CLOSE_MIN: u16 = 21 * 60;
/// Any other window closes at 22:00 at the latest, with two approvals (CAM-01, C-1).
pub const LATEST_CLOSE_MIN: u16 = 22 * 60;
/// A call may ring this long at most; origination stops this long before the window closes (CAM-01).
pub const MAX_RING_S: u16 = 60;
/// A call rings at least this long, or nobody could answer it.
pub const MIN_RING_S: u16 = 10;
/// Attempts a day to one person for marketing (CAM-03).
pub const MARKETING_PER_DAY: u8 = 1;
/// Attempts in seven days to one person for marketing, and everybody's default (CAM-03).
pub const MARKETING_PER_7D: u8 = 3;
/// Attempts a day to one person for the other classes, with two approvals (CAM-03).
pub const OTHER_PER_DAY: u8 = 3;
/// Attempts in seven days for the other classes, with two approvals: the daily bound on each day (CAM-03).
pub const OTHER_PER_7D: u8 = 21;
/// Unanswered attempts one person may get in a budget window.
pub const MAX_BUDGET_ATTEMPTS: u8 = 12;
/// Days a budget window has at most; the attempt history handed to the gate reaches as far.
pub const MAX_BUDGET_DAYS: u16 = 30;
/// Bounds of the age of the do-not-call list in days (CAM-07).
pub const DNC_AGE_DAYS: (u16, u16) = (1, 30);
/// Bounds of the validity of consent in days (CAM-08).
pub const CONSENT_DAYS: (u16, u16) = (30, 730);
/// Bounds of the validity of a script's approval in days (CAM-12).
pub const SCRIPT_DAYS: (u16, u16) = (30, 365);
/// Bounds of the time within which a script names the caller and its purpose, in seconds (CAM-11).
pub const IDENTIFY_S: (u16, u16) = (3, 15);
/// Bounds of the room the recorder needs before a call, in MiB (REC-02).
pub const RECORDING_FREE_MIB: (u32, u32) = (64, 1024 * 1024);
/// Characters of the longest zone name accepted.
pub const MAX_ZONE_CHARS: usize = 64;

/// One value for each campaign class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerClass<T> {
    /// 营销.
    pub marketing: T,
    /// 回访.
    pub return_visit: T,
    /// 订单/预约确认.
    pub confirmation: T,
    /// 服务通知.
    pub service_notice: T,
    /// 应急通知.
    pub emergency: T,
}

impl<T: Copy> PerClass<T> {
    /// The same value for every class.
    pub const fn all(value: T) -> Self {
        Self {
            marketing: value,
            return_visit: value,
            confirmation: value,
            service_notice: value,
            emergency: value,
        }
    }

    /// The value of one class.
    pub const fn of(&self, class: CampaignClass) -> T {
        match class {
            CampaignClass::Marketing => self.marketing,
            CampaignClass::ReturnVisit => self.return_visit,
            CampaignClass::Confirmation => self.confirmation,
            CampaignClass::ServiceNotice => self.service_notice,
            CampaignClass::Emergency => self.emergency,
        }
    }
}

/// Every class, in the order of the columns of the matrix.
pub const CLASSES: [CampaignClass; 5] = [
    CampaignClass::Marketing,
    CampaignClass::ReturnVisit,
    CampaignClass::Confirmation,
    CampaignClass::ServiceNotice,
    CampaignClass::Emergency,
];

/// Calling hours as minutes of the civil day; a phone may ring from `opens_min` until `closes_min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallingWindow {
    /// First minute in which a phone may ring.
    pub opens_min: u16,
    /// First minute in which no phone rings any more; the last origination is a minute earlier.
    pub closes_min: u16,
}

/// Attempts allowed to one person, whatever campaign, line or caller number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequencyCap {
    /// In one civil day.
    pub per_day: u8,
    /// In any seven days.
    pub per_7d: u8,
}

/// Unanswered attempts allowed to one person over all causes, campaigns and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryBudget {
    /// Unanswered attempts in the window.
    pub max_attempts: u8,
    /// Length of the window, looking back.
    pub window_days: u16,
}

/// Two different people agreed to what lies beyond the default (C-1, CAM-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DualApproval {
    /// The compliance officer who set it.
    pub set_by: PersonId,
    /// The department head who agreed.
    pub agreed_by: PersonId,
}

/// The numbers the gate decides with. The default is the strictest usable policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Counts up with each change; stored with every verdict.
    pub version: u64,
    /// IANA name of the zone in which hours, days and ages are counted.
    pub zone: String,
    /// Calling hours (CAM-01).
    pub hours: PerClass<CallingWindow>,
    /// How long a call may ring (CAM-01).
    pub ring_time_s: u16,
    /// Caps per person (CAM-03).
    pub frequency: PerClass<FrequencyCap>,
    /// Retry budget per person (CAM-03).
    pub retry_budget: RetryBudget,
    /// Classes that do not call on statutory holidays (CAM-02).
    pub holidays_off: PerClass<bool>,
    /// Classes that do not call on weekends other than adjusted working days (CAM-02).
    pub weekends_off: PerClass<bool>,
    /// Oldest do-not-call list that may be used (CAM-07).
    pub dnc_max_age_days: u16,
    /// Longest life of a consent, whatever its own expiry says (CAM-08).
    pub consent_max_days: u16,
    /// Longest life of a script's approval (CAM-12).
    pub script_max_age_days: u16,
    /// Within how many seconds of the answer the script names the caller and its purpose (CAM-11).
    pub identify_within_s: u16,
    /// Room the recorder needs before a call (REC-02).
    pub recording_min_free_mib: u32,
    /// Needed as soon as a window or a cap is wider than the default.
    pub wider_approved: Option<DualApproval>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: 1,
            zone: DEFAULT_ZONE.to_owned(),
            hours: PerClass::all(CallingWindow {
                opens_min: EARLIEST_OPEN_MIN,
                closes_min: MARKETING_CLOSE_MIN,
            }),
            ring_time_s: MAX_RING_S,
            frequency: PerClass::all(FrequencyCap { per_day: MARKETING_PER_DAY, per_7d: MARKETING_PER_7D }),
            retry_budget: RetryBudget { max_attempts: 3, window_days: MAX_BUDGET_DAYS },
            holidays_off: PerClass { marketing: true, ..PerClass::all(false) },
            weekends_off: PerClass::all(false),
            dnc_max_age_days: 7,
            consent_max_days: 365,
            script_max_age_days: 180,
            identify_within_s: 10,
            recording_min_free_mib: 1024,
            wider_approved: None,
        }
    }
}

/// Why a policy cannot be saved or used. The operator who set the field can correct it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// A number lies outside its bounds.
    #[error("{field} is {value}, but must lie between {min} and {max}")]
    OutOfBounds {
        /// The field as it is named in the policy.
        field: &'static str,
        /// Its class, where the field has one value per class.
        class: Option<CampaignClass>,
        /// What was asked for.
        value: u64,
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// A window closes before it can be used.
    #[error("hours open at minute {opens_min} and close at minute {closes_min}: nobody could be called")]
    EmptyWindow {
        /// The class of the window.
        class: CampaignClass,
        /// Its opening.
        opens_min: u16,
        /// Its closing.
        closes_min: u16,
    },
    /// A value beyond the default needs two people.
    #[error("{field} is {value}, beyond {bound}: this needs the approval of two different people")]
    NeedsDualApproval {
        /// The field.
        field: &'static str,
        /// Its class.
        class: CampaignClass,
        /// What was asked for.
        value: u64,
        /// What needs no second approval.
        bound: u64,
    },
    /// The two approvals are one person's.
    #[error("wider_approved names {0} twice: two different people must agree")]
    OnePersonTwice(PersonId),
    /// The zone is not in the built-in database.
    #[error("zone is {0:?}, but must be a name of the IANA time zone database such as Asia/Shanghai")]
    UnknownZone(String),
    /// Marketing always rests on statutory holidays.
    #[error("holidays_off for marketing is false, but must be true (CAM-02)")]
    MarketingOnHolidays,
}

impl Policy {
    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// The first [`PolicyError`], naming field, value and bound.
    pub fn validate(&self) -> Result<(), PolicyError> {
        if civil::zone(&self.zone).is_none() {
            let shown = self.zone.chars().take(MAX_ZONE_CHARS).collect();
            return Err(PolicyError::UnknownZone(shown));
        }
        self.validate_numbers()
    }

    /// Everything but the zone, which [`crate::evaluate`] looks up itself.
    pub(crate) fn validate_numbers(&self) -> Result<(), PolicyError> {
        if let Some(DualApproval { set_by, agreed_by }) = self.wider_approved
            && set_by == agreed_by
        {
            return Err(PolicyError::OnePersonTwice(set_by));
        }
        for class in CLASSES {
            self.validate_hours(class)?;
            self.validate_cap(class)?;
        }
        if !self.holidays_off.marketing {
            return Err(PolicyError::MarketingOnHolidays);
        }
        let bounds: [(&'static str, u32, u32, u32); 8] = [
            ("ring_time_s", self.ring_time_s.into(), MIN_RING_S.into(), MAX_RING_S.into()),
            (
                "retry_budget.max_attempts",
                self.retry_budget.max_attempts.into(),
                0,
                MAX_BUDGET_ATTEMPTS.into(),
            ),
            ("retry_budget.window_days", self.retry_budget.window_days.into(), 1, MAX_BUDGET_DAYS.into()),
            pair("dnc_max_age_days", self.dnc_max_age_days, DNC_AGE_DAYS),
            pair("consent_max_days", self.consent_max_days, CONSENT_DAYS),
            pair("script_max_age_days", self.script_max_age_days, SCRIPT_DAYS),
            pair("identify_within_s", self.identify_within_s, IDENTIFY_S),
            (
                "recording_min_free_mib",
                self.recording_min_free_mib,
                RECORDING_FREE_MIB.0,
                RECORDING_FREE_MIB.1,
            ),
        ];
        bounds.into_iter().try_for_each(|(field, value, min, max)| within(field, None, value, min, max))
    }

    fn validate_hours(&self, class: CampaignClass) -> Result<(), PolicyError> {
        let CallingWindow { opens_min, closes_min } = self.hours.of(class);
        let latest = latest_close(class);
        let some = Some(class);
        within("hours.opens_min", some, opens_min.into(), EARLIEST_OPEN_MIN.into(), latest.into())?;
        within("hours.closes_min", some, closes_min.into(), EARLIEST_OPEN_MIN.into(), latest.into())?;
        if closes_min <= opens_min {
            return Err(PolicyError::EmptyWindow { class, opens_min, closes_min });
        }
        self.beyond_default("hours.closes_min", class, closes_min.into(), MARKETING_CLOSE_MIN.into())
    }

    fn validate_cap(&self, class: CampaignClass) -> Result<(), PolicyError> {
        let FrequencyCap { per_day, per_7d } = self.frequency.of(class);
        let (max_day, max_7d) = match class {
            CampaignClass::Marketing => (MARKETING_PER_DAY, MARKETING_PER_7D),
            CampaignClass::ReturnVisit
            | CampaignClass::Confirmation
            | CampaignClass::ServiceNotice
            | CampaignClass::Emergency => (OTHER_PER_DAY, OTHER_PER_7D),
        };
        within("frequency.per_day", Some(class), per_day.into(), 0, max_day.into())?;
        within("frequency.per_7d", Some(class), per_7d.into(), 0, max_7d.into())?;
        self.beyond_default("frequency.per_day", class, per_day.into(), MARKETING_PER_DAY.into())?;
        self.beyond_default("frequency.per_7d", class, per_7d.into(), MARKETING_PER_7D.into())
    }

    fn beyond_default(
        &self,
        field: &'static str,
        class: CampaignClass,
        value: u64,
        bound: u64,
    ) -> Result<(), PolicyError> {
        if value > bound && self.wider_approved.is_none() {
            return Err(PolicyError::NeedsDualApproval { field, class, value, bound });
        }
        Ok(())
    }
}

/// The latest end of a class's calling hours.
pub(crate) const fn latest_close(class: CampaignClass) -> u16 {
    match class {
        CampaignClass::Marketing => MARKETING_CLOSE_MIN,
        CampaignClass::ReturnVisit
        | CampaignClass::Confirmation
        | CampaignClass::ServiceNotice
        | CampaignClass::Emergency => LATEST_CLOSE_MIN,
    }
}

fn pair(field: &'static str, value: u16, (min, max): (u16, u16)) -> (&'static str, u32, u32, u32) {
    (field, value.into(), min.into(), max.into())
}

fn within(
    field: &'static str,
    class: Option<CampaignClass>,
    value: u32,
    min: u32,
    max: u32,
) -> Result<(), PolicyError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(PolicyError::OutOfBounds { field, class, value: value.into(), min: min.into(), max: max.into() })
}
