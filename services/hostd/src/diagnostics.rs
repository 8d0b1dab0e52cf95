//! The diagnostics bundle: what a technician sends to the maker. Every text in it passes [`scrub`](crate::scrub()), whatever
//! program or process it comes from; recordings, ledger, store and settings are not looked at.

use crate::programs::{Call, Programs};
use crate::scrub::scrub;
use crate::status::Place;
use crate::tar::archive;
use idl::host::HostFault;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;

/// Collects the bundle and leaves it, by its SHA-256, where `vaultd` hands it out. Earlier ones go.
///
/// # Errors
/// [`HostFault::System`].
pub fn collect(
    place: &Place,
    programs: &dyn Programs,
    at_s: u64,
    progress: &mut dyn FnMut(u8),
) -> Result<([u8; 32], u64), HostFault> {
    let mut files = Vec::new();
    for (turn, (name, call)) in sources().into_iter().enumerate() {
        let told = match programs.run(&call, &mut |_| {}) {
            Ok(done) => format!("{}{}", done.output, done.complaint),
            Err(error) => format!("{}: {error}\n", call.program),
        };
        files.push((name.to_owned(), scrub(newest(&told))));
        progress(u8::try_from(turn * 15).unwrap_or(90).min(90));
    }
    for (name, path) in [
        ("health.json.txt", "run/ringfence/supervisor/health.json"),
        ("os-release.txt", "usr/lib/os-release"),
    ] {
        files.push((name.to_owned(), scrub(&bounded(place, path).unwrap_or_else(|error| error.to_string()))));
    }
    let bytes = archive(&files, at_s);
    write(place, &bytes).map_err(|error| HostFault::System(format!("the bundle cannot be written: {error}")))
}

fn sources() -> [(&'static str, Call); 6] {
    let journal = Call::new(
        "journalctl",
        &["--boot=all", "--output=short-iso", "--no-hostname", "--no-pager", "--quiet", "--lines=20000"],
    );
    [
        ("journal.txt", journal),
        ("units.txt", Call::new("systemctl", &["list-units", "--all", "--no-pager", "--plain", "--full"])),
        ("slots.txt", Call::new("rauc", &["status", "--detailed"])),
        ("disks.txt", Call::new("lsblk", &["--output=NAME,SIZE,TYPE,FSTYPE,PARTLABEL,MOUNTPOINTS"])),
        ("kernel.txt", Call::new("uname", &["-a"])),
        ("network.txt", Call::new("networkctl", &["status", "--all", "--no-pager"])),
    ]
}

/// The newest part of a text that is too long, from a line's begin on.
fn newest(text: &str) -> &str {
    let Some(from) = text.len().checked_sub(MAX_TEXT) else { return text };
    let from = text.as_bytes()[from..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(text.len(), |line| from + line + 1);
    text.get(from..).unwrap_or_default()
}

fn bounded(place: &Place, path: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(place.at(path))?.take(MAX_TEXT as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(place: &Place, bytes: &[u8]) -> io::Result<([u8; 32], u64)> {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    std::fs::create_dir_all(&place.diagnostics)?;
    for old in std::fs::read_dir(&place.diagnostics)? {
        std::fs::remove_file(old?.path())?;
    }
    let name = format!("{}.tar", data_encoding::HEXLOWER.encode(&hash));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o640).open(place.diagnostics.join(name))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    File::open(&place.diagnostics)?.sync_all()?;
    Ok((hash, bytes.len() as u64))
}

/// Bytes of one text.
const MAX_TEXT: usize = 4 * 1024 * 1024;
