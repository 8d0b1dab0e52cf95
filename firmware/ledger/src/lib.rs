//! The format of the ledger: append-only, hash-chained, encrypted, with signed heads.
//!
//! [`Writer`] turns entries into bytes, [`Walker`] turns bytes into entries and finds alteration, deletion,
//! reordering, truncation and torn tails. Both are pure: files, locks and fdatasync belong to `store`, the
//! meaning of an entry's kind to whoever writes it, the signing key to the TPM.
//!
//! # Bytes
//! All integers are big-endian. A ledger is a row of segments, each of at most [`MAX_SEGMENT_BYTES`]:
//!
//! ```text
//! segment  = magic "RFLEDGER" | version u16 | profile u8 | 0 u8 | index u32 | first seq u64 | opened i64
//!          | key generation u32 | salt 32 | previous hash 32 | check 8
//! entry    = frame length u32 | version u16 | kind u16 | seq u64 | time i64 | key generation u32
//!          | profile u8 | flags u8 | 0 u16 | check 8 | payload | hash 32
//! payload  = AES-256-GCM ciphertext | tag 16          (flags 0)
//!          | head seq u64 | hash 32 | time i64 | signature 64   (flags 1: a signed head, in clear)
//! ```
//!
//! - `check` is the start of a SHA-256 over the bytes before it: it tells a damaged length from a torn tail.
//! - The chain hash after a segment header is SHA-256("segment" ‖ previous ‖ header), after an entry
//!   SHA-256("entry" ‖ previous ‖ header ‖ payload).
//! - The segment's key is HKDF-SHA256(ledger key, salt, index). The salt is fresh for each segment and a
//!   segment is written in one life of one writer, so the nonce (the seq) never meets one key twice, not
//!   even when a torn tail is cut and its seq is given again.

mod bytes;
mod format;
mod fuzz;
mod head;
mod key;
mod scan;
mod walk;
mod writer;

pub use format::{
    ChainHash, ENTRY_HEADER_BYTES, EntryHeader, HASH_BYTES, KIND_HEAD, MAX_FRAME_BYTES, MAX_PLAINTEXT_BYTES,
    MAX_SEGMENT_BYTES, PROFILE_INTL, SEGMENT_HEADER_BYTES, SegmentHeader,
};
pub use fuzz::fuzz_ledger;
pub use head::{
    HEAD_REACH_ENTRIES, HEAD_RECORD_BYTES, Head, HeadCheck, HeadKey, HeadKeyError, MAX_HEAD_KEYS,
    SIGNATURE_BYTES, SignedHead, SignedSpan,
};
pub use key::{LedgerKey, OpenError, SegmentKey};
pub use scan::{Scan, ScanError, Scanned};
pub use walk::{Entry, Fault, FaultKind, Place, Step, Tail, Tip, Walker};
pub use writer::{AppendError, Appended, SegmentStart, Writer};
