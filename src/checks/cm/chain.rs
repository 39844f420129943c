//! The way of one certificate: Certificate, CertificateRequest, Order, Challenges.

use jiff::Timestamp;
use serde_json::Value;

use crate::checks::engine::{Finding, Severity};
use crate::evidence::{Evidence, View, at, entries};
use crate::facts::names::covers;

/// The objects that belong to the newest attempt for one Certificate.
pub(super) struct Chain<'e> {
    /// Where it begins.
    pub(super) certificate: &'e Value,
    /// The request for the next revision; `None` when there is none, or it is done.
    pub(super) request: Option<&'e Value>,
    /// The order of that request.
    pub(super) order: Option<&'e Value>,
    /// The challenges of that order.
    pub(super) challenges: Vec<&'e Value>,
}

impl<'e> Chain<'e> {
    /// The chain of the Certificate that is for the host; `None` when there is no such Certificate.
    pub(super) fn of(evidence: &'e Evidence, host: &str) -> Option<Self> {
        let for_host = |name: &Value| covers(name.as_str().unwrap_or_default(), host);
        let certificates = evidence.objects("certificates.cert-manager.io")?;
        let serves = |one: &Value| evidence.serves(host, (one.namespace(), one.name()));
        let certificate = certificates.iter().find(|certificate| {
            entries(certificate, "/spec/dnsNames").iter().any(for_host) && serves(certificate)
        })?;
        Some(Self::from(evidence, certificate))
    }

    /// The chain of the Certificate at that place; `None` when there is none.
    pub(super) fn at(evidence: &'e Evidence, namespace: &str, name: &str) -> Option<Self> {
        let mut all = evidence.objects("certificates.cert-manager.io")?.iter();
        let certificate = all.find(|one| one.namespace() == namespace && one.name() == name)?;
        Some(Self::from(evidence, certificate))
    }

    fn from(evidence: &'e Evidence, certificate: &'e Value) -> Self {
        let revision = certificate["status"]["revision"].as_u64().unwrap_or(0) + 1;
        let requests = children(evidence, "certificaterequests.cert-manager.io", certificate);
        let next = |request: &&Value| {
            let said = at(request, "/metadata/annotations/cert-manager.io~1certificate-revision");
            said.parse() == Ok(revision)
        };
        let request = requests.into_iter().find(next);
        let below = |resource, above: Option<&Value>| above.map(|above| children(evidence, resource, above));
        let orders = below("orders.acme.cert-manager.io", request);
        let order = orders.and_then(|orders| orders.into_iter().next_back());
        let challenges = below("challenges.acme.cert-manager.io", order).unwrap_or_default();
        Self { certificate, request, order, challenges }
    }

    /// The Certificate, as people are shown it.
    pub(super) fn title(&self) -> String {
        format!("Certificate `{}`", self.place())
    }

    /// Its namespace and name.
    pub(super) fn place(&self) -> String {
        self.certificate.full_name()
    }

    /// Whether a certificate is there and good, be it that its renewal fails.
    pub(super) fn is_ready(&self) -> bool {
        self.certificate.holds("Ready")
    }

    /// When the last attempt failed; `None` when it did not, or goes on.
    pub(super) fn last_failure(&self) -> Option<Timestamp> {
        at(self.certificate, "/status/lastFailureTime").parse().ok()
    }

    /// Whether the last attempt failed, and cert-manager waits before the next: what its objects say is history.
    pub(super) fn is_over(&self) -> bool {
        let goes_on = self.certificate.holds("Issuing");
        !goes_on && self.last_failure().is_some()
    }

    /// What every object of the chain says, the deepest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &'e str> {
        let challenges = self.challenges.iter().map(|challenge| at(challenge, "/status/reason"));
        let order = self.order.into_iter().map(|order| at(order, "/status/reason"));
        let condition = |object: Option<&'e Value>, name| {
            object.and_then(|object| object.condition(name)).map(|condition| at(condition, "/message"))
        };
        let above = [condition(self.request, "Ready"), condition(Some(self.certificate), "Issuing")];
        challenges.chain(order).chain(above.into_iter().flatten()).filter(|message| !message.is_empty())
    }

    /// The same finding, but only a warning while the certificate that is there still serves.
    pub(super) fn weigh(&self, finding: Finding) -> Finding {
        if self.is_ready() { finding.only(Severity::Warning) } else { finding }
    }
}

/// The objects of a resource that the object owns, in the order of their making.
fn children<'e>(evidence: &'e Evidence, resource: &str, owner: &Value) -> Vec<&'e Value> {
    let owned = |object: &&Value| {
        object.namespace() == owner.namespace()
            && entries(object, "/metadata/ownerReferences")
                .iter()
                .any(|reference| at(reference, "/name") == owner.name())
    };
    let mut found: Vec<&Value> =
        evidence.objects(resource).unwrap_or_default().iter().filter(owned).collect();
    found.sort_by_key(|object| at(object, "/metadata/creationTimestamp"));
    found
}
