//! A technician's terminal on the serial port: one that types lines, reads what comes, and answers no question of the box, as
//! a printer or the plainest terminal program does.

use crate::machine::Machine;
use crate::person::PASSWORD;
use anyhow::ensure;
use std::time::Duration;

/// Presses Enter, and waits until the console writes to this terminal in plain lines.
///
/// # Errors
/// It does not, or not in ASCII.
pub fn begin(machine: &mut Machine) -> anyhow::Result<String> {
    let shown = line(machine, "", &["Choose, then press Enter"])?;
    let page = shown.rsplit("== Ringfence").next().unwrap_or_default();
    ensure!(page.is_ascii() && !page.contains('\u{1b}'), "it is no plain ASCII: {page}");
    Ok(shown)
}

/// Types a line, and waits until the console has answered with a whole page in which all of this stands.
///
/// # Errors
/// The page does not come.
pub fn line(machine: &mut Machine, typed: &str, shows: &[&str]) -> anyhow::Result<String> {
    let before = machine.console().len();
    machine.type_on_console(&format!("{typed}\r"))?;
    machine.wait(&format!("{shows:?} on the console"), LIMIT, |machine| {
        let console = machine.console();
        let new = console.get(before..)?;
        let page = new.rfind("== Ringfence").and_then(|at| new.get(at..))?;
        let whole = page.ends_with("> ") || page.ends_with(": ");
        (whole && shows.iter().all(|words| page.contains(words))).then(|| page.to_owned())
    })
}

/// Tries to sign in; what comes of it is told by the last page.
///
/// # Errors
/// A step of it does not come, or not what it shall show in the end.
pub fn sign_in(
    machine: &mut Machine,
    login: &str,
    password: &str,
    code: &str,
    shows: &[&str],
) -> anyhow::Result<String> {
    line(machine, "s", &["Ticket number: "])?;
    line(machine, TICKET, &["Login: "])?;
    line(machine, login, &["Password: "])?;
    line(machine, password, &["One-time code: "])?;
    line(machine, code, shows)
}

/// Signs in as who has both factors.
///
/// # Errors
/// As [`sign_in`].
pub fn signed_in(machine: &mut Machine, login: &str, code: &str) -> anyhow::Result<String> {
    sign_in(machine, login, PASSWORD, code, &["Menu  (", TICKET])
}

/// The ticket that the bench works for.
pub const TICKET: &str = "WO-2026/118";
/// An emulated box beside other work is slow.
const LIMIT: Duration = Duration::from_secs(60);
