//! Calls a minute, evenly spread (LIN-05): a leaky bucket without bursts. It reads no clock.

/// Spreads calls evenly. Times are monotonic microseconds.
#[derive(Debug, Clone)]
pub struct Rate {
    gap_us: u64,
    next_us: u64,
}

impl Rate {
    /// At most `per_minute` calls a minute; 0 is taken as 1.
    #[must_use]
    pub fn per_minute(per_minute: u32) -> Self {
        Self { gap_us: MINUTE_US / u64::from(per_minute.max(1)), next_us: 0 }
    }

    /// How many calls may start at `now`; what was not used in the last [`MAX_CATCH_UP_US`] is forfeited.
    #[must_use]
    pub fn permits(&self, now_us: u64) -> u32 {
        let from = self.next_us.max(now_us.saturating_sub(MAX_CATCH_UP_US));
        if from > now_us {
            return 0;
        }
        u32::try_from((now_us - from) / self.gap_us.max(1) + 1).unwrap_or(u32::MAX)
    }

    /// A call has started.
    pub fn used(&mut self, now_us: u64) {
        self.next_us = self.next_us.max(now_us.saturating_sub(MAX_CATCH_UP_US)) + self.gap_us;
    }

    /// When the next call may start, in monotonic microseconds.
    #[must_use]
    pub const fn next_us(&self) -> u64 {
        self.next_us
    }
}

const MINUTE_US: u64 = 60_000_000;
/// A loop that woke late may make up for this much, no more: 20 ms.
const MAX_CATCH_UP_US: u64 = 20_000;

#[cfg(test)]
mod tests {
    use super::{MAX_CATCH_UP_US, Rate};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lin_05_no_minute_has_more_calls_than_allowed(
            per_minute in 1_u32..2_000,
            steps in proptest::collection::vec(0_u64..3_000_000, 1..300),
        ) {
            let mut rate = Rate::per_minute(per_minute);
            let mut now = 1_000_000_000;
            let mut starts = Vec::new();
            for step in steps {
                now += step;
                for _ in 0..rate.permits(now) {
                    rate.used(now);
                    starts.push(now);
                }
            }
            let catch_up = 1 + MAX_CATCH_UP_US / (60_000_000 / u64::from(per_minute));
            for (at, &start) in starts.iter().enumerate() {
                let within = starts[at..].iter().take_while(|&&other| other - start < 60_000_000).count();
                prop_assert!(within as u64 <= u64::from(per_minute) + catch_up, "{within} of {per_minute}");
            }
        }
    }

    #[test]
    fn time_without_calls_is_not_saved_up() {
        let rate = Rate::per_minute(60);
        assert_eq!(rate.permits(3_600_000_000), 1);
    }
}
