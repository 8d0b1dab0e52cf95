//! How long the custodians are waited for: a pure machine, times in, times out. Only a share that was taken gives more
//! time: a line that is never silent, as that of a terminal server which sends returns, is nobody, and a system on trial
//! that does not open the disk is given up for the other one all the same.

use crate::dialogue::Said;
use std::time::{Duration, Instant};

/// A system on trial that does not open the disk is given up for the other one: nobody stands by, it starts again.
pub const FIRST_SIGN_LIMIT: Duration = Duration::from_mins(1);
/// Custodians come one after another, and each types a share.
pub const SHARE_LIMIT: Duration = Duration::from_mins(30);
/// All of it, however often shares are asked for anew.
pub const RECOVERY_LIMIT: Duration = Duration::from_hours(2);

/// The times of one recovery.
#[derive(Debug)]
pub struct Limits {
    start: Instant,
    /// When the share was asked for that is asked for now.
    asked: Instant,
    /// Something was typed that is no empty line.
    somebody: bool,
}

impl Limits {
    /// The first share is asked for now.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self { start: now, asked: now, somebody: false }
    }

    /// Until when the next line has its first sign.
    #[must_use]
    pub fn begun(&self) -> Instant {
        if self.somebody { self.whole() } else { self.start + FIRST_SIGN_LIMIT }
    }

    /// Until when the share that is asked for is whole.
    #[must_use]
    pub fn whole(&self) -> Instant {
        (self.asked + SHARE_LIMIT).min(self.start + RECOVERY_LIMIT)
    }

    /// What a line came to.
    pub const fn heard(&mut self, now: Instant, said: &Said) {
        match said {
            Said::Nothing => {}
            Said::More(_) | Said::Refused(_) | Said::Restart => self.somebody = true,
            Said::Taken(_) | Said::Whole(..) => {
                self.somebody = true;
                self.asked = now;
            }
        }
    }
}
