//! Whether what is served is what the Secret holds.

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::tls::origin::Origin;
use crate::evidence::Evidence;
use crate::evidence::tls::{Served, Trust};
use crate::facts::names::probe_name;
use crate::ingress::traits_of;

pub(super) fn is_served(evidence: &Evidence, host: &str, origin: &Origin<'_>, served: &Served) -> Outcome {
    if evidence.acme.as_ref().is_none_or(|acme| acme.secrets.is_none()) {
        let unread = || Outcome::unknown("the Secrets were not read");
        return evidence.reads_only().map_or_else(unread, Outcome::skip);
    }
    let Some(wanted) = &origin.secret else {
        return Outcome::skip("its Ingress has no Secret, so the controller serves its default certificate");
    };
    let Some(held) = origin.leaf().map(|held| &held.leaf) else {
        return Outcome::skip(format!("Secret `{wanted}` contains no certificate"));
    };
    if held.fingerprint == served.leaf.fingerprint {
        return Outcome::pass(format!("serial {} is the one in Secret `{wanted}`", held.serial));
    }
    if !held.covers(&probe_name(host)) {
        return Outcome::skip(format!("the certificate in Secret `{wanted}` is for another name"));
    }
    let controller = traits_of(evidence.controller);
    let (namespace, workload) = (controller.namespace, controller.workload);
    let stranger = !(controller.is_fake)(&served.leaf)
        && served.leaf.issuer != held.issuer
        && served.trust == Trust::UnknownIssuer
        && !served.is_good();
    if stranger {
        return Finding::new(
            format!("the node serves a certificate of {}, but Secret `{wanted}` contains one of {}", served.leaf.issuer, held.issuer),
            "something between this machine and the node answers instead of the node: a virus scanner or proxy that opens TLS, or another machine with the node's address",
            "try from another machine; if the certificate is right there, exclude the name from HTTPS scanning (virus scanner, proxy) on this machine",
        )
        .into();
    }
    if !evidence.controller.is_managed() {
        return elsewhere(served, wanted, &held.serial);
    }
    let finding = Finding::new(
        format!(
            "the node serves the certificate with serial {}, but Secret `{wanted}` contains {}",
            served.leaf.serial, held.serial
        ),
        "the controller has not loaded the new certificate: it lost its connection to the API server",
        "restart the controller; its nodes restart one after the other",
    )
    .command(command!("kubectl -n {} rollout restart daemonset/{}", namespace, workload))
    .command(command!("kubectl -n {} rollout status daemonset/{} --timeout=180s", namespace, workload))
    .look(controller.show_log("50"))
    .restarts_controller()
    .heals_soon();
    let serves = served.is_good();
    if serves { finding.only(Severity::Warning) } else { finding }.into()
}

/// A controller that is not homelab's has its own reasons.
fn elsewhere(served: &Served, wanted: &str, held: &str) -> Outcome {
    let finding = Finding::new(
        format!(
            "your ingress controller serves the certificate with serial {}, but Secret `{wanted}` contains {held}",
            served.leaf.serial
        ),
        "it has not loaded the certificate of that Secret, or it prefers another one that has this name, such as a default certificate",
        "read the log of your ingress controller, and look at its default certificate",
    )
    .heals_soon();
    if served.is_good() { finding.only(Severity::Warning) } else { finding }.into()
}
