//! The listening side: takes connections of known processes of known users, and refuses the rest.

use crate::conn::{Conn, IpcError, new_socket};
use crate::socket::register;
use idl::hello::{BUILD, Hello, Process};
use nix::errno::Errno;
use nix::sys::socket::{Backlog, SockFlag, UnixAddr, accept4, bind, getsockopt, listen, sockopt};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::unix::AsyncFd;

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    fd: AsyncFd<OwnedFd>,
    path: PathBuf,
    me: Process,
    allowed: Vec<(Process, Option<u32>)>,
}

/// Who connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// What it says it is; believed because its user id fits.
    pub process: Process,
    /// Its user id as the kernel knows it.
    pub uid: u32,
    /// Its process id.
    pub pid: i32,
}

impl Listener {
    /// Listens at `path` as `me`. `allowed` names the processes that may connect, each with its user id, or
    /// `None` for our own (a workstation, where everything runs as one user).
    ///
    /// # Errors
    /// [`IpcError::Io`] if the path cannot be used.
    pub fn bind(path: &Path, me: Process, allowed: &[(Process, Option<u32>)]) -> Result<Self, IpcError> {
        match std::fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        // On the box it is there already, and its own user's.
        if let Some(folder) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
        }
        let fd = new_socket()?;
        bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
        listen(&fd, Backlog::new(MAX_WAITING_PEERS)?)?;
        Ok(Self { fd: register(fd)?, path: path.to_owned(), me, allowed: allowed.to_vec() })
    }

    /// Waits for the next good peer. Peers that may not speak, or say nothing for a second, are dropped.
    ///
    /// # Errors
    /// [`IpcError::Io`] if the listening socket itself fails; [`IpcError::Forbidden`] and the like name a
    /// refused peer, after which the listener goes on.
    pub async fn accept(&self) -> Result<(Conn, Peer), IpcError> {
        let fd = self.accept_fd().await?;
        let conn = Conn::from_fd(fd)?;
        let greeting = tokio::time::timeout(HELLO_TIMEOUT, self.greet(&conn));
        let peer = greeting.await.map_err(|_| IpcError::Closed)??;
        Ok((conn, peer))
    }

    async fn accept_fd(&self) -> Result<OwnedFd, IpcError> {
        loop {
            let mut ready = self.fd.readable().await?;
            let accepted = ready.try_io(|listening| {
                accept4(listening.as_raw_fd(), SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK)
                    .map_err(Into::into)
            });
            match accepted {
                // SAFETY: accept4 made this descriptor for us in this very call and nobody else owns it.
                Ok(Ok(raw)) => return Ok(unsafe { OwnedFd::from_raw_fd(raw) }),
                Ok(Err(error)) if error.raw_os_error() == Some(Errno::ECONNABORTED as i32) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_would_block) => {}
            }
        }
    }

    async fn greet(&self, conn: &Conn) -> Result<Peer, IpcError> {
        let credentials = getsockopt(conn.raw(), sockopt::PeerCredentials)?;
        let hello: Hello = conn.recv().await?;
        conn.send(&Hello { build: BUILD, process: self.me }).await?;
        if hello.build != BUILD {
            return Err(IpcError::OtherBuild(hello.process.name()));
        }
        let peer = Peer { process: hello.process, uid: credentials.uid(), pid: credentials.pid() };
        let own = nix::unistd::getuid().as_raw();
        let known = self
            .allowed
            .iter()
            .any(|&(process, uid)| process == peer.process && uid.unwrap_or(own) == peer.uid);
        if known {
            Ok(peer)
        } else {
            Err(IpcError::Forbidden { process: peer.process.name(), uid: peer.uid })
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

const SOCKET_MODE: u32 = 0o660;
const FOLDER_MODE: u32 = 0o750;
const MAX_WAITING_PEERS: i32 = 16;
const HELLO_TIMEOUT: Duration = Duration::from_secs(1);
