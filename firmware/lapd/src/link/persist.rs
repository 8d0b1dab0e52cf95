//! What Q.921 leaves to others: a lost link that layer 3 wants is called again, the more slowly the oftener it fails.
//!
//! Deliberately not here: the waits; they are the configuration's.

use vocab::Millis;

use super::{Layer3, Link};
use crate::api::{Output, ReleaseCause, State};

impl Link {
    /// The link is lost, or the attempt to establish it failed.
    pub(super) fn lose(&mut self, now: Millis, cause: ReleaseCause, out: &mut Vec<Output>) {
        self.count_loss(now);
        self.fall(now, cause, out);
    }

    /// State 4 after a loss that was counted: layer 3 is told unless it knows, and the next call is planned.
    pub(super) fn fall(&mut self, now: Millis, cause: ReleaseCause, out: &mut Vec<Output>) {
        self.rest();
        if self.layer3 != Layer3::Down {
            self.tell_released(cause, out);
        }
        self.plan(now);
    }

    /// The line is up: the link is called if it is wanted.
    pub(super) fn line_up(&mut self, now: Millis) {
        self.physical_up = true;
        self.plan(now);
    }

    /// The line is down (PH-DEACTIVATE indication in every state).
    pub(super) fn line_down(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.physical_up = false;
        match self.state {
            State::AwaitingRelease => self.released(out),
            State::TeiAssigned => self.fall(now, ReleaseCause::PhysicalDown, out),
            State::AwaitingEstablishment | State::MultipleFrameEstablished | State::TimerRecovery => {
                self.lose(now, ReleaseCause::PhysicalDown, out);
            }
        }
    }

    /// Whether the link failed so often that it waits before it is called.
    pub(super) fn is_resting(&self) -> bool {
        self.config.persistence.wait_ms(self.losses) > 0
    }

    /// One more loss in a row, or the first after the link stood long enough.
    pub(super) fn count_loss(&mut self, now: Millis) {
        if let Some(since) = self.up_since.take() {
            self.counters.losses += 1;
            if now - since >= self.config.persistence.stable_ms {
                self.losses = 0;
            }
        }
        self.losses = self.losses.saturating_add(1);
    }

    /// Layer 3 no longer wants the link: it is not called, and its losses are forgotten.
    pub(super) const fn forget_wish(&mut self) {
        self.wanted = false;
        self.retry = None;
        self.losses = 0;
    }

    fn plan(&mut self, now: Millis) {
        if self.wanted && self.physical_up {
            self.retry = Some(now + self.config.persistence.wait_ms(self.losses));
        }
    }
}
