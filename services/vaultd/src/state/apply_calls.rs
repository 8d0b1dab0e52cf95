//! The fold over the ledger, part two: verdicts, calls, their facts and what follows from them.

use super::apply::Touched;
use super::queue::seconds;
use super::{BlacklistReason, BlockedKept, CallRecord, Calls, RecordingState, SlotState, State};
use crate::entries::{Entry, Event, Intent, RecordingFinding, RecordingWorth, StoredFact};
use gate::{Refusal, Standing, Verdict};
use idl::campaign::Disposition;
use idl::lines::{CallEnd, NoRecording};
use vocab::{
    AgentId, CallId, CampaignId, ContactId, DAY_MS, FailCause, HOUR_MS, MINUTE_MS, Outcome, RuleId,
    SECOND_MS, UnixMs,
};

impl State {
    /// Answers whether the entry was one of calls.
    pub(super) fn apply_calls(
        &mut self,
        calls: &mut Calls,
        seq: u64,
        at: UnixMs,
        entry: &Entry,
        touched: &mut Touched,
    ) -> bool {
        match &entry.event {
            Event::GateRefused { contact, campaign, verdict, .. } => {
                self.seen.refused(seq, at, *campaign, *contact, verdict);
                self.refused(*campaign, *contact, verdict, at);
                touched.push((*campaign, *contact));
            }
            Event::Intent { intent } => {
                touched.push((intent.campaign, intent.contact));
                self.intent(calls, CallId(seq), at, intent);
            }
            Event::Fact { call, seq: number, at: happened, fact } => {
                let Some(record) = calls.get_mut(*call) else {
                    return true;
                };
                record.last_fact = record.last_fact.max(*number);
                touched.push((record.intent.campaign, record.intent.contact));
                self.fact(record, *call, seq, *happened, fact);
            }
            Event::Closed { call, outcome, recording } => {
                if let Some(record) = calls.get_mut(*call) {
                    touched.push((record.intent.campaign, record.intent.contact));
                    self.close(record, *call, *outcome, at, Err(*recording));
                    if record.dialog.is_some() {
                        self.unreleased.insert(*call);
                    }
                }
            }
            Event::DialogReleased { call } => {
                self.unreleased.remove(call);
            }
            Event::RecordingVerified { call, finding } => {
                if let Some(record) = calls.get_mut(*call) {
                    self.verified(record, *call, finding);
                }
            }
            Event::WrappedUp { call, agent, disposition, note } => {
                if let Some(record) = calls.get_mut(*call) {
                    touched.push((record.intent.campaign, record.intent.contact));
                    record.note = Some(note.clone());
                    self.wrapped_up(record, *call, *agent, *disposition, seq, at);
                }
            }
            _ => return false,
        }
        true
    }

    fn refused(&mut self, campaign: CampaignId, contact: ContactId, verdict: &Verdict, at: UnixMs) {
        let Some((first, _)) = verdict.first_refusal() else {
            return;
        };
        *self.counts.entry(campaign).or_default().refused.entry(first).or_default() += 1;
        let standing = verdict.standing().unwrap_or(Standing::UntilFixed);
        let wait = match standing {
            Standing::UntilInstant => verdict.retry_after().unwrap_or(at.plus(WAIT_FOR_FIX_MS)),
            Standing::UntilFixed => at.plus(WAIT_FOR_FIX_MS),
            Standing::Final => at,
        };
        if standing != Standing::Final && verdict.refusals().all(of_the_campaign) {
            if let Some(known) = self.campaigns.get_mut(&campaign) {
                let wait = if standing == Standing::UntilFixed { at.plus(HOLD_FOR_FIX_MS) } else { wait };
                known.hold_until = known.hold_until.max(wait);
            }
            return;
        }
        if let Some(queue) = self.queues.get_mut(&campaign) {
            queue.change(contact, |slot| match standing {
                Standing::Final => slot.state = SlotState::Done,
                Standing::UntilInstant | Standing::UntilFixed => slot.not_before_s = seconds(wait) + 1,
            });
        }
    }

    fn intent(&mut self, calls: &mut Calls, call: CallId, at: UnixMs, intent: &Intent) {
        self.counts.entry(intent.campaign).or_default().placed += 1;
        self.seen.count(at, intent.campaign, |hour| hour.placed += 1);
        self.open_calls.insert(call);
        self.agent_was_given(intent.agent, at);
        let subject = self.subjects.entry(intent.subject).or_default();
        subject.attempts.retain(|(_, attempt)| at.since(attempt.at) < KEPT_ATTEMPTS_MS);
        subject.attempts.push((call, gate::Attempt { at, answered: false }));
        subject.in_call = Some(call);
        if let Some(queue) = self.queues.get_mut(&intent.campaign) {
            queue.change(intent.contact, |slot| {
                slot.state = SlotState::InCall;
                slot.tries = slot.tries.saturating_add(1);
            });
        }
        let record = CallRecord {
            intent: intent.clone(),
            at,
            last_fact: 0,
            trunk: None,
            answered_at: None,
            dialog: None,
            agent: None,
            opted_out: false,
            outcome: None,
            ended_at: None,
            recording: RecordingState::None,
            disposition: None,
            note: None,
        };
        calls.insert(call, record);
    }

    fn fact(&mut self, record: &mut CallRecord, call: CallId, seq: u64, at: UnixMs, fact: &StoredFact) {
        match fact {
            StoredFact::Dialling(trunk) => record.trunk = Some(*trunk),
            StoredFact::Ringing | StoredFact::NoticeHeard(..) | StoredFact::MediaFault(_) => {}
            StoredFact::Answered(trunk, dialog) => {
                record.trunk = Some(*trunk);
                record.answered_at = Some(at);
                // A span's call leaves nothing to release: its exchange clears it with the D channel.
                record.dialog = Some(dialog.clone()).filter(|dialog| !dialog.0.is_empty());
                self.mark_answered(record, call);
            }
            StoredFact::AgentConnected(agent, _) => {
                record.agent = Some(*agent);
                self.agent_talks(*agent, call, at);
                if let Some(now) = self.agents.get_mut(agent) {
                    now.unwrapped = Some(call);
                }
            }
            StoredFact::OptOut(by) => {
                let mut kept = blocked_by(record, call, BlacklistReason::OptOut, at);
                kept.by = Some(*by);
                self.block(seq, kept);
                self.agent_is_done(record.agent, call, at);
                self.count_opt_out(record);
                self.finish_contact(record);
            }
            StoredFact::Ended(end) => self.ended(record, call, end),
        }
    }

    fn mark_answered(&mut self, record: &CallRecord, call: CallId) {
        let Some(subject) = self.subjects.get_mut(&record.intent.subject) else {
            return;
        };
        if let Some((_, attempt)) = subject.attempts.iter_mut().find(|(known, _)| *known == call) {
            attempt.answered = true;
        }
    }

    fn count_opt_out(&mut self, record: &mut CallRecord) {
        if !std::mem::replace(&mut record.opted_out, true) {
            self.counts.entry(record.intent.campaign).or_default().opted_out += 1;
            self.seen.count(record.at, record.intent.campaign, |hour| hour.opted_out += 1);
        }
    }

    fn ended(&mut self, record: &mut CallRecord, call: CallId, end: &CallEnd) {
        if record.outcome.is_some() {
            return;
        }
        if record.answered_at.is_none() {
            record.answered_at = end.answered_at;
        }
        if matches!(end.outcome, Outcome::Answered { .. }) {
            self.mark_answered(record, call);
        }
        let recording = end.recording.as_ref().map(|closed| closed.expected_ms).map_err(|reason| *reason);
        self.close(record, call, end.outcome, end.ended_at, recording);
    }

    fn close(
        &mut self,
        record: &mut CallRecord,
        call: CallId,
        outcome: Outcome,
        at: UnixMs,
        recording: Result<u64, NoRecording>,
    ) {
        if record.outcome.is_some() {
            return;
        }
        record.outcome = Some(outcome);
        record.ended_at = Some(at);
        record.recording = match recording {
            Ok(expected_ms) => RecordingState::Unverified { expected_ms },
            Err(reason) => RecordingState::Absent(reason, None),
        };
        if matches!(recording, Ok(_) | Err(NoRecording::Crash)) {
            self.unverified.insert(call);
        }
        self.counts.entry(record.intent.campaign).or_default().ended(outcome, recording.err());
        if matches!(outcome, Outcome::Answered { .. }) {
            self.seen.count(record.at, record.intent.campaign, |hour| hour.answered += 1);
        }
        self.open_calls.remove(&call);
        self.agent_is_done(record.agent, call, at);
        if let Some(subject) = self.subjects.get_mut(&record.intent.subject) {
            subject.in_call = subject.in_call.filter(|busy| *busy != call);
            subject.declined |= outcome == Outcome::Failed(FailCause::Declined);
        }
        self.settle_contact(record, outcome, at);
    }

    fn settle_contact(&mut self, record: &CallRecord, outcome: Outcome, at: UnixMs) {
        let attempts = self.campaigns.get(&record.intent.campaign).map_or(0, |known| known.plan.attempts);
        let again = match outcome {
            Outcome::Answered { .. } => false,
            Outcome::Failed(cause) => may_try_again(cause) && !record.opted_out,
        };
        if let Some(queue) = self.queues.get_mut(&record.intent.campaign) {
            queue.change(record.intent.contact, |slot| {
                if slot.state == SlotState::InCall {
                    let open = again && slot.tries < attempts;
                    slot.state = if open { SlotState::Open } else { SlotState::Done };
                    slot.not_before_s = seconds(at.plus(RETRY_AFTER_MS)) + 1;
                }
            });
        }
    }

    fn finish_contact(&mut self, record: &CallRecord) {
        if let Some(queue) = self.queues.get_mut(&record.intent.campaign) {
            queue.change(record.intent.contact, |slot| slot.state = SlotState::Done);
        }
    }

    fn verified(&mut self, record: &mut CallRecord, call: CallId, finding: &RecordingFinding) {
        self.unverified.remove(&call);
        if let RecordingState::Absent(_, found) = &mut record.recording {
            *found = Some(finding.clone());
            // The recorder died: that it left nothing is no news.
            if finding.worth == RecordingWorth::Missing {
                return;
            }
        } else {
            if finding.worth == RecordingWorth::Sound {
                self.counts.entry(record.intent.campaign).or_default().verified += 1;
            }
            record.recording = RecordingState::Verified(finding.clone());
        }
        if finding.worth.is_bad() {
            self.bad_recordings.insert(call);
        }
    }

    fn wrapped_up(
        &mut self,
        record: &mut CallRecord,
        call: CallId,
        agent: AgentId,
        disposition: Disposition,
        seq: u64,
        at: UnixMs,
    ) {
        record.disposition = Some(disposition);
        if let Some(now) = self.agents.get_mut(&agent) {
            now.unwrapped = now.unwrapped.filter(|open| *open != call);
        }
        let subject = record.intent.subject;
        let blocked = |reason| BlockedKept {
            person: Some(vocab::PersonId(agent.0)),
            ..blocked_by(record, call, reason, at)
        };
        match disposition {
            Disposition::Done | Disposition::Complaint | Disposition::Voicemail => {}
            Disposition::Callback => self.call_back(record, at),
            Disposition::Refused => {
                self.block(seq, blocked(BlacklistReason::Refused));
                self.count_opt_out(record);
                self.finish_contact(record);
            }
            Disposition::WrongPerson => {
                self.block(seq, blocked(BlacklistReason::WrongPerson));
                self.finish_contact(record);
            }
            Disposition::Minor => {
                self.block(seq, blocked(BlacklistReason::Minor));
                self.subjects.entry(subject).or_default().child = true;
                self.finish_contact(record);
            }
        }
    }

    /// The contact is to be called again, within the same attempts and the same budget.
    fn call_back(&mut self, record: &CallRecord, at: UnixMs) {
        let attempts = self.campaigns.get(&record.intent.campaign).map_or(0, |known| known.plan.attempts);
        if record.opted_out {
            return;
        }
        if let Some(queue) = self.queues.get_mut(&record.intent.campaign) {
            queue.change(record.intent.contact, |slot| {
                if slot.state == SlotState::Done && slot.tries < attempts {
                    slot.state = SlotState::Open;
                    slot.not_before_s = seconds(at.plus(HOUR_MS)) + 1;
                }
            });
        }
    }
}

/// What a number blocked by a call is kept as.
const fn blocked_by(record: &CallRecord, call: CallId, reason: BlacklistReason, at: UnixMs) -> BlockedKept {
    let intent = &record.intent;
    let call = Some((call, intent.contact));
    BlockedKept { subject: intent.subject, at, reason, by: None, call, person: None, number: None }
}

/// Refusals that meet every contact of the campaign alike: the campaign waits, not the contact.
pub(crate) fn of_the_campaign((rule, reason): (RuleId, Refusal)) -> bool {
    match rule {
        RuleId::Clock
        | RuleId::CallingHours
        | RuleId::Holiday
        | RuleId::Script
        | RuleId::CallerNumber
        | RuleId::Recording => true,
        RuleId::Dialable => reason == Refusal::CampaignNotRunning,
        RuleId::DoNotCall => matches!(reason, Refusal::DoNotCallListStale { .. } | Refusal::InputMissing(_)),
        RuleId::Frequency
        | RuleId::RetryBudget
        | RuleId::Declined
        | RuleId::Blacklist
        | RuleId::Consent
        | RuleId::ForbiddenGroup
        | RuleId::Purpose => false,
    }
}

const fn may_try_again(cause: FailCause) -> bool {
    match cause {
        FailCause::Declined | FailCause::InvalidNumber => false,
        FailCause::Busy
        | FailCause::NoAnswer
        | FailCause::Unreachable
        | FailCause::Carrier
        | FailCause::NoLine
        | FailCause::Media
        | FailCause::TicketExpired
        | FailCause::Stopped
        | FailCause::Lost
        | FailCause::NoRecording => true,
    }
}

/// Attempts are kept a day longer than the longest window of a policy looks back.
const KEPT_ATTEMPTS_MS: i64 = (gate::MAX_BUDGET_DAYS as i64 + 1) * DAY_MS;
/// A contact that was not reached is not tried again before.
const RETRY_AFTER_MS: i64 = 30 * MINUTE_MS;
/// What somebody must put right is asked about again after this.
const WAIT_FOR_FIX_MS: i64 = 5 * MINUTE_MS;
/// What somebody must put right for a whole campaign is asked about again after this.
const HOLD_FOR_FIX_MS: i64 = 10 * SECOND_MS;
