//! The two clocks of the floor, read in one place.

use pacing::Now;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use vocab::UnixMs;

/// Reads both clocks.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the monotonic clock.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Now, on both clocks.
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Now {
            mono_us: u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX),
            wall: UnixMs(i64::try_from(wall).unwrap_or(i64::MAX)),
        }
    }

    /// The instant of a monotonic time of the floor.
    pub fn instant(&self, mono_us: u64) -> tokio::time::Instant {
        (self.start + std::time::Duration::from_micros(mono_us)).into()
    }
}
