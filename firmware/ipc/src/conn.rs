//! One connection: typed messages in both directions. Either direction may be used from its own task.

use crate::socket::{Received, receive_frame, register, send_frame};
use idl::MAX_FRAME_BYTES;
use idl::hello::{BUILD, Hello, Process};
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket, sockopt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use thiserror::Error;
use tokio::io::unix::AsyncFd;
use zeroize::Zeroize;

/// Why a connection cannot go on. After any of these it is closed.
#[derive(Debug, Error)]
pub enum IpcError {
    /// The socket could not be made or reached.
    #[error("cannot reach {peer}: {source}")]
    Connect {
        /// The peer's name.
        peer: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// Reading or writing failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The peer closed the connection.
    #[error("the peer closed the connection")]
    Closed,
    /// The message does not fit a frame: a bug of the sender.
    #[error("a message of {0} bytes does not fit a frame of {MAX_FRAME_BYTES}")]
    TooLong(usize),
    /// The peer's bytes are no message.
    #[error("the peer sent bytes that are no message of this build")]
    Malformed,
    /// The peer was built from other messages; restart it after the update.
    #[error("{0} was built from other messages: restart it")]
    OtherBuild(&'static str),
    /// The peer may not speak here.
    #[error("{process} with uid {uid} may not connect here")]
    Forbidden {
        /// Who it says it is.
        process: &'static str,
        /// Its user id as the kernel knows it.
        uid: u32,
    },
}

impl From<Errno> for IpcError {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// One connection.
#[derive(Debug)]
pub struct Conn {
    fd: AsyncFd<OwnedFd>,
}

impl Conn {
    /// Connects to `path` as `me` and exchanges hellos with `peer`.
    ///
    /// # Errors
    /// [`IpcError`] if nobody listens, or the peer is another process or build.
    pub async fn connect(path: &Path, me: Process, peer: Process) -> Result<Self, IpcError> {
        let fd =
            new_socket().map_err(|errno| IpcError::Connect { peer: peer.name(), source: errno.into() })?;
        let address = UnixAddr::new(path)
            .map_err(|errno| IpcError::Connect { peer: peer.name(), source: errno.into() })?;
        connect(fd.as_raw_fd(), &address)
            .map_err(|errno| IpcError::Connect { peer: peer.name(), source: errno.into() })?;
        let conn = Self::from_fd(fd)?;
        conn.send(&Hello { build: BUILD, process: me }).await?;
        let hello: Hello = conn.recv().await?;
        if hello.build != BUILD || hello.process != peer {
            return Err(IpcError::OtherBuild(peer.name()));
        }
        Ok(conn)
    }

    pub(crate) fn from_fd(fd: OwnedFd) -> Result<Self, IpcError> {
        Ok(Self { fd: register(fd)? })
    }

    /// Sends one message; waits while the peer's queue is full.
    ///
    /// # Errors
    /// [`IpcError::TooLong`] before anything is sent; otherwise the connection is gone.
    pub async fn send<T: Serialize>(&self, message: &T) -> Result<(), IpcError> {
        self.send_bytes(message, None).await
    }

    /// Sends one message with a descriptor (a memfd or pipe with a file's content).
    ///
    /// # Errors
    /// As [`Conn::send`].
    pub async fn send_with<T: Serialize>(&self, message: &T, attached: OwnedFd) -> Result<(), IpcError> {
        self.send_bytes(message, Some(attached)).await
    }

    async fn send_bytes<T: Serialize>(&self, message: &T, attached: Option<OwnedFd>) -> Result<(), IpcError> {
        let frame = postcard::to_stdvec(message).map_err(|_| IpcError::Malformed)?;
        if frame.len() > MAX_FRAME_BYTES {
            return Err(IpcError::TooLong(frame.len()));
        }
        loop {
            let mut ready = self.fd.writable().await?;
            match ready.try_io(|fd| send_frame(fd.as_raw_fd(), &frame, attached.as_ref()).map_err(Into::into))
            {
                Ok(done) => return done.map_err(IpcError::Io),
                Err(_would_block) => {}
            }
        }
    }

    /// Receives one message.
    ///
    /// # Errors
    /// [`IpcError::Closed`] at the end; anything else is the peer's or the system's fault.
    pub async fn recv<T: DeserializeOwned>(&self) -> Result<T, IpcError> {
        Ok(self.recv_with().await?.0)
    }

    /// Receives one message and the descriptor that came with it.
    ///
    /// # Errors
    /// As [`Conn::recv`].
    pub async fn recv_with<T: DeserializeOwned>(&self) -> Result<(T, Option<OwnedFd>), IpcError> {
        loop {
            let mut ready = self.fd.readable().await?;
            match ready.try_io(|fd| BUFFER.with_borrow_mut(|buffer| decode_next(fd.get_ref(), buffer))) {
                Ok(Ok(Incoming::Message(message, attached))) => return Ok((message, attached)),
                Ok(Ok(Incoming::Closed)) => return Err(IpcError::Closed),
                Ok(Ok(Incoming::Malformed)) => return Err(IpcError::Malformed),
                Ok(Err(error)) if error.raw_os_error() == Some(Errno::ECONNRESET as i32) => {
                    return Err(IpcError::Closed);
                }
                Ok(Err(error)) => return Err(IpcError::Io(error)),
                Err(_would_block) => {}
            }
        }
    }

    /// The process id of the peer as the kernel knows it.
    ///
    /// # Errors
    /// [`IpcError::Io`] if the socket does not say.
    pub fn peer_pid(&self) -> Result<i32, IpcError> {
        Ok(getsockopt(self.raw(), sockopt::PeerCredentials)?.pid())
    }

    pub(crate) fn raw(&self) -> &OwnedFd {
        self.fd.get_ref()
    }
}

thread_local! {
    /// One receive buffer for each thread: frames are decoded where they arrive.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0_u8; MAX_FRAME_BYTES + 1]);
}

enum Incoming<T> {
    Message(T, Option<OwnedFd>),
    Closed,
    Malformed,
}

fn decode_next<T: DeserializeOwned>(socket: &OwnedFd, buffer: &mut [u8]) -> std::io::Result<Incoming<T>> {
    Ok(match receive_frame(socket.as_raw_fd(), buffer)? {
        Received::Closed => Incoming::Closed,
        Received::TooLong => Incoming::Malformed,
        Received::Frame(length, attached) => {
            let message = postcard::from_bytes(&buffer[..length]);
            buffer[..length].zeroize();
            message.map_or(Incoming::Malformed, |message| Incoming::Message(message, attached))
        }
    })
}

pub(crate) fn new_socket() -> Result<OwnedFd, Errno> {
    socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)
}
