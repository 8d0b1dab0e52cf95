//! Waiting for a condition with a deadline. Nothing here waits for time to pass.

use std::time::{Duration, Instant};

/// For what takes the box a moment, on a busy machine.
pub const SHORT: Duration = Duration::from_secs(20);
/// For a whole campaign, on a busy machine.
pub const LONG: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(25);

/// Asks again and again until there is a value.
///
/// # Panics
/// When the time is over, with the words given.
#[track_caller]
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ask() {
            return value;
        }
        assert!(start.elapsed() < limit, "not within {} s: {what}", limit.as_secs());
        std::thread::sleep(PAUSE);
    }
}
