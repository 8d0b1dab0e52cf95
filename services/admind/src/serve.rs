//! Putting it together: sockets, state, routes with their layers, the loop, the end.

use crate::app::App;
use crate::fault::Fault;
use crate::follow;
use crate::listen::Server;
use crate::options::Options;
use crate::places::Places;
use crate::routes::Routes;
use crate::vault::Vault;
use crate::{assets, clock, dress, limit, pages, spool, tls};
use anyhow::Context;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;
use idl::hello::Process;
use ipc::{Listener, Question};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tower_http::compression::CompressionLayer;

/// A page that listens and does not answer yet.
pub struct Bound {
    server: Server,
    addresses: Vec<SocketAddr>,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Runs until `stop` resolves.
///
/// # Errors
/// If a socket or the certificate cannot be used.
pub async fn run(options: Options, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    Bound::new(options).await?.serve(stop).await;
    Ok(())
}

impl Bound {
    /// Binds the sockets, opens the certificate, starts to reach `vaultd`.
    ///
    /// # Errors
    /// If a socket or the certificate cannot be used.
    pub async fn new(options: Options) -> anyhow::Result<Self> {
        Self::with_routes(options, pages::routes()).await
    }

    /// As [`Bound::new`], with these routes instead of all pages: for tests with routes of their own.
    ///
    /// # Errors
    /// As [`Bound::new`].
    pub async fn with_routes(options: Options, routes: Routes) -> anyhow::Result<Self> {
        let identity = tls::Identity::open(&options.state, &options.run, clock::now())?;
        let (taken, accepted) = mpsc::channel(1);
        let was = follow::kept(&options.state);
        let places = Places::open(&options.listen, was.clone(), taken).await?;
        let addresses = places.addresses();
        let supervised = Listener::bind(
            &Process::Admind.socket(&options.run),
            Process::Admind,
            &[(Process::Supervisor, options.supervisor_uid)],
        )
        .context("the supervisor's socket cannot be made")?;
        let (vault, keeping) = Vault::open(&options.run);
        let (stopping, told) = watch::channel(false);
        let spool = spool::prepare(&options.state).context("the folder for uploads cannot be made")?;
        let app = App::new(vault, identity.clone(), told, spool);
        let (router, forgetting) = limited(router(&app, routes), options.source_rate);
        let (asked, questions) = mpsc::channel::<Question>(MAX_QUESTIONS);
        let mut tasks = JoinSet::new();
        tasks.spawn(keeping);
        tasks.spawn(forgetting);
        let (telling, told_where) = watch::channel(was);
        if places.follows() {
            tasks.spawn(follow::follow(app.vault.clone(), options.state, telling));
        }
        tasks.spawn(Question::take(supervised, asked, |error| log::warn!("a peer was refused: {error}")));
        let watchdog = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        let tls = tls::server_config(identity);
        let server = Server { places, accepted, told: told_where, tls, router, app, questions, watchdog };
        Ok(Self { server, addresses, stopping, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Its certificate.
    #[must_use]
    pub fn identity(&self) -> Arc<tls::Identity> {
        Arc::clone(&self.server.app.identity)
    }

    /// Serves until `stop` resolves, then ends in order.
    pub async fn serve(mut self, stop: impl Future<Output = ()>) {
        let _not_under_systemd = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let stopping = self.stopping;
        let stop = async move {
            stop.await;
            let _not_under_systemd = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
            stopping.send_replace(true);
        };
        self.server.serve(stop).await;
        self.tasks.shutdown().await;
    }
}

/// Every route behind its guard, with the layers around them but for the limit of requests.
pub fn router(app: &App, routes: Routes) -> Router {
    let assets =
        Router::new().route("/assets/{hash}/{name}", get(assets::serve)).layer(CompressionLayer::new());
    routes
        .into_router(app)
        .merge(assets)
        .fallback(async || Fault::NotFound)
        .method_not_allowed_fallback(async || Fault::Method)
        // Every body is read by `admit`, within the limit of its route.
        .layer(DefaultBodyLimit::disable())
        .with_state(app.clone())
}

/// The limit of requests, and around it what dresses every answer.
fn limited(router: Router, rate_per_s: u32) -> (Router, impl Future<Output = ()> + Send + 'static) {
    let (router, forgetting) = limit::limit(router, rate_per_s);
    (router.layer(from_fn(dress::dress)), forgetting)
}

/// The layers of [`Bound`] around a router, for tests that need no sockets.
pub fn dressed(router: Router) -> Router {
    router.layer(from_fn(dress::dress))
}

const MAX_QUESTIONS: usize = 8;
