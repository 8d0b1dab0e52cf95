//! The ledger read backward gives what the replay gives, and keeps up with a writer.

mod support;

use std::ops::ControlFlow;
use std::path::Path;
use store::{BackError, LedgerBack, LedgerFiles};
use support::{key, now, open, replay, segments};
use vocab::{Secret, UnixMs};

type Read = Vec<(u64, u16, Vec<u8>)>;

fn back(reader: &mut LedgerBack, before: u64, until: Option<UnixMs>, most: usize) -> Result<Read, BackError> {
    let mut found = Vec::new();
    reader.back(before, until, |entry| {
        if found.len() == most {
            return Ok(ControlFlow::Break(()));
        }
        found.push((entry.header.seq, entry.header.kind, entry.open()?.to_vec()));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

fn reader(dir: &Path) -> LedgerBack {
    LedgerBack::new(dir, vec![key()])
}

fn append(ledger: &mut LedgerFiles, from: u64, count: u64) {
    for seq in from..from + count {
        let text = format!("entry {seq} {}", "x".repeat((seq % 97) as usize));
        let at = now().plus(i64::try_from(seq).expect("small") * 1_000);
        ledger.append_batch(&[(u16::try_from(seq % 9).expect("small"), at, text.as_bytes())]).expect("works");
    }
}

#[test]
fn l_32_backward_gives_what_forward_gives_over_several_segments() {
    let dir = tempfile::tempdir().expect("a folder");
    for life in 0..3 {
        let (mut ledger, _) = open(dir.path());
        append(&mut ledger, life * 300 + 1, 300);
    }
    assert_eq!(segments(dir.path()).len(), 3);
    let (ledger, _) = open(dir.path());
    let mut forward = replay(&ledger, 1);
    forward.reverse();
    assert_eq!(forward.len(), 900);
    let mut reader = reader(dir.path());
    assert_eq!(back(&mut reader, 901, None, usize::MAX).expect("sound"), forward);
    // Pages of any length, one after another, are the same.
    let (mut paged, mut before) = (Vec::new(), 901);
    loop {
        let page = back(&mut reader, before, None, 37).expect("sound");
        let Some((last, _, _)) = page.last() else { break };
        before = *last;
        paged.extend(page);
    }
    assert_eq!(paged, forward);
}

#[test]
fn what_is_appended_later_is_met_and_what_is_not_durable_yet_is_not_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    append(&mut ledger, 1, 10);
    let mut reader = reader(dir.path());
    assert_eq!(back(&mut reader, 6, None, usize::MAX).expect("sound")[0].0, 5);
    append(&mut ledger, 11, 500);
    let newest = back(&mut reader, 511, None, 1).expect("sound");
    assert_eq!(newest[0].0, 510);
    assert!(newest[0].2.starts_with(b"entry 510 "));
}

#[test]
fn stretches_after_an_instant_are_passed_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    append(&mut ledger, 1, 1_000);
    let until = now().plus(200_000);
    let found = back(&mut reader(dir.path()), 1_001, Some(until), usize::MAX).expect("sound");
    // Whole stretches of 128 entries are left out; the rest is the asker's to look at.
    assert_eq!((found[0].0, found.last().map(|last| last.0)), (256, Some(1)));
}

#[test]
fn enc_03_another_key_and_an_altered_entry_give_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    append(&mut ledger, 1, 3);
    drop(ledger);
    let other = store::LedgerKey { generation: 1, key: Secret::new([0x44; 32]) };
    let refused = back(&mut LedgerBack::new(dir.path(), vec![other]), 4, None, 9);
    assert!(matches!(refused, Err(BackError::Refused { seq: 3, .. })), "{refused:?}");
    let path = &segments(dir.path())[0];
    let mut bytes = std::fs::read(path).expect("there");
    // A byte of the first entry's payload, behind both headers.
    bytes[112 + 40 + 2] ^= 1;
    std::fs::write(path, bytes).expect("written");
    let damaged = back(&mut reader(dir.path()), 4, None, 9);
    assert!(matches!(damaged, Err(BackError::Damaged { seq: 1, .. })), "{damaged:?}");
}
