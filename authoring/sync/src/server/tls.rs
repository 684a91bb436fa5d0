//! The certificate of the service, which can be renewed while it runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use formats::kind::ErrorKind;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// A certificate with its key. Copies are one and the same.
#[derive(Clone)]
pub struct Tls {
    slot: Arc<Slot>,
    config: Arc<ServerConfig>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no certificate in the file.
    #[error("there is no certificate in it, expected PEM with BEGIN CERTIFICATE")]
    NoCertificate,
    /// There is no key in the file.
    #[error("there is no private key in it, expected PEM with BEGIN PRIVATE KEY")]
    NoKey,
    /// Certificate and key do not do.
    #[error("certificate and key cannot be used")]
    Unusable(#[source] rustls::Error),
}

impl TlsError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Trust
    }
}

/// The certificate of new connections.
#[derive(Debug)]
struct Slot(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Slot {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Tls {
    /// The chain of certificates in `certificates`, the service's own one first, and its key; both PEM.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let slot = Arc::new(Slot(RwLock::new(certified(certificates, key, &provider)?)));
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Unusable)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(slot.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { slot, config: Arc::new(config) })
    }

    /// Has new connections see another certificate; those that there are keep theirs.
    ///
    /// # Errors
    /// [`TlsError`]; the old one stays then.
    pub fn renew(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let renewed = certified(certificates, key, self.config.crypto_provider())?;
        *self.slot.0.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn certified(
    certificates: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
    // Compares the key with the certificate.
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(TlsError::Unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pems() -> [String; 2] {
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        [made.cert.pem(), made.signing_key.serialize_pem()]
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_and_the_old_one_stays() {
        let [[cert, key], [_, other]] = [pems(), pems()];
        let tls = Tls::new(cert.as_bytes(), key.as_bytes()).unwrap();
        assert!(matches!(tls.renew(cert.as_bytes(), other.as_bytes()), Err(TlsError::Unusable(_))));
        assert!(matches!(tls.renew(b"", key.as_bytes()), Err(TlsError::NoCertificate)));
        assert!(matches!(tls.renew(cert.as_bytes(), b"x"), Err(TlsError::NoKey)));
        let shown = tls.slot.0.read().unwrap().cert[0].clone();
        assert_eq!(shown, CertificateDer::from_pem_slice(cert.as_bytes()).unwrap());
        assert!(tls.renew(cert.as_bytes(), key.as_bytes()).is_ok());
    }
}
