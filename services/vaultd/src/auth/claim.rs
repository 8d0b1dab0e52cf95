//! The claim of a blank box: a code shown on the console alone, tried from the page (L-31).
//!
//! It knows the code and how often it was missed; what a claim does is decided elsewhere.

use super::code;
use vocab::{MINUTE_MS, Secret};

/// Wrong tries before a new code is drawn.
pub const MAX_WRONG: u32 = 5;
/// How long nothing is taken then.
pub const PAUSE_MS: u64 = 10 * MINUTE_MS as u64;

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It is the code.
    Right,
    /// It is not.
    Wrong,
    /// It was the last wrong try: draw a new code.
    Exhausted,
    /// Nothing is taken for so many milliseconds.
    Paused(u64),
}

/// The door of a blank box. Instants are those of the clock that only runs forward.
#[derive(Debug)]
pub struct ClaimDoor {
    shown: Secret<String>,
    kept: [u8; 32],
    wrong: u32,
    missed: u32,
    open_at_ms: u64,
}

impl ClaimDoor {
    /// A door with a fresh code.
    #[must_use]
    pub fn new(random: &Secret<[u8; code::DRAWN_BYTES]>) -> Self {
        let shown = code::show(random);
        let kept = code::kept(&shown);
        Self { shown, kept, wrong: 0, missed: 0, open_at_ms: 0 }
    }

    /// The code, for the console.
    #[must_use]
    pub const fn shown(&self) -> &Secret<String> {
        &self.shown
    }

    /// Wrong tries since the start.
    #[must_use]
    pub const fn missed(&self) -> u32 {
        self.missed
    }

    /// Tries a code.
    pub fn try_code(&mut self, typed: &Secret<String>, now_ms: u64) -> Tried {
        if now_ms < self.open_at_ms {
            return Tried::Paused(self.open_at_ms - now_ms);
        }
        if code::is(typed, &self.kept) {
            return Tried::Right;
        }
        self.wrong += 1;
        self.missed = self.missed.saturating_add(1);
        if self.wrong >= MAX_WRONG { Tried::Exhausted } else { Tried::Wrong }
    }

    /// A new code after too many wrong tries, and a pause.
    pub fn redraw(&mut self, random: &Secret<[u8; code::DRAWN_BYTES]>, now_ms: u64) {
        self.renew(random);
        self.open_at_ms = now_ms.saturating_add(PAUSE_MS);
    }

    /// A new code: the old one was used.
    pub fn renew(&mut self, random: &Secret<[u8; code::DRAWN_BYTES]>) {
        self.shown = code::show(random);
        self.kept = code::kept(&self.shown);
        self.wrong = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimDoor, MAX_WRONG, PAUSE_MS, Tried};
    use vocab::Secret;

    #[test]
    fn l_31_five_wrong_tries_draw_a_new_code_after_a_pause() {
        let mut door = ClaimDoor::new(&Secret::new([1; 16]));
        let first = door.shown().clone();
        let wrong = Secret::new("ABCD".to_owned());
        for _ in 1..MAX_WRONG {
            assert_eq!(door.try_code(&wrong, 0), Tried::Wrong);
        }
        assert_eq!(door.try_code(&wrong, 0), Tried::Exhausted);
        door.redraw(&Secret::new([2; 16]), 0);
        assert_ne!(*door.shown(), first);
        let second = door.shown().clone();
        assert_eq!(door.try_code(&second, PAUSE_MS - 1), Tried::Paused(1), "even the right code waits");
        assert_eq!(door.try_code(&first, PAUSE_MS), Tried::Wrong, "the old code is void");
        assert_eq!(door.try_code(&second, PAUSE_MS), Tried::Right);
        assert_eq!(door.missed(), MAX_WRONG + 1);
    }
}
