//! Programs of the first stage, behind one trait. A secret goes to one by its standard input alone: never by an
//! argument, which every process can read.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use vocab::Secret;
use zeroize::Zeroizing;

/// How a program ended.
#[derive(Debug)]
pub struct Done {
    /// Whether it did what it was asked.
    pub ok: bool,
    /// What it wrote, up to [`MAX_OUTPUT`].
    pub output: Zeroizing<Vec<u8>>,
    /// What it complained about, up to [`MAX_COMPLAINT`].
    pub complaint: String,
}

/// Runs programs.
pub trait Programs {
    /// Runs one; `input` is what it reads.
    ///
    /// # Errors
    /// It cannot be started, or did not end within [`LIMIT`].
    fn run(&self, program: &str, arguments: &[&str], input: Option<&Secret<String>>) -> io::Result<Done>;
}

/// The system's own.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Programs for Real {
    fn run(&self, program: &str, arguments: &[&str], input: Option<&Secret<String>>) -> io::Result<Done> {
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            // Who ends before reading says why.
            let _ = pipe.write_all(input.expose().as_bytes());
        }
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        let output = std::thread::spawn(move || bounded(out, MAX_OUTPUT));
        let complaint = std::thread::spawn(move || bounded(err, MAX_COMPLAINT));
        let until = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() >= until {
                child.kill()?;
                child.wait()?;
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{program} did not end")));
            }
            std::thread::sleep(LOOK_EVERY);
        };
        let ended = |_| io::Error::other("a reader ended");
        let (output, complaint) = (output.join().map_err(ended)?, complaint.join().map_err(ended)?);
        let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
        Ok(Done { ok: status.success(), output, complaint })
    }
}

/// What is past the bound is read all the same: the program must not stand still at a full pipe.
fn bounded(mut from: impl Read, most: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(FIRST_ROOM));
    let mut buffer = Zeroizing::new([0; 4096]);
    while let Ok(read) = from.read(buffer.as_mut()) {
        if read == 0 {
            break;
        }
        let room = most.saturating_sub(bytes.len()).min(read);
        bytes.extend_from_slice(&buffer[..room]);
    }
    bytes
}

/// Bytes of output kept.
pub const MAX_OUTPUT: usize = custodians::MAX_METADATA_BYTES;
/// Bytes of complaints kept.
pub const MAX_COMPLAINT: usize = 4 * 1024;
/// A program takes no longer.
pub const LIMIT: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A key fits without growing.
const FIRST_ROOM: usize = 16 * 1024;
