//! Certificate and key of the gateway.

use super::TlsFiles;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use std::{path::PathBuf, sync::Arc};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// Why the gateway cannot be started as it was configured.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// A file is missing, unreadable, or holds no PEM of the right kind.
    #[error("{path} cannot be used; it must hold {what} in PEM: {problem}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What it must hold.
        what: &'static str,
        /// What the library said.
        #[source]
        problem: pem::Error,
    },
    /// The two do not belong together, or nobody can use them.
    #[error("the gateway's certificate and key cannot be used; does the key belong to it? {0}")]
    Pair(#[source] rustls::Error),
    /// TLS is asked for and there is none.
    #[error("require_tls needs a certificate; give gateway.tls.certificate and gateway.tls.key")]
    NoCertificate,
    /// Two limits contradict each other.
    #[error("max_memory_bytes must have room for one mail of max_message_bytes at least")]
    TooLittleMemory,
    /// The name would not fit into a reply.
    #[error("the gateway's hostname must be a domain name")]
    Hostname,
}

/// Reads certificate and key, and makes sure that they belong together.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, GatewayError> {
    let unusable = |path: &PathBuf, what| {
        let path = path.clone();
        move |problem| GatewayError::Pem { path, what, problem }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(unusable(&files.certificate, "a certificate"))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unusable(&files.key, "a private key"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(GatewayError::Pair)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
