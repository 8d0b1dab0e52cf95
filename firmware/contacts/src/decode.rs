//! From bytes to UTF-8 with plain line ends, strictly: a byte the encoding does not have ends the import.
//!
//! The encoding is chosen once, from the first bytes, and never reconsidered.

use crate::error::{Encoding, FileError};
use encoding_rs::{CoderResult, Decoder, DecoderResult, GB18030, UTF_8};

/// Bytes looked at to choose the encoding.
pub const DETECT_BYTES: usize = 64 * 1024;
/// Bytes decoded at a time.
const PIECE_BYTES: usize = 8 * 1024;
/// UTF-8 bytes one byte can become.
const MAX_GROWTH: usize = 4;

const UTF8_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The encoding of a file that starts with these bytes; `whole` if there are no more.
pub fn detect(start: &[u8], whole: bool) -> Result<Encoding, FileError> {
    if start.starts_with(&[0xff, 0xfe])
        || start.starts_with(&[0xfe, 0xff])
        || start.starts_with(&[0, 0, 0xfe])
    {
        return Err(FileError::Utf16);
    }
    match std::str::from_utf8(start) {
        Ok(text) if reads_both_ways(text) => Err(FileError::UnclearEncoding),
        Ok(_) => Ok(Encoding::Utf8),
        // A character cut by the end of what we look at is no reason against UTF-8.
        Err(cut) if cut.error_len().is_none() && !whole => Ok(Encoding::Utf8),
        Err(_) if start.starts_with(&UTF8_MARK) => Ok(Encoding::Utf8),
        Err(_) => Ok(Encoding::Gb18030),
    }
}

/// Whether UTF-8 text without one East Asian character would as well be GB18030: `Jos\u{e9}` and `Jos茅` are
/// the same bytes. A wrong guess would be a wrong name, so nobody guesses.
fn reads_both_ways(text: &str) -> bool {
    let marked = text.starts_with('\u{feff}');
    let eastern = |ch: char| u32::from(ch) >= FIRST_EAST_ASIAN;
    !text.is_ascii()
        && !marked
        && !text.chars().any(eastern)
        && GB18030.decode_without_bom_handling_and_without_replacement(text.as_bytes()).is_some()
}

/// CJK Radicals Supplement: from here on the blocks are East Asian, or symbols such lists use.
const FIRST_EAST_ASIAN: u32 = 0x2e80;

/// Decodes one file.
pub struct Decode {
    encoding: Encoding,
    decoder: Decoder,
    buffer: Vec<u8>,
    /// A carriage return whose line feed has not come yet.
    held_return: bool,
    /// Nothing has been handed on: a byte order mark may still come.
    at_start: bool,
    /// Line of the next decoded character.
    line: u64,
}

impl Decode {
    pub fn new(encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => UTF_8.new_decoder_without_bom_handling(),
            Encoding::Gb18030 => GB18030.new_decoder_without_bom_handling(),
        };
        let buffer = vec![0; PIECE_BYTES * MAX_GROWTH];
        Self { encoding, decoder, buffer, held_return: false, at_start: true, line: 1 }
    }

    /// Decodes bytes and hands the text on in file order, before it reports bytes that are no text.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        last: bool,
        text: &mut impl FnMut(&[u8]) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let mut rest = bytes;
        loop {
            let (piece, after) = rest.split_at(rest.len().min(PIECE_BYTES));
            let ends = last && after.is_empty();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(piece, &mut self.buffer, ends);
            let plain = self.plain(written);
            text(&plain)?;
            match result {
                DecoderResult::Malformed(..) => {
                    return Err(FileError::BadBytes { line: self.line, encoding: self.encoding });
                }
                DecoderResult::InputEmpty | DecoderResult::OutputFull => rest = &rest[read..],
            }
            if rest.is_empty() && result == DecoderResult::InputEmpty {
                break;
            }
        }
        if last && self.held_return {
            self.held_return = false;
            text(b"\r")?;
        }
        Ok(())
    }

    /// What was just decoded, with `\r\n` as `\n` and without a byte order mark.
    fn plain(&mut self, written: usize) -> Vec<u8> {
        let mut plain = Vec::with_capacity(written + 1);
        let mut decoded = &self.buffer[..written];
        if self.at_start && !decoded.is_empty() {
            self.at_start = false;
            decoded = decoded.strip_prefix(&UTF8_MARK).unwrap_or(decoded);
        }
        for &byte in decoded {
            if self.held_return && byte != b'\n' {
                plain.push(b'\r');
            }
            self.held_return = byte == b'\r';
            self.line += u64::from(byte == b'\n');
            if !self.held_return {
                plain.push(byte);
            }
        }
        plain
    }
}

/// Turns text into GB18030, for files people open with old spreadsheets.
#[must_use]
pub fn to_gb18030(text: &str) -> Vec<u8> {
    let mut encoder = GB18030.new_encoder();
    let mut bytes = vec![0; text.len() * MAX_GROWTH + 16];
    let (result, _, written, _) = encoder.encode_from_utf8(text, &mut bytes, true);
    debug_assert!(result == CoderResult::InputEmpty, "the buffer holds the longest form of every character");
    bytes.truncate(written);
    bytes
}
