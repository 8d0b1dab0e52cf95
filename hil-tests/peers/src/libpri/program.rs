//! The program with libpri: compiled once, started on two socket pairs. What it does on them is not decided here.

use super::told::Told;
use anyhow::{Context, bail, ensure};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

/// The program's sources, beside each other.
const SOURCES: [&str; 6] =
    ["pri_peer.c", "pri_calls.c", "pri_events.c", "pri_orders.c", "pri_wire.c", "pri_json.c"];
const C_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/c");
/// Longest frame of a D channel: 260 octets of information, address and control, and some to spare.
const MAX_FRAME: usize = 512;
/// Most octets of one line of the program.
const MAX_LINE: usize = 8192;

/// Compiles the program into a folder, under a name of its own until it is whole, so that two processes may do so at
/// once. Options are for the compiler.
///
/// # Errors
/// There is no compiler, no libpri, or a fault in the sources.
pub fn build(folder: &Path, options: &[&str]) -> anyhow::Result<PathBuf> {
    let program = folder.join("pri_peer");
    let fresh = folder.join(format!("pri_peer-{}", process::id()));
    let compiler = env::var("CC").unwrap_or_else(|_| "gcc".to_owned());
    let output = Command::new(compiler)
        .current_dir(C_FOLDER)
        .args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&fresh)
        .args(options)
        .args(SOURCES)
        .arg("-lpri")
        .output()
        .context("gcc does not start: install gcc and libpri-dev")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "pri_peer does not compile (is libpri-dev installed?):\n{said}");
    fs::rename(&fresh, &program).context("the program cannot be put in its place")?;
    Ok(program)
}

/// The running program; it ends with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    wire: OwnedFd,
    orders: UnixStream,
    held: Vec<u8>,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// No socket, or the program does not start.
    pub fn start(program: &Path, user_side: bool) -> anyhow::Result<Self> {
        let (wire, far_wire) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        let (orders, far_orders) = UnixStream::pair()?;
        let mut command = Command::new(program);
        if user_side {
            command.arg("--user");
        }
        // Both ways to it are its standard streams: nothing else of ours is inherited.
        command.args(["--wire", "fd:0", "--orders", "1", "--events", "1"]);
        command.stdin(Stdio::from(far_wire)).stdout(Stdio::from(OwnedFd::from(far_orders)));
        let child = command.spawn().with_context(|| program.display().to_string())?;
        orders.set_nonblocking(true)?;
        Ok(Self { child, wire, orders, held: Vec::new() })
    }

    /// What to wait for: frames, and events.
    #[must_use]
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.wire.as_fd(), self.orders.as_fd()]
    }

    /// Sends a frame; the line has no flow control, so a frame that finds no room is lost.
    ///
    /// # Errors
    /// The program has ended.
    pub fn send(&self, frame: &[u8]) -> anyhow::Result<()> {
        match send(self.wire.as_raw_fd(), frame, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL) {
            Ok(_) | Err(nix::Error::EAGAIN) => Ok(()),
            Err(error) => Err(error).context("the program has ended: a frame does not go out"),
        }
    }

    /// The next frame, if one waits.
    ///
    /// # Errors
    /// The program has ended.
    pub fn receive(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut frame = vec![0; MAX_FRAME];
        match recv(self.wire.as_raw_fd(), &mut frame, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => bail!("the program has ended: no frames any more"),
            Ok(length) => {
                frame.truncate(length);
                Ok(Some(frame))
            }
            Err(nix::Error::EAGAIN) => Ok(None),
            Err(error) => Err(error).context("the program has ended: a frame does not come in"),
        }
    }

    /// Gives it an order.
    ///
    /// # Errors
    /// The program has ended, or takes no orders.
    pub fn order(&mut self, order: &serde_json::Value) -> anyhow::Result<()> {
        let line = format!("{order}\n");
        self.orders.write_all(line.as_bytes()).with_context(|| format!("the order {order}"))
    }

    /// What it told since it was asked last, each also as the line it was.
    ///
    /// # Errors
    /// The program has ended, or says what is no event.
    pub fn told(&mut self) -> anyhow::Result<Vec<(String, Told)>> {
        let mut some = [0; MAX_LINE];
        loop {
            match self.orders.read(&mut some) {
                Ok(0) => bail!("the program has ended: {:?}", self.child.try_wait()?),
                Ok(length) => self.held.extend_from_slice(&some[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("what the program tells"),
            }
        }
        let mut told = Vec::new();
        while let Some(end) = self.held.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = self.held.drain(..=end).collect();
            let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            let event = serde_json::from_slice(&line).with_context(|| text.clone())?;
            told.push((text, event));
        }
        ensure!(self.held.len() <= MAX_LINE, "the program tells a line without an end");
        Ok(told)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
