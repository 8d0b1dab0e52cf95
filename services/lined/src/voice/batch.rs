//! Many datagrams of one socket in one system call, each with its source and the time it came. The only place
//! of this process that hands raw buffers to the kernel.

use media::units::MAX_PACKET;
use nix::libc;
use socket2::Socket;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;

/// Datagrams of one call: more than a second of audio never waits in one socket.
pub const BATCH: usize = 16;
/// One byte more than the longest packet shows that a datagram was longer.
const ROOM: usize = MAX_PACKET + 1;
/// Room for one timestamp with its header, aligned by the array of words.
const CONTROL_WORDS: usize = 8;

/// The buffers, made once per thread.
pub struct Batch {
    headers: Box<[libc::mmsghdr; BATCH]>,
    parts: Box<[libc::iovec; BATCH]>,
    sources: Box<[libc::sockaddr_storage; BATCH]>,
    controls: Box<[[u64; CONTROL_WORDS]; BATCH]>,
    octets: Box<[[u8; ROOM]; BATCH]>,
}

// SAFETY: the raw pointers inside point only into the boxes of the same value, which move with it; they are
// written anew before each system call and never read by us.
unsafe impl Send for Batch {}

impl Batch {
    /// Empty buffers.
    pub fn new() -> Self {
        // SAFETY: all of these are plain C structures for which all-zero bytes are a valid value.
        let (headers, parts, sources) =
            unsafe { (std::mem::zeroed(), std::mem::zeroed(), std::mem::zeroed()) };
        Self {
            headers: Box::new(headers),
            parts: Box::new(parts),
            sources: Box::new(sources),
            controls: Box::new([[0; CONTROL_WORDS]; BATCH]),
            octets: Box::new([[0; ROOM]; BATCH]),
        }
    }

    /// Takes what waits in a socket; gives the number of datagrams.
    pub fn receive(&mut self, socket: &Socket) -> usize {
        for at in 0..BATCH {
            self.parts[at] = libc::iovec { iov_base: self.octets[at].as_mut_ptr().cast(), iov_len: ROOM };
            let header = &mut self.headers[at].msg_hdr;
            header.msg_name = (&raw mut self.sources[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = &raw mut self.parts[at];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[at].as_mut_ptr().cast();
            header.msg_controllen = size_of::<[u64; CONTROL_WORDS]>();
            header.msg_flags = 0;
        }
        // SAFETY: every header points to live buffers of this value with their true lengths, and the count is
        // the number of headers.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        usize::try_from(count).unwrap_or(0)
    }

    /// A datagram of the last [`Batch::receive`]: where from, when by the wall clock in microseconds, and what.
    /// `None` for what is no UDP datagram of a known family or too long.
    pub fn datagram(&mut self, at: usize) -> Option<(SocketAddr, Option<u64>, &mut [u8])> {
        let header = &self.headers[at];
        let length = usize::try_from(header.msg_len).ok()?;
        if length > MAX_PACKET {
            return None;
        }
        let source = address(&self.sources[at])?;
        let time = arrival_us(&header.msg_hdr);
        Some((source, time, &mut self.octets[at][..length]))
    }
}

fn address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in, which fits the storage.
            let v4 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::from((ip, u16::from_be(v4.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in6, which fits the storage.
            let v6 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::from((ip, u16::from_be(v6.sin6_port))))
        }
        _ => None,
    }
}

/// The kernel's `SCM_TIMESTAMPNS` in microseconds.
fn arrival_us(header: &libc::msghdr) -> Option<u64> {
    // SAFETY: the header's control pointer and length are those the kernel just wrote into our live buffer;
    // the CMSG macros stay within that length.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(header);
        if first.is_null()
            || (*first).cmsg_level != libc::SOL_SOCKET
            || (*first).cmsg_type != libc::SCM_TIMESTAMPNS
        {
            return None;
        }
        let time = std::ptr::read_unaligned(libc::CMSG_DATA(first).cast::<libc::timespec>());
        let seconds = u64::try_from(time.tv_sec).ok()?;
        Some(seconds * 1_000_000 + u64::try_from(time.tv_nsec).ok()? / 1_000)
    }
}
