//! Tones for prompts, and finding them and the callee's voice in an exported recording.

use carrier::signal::RATE_HZ;

/// A WAV file: 8 kHz, mono, 16 bit, one tone.
#[must_use]
pub fn tone_wav(hz: u32, ms: u32) -> Vec<u8> {
    let samples: Vec<i16> = (0..RATE_HZ * ms / 1_000).map(|n| sample(hz, n)).collect();
    let bytes = u32::try_from(samples.len() * 2).expect("a short tone");
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(RATE_HZ.to_le_bytes());
    wav.extend((RATE_HZ * 2).to_le_bytes());
    wav.extend(2_u16.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    samples.iter().for_each(|sample| wav.extend(sample.to_le_bytes()));
    wav
}

fn sample(hz: u32, n: u32) -> i16 {
    let phase = f64::from(hz) * f64::from(n) / f64::from(RATE_HZ) * std::f64::consts::TAU;
    (phase.sin() * 9_000.0) as i16
}

/// The share of a stretch's energy that lies in one tone: 0 to 1.
#[must_use]
pub fn share_of(hz: u32, samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    if energy < f64::from(QUIET).powi(2) * samples.len() as f64 {
        return 0.0;
    }
    let step = f64::from(hz) / f64::from(RATE_HZ) * std::f64::consts::TAU;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        re += f64::from(*sample) * (step * n as f64).cos();
        im += f64::from(*sample) * (step * n as f64).sin();
    }
    (re * re + im * im) * 2.0 / (energy * samples.len() as f64)
}

/// An exported recording.
#[derive(Debug, Clone)]
pub struct Stereo {
    /// The callee.
    pub left: Vec<i16>,
    /// The agent and the prompts.
    pub right: Vec<i16>,
}

impl Stereo {
    /// Reads a WAV of 16-bit stereo.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn read(wav: &[u8]) -> Self {
        assert_eq!(&wav[..4], b"RIFF", "a WAV");
        let at = wav.windows(4).position(|word| word == b"data").expect("audio") + 8;
        let sample = |bytes: &[u8]| i16::from_le_bytes([bytes[0], bytes[1]]);
        let frames = wav[at..].as_chunks::<4>().0;
        Self {
            left: frames.iter().map(|frame| sample(&frame[..2])).collect(),
            right: frames.iter().map(|frame| sample(&frame[2..])).collect(),
        }
    }

    /// Milliseconds of audio.
    #[must_use]
    pub fn ms(&self) -> usize {
        self.left.len() * 1_000 / RATE_HZ as usize
    }

    /// The first place, in samples, from which `hz` fills `ms` of a side.
    #[must_use]
    pub fn find_tone(side: &[i16], hz: u32, ms: usize) -> Option<usize> {
        let length = ms * RATE_HZ as usize / 1_000;
        let places = side.len().checked_sub(length)?;
        (0..=places).step_by(80).find(|&at| share_of(hz, &side[at..at + length]) > TONE_SHARE)
    }

    /// How late into this callee's voice the left side begins, in samples, and the share of its loud
    /// stretches of 100 ms that are found there, each at most [`DRIFT`] samples from its place.
    #[must_use]
    pub fn find_voice(&self, number: &str) -> (usize, f64) {
        let voice = carrier::signal::voice_pcm(number, 0, self.left.len() + VOICE_SHIFT);
        let windows = self.left.as_chunks::<VOICE_WINDOW>().0.iter().enumerate();
        let loud = windows.filter(|(_, window)| carrier::signal::is_audible(&window[..]));
        let loud: Vec<_> = loud.map(|(index, window)| (index * VOICE_WINDOW, window)).collect();
        let Some((first, window)) = loud.get(loud.len() / 4) else { return (0, 0.0) };
        let best = self.best_place(&window[..], *first, &voice);
        let near = best.saturating_sub(DRIFT)..(best + DRIFT).min(VOICE_SHIFT);
        let found = loud
            .iter()
            .filter(|(at, window)| best_shift(&window[..], &voice[*at..], near.clone()).1 > SAME_SOUND);
        (best, found.count() as f64 / loud.len() as f64)
    }

    /// A syllable repeats itself: of all places where it fits, the one where all the rest fits best too.
    fn best_place(&self, window: &[i16], first: usize, voice: &[i16]) -> usize {
        let fits = |shift: &usize| alike(window, &voice[first + shift..]) > SAME_SOUND;
        let whole = |shift: &usize| alike(&self.left, &voice[*shift..]);
        (0..VOICE_SHIFT).filter(fits).max_by(|a, b| whole(a).total_cmp(&whole(b))).unwrap_or(0)
    }
}

fn best_shift(window: &[i16], voice: &[i16], shifts: std::ops::Range<usize>) -> (usize, f64) {
    let each = shifts.map(|shift| (shift, alike(window, &voice[shift..])));
    each.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

fn alike(ours: &[i16], theirs: &[i16]) -> f64 {
    let (mut both, mut left, mut right) = (0_i64, 0_i64, 0_i64);
    for (a, b) in ours.iter().zip(theirs) {
        let (a, b) = (i64::from(*a), i64::from(*b));
        both += a * b;
        left += a * a;
        right += b * b;
    }
    if left == 0 || right == 0 { 0.0 } else { both as f64 / ((left as f64) * (right as f64)).sqrt() }
}

const VOICE_WINDOW: usize = 800;
/// What a jitter buffer may add or leave out in a pause: 200 ms.
const DRIFT: usize = 1_600;
const SAME_SOUND: f64 = 0.9;
const QUIET: f32 = 100.0;
const TONE_SHARE: f64 = 0.8;
/// How late into the voice a recording may begin: it waits for the notice.
const VOICE_SHIFT: usize = 24_000;
