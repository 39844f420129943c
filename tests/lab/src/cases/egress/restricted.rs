//! homelab's own programs, kept in (`security.egress: restricted`): a new name still gets its record and its certificate, and a pod that
//! a program's policy is about reaches what the program needs, and nothing else.

use serde_json::json;

use super::from_pods::{
    self, API, FREE, HOLE, HOUSE, INTERNET, NAMES, NAMESPACE, NODE_PORTS, NODES, PODS, TARGETS,
};
use super::{LAN_PORT, clean, serve};
use crate::cases::hands::{Hands, eventually, expect};
use crate::cluster::Policies;
use crate::error::Result;
use crate::image::BUSYBOX;
use crate::name_server::DOMAIN;
use crate::network::CLIENT;
use crate::vantage::Place;

const FILE: &str = "egress-restricted.yaml";
/// Holds the pods, so that no program takes them for its own.
const HOLDER: &str = "egress-probes";
/// A word that homelab does not know.
const MISTYPED: &str = "security: { egress: strict }\n";

/// A program of homelab's, and what a pod with its labels may reach.
struct Program {
    name: &'static str,
    namespace: &'static str,
    label: (&'static str, &'static str),
    reaches: &'static [&'static str],
}

const NAME: &str = "app.kubernetes.io/name";
const COMPONENT: &str = "app.kubernetes.io/component";
const CERT_MANAGER: &str = "cert-manager";

const PROGRAMS: [Program; 7] = [
    Program {
        name: "ingress-nginx",
        namespace: "ingress-nginx",
        label: (NAME, "ingress-nginx-controller"),
        reaches: &[HOLE, PODS[0], PODS[1], PODS[2], NAMES[0], NAMES[1], NAMES[2], NODE_PORTS[0], API, HOUSE],
    },
    Program {
        name: "controller",
        namespace: CERT_MANAGER,
        label: (COMPONENT, "controller"),
        reaches: &[HOLE, NAMES[0], NAMES[1], NAMES[2], API, INTERNET[0], INTERNET[1]],
    },
    Program {
        name: "webhook",
        namespace: CERT_MANAGER,
        label: (COMPONENT, "webhook"),
        reaches: &[HOLE, API],
    },
    Program {
        name: "cainjector",
        namespace: CERT_MANAGER,
        label: (COMPONENT, "cainjector"),
        reaches: &[HOLE, API],
    },
    Program {
        name: "external-dns",
        namespace: "external-dns",
        label: (NAME, "external-dns"),
        reaches: &[HOLE, NAMES[0], NAMES[1], NAMES[2], API, INTERNET[0], INTERNET[1]],
    },
    Program {
        name: "start-page",
        namespace: "homelab",
        label: (NAME, "start-page"),
        reaches: &[HOLE, PODS[0], PODS[1], PODS[2], NAMES[0], NAMES[1], NAMES[2], NODE_PORTS[0], HOUSE],
    },
    Program { name: "whoami", namespace: "homelab", label: (NAME, "whoami"), reaches: &[HOLE] },
];

pub(in crate::cases) fn programs(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    for program in &PROGRAMS {
        let words = ["delete", "configmap,pod", "-n", program.namespace, "-l", HOLDER, "--ignore-not-found"];
        hands.kubectl(&words)?;
    }
    clean(hands)?;
    went
}

fn steps(hands: &Hands) -> Result<()> {
    hands.restore()?;
    is_refused(hands)?;
    serve(hands)?;
    from_pods::start(hands)?;
    Policies(&hands.run).start()?;
    // The names are new: their records and certificates come while every program is kept in.
    let services = format!(
        "security: {{ egress: restricted }}\nstartPage: true\nservices:\n  kept-in: {{ service: {NAMESPACE}/{FREE}, port: 80 }}\n  \
         house: {{ url: \"http://{CLIENT}:{LAN_PORT}\" }}\n"
    );
    let config = hands.config_with(FILE, &services)?;
    hands.up_well(&config, &[])?;
    let (status, body) = hands.browse(&format!("kept-in.{DOMAIN}"))?;
    expect(status == "200" && body.contains("here"), format!("{status}: {body}"))?;
    expect(policies(hands)?.len() == PROGRAMS.len(), format!("{:?}", policies(hands)?))?;
    writes_nothing(hands, &config)?;
    for program in &PROGRAMS {
        start(hands, program)?;
    }
    eventually("the pods to run", 60, || {
        let pods = hands.get(&["pods", "--all-namespaces", "-l", HOLDER])?;
        let pods = pods["items"].as_array().cloned().unwrap_or_default();
        let running = pods.iter().filter(|pod| pod["status"]["phase"] == "Running").count();
        Ok(if running == 2 * PROGRAMS.len() { Ok(()) } else { Err(format!("{running} run")) })
    })?;
    kept_in(hands)?;
    let tried = each(hands)?;
    println!("      {tried} ways of pods with the labels of homelab's own programs are as they should be");
    // What is no more in the configuration goes.
    hands.restore()?;
    expect(policies(hands)?.is_empty(), format!("{:?}", policies(hands)?))
}

/// A word that is none is refused before anything is written, and so is this one where nobody enforces it (`without`).
fn is_refused(hands: &Hands) -> Result<()> {
    let config = hands.config_with(FILE, MISTYPED)?;
    let mark = hands.audit_mark()?;
    let ended = hands.up_with(&config, &[])?;
    let is_told = ended.stderr.contains("neither `any` nor `restricted`");
    expect(ended.status.code() == Some(2) && is_told, format!("{}\n{}", ended.status, ended.stderr))?;
    let writes = hands.audited(mark)?.iter().filter(|one| one.is_write()).count();
    expect(writes == 0, format!("{writes} writes"))
}

fn writes_nothing(hands: &Hands, config: &std::path::Path) -> Result<()> {
    let mark = hands.audit_mark()?;
    hands.up_well(config, &["--no-verify"])?;
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("the second `up` writes: {writes:?}"))
}

/// The policies of homelab's own programs, by name.
fn policies(hands: &Hands) -> Result<Vec<String>> {
    let words = ["networkpolicies", "--all-namespaces", "-l", "app.kubernetes.io/managed-by=homelab"];
    let all = hands.get(&words)?;
    let names = all["items"].as_array().into_iter().flatten();
    let names = names.filter_map(|one| one["metadata"]["name"].as_str()).map(str::to_owned);
    Ok(names.filter(|name| name.starts_with("homelab-egress-")).collect())
}

fn pod_of(program: &Program, place: Place) -> String {
    format!("{HOLDER}-{}-{}", program.name, place.name())
}

/// A pod on each node with the labels of a program. Somebody holds it, so that the program's own workload does not take it for one of
/// its pods, and it is never ready, so that no Service leads to it.
fn start(hands: &Hands, program: &Program) -> Result<()> {
    let (namespace, name) = (program.namespace, format!("{HOLDER}-{}", program.name));
    let mark = json!({ HOLDER: "true" });
    let holder = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": namespace, "labels": mark } });
    hands.kubectl_apply("egress-holder.json", &holder.to_string())?;
    let holder = hands.get(&["configmap", "-n", namespace, &name])?;
    let held = json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": holder["metadata"]["uid"], "controller": true }]);
    let pods = Place::NODES.map(|place| {
        json!({ "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": pod_of(program, place), "namespace": namespace, "ownerReferences": held,
                "labels": { program.label.0: program.label.1, HOLDER: "true" } },
            "spec": { "nodeName": place.name(), "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
                "securityContext": { "runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": { "type": "RuntimeDefault" } },
                "containers": [{ "name": "shell", "image": BUSYBOX, "command": ["sh", "-c", "sleep infinity"],
                    "readinessProbe": { "exec": { "command": ["false"] } },
                    "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } }] } })
    });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods });
    hands.kubectl_apply("egress-probes.json", &list.to_string()).map(drop)
}

/// The engine knows the pods a moment after they are there.
fn kept_in(hands: &Hands) -> Result<()> {
    for (program, place) in PROGRAMS.iter().flat_map(|program| Place::NODES.map(|place| (program, place))) {
        let at = (program.namespace, pod_of(program, place));
        eventually("the pod to be kept in", 30, || {
            let open = from_pods::reaches(hands, (at.0, &at.1), place, NODES[0])?;
            Ok(if open { Err(at.1.clone()) } else { Ok(()) })
        })?;
    }
    Ok(())
}

fn each(hands: &Hands) -> Result<usize> {
    let (mut tried, mut wrong) = (0, Vec::new());
    for place in Place::NODES {
        let addresses = from_pods::addresses(hands, place)?;
        for program in &PROGRAMS {
            let pod = pod_of(program, place);
            let seen = from_pods::look_from(hands, (program.namespace, &pod), &addresses)?;
            for (target, open) in TARGETS.iter().zip(seen) {
                tried += 1;
                if open != program.reaches.contains(&target.name) {
                    wrong.push(format!(
                        "{pod} to {}: {}",
                        target.name,
                        if open { "is open" } else { "is shut" }
                    ));
                }
            }
        }
    }
    expect(wrong.is_empty(), wrong.join("\n"))?;
    Ok(tried)
}
