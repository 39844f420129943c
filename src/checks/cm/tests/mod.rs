//! cert-manager, from its definitions to a Certificate: one failure at a time.

mod asked;
mod attempts;
mod authority;
mod caa;
mod cname;
mod extra;
mod machinery;
mod server;

use serde_json::{Value, json};

use crate::checks::tests::*;
use crate::evidence::dns::{Data, Rcode, Record};

pub(in crate::checks) const CHALLENGES: &str = "challenges.acme.cert-manager.io";
pub(in crate::checks) const CERTIFICATES: &str = "certificates.cert-manager.io";
pub(in crate::checks) const INGRESSES: &str = "ingresses.networking.k8s.io";
pub(in crate::checks) const ISSUERS: &str = "clusterissuers.cert-manager.io";
pub(in crate::checks) const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";
pub(in crate::checks) const ORDERS: &str = "orders.acme.cert-manager.io";

pub(in crate::checks) fn deployment(name: &str) -> Value {
    json!({ "metadata": { "namespace": "cert-manager", "name": name },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } } }, "status": { "readyReplicas": 1 } })
}

pub(in crate::checks) fn definition(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "app.kubernetes.io/version": "v1.21.2" } } })
}

pub(in crate::checks) fn issuer(name: &str, server: &str) -> Value {
    json!({ "metadata": { "name": name },
        "spec": { "acme": { "server": server, "email": "ada@lovelace.dev", "privateKeySecretRef": { "name": format!("{name}-account") } } },
        "status": { "acme": { "uri": format!("{server}/acct/1") }, "conditions": [{ "type": "Ready", "status": "True" }] } })
}

pub(in crate::checks) const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The lists of a cluster whose one Certificate is ready.
pub(in crate::checks) fn lists() -> Vec<(&'static str, Vec<Value>)> {
    let certificate = json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls" },
        "spec": { "dnsNames": [HOST], "secretName": "whoami-tls", "issuerRef": { "name": "letsencrypt", "kind": "ClusterIssuer" } },
        "status": { "revision": 1, "renewalTime": "2026-06-30T00:00:00Z", "conditions": [{ "type": "Ready", "status": "True" }] } });
    let ingress = json!({ "metadata": { "namespace": "homelab", "name": "whoami",
            "annotations": { "cert-manager.io/cluster-issuer": "letsencrypt" } },
        "spec": { "rules": [{ "host": HOST }], "tls": [{ "hosts": [HOST], "secretName": "whoami-tls" }] } });
    let crds = [
        "certificaterequests.cert-manager.io",
        CERTIFICATES,
        CHALLENGES,
        ISSUERS,
        "issuers.cert-manager.io",
        ORDERS,
    ];
    vec![
        (CRDS, crds.map(definition).to_vec()),
        (
            "deployments.apps",
            ["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"].map(deployment).to_vec(),
        ),
        (ISSUERS, vec![issuer("letsencrypt", PRODUCTION)]),
        (INGRESSES, vec![ingress]),
        (CERTIFICATES, vec![certificate]),
        ("certificaterequests.cert-manager.io", vec![]),
        (ORDERS, vec![]),
        (CHALLENGES, vec![]),
    ]
}

pub(in crate::checks) fn refused(message: &str) -> DryRun {
    DryRun::Refused { code: 500, message: message.into() }
}

pub(in crate::checks) fn denied() -> DryRun {
    refused("admission webhook \"webhook.cert-manager.io\" denied the request: spec.request: Invalid value")
}

pub(in crate::checks) fn caa(answers: &[(&str, &str)]) -> Lookup {
    let mut said = reply(Rcode::NoError, &[]);
    let record = |(tag, value): &(&str, &str)| Record {
        name: "example.com".into(),
        ttl: 60,
        data: Data::Caa { tag: (*tag).into(), value: (*value).into() },
    };
    said.answers = answers.iter().map(record).collect();
    lookup("ada.ns", said)
}

/// The healthy lab with all of cert-manager in view, and one change, as the checks of this slice judge it.
pub(in crate::checks) fn lab(change: impl FnOnce(&mut Evidence)) -> Report {
    let report = whole(|evidence| {
        let lists = lists().into_iter().map(|(name, items)| (name.to_owned(), Listing::Items(items)));
        evidence.cluster = Some(ClusterSeen { objects: Objects(lists.collect()), ..ClusterSeen::default() });
        let held = SecretSeen { leaf: served().leaf, chain: 2 };
        let names = [HOST, "home.example.com", "example.com", "com"];
        evidence.acme = Some(AcmeSeen {
            wanted: Issuance {
                managed: true,
                namespace: "cert-manager".into(),
                issuer: "letsencrypt".into(),
                server: PRODUCTION.into(),
                email: "ada@lovelace.dev".into(),
                nameservers: vec!["https://1.1.1.1/dns-query".into()],
            },
            webhook: Some(WebhookSeen { good: DryRun::Taken { stamped: true }, bad: denied() }),
            secrets: Some([("homelab/whoami-tls".to_owned(), Ok(held))].into()),
            caa: Some(names.iter().map(|name| ((*name).to_owned(), caa(&[]))).collect()),
        });
        change(evidence);
    });
    report.only(|id| id.as_str().starts_with("cm.") || id.as_str().starts_with("tls."))
}

/// The objects of a resource, to be changed.
pub(in crate::checks) fn items<'e>(evidence: &'e mut Evidence, resource: &str) -> &'e mut Vec<Value> {
    match evidence.cluster.as_mut().unwrap().objects.0.get_mut(resource) {
        Some(Listing::Items(items)) => items,
        other => panic!("{resource}: {other:?}"),
    }
}

pub(in crate::checks) fn acme(evidence: &mut Evidence) -> &mut AcmeSeen {
    evidence.acme.as_mut().unwrap()
}
