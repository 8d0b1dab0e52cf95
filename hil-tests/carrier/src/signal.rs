//! The sounds of the peers: each a pure function of its name and a sample index, so that a test
//! can compute what must be in a recording. G.711 in both laws.
//!
//! No files, no random noise, no resampling: 8,000 samples a second throughout.

use std::sync::OnceLock;

use crate::behaviour::national;

/// Samples in a second.
pub const RATE_HZ: u32 = 8_000;
/// Samples in one packet of 20 ms.
pub const FRAME: usize = 160;
/// How many different agent tones there are.
pub const AGENT_TONES: u8 = 8;

/// The two laws of G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// PCMA, payload type 8.
    A,
    /// PCMU, payload type 0.
    Mu,
}

impl Law {
    /// The static RTP payload type (RFC 3551, table 4).
    pub fn payload_type(self) -> u8 {
        match self {
            Law::A => 8,
            Law::Mu => 0,
        }
    }

    /// One linear sample as a code.
    pub fn encode(self, sample: i16) -> u8 {
        let table = match self {
            Law::A => &tables().alaw,
            Law::Mu => &tables().ulaw,
        };
        table[usize::from((sample as u16) >> 2)]
    }

    /// One code as a linear sample.
    pub fn decode(self, code: u8) -> i16 {
        match self {
            Law::A => tables().from_alaw[usize::from(code)],
            Law::Mu => tables().from_ulaw[usize::from(code)],
        }
    }
}

/// The number that makes one callee's voice its own.
pub fn voice_seed(number: &str) -> u32 {
    let start = 0x811c_9dc5u32;
    national(number).bytes().fold(start, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

/// Sample `n` after the answer of the voice with this seed: speech-like bursts in a cycle of 4 s
/// (1 s speech, 1.5 s pause, 0.5 s speech, 1 s pause), four syllables a second, three harmonics.
pub fn voice_sample(seed: u32, n: u32) -> i16 {
    let place = n % (4 * RATE_HZ);
    let speaking = place < RATE_HZ || (20_000..24_000).contains(&place);
    if !speaking {
        return 0;
    }
    voice_burst(seed, n)
}

/// The first `len` samples from sample `start` of a callee's voice.
pub fn voice_pcm(number: &str, start: u32, len: usize) -> Vec<i16> {
    let seed = voice_seed(number);
    (start..).take(len).map(|n| voice_sample(seed, n)).collect()
}

/// Sample `n` of the voicemail: 3 s of greeting, half a second of 1 kHz, then silence.
pub fn voicemail_sample(seed: u32, n: u32) -> i16 {
    match n {
        0..24_000 => voice_burst(seed, n),
        24_000..28_000 => tone(1_000, n, 9_000),
        _ => 0,
    }
}

/// Sample `n` of the Chinese ringback tone: 450 Hz, 1 s on, 4 s off.
pub fn ringback_sample(n: u32) -> i16 {
    if n % (5 * RATE_HZ) < RATE_HZ { tone(450, n, 7_000) } else { 0 }
}

/// The frequency of an agent's tone.
pub fn agent_tone_hz(index: u8) -> u32 {
    1_500 + 100 * u32::from(index % AGENT_TONES)
}

/// Sample `n` of an agent's tone.
pub fn agent_sample(index: u8, n: u32) -> i16 {
    tone(agent_tone_hz(index), n, 8_000)
}

/// Sample `n` of the foreign source of the RTP bleed attempt.
pub fn foreign_sample(n: u32) -> i16 {
    tone(3_000, n, 9_000)
}

/// Sample `n` of the key 9: 852 Hz and 1477 Hz (ITU-T Q.23).
pub fn nine_sample(n: u32) -> i16 {
    tone(852, n, 6_000) + tone(1_477, n, 6_000)
}

/// Whether a frame is more than line noise.
pub fn is_audible(frame: &[i16]) -> bool {
    let sum: u64 = frame.iter().map(|s| u64::from(s.unsigned_abs())).sum();
    !frame.is_empty() && sum / frame.len() as u64 > AUDIBLE_MEAN
}

/// The agent tone that dominates a frame, if one does.
pub fn agent_tone_in(frame: &[i16]) -> Option<u8> {
    let energy: f32 = frame.iter().map(|s| f32::from(*s) * f32::from(*s)).sum();
    (0..AGENT_TONES).find(|index| {
        let power = goertzel(frame, agent_tone_hz(*index) as f32);
        // A pure tone of N samples gives N/2 times its energy.
        power > TONE_SHARE * energy * frame.len() as f32 / 2.0 && energy > 0.0
    })
}

fn voice_burst(seed: u32, n: u32) -> i16 {
    let pitch = 110 + seed % 90;
    let place = (n % 2_000) as i32;
    let envelope = if place < 1_000 { place } else { 2_000 - place };
    let second = 2 + (seed >> 8) % 3;
    let third = 5 + (seed >> 16) % 4;
    let sum = i32::from(tone(pitch, n, 6_000))
        + i32::from(tone(pitch * second, n, 4_000))
        + i32::from(tone(pitch * third, n, 2_000));
    (sum * envelope / 1_000) as i16
}

fn tone(hz: u32, n: u32, amplitude: i32) -> i16 {
    let step = ((u64::from(hz) << 32) / u64::from(RATE_HZ)) as u32;
    let index = step.wrapping_mul(n) >> 22;
    ((i32::from(tables().sine[index as usize]) * amplitude) >> 15) as i16
}

fn goertzel(frame: &[i16], hz: f32) -> f32 {
    let k = 2.0 * (2.0 * std::f32::consts::PI * hz / RATE_HZ as f32).cos();
    let (mut s1, mut s2) = (0.0f32, 0.0f32);
    for sample in frame {
        let s0 = f32::from(*sample) + k * s1 - s2;
        s2 = s1;
        s1 = s0;
    }
    s1 * s1 + s2 * s2 - k * s1 * s2
}

struct Tables {
    sine: Vec<i16>,
    alaw: Vec<u8>,
    ulaw: Vec<u8>,
    from_alaw: Vec<i16>,
    from_ulaw: Vec<i16>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let angle = |i: u32| f64::from(i) * std::f64::consts::TAU / 1024.0;
        let linear = |i: u32| ((i << 2) as u16) as i16;
        Tables {
            sine: (0..1024).map(|i| (angle(i).sin() * 32_767.0).round() as i16).collect(),
            alaw: (0..16_384).map(|i| alaw_of(linear(i))).collect(),
            ulaw: (0..16_384).map(|i| ulaw_of(linear(i))).collect(),
            from_alaw: (0..=255).map(linear_of_alaw).collect(),
            from_ulaw: (0..=255).map(linear_of_ulaw).collect(),
        }
    })
}

// ITU-T G.711, table 1: 13-bit magnitude, even bits inverted.
fn alaw_of(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 { (0x80, sample) } else { (0, !sample) };
    let magnitude = (magnitude >> 3) as u16;
    let segment = magnitude.checked_ilog2().unwrap_or(0).saturating_sub(4);
    let shift = segment.max(1);
    (sign | (segment << 4) as u8 | ((magnitude >> shift) & 0x0f) as u8) ^ 0x55
}

fn linear_of_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = (u32::from(code >> 4) & 7, i16::from(code & 0x0f));
    let magnitude = if segment == 0 { step * 2 + 1 } else { (step * 2 + 33) << (segment - 1) };
    if code & 0x80 != 0 { magnitude * 8 } else { magnitude * -8 }
}

// ITU-T G.711, table 2: 14-bit magnitude with a bias, all bits inverted.
fn ulaw_of(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = u32::from(sample.unsigned_abs()).min(32_635) + 132;
    let segment = magnitude.ilog2() - 7;
    !(sign | (segment << 4) as u8 | ((magnitude >> (segment + 3)) & 0x0f) as u8)
}

fn linear_of_ulaw(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = (u32::from(code >> 4) & 7, i32::from(code & 0x0f));
    let magnitude = (((step << 3) + 132) << segment) - 132;
    (if code & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const AUDIBLE_MEAN: u64 = 200;
const TONE_SHARE: f32 = 0.6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for law in [Law::A, Law::Mu] {
            for code in 0..=255u8 {
                let linear = law.decode(code);
                let again = law.decode(law.encode(linear));
                assert_eq!(again, linear, "{law:?} {code:#x}");
            }
        }
    }

    #[test]
    fn silence_is_the_code_the_standard_says() {
        assert_eq!(Law::A.encode(0), 0xd5);
        assert_eq!(Law::Mu.encode(0), 0xff);
        assert_eq!(Law::A.encode(32_767), 0xaa);
        assert_eq!(Law::Mu.encode(32_767), 0x80);
    }

    #[test]
    fn each_agent_tone_is_told_from_the_others_and_from_speech() {
        for index in 0..AGENT_TONES {
            let frame: Vec<i16> = (0..160).map(|n| agent_sample(index, n)).collect();
            assert_eq!(agent_tone_in(&frame), Some(index));
        }
        for start in (0..8_000).step_by(160) {
            let frame = voice_pcm("13800138007", start, FRAME);
            assert_eq!(agent_tone_in(&frame), None, "speech at {start}");
        }
        assert_eq!(agent_tone_in(&[0; FRAME]), None);
    }

    #[test]
    fn a_voice_belongs_to_its_number_however_it_was_dialled() {
        assert_eq!(voice_pcm("+8613800138007", 500, 800), voice_pcm("13800138007", 500, 800));
        assert_ne!(voice_pcm("13800138007", 500, 800), voice_pcm("13800138008", 500, 800));
        assert!(is_audible(&voice_pcm("13800138007", 800, FRAME)));
        assert!(!is_audible(&voice_pcm("13800138007", 9_000, FRAME)));
    }
}
