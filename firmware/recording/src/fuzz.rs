//! The entry point of the fuzz target: arbitrary bytes as a recording. It asserts what must always hold.

use crate::chunk::FRAME_SAMPLES;
use crate::encode::{Encoder, Gaps};
use crate::header::{Codec, Header};
use crate::structure::check_structure;
use crate::verify::{Verdict, verify};
use vocab::{CallId, ObjectHash, Secret, UnixMs};

const KEY: [u8; 32] = [0x42; 32];

/// Reads `data` as a recording; then records it as audio and reads that back.
///
/// # Panics
/// When an invariant of the container does not hold.
pub fn fuzz_recording(data: &[u8]) {
    let key = Secret::new(KEY);
    let outside = check_structure(data);
    let inside = verify(data, &key, None);
    if matches!(inside, Ok(ref report) if report.verdict == Verdict::Sound) {
        assert!(outside.is_ok_and(|structure| structure.closed), "what is sound is closed");
    }
    let bytes = record(data, &key);
    let sound = verify(bytes.as_slice(), &key, None).is_ok_and(|report| report.verdict == Verdict::Sound);
    assert!(sound, "what was written is read");
}

fn record(data: &[u8], key: &Secret<[u8; 32]>) -> Vec<u8> {
    let header = Header {
        call: CallId(1),
        codec: Codec::ALaw,
        started: UnixMs(0),
        notice_prompt: ObjectHash([1; 32]),
    };
    let mut encoder = Encoder::new(key, &header);
    let mut bytes = encoder.header_bytes().to_vec();
    let mut frame = [0_u8; FRAME_SAMPLES];
    for piece in data.chunks(FRAME_SAMPLES) {
        frame[..piece.len()].copy_from_slice(piece);
        let gaps = Gaps { left: piece[0] & 1 == 1, right: piece[0] & 2 == 2 };
        if let Ok(Some(chunk)) = encoder.push(&frame, &frame, gaps) {
            bytes.extend_from_slice(chunk);
        }
    }
    bytes.extend_from_slice(encoder.finish(UnixMs(1)));
    bytes
}
