//! What CAM-03 leaves of a person's attempts, for people to read. It allows nothing: [`crate::evaluate`] decides.

use crate::civil;
use crate::facts::Attempt;
use crate::policy::Policy;
use vocab::{CampaignClass, UnixMs};

/// Attempts left today and within seven days; none where civil time cannot be told.
#[must_use]
pub fn quota(policy: &Policy, class: CampaignClass, attempts: &[Attempt], now: UnixMs) -> (u32, u32) {
    let zone = civil::zone(&policy.zone);
    let since = zone.and_then(|zone| Some((civil::midnight(&zone, now)?, civil::week_begin(&zone, now)?)));
    let Some((midnight, week)) = since else {
        return (0, 0);
    };
    let cap = policy.frequency.of(class);
    let left = |cap: u8, since: UnixMs| {
        let made = attempts.iter().filter(|attempt| attempt.at >= since).count();
        u32::from(cap).saturating_sub(u32::try_from(made).unwrap_or(u32::MAX))
    };
    let of_week = left(cap.per_7d, week);
    (left(cap.per_day, midnight).min(of_week), of_week)
}

/// Midnight at the begin of the site's day; `None` where civil time cannot be told.
#[must_use]
pub fn day_begin(policy: &Policy, at: UnixMs) -> Option<UnixMs> {
    civil::midnight(&civil::zone(&policy.zone)?, at)
}

#[cfg(test)]
mod tests {
    use super::{day_begin, quota};
    use crate::facts::Attempt;
    use crate::policy::Policy;
    use vocab::{CampaignClass, DAY_MS, HOUR_MS, UnixMs};

    /// 2026-11-23, 10:00 in Shanghai.
    const NOW: UnixMs = UnixMs(1_795_399_200_000);

    fn made(ago_ms: &[i64]) -> Vec<Attempt> {
        ago_ms.iter().map(|ago| Attempt { at: NOW.plus(-ago), answered: false }).collect()
    }

    #[test]
    fn cam_13_the_quota_shown_is_what_the_caps_leave_of_the_day_and_of_seven_days() {
        let policy = Policy::default();
        let cap = policy.frequency.of(CampaignClass::Marketing);
        let (day, week) = (u32::from(cap.per_day), u32::from(cap.per_7d));
        let left = |ago: &[i64]| quota(&policy, CampaignClass::Marketing, &made(ago), NOW);
        assert_eq!(left(&[]), (day.min(week), week));
        assert_eq!(left(&[HOUR_MS]), ((day - 1).min(week - 1), week - 1), "today counts towards both");
        assert_eq!(left(&[DAY_MS]), (day.min(week - 1), week - 1), "yesterday counts towards the week");
        assert_eq!(left(&[8 * DAY_MS]), (day.min(week), week), "eight days ago counts towards nothing");
        assert_eq!(left(&[HOUR_MS; 9]), (0, 0), "it never goes below none");
    }

    #[test]
    fn the_sites_day_begins_at_midnight_of_its_zone() {
        assert_eq!(day_begin(&Policy::default(), NOW), Some(NOW.plus(-10 * HOUR_MS)));
        let nowhere = Policy { zone: "Mars/Olympus".to_owned(), ..Policy::default() };
        assert_eq!(day_begin(&nowhere, NOW), None);
        assert_eq!(quota(&nowhere, CampaignClass::Marketing, &[], NOW), (0, 0));
    }
}
