//! Call-progress detection: which tone of the plan sounds, a voice, or silence.
//!
//! Every 10 ms the last 40 ms are looked at: how much of their power lies in the bands of each tone of the plan
//! (`bank`). From that follow runs of sound and pause for each group of frequencies (`runs`), which are held against
//! the cadences (`cadence`). A voice is what is periodic but not steady (`voice`). Memory is taken when the detector is
//! made; a block takes none.
//!
//! It tells a change once. It does not know what a call is doing: that a tone makes no sense now is for the line to say.

mod bank;
mod cadence;
mod runs;
#[cfg(test)]
mod tests;
mod voice;

use crate::Block;
use crate::plan::{ToneKind, TonePlan};
use bank::{Bank, Groups};
use cadence::{Cadence, Verdict};
use runs::{Ended, Runs};
use voice::Voice;

/// What is heard on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heard {
    /// A tone of the plan.
    Tone(ToneKind),
    /// Somebody, or something, speaks.
    Voice,
    /// Nothing for a second.
    Silence,
}

/// Hears the tones of one plan on one line.
#[derive(Debug)]
pub struct ProgressDetector {
    bank: Bank,
    groups: Groups,
    runs: Vec<Runs>,
    cadences: Vec<Cadence>,
    /// The last sounds that ended, of any group: for tones of several frequencies in turn.
    ended: [Option<Ended>; MAX_ENDED],
    voice: Voice,
    current: Option<Heard>,
    /// Which cadence the current tone is.
    holds: Option<usize>,
    quiet_hops: u32,
    hop: u64,
}

impl ProgressDetector {
    /// For this plan.
    #[must_use]
    pub fn new(plan: &TonePlan) -> Self {
        let groups = Groups::of(plan);
        let cadences = cadence::all(plan, &groups);
        Self {
            bank: Bank::new(),
            runs: vec![Runs::default(); groups.len()],
            groups,
            cadences,
            ended: [None; MAX_ENDED],
            voice: Voice::default(),
            current: None,
            holds: None,
            quiet_hops: 0,
            hop: 0,
        }
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        self.bank = Bank::new();
        self.runs.fill(Runs::default());
        self.ended = [None; MAX_ENDED];
        self.voice = Voice::default();
        self.current = None;
        self.holds = None;
        self.quiet_hops = 0;
        self.hop = 0;
    }

    /// What is heard now.
    #[must_use]
    pub const fn current(&self) -> Option<Heard> {
        self.current
    }

    /// Takes 20 ms; what is heard from now on, where that changed.
    pub fn process(&mut self, block: &Block) -> Option<Heard> {
        let before = self.current;
        for half in block.as_chunks::<HOP>().0 {
            self.hop(half);
        }
        let tone = self.runs.iter().any(Runs::is_on);
        let voice = self.voice.frame(self.bank.window(), self.bank.level(), tone);
        if voice.is_voice {
            self.holds = None;
            self.current = Some(Heard::Voice);
        }
        self.silence(voice.is_sound || tone);
        if self.current == before { None } else { self.current }
    }

    fn hop(&mut self, half: &[i16; HOP]) {
        self.hop += 1;
        self.bank.push(half);
        for group in 0..self.runs.len() {
            let on = self.groups.sounds(group, &self.bank, self.runs[group].is_on());
            if let Some(length) = self.runs[group].hop(on, self.bank.level()) {
                self.ended.rotate_right(1);
                self.ended[0] = Some(Ended { group, until: self.hop - runs::SETTLE, hops: length });
            }
        }
        self.still_holds();
        for at in 0..self.cadences.len() {
            let cadence = &self.cadences[at];
            if self.holds != Some(at) && cadence.begins(&self.runs, &self.ended, self.hop) {
                self.holds = Some(at);
                self.current = Some(Heard::Tone(cadence.kind()));
            }
        }
    }

    /// Lets go of a tone whose cadence is broken.
    fn still_holds(&mut self) {
        let Some(at) = self.holds else { return };
        match self.cadences[at].goes_on(&self.runs) {
            Verdict::Holds => {}
            Verdict::Broken => {
                self.holds = None;
                self.current = None;
            }
        }
    }

    /// Silence is told after a second in which nothing sounded and no tone pauses.
    fn silence(&mut self, sounds: bool) {
        if sounds || self.holds.is_some() {
            self.quiet_hops = 0;
            return;
        }
        self.quiet_hops += 2;
        if self.quiet_hops >= SILENCE_HOPS {
            self.current = Some(Heard::Silence);
        }
    }
}

/// Samples of a step of 10 ms.
const HOP: usize = 80;
/// Milliseconds of it.
const HOP_MS: u32 = 10;
/// Sounds kept: the longest sequence a plan can have.
const MAX_ENDED: usize = crate::plan::MAX_STEPS;
/// One second.
const SILENCE_HOPS: u32 = 100;
