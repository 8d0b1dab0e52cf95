//! Hook-switch discrimination: from a raw loop that opens and closes to hook, flash and pulses, for cards and CAS
//! timeslots that tell only the loop.
//!
//! Columns: **N** on-hook, **F** off-hook, **B** a break that may still be a pulse, a flash or hanging up, **M** the
//! loop closed between pulses. Breaks by their length: *Bounce* below 20 ms, *Short* up to 85 ms (a pulse of 10 a
//! second opens 60 to 67 ms), *Long* up to the time for hanging up.
//!
//! | input | N | F | B | M |
//! |---|---|---|---|---|
//! | Open | · | B open | · | B open |
//! | Bounce | F off | · | F back | · |
//! | Short | F off | · | M pulse | · |
//! | Long | F off | · | F flash | · |
//! | Timer | · | · | N on | F digit |
//!
//! It collects one digit at a time; a break that closes a digit too late to be a pulse is a flash.

use card::{HookState, LineEvent};
use vocab::Millis;

/// Lengths of breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookTiming {
    /// Shorter breaks are bounces.
    pub bounce_ms: u64,
    /// Longest break of a pulse.
    pub pulse_ms: u64,
    /// A break this long is hanging up; shorter ones are a flash.
    pub hang_up_ms: u64,
    /// Closed this long after a pulse, the digit is over.
    pub digit_ms: u64,
}

impl Default for HookTiming {
    fn default() -> Self {
        Self { bounce_ms: 20, pulse_ms: 85, hang_up_ms: 800, digit_ms: 250 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    On,
    Off,
    Break,
    Make,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Open,
    Bounce,
    Short,
    Long,
    Timer,
}

/// Follows one loop.
#[derive(Debug, Clone, Copy)]
pub struct HookDecoder {
    timing: HookTiming,
    state: State,
    since: Millis,
    pulses: u8,
    timer: Option<Millis>,
}

impl HookDecoder {
    /// A telephone that is on-hook.
    #[must_use]
    pub const fn new(timing: HookTiming) -> Self {
        Self { timing, state: State::On, since: Millis(0), pulses: 0, timer: None }
    }

    /// When [`HookDecoder::expire`] must be called.
    #[must_use]
    pub const fn deadline(&self) -> Option<Millis> {
        self.timer
    }

    /// The loop closed (`true`) or opened.
    pub fn step(&mut self, now: Millis, closed: bool) -> Option<LineEvent> {
        let lasted = now - self.since;
        let sign = if !closed {
            Sign::Open
        } else if lasted < self.timing.bounce_ms {
            Sign::Bounce
        } else if lasted <= self.timing.pulse_ms {
            Sign::Short
        } else {
            Sign::Long
        };
        self.take(now, sign)
    }

    /// Takes the passing of time; nothing happens before the deadline.
    pub fn expire(&mut self, now: Millis) -> Option<LineEvent> {
        if self.timer.is_none_or(|at| now < at) {
            return None;
        }
        self.take(now, Sign::Timer)
    }

    fn take(&mut self, now: Millis, sign: Sign) -> Option<LineEvent> {
        match (self.state, sign) {
            (State::On, Sign::Bounce | Sign::Short | Sign::Long) => {
                self.go(State::Off, None);
                Some(LineEvent::Hook(HookState::Off))
            }
            (State::Off | State::Make, Sign::Open) => {
                self.since = now;
                self.go(State::Break, Some(now + self.timing.hang_up_ms));
                None
            }
            (State::Break, Sign::Bounce) => {
                // A bounce within a digit does not end it.
                let (next, timer) = if self.pulses == 0 {
                    (State::Off, None)
                } else {
                    (State::Make, Some(now + self.timing.digit_ms))
                };
                self.go(next, timer);
                None
            }
            (State::Break, Sign::Short) => {
                self.pulses = self.pulses.saturating_add(1);
                self.go(State::Make, Some(now + self.timing.digit_ms));
                None
            }
            (State::Break, Sign::Long) => {
                self.pulses = 0;
                self.go(State::Off, None);
                Some(LineEvent::Flash)
            }
            (State::Break, Sign::Timer) => {
                self.pulses = 0;
                self.go(State::On, None);
                Some(LineEvent::Hook(HookState::On))
            }
            (State::Make, Sign::Timer) => {
                self.go(State::Off, None);
                let pulses = std::mem::take(&mut self.pulses);
                (pulses <= MOST_PULSES).then_some(LineEvent::Pulse(pulses % MOST_PULSES))
            }
            (State::On | State::Break, Sign::Open)
            | (State::Off | State::Make, Sign::Bounce | Sign::Short | Sign::Long)
            | (State::On | State::Off, Sign::Timer) => None,
        }
    }

    fn go(&mut self, state: State, timer: Option<Millis>) {
        self.state = state;
        self.timer = timer;
    }
}

/// Ten pulses are a nought.
const MOST_PULSES: u8 = 10;

#[cfg(test)]
mod tests {
    use super::{HookDecoder, HookTiming, Sign, State};
    use vocab::Millis;

    const STATES: [(&str, State); 4] =
        [("N", State::On), ("F", State::Off), ("B", State::Break), ("M", State::Make)];

    fn told(action: &str) -> &str {
        match action {
            "off" => "Some(Hook(Off))",
            "on" => "Some(Hook(On))",
            "flash" => "Some(Flash)",
            "digit" => "Some(Pulse(3))",
            "open" | "back" | "pulse" | "" => "None",
            other => panic!("{other} is no action"),
        }
    }

    #[test]
    fn the_decoder_does_what_every_cell_of_its_table_says() {
        let rows: Vec<&str> =
            include_str!("hook.rs").lines().filter_map(|line| line.strip_prefix("//! | ")).collect();
        assert_eq!(rows[0], "input | N | F | B | M |");
        assert_eq!(rows.len(), 6, "a row is missing");
        for row in &rows[1..] {
            let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
            let sign = match cells[0] {
                "Open" => Sign::Open,
                "Bounce" => Sign::Bounce,
                "Short" => Sign::Short,
                "Long" => Sign::Long,
                "Timer" => Sign::Timer,
                other => panic!("{other} is no input"),
            };
            assert_eq!(cells.len(), STATES.len() + 1);
            for ((letter, state), cell) in STATES.into_iter().zip(&cells[1..]) {
                let mut decoder = HookDecoder::new(HookTiming::default());
                decoder.state = state;
                decoder.pulses = if state == State::Make { 3 } else { 0 };
                let event = decoder.take(Millis(9_000), sign);
                let (next, action) =
                    if *cell == "·" { (letter, "") } else { cell.split_once(' ').expect("a cell") };
                let next = STATES.iter().find(|(known, _)| *known == next).expect("a state").1;
                assert_eq!(decoder.state, next, "{letter} {row}");
                assert_eq!(format!("{event:?}"), told(action), "{letter} {row}");
            }
        }
    }
}
