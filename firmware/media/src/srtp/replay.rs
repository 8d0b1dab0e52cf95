//! Packet indices and the replay window (RFC 3711 sections 3.3.1 and 3.3.2). No cryptography.

/// Packets behind the highest one that are still told apart.
pub(super) const REPLAY_WINDOW: u32 = 128;

/// The highest authenticated index and which of the last 128 were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    highest: Option<u64>,
    seen: u128,
}

impl Window {
    /// Whether the index is new: not seen and not older than the window.
    pub(super) fn is_new(&self, index: u64) -> bool {
        let Some(highest) = self.highest else { return true };
        if index > highest {
            return true;
        }
        let age = highest - index;
        age < u64::from(REPLAY_WINDOW) && (self.seen >> age) & 1 == 0
    }

    /// Marks an authenticated index.
    pub(super) fn mark(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => {
                let age = highest - index;
                if age < u64::from(REPLAY_WINDOW) {
                    self.seen |= 1 << age;
                }
            }
            Some(highest) => {
                let step = index - highest;
                self.seen = if step < u64::from(REPLAY_WINDOW) { self.seen << step } else { 0 } | 1;
                self.highest = Some(index);
            }
            None => {
                self.seen = 1;
                self.highest = Some(index);
            }
        }
    }

    /// The index a sequence number most likely means (RFC 3711 section 3.3.1, appendix A).
    pub(super) fn guess(&self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else { return u64::from(sequence) };
        let rollover = highest >> 16;
        let last = i32::from(highest as u16);
        let seq = i32::from(sequence);
        let rollover = if last < HALF {
            if seq - last > HALF { rollover.saturating_sub(1) } else { rollover }
        } else if last - HALF > seq {
            rollover + 1
        } else {
            rollover
        };
        (rollover << 16) | u64::from(sequence)
    }
}

const HALF: i32 = 0x8000;

#[cfg(test)]
mod tests {
    use super::{REPLAY_WINDOW, Window};

    #[test]
    fn an_index_is_new_once_and_never_when_older_than_the_window() {
        let mut window = Window::default();
        assert!(window.is_new(1_000));
        window.mark(1_000);
        assert!(!window.is_new(1_000));
        assert!(window.is_new(1_000 - u64::from(REPLAY_WINDOW) + 1));
        assert!(!window.is_new(1_000 - u64::from(REPLAY_WINDOW)));
        window.mark(990);
        assert!(!window.is_new(990));
        assert!(window.is_new(991));
        window.mark(5_000);
        assert!(!window.is_new(4_000));
        assert!(window.is_new(4_999));
    }

    #[test]
    fn the_rollover_counter_follows_the_sequence_number_both_ways() {
        let mut window = Window::default();
        window.mark(window.guess(65_534));
        assert_eq!(window.guess(1), 0x1_0001);
        window.mark(0x1_0001);
        assert_eq!(window.guess(65_535), 65_535);
        assert_eq!(window.guess(2), 0x1_0002);
    }
}
