//! What the gate is told about one call at the instant of dialling. Absent facts are `None` and refuse.
//!
//! Nothing here is fetched, and no number or name is among it: the gate needs neither.

use crate::calendar::HolidayCalendar;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vocab::{CampaignClass, CampaignId, LineGroupId, PersonId, UnixMs};

/// Attempts to one person in 30 days beyond which the gate refuses rather than counts.
pub const MAX_ATTEMPTS: usize = 128;

/// Everything read for one call.
#[derive(Debug, Clone, Serialize)]
pub struct Facts<'a> {
    /// The instant of dialling.
    pub now: UnixMs,
    /// What is known of the clock.
    pub clock: Option<ClockFacts>,
    /// The campaign.
    pub campaign: Option<CampaignFacts<'a>>,
    /// Its script.
    pub script: Option<ScriptFacts>,
    /// The contact.
    pub contact: Option<ContactFacts<'a>>,
    /// The person behind the number, over all campaigns.
    pub person: Option<PersonFacts<'a>>,
    /// The internal blacklist, asked for this number.
    pub blacklist: Option<BlacklistFacts>,
    /// The official do-not-call list, asked for this number.
    pub dnc: Option<DncFacts>,
    /// The holiday calendar of the current civil year.
    pub holidays: Option<&'a HolidayCalendar>,
    /// The recorder.
    pub recording: Option<RecordingFacts>,
}

/// What is known of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockFacts {
    /// A time source holds it.
    pub synchronised: bool,
    /// The latest instant this box is known to have lived through (ledger head, TPM).
    pub last_known: UnixMs,
}

/// The campaign a call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CampaignFacts<'a> {
    /// Its id.
    pub id: CampaignId,
    /// Version of its definition.
    pub version: u64,
    /// Its class.
    pub class: CampaignClass,
    /// Its declared purpose.
    pub purpose: &'a str,
    /// It is started and not paused.
    pub running: bool,
    /// The lines it dials through.
    pub line_group: LineGroupId,
    /// The caller number it shows.
    pub caller: Option<CallerFacts>,
}

/// What the number registry says of the caller number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerFacts {
    /// The line group whose registered number it is.
    pub registered_for: Option<LineGroupId>,
    /// End of the registration.
    pub valid_to: UnixMs,
    /// Version of the registry.
    pub version: u64,
}

/// The script and its approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptFacts {
    /// Version of the script.
    pub version: u64,
    /// Hash over text and audio as they are now.
    pub current_hash: [u8; 32],
    /// Who wrote it.
    pub author: PersonId,
    /// The approval, if there is one.
    pub approval: Option<ScriptApproval>,
    /// It names the caller and its purpose within this many seconds of the answer (CAM-11).
    pub identifies_within_s: Option<u16>,
    /// It announces the recording before anything is recorded (REC-01).
    pub recording_notice: bool,
    /// It says how to opt out (CAM-05).
    pub opt_out_hint: bool,
}

/// Compliance approved a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptApproval {
    /// Hash over text and audio as they were approved.
    pub hash: [u8; 32],
    /// Who approved.
    pub approver: PersonId,
    /// When.
    pub at: UnixMs,
}

/// The contact, as imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ContactFacts<'a> {
    /// Version of the record.
    pub version: u64,
    /// The purpose it was imported for.
    pub purpose: &'a str,
    /// The contact is still to be called.
    pub open: bool,
    /// Consent to marketing.
    pub consent: Option<ConsentFacts<'a>>,
    /// Birth date, where lawfully held.
    pub birth: Option<Date>,
    /// The source attests that the person is an adult.
    pub adult_attested: bool,
    /// A guardian agreed (needed below 14 for any processing).
    pub guardian_consent: bool,
    /// An agent marked that a child answered.
    pub answered_by_child: bool,
}

/// A consent record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConsentFacts<'a> {
    /// Version of the record.
    pub version: u64,
    /// What was agreed to.
    pub purpose: &'a str,
    /// When it was given.
    pub given_at: UnixMs,
    /// When it ends.
    pub expires_at: UnixMs,
    /// When it was withdrawn.
    pub withdrawn_at: Option<UnixMs>,
    /// The evidence is there and its hash is right.
    pub evidence_ok: bool,
}

/// One earlier attempt, answered or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was dialled.
    pub at: UnixMs,
    /// It was answered.
    pub answered: bool,
}

/// One person over all campaigns, lines and caller numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PersonFacts<'a> {
    /// Version of the counters (the ledger position they were read at).
    pub version: u64,
    /// All attempts of the last 30 days, in any order, at most [`MAX_ATTEMPTS`].
    pub attempts: &'a [Attempt],
    /// The person declined a call.
    pub declined: bool,
    /// Somebody is calling this person now.
    pub in_call_now: bool,
}

/// The internal blacklist, asked for one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlacklistFacts {
    /// Version of the list.
    pub version: u64,
    /// The number is on it.
    pub hit: bool,
}

/// The official do-not-call list, asked for one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DncFacts {
    /// Version of the list.
    pub version: u64,
    /// When it was imported.
    pub imported_at: UnixMs,
    /// The number is on it.
    pub hit: bool,
}

/// The recorder's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFacts {
    /// Version of the recorder's configuration.
    pub version: u64,
    /// It can start now.
    pub ready: bool,
    /// Room for recordings.
    pub free_bytes: u64,
}
