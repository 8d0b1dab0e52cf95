//! What people look at: the box, figures, calls, recordings, the ledger. Each look at a person's data is an
//! entry before it is an answer (AUD-01).

use super::{Actor, Handled, Refusal};
use crate::command::{Job, ReplyTo};
use crate::entries::Event;
use crate::ports::ContactPerson;
use crate::seal::Purpose;
use crate::state::{CallRecord, RecordingState};
use crate::vault::Vault;
use crate::{recording_name, words};
use idl::MAX_PAGE_ITEMS;
use idl::admin::{Answer, BoxStatus, CallView, Figures};
use idl::lines::NoRecording;
use vocab::{CallId, CampaignId};

impl Vault {
    /// The state of the box.
    #[must_use]
    pub fn box_status(&self) -> BoxStatus {
        let state = &self.state;
        let last = |count: usize| count.saturating_sub(NAMES_A_PAGE);
        BoxStatus {
            company: state.company.clone(),
            commissioned: state.commissioned(),
            missing: self.missing(),
            tpm: state.tpm.clone(),
            ledger_entries: state.applied_seq,
            signed_up_to: self.heads.signed_up_to,
            departments: state
                .departments
                .iter()
                .take(NAMES_A_PAGE)
                .map(|(id, n)| (*id, n.clone()))
                .collect(),
            campaigns: state
                .campaigns
                .iter()
                .skip(last(state.campaigns.len()))
                .map(|(id, campaign)| (*id, campaign.plan.name.clone(), campaign.running))
                .collect(),
            trunks: state
                .trunks
                .iter()
                .map(|(id, trunk)| (*id, trunk.name.clone()))
                .chain(state.cards.spans.values().map(|span| (span.trunk, span.name.clone())))
                .collect(),
            persons: state
                .people
                .iter()
                .take(MAX_PAGE_ITEMS)
                .map(|(id, person)| (*id, person.role))
                .collect(),
        }
    }

    fn missing(&self) -> Vec<(String, String)> {
        let state = &self.state;
        let checks = [
            (state.commissioned(), "commission the box", "启用本机"),
            (!(state.trunks.is_empty() && state.cards.spans.is_empty()), "add a trunk", "添加中继"),
            (!state.groups.is_empty(), "add a line group", "添加线路组"),
            (
                state.numbers.values().any(|number| number.approved_by.is_some()),
                "register a caller number and have it approved",
                "登记并批准主叫号码",
            ),
            (!state.holidays.is_empty(), "load the holiday calendar", "导入节假日日历"),
            (state.dnc.is_some(), "import the official do-not-call list", "导入官方拒呼名单"),
            (
                state.scripts.values().any(|script| script.approval.is_some()),
                "draft a script and have it approved",
                "编写并批准话术",
            ),
            (
                state.batches.values().any(|batch| batch.released_by.is_some()),
                "import contacts and have them released",
                "导入并放行联系人",
            ),
            (!state.campaigns.is_empty(), "create a campaign", "创建外呼活动"),
            (self.clock.synchronised, "have the clock synchronised", "同步系统时间"),
        ];
        let open = checks.into_iter().filter(|(done, _, _)| !done);
        open.map(|(_, en, zh)| (en.to_owned(), zh.to_owned())).collect()
    }

    pub(super) fn figures(&mut self, actor: &Actor, campaign: Option<CampaignId>) -> Handled {
        let mut figures = Figures::default();
        if let Some(id) = campaign
            && !self.state.campaigns.contains_key(&id)
        {
            return Err(Refusal::unknown("campaign"));
        }
        for (id, known) in &self.state.campaigns {
            let wanted = campaign.is_none_or(|only| only == *id);
            match actor.may_reach(known.plan.department) {
                Ok(()) if wanted => {}
                Err(refusal) if campaign == Some(*id) => return Err(refusal),
                Ok(()) | Err(_) => continue,
            }
            if let Some(counts) = self.state.counts.get(id) {
                counts.add_to(&mut figures);
            }
            figures.contacts_left += self.state.queues.get(id).map_or(0, crate::state::Queue::left);
        }
        figures.ledger_entries = self.state.applied_seq;
        Ok(Some(Answer::Figures(Box::new(figures))))
    }

    pub(super) fn show_call(&mut self, actor: &Actor, call: CallId) -> Handled {
        let record = self.calls.get(call).ok_or_else(|| Refusal::unknown("call"))?;
        self.reach_call(actor, &record)?;
        self.look(actor, "Call", Some(call), Some(record.intent.campaign), "");
        Ok(Some(Answer::Call(Box::new(self.view(call, &record)))))
    }

    pub(super) fn show_calls(&mut self, actor: &Actor, after: Option<CallId>) -> Handled {
        let mut views = Vec::new();
        let mut from = after.unwrap_or(CallId(0));
        // Calls of other departments are passed over, within a bounded search.
        for _ in 0..MAX_PAGES_SEARCHED {
            let ids = self.calls.after(from, CALLS_A_PAGE);
            let Some(last) = ids.last() else {
                break;
            };
            from = *last;
            for call in ids {
                let record = self.calls.get(call);
                if let Some(record) = record.filter(|record| self.reach_call(actor, record).is_ok()) {
                    views.push(self.view(call, &record));
                }
            }
            if !views.is_empty() {
                break;
            }
        }
        self.look(actor, "Calls", after, None, "");
        Ok(Some(Answer::Calls(views)))
    }

    pub(super) fn listen(&mut self, actor: &Actor, call: CallId, purpose: String) -> Handled {
        purpose_of_hearing(&purpose)?;
        let record = self.calls.get(call).ok_or_else(|| Refusal::unknown("call"))?;
        self.reach_call(actor, &record)?;
        let held = match &record.recording {
            RecordingState::Unverified { .. } | RecordingState::Verified(_) => true,
            RecordingState::Absent(reason, found) => *reason == NoRecording::Crash && found.is_some(),
            RecordingState::None => false,
        };
        if !held {
            return Err(Refusal::new("no-recording", "There is no recording of it.", "该通话没有录音。"));
        }
        let key = self.recording_key(&record).ok_or_else(Refusal::erased)?;
        self.look(actor, "Listen", Some(call), Some(record.intent.campaign), &purpose);
        Ok(Some(Answer::Listen { key, file: recording_name(call) }))
    }

    pub(super) fn verify_ledger(&mut self, actor: &Actor) -> Handled {
        self.begin_work(actor)?;
        self.work(Job::VerifyLedger { reply: actor.reply() });
        Ok(None)
    }

    /// The worker has read the whole ledger.
    pub(crate) fn ledger_verified(&mut self, reply: ReplyTo, outcome: Result<u64, String>) {
        self.imports.remove(&reply.conn);
        let Some(actor) = self.actor_of(reply) else {
            return;
        };
        let (entries, fault) = match outcome {
            Ok(entries) => (entries, String::new()),
            Err(fault) => (self.state.applied_seq, fault),
        };
        let ok = fault.is_empty();
        self.write(&actor, Event::LedgerVerified { ok, fault: fault.clone() });
        self.answer(reply.conn, reply.id, Answer::Ledger { entries, ok, fault });
    }

    pub(crate) fn look(
        &mut self,
        actor: &Actor,
        request: &str,
        call: Option<CallId>,
        campaign: Option<CampaignId>,
        purpose: &str,
    ) {
        let (request, purpose) = (request.to_owned(), purpose.to_owned());
        self.write(actor, Event::Looked { request, call, campaign, purpose });
    }

    fn reach_call(&self, actor: &Actor, record: &CallRecord) -> Result<(), Refusal> {
        let campaign = self.state.campaigns.get(&record.intent.campaign);
        actor.may_reach(campaign.ok_or_else(|| Refusal::unknown("campaign"))?.plan.department)
    }

    fn view(&mut self, call: CallId, record: &CallRecord) -> CallView {
        let intent = &record.intent;
        let lines = intent.verdict.lines.iter();
        CallView {
            call,
            campaign: intent.campaign,
            number: self.masked(record),
            at: record.at,
            verdict: lines
                .map(|line| (line.rule.id().to_owned(), line.version, words::of_result(line.result)))
                .collect(),
            outcome: record.outcome,
            opted_out: record.opted_out,
            agent: record.agent.or(intent.agent),
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            recording: recording_words(record),
            disposition: record.disposition,
        }
    }

    fn masked(&mut self, record: &CallRecord) -> String {
        let Some((batch, row)) = self.state.batch_of(record.intent.contact) else {
            return String::new();
        };
        let entry = batch.entry.clone();
        let stored = self.ports.contacts.row(&entry, row);
        let person = stored.and_then(|row| {
            self.open_of::<ContactPerson>(record.intent.subject, Purpose::Contact, &row.person)
        });
        person.map_or_else(String::new, |person| person.number.masked())
    }
}

fn recording_words(record: &CallRecord) -> String {
    match &record.recording {
        RecordingState::None => "the call has not ended".to_owned(),
        RecordingState::Unverified { .. } => "being verified".to_owned(),
        RecordingState::Verified(finding) => finding.worth.text().to_owned(),
        RecordingState::Absent(NoRecording::NotAnswered, _) => "none: not answered".to_owned(),
        RecordingState::Absent(NoRecording::EndedBeforeNotice, _) => {
            "none: it ended before the recording notice was heard".to_owned()
        }
        RecordingState::Absent(NoRecording::Storage, _) => "none: it could not be written".to_owned(),
        RecordingState::Absent(NoRecording::Crash, found) => {
            let found = found.as_ref().map_or("being verified", |finding| finding.worth.text());
            format!("the recorder died; {found}")
        }
    }
}

/// Recordings are heard for three purposes and no other (REC-05).
pub(crate) fn purpose_of_hearing(purpose: &str) -> Result<(), Refusal> {
    if PURPOSES.contains(&purpose) {
        return Ok(());
    }
    Err(Refusal::new(
        "purpose",
        "A recording is heard for quality, dispute or strategy.",
        "收听录音的用途须为质检、争议或策略。",
    ))
}

/// Why a recording may be heard (REC-06).
const PURPOSES: [&str; 3] = ["quality", "dispute", "strategy"];
/// Calls of a page: with their verdicts in words they fit a frame.
const CALLS_A_PAGE: usize = 16;
const MAX_PAGES_SEARCHED: usize = 64;
/// Names of one kind in the state of the box: the longest ones still fit a frame.
const NAMES_A_PAGE: usize = 64;
