//! The technician's handset: plays and records for line tests. It is no slot of a span and carries no call of a
//! customer; it waits for the audio device, so it belongs to no thread of signalling or media.

use crate::pcm::Pcm;
use alsa::Direction;
use card::CardError;

/// Most samples of one test: thirty seconds.
pub const MAX_TEST_SAMPLES: usize = 30 * crate::pcm::RATE_HZ as usize;

/// A handset on an audio jack, 8 kHz, one channel.
#[derive(Debug)]
pub struct Handset {
    capture: Pcm,
    playback: Pcm,
    place: String,
}

impl Handset {
    /// Opens it.
    ///
    /// # Errors
    /// [`CardError::System`] if a PCM cannot be had.
    pub fn open(capture: &str, playback: &str, place: &str) -> Result<Self, CardError> {
        Ok(Self {
            capture: Pcm::open(capture, Direction::Capture, true)?,
            playback: Pcm::open(playback, Direction::Playback, true)?,
            place: place.to_owned(),
        })
    }

    /// Where it is plugged, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Plays a test sound to its end.
    ///
    /// # Errors
    /// [`CardError::NotSupported`] for one that is too long, [`CardError::Gone`] without the device.
    pub fn play(&mut self, samples: &[i16]) -> Result<(), CardError> {
        if samples.len() > MAX_TEST_SAMPLES {
            return Err(CardError::NotSupported("a test of more than thirty seconds"));
        }
        self.playback.play(samples)
    }

    /// Records as much as fits.
    ///
    /// # Errors
    /// As [`Handset::play`].
    pub fn record(&mut self, samples: &mut [i16]) -> Result<(), CardError> {
        if samples.len() > MAX_TEST_SAMPLES {
            return Err(CardError::NotSupported("a test of more than thirty seconds"));
        }
        self.capture.record(samples)
    }
}
