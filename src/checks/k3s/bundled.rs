//! What k3s brings along and the lab replaces: traefik and servicelb, which take ports 80 and 443.
//!
//! k3s deletes what it installed when it is told `--disable`, but only while the component's manifest lies on its disk; a file
//! `.skip` beside it only stops k3s from applying it (k3s, pkg/deploy/controller.go, `listFilesIn`).

use serde_json::Value;

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::k3s::balancers::{guarded, released};
use crate::checks::reading::{NOT_READ, told};
use crate::evidence::{Evidence, View, entries};
use crate::facts::namespaces::SYSTEM;
use crate::ingress::{NOT_OURS, traits_of};

pub(super) fn disabled(evidence: &Evidence) -> Outcome {
    if !evidence.controller.is_managed() {
        return Outcome::skip(format!("{NOT_OURS}, so k3s' own may be the one that serves the lab"));
    }
    let lists = ["deployments.apps", "daemonsets.apps", "services"]
        .map(|resource| (resource, evidence.objects(resource)));
    if lists.iter().any(|(_, list)| list.is_none()) {
        return Outcome::unknown(NOT_READ);
    }
    let charts = evidence.objects("helmcharts.helm.cattle.io").unwrap_or_default();
    let chart = charts.iter().any(|chart| chart.name() == "traefik" && in_system(chart));
    let mut left: Vec<String> = Vec::new();
    for (resource, list) in lists {
        let kind = resource.split('.').next().unwrap_or(resource).trim_end_matches('s');
        let ours =
            list.unwrap_or_default().iter().filter(|object| in_system(object) && object.name() == "traefik");
        left.extend(ours.map(|_| format!("{kind}/traefik")));
    }
    let daemons = evidence.objects("daemonsets.apps").unwrap_or_default();
    let balancers: Vec<&Value> = daemons.iter().filter(|set| set.name().starts_with("svclb-")).collect();
    let taking: Vec<&Value> = balancers.iter().copied().filter(|set| takes_web_ports(set)).collect();
    if chart || !left.is_empty() {
        let what = if chart { vec!["helmchart/traefik".to_owned()] } else { left };
        return traefik(evidence, &what).into();
    }
    if let Some(set) = taking.first() {
        return servicelb(evidence, set).into();
    }
    match balancers.first() {
        Some(set) => Finding::new(
            format!("servicelb runs: DaemonSet `{}`", set.full_name()),
            "a Service of type LoadBalancer uses it; it does not use ports 80 and 443",
            "nothing needs to be done; disable it if the LAN should not reach that Service",
        )
        .only(Severity::Info)
        .into(),
        None => Outcome::pass("no traefik and no servicelb"),
    }
}

/// What to do about leftovers.
const LEFT: &str = "make sure that k3s on every server has `disable: [traefik, servicelb]` in its `/etc/rancher/k3s/config.yaml`, or the flag `--disable=traefik,servicelb`, and delete what is left; k3s creates it again where it is not disabled";

fn traefik(evidence: &Evidence, left: &[String]) -> Finding {
    let ours = traits_of(evidence.controller).name;
    let summary =
        format!("traefik is installed in addition to {ours}: `{}` in `{SYSTEM}`", left.join("`, `"));
    if let Some(server) = not_disabled(evidence, "traefik") {
        return enabled(evidence, summary, &server);
    }
    let finding = Finding::new(
        summary,
        "k3s installs traefik unless it is disabled on every server. It removes traefik only while `traefik.yaml` is in `/var/lib/rancher/k3s/server/manifests`: a `traefik.yaml.skip`, or a file that was deleted before, leaves traefik installed",
        LEFT,
    );
    let services = evidence.objects("services").unwrap_or_default();
    let service = services.iter().find(|service| in_system(service) && service.name() == "traefik");
    // Its deletion would wait for servicelb, which is gone.
    let finding = match service.filter(|service| is_off(evidence) && guarded(service).is_some()) {
        Some(service) => finding.command(released(service)),
        None => finding,
    };
    finding.command(command!("kubectl --namespace {} delete {} --ignore-not-found", SYSTEM, left))
}

fn servicelb(evidence: &Evidence, set: &Value) -> Finding {
    let name = set.full_name();
    let summary = format!("servicelb holds port 80 or 443 of the nodes: DaemonSet `{name}`");
    if let Some(server) = not_disabled(evidence, "servicelb") {
        return enabled(evidence, summary, &server);
    }
    Finding::new(
        summary,
        "k3s' servicelb takes the ports of every Service of type LoadBalancer on every node; this one is left over from the time when it was enabled",
        LEFT,
    )
    .command(command!("kubectl --namespace {} delete daemonset/{} --ignore-not-found", set.namespace(), set.name()))
}

/// Once servicelb is off, nobody releases the Services of type LoadBalancer any more, so it goes last.
fn enabled(evidence: &Evidence, summary: String, server: &str) -> Finding {
    let services = evidence.objects("services").unwrap_or_default();
    let both = services
        .iter()
        .any(|service| in_system(service) && service.name() == "traefik" && guarded(service).is_some());
    let fix = match both && not_disabled(evidence, "servicelb").is_some() {
        true => format!(
            "this deletes all IngressRoutes and other objects of traefik: save those that you need. On `{server}`, write `disable: [traefik]` into `/etc/rancher/k3s/config.yaml`, restart k3s (`sudo systemctl restart k3s`), and wait until the Service `traefik` in `{SYSTEM}` is gone; then write `disable: [traefik, servicelb]`, and restart k3s again. In the other order, that Service is never deleted"
        ),
        false => format!(
            "on `{server}`, write `disable: [traefik, servicelb]` into `/etc/rancher/k3s/config.yaml`, or add the flag `--disable=traefik,servicelb`; then restart k3s (`sudo systemctl restart k3s`): it removes what it installed"
        ),
    };
    Finding::new(
        summary,
        format!("k3s on server `{server}` was started without `--disable=traefik,servicelb`. One such server is enough to install them again"),
        fix,
    )
    .look(command!("kubectl get node {} --output jsonpath='{.metadata.annotations.k3s\\.io/node-args}'", server))
}

/// A server whose noted command line does not disable the component; `None` when all do, or none notes it.
fn not_disabled(evidence: &Evidence, component: &str) -> Option<String> {
    told::servers(evidence).into_iter().find(|told| !told.disables(component)).map(|told| told.node)
}

/// Whether servicelb is known to be off.
pub(super) fn is_off(evidence: &Evidence) -> bool {
    let servers = told::servers(evidence);
    !servers.is_empty() && servers.iter().all(|told| told.disables("servicelb"))
}

fn in_system(object: &Value) -> bool {
    object.namespace() == SYSTEM
}

fn takes_web_ports(set: &Value) -> bool {
    let containers = entries(set, "/spec/template/spec/containers").iter();
    containers.flat_map(|container| entries(container, "/ports")).any(|port| is_web(&port["hostPort"]))
}

pub(super) fn is_web(port: &Value) -> bool {
    [80, 443].map(Value::from).contains(port)
}
