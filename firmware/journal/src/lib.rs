//! Where a process writes its log: the journal on the box, standard error on a workstation.
//!
//! It is never the audit trail (that is the ledger): a lost line here is no lost fact. Personal data cannot
//! come here, because the types that hold it cannot be printed.

use log::{LevelFilter, Log, Metadata, Record};
use std::io::Write;
use systemd_journal_logger::JournalLog;

/// Where to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The journal; standard error where there is none.
    Journal,
    /// Standard error.
    Stderr,
}

impl Target {
    /// Reads a command line's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "journal" => Some(Self::Journal),
            "stderr" => Some(Self::Stderr),
            _ => None,
        }
    }
}

/// Starts logging for this process, once. `level` comes from the command line.
pub fn start(target: Target, process: &'static str, level: LevelFilter) {
    let journal = match target {
        Target::Journal => JournalLog::new().ok().map(|log| log.with_syslog_identifier(process.to_owned())),
        Target::Stderr => None,
    };
    let installed = match journal {
        Some(log) => log.install().is_ok(),
        None => log::set_boxed_logger(Box::new(Stderr { process })).is_ok(),
    };
    if installed {
        log::set_max_level(level);
    }
}

struct Stderr {
    process: &'static str,
}

impl Log for Stderr {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut line = format!("{:<5} {}: {}", record.level(), self.process, record.args());
        let mut pairs = Pairs(&mut line);
        let _ = record.key_values().visit(&mut pairs);
        line.push('\n');
        // A log that cannot be written stops nothing.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

struct Pairs<'a>(&'a mut String);

impl<'kvs> log::kv::VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(
        &mut self,
        key: log::kv::Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        use std::fmt::Write as _;
        write!(self.0, " {key}={value}").map_err(log::kv::Error::from)
    }
}
