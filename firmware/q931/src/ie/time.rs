//! Date and time (Q.931 4.5.15): the network's clock, as it tells it in CONNECT.
//!
//! It knows no zone and corrects nothing; the box keeps its own time.

use super::octets::{IeError, IeFault, Reader};

/// Date/time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// Year of the century.
    pub year: u8,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
    /// Hour.
    pub hour: Option<u8>,
    /// Minute; needs an hour.
    pub minute: Option<u8>,
    /// Second; needs a minute.
    pub second: Option<u8>,
}

impl DateTime {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        Ok(Self {
            year: field(reader, 0, 99)?,
            month: field(reader, 1, 12)?,
            day: field(reader, 1, 31)?,
            hour: optional(reader, 23)?,
            minute: optional(reader, 59)?,
            second: optional(reader, 59)?,
        })
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.year, self.month, self.day]);
        let clock = [self.hour, self.minute, self.second];
        out.extend(clock.into_iter().map_while(|field| field));
    }
}

fn field(reader: &mut Reader<'_>, least: u8, most: u8) -> Result<u8, IeError> {
    let octet = reader.octet()?;
    if (least..=most).contains(&octet) {
        Ok(octet)
    } else {
        Err(reader.error_before(IeFault::Reserved(octet)))
    }
}

fn optional(reader: &mut Reader<'_>, most: u8) -> Result<Option<u8>, IeError> {
    if reader.is_empty() { Ok(None) } else { field(reader, 0, most).map(Some) }
}
