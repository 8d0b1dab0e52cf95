//! Starting and stopping the agents' phones: a socket or connection each, one signalling thread.
//!
//! A phone whose connection breaks connects and registers again; calls it had are lost, as on a
//! desk.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::carrier::{Running, StartError, runtime};
use crate::config::{PhonesConfig, Transport};
use crate::digest;
use crate::engine::{Engine, Phone, PhonesRole, Role};
use crate::journal::{Event, Journal, Report};
use crate::media::{Media, Ports};
use crate::tls;
use crate::transport::{self, INBOX_LIMIT, Input, Link, may_reach};

/// The phones.
pub struct Phones;

/// Running phones.
pub struct PhonesHandle {
    running: Running,
    addresses: Vec<(String, SocketAddr)>,
}

impl Phones {
    /// Binds or connects every phone and begins to register them.
    pub fn start(config: PhonesConfig) -> Result<PhonesHandle, StartError> {
        if !may_reach(config.registrar.ip(), config.loopback_only) {
            return Err(StartError::NotLoopback(config.registrar));
        }
        let journal = Journal::open(config.journal_file.as_deref()).map_err(StartError::File)?;
        let runtime = runtime()?;
        let (sender, inbox) = channel(INBOX_LIMIT);
        let mut tasks = JoinSet::new();
        let dialler = Dialler { registrar: config.registrar, tls: connector(&config)? };
        let mut phones = Vec::new();
        for (owner, account) in config.accounts.iter().enumerate() {
            let link = runtime.block_on(connect(&config, &dialler, owner, &sender, &mut tasks))?;
            phones.push(Phone {
                account: account.clone(),
                link,
                registrar: config.registrar_host.clone(),
                call_id: digest::token(12),
                cseq: 0,
                tries: 0,
                turn: 0,
            });
        }
        let addresses = phones.iter().map(|p| (p.account.user.clone(), p.link.local)).collect();
        let role = PhonesRole {
            phones,
            answer_ms: config.answer_ms,
            hangup_after_ms: config.hangup_after_ms,
            expires_s: config.expires_s,
        };
        let ports = Ports::new(config.local_ip, config.rtp_ports);
        let media = Media::start(journal.clone(), ports.clone(), config.local_ip, config.loopback_only);
        let media = media.map_err(StartError::Thread)?;
        let engine = Engine::new(Role::Phones(role), journal.clone(), media, ports, config.loopback_only);
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            runtime.block_on(engine.run(inbox, stopped));
            drop(tasks);
        };
        let thread = std::thread::Builder::new().name("phones".to_owned()).spawn(run);
        let thread = Some(thread.map_err(StartError::Thread)?);
        Ok(PhonesHandle { running: Running { journal, stop: Some(stop), thread }, addresses })
    }
}

impl PhonesHandle {
    /// How many phones there are.
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Each phone's user name and its end of the signalling, as at the start.
    pub fn addresses(&self) -> &[(String, SocketAddr)] {
        &self.addresses
    }

    /// Whether there is no phone at all.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// All events so far.
    pub fn journal(&self) -> Vec<Event> {
        self.running.journal.events()
    }

    /// The counters so far.
    pub fn report(&self) -> Report {
        self.running.journal.report()
    }

    /// Waits until the counters (those of numbers left out) are as wanted; false when time runs out.
    pub fn wait_until(&self, limit: Duration, wanted: impl Fn(&Report) -> bool) -> bool {
        self.running.journal.wait_until(limit, wanted)
    }

    /// Stops the phones and gives the final counters.
    pub fn stop(mut self) -> Report {
        self.running.stop();
        self.running.journal.report()
    }
}

#[derive(Clone)]
struct Dialler {
    registrar: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

type Conversation = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Dialler {
    /// Opens a connection: the link, and what carries it.
    async fn dial(&self, owner: usize, inbox: &Sender<Input>) -> std::io::Result<(Link, Conversation)> {
        let stream = TcpStream::connect(self.registrar).await?;
        let local = stream.local_addr()?;
        // Without the option small messages are only slower.
        let _ = stream.set_nodelay(true);
        let name = if self.tls.is_some() { "TLS" } else { "TCP" };
        let (link, queue) = transport::stream_link(local, self.registrar, name);
        let inbox = inbox.clone();
        let conversation: Conversation = match &self.tls {
            None => Box::pin(transport::converse(stream, link.clone(), queue, owner, inbox)),
            Some((connector, name)) => {
                let handshake = connector.connect(name.clone(), stream);
                let stream = tokio::time::timeout(HANDSHAKE_LIMIT, handshake).await??;
                Box::pin(transport::converse(stream, link.clone(), queue, owner, inbox))
            }
        };
        Ok((link, conversation))
    }

    /// Keeps a connection up for as long as anybody listens.
    async fn keep(self, mut conversation: Conversation, owner: usize, inbox: Sender<Input>) {
        loop {
            conversation.await;
            conversation = loop {
                tokio::time::sleep(RECONNECT_AFTER).await;
                let Ok((link, conversation)) = self.dial(owner, &inbox).await else { continue };
                let again = Input { link, owner, bytes: Vec::new() };
                if inbox.send(again).await.is_err() {
                    return;
                }
                break conversation;
            };
        }
    }
}

fn connector(config: &PhonesConfig) -> Result<Option<(TlsConnector, ServerName<'static>)>, StartError> {
    if config.transport != Transport::Tls {
        return Ok(None);
    }
    let client = tls::client(config.ca_pem.as_deref().unwrap_or(""))?;
    let name = ServerName::try_from(config.registrar_host.clone()).map_err(|_| StartError::RegistrarName)?;
    Ok(Some((TlsConnector::from(client), name)))
}

async fn connect(
    config: &PhonesConfig,
    dialler: &Dialler,
    owner: usize,
    inbox: &Sender<Input>,
    tasks: &mut JoinSet<()>,
) -> Result<Link, StartError> {
    let registrar = config.registrar;
    let failed = |e| StartError::Socket(registrar, e);
    if config.transport == Transport::Udp {
        let socket = transport::bind_udp(SocketAddr::new(config.local_ip, 0)).map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let socket = Arc::new(socket);
        tasks.spawn(transport::read_datagrams(Arc::clone(&socket), owner, inbox.clone()));
        return Ok(Link::datagrams(socket, local, registrar));
    }
    let (link, conversation) = dialler.dial(owner, inbox).await.map_err(failed)?;
    tasks.spawn(dialler.clone().keep(conversation, owner, inbox.clone()));
    Ok(link)
}

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const RECONNECT_AFTER: Duration = Duration::from_millis(500);
