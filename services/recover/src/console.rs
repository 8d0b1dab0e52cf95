//! The serial console of the first stage: opened raw, as the firmware and the kernel left its speed.

use crate::editor::Editor;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, SetArg, cfmakeraw, tcflush, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why nobody can be asked any more.
#[derive(Debug, Error)]
pub enum ConsoleError {
    /// The port.
    #[error("the console cannot be used: {0}")]
    Port(#[from] io::Error),
    /// Nobody typed.
    #[error("nobody typed what was asked for in time")]
    Nobody,
}

/// Where custodians are asked.
pub trait Console {
    /// Shows a text.
    ///
    /// # Errors
    /// [`ConsoleError::Port`].
    fn show(&mut self, text: &str) -> Result<(), ConsoleError>;
    /// The next line: its first sign comes before `begun`, its end before `whole`. An empty line has no sign.
    ///
    /// # Errors
    /// [`ConsoleError`].
    fn line(&mut self, begun: Instant, whole: Instant) -> Result<Zeroizing<String>, ConsoleError>;
    /// The clock of these limits.
    fn now(&self) -> Instant;
}

/// A serial port.
#[derive(Debug)]
pub struct Serial {
    port: File,
    editor: Editor,
}

impl Serial {
    /// Opens it.
    ///
    /// # Errors
    /// [`ConsoleError::Port`].
    pub fn open(path: &Path) -> Result<Self, ConsoleError> {
        let flags = (OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits();
        let port = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        let mut settings = tcgetattr(&port).map_err(io::Error::from)?;
        cfmakeraw(&mut settings);
        tcsetattr(&port, SetArg::TCSANOW, &settings).map_err(io::Error::from)?;
        // What was typed before anything was asked is no answer.
        tcflush(&port, FlushArg::TCIFLUSH).map_err(io::Error::from)?;
        Ok(Self { port, editor: Editor::default() })
    }

    fn ready(&self, what: PollFlags, until: Instant) -> io::Result<bool> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.port.as_fd(), what)], wait) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
                Ok(ready) => return Ok(ready > 0),
            }
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), ConsoleError> {
        while !bytes.is_empty() {
            match self.port.write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.ready(PollFlags::POLLOUT, Instant::now() + WRITE_LIMIT)? {
                        return Err(io::Error::from(io::ErrorKind::TimedOut).into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Console for Serial {
    fn show(&mut self, text: &str) -> Result<(), ConsoleError> {
        self.write(text.replace('\n', "\r\n").as_bytes())
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn line(&mut self, begun: Instant, whole: Instant) -> Result<Zeroizing<String>, ConsoleError> {
        let mut until = begun;
        loop {
            if self.editor.is_begun() {
                until = whole;
            }
            // Bytes that come without end do not outlive the limit either.
            if Instant::now() >= until || !self.ready(PollFlags::POLLIN, until)? {
                return Err(ConsoleError::Nobody);
            }
            // One byte at a time: nothing typed for the next question is lost, and nothing lies in a buffer.
            let mut byte = Zeroizing::new([0_u8]);
            match self.port.read(byte.as_mut()) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            let mut echo = Vec::new();
            let line = self.editor.byte(byte[0], &mut echo);
            self.write(&echo)?;
            if let Some(line) = line {
                return Ok(line);
            }
        }
    }
}

/// A port that takes nothing for so long is none.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::{Console, ConsoleError, Serial};
    use nix::pty::openpty;
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::path::Path;
    use std::time::{Duration, Instant};

    /// A port, and who types at its other end.
    fn port() -> (Serial, File) {
        let ends = openpty(None, None).unwrap();
        let path = format!("/proc/self/fd/{}", ends.slave.as_raw_fd());
        (Serial::open(Path::new(&path)).unwrap(), File::from(ends.master))
    }

    #[test]
    fn a_line_has_its_time_and_what_comes_after_it_is_not_read_any_more() {
        let (mut port, mut typist) = port();
        let (past, later) = (Instant::now(), Instant::now() + Duration::from_secs(3_600));
        typist.write_all(b"\rAB\rCD").unwrap();
        assert_eq!(*port.line(later, later).unwrap(), "");
        assert!(
            matches!(port.line(past, later), Err(ConsoleError::Nobody)),
            "not even its first sign is read"
        );
        assert_eq!(*port.line(later, later).unwrap(), "AB");
        assert!(
            matches!(port.line(later, past), Err(ConsoleError::Nobody)),
            "a line that was begun is to end"
        );
    }
}
