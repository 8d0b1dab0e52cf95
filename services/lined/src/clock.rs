//! The clocks of the process, read at its edges only. Cores are handed the values.

use sip_ua::Millis;
use std::time::{SystemTime, UNIX_EPOCH};
use vocab::UnixMs;

/// `CLOCK_BOOTTIME` in microseconds: the time base of signalling, media and tickets.
#[must_use]
pub fn boot_us() -> u64 {
    let mut time = nix::libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec for the kernel to fill, and the clock id is a constant it knows.
    let done = unsafe { nix::libc::clock_gettime(nix::libc::CLOCK_BOOTTIME, &raw mut time) };
    assert_eq!(done, 0, "the boot clock can always be read");
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds * 1_000_000 + nanos / 1_000
}

/// `CLOCK_BOOTTIME` in milliseconds.
#[must_use]
pub fn boot_ms() -> u64 {
    boot_us() / 1_000
}

/// The same as the endpoint counts it.
#[must_use]
pub fn now() -> Millis {
    Millis(boot_ms())
}

/// Wall time, for facts.
#[must_use]
pub fn wall() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
