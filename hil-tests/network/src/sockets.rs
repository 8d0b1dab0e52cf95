//! Sockets at both ends of a question: does this source reach that port?

use crate::Space;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// How long an answer that must come is waited for.
const LONG: Duration = Duration::from_secs(10);
/// How long one that must not come is waited for; the box's counters say besides that it threw the packet away.
const SHORT: Duration = Duration::from_millis(120);

/// TCP or UDP, and the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// TCP.
    Tcp(u16),
    /// UDP.
    Udp(u16),
}

/// Serves these ports in a name space, answering each with what was sent, until the test ends.
///
/// # Panics
/// Where a port cannot be had.
pub fn serve(space: Space, ports: &'static [Port]) {
    serve_on(space, Ipv6Addr::UNSPECIFIED.into(), ports);
}

/// The same on one address: where a machine has several, an answer over UDP must come from the one that was asked.
///
/// # Panics
/// Where a port cannot be had.
pub fn serve_on(space: Space, own: IpAddr, ports: &'static [Port]) {
    for port in ports.iter().copied() {
        let ready = std::sync::Arc::new(std::sync::Barrier::new(2));
        let there = std::sync::Arc::clone(&ready);
        let _serving = space.enter(move || match port {
            Port::Tcp(port) => serve_tcp((own, port).into(), &there),
            Port::Udp(port) => serve_udp((own, port).into(), &there),
        });
        ready.wait();
    }
}

fn serve_tcp(at: SocketAddr, ready: &std::sync::Barrier) {
    let listener = TcpListener::bind(at).expect("the port is free");
    ready.wait();
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let mut byte = [0];
        if stream.read_exact(&mut byte).is_ok() {
            let _peer_may_be_gone = stream.write_all(&byte);
        }
    }
}

fn serve_udp(at: SocketAddr, ready: &std::sync::Barrier) {
    let socket = UdpSocket::bind(at).expect("the port is free");
    ready.wait();
    let mut buffer = [0; 64];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        let _may_be_blocked = socket.send_to(&buffer[..length], from);
    }
}

/// Whether a question from here is answered there.
#[must_use]
pub fn reaches(space: Space, from: SocketAddr, to: IpAddr, port: Port, expected: bool) -> bool {
    let patience = if expected { LONG } else { SHORT };
    space.within(move || match port {
        Port::Tcp(port) => ask_tcp(from, SocketAddr::new(to, port), patience),
        Port::Udp(port) => ask_udp(from, SocketAddr::new(to, port), patience),
    })
}

fn ask_tcp(from: SocketAddr, to: SocketAddr, patience: Duration) -> bool {
    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt,
    };
    use std::os::fd::AsRawFd as _;
    let family = if to.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let Ok(plain) = socket(family, SockType::Stream, SockFlag::empty(), None) else { return false };
    let _best_effort = setsockopt(&plain, sockopt::ReuseAddr, &true);
    if bind(plain.as_raw_fd(), &SockaddrStorage::from(from)).is_err() {
        return false;
    }
    // The time-out for sending holds for connecting, too.
    let time =
        nix::sys::time::TimeVal::new(patience.as_secs().cast_signed(), i64::from(patience.subsec_micros()));
    let _best_effort = setsockopt(&plain, sockopt::SendTimeout, &time);
    let _best_effort = setsockopt(&plain, sockopt::ReceiveTimeout, &time);
    if connect(plain.as_raw_fd(), &SockaddrStorage::from(to)).is_err() {
        return false;
    }
    let mut stream = TcpStream::from(plain);
    let mut byte = [0];
    stream.write_all(&[7]).is_ok() && stream.read_exact(&mut byte).is_ok() && byte == [7]
}

fn ask_udp(from: SocketAddr, to: SocketAddr, patience: Duration) -> bool {
    let Ok(socket) = UdpSocket::bind(from) else { return false };
    let mut buffer = [0; 8];
    socket.set_read_timeout(Some(patience)).is_ok()
        && socket.send_to(b"hello", to).is_ok()
        && socket.recv_from(&mut buffer).is_ok_and(|(length, _)| &buffer[..length] == b"hello")
}
