//! The jitter buffer: a ring of samples addressed by RTP timestamp.
//!
//! Packets of any ptime land where their timestamp says, so that order, duplicates and frame
//! length do not matter; what is missing when its turn comes is known to the sample. It does not
//! look at sequence numbers and knows no network.

use std::fmt;

use crate::g711::Law;
use crate::units::{FRAME_SAMPLES, Frame};

/// Samples the ring holds: 512 ms.
pub const CAPACITY_SAMPLES: usize = 4_096;
/// Longest payload taken: 40 ms.
pub const MAX_PAYLOAD: usize = 320;

/// How much delay the buffer spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JitterConfig {
    /// Delay aimed at when the stream starts.
    pub target_ms: u16,
    /// The target never grows past this.
    pub max_ms: u16,
    /// Whether the target grows when packets come late; otherwise it is fixed.
    pub adaptive: bool,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self { target_ms: 40, max_ms: 200, adaptive: true }
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    /// Stored.
    Stored,
    /// Every sample was there already.
    Duplicate,
    /// Its time had passed.
    Late,
    /// No room, or no G.711 payload of a sane length.
    Refused,
}

/// What a frame taken out holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Popped {
    /// Samples that should have been there and were not.
    pub missing: u16,
    /// Whether the stream has begun.
    pub started: bool,
}

/// Totals of one buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterStats {
    /// Packets stored.
    pub stored: u64,
    /// Packets too late to be played.
    pub late: u64,
    /// Packets of which nothing was new.
    pub duplicate: u64,
    /// Packets refused for room or length.
    pub refused: u64,
    /// Late packets at the stream's front that moved the playout point instead of being lost.
    pub rescued: u64,
    /// Timelines joined: SSRC changes and timestamp jumps.
    pub resyncs: u64,
    /// Samples missing when their turn came.
    pub gap_samples: u64,
    /// Samples left out by the peer's silence suppression.
    pub suppressed_samples: u64,
    /// Silent frames dropped against drift.
    pub dropped_frames: u64,
    /// Silent frames inserted against drift and growing delay.
    pub inserted_frames: u64,
    /// Frames taken out since the stream began.
    pub frames: u64,
}

/// The buffer of one incoming stream.
pub struct JitterBuffer {
    law: Law,
    config: JitterConfig,
    ring: [u8; CAPACITY_SAMPLES],
    present: [u64; CAPACITY_SAMPLES / 64],
    /// Own position = timestamp + offset.
    offset: u32,
    /// Next sample to be played.
    play: u32,
    /// One past the last sample stored.
    end: u32,
    /// Missing samples before this position are delay, not loss.
    primed_at: u32,
    started: bool,
    comfort: bool,
    counting: bool,
    target: u32,
    window: Window,
    pending: Option<Correction>,
    last: Frame,
    concealed: usize,
    stats: JitterStats,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    pops: u32,
    min_depth: i32,
    late: bool,
    calm: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Correction {
    Drop,
    Insert,
}

/// Shows no audio.
impl fmt::Debug for JitterBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JitterBuffer").field("stats", &self.stats).finish_non_exhaustive()
    }
}

impl JitterBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new(law: Law, config: JitterConfig) -> Self {
        Self {
            law,
            config,
            ring: [law.silence(); CAPACITY_SAMPLES],
            present: [0; CAPACITY_SAMPLES / 64],
            offset: 0,
            play: 0,
            end: 0,
            primed_at: 0,
            started: false,
            comfort: false,
            counting: true,
            target: ms_to_samples(config.target_ms),
            window: Window::default(),
            pending: None,
            last: [law.silence(); FRAME_SAMPLES],
            concealed: 0,
            stats: JitterStats::default(),
        }
    }

    /// Stores a payload. `newest` says that its sequence number is the highest yet.
    pub fn insert(&mut self, timestamp: u32, payload: &[u8], newest: bool) -> Insert {
        let len = payload.len();
        if len == 0 || len > MAX_PAYLOAD {
            self.stats.refused += 1;
            return Insert::Refused;
        }
        let samples = len as u32;
        if !self.started {
            self.started = true;
            self.end = self.play;
            self.join(timestamp);
        }
        let mut delta = self.delta(timestamp);
        let jumped = delta + samples.cast_signed() > CAPACITY_SAMPLES as i32 || delta < -MAX_STEP;
        if jumped && newest {
            self.stats.resyncs += 1;
            self.join(timestamp);
            delta = self.delta(timestamp);
        } else if delta + samples.cast_signed() <= 0 {
            if !(newest && self.timeline(timestamp).wrapping_sub(self.end).cast_signed() >= 0) {
                self.late();
                return Insert::Late;
            }
            self.rescue(timestamp);
            delta = self.delta(timestamp);
        }
        if delta + samples.cast_signed() > CAPACITY_SAMPLES as i32 {
            self.stats.refused += 1;
            return Insert::Refused;
        }
        let skip = usize::try_from(-delta).unwrap_or(0);
        self.store(timestamp.wrapping_add(skip as u32), payload.get(skip..).unwrap_or(&[]))
    }

    /// The peer announced silence: missing samples are not loss until audio comes again.
    pub fn comfort_noise(&mut self) {
        self.comfort = true;
    }

    /// The stream's source changed: the next packet joins behind what is still stored.
    pub fn rejoin(&mut self, timestamp: u32) {
        if self.started {
            self.stats.resyncs += 1;
            self.join(timestamp);
        }
    }

    /// Whether missing samples count as gaps: not while the peer is on hold.
    pub fn count_gaps(&mut self, counting: bool) {
        self.counting = counting;
    }

    /// Takes one frame: `raw` with silence where samples are missing, `heard` with them concealed.
    pub fn pop(&mut self, raw: &mut Frame, heard: &mut Frame) -> Popped {
        if !self.started {
            raw.fill(self.law.silence());
            heard.fill(self.law.silence());
            return Popped::default();
        }
        self.stats.frames += 1;
        self.watch_depth();
        if self.corrected(raw) {
            heard.copy_from_slice(raw);
            return Popped { missing: 0, started: true };
        }
        let absent = self.extract(raw);
        self.conceal(raw, heard, &absent);
        Popped { missing: self.account(&absent), started: true }
    }

    /// Samples stored ahead of the playout point.
    #[must_use]
    pub fn depth(&self) -> u32 {
        u32::try_from(self.end.wrapping_sub(self.play).cast_signed()).unwrap_or(0)
    }

    /// Whole frames beyond the delay aimed at; none while they are no more than the network's own lumps.
    #[must_use]
    pub fn surplus_frames(&self) -> u32 {
        let surplus = self.depth().saturating_sub(self.target) / FRAME_SAMPLES as u32;
        if surplus > SURPLUS_FRAMES { surplus } else { 0 }
    }

    /// The totals.
    #[must_use]
    pub fn stats(&self) -> &JitterStats {
        &self.stats
    }

    fn timeline(&self, timestamp: u32) -> u32 {
        timestamp.wrapping_add(self.offset)
    }

    fn delta(&self, timestamp: u32) -> i32 {
        self.timeline(timestamp).wrapping_sub(self.play).cast_signed()
    }

    /// Lets `timestamp` follow what is stored, at least the target delay ahead.
    fn join(&mut self, timestamp: u32) {
        let earliest = self.play.wrapping_add(self.target);
        let at = if self.end.wrapping_sub(earliest).cast_signed() > 0 { self.end } else { earliest };
        self.offset = at.wrapping_sub(timestamp);
        self.primed_at = at;
        self.window = Window::default();
        self.pending = None;
    }

    /// The network's delay grew: moves the playout point instead of losing all that follows.
    fn rescue(&mut self, timestamp: u32) {
        self.stats.rescued += 1;
        let at = self.play.wrapping_add(FRAME_SAMPLES as u32);
        self.offset = at.wrapping_sub(timestamp);
        self.primed_at = at;
        self.window = Window::default();
        self.pending = None;
        self.grow_target();
    }

    fn late(&mut self) {
        self.stats.late += 1;
        self.window.late = true;
    }

    fn grow_target(&mut self) {
        if self.config.adaptive {
            let max = ms_to_samples(self.config.max_ms);
            self.target = (self.target + FRAME_SAMPLES as u32).min(max.max(self.target));
        }
    }

    fn store(&mut self, timestamp: u32, payload: &[u8]) -> Insert {
        let start = self.timeline(timestamp);
        let mut fresh = 0;
        let mut done = 0;
        while done < payload.len() {
            let index = ring_index(start.wrapping_add(done as u32));
            let (word, bit) = (index / 64, index % 64);
            let count = (64 - bit).min(payload.len() - done);
            let mask = word_mask(bit, count);
            fresh += (mask & !self.present[word]).count_ones();
            self.present[word] |= mask;
            self.ring[index..index + count].copy_from_slice(&payload[done..done + count]);
            done += count;
        }
        if fresh == 0 {
            self.stats.duplicate += 1;
            return Insert::Duplicate;
        }
        let end = start.wrapping_add(payload.len() as u32);
        if end.wrapping_sub(self.end).cast_signed() > 0 {
            self.end = end;
        }
        if std::mem::take(&mut self.comfort) {
            // What is missing before the speech was left out by the peer.
            self.primed_at = start;
        }
        self.stats.stored += 1;
        Insert::Stored
    }

    /// Takes the frame at the playout point; `absent` has a bit per missing sample.
    fn extract(&mut self, raw: &mut Frame) -> Absent {
        let mut absent = [0u64; FRAME_WORDS];
        let silence = self.law.silence();
        let mut done = 0;
        while done < FRAME_SAMPLES {
            let index = ring_index(self.play.wrapping_add(done as u32));
            let (word, bit) = (index / 64, index % 64);
            let count = (64 - bit).min(FRAME_SAMPLES - done);
            let mask = word_mask(bit, count);
            let missing = mask & !self.present[word];
            raw[done..done + count].copy_from_slice(&self.ring[index..index + count]);
            if missing != 0 {
                for n in (0..count).filter(|n| missing >> (bit + n) & 1 == 1) {
                    raw[done + n] = silence;
                    absent[(done + n) / 64] |= 1 << ((done + n) % 64);
                }
            }
            self.present[word] &= !mask;
            done += count;
        }
        self.play = self.play.wrapping_add(FRAME_SAMPLES as u32);
        absent
    }

    /// Repeats the last good frame, fading, where samples are missing.
    fn conceal(&mut self, raw: &Frame, heard: &mut Frame, absent: &Absent) {
        heard.copy_from_slice(raw);
        if absent.iter().all(|word| *word == 0) {
            self.last.copy_from_slice(raw);
            self.concealed = 0;
            return;
        }
        let gain = FADE.get(self.concealed).copied().unwrap_or(0);
        self.concealed = self.concealed.saturating_add(1);
        if gain == 0 || self.comfort {
            return;
        }
        for (n, octet) in heard.iter_mut().enumerate() {
            if absent[n / 64] >> (n % 64) & 1 == 1 {
                let sample = i32::from(self.law.decode(self.last[n])) * gain / 4;
                *octet = self.law.encode(i16::try_from(sample).unwrap_or(0));
            }
        }
    }

    /// Counts the missing samples as gap, delay or suppressed silence.
    fn account(&mut self, absent: &Absent) -> u16 {
        let missing: u32 = absent.iter().map(|word| word.count_ones()).sum();
        if missing == 0 {
            return 0;
        }
        let frame_start = self.play.wrapping_sub(FRAME_SAMPLES as u32);
        let priming = self.primed_at.wrapping_sub(frame_start).cast_signed();
        let excused = usize::try_from(priming).unwrap_or(0).min(FRAME_SAMPLES);
        let excused = (0..excused).filter(|n| absent[n / 64] >> (n % 64) & 1 == 1).count();
        let gap = missing - excused as u32;
        if self.comfort {
            self.stats.suppressed_samples += u64::from(gap);
            return 0;
        }
        if !self.counting {
            return 0;
        }
        self.stats.gap_samples += u64::from(gap);
        u16::try_from(gap).unwrap_or(0)
    }

    /// Follows the least depth of two seconds and decides on a correction.
    fn watch_depth(&mut self) {
        let depth = self.end.wrapping_sub(self.play).cast_signed();
        if self.window.pops == 0 || depth < self.window.min_depth {
            self.window.min_depth = depth;
        }
        self.window.pops += 1;
        if self.window.pops < WINDOW_POPS {
            return;
        }
        let window = self.window;
        self.window = Window { calm: if window.late { 0 } else { window.calm + 1 }, ..Window::default() };
        if window.late {
            self.grow_target();
        } else if window.calm >= CALM_WINDOWS {
            let base = ms_to_samples(self.config.target_ms);
            self.target = self.target.saturating_sub(FRAME_SAMPLES as u32).max(base);
            self.window.calm = 0;
        }
        let most = ms_to_samples(self.config.max_ms).cast_signed();
        let surplus = window.min_depth - (self.target + FRAME_SAMPLES as u32).cast_signed();
        self.pending = if surplus > 0 {
            Some(Correction::Drop)
        } else if window.min_depth < LOW_WATER && window.min_depth > -LOW_WATER && depth < most {
            Some(Correction::Insert)
        } else {
            None
        };
    }

    /// Carries out a pending correction when the next frame is silent. `true` when `raw` holds
    /// an inserted frame.
    fn corrected(&mut self, raw: &mut Frame) -> bool {
        match self.pending {
            None => false,
            Some(_) if !self.next_is_silent() => false,
            Some(Correction::Drop) => {
                self.pending = None;
                self.extract(raw);
                self.stats.dropped_frames += 1;
                false
            }
            Some(Correction::Insert) => {
                self.pending = None;
                raw.fill(self.law.silence());
                self.stats.inserted_frames += 1;
                true
            }
        }
    }

    /// Whether the next frame is there in full and holds no speech.
    fn next_is_silent(&self) -> bool {
        (0..FRAME_SAMPLES as u32).all(|n| {
            let index = ring_index(self.play.wrapping_add(n));
            self.present[index / 64] >> (index % 64) & 1 == 1
                && self.law.decode(self.ring[index]).unsigned_abs() <= SILENCE_LEVEL
        })
    }
}

type Absent = [u64; FRAME_WORDS];

const fn ring_index(position: u32) -> usize {
    position as usize % CAPACITY_SAMPLES
}

const fn word_mask(bit: usize, count: usize) -> u64 {
    (u64::MAX >> (64 - count)) << bit
}

const fn ms_to_samples(ms: u16) -> u32 {
    let samples = ms as u32 * 8;
    let most = (CAPACITY_SAMPLES - 2 * MAX_PAYLOAD) as u32;
    if samples > most { most } else { samples }
}

const FRAME_WORDS: usize = FRAME_SAMPLES.div_ceil(64);
/// Quarters of the last frame's level over the first lost frames, then silence.
const FADE: [i32; 3] = [3, 2, 1];
/// Frames beyond the target that a network's jitter and long packets make.
const SURPLUS_FRAMES: u32 = 4;
/// About −44 dB below full scale.
const SILENCE_LEVEL: u16 = 200;
/// A timestamp this far back is a new timeline.
const MAX_STEP: i32 = 8_000;
/// Two seconds of frames.
const WINDOW_POPS: u32 = 100;
/// Windows without a late packet before the target shrinks: 30 s.
const CALM_WINDOWS: u32 = 15;
/// Least depth below which a frame is inserted at silence: the next frame and half a frame more.
const LOW_WATER: i32 = 240;
