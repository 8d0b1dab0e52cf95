//! As little of a browser as a measurement needs: one TLS 1.3 connection, one session, pages read to their end.

use super::people::BROWSER;
use crate::rig::Rig;
use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// A connection with a session.
pub struct Browser {
    runtime: Runtime,
    sender: SendRequest<Empty<Bytes>>,
    cookie: String,
}

impl Browser {
    /// Connects; the page's own certificate is the one that is trusted.
    ///
    /// # Errors
    /// If the page is not there.
    pub fn open(rig: &Rig, token: [u8; 32]) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let connector = connector(rig)?;
        let address = rig.sut.place.page();
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            // It ends with the runtime, which this browser owns.
            tokio::spawn(connection);
            anyhow::Ok(sender)
        })?;
        let cookie = format!("__Host-session={}", BASE64URL_NOPAD.encode(&token));
        Ok(Self { runtime, sender, cookie })
    }

    /// Reads a page; its status and bytes.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn get(&mut self, path: &str) -> anyhow::Result<(u16, u64)> {
        let request = request(path, &self.cookie)?;
        let Self { runtime, sender, .. } = self;
        runtime.block_on(async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok((status, body.len() as u64))
        })
    }

    /// Reads on a stream until it is dropped.
    ///
    /// # Errors
    /// If there is no such stream.
    pub fn watch(mut self, path: &str) -> anyhow::Result<Watcher> {
        let request = request(path, &self.cookie)?;
        let bytes = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&bytes);
        let Self { runtime, sender, .. } = &mut self;
        let response = runtime.block_on(async {
            sender.ready().await?;
            sender.send_request(request).await
        })?;
        anyhow::ensure!(response.status() == 200, "{path}: status {}", response.status());
        runtime.spawn(read_on(response, seen));
        Ok(Watcher { _browser: self, bytes })
    }
}

async fn read_on(response: Response<Incoming>, seen: Arc<AtomicU64>) {
    let mut body = response.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            seen.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
    }
}

/// A browser that watches.
pub struct Watcher {
    _browser: Browser,
    bytes: Arc<AtomicU64>,
}

impl Watcher {
    /// Bytes seen so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

fn request(path: &str, cookie: &str) -> anyhow::Result<Request<Empty<Bytes>>> {
    let request = Request::get(path).header("host", "localhost").header("user-agent", BROWSER);
    Ok(request.header("cookie", cookie).body(Empty::new())?)
}

fn connector(rig: &Rig) -> anyhow::Result<TlsConnector> {
    let file = rig.sut.place.folder("page").join("page.pem");
    let certificate = CertificateDer::from_pem_file(&file).map_err(|error| anyhow::anyhow!("{error}"));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.context("the page's certificate")?)?;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
