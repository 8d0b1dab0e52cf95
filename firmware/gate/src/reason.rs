//! Why a rule refuses or does not govern a call, in plain words that say what to do next.
//!
//! The reasons hold times, counts and versions, never a number or a name.

use serde::{Deserialize, Serialize};
use vocab::UnixMs;

/// A group of facts the gate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Input {
    /// The state of the clock.
    Clock,
    /// The campaign.
    Campaign,
    /// The caller number of the campaign.
    CallerNumber,
    /// The script.
    Script,
    /// The contact.
    Contact,
    /// The person's counters.
    Person,
    /// The internal blacklist.
    Blacklist,
    /// The official do-not-call list.
    DoNotCall,
    /// The recorder.
    Recording,
}

/// What a script must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Prompt {
    /// Who calls and why (CAM-11).
    Identification,
    /// That the call is recorded (REC-01).
    RecordingNotice,
    /// How to opt out (CAM-05).
    OptOutHint,
}

/// Why a rule does not govern a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Skipped {
    /// The rule is not for this class of campaign.
    Class,
    /// The policy does not ask it of this class.
    Policy,
    /// The recorder cannot record, but this class calls all the same: raise the alarm and note the gap (REC-02).
    RecordingGap,
}

/// How lasting a refusal is, from the shortest to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// It ends by itself at a known instant.
    UntilInstant,
    /// It ends when somebody or something changes a fact: an import, an approval, the end of another call.
    UntilFixed,
    /// This contact is not to be called again.
    Final,
}

/// Why a rule refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The policy itself is outside its bounds.
    PolicyInvalid,
    /// The facts to decide with are missing.
    InputMissing(Input),
    /// No time source holds the clock.
    ClockUnsynchronised,
    /// The clock stands before an instant already lived through.
    ClockRolledBack {
        /// By how much.
        by_ms: i64,
    },
    /// The instant has no civil time in the zone.
    NoCivilTime,
    /// Outside the calling hours.
    OutsideHours {
        /// When they open next.
        opens_at: Option<UnixMs>,
    },
    /// A statutory holiday or its adjusted rest day.
    StatutoryHoliday {
        /// Start of the next day on which this class calls.
        next: Option<UnixMs>,
    },
    /// A weekend, and the policy rests on weekends.
    Weekend {
        /// Start of the next day on which this class calls.
        next: Option<UnixMs>,
    },
    /// There is no holiday calendar of the current year.
    HolidayCalendarMissing {
        /// The year.
        year: i16,
    },
    /// The person was called often enough today.
    DailyCap {
        /// Attempts allowed a day.
        cap: u8,
        /// Start of the next civil day; `None` if the policy allows no attempt at all.
        next: Option<UnixMs>,
    },
    /// The person was called often enough in seven days.
    WeeklyCap {
        /// Attempts allowed in seven days.
        cap: u8,
        /// When the next attempt is free; `None` if the policy allows no attempt at all.
        next: Option<UnixMs>,
    },
    /// More attempts are on record than may be.
    HistoryTooLong,
    /// The retry budget of the person is spent.
    BudgetSpent {
        /// Unanswered attempts allowed.
        max: u8,
        /// When the next attempt is free; `None` if the policy allows no attempt at all.
        next: Option<UnixMs>,
    },
    /// The person declined.
    Declined,
    /// The number is on the internal blacklist.
    Blacklisted,
    /// The number is on the official do-not-call list.
    OnDoNotCallList,
    /// The official list is too old.
    DoNotCallListStale {
        /// Its age in whole days.
        age_days: i64,
        /// The age allowed.
        max_days: u16,
    },
    /// A record is dated in the future, so its time cannot be trusted.
    DatedInFuture(Input),
    /// There is no consent.
    ConsentMissing,
    /// Consent was withdrawn.
    ConsentWithdrawn,
    /// Consent ended.
    ConsentExpired {
        /// When it ended.
        at: UnixMs,
    },
    /// Consent was given for something else.
    ConsentOtherPurpose,
    /// The evidence of consent is missing or was changed.
    ConsentEvidenceBroken,
    /// The person is a minor.
    Minor,
    /// The age is unknown and the source does not attest an adult.
    AgeUnknown,
    /// Below 14 a guardian must have agreed.
    GuardianConsentMissing,
    /// A child answered an earlier call.
    AnsweredByChild,
    /// Nobody approved the script.
    ScriptNotApproved,
    /// Text or audio changed after the approval.
    ScriptChanged,
    /// The author approved the script.
    ScriptApprovedByAuthor,
    /// The approval ended.
    ScriptExpired {
        /// When it ended.
        at: UnixMs,
    },
    /// The script lacks something it must say.
    ScriptLacks(Prompt),
    /// The contact was imported for another purpose.
    OtherPurpose,
    /// No purpose is declared.
    PurposeEmpty,
    /// The caller number is not registered for the line group.
    CallerNotRegistered,
    /// The registration of the caller number ended.
    CallerExpired {
        /// When it ended.
        at: UnixMs,
    },
    /// The recorder cannot start.
    RecorderNotReady,
    /// There is too little room for recordings.
    RecordingSpace {
        /// Room there is, in MiB.
        free_mib: u64,
        /// Room there must be, in MiB.
        needed_mib: u32,
    },
    /// The campaign does not run.
    CampaignNotRunning,
    /// The contact is done with.
    ContactClosed,
    /// Somebody is calling this person now.
    PersonInCall,
}

impl Refusal {
    /// The instant from which this rule alone would pass, where time alone decides.
    #[must_use]
    pub const fn retry_at(self) -> Option<UnixMs> {
        match self {
            Self::OutsideHours { opens_at: next }
            | Self::StatutoryHoliday { next }
            | Self::Weekend { next }
            | Self::DailyCap { next, .. }
            | Self::WeeklyCap { next, .. }
            | Self::BudgetSpent { next, .. } => next,
            Self::PolicyInvalid
            | Self::InputMissing(_)
            | Self::ClockUnsynchronised
            | Self::ClockRolledBack { .. }
            | Self::NoCivilTime
            | Self::HolidayCalendarMissing { .. }
            | Self::HistoryTooLong
            | Self::Declined
            | Self::Blacklisted
            | Self::OnDoNotCallList
            | Self::DoNotCallListStale { .. }
            | Self::DatedInFuture(_)
            | Self::ConsentMissing
            | Self::ConsentWithdrawn
            | Self::ConsentExpired { .. }
            | Self::ConsentOtherPurpose
            | Self::ConsentEvidenceBroken
            | Self::Minor
            | Self::AgeUnknown
            | Self::GuardianConsentMissing
            | Self::AnsweredByChild
            | Self::ScriptNotApproved
            | Self::ScriptChanged
            | Self::ScriptApprovedByAuthor
            | Self::ScriptExpired { .. }
            | Self::ScriptLacks(_)
            | Self::OtherPurpose
            | Self::PurposeEmpty
            | Self::CallerNotRegistered
            | Self::CallerExpired { .. }
            | Self::RecorderNotReady
            | Self::RecordingSpace { .. }
            | Self::CampaignNotRunning
            | Self::ContactClosed
            | Self::PersonInCall => None,
        }
    }

    /// How lasting it is.
    #[must_use]
    pub const fn standing(self) -> Standing {
        if self.retry_at().is_some() {
            return Standing::UntilInstant;
        }
        if matches!(
            self,
            Self::Declined
                | Self::Blacklisted
                | Self::OnDoNotCallList
                | Self::ConsentWithdrawn
                | Self::Minor
                | Self::AnsweredByChild
                | Self::OtherPurpose
                | Self::ContactClosed
        ) {
            return Standing::Final;
        }
        Standing::UntilFixed
    }
}
