//! The rules about what the box brings: script, caller number, recorder, and whether there is a call to make.
//!
//! They know the state of things only as it was read.

use super::{Answer, Case, decide, missing, refuse};
use crate::facts::{CampaignFacts, RecordingFacts, ScriptFacts};
use crate::matrix::Scope;
use crate::reason::{Input, Prompt, Refusal, Skipped};
use crate::verdict::RuleResult;
use vocab::{CampaignClass, DAY_MS};

const MIB: u64 = 1024 * 1024;

impl Case<'_> {
    pub(super) fn script(&self) -> Answer {
        let Some(script) = self.facts.script else {
            return missing(Input::Script);
        };
        decide(script.version, self.approval_fault(&script).or_else(|| self.prompt_fault(&script)))
    }

    fn approval_fault(&self, script: &ScriptFacts) -> Option<Refusal> {
        let Some(approval) = script.approval else {
            return Some(Refusal::ScriptNotApproved);
        };
        let ends = approval.at.plus(i64::from(self.policy.script_max_age_days) * DAY_MS);
        if approval.hash != script.current_hash {
            Some(Refusal::ScriptChanged)
        } else if approval.approver == script.author {
            Some(Refusal::ScriptApprovedByAuthor)
        } else if approval.at > self.now {
            Some(Refusal::DatedInFuture(Input::Script))
        } else if self.now >= ends {
            Some(Refusal::ScriptExpired { at: ends })
        } else {
            None
        }
    }

    fn prompt_fault(&self, script: &ScriptFacts) -> Option<Refusal> {
        let in_time = |within_s: u16| within_s <= self.policy.identify_within_s;
        if !script.identifies_within_s.is_some_and(in_time) {
            Some(Refusal::ScriptLacks(Prompt::Identification))
        } else if !script.recording_notice {
            Some(Refusal::ScriptLacks(Prompt::RecordingNotice))
        } else if self.class == CampaignClass::Marketing && !script.opt_out_hint {
            Some(Refusal::ScriptLacks(Prompt::OptOutHint))
        } else {
            None
        }
    }

    pub(super) fn caller_number(&self) -> Answer {
        let Some(campaign) = self.facts.campaign else {
            return missing(Input::Campaign);
        };
        let Some(caller) = campaign.caller else {
            return missing(Input::CallerNumber);
        };
        let found = if caller.registered_for != Some(campaign.line_group) {
            Some(Refusal::CallerNotRegistered)
        } else if self.now >= caller.valid_to {
            Some(Refusal::CallerExpired { at: caller.valid_to })
        } else {
            None
        };
        decide(caller.version, found)
    }

    pub(super) fn recording(&self, scope: Scope) -> Answer {
        let (version, fault) = match self.facts.recording {
            None => (0, Some(Refusal::InputMissing(Input::Recording))),
            Some(recorder) => (recorder.version, self.recorder_fault(&recorder)),
        };
        if fault.is_some() && scope == Scope::AlarmOnly {
            return (version, RuleResult::NotApplicable(Skipped::RecordingGap));
        }
        decide(version, fault)
    }

    fn recorder_fault(&self, recorder: &RecordingFacts) -> Option<Refusal> {
        let needed_mib = self.policy.recording_min_free_mib;
        let free_mib = recorder.free_bytes / MIB;
        if !recorder.ready {
            Some(Refusal::RecorderNotReady)
        } else if free_mib < u64::from(needed_mib) {
            Some(Refusal::RecordingSpace { free_mib, needed_mib })
        } else {
            None
        }
    }

    pub(super) fn dialable(&self) -> Answer {
        let Some(campaign) = self.facts.campaign else {
            return missing(Input::Campaign);
        };
        let Some(contact) = self.facts.contact else {
            return missing(Input::Contact);
        };
        let Some(person) = self.facts.person else {
            return missing(Input::Person);
        };
        let CampaignFacts { running, version, .. } = campaign;
        if !running {
            return refuse(version, Refusal::CampaignNotRunning);
        }
        if !contact.open {
            return refuse(contact.version, Refusal::ContactClosed);
        }
        decide(person.version, person.in_call_now.then_some(Refusal::PersonInCall))
    }
}
