//! When runs of sound and pause are a tone of the plan, and when they are no longer.
//!
//! A tone without cadence is one that lasts longer than every sound of the same frequencies can. A slow cadence (a period
//! of three seconds and more, as ringback) is believed after one sound and as much of its pause as no other cadence
//! allows; a quick one (busy) after sound, pause, sound; one of several lengths after a whole turn; frequencies in turn
//! (SIT) after the last of them.

use super::HOP_MS;
use super::bank::Groups;
use super::runs::{Ended, Runs};
use crate::plan::{MAX_STEPS, ToneKind, TonePlan, ToneSpec};

/// Least and most steps.
#[derive(Debug, Clone, Copy)]
struct Range {
    least: u32,
    most: u32,
}

impl Range {
    fn of(ms: u32, percent: f64) -> Self {
        let ms = f64::from(ms);
        let slack = ms * percent / 100.0 + EDGE_MS;
        let hops = |ms: f64| (ms / f64::from(HOP_MS)).max(0.0);
        Self { least: hops(ms - slack).ceil() as u32, most: hops(ms + slack).floor() as u32 }
    }

    const fn holds(self, hops: u32) -> bool {
        self.least <= hops && hops <= self.most
    }

    const fn overlaps(self, other: Self) -> bool {
        self.least <= other.most && other.least <= self.most
    }
}

#[derive(Debug)]
enum Form {
    /// Sounds for so many steps.
    Continuous { confirm: u32 },
    /// One sound, and so many steps of its pause.
    Slow { on: Range, off: Range, pause: u32 },
    /// Sounds and pauses in turn, beginning with a sound.
    Quick { steps: Vec<Range> },
    /// One group after the other, each after a gap.
    Sequence { parts: Vec<Part> },
}

#[derive(Debug, Clone, Copy)]
struct Part {
    group: usize,
    length: Range,
    /// Pause before it, in steps.
    gap: u32,
}

/// One tone of a plan as the detector sees it.
#[derive(Debug)]
pub(super) struct Cadence {
    kind: ToneKind,
    group: usize,
    form: Form,
}

/// Whether a tone goes on.
pub(super) enum Verdict {
    Holds,
    Broken,
}

/// The cadences of a plan.
pub(super) fn all(plan: &TonePlan, groups: &Groups) -> Vec<Cadence> {
    plan.tones().iter().filter_map(|tone| one(tone, plan, groups)).collect()
}

fn one(tone: &ToneSpec, plan: &TonePlan, groups: &Groups) -> Option<Cadence> {
    let first = tone.steps().iter().find(|step| !step.hz().is_empty())?;
    let group = groups.of_step(tone, first.hz())?;
    let others = || {
        plan.tones()
            .iter()
            .filter(move |other| !std::ptr::eq(*other, tone) && other.repeats())
            .filter(move |other| other.steps().first().is_some_and(|step| step.hz() == first.hz()))
    };
    let form = if !tone.repeats() && !tone.is_continuous() {
        Form::Sequence { parts: parts(tone, groups) }
    } else if tone.is_continuous() {
        let longest = others().flat_map(sounds).map(|range| range.most).max().unwrap_or(0);
        Form::Continuous { confirm: (longest + CONFIRM_HOPS).max(LEAST_CONTINUOUS_HOPS) }
    } else {
        let steps = ranges(tone);
        let period: u32 = tone.steps().iter().filter_map(|step| step.ms).sum();
        match steps[..] {
            [on, off] if period >= SLOW_MS => {
                let alike = others().flat_map(pairs).filter(|(sound, _)| sound.overlaps(on));
                let pause = alike.map(|(_, pause)| pause.most + 2).filter(|most| *most < off.most).max();
                Form::Slow { on, off, pause: pause.unwrap_or(0).max(LEAST_PAUSE_HOPS).min(off.least) }
            }
            _ => Form::Quick { steps },
        }
    };
    Some(Cadence { kind: tone.kind, group, form })
}

fn ranges(tone: &ToneSpec) -> Vec<Range> {
    let percent = tone.tolerance_percent;
    tone.steps().iter().filter_map(|step| step.ms).map(|ms| Range::of(ms, percent)).collect()
}

fn sounds(tone: &ToneSpec) -> impl Iterator<Item = Range> {
    ranges(tone).into_iter().step_by(2)
}

/// Each sound with the pause after it.
fn pairs(tone: &ToneSpec) -> impl Iterator<Item = (Range, Range)> {
    let ranges = ranges(tone);
    (0..ranges.len() / 2).map(move |n| (ranges[2 * n], ranges[2 * n + 1]))
}

fn parts(tone: &ToneSpec, groups: &Groups) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut gap = 0;
    for step in tone.steps() {
        let ms = step.ms.unwrap_or(0);
        match groups.of_step(tone, step.hz()) {
            Some(group) => {
                parts.push(Part { group, length: Range::of(ms, tone.tolerance_percent), gap });
                gap = 0;
            }
            None => gap += ms / HOP_MS,
        }
    }
    parts
}

impl Cadence {
    pub(super) const fn kind(&self) -> ToneKind {
        self.kind
    }

    /// Whether the tone is there for the first time in this step.
    pub(super) fn begins(&self, runs: &[Runs], ended: &[Option<Ended>], hop: u64) -> bool {
        let runs = &runs[self.group];
        match &self.form {
            Form::Continuous { confirm } => runs.is_on() && runs.current() >= *confirm,
            Form::Slow { on, off, pause } => {
                let sound = runs.past().first().is_some_and(|length| on.holds(*length));
                !runs.is_on() && sound && runs.current() >= *pause && runs.current() <= off.most
            }
            Form::Quick { steps } => runs.just_turned() && turns(steps, runs),
            Form::Sequence { parts } => follows(parts, ended, hop),
        }
    }

    /// Whether a tone that was there still is.
    pub(super) fn goes_on(&self, runs: &[Runs]) -> Verdict {
        let runs = &runs[self.group];
        let most = |on: bool| match &self.form {
            Form::Continuous { .. } => {
                if on {
                    u32::MAX
                } else {
                    LOST_HOPS
                }
            }
            Form::Slow { on: sound, off, .. } => {
                if on {
                    sound.most
                } else {
                    off.most
                }
            }
            Form::Quick { steps } => {
                let of_kind = steps.iter().skip(usize::from(!on)).step_by(2);
                of_kind.map(|range| range.most).max().unwrap_or(0)
            }
            Form::Sequence { .. } => SEQUENCE_HOPS,
        };
        if runs.current() > most(runs.is_on()).saturating_add(2) { Verdict::Broken } else { Verdict::Holds }
    }
}

/// Whether the last whole runs are the steps of a cadence, wherever in its turn.
fn turns(steps: &[Range], runs: &Runs) -> bool {
    let past = runs.past();
    let needed = steps.len().max(LEAST_RUNS);
    // `past[0]` is a sound when it pauses now; a turn is judged after a sound.
    if runs.is_on() || past.len() < needed {
        return false;
    }
    (0..steps.len()).step_by(2).any(|last| {
        (0..needed).all(|back| {
            let at = (last + steps.len() * needed - back) % steps.len();
            steps[at].holds(past[back])
        })
    })
}

/// Whether the last sounds of a sequence's groups are the sequence, and the last of them has just ended.
fn follows(parts: &[Part], ended: &[Option<Ended>], hop: u64) -> bool {
    let mine = |ended: &&Ended| parts.iter().any(|part| part.group == ended.group);
    let mut last: [Option<Ended>; MAX_STEPS] = [None; MAX_STEPS];
    for (to, from) in last.iter_mut().zip(ended.iter().flatten().filter(mine)) {
        *to = Some(*from);
    }
    let just = last[0].is_some_and(|sound| hop - sound.until <= super::runs::SETTLE);
    let fits = |back: usize, part: &Part| {
        let Some(sound) = last[back] else { return false };
        let gap_fits = match (back + 1 < parts.len()).then(|| last[back + 1]) {
            None => true,
            Some(None) => false,
            Some(Some(before)) => {
                let began = sound.until.saturating_sub(u64::from(sound.hops));
                began.abs_diff(before.until + u64::from(part.gap)) <= GAP_HOPS
            }
        };
        sound.group == part.group && part.length.holds(sound.hops) && gap_fits
    };
    just && parts.iter().rev().enumerate().all(|(back, part)| fits(back, part))
}

/// What the window's edges, the steps and a line's echo may add to or take from a time.
const EDGE_MS: f64 = 45.0;
/// From this period on a cadence is slow.
const SLOW_MS: u32 = 3_000;
/// Sound, pause, sound.
const LEAST_RUNS: usize = 3;
/// A slow cadence's pause is seen at least this long.
const LEAST_PAUSE_HOPS: u32 = 20;
/// A tone without cadence outlasts every other by this.
const CONFIRM_HOPS: u32 = 6;
const LEAST_CONTINUOUS_HOPS: u32 = 50;
/// And is gone after this.
const LOST_HOPS: u32 = 10;
/// How long a sequence counts as what is heard.
const SEQUENCE_HOPS: u32 = 100;
/// 60 ms beside its place: SIT may have gaps of 30 ms.
const GAP_HOPS: u64 = 6;
