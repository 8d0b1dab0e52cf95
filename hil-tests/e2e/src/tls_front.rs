//! TLS in front of a peer that speaks TCP only (Debian builds SIPp without TLS): bytes in, the same bytes out.

use crate::place::{Place, make_certificates};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
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
    ///
    /// # Panics
    /// If it cannot.
    #[must_use]
    pub fn start(place: &Place, port: u16, behind: SocketAddr) -> Self {
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
        runtime.spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), behind));
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

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that does not trust us ends here; the test sees it at the client.
            let mut front = acceptor.accept(stream).await?;
            let mut back = TcpStream::connect(behind).await?;
            match tokio::io::copy_bidirectional(&mut front, &mut back).await {
                Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
                _ => Ok(()),
            }
        });
    }
}
