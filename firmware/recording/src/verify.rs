//! Verifies a whole recording with its key and says in one verdict what it is worth.

use crate::decode::{Chunk, DecodeError, Decoder, Fault, Totals};
use std::io::{self, Read};
use vocab::Secret;

/// How far a recording may differ from the expected duration.
const DURATION_TOLERANCE_MS: u64 = 1_000;

/// What a recording is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Whole: closed, authentic, of the expected duration.
    Sound,
    /// Authentic as far as it goes, but it ends without a closing chunk.
    Cut,
    /// Whole, but shorter or longer than expected.
    WrongDuration,
    /// Not as it was written.
    Damaged(Fault),
}

/// The result of [`verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingReport {
    /// Milliseconds of authentic audio.
    pub duration_ms: u64,
    /// Authentic audio chunks.
    pub chunks: u32,
    /// Milliseconds missing on the callee's side.
    pub gaps_left_ms: u64,
    /// Milliseconds missing on the agent's side.
    pub gaps_right_ms: u64,
    /// Does an authentic closing chunk end it?
    pub closed: bool,
    /// What it is worth.
    pub verdict: Verdict,
}

/// Reads a recording to its end and compares it with the duration of the call, if that is known.
///
/// # Errors
/// Only when the bytes cannot be read; damage is a verdict.
pub fn verify(
    reader: impl Read,
    key: &Secret<[u8; 32]>,
    expected_duration_ms: Option<u64>,
) -> io::Result<RecordingReport> {
    let mut decoder = match Decoder::new(reader, key) {
        Ok(decoder) => decoder,
        Err(DecodeError::Fault(fault)) => return Ok(report(Totals::default(), Verdict::Damaged(fault))),
        Err(DecodeError::Read(error)) => return Err(error),
    };
    let verdict = loop {
        match decoder.next_chunk() {
            Ok(Chunk::Audio { .. }) => {}
            Ok(Chunk::Closed(_)) => break duration_verdict(decoder.totals(), expected_duration_ms),
            Ok(Chunk::Cut(_)) => break Verdict::Cut,
            Err(DecodeError::Fault(fault)) => break Verdict::Damaged(fault),
            Err(DecodeError::Read(error)) => return Err(error),
        }
    };
    Ok(report(decoder.totals(), verdict))
}

fn duration_verdict(totals: Totals, expected_ms: Option<u64>) -> Verdict {
    match expected_ms {
        Some(expected) if expected.abs_diff(totals.duration_ms) > DURATION_TOLERANCE_MS => {
            Verdict::WrongDuration
        }
        Some(_) | None => Verdict::Sound,
    }
}

fn report(totals: Totals, verdict: Verdict) -> RecordingReport {
    RecordingReport {
        duration_ms: totals.duration_ms,
        chunks: totals.chunks,
        gaps_left_ms: totals.gaps_left_ms,
        gaps_right_ms: totals.gaps_right_ms,
        closed: matches!(verdict, Verdict::Sound | Verdict::WrongDuration),
        verdict,
    }
}
