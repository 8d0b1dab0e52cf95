//! The system calls: sequenced-packet sockets that never block, and readiness. It knows no packet.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept4, bind, connect, listen, recv,
    send, socket,
};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One end of a connection.
#[derive(Debug)]
pub struct Packets(OwnedFd);

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// So many bytes of the buffer.
    Packet(usize),
    /// Nothing waits.
    Empty,
    /// The other end is gone.
    Closed,
}

/// How a packet left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Done,
    /// The queue is full; it is lost.
    Full,
    /// The other end is gone.
    Closed,
}

impl Packets {
    /// Connects, if somebody listens.
    pub fn connect(path: &Path) -> Result<Self, Errno> {
        let fd = new_socket()?;
        connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        Ok(Self(fd))
    }

    /// Takes the next packet. A buffer one byte longer than the longest packet shows one that is longer.
    pub fn receive(&self, buffer: &mut [u8]) -> Received {
        loop {
            match recv(self.0.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => return Received::Closed,
                Ok(length) => return Received::Packet(length),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Received::Empty,
                Err(_reset) => return Received::Closed,
            }
        }
    }

    /// Sends a packet, or loses it.
    pub fn send(&self, packet: &[u8]) -> Sent {
        loop {
            match send(self.0.as_raw_fd(), packet, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL) {
                Ok(_) => return Sent::Done,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN | Errno::ENOBUFS) => return Sent::Full,
                Err(_broken) => return Sent::Closed,
            }
        }
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A listening end; its path goes with it.
#[derive(Debug)]
pub struct Listening {
    fd: OwnedFd,
    path: PathBuf,
}

impl Listening {
    /// Listens at `path`; a socket that an earlier process left there is replaced.
    pub fn bind(path: PathBuf) -> std::io::Result<Self> {
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let fd = new_socket()?;
        bind(fd.as_raw_fd(), &UnixAddr::new(&path)?)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
        listen(&fd, Backlog::new(MAX_WAITING)?)?;
        Ok(Self { fd, path })
    }

    /// The next one that wants to connect.
    pub fn accept(&self) -> Option<Packets> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let raw = accept4(self.fd.as_raw_fd(), flags).ok()?;
        // SAFETY: accept4 made this descriptor for us in this very call and nobody else owns it.
        Some(Packets(unsafe { OwnedFd::from_raw_fd(raw) }))
    }
}

impl AsFd for Listening {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Waits until one of two descriptors is readable, or the one, or for none just so long. Part of a millisecond counts
/// as a whole one.
pub fn readable_within(fds: &[BorrowedFd<'_>], at_most: Duration) -> bool {
    let whole = Duration::from_micros(999).saturating_add(at_most).as_millis();
    let timeout = i32::try_from(whole).ok().and_then(|ms| PollTimeout::try_from(ms).ok());
    let timeout = timeout.unwrap_or(PollTimeout::MAX);
    let ready = match fds {
        [] => poll(&mut [], timeout),
        [one] => poll(&mut [PollFd::new(*one, PollFlags::POLLIN)], timeout),
        [one, other, ..] => {
            poll(&mut [PollFd::new(*one, PollFlags::POLLIN), PollFd::new(*other, PollFlags::POLLIN)], timeout)
        }
    };
    ready.is_ok_and(|ready| ready > 0)
}

/// Growing waits between tries to connect: doubling from 20 ms to a second.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let wait = (FIRST_WAIT_MS << self.tries.min(MAX_DOUBLINGS)).min(LONGEST_WAIT_MS);
        self.tries = self.tries.saturating_add(1);
        Duration::from_millis(wait)
    }

    /// The far side is there: begin with the shortest wait again.
    pub const fn reached(&mut self) {
        self.tries = 0;
    }
}

fn new_socket() -> Result<OwnedFd, Errno> {
    socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)
}

const SOCKET_MODE: u32 = 0o660;
const MAX_WAITING: i32 = 4;
const FIRST_WAIT_MS: u64 = 20;
const LONGEST_WAIT_MS: u64 = 1_000;
const MAX_DOUBLINGS: u32 = 6;
