//! Calls: pages newest first, found within a bounded search, and one call with all that is known of it.

use super::page::Page;
use super::sight::{Eyes, cut};
use crate::admin::{Actor, Handled, Refusal};
use crate::entries::RecordingWorth;
use crate::seal::Purpose;
use crate::state::{CallRecord, RecordingState};
use crate::vault::Vault;
use crate::words;
use idl::admin::Answer;
use idl::lines::NoRecording;
use idl::views::{CallCard, CallFilter, CallKind, CallRow, CallsPage, RecordingView};
use rights::{Field, Request};
use vocab::{CallId, MINUTE_MS, Outcome, SECOND_MS, UnixMs};

impl Vault {
    pub(super) fn calls_page(
        &mut self,
        actor: &Actor,
        eyes: Eyes,
        filter: &CallFilter,
        before: Option<CallId>,
    ) -> Handled {
        if let Some(id) = filter.campaign {
            let known = self.state.campaigns.get(&id).ok_or_else(|| Refusal::unknown("campaign"))?;
            eyes.reach(known.plan.department, "campaign")?;
        }
        let mut cursor = before.unwrap_or(CallId(u64::MAX));
        if let Some(to) = filter.to {
            cursor = cursor.min(self.first_call_from(to));
        }
        let mut page = Page::of(CALLS_A_PAGE);
        let mut searched = 0;
        let mut more = true;
        'search: while more && searched < CALLS_SEARCHED {
            let found = self.candidates(filter.kind, cursor);
            more = found.len() == CALLS_A_READ;
            searched += found.len();
            for (call, record) in found {
                if filter.from.is_some_and(|from| record.at < from.plus(-CLOCK_STEP_MS)) {
                    more = false;
                    break 'search;
                }
                if fits(filter, &record) && self.campaign_reached(eyes, record.intent.campaign) {
                    let row = self.call_row(eyes, call, &record);
                    if !page.push(row) {
                        more = true;
                        break 'search;
                    }
                }
                cursor = call;
            }
        }
        self.look(actor, Request::CallsPage.name(), None, filter.campaign, "");
        let page = CallsPage { rows: page.into_rows(), next: more.then_some(cursor) };
        Ok(Some(Answer::CallsPage(Box::new(page))))
    }

    /// The next calls below one: of a small set where the kind has one.
    fn candidates(&self, kind: CallKind, below: CallId) -> Vec<(CallId, CallRecord)> {
        let set = match kind {
            CallKind::Open => &self.state.open_calls,
            CallKind::BadRecording => &self.state.bad_recordings,
            CallKind::All
            | CallKind::Answered
            | CallKind::Failed
            | CallKind::OptedOut
            | CallKind::Recorded => return self.calls.before(below, CALLS_A_READ),
        };
        let ids = set.range(..below).rev().take(CALLS_A_READ);
        ids.filter_map(|call| Some((*call, self.calls.get(*call)?))).collect()
    }

    /// The first call decided at or after an instant: ids grow with time.
    fn first_call_from(&self, at: UnixMs) -> CallId {
        let (mut low, mut high) = (0, self.state.applied_seq + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.calls.before(CallId(middle + 1), 1).first() {
                Some((call, record)) if record.at >= at => high = call.0,
                Some(_) | None => low = middle + 1,
            }
        }
        CallId(low)
    }

    fn call_row(&mut self, eyes: Eyes, call: CallId, record: &CallRecord) -> CallRow {
        let intent = &record.intent;
        let person = self.person_of(intent.contact);
        let agent = record.agent.or(intent.agent);
        CallRow {
            call,
            at: record.at,
            campaign: (intent.campaign, self.campaign_name(intent.campaign)),
            number: eyes.number(person.as_ref().map(|person| &person.number)),
            agent: agent.map(|agent| self.agent_seen(eyes, agent)),
            outcome: record.outcome,
            opted_out: record.opted_out,
            talk_s: talk_s(record),
            recording: recording_of(&record.recording),
            disposition: record.disposition,
        }
    }

    pub(super) fn call_card(&mut self, actor: &Actor, eyes: Eyes, call: CallId) -> Handled {
        let unknown = || Refusal::unknown("call");
        let record = self.calls.get(call).ok_or_else(unknown)?;
        let intent = &record.intent;
        let campaign = self.state.campaigns.get(&intent.campaign).ok_or_else(unknown)?;
        eyes.reach(campaign.plan.department, "call")?;
        let caller = eyes.own_number(&campaign.caller);
        let person = self.person_of(intent.contact);
        let name = person
            .and_then(|person| person.name)
            .map_or_else(String::new, |name| eyes.name(Field::CustomerName, name.reveal()));
        let verdict = intent.verdict.lines.iter().map(|line| {
            let (passed, en, zh) = words::of_line(line.result);
            (line.rule, line.version, passed, en, zh)
        });
        let trunk =
            record.trunk.map(|id| (id, self.state.trunk_name(id).map_or_else(String::new, str::to_owned)));
        let finding = match &record.recording {
            RecordingState::Verified(finding) | RecordingState::Absent(_, Some(finding)) => Some(finding),
            RecordingState::None | RecordingState::Unverified { .. } | RecordingState::Absent(_, None) => {
                None
            }
        };
        let note: Option<String> = match &record.note {
            Some(sealed) if eyes.clear(Field::CallNote) => {
                self.open_of(intent.subject, Purpose::Note, sealed)
            }
            Some(_) | None => None,
        };
        let card = CallCard {
            row: self.call_row(eyes, call, &record),
            verdict: verdict.collect(),
            name,
            trunk,
            caller,
            batch: self.state.batch_of(intent.contact).map(|(batch, _)| batch.entry.batch),
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            recorded_ms: finding.map(|finding| finding.duration_ms),
            gaps_ms: finding.map_or((0, 0), |finding| (finding.gaps_customer_ms, finding.gaps_agent_ms)),
            note: cut(&note.unwrap_or_default(), MAX_NOTE_BYTES),
            may_hear: eyes.may(Request::Play) && eyes.clear(Field::Recording) && held(&record.recording),
        };
        self.look(actor, Request::CallCard.name(), Some(call), Some(record.intent.campaign), "");
        Ok(Some(Answer::CallCard(Box::new(card))))
    }
}

fn fits(filter: &CallFilter, record: &CallRecord) -> bool {
    let intent = &record.intent;
    let agent = record.agent.or(intent.agent);
    filter.campaign.is_none_or(|campaign| intent.campaign == campaign)
        && filter.agent.is_none_or(|wanted| agent == Some(wanted))
        && filter.from.is_none_or(|from| record.at >= from)
        && filter.to.is_none_or(|to| record.at < to)
        && match filter.kind {
            CallKind::All => true,
            CallKind::Open => record.outcome.is_none(),
            CallKind::Answered => record.answered_at.is_some(),
            CallKind::Failed => matches!(record.outcome, Some(Outcome::Failed(_))),
            CallKind::OptedOut => record.opted_out,
            CallKind::Recorded => held(&record.recording),
            CallKind::BadRecording => recording_of(&record.recording) == RecordingView::Bad,
        }
}

fn talk_s(record: &CallRecord) -> Option<u32> {
    let talked = record.ended_at?.since(record.answered_at?);
    u32::try_from(talked.max(0) / SECOND_MS).ok()
}

/// There is something to hear.
pub(crate) fn held(recording: &RecordingState) -> bool {
    match recording {
        RecordingState::Unverified { .. } => true,
        RecordingState::Verified(finding) | RecordingState::Absent(NoRecording::Crash, Some(finding)) => {
            !matches!(finding.worth, RecordingWorth::Missing | RecordingWorth::Erased)
        }
        RecordingState::None | RecordingState::Absent(..) => false,
    }
}

fn recording_of(recording: &RecordingState) -> RecordingView {
    match recording {
        RecordingState::None => RecordingView::Open,
        RecordingState::Unverified { .. } | RecordingState::Absent(NoRecording::Crash, None) => {
            RecordingView::Waiting
        }
        RecordingState::Verified(finding) => of_worth(finding.worth),
        RecordingState::Absent(NoRecording::NotAnswered, _) => RecordingView::NotAnswered,
        RecordingState::Absent(NoRecording::EndedBeforeNotice, _) => RecordingView::BeforeNotice,
        RecordingState::Absent(NoRecording::Storage, _) => RecordingView::Storage,
        // A recorder that died may have left nothing; that is no alarm of its own.
        RecordingState::Absent(NoRecording::Crash, Some(finding)) => match finding.worth {
            RecordingWorth::Missing => RecordingView::Storage,
            worth => of_worth(worth),
        },
    }
}

const fn of_worth(worth: RecordingWorth) -> RecordingView {
    match worth {
        RecordingWorth::Sound => RecordingView::Sound,
        RecordingWorth::Cut => RecordingView::Cut,
        RecordingWorth::Erased => RecordingView::Erased,
        RecordingWorth::WrongDuration
        | RecordingWorth::Damaged
        | RecordingWorth::Missing
        | RecordingWorth::Unreadable => RecordingView::Bad,
    }
}

const CALLS_A_PAGE: usize = 40;
/// Calls read at once.
const CALLS_A_READ: usize = 128;
/// Calls looked at for one page, so that a filter never holds the core for long.
const CALLS_SEARCHED: usize = 1_024;
/// The wall clock may have been set back by so much between two calls.
const CLOCK_STEP_MS: i64 = 10 * MINUTE_MS;
const MAX_NOTE_BYTES: usize = 4_096;
