//! How the image is carried: its bytes one after another, with what is empty only counted. Most of a disk is empty, and
//! what is not was compressed when it was made. It knows nothing of what the bytes mean.
//!
//! `RFPACK1\n`, then records: a kind (0 empty, 1 bytes, 2 end), a length (32 bits, little-endian), the bytes of kind 1.

use std::io::{self, Read, Write};

/// Packs what is read; how many bytes it was.
///
/// # Errors
/// Reading or writing fails.
pub fn pack(mut from: impl Read, mut to: impl Write) -> io::Result<u64> {
    to.write_all(HEAD)?;
    let (mut block, mut total, mut run) = (vec![0; BLOCK], 0, Run { bytes: Vec::new(), empty: 0 });
    loop {
        let read = fill(&mut from, &mut block)?;
        let Some(part) = block.get(..read).filter(|part| !part.is_empty()) else { break };
        run.add(part, &mut to)?;
        total += part.len() as u64;
    }
    run.flush(&mut to)?;
    record(&mut to, END, 0)?;
    to.flush()?;
    Ok(total)
}

/// What lies one after another and is of one kind.
struct Run {
    bytes: Vec<u8>,
    empty: u32,
}

impl Run {
    fn add(&mut self, part: &[u8], to: &mut impl Write) -> io::Result<()> {
        let empty = part.iter().all(|byte| *byte == 0);
        let full = self.bytes.len() + part.len() > MAX_RUN || self.empty as usize + part.len() > MAX_EMPTY;
        if full || (empty && !self.bytes.is_empty()) || (!empty && self.empty > 0) {
            self.flush(to)?;
        }
        if empty {
            self.empty += u32::try_from(part.len()).map_err(io::Error::other)?;
        } else {
            self.bytes.extend_from_slice(part);
        }
        Ok(())
    }

    fn flush(&mut self, to: &mut impl Write) -> io::Result<()> {
        if self.empty > 0 {
            record(to, EMPTY, self.empty)?;
        }
        if !self.bytes.is_empty() {
            record(to, BYTES, u32::try_from(self.bytes.len()).map_err(io::Error::other)?)?;
            to.write_all(&self.bytes)?;
        }
        self.empty = 0;
        self.bytes.clear();
        Ok(())
    }
}

fn record(to: &mut impl Write, kind: u8, length: u32) -> io::Result<()> {
    to.write_all(&[kind])?;
    to.write_all(&length.to_le_bytes())
}

/// As much as there is room for; less only at the end.
fn fill(from: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while let Some(rest) = block.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(read) => at += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

/// Reads what was packed, as it was.
#[derive(Debug)]
pub struct Unpack<R> {
    from: R,
    left: u32,
    kind: u8,
    begun: bool,
}

impl<R: Read> Unpack<R> {
    /// From its first byte on.
    pub const fn new(from: R) -> Self {
        Self { from, left: 0, kind: EMPTY, begun: false }
    }

    /// To the next record that is not used up; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        if !self.begun {
            let mut head = [0; HEAD.len()];
            self.from.read_exact(&mut head)?;
            if head != *HEAD {
                return Err(damaged("it does not begin as a packed image does"));
            }
            self.begun = true;
        }
        if self.kind == END {
            return Ok(false);
        }
        if self.left == 0 {
            let (mut kind, mut length) = ([0], [0; 4]);
            self.from.read_exact(&mut kind)?;
            self.from.read_exact(&mut length)?;
            (self.kind, self.left) = (kind[0], u32::from_le_bytes(length));
            let limit = match self.kind {
                EMPTY => MAX_EMPTY,
                BYTES => MAX_RUN,
                END => 0,
                _ => return Err(damaged("a record is of no known kind")),
            };
            if self.left as usize > limit || (self.kind != END && self.left == 0) {
                return Err(damaged("a record has no possible length"));
            }
            if self.kind == END {
                return if self.from.read(&mut [0])? == 0 {
                    Ok(false)
                } else {
                    Err(damaged("it goes on after its end"))
                };
            }
        }
        Ok(true)
    }
}

impl<R: Read> Read for Unpack<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() || !self.advance()? {
            return Ok(0);
        }
        let wanted = room.len().min(self.left as usize);
        let room = room.get_mut(..wanted).unwrap_or_default();
        let read = if self.kind == EMPTY {
            room.fill(0);
            wanted
        } else {
            self.from.read(room)?
        };
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= u32::try_from(read).map_err(io::Error::other)?;
        Ok(read)
    }
}

fn damaged(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

const HEAD: &[u8; 8] = b"RFPACK1\n";
const EMPTY: u8 = 0;
const BYTES: u8 = 1;
const END: u8 = 2;
/// What is looked at as one.
const BLOCK: usize = 4_096;
/// Bytes of one record.
const MAX_RUN: usize = 1 << 20;
/// Empty bytes of one record.
const MAX_EMPTY: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::{BLOCK, HEAD, MAX_RUN, Unpack, pack};
    use proptest::prelude::*;
    use std::io::Read;

    fn unpacked(packed: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Unpack::new(packed).read_to_end(&mut bytes).map(|_| bytes)
    }

    #[test]
    fn what_is_empty_takes_no_room_and_comes_back() {
        let mut image = vec![0; 40 * MAX_RUN + 17];
        image[5 * BLOCK] = 7;
        image[30 * MAX_RUN..32 * MAX_RUN].fill(9);
        let mut packed = Vec::new();
        assert_eq!(pack(&image[..], &mut packed).expect("memory"), image.len() as u64);
        assert!(packed.len() < 2 * MAX_RUN + 2 * BLOCK, "{} bytes", packed.len());
        assert!(unpacked(&packed).expect("it was packed") == image);
    }

    #[test]
    fn what_is_cut_off_goes_on_or_has_another_head_is_an_error_and_never_a_shorter_image() {
        let mut packed = Vec::new();
        pack(&[1_u8; 3 * BLOCK][..], &mut packed).expect("memory");
        for end in 0..packed.len() {
            assert!(unpacked(&packed[..end]).is_err(), "cut off at {end}");
        }
        assert!(unpacked(&[&packed[..], &[0]].concat()).is_err(), "it goes on");
        assert!(unpacked(&[b"RFPACK2\n", &packed[HEAD.len()..]].concat()).is_err(), "another head");
        for (kind, length) in [(3_u8, 1_u32), (0, 0), (1, 0), (1, u32::MAX), (0, u32::MAX), (2, 1)] {
            let bad = [&HEAD[..], &[kind], &length.to_le_bytes()].concat();
            assert!(unpacked(&bad).is_err(), "kind {kind}, length {length}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_packed_comes_back(parts in prop::collection::vec((any::<u8>(), 0_usize..3 * BLOCK), 0..20)) {
            let image: Vec<u8> = parts.iter().flat_map(|(byte, count)| vec![byte & 1; *count]).collect();
            let mut packed = Vec::new();
            pack(&image[..], &mut packed).expect("memory");
            prop_assert!(unpacked(&packed).expect("it was packed") == image);
        }
    }
}
