//! The container of a recording: encrypted while it is made, readable up to the last whole chunk after a crash.
//!
//! It opens no file, knows no keys but the one handed in, and mixes or resamples nothing: what came in as
//! A-law or µ-law goes out as it came.
//!
//! # Bytes
//! Integers are big-endian. Left is the callee, right the agent and the prompts.
//!
//! ```text
//! recording = header | audio chunk * | closing chunk
//! header    = magic "RFRECORD" | version u16 | profile u8 | codec u8 | 0 u32 | call u64 | started i64
//!           | notice prompt 32 | check 8
//! chunk     = frame length u32 | index u32 | kind u8 (1 audio, 2 closing) | 0 u8 | frames u16
//!           | gaps left u64 | gaps right u64 | check 8 | AES-256-GCM ciphertext | tag 16
//! audio     = frames × 160 pairs of samples (left, right), at most 50 frames of 20 ms
//! closing   = audio chunks u32 | 0 u32 | frames u64 | gap frames left u32 | right u32 | ended i64
//!           | SHA-256 of the header and all audio chunks 32
//! ```
//!
//! Nonce = chunk index (a key belongs to one recording and one encoder), associated data = SHA-256 of the
//! header ‖ chunk header, so index, kind (the final flag) and gap map are authenticated. Bit `n` of a gap
//! map says that frame `n` of the chunk is missing on that side and silence stands in its place.

mod bytes;
mod chunk;
mod cipher;
mod decode;
mod encode;
mod fuzz;
mod header;
mod structure;
mod verify;
mod wav;

pub use chunk::{CHUNK_HEADER_BYTES, FRAME_MS, FRAME_SAMPLES, FRAMES_PER_CHUNK, MAX_CHUNK_BYTES, MAX_CHUNKS};
pub use decode::{Chunk, DecodeError, Decoder, Fault, Totals};
pub use encode::{EncodeError, Encoder, Gaps};
pub use fuzz::fuzz_recording;
pub use header::{Codec, HEADER_BYTES, Header, PROFILE_INTL};
pub use structure::{Structure, check_structure};
pub use verify::{RecordingReport, Verdict, verify};
pub use wav::{WavError, decode_to_wav};
