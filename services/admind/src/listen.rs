//! Taking connections: TLS within a time limit, so many in all and of one source, HTTP/1.1 or 2 with bounded
//! heads. It knows no route.

use crate::app::App;
use crate::clock;
use crate::health::{Facts, answer};
use crate::limit::source;
use crate::places::{Places, Taken};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use idl::network::Listening;
use ipc::Question;
use rustls::ServerConfig;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Counts the connections of each source.
#[derive(Debug, Clone, Default)]
pub struct Seats(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's seat; free again when dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    source: IpAddr,
}

impl Seats {
    /// A seat for a source, if one is free.
    #[must_use]
    pub fn take(&self, source: IpAddr) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= MAX_CONNECTIONS {
            return None;
        }
        let own = taken.entry(source).or_default();
        if *own >= MAX_CONNECTIONS_OF_SOURCE {
            return None;
        }
        *own += 1;
        Some(Seat { seats: self.clone(), source })
    }

    /// Seats taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.source) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.source);
            }
        }
    }
}

/// What the loop works with.
pub struct Server {
    /// Where it listens.
    pub places: Places,
    /// Connections from there.
    pub accepted: Receiver<Taken>,
    /// Where it is to listen, whenever that changes.
    pub told: watch::Receiver<Listening>,
    /// How TLS is spoken.
    pub tls: Arc<ServerConfig>,
    /// The routes.
    pub router: Router,
    /// For the answers to the supervisor.
    pub app: App,
    /// The supervisor's questions.
    pub questions: Receiver<Question>,
    /// How often the watchdog is told that the loop runs.
    pub watchdog: Option<Duration>,
}

impl Server {
    /// Serves until `stop` resolves, then lets running requests end for a while.
    pub async fn serve(mut self, stop: impl Future<Output = ()>) {
        let seats = Seats::default();
        let graceful = GracefulShutdown::new();
        let mut again = tokio::time::interval(AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connections = JoinSet::new();
        let mut beat = tokio::time::interval(self.watchdog.unwrap_or(IDLE_BEAT));
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some((stream, peer)) = self.accepted.recv() => match seats.take(source(peer.ip())) {
                    Some(seat) => {
                        let _slower = stream.set_nodelay(true);
                        let (tls, router) = (Arc::clone(&self.tls), self.router.clone());
                        let connection = connection(tls, router, stream, peer, graceful.watcher());
                        connections.spawn(async move {
                            connection.await;
                            drop(seat);
                        });
                    }
                    None => log::warn!("too many connections: one is refused"),
                },
                Some(Question { serial, reply }) = self.questions.recv() => {
                    let _asker_may_be_gone = reply.send(answer(serial, self.facts(&seats)));
                }
                Ok(()) = self.told.changed() => {
                    let listening = self.told.borrow_and_update().clone();
                    self.places.set(listening).await;
                }
                _ = again.tick(), if self.places.missing() > 0 => self.places.settle().await,
                Some(_ended) = connections.join_next() => {}
                _ = beat.tick() => {
                    if self.watchdog.is_some() {
                        let _not_under_systemd = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
                    }
                }
            }
        }
        self.places.shutdown().await;
        let _elapsed = tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await;
        connections.shutdown().await;
    }

    fn facts(&self, seats: &Seats) -> Facts {
        Facts {
            connections: seats.taken(),
            missing: self.places.missing(),
            jobs: self.app.jobs.running(),
            connected: self.app.vault.is_connected(),
            not_after: self.app.identity.not_after(),
            now: clock::now(),
        }
    }
}

/// One connection, from its handshake to its end.
pub async fn connection<S>(
    tls: Arc<ServerConfig>,
    router: Router,
    stream: S,
    peer: SocketAddr,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let accepting = TlsAcceptor::from(tls).accept(stream);
    let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, accepting).await {
        Ok(Ok(stream)) => stream,
        // Scanners and old browsers: not worth a line each.
        Ok(Err(error)) => return log::debug!("a handshake failed: {error}"),
        Err(_elapsed) => return log::debug!("a handshake took too long"),
    };
    speak(router, stream, peer, watcher).await;
}

/// HTTP on a stream that is already private.
pub async fn speak<S>(router: Router, stream: S, peer: SocketAddr, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let builder = http();
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        log::debug!("a connection ended: {error}");
    }
}

/// HTTP with its limits. Heads a little over the page's own limits reach it, to be refused with a page.
#[must_use]
pub fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(PING_EVERY))
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(Some(MAX_STREAMS))
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .max_pending_accept_reset_streams(Some(MAX_RESETS));
    builder
}

/// Connections in all.
pub const MAX_CONNECTIONS: usize = 1_024;
/// Connections of one source.
pub const MAX_CONNECTIONS_OF_SOURCE: usize = 128;
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request's head may take, and how long a connection may idle.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an address that could not be had is tried again.
const AGAIN: Duration = Duration::from_secs(2);
const IDLE_BEAT: Duration = Duration::from_secs(3_600);
const MAX_HEADERS: usize = 128;
const MAX_HEAD_BYTES: usize = 64 * 1_024;
const MAX_HEADER_LIST_BYTES: u32 = 64 * 1_024;
const MAX_STREAMS: u32 = 64;
const MAX_RESETS: usize = 32;
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(15);
