//! A site where everything is in order, so that a test needs to spoil only what it is about.
//!
//! It asserts nothing.

use gate::{
    Attempt, BlacklistFacts, CalendarData, CallerFacts, CampaignFacts, ClockFacts, ConsentFacts,
    ContactFacts, Date, DncFacts, Facts, HolidayCalendar, PersonFacts, Policy, RecordingFacts, Refusal,
    RuleResult, ScriptApproval, ScriptFacts, Verdict,
};
use jiff::civil;
use jiff::tz::TimeZoneDatabase;
use vocab::{CampaignClass, CampaignId, DAY_MS, LineGroupId, PersonId, RuleId, UnixMs};

/// An instant by the clock on the wall of a zone.
pub fn at_in(zone: &str, date: Date, (hour, minute, second): (i8, i8, i8)) -> UnixMs {
    let zone = TimeZoneDatabase::bundled().get(zone).expect("a zone of the tests");
    let civil = date.at(hour, minute, second, 0);
    UnixMs(zone.to_ambiguous_timestamp(civil).compatible().expect("in range").as_millisecond())
}

/// An instant in Shanghai.
pub fn at(date: Date, time: (i8, i8, i8)) -> UnixMs {
    at_in("Asia/Shanghai", date, time)
}

/// A working Tuesday.
pub fn tuesday() -> Date {
    civil::date(2026, 9, 15)
}

/// Some days of 2026: the week of National Day off, Sunday 27 September worked instead.
pub fn calendar(year: i16) -> HolidayCalendar {
    let dates_off = (1..=7).map(|day| civil::date(year, 10, day)).collect();
    let adjusted_working_days = if year == 2026 { vec![civil::date(2026, 9, 27)] } else { Vec::new() };
    HolidayCalendar::new(CalendarData { year, version: 31, dates_off, adjusted_working_days })
        .expect("a sound calendar")
}

/// Facts of a marketing call that is lawful at `now`.
pub fn lawful<'a>(now: UnixMs, holidays: &'a HolidayCalendar, attempts: &'a [Attempt]) -> Facts<'a> {
    Facts {
        now,
        clock: Some(ClockFacts { synchronised: true, last_known: now.plus(-1_000) }),
        campaign: Some(CampaignFacts {
            id: CampaignId(1),
            version: 11,
            class: CampaignClass::Marketing,
            purpose: "card offer",
            running: true,
            line_group: LineGroupId(2),
            caller: Some(CallerFacts {
                registered_for: Some(LineGroupId(2)),
                valid_to: now.plus(DAY_MS),
                version: 12,
            }),
        }),
        script: Some(ScriptFacts {
            version: 13,
            current_hash: [7; 32],
            author: PersonId(1),
            approval: Some(ScriptApproval {
                hash: [7; 32],
                approver: PersonId(2),
                at: now.plus(-10 * DAY_MS),
            }),
            identifies_within_s: Some(5),
            recording_notice: true,
            opt_out_hint: true,
        }),
        contact: Some(ContactFacts {
            version: 14,
            purpose: "card offer",
            open: true,
            consent: Some(consent(now)),
            birth: Some(civil::date(1980, 2, 29)),
            adult_attested: false,
            guardian_consent: false,
            answered_by_child: false,
        }),
        person: Some(PersonFacts { version: 16, attempts, declined: false, in_call_now: false }),
        blacklist: Some(BlacklistFacts { version: 17, hit: false }),
        dnc: Some(DncFacts { version: 18, imported_at: now.plus(-DAY_MS), hit: false }),
        holidays: Some(holidays),
        recording: Some(RecordingFacts { version: 19, ready: true, free_bytes: 1 << 40 }),
    }
}

/// A good consent.
pub fn consent(now: UnixMs) -> ConsentFacts<'static> {
    ConsentFacts {
        version: 15,
        purpose: "card offer",
        given_at: now.plus(-30 * DAY_MS),
        expires_at: now.plus(300 * DAY_MS),
        withdrawn_at: None,
        evidence_ok: true,
    }
}

/// The strict default policy.
pub fn policy() -> Policy {
    Policy::default()
}

/// What one rule decided.
pub fn result(verdict: &Verdict, rule: RuleId) -> RuleResult {
    verdict.lines.iter().find(|line| line.rule == rule).expect("every rule has a line").result
}

/// The reason for which one rule refused.
pub fn refusal(verdict: &Verdict, rule: RuleId) -> Option<Refusal> {
    verdict.refusals().find(|(found, _)| *found == rule).map(|(_, reason)| reason)
}
