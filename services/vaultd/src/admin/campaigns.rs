//! Campaigns: created paused, started, paused.

use super::{Actor, Handled, MAX_NAME_CHARS, Refusal, text_within};
use crate::entries::Event;
use crate::vault::Vault;
use idl::admin::{Answer, NewCampaign};
use idl::lines::PromptRole;
use vocab::{CampaignId, CampaignMode, PhoneNumber};

impl Vault {
    pub(super) fn create_campaign(&mut self, actor: &Actor, plan: NewCampaign) -> Handled {
        text_within(&plan.name, MAX_NAME_CHARS)?;
        text_within(&plan.purpose, MAX_NAME_CHARS)?;
        check_bounds(&plan)?;
        if self.state.campaigns.len() >= MAX_CAMPAIGNS {
            return Err(Refusal::too_many("campaigns", MAX_CAMPAIGNS));
        }
        if !self.state.departments.contains_key(&plan.department) {
            return Err(Refusal::unknown("department"));
        }
        actor.may_reach(plan.department)?;
        if !self.state.groups.contains_key(&plan.group) {
            return Err(Refusal::unknown("line group"));
        }
        let caller = PhoneNumber::parse(plan.caller.reveal()).map_err(|_| Refusal::number())?;
        let number = self.state.numbers.get(&caller).ok_or_else(|| Refusal::unknown("caller number"))?;
        if !number.groups.contains(&plan.group) {
            return Err(Refusal::new(
                "caller-not-registered",
                "The caller number is not registered for this line group.",
                "主叫号码未在该线路组登记。",
            ));
        }
        self.check_script(&plan)?;
        self.check_batches(&plan)?;
        let id = self.state.next_campaign();
        self.write(actor, Event::CampaignCreated { campaign: Box::new(plan) });
        self.begin_queue(id);
        self.tell_calld_changed();
        Ok(Some(Answer::Created { ids: vec![id.0.into()] }))
    }

    fn check_script(&self, plan: &NewCampaign) -> Result<(), Refusal> {
        let script = self.state.scripts.get(&plan.script).ok_or_else(|| Refusal::unknown("script"))?;
        let body = script.prompts.iter().any(|(role, _)| *role == PromptRole::Body);
        if plan.mode == CampaignMode::Announcement && !body {
            return Err(Refusal::new(
                "script-lacks",
                "An announcement needs a script with a message.",
                "语音通知的话术必须包含正文。",
            ));
        }
        Ok(())
    }

    fn check_batches(&self, plan: &NewCampaign) -> Result<(), Refusal> {
        if plan.batches.len() > MAX_BATCHES {
            return Err(Refusal::too_many("batches", MAX_BATCHES));
        }
        let mut contacts = 0_u64;
        for (at, batch) in plan.batches.iter().enumerate() {
            let known = self.state.batches.get(batch).ok_or_else(|| Refusal::unknown("batch"))?;
            if plan.batches[..at].contains(batch) {
                return Err(Refusal::new("exists", "A batch is named twice.", "批次重复。"));
            }
            if known.released_by.is_none() {
                return Err(Refusal::new(
                    "quarantine",
                    "The batch is in quarantine: another person must release it.",
                    "该批次仍在隔离区，须由另一人放行。",
                ));
            }
            if known.entry.purpose != plan.purpose {
                return Err(Refusal::new(
                    "purpose",
                    "The contacts were imported for another purpose.",
                    "联系人的导入用途与活动用途不一致。",
                ));
            }
            if known.entry.department != plan.department {
                return Err(Refusal::new(
                    "other-department",
                    "The contacts belong to another department.",
                    "联系人属于其他部门。",
                ));
            }
            contacts += known.entry.rows;
        }
        if contacts == 0 || contacts > MAX_CONTACTS {
            return Err(Refusal::bounds(
                format!("A campaign has 1 to {MAX_CONTACTS} contacts."),
                format!("活动的联系人数须为1至{MAX_CONTACTS}。"),
            ));
        }
        Ok(())
    }

    pub(super) fn run_campaign(&mut self, actor: &Actor, campaign: CampaignId, running: bool) -> Handled {
        let known = self.state.campaigns.get(&campaign).ok_or_else(|| Refusal::unknown("campaign"))?;
        actor.may_reach(known.plan.department)?;
        if running {
            let approved =
                self.state.scripts.get(&known.plan.script).is_some_and(|script| script.approval.is_some());
            if !approved {
                return Err(Refusal::new(
                    "script-not-approved",
                    "Compliance has not approved the script.",
                    "话术尚未经合规部门批准。",
                ));
            }
            let number = self.state.numbers.get(&known.caller);
            if number.is_none_or(|number| number.approved_by.is_none()) {
                return Err(Refusal::new(
                    "caller-not-approved",
                    "Compliance has not approved the caller number.",
                    "主叫号码尚未经合规部门批准。",
                ));
            }
        }
        self.write(actor, Event::CampaignRuns { campaign, running });
        self.tell_calld_changed();
        Ok(Some(Answer::Done))
    }
}

fn check_bounds(plan: &NewCampaign) -> Result<(), Refusal> {
    let bounds = [
        ("attempts", u32::from(plan.attempts), 1, 3),
        ("wrap_up_s", u32::from(plan.wrap_up_s), 10, 300),
        ("max_calls", u32::from(plan.max_calls), 1, 2_000),
        ("calls_per_minute", plan.calls_per_minute, 1, MAX_CALLS_PER_MINUTE),
    ];
    for (field, value, min, max) in bounds {
        if !(min..=max).contains(&value) {
            return Err(Refusal::bounds(
                format!("{field} is {value}, but must lie between {min} and {max}."),
                format!("{field}为{value}，须在{min}至{max}之间。"),
            ));
        }
    }
    Ok(())
}

const MAX_CAMPAIGNS: usize = 10_000;
/// Batches of one campaign.
const MAX_BATCHES: usize = 256;
/// Contacts of one campaign.
const MAX_CONTACTS: u64 = 2_000_000;
/// Calls a minute of one campaign; on a real caller number the carrier's limit is far lower (LIN-05).
const MAX_CALLS_PER_MINUTE: u32 = 60_000;
