//! Where log events go: the journal on the box, standard error on a workstation. Events are typed: a target, a
//! constant text, ids and counts as fields. No number, name or key is ever a field.

use crate::options::{LogTo, Options};
use log::kv::{self, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};
use std::fmt::Write as _;
use std::io::Write as _;
use thiserror::Error;

/// Why there is no log.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The journal is not reached.
    #[error("the journal is not reached: {0}")]
    Journal(#[from] std::io::Error),
    /// A log was set up before.
    #[error(transparent)]
    Twice(#[from] log::SetLoggerError),
}

/// Sets the process's log up.
///
/// # Errors
/// [`JournalError`].
pub fn start(options: &Options) -> Result<(), JournalError> {
    match options.log {
        LogTo::Journal => systemd_journal_logger::JournalLog::new()?.install()?,
        LogTo::Stderr => log::set_boxed_logger(Box::new(Stderr))?,
    }
    // Libraries may quote what peers sent: only our own events are shown below warnings.
    log::set_max_level(options.log_level.min(LevelFilter::Trace));
    Ok(())
}

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn || OURS.contains(&metadata.target())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = Line(String::new());
        let _ = write!(line.0, "{} {} {}", record.level(), record.target(), record.args());
        let _ = record.key_values().visit(&mut line);
        let _ = writeln!(std::io::stderr(), "{}", line.0);
    }

    fn flush(&self) {}
}

struct Line(String);

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        write!(self.0, " {key}={value}").map_err(Into::into)
    }
}

const OURS: [&str; 9] =
    ["calls", "lines", "phones", "transport", "media", "recorder", "vault", "desk", "dns"];
