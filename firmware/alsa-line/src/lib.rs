//! The edge to ALSA: lines to the exchange behind codec cards, and the technician's handset.
//!
//! A line is a PCM in each direction and control elements by name: its hook, and where the card has them its ringing,
//! loop current and polarity. [`open`] gives the two halves of `card`'s contract, [`AlsaControl`] for signalling and
//! [`AlsaAudio`] for one media thread, whose clock is the first line's capture. Cards that cannot do 8 kHz, one channel
//! or 16 bits are converted by ALSA itself (`plughw`).
//!
//! It knows nothing of calls. The handset is no slot of a span; onto which line it is put is decided elsewhere.

mod audio;
mod control;
mod handset;
mod pcm;
mod shared;
mod watch;

#[cfg(test)]
mod tests;

pub use audio::AlsaAudio;
pub use control::AlsaControl;
pub use handset::Handset;

use card::CardError;
use shared::Shared;
use std::sync::Arc;
use vocab::Timeslot;

/// One line, in the names of its card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineConfig {
    /// The port of the span.
    pub port: Timeslot,
    /// The card whose controls these are, e. g. `hw:0`.
    pub card: String,
    /// The PCM to hear the line from.
    pub capture: String,
    /// The PCM to speak to it.
    pub playback: String,
    /// The control element that closes the loop.
    pub hook: String,
    /// The one that tells of ringing.
    pub ring: Option<String>,
    /// The one that tells of loop current.
    pub loop_current: Option<String>,
    /// The one that tells of the loop's polarity.
    pub polarity: Option<String>,
    /// The one that lets the caller's number through while the loop is open.
    pub caller_id: Option<String>,
}

/// Opens both halves of a span of these lines. Their loops are opened by
/// [`configure`](card::SpanControl::configure), not before.
///
/// # Errors
/// [`CardError`]: a PCM or a control cannot be had.
pub fn open(place: &str, lines: &[LineConfig]) -> Result<(AlsaControl, AlsaAudio), CardError> {
    let shared = Arc::new(Shared::default());
    let control = AlsaControl::new(place, lines, Arc::clone(&shared))?;
    Ok((control, AlsaAudio::new(lines, shared)?))
}
