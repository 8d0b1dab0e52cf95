//! One direction of one line as a PCM of 8 kHz, one channel, 16 bits. All `unsafe` of the audio stands here.

use alsa::pcm::{Access, Format, HwParams, IO, PCM};
use alsa::{Direction, ValueOr};
use card::{CardError, SLOT_BLOCK};
use nix::errno::Errno;
use std::ffi::CString;

/// Samples a second.
pub(crate) const RATE_HZ: u32 = 8_000;
/// Blocks that a PCM's buffer holds: what a thread may be late without a loss.
const BUFFER_BLOCKS: usize = 8;
/// Blocks of silence before the first word: playback never starts with an empty buffer.
const PRIMED_BLOCKS: usize = 2;

/// What a turn of a PCM came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A whole block went through.
    Block,
    /// There is no block, or no room for one.
    Wait,
    /// The PCM had run over or dry; it runs again.
    Slipped,
    /// The card is gone.
    Gone,
}

/// A PCM with its parameters set.
#[derive(Debug)]
pub(crate) struct Pcm {
    pcm: PCM,
    direction: Direction,
}

impl Pcm {
    /// Opens and starts it.
    pub fn open(name: &str, direction: Direction) -> Result<Self, CardError> {
        let device = CString::new(converted(name)).map_err(|_| CardError::NotSupported("this PCM's name"))?;
        let pcm = PCM::open(&device, direction, true).map_err(failed("open the PCM"))?;
        set_hardware(&pcm).map_err(failed("set the PCM to 8 kHz, one channel, 16 bits"))?;
        set_software(&pcm, direction).map_err(failed("set when the PCM runs"))?;
        let pcm = Self { pcm, direction };
        pcm.begin().map_err(failed("start the PCM"))?;
        Ok(pcm)
    }

    /// Waits until a block can be read; `None` if it ran over or is gone.
    pub fn wait(&self, at_most_ms: u32) -> Option<bool> {
        self.pcm.wait(Some(at_most_ms)).ok()
    }

    /// Reads a block, if a whole one is there.
    pub fn read(&self, block: &mut [i16; SLOT_BLOCK]) -> Turn {
        match self.pcm.avail_update() {
            Ok(there) if usize::try_from(there).is_ok_and(|there| there >= SLOT_BLOCK) => {}
            Ok(_) => return Turn::Wait,
            Err(error) => return self.recover(error),
        }
        match self.io().readi(block) {
            Ok(SLOT_BLOCK) => Turn::Block,
            Ok(_) => Turn::Slipped,
            Err(error) => self.recover(error),
        }
    }

    /// Writes a block, if there is room.
    pub fn write(&self, block: &[i16; SLOT_BLOCK]) -> Turn {
        match self.io().writei(block) {
            Ok(SLOT_BLOCK) => Turn::Block,
            Ok(_) => Turn::Slipped,
            Err(error) => self.recover(error),
        }
    }

    fn begin(&self) -> alsa::Result<()> {
        match self.direction {
            Direction::Capture => self.pcm.start(),
            Direction::Playback => {
                for _ in 0..PRIMED_BLOCKS {
                    self.io().writei(&[0; SLOT_BLOCK])?;
                }
                Ok(())
            }
        }
    }

    /// Makes it run again after it ran over, ran dry or was suspended.
    fn recover(&self, error: alsa::Error) -> Turn {
        match errno(error) {
            Errno::EAGAIN | Errno::EINTR => Turn::Wait,
            Errno::EPIPE | Errno::ESTRPIPE => {
                let again = self.pcm.prepare().and_then(|()| self.begin());
                if again.is_ok() { Turn::Slipped } else { Turn::Gone }
            }
            _ => Turn::Gone,
        }
    }

    fn io(&self) -> IO<'_, i16> {
        // SAFETY: the format was set to 16 bits of this machine's order when the PCM was opened, and is never changed;
        // asking for it again, as the checked call does, takes memory in each block.
        unsafe { self.pcm.io_unchecked::<i16>() }
    }
}

fn set_hardware(pcm: &PCM) -> alsa::Result<()> {
    let wanted = HwParams::any(pcm)?;
    wanted.set_rate_resample(true)?;
    wanted.set_access(Access::RWInterleaved)?;
    wanted.set_format(Format::s16())?;
    wanted.set_channels(1)?;
    wanted.set_rate(RATE_HZ, ValueOr::Nearest)?;
    wanted.set_period_size_near(frames(1), ValueOr::Nearest)?;
    wanted.set_buffer_size_near(frames(BUFFER_BLOCKS))?;
    pcm.hw_params(&wanted)
}

fn set_software(pcm: &PCM, direction: Direction) -> alsa::Result<()> {
    let wanted = pcm.sw_params_current()?;
    wanted.set_avail_min(frames(1))?;
    wanted.set_start_threshold(match direction {
        Direction::Capture => frames(1),
        Direction::Playback => frames(PRIMED_BLOCKS),
    })?;
    pcm.sw_params(&wanted)
}

fn frames(blocks: usize) -> alsa::pcm::Frames {
    alsa::pcm::Frames::try_from(blocks * SLOT_BLOCK).unwrap_or(alsa::pcm::Frames::MAX)
}

/// A card's PCM by ALSA's converter; other names say what they are.
pub(crate) fn converted(name: &str) -> String {
    if name.starts_with("hw:") { format!("plug{name}") } else { name.to_owned() }
}

/// The system's number of an error.
pub(crate) fn errno(error: alsa::Error) -> Errno {
    Errno::from_raw(error.errno().abs())
}

pub(crate) fn failed(step: &'static str) -> impl FnOnce(alsa::Error) -> CardError {
    move |error| CardError::System { step, source: errno(error).into() }
}
