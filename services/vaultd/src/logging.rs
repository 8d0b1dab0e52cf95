//! Where log lines go. What they may say is everybody's duty: numbers, names and keys have types that cannot
//! be printed.

use crate::options::LogTo;
use log::{LevelFilter, Log, Metadata, Record};
use std::io::Write;
use systemd_journal_logger::JournalLog;

/// Installs the logger; the journal falls back to standard error.
pub fn install(to: LogTo) {
    log::set_max_level(LevelFilter::Info);
    if to == LogTo::Journal
        && let Ok(journal) = JournalLog::new()
        && journal.with_syslog_identifier("vaultd".to_owned()).install().is_ok()
    {
        return;
    }
    // A second installation is refused by the log crate; the first one stays.
    let _already_there = log::set_logger(&STDERR);
}

struct Stderr;

static STDERR: Stderr = Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries are heard only when something is wrong.
        let ours = metadata.target().starts_with("vaultd");
        metadata.level() <= if ours { log::max_level() } else { log::LevelFilter::Warn }
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let _nobody_may_read_it =
                writeln!(std::io::stderr(), "vaultd {} {}", record.level(), record.args());
        }
    }

    fn flush(&self) {}
}
