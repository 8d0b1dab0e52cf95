//! The ledger on a disk: crashes at any point, one writer, exact faults.

#[path = "support/copy.rs"]
mod copy;
#[path = "support/signer.rs"]
mod signer;
mod support;

use copy::copy_dir;
use ledger::{FaultKind, KIND_HEAD};
use signer::Signer;
use std::fs;
use std::path::Path;
use store::{
    LedgerError, LedgerFiles, LedgerOpenError, MAX_BATCH_ENTRIES, ReplayError, VerifyError, verify_dir,
};
use support::{key, now, open, replay, segments};
use vocab::Secret;

fn filled(dir: &Path, entries: u8) -> LedgerFiles {
    let (mut ledger, _) = open(dir);
    for at in 0..entries {
        ledger.append_batch(&[(1, now(), &[at; 50])]).expect("the disk works");
    }
    ledger
}

#[test]
fn aud_01_what_is_acknowledged_is_replayed_in_order_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut ledger = filled(dir.path(), 3);
    let batch: Vec<_> = (0..5_u16).map(|at| (at, now(), b"batch".as_slice())).collect();
    let appended = ledger.append_batch(&batch).expect("the disk works");
    assert_eq!(appended.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
    drop(ledger);
    let (mut ledger, recovery) = open(dir.path());
    assert_eq!((recovery.last_seq, recovery.cut), (8, None));
    assert_eq!(ledger.append_batch(&[(9, now(), b"after")]).expect("the disk works")[0].seq, 9);
    let all = replay(&ledger, 1);
    assert_eq!(all.iter().map(|(seq, _, _)| *seq).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    assert_eq!(all[8], (9, 9, b"after".to_vec()));
    assert_eq!(replay(&ledger, 6), all[5..]);
    assert_eq!(replay(&ledger, 10), []);
}

#[test]
fn aud_03_a_torn_write_at_any_byte_is_cut_and_reported() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(filled(dir.path(), 3));
    let path = segments(dir.path()).pop().expect("a segment");
    let whole = fs::read(&path).expect("readable");
    let frame = 40 + 50 + 16 + 32;
    let first = whole.len() - frame;
    for length in first..whole.len() {
        fs::write(&path, &whole[..length]).expect("writable");
        let (mut ledger, recovery) = open(dir.path());
        assert_eq!(recovery.last_seq, 2, "torn at {length}");
        let cut = recovery.cut.map(|cut| (cut.offset, cut.bytes, cut.seq));
        let expected = (length > first).then_some((first as u64, (length - first) as u64, 3));
        assert_eq!(cut, expected, "torn at {length}");
        let appended = ledger.append_batch(&[(2, now(), b"again")]).expect("the disk works");
        assert_eq!(appended[0].seq, 3);
        assert_eq!(replay(&ledger, 3), [(3, 2, b"again".to_vec())]);
        drop(ledger);
        assert!(verify_dir(dir.path(), None, Some(3), |_| {}).is_ok());
        for later in segments(dir.path()).iter().skip(1) {
            fs::remove_file(later).expect("removable");
        }
    }
}

#[test]
fn aud_03_corruption_is_refused_with_its_place_and_not_repaired() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(filled(dir.path(), 3));
    drop(open(dir.path()));
    let path = segments(dir.path())[0].clone();
    let mut bytes = fs::read(&path).expect("readable");
    let at = 112 + 138 + 60;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).expect("writable");
    let refused = LedgerFiles::open(dir.path(), key(), now()).expect_err("entry 2 was altered");
    let LedgerOpenError::Corrupt { path: named, fault } = refused else { panic!("{refused}") };
    assert_eq!(
        (named, fault.kind, fault.place.seq, fault.place.offset),
        (path.clone(), FaultKind::Hash, 2, 250)
    );
    assert_eq!(fs::read(&path).expect("readable"), bytes);
    let found = verify_dir(dir.path(), None, None, |_| {}).expect_err("entry 2 was altered");
    assert!(matches!(found, VerifyError::Fault { fault, .. } if fault.place.seq == 2));
}

#[test]
fn aud_03_deleted_segments_and_cut_ends_are_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let signer = Signer::new();
    for _ in 0..3 {
        let mut ledger = filled(dir.path(), 2);
        let signed = signer.sign(&ledger.head(now()).expect("entries"));
        ledger.append_head(&signed, now()).expect("the disk works");
    }
    let public = signer.public();
    let report = verify_dir(dir.path(), Some(&public), Some(9), |_| {}).expect("sound");
    assert_eq!((report.last_seq, report.segments.len()), (9, 3));
    assert_eq!(report.last_head.map(|signed| signed.head.seq), Some(8));

    let copy = |name: &str| {
        let target = dir.path().with_file_name(name);
        copy_dir(dir.path(), &target);
        target
    };
    let middle = copy("middle");
    fs::remove_file(&segments(&middle)[1]).expect("removable");
    let opened = LedgerFiles::open(&middle, key(), now()).map(|_| ());
    assert!(matches!(opened, Err(LedgerOpenError::MissingSegment(1))));
    assert!(verify_dir(&middle, Some(&public), None, |_| {}).is_err());

    let end = copy("end");
    fs::remove_file(&segments(&end)[2]).expect("removable");
    let opened = LedgerFiles::open(&end, key(), now()).map(|_| ());
    assert!(matches!(opened, Err(LedgerOpenError::Truncated { last: 6, signed: 8 })));
    let found = verify_dir(&end, Some(&public), None, |_| {}).expect_err("the side file knows more");
    assert!(matches!(found, VerifyError::Fault { fault, .. } if fault.kind == FaultKind::Truncated(8)));

    // Even with the side file cut, a witness knows.
    let witness = copy("witness");
    fs::remove_file(&segments(&witness)[2]).expect("removable");
    let heads = fs::read(witness.join("heads")).expect("readable");
    fs::write(witness.join("heads"), &heads[..heads.len() / 3 * 2]).expect("writable");
    assert!(verify_dir(&witness, Some(&public), None, |_| {}).is_ok());
    assert!(verify_dir(&witness, Some(&public), Some(8), |_| {}).is_err());
    for name in [middle, end, witness] {
        fs::remove_dir_all(name).expect("removable");
    }
}

#[test]
fn rec_07_a_crash_between_any_two_steps_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    let signer = Signer::new();
    let snapshots = tempfile::tempdir().expect("a folder");
    let mut acknowledged = 0;
    let mut taken = Vec::new();
    let snapshot = |acknowledged: u64, taken: &mut Vec<_>| {
        let target = snapshots.path().join(format!("{}", taken.len()));
        copy_dir(dir.path(), &target);
        taken.push((target, acknowledged));
    };
    for _ in 0..3 {
        let (mut ledger, _) = open(dir.path());
        snapshot(acknowledged, &mut taken);
        for size in [1, 3] {
            let batch = vec![(1, now(), b"entry".as_slice()); size];
            acknowledged = ledger.append_batch(&batch).expect("the disk works")[size - 1].seq;
            snapshot(acknowledged, &mut taken);
        }
        let signed = signer.sign(&ledger.head(now()).expect("entries"));
        acknowledged = ledger.append_head(&signed, now()).expect("the disk works").seq;
        snapshot(acknowledged, &mut taken);
    }
    assert_eq!(taken.len(), 12);
    for (copy, acknowledged) in taken {
        let report = verify_dir(&copy, Some(&signer.public()), Some(acknowledged), |_| {}).expect("sound");
        assert_eq!(report.last_seq, acknowledged);
        assert_eq!(open(&copy).1.last_seq, acknowledged);
    }
}

#[test]
fn a_half_made_segment_and_a_half_written_head_are_swept_up() {
    let dir = tempfile::tempdir().expect("a folder");
    let signer = Signer::new();
    let mut ledger = filled(dir.path(), 1);
    let signed = signer.sign(&ledger.head(now()).expect("entries"));
    ledger.append_head(&signed, now()).expect("the disk works");
    drop(ledger);
    fs::write(dir.path().join("segment-00000001.tmp"), b"RFLED").expect("writable");
    fs::write(dir.path().join("segment-00000001.rfl"), b"RFLED").expect("writable");
    let heads = fs::read(dir.path().join("heads")).expect("readable");
    fs::write(dir.path().join("heads"), [heads.as_slice(), &[1, 2, 3]].concat()).expect("writable");
    let (_, recovery) = open(dir.path());
    assert_eq!((recovery.last_seq, recovery.last_head), (2, Some(signed)));
    assert_eq!(fs::read(dir.path().join("heads")).expect("readable"), heads);
    assert!(!dir.path().join("segment-00000001.tmp").exists());
}

#[test]
fn two_writers_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = open(dir.path());
    let second = LedgerFiles::open(dir.path(), key(), now()).map(|_| ());
    assert!(matches!(second, Err(LedgerOpenError::File(_))));
    drop(first);
    open(dir.path());
}

#[test]
fn a_batch_that_cannot_be_is_refused_whole_and_the_ledger_lives_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    let long = vec![0; ledger::MAX_PLAINTEXT_BYTES + 1];
    let refused = ledger.append_batch(&[(1, now(), b"good"), (1, now(), &long)]);
    assert!(matches!(refused, Err(LedgerError::Entry { index: 1, .. })));
    assert!(matches!(
        ledger.append_batch(&[(KIND_HEAD, now(), b"")]),
        Err(LedgerError::Entry { index: 0, .. })
    ));
    let many = vec![(1, now(), b"".as_slice()); MAX_BATCH_ENTRIES + 1];
    assert!(matches!(ledger.append_batch(&many), Err(LedgerError::BatchTooLong(_))));
    assert!(ledger.append_batch(&[]).expect("nothing to do").is_empty());
    assert_eq!(ledger.next_seq(), Some(1));
    ledger.append_batch(&[(1, now(), &long[1..])]).expect("the longest fits");
}

#[test]
fn a_full_segment_is_followed_by_the_next_within_one_batch() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    let long = vec![7; ledger::MAX_PLAINTEXT_BYTES];
    let batch = vec![(1, now(), long.as_slice()); 1_024];
    let appended = ledger.append_batch(&batch).expect("the disk works");
    assert_eq!(appended.len(), 1_024);
    assert_eq!(segments(dir.path()).len(), 2);
    assert!(
        segments(dir.path())
            .iter()
            .all(|path| { fs::metadata(path).expect("there").len() <= ledger::MAX_SEGMENT_BYTES })
    );
    assert_eq!(verify_dir(dir.path(), None, None, |_| {}).expect("sound").last_seq, 1_024);
}

#[test]
fn enc_03_another_key_reads_nothing_but_still_verifies() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(filled(dir.path(), 1));
    let other = store::LedgerKey { generation: 1, key: Secret::new([0xee; 32]) };
    let (ledger, _) = LedgerFiles::open(dir.path(), other, now()).expect("opening needs no reading");
    let refused = ledger.replay(1, |_| Ok::<(), ()>(()));
    assert!(matches!(refused, Err(ReplayError::Entry { seq: 1, .. })));
    assert!(verify_dir(dir.path(), None, Some(1), |_| {}).is_ok());
}

#[test]
fn enc_03_no_plaintext_reaches_the_disk() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    ledger.append_batch(&[(1, now(), b"13812345678")]).expect("the disk works");
    let bytes = fs::read(&segments(dir.path())[0]).expect("readable");
    assert!(!bytes.windows(11).any(|part| part == b"13812345678"));
}

#[test]
fn a_receiver_that_stops_ends_the_replay() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = filled(dir.path(), 3);
    let mut seen = 0;
    let stopped = ledger.replay(1, |_| {
        seen += 1;
        if seen == 2 { Err("enough") } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(ReplayError::Receiver("enough"))));
}
