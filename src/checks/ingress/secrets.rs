//! Whether somebody makes the certificate that an Ingress names, and whether it is for all of its hosts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::{blame, objects, or_pass, unread};
use crate::checks::reading::logs::written;
use crate::evidence::tls::Leaf;
use crate::evidence::{Evidence, SecretSeen, View, at, entries};
use crate::facts::names::covers;
use crate::ingress::{NoCertificate, traits_of};

/// What makes cert-manager write a Certificate for an Ingress.
const ASKS: [&str; 3] =
    ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"];

pub(super) fn secrets_of_ingresses(evidence: &Evidence) -> Vec<Judged> {
    let Some(ingresses) = objects::served(evidence) else {
        return unread(id::TLS_SECRET, "Ingresses or their classes");
    };
    let Some(secrets) = evidence.acme.as_ref().and_then(|acme| acme.secrets.as_ref()) else {
        return match evidence.reads_only() {
            Some(why) => vec![crate::checks::ingress::lab_wide(id::TLS_SECRET, Outcome::skip(why))],
            None => unread(id::TLS_SECRET, "TLS Secrets"),
        };
    };
    let Some(certificates) = evidence.objects("certificates.cert-manager.io") else {
        return unread(id::TLS_SECRET, "Certificates");
    };
    let mut found = Vec::new();
    for ingress in ingresses {
        let namespace = ingress.namespace();
        let asks = ASKS.iter().any(|key| !objects::annotation(ingress, key).is_empty());
        let made = |secret: &str| {
            asks || secrets.contains_key(&format!("{namespace}/{secret}"))
                || certificates.iter().any(|certificate| {
                    certificate.namespace() == namespace && at(certificate, "/spec/secretName") == secret
                })
        };
        for entry in entries(ingress, "/spec/tls") {
            let secret = at(entry, "/secretName");
            if !secret.is_empty() && !made(secret) {
                let finding = match no_certificate(evidence, ingress, secret, "") {
                    Some(NoCertificate::NoPair) => without_pair(evidence, ingress, secret),
                    _ => nobody(evidence, secrets, ingress, secret),
                };
                // One of another type than `kubernetes.io/tls` is not among those that were read, but is served.
                let hosts = entries(entry, "/hosts").iter().filter_map(Value::as_str);
                let hosts = hosts.filter(|host| !is_served(evidence, host));
                found.extend(
                    hosts.map(|host| {
                        judged(id::TLS_SECRET, Subject::host(host), Vantage::Api, finding.clone())
                    }),
                );
            }
        }
        found.extend(
            uncovered(evidence, ingress)
                .map(|host| judged(id::TLS_SECRET, Subject::host(host), Vantage::Api, lacks(ingress, host))),
        );
    }
    or_pass(found, id::TLS_SECRET, "every certificate that an Ingress names exists or will be issued")
}

fn nobody(
    evidence: &Evidence,
    secrets: &BTreeMap<String, Result<SecretSeen, String>>,
    ingress: &Value,
    secret: &str,
) -> Finding {
    let (namespace, name) = (ingress.namespace(), ingress.name());
    let mut places = secrets.keys().filter_map(|place| place.split_once('/'));
    let elsewhere = places.find(|(_, name)| *name == secret);
    let summary = format!(
        "Ingress `{namespace}/{name}` names the Secret `{secret}`, which does not exist, and nothing creates it"
    );
    let cause = match elsewhere {
        Some((other, _)) => format!(
            "a Secret of that name is in namespace `{other}`, but an Ingress can use only those of its own namespace"
        ),
        None => "the Ingress has no annotation that asks cert-manager for it, and there is no Certificate with that Secret: browsers get the controller's fake certificate".to_owned(),
    };
    let issuer = evidence.acme.as_ref().map_or("", |acme| acme.wanted.issuer.as_str());
    let ready = evidence.objects("clusterissuers.cert-manager.io").into_iter().flatten();
    let has_issuer = ready.into_iter().any(|object| object.name() == issuer);
    let finding = Finding::new(summary, cause, "add the annotation that asks cert-manager for it");
    if has_issuer {
        finding.command(command!(
            "kubectl -n {} annotate ingress {} cert-manager.io/cluster-issuer={}",
            namespace,
            name,
            issuer
        ))
    } else {
        finding.look("kubectl get clusterissuers")
    }
}

/// What the controller says of a Secret since the Ingress was changed: that it holds no certificate or that this is for others
/// is said once, that it cannot be used at each look.
pub(in crate::checks) fn no_certificate(
    evidence: &Evidence,
    ingress: &Value,
    secret: &str,
    host: &str,
) -> Option<NoCertificate> {
    let controller = traits_of(evidence.controller);
    let place = format!("{}/{secret}", ingress.namespace());
    let since = blame::changed(ingress);
    let logs = evidence.cluster.as_ref()?.logs.iter().filter(|(place, _)| controller.is_place(place));
    let lines = logs.flat_map(|(_, log)| log.lines()).filter(|line| written(line, evidence.now) >= since);
    let said: Vec<NoCertificate> =
        lines.filter_map(|line| (controller.log.no_certificate)(line, &place, host)).collect();
    said.iter().rev().find(|why| **why != NoCertificate::Unusable).or(said.last()).copied()
}

/// The Secret is there, and is none for TLS.
fn without_pair(evidence: &Evidence, ingress: &Value, secret: &str) -> Finding {
    let namespace = ingress.namespace();
    let issuer = evidence.acme.as_ref().map_or("", |acme| acme.wanted.issuer.as_str());
    Finding::new(
        format!("Secret `{namespace}/{secret}`, which Ingress `{}` names, has no certificate with a key", ingress.full_name()),
        "the Secret exists, and was made for something else: one for TLS has `tls.crt` and `tls.key`. Browsers get the controller's fake certificate",
        format!("name another Secret in the Ingress and add the annotation `cert-manager.io/cluster-issuer: {issuer}`, so that cert-manager fills it; or create this one again with `kubectl create secret tls`"),
    )
    .look(command!("kubectl --namespace {} describe secret {}", namespace, secret))
}

/// The hosts of an Ingress with `tls` that none of its entries names, and that get the controller's own certificate: one
/// whose Secret covers the host by chance is served all the same.
fn uncovered<'a>(evidence: &'a Evidence, ingress: &'a Value) -> impl Iterator<Item = &'a str> {
    let tls = entries(ingress, "/spec/tls");
    let named = move |host: &str| {
        tls.iter()
            .flat_map(|entry| entries(entry, "/hosts"))
            .filter_map(Value::as_str)
            .any(|name| covers(name, host))
    };
    let fake = |host: &str| shown(evidence, host).any(traits_of(evidence.controller).is_fake);
    let hosts = if tls.is_empty() { Vec::new() } else { objects::hosts(ingress) };
    hosts.into_iter().filter(move |host| !named(host) && fake(host))
}

/// The certificates that nodes show for a host.
fn shown<'e>(evidence: &'e Evidence, host: &str) -> impl Iterator<Item = &'e Leaf> {
    let seen = evidence.hosts.get(host).into_iter().flat_map(|seen| &seen.tls);
    seen.filter_map(|seen| seen.result.as_ref().ok()).map(|served| &served.leaf)
}

/// Whether a node shows a certificate for the host that is not the controller's fake one.
fn is_served(evidence: &Evidence, host: &str) -> bool {
    shown(evidence, host).any(|leaf| !(traits_of(evidence.controller).is_fake)(leaf))
}

fn lacks(ingress: &Value, host: &str) -> Finding {
    let (namespace, name) = (ingress.namespace(), ingress.name());
    let finding = Finding::new(
        format!("Ingress `{namespace}/{name}` has a rule for `{host}`, but no `tls` entry for it"),
        "cert-manager requests a certificate only for the hosts below `tls`; the others get the controller's fake certificate",
        "add the host to the `tls` entry: cert-manager then issues the certificate again, for all of them",
    );
    let asks = ASKS.iter().any(|key| !objects::annotation(ingress, key).is_empty());
    if !asks || entries(ingress, "/spec/tls/0/hosts").is_empty() {
        return finding;
    }
    let patch = format!(r#"[{{"op":"add","path":"/spec/tls/0/hosts/-","value":"{host}"}}]"#);
    finding.command(command!("kubectl -n {} patch ingress {} --type=json -p {}", namespace, name, patch))
}
