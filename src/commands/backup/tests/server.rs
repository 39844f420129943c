//! An API server that keeps what is applied, and Secrets with real certificates.

use std::sync::{Arc, Mutex};

use jiff::{Timestamp, ToSpan as _};
use k8s_openapi::ByteString;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, KeyPair, NameConstraints,
};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::fake::{Log, written_cluster};
use crate::config::{self, Config};
use crate::desired::kind::{self, KINDS, Kind};
use crate::facts::authority::{ROOT, SELF_SIGNED};

pub(in crate::commands) const OWNER: &str = "home.example.com";

/// A cluster, and what it holds.
pub(in crate::commands) struct Lab {
    pub(in crate::commands) cluster: Cluster,
    pub(in crate::commands) held: Arc<Mutex<Vec<Value>>>,
    log: Log,
}

impl Lab {
    pub(in crate::commands) fn of(objects: impl IntoIterator<Item = Value>) -> Self {
        let held: Arc<Mutex<Vec<Value>>> = Arc::new(Mutex::new(objects.into_iter().collect()));
        let shared = held.clone();
        let (cluster, log) =
            written_cluster(move |line, sent| answer(line, sent, &mut shared.lock().unwrap()));
        Self { cluster, held, log }
    }

    /// What was written, and how often.
    pub(in crate::commands) fn writes(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| !line.starts_with("GET ")).cloned().collect()
    }

    pub(in crate::commands) fn object(&self, kind: &str, name: &str) -> Option<Value> {
        let held = self.held.lock().unwrap();
        held.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == name).cloned()
    }
}

pub(in crate::commands) fn config(more: &str) -> Config {
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
    config::parse(&format!("{text}{more}")).unwrap()
}

pub(in crate::commands) fn object(kind: &Kind, namespace: Option<&str>, name: &str, by: &str) -> Value {
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": { "namespace": namespace, "name": name,
        "uid": format!("{}-{name}", kind.kind), "resourceVersion": "7",
        "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER },
        "managedFields": [{ "manager": by, "operation": "Apply" }] } })
}

fn bytes(text: &str) -> Value {
    serde_json::to_value(ByteString(text.as_bytes().to_vec())).unwrap()
}

/// A PEM text.
fn pem(label: &str, der: &[u8]) -> String {
    let text = serde_json::to_value(ByteString(der.to_vec())).unwrap().as_str().unwrap().to_owned();
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A Secret as cert-manager writes it, valid from some days ago for some days from now.
pub(in crate::commands) fn certificate(namespace: &str, name: &str, days: (i64, i64)) -> Value {
    let host = format!("{}.home.example.com", name.trim_end_matches("-tls"));
    let mut params = CertificateParams::new([host]).unwrap();
    let moment = |days: i64| {
        let at = (Timestamp::now() + (24 * days).hours()).as_second();
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(u64::try_from(at).unwrap())
    };
    (params.not_before, params.not_after) = (moment(days.0), moment(days.1));
    let key = KeyPair::generate().unwrap();
    let issued = params.self_signed(&key).unwrap();
    let mut made = object(&kind::SECRET, Some(namespace), name, "cert-manager-certificates-issuing");
    made["type"] = "kubernetes.io/tls".into();
    made["metadata"]["annotations"] = json!({
        "cert-manager.io/certificate-name": name,
        "cert-manager.io/issuer-name": "letsencrypt",
        "cert-manager.io/issuer-kind": "ClusterIssuer",
        "reflector.example.com/allowed": "true",
    });
    made["metadata"]["labels"]["controller.cert-manager.io/fao"] = "true".into();
    made["data"] = json!({ "tls.crt": bytes(&pem("CERTIFICATE", issued.der())), "tls.key": bytes(&pem("PRIVATE KEY", &key.serialize_der())) });
    made
}

/// The root of a lab's own authority, as cert-manager writes it, valid for some days from now.
pub(in crate::commands) fn root(days: i64) -> Value {
    let mut made = certificate("cert-manager", ROOT, (-1, days));
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "home.example.com homelab root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let names = ["home.example.com", "cluster.local"];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.map(|name| GeneralSubtree::DnsName(name.to_owned())).to_vec(),
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    });
    let key = KeyPair::generate().unwrap();
    let issued = params.self_signed(&key).unwrap();
    made["metadata"]["annotations"]["cert-manager.io/issuer-name"] = SELF_SIGNED.into();
    made["data"] = json!({ "tls.crt": bytes(&pem("CERTIFICATE", issued.der())), "tls.key": bytes(&pem("PRIVATE KEY", &key.serialize_der())) });
    made
}

/// The key of the account, as cert-manager writes it (v1.21, pkg/issuer/acme/setup.go, `createAccountPrivateKey`).
pub(in crate::commands) fn account() -> Value {
    let mut made =
        object(&kind::SECRET, Some("cert-manager"), "letsencrypt-account", "cert-manager-clusterissuers");
    made["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "cert-manager" });
    made["type"] = "Opaque".into();
    made["data"] =
        json!({ "tls.key": bytes(&pem("PRIVATE KEY", &KeyPair::generate().unwrap().serialize_der())) });
    made
}

pub(in crate::commands) fn namespace(name: &str) -> Value {
    object(&kind::NAMESPACE, None, name, "homelab")
}

/// A lab with two certificates, its account, and a stranger's Secret beside them.
pub(in crate::commands) fn lab() -> Vec<Value> {
    let mut issuer = object(&kind::CLUSTER_ISSUER, None, "letsencrypt", "homelab");
    issuer["spec"] = json!({ "acme": { "privateKeySecretRef": { "name": "letsencrypt-account" } } });
    let mut theirs = certificate("homelab", "theirs-tls", (-1, 89));
    theirs["metadata"]["managedFields"] = json!([{ "manager": "kubectl", "operation": "Apply" }]);
    vec![
        namespace("homelab"),
        namespace("cert-manager"),
        certificate("homelab", "whoami-tls", (-1, 89)),
        certificate("homelab", "nas-tls", (-1, 89)),
        theirs,
        issuer,
        account(),
    ]
}

/// The kind, the namespace and the name in a path.
fn place(path: &str) -> Option<(&'static Kind, Option<String>, Option<String>)> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (group, rest) = match parts.as_slice() {
        ["api", "v1", rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
        _ => (None, rest),
    };
    let all = KINDS.iter().copied().chain([&kind::ISSUER]);
    let kind = all.into_iter().find(|kind| kind.group == group && rest.first() == Some(&kind.plural))?;
    Some((kind, namespace, rest.get(1).map(|name| (*name).to_owned())))
}

fn answer(line: &str, sent: &Value, all: &mut Vec<Value>) -> (u16, Value) {
    let status = |code: u16| (code, json!({ "kind": "Status", "code": code, "message": "so says the test" }));
    let (method, uri) = line.split_once(' ').unwrap();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let Some((kind, namespace, name)) = place(path) else { return status(404) };
    let is_meant = |one: &Value| {
        one["kind"] == kind.kind
            && namespace.as_ref().is_none_or(|at| one["metadata"]["namespace"] == at.as_str())
            && name.as_ref().is_none_or(|name| one["metadata"]["name"] == name.as_str())
    };
    let labelled = query.contains("managed-by");
    match (method, &name) {
        ("GET", Some(_)) => all.iter().find(|one| is_meant(one)).map_or(status(404), |it| (200, it.clone())),
        ("GET", None) => {
            let shown = |one: &&Value| {
                is_meant(one)
                    && (!labelled || one["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "homelab")
            };
            let items: Vec<&Value> = all.iter().filter(shown).collect();
            (200, json!({ "metadata": { "resourceVersion": "7" }, "items": items }))
        }
        ("PATCH", Some(_)) => {
            let home = namespace.as_deref();
            let has_home = all
                .iter()
                .any(|one| one["kind"] == "Namespace" && one["metadata"]["name"] == home.unwrap_or_default());
            if home.is_some() && !has_home {
                return status(404);
            }
            let manager = query.split('&').find_map(|part| part.strip_prefix("fieldManager=")).unwrap();
            let before = all.iter().position(is_meant);
            // An apply with a version is refused for what is not there or has changed.
            let seen = &sent["metadata"]["resourceVersion"];
            if seen.is_string() && before.is_none_or(|at| all[at]["metadata"]["resourceVersion"] != *seen) {
                return status(409);
            }
            let mut made = sent.clone();
            made["metadata"]["managedFields"] = json!([{ "manager": manager, "operation": "Apply" }]);
            made["metadata"]["uid"] = "applied".into();
            made["metadata"]["resourceVersion"] = "8".into();
            match before {
                Some(at) => all[at] = made.clone(),
                None => all.push(made.clone()),
            }
            (200, made)
        }
        _ => status(405),
    }
}
