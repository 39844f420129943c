//! Services of type LoadBalancer: whether anything serves them, and whether anything will let them go.
//!
//! servicelb is k3s' part of the cloud controller. Each such Service gets the finalizer below, which that controller takes away
//! when the Service goes or becomes one of another type; with servicelb off nobody does, and a deletion never ends (cloud-provider,
//! controllers/service; k3s, pkg/cloudprovider/cloudprovider.go). The addresses in the status stay, too.

use serde_json::{Value, json};

use crate::checks::engine::{Finding, Outcome};
use crate::checks::k3s::bundled::{is_off, is_web};
use crate::checks::reading::{NOT_READ, age, when};
use crate::evidence::{Evidence, View, at, entries};
use crate::ingress::traits_of;
use crate::outside::command::Command;

const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
/// How long a deletion may take before something must hold it, in seconds.
const PATIENCE: i64 = 60;
/// Other programs that give addresses, by how their DaemonSets are called.
const OTHERS: [&str; 5] = ["speaker", "metallb", "kube-vip", "cilium", "openelb"];

/// What is wrong with one Service.
enum Trouble {
    /// It waits to be released.
    Held,
    /// It takes the web ports from the controller.
    TakesPorts,
    /// Nothing gives it an address.
    Waits,
    /// Its address is of a time when servicelb ran.
    Stale,
}

pub(super) fn load_balancers(evidence: &Evidence) -> Outcome {
    let (Some(services), Some(daemons)) = (evidence.objects("services"), evidence.objects("daemonsets.apps"))
    else {
        return Outcome::unknown(NOT_READ);
    };
    let servicelb = daemons.iter().any(|set| set.name().starts_with("svclb-"));
    let asking: Vec<&Value> = services
        .iter()
        .filter(|service| at(service, "/spec/type") == "LoadBalancer" || is_held(evidence, service))
        .collect();
    let troubled =
        || asking.iter().filter_map(|service| Some((service, trouble(evidence, service, servicelb)?)));
    // One whose name nobody finds tells most.
    let nameless = troubled().find(|(service, trouble)| lacks_record(service, trouble).is_some());
    match nameless.or_else(|| troubled().next()) {
        Some((service, trouble)) => told(evidence, service, &trouble).into(),
        None => Outcome::pass(match asking.len() {
            0 => "no Service asks for a load balancer".to_owned(),
            some => format!("{some} of type LoadBalancer, each with an address"),
        }),
    }
}

fn trouble(evidence: &Evidence, service: &Value, servicelb: bool) -> Option<Trouble> {
    let web = entries(service, "/spec/ports").iter().any(|port| is_web(&port["port"]));
    let addresses = entries(service, "/status/loadBalancer/ingress");
    match (addresses.is_empty(), servicelb) {
        _ if is_held(evidence, service) => Some(Trouble::Held),
        // On its way out: whatever else it lacks, it needs no more.
        _ if !at(service, "/metadata/deletionTimestamp").is_empty() => None,
        (true, _) => Some(Trouble::Waits),
        // The ports are the controller's that is there already, which servicelb may well serve.
        (false, true) if !evidence.controller.is_managed() => None,
        (false, true) => web.then_some(Trouble::TakesPorts),
        (false, false) => is_stale(evidence, service, addresses).then_some(Trouble::Stale),
    }
}

/// The name that its annotation asks a record for, which external-dns does not write for want of an address (external-dns 0.22,
/// source/service.go): `spec.externalIPs` and a target by annotation stand in for one.
fn lacks_record<'s>(service: &'s Value, trouble: &Trouble) -> Option<&'s str> {
    let annotated = |end: &str| {
        let all = service["metadata"]["annotations"].as_object()?;
        let mut of_dns = all.iter().filter(|(key, _)| key.starts_with("external-dns."));
        of_dns.find(|(key, _)| key.ends_with(end)).and_then(|(_, value)| value.as_str())
    };
    let hosts = annotated("/hostname").filter(|_| matches!(trouble, Trouble::Waits))?;
    let leads = annotated("/target").is_some() || !entries(service, "/spec/externalIPs").is_empty();
    hosts.split(',').map(str::trim).find(|host| !host.is_empty() && !leads)
}

/// Whether its deletion waits for a controller that is off.
fn is_held(evidence: &Evidence, service: &Value) -> bool {
    let deleted = when(service, "/metadata/deletionTimestamp");
    deleted.is_some() && guarded(service).is_some() && age(evidence.now, deleted) >= PATIENCE
}

/// Whether the address is servicelb's, which is off, and nobody else's: servicelb gives the addresses of the nodes.
fn is_stale(evidence: &Evidence, service: &Value, addresses: &[Value]) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let of_nodes: Vec<&str> = nodes
        .iter()
        .flat_map(|node| entries(node, "/status/addresses"))
        .map(|entry| at(entry, "/address"))
        .collect();
    let daemons = evidence.objects("daemonsets.apps").unwrap_or_default();
    let others = daemons.iter().any(|set| OTHERS.iter().any(|name| set.name().contains(name)));
    is_off(evidence)
        && !others
        && at(service, "/spec/loadBalancerClass").is_empty()
        && addresses.iter().all(|entry| of_nodes.contains(&at(entry, "/ip")))
}

fn told(evidence: &Evidence, service: &Value, trouble: &Trouble) -> Finding {
    let name = service.full_name();
    let ours = traits_of(evidence.controller).name;
    let (summary, cause) = match trouble {
        Trouble::Held => return held(service, &name),
        Trouble::TakesPorts => (
            format!("Service `{name}` asks servicelb for port 80 or 443 of the nodes"),
            format!("servicelb takes the port on every node, so {ours} cannot use it"),
        ),
        Trouble::Waits => (
            match lacks_record(service, trouble) {
                Some(host) => format!(
                    "Service `{name}` of type LoadBalancer has no address, so its name `{host}` gets no record"
                ),
                None => format!("Service `{name}` of type LoadBalancer has no address"),
            },
            "nothing gives it one: servicelb is disabled, and no other load balancer is installed".to_owned(),
        ),
        Trouble::Stale => (
            format!(
                "Service `{name}` still has the address {} of servicelb, which is disabled",
                at(service, "/status/loadBalancer/ingress/0/ip")
            ),
            "no controller removes the address, and nothing listens there for that Service any more"
                .to_owned(),
        ),
    };
    if !evidence.controller.is_managed() {
        let fix = "let a load balancer give it an address: k3s' servicelb, MetalLB, kube-vip or Cilium; your ingress controller may need it";
        return Finding::new(summary, cause, fix).look("kubectl get services -A");
    }
    let finding = Finding::new(
        summary,
        cause,
        "change its type to ClusterIP, and give it a name with `homelab expose`: the ingress controller then serves it by name. For a service that is not HTTP, use the type NodePort",
    )
    .look("kubectl get services -A");
    // Its other ports may be in use as NodePorts, and stay so: what speaks HTTP alone loses nothing without them.
    let http = entries(service, "/spec/ports").iter().all(|port| is_web(&port["port"]));
    match (http, trouble) {
        (true, _) => finding.command(patched(service, "ClusterIP", is_off(evidence))),
        (false, Trouble::Stale) => finding.command(patched(service, "NodePort", is_off(evidence))),
        (false, _) => finding,
    }
}

fn held(service: &Value, name: &str) -> Finding {
    Finding::new(
        format!(
            "Service `{name}` has been waiting for its deletion since {}",
            at(service, "/metadata/deletionTimestamp")
        ),
        format!("its finalizer `{FINALIZER}` waits for servicelb or the cloud controller, which is off"),
        "remove that finalizer: there is no load balancer left to clean up",
    )
    .command(released(service))
    .look(command!(
        "kubectl --namespace {} get service {} --output yaml",
        service.namespace(),
        service.name()
    ))
}

/// Where the finalizer stands in the Service's list.
pub(super) fn guarded(service: &Value) -> Option<usize> {
    entries(service, "/metadata/finalizers").iter().position(|one| one == FINALIZER)
}

/// Takes the finalizer away, if it still stands where it was seen; others stay.
pub(super) fn released(service: &Value) -> Option<Command> {
    let steps = json!(without(guarded(service)?)).to_string();
    command!(
        "kubectl --namespace {} patch service {} --type=json --patch {}",
        service.namespace(),
        service.name(),
        steps
    )
}

fn without(place: usize) -> [Value; 2] {
    let path = format!("/metadata/finalizers/{place}");
    [json!({ "op": "test", "path": path, "value": FINALIZER }), json!({ "op": "remove", "path": path })]
}

/// Makes it a Service of that type; the finalizer goes too where nobody else would take it away.
fn patched(service: &Value, kind: &str, nobody_releases: bool) -> Option<Command> {
    let place = guarded(service).filter(|_| nobody_releases);
    let (namespace, name) = (service.namespace(), service.name());
    let Some(place) = place else {
        return command!(
            "kubectl --namespace {} patch service {} --type=merge --patch {}",
            namespace,
            name,
            json!({ "spec": { "type": kind } }).to_string()
        );
    };
    let mut steps = without(place).to_vec();
    steps.push(json!({ "op": "replace", "path": "/spec/type", "value": kind }));
    command!(
        "kubectl --namespace {} patch service {} --type=json --patch {}",
        namespace,
        name,
        json!(steps).to_string()
    )
}
