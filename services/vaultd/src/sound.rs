//! Sound for people's ears: pieces of recordings and prompts as WAV, and the peaks a player draws. It opens no
//! file by itself and knows nothing of who hears.

use media::Law;
use recording::{Chunk, Codec, DecodeError, Decoder};
use std::io::Read;
use vocab::Secret;
use zeroize::Zeroizing;

/// Peaks of one side at most.
pub const MAX_PEAKS: usize = 600;
const RATE_HZ: u32 = 8_000;
const SAMPLES_A_MS: u64 = 8;
/// Samples over which one peak is first taken: 20 ms.
const PEAK_SAMPLES: usize = 160;

/// What a player needs of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// Milliseconds of authentic sound.
    pub duration_ms: u64,
    /// Peaks of the customer's side.
    pub customer: Vec<u8>,
    /// Peaks of the other side.
    pub agent: Vec<u8>,
}

/// Reads a recording through. One that is damaged or was cut is heard up to there.
///
/// # Errors
/// [`DecodeError`] where not even its begin can be read.
pub fn peaks(reader: impl Read, key: &Secret<[u8; 32]>) -> Result<Heard, DecodeError> {
    let mut decoder = Decoder::new(reader, key)?;
    let law = law_of(decoder.header().codec);
    let (mut customer, mut agent) = (Vec::new(), Vec::new());
    loop {
        match decoder.next_chunk() {
            Ok(Chunk::Audio { samples, .. }) => {
                for frame in samples.chunks(2 * PEAK_SAMPLES) {
                    customer.push(peak(law, frame.iter().step_by(2)));
                    agent.push(peak(law, frame.iter().skip(1).step_by(2)));
                }
            }
            Ok(Chunk::Closed(_) | Chunk::Cut(_)) => break,
            Err(error) if customer.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    let duration_ms = decoder.totals().duration_ms;
    Ok(Heard { duration_ms, customer: fewer(&customer), agent: fewer(&agent) })
}

/// A piece of a recording as stereo WAV: left the customer, right the agent.
///
/// # Errors
/// [`DecodeError`].
pub fn piece(
    reader: impl Read,
    key: &Secret<[u8; 32]>,
    from_ms: u64,
    to_ms: u64,
) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    let mut decoder = Decoder::new(reader, key)?;
    let law = law_of(decoder.header().codec);
    let mut wanted = Zeroizing::new(Vec::new());
    let mut at_ms = 0;
    while at_ms < to_ms {
        let Chunk::Audio { samples, .. } = decoder.next_chunk()? else {
            break;
        };
        let length_ms = samples.len() as u64 / (2 * SAMPLES_A_MS);
        let octet = |ms: u64| usize::try_from(ms * 2 * SAMPLES_A_MS).unwrap_or(usize::MAX).min(samples.len());
        let begin = octet(from_ms.saturating_sub(at_ms));
        let end = octet(to_ms - at_ms);
        wanted.extend_from_slice(samples.get(begin..end).unwrap_or(&[]));
        at_ms += length_ms;
    }
    Ok(wav(law, 2, &wanted))
}

/// A prompt as mono WAV.
#[must_use]
pub fn prompt(alaw: &[u8]) -> Zeroizing<Vec<u8>> {
    wav(Law::A, 1, alaw)
}

const fn law_of(codec: Codec) -> Law {
    match codec {
        Codec::ALaw => Law::A,
        Codec::MuLaw => Law::Mu,
    }
}

fn peak<'a>(law: Law, octets: impl Iterator<Item = &'a u8>) -> u8 {
    let loudest = octets.map(|octet| law.decode(*octet).unsigned_abs()).max().unwrap_or(0);
    u8::try_from(loudest >> 7).unwrap_or(u8::MAX)
}

/// At most [`MAX_PEAKS`] of them, each the highest of its stretch.
fn fewer(peaks: &[u8]) -> Vec<u8> {
    if peaks.len() <= MAX_PEAKS {
        return peaks.to_vec();
    }
    let at = |index: usize| index * peaks.len() / MAX_PEAKS;
    (0..MAX_PEAKS).map(|index| peaks[at(index)..at(index + 1)].iter().copied().max().unwrap_or(0)).collect()
}

/// 16-bit PCM at 8 kHz.
fn wav(law: Law, channels: u16, octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let bytes = u32::try_from(2 * octets.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(44 + 2 * octets.len());
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + bytes).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16_u32.to_le_bytes());
    out.extend_from_slice(&1_u16.to_le_bytes());
    out.extend_from_slice(&channels.to_le_bytes());
    out.extend_from_slice(&RATE_HZ.to_le_bytes());
    out.extend_from_slice(&(RATE_HZ * 2 * u32::from(channels)).to_le_bytes());
    out.extend_from_slice(&(2 * channels).to_le_bytes());
    out.extend_from_slice(&16_u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&bytes.to_le_bytes());
    for octet in octets {
        out.extend_from_slice(&law.decode(*octet).to_le_bytes());
    }
    Zeroizing::new(out)
}

#[cfg(test)]
mod tests {
    use super::{MAX_PEAKS, fewer, peaks, piece, prompt};
    use recording::{Codec, Encoder, Header};
    use vocab::{CallId, ObjectHash, Secret, UnixMs};

    /// Seconds of a recording: the customer speaks loudly in the odd ones, the agent never.
    fn recording(seconds: usize) -> (Vec<u8>, Secret<[u8; 32]>) {
        let key = Secret::new([7; 32]);
        let header = Header {
            call: CallId(1),
            codec: Codec::ALaw,
            started: UnixMs(0),
            notice_prompt: ObjectHash([0; 32]),
        };
        let mut encoder = Encoder::new(&key, &header);
        let mut out = encoder.header_bytes().to_vec();
        let (loud, silent) = ([0xaa_u8; 160], [0xd5_u8; 160]);
        for frame in 0..seconds * 50 {
            let customer = if (frame / 50) % 2 == 1 { &loud } else { &silent };
            if let Ok(Some(chunk)) = encoder.push(customer, &silent, recording::Gaps::default()) {
                out.extend_from_slice(chunk);
            }
        }
        out.extend_from_slice(encoder.finish(UnixMs(1)));
        (out, key)
    }

    #[test]
    fn a_player_sees_how_loud_each_side_is_over_the_whole_length() {
        let (file, key) = recording(30);
        let heard = peaks(file.as_slice(), &key).unwrap();
        assert_eq!((heard.duration_ms, heard.customer.len()), (30_000, MAX_PEAKS));
        assert!(heard.agent.iter().all(|peak| *peak == 0));
        assert_eq!((heard.customer[5], heard.customer[25]), (0, 252));
    }

    #[test]
    fn pieces_hold_exactly_their_time_of_both_sides() {
        let (file, key) = recording(12);
        for (from, to) in [(0, 5_000), (5_000, 10_000), (10_000, 12_000)] {
            let wav = piece(file.as_slice(), &key, from, to).unwrap();
            assert_eq!(wav.len() as u64, 44 + (to - from) * 8 * 4, "{from}");
            assert_eq!((&wav[..4], &wav[22..24]), (b"RIFF".as_slice(), [2, 0].as_slice()));
        }
        let wav = piece(file.as_slice(), &key, 500, 1_500).unwrap();
        let sample = |at: usize| i16::from_le_bytes([wav[44 + 4 * at], wav[45 + 4 * at]]);
        assert_eq!((sample(0), sample(3_999), sample(4_000)), (8, 8, 32_256), "the second second is loud");
    }

    #[test]
    fn a_damaged_recording_is_heard_up_to_there_and_a_wrong_key_opens_nothing() {
        let (mut file, key) = recording(10);
        let middle = file.len() / 2;
        file[middle] ^= 1;
        let heard = peaks(file.as_slice(), &key).unwrap();
        assert!((3_000..7_000).contains(&heard.duration_ms), "{}", heard.duration_ms);
        assert!(peaks(file.as_slice(), &Secret::new([8; 32])).is_err());
    }

    #[test]
    fn peaks_are_few_and_lose_no_loud_moment() {
        let mut all = vec![0_u8; 100_000];
        all[77_777] = 200;
        let few = fewer(&all);
        assert_eq!((few.len(), few.iter().max()), (MAX_PEAKS, Some(&200)));
        assert_eq!(fewer(&[1, 2, 3]), [1, 2, 3]);
    }

    #[test]
    fn a_prompt_becomes_mono_wav() {
        let wav = prompt(&[0xd5, 0xaa]);
        assert_eq!((wav.len(), wav[22]), (48, 1));
    }
}
