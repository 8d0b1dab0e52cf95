//! A disk that its TPM does not open: three custodians do. The order of steps is for a cut of power between any two: the
//! header first says that the vault's keys still wait for the shares, then the disk is sealed to this TPM; until the vault
//! has taken them every start asks again.

use crate::Place;
use crate::console::{Console, ConsoleError};
use crate::dialogue::{Dialogue, Said};
use crate::limits::Limits;
use crate::programs::{Done, Programs};
use custodians::{DiskHeader, HeaderError, MAX_SHARE_TEXT_BYTES, NEEDED, RecoverySecret, Share, owed_token};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;
use vocab::Secret;
use zeroize::Zeroizing;

/// Why the disk stays closed, or the box does not go on.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A program.
    #[error("{program}: {reason}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it said.
        reason: String,
    },
    /// The header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Nobody can be asked.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// No shares were ever in force.
    #[error("no custodians' shares are in force for this disk: it cannot be recovered")]
    NoShares,
    /// Nothing is sealed without Secure Boot.
    #[error("Secure Boot is off: nothing is opened or sealed without it")]
    SecureBootOff,
    /// Too many wrong shares.
    #[error("{MAX_REFUSED} wrong shares")]
    TooOften,
    /// A person wants it.
    #[error("the box starts again, as was typed")]
    Restart,
    /// The copy in the header was altered.
    #[error("the copy of the disk's key in its header is damaged")]
    Damaged,
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Opens the disk, if it is not open, and leaves the shares for the vault. The console is opened only where somebody is
/// to be asked.
///
/// # Errors
/// [`OpenError`]: the box is to start again.
pub fn open<C: Console>(
    place: &Place,
    programs: &dyn Programs,
    console: impl FnOnce() -> Result<C, ConsoleError>,
) -> Result<(), OpenError> {
    let closed = !place.mapped.exists();
    let header = match header(place, programs) {
        Ok(header) => header,
        Err(error) if !closed => {
            // The TPM opened it: nobody is kept from an open disk by what cannot be read of its header.
            eprintln!("what the header of data says of recovery cannot be read: {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if !closed && header.owed.is_none() {
        return Ok(());
    }
    let mut console = console()?;
    let done = recover(place, programs, &header, closed, &mut console);
    if let Err(error) = &done {
        let _ = console.show(&format!("\n {error}.\n The box starts again.\n"));
    }
    done
}

fn recover(
    place: &Place,
    programs: &dyn Programs,
    header: &DiskHeader,
    closed: bool,
    console: &mut impl Console,
) -> Result<(), OpenError> {
    if header.copies.is_empty() {
        return Err(if header.damaged.is_empty() { OpenError::NoShares } else { OpenError::Damaged });
    }
    if !is_on(&place.secure_boot) {
        return Err(OpenError::SecureBootOff);
    }
    let (secret, shares) = ask(header, closed, console)?;
    if closed {
        let key = header.open(&secret).ok_or(OpenError::Damaged)?;
        console.show(" The shares are right. The data is opened.\n")?;
        let device = place.device.to_string_lossy();
        let mapped = place.mapped.file_name().unwrap_or_default().to_string_lossy();
        let words = ["open", "--type", "luks2", "--key-file", "-", &device, &mapped];
        ran("cryptsetup", programs, &words, Some(&key))?;
        seal_disk(place, programs, header, &key, console)?;
    }
    let mut text = Zeroizing::new(String::with_capacity(shares.len() * MAX_SHARE_TEXT_BYTES));
    for share in &shares {
        text.push_str(share.to_text().expose());
        text.push_str("\n\n");
    }
    leave(place, SHARES, &text)?;
    Ok(console.show(" The box goes on.\n")?)
}

/// Asks until three shares belong together.
fn ask(
    header: &DiskHeader,
    closed: bool,
    console: &mut impl Console,
) -> Result<(RecoverySecret, Vec<Share>), OpenError> {
    let sets: Vec<_> = header.copies.iter().map(|(_, copy)| copy.set).collect();
    let named: Vec<String> = sets.iter().map(ToString::to_string).collect();
    let why = if closed { CLOSED } else { OWED };
    console.show(&format!("{CLEAR}{TITLE}{why}{HOW}\n Set in force: {}\n", named.join(", ")))?;
    if !header.damaged.is_empty() {
        let tokens: Vec<String> = header.damaged.iter().map(ToString::to_string).collect();
        console.show(&format!(" Damaged in the header and passed over: token {}\n", tokens.join(", ")))?;
    }
    let mut dialogue = Dialogue::new(sets);
    let (mut limits, mut refused) = (Limits::new(console.now()), 0);
    console.show(&prompt(&dialogue))?;
    loop {
        let line = console.line(limits.begun(), limits.whole())?;
        let said = dialogue.line(&line);
        limits.heard(console.now(), &said);
        match said {
            Said::Restart => return Err(OpenError::Restart),
            Said::Nothing => console.show(" > ")?,
            Said::More(signs) => console.show(&format!(" ({signs} signs to go) > "))?,
            // What was typed goes from the screen before the next custodian comes.
            Said::Taken(number) => {
                console.show(&format!("{CLEAR}{TITLE}\n Share {number} is right.\n{}", prompt(&dialogue)))?;
            }
            Said::Whole(secret, shares) => {
                console.show(&format!("{CLEAR}{TITLE}\n"))?;
                return Ok((secret, shares));
            }
            Said::Refused(why) => {
                refused += 1;
                if refused >= MAX_REFUSED {
                    return Err(OpenError::TooOften);
                }
                console.show(&format!("{CLEAR}{TITLE}\n Not taken: {why}.\n{}", prompt(&dialogue)))?;
            }
        }
    }
}

fn prompt(dialogue: &Dialogue) -> String {
    format!("\n Share {} of {NEEDED}: type its sixteen groups, then Enter.\n > ", dialogue.given() + 1)
}

/// Seals the open disk to this TPM. Where that fails the box goes on, and the next start asks again.
fn seal_disk(
    place: &Place,
    programs: &dyn Programs,
    header: &DiskHeader,
    key: &Secret<String>,
    console: &mut impl Console,
) -> Result<(), OpenError> {
    if header.owed.is_none() {
        let file = leave(place, TOKEN, &owed_token())?;
        let words =
            ["token", "import", "--json-file", &file.to_string_lossy(), &place.device.to_string_lossy()];
        let done = ran("cryptsetup", programs, &words, None);
        erase(&file)?;
        done?;
    }
    let file = leave(place, KEY, key.expose())?;
    let device = place.device.to_string_lossy();
    let unlock = format!("--unlock-key-file={}", file.display());
    let release = format!("--tpm2-public-key={}", place.release_key.display());
    let seal =
        [&unlock, "--tpm2-device=auto", "--tpm2-pcrs=7", &release, "--tpm2-public-key-pcrs=11", &device];
    // What was sealed before goes first: systemd-cryptenroll takes a slot of the same policy for its own and does nothing,
    // whichever TPM it was sealed to. That TPM did not open it, and the disk is still owed.
    let done = ran("systemd-cryptenroll", programs, &["--wipe-slot=tpm2", &device], None)
        .and_then(|_| ran("systemd-cryptenroll", programs, &seal, None));
    erase(&file)?;
    match done {
        Ok(_) => console.show(" It is sealed to the TPM of this box.\n")?,
        Err(error) => {
            console
                .show(&format!(" It is NOT sealed to this TPM: {error}\n The next start asks again.\n"))?;
        }
    }
    Ok(())
}

fn header(place: &Place, programs: &dyn Programs) -> Result<DiskHeader, OpenError> {
    let device = place.device.to_string_lossy();
    let done = ran("cryptsetup", programs, &["luksDump", "--dump-json-metadata", &device], None)?;
    Ok(DiskHeader::parse(&done.output)?)
}

fn ran(
    program: &'static str,
    programs: &dyn Programs,
    words: &[&str],
    input: Option<&Secret<String>>,
) -> Result<Done, OpenError> {
    let done = programs
        .run(program, words, input)
        .map_err(|error| OpenError::Program { program, reason: error.to_string() })?;
    if done.ok { Ok(done) } else { Err(OpenError::Program { program, reason: done.complaint }) }
}

/// Leaves a file in memory that nobody but root reads.
fn leave(place: &Place, name: &str, text: &str) -> Result<PathBuf, OpenError> {
    let path = place.run.join(name);
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(&place.run)?;
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|source| OpenError::File { path: path.clone(), source })?;
    Ok(path)
}

/// Overwrites a file in memory and takes it away.
fn erase(path: &Path) -> Result<(), OpenError> {
    let over = || {
        let length = usize::try_from(fs::metadata(path)?.len()).unwrap_or(0);
        let mut file = File::options().write(true).open(path)?;
        file.write_all(&vec![0; length])?;
        fs::remove_file(path)
    };
    over().map_err(|source| OpenError::File { path: path.to_owned(), source })
}

/// A firmware without the variable has no Secure Boot; the kernel puts four bytes of attributes before the value.
fn is_on(variable: &Path) -> bool {
    fs::read(variable).is_ok_and(|bytes| bytes.get(4..) == Some(&[1]))
}

/// The vault's `--shares`.
const SHARES: &str = "shares";
const KEY: &str = "key";
const TOKEN: &str = "token";
const MAX_REFUSED: u32 = 50;

const CLEAR: &str = "\x1b[2J\x1b[H";
const TITLE: &str = "\n == Ringfence == Recovery by custodians ==\n";
const CLOSED: &str = "
 The data of this box did not open by itself: its TPM or its Secure Boot keys
 are not those it was sealed to. Three of the five custodians open it.
";
const OWED: &str = "
 A recovery was begun and did not come to its end: the keys of the records wait
 for the shares of three custodians.
";
const HOW: &str = "
 Each types the share on his or her paper. Line ends and spaces do not matter.
 An empty line begins a share anew. The word restart starts the box again.
 The box starts again by itself where nobody types within a minute, where a
 share takes more than half an hour, and after two hours.
";

#[cfg(test)]
mod tests {
    use super::{CLOSED, HOW, OWED, TITLE};

    #[test]
    fn what_is_shown_fits_a_terminal_of_80_columns_in_ascii() {
        let all = [TITLE, CLOSED, OWED, HOW].concat();
        assert!(all.is_ascii() && all.lines().all(|line| line.len() < 80) && all.lines().count() < 22);
    }
}
