//! Timers of many owners in one ordered set: set, clear and pop cost O(log n).
//!
//! Deliberately not here: what a timer means. A key has at most one running timer;
//! setting it again moves it.

use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Running timers by key, popped in order of time, then key (the order is deterministic).
#[derive(Clone, Debug)]
pub struct Timers<K> {
    queue: BTreeSet<(Millis, K)>,
    running: BTreeMap<K, Millis>,
}

impl<K: Copy + Ord> Timers<K> {
    /// No timer runs.
    pub fn new() -> Self {
        Self { queue: BTreeSet::new(), running: BTreeMap::new() }
    }

    /// Starts or moves the timer of `key`.
    pub fn set(&mut self, key: K, at: Millis) {
        self.clear(key);
        self.running.insert(key, at);
        self.queue.insert((at, key));
    }

    /// Stops the timer of `key` if it runs.
    pub fn clear(&mut self, key: K) {
        if let Some(at) = self.running.remove(&key) {
            self.queue.remove(&(at, key));
        }
    }

    /// Whether the timer of `key` runs.
    pub fn is_set(&self, key: K) -> bool {
        self.running.contains_key(&key)
    }

    /// The next timer that is due at `now`, removed.
    pub fn pop(&mut self, now: Millis) -> Option<K> {
        let &(at, key) = self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.remove(&(at, key));
        self.running.remove(&key);
        Some(key)
    }

    /// When the earliest timer runs out.
    pub fn deadline(&self) -> Option<Millis> {
        self.queue.first().map(|&(at, _)| at)
    }

    /// How many timers run.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether no timer runs.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}

impl<K: Copy + Ord> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_timer_fires_once_at_its_new_time() {
        let mut timers = Timers::new();
        timers.set('a', Millis(10));
        timers.set('a', Millis(30));
        timers.set('b', Millis(20));
        assert_eq!(timers.deadline(), Some(Millis(20)));
        assert_eq!(timers.pop(Millis(15)), None);
        assert_eq!(timers.pop(Millis(40)), Some('b'));
        assert_eq!(timers.pop(Millis(40)), Some('a'));
        assert_eq!(timers.pop(Millis(40)), None);
        assert!(timers.is_empty());
    }

    #[test]
    fn a_cleared_timer_never_fires() {
        let mut timers = Timers::new();
        timers.set(1, Millis(5));
        timers.clear(1);
        assert_eq!(timers.pop(Millis(100)), None);
        assert_eq!(timers.deadline(), None);
    }
}
