//! When a class of campaigns may ring, for people to read. A call is decided by [`super::evaluate`] alone.

use super::{Case, MAX_SEARCH_STEPS};
use crate::calendar::HolidayCalendar;
use crate::civil;
use crate::facts::Facts;
use crate::policy::{MAX_RING_S, Policy};
use crate::reason::Refusal;
use crate::verdict::RuleResult;
use vocab::{CampaignClass, RuleId, SECOND_MS, UnixMs};

/// Whether hours and holidays let a class of campaigns ring now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// They do.
    pub open: bool,
    /// When that changes next, where it can be told.
    pub changes_at: Option<UnixMs>,
}

/// The hours of a class at an instant, with the holiday calendar of that year.
#[must_use]
pub fn hours_at(
    policy: &Policy,
    class: CampaignClass,
    holidays: Option<&HolidayCalendar>,
    now: UnixMs,
) -> Hours {
    let Some(zone) = civil::zone(&policy.zone).filter(|_| policy.validate_numbers().is_ok()) else {
        return Hours { open: false, changes_at: None };
    };
    let facts = Facts {
        now,
        clock: None,
        campaign: None,
        script: None,
        contact: None,
        person: None,
        blacklist: None,
        dnc: None,
        holidays,
        recording: None,
    };
    let case = |at| Case { policy, facts: &facts, zone: zone.clone(), now: at, class };
    let refused = |at| {
        let rules = [RuleId::CallingHours, RuleId::Holiday];
        rules
            .into_iter()
            .filter_map(|rule| match case(at).line(rule).result {
                RuleResult::Refuse(reason) => Some(reason),
                RuleResult::Pass | RuleResult::NotApplicable(_) => None,
            })
            .collect::<Vec<Refusal>>()
    };
    if refused(now).is_empty() {
        let closes = policy.hours.of(class).closes_min;
        let day = civil::local(&zone, now).map(|local| local.date);
        let closing = day.and_then(|day| civil::instant(&zone, day, closes));
        let changes_at = closing.map(|at| at.plus(-i64::from(MAX_RING_S) * SECOND_MS));
        return Hours { open: true, changes_at: changes_at.filter(|at| *at > now) };
    }
    let mut at = now;
    for _ in 0..MAX_SEARCH_STEPS {
        let reasons = refused(at);
        if reasons.is_empty() {
            return Hours { open: false, changes_at: Some(at) };
        }
        // The calendar of a later year may well be there by then; this year's must be imported.
        let waits = |reason: &Refusal| at == now || !matches!(reason, Refusal::HolidayCalendarMissing { .. });
        let mut next = None;
        for reason in reasons.into_iter().filter(waits) {
            match reason.retry_at() {
                Some(later) => next = next.max(Some(later)),
                None => return Hours { open: false, changes_at: None },
            }
        }
        match next {
            Some(later) if later > at => at = later,
            Some(_) => break,
            None => return Hours { open: false, changes_at: Some(at) },
        }
    }
    Hours { open: false, changes_at: None }
}
