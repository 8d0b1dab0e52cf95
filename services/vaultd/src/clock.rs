//! The clocks of the process, read at its edge only. The core is handed their values.

use crate::ports::Clock;
use std::time::{SystemTime, UNIX_EPOCH};
use vocab::UnixMs;

/// Reads the clocks; `trusted` says that the operator vouches for the wall clock (a workstation).
#[must_use]
pub fn read(trusted: bool) -> Clock {
    Clock { now: wall(), boot_ms: boot_ms(), synchronised: trusted || kernel_synchronised() }
}

/// Wall time.
#[must_use]
pub fn wall() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn boot_ms() -> u64 {
    let mut time = nix::libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec for the kernel to fill, and the clock id is a constant it knows.
    let done = unsafe { nix::libc::clock_gettime(nix::libc::CLOCK_BOOTTIME, &raw mut time) };
    assert_eq!(done, 0, "the boot clock can always be read");
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
}

/// Whether a time source holds the kernel's clock (adjtimex(2): TIME_ERROR if not).
fn kernel_synchronised() -> bool {
    // SAFETY: all zeros is a valid timex that asks for nothing to be changed; the kernel fills it.
    let state = unsafe {
        let mut timex: nix::libc::timex = std::mem::zeroed();
        nix::libc::adjtimex(&raw mut timex)
    };
    state >= 0 && state != TIME_ERROR
}

const TIME_ERROR: i32 = 5;
