//! An API server that holds a lab and does what Kubernetes does with it, and a provider whose records are on paper.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::*;
use crate::cluster::Cluster;
use crate::cluster::fake::{self, Log};
use crate::config::{self, Config};
use crate::desired::kind::{self, KINDS, Kind};
use crate::evidence::Record;
use crate::provider::paper::{self, Drawer, record};

pub(super) const OWNER: &str = "home.example.com";

pub(super) fn object(kind: &Kind, namespace: Option<&str>, name: &str, by: &str) -> Value {
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": { "namespace": namespace, "name": name,
        "uid": format!("{}-{name}", kind.kind), "resourceVersion": "7",
        "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": OWNER },
        "managedFields": [{ "manager": by, "operation": "Apply" }] } })
}

/// The same as somebody else makes it.
pub(super) fn strangers(kind: &Kind, namespace: Option<&str>, name: &str) -> Value {
    without_labels(object(kind, namespace, name, "kubectl"))
}

pub(super) fn without_labels(mut object: Value) -> Value {
    object["metadata"]["labels"] = json!({});
    object
}

/// A lab with one service.
pub(super) fn lab() -> Vec<Value> {
    let owner = json!([{ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "nas", "uid": "Ingress-nas", "controller": true }]);
    let mut certificate =
        object(&kind::CERTIFICATE, Some("homelab"), "nas-tls", "cert-manager-certificates-trigger");
    certificate["metadata"]["ownerReferences"] = owner;
    certificate["spec"] = json!({ "secretName": "nas-tls" });
    let mut tls = object(&kind::SECRET, Some("homelab"), "nas-tls", "cert-manager-certificates-issuing");
    tls["metadata"]["annotations"] = json!({ "cert-manager.io/certificate-name": "nas-tls" });
    let mut issuer = object(&kind::CLUSTER_ISSUER, None, "letsencrypt", "homelab");
    issuer["spec"] = json!({ "acme": { "privateKeySecretRef": { "name": "letsencrypt-account" } } });
    let by_cert_manager = |name: &str| {
        without_labels(object(&kind::SECRET, Some("cert-manager"), name, "cert-manager-clusterissuers"))
    };
    let mut publisher = object(&kind::DEPLOYMENT, Some("external-dns"), "external-dns", "homelab");
    let mut role = object(&kind::CLUSTER_ROLE, None, "external-dns", "homelab");
    for one in [&mut publisher, &mut role] {
        one["metadata"]["labels"]["app.kubernetes.io/component"] = "external-dns".into();
    }
    vec![
        object(&kind::INGRESS, Some("homelab"), "nas", "homelab"),
        certificate,
        tls,
        issuer,
        by_cert_manager("letsencrypt-account"),
        by_cert_manager("cert-manager-webhook-ca"),
        object(&kind::NAMESPACE, None, "homelab", "homelab"),
        object(&kind::NAMESPACE, None, "cert-manager", "homelab"),
        object(&kind::NAMESPACE, None, "external-dns", "homelab"),
        object(&kind::NAMESPACE, None, "ingress-nginx", "homelab"),
        object(&kind::CRD, None, "certificates.cert-manager.io", "homelab"),
        object(&kind::VALIDATING_WEBHOOK, None, "cert-manager-webhook", "homelab"),
        role,
        publisher,
        object(&kind::DEPLOYMENT, Some("cert-manager"), "cert-manager", "homelab"),
        object(&kind::DAEMON_SET, Some("ingress-nginx"), "ingress-nginx-controller", "homelab"),
        without_labels(object(
            &kind::CONFIG_MAP,
            Some("homelab"),
            "kube-root-ca.crt",
            "kube-controller-manager",
        )),
    ]
}

/// What `down` keeps of it.
pub(super) const KEPT: [&str; 6] = [
    "Secret homelab/nas-tls",
    "Secret cert-manager/letsencrypt-account",
    "Namespace homelab",
    "Namespace cert-manager",
    "CustomResourceDefinition certificates.cert-manager.io",
    "ConfigMap homelab/kube-root-ca.crt",
];

pub(super) fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

pub(super) fn name(one: &Value) -> String {
    let text = |key: &str| one["metadata"][key].as_str().unwrap_or_default().to_owned();
    let kind = one["kind"].as_str().unwrap();
    match one["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{}", text("name")),
        None => format!("{kind} {}", text("name")),
    }
}

/// The record of a host and the TXT record that says whose it is.
pub(super) fn published(owner: &str, host: &str, resource: &str) -> [Record; 2] {
    let text =
        format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}\"");
    [record("A", host, "10.0.0.2"), record("TXT", &format!("a-homelab.{host}"), &text)]
}

/// The path of an object or of a collection, taken apart: the kind, the namespace, the name.
fn place(path: &str) -> Option<(&'static Kind, Option<String>, Option<String>)> {
    let all = KINDS.iter().copied().chain([
        &kind::ISSUER,
        &kind::CHALLENGE,
        &kind::ORDER,
        &kind::CERTIFICATE_REQUEST,
        &kind::LEASE,
    ]);
    for one in all {
        let root = if one.group.is_empty() {
            format!("/api/{}/", one.version)
        } else {
            format!("/apis/{}/{}/", one.group, one.version)
        };
        let Some(rest) = path.strip_prefix(&root) else { continue };
        let parts: Vec<&str> = rest.split('/').collect();
        match parts.as_slice() {
            [plural] if *plural == one.plural => return Some((one, None, None)),
            [plural, name] if *plural == one.plural => return Some((one, None, Some((*name).to_owned()))),
            ["namespaces", namespace, plural] if *plural == one.plural => {
                return Some((one, Some((*namespace).to_owned()), None));
            }
            ["namespaces", namespace, plural, name] if *plural == one.plural => {
                return Some((one, Some((*namespace).to_owned()), Some((*name).to_owned())));
            }
            _ => {}
        }
    }
    None
}

/// The answer of aggregated discovery for one of its two roots.
fn discovery(core: bool) -> Value {
    let all = KINDS.iter().copied().filter(|kind| kind.group.is_empty() == core);
    let items: Vec<Value> = all
        .map(|kind| {
            let scope = if kind.namespaced { "Namespaced" } else { "Cluster" };
            json!({ "metadata": { "name": kind.group }, "versions": [{ "version": kind.version, "resources": [
                { "resource": kind.plural, "scope": scope, "verbs": ["delete", "list"], "responseKind": { "kind": kind.kind } }] }] })
        })
        .collect();
    json!({ "kind": "APIGroupDiscoveryList", "items": items })
}

/// What a test does before each deletion to what is there; what it returns is answered in place of the deletion.
pub(super) type Before = Box<dyn Fn(&mut Vec<Value>, &str) -> Option<u16> + Send + Sync>;

/// A cluster and a zone.
pub(super) struct Trial {
    cluster: Cluster,
    held: Arc<Mutex<Vec<Value>>>,
    pub(super) log: Log,
    pub(super) drawer: Drawer,
    before: Arc<Mutex<Before>>,
    /// Kinds that the API server does not know, by their plural.
    absent: Arc<Mutex<BTreeSet<&'static str>>>,
    /// The token's file lives as long as this.
    _folder: tempfile::TempDir,
    config: Config,
    pub(super) keep_records: bool,
}

/// How a run ended: its document or its error, and what it says before and after.
pub(super) struct Ended {
    pub(super) left: BTreeSet<String>,
    pub(super) document: Result<Value>,
    pub(super) warnings: Vec<String>,
    pub(super) said: String,
}

impl Ended {
    pub(super) fn error(&self) -> String {
        self.document.as_ref().unwrap_err().to_string()
    }
}

impl Trial {
    pub(super) fn new(all: Vec<Value>) -> Self {
        Self::with(all, "")
    }

    /// With more in the configuration.
    pub(super) fn with(all: Vec<Value>, more: &str) -> Self {
        let held = Arc::new(Mutex::new(all));
        let before: Arc<Mutex<Before>> = Arc::new(Mutex::new(Box::new(|_, _| None)));
        let absent = Arc::new(Mutex::new(BTreeSet::new()));
        let (shared, hook, unknown) = (held.clone(), before.clone(), absent.clone());
        let (cluster, log) = fake::cluster(move |line, _| {
            answer(line, &mut shared.lock().unwrap(), &hook, &unknown.lock().unwrap())
        });
        let drawer: Drawer = Arc::new(Mutex::new(Some(Vec::new())));
        paper::lay_in(&drawer);
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, "k-1\nada\n").unwrap();
        let text = format!(
            "domain: {OWNER}\nemail: ada@lovelace.dev\ndns: {{ provider: paper, tokenFile: {}, server: drawer.paper.test }}\n{more}",
            token.display()
        );
        let config = config::parse(&text).unwrap();
        Self { cluster, held, log, drawer, before, absent, _folder: folder, config, keep_records: false }
    }

    pub(super) fn before(&self, hook: impl Fn(&mut Vec<Value>, &str) -> Option<u16> + Send + Sync + 'static) {
        *self.before.lock().unwrap() = Box::new(hook);
    }

    pub(super) fn is_without(&self, kind: &'static Kind) {
        self.absent.lock().unwrap().insert(kind.plural);
    }

    pub(super) fn lay_in(&self, records: impl IntoIterator<Item = Record>) {
        *self.drawer.lock().unwrap() = Some(records.into_iter().collect());
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.held.lock().unwrap().iter().map(name).collect()
    }

    pub(super) fn deleted(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        let paths = log.iter().filter_map(|line| line.strip_prefix("DELETE ")?.rsplit_once('/'));
        paths.map(|(kind, name)| format!("{}/{name}", kind.rsplit_once('/').unwrap().1)).collect()
    }

    /// A run without `--yes` where there is no terminal.
    pub(super) async fn asked_of_nobody(&self, purge: bool) -> Result<Exit> {
        let (keep_records, timeout) = (self.keep_records, 120);
        let flags = Down { yes: false, purge, keep_records, dry_run: false, timeout };
        let ui = Ui { output: Output::Text, mode: Mode::Quiet, redraws: false };
        Box::pin(take_away(&self.cluster, &self.config, (&global(), &flags), ui, false)).await
    }

    /// One run to its end.
    pub(super) async fn down(&self, purge: bool) -> Ended {
        let wanted = Wanted { purge, keep_records: self.keep_records, patience: Duration::from_secs(120) };
        let global = global();
        let progress = Progress::new(Mode::Quiet, &[]);
        let picture = match Picture::look(&self.cluster, &self.config, wanted, &progress).await {
            Ok(picture) => picture,
            Err(error) => {
                let (warnings, said) = (Vec::new(), String::new());
                return Ended { left: self.names(), document: Err(error), warnings, said };
            }
        };
        let warnings = picture.warnings();
        let listed: Vec<String> = told::objects(&picture)
            .into_iter()
            .filter(|one| one.word == ui::Word::Delete)
            .map(|one| one.object)
            .collect();
        let deadline = Instant::now() + wanted.patience;
        let mut run = Run::new(&self.cluster, &self.config, &global, wanted, picture, deadline, &progress);
        let ended = run.finish().await.map_err(|error| run.tell(error));
        let (picture, done) = run.ended();
        let document = ended.map(|()| told::document(&picture, Some(&done)));
        document.iter().for_each(|document| ui::assert_is("down", document));
        for removed in document.iter().flat_map(|document| document["removed"].as_array().unwrap()) {
            // A program that was just starting makes its lease later.
            let is_new = removed == "Lease kube-system/cert-manager-controller";
            let is_listed = is_new || listed.iter().any(|one| removed == one);
            assert!(is_listed, "not listed before: {removed}: {listed:?}");
        }
        let said = told::summary(&picture, &done, &ui::House::default()).to_string();
        Ended { left: self.names(), document, warnings, said }
    }
}

fn global() -> Global {
    Global {
        config: None,
        kubeconfig: None,
        context: None,
        insecure_api_server: false,
        output: Output::Text,
        color: ui::Color::Never,
        quiet: true,
        verbose: false,
        no_progress: true,
    }
}

/// What the garbage collector does: an object goes when everything that owned it is gone.
fn collect(all: &mut Vec<Value>) {
    let uids: BTreeSet<String> =
        all.iter().map(|one| one["metadata"]["uid"].as_str().unwrap().to_owned()).collect();
    let lives = |owner: &Value| uids.contains(owner["uid"].as_str().unwrap());
    all.retain(|one| {
        one["metadata"]["ownerReferences"].as_array().is_none_or(|owners| owners.iter().any(lives))
    });
}

fn answer(
    line: &str,
    all: &mut Vec<Value>,
    before: &Mutex<Before>,
    absent: &BTreeSet<&'static str>,
) -> (u16, Value) {
    let status = |code: u16| (code, json!({ "kind": "Status", "code": code, "message": "so says the test" }));
    let (method, uri) = line.split_once(' ').unwrap();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    match path {
        "/api" => return (200, discovery(true)),
        "/apis" => return (200, discovery(false)),
        "/api/v1/namespaces/kube-system" => return (200, json!({ "metadata": { "uid": "u-1" } })),
        _ => {}
    }
    let known = place(path).filter(|(kind, ..)| !absent.contains(kind.plural));
    let Some((kind, namespace, name)) = known else { return status(404) };
    let is_meant = |one: &Value| {
        one["kind"] == kind.kind
            && namespace.as_ref().is_none_or(|at| one["metadata"]["namespace"] == at.as_str())
            && name.as_ref().is_none_or(|name| one["metadata"]["name"] == name.as_str())
    };
    if method == "DELETE" {
        if let Some(code) = before.lock().unwrap()(all, path) {
            return status(code);
        }
        let whole = *kind == kind::NAMESPACE;
        all.retain(|one| {
            !(is_meant(one) || whole && one["metadata"]["namespace"] == name.as_deref().unwrap_or_default())
        });
        collect(all);
        return (200, json!({ "kind": "Status", "status": "Success" }));
    }
    if name.is_some() {
        return all.iter().find(|one| is_meant(one)).map_or(status(404), |found| (200, found.clone()));
    }
    let is_hidden = |one: &Value| one["metadata"]["annotations"]["hidden"] == "true";
    if namespace.is_some() && all.iter().any(|one| is_meant(one) && is_hidden(one)) {
        return status(403);
    }
    let labelled = query.contains("managed-by");
    let shown = |one: &&Value| {
        is_meant(one) && (!labelled || one["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "homelab")
    };
    let items: Vec<&Value> = all.iter().filter(shown).collect();
    (200, json!({ "metadata": { "resourceVersion": "7" }, "items": items }))
}
