//! Dates of the site, for what is text already. Instants are shown in the zone by the page.

use jiff::tz::TimeZone;
use vocab::UnixMs;

/// The civil year and the days left of it after today.
pub(crate) fn year_at(zone: &str, at: UnixMs) -> Option<(i16, i16)> {
    let zone = TimeZone::get(zone).ok()?;
    let date = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone).date();
    Some((date.year(), date.days_in_year() - date.day_of_year()))
}

/// The date of an instant, as `2026-10-01`.
pub(crate) fn date_at(zone: &str, at: UnixMs) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| String::new(), |instant| instant.to_zoned(zone).date().to_string())
}

/// An instant to the minute, as `2026-10-01 09:30`.
pub(crate) fn minute_at(zone: &str, at: UnixMs) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| String::new(),
        |instant| instant.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::{date_at, minute_at, year_at};
    use vocab::UnixMs;

    #[test]
    fn a_date_is_that_of_the_site() {
        // 2026-11-23 07:30 in Shanghai is still the 22nd in UTC.
        let at: jiff::Timestamp = "2026-11-22T23:30:00Z".parse().unwrap();
        let at = UnixMs(at.as_millisecond());
        assert_eq!(date_at("Asia/Shanghai", at), "2026-11-23");
        assert_eq!(minute_at("Asia/Shanghai", at), "2026-11-23 07:30");
        assert_eq!(year_at("Asia/Shanghai", at), Some((2026, 38)));
    }
}
