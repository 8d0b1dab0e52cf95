//! Measures an import of a million rows: run in release with `--ignored --nocapture`.
//!
//! The file is made piece by piece, so that the memory seen is the importer's.

use contacts::{Event, FileError, Importer, MAX_ROWS, Options};
use std::time::Instant;

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

#[test]
#[ignore = "a measurement: needs a release build and a quiet machine"]
fn a_million_rows_are_imported_in_bounded_memory() {
    const ROWS: u64 = 1_000_000;
    let before = peak_kib();
    let start = Instant::now();
    let mut importer = Importer::new(Options::default());
    let mut accepted = 0;
    let mut count = |events: Vec<Event>| {
        accepted += events.iter().filter(|event| matches!(event, Event::Row(_))).count() as u64;
    };
    let mut piece = String::from("手机号,姓名,订单号,咨询问题,授权时间,授权方式,授权用途\r\n");
    for at in 0..ROWS {
        // A stride without common factor with the range: every number once, in no order.
        let subscriber = at * 7_654_321 % 1_000_000_000;
        piece += &format!(
            "13{subscriber:09},王小明,DD-{at:07},\"屏幕坏了,怎么办\",2026-01-31 09:30:00,语音,售后回访\r\n"
        );
        if piece.len() > 60_000 {
            count(importer.feed(piece.as_bytes()).expect("a good file"));
            piece.clear();
        }
    }
    count(importer.feed(piece.as_bytes()).expect("a good file"));
    let (events, report) = importer.finish().expect("a good file");
    count(events);
    let grown = peak_kib() - before;
    eprintln!(
        "{} rows, {} bytes in {:?}, {grown} KiB more at the peak",
        report.rows,
        report.bytes,
        start.elapsed()
    );
    assert_eq!((accepted, report.accepted, report.is_clean()), (ROWS, ROWS, true));
    assert!(grown < 64 * 1024, "bounded memory");
}

#[test]
#[ignore = "reads a million rows: needs a release build"]
fn one_row_more_than_a_million_refuses_the_file() {
    let rows = "x\n".repeat(usize::try_from(MAX_ROWS).expect("fits"));
    let mut importer = Importer::new(Options::default());
    assert!(importer.feed(format!("phone\n{rows}").as_bytes()).is_ok());
    assert_eq!(importer.feed(b"x\n").map(|_| ()), Err(FileError::TooManyRows));
}
