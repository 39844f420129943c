//! The controller's pods and the ports that lead to them.

use serde_json::json;

use super::{Ask, CONTROLLER, Injury, NAMESPACE, apply, controller_anew, patch_controller};
use crate::cases::doctor::is_well;
use crate::cases::hands::{Hands, expect};
use crate::cases::weather::image_of;
use crate::error::Result;

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    Injury {
        name: "port 80 of a node is held by another pod",
        id: "ingress.port-owner",
        says: &["pod `default/squatter` holds port 80 of node `node`", "hostPort"],
        ask: Ask::NODE,
        always: false,
        make: port_is_taken,
        undo: |hands| {
            hands.kubectl(&["delete", "pod/squatter", "--ignore-not-found", "--grace-period=1"])?;
            hands.restore()
        },
    },
    Injury {
        name: "a stranger's pod waits for port 80, and up says so, too",
        id: "ingress.port-owner",
        says: &[
            "pod `default/squatter` waits for port 80 of a node",
            "When its pod restarts",
            "-n default delete pod squatter",
        ],
        ask: Ask::NODE,
        always: true,
        make: port_is_waited_for,
        undo: |hands| {
            hands.kubectl(&["delete", "pod/squatter", "--ignore-not-found", "--grace-period=1"]).map(drop)
        },
    },
    Injury {
        name: "a second ingress controller wants the same two ports",
        id: "ingress.port-owner",
        says: &[
            "pod `default/second-controller-",
            "waits for ports 80 and 443 of",
            "`hostPort` from the daemonset `default/second-controller`",
            " -n default edit daemonset second-controller",
        ],
        ask: Ask::NODE,
        always: false,
        make: second_controller,
        undo: |hands| {
            // What the fix asks for, without an editor.
            let path = "/spec/template/spec/containers/0/ports";
            let patch = json!([{ "op": "remove", "path": path }]).to_string();
            let set = "daemonset/second-controller";
            let patched = hands.kubectl(&["patch", set, "--type=json", "-p", &patch]);
            let healed = patched.and_then(|_| is_well(hands));
            hands.kubectl(&["delete", set, "--ignore-not-found", "--cascade=foreground", "--timeout=60s"])?;
            healed
        },
    },
    Injury {
        name: "the hostPort rules of a node are flushed, as by a firewall that reloads",
        id: "ingress.hostport",
        says: &["10.99.0.10:80 refuses the connection", "answers 404 inside the cluster", "flush ruleset"],
        ask: Ask::NODE,
        always: false,
        make: |hands| hands.node.run("iptables", &["-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]).map(drop),
        undo: |_| Ok(()),
    },
    Injury {
        name: "the ingress controller ends again and again, after a change by hand",
        id: "ingress.pods",
        says: &["exits again and again", "unknown flag: --nonsense", "kubectl-patch"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let path = "/spec/template/spec/containers/0/args/-";
            patch_controller(hands, &json!([{ "op": "add", "path": path, "value": "--nonsense" }]))
        },
        undo: controller_anew,
    },
    Injury {
        name: "the ingress controller may run on no node",
        id: "ingress.pods",
        says: &["can run on no node", "nodeSelector needs the label `disk=ssd`"],
        ask: Ask::NODE,
        always: false,
        make: |hands| {
            let path = "/spec/template/spec/nodeSelector/disk";
            patch_controller(hands, &json!([{ "op": "add", "path": path, "value": "ssd" }]))
        },
        undo: controller_anew,
    },
    Injury {
        name: "nginx on one node has overlooked that pods are ready",
        id: "apps.answer",
        says: &[
            "`whoami.home.example.test` answers 503",
            "the controller on `node2` has not taken in",
            "while `node` serves it",
            "--namespace ingress-nginx delete pod ingress-nginx-controller-",
        ],
        ask: Ask::NODE,
        always: false,
        make: super::stale::forgets_the_demo,
        undo: |_| Ok(()),
    },
    Injury {
        name: "the ingress controller's image is that of a retired project",
        id: "ingress.eol",
        says: &["whose project is retired", "ingressNginx"],
        ask: Ask::NODE,
        always: true,
        make: |_| Ok(()),
        undo: |_| Ok(()),
    },
];

/// A pod that asks for port 80: of a node, or of any that has it free.
fn squat(hands: &Hands, node: Option<&str>) -> Result<()> {
    let ports = json!([{ "containerPort": 8080, "hostPort": 80 }]);
    let container = json!({ "name": "web", "image": image_of(hands, "whoami")?, "args": ["--port=8080"], "ports": ports });
    let spec = json!({ "nodeName": node, "containers": [container] });
    let metadata = json!({ "name": "squatter", "namespace": "default" });
    apply(hands, &json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec }))
}

/// Another controller, as somebody installs it from a chart: one pod for each node, with the node's own ports.
fn second_controller(hands: &Hands) -> Result<()> {
    let port = |inside: u16, port: u16| json!({ "containerPort": inside, "hostPort": port });
    let ports = json!([port(8080, 80), port(8443, 443)]);
    let container = json!({ "name": "web", "image": image_of(hands, "whoami")?, "args": ["--port=8080"], "ports": ports });
    let (name, labels) = ("second-controller", json!({ "app": "second-controller" }));
    let pod = json!({ "metadata": { "labels": labels }, "spec": { "containers": [container] } });
    let set = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": name, "namespace": "default" },
        "spec": { "selector": { "matchLabels": labels }, "template": pod } });
    apply(hands, &set)
}

fn port_is_waited_for(hands: &Hands) -> Result<()> {
    squat(hands, None)?;
    hands.kubectl(&["wait", "--for=condition=PodScheduled=False", "pod/squatter", "--timeout=30s"])?;
    let output = hands.up_well(&hands.run.homelab_config(), &[])?;
    let said = format!("{}\n{}", output.stdout, output.stderr);
    // Long lines are wrapped.
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    expect(
        flat.contains("pod `default/squatter` waits for port 80"),
        format!("`up` does not say it:\n{said}"),
    )
}

fn port_is_taken(hands: &Hands) -> Result<()> {
    hands.kubectl(&["-n", NAMESPACE, "delete", CONTROLLER, "--wait=false"])?;
    hands.kubectl(&["-n", NAMESPACE, "delete", "pods", "--all", "--grace-period=1"])?;
    squat(hands, Some("node"))?;
    hands.kubectl(&["wait", "--for=condition=Ready", "pod/squatter", "--timeout=60s"])?;
    let config = hands.config_with("short.yaml", "timeouts: { apply: 5s }\n")?;
    let output = hands.up_with(&config, &[])?;
    expect(!output.status.success(), "`up` got a port that was taken")
}
