//! Whether one process lives: a pure machine over questions, answers and time. It kills nobody itself.

/// What to do about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Ask it.
    Ask {
        /// The question's serial.
        serial: u64,
    },
    /// It owes us [`MISSED_QUESTIONS`] answers: kill it.
    Kill,
    /// Nothing is due.
    Wait,
}

/// The record of one process.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    serial: u64,
    answered: u64,
    asked_ms: Option<u64>,
    connected: bool,
}

impl Judge {
    /// It connected: what it owed in an earlier life is forgotten.
    pub fn connected(&mut self) {
        self.connected = true;
        self.answered = self.serial;
        self.asked_ms = None;
    }

    /// Its connection is gone: it is being restarted, or was never there.
    pub fn lost(&mut self) {
        self.connected = false;
    }

    /// It answered. An answer to an older question counts for that question only.
    pub fn answered(&mut self, serial: u64) {
        if serial <= self.serial {
            self.answered = self.answered.max(serial);
        }
    }

    /// What is due at `now_ms` (monotonic).
    pub fn due(&mut self, now_ms: u64) -> Verdict {
        if !self.connected || self.asked_ms.is_some_and(|asked| now_ms < asked + ASK_EVERY_MS) {
            return Verdict::Wait;
        }
        if self.serial - self.answered >= MISSED_QUESTIONS {
            self.connected = false;
            return Verdict::Kill;
        }
        self.serial += 1;
        self.asked_ms = Some(now_ms);
        Verdict::Ask { serial: self.serial }
    }

    /// Whether it answered the last question, or the one before that.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.connected && self.serial - self.answered <= 1
    }
}

/// One question a second.
pub const ASK_EVERY_MS: u64 = 1_000;
/// So many unanswered questions make a hung process.
pub const MISSED_QUESTIONS: u64 = 3;

#[cfg(test)]
mod tests {
    use super::{Judge, Verdict};
    use proptest::prelude::*;

    #[test]
    fn lin_06_a_process_that_hangs_is_killed_within_ten_seconds() {
        let mut judge = Judge::default();
        judge.connected();
        let killed = (0..10_000).step_by(100).find(|&now| judge.due(now) == Verdict::Kill);
        assert_eq!(killed, Some(3_000));
    }

    #[test]
    fn a_process_that_answers_is_never_killed() {
        let mut judge = Judge::default();
        judge.connected();
        for now in (0..600_000).step_by(50) {
            match judge.due(now) {
                Verdict::Ask { serial } => judge.answered(serial),
                Verdict::Kill => panic!("killed at {now}"),
                Verdict::Wait => {}
            }
            assert!(judge.is_well());
        }
    }

    #[test]
    fn a_restarted_process_owes_nothing() {
        let mut judge = Judge::default();
        judge.connected();
        while judge.due(u64::MAX / 2) != Verdict::Wait {}
        judge.lost();
        judge.connected();
        assert!(matches!(judge.due(0), Verdict::Ask { .. }));
    }

    proptest! {
        #[test]
        fn answers_to_questions_never_asked_change_nothing(serial in 1_u64.., late in 0_u64..5) {
            let mut judge = Judge::default();
            judge.connected();
            judge.answered(serial);
            prop_assert_eq!(judge.due(late), Verdict::Ask { serial: 1 });
        }
    }
}
