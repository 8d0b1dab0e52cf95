//! Civil time in an explicit zone: dates, days and times of day for the rules.
//!
//! It uses the built-in zone database only: neither the system's zone nor its files are read.

use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use std::sync::LazyLock;
use vocab::{DAY_MS, UnixMs};

/// Days of the weekly cap (CAM-03).
pub const WEEK_DAYS: i32 = 7;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of an IANA name.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name.len() > crate::policy::MAX_ZONE_CHARS {
        return None;
    }
    ZONES.get(name).ok()
}

/// An instant as people in the zone read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    pub date: Date,
    /// Milliseconds since midnight as the clock on the wall shows them.
    pub time_ms: i64,
}

/// Reads an instant in a zone; `None` outside the years jiff knows.
pub fn local(zone: &TimeZone, at: UnixMs) -> Option<Local> {
    let civil = zone.to_datetime(Timestamp::from_millisecond(at.0).ok()?);
    let time = civil.time();
    let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Some(Local { date: civil.date(), time_ms: seconds * 1_000 + i64::from(time.millisecond()) })
}

/// The instant at which a civil date reaches a minute of the day.
pub fn instant(zone: &TimeZone, date: Date, minute: u16) -> Option<UnixMs> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    let civil = date.to_datetime(jiff::civil::Time::new(hour, minute, 0, 0).ok()?);
    let at = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(UnixMs(at.as_millisecond()))
}

/// Midnight at the begin of an instant's civil day.
pub fn midnight(zone: &TimeZone, at: UnixMs) -> Option<UnixMs> {
    instant(zone, local(zone, at)?.date, 0)
}

/// The earliest instant at which an attempt still counts towards seven days: until both seven times 24 hours
/// and seven civil days have passed since it.
pub fn week_begin(zone: &TimeZone, at: UnixMs) -> Option<UnixMs> {
    let first_day = instant(zone, plus_days(local(zone, at)?.date, 1 - WEEK_DAYS)?, 0)?;
    Some(first_day.min(at.plus(-i64::from(WEEK_DAYS) * DAY_MS)))
}

/// A date moved by days.
pub fn plus_days(date: Date, days: i32) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

/// Full years between birth and a date; somebody born on 29 February turns a year older on 1 March.
pub fn age_years(birth: Date, on: Date) -> i16 {
    let before_birthday = (on.month(), on.day()) < (birth.month(), birth.day());
    on.year() - birth.year() - i16::from(before_birthday)
}

/// Saturday or Sunday.
pub fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}
