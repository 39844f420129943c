//! Who enforces policies, and whether Cilium leads the nodes' ports to pods.

use serde_json::Value;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::NOT_READ;
use crate::evidence::engine::{CILIUM_POLICIES, DEFINITIONS, Engine, NoEngine, takes_names};
use crate::evidence::{CILIUM_CONFIG, Evidence};

pub(super) fn is_there(evidence: &Evidence) -> Option<Outcome> {
    let wanted = evidence.egress.as_ref()?;
    let Some(found) = evidence.engine() else { return Some(Outcome::unknown(NOT_READ)) };
    let engine = match found {
        Ok(engine) => engine,
        Err(why) => {
            let fix = match why {
                NoEngine::Off(_) => {
                    "take `disable-network-policy` out of k3s' configuration, and restart k3s; or leave `egress` out"
                }
                NoEngine::Down(_) => "look why the pods of its DaemonSet are not ready",
                NoEngine::Unknown => {
                    "install a network that enforces NetworkPolicies (Cilium, Calico), or leave `egress` out"
                }
            };
            let finding = Finding::new(
                format!("nothing enforces {}: every pod connects to where it likes", quoted(&wanted.keys)),
                why.to_string(),
                fix,
            );
            return Some(finding.look("kubectl get daemonsets --all-namespaces").into());
        }
    };
    let Some(name) = wanted.names.first() else {
        return Some(Outcome::pass(format!("{} is there", engine.name())));
    };
    if engine != Engine::Cilium {
        let finding = Finding::new(
            format!("{} cannot enforce the rule for `{name}`", engine.name()),
            "it knows addresses alone; only Cilium follows what pods look up",
            "make Cilium the cluster's network, or let a proxy connect by name and allow only that (docs/egress.md)",
        );
        return Some(finding.into());
    }
    let Some(definitions) = evidence.objects(DEFINITIONS) else { return Some(Outcome::unknown(NOT_READ)) };
    if !takes_names(engine, definitions) {
        let finding = Finding::new(
            format!("Cilium does not take the rule for `{name}`"),
            format!("its definition `{CILIUM_POLICIES}` is not there"),
            "look at the logs of Cilium's operator and agents, which register it when they start",
        );
        return Some(finding.look("kubectl -n kube-system logs deployment/cilium-operator").into());
    }
    Some(Outcome::pass(format!("{} is there", engine.name())))
}

/// Whether a host port works at all; none without Cilium, and with a controller that homelab did not install.
pub(super) fn leads_ports(evidence: &Evidence) -> Option<Outcome> {
    if evidence.engine()? != Ok(Engine::Cilium) || !evidence.controller.is_managed() {
        return None;
    }
    let Some(config) = evidence.objects(CILIUM_CONFIG).and_then(<[Value]>::first) else {
        return Some(Outcome::unknown("the ConfigMap `kube-system/cilium-config` was not read"));
    };
    let value = |key: &str| config["data"][key].as_str().unwrap_or_default();
    let chained = value("cni-chaining-mode");
    if value("kube-proxy-replacement") == "true" || chained == "portmap" {
        return Some(Outcome::pass("Cilium serves the ports of nodes"));
    }
    let finding = Finding::new(
        "Cilium does not lead ports 80 and 443 of the nodes to the ingress controller",
        "it serves a pod's `hostPort` only with `kubeProxyReplacement`, or with the plugin `portmap` chained to it, and has neither",
        "set `kubeProxyReplacement=true` in Cilium's values (with k3s: `--disable-kube-proxy`, too), and restart its agents",
    );
    Some(finding.look("kubectl -n kube-system get configmap cilium-config --output yaml").into())
}
