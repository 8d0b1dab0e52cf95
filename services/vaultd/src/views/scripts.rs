//! Scripts with their approvals, and prompts.

use super::page::Page;
use super::sight::{Eyes, cut};
use crate::state::{Script, StoredPrompt};
use crate::vault::Vault;
use idl::lines::PromptRole;
use idl::views::{PromptView, ScriptView};
use rights::Request;
use vocab::{DAY_MS, ObjectHash, ScriptId};

impl Vault {
    pub(super) fn scripts(&mut self, eyes: Eyes, after: Option<ScriptId>) -> Vec<ScriptView> {
        let from = ScriptId(after.map_or(0, |id| id.0.saturating_add(1)));
        let scripts: Vec<(ScriptId, Script)> = self
            .state
            .scripts
            .range(from..)
            .take(SCRIPTS_A_PAGE)
            .map(|(id, script)| (*id, script.clone()))
            .collect();
        let mut page = Page::of(SCRIPTS_A_PAGE);
        for (id, script) in scripts {
            let view = self.script_view(eyes, id, &script);
            if !page.push(view) {
                break;
            }
        }
        page.into_rows()
    }

    pub(super) fn script_view(&mut self, eyes: Eyes, id: ScriptId, script: &Script) -> ScriptView {
        let prompts = script.prompts.iter().map(|(role, object)| {
            let stored = self.state.prompts.get(object);
            let text = stored.map_or_else(String::new, |stored| cut(&stored.text, MAX_PROMPT_TEXT_BYTES));
            (*role, *object, text, stored.map_or(0, |stored| stored.duration_ms))
        });
        let prompts = prompts.collect();
        let good = good(self, script);
        let lacks = lacks(script);
        let days = i64::from(self.state.policy.script_max_age_days);
        let approval = script.approval.map(|approval| {
            let (person, name) = self.colleague(eyes, approval.approver);
            (person, name, approval.at, approval.at.plus(days * DAY_MS))
        });
        let may = eyes.may(Request::ApproveScript) && script.author != eyes.id;
        ScriptView {
            id,
            name: script.name.clone(),
            prompts,
            author: self.colleague(eyes, script.author),
            approval,
            good,
            may_approve: may && !good && lacks.is_empty(),
            lacks,
        }
    }

    pub(super) fn prompts(&mut self, eyes: Eyes, before: Option<u64>) -> Vec<PromptView> {
        let before = before.unwrap_or(u64::MAX);
        let older = self.state.prompts.iter().filter(|(_, stored)| stored.seq < before);
        let mut newest: Vec<(u64, ObjectHash)> =
            older.map(|(object, stored)| (stored.seq, *object)).collect();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        let mut page = Page::of(PROMPTS_A_PAGE);
        for (_, object) in newest.into_iter().take(PROMPTS_A_PAGE) {
            let Some(stored) = self.state.prompts.get(&object).cloned() else {
                continue;
            };
            let view = self.prompt_view(eyes, object, stored);
            if !page.push(view) {
                break;
            }
        }
        page.into_rows()
    }

    fn prompt_view(&mut self, eyes: Eyes, object: ObjectHash, stored: StoredPrompt) -> PromptView {
        PromptView {
            seq: stored.seq,
            object,
            text: stored.text,
            duration_ms: stored.duration_ms,
            by: self.colleague(eyes, stored.by),
            at: stored.at,
            level: stored.level,
        }
    }
}

/// What a script still has to say before it can be approved (CAM-05, CAM-11, REC-01).
pub(super) fn lacks(script: &Script) -> Vec<PromptRole> {
    let mandatory = [PromptRole::Identify, PromptRole::RecordingNotice, PromptRole::OptOutHint];
    mandatory.into_iter().filter(|role| !script.prompts.iter().any(|(said, _)| said == role)).collect()
}

/// Approved by another than its author, unchanged since, and the approval has not ended.
pub(super) fn good(vault: &Vault, script: &Script) -> bool {
    let days = i64::from(vault.state.policy.script_max_age_days);
    script.approval.is_some_and(|approval| {
        approval.approver != script.author
            && approval.at <= vault.clock.now
            && vault.clock.now < approval.at.plus(days * DAY_MS)
            && approval.hash == crate::state::hash_of_script(&script.prompts, &vault.state.prompts)
    })
}

const SCRIPTS_A_PAGE: usize = 50;
const PROMPTS_A_PAGE: usize = 50;
/// Bytes of a prompt's text within a script: sixteen of them fit a frame.
const MAX_PROMPT_TEXT_BYTES: usize = 2_800;
