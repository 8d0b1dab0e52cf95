//! How often a state that the far side can change at will is told: each telling is an entry of the ledger, and a D
//! channel can be torn down and set up a thousand times a second. What is told last is always how it stands.
//!
//! It delays words, never what is done: calls and alarms go by the state itself.

use vocab::Millis;

/// A state and what was told of it.
#[derive(Debug)]
pub(super) struct Pace<T> {
    told: T,
    stands: T,
    until: Millis,
    left: u32,
}

impl<T: Copy + PartialEq> Pace<T> {
    /// Told as it stands.
    pub const fn new(state: T) -> Self {
        Self { told: state, stands: state, until: Millis(0), left: MOST }
    }

    /// How it stands now.
    pub const fn stands(&mut self, state: T) {
        self.stands = state;
    }

    /// What is to be told now, after what was told before; it counts as told.
    pub fn due(&mut self, now: Millis) -> Option<(T, T)> {
        if now >= self.until {
            self.until = now + WINDOW_MS;
            self.left = MOST;
        }
        if self.stands == self.told || self.left == 0 {
            return None;
        }
        self.left -= 1;
        Some((std::mem::replace(&mut self.told, self.stands), self.stands))
    }

    /// Whether it changed so often that nothing more is told for a while.
    pub fn is_spent(&self, now: Millis) -> bool {
        self.left == 0 && now < self.until
    }

    /// When something is due that is not told yet.
    pub fn deadline(&self) -> Option<Millis> {
        (self.left == 0).then_some(self.until)
    }
}

/// Changes told of one state within [`WINDOW_MS`].
const MOST: u32 = 20;
/// A minute.
const WINDOW_MS: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::{Pace, WINDOW_MS};
    use vocab::Millis;

    #[test]
    fn a_state_that_changes_without_end_is_told_so_often_and_at_last_as_it_stands() {
        let mut pace = Pace::new(0);
        let mut told = Vec::new();
        for change in 1..=10_000_u32 {
            pace.stands(change);
            told.extend(pace.due(Millis(1_000)));
        }
        assert_eq!(told.len(), 20);
        assert_eq!((told[0], told[19]), ((0, 1), (19, 20)));
        assert!(pace.is_spent(Millis(1_000)));
        let due = pace.deadline().expect("the last one is still to be told");
        assert_eq!(due, Millis(1_000 + WINDOW_MS));
        assert_eq!(pace.due(due), Some((20, 10_000)), "what lay between is not told");
        assert!(!pace.is_spent(due));
        assert_eq!(pace.due(due), None);
    }

    #[test]
    fn what_is_back_as_it_was_is_no_news() {
        let mut pace = Pace::new(false);
        pace.stands(true);
        pace.stands(false);
        assert_eq!(pace.due(Millis(0)), None);
        assert_eq!(pace.deadline(), None);
    }
}
