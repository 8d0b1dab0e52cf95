//! Decrypts a recording to WAV (16-bit stereo, 8 kHz). Who may ask for it is decided elsewhere.

use crate::decode::{Chunk, DecodeError, Decoder, Totals};
use crate::header::Codec;
use std::io::{Read, Seek, Write};
use thiserror::Error;
use vocab::Secret;

const SAMPLE_RATE_HZ: u32 = 8_000;

/// Why there is no WAV.
#[derive(Debug, Error)]
pub enum WavError {
    /// The recording is damaged or could not be read.
    #[error(transparent)]
    Recording(#[from] DecodeError),
    /// The WAV could not be written.
    #[error("the WAV could not be written")]
    Write(#[source] hound::Error),
}

/// Writes the recording as WAV: the callee left, the agent right. A cut recording gives what there is.
///
/// # Errors
/// [`WavError`]; at the first damaged chunk the WAV ends, and what was written must be thrown away.
pub fn decode_to_wav(
    reader: impl Read,
    key: &Secret<[u8; 32]>,
    writer: impl Write + Seek,
) -> Result<Totals, WavError> {
    let mut decoder = Decoder::new(reader, key)?;
    let codec = decoder.header().codec;
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::new(writer, spec).map_err(WavError::Write)?;
    while let Chunk::Audio { samples, .. } = decoder.next_chunk()? {
        for sample in samples {
            wav.write_sample(linear(codec, *sample)).map_err(WavError::Write)?;
        }
    }
    wav.finalize().map_err(WavError::Write)?;
    Ok(decoder.totals())
}

fn linear(codec: Codec, octet: u8) -> i16 {
    match codec {
        Codec::ALaw => a_law(octet),
        Codec::MuLaw => mu_law(octet),
    }
}

/// ITU-T G.711 table 1, with the even bits inverted.
fn a_law(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let mantissa = (i16::from(code & 0x0f) << 4) + 8;
    let magnitude = match (code >> 4) & 0x07 {
        0 => mantissa,
        segment => (mantissa + 0x100) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711 table 2, all bits inverted.
fn mu_law(octet: u8) -> i16 {
    let code = !octet;
    let magnitude = (((i16::from(code & 0x0f) << 3) + 0x84) << ((code >> 4) & 0x07)) - 0x84;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::{a_law, mu_law};

    #[test]
    fn the_ends_and_the_middle_of_both_laws_are_those_of_g_711() {
        assert_eq!([a_law(0xd5), a_law(0x55), a_law(0xaa), a_law(0x2a)], [8, -8, 32_256, -32_256]);
        assert_eq!([mu_law(0xff), mu_law(0x7f), mu_law(0x80), mu_law(0x00)], [0, 0, 32_124, -32_124]);
    }
}
