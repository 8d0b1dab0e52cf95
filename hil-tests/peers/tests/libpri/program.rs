//! The program with libpri as the virtual box runs it: on a D channel of DAHDI, without libpri's shared library.

use anyhow::ensure;
use peers::libpri::build;
use std::path::Path;
use std::process::Command;

/// The archive of the Debian package `dahdi-source`, and the folder of headers in it.
const ARCHIVE: &str = "/usr/src/dahdi.tar.bz2";
const HEADERS: &str = "modules/dahdi/include";

#[test]
fn it_compiles_for_a_guest_with_dahdi_and_says_why_it_cannot_open_a_channel() -> anyhow::Result<()> {
    ensure!(Path::new(ARCHIVE).exists(), "the Debian package dahdi-source is not installed");
    let folder = tempfile::tempdir()?;
    let unpacked =
        Command::new("tar").arg("-xjf").arg(ARCHIVE).arg("-C").arg(folder.path()).arg(HEADERS).status()?;
    ensure!(unpacked.success(), "{ARCHIVE} has no {HEADERS}");
    let include = format!("-I{}", folder.path().join(HEADERS).display());
    let program = build(folder.path(), &["-static", "-DWITH_DAHDI", &include])?;
    let missing = folder.path().join("no-channel");
    let output = Command::new(&program).arg("--wire").arg(&missing).output()?;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no-channel: No such file or directory"), "{said}");
    // A file that is no channel of DAHDI takes no such order.
    std::fs::write(&missing, "")?;
    let output = Command::new(&program).arg("--wire").arg(&missing).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("DAHDI_SET_BUFINFO"), "{said}");
    Ok(())
}
