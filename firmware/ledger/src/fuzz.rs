//! The entry point of the fuzz target: arbitrary bytes as a segment. It asserts what must always hold.

use crate::format::{MAX_PLAINTEXT_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::head::HeadKey;
use crate::key::{LedgerKey, SegmentKey};
use crate::scan::{Scan, Scanned};
use crate::walk::{Tail, Tip, Walker};
use crate::writer::{SegmentStart, Writer};
use vocab::{Secret, UnixMs};

/// Reads `data` as a segment and, as plaintext, writes and reads it back.
///
/// # Panics
/// When an invariant of the format does not hold.
pub fn fuzz_ledger(data: &[u8]) {
    let _unparsed = HeadKey::parse(data);
    walk(data);
    let key = LedgerKey { generation: 1, key: Secret::new([7; 32]) };
    let mut bytes = Vec::new();
    let start = SegmentStart { opened: UnixMs(0), salt: [9; 32] };
    let mut writer = Writer::begin(Tip::genesis(), start, &key, &mut bytes);
    let plain = &data[..data.len().min(MAX_PLAINTEXT_BYTES)];
    assert!(writer.append(1, UnixMs(1), plain, &mut bytes).is_ok(), "a bounded entry fits");
    assert_eq!(walk(&bytes), Some(1), "what was written is read");
}

fn walk(data: &[u8]) -> Option<u64> {
    let mut header = [0_u8; SEGMENT_HEADER_BYTES];
    header.copy_from_slice(data.get(..SEGMENT_HEADER_BYTES)?);
    let segment = SegmentHeader::decode(&header)?;
    let key = SegmentKey::derive(&Secret::new([7; 32]), &segment);
    let tip = Tip::resume(segment.index, segment.first_seq, segment.previous);
    let mut walker = Walker::new(tip, None);
    let mut scan = Scan::begin(&mut walker, data, true).ok()??;
    let mut entries = 0;
    loop {
        match scan.next_entry().ok()? {
            Scanned::Entry(entry) => {
                entries += 1;
                let _other_key = entry.open(&key);
            }
            Scanned::End(Tail::Clean) => return Some(entries),
            Scanned::End(Tail::Torn { place, bytes }) => {
                assert_eq!(place.offset + bytes, data.len() as u64, "a torn tail reaches the end");
                return Some(entries);
            }
        }
    }
}
