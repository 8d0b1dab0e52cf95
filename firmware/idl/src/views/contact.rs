//! Contacts, consents and the lists of those not to be called.
//!
//! Words, masked; nothing here decides.

use crate::lines::OptOutBy;
use serde::{Deserialize, Serialize};
use vocab::{CallId, ContactId, DepartmentId, PersonId, UnixMs};

/// A batch of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchView {
    /// The batch.
    pub batch: u64,
    /// The file's name.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Purpose.
    pub purpose: String,
    /// Department.
    pub department: (DepartmentId, String),
    /// Source type and document.
    pub source: String,
    /// Who imported it.
    pub imported_by: (PersonId, String),
    /// When.
    pub imported_at: UnixMs,
    /// Who released it.
    pub released_by: Option<(PersonId, String)>,
    /// The asker may release it.
    pub may_release: bool,
}

/// Which contacts of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContactFilter {
    /// All.
    All,
    /// With a consent that is good now.
    Consented,
    /// Without one.
    Unconsented,
    /// On a list of those not to be called.
    Blocked,
}

/// A page of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactsPage {
    /// The batch.
    pub batch: BatchView,
    /// The rows.
    pub rows: Vec<ContactView>,
    /// From where to go on; `None`: the batch ends here.
    pub next_row: Option<u64>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// The contact.
    pub contact: ContactId,
    /// Row within the batch, from 0.
    pub row: u64,
    /// Masked number.
    pub number: String,
    /// Masked name.
    pub name: String,
    /// Order number.
    pub order_no: String,
    /// Demand type.
    pub demand: String,
    /// Tag.
    pub tag: String,
    /// Consent.
    pub consent: ConsentView,
    /// Why the number is not to be called; a code of [`Blocked`], `None`: on no list.
    pub blocked: Option<Blocked>,
    /// Attempts of the last seven days.
    pub attempts_7d: u32,
}

/// A consent (CAM-08).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConsentView {
    /// Its state.
    pub state: ConsentState,
    /// Its purpose.
    pub purpose: String,
    /// When it was given.
    pub given_at: Option<UnixMs>,
    /// When it ends.
    pub expires_at: Option<UnixMs>,
    /// How it was given.
    pub channel: String,
    /// The evidence named.
    pub evidence: String,
}

/// The state of a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ConsentState {
    /// There is none.
    #[default]
    None,
    /// Good now.
    Good,
    /// Over.
    Expired,
    /// For another purpose than the batch's.
    OtherPurpose,
    /// It names no evidence.
    NoEvidence,
    /// The person opted out since.
    Withdrawn,
}

/// Why a number is not to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blocked {
    /// Entered by hand.
    Entered,
    /// Opted out in a call.
    OptOut,
    /// The agent noted a refusal.
    Refused,
    /// Another person answers there.
    WrongPerson,
    /// A minor answers there.
    Minor,
    /// On the official list.
    Official,
}

/// What is known of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberCard {
    /// Masked number.
    pub number: String,
    /// Lists it is on, and since when where that is known.
    pub blocked: Vec<(Blocked, Option<UnixMs>)>,
    /// Declined a call.
    pub declined: bool,
    /// Attempts of the last 31 days: call and instant.
    pub attempts: Vec<(CallId, UnixMs)>,
    /// Attempts left today and within seven days, for marketing.
    pub quota: (u32, u32),
    /// A call is being made.
    pub in_call: bool,
}

/// The lists of those not to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DncView {
    /// The official list: issued, imported, entries, and the age at which it stops marketing in days.
    pub official: Option<(UnixMs, UnixMs, u64)>,
    /// Days after which the official list is too old (CAM-07).
    pub max_age_days: u32,
    /// Entries of the internal list.
    pub internal: u64,
    /// The newest ones.
    pub rows: Vec<BlockedRow>,
}

/// An entry of the internal list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedRow {
    /// The ledger entry.
    pub seq: u64,
    /// When.
    pub at: UnixMs,
    /// Masked number; empty where it cannot be told.
    pub number: String,
    /// Why.
    pub reason: Blocked,
    /// How the customer opted out.
    pub by: Option<OptOutBy>,
    /// The call.
    pub call: Option<CallId>,
    /// Who entered it.
    pub person: Option<(PersonId, String)>,
}
