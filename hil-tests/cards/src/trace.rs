//! Reads a D channel's trace as the product writes it, only as far as needed to see that it is whole and in order. What
//! the frames mean is not looked at.

use anyhow::{Context, ensure};

/// What a trace holds.
#[derive(Debug, Default)]
pub struct Seen {
    /// Frames of each direction: received, sent.
    pub frames: [u64; 2],
    /// Numbered frames that were sent again.
    pub repeated: u64,
    /// How often the link was set up.
    pub set_up: u64,
}

/// Reads it: times never go back, and in each direction no numbered frame is missing.
pub fn read(file: &[u8]) -> anyhow::Result<Seen> {
    let mut rest = file.get(FILE_HEAD..).context("no head")?;
    let (mut seen, mut next, mut last) = (Seen::default(), [0_u8; 2], (0, 0));
    while !rest.is_empty() {
        let at = (number(rest, 0)?, number(rest, 4)?);
        ensure!(at >= last, "{at:?} after {last:?}");
        last = at;
        let length = usize::try_from(number(rest, 8)?)?;
        let record = rest.get(RECORD_HEAD..RECORD_HEAD + length).context("it ends within a frame")?;
        rest = rest.get(RECORD_HEAD + length..).unwrap_or_default();
        let direction = usize::from(record.get(1) == Some(&OUTGOING));
        seen.frames[direction] += 1;
        let control = *record.get(PSEUDO_HEAD + ADDRESS).context("no frame")?;
        if control & !POLL == SABME {
            next = [0; 2];
            seen.set_up += 1;
        } else if control & 1 == 0 {
            let ahead = (control >> 1).wrapping_sub(next[direction]) % MODULUS;
            ensure!(ahead == 0 || ahead >= MODULUS / 2, "{ahead} frames are missing before {}", control >> 1);
            if ahead == 0 {
                next[direction] = (next[direction] + 1) % MODULUS;
            } else {
                seen.repeated += 1;
            }
        }
    }
    Ok(seen)
}

fn number(octets: &[u8], at: usize) -> anyhow::Result<u32> {
    let (four, _) =
        octets.get(at..).and_then(|rest| rest.split_first_chunk()).context("no head of a frame")?;
    Ok(u32::from_le_bytes(*four))
}

const FILE_HEAD: usize = 24;
const RECORD_HEAD: usize = 16;
const PSEUDO_HEAD: usize = 16;
const ADDRESS: usize = 2;
/// The kind of packet that says we sent it.
const OUTGOING: u8 = 4;
const SABME: u8 = 0x6f;
const POLL: u8 = 0x10;
const MODULUS: u8 = 128;
