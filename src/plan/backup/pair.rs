//! A private key, and whether it is the one of a certificate.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};

use super::digest;
use crate::evidence::tls::Leaf;

/// The certificate that the chain begins with, and the hash of its public key.
pub(super) fn of_certificate(chain: &[u8], key: &[u8]) -> Result<(Leaf, String), String> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| "its `tls.crt` is no PEM text".to_owned())?;
    let leaf = Leaf::parse(chain.first().ok_or("its `tls.crt` has no certificate")?)?;
    let pair = CertifiedKey::from_der(chain, private(key)?, &ring::default_provider());
    match pair {
        Ok(pair) => Ok((leaf, public(pair.key.as_ref())?)),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err("its private key does not belong to its certificate".to_owned())
        }
        Err(_) => Err("its private key cannot be used".to_owned()),
    }
}

/// What the certificate that a chain begins with is for.
///
/// # Errors
/// In words, when there is none.
pub fn hosts_of(chain: &[u8]) -> Result<Vec<String>, String> {
    let first = CertificateDer::pem_slice_iter(chain).next().and_then(Result::ok);
    Ok(Leaf::parse(&first.ok_or("it has no certificate")?)?.names)
}

/// The hash of a private key's public key.
pub(super) fn of_key(key: &[u8]) -> Result<String, String> {
    let key = ring::default_provider().key_provider.load_private_key(private(key)?);
    public(key.map_err(|_| "its private key cannot be used".to_owned())?.as_ref())
}

fn private(key: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(key).map_err(|_| "its `tls.key` has no private key".to_owned())
}

fn public(key: &dyn SigningKey) -> Result<String, String> {
    key.public_key().map(|public| digest(&public)).ok_or_else(|| "its private key cannot be used".to_owned())
}
