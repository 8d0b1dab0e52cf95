//! The technician's handset: what is heard on a line goes to its ear, what is said into it comes back, block by block, at
//! the pace of its own audio device. It knows no line and no call; it waits for the device, so it belongs to a thread of
//! its own.

use crate::pcm::{Pcm, Turn};
use alsa::Direction;
use card::{CardError, SLOT_BLOCK};
use std::time::{Duration, Instant};

/// A handset on an audio jack, 8 kHz, one channel.
#[derive(Debug)]
pub struct Handset {
    capture: Pcm,
    playback: Pcm,
}

impl Handset {
    /// Opens it.
    ///
    /// # Errors
    /// [`CardError::System`] if a PCM cannot be had.
    pub fn open(capture: &str, playback: &str) -> Result<Self, CardError> {
        Ok(Self {
            capture: Pcm::open(capture, Direction::Capture)?,
            playback: Pcm::open(playback, Direction::Playback)?,
        })
    }

    /// Waits for a block that was said, and plays one that is to be heard; `false` if none was said in time: then
    /// nothing was played either.
    ///
    /// # Errors
    /// [`CardError::Gone`] without the device.
    pub fn turn(
        &mut self,
        heard: &[i16; SLOT_BLOCK],
        said: &mut [i16; SLOT_BLOCK],
        at_most: Duration,
    ) -> Result<bool, CardError> {
        let until = Instant::now() + at_most;
        loop {
            match self.capture.read(said) {
                Turn::Block => break,
                Turn::Gone => return Err(CardError::Gone),
                Turn::Wait | Turn::Slipped => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            // Whole milliseconds, rounded up: a wait of nothing would spin. What went wrong the next reading tells.
            let ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
            let _ = self.capture.wait(ms);
        }
        match self.playback.write(heard) {
            Turn::Gone => Err(CardError::Gone),
            // A block that found no room, or came too late, is lost: the ear goes on with the next.
            Turn::Block | Turn::Wait | Turn::Slipped => Ok(true),
        }
    }
}
