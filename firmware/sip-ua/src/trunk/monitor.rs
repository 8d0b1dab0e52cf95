//! The health of one trunk, from OPTIONS keep-alives and from its calls (LIN-06).
//!
//! Deliberately not here: sending. The endpoint sends the OPTIONS this machine asks for and
//! tells it what came back.
//!
//! An answer is any final response but 408 and 503: also 404, 405 or 481 show a living
//! peer. 503 means alive and overloaded. 408 and silence mean gone.
//!
//! | state | input | next |
//! |---|---|---|
//! | Unknown | answer | Up |
//! | Unknown, Up, Degraded | unavailable (503) | Degraded; Down at the third in a row |
//! | Unknown, Up, Degraded | silence for `silence_ms`, or transport error | Down |
//! | Degraded | answer | Up after `good_needed` in a row |
//! | Down | answer | Degraded; Up after `good_needed` in a row |
//! | Down | anything else | Down |
//! | not Disabled | registration lost | RegistrationFailed |
//! | RegistrationFailed | registered | Unknown |
//! | any | disable | Disabled |
//! | Disabled | enable | Unknown |

use crate::time::Millis;

/// What is known of a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrunkState {
    /// Just enabled; the first OPTIONS is out.
    Unknown,
    /// Answers.
    Up,
    /// Answers, but overloaded or just back.
    Degraded,
    /// Silent or unreachable.
    Down,
    /// Needs a registration and has none.
    RegistrationFailed,
    /// Switched off by the administrator.
    Disabled,
}

impl TrunkState {
    /// Whether calls may be placed on the trunk.
    pub fn is_usable(self) -> bool {
        match self {
            Self::Unknown | Self::Up | Self::Degraded => true,
            Self::Down | Self::RegistrationFailed | Self::Disabled => false,
        }
    }
}

/// What a monitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorInput {
    /// A final response but 408 or 503 (to an OPTIONS or to a call), or a provisional one.
    Answer,
    /// A 503.
    Unavailable,
    /// No answer within `silence_ms`, or a 408.
    Silence,
    /// The transport failed.
    TransportError,
    /// The registration of the trunk failed or ran out.
    RegistrationLost,
    /// The registration of the trunk was granted.
    Registered,
    /// The administrator switched the trunk off.
    Disable,
    /// The administrator switched the trunk on.
    Enable,
}

/// The pace of a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorConfig {
    /// Pause between two OPTIONS on a good trunk.
    pub interval_ms: u64,
    /// How long an OPTIONS may stay unanswered.
    pub silence_ms: u64,
    /// Answers in a row before a trunk counts as good again.
    pub good_needed: u32,
}

impl MonitorConfig {
    /// The worst delay between the last sign of life and `Down`.
    pub fn detection_ms(&self) -> u64 {
        self.interval_ms.saturating_add(self.silence_ms)
    }
}

impl Default for MonitorConfig {
    /// Down within 9 s, inside the 10 s of LIN-06.
    fn default() -> Self {
        Self { interval_ms: 5_000, silence_ms: 4_000, good_needed: 2 }
    }
}

/// The health of one trunk.
#[derive(Clone, Debug)]
pub struct Monitor {
    config: MonitorConfig,
    state: TrunkState,
    good_in_a_row: u32,
    bad_in_a_row: u32,
    since: Millis,
}

impl Monitor {
    /// A trunk of which nothing is known yet.
    pub fn new(config: MonitorConfig, now: Millis) -> Self {
        Self { config, state: TrunkState::Unknown, good_in_a_row: 0, bad_in_a_row: 0, since: now }
    }

    /// What is known now.
    pub fn state(&self) -> TrunkState {
        self.state
    }

    /// Since when the state holds.
    pub fn since(&self) -> Millis {
        self.since
    }

    /// The pace of this monitor.
    pub fn config(&self) -> &MonitorConfig {
        &self.config
    }

    /// Takes one observation; answers the new state when it changed.
    pub fn observe(&mut self, now: Millis, input: MonitorInput) -> Option<TrunkState> {
        self.count(input);
        let next = self.next(input);
        if next == self.state {
            return None;
        }
        self.state = next;
        self.since = now;
        Some(next)
    }

    fn count(&mut self, input: MonitorInput) {
        match input {
            MonitorInput::Answer => {
                self.good_in_a_row = self.good_in_a_row.saturating_add(1);
                self.bad_in_a_row = 0;
            }
            MonitorInput::Unavailable | MonitorInput::Silence | MonitorInput::TransportError => {
                self.good_in_a_row = 0;
                self.bad_in_a_row = self.bad_in_a_row.saturating_add(1);
            }
            MonitorInput::RegistrationLost
            | MonitorInput::Registered
            | MonitorInput::Disable
            | MonitorInput::Enable => {
                self.good_in_a_row = 0;
                self.bad_in_a_row = 0;
            }
        }
    }

    fn next(&self, input: MonitorInput) -> TrunkState {
        use {MonitorInput as I, TrunkState as S};
        let proven = self.good_in_a_row >= self.config.good_needed;
        match (self.state, input) {
            (S::Unknown | S::Up, I::Answer) => S::Up,
            (S::Degraded | S::Down, I::Answer) if proven => S::Up,
            (S::Degraded | S::Down, I::Answer) => S::Degraded,
            (S::Unknown | S::Up | S::Degraded, I::Unavailable) if self.bad_in_a_row >= UNAVAILABLE_LIMIT => {
                S::Down
            }
            (S::Unknown | S::Up | S::Degraded, I::Unavailable) => S::Degraded,
            (S::Unknown | S::Up | S::Degraded | S::Down, I::Silence | I::TransportError) => S::Down,
            (S::Down, I::Unavailable) => S::Down,
            (S::Unknown | S::Up | S::Degraded | S::Down, I::RegistrationLost) => S::RegistrationFailed,
            (S::Unknown | S::Up | S::Degraded | S::Down, I::Registered | I::Enable) => self.state,
            (S::RegistrationFailed, I::Registered) => S::Unknown,
            (
                S::RegistrationFailed,
                I::Answer | I::Unavailable | I::Silence | I::TransportError | I::RegistrationLost | I::Enable,
            ) => S::RegistrationFailed,
            (
                S::Unknown | S::Up | S::Degraded | S::Down | S::RegistrationFailed | S::Disabled,
                I::Disable,
            ) => S::Disabled,
            (S::Disabled, I::Enable) => S::Unknown,
            (
                S::Disabled,
                I::Answer
                | I::Unavailable
                | I::Silence
                | I::TransportError
                | I::RegistrationLost
                | I::Registered,
            ) => S::Disabled,
        }
    }
}

/// 503 in a row before a trunk counts as down.
pub const UNAVAILABLE_LIMIT: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use MonitorInput as I;
    use TrunkState as S;

    fn run(inputs: &[I]) -> S {
        let mut monitor = Monitor::new(MonitorConfig::default(), Millis(0));
        for &input in inputs {
            monitor.observe(Millis(1), input);
        }
        monitor.state()
    }

    #[test]
    fn lin_06_silence_is_noticed_within_ten_seconds() {
        assert!(MonitorConfig::default().detection_ms() <= 10_000);
        assert_eq!(run(&[I::Answer, I::Silence]), S::Down);
    }

    #[test]
    fn a_trunk_that_comes_back_must_answer_twice_before_it_is_up() {
        assert_eq!(run(&[I::Silence, I::Answer]), S::Degraded);
        assert_eq!(run(&[I::Silence, I::Answer, I::Answer]), S::Up);
        assert_eq!(run(&[I::Silence, I::Answer, I::Silence, I::Answer]), S::Degraded);
    }

    #[test]
    fn an_overloaded_trunk_is_degraded_and_the_third_503_takes_it_down() {
        assert_eq!(run(&[I::Answer, I::Unavailable]), S::Degraded);
        assert_eq!(run(&[I::Answer, I::Unavailable, I::Unavailable]), S::Degraded);
        assert_eq!(run(&[I::Answer, I::Unavailable, I::Unavailable, I::Unavailable]), S::Down);
    }

    #[test]
    fn a_lost_registration_outweighs_answers_until_it_is_granted_again() {
        assert_eq!(run(&[I::Answer, I::RegistrationLost, I::Answer]), S::RegistrationFailed);
        assert_eq!(run(&[I::RegistrationLost, I::Registered]), S::Unknown);
        assert_eq!(run(&[I::RegistrationLost, I::Registered, I::Answer]), S::Up);
    }

    #[test]
    fn a_disabled_trunk_stays_so_whatever_it_answers() {
        for input in [I::Answer, I::Unavailable, I::Silence, I::Registered, I::RegistrationLost] {
            assert_eq!(run(&[I::Disable, input]), S::Disabled);
        }
        assert_eq!(run(&[I::Disable, I::Enable]), S::Unknown);
    }
}
