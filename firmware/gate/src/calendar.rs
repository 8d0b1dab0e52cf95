//! The yearly calendar of statutory holidays and adjusted working days.
//!
//! It only answers for a date. Importing and checking the signature of the file happen elsewhere.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Days off one year may list; the State Council's notices name about 30.
pub const MAX_DATES_OFF: usize = 120;
/// Adjusted working days one year may list.
pub const MAX_ADJUSTED: usize = 60;

/// One civil year: days off by statute or adjustment, and weekend days worked instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CalendarData", into = "CalendarData")]
pub struct HolidayCalendar {
    year: i16,
    version: u64,
    off: Vec<Date>,
    worked: Vec<Date>,
}

/// The calendar as it is written and sent; becomes a [`HolidayCalendar`] only if it is sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarData {
    /// The civil year.
    pub year: i16,
    /// Version of the data file.
    pub version: u64,
    /// Statutory holidays and adjusted rest days.
    pub dates_off: Vec<Date>,
    /// Weekend days that are worked instead.
    pub adjusted_working_days: Vec<Date>,
}

/// Why a calendar is refused. Its author can correct it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// A date belongs to another year.
    #[error("{date} is not in {year}")]
    OtherYear {
        /// The date.
        date: Date,
        /// The calendar's year.
        year: i16,
    },
    /// A date is listed twice, or both as off and as worked.
    #[error("{0} is listed twice")]
    Twice(Date),
    /// The calendar lists no day off: it would protect nobody.
    #[error("no day off is listed")]
    Empty,
    /// More dates than a year can need.
    #[error("{0} dates are listed, more than a year can need")]
    TooMany(usize),
    /// An adjusted working day must fall on a weekend.
    #[error("{0} is a weekday, so it cannot be an adjusted working day")]
    NotAWeekend(Date),
}

impl HolidayCalendar {
    /// Checks and sorts the dates.
    ///
    /// # Errors
    /// [`CalendarError`] names the date that is wrong.
    pub fn new(data: CalendarData) -> Result<Self, CalendarError> {
        let CalendarData { year, version, dates_off: mut off, adjusted_working_days: mut worked } = data;
        if off.is_empty() {
            return Err(CalendarError::Empty);
        }
        if off.len() > MAX_DATES_OFF || worked.len() > MAX_ADJUSTED {
            return Err(CalendarError::TooMany(off.len() + worked.len()));
        }
        off.sort_unstable();
        worked.sort_unstable();
        if let Some(&date) = off.iter().chain(&worked).find(|date| date.year() != year) {
            return Err(CalendarError::OtherYear { date, year });
        }
        let twice = |dates: &[Date]| dates.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let both = || worked.iter().copied().find(|date| off.binary_search(date).is_ok());
        if let Some(date) = twice(&off).or_else(|| twice(&worked)).or_else(both) {
            return Err(CalendarError::Twice(date));
        }
        if let Some(&date) = worked.iter().find(|date| !crate::civil::is_weekend(**date)) {
            return Err(CalendarError::NotAWeekend(date));
        }
        Ok(Self { year, version, off, worked })
    }

    /// The civil year it answers for.
    #[must_use]
    pub const fn year(&self) -> i16 {
        self.year
    }

    /// Version of the data file.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The date is a statutory holiday or one of its adjusted rest days.
    #[must_use]
    pub fn is_statutory_off(&self, date: Date) -> bool {
        self.off.binary_search(&date).is_ok()
    }

    /// The date is a weekend day that is worked instead of a holiday.
    #[must_use]
    pub fn is_adjusted_working_day(&self, date: Date) -> bool {
        self.worked.binary_search(&date).is_ok()
    }
}

impl TryFrom<CalendarData> for HolidayCalendar {
    type Error = CalendarError;

    fn try_from(data: CalendarData) -> Result<Self, CalendarError> {
        Self::new(data)
    }
}

impl From<HolidayCalendar> for CalendarData {
    fn from(calendar: HolidayCalendar) -> Self {
        Self {
            year: calendar.year,
            version: calendar.version,
            dates_off: calendar.off,
            adjusted_working_days: calendar.worked,
        }
    }
}
