//! Certificates and TLS settings of the listeners and the phones.
//!
//! No client certificates; names are checked by rustls, not here.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Generate(#[from] rcgen::Error),
    /// A PEM text could not be read.
    #[error("a PEM text could not be read: {0}")]
    Pem(String),
    /// rustls refused the settings.
    #[error("the TLS settings were refused")]
    Settings(#[from] rustls::Error),
}

/// A server's settings, and the CA it can be checked with.
pub(crate) struct Server {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
}

/// A server with a new CA and a certificate for the loopback names and these addresses.
pub(crate) fn generated(names: &[String]) -> Result<Server, TlsError> {
    let mut ca = CertificateParams::new(Vec::<String>::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(rcgen::DnType::CommonName, "Simulated carrier test CA");
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    all.extend(names.iter().filter(|n| !matches!(n.as_str(), "127.0.0.1" | "::1" | "localhost")).cloned());
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(all)?.signed_by(&key, &issuer)?;
    let chain = vec![leaf.der().clone()];
    let config = server(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
    Ok(Server { config, ca_pem: issuer.pem() })
}

/// A server from PEM files; its chain stands for the CA.
pub(crate) fn from_files(chain: &Path, key: &Path) -> Result<Server, TlsError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|e| TlsError::Pem(format!("{}: {e}", path.display())));
    let (chain, key) = (read(chain)?, read(key)?);
    let certificates = certificates(&chain)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|e| TlsError::Pem(e.to_string()))?;
    Ok(Server { config: server(certificates, key)?, ca_pem: String::from_utf8_lossy(&chain).into_owned() })
}

/// A client that trusts these CAs.
pub(crate) fn client(ca_pem: &str) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_pem.as_bytes())? {
        roots.add(certificate)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| TlsError::Pem(e.to_string()))
}
