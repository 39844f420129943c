//! What k3s brings along and the lab replaces: traefik and servicelb, which take ports 80 and 443.

use serde_json::Value;

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::reading::NOT_READ;
use crate::evidence::{Evidence, View, at, entries};
use crate::ingress::traits_of;

/// Where k3s puts both.
const NAMESPACE: &str = "kube-system";
/// How k3s notes its own command line on each Node.
const NODE_ARGS: &str = "k3s.io/node-args";

pub(super) fn disabled(evidence: &Evidence) -> Outcome {
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
            "a Service of type LoadBalancer uses it; it leaves ports 80 and 443 alone",
            "nothing needs to be done; disable it if that Service is not meant to be reached from the LAN",
        )
        .only(Severity::Info)
        .into(),
        None => Outcome::pass("no traefik and no servicelb"),
    }
}

/// What to do about leftovers.
const LEFT: &str = "see that k3s of every server has `disable: [traefik, servicelb]` in its `/etc/rancher/k3s/config.yaml`, or the flag `--disable=traefik,servicelb`, and delete what is left; k3s makes it again where it is not disabled";

fn traefik(evidence: &Evidence, left: &[String]) -> Finding {
    let ours = traits_of(evidence.controller).name;
    let summary = format!("traefik is there beside {ours}: `{}` in `{NAMESPACE}`", left.join("`, `"));
    if let Some(server) = not_disabled(evidence, "traefik") {
        return enabled(summary, &server);
    }
    Finding::new(
        summary,
        "k3s installs traefik unless every server is told not to, and what it once installed can stay behind",
        LEFT,
    )
    .command(command!("kubectl --namespace {} delete {} --ignore-not-found", NAMESPACE, left))
}

fn servicelb(evidence: &Evidence, set: &Value) -> Finding {
    let name = set.full_name();
    let summary = format!("servicelb holds port 80 or 443 of the nodes: DaemonSet `{name}`");
    if let Some(server) = not_disabled(evidence, "servicelb") {
        return enabled(summary, &server);
    }
    Finding::new(
        summary,
        "k3s' servicelb takes the ports of every Service of type LoadBalancer on every node; this one is left from when it was enabled",
        LEFT,
    )
    .command(command!("kubectl --namespace {} delete daemonset/{} --ignore-not-found", set.namespace(), set.name()))
}

fn enabled(summary: String, server: &str) -> Finding {
    Finding::new(
        summary,
        format!("k3s on server `{server}` was not started with `--disable=traefik,servicelb`, and one such server is enough"),
        format!("on `{server}`, write `disable: [traefik, servicelb]` into `/etc/rancher/k3s/config.yaml`, or add the flag `--disable=traefik,servicelb`; then restart k3s (`sudo systemctl restart k3s`): it removes what it installed"),
    )
    .look(command!("kubectl get node {} --output jsonpath='{.metadata.annotations.k3s\\.io/node-args}'", server))
}

/// A server whose noted command line does not disable the component; `None` when all do, or none notes it.
fn not_disabled(evidence: &Evidence, component: &str) -> Option<String> {
    let nodes = evidence.objects("nodes")?.iter();
    let mut servers = nodes.filter_map(|node| {
        let args: Vec<String> = serde_json::from_str(node.annotation(NODE_ARGS)).ok()?;
        (args.first()? == "server").then(|| (node.name(), args))
    });
    let server = servers.find(|(_, args)| !disables(args, component))?;
    Some(server.0.to_owned())
}

/// Both `--disable a,b` and `--disable=a`, as often as it is given.
fn disables(args: &[String], component: &str) -> bool {
    let lists = args.iter().enumerate().filter_map(|(at, arg)| match arg.as_str() {
        "--disable" => args.get(at + 1).map(String::as_str),
        other => other.strip_prefix("--disable="),
    });
    lists.flat_map(|list| list.split(',')).any(|name| name.trim() == component)
        || (component == "servicelb" && args.iter().any(|arg| arg == "--disable-cloud-controller"))
}

pub(super) fn load_balancers(evidence: &Evidence) -> Outcome {
    let (Some(services), Some(daemons)) = (evidence.objects("services"), evidence.objects("daemonsets.apps"))
    else {
        return Outcome::unknown(NOT_READ);
    };
    let asking: Vec<&Value> =
        services.iter().filter(|service| at(service, "/spec/type") == "LoadBalancer").collect();
    let servicelb = daemons.iter().any(|set| set.name().starts_with("svclb-"));
    for service in &asking {
        let name = service.full_name();
        let web = entries(service, "/spec/ports").iter().any(|port| is_web(&port["port"]));
        let address = !entries(service, "/status/loadBalancer/ingress").is_empty();
        let (summary, cause) = match (address, web) {
            (true, true) if servicelb => (
                format!("Service `{name}` asks servicelb for port 80 or 443 of the nodes"),
                format!(
                    "servicelb takes the port on every node, from {} or before it",
                    traits_of(evidence.controller).name
                ),
            ),
            (false, _) => (
                format!("Service `{name}` of type LoadBalancer has no address"),
                "nothing gives it one: servicelb is disabled, and no other load balancer is installed"
                    .to_owned(),
            ),
            _ => continue,
        };
        let finding = Finding::new(
            summary,
            cause,
            "make its type ClusterIP, and name it in the lab's configuration: the ingress then serves it by name; what is not HTTP can have the type NodePort",
        )
        .look("kubectl get services -A");
        let patch = command!(
            "kubectl --namespace {} patch service {} --type=merge --patch '{\"spec\":{\"type\":\"ClusterIP\"}}'",
            service.namespace(),
            service.name()
        );
        // Its other ports may be in use as NodePorts: what speaks HTTP alone loses nothing.
        let http = entries(service, "/spec/ports").iter().all(|port| is_web(&port["port"]));
        return if http { finding.command(patch).into() } else { finding.into() };
    }
    Outcome::pass(match asking.len() {
        0 => "no Service asks for a load balancer".to_owned(),
        some => format!("{some} of type LoadBalancer, each with an address"),
    })
}

fn in_system(object: &Value) -> bool {
    object.namespace() == NAMESPACE
}

fn takes_web_ports(set: &Value) -> bool {
    let containers = entries(set, "/spec/template/spec/containers").iter();
    containers.flat_map(|container| entries(container, "/ports")).any(|port| is_web(&port["hostPort"]))
}

fn is_web(port: &Value) -> bool {
    [80, 443].map(Value::from).contains(port)
}
