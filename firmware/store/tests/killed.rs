//! A writer killed at any moment, twenty-five times over, on the same folder.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use store::{Batch, Opened, Projection, ProjectionOptions, Tree, verify_dir};
use support::{now, open, replay, segments};

const WRITER: &str = "RINGFENCE_TEST_WRITER";
const NAME: &str = "rec_07_twenty_five_kills_lose_nothing_that_was_acknowledged";
const KILLS: usize = 25;

#[test]
fn rec_07_twenty_five_kills_lose_nothing_that_was_acknowledged() {
    if let Some(dir) = std::env::var_os(WRITER) {
        return write_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", NAME, "--nocapture"])
            .env(WRITER, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let acks = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ")?.parse().ok());
        // Killed while it goes on writing: how far it gets beyond this line is chance.
        acknowledged = acks.take(1 + kill * 7 % 40).last().unwrap_or(acknowledged);
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        check(dir.path(), acknowledged);
    }
    assert!(acknowledged > KILLS as u64);
    assert_eq!(segments(&dir.path().join("ledger")).len(), 2 * KILLS);
}

/// Every record says which one it is, so that a lost, repeated or moved one shows.
fn check(dir: &Path, acknowledged: u64) {
    let ledger_dir = dir.join("ledger");
    let report = verify_dir(&ledger_dir, None, Some(acknowledged), |_| {}).expect("nothing is damaged");
    let (ledger, recovery) = open(&ledger_dir);
    assert_eq!(recovery.last_seq, report.last_seq);
    let records = replay(&ledger, 1);
    assert_eq!(
        records.len() as u64,
        records.iter().filter(|(seq, _, text)| text == &seq.to_be_bytes()).count() as u64
    );
    let (projection, opened) = open_projection(dir, recovery.last_seq);
    assert!(!matches!(opened, Opened::Rebuilt(_)), "{opened:?}");
    let rows = projection.scan(Tree(1), b"", None, 1_000).expect("sled works");
    assert_eq!(rows.len() as u64, projection.applied_seq().min(100));
}

fn open_projection(dir: &Path, last_seq: u64) -> (Projection, Opened) {
    Projection::open(&ProjectionOptions {
        dir: &dir.join("projection"),
        schema: 1,
        cache_bytes: 4 << 20,
        ledger_last_seq: last_seq,
        now: now(),
    })
    .expect("at least an empty one")
}

fn write_until_killed(dir: &Path) {
    let (mut ledger, recovery) = open(&dir.join("ledger"));
    let (mut projection, _) = open_projection(dir, recovery.last_seq);
    let mut out = std::io::stdout();
    let mut next = recovery.last_seq + 1;
    for applied in projection.applied_seq() + 1..next {
        apply(&mut projection, applied);
    }
    loop {
        let texts: Vec<_> = (next..next + 3).map(u64::to_be_bytes).collect();
        let batch: Vec<_> = texts.iter().map(|text| (1, now(), text.as_slice())).collect();
        ledger.append_batch(&batch).expect("the disk works");
        for seq in next..next + 3 {
            apply(&mut projection, seq);
        }
        next += 3;
        writeln!(out, "ack {}", next - 1).and_then(|()| out.flush()).expect("the parent reads");
    }
}

fn apply(projection: &mut Projection, seq: u64) {
    let mut batch = Batch::new();
    batch.put(Tree(1), &(seq % 100).to_be_bytes(), &seq.to_be_bytes()).expect("within limits");
    projection.apply(&batch, seq).expect("sled works");
    if seq.is_multiple_of(20) {
        projection.checkpoint().expect("sled works");
    }
}
