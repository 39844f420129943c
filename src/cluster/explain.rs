//! From the client's errors to what a user can act on.

use kube::core::Status;

use crate::cluster::Cluster;
use crate::cluster::request::{Failed, Purpose};
use crate::error::Error;
use crate::evidence::{ApiFailure, ApiFault, Failure};

impl Cluster {
    /// Says what failed, why, and what to do.
    pub(super) fn explain(&self, purpose: &Purpose, failed: Failed) -> Error {
        match failed {
            Failed::Kube(kube::Error::Api(status)) => api(purpose, &status),
            Failed::Kube(error) => self.unreachable(&error),
            Failed::Large(large) => large.explain(purpose),
            Failed::Late => Error::unfinished(format!("the API server `{}` does not answer", self.server))
                .because(format!(
                    "`{purpose}` took longer than {} s",
                    crate::cluster::REQUEST_DEADLINE.as_secs()
                ))
                .hint("check whether the machine is busy or its disk is full: `journalctl -u k3s -n 50`"),
        }
    }

    fn unreachable(&self, error: &kube::Error) -> Error {
        let failed = Error::unfinished(format!("cannot reach the API server `{}`", self.server))
            .because(causes(error).last().cloned().unwrap_or_default());
        let kubeconfig = self.kubeconfig.display();
        match fault_of(error) {
            ApiFault::ForeignAuthority => failed.hint(format!(
                "its certificate is not signed by the authority in `{kubeconfig}`: that file belongs to another cluster, or the cluster was reinstalled"
            )),
            ApiFault::CertificateExpired => failed
                .hint("its certificate has expired: restart k3s, which renews it, and check the clock with `timedatectl`"),
            ApiFault::ForeignName => failed.hint(format!(
                "its certificate is not valid for the address in `{kubeconfig}`: use an address that it is valid for, or start k3s with `--tls-san=ADDRESS`"
            )),
            ApiFault::Refused => failed.hint(format!(
                "check that k3s runs: `systemctl status k3s`. The address comes from `{kubeconfig}`"
            )),
            _ => failed.hint(format!(
                "the address comes from `{kubeconfig}`: check that it is the right cluster and that this machine can reach it"
            )),
        }
    }

    /// The same for judges: the kind of the failure beside its words.
    pub(super) fn fault(&self, purpose: &Purpose, failed: Failed) -> ApiFailure {
        let kind = match &failed {
            Failed::Kube(error) => fault_of(error),
            Failed::Late => ApiFault::Timeout,
            Failed::Large(_) => ApiFault::Other,
        };
        ApiFailure { kind, failure: Failure::from(&self.explain(purpose, failed)) }
    }
}

/// What kept the API server from answering, by the innermost error that says so.
fn fault_of(error: &kube::Error) -> ApiFault {
    if let kube::Error::Api(status) = error {
        return match status.code {
            401 => ApiFault::Unauthorized,
            403 => ApiFault::Forbidden,
            _ => ApiFault::Other,
        };
    }
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return tls_fault(tls);
        }
        if let Some(found) = error.downcast_ref().and_then(io_fault) {
            return found;
        }
        next = error.source();
    }
    ApiFault::Other
}

/// What an I/O error wraps is not among its sources; connectors wrap one in another.
fn io_fault(error: &std::io::Error) -> Option<ApiFault> {
    if let Some(inner) = error.get_ref() {
        if let Some(tls) = inner.downcast_ref() {
            return Some(tls_fault(tls));
        }
        if let Some(found) = inner.downcast_ref().and_then(io_fault) {
            return Some(found);
        }
    }
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Some(ApiFault::Refused),
        std::io::ErrorKind::TimedOut => Some(ApiFault::Timeout),
        _ => None,
    }
}

fn tls_fault(error: &rustls::Error) -> ApiFault {
    use rustls::CertificateError as C;
    let rustls::Error::InvalidCertificate(fault) = error else { return ApiFault::Other };
    match fault {
        C::UnknownIssuer | C::BadSignature => ApiFault::ForeignAuthority,
        C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => {
            ApiFault::CertificateExpired
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => ApiFault::ForeignName,
        _ => ApiFault::Other,
    }
}

fn api(purpose: &Purpose, status: &Status) -> Error {
    let failed = Error::wrong(format!("the API server refused to {purpose}")).because(status.message.trim());
    match (status.code, status.reason.as_str()) {
        (401, _) => Error::unfinished("the API server does not accept these credentials")
            .because(&status.message)
            .hint("the certificate or token in the kubeconfig has expired, or belongs to another cluster"),
        (403, _) => Error { exit: crate::error::Exit::Unfinished, ..failed }.hint(format!(
            "the user of the kubeconfig may not `{}` {}; use an administrator's (k3s: `/etc/rancher/k3s/k3s.yaml`), or bind the ClusterRole `cluster-admin` to it",
            purpose.verb,
            resource(status),
        )),
        (409, "Conflict") => conflict(purpose, status),
        (404, _) if status.message.starts_with("namespaces ") => failed.hint(
            "a service of the configuration names a namespace that does not exist: install its program first, correct the name, or remove the service",
        ),
        (404, _) if purpose.what.starts_with("ValidatingAdmissionPolicy") => failed.hint(
            "it keeps addresses in DNS while the ingress controller starts again, and needs Kubernetes 1.30 or newer: upgrade k3s, one minor version at a time",
        ),
        (422, _) | (400, _) if status.message.contains("strict decoding error") || status.message.contains("field not declared") => {
            failed.hint("the cluster knows another version of this kind: check whether another version of cert-manager is installed, with `kubectl get crd -l app.kubernetes.io/name=cert-manager -o wide`")
        }
        // The authority is put into the webhook's configuration by cert-manager-cainjector.
        (500, _) if is_webhook(status) && status.message.contains("unknown authority") => failed.hint(
            "the webhook runs, and cert-manager-cainjector has not told the API server its authority: \
             `kubectl -n cert-manager logs deployment/cert-manager-cainjector` says why; if it says nothing, \
             `kubectl -n cert-manager rollout restart deployment/cert-manager-cainjector`, then run `homelab up` again",
        ),
        (500, _) if is_webhook(status) => failed.hint(
            "the webhook named there does not answer: check that it runs, with `kubectl -n cert-manager get pods`",
        ),
        _ => failed,
    }
}

/// Whether a webhook could not be called: while it starts, trying again helps.
pub(super) fn is_webhook(status: &Status) -> bool {
    status.message.contains("failed calling webhook") || status.message.contains("failed to call webhook")
}

fn conflict(purpose: &Purpose, status: &Status) -> Error {
    let causes = status.details.as_ref().map(|d| d.causes.as_slice()).unwrap_or_default();
    let mut failed = Error::wrong(format!(
        "the API server refused to {purpose}: other field managers own some of its fields"
    ));
    let mut helm = false;
    for cause in causes.iter().filter(|c| c.reason == "FieldManagerConflict") {
        failed = failed.because(format!("{}: {}", cause.field, cause.message));
        helm |= cause.message.contains("\"helm\"") || cause.message.contains("Helm");
    }
    if failed.causes.is_empty() {
        failed = failed.because(&status.message);
    }
    let hint = if helm {
        "it was installed with Helm: set `certManager.manage: false` (or `externalDns.manage: false`) to use that installation, or remove it with `helm uninstall`"
    } else {
        "nothing was changed: remove the object, or release the fields from the manager named there, and run `homelab up` again"
    };
    failed.hint(hint)
}

fn resource(status: &Status) -> String {
    let details = status.details.as_ref();
    let kind = details.map(|d| d.kind.as_str()).filter(|k| !k.is_empty()).unwrap_or("this resource");
    let group = details.map(|d| d.group.as_str()).filter(|g| !g.is_empty());
    group.map_or_else(|| format!("`{kind}`"), |group| format!("`{kind}.{group}`"))
}

fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        chain.push(error.to_string());
        source = error.source();
    }
    chain
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_fault_is_found_however_deep_connectors_wrap_it() {
        let tls = |fault| io::Error::other(io::Error::other(rustls::Error::InvalidCertificate(fault)));
        let fault_behind = |error: io::Error| fault_of(&kube::Error::Service(Box::new(error)));
        assert_eq!(fault_behind(tls(rustls::CertificateError::UnknownIssuer)), ApiFault::ForeignAuthority);
        assert_eq!(fault_behind(tls(rustls::CertificateError::Expired)), ApiFault::CertificateExpired);
        assert_eq!(fault_behind(tls(rustls::CertificateError::NotValidForName)), ApiFault::ForeignName);
        assert_eq!(fault_behind(io::ErrorKind::ConnectionRefused.into()), ApiFault::Refused);
        assert_eq!(
            fault_behind(io::Error::other(io::Error::from(io::ErrorKind::TimedOut))),
            ApiFault::Timeout
        );
        assert_eq!(fault_behind(io::ErrorKind::BrokenPipe.into()), ApiFault::Other);
    }
}
