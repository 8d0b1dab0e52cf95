//! The serial port, or the terminal the process was started on: opened raw, read and written without blocking, put
//! back as it was at the end.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::termios::{
    BaudRate, ControlFlags, FlushArg, SetArg, Termios, cfmakeraw, cfsetspeed, tcflush, tcgetattr, tcsetattr,
};
use nix::unistd::dup;
use std::fs::OpenOptions;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use thiserror::Error;
use tokio::io::unix::AsyncFd;

/// Why there is no port.
#[derive(Debug, Error)]
pub enum PortError {
    /// The device cannot be opened.
    #[error("the serial port cannot be opened: {0}")]
    Open(#[source] std::io::Error),
    /// It is no terminal, or refuses its settings.
    #[error("the serial port cannot be set: {0}")]
    Set(#[from] nix::Error),
    /// It cannot be waited for.
    #[error("the serial port cannot be waited for: {0}")]
    Wait(#[source] std::io::Error),
}

/// The port.
#[derive(Debug)]
pub struct Port {
    input: AsyncFd<OwnedFd>,
    output: AsyncFd<OwnedFd>,
    before: Termios,
    flags: OFlag,
}

impl Port {
    /// Opens a serial port at a rate, 8 bits, no parity, one stop bit, without regard to modem lines.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn open(device: &Path, baud: u32) -> Result<Self, PortError> {
        let flags = (OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits();
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(device);
        let fd = OwnedFd::from(file.map_err(PortError::Open)?);
        let mut settings = tcgetattr(&fd)?;
        let before = settings.clone();
        cfmakeraw(&mut settings);
        cfsetspeed(&mut settings, speed(baud))?;
        settings.control_flags |= ControlFlags::CLOCAL | ControlFlags::CREAD;
        tcsetattr(&fd, SetArg::TCSANOW, &settings)?;
        // What was sent to a box that was off is nobody's input now.
        tcflush(&fd, FlushArg::TCIFLUSH)?;
        let input = dup(&fd)?;
        Self::over(input, fd, before)
    }

    /// The terminal of the process itself.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn stdio() -> Result<Self, PortError> {
        let input = dup(std::io::stdin().as_fd())?;
        let output = dup(std::io::stdout().as_fd())?;
        let mut settings = tcgetattr(&input)?;
        let before = settings.clone();
        cfmakeraw(&mut settings);
        tcsetattr(&input, SetArg::TCSANOW, &settings)?;
        Self::over(input, output, before)
    }

    fn over(input: OwnedFd, output: OwnedFd, before: Termios) -> Result<Self, PortError> {
        let flags = OFlag::from_bits_truncate(fcntl(&input, FcntlArg::F_GETFL)?);
        for fd in [&input, &output] {
            let now = OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL)?);
            fcntl(fd, FcntlArg::F_SETFL(now | OFlag::O_NONBLOCK))?;
        }
        let (input, output) = (waited_for(input)?, waited_for(output)?);
        Ok(Self { input, output, before, flags })
    }

    /// Reads what is there; 0 bytes: the line was hung up.
    ///
    /// # Errors
    /// The system's error.
    pub async fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let mut ready = self.input.readable().await?;
            let read = |fd: &AsyncFd<OwnedFd>| Ok(nix::unistd::read(fd.get_ref(), buffer)?);
            if let Ok(read) = ready.try_io(read) {
                return read;
            }
        }
    }

    /// Writes as much as the line takes.
    ///
    /// # Errors
    /// The system's error.
    pub async fn write(&self, bytes: &[u8]) -> std::io::Result<usize> {
        loop {
            let mut ready = self.output.writable().await?;
            let write = |fd: &AsyncFd<OwnedFd>| Ok(nix::unistd::write(fd.get_ref(), bytes)?);
            if let Ok(written) = ready.try_io(write) {
                return written;
            }
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // The terminal may be gone: there is nobody to be told.
        let _gone = tcsetattr(self.input.get_ref(), SetArg::TCSANOW, &self.before);
        let _gone = fcntl(self.input.get_ref(), FcntlArg::F_SETFL(self.flags));
    }
}

fn waited_for(fd: OwnedFd) -> Result<AsyncFd<OwnedFd>, PortError> {
    // SAFETY: an `OwnedFd` is an open descriptor, always returns the same number, and `AsyncFd` keeps it to the end.
    unsafe { AsyncFd::register(fd) }.map_err(|error| PortError::Wait(error.into()))
}

const fn speed(baud: u32) -> BaudRate {
    match baud {
        9_600 => BaudRate::B9600,
        19_200 => BaudRate::B19200,
        38_400 => BaudRate::B38400,
        57_600 => BaudRate::B57600,
        _ => BaudRate::B115200,
    }
}
