//! The system calls of a sequenced-packet socket: send and receive one frame, with or without a descriptor.

use idl::MAX_FRAME_BYTES;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use tokio::io::unix::AsyncFd;

/// Hands a descriptor to the runtime's poller.
pub fn register(fd: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is an open descriptor, always returns the same number, and `AsyncFd` keeps it to the end.
    unsafe { AsyncFd::register(fd) }.map_err(Into::into)
}

/// Sends one frame; would-block is an error of its own kind for the caller's readiness loop.
pub fn send_frame(socket: RawFd, frame: &[u8], attached: Option<&OwnedFd>) -> Result<(), Errno> {
    let parts = [IoSlice::new(frame)];
    let descriptors: Vec<RawFd> = attached.iter().map(|fd| fd.as_raw_fd()).collect();
    let rights = [ControlMessage::ScmRights(&descriptors)];
    let control: &[ControlMessage<'_>] = if descriptors.is_empty() { &[] } else { &rights };
    sendmsg::<UnixAddr>(socket, &parts, control, MsgFlags::MSG_NOSIGNAL, None).map(|_| ())
}

/// One received frame.
pub enum Received {
    /// Its length within the buffer and a descriptor that came with it.
    Frame(usize, Option<OwnedFd>),
    /// The peer closed.
    Closed,
    /// The frame was longer than the bound.
    TooLong,
}

/// Receives one frame into `buffer`, which is one byte longer than the bound.
pub fn receive_frame(socket: RawFd, buffer: &mut [u8]) -> Result<Received, Errno> {
    debug_assert!(buffer.len() > MAX_FRAME_BYTES, "the buffer must show a frame beyond the bound");
    let mut control = nix::cmsg_space!([RawFd; 1]);
    let mut parts = [IoSliceMut::new(buffer)];
    let message = recvmsg::<UnixAddr>(socket, &mut parts, Some(&mut control), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut attached = None;
    if let Ok(messages) = message.cmsgs() {
        for item in messages {
            if let ControlMessageOwned::ScmRights(descriptors) = item {
                for descriptor in descriptors {
                    // SAFETY: the kernel made this descriptor for us in this very call and nobody else owns it.
                    attached = Some(unsafe { OwnedFd::from_raw_fd(descriptor) });
                }
            }
        }
    }
    let length = message.bytes;
    if message.flags.contains(MsgFlags::MSG_TRUNC) || length > MAX_FRAME_BYTES {
        return Ok(Received::TooLong);
    }
    if length == 0 {
        return Ok(Received::Closed);
    }
    Ok(Received::Frame(length, attached))
}
