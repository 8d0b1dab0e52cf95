//! Calls, recordings and the ledger.
//!
//! Words, masked; nothing here decides.

use crate::admin::Role;
use crate::campaign::Disposition;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use vocab::{AgentId, CallId, CampaignId, Outcome, PersonId, RuleId, TrunkId, UnixMs};

/// Which calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallFilter {
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this kind.
    pub kind: CallKind,
    /// Not before.
    pub from: Option<UnixMs>,
    /// Before.
    pub to: Option<UnixMs>,
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CallKind {
    /// All.
    #[default]
    All,
    /// Being made.
    Open,
    /// Answered.
    Answered,
    /// Not answered.
    Failed,
    /// Opted out.
    OptedOut,
    /// With a recording.
    Recorded,
    /// Whose recording is bad.
    BadRecording,
}

/// A page of calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallsPage {
    /// Newest first.
    pub rows: Vec<CallRow>,
    /// From where to go on; with no rows the search was cut short there. `None`: there is no more.
    pub next: Option<CallId>,
}

/// A call in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRow {
    /// The call.
    pub call: CallId,
    /// When it was decided.
    pub at: UnixMs,
    /// Campaign.
    pub campaign: (CampaignId, String),
    /// Masked number.
    pub number: String,
    /// The agent.
    pub agent: Option<(AgentId, String)>,
    /// How it ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// Opted out.
    pub opted_out: bool,
    /// Seconds between answer and end.
    pub talk_s: Option<u32>,
    /// The recording.
    pub recording: RecordingView,
    /// Disposition.
    pub disposition: Option<Disposition>,
}

/// A recording in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingView {
    /// The call has not ended.
    Open,
    /// Not answered.
    NotAnswered,
    /// Ended before the notice was heard.
    BeforeNotice,
    /// It could not be written.
    Storage,
    /// To be verified.
    Waiting,
    /// Sound.
    Sound,
    /// Authentic up to where the recorder stopped.
    Cut,
    /// Altered, missing, unreadable or of the wrong length.
    Bad,
    /// Erased with its key.
    Erased,
}

/// A call with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCard {
    /// As in the list.
    pub row: CallRow,
    /// The gate's proof: rule, version of its input, whether it passed, why in plain words (English, Chinese).
    pub verdict: Vec<(RuleId, u64, bool, String, String)>,
    /// Masked name.
    pub name: String,
    /// The trunk.
    pub trunk: Option<(TrunkId, String)>,
    /// The caller number shown.
    pub caller: String,
    /// The batch of the contact.
    pub batch: Option<u64>,
    /// When it was answered.
    pub answered_at: Option<UnixMs>,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// Milliseconds of authentic audio.
    pub recorded_ms: Option<u64>,
    /// Milliseconds missing: customer's side, agent's side.
    pub gaps_ms: (u64, u64),
    /// The agent's note, within the asker's sight.
    pub note: String,
    /// The asker may hear it.
    pub may_hear: bool,
}

/// A recording being heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlayId(pub u64);

/// What a player needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playing {
    /// The look.
    pub play: PlayId,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Milliseconds of a piece, but for the last one.
    pub segment_ms: u32,
    /// Peaks of the customer's side, 0–255, at most 600 over the whole length.
    pub peaks_customer: Vec<u8>,
    /// Peaks of the other side.
    pub peaks_agent: Vec<u8>,
    /// What stands visibly over the player: who listens, and when.
    pub watermark: String,
}

/// Which ledger entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerFilter {
    /// Of this person.
    pub person: Option<PersonId>,
    /// Of this kind.
    pub kind: Option<u16>,
    /// Only refusals.
    pub refused: bool,
    /// Only looks.
    pub looks: bool,
    /// Not before.
    pub from: Option<UnixMs>,
    /// Before.
    pub to: Option<UnixMs>,
}

/// A page of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerPage {
    /// Newest first.
    pub rows: Vec<LedgerRow>,
    /// From where to go on.
    pub next: Option<u64>,
    /// All entries.
    pub entries: u64,
    /// The newest one a signed head covers.
    pub signed_up_to: u64,
    /// Every kind by number and name.
    pub kinds: Vec<(u16, String)>,
}

/// An entry of the ledger as its auditor sees it: no customer's data, no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: UnixMs,
    /// Who, with login and role; `None`: a process.
    pub person: Option<(PersonId, String, Role)>,
    /// Through which process.
    pub from: String,
    /// From which address, where the entry has one.
    pub address: Option<IpAddr>,
    /// Its kind by number and name.
    pub kind: (u16, String),
    /// What, as `field=value` pairs.
    pub what: Vec<(String, String)>,
    /// The refusal's code; empty: done.
    pub refused: String,
}
