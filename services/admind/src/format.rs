//! Instants, durations and counts as people read them, in the site's zone. The same in both languages where no
//! word is needed.

use crate::texts::{Texts, fill};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use vocab::UnixMs;

/// An instant, however often a template has borrowed it.
pub trait When {
    /// The instant.
    fn when(&self) -> UnixMs;
}

impl When for UnixMs {
    fn when(&self) -> UnixMs {
        *self
    }
}

impl<T: When + ?Sized> When for &T {
    fn when(&self) -> UnixMs {
        (**self).when()
    }
}

/// The site's zone.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// A zone by its IANA name; UTC where there is no such zone (a blank box).
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// Whether a zone of this IANA name exists.
    #[must_use]
    pub fn exists(name: &str) -> bool {
        TimeZone::get(name).is_ok()
    }

    /// `2026-11-22 09:14:27`.
    #[must_use]
    pub fn time(&self, at: impl When) -> String {
        self.strftime(at.when(), "%Y-%m-%d %H:%M:%S")
    }

    /// `2026-11-22 09:14`.
    #[must_use]
    pub fn minute(&self, at: impl When) -> String {
        self.strftime(at.when(), "%Y-%m-%d %H:%M")
    }

    /// `09:14:27`.
    #[must_use]
    pub fn clock(&self, at: impl When) -> String {
        self.strftime(at.when(), "%H:%M:%S")
    }

    /// `2026-11-22`.
    #[must_use]
    pub fn date(&self, at: impl When) -> String {
        self.strftime(at.when(), "%Y-%m-%d")
    }

    /// `2026-11-22T01:14:27Z`, for `datetime` attributes.
    #[must_use]
    pub fn iso(&self, at: impl When) -> String {
        stamp(at.when()).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The instant at which a civil `2026-11-22` or `2026-11-22T09:14` of this zone begins.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<UnixMs> {
        let civil: jiff::civil::DateTime = match text.parse::<jiff::civil::Date>() {
            Ok(date) if !text.contains('T') => date.at(0, 0, 0, 0),
            _ => text.parse().ok()?,
        };
        Some(UnixMs(civil.to_zoned(self.0.clone()).ok()?.timestamp().as_millisecond()))
    }

    fn strftime(&self, at: UnixMs, format: &str) -> String {
        stamp(at).to_zoned(self.0.clone()).strftime(format).to_string()
    }
}

fn stamp(at: UnixMs) -> Timestamp {
    let bound = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at.0).unwrap_or(bound)
}

/// A duration in its two largest units: `3 min 20 s`.
#[must_use]
pub fn duration(t: &Texts, ms: i64) -> String {
    let s = ms.max(0) / 1_000;
    let units = [
        (s / 86_400, t.common.day_s),
        (s / 3_600 % 24, t.common.hour_s),
        (s / 60 % 60, t.common.minute_s),
        (s % 60, t.common.second_s),
    ];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(units.len() - 1);
    let shown = units[first..].iter().take(2).enumerate();
    let words: Vec<String> = shown
        .filter(|(place, (count, _))| *place == 0 || *count > 0)
        .map(|(_, (count, text))| fill(text, &[count]))
        .collect();
    words.join(" ")
}

/// A duration as a clock: `0:07`, `12:34`, `1:02:03`.
#[must_use]
pub fn clock(ms: i64) -> String {
    let s = ms.max(0) / 1_000;
    if s >= 3_600 {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// A count with thin groups of three: `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A part of a whole in percent with one digit, `–` of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// Bytes in the binary unit that fits: `256.0 MiB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if number < 1_024 {
        return format!("{number} B");
    }
    let mut unit = 0;
    let mut scaled = u128::from(number) * 10;
    while scaled >= 10_240 * 1_024 && unit + 1 < UNITS.len() {
        scaled /= 1_024;
        unit += 1;
    }
    let tenths = scaled / 1_024;
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::{Zone, bytes, clock, count, duration, percent};
    use crate::looks::Lang;
    use crate::texts::Texts;
    use vocab::UnixMs;

    #[test]
    fn times_are_of_the_sites_zone() {
        let zone = Zone::of("Asia/Shanghai");
        let at = UnixMs(1_700_000_000_000);
        assert_eq!(zone.time(at), "2023-11-15 06:13:20");
        assert_eq!(zone.minute(at), "2023-11-15 06:13");
        assert_eq!(zone.iso(at), "2023-11-14T22:13:20Z");
        assert_eq!(zone.parse("2023-11-15"), Some(UnixMs(1_699_977_600_000)));
        assert_eq!(zone.parse("2023-11-15T06:13"), Some(UnixMs(1_699_999_980_000)));
        assert_eq!(zone.parse("yesterday"), None);
        assert_eq!(Zone::of("Mars/Olympus").date(at), "2023-11-14");
        assert!(!Zone::exists("Mars/Olympus") && Zone::exists("Asia/Shanghai"));
        assert_eq!(zone.date(UnixMs(i64::MAX)), Zone::of("Asia/Shanghai").date(UnixMs(i64::MAX)));
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        let t = Texts::of(Lang::En);
        assert_eq!(duration(t, 200_000), "3 min 20 s");
        assert_eq!(duration(t, 3_600_000), "1 h");
        assert_eq!(duration(t, 90_061_000), "1 d 1 h");
        assert_eq!(duration(t, -5), "0 s");
        assert_eq!(duration(Texts::of(Lang::Zh), 61_000), "1 分 1 秒");
        assert_eq!((clock(7_000), clock(3_723_000)), ("0:07".to_owned(), "1:02:03".to_owned()));
    }

    #[test]
    fn counts_ratios_and_sizes() {
        assert_eq!((count(999), count(1_234_567)), ("999".to_owned(), "1,234,567".to_owned()));
        assert_eq!((percent(1, 3), percent(0, 0)), ("33.3%".to_owned(), "–".to_owned()));
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(256 * 1_024 * 1_024), "256.0 MiB");
    }
}
