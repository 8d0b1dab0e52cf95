//! Hours, clock, holidays, frequency and retry budget.
//!
//! Instants are written as the clock on the wall shows them; nothing waits.

mod site;

use gate::{Attempt, ClockFacts, DualApproval, FrequencyCap, Policy, Refusal, RuleResult, Skipped, evaluate};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use site::{at, at_in, calendar, lawful, policy, refusal, result, tuesday};
use std::collections::BTreeMap;
use vocab::{CampaignClass, DAY_MS, HOUR_MS, PersonId, RuleId, UnixMs};

fn hours_pass(time: (i8, i8, i8), class: CampaignClass, policy: &Policy) -> bool {
    let calendar = calendar(2026);
    let mut facts = lawful(at(tuesday(), time), &calendar, &[]);
    facts.campaign.as_mut().expect("set").class = class;
    let verdict = evaluate(policy, &facts);
    result(&verdict, RuleId::CallingHours) == RuleResult::Pass && verdict.allowed()
}

#[test]
fn cam_01_the_window_opens_at_eight_and_origination_stops_a_minute_before_nine() {
    let table = [
        ((7, 59, 59), false),
        ((8, 0, 0), true),
        ((12, 0, 0), true),
        ((20, 58, 59), true),
        ((20, 59, 0), false),
        ((21, 0, 0), false),
        ((22, 1, 0), false),
        ((0, 0, 0), false),
    ];
    for (time, expected) in table {
        assert_eq!(hours_pass(time, CampaignClass::Marketing, &policy()), expected, "{time:?}");
        assert_eq!(hours_pass(time, CampaignClass::Emergency, &policy()), expected, "{time:?}");
    }
}

#[test]
fn cam_01_a_shorter_ring_does_not_move_the_stop() {
    let short = Policy { ring_time_s: 20, ..policy() };
    assert!(!hours_pass((20, 59, 0), CampaignClass::Marketing, &short));
}

#[test]
fn cam_01_a_widened_window_serves_notices_until_a_minute_before_ten_and_never_marketing() {
    let mut wide = policy();
    wide.hours.service_notice.closes_min = 22 * 60;
    wide.wider_approved = Some(DualApproval { set_by: PersonId(1), agreed_by: PersonId(2) });
    assert_eq!(wide.validate(), Ok(()));
    assert!(hours_pass((21, 58, 59), CampaignClass::ServiceNotice, &wide));
    assert!(!hours_pass((21, 59, 0), CampaignClass::ServiceNotice, &wide));
    assert!(!hours_pass((22, 1, 0), CampaignClass::ServiceNotice, &wide));
    assert!(!hours_pass((21, 0, 0), CampaignClass::Marketing, &wide));
}

#[test]
fn cam_01_a_refused_call_waits_for_the_next_opening() {
    let calendar = calendar(2026);
    let early = evaluate(&policy(), &lawful(at(tuesday(), (7, 0, 0)), &calendar, &[]));
    assert_eq!(early.retry_after(), Some(at(tuesday(), (8, 0, 0))));
    let late = evaluate(&policy(), &lawful(at(tuesday(), (20, 59, 0)), &calendar, &[]));
    assert_eq!(late.retry_after(), Some(at(date(2026, 9, 16), (8, 0, 0))));
}

#[test]
fn cam_01_a_clock_that_is_lost_or_set_back_stops_dialling() {
    let calendar = calendar(2026);
    let now = at(tuesday(), (10, 0, 0));
    let verdict_of = |clock| evaluate(&policy(), &gate::Facts { clock, ..lawful(now, &calendar, &[]) });
    let last_known = |ms| Some(ClockFacts { synchronised: true, last_known: now.plus(ms) });
    assert!(verdict_of(last_known(60_000)).allowed());
    let back = verdict_of(last_known(60_001));
    assert_eq!(back.first_refusal(), Some((RuleId::Clock, Refusal::ClockRolledBack { by_ms: 60_001 })));
    assert_eq!(back.retry_after(), None);
    assert!(!verdict_of(last_known(HOUR_MS)).allowed());
    let lost = verdict_of(Some(ClockFacts { synchronised: false, last_known: now }));
    assert_eq!(refusal(&lost, RuleId::Clock), Some(Refusal::ClockUnsynchronised));
}

#[test]
fn cam_02_marketing_rests_on_a_statutory_holiday_until_the_first_day_after() {
    let calendar = calendar(2026);
    let verdict = evaluate(&policy(), &lawful(at(date(2026, 10, 1), (10, 0, 0)), &calendar, &[]));
    let next = Some(at(date(2026, 10, 8), (0, 0, 0)));
    assert_eq!(refusal(&verdict, RuleId::Holiday), Some(Refusal::StatutoryHoliday { next }));
    assert_eq!(verdict.retry_after(), Some(at(date(2026, 10, 8), (8, 0, 0))));
}

#[test]
fn cam_02_an_adjusted_working_sunday_is_a_working_day_even_where_weekends_rest() {
    let calendar = calendar(2026);
    let mut resting = policy();
    resting.weekends_off.marketing = true;
    let on = |day, policy: &Policy| evaluate(policy, &lawful(at(day, (10, 0, 0)), &calendar, &[]));
    assert!(on(date(2026, 9, 27), &policy()).allowed());
    assert!(on(date(2026, 9, 27), &resting).allowed());
    assert!(on(date(2026, 9, 20), &policy()).allowed(), "a plain Sunday is allowed by default");
    let refused = on(date(2026, 9, 20), &resting);
    let next = Some(at(date(2026, 9, 21), (0, 0, 0)));
    assert_eq!(refusal(&refused, RuleId::Holiday), Some(Refusal::Weekend { next }));
}

#[test]
fn cam_02_without_a_calendar_of_the_year_marketing_stops_and_notices_go_on() {
    let other_year = calendar(2025);
    let now = at(tuesday(), (10, 0, 0));
    let missing = Refusal::HolidayCalendarMissing { year: 2026 };
    for holidays in [None, Some(&other_year)] {
        let mut facts = gate::Facts { holidays, ..lawful(now, &other_year, &[]) };
        let verdict = evaluate(&policy(), &facts);
        assert_eq!(verdict.first_refusal(), Some((RuleId::Holiday, missing)));
        assert_eq!(verdict.retry_after(), None);
        facts.campaign.as_mut().expect("set").class = CampaignClass::ServiceNotice;
        let notice = evaluate(&policy(), &facts);
        assert!(notice.allowed());
        assert_eq!(result(&notice, RuleId::Holiday), RuleResult::NotApplicable(Skipped::Policy));
    }
}

#[test]
fn cam_03_an_attempt_counts_until_midnight_and_three_until_the_week_has_passed() {
    let calendar = calendar(2026);
    let attempt = |day, hour| Attempt { at: at(date(2026, 9, day), (hour, 0, 0)), answered: true };
    let once = [attempt(15, 9)];
    let verdict = evaluate(&policy(), &lawful(at(tuesday(), (15, 0, 0)), &calendar, &once));
    let midnight = Some(at(date(2026, 9, 16), (0, 0, 0)));
    assert_eq!(refusal(&verdict, RuleId::Frequency), Some(Refusal::DailyCap { cap: 1, next: midnight }));
    assert_eq!(verdict.retry_after(), Some(at(date(2026, 9, 16), (8, 0, 0))));

    let thrice = [attempt(10, 16), attempt(12, 9), attempt(14, 9)];
    let on =
        |day, hour| evaluate(&policy(), &lawful(at(date(2026, 9, day), (hour, 0, 0)), &calendar, &thrice));
    assert!(matches!(refusal(&on(15, 10), RuleId::Frequency), Some(Refusal::WeeklyCap { cap: 3, .. })));
    assert_eq!(on(15, 10).retry_after(), Some(UnixMs(at(date(2026, 9, 17), (16, 0, 0)).0 + 1)));
    assert!(!on(17, 15).allowed(), "the week of 168 hours has not passed");
    assert!(on(17, 17).allowed());
}

#[test]
fn cam_03_an_attempt_dated_ahead_of_the_clock_counts_as_todays() {
    let calendar = calendar(2026);
    let ahead = [Attempt { at: at(date(2026, 9, 18), (9, 0, 0)), answered: true }];
    let verdict = evaluate(&policy(), &lawful(at(tuesday(), (15, 0, 0)), &calendar, &ahead));
    assert!(matches!(refusal(&verdict, RuleId::Frequency), Some(Refusal::DailyCap { .. })));
}

#[test]
fn cam_03_the_day_is_the_civil_day_from_its_first_to_its_last_instant() {
    let calendar = calendar(2026);
    let allowed = |attempt: UnixMs| {
        let attempts = [Attempt { at: attempt, answered: true }];
        evaluate(&policy(), &lawful(at(tuesday(), (8, 0, 0)), &calendar, &attempts)).allowed()
    };
    let midnight = at(tuesday(), (0, 0, 0));
    assert!(!allowed(midnight));
    assert!(allowed(midnight.plus(-1)));
}

#[test]
fn cam_02_a_policy_under_which_marketing_works_on_holidays_cannot_be_saved_or_used() {
    let mut wrong = policy();
    wrong.holidays_off.marketing = false;
    assert_eq!(wrong.validate(), Err(gate::PolicyError::MarketingOnHolidays));
    let calendar = calendar(2026);
    assert!(!evaluate(&wrong, &lawful(at(tuesday(), (10, 0, 0)), &calendar, &[])).allowed());
}

#[test]
fn cam_02_a_class_that_the_policy_lets_rest_rests_too() {
    let mut resting = policy();
    resting.holidays_off.service_notice = true;
    let calendar = calendar(2026);
    let mut facts = lawful(at(date(2026, 10, 1), (10, 0, 0)), &calendar, &[]);
    facts.campaign.as_mut().expect("set").class = CampaignClass::ServiceNotice;
    assert!(evaluate(&policy(), &facts).allowed());
    let refused = evaluate(&resting, &facts);
    assert!(matches!(refused.first_refusal(), Some((RuleId::Holiday, Refusal::StatutoryHoliday { .. }))));
}

#[test]
fn cam_02_a_calendar_that_contradicts_itself_is_refused() {
    use gate::{CalendarData, CalendarError, HolidayCalendar};
    let made = |off: &[Date], worked: &[Date]| {
        let (dates_off, adjusted_working_days) = (off.to_vec(), worked.to_vec());
        HolidayCalendar::new(CalendarData { year: 2026, version: 1, dates_off, adjusted_working_days })
            .map(|_| ())
    };
    let (holiday, sunday) = (date(2026, 10, 1), date(2026, 9, 27));
    assert_eq!(made(&[holiday], &[sunday]), Ok(()));
    assert_eq!(made(&[], &[sunday]), Err(CalendarError::Empty));
    assert_eq!(made(&[holiday, holiday], &[]), Err(CalendarError::Twice(holiday)));
    assert_eq!(made(&[holiday, sunday], &[sunday]), Err(CalendarError::Twice(sunday)));
    assert_eq!(made(&[holiday], &[tuesday()]), Err(CalendarError::NotAWeekend(tuesday())));
    let next_year = date(2027, 1, 1);
    assert_eq!(made(&[next_year], &[]), Err(CalendarError::OtherYear { date: next_year, year: 2026 }));
    assert_eq!(made(&[holiday; 121], &[]), Err(CalendarError::TooMany(121)));
}

#[test]
fn cam_03_the_budget_counts_unanswered_attempts_of_all_campaigns() {
    let calendar = calendar(2026);
    let now = at(date(2026, 9, 28), (10, 0, 0));
    let days = [6, 12, 18];
    let history = |answered| days.map(|day| Attempt { at: at(date(2026, 9, day), (9, 0, 0)), answered });
    let (missed, taken) = (history(false), history(true));
    let verdict = evaluate(&policy(), &lawful(now, &calendar, &missed));
    let next = Some(UnixMs(missed[0].at.0 + 30 * DAY_MS + 1));
    assert_eq!(verdict.first_refusal(), Some((RuleId::RetryBudget, Refusal::BudgetSpent { max: 3, next })));
    assert!(evaluate(&policy(), &lawful(now, &calendar, &taken)).allowed());
}

#[test]
fn cam_03_a_history_longer_than_its_bound_refuses() {
    let calendar = calendar(2026);
    let now = at(tuesday(), (10, 0, 0));
    let many = vec![Attempt { at: now.plus(-20 * DAY_MS), answered: true }; gate::MAX_ATTEMPTS + 1];
    let verdict = evaluate(&policy(), &lawful(now, &calendar, &many));
    assert_eq!(refusal(&verdict, RuleId::Frequency), Some(Refusal::HistoryTooLong));
    assert!(evaluate(&policy(), &lawful(now, &calendar, &many[1..])).allowed());
}

/// Dials whenever the gate allows it, over a month of random requests, and returns what was dialled.
fn simulate(zone: &str, first: Date, requests: &[(u32, u8)], policy: &Policy) -> Vec<UnixMs> {
    let calendar = calendar(first.year());
    let start = at_in(zone, first, (0, 0, 0));
    let mut requests: Vec<(u32, u8)> = requests.to_vec();
    requests.sort_unstable();
    let mut dialled: Vec<Attempt> = Vec::new();
    for (minute, who) in requests {
        let mut facts = lawful(start.plus(i64::from(minute) * 60_000), &calendar, &dialled);
        let campaign = facts.campaign.as_mut().expect("set");
        campaign.id = vocab::CampaignId(who.into());
        campaign.class = gate::CLASSES[usize::from(who) % gate::CLASSES.len()];
        let allowed = evaluate(policy, &facts).allowed();
        let now = facts.now;
        if allowed {
            dialled.push(Attempt { at: now, answered: who % 3 == 0 });
        }
    }
    dialled.into_iter().map(|attempt| attempt.at).collect()
}

fn assert_caps(zone: &str, dialled: &[UnixMs]) {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).expect("a zone of the tests");
    let day =
        |at: &UnixMs| zone.to_datetime(jiff::Timestamp::from_millisecond(at.0).expect("in range")).date();
    let mut per_day: BTreeMap<Date, usize> = BTreeMap::new();
    dialled.iter().for_each(|at| *per_day.entry(day(at)).or_default() += 1);
    assert!(per_day.values().all(|count| *count <= 1), "more than one attempt in a day");
    for first in dialled {
        let in_week = |at: &&UnixMs| at.0 >= first.0 && at.0 - first.0 <= 7 * DAY_MS;
        assert!(dialled.iter().filter(in_week).count() <= 3, "more than three attempts in 7 x 24 h");
        let in_days = |at: &&UnixMs| at.0 >= first.0 && (day(at) - day(first)).get_days() < 7;
        assert!(dialled.iter().filter(in_days).count() <= 3, "more than three attempts in seven days");
    }
}

fn month() -> impl Strategy<Value = Vec<(u32, u8)>> {
    prop::collection::vec((0_u32..31 * 24 * 60, 0_u8..40), 100..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cam_03_nobody_is_dialled_more_than_once_a_day_and_thrice_a_week(requests in month()) {
        let generous = Policy {
            retry_budget: gate::RetryBudget { max_attempts: 12, window_days: 30 },
            ..policy()
        };
        let dialled = simulate("Asia/Shanghai", date(2026, 8, 1), &requests, &generous);
        prop_assert!(dialled.len() >= 3, "the month must dial at all");
        assert_caps("Asia/Shanghai", &dialled);
    }

    #[test]
    fn cam_03_days_of_23_and_25_hours_are_days_too(requests in month(), autumn in any::<bool>()) {
        let zone = "Europe/Berlin";
        let first = if autumn { date(2026, 10, 8) } else { date(2026, 3, 10) };
        let abroad = Policy {
            zone: zone.to_owned(),
            retry_budget: gate::RetryBudget { max_attempts: 12, window_days: 30 },
            ..policy()
        };
        let dialled = simulate(zone, first, &requests, &abroad);
        prop_assert!(dialled.len() >= 3, "the month must dial at all");
        assert_caps(zone, &dialled);
    }

    #[test]
    fn cam_03_a_service_cap_of_three_holds_too(requests in month()) {
        let mut wide = policy();
        wide.frequency = gate::PerClass {
            marketing: FrequencyCap { per_day: 1, per_7d: 3 },
            ..gate::PerClass::all(FrequencyCap { per_day: 3, per_7d: 9 })
        };
        wide.retry_budget.max_attempts = 12;
        wide.wider_approved = Some(DualApproval { set_by: PersonId(1), agreed_by: PersonId(2) });
        prop_assert_eq!(wide.validate(), Ok(()));
        let dialled = simulate("Asia/Shanghai", date(2026, 8, 1), &requests, &wide);
        for first in &dialled {
            let within = |ms: i64| dialled.iter().filter(|at| at.0 >= first.0 && at.0 - first.0 <= ms).count();
            prop_assert!(within(12 * HOUR_MS) <= 3);
            prop_assert!(within(7 * DAY_MS) <= 9);
        }
    }

    #[test]
    fn cam_01_the_instant_given_for_a_retry_is_the_first_that_passes(
        minute in 0_u32..60 * 24 * 60,
        earlier in prop::collection::vec((1_u32..20 * 24 * 60, any::<bool>()), 0..6),
        abroad in any::<bool>(),
    ) {
        let mut policy = policy();
        if abroad {
            policy.zone = "Europe/Berlin".to_owned();
        }
        let calendar = calendar(2026);
        let now = at(date(2026, 9, 20), (0, 0, 0)).plus(i64::from(minute) * 60_000);
        let ago = |(minutes, answered): &(u32, bool)| Attempt {
            at: now.plus(-i64::from(*minutes) * 60_000),
            answered: *answered,
        };
        let attempts: Vec<Attempt> = earlier.iter().map(ago).collect();
        let verdict = evaluate(&policy, &lawful(now, &calendar, &attempts));
        if let Some(retry) = verdict.retry_after() {
            prop_assert!(retry > now && !verdict.allowed());
            let then = evaluate(&policy, &lawful(retry, &calendar, &attempts));
            prop_assert!(then.allowed(), "{:?}", then.first_refusal());
            let before = evaluate(&policy, &lawful(retry.plus(-1), &calendar, &attempts));
            prop_assert!(!before.allowed());
        } else {
            prop_assert!(verdict.allowed());
        }
    }
}
