//! Programs of the system, behind one trait: in the box they run, in tests they behave as they were recorded. It knows
//! none of them by name.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program to be run. Arguments are never put together by a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// It is killed after so many seconds.
    pub limit_s: u64,
}

impl Call {
    /// A call within the usual time.
    #[must_use]
    pub fn new(program: &'static str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program, arguments, limit_s: 60 }
    }

    /// The same with another limit.
    #[must_use]
    pub const fn within(mut self, limit_s: u64) -> Self {
        self.limit_s = limit_s;
        self
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// Whether it says that it did what it was asked.
    pub ok: bool,
    /// What it wrote, up to [`MAX_OUTPUT`].
    pub output: String,
    /// What it complained about, up to [`MAX_COMPLAINT`].
    pub complaint: String,
}

/// Runs programs.
pub trait Programs: Send + Sync {
    /// Runs one; each line it writes is told as it comes.
    ///
    /// # Errors
    /// It cannot be started.
    fn run(&self, call: &Call, line: &mut dyn FnMut(&str)) -> io::Result<Done>;
}

/// The system's own.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Programs for Real {
    fn run(&self, call: &Call, line: &mut dyn FnMut(&str)) -> io::Result<Done> {
        let mut child = Command::new(call.program)
            .args(&call.arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        let until = Instant::now() + Duration::from_secs(call.limit_s);
        let complaints = std::thread::spawn(move || bounded(err, MAX_COMPLAINT));
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        let (over, waiting) = std::sync::mpsc::channel::<()>();
        let watch = std::thread::spawn(move || {
            let left = until.saturating_duration_since(Instant::now());
            if waiting.recv_timeout(left) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                // It has not been waited for yet, so the number is still its own.
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
        });
        let mut output = String::new();
        let mut reader = BufReader::new(out);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&bytes);
            line(text.trim_end());
            if output.len() + text.len() <= MAX_OUTPUT {
                output.push_str(&text);
            }
        }
        drop(over);
        let watched = watch.join();
        let status = child.wait()?;
        let complaint = complaints.join().unwrap_or_default();
        if watched.is_err() {
            return Err(io::Error::other("the watch over a program ended"));
        }
        Ok(Done { ok: status.success(), output, complaint })
    }
}

fn bounded(from: impl Read, most: usize) -> String {
    let mut bytes = Vec::new();
    let mut from = from.take(u64::MAX);
    let mut buffer = [0; 4096];
    // What is past the bound is read all the same: the program must not stand still at a full pipe.
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 {
            break;
        }
        let room = most.saturating_sub(bytes.len()).min(read);
        bytes.extend_from_slice(&buffer[..room]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Bytes of output kept.
pub const MAX_OUTPUT: usize = 8 * 1024 * 1024;
/// Bytes of complaints kept.
pub const MAX_COMPLAINT: usize = 16 * 1024;
/// Bytes of one line.
const MAX_LINE: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::{Call, Programs, Real};

    #[test]
    fn a_program_is_heard_line_by_line_and_ended_at_its_limit() {
        let mut lines = Vec::new();
        let call = Call::new("printf", &["a\\nb\\n"]);
        let done = Real.run(&call, &mut |line| lines.push(line.to_owned())).unwrap();
        assert!(done.ok && lines == ["a", "b"] && done.output == "a\nb\n");
        let done = Real.run(&Call::new("tail", &["-f", "/dev/null"]).within(0), &mut |_| {}).unwrap();
        assert!(!done.ok);
        let done = Real.run(&Call::new("ls", &["/nowhere"]), &mut |_| {}).unwrap();
        assert!(!done.ok && done.complaint.contains("/nowhere"));
    }
}
