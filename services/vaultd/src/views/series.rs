//! Calls by hour, and the site's today.

use super::sight::Eyes;
use crate::admin::{Handled, Refusal};
use crate::state::{HourCounts, KEPT_HOURS, Seen};
use crate::vault::Vault;
use idl::admin::Answer;
use idl::views::{DayFigures, Series};
use std::collections::BTreeMap;
use vocab::{CampaignId, HOUR_MS, RuleId, UnixMs};

impl Vault {
    pub(super) fn series(&self, eyes: Eyes, campaign: Option<CampaignId>, hours: u16) -> Handled {
        let hours = u32::from(hours);
        if !(1..=KEPT_HOURS).contains(&hours) {
            return Err(Refusal::bounds(
                format!("Between 1 and {KEPT_HOURS} hours are shown."),
                format!("可查看1至{KEPT_HOURS}小时。"),
            ));
        }
        if let Some(id) = campaign {
            let known = self.state.campaigns.get(&id).ok_or_else(|| Refusal::unknown("campaign"))?;
            eyes.reach(known.plan.department, "campaign")?;
        }
        let last = Seen::hour_of(self.clock.now);
        let first = last.saturating_sub(hours - 1);
        let mut rows = Vec::with_capacity(hours as usize);
        let mut refused: BTreeMap<RuleId, u64> = BTreeMap::new();
        for hour in first..=last {
            let mut sum = DayFigures::default();
            for (id, counts) in self.state.seen.hour(hour) {
                let wanted = campaign.map_or_else(|| self.campaign_reached(eyes, id), |only| only == id);
                if wanted {
                    add(&mut sum, counts);
                    for (rule, count) in &counts.refused {
                        *refused.entry(*rule).or_default() += u64::from(*count);
                    }
                }
            }
            rows.push(sum);
        }
        let from = UnixMs(i64::from(first) * HOUR_MS);
        let series = Series { from, hours: rows, refused: refused.into_iter().collect() };
        Ok(Some(Answer::Series(Box::new(series))))
    }

    /// The figures of the site's today within reach. A day begins with the hour that holds its midnight.
    pub(crate) fn today(&self, eyes: Eyes) -> DayFigures {
        let mut sum = DayFigures::default();
        for hour in self.hours_today() {
            for (id, counts) in self.state.seen.hour(hour) {
                if self.campaign_reached(eyes, id) {
                    add(&mut sum, counts);
                }
            }
        }
        sum
    }

    fn hours_today(&self) -> std::ops::RangeInclusive<u32> {
        let begin = gate::day_begin(&self.state.policy, self.clock.now).unwrap_or(self.clock.now);
        Seen::hour_of(begin)..=Seen::hour_of(self.clock.now)
    }
}

fn add(sum: &mut DayFigures, counts: &HourCounts) {
    sum.placed += u64::from(counts.placed);
    sum.answered += u64::from(counts.answered);
    sum.opted_out += u64::from(counts.opted_out);
    sum.refused += counts.refused.values().map(|count| u64::from(*count)).sum::<u64>();
}
