//! A verifier that lets every chain pass and writes down what the real one says.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::evidence::Transport;
use crate::evidence::tls::{Leaf, Served, Trust};
use crate::net::roots::provider;
use crate::net::transport::tls_reason;

/// The certificate, how long its chain is, and what the machine's roots and the lab's say.
type Seen = (Vec<u8>, usize, Trust, Option<Trust>);

#[derive(Debug)]
pub(super) struct Recorder {
    roots: Arc<RootCertStore>,
    lab: Option<Arc<RootCertStore>>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Seen>>,
}

impl Recorder {
    pub(super) fn new(roots: Arc<RootCertStore>, lab: Option<Arc<RootCertStore>>) -> Self {
        Self { roots, lab, provider: provider(), seen: Mutex::new(None) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    pub(super) fn served(&self) -> Result<Served, Transport> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (der, chain, trust, by_lab) =
            seen.ok_or_else(|| Transport::Tls("the server showed no certificate".into()))?;
        let leaf = Leaf::parse(&der)
            .map_err(|why| Transport::Tls(format!("its certificate cannot be read: {why}")))?;
        Ok(Served { leaf, chain, trust, by_lab })
    }

    fn judge(
        &self,
        roots: &Arc<RootCertStore>,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Trust {
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&self.provider));
        // The one way to fail is to have no roots at all.
        let Ok(verifier) = builder.build() else {
            return Trust::UnknownIssuer;
        };
        match verifier.verify_server_cert(end_entity, intermediates, server_name, &[], now) {
            Ok(_) => Trust::Trusted,
            Err(Error::InvalidCertificate(why)) => match why {
                CertificateError::UnknownIssuer => Trust::UnknownIssuer,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Trust::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Trust::NotYetValid
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Trust::WrongName
                }
                other => Trust::Other(tls_reason(&Error::InvalidCertificate(other))),
            },
            Err(other) => Trust::Other(tls_reason(&other)),
        }
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judge = |roots| self.judge(roots, end_entity, intermediates, server_name, now);
        let trust = judge(&self.roots);
        let by_lab = self.lab.as_ref().filter(|_| trust == Trust::UnknownIssuer).map(judge);
        let seen = (end_entity.to_vec(), intermediates.len() + 1, trust, by_lab);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
