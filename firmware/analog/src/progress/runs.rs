//! Runs of sound and pause of one group of frequencies. It knows no cadence.

/// Steps that a change must last before it is believed; it then counts from where it began.
pub(super) const SETTLE: u64 = 2;
/// Runs remembered.
pub(super) const MAX_RUNS: usize = crate::plan::MAX_STEPS + 2;

/// A sound of a group that is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) group: usize,
    /// The step it ended at.
    pub(super) until: u64,
    /// How many steps it lasted.
    pub(super) hops: u32,
}

/// The last runs of a group, newest first; the newest goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs {
    on: bool,
    /// Steps of the run that goes on.
    current: u32,
    /// Steps of the opposite at its end, not believed yet.
    doubt: u32,
    /// Lengths of the runs before: `past[0]` is the opposite of `on`.
    past: [u32; MAX_RUNS],
    /// How many of `past` were seen from their beginning.
    whole: usize,
    /// Whether the run that goes on was.
    began: bool,
    /// The loudest level of this sound.
    peak: f32,
}

impl Default for Runs {
    fn default() -> Self {
        Self { on: false, current: 0, doubt: 0, past: [0; MAX_RUNS], whole: 0, began: false, peak: 0.0 }
    }
}

impl Runs {
    /// Takes a step; the length of a sound that was seen whole and is found to be over.
    pub(super) fn hop(&mut self, sounds: bool, level: f32) -> Option<u32> {
        if sounds {
            self.peak = self.peak.max(level);
        }
        // What is left of a loud sound, as its echo, is no sound of its own.
        let sounds = sounds && level * FADED > self.peak;
        if sounds == self.on {
            self.current += self.doubt + 1;
            self.doubt = 0;
            return None;
        }
        self.doubt += 1;
        if u64::from(self.doubt) < SETTLE {
            return None;
        }
        let ended = (self.on && self.began).then_some(self.current);
        self.past.copy_within(..MAX_RUNS - 1, 1);
        self.past[0] = self.current;
        self.whole = if self.began { (self.whole + 1).min(MAX_RUNS) } else { 0 };
        self.began = true;
        self.on = sounds;
        self.current = self.doubt;
        self.doubt = 0;
        if !self.on {
            self.peak = 0.0;
        }
        ended
    }

    /// Whether it sounds.
    pub(super) const fn is_on(&self) -> bool {
        self.on
    }

    /// Steps of the run that goes on.
    pub(super) const fn current(&self) -> u32 {
        self.current
    }

    /// Whether the run that goes on has just begun: the one before can be judged.
    pub(super) const fn just_turned(&self) -> bool {
        self.current == SETTLE as u32 && self.doubt == 0
    }

    /// Lengths of the runs before the current one that were seen whole, newest first.
    pub(super) fn past(&self) -> &[u32] {
        &self.past[..self.whole]
    }
}

/// 15 dB.
const FADED: f32 = 32.0;
