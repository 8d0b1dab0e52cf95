//! SIP over UDP, TCP and TLS: sockets, connections and their reuse, bounded in number and in queue.
//!
//! It parses what arrives and sends what it is given. It does not resolve names, retransmit, or know calls.
//! All tables belong to the signalling task; the tasks here only move bytes.

mod local;
mod sockets;
mod stream;
#[cfg(test)]
mod tests;
pub mod tls;
mod udp;

pub use sockets::Binding;
pub use tls::{ClientProfile, ServerProfile, TlsError};

use idl::network::Listening;
use sip::Message;
use sip_ua::{Flow, Transport};
use sockets::Sockets;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use stream::{Dialled, Opened};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Messages waiting for signalling, of all transports together.
pub const MAX_INBOUND: usize = 8_192;
/// Stream connections at once, both directions together.
pub const MAX_CONNECTIONS: usize = 2_048;
/// Messages waiting on one connection; a peer that does not read is cut off.
pub const MAX_WRITES: usize = 256;

/// What the transports tell signalling.
#[derive(Debug)]
pub enum Inbound {
    /// A message came.
    Message {
        /// The message.
        message: Box<Message>,
        /// Where it came from.
        source: Flow,
        /// When it was read, in microseconds of the boot clock.
        at_us: u64,
    },
    /// A peer opened a connection.
    Opened(Opened),
    /// A message waited for a connection that is gone or was never made: no byte of it left.
    NotSent {
        /// The flow it was to take.
        flow: Flow,
        /// The message as it was given to [`Transports::send`].
        bytes: Arc<[u8]>,
    },
    /// A connection is gone. Messages that were not sent were told before.
    Closed {
        /// The flow it was.
        flow: Flow,
    },
}

/// Why a transport could not be set up.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The address cannot be listened on.
    #[error("cannot listen for {transport} on {address}: {source}")]
    Bind {
        /// The transport.
        transport: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A TLS address without a certificate.
    #[error("listening for TLS needs --tls-cert and --tls-key")]
    NoCertificate,
}

/// Why a message was not taken: no byte of it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SendError {
    /// No socket of this transport and address family.
    #[error("no socket for this transport and address family")]
    NoSocket,
    /// The peer's connection is gone and only the peer can open it.
    #[error("the connection is gone")]
    Gone,
    /// The peer does not read.
    #[error("the connection's queue is full")]
    Full,
    /// The system does not send it: no route, no network, or its firewall forbids it.
    #[error("the system refuses to send: {0}")]
    Refused(std::io::ErrorKind),
    /// Too many connections.
    #[error("too many connections")]
    TooMany,
}

/// All transports of the process.
#[derive(Debug)]
pub struct Transports {
    sockets: Sockets,
    connections: HashMap<u64, Connection>,
    /// How to reach a trunk again whose connection is gone.
    profiles: HashMap<(Transport, SocketAddr), Arc<ClientProfile>>,
    next: u64,
    inbound: mpsc::Sender<Inbound>,
    /// For the loop-back call alone, while there is one.
    loopback: Option<udp::Udp>,
}

#[derive(Debug)]
struct Connection {
    transport: Transport,
    remote: SocketAddr,
    writer: mpsc::Sender<Arc<[u8]>>,
    task: AbortHandle,
    profile: Option<Arc<ClientProfile>>,
}

impl Transports {
    /// Opens all sockets. `serial` numbers connections; it must differ between lives of the process, so that a
    /// dialog of a former life never finds somebody else's connection.
    ///
    /// # Errors
    /// [`TransportError`] names the address.
    pub fn bind(
        binding: &Binding,
        serial: u64,
        inbound: mpsc::Sender<Inbound>,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            sockets: Sockets::bind(binding, inbound.clone())?,
            connections: HashMap::new(),
            profiles: HashMap::new(),
            next: serial,
            inbound,
            loopback: None,
        })
    }

    /// Where to listen from now on, on what the command line leaves open (NET-04).
    pub fn listen(&mut self, listening: Listening) {
        self.sockets.listen(listening);
    }

    /// A round: addresses that are new, or could not be had, are tried.
    pub fn look_after(&mut self) {
        self.sockets.look_after();
    }

    /// Addresses that should be listened on and cannot be.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.sockets.missing()
    }

    /// The address listened on for a transport, for tests and the log.
    #[must_use]
    pub fn listening(&self, transport: Transport) -> Option<SocketAddr> {
        self.sockets.local().listening(transport)
    }

    /// Our address as this peer shall see it; unspecified while there is no route.
    #[must_use]
    pub fn towards(&self, transport: Transport, remote: SocketAddr) -> SocketAddr {
        self.sockets.local().towards(transport, remote)
    }

    /// A flow that this machine alone hears, from a socket of its own to one of ours; it is the only one of its kind.
    ///
    /// # Errors
    /// The system's, if no socket can be had.
    pub fn open_loopback(&mut self, remote: SocketAddr) -> std::io::Result<Flow> {
        let socket = udp::Udp::bind((Ipv4Addr::LOCALHOST, 0).into(), false, self.inbound.clone())?;
        let local = socket.address();
        self.loopback = Some(socket);
        Ok(Flow { transport: Transport::Udp, remote, local, connection: None })
    }

    /// The loop-back call is over.
    pub fn close_loopback(&mut self) {
        self.loopback = None;
    }

    /// The flow to a trunk: for streams the connection that stands, or a new one being opened.
    ///
    /// # Errors
    /// [`SendError`] if there can be none.
    pub fn flow_to(
        &mut self,
        transport: Transport,
        remote: SocketAddr,
        profile: &Arc<ClientProfile>,
    ) -> Result<Flow, SendError> {
        let local = self.sockets.local().towards(transport, remote);
        if transport == Transport::Udp {
            return Ok(Flow { transport, remote, local, connection: None });
        }
        self.profiles.insert((transport, remote), Arc::clone(profile));
        let standing = self.connections.iter().find(|(_, connection)| {
            connection.transport == transport
                && connection.remote == remote
                && connection.profile.as_ref().is_some_and(|has| Arc::ptr_eq(has, profile))
                && !connection.writer.is_closed()
        });
        let id = match standing {
            Some((&id, _)) => id,
            None => self.fresh_id(),
        };
        let flow = Flow { transport, remote, local, connection: Some(id) };
        if !self.connections.contains_key(&id) {
            self.open(flow, Arc::clone(profile))?;
        }
        Ok(flow)
    }

    /// Whether a message for this flow would find a way.
    #[must_use]
    pub fn reaches(&self, flow: Flow) -> bool {
        let standing = flow.connection.and_then(|id| self.connections.get(&id));
        flow.transport == Transport::Udp
            || standing.is_some_and(|connection| connection.remote == flow.remote)
            || self.profiles.contains_key(&(flow.transport, flow.remote))
    }

    /// Sends a whole message.
    ///
    /// # Errors
    /// [`SendError`]; the caller tells the endpoint that the message was not sent.
    pub fn send(&mut self, flow: Flow, bytes: Arc<[u8]>) -> Result<(), SendError> {
        if flow.transport == Transport::Udp {
            return self.send_datagram(flow, &bytes);
        }
        let known = flow.connection.and_then(|id| self.connections.get(&id));
        let writer = match known {
            Some(connection) if connection.remote == flow.remote && !connection.writer.is_closed() => {
                connection.writer.clone()
            }
            Some(_) | None => self.reopen(flow)?,
        };
        writer.try_send(bytes).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Full,
            mpsc::error::TrySendError::Closed(_) => SendError::Gone,
        })
    }

    /// A peer opened a connection.
    pub fn opened(&mut self, opened: Opened) {
        let Opened { id, transport, remote, writer, task } = opened;
        if self.connections.len() >= MAX_CONNECTIONS {
            log::warn!(target: "transport", "too many connections; a new one is refused");
            task.abort();
            return;
        }
        self.connections.insert(id, Connection { transport, remote, writer, task, profile: None });
    }

    /// A connection is gone; `false` if another took its place meanwhile.
    pub fn closed(&mut self, flow: Flow) -> bool {
        let Some(id) = flow.connection else { return true };
        let gone = self.connections.get(&id).is_none_or(|connection| connection.writer.is_closed());
        if gone {
            self.connections.remove(&id);
        }
        gone
    }

    /// Stream connections that stand.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    fn send_datagram(&self, flow: Flow, bytes: &[u8]) -> Result<(), SendError> {
        let own = self.loopback.iter().find(|socket| socket.address() == flow.local);
        let socket = own.or_else(|| self.sockets.udp(flow.local, flow.remote));
        socket.ok_or(SendError::NoSocket)?.send(bytes, flow.remote).map_err(SendError::Refused)
    }

    /// A request or response for a trunk whose connection is gone goes over a new one (RFC 3261 18.2.2). It
    /// keeps the flow's number: whoever waits on that flow hears of this connection's end too.
    fn reopen(&mut self, flow: Flow) -> Result<mpsc::Sender<Arc<[u8]>>, SendError> {
        let profile =
            self.profiles.get(&(flow.transport, flow.remote)).map(Arc::clone).ok_or(SendError::Gone)?;
        let id = flow.connection.unwrap_or_else(|| self.fresh_id());
        self.connections.remove(&id);
        self.open(Flow { connection: Some(id), ..flow }, profile)?;
        self.connections.get(&id).map(|connection| connection.writer.clone()).ok_or(SendError::Gone)
    }

    fn open(&mut self, flow: Flow, profile: Arc<ClientProfile>) -> Result<(), SendError> {
        if self.connections.len() >= MAX_CONNECTIONS {
            return Err(SendError::TooMany);
        }
        let Flow { transport, remote, connection, .. } = flow;
        let Dialled { writer, task } = stream::dial(flow, &profile, self.inbound.clone());
        let opened = Connection { transport, remote, writer, task, profile: Some(profile) };
        self.connections.insert(connection.unwrap_or(0), opened);
        Ok(())
    }

    /// Connections we open have even numbers, those of peers odd ones.
    fn fresh_id(&mut self) -> u64 {
        self.next += 1;
        self.next * 2
    }
}

impl Drop for Transports {
    fn drop(&mut self) {
        for connection in self.connections.values() {
            connection.task.abort();
        }
    }
}
