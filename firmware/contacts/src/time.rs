//! Dates and times as people write them in lists.
//!
//! No two-digit years and no month names: what can be read two ways is refused.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;
use vocab::UnixMs;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
/// Years a list may speak of.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// The zone of an IANA name, from the built-in database.
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// `2026-01-31`, `2026/1/31`, `2026.1.31`, `20260131` or `2026年1月31日`.
pub fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else if let Some(chinese) = text.strip_suffix('日') {
        chinese.split(['年', '月']).collect()
    } else {
        let separator = text.chars().find(|ch| matches!(ch, '-' | '/' | '.'))?;
        text.split(separator).collect()
    };
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    if year.len() != 4 {
        return None;
    }
    let year = i16::try_from(number(year)?).ok().filter(|year| YEARS.contains(year))?;
    Date::new(year, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

/// A date, a date with a time of day in the zone, or an RFC 3339 instant.
pub fn instant(text: &str, zone: &TimeZone) -> Option<UnixMs> {
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Some(UnixMs(exact.as_millisecond()));
    }
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let civil = date(day)?.to_datetime(time_of_day(time.trim())?);
    let at = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(UnixMs(at.as_millisecond()))
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "0"));
    let part = |text: &str| number(text).and_then(|value| i8::try_from(value).ok());
    Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()
}

/// At most four ASCII digits.
fn number(text: &str) -> Option<u16> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
