//! The lab's own certificate authority, as its Secrets hold it.

use k8s_openapi::ByteString;
use serde_json::Value;
use x509_parser::pem::Pem;

use crate::cluster::Cluster;
use crate::desired::kind;
use crate::desired::object::Key;
use crate::evidence::{AuthoritySeen, Signer};
use crate::facts::authority::{ISSUER, ROOT};
use crate::net;

impl Cluster {
    /// The public halves of root and intermediate. The keys that come with them are dropped here.
    pub async fn authority(&self, namespace: &str) -> AuthoritySeen {
        let (root, intermediate) =
            futures::join!(self.signer(namespace, ROOT), self.signer(namespace, ISSUER));
        let is_trusted_here = root.as_ref().is_ok_and(|root| net::trusts(&root.der));
        AuthoritySeen { root, intermediate, is_trusted_here }
    }

    async fn signer(&self, namespace: &str, name: &str) -> Result<Signer, String> {
        let key = Key { kind: &kind::SECRET, namespace: Some(namespace.to_owned()), name: name.to_owned() };
        match self.read(&key).await {
            Ok(Some(secret)) => signer(&secret).map_err(|why| format!("{key}: {why}")),
            Ok(None) => Err(format!("there is no {key}")),
            Err(error) => Err(error
                .causes
                .last()
                .map_or(error.what.clone(), |cause| format!("{}: {cause}", error.what))),
        }
    }
}

/// The certificate that a Secret of the authority begins with.
///
/// # Errors
/// What is wrong with it, in words.
pub fn signer(secret: &Value) -> Result<Signer, String> {
    let bytes: ByteString = serde_json::from_value(secret["data"]["tls.crt"].clone())
        .map_err(|_| "it has no `tls.crt`".to_owned())?;
    let first = Pem::iter_from_buffer(&bytes.0).next().and_then(Result::ok);
    Signer::parse(&first.ok_or("its `tls.crt` has no PEM certificate")?.contents)
}
