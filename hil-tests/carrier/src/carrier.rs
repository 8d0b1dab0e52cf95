//! Starting and stopping a carrier: listeners, the signalling thread, the handle.
//!
//! Everything runs on threads of its own, so a test may be synchronous or on any runtime.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::behaviour::Times;
use crate::config::{CarrierConfig, TlsIdentity};
use crate::digest::Challenger;
use crate::engine::{CarrierRole, Engine, Role};
use crate::journal::{Event, Journal, Report};
use crate::media::{Media, Ports};
use crate::tls::{self, TlsError};
use crate::transport::{self, INBOX_LIMIT, Input, may_reach};

/// Why a carrier or phones could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No listener was asked for.
    #[error("no listener was asked for")]
    NoListener,
    /// An address past loopback was given while only loopback is allowed.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// A socket could not be bound or connected.
    #[error("no socket for {0}")]
    Socket(SocketAddr, #[source] std::io::Error),
    /// A file could not be written.
    #[error("a file could not be written")]
    File(#[source] std::io::Error),
    /// A thread could not be started.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[from] TlsError),
    /// The registrar's name is none a certificate could carry.
    #[error("the registrar's name cannot be checked")]
    RegistrarName,
}

/// The carrier.
pub struct Carrier;

/// A running carrier.
pub struct CarrierHandle {
    udp: Option<SocketAddr>,
    tcp: Option<SocketAddr>,
    tls: Option<SocketAddr>,
    ca_pem: Option<String>,
    running: Running,
}

/// The thread behind a handle.
pub(crate) struct Running {
    pub(crate) journal: Journal,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl Carrier {
    /// Binds the listeners and starts the carrier on threads of its own.
    pub fn start(config: CarrierConfig) -> Result<CarrierHandle, StartError> {
        for address in [config.udp, config.tcp, config.tls].into_iter().flatten() {
            if !may_reach(address.ip(), config.loopback_only) {
                return Err(StartError::NotLoopback(address));
            }
        }
        let journal = Journal::open(config.journal_file.as_deref()).map_err(StartError::File)?;
        let runtime = runtime()?;
        let guard = runtime.enter();
        let (sender, inbox) = channel(INBOX_LIMIT);
        let mut tasks = JoinSet::new();
        let mut handle = CarrierHandle {
            udp: None,
            tcp: None,
            tls: None,
            ca_pem: None,
            running: Running { journal: journal.clone(), stop: None, thread: None },
        };
        handle.listen(&config, &sender, &mut tasks)?;
        drop(guard);
        if tasks.is_empty() {
            return Err(StartError::NoListener);
        }
        let ports = Ports::new(config.rtp_ip, config.rtp_ports);
        let media = Media::start(journal.clone(), ports.clone(), config.rtp_ip, config.loopback_only);
        let media = media.map_err(StartError::Thread)?;
        let loopback_only = config.loopback_only;
        let engine = Engine::new(Role::Carrier(role(config)), journal, media, ports, loopback_only);
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            runtime.block_on(engine.run(inbox, stopped));
            drop(tasks);
        };
        let thread = std::thread::Builder::new().name("carrier".to_owned()).spawn(run);
        handle.running.thread = Some(thread.map_err(StartError::Thread)?);
        handle.running.stop = Some(stop);
        Ok(handle)
    }
}

impl CarrierHandle {
    /// Opens the listeners; within the runtime's context.
    fn listen(
        &mut self,
        config: &CarrierConfig,
        sender: &Sender<Input>,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), StartError> {
        if let Some(address) = config.udp {
            let socket = transport::bind_udp(address).map_err(|e| StartError::Socket(address, e))?;
            self.udp = socket.local_addr().ok();
            tasks.spawn(transport::read_datagrams(Arc::new(socket), 0, sender.clone()));
        }
        if let Some(address) = config.tcp {
            let listener = listen(address)?;
            self.tcp = listener.local_addr().ok();
            let accepting = transport::accept(listener, None, sender.clone(), config.loopback_only);
            tasks.spawn(accepting);
        }
        if let Some(address) = config.tls {
            let server = match &config.tls_identity {
                TlsIdentity::Generated => tls::generated(&[address.ip().to_string()])?,
                TlsIdentity::Pem { chain, key } => tls::from_files(chain, key)?,
            };
            if let Some(path) = &config.ca_out {
                std::fs::write(path, &server.ca_pem).map_err(StartError::File)?;
            }
            let listener = listen(address)?;
            self.tls = listener.local_addr().ok();
            self.ca_pem = Some(server.ca_pem);
            let acceptor = Some(TlsAcceptor::from(server.config));
            let accepting = transport::accept(listener, acceptor, sender.clone(), config.loopback_only);
            tasks.spawn(accepting);
        }
        Ok(())
    }

    /// The first address it listens on: UDP, else TCP, else TLS.
    pub fn addr(&self) -> SocketAddr {
        let first = self.udp.or(self.tcp).or(self.tls);
        first.expect("a carrier without a listener does not start")
    }

    /// The UDP listener.
    pub fn udp_addr(&self) -> Option<SocketAddr> {
        self.udp
    }

    /// The TCP listener.
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        self.tcp
    }

    /// The TLS listener.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls
    }

    /// The CA that vouches for the TLS listener.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// All events so far.
    pub fn journal(&self) -> Vec<Event> {
        self.running.journal.events()
    }

    /// How often each number was called, unmasked.
    pub fn calls_per_number(&self) -> BTreeMap<String, u64> {
        self.running.journal.calls_per_number()
    }

    /// The counters so far.
    pub fn report(&self) -> Report {
        self.running.journal.report()
    }

    /// Waits until the counters (those of numbers left out) are as wanted; false when time runs out.
    pub fn wait_until(&self, limit: Duration, wanted: impl Fn(&Report) -> bool) -> bool {
        self.running.journal.wait_until(limit, wanted)
    }

    /// Stops the carrier and gives the final counters; dialogs still up become violations.
    pub fn stop(mut self) -> Report {
        self.running.stop();
        self.running.journal.report()
    }
}

impl Running {
    /// Stops the thread and waits for it.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic there has printed itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The runtime of one signalling thread.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    bound().map_err(|e| StartError::Socket(address, e))
}

fn role(config: CarrierConfig) -> CarrierRole {
    CarrierRole {
        challenger: config.auth.map(|credentials| Box::new(Challenger::new(credentials))),
        challenge_invites: config.challenge_invites,
        default_code: config.default_code,
        only_code: config.only_code,
        times: Times { ring_ms: config.ring_ms, talk_ms: config.talk_ms },
        allowed_callers: config.allowed_callers,
    }
}
