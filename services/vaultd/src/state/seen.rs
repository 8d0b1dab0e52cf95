//! What only the views show: calls by hour, the newest refusals, when a number was blocked, the past of trunks.
//!
//! It is folded from the ledger like all of the state, bounded in every direction, and decides nothing.

use super::BlacklistReason;
use gate::{Refusal, Standing, Verdict};
use idl::lines::{OptOutBy, TrunkStatus};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use vocab::{
    CallId, CampaignId, ContactId, HOUR_MS, MINUTE_MS, PersonId, RuleId, SubjectId, TrunkId, UnixMs,
};

/// What happened within one hour; what follows from a call counts in the hour in which it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HourCounts {
    /// Calls placed.
    pub placed: u32,
    /// Of these, answered.
    pub answered: u32,
    /// Of these, opted out.
    pub opted_out: u32,
    /// Refusals by the first rule that refused.
    pub refused: BTreeMap<RuleId, u32>,
}

/// A contact that the gate refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalKept {
    /// The entry.
    pub seq: u64,
    /// When.
    pub at: UnixMs,
    /// The contact.
    pub contact: ContactId,
    /// Every rule that refused.
    pub rules: Vec<(RuleId, Refusal)>,
    /// When it is asked about again; `None`: never.
    pub again_at: Option<UnixMs>,
}

/// Why and when a number came onto the blacklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedKept {
    /// The keyed hash of the number.
    pub subject: SubjectId,
    /// When.
    pub at: UnixMs,
    /// Why.
    pub reason: BlacklistReason,
    /// How the customer opted out.
    pub by: Option<OptOutBy>,
    /// The call and its contact.
    pub call: Option<(CallId, ContactId)>,
    /// Who entered it.
    pub person: Option<PersonId>,
    /// The number, sealed under the key of the blacklist, where it was entered by hand.
    pub number: Option<crate::entries::Sealed>,
}

/// Everything the views need beyond what the rules need.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    hours: BTreeMap<u32, BTreeMap<CampaignId, HourCounts>>,
    refusals: BTreeMap<CampaignId, VecDeque<RefusalKept>>,
    refusals_kept: u32,
    blocked: BTreeMap<u64, BlockedKept>,
    trunks: BTreeMap<TrunkId, VecDeque<TrunkStatus>>,
}

impl Seen {
    /// The hour of an instant, counted from the epoch.
    #[must_use]
    pub fn hour_of(at: UnixMs) -> u32 {
        u32::try_from(at.0.max(0) / HOUR_MS).unwrap_or(u32::MAX)
    }

    /// The counts of one hour by campaign; campaign 0 stands for those beyond [`MAX_CAMPAIGNS_AN_HOUR`].
    pub fn hour(&self, hour: u32) -> impl Iterator<Item = (CampaignId, &HourCounts)> {
        self.hours.get(&hour).into_iter().flatten().map(|(campaign, counts)| (*campaign, counts))
    }

    /// A campaign's refusals below an entry, newest first.
    pub fn refusals_before(&self, campaign: CampaignId, before: u64) -> impl Iterator<Item = &RefusalKept> {
        let ring = self.refusals.get(&campaign);
        ring.into_iter().flat_map(|ring| ring.iter().rev()).filter(move |kept| kept.seq < before)
    }

    /// The blacklist below an entry, newest first.
    pub fn blocked_before(&self, before: u64) -> impl Iterator<Item = (u64, &BlockedKept)> {
        self.blocked.range(..before).rev().map(|(seq, kept)| (*seq, kept))
    }

    /// The states a trunk went through, newest first.
    pub fn past_of(&self, trunk: TrunkId) -> impl Iterator<Item = &TrunkStatus> {
        self.trunks.get(&trunk).into_iter().flat_map(|past| past.iter().rev())
    }

    pub(super) fn count(&mut self, at: UnixMs, campaign: CampaignId, add: impl FnOnce(&mut HourCounts)) {
        let hour = Self::hour_of(at);
        let newest = self.hours.last_key_value().map_or(hour, |(newest, _)| (*newest).max(hour));
        if newest - hour >= KEPT_HOURS {
            return;
        }
        let row = self.hours.entry(hour).or_default();
        let known = row.contains_key(&campaign) || row.len() < MAX_CAMPAIGNS_AN_HOUR;
        add(row.entry(if known { campaign } else { CampaignId(0) }).or_default());
        while self.hours.first_key_value().is_some_and(|(oldest, _)| newest - oldest >= KEPT_HOURS) {
            self.hours.pop_first();
        }
    }

    pub(super) fn refused(
        &mut self,
        seq: u64,
        at: UnixMs,
        campaign: CampaignId,
        contact: ContactId,
        verdict: &Verdict,
    ) {
        let Some((first, _)) = verdict.first_refusal() else {
            return;
        };
        self.count(at, campaign, |hour| *hour.refused.entry(first).or_default() += 1);
        let asked_again = at.plus(ASKED_AGAIN_MS);
        let again_at = match verdict.standing() {
            Some(Standing::Final) | None => None,
            Some(Standing::UntilInstant) => Some(verdict.retry_after().unwrap_or(asked_again)),
            Some(Standing::UntilFixed) => Some(asked_again),
        };
        let rules = verdict.refusals().collect();
        let ring = self.refusals.entry(campaign).or_default();
        ring.push_back(RefusalKept { seq, at, contact, rules, again_at });
        if ring.len() > KEPT_REFUSALS {
            ring.pop_front();
        } else {
            self.refusals_kept += 1;
        }
        // The oldest campaigns make room first.
        while self.refusals_kept > MAX_REFUSALS {
            let Some(mut oldest) = self.refusals.first_entry() else {
                break;
            };
            oldest.get_mut().pop_front();
            self.refusals_kept -= 1;
            if oldest.get().is_empty() {
                oldest.remove();
            }
        }
    }

    pub(super) fn blocked(&mut self, seq: u64, kept: BlockedKept) {
        self.blocked.insert(seq, kept);
    }

    pub(super) fn trunk(&mut self, status: &TrunkStatus) {
        let past = self.trunks.entry(status.trunk).or_default();
        past.push_back(status.clone());
        if past.len() > KEPT_TRUNK_STATES {
            past.pop_front();
        }
    }
}

/// Hours kept: 31 days.
pub const KEPT_HOURS: u32 = 744;
/// Campaigns told apart within one hour.
pub const MAX_CAMPAIGNS_AN_HOUR: usize = 512;
/// Refusals kept of one campaign.
pub const KEPT_REFUSALS: usize = 200;
/// Refusals kept in all.
const MAX_REFUSALS: u32 = 50_000;
/// States kept of one trunk.
const KEPT_TRUNK_STATES: usize = 8;
/// What somebody must put right is asked about again after this.
const ASKED_AGAIN_MS: i64 = 5 * MINUTE_MS;

#[cfg(test)]
mod tests {
    use super::{HOUR_MS, KEPT_HOURS, MAX_CAMPAIGNS_AN_HOUR, Seen};
    use vocab::{CampaignId, UnixMs};

    #[test]
    fn the_hours_of_31_days_are_kept_and_older_ones_are_forgotten() {
        let mut seen = Seen::default();
        for hour in 0..i64::from(KEPT_HOURS) + 10 {
            seen.count(UnixMs(hour * HOUR_MS), CampaignId(1), |counts| counts.placed += 1);
        }
        assert_eq!(seen.hours.len(), 744);
        assert_eq!(seen.hour(9).count(), 0);
        assert_eq!(seen.hour(10).map(|(_, counts)| counts.placed).sum::<u32>(), 1);
        // What comes late for a forgotten hour does not bring it back.
        seen.count(UnixMs(0), CampaignId(1), |counts| counts.placed += 1);
        assert_eq!(seen.hours.len(), 744);
    }

    #[test]
    fn campaigns_beyond_the_bound_of_an_hour_are_counted_together() {
        let mut seen = Seen::default();
        for id in 1..=u32::try_from(MAX_CAMPAIGNS_AN_HOUR).unwrap() + 5 {
            seen.count(UnixMs(0), CampaignId(id), |counts| counts.placed += 1);
        }
        assert_eq!(seen.hour(0).count(), MAX_CAMPAIGNS_AN_HOUR + 1);
        let others: Vec<u32> =
            seen.hour(0).filter(|(id, _)| id.0 == 0).map(|(_, counts)| counts.placed).collect();
        assert_eq!(others, [5]);
    }
}
