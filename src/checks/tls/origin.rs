//! Where the certificate of a host should come from: the Ingress, the Secret that it names, and who writes that Secret.

use serde_json::Value;

use crate::desired::issuer;
use crate::evidence::{Evidence, SecretSeen, View, at, entries, has_rule};
use crate::facts::names::covers;
use crate::ingress::traits_of;

/// What the objects say about a host's certificate. Every part may be missing.
pub(super) struct Origin<'e> {
    /// The Ingress with a `tls` entry for the host.
    pub(super) ingress: Option<&'e Value>,
    /// `namespace/name` of the Secret that the entry names, or that is served by default; `None` when there is neither.
    pub(super) secret: Option<String>,
    /// What the Secret holds: `None` when it is not there or Secrets were not read.
    pub(super) held: Option<&'e Result<SecretSeen, String>>,
    /// The Certificate that writes into that Secret.
    pub(super) certificate: Option<&'e Value>,
}

impl<'e> Origin<'e> {
    pub(super) fn of(evidence: &'e Evidence, host: &str) -> Self {
        let ingresses = evidence.objects("ingresses.networking.k8s.io").unwrap_or_default();
        let found = ingresses.iter().find_map(|ingress| Some((ingress, entry(ingress, host)?)));
        let certificates = evidence.objects("certificates.cert-manager.io").unwrap_or_default();
        let secret = found.and_then(|(ingress, entry)| match at(entry, "/secretName") {
            "" => by_default(evidence, certificates),
            name => Some(format!("{}/{name}", ingress.namespace())),
        });
        let secrets = evidence.acme.as_ref().and_then(|acme| acme.secrets.as_ref());
        let held = secret.as_ref().and_then(|secret| secrets?.get(secret));
        let writes = |certificate: &&Value| Some(writes_to(certificate)) == secret;
        let certificate = certificates.iter().find(writes);
        Self { ingress: found.map(|(ingress, _)| ingress), secret, held, certificate }
    }

    /// The leaf that the Secret holds.
    pub(super) fn leaf(&self) -> Option<&'e SecretSeen> {
        self.held?.as_ref().ok()
    }
}

/// The `tls` entry of an Ingress that is for the host.
fn entry<'e>(ingress: &'e Value, host: &str) -> Option<&'e Value> {
    let for_host = |name: &Value| covers(name.as_str().unwrap_or_default(), host);
    let mut all = entries(ingress, "/spec/tls").iter().filter(|_| has_rule(ingress, host));
    all.find(|entry| entries(entry, "/hosts").iter().any(for_host))
}

/// The Secret behind an entry that names none: that of the wildcard certificate, where there is one.
fn by_default(evidence: &Evidence, certificates: &[Value]) -> Option<String> {
    let secret = format!("{}/{}", traits_of(evidence.controller).namespace, issuer::WILDCARD_SECRET);
    certificates.iter().any(|certificate| writes_to(certificate) == secret).then_some(secret)
}

/// Namespace and name of the Secret that a Certificate writes.
pub(super) fn writes_to(certificate: &Value) -> String {
    format!("{}/{}", certificate.namespace(), at(certificate, "/spec/secretName"))
}
