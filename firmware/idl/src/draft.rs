//! What a person asks to be made, where it has many parts. Nothing here is checked.

use serde::{Deserialize, Serialize};
use vocab::{CampaignClass, CampaignMode, DepartmentId, LineGroupId, Pii, ScriptId};

/// A campaign to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCampaign {
    /// Its name.
    pub name: String,
    /// Class.
    pub class: CampaignClass,
    /// Mode.
    pub mode: CampaignMode,
    /// Purpose; the contacts' purpose must be the same.
    pub purpose: String,
    /// Department.
    pub department: DepartmentId,
    /// Lines.
    pub group: LineGroupId,
    /// Caller number shown, as text.
    pub caller: Pii<String>,
    /// Script.
    pub script: ScriptId,
    /// Batches of contacts.
    pub batches: Vec<u64>,
    /// Most calls at once.
    pub max_calls: u16,
    /// Calls a minute (LIN-05).
    pub calls_per_minute: u32,
    /// Wrap-up seconds (10–300).
    pub wrap_up_s: u16,
    /// Attempts by each contact within the person's budget (1–3).
    pub attempts: u8,
}
