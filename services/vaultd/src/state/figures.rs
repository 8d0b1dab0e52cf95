//! The figures of a campaign, counted as its entries come. They must add up at every entry.

use idl::admin::Figures;
use idl::lines::NoRecording;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocab::{FailCause, Outcome, RuleId};

/// Counted events of one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Refusals by the first rule that refused.
    pub refused: BTreeMap<RuleId, u64>,
    /// Calls placed.
    pub placed: u64,
    /// Calls that ended after an answer.
    pub answered: u64,
    /// Calls in which the customer opted out.
    pub opted_out: u64,
    /// Calls that ended without an answer.
    pub failed: BTreeMap<FailCause, u64>,
    /// Answered calls with a recording.
    pub recordings: u64,
    /// Of these, verified as sound.
    pub verified: u64,
    /// Answered calls without one.
    pub unrecorded: BTreeMap<String, u64>,
}

impl Counts {
    /// A call ended.
    pub fn ended(&mut self, outcome: Outcome, recording: Option<NoRecording>) {
        match outcome {
            Outcome::Failed(cause) => *self.failed.entry(cause).or_default() += 1,
            Outcome::Answered { .. } => {
                self.answered += 1;
                match recording {
                    None => self.recordings += 1,
                    Some(reason) => *self.unrecorded.entry(reason_name(reason).to_owned()).or_default() += 1,
                }
            }
        }
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.placed - self.answered - self.failed.values().sum::<u64>()
    }

    /// Adds these figures to a report.
    pub fn add_to(&self, figures: &mut Figures) {
        let failed: u64 = self.failed.values().sum();
        let refused: u64 = self.refused.values().sum();
        figures.offered += refused + self.placed;
        figures.placed += self.placed;
        figures.answered += self.answered;
        figures.opted_out += self.opted_out;
        figures.open += self.placed - self.answered - failed;
        figures.recordings += self.recordings;
        figures.recordings_verified += self.verified;
        for (rule, count) in &self.refused {
            add(&mut figures.refused, rule.id(), *count);
        }
        for (cause, count) in &self.failed {
            add(&mut figures.failed, cause.name(), *count);
        }
        for (reason, count) in &self.unrecorded {
            add(&mut figures.unrecorded, reason, *count);
        }
    }
}

fn add(list: &mut Vec<(String, u64)>, name: &str, count: u64) {
    match list.iter_mut().find(|(known, _)| known == name) {
        Some((_, sum)) => *sum += count,
        None => list.push((name.to_owned(), count)),
    }
}

/// The name of a reason in reports.
pub const fn reason_name(reason: NoRecording) -> &'static str {
    match reason {
        NoRecording::NotAnswered => "not_answered",
        NoRecording::EndedBeforeNotice => "ended_before_notice",
        NoRecording::Storage => "storage",
        NoRecording::Crash => "crash",
    }
}
