//! What `homelab backup` keeps: the Secrets that `homelab down` keeps. Each is a manifest of its own, which is sealed, and
//! facts, which are public.

mod changes;
mod index;
mod pair;
pub mod restore;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::desired::kind;
use crate::desired::meta::{INSTANCE, MANAGED_BY};
use crate::desired::object::Key;
use crate::evidence::View;
use crate::facts::authority::is_part;
use crate::net::tls::hex;
use crate::plan::ownership::CERTIFICATE_NAME;

pub use changes::{Step, steps};
pub use index::{Entry, Index, SealedFor};
pub use pair::hosts_of;

/// What cert-manager notes on a Secret begins so. It compares these with the Certificate before it orders anew (cert-manager
/// v1.21, internal/controller/certificates/policies: the issuer's name, kind and group, the Certificate's name).
const NOTED: &str = "cert-manager.io/";
/// Of a certificate's labels, those by which homelab and cert-manager find the Secret (cert-manager v1.21,
/// pkg/apis/certmanager/v1, `PartOfCertManagerControllerLabelKey`). Nobody looks for an account by its labels: a restored one
/// has none.
const LABELS: [&str; 3] = [MANAGED_BY, INSTANCE, CACHED];
/// The label of the Secrets that cert-manager's controller keeps in its cache.
pub const CACHED: &str = "controller.cert-manager.io/fao";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holding {
    /// A certificate with its key.
    Certificate,
    /// The key of an account at the ACME server.
    AcmeAccount,
    /// The root of the lab's own certificate authority, or its intermediate, with its key.
    CertificateAuthority,
}

impl Holding {
    /// Everything that a backup can hold.
    pub const ALL: [Self; 3] = [Self::Certificate, Self::AcmeAccount, Self::CertificateAuthority];

    /// What a Secret is that cert-manager writes for a Certificate: one of the authority goes by its name.
    #[must_use]
    pub fn of_certificate(secret: &Value) -> Self {
        match is_part(secret.name()) && secret.annotation(CERTIFICATE_NAME) == secret.name() {
            true => Self::CertificateAuthority,
            false => Self::Certificate,
        }
    }

    /// The type of its Secret.
    const fn kind(self) -> &'static str {
        match self {
            Self::Certificate | Self::CertificateAuthority => "kubernetes.io/tls",
            Self::AcmeAccount => "Opaque",
        }
    }

    /// What of the Secret's data is kept; the last one is the private key.
    const fn data(self) -> &'static [&'static str] {
        match self {
            Self::Certificate | Self::CertificateAuthority => &["ca.crt", "tls.crt", PRIVATE],
            Self::AcmeAccount => &[PRIVATE],
        }
    }
}

/// Where a Secret has its private key.
const PRIVATE: &str = "tls.key";

/// What everybody may know of one Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What it is.
    pub holds: Holding,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub secret: String,
    /// What the certificate is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The certificate's serial number, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// From when the certificate is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Until when it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// SHA-256 of the certificate's DER form, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal.
    pub public_key_sha256: String,
    /// SHA-256 of the manifest with the public key's hash in place of the private key: by this it is known whether the Secret
    /// is still the one that was sealed.
    pub content_sha256: String,
}

impl Facts {
    /// `namespace/name` of the Secret.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.secret)
    }

    /// The file that it is sealed in. A namespace has no dot (Kubernetes docs, "Object Names and IDs"), so that no two have
    /// the same.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.{}.age", self.namespace, self.secret)
    }

    /// The Secret.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { kind: &kind::SECRET, namespace: Some(self.namespace.clone()), name: self.secret.clone() }
    }
}

/// One Secret that is kept. It has no `Debug`: a private key is in it.
pub struct Held {
    /// What everybody may know of it.
    pub facts: Facts,
    manifest: Value,
}

impl Held {
    /// Takes what matters out of a Secret.
    ///
    /// # Errors
    /// In words, when it is none of that kind, or key and certificate do not belong together.
    pub fn of(holds: Holding, secret: &Value) -> Result<Self, String> {
        if secret["type"] != holds.kind() {
            return Err(format!("its type is not `{}`", holds.kind()));
        }
        let (namespace, name) = (secret.namespace(), secret.name());
        if !is_name(namespace) || namespace.contains('.') || !is_name(name) {
            return Err("it has no usable name".to_owned());
        }
        let mut data = BTreeMap::new();
        for key in holds.data() {
            let text = &secret["data"][*key];
            if text.as_str().is_some_and(|text| !text.is_empty()) {
                let bytes: ByteString =
                    serde_json::from_value(text.clone()).map_err(|_| format!("its `{key}` is no base64"))?;
                data.insert(*key, bytes);
            }
        }
        let bytes = |key: &str| data.get(key).map_or(&[][..], |bytes| bytes.0.as_slice());
        let (leaf, public) = match holds {
            Holding::Certificate | Holding::CertificateAuthority => {
                let (leaf, public) = pair::of_certificate(bytes("tls.crt"), bytes(PRIVATE))?;
                (Some(leaf), public)
            }
            Holding::AcmeAccount => (None, pair::of_key(bytes(PRIVATE))?),
        };
        let kept = |field: &str, keep: &dyn Fn(&str) -> bool| -> Map<String, Value> {
            let all = secret["metadata"][field].as_object().into_iter().flatten();
            all.filter(|(key, _)| keep(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let mut manifest = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": holds.kind(),
            "metadata": {
                "namespace": namespace,
                "name": name,
                "labels": kept("labels", &|key| holds != Holding::AcmeAccount && LABELS.contains(&key)),
                "annotations": kept("annotations", &|key| key.starts_with(NOTED)),
            },
            "data": data,
        });
        let private = manifest["data"][PRIVATE].take();
        manifest["data"][PRIVATE] = public.as_str().into();
        // serde_json keeps mappings sorted, so that equal bodies have equal text.
        let content_sha256 = digest(manifest.to_string().as_bytes());
        manifest["data"][PRIVATE] = private;
        let facts = Facts {
            holds,
            namespace: namespace.to_owned(),
            secret: name.to_owned(),
            hosts: leaf.as_ref().map(|leaf| leaf.names.clone()).unwrap_or_default(),
            serial: leaf.as_ref().map(|leaf| leaf.serial.clone()),
            not_before: leaf.as_ref().map(|leaf| leaf.not_before),
            not_after: leaf.as_ref().map(|leaf| leaf.not_after),
            certificate_sha256: leaf.map(|leaf| leaf.fingerprint),
            public_key_sha256: public,
            content_sha256,
        };
        Ok(Self { facts, manifest })
    }

    /// Reads the manifest that was sealed.
    ///
    /// # Errors
    /// In words, when it is no such manifest.
    pub fn read(manifest: &[u8]) -> Result<Self, String> {
        let secret: Value = serde_json::from_slice(manifest).map_err(|_| "it is no manifest".to_owned())?;
        let holds = Holding::ALL.into_iter().find(|holds| secret["type"] == holds.kind());
        match holds.ok_or("it is no Secret of a known type")? {
            Holding::AcmeAccount => Self::of(Holding::AcmeAccount, &secret),
            _ => Self::of(Holding::of_certificate(&secret), &secret),
        }
    }

    /// What is sealed: a manifest that `kubectl apply` takes, too.
    #[must_use]
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }
}

/// Hexadecimal SHA-256.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether a name can be one of an object, and part of a file's name.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=253).contains(&name.len())
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name.chars().all(|c| is_plain(c) || c == '-' || c == '.')
}
