//! TLS in front of a peer that speaks TCP only (Debian builds SIPp without TLS): bytes in, the same bytes out.

use crate::place::{Place, make_certificates};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A TLS listener with a CA of its own. It stops when dropped.
#[derive(Debug)]
pub struct TlsFront {
    /// Where it listens.
    pub addr: SocketAddr,
    folder: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    /// Listens on `port` and passes on to `behind`.
    #[must_use]
    pub fn start(place: &Place, port: u16, behind: SocketAddr) -> Self {
        Self::hiding(place, port, behind, "")
    }

    /// The same, and `behind` sees other words of the same length in the place of `hidden`.
    ///
    /// # Panics
    /// If it cannot listen.
    #[must_use]
    pub fn hiding(place: &Place, port: u16, behind: SocketAddr, hidden: &'static str) -> Self {
        let folder = place.folder("peers").join(format!("tls-{port}"));
        std::fs::create_dir(&folder).expect("a folder for the peer");
        make_certificates(&folder);
        let chain = CertificateDer::pem_file_iter(folder.join("cert.pem")).expect("certificates");
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("TLS");
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let addr: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
        let listener = runtime.block_on(TcpListener::bind(addr)).expect("a listener");
        runtime.spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), behind, hidden));
        Self { addr, folder, _runtime: runtime }
    }

    /// The CA that signed its certificate.
    ///
    /// # Panics
    /// If the file is gone.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        std::fs::read_to_string(self.folder.join("ca.pem")).expect("the CA")
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr, hidden: &'static str) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that does not trust us ends here; the test sees it at the client.
            let (mut from, mut to) = tokio::io::split(acceptor.accept(stream).await?);
            let (mut back_from, mut back_to) = TcpStream::connect(behind).await?.into_split();
            let onwards = async {
                let mut buffer = vec![0; READ_BYTES];
                loop {
                    let count = from.read(&mut buffer).await?;
                    if count == 0 {
                        return back_to.shutdown().await;
                    }
                    hide(&mut buffer[..count], hidden.as_bytes());
                    back_to.write_all(&buffer[..count]).await?;
                }
            };
            let back = async {
                tokio::io::copy(&mut back_from, &mut to).await?;
                to.shutdown().await
            };
            tokio::try_join!(onwards, back).map(|_| ())
        });
    }
}

fn hide(bytes: &mut [u8], hidden: &[u8]) {
    while let Some(at) = bytes.windows(hidden.len().max(1)).position(|word| word == hidden) {
        bytes[at..at + hidden.len()].fill(b'X');
    }
}

const READ_BYTES: usize = 64 * 1024;
