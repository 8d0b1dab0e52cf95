//! TLS profiles: what a trunk's certificate must prove, and the certificate we show to phones.
//!
//! There is no way to switch verification off. TLS 1.2 is offered only under a trunk's waiver (ENC-01).

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// CA certificates taken from one trunk.
const MAX_CA_CERTIFICATES: usize = 16;

/// Why a profile cannot be used. The operator's fault.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A TLS trunk without CA certificates.
    #[error("the trunk names no CA certificates")]
    NoCa,
    /// The CA text holds no usable certificate, or too many.
    #[error("the CA certificates cannot be read")]
    BadCa,
    /// The name to expect is no host name and no address.
    #[error("the name to expect in the certificate is not valid")]
    BadName,
    /// The certificate or key file cannot be read.
    #[error("the certificate or key in {file} cannot be read")]
    BadFile {
        /// Which file.
        file: String,
    },
    /// The library refuses the combination.
    #[error("the TLS settings are refused: {0}")]
    Refused(#[from] rustls::Error),
}

/// How to connect to a trunk.
#[derive(Clone)]
pub enum ClientProfile {
    /// Without TLS.
    Plain,
    /// With TLS, verified against the trunk's own CA.
    Tls {
        /// The configured connector.
        connector: TlsConnector,
        /// The name in SNI and in the certificate.
        name: ServerName<'static>,
    },
}

impl std::fmt::Debug for ClientProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Tls { .. } => "Tls",
        })
    }
}

impl ClientProfile {
    /// A verified profile.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn tls(ca_pem: Option<&str>, name: &str, allow_tls12: bool) -> Result<Self, TlsError> {
        let pem = ca_pem.ok_or(TlsError::NoCa)?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()).take(MAX_CA_CERTIFICATES) {
            roots.add(certificate.map_err(|_| TlsError::BadCa)?).map_err(|_| TlsError::BadCa)?;
        }
        if roots.is_empty() {
            return Err(TlsError::BadCa);
        }
        let versions: &[&rustls::SupportedProtocolVersion] =
            if allow_tls12 { &[&TLS13, &TLS12] } else { &[&TLS13] };
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::BadName)?;
        Ok(Self::Tls { connector: TlsConnector::from(Arc::new(config)), name })
    }
}

/// Our certificate, shown to phones and to carriers that connect to us.
#[derive(Clone)]
pub struct ServerProfile {
    acceptor: TlsAcceptor,
}

impl std::fmt::Debug for ServerProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerProfile")
    }
}

impl ServerProfile {
    /// Reads certificate chain and key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let bad = |path: &Path| TlsError::BadFile { file: path.display().to_string() };
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .map_err(|_| bad(certificate))?
            .collect::<Result<_, _>>()
            .map_err(|_| bad(certificate))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|_| bad(key))?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
