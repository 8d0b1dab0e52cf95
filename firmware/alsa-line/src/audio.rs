//! A span's audio half over ALSA: each turn one block of every line in both directions, A-law towards the box. The
//! first line's capture is the clock; a line whose card runs by another clock slips a block now and then, and counts it.

use crate::LineConfig;
use crate::pcm::{Pcm, Turn};
use crate::shared::Shared;
use alsa::Direction;
use card::{AudioReady, CardError, SLOT_BLOCK, SpanAudio};
use media::g711::Law;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// How long a card that is gone is left alone before it is opened again.
const REOPEN: Duration = Duration::from_secs(1);

/// Audio of all lines of a span.
#[derive(Debug)]
pub struct AlsaAudio {
    lines: Vec<Line>,
    shared: Arc<Shared>,
    reopen_at: Option<Instant>,
}

#[derive(Debug)]
struct Line {
    config: LineConfig,
    streams: Option<Streams>,
    open: bool,
    received: Option<[i16; SLOT_BLOCK]>,
    to_send: [u8; SLOT_BLOCK],
}

#[derive(Debug)]
struct Streams {
    capture: Pcm,
    playback: Pcm,
}

impl Streams {
    fn open(config: &LineConfig) -> Result<Self, CardError> {
        Ok(Self {
            capture: Pcm::open(&config.capture, Direction::Capture)?,
            playback: Pcm::open(&config.playback, Direction::Playback)?,
        })
    }
}

impl AlsaAudio {
    pub(crate) fn new(lines: &[LineConfig], shared: Arc<Shared>) -> Result<Self, CardError> {
        let open = |config: &LineConfig| {
            let streams = Some(Streams::open(config)?);
            Ok(Line { config: config.clone(), streams, open: false, received: None, to_send: SILENCE })
        };
        let lines = lines.iter().map(open).collect::<Result<Vec<Line>, CardError>>()?;
        Ok(Self { lines, shared, reopen_at: None })
    }

    /// The card is gone: everything is closed, and opened again after a while.
    fn lost(&mut self) -> AudioReady {
        self.shared.set_gone(true);
        self.reopen_at = Some(Instant::now() + REOPEN);
        for line in &mut self.lines {
            line.streams = None;
            line.received = None;
        }
        AudioReady::Gone
    }

    fn reopen(&mut self) -> bool {
        for line in &mut self.lines {
            match Streams::open(&line.config) {
                Ok(streams) => line.streams = Some(streams),
                Err(_) => return false,
            }
        }
        self.shared.set_gone(false);
        true
    }

    /// Waits for the clock and reads its block.
    fn clock(&mut self, at_most: Duration) -> Turn {
        let until = Instant::now() + at_most;
        let Some(Line { streams: Some(streams), received, .. }) = self.lines.first_mut() else {
            return Turn::Gone;
        };
        loop {
            let mut block = [0; SLOT_BLOCK];
            match streams.capture.read(&mut block) {
                Turn::Block => {
                    *received = Some(block);
                    return Turn::Block;
                }
                Turn::Gone => return Turn::Gone,
                Turn::Slipped => self.shared.slipped(),
                Turn::Wait => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Turn::Wait;
            }
            // Whole milliseconds, rounded up: a wait of nothing would spin. What went wrong the next reading tells.
            let ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
            let _ = streams.capture.wait(ms);
        }
    }
}

impl SpanAudio for AlsaAudio {
    fn wait(&mut self, at_most: Duration) -> AudioReady {
        if let Some(at) = self.reopen_at {
            if Instant::now() < at {
                return AudioReady::Gone;
            }
            self.reopen_at = None;
            if !self.reopen() {
                return self.lost();
            }
        }
        for line in &mut self.lines {
            line.received = None;
        }
        match self.clock(at_most) {
            Turn::Block => {}
            Turn::Gone => return self.lost(),
            Turn::Wait | Turn::Slipped => return AudioReady::TimedOut,
        }
        for line in self.lines.iter_mut().skip(1) {
            let Some(streams) = &line.streams else { continue };
            let mut block = [0; SLOT_BLOCK];
            match streams.capture.read(&mut block) {
                Turn::Block => line.received = Some(block),
                Turn::Wait => {}
                Turn::Slipped => self.shared.slipped(),
                Turn::Gone => return self.lost(),
            }
        }
        AudioReady::Block
    }

    fn read(&mut self, slot: Timeslot, block: &mut [u8; SLOT_BLOCK]) -> bool {
        let line = self.lines.iter().find(|line| line.config.port == slot && line.open);
        match line.and_then(|line| line.received.as_ref()) {
            Some(samples) => {
                Law::A.encode_into(samples, block);
                true
            }
            None => {
                *block = SILENCE;
                false
            }
        }
    }

    fn write(&mut self, slot: Timeslot, block: &[u8; SLOT_BLOCK]) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.config.port == slot && line.open) {
            line.to_send = *block;
        }
    }

    fn flush(&mut self) {
        for line in &mut self.lines {
            let said = std::mem::replace(&mut line.to_send, SILENCE);
            let Some(streams) = &line.streams else { continue };
            let mut samples = [0; SLOT_BLOCK];
            Law::A.decode_into(&said, &mut samples);
            match streams.playback.write(&samples) {
                Turn::Block => {}
                // No room for it, or it came too late: lost. A card that is gone the next wait tells.
                Turn::Wait | Turn::Slipped | Turn::Gone => self.shared.slipped(),
            }
        }
    }

    fn set_open(&mut self, slot: Timeslot, open: bool) -> Result<(), CardError> {
        let line = self.lines.iter_mut().find(|line| line.config.port == slot);
        let line = line.ok_or(CardError::NoSuchSlot(slot))?;
        line.open = open;
        line.to_send = SILENCE;
        Ok(())
    }
}

const SILENCE: [u8; SLOT_BLOCK] = [Law::A.silence(); SLOT_BLOCK];
