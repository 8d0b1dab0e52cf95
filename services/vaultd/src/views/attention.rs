//! What needs attention now, with its real cause: read from the state each time, never remembered.

use super::civil::{date_at, year_at};
use super::sight::Eyes;
use crate::vault::{HEAD_INTERVAL_ENTRIES, HEAD_INTERVAL_MS, Vault};
use idl::campaign::AgentState;
use idl::lines::TrunkState;
use idl::views::Attention;
use rights::Request;
use vocab::{DAY_MS, MINUTE_MS, UnixMs};

impl Vault {
    /// Urgent things first.
    pub(super) fn attention(&self, eyes: Eyes) -> Vec<Attention> {
        let mut found = Vec::new();
        self.of_the_box(&mut found);
        self.of_the_lines(eyes, &mut found);
        self.of_the_lists(eyes, &mut found);
        self.of_approvals(eyes, &mut found);
        self.of_the_people(eyes, &mut found);
        found.sort_by_key(|item| !item.urgent);
        found.truncate(MAX_ITEMS);
        found
    }

    fn of_the_box(&self, found: &mut Vec<Attention>) {
        let needed = u64::from(self.state.policy.recording_min_free_mib) * MIB;
        let clock_back = self.state.last_time.since(self.clock.now) > gate::MAX_CLOCK_STEP_BACK_MS;
        if !self.clock.synchronised || clock_back {
            found.push(item("clock", "", 1, true, None));
        }
        if !self.recordings_ready || self.free_bytes < needed {
            found.push(item("storage-low", "", self.free_bytes / MIB, true, None));
        } else if self.free_bytes < needed.saturating_mul(LOW_TIMES) {
            found.push(item("storage-low", "", self.free_bytes / MIB, false, None));
        }
        if !self.lined_ready() {
            found.push(item("lined-gone", "", 1, true, None));
        }
        if self.calld.is_empty() {
            found.push(item("calld-gone", "", 1, true, None));
        }
        let late = self.heads.signed_at.is_some_and(|at| self.clock.now.since(at) > 2 * HEAD_INTERVAL_MS)
            && self.unsigned_entries() > 0;
        if late || self.unsigned_entries() > 2 * HEAD_INTERVAL_ENTRIES {
            found.push(item("head-late", "", self.unsigned_entries(), true, self.heads.signed_at));
        }
        if !self.real_tpm() {
            found.push(item("stand-in-tpm", "", 1, false, None));
        }
    }

    fn of_the_lines(&self, eyes: Eyes, found: &mut Vec<Attention>) {
        if !(eyes.may(Request::Lines) || eyes.may(Request::Live)) {
            return;
        }
        for trunk in self.trunks_live() {
            let urgent = match trunk.state {
                TrunkState::Down | TrunkState::RegistrationFailed => true,
                TrunkState::Degraded => false,
                TrunkState::Unknown | TrunkState::Up | TrunkState::Disabled => continue,
            };
            found.push(item("trunk-down", &trunk.name, 1, urgent, trunk.since));
        }
        if !eyes.may(Request::Lines) {
            return;
        }
        for (number, known) in &self.state.numbers {
            let left = known.valid_to.since(self.clock.now);
            if known.approved_by.is_some() && left < NUMBER_WARNING_MS {
                let subject = eyes.own_number(number);
                found.push(item("number-expires", &subject, days(left), left < 0, Some(known.valid_to)));
            }
        }
    }

    fn of_the_lists(&self, eyes: Eyes, found: &mut Vec<Attention>) {
        let state = &self.state;
        let zone = &state.policy.zone;
        if let Some(list) = &state.dnc {
            let ends = list.issued_at.plus(i64::from(state.policy.dnc_max_age_days) * DAY_MS);
            let left = ends.since(self.clock.now);
            if left < DAY_MS {
                found.push(item("dnc-old", &date_at(zone, list.issued_at), days(left), left < 0, Some(ends)));
            }
        }
        if let Some((year, days_left)) = year_at(zone, self.clock.now) {
            for (year, urgent) in [(year, true), (year + 1, false)] {
                let soon = urgent || i64::from(days_left) < NEXT_YEAR_DAYS;
                if soon && !state.holidays.is_empty() && !state.holidays.contains_key(&year) {
                    found.push(item("holidays-missing", &year.to_string(), 1, urgent, None));
                }
            }
        }
        if !eyes.may(Request::Scripts) {
            return;
        }
        let used = |id| state.campaigns.values().any(|known| known.running && known.plan.script == id);
        for (id, script) in &state.scripts {
            let Some(approval) = &script.approval else {
                continue;
            };
            let ends = approval.at.plus(i64::from(state.policy.script_max_age_days) * DAY_MS);
            let left = ends.since(self.clock.now);
            if left < SCRIPT_WARNING_MS && used(*id) {
                found.push(item("script-expires", &script.name, days(left), left < 0, Some(ends)));
            }
        }
    }

    /// What waits for a second pair of eyes, told to whoever may be that pair.
    fn of_approvals(&self, eyes: Eyes, found: &mut Vec<Attention>) {
        let state = &self.state;
        let mut told = |subject: Option<String>, count: usize| {
            if let Some(subject) = subject {
                found.push(item("approval-waits", &subject, count as u64, false, None));
            }
        };
        if eyes.may(Request::ApproveScript) {
            let waiting = state.scripts.values().filter(|script| {
                script.approval.is_none()
                    && script.author != eyes.id
                    && super::scripts::lacks(script).is_empty()
            });
            told(waiting.clone().next_back().map(|script| script.name.clone()), waiting.count());
        }
        if eyes.may(Request::ApproveCallerNumber) {
            let waiting = state
                .numbers
                .iter()
                .filter(|(_, known)| known.approved_by.is_none() && known.entered_by != eyes.id);
            told(waiting.clone().next_back().map(|(number, _)| eyes.own_number(number)), waiting.count());
        }
        if eyes.may(Request::ReleaseBatch) {
            let waiting = state.batches.values().filter(|batch| {
                batch.released_by.is_none()
                    && batch.imported_by != eyes.id
                    && eyes.reaches(batch.entry.department)
            });
            told(waiting.clone().next_back().map(|batch| batch.entry.file.clone()), waiting.count());
        }
    }

    fn of_the_people(&self, eyes: Eyes, found: &mut Vec<Attention>) {
        if eyes.may(Request::Sessions)
            && let Some(at) = self.state.accounts.elsewhere_at
            && self.clock.now.since(at) < DAY_MS
        {
            found.push(item("stolen-session", "", 1, true, Some(at)));
        }
        if eyes.may(Request::CallsPage) {
            let bad = self.state.bad_recordings.iter().filter(|call| {
                !eyes.bound()
                    || self
                        .calls
                        .get(**call)
                        .is_some_and(|record| self.campaign_reached(eyes, record.intent.campaign))
            });
            match bad.count() {
                0 => {}
                count => found.push(item("bad-recording", "", count as u64, true, None)),
            }
        }
        if eyes.may(Request::Live) {
            let late = |now: &&crate::state::AgentNow| {
                now.unwrapped.is_some()
                    && (now.state == AgentState::Out || self.clock.now.since(now.since) > WRAP_UP_LATE_MS)
            };
            let reached = self.state.agents.iter().filter(|(agent, _)| {
                self.department_of(**agent).is_some_and(|department| eyes.reaches(department))
            });
            let waiting: Vec<UnixMs> =
                reached.map(|(_, now)| now).filter(late).map(|now| now.since).collect();
            if let Some(since) = waiting.iter().min() {
                let count = waiting.len() as u64;
                found.push(item("wrap-up-missing", "", count, false, Some(*since)));
            }
        }
    }
}

fn item(code: &str, subject: &str, count: u64, urgent: bool, since: Option<UnixMs>) -> Attention {
    let subject = super::cut(subject, MAX_SUBJECT_BYTES);
    Attention { code: code.to_owned(), subject, count, urgent, since }
}

/// Whole days left; 0 once it is over.
fn days(left_ms: i64) -> u64 {
    u64::try_from(left_ms.max(0) / DAY_MS).unwrap_or(0)
}

const MIB: u64 = 1024 * 1024;
/// Room is called low below so many times what a call needs.
const LOW_TIMES: u64 = 5;
/// Things of one answer.
const MAX_ITEMS: usize = 64;
const MAX_SUBJECT_BYTES: usize = 256;
const NUMBER_WARNING_MS: i64 = 30 * DAY_MS;
const SCRIPT_WARNING_MS: i64 = 14 * DAY_MS;
/// The next year's calendar is asked for so many days before the year ends.
const NEXT_YEAR_DAYS: i64 = 31;
/// A wrap-up owed for longer is late: the longest wrap-up time of a campaign twice.
const WRAP_UP_LATE_MS: i64 = 10 * MINUTE_MS;
