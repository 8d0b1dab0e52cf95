//! What can be told of a recording without its key: header, framing, closed or cut. It authenticates nothing.

use crate::chunk::{FRAME_MS, Kind, MAX_CHUNK_BYTES};
use crate::decode::{DecodeError, Fault, Totals, fill, read_chunk};
use crate::header::{HEADER_BYTES, Header};
use std::io::Read;

/// The outside of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Structure {
    /// Its clear header.
    pub header: Header,
    /// What the clear chunk headers say.
    pub totals: Totals,
    /// Does a closing chunk end it?
    pub closed: bool,
    /// Bytes of an incomplete chunk at the end.
    pub torn_bytes: usize,
}

/// Walks the clear structure of a recording.
///
/// # Errors
/// [`DecodeError`].
pub fn check_structure(mut reader: impl Read) -> Result<Structure, DecodeError> {
    let mut raw = [0_u8; HEADER_BYTES];
    let filled = fill(&mut reader, &mut raw).map_err(DecodeError::Read)?;
    let header = if filled == HEADER_BYTES { Header::decode(&raw) } else { None };
    let header = header.ok_or(Fault::Header)?;
    let mut totals = Totals::default();
    let mut buffer = Vec::with_capacity(MAX_CHUNK_BYTES);
    loop {
        let Some(chunk) = read_chunk(&mut reader, totals.chunks, &mut buffer)? else {
            return Ok(Structure { header, totals, closed: false, torn_bytes: buffer.len() });
        };
        match chunk.kind {
            Kind::Audio => {
                totals.chunks += 1;
                totals.duration_ms += u64::from(chunk.frames) * FRAME_MS;
                totals.gaps_left_ms += u64::from(chunk.gaps_left.count_ones()) * FRAME_MS;
                totals.gaps_right_ms += u64::from(chunk.gaps_right.count_ones()) * FRAME_MS;
            }
            Kind::Closing => {
                return match fill(&mut reader, &mut [0_u8; 1]).map_err(DecodeError::Read)? {
                    0 => Ok(Structure { header, totals, closed: true, torn_bytes: 0 }),
                    _ => Err(Fault::AfterEnd.into()),
                };
            }
        }
    }
}
