//! The way to the API server, and what k3s brings along.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::Hands;
use crate::error::{Context, Result};
use crate::pki::Authority;
use crate::process::Process;

/// A user who is not the one that runs the doctor.
const NOBODY: u32 = 65534;
/// The daemon that shows an old certificate.
const OLD_API: &str = "old-api";

/// Asked with a kubeconfig of the injury's own.
const fn with(kubeconfig: &'static str) -> Ask {
    Ask { kubeconfig: Some(kubeconfig), ..Ask::NODE }
}

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "there is no kubeconfig",
        id: "k3s.kubeconfig",
        says: &["cannot read the kubeconfig", "start k3s"],
        ask: with("no-such.kubeconfig"),
        always: true,
        make: nothing,
        undo: nothing,
    },
    Injury {
        name: "this user may not read the kubeconfig",
        id: "k3s.kubeconfig",
        says: &["sudo", "--write-kubeconfig-group", "services.homelab.kubeconfig.group"],
        // Root without the right to pass over permissions: the file is another user's.
        ask: Ask {
            wrap: &["setpriv", "--bounding-set=-dac_override,-dac_read_search"],
            ..with("unreadable.kubeconfig")
        },
        always: false,
        make: unreadable,
        undo: nothing,
    },
    Injury {
        name: "the kubeconfig is of another cluster",
        id: "k3s.kubeconfig",
        says: &["belongs to another cluster", "Cluster CA"],
        ask: with("foreign.kubeconfig"),
        always: false,
        make: foreign,
        undo: nothing,
    },
    Injury {
        name: "the user of the kubeconfig may not read the cluster",
        id: "k3s.kubeconfig",
        says: &["cluster-admin", "forbidden"],
        ask: with("onlooker.kubeconfig"),
        always: false,
        make: onlooker,
        undo: no_onlooker,
    },
    Injury {
        name: "the API server is down",
        id: "k3s.api",
        says: &["connection refused", "6444"],
        ask: with("nowhere.kubeconfig"),
        always: false,
        make: nowhere,
        undo: nothing,
    },
    Injury {
        name: "the certificate of the API server has ended",
        id: "k3s.certs",
        says: &["expired", "2021-01-01", "restart k3s"],
        ask: with("old-api.kubeconfig"),
        always: false,
        make: old_certificate,
        undo: no_old_certificate,
    },
    Injury {
        name: "traefik was left behind",
        id: "k3s.disabled",
        says: &["deployment/traefik", "--disable=traefik,servicelb"],
        ask: Ask::NODE,
        always: false,
        make: traefik,
        undo: nothing,
    },
    Injury {
        name: "servicelb was left behind",
        id: "k3s.disabled",
        says: &["svclb-traefik", "port 80 or 443"],
        ask: Ask::NODE,
        always: false,
        make: servicelb,
        undo: nothing,
    },
    Injury {
        name: "a Service waits for a load balancer",
        id: "k3s.load-balancers",
        says: &["default/tube", "servicelb is disabled"],
        ask: Ask::NODE,
        always: false,
        make: load_balancer,
        undo: no_load_balancer,
    },
    Injury {
        name: "traefik's Service waits for servicelb, which is off",
        id: "k3s.disabled",
        says: &["service/traefik", "patch service traefik", "load-balancer-cleanup"],
        ask: Ask::NODE,
        always: false,
        make: guarded_traefik,
        undo: nothing,
    },
    Injury {
        name: "a Service does not go, since nobody releases it",
        id: "k3s.load-balancers",
        says: &["default/tube", "waiting for its deletion", "load-balancer-cleanup"],
        ask: Ask::NODE,
        always: false,
        make: held_balancer,
        undo: nothing,
    },
    Injury {
        name: "a Service has the address that servicelb gave it before it was disabled",
        id: "k3s.load-balancers",
        says: &["default/tube", "still has the address 10.99.0.10", "nothing listens"],
        ask: Ask::NODE,
        always: false,
        make: stale_balancer,
        undo: no_stale_balancer,
    },
];

/// What the cloud controller puts on each Service of type LoadBalancer, and nobody takes away where it is off.
const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";

fn nothing(_: &Hands) -> Result<()> {
    Ok(())
}

/// The administrator's kubeconfig, changed.
fn kubeconfig(hands: &Hands, name: &str, change: impl Fn(String) -> String) -> Result<std::path::PathBuf> {
    let admin = fs::read_to_string(hands.run.kubeconfig("admin")).context("the kubeconfig")?;
    hands.config_file(name, &change(admin))
}

fn unreadable(hands: &Hands) -> Result<()> {
    let path = kubeconfig(hands, "unreadable.kubeconfig", |text| text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).context("closing the kubeconfig")?;
    chown(&path, Some(NOBODY), Some(NOBODY)).context("giving the kubeconfig away")
}

/// Another authority in it, as in a kubeconfig of a cluster that was there before.
fn foreign(hands: &Hands) -> Result<()> {
    let theirs = hands.run.trust().display().to_string();
    let change = |text: String| {
        let lines = text.lines().map(|line| match line.find("certificate-authority:") {
            Some(at) => format!("{}certificate-authority: {theirs}", &line[..at]),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    kubeconfig(hands, "foreign.kubeconfig", change).map(drop)
}

fn onlooker(hands: &Hands) -> Result<()> {
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "onlooker", "namespace": "default" } });
    hands.kubectl_apply("onlooker.json", &account.to_string())?;
    let token = hands.kubectl(&["create", "token", "onlooker", "-n", "default"])?;
    let path = kubeconfig(hands, "onlooker.kubeconfig", |text| text)?.display().to_string();
    let words = ["config", "set-credentials", "onlooker", "--kubeconfig", &path, "--token", token.trim()];
    hands.kubectl(&words)?;
    let words = ["config", "set-context", "--current", "--kubeconfig", &path, "--user", "onlooker"];
    hands.kubectl(&words).map(drop)
}

fn no_onlooker(hands: &Hands) -> Result<()> {
    hands.kubectl(&["delete", "serviceaccount", "onlooker", "-n", "default"]).map(drop)
}

fn nowhere(hands: &Hands) -> Result<()> {
    kubeconfig(hands, "nowhere.kubeconfig", |text| text.replace(":6443", ":6444")).map(drop)
}

/// A server beside the real one, whose certificate is of the cluster's own authority and ended in 2021.
fn old_certificate(hands: &Hands) -> Result<()> {
    let authority = Authority::open(&hands.run.pki(), "Cluster CA")?;
    let pair = authority.old_server(hands.run.folder(), OLD_API, &["127.0.0.1"])?;
    let mut server = hands.node.daemon("openssl");
    server.args(["s_server", "-accept", "6444", "-www", "-cert"]).arg(&pair.certificate);
    server.arg("-key").arg(&pair.key);
    Process::start(&hands.run, OLD_API, &server)?;
    kubeconfig(hands, "old-api.kubeconfig", |text| text.replace(":6443", ":6444")).map(drop)
}

fn no_old_certificate(hands: &Hands) -> Result<()> {
    Process::find(&hands.run, OLD_API)?.stop(&hands.run)
}

/// As k3s leaves it when it is told to do without only later; no pod of it starts.
fn traefik(hands: &Hands) -> Result<()> {
    let labels = json!({ "app.kubernetes.io/name": "traefik" });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "traefik", "namespace": "kube-system" },
        "spec": { "replicas": 0, "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "traefik", "image": "docker.io/rancher/mirrored-library-traefik:3" }] } } } });
    let service = json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "traefik", "namespace": "kube-system" },
        "spec": { "selector": labels, "ports": [{ "port": 80 }] } });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [deployment, service] });
    hands.kubectl_apply("traefik.json", &list.to_string()).map(drop)
}

/// For nodes that are not there: it would fight for the ports with the lab's own.
fn servicelb(hands: &Hands) -> Result<()> {
    let labels = json!({ "app": "svclb-traefik" });
    let ports = [80, 443].map(|port| json!({ "containerPort": port, "hostPort": port }));
    let set = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": "svclb-traefik", "namespace": "kube-system" },
        "spec": { "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
            "spec": { "nodeSelector": { "lab": "nowhere" },
                "containers": [{ "name": "lb-tcp", "image": "docker.io/rancher/klipper-lb:v0", "ports": ports }] } } } });
    hands.kubectl_apply("svclb.json", &set.to_string()).map(drop)
}

fn load_balancer(hands: &Hands) -> Result<()> {
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "tube", "namespace": "default" },
        "spec": { "type": "LoadBalancer", "selector": { "app": "tube" }, "ports": [{ "port": 80 }] } });
    hands.kubectl_apply("tube.json", &service.to_string()).map(drop)
}

fn no_load_balancer(hands: &Hands) -> Result<()> {
    hands.kubectl(&["delete", "service", "tube", "-n", "default"]).map(drop)
}

fn guarded(namespace: &str, name: &str) -> String {
    let service = json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": name, "namespace": namespace, "finalizers": [FINALIZER] },
        "spec": { "type": "LoadBalancer", "selector": { "app": name }, "ports": [{ "port": 80 }] } });
    service.to_string()
}

fn guarded_traefik(hands: &Hands) -> Result<()> {
    hands.kubectl_apply("guarded-traefik.json", &guarded("kube-system", "traefik")).map(drop)
}

fn held_balancer(hands: &Hands) -> Result<()> {
    hands.kubectl_apply("held.json", &guarded("default", "tube"))?;
    hands.kubectl(&["delete", "service", "tube", "-n", "default", "--wait=false"]).map(drop)
}

fn stale_balancer(hands: &Hands) -> Result<()> {
    hands.kubectl_apply("stale.json", &guarded("default", "tube"))?;
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "10.99.0.10" }] } } }).to_string();
    let words = ["patch", "service", "tube", "-n", "default", "--subresource=status", "--type=merge", "-p"];
    hands.kubectl(&[&words[..], &[status.as_str()]].concat()).map(drop)
}

/// The finding's own command has taken the finalizer away; where it has not, the deletion would never end.
fn no_stale_balancer(hands: &Hands) -> Result<()> {
    let free = r#"{"metadata":{"finalizers":null}}"#;
    hands.kubectl(&["patch", "service", "tube", "-n", "default", "--type=merge", "-p", free])?;
    no_load_balancer(hands)
}
