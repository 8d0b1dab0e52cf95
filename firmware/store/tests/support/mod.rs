//! What several tests of the ledger's files share.

use std::fs;
use std::path::{Path, PathBuf};
use store::{LedgerFiles, LedgerKey, Recovery};
use vocab::{Secret, UnixMs};

pub fn key() -> LedgerKey {
    LedgerKey { generation: 1, key: Secret::new([0x33; 32]) }
}

pub fn now() -> UnixMs {
    UnixMs(1_800_000_000_000)
}

/// Opens it once nobody else has it: a program that another test just started holds, until it runs, every file that was
/// open when it was made, a ledger's lock among them.
pub fn open(dir: &Path) -> (LedgerFiles, Recovery) {
    if let Ok(lock) = fs::File::open(dir.join("lock")) {
        lock.lock().expect("nobody holds it for long");
    }
    LedgerFiles::open(dir, key(), now()).expect("it opens")
}

pub fn replay(ledger: &LedgerFiles, from: u64) -> Vec<(u64, u16, Vec<u8>)> {
    let mut records = Vec::new();
    let done = ledger.replay(from, |record| {
        records.push((record.seq, record.kind, record.payload.to_vec()));
        Ok::<(), ()>(())
    });
    assert!(done.is_ok(), "{done:?}");
    records
}

pub fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rfl"))
        .collect();
    paths.sort();
    paths
}
