//! Why the ingress controller has nothing better to show than its own fake certificate.

use serde_json::Value;

use crate::checks::engine::Finding;
use crate::checks::ingress::no_certificate;
use crate::checks::tls::origin::{Origin, writes_to};
use crate::evidence::{Evidence, View, entries};
use crate::facts::names::{covers, probe_name};
use crate::ingress::{NoCertificate, traits_of};

const SUMMARY: &str = "the controller serves its own fake certificate";

/// The cause, as far as the objects tell it.
pub(super) fn finding(evidence: &Evidence, host: &str, origin: &Origin<'_>) -> Finding {
    let secrets = evidence.acme.as_ref().and_then(|acme| acme.secrets.as_ref());
    let (Some(ingress), Some(secrets)) = (origin.ingress, secrets) else {
        return origin
            .ingress
            .and_then(|ingress| by_log(evidence, host, ingress, origin))
            .unwrap_or_else(unread);
    };
    let place = ingress.full_name();
    let Some(wanted) = &origin.secret else {
        return Finding::new(
            SUMMARY,
            format!(
                "Ingress `{place}` asks for TLS for `{host}`, but names no Secret, and there is no default certificate"
            ),
            "name a `secretName` in its `tls` entry",
        );
    };
    match origin.held {
        Some(Err(why)) => Finding::new(
            format!("{SUMMARY}: Secret `{wanted}` cannot be used"),
            why.clone(),
            "replace it: delete the Secret if a Certificate writes it; otherwise put a certificate and its key into it",
        )
        .heals_soon(),
        Some(Ok(held)) if !held.leaf.covers(&probe_name(host)) => Finding::new(
            format!("{SUMMARY}: the certificate in Secret `{wanted}` is for {}, not for `{host}`", held.leaf.names.join(", ")),
            "the controller uses a certificate only for the names in it; the Secret belongs to another host, or is older than the name",
            "name another Secret in the Ingress, or add the name to the Certificate that writes this one",
        )
        .heals_soon(),
        Some(Ok(_)) => Finding::new(
            SUMMARY,
            format!("Secret `{wanted}` has a certificate for the name, but the controller does not use it yet"),
            "wait some seconds; if it stays, read the controller's log",
        )
        .look(traits_of(evidence.controller).show_log("50"))
        .heals(),
        None => by_log(evidence, host, ingress, origin)
            .unwrap_or_else(|| missing(evidence, host, wanted, &place, secrets.keys())),
    }
}

/// Where the Secret was not read, the controller's log tells of one that is there and cannot be used.
fn by_log(evidence: &Evidence, host: &str, ingress: &Value, origin: &Origin<'_>) -> Option<Finding> {
    let wanted = origin.secret.as_ref()?;
    let (_, name) = wanted.split_once('/')?;
    let (summary, cause, fix) = match no_certificate(evidence, ingress, name, host)? {
        NoCertificate::NoPair => (
            format!("{SUMMARY}: Secret `{wanted}` has no certificate with a key"),
            "the Secret exists, and was made for something else: one for TLS has `tls.crt` and `tls.key`",
            "name another Secret in the Ingress, and let cert-manager fill it; or create this one again with `kubectl create secret tls`",
        ),
        NoCertificate::OtherNames => (
            format!("{SUMMARY}: the certificate in Secret `{wanted}` is for other names than `{host}`"),
            "the controller uses a certificate only for the names in it; the Secret belongs to another host, or is older than the name",
            "name another Secret in the Ingress, or add the name to the Certificate that writes this one",
        ),
        NoCertificate::Unusable => return None,
    };
    Some(Finding::new(summary, cause, fix).look(traits_of(evidence.controller).show_log("50")).heals_soon())
}

/// The Secret is not there: in another namespace, by another name, not issued yet, or wanted by nobody.
fn missing<'s>(
    evidence: &Evidence,
    host: &str,
    wanted: &str,
    ingress: &str,
    secrets: impl Iterator<Item = &'s String>,
) -> Finding {
    let summary = format!("{SUMMARY}: there is no Secret `{wanted}`");
    let name = wanted.split_once('/').map_or(wanted, |(_, name)| name);
    let elsewhere = |place: &&String| place.split_once('/').is_some_and(|(_, other)| other == name);
    let certificates = evidence.objects("certificates.cert-manager.io").unwrap_or_default();
    let for_host = |certificate: &&Value| {
        let mut names = entries(certificate, "/spec/dnsNames").iter().filter_map(Value::as_str);
        names.any(|name| covers(name, host))
    };
    if certificates.iter().any(|certificate| writes_to(certificate) == wanted) {
        return Finding::new(
            summary,
            "its Certificate has not been issued yet",
            "wait until it is issued, or find out what stops it: `homelab doctor --check cm`",
        )
        .look("kubectl get certificates -A")
        .heals();
    }
    if let Some(certificate) = certificates.iter().find(for_host) {
        return Finding::new(
            summary,
            format!("the Certificate for `{host}` writes into `{}`", writes_to(certificate)),
            format!("name that Secret in Ingress `{ingress}`; both must be in the same namespace"),
        );
    }
    let mut secrets = secrets;
    if let Some(place) = secrets.find(elsewhere) {
        return Finding::new(
            summary,
            format!(
                "one of that name is in another namespace: `{place}`; an Ingress can use only Secrets of its own namespace"
            ),
            "move the Ingress or the Certificate, so that both are in one namespace",
        );
    }
    let issuer = evidence.acme.as_ref().map_or("letsencrypt", |acme| acme.wanted.issuer.as_str());
    Finding::new(
        summary,
        format!(
            "nothing creates it: Ingress `{ingress}` has no annotation for cert-manager, and no Certificate writes it"
        ),
        format!(
            "add the annotation `cert-manager.io/cluster-issuer: {issuer}` to the Ingress, or create the Secret yourself"
        ),
    )
}

fn unread() -> Finding {
    Finding::new(
        SUMMARY,
        "the Secret of the Ingress does not exist yet, is in another namespace, or is for another name",
        "wait until the Certificate is ready; then compare the Ingress's `secretName` with the Certificate's",
    )
    .look("kubectl get ingress,certificates -A")
    .heals()
}
