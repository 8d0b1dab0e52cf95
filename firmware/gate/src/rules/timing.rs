//! The rules that time decides: clock, hours, holidays, frequency and retry budget.
//!
//! Days are civil days of the policy's zone, whatever their length.

use super::{Answer, Case, MAX_CLOCK_STEP_BACK_MS, decide, missing, refuse};
use crate::calendar::HolidayCalendar;
use crate::civil::{self, WEEK_DAYS};
use crate::facts::{Attempt, MAX_ATTEMPTS};
use crate::policy::MAX_RING_S;
use crate::reason::{Input, Refusal, Skipped};
use crate::verdict::RuleResult;
use jiff::civil::Date;
use vocab::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMs};

/// Days the search for the next working day looks ahead.
const MAX_DAYS_AHEAD: usize = 40;

impl Case<'_> {
    pub(super) fn clock(&self) -> Answer {
        let Some(clock) = self.facts.clock else {
            return missing(Input::Clock);
        };
        let by_ms = clock.last_known.since(self.now);
        let found = if !clock.synchronised {
            Some(Refusal::ClockUnsynchronised)
        } else if by_ms > MAX_CLOCK_STEP_BACK_MS {
            Some(Refusal::ClockRolledBack { by_ms })
        } else {
            None
        };
        decide(self.policy.version, found)
    }

    pub(super) fn calling_hours(&self) -> Answer {
        let version = self.policy.version;
        let Some(local) = civil::local(&self.zone, self.now) else {
            return refuse(version, Refusal::NoCivilTime);
        };
        let window = self.policy.hours.of(self.class);
        let opens = i64::from(window.opens_min) * MINUTE_MS;
        // The longest ring is kept free at the end even if the policy rings for less: 20:59:00 is fixed.
        let stops = i64::from(window.closes_min) * MINUTE_MS - i64::from(MAX_RING_S) * SECOND_MS;
        if (opens..stops).contains(&local.time_ms) {
            return decide(version, None);
        }
        let day = if local.time_ms < opens { Some(local.date) } else { civil::plus_days(local.date, 1) };
        // A window of a single minute leaves no room for a ring; it never opens.
        let opens_at = day
            .filter(|_| opens < stops)
            .and_then(|date| civil::instant(&self.zone, date, window.opens_min))
            .filter(|at| *at > self.now);
        refuse(version, Refusal::OutsideHours { opens_at })
    }

    pub(super) fn holiday(&self) -> Answer {
        let holidays_off = self.policy.holidays_off.of(self.class);
        let weekends_off = self.policy.weekends_off.of(self.class);
        if !holidays_off && !weekends_off {
            return (self.policy.version, RuleResult::NotApplicable(Skipped::Policy));
        }
        let Some(local) = civil::local(&self.zone, self.now) else {
            return refuse(self.policy.version, Refusal::NoCivilTime);
        };
        let year = local.date.year();
        let Some(calendar) = self.facts.holidays.filter(|calendar| calendar.year() == year) else {
            return refuse(0, Refusal::HolidayCalendarMissing { year });
        };
        let rests = |date: Date| {
            (holidays_off && calendar.is_statutory_off(date))
                || (weekends_off && rests_on_weekend(calendar, date))
        };
        if !rests(local.date) {
            return decide(calendar.version(), None);
        }
        let next = self.first_day_after(local.date, |date| date.year() != year || !rests(date));
        let reason = if holidays_off && calendar.is_statutory_off(local.date) {
            Refusal::StatutoryHoliday { next }
        } else {
            Refusal::Weekend { next }
        };
        refuse(calendar.version(), reason)
    }

    fn first_day_after(&self, date: Date, works: impl Fn(Date) -> bool) -> Option<UnixMs> {
        let mut day = date;
        for _ in 0..MAX_DAYS_AHEAD {
            day = civil::plus_days(day, 1)?;
            if works(day) {
                return civil::instant(&self.zone, day, 0);
            }
        }
        None
    }

    pub(super) fn frequency(&self) -> Answer {
        let Some(person) = self.facts.person else {
            return missing(Input::Person);
        };
        if person.attempts.len() > MAX_ATTEMPTS {
            return refuse(person.version, Refusal::HistoryTooLong);
        }
        let Some(local) = civil::local(&self.zone, self.now) else {
            return refuse(person.version, Refusal::NoCivilTime);
        };
        let cap = self.policy.frequency.of(self.class);
        let found = self
            .weekly(person.attempts, cap.per_7d)
            .or_else(|| self.daily(person.attempts, local.date, cap.per_day));
        decide(person.version, found)
    }

    /// Attempts since local midnight, and any that claim to lie ahead, count as today's.
    fn daily(&self, attempts: &[Attempt], today: Date, cap: u8) -> Option<Refusal> {
        let Some(midnight) = civil::instant(&self.zone, today, 0) else {
            return Some(Refusal::NoCivilTime);
        };
        let count = attempts.iter().filter(|attempt| attempt.at >= midnight).count();
        if count < usize::from(cap) {
            return None;
        }
        let tomorrow = civil::plus_days(today, 1).and_then(|day| civil::instant(&self.zone, day, 0));
        let next = tomorrow.filter(|at| cap > 0 && attempts.iter().all(|attempt| attempt.at < *at));
        Some(Refusal::DailyCap { cap, next })
    }

    /// An attempt counts until both seven times 24 hours and seven civil days have passed since it.
    fn weekly(&self, attempts: &[Attempt], cap: u8) -> Option<Refusal> {
        let Some(since) = civil::week_begin(&self.zone, self.now) else {
            return Some(Refusal::NoCivilTime);
        };
        let mut counted: Vec<UnixMs> =
            attempts.iter().map(|attempt| attempt.at).filter(|at| *at >= since).collect();
        if counted.len() < usize::from(cap) {
            return None;
        }
        counted.sort_unstable();
        let next = (cap > 0).then(|| self.freed(counted[counted.len() - usize::from(cap)])).flatten();
        Some(Refusal::WeeklyCap { cap, next })
    }

    /// When an attempt leaves the weekly count.
    fn freed(&self, attempt: UnixMs) -> Option<UnixMs> {
        let day = civil::plus_days(civil::local(&self.zone, attempt)?.date, WEEK_DAYS)?;
        let civil_days = civil::instant(&self.zone, day, 0)?;
        Some(civil_days.max(attempt.plus(i64::from(WEEK_DAYS) * DAY_MS + 1)))
    }

    pub(super) fn retry_budget(&self) -> Answer {
        let Some(person) = self.facts.person else {
            return missing(Input::Person);
        };
        if person.attempts.len() > MAX_ATTEMPTS {
            return refuse(person.version, Refusal::HistoryTooLong);
        }
        let budget = self.policy.retry_budget;
        let window_ms = i64::from(budget.window_days) * DAY_MS;
        let since = self.now.plus(-window_ms);
        let unanswered = |attempt: &&Attempt| !attempt.answered && attempt.at >= since;
        let mut counted: Vec<UnixMs> =
            person.attempts.iter().filter(unanswered).map(|attempt| attempt.at).collect();
        let max = budget.max_attempts;
        if counted.len() < usize::from(max) {
            return decide(person.version, None);
        }
        counted.sort_unstable();
        let next = (max > 0).then(|| counted[counted.len() - usize::from(max)].plus(window_ms + 1));
        refuse(person.version, Refusal::BudgetSpent { max, next })
    }
}

fn rests_on_weekend(calendar: &HolidayCalendar, date: Date) -> bool {
    civil::is_weekend(date) && !calendar.is_adjusted_working_day(date)
}
