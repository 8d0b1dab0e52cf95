//! Campaigns with their scripts, prompts and refusals.
//!
//! Words, masked; nothing here decides.

use super::site::DayFigures;
use crate::admin::Figures;
use crate::lines::PromptRole;
use serde::{Deserialize, Serialize};
use vocab::{
    CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, LineGroupId, ObjectHash, PersonId,
    RuleId, ScriptId, UnixMs,
};

/// A campaign in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignRow {
    /// The campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Class.
    pub class: CampaignClass,
    /// Mode.
    pub mode: CampaignMode,
    /// Runs.
    pub running: bool,
    /// Purpose.
    pub purpose: String,
    /// Department.
    pub department: (DepartmentId, String),
    /// All contacts.
    pub contacts: u64,
    /// Contacts still to be tried.
    pub left: u64,
    /// Its figures.
    pub figures: DayFigures,
    /// Calls now.
    pub open: u64,
    /// Nothing of it can pass the gate before then.
    pub hold_until: Option<UnixMs>,
}

/// A campaign on its page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignDetail {
    /// As in the list.
    pub row: CampaignRow,
    /// All figures.
    pub figures: Figures,
    /// Line group.
    pub group: (LineGroupId, String),
    /// The caller number shown.
    pub caller: String,
    /// Script with its approval.
    pub script: ScriptView,
    /// Batches.
    pub batches: Vec<u64>,
    /// Most calls at once.
    pub max_calls: u16,
    /// Calls a minute.
    pub calls_per_minute: u32,
    /// Wrap-up seconds.
    pub wrap_up_s: u16,
    /// Attempts.
    pub attempts: u8,
    /// What keeps it from being started or from dialling, as codes of [`RuleId::id`] or of a check item.
    pub obstacles: Vec<String>,
}

/// What a new campaign may be made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choices {
    /// Departments within reach.
    pub departments: Vec<(DepartmentId, String)>,
    /// Line groups.
    pub groups: Vec<(LineGroupId, String)>,
    /// Approved caller numbers with their groups.
    pub numbers: Vec<(String, Vec<LineGroupId>)>,
    /// Scripts, and whether each is approved now.
    pub scripts: Vec<(ScriptId, String, bool)>,
    /// Released batches: number, file, purpose, rows, department.
    pub batches: Vec<(u64, String, String, u64, DepartmentId)>,
}

/// A contact that the gate refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRow {
    /// The ledger entry.
    pub seq: u64,
    /// When.
    pub at: UnixMs,
    /// The contact.
    pub contact: ContactId,
    /// Its masked number.
    pub number: String,
    /// Every rule that refused, with why in plain words (English, Chinese).
    pub rules: Vec<(RuleId, String, String)>,
    /// When it could pass; `None`: never.
    pub again_at: Option<UnixMs>,
}

/// A script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptView {
    /// The script.
    pub id: ScriptId,
    /// Its name.
    pub name: String,
    /// Its prompts: role, object, text, milliseconds.
    pub prompts: Vec<(PromptRole, ObjectHash, String, u64)>,
    /// Author.
    pub author: (PersonId, String),
    /// Approval: by whom, when, until when.
    pub approval: Option<(PersonId, String, UnixMs, UnixMs)>,
    /// Good now: approved, not expired, unchanged.
    pub good: bool,
    /// The asker may approve it.
    pub may_approve: bool,
    /// What it lacks for an approval.
    pub lacks: Vec<PromptRole>,
}

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptView {
    /// The ledger entry.
    pub seq: u64,
    /// Its object.
    pub object: ObjectHash,
    /// Its text.
    pub text: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Who stored it.
    pub by: (PersonId, String),
    /// When.
    pub at: UnixMs,
    /// Its level in dBm0: mean of the speech, and peak; `None` for prompts stored without.
    pub level: Option<(i32, i32)>,
}
