//! What the container must hold: every change found, every cut told from an end, nothing lost before a cut.

use proptest::prelude::{any, prop, proptest};
use proptest::test_runner::Config;
use recording::{
    Codec, DecodeError, Encoder, FRAME_SAMPLES, Fault, Gaps, HEADER_BYTES, Header, Verdict, check_structure,
    decode_to_wav, fuzz_recording, verify,
};
use std::io::Cursor;
use vocab::{CallId, ObjectHash, Secret, UnixMs};

fn key(byte: u8) -> Secret<[u8; 32]> {
    Secret::new([byte; 32])
}

fn header(call: u64) -> Header {
    Header {
        call: CallId(call),
        codec: Codec::ALaw,
        started: UnixMs(1_800_000_000_000),
        notice_prompt: ObjectHash([3; 32]),
    }
}

/// Header, chunks and closing as separate pieces.
fn pieces(call: u64, key_byte: u8, frames: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(&key(key_byte), &header(call));
    let mut pieces = vec![encoder.header_bytes().to_vec()];
    for frame in 0..frames {
        let (left, right) = ([frame as u8; FRAME_SAMPLES], [0x80 | frame as u8; FRAME_SAMPLES]);
        let gaps = Gaps { left: frame % 10 == 3, right: frame % 25 == 4 };
        if let Some(chunk) = encoder.push(&left, &right, gaps).expect("room") {
            pieces.push(chunk.to_vec());
        }
    }
    pieces.push(encoder.finish(UnixMs(1_800_000_009_000)).to_vec());
    pieces
}

fn verdict(bytes: &[u8]) -> Verdict {
    verify(bytes, &key(1), None).expect("memory reads").verdict
}

#[test]
fn rec_03_a_recording_is_sound_and_its_gaps_are_counted() {
    let bytes = pieces(7, 1, 125).concat();
    let report = verify(bytes.as_slice(), &key(1), Some(2_500)).expect("memory reads");
    assert_eq!((report.verdict, report.closed), (Verdict::Sound, true));
    assert_eq!((report.duration_ms, report.chunks), (2_500, 3));
    assert_eq!((report.gaps_left_ms, report.gaps_right_ms), (13 * 20, 5 * 20));
    let wrong = verify(bytes.as_slice(), &key(1), Some(9_000)).expect("memory reads");
    assert_eq!(wrong.verdict, Verdict::WrongDuration);
}

#[test]
fn rec_03_any_flipped_bit_refuses_the_recording() {
    let bytes = pieces(7, 1, 60).concat();
    // Every bit of the headers and of the ends; a sample of the bulk of the ciphertext.
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let bulk = at > 300 && at + 200 < bytes.len();
            if bulk && (at % 16 != 0 || bit != at / 16 % 8) {
                continue;
            }
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let found = verdict(&damaged);
            assert!(matches!(found, Verdict::Damaged(_)), "byte {at} bit {bit}: {found:?}");
        }
    }
}

#[test]
fn rec_03_a_file_cut_anywhere_is_told_from_one_that_ended_and_keeps_its_whole_chunks() {
    let pieces = pieces(7, 1, 120);
    let bytes = pieces.concat();
    let ends: Vec<_> = pieces
        .iter()
        .scan(0, |end, piece| {
            *end += piece.len();
            Some(*end)
        })
        .collect();
    // Every length around the ends of pieces and of their headers, a sample of those between.
    let near = |length: usize| ends.iter().any(|end| length.abs_diff(*end) < 60);
    for length in (HEADER_BYTES..bytes.len()).filter(|length| near(*length) || length % 97 == 0) {
        let report = verify(&bytes[..length], &key(1), None).expect("memory reads");
        assert_eq!(report.verdict, Verdict::Cut, "cut at {length}");
        // The last piece holds the shorter audio chunk and the closing chunk.
        let whole = ends[1..ends.len() - 1].iter().filter(|end| **end <= length).count();
        assert!(report.chunks as usize >= whole, "cut at {length} lost a whole chunk");
        assert!(!check_structure(&bytes[..length]).expect("the structure stands").closed);
    }
    for length in 0..HEADER_BYTES {
        assert_eq!(verdict(&bytes[..length]), Verdict::Damaged(Fault::Header));
    }
}

#[test]
fn rec_03_repeated_moved_and_foreign_chunks_are_refused() {
    let ours = pieces(7, 1, 250);
    let moved = |order: &[usize]| -> Vec<u8> { order.iter().flat_map(|at| ours[*at].clone()).collect() };
    assert_eq!(verdict(&moved(&[0, 1, 2, 3, 4, 5, 6])), Verdict::Sound);
    let swapped = verdict(&moved(&[0, 2, 1, 3, 4, 5, 6]));
    assert_eq!(swapped, Verdict::Damaged(Fault::Order { expected: 0, found: 1 }));
    let repeated = verdict(&moved(&[0, 1, 1, 2, 3, 4, 5, 6]));
    assert_eq!(repeated, Verdict::Damaged(Fault::Order { expected: 1, found: 0 }));
    let left_out = verdict(&moved(&[0, 1, 3, 4, 5, 6]));
    assert_eq!(left_out, Verdict::Damaged(Fault::Order { expected: 1, found: 2 }));
    let closed_early = verdict(&moved(&[0, 1, 2, 6]));
    assert_eq!(closed_early, Verdict::Damaged(Fault::Order { expected: 2, found: 5 }));
    let foreign = [ours[0].clone(), pieces(7, 9, 250)[1].clone()].concat();
    assert_eq!(verdict(&foreign), Verdict::Damaged(Fault::Refused(0)));
    let other_header = [pieces(8, 1, 50)[0].clone(), ours[1].clone()].concat();
    assert_eq!(verdict(&other_header), Verdict::Damaged(Fault::Refused(0)));
    let appended = [moved(&[0, 1, 2, 3, 4, 5, 6]), vec![0]].concat();
    assert_eq!(verdict(&appended), Verdict::Damaged(Fault::AfterEnd));
}

#[test]
fn rec_03_no_sample_stands_in_clear() {
    let bytes = pieces(7, 1, 100).concat();
    assert!(!bytes.windows(12).any(|part| part.chunks(2).all(|pair| pair == [9, 0x89])));
}

#[test]
fn rec_03_the_wav_holds_both_sides_and_silence_in_the_gaps() {
    let bytes = pieces(7, 1, 100).concat();
    let mut wav = Cursor::new(Vec::new());
    let totals = decode_to_wav(bytes.as_slice(), &key(1), &mut wav).expect("sound");
    assert_eq!(totals.duration_ms, 2_000);
    let mut reader = hound::WavReader::new(Cursor::new(wav.into_inner())).expect("a WAV");
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
    let samples: Vec<i16> = reader.samples().map(|sample| sample.expect("a sample")).collect();
    assert_eq!(samples.len(), 100 * FRAME_SAMPLES * 2);
    let frame = |at: usize| (samples[at * 2 * FRAME_SAMPLES], samples[at * 2 * FRAME_SAMPLES + 1]);
    assert_eq!(frame(3).0, 8, "the callee's gap is A-law silence");
    assert_eq!(frame(4).1, 8, "the agent's gap is A-law silence");
    assert_ne!(frame(5).0, frame(5).1);
}

#[test]
fn rec_03_a_damaged_recording_is_not_exported() {
    let mut bytes = pieces(7, 1, 100).concat();
    let middle = bytes.len() / 2 + 200;
    bytes[middle] ^= 1;
    let refused = decode_to_wav(bytes.as_slice(), &key(1), Cursor::new(Vec::new())).expect_err("damaged");
    assert!(matches!(refused, recording::WavError::Recording(DecodeError::Fault(Fault::Refused(_)))));
}

#[test]
fn nothing_is_taken_or_written_after_the_end() {
    let mut encoder = Encoder::new(&key(1), &header(7));
    assert!(!encoder.finish(UnixMs(1)).is_empty());
    assert!(encoder.push(&[0; FRAME_SAMPLES], &[0; FRAME_SAMPLES], Gaps::default()).is_err());
    assert!(encoder.finish(UnixMs(2)).is_empty(), "a second end would use a nonce twice");
}

proptest! {
    #![proptest_config(Config { cases: 64, ..Config::default() })]

    #[test]
    fn arbitrary_bytes_never_panic_and_arbitrary_audio_comes_back(data in prop::collection::vec(any::<u8>(), 0..40_000)) {
        fuzz_recording(&data);
    }
}
