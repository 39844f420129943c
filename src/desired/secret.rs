//! The Secrets with the DNS provider's credentials, and with the zone.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::desired::external_dns;
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::provider::{self, Credentials};

/// One Secret for external-dns, one for cert-manager where the provider asks for a credential: each reads only its own
/// namespace's.
pub(super) fn objects(config: &Config, credentials: Option<&Credentials>) -> Vec<Object> {
    let mut objects = Vec::new();
    if config.external_dns {
        let data = credentials.map(Credentials::of_external_dns);
        objects.extend(secret(Component::ExternalDns, (external_dns::NAMESPACE, provider::SECRET), data));
    }
    // At the lab's own server, cert-manager needs nothing of the provider's.
    if config.dns.provider.facts().credential.is_some() && config.dns.challenge_server.is_none() {
        let data = credentials.map(Credentials::of_cert_manager);
        objects.extend(secret(Component::Issuer, (&config.cert_manager.namespace, provider::SECRET), data));
    }
    objects
}

/// One Secret; without data where it is not known.
pub(super) fn secret(
    component: Component,
    (namespace, name): (&str, &str),
    data: Option<Vec<(&str, &str)>>,
) -> Option<Object> {
    let bytes = |data: Vec<(&str, &str)>| {
        data.into_iter().map(|(key, value)| (key.to_owned(), ByteString(value.into()))).collect()
    };
    let secret = Secret {
        metadata: named(namespace, name),
        type_: Some("Opaque".to_owned()),
        data: data.map(bytes),
        ..Secret::default()
    };
    Object::typed(component, &secret)
}

/// external-dns reads its credentials once, when it starts. A fingerprint in its pod's template starts it anew when
/// they change. Eight bytes of a SHA-256 over a random token of some 240 bits tell nobody anything about it. The Deployment is
/// the one of this name.
pub(super) fn restart_on_change(objects: &mut [Object], name: &str, credentials: &Credentials) {
    let mut hash = Sha256::new();
    hash.update("homelab external-dns credentials\n");
    for (key, value) in credentials.of_external_dns() {
        hash.update(format!("{key}\n{}\n", value.len()));
        hash.update(value);
    }
    let fingerprint: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let deployment = objects.iter_mut().find(|object| {
        object.key.kind.kind == "Deployment"
            && object.component == Component::ExternalDns
            && object.key.name == name
    });
    if let Some(deployment) = deployment {
        let annotations = deployment.map_at(&["spec", "template", "metadata", "annotations"]);
        annotations.insert("homelab/credentials".to_owned(), fingerprint.into());
    }
}
