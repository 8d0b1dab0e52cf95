//! The projection under every damage we have seen sled 0.34.7 suffer: set aside and reported, never a panic.

#[path = "support/copy.rs"]
mod copy;

use copy::copy_dir;
use std::fs;
use std::path::{Path, PathBuf};
use store::{
    Batch, MAX_SET_ASIDE, MAX_VALUE_BYTES, Opened, Projection, ProjectionError, ProjectionOptions, SetAside,
    Tree,
};
use vocab::UnixMs;

const PEOPLE: Tree = Tree(1);
const CALLS: Tree = Tree(2);

fn options(dir: &Path, now: i64) -> ProjectionOptions<'_> {
    ProjectionOptions { dir, schema: 4, cache_bytes: 8 << 20, ledger_last_seq: 1_000_000, now: UnixMs(now) }
}

fn open(dir: &Path) -> (Projection, Opened) {
    Projection::open(&options(dir, 1_800_000_000_000)).expect("at least an empty one")
}

fn fill(projection: &mut Projection, from: u64, to: u64) {
    for seq in from..=to {
        let mut batch = Batch::new();
        batch.put(PEOPLE, &seq.to_be_bytes(), &[seq as u8; 200]).expect("within limits");
        batch.put(CALLS, format!("call-{seq:05}").as_bytes(), &seq.to_be_bytes()).expect("within limits");
        if seq > 3 {
            batch.delete(PEOPLE, &(seq - 3).to_be_bytes()).expect("within limits");
        }
        projection.apply(&batch, seq).expect("sled works");
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("projection");
    (dir, path)
}

fn aside(parent: &Path) -> usize {
    let names = fs::read_dir(parent).expect("a folder");
    names
        .filter(|name| name.as_ref().is_ok_and(|name| name.file_name().to_string_lossy().contains("damaged")))
        .count()
}

#[test]
fn what_is_applied_is_there_after_a_restart_with_its_seq() {
    let (_guard, dir) = folder();
    let (mut projection, opened) = open(&dir);
    assert_eq!((opened, projection.applied_seq()), (Opened::New, 0));
    fill(&mut projection, 1, 50);
    projection.checkpoint().expect("sled works");
    drop(projection);
    let (projection, opened) = open(&dir);
    assert_eq!((opened, projection.applied_seq()), (Opened::Kept, 50));
    assert_eq!(projection.get(PEOPLE, &50_u64.to_be_bytes()).expect("sled works"), Some(vec![50; 200]));
    assert_eq!(projection.get(PEOPLE, &47_u64.to_be_bytes()).expect("sled works"), None);
    assert_eq!(projection.scan(PEOPLE, b"", None, 100).expect("sled works").len(), 3);
    let page = projection.scan(CALLS, b"call-0001", None, 4).expect("sled works");
    assert_eq!(
        page.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>(),
        [b"call-00010", b"call-00011", b"call-00012", b"call-00013"]
    );
    let next = projection.scan(CALLS, b"call-0001", Some(&page[3].0), 100).expect("sled works");
    assert_eq!((next.len(), next[0].0.as_slice()), (6, b"call-00014".as_slice()));
}

#[test]
fn scanning_backward_gives_what_scanning_forward_gives_turned_round() {
    let (_dir, path) = folder();
    let (mut projection, _) = open(&path);
    fill(&mut projection, 1, 60);
    let forward = projection.scan(CALLS, b"call-", None, 1_000).expect("sled works");
    let mut backward = projection.scan_back(CALLS, b"call-", None, 1_000).expect("sled works");
    assert_eq!(backward.len(), 60);
    let page = projection.scan_back(CALLS, b"", Some(b"call-00031"), 7).expect("sled works");
    assert_eq!(page, backward[30..37]);
    backward.reverse();
    assert_eq!(backward, forward);
}

#[test]
fn batches_only_go_forward_and_limits_hold() {
    let (_guard, dir) = folder();
    let (mut projection, _) = open(&dir);
    fill(&mut projection, 1, 5);
    let backwards = projection.apply(&Batch::new(), 5);
    assert!(matches!(backwards, Err(ProjectionError::Backwards { applied: 5, batch: 5 })));
    let mut batch = Batch::new();
    assert!(batch.put(Tree(0), b"k", b"v").is_err());
    assert!(batch.put(PEOPLE, b"k", &vec![0; MAX_VALUE_BYTES + 1]).is_err());
    assert!(batch.put(PEOPLE, &[0; 600], b"v").is_err());
    batch.put(PEOPLE, b"k", &vec![7; MAX_VALUE_BYTES]).expect("the longest");
    batch.delete(PEOPLE, b"k").expect("within limits");
    batch.put(PEOPLE, b"k", b"last").expect("within limits");
    projection.apply(&batch, 6).expect("sled works");
    assert_eq!(projection.get(PEOPLE, b"k").expect("sled works"), Some(b"last".to_vec()));
}

/// A closed projection of 300 entries.
fn closed(dir: &Path) {
    let (mut projection, _) = open(dir);
    fill(&mut projection, 1, 300);
    projection.checkpoint().expect("sled works");
}

/// What is kept is exactly what it says it reflects: an older state is right, a mixed one is not.
fn assert_whole(projection: &Projection) {
    let applied = projection.applied_seq();
    let calls = projection.scan(CALLS, b"", None, 1_000).expect("sled works");
    assert_eq!(calls.len() as u64, applied);
    for (at, (key, value)) in (1_u64..).zip(&calls) {
        assert_eq!(
            (key.as_slice(), value.as_slice()),
            (format!("call-{at:05}").as_bytes(), at.to_be_bytes().as_slice())
        );
    }
    let people = projection.scan(PEOPLE, b"", None, 1_000).expect("sled works");
    assert_eq!(people.len() as u64, applied.min(3));
    assert!(people.iter().all(|(key, value)| *value == vec![key[7]; 200]));
}

#[test]
fn a_truncated_file_gives_an_older_whole_state_or_is_set_aside() {
    let (guard, dir) = folder();
    let saved = guard.path().join("saved");
    closed(&dir);
    copy_dir(&dir, &saved);
    let length = fs::metadata(saved.join("db")).expect("there").len();
    let mut noticed = 0;
    for part in 0..16 {
        fs::remove_dir_all(&dir).expect("removable");
        copy_dir(&saved, &dir);
        let file = fs::OpenOptions::new().write(true).open(dir.join("db")).expect("there");
        file.set_len(length * part / 16).expect("writable");
        drop(file);
        let (projection, opened) = open(&dir);
        assert_whole(&projection);
        noticed += u32::from(opened != Opened::Kept || projection.applied_seq() < 300);
    }
    assert!(noticed >= 8, "only {noticed} of 16 cuts were noticed");
}

#[test]
fn a_flipped_byte_is_never_a_panic_and_never_a_wrong_record() {
    let (guard, dir) = folder();
    let saved = guard.path().join("saved");
    closed(&dir);
    copy_dir(&dir, &saved);
    let bytes = fs::read(saved.join("db")).expect("there");
    let used = bytes.iter().rposition(|byte| *byte != 0).expect("not empty");
    let (mut rebuilt, mut noticed) = (0, 0);
    for part in 0..60 {
        fs::remove_dir_all(&dir).expect("removable");
        copy_dir(&saved, &dir);
        let mut damaged = bytes.clone();
        damaged[used * part / 60] ^= 0x20;
        fs::write(dir.join("db"), &damaged).expect("writable");
        let (projection, opened) = open(&dir);
        assert_whole(&projection);
        rebuilt += u32::from(matches!(opened, Opened::Rebuilt(_)));
        noticed += u32::from(opened != Opened::Kept || projection.applied_seq() < 300);
    }
    assert!(rebuilt > 0 && noticed >= 30, "of 60 flips {noticed} were noticed, {rebuilt} set aside");
}

#[test]
fn a_snapshot_left_half_made_is_removed_and_nothing_is_lost() {
    let (_guard, dir) = folder();
    closed(&dir);
    fs::write(dir.join("snap.0000000000000A00.generating"), b"half").expect("writable");
    let (projection, opened) = open(&dir);
    assert_eq!((opened, projection.applied_seq()), (Opened::Kept, 300));
    assert!(!dir.join("snap.0000000000000A00.generating").exists());
}

#[test]
fn another_schema_a_future_seq_and_a_death_inside_are_set_aside_with_their_reason() {
    let (guard, dir) = folder();
    closed(&dir);
    let newer = ProjectionOptions { schema: 5, ..options(&dir, 1) };
    let opened = Projection::open(&newer).expect("an empty one").1;
    assert_eq!(opened, Opened::Rebuilt(SetAside::Schema { found: 4 }));
    fs::remove_dir_all(&dir).expect("removable");
    closed(&dir);
    let behind = ProjectionOptions { ledger_last_seq: 299, ..options(&dir, 2) };
    let opened = Projection::open(&behind).expect("an empty one").1;
    assert_eq!(opened, Opened::Rebuilt(SetAside::AheadOfLedger { applied_seq: 300 }));
    fs::write(guard.path().join("projection.suspect"), b"").expect("writable");
    let opened = Projection::open(&options(&dir, 3)).expect("an empty one").1;
    assert_eq!(opened, Opened::Rebuilt(SetAside::DiedInside));
    assert_eq!(Projection::open(&options(&dir, 4)).expect("kept").1, Opened::Kept);
    assert_eq!(aside(guard.path()), MAX_SET_ASIDE, "the oldest was removed");
}
