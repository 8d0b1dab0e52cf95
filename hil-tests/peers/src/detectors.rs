//! Our detectors and spandsp's on the same signals: what each misses, what each hears that is not there.
//!
//! DTMF within the limits of ITU-T Q.24 and outside them; the tones of a plan within its tolerances and tones of no plan;
//! callers' numbers within the norm's rates. Counts come from here, judgement from the tests.

mod caller_id;
mod dtmf;
mod tones;

use serde::Serialize;

pub use caller_id::caller_ids;
pub use dtmf::dtmf;
pub use tones::tones;

/// One kind of signal, and how the detectors did.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// What was sent.
    pub case: String,
    /// How many: keys, signals or messages that must be heard, or seconds of what must not be.
    pub sent: usize,
    /// Ours.
    pub ours: Errors,
    /// spandsp's.
    pub spandsp: Errors,
}

/// What a detector got wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Errors {
    /// Not heard though it was there.
    pub missed: usize,
    /// Heard though it was not there.
    pub false_hits: usize,
}

impl Errors {
    fn add(&mut self, missed: usize, false_hits: usize) {
        self.missed += missed;
        self.false_hits += false_hits;
    }
}

/// All of it, `scale` times as much as the tests take.
///
/// # Errors
/// When spandsp's programs cannot be compiled or run.
pub fn all(scale: usize) -> anyhow::Result<Vec<Measured>> {
    let spandsp = crate::spandsp::Spandsp::build()?;
    let mut measured = dtmf(&spandsp, scale)?;
    measured.extend(tones(&spandsp, scale)?);
    measured.extend(caller_ids(&spandsp, scale)?);
    Ok(measured)
}
