//! The wait between attempts to reach a process that is being restarted. Grows, never past a second.

use std::time::Duration;

/// Doubling waits from 20 ms to one second.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let wait = (FIRST_MS << self.tries.min(MAX_DOUBLINGS)).min(LONGEST_MS);
        self.tries = self.tries.saturating_add(1);
        Duration::from_millis(wait)
    }

    /// The peer was reached: start from the shortest wait again.
    pub fn reached(&mut self) {
        self.tries = 0;
    }
}

const FIRST_MS: u64 = 20;
const LONGEST_MS: u64 = 1_000;
const MAX_DOUBLINGS: u32 = 6;

#[cfg(test)]
mod tests {
    use super::Backoff;

    #[test]
    fn waits_double_and_stop_at_a_second() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next_wait().as_millis()).collect();
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1_000, 1_000]);
        backoff.reached();
        assert_eq!(backoff.next_wait().as_millis(), 20);
    }
}
