//! A write that fails half-way: the handle is dead, nothing false was acknowledged, the next start goes on.

mod support;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use store::LedgerError;
use support::{now, open, replay, segments};

/// Lets files of this process grow to `bytes` only: further writes fail as on a full disk.
fn limit_files(bytes: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).expect("a limit");
    setrlimit(Resource::RLIMIT_FSIZE, bytes.min(hard), hard).expect("lower than the hard limit");
}

#[test]
fn aud_01_a_write_that_fails_half_way_kills_the_handle_and_is_cut_at_the_next_start() {
    // SAFETY: ignoring a signal installs no code of ours.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.expect("a signal");
    let dir = tempfile::tempdir().expect("a folder");
    let (mut ledger, _) = open(dir.path());
    ledger.append_batch(&[(1, now(), b"first")]).expect("there is room");
    let whole = std::fs::metadata(&segments(dir.path())[0]).expect("there").len();
    limit_files(whole + 100);
    let batch = [(1, now(), b"second".as_slice()), (1, now(), b"third")];
    assert!(matches!(ledger.append_batch(&batch), Err(LedgerError::File(_))));
    limit_files(u64::MAX);
    // Room again, but what the disk holds is not known: nothing is retried.
    assert!(matches!(ledger.append_batch(&batch), Err(LedgerError::Dead)));
    assert!(ledger.head(now()).is_none() && ledger.next_seq().is_none());
    drop(ledger);
    let (mut ledger, recovery) = open(dir.path());
    assert_eq!(recovery.cut.map(|cut| (cut.offset, cut.seq)), Some((whole + 94, 3)));
    assert_eq!(recovery.last_seq, 2, "the second reached the disk, unacknowledged");
    ledger.append_batch(&[(1, now(), b"after")]).expect("there is room");
    assert_eq!(replay(&ledger, 1).len(), 3);
}
