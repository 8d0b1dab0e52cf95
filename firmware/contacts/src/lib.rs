//! Contact lists: reads a CSV file of the minimal schema (DAT-01) into typed rows, strictly and in bounded
//! memory.
//!
//! It reads no file and stores nothing; bytes come in, rows and errors go out. No error holds a value of the
//! file. It does not ask the blacklist: that is done where the numbers are hashed.

mod column;
mod decode;
mod delimiter;
mod detect;
mod error;
mod importer;
mod report;
mod row;
mod time;
mod writer;

pub use column::Column;
pub use decode::{DETECT_BYTES, to_gb18030};
pub use delimiter::Delimiter;
pub use error::{Encoding, FileError, RowCode, RowError};
pub use importer::{Event, Importer, Options};
pub use report::{MAX_KEPT_ERRORS, Progress, Report};
pub use row::{ConsentChannel, ConsentRow, ContactRow};
pub use writer::{header_line, row_line};

/// Bytes of one record at most, as UTF-8.
pub const MAX_RECORD_BYTES: usize = 16 * 1024;
/// Fields of one record at most.
pub const MAX_FIELDS: usize = 64;
/// Rows of one import at most.
pub const MAX_ROWS: u64 = 1_000_000;
/// Bytes of one import at most.
pub const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Imports arbitrary bytes in pieces whose sizes the first byte chooses; for fuzzing.
pub fn fuzz_csv(bytes: &[u8]) {
    let Some((size, file)) = bytes.split_first() else {
        return;
    };
    let mut importer = Importer::new(Options::default());
    let mut accepted = 0_u64;
    let mut count = |events: Vec<Event>| {
        accepted += events.iter().filter(|event| matches!(event, Event::Row(_))).count() as u64;
    };
    for piece in file.chunks(usize::from(*size) + 1) {
        match importer.feed(piece) {
            Ok(events) => count(events),
            Err(_) => return,
        }
    }
    if let Ok((events, report)) = importer.finish() {
        count(events);
        assert_eq!(report.accepted, accepted, "the report counts every row it let out");
        assert!(report.accepted <= report.rows, "no row is accepted that was not read");
    }
}
