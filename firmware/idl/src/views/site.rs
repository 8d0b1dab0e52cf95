//! The first page, the lines and the settings.
//!
//! Words, masked; nothing here decides.

use crate::lines::{Codec, LineGroup, SipTransport, SrtpPolicy, TrunkState};
use serde::{Deserialize, Serialize};
use vocab::{AgentId, CampaignId, DepartmentId, LineGroupId, PersonId, RuleId, TrunkId, UnixMs};

/// The first page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overview {
    /// Now, by the box's clock.
    pub now: UnixMs,
    /// What the first call still needs, in the order in which to do it.
    pub checklist: Vec<CheckItem>,
    /// What needs attention now.
    pub attention: Vec<Attention>,
    /// Trunks.
    pub trunks: Vec<TrunkLive>,
    /// Live calls.
    pub live_calls: u32,
    /// Agents signed in to their desks, and those who talk.
    pub agents: (u32, u32),
    /// Figures of the site's today.
    pub today: DayFigures,
    /// Running campaigns, at most sixteen.
    pub campaigns: Vec<CampaignPulse>,
    /// Bytes free for recordings and of how many.
    pub storage: (u64, u64),
    /// What the TPM is.
    pub tpm: String,
    /// Ledger entries, the newest one a signed head covers, and when it was signed.
    pub ledger: (u64, u64, Option<UnixMs>),
    /// Whether the clock may be trusted (CAM-01).
    pub clock_synchronised: bool,
    /// Whether calls are allowed at this hour, and when that changes next.
    pub calling_hours: (bool, Option<UnixMs>),
    /// Whether `lined` and `calld` are connected.
    pub processes: (bool, bool),
}

/// A step before the first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckItem {
    /// Code: `trunk`, `group`, `number`, `number-approved`, `holidays`, `dnc`, `script`, `batch`, `campaign`,
    /// `agent`, `phone`, `clock`, `lined`.
    pub code: String,
    /// Done.
    pub done: bool,
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// Code: `trunk-down`, `bad-recording`, `storage-low`, `dnc-old`, `holidays-missing`, `number-expires`,
    /// `script-expires`, `clock`, `stand-in-tpm`, `lined-gone`, `calld-gone`, `head-late`, `wrap-up-missing`,
    /// `approval-waits`, `stolen-session`.
    pub code: String,
    /// What it concerns: a name or a date as shown, never personal data of a customer.
    pub subject: String,
    /// How many.
    pub count: u64,
    /// Urgent.
    pub urgent: bool,
    /// Since when, where that is known.
    pub since: Option<UnixMs>,
}

/// Figures of one day of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayFigures {
    /// Calls placed.
    pub placed: u64,
    /// Answered.
    pub answered: u64,
    /// Refused by the gate.
    pub refused: u64,
    /// Opted out.
    pub opted_out: u64,
}

/// A running campaign in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignPulse {
    /// The campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// All contacts.
    pub contacts: u64,
    /// Contacts still to be tried.
    pub left: u64,
    /// Calls now.
    pub open: u64,
    /// Placed.
    pub placed: u64,
    /// Answered.
    pub answered: u64,
    /// Nothing of it can pass the gate before then.
    pub hold_until: Option<UnixMs>,
}

/// A trunk now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkLive {
    /// The trunk.
    pub id: TrunkId,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: TrunkState,
    /// Since when.
    pub since: Option<UnixMs>,
    /// Why, in the carrier's or our words.
    pub reason: String,
    /// Calls on it.
    pub calls: u16,
    /// Its channels.
    pub channels: u16,
}

/// Calls by hour, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Series {
    /// The begin of the first hour.
    pub from: UnixMs,
    /// An hour each.
    pub hours: Vec<DayFigures>,
    /// Refusals of the same time by rule.
    pub refused: Vec<(RuleId, u64)>,
}

/// Trunks, groups, caller numbers, phones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinesView {
    /// Trunks; passwords never come here.
    pub trunks: Vec<TrunkView>,
    /// Groups.
    pub groups: Vec<LineGroup>,
    /// Caller numbers, at most a page.
    pub numbers: Vec<NumberView>,
    /// Phones, at most a page.
    pub phones: Vec<PhoneView>,
    /// Agents who have no phone: person and login.
    pub phoneless: Vec<(PersonId, String)>,
    /// Whether phones may use UDP.
    pub phones_allow_udp: bool,
    /// The trunks that spans of cards are; groups name them like those above.
    pub span_trunks: Vec<(TrunkId, String)>,
}

/// A trunk on its page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkView {
    /// Now.
    pub live: TrunkLive,
    /// Host.
    pub host: String,
    /// Port; `None`: by DNS.
    pub port: Option<u16>,
    /// Transport.
    pub transport: SipTransport,
    /// A CA is stored.
    pub ca: bool,
    /// The name expected in the certificate.
    pub tls_name: Option<String>,
    /// SRTP policy.
    pub srtp: SrtpPolicy,
    /// Account: user, whether it registers, expiry in seconds.
    pub account: Option<(String, bool, u32)>,
    /// Seconds between OPTIONS.
    pub options_interval_s: u16,
    /// Symmetric RTP.
    pub symmetric_rtp: bool,
    /// Codecs.
    pub codecs: Vec<Codec>,
    /// Its last changes of state, newest first: since, state, reason.
    pub history: Vec<(UnixMs, TrunkState, String)>,
}

/// A caller number (LIN-01): the company's own, shown in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberView {
    /// The number.
    pub number: String,
    /// Groups.
    pub groups: Vec<LineGroupId>,
    /// The carrier's contract.
    pub contract: String,
    /// Valid until.
    pub valid_to: UnixMs,
    /// Who entered it.
    pub entered_by: (PersonId, String),
    /// Who approved it.
    pub approved_by: Option<(PersonId, String)>,
    /// The asker may approve it.
    pub may_approve: bool,
}

/// An agent's phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneView {
    /// The agent.
    pub agent: AgentId,
    /// Login name.
    pub login: String,
    /// SIP user.
    pub user: String,
    /// SRTP policy.
    pub srtp: SrtpPolicy,
    /// May use MD5 digests.
    pub md5: bool,
    /// Registered now; `None`: not known.
    pub registered: Option<bool>,
}

/// The site's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// Company.
    pub company: String,
    /// Zone.
    pub zone: String,
    /// The calendar authority's Ed25519 public key in hex.
    pub calendar_key: String,
    /// Values of the policy.
    pub policy: Vec<PolicyValue>,
    /// Since which entry the policy holds.
    pub policy_version: u64,
    /// Holiday calendars: year, version, days off, adjusted working days (dates as `2026-10-01`).
    pub calendars: Vec<(i16, u64, Vec<String>, Vec<String>)>,
    /// Departments.
    pub departments: Vec<(DepartmentId, String)>,
}

/// A value of the policy with its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyValue {
    /// Its dotted name within the policy, such as `calling.from`.
    pub name: String,
    /// The requirement it belongs to.
    pub rule: String,
    /// Its value as TOML would write it.
    pub value: String,
    /// Its default.
    pub default: String,
    /// Lower and upper bound as text; empty where there is none.
    pub bounds: (String, String),
    /// May be changed on the page.
    pub editable: bool,
}
