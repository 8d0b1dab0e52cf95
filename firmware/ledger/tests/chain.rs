//! Rows of AUD-03 and REC-07: whatever is changed in a ledger is found, with its place; a torn tail is not.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use ledger::{
    AppendError, FaultKind, HeadKey, KIND_HEAD, LedgerKey, MAX_PLAINTEXT_BYTES, Place, SEGMENT_HEADER_BYTES,
    Scan, ScanError, Scanned, SegmentKey, SegmentStart, SignedHead, Tail, Tip, Walker, Writer, fuzz_ledger,
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use vocab::{Secret, UnixMs};

fn key() -> LedgerKey {
    LedgerKey { generation: 3, key: Secret::new([0x11; 32]) }
}

fn start(salt: u8) -> SegmentStart {
    SegmentStart { opened: UnixMs(1_800_000_000_000), salt: [salt; 32] }
}

/// One segment: its header, then each entry's bytes.
fn segment(tip: Tip, salt: u8, payloads: &[Vec<u8>]) -> (Vec<Vec<u8>>, Writer) {
    let mut pieces = vec![Vec::new()];
    let mut writer = Writer::begin(tip, start(salt), &key(), &mut pieces[0]);
    for (at, payload) in payloads.iter().enumerate() {
        let mut piece = Vec::new();
        writer.append(at as u16, UnixMs(1_800_000_000_000 + at as i64), payload, &mut piece).expect("room");
        pieces.push(piece);
    }
    (pieces, writer)
}

struct Outcome {
    entries: u64,
    tip: Tip,
    tail: Tail,
}

fn walk(segments: &[&[u8]], head_key: Option<HeadKey>) -> Result<Outcome, ledger::Fault> {
    let mut walker = Walker::new(Tip::genesis(), head_key);
    let (mut entries, mut tail) = (0, Tail::Clean);
    for (at, bytes) in segments.iter().enumerate() {
        let last = at + 1 == segments.len();
        let scan = match Scan::begin(&mut walker, *bytes, last) {
            Ok(scan) => scan,
            Err(error) => return Err(fault(error)),
        };
        let Some(mut scan) = scan else { continue };
        loop {
            match scan.next_entry().map_err(fault)? {
                Scanned::Entry(_) => entries += 1,
                Scanned::End(end) => {
                    tail = end;
                    break;
                }
            }
        }
    }
    Ok(Outcome { entries, tip: walker.into_tip(), tail })
}

fn fault(error: ScanError) -> ledger::Fault {
    match error {
        ScanError::Fault(fault) => fault,
        ScanError::Read(error) => unreachable!("memory reads: {error}"),
    }
}

fn offsets(pieces: &[Vec<u8>]) -> Vec<usize> {
    pieces
        .iter()
        .scan(0, |end, piece| {
            *end += piece.len();
            Some(*end)
        })
        .collect()
}

fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 2..12)
}

fn payloads_and_two() -> impl Strategy<Value = (Vec<Vec<u8>>, usize, usize)> {
    payloads().prop_flat_map(|payloads| {
        let count = payloads.len();
        (Just(payloads), 0..count, 0..count)
    })
}

proptest! {
    #![proptest_config(Config { cases: 128, ..Config::default() })]

    #[test]
    fn aud_03_what_was_written_verifies_and_decrypts(payloads in payloads()) {
        let (pieces, _) = segment(Tip::genesis(), 1, &payloads);
        let bytes = pieces.concat();
        let mut walker = Walker::new(Tip::genesis(), None);
        let mut scan = Scan::begin(&mut walker, bytes.as_slice(), true).expect("sound").expect("whole");
        let segment_key = SegmentKey::derive(&key().key, scan.header());
        for (at, payload) in payloads.iter().enumerate() {
            let Scanned::Entry(entry) = scan.next_entry().expect("sound") else { panic!("entry {at} is missing") };
            prop_assert_eq!(entry.header.seq, at as u64 + 1);
            let plain = entry.open(&segment_key).expect("our key");
            prop_assert_eq!(&*plain, payload);
        }
        assert!(matches!(scan.next_entry(), Ok(Scanned::End(Tail::Clean))));
    }

    #[test]
    fn aud_03_any_flipped_bit_is_found_at_its_entry((payloads, _, _) in payloads_and_two(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (pieces, _) = segment(Tip::genesis(), 1, &payloads);
        let mut bytes = pieces.concat();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let found = walk(&[&bytes], None).err().expect("a flipped bit is a fault");
        // The piece the byte lies in: 0 is the segment's header, whose fault stands before entry 1.
        let piece = offsets(&pieces).iter().position(|end| at < *end).expect("inside");
        prop_assert_eq!(found.place.seq, piece.max(1) as u64);
    }

    #[test]
    fn aud_03_a_removed_entry_is_found_and_named((payloads, removed, _) in payloads_and_two()) {
        let (pieces, writer) = segment(Tip::genesis(), 1, &payloads);
        let last = removed + 1 == payloads.len();
        let mut left = pieces;
        left.remove(removed + 1);
        let bytes = left.concat();
        if last {
            // Only what is known from elsewhere can tell a missing end.
            let outcome = walk(&[&bytes], None).expect("a shorter ledger is sound in itself");
            let known = SignedHead { head: writer.head(UnixMs(0)).expect("entries"), signature: [0; 64] };
            prop_assert_eq!(outcome.tip.reaches(&known), Err(FaultKind::Truncated(payloads.len() as u64)));
        } else {
            let found = walk(&[&bytes], None).err().expect("a gap is a fault");
            let expected = removed as u64 + 1;
            prop_assert_eq!(found.kind, FaultKind::Order { expected, found: expected + 1 });
            prop_assert_eq!(found.place.seq, expected);
        }
    }

    #[test]
    fn aud_03_swapped_entries_are_found_at_the_first((payloads, one, two) in payloads_and_two()) {
        let (mut pieces, _) = segment(Tip::genesis(), 1, &payloads);
        pieces.swap(one + 1, two + 1);
        let outcome = walk(&[&pieces.concat()], None);
        if one == two {
            assert!(outcome.is_ok());
        } else {
            let found = outcome.err().expect("a swap is a fault");
            prop_assert_eq!(found.place.seq, one.min(two) as u64 + 1);
        }
    }

    #[test]
    fn aud_03_an_entry_rewritten_with_its_own_hash_still_breaks_the_next((payloads, changed, _) in payloads_and_two()) {
        let (pieces, _) = segment(Tip::genesis(), 1, &payloads);
        let mut forged = payloads.clone();
        forged[changed].push(0);
        let (forged_pieces, _) = segment(Tip::genesis(), 1, &forged);
        let mut mixed = pieces;
        mixed[changed + 1] = forged_pieces[changed + 1].clone();
        let outcome = walk(&[&mixed.concat()], None);
        if changed + 1 < payloads.len() {
            let found = outcome.err().expect("the next entry does not continue");
            prop_assert_eq!(found.place.seq, changed as u64 + 2);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..4_096)) {
        fuzz_ledger(&data);
    }
}

#[test]
fn a_torn_tail_of_any_length_is_cut_back_to_the_last_whole_entry() {
    let payloads: Vec<_> = (0..4).map(|at| vec![at; 100]).collect();
    let (pieces, _) = segment(Tip::genesis(), 1, &payloads);
    let (bytes, ends) = (pieces.concat(), offsets(&pieces));
    for length in SEGMENT_HEADER_BYTES..=bytes.len() {
        let outcome = walk(&[&bytes[..length]], None).expect("a torn tail is no fault");
        let whole = ends.iter().rposition(|end| *end <= length).expect("the header stands");
        assert_eq!(outcome.entries, whole as u64, "cut at {length}");
        let torn = (length - ends[whole]) as u64;
        let place = Place { segment: 0, offset: ends[whole] as u64, seq: whole as u64 + 1 };
        let expected = if torn == 0 { Tail::Clean } else { Tail::Torn { place, bytes: torn } };
        assert_eq!(outcome.tail, expected, "cut at {length}");
    }
}

#[test]
fn zeros_after_the_last_entry_are_a_torn_tail_and_other_bytes_are_not() {
    let (pieces, _) = segment(Tip::genesis(), 1, &[vec![1; 10]]);
    let zeros = [pieces.concat(), vec![0; 500]].concat();
    assert!(matches!(walk(&[&zeros], None).expect("no fault").tail, Tail::Torn { bytes: 500, .. }));
    let garbage = [pieces.concat(), vec![7; 500]].concat();
    assert_eq!(walk(&[&garbage], None).err().expect("a fault").kind, FaultKind::EntryHeader);
}

#[test]
fn aud_03_missing_moved_and_cut_segments_are_found() {
    let (one, writer) = segment(Tip::genesis(), 1, &[vec![1], vec![2]]);
    let (two, writer) = segment(writer.into_tip(), 2, &[vec![3], vec![4]]);
    let (three, _) = segment(writer.into_tip(), 3, &[vec![5]]);
    let (one, two, three) = (one.concat(), two.concat(), three.concat());
    assert_eq!(walk(&[&one, &two, &three], None).expect("sound").entries, 5);
    let kind = |segments: &[&[u8]]| walk(segments, None).err().expect("a fault").kind;
    assert_eq!(kind(&[&one, &three]), FaultKind::SegmentOrder { expected: 1, found: 2 });
    assert_eq!(kind(&[&two, &three]), FaultKind::SegmentOrder { expected: 0, found: 1 });
    assert_eq!(kind(&[&one, &one]), FaultKind::SegmentOrder { expected: 1, found: 0 });
    assert_eq!(kind(&[&one, &two[..two.len() - 3], &three]), FaultKind::CutSegment);
    let (other, writer) = segment(Tip::genesis(), 9, &[vec![1], vec![2]]);
    let (foreign, _) = segment(writer.into_tip(), 2, &[vec![3]]);
    let (other, foreign) = (other.concat(), foreign.concat());
    assert_eq!(kind(&[&one, &foreign]), FaultKind::SegmentLink);
    assert_eq!(walk(&[&other, &foreign], None).expect("a ledger of its own").entries, 3);
    // A whole entry cut from the end of an inner segment.
    let (short, _) = segment(Tip::genesis(), 1, &[vec![1]]);
    assert_eq!(kind(&[&short.concat(), &two]), FaultKind::SegmentLink);
}

fn signer() -> (EcdsaKeyPair, HeadKey) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let public = HeadKey::parse(pair.public_key().as_ref()).expect("its point");
    (pair, public)
}

fn sign(pair: &EcdsaKeyPair, writer: &Writer) -> SignedHead {
    let head = writer.head(UnixMs(1_800_000_060_000)).expect("entries");
    let signature = pair.sign(&SystemRandom::new(), &head.message()).expect("it signs");
    SignedHead { head, signature: signature.as_ref().try_into().expect("64 bytes") }
}

#[test]
fn aud_03_signed_heads_hold_the_ledger_to_its_past() {
    let (pair, public) = signer();
    let (pieces, mut writer) = segment(Tip::genesis(), 1, &[vec![1], vec![2], vec![3]]);
    let signed = sign(&pair, &writer);
    let mut bytes = pieces.concat();
    // Entries may come between the head's entry and the head.
    writer.append(4, UnixMs(4), b"between", &mut bytes).expect("room");
    let head_at = bytes.len();
    writer.append_head(&signed, UnixMs(5), &mut bytes).expect("its own head");
    let outcome = walk(&[&bytes], Some(public.clone())).expect("sound");
    assert_eq!(outcome.entries, 5);
    assert_eq!(outcome.tip.reaches(&signed), Ok(()));

    // Root rewrites everything with the right hashes, and even re-uses the signature.
    let (forged, mut forger) = segment(Tip::genesis(), 1, &[vec![1], vec![9], vec![3]]);
    let mut forged = forged.concat();
    assert_eq!(forger.append_head(&signed, UnixMs(5), &mut forged), Err(AppendError::ForeignHead(3)));
    let own = forger.head(UnixMs(1)).expect("entries");
    forger
        .append_head(&SignedHead { head: own, ..signed }, UnixMs(5), &mut forged)
        .expect("a head of its own");
    let found = walk(&[&forged], Some(public.clone())).err().expect("it has no signature");
    assert_eq!((found.kind, found.place.seq), (FaultKind::HeadSignature, 4));
    let outcome =
        walk(&[&forged[..head_at.min(forged.len()) - 60]], None).expect("without the head it is sound");
    assert_eq!(outcome.tip.reaches(&signed), Err(FaultKind::HeadMismatch(3)));
    let (_, other) = signer();
    let found = walk(&[&bytes], Some(other)).err().expect("another box's key");
    assert_eq!(
        (found.kind, found.place.seq, found.place.offset),
        (FaultKind::HeadSignature, 5, head_at as u64)
    );
}

#[test]
fn aud_03_the_end_cannot_be_cut_behind_a_known_head() {
    let (pair, public) = signer();
    let (pieces, writer) = segment(Tip::genesis(), 1, &[vec![1], vec![2], vec![3]]);
    let signed = sign(&pair, &writer);
    let cut = pieces[..3].concat();
    let outcome = walk(&[&cut], Some(public)).expect("sound in itself");
    assert_eq!(outcome.tip.reaches(&signed), Err(FaultKind::Truncated(3)));
}

#[test]
fn heads_keep_their_bytes_in_the_side_file_and_damage_shows() {
    let (pair, public) = signer();
    let (_, writer) = segment(Tip::genesis(), 1, &[vec![1]]);
    let signed = sign(&pair, &writer);
    let record = signed.record();
    assert_eq!(SignedHead::from_record(&record), Some(signed));
    assert!(public.verifies(&signed));
    for at in 0..record.len() {
        let mut damaged = record;
        damaged[at] ^= 0x10;
        assert_eq!(SignedHead::from_record(&damaged), None, "byte {at}");
    }
}

#[test]
fn limits_and_the_kind_of_heads_are_refused_before_anything_is_written() {
    let mut out = Vec::new();
    let mut writer = Writer::begin(Tip::genesis(), start(1), &key(), &mut out);
    let before = out.len();
    let long = vec![0; MAX_PLAINTEXT_BYTES + 1];
    assert_eq!(writer.append(1, UnixMs(0), &long, &mut out), Err(AppendError::TooLong(long.len())));
    assert_eq!(writer.append(KIND_HEAD, UnixMs(0), b"", &mut out), Err(AppendError::ReservedKind));
    assert_eq!(out.len(), before);
    assert!(writer.head(UnixMs(0)).is_none());
    writer.append(1, UnixMs(0), &long[1..], &mut out).expect("the longest fits");
    assert_eq!(walk(&[&out], None).expect("sound").entries, 1);
    while writer.has_room(MAX_PLAINTEXT_BYTES) {
        out.clear();
        writer.append(1, UnixMs(0), &long[1..], &mut out).expect("there is room");
    }
    assert_eq!(writer.append(1, UnixMs(0), &long[1..], &mut out), Err(AppendError::SegmentFull));
    assert!(writer.segment_bytes() <= ledger::MAX_SEGMENT_BYTES);
}

#[test]
fn enc_04_the_same_plaintext_never_gives_the_same_ciphertext() {
    let (one, _) = segment(Tip::genesis(), 1, &[vec![5; 64], vec![5; 64]]);
    let (two, _) = segment(Tip::genesis(), 2, &[vec![5; 64], vec![5; 64]]);
    let texts: Vec<_> = [&one[1], &one[2], &two[1], &two[2]].map(|piece| piece[40..104].to_vec()).into();
    for (at, text) in texts.iter().enumerate() {
        assert!(texts[..at].iter().all(|other| other != text));
        assert!(!text.windows(4).any(|part| part == [5; 4]));
    }
}

#[test]
fn a_public_key_is_read_as_pem_as_der_and_as_a_point() {
    let (_, public) = signer();
    let spki_prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let prefix: Vec<u8> = (0..spki_prefix.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&spki_prefix[at..at + 2], 16).expect("hex"))
        .collect();
    let der = [prefix.as_slice(), public.point()].concat();
    let body = data_encoding::BASE64.encode(&der);
    let (one, two) = body.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{one}\n{two}\n-----END PUBLIC KEY-----\n");
    for spelling in [der.as_slice(), pem.as_bytes(), public.point()] {
        assert_eq!(HeadKey::parse(spelling).expect("a key").point(), public.point());
    }
    assert_eq!(HeadKey::parse(&der[..90]).err(), Some(ledger::HeadKeyError::Form));
    assert_eq!(HeadKey::parse(&[4; 65]).err(), Some(ledger::HeadKeyError::Point));
}
