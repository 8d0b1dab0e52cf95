//! The sockets SIP is received at: those the command line names, and for those it leaves open one for each address of the set
//! that `vaultd` tells; the loopback alone until then (NET-04).
//!
//! A new set closes what is no more of it at once; what is new is opened with the next round, for a socket is closed only when
//! the task that reads it is gone. What cannot be had is tried again with every round. Connections that stand are not
//! touched. Which addresses those are it does not decide.

use super::local::LocalAddresses;
use super::udp::Udp;
use super::{Inbound, ServerProfile, TransportError, stream};
use idl::network::Listening;
use nix::sys::socket::{setsockopt, sockopt::IpFreebind};
use sip_ua::Transport;
use socket2::Socket;
use std::collections::HashSet;
use std::net::SocketAddr;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Where to listen.
#[derive(Debug, Clone, Default)]
pub struct Binding {
    /// UDP addresses, one socket each.
    pub udp: Vec<SocketAddr>,
    /// TCP addresses.
    pub tcp: Vec<SocketAddr>,
    /// TLS addresses; they need a certificate.
    pub tls: Vec<SocketAddr>,
    /// Certificate and key of the TLS listener.
    pub server: Option<ServerProfile>,
}

type Place = (Transport, SocketAddr);

/// The sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    /// As the command line says, with the port that was given where it left that open.
    asked: Vec<Place>,
    server: Option<ServerProfile>,
    listening: Listening,
    udp: Vec<Udp>,
    listeners: Vec<(Place, AbortHandle)>,
    local: LocalAddresses,
    /// To be opened.
    wanted: Vec<Place>,
    /// Of these, what the system refused.
    missing: HashSet<Place>,
    /// Sockets were closed in this round.
    closing: bool,
    inbound: mpsc::Sender<Inbound>,
}

impl Sockets {
    /// Opens them, the loopback of what is left open.
    ///
    /// # Errors
    /// [`TransportError`] names the address.
    pub fn bind(binding: &Binding, inbound: mpsc::Sender<Inbound>) -> Result<Self, TransportError> {
        let mut sockets = Self {
            asked: Vec::new(),
            server: binding.server.clone(),
            listening: Listening::nowhere_else(),
            udp: Vec::new(),
            listeners: Vec::new(),
            local: LocalAddresses::default(),
            wanted: Vec::new(),
            missing: HashSet::new(),
            closing: false,
            inbound,
        };
        for (transport, addresses) in
            [(Transport::Udp, &binding.udp), (Transport::Tcp, &binding.tcp), (Transport::Tls, &binding.tls)]
        {
            for &asked in addresses {
                let mut port = asked.port();
                for mut address in sockets.listening.sockets(asked) {
                    address.set_port(port);
                    port = sockets.open((transport, address), false)?.port();
                }
                sockets.asked.push((transport, SocketAddr::new(asked.ip(), port)));
            }
        }
        Ok(sockets)
    }

    /// Another set.
    pub fn listen(&mut self, listening: Listening) {
        if self.listening == listening {
            return;
        }
        self.listening = listening;
        let mut wanted = Vec::new();
        for (transport, asked) in &self.asked {
            for address in self.listening.sockets(*asked) {
                if !wanted.contains(&(*transport, address)) {
                    wanted.push((*transport, address));
                }
            }
        }
        self.udp.retain(|socket| wanted.contains(&(Transport::Udp, socket.address())));
        self.listeners.retain(|(place, task)| {
            let stays = wanted.contains(place);
            if !stays {
                task.abort();
            }
            stays
        });
        self.local.keep(&wanted);
        wanted.retain(|(transport, address)| !self.local.has(*transport, *address));
        self.missing.retain(|place| wanted.contains(place));
        self.wanted = wanted;
        self.closing = true;
    }

    /// A round: opens what is still to be opened.
    pub fn look_after(&mut self) {
        if std::mem::take(&mut self.closing) {
            return;
        }
        for place in std::mem::take(&mut self.wanted) {
            match self.open(place, true) {
                Ok(address) => {
                    self.missing.remove(&place);
                    log::info!(target: "transport", transport:? = place.0, address:% ; "listening");
                }
                Err(error) => {
                    if self.missing.insert(place) {
                        log::error!(target: "transport", error:% ; "it is tried again");
                    }
                    self.wanted.push(place);
                }
            }
        }
    }

    /// Addresses of the set that the system refuses.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// The addresses listened on.
    pub const fn local(&self) -> &LocalAddresses {
        &self.local
    }

    /// The socket for a datagram on this way: the one at its own address, or else one of its port, or any.
    pub fn udp(&self, local: SocketAddr, remote: SocketAddr) -> Option<&Udp> {
        let reaching = || self.udp.iter().filter(|socket| socket.reaches(remote));
        let of_port = || reaching().filter(|socket| socket.address().port() == local.port());
        let like = |socket: &&Udp| {
            socket.address().ip().is_unspecified()
                || socket.address().ip().is_loopback() == remote.ip().is_loopback()
        };
        of_port()
            .find(|socket| socket.address() == local)
            .or_else(|| of_port().find(like))
            .or_else(|| of_port().next())
            .or_else(|| reaching().next())
    }

    /// `ahead`: the address may come later, for a zone's counts from when it is set. One that the command line names must
    /// be there.
    fn open(&mut self, place: Place, ahead: bool) -> Result<SocketAddr, TransportError> {
        let (transport, address) = place;
        let inbound = self.inbound.clone();
        let refused = |source| TransportError::Bind { transport: name(transport), address, source };
        let bound = match transport {
            Transport::Udp => {
                let socket = Udp::bind(address, ahead, inbound).map_err(refused)?;
                let bound = socket.address();
                self.udp.push(socket);
                bound
            }
            Transport::Tcp | Transport::Tls => {
                let server = match transport {
                    Transport::Tls => Some(self.server.clone().ok_or(TransportError::NoCertificate)?),
                    Transport::Udp | Transport::Tcp => None,
                };
                let (bound, task) = stream::listen(address, ahead, server, inbound).map_err(refused)?;
                self.listeners.push(((transport, bound), task));
                bound
            }
        };
        self.local.listens(transport, bound);
        Ok(bound)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for (_, listener) in &self.listeners {
            listener.abort();
        }
    }
}

/// Lets a socket be bound to an address that comes later; it holds for IPv6, too.
pub(super) fn before_it_is_there(socket: &Socket) -> std::io::Result<()> {
    setsockopt(socket, IpFreebind, &true).map_err(Into::into)
}

const fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
    }
}
