//! One set of trusted roots and one TLS provider (ring) for everything in this room.
//!
//! `rustls-native-certs` reads `SSL_CERT_FILE` and `SSL_CERT_DIR` first, then the platform's store. reqwest would build
//! a verifier of its own from a process-wide default provider; giving it ours keeps both the same.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// The roots this machine trusts, read once. Empty when there are none: every chain is then of an unknown issuer.
#[must_use]
pub fn roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    Arc::clone(ROOTS.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(store)
    }))
}

/// Whether this machine trusts a root in DER form: one with its name and its key, whatever else differs between the two.
#[must_use]
pub fn trusts(root: &[u8]) -> bool {
    is_among(root, &roots())
}

fn is_among(root: &[u8], store: &RootCertStore) -> bool {
    store_of(root).is_some_and(|own| {
        own.roots.iter().all(|own| {
            let is_it = |one: &TrustAnchor<'_>| {
                one.subject == own.subject && one.subject_public_key_info == own.subject_public_key_info
            };
            store.roots.iter().any(is_it)
        })
    })
}

/// A store of one root in DER form; none when it cannot be read.
#[must_use]
pub fn store_of(root: &[u8]) -> Option<Arc<RootCertStore>> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(root.to_vec())).ok()?;
    Some(Arc::new(store))
}

/// The ring provider.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A client configuration that accepts what this machine trusts.
pub fn tls_client_config() -> Result<ClientConfig, rustls::Error> {
    tls_client_config_with(roots())
}

/// A client configuration that accepts what the given roots vouch for.
pub(crate) fn tls_client_config_with(roots: Arc<RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// A client configuration that accepts every certificate: for probes that ask who answers, never for secrets.
pub fn tls_client_config_unchecked() -> Result<ClientConfig, rustls::Error> {
    with_verifier(Arc::new(AcceptAll(provider())))
}

/// A client configuration with a verifier of its own.
pub(crate) fn with_verifier(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Checks that the peer holds the key of the certificate it shows, not who vouches for it.
#[derive(Debug)]
struct AcceptAll(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::tls::Authority;

    #[test]
    fn a_root_is_trusted_by_its_name_and_its_key() {
        let (ours, same_name) = (Authority::new("Lab CA"), Authority::new("Lab CA"));
        assert!(is_among(&ours.der()[0], &ours.roots()));
        assert!(!is_among(&ours.der()[0], &same_name.roots()));
        assert!(!is_among(b"no certificate", &ours.roots()) && !trusts(&ours.der()[0]));
    }
}
