//! Reads a WAV file of 8 kHz mono (16-bit PCM, A-law or µ-law) into A-law. It resamples nothing.

use media::Law;
use thiserror::Error;

/// Why a file is no prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WavError {
    /// The bytes are no RIFF WAVE file, or one that ends too early.
    #[error("this is no whole WAV file")]
    Form,
    /// Another rate, more than one channel, or another coding.
    #[error("the file must be 8 kHz mono with 16-bit PCM, A-law or µ-law")]
    Coding,
    /// There is no sound in it.
    #[error("the file holds no sound")]
    Empty,
}

const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const RATE_HZ: u32 = 8_000;

/// The file's sound as A-law.
///
/// # Errors
/// [`WavError`].
pub fn to_alaw(file: &[u8]) -> Result<Vec<u8>, WavError> {
    let rest = file.strip_prefix(b"RIFF").and_then(|rest| rest.get(4..)).ok_or(WavError::Form)?;
    let mut rest = rest.strip_prefix(b"WAVE").ok_or(WavError::Form)?;
    let mut format = None;
    loop {
        let (name, after) = rest.split_first_chunk::<4>().ok_or(WavError::Form)?;
        let (length, after) = after.split_first_chunk::<4>().ok_or(WavError::Form)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| WavError::Form)?;
        let body = after.get(..length).ok_or(WavError::Form)?;
        match name {
            b"fmt " => format = Some(coding(body)?),
            b"data" => return convert(format.ok_or(WavError::Form)?, body),
            _ => {}
        }
        // Chunks are padded to an even length.
        rest = after.get(length + (length & 1)..).ok_or(WavError::Form)?;
    }
}

fn coding(body: &[u8]) -> Result<u16, WavError> {
    let word = |at: usize| body.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let (tag, channels, bits) = (word(0), word(2), word(14));
    let rate = body.get(4..8).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    match (tag, channels, rate, bits) {
        (Some(PCM), Some(1), Some(RATE_HZ), Some(16)) => Ok(PCM),
        (Some(law @ (A_LAW | MU_LAW)), Some(1), Some(RATE_HZ), Some(8)) => Ok(law),
        (None, ..) | (_, None, ..) | (_, _, None, _) | (.., None) => Err(WavError::Form),
        (Some(_), Some(_), Some(_), Some(_)) => Err(WavError::Coding),
    }
}

fn convert(coding: u16, body: &[u8]) -> Result<Vec<u8>, WavError> {
    let alaw: Vec<u8> = match coding {
        A_LAW => body.to_vec(),
        MU_LAW => body.iter().map(|octet| Law::A.encode(Law::Mu.decode(*octet))).collect(),
        _ => {
            let (samples, _) = body.as_chunks::<2>();
            samples.iter().map(|sample| Law::A.encode(i16::from_le_bytes(*sample))).collect()
        }
    };
    if alaw.is_empty() { Err(WavError::Empty) } else { Ok(alaw) }
}

#[cfg(test)]
mod tests {
    use super::{WavError, to_alaw};

    fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        out.extend(tag.to_le_bytes());
        out.extend(channels.to_le_bytes());
        out.extend(rate.to_le_bytes());
        out.extend((rate * 2).to_le_bytes());
        out.extend(2_u16.to_le_bytes());
        out.extend(bits.to_le_bytes());
        out.extend(b"LIST\x03\0\0\0abc\0data");
        out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn pcm_a_law_and_mu_law_become_a_law() {
        assert_eq!(to_alaw(&wav(1, 1, 8_000, 16, &[0, 0])), Ok(vec![0xd5]));
        assert_eq!(to_alaw(&wav(6, 1, 8_000, 8, &[0x12])), Ok(vec![0x12]));
        assert_eq!(to_alaw(&wav(7, 1, 8_000, 8, &[0xff])), Ok(vec![0xd5]));
    }

    #[test]
    fn other_rates_channels_and_codings_are_refused() {
        for file in [
            wav(1, 2, 8_000, 16, &[0; 4]),
            wav(1, 1, 16_000, 16, &[0; 4]),
            wav(1, 1, 8_000, 8, &[0; 4]),
            wav(3, 1, 8_000, 16, &[0; 4]),
        ] {
            assert_eq!(to_alaw(&file), Err(WavError::Coding));
        }
        assert_eq!(to_alaw(&wav(1, 1, 8_000, 16, &[])), Err(WavError::Empty));
    }

    #[test]
    fn no_prefix_of_a_file_panics() {
        let file = wav(1, 1, 8_000, 16, &[1, 2, 3, 4]);
        for end in 0..file.len() {
            assert!(to_alaw(&file[..end]).is_err());
        }
    }
}
