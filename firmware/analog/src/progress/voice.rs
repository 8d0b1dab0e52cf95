//! A voice: periodic as vowels are, and not as steady as tones are.
//!
//! Each 20 ms the last 40 ms are looked at, at half the sampling rate. It cannot tell a person from a recording, a melody
//! from a song.

use super::bank::WINDOW;
use media::dtmf::generate::amplitude_of_dbm0;

const HALF: usize = WINDOW / 2;

/// Follows one line.
#[derive(Debug)]
pub(super) struct Voice {
    floor: f32,
    /// Sounded in the four frames before, the newest last.
    sounded: [bool; 4],
    /// The two frames before, the newest last.
    last: [Frame; 2],
    frames: [Frame; SPAN],
    at: usize,
    least: f32,
    loud: f32,
}

/// What a frame was.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    voiced: bool,
    level: f32,
    lag: u16,
}

/// What is to be said of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    /// It is above the noise, or loud whatever the noise is.
    pub(super) is_sound: bool,
    pub(super) is_voice: bool,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            floor: power(FIRST_FLOOR_DBM0),
            sounded: [false; 4],
            last: [Frame::default(); 2],
            frames: [Frame::default(); SPAN],
            at: 0,
            least: power(LEAST_DBM0),
            loud: power(LOUD_DBM0),
        }
    }
}

impl Voice {
    /// Takes the window of this frame, with its mean power and whether a tone of the plan sounds in it.
    pub(super) fn frame(&mut self, window: &[f32; WINDOW], level: f32, tone: bool) -> Said {
        let is_sound = level > (self.floor * ABOVE_FLOOR).max(self.least);
        self.follow_floor(level);
        let frame = if is_sound && !tone { look(window, level) } else { Frame::default() };
        // A frame counts when the two on each side sound, too: at its edges a steady tone is not steady.
        let sounds = is_sound && !tone;
        let inside = self.sounded == [true; 4] && sounds;
        self.at = (self.at + 1) % SPAN;
        self.frames[self.at] = if inside { self.last[0] } else { Frame::default() };
        self.sounded.rotate_left(1);
        self.sounded[3] = sounds;
        self.last = [self.last[1], frame];
        Said { is_sound: is_sound || level > self.loud, is_voice: self.speaks() }
    }

    fn follow_floor(&mut self, level: f32) {
        self.floor =
            if level < self.floor { self.floor * 0.7 + level * 0.3 } else { self.floor * FLOOR_RISE };
        self.floor = self.floor.max(1.0);
    }

    fn speaks(&self) -> bool {
        let voiced = || self.frames.iter().filter(|frame| frame.voiced);
        if voiced().count() < LEAST_VOICED {
            return false;
        }
        let least = voiced().map(|frame| frame.level).fold(f32::MAX, f32::min);
        let most = voiced().map(|frame| frame.level).fold(0.0, f32::max);
        let shortest = voiced().map(|frame| frame.lag).min().unwrap_or(0);
        let longest = voiced().map(|frame| frame.lag).max().unwrap_or(0);
        most > least * UNSTEADY || f32::from(longest) > f32::from(shortest) * GLIDES
    }
}

/// Whether a frame is periodic with the pitch of a voice, by the normalised correlation with itself.
fn look(window: &[f32; WINDOW], level: f32) -> Frame {
    let mut half = [0.0_f32; HALF];
    for (to, pair) in half.iter_mut().zip(window.as_chunks::<2>().0) {
        *to = pair[0] + pair[1];
    }
    let span = HALF - LONGEST_LAG;
    let own: f32 = half[..span].iter().map(|sample| sample * sample).sum();
    let mut best = (0.0_f32, 0);
    for lag in SHORTEST_LAG..=LONGEST_LAG {
        let (mut along, mut other) = (0.0_f32, 0.0_f32);
        for (a, b) in half[..span].iter().zip(&half[lag..lag + span]) {
            along += a * b;
            other += b * b;
        }
        let likeness = along / (own * other).sqrt().max(1.0);
        // A multiple of the period is as like; the first one is the pitch.
        if likeness > best.0 + 0.02 {
            best = (likeness, lag);
        }
    }
    Frame { voiced: best.0 >= LIKE, level, lag: u16::try_from(best.1).unwrap_or(0) }
}

fn power(dbm0: f64) -> f32 {
    let amplitude = amplitude_of_dbm0(dbm0);
    (amplitude * amplitude / 2.0) as f32
}

/// Frames looked at together: half a second.
const SPAN: usize = 25;
/// Voiced ones among them: 120 ms of a vowel.
const LEAST_VOICED: usize = 6;
const FIRST_FLOOR_DBM0: f64 = -55.0;
/// Weaker is no voice on a telephone line.
const LEAST_DBM0: f64 = -45.0;
/// Louder is no silence, however long it lasts.
const LOUD_DBM0: f64 = -38.0;
/// 8 dB.
const ABOVE_FLOOR: f32 = 6.3;
/// 4 dB a second.
const FLOOR_RISE: f32 = 1.02;
/// 400 Hz and 70 Hz at 4 kHz.
const SHORTEST_LAG: usize = 10;
const LONGEST_LAG: usize = 57;
/// Likeness of a vowel's periods; of noise it is near 0.3.
const LIKE: f32 = 0.6;
/// 4 dB between its frames.
const UNSTEADY: f32 = 2.5;
/// A tenth of the pitch.
const GLIDES: f32 = 1.1;
