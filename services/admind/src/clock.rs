//! The wall clock, read in one place.

use std::time::{SystemTime, UNIX_EPOCH};
use vocab::UnixMs;

/// Now.
#[must_use]
pub fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    UnixMs(i64::try_from(since).unwrap_or(i64::MAX))
}
