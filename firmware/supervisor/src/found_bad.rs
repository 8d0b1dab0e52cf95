//! Why a life of the box came to a bad end: left on the disk, for `hostd` to keep as a fact after the next start. It decides
//! nothing.

use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

#[derive(Debug, Serialize)]
struct FoundBad<'a> {
    boot: &'a str,
    reasons: &'a [String],
}

/// Leaves the reasons, a line each, for the boot with this name of the kernel's. Durable when this returns: the box
/// restarts next.
///
/// # Errors
/// The disk's.
pub fn leave(path: &Path, boot: &str, reasons: &[String]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    serde_json::to_writer(&mut file, &FoundBad { boot, reasons })?;
    file.flush()?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// What systemd told the program after the supervisor's end (`SERVICE_RESULT`, systemd.exec(5)): the reason to leave, if
/// it did not feed its watchdog. Every other end is answered by a restart of the process alone.
#[must_use]
pub fn after(service_result: Option<&str>) -> Option<String> {
    (service_result == Some("watchdog")).then(|| "supervisor: hung".to_owned())
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn only_a_hung_supervisor_leaves_a_reason() {
        assert_eq!(after(Some("watchdog")).as_deref(), Some("supervisor: hung"));
        for other in [Some("success"), Some("signal"), Some("exit-code"), Some("oom-kill"), None] {
            assert_eq!(after(other), None);
        }
    }
}
