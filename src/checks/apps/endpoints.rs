//! Whether the Service that an Ingress names is there, has the port, and has a pod that is ready.

use serde_json::Value;

use crate::checks::apps::backend::{self, Backend};
use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::pods::{self, Obstacle};
use crate::checks::reading::{age, one_line, when};
use crate::checks::scaled;
use crate::config::{ROOT_PAGE, START_PAGE, WHOAMI, nearest};
use crate::desired;
use crate::evidence::pod::is_ready;
use crate::evidence::{Evidence, View, at, entries, ready_endpoints, rules_for, selects};
use crate::ingress::traits_of;

/// As long as a large program takes to start, in seconds; what is not ready then has to be looked at.
const STARTS: i64 = 300;

/// `None` where nobody asked the cluster.
pub(super) fn endpoints_of_host(evidence: &Evidence, host: &str) -> Option<Judged> {
    evidence.asked_cluster()?;
    let read = ["ingresses.networking.k8s.io", "services", "endpointslices.discovery.k8s.io", "pods"];
    let outcome = if read.iter().any(|resource| evidence.objects(resource).is_none()) {
        Outcome::unknown("Ingresses, Services and pods were not read")
    } else {
        endpoints(evidence, host)
    };
    Some(judged(id::ENDPOINTS, Subject::host(host), Vantage::Api, outcome))
}

fn endpoints(evidence: &Evidence, host: &str) -> Outcome {
    let backends = backend::of(evidence, host);
    if backends.is_empty() {
        let unknown = || Outcome::skip("no Ingress of it names a Service");
        return resource(evidence, host).map_or_else(unknown, Outcome::from);
    }
    let mut saw = Vec::new();
    for backend in &backends {
        match one(evidence, host, backend) {
            Ok(ready) => saw.push(format!("{}/{}: {ready} ready", backend.namespace, backend.service)),
            Err(outcome) => return *outcome,
        }
    }
    Outcome::pass(saw.join(", "))
}

/// How many addresses are ready, or what is wrong.
fn one(evidence: &Evidence, host: &str, backend: &Backend<'_>) -> Result<usize, Box<Outcome>> {
    let name = format!("{}/{}", backend.namespace, backend.service);
    let Some(service) = backend.find(evidence) else {
        return Err(Box::new(missing(evidence, host, backend, &name).into()));
    };
    let Some(port) = backend.port_of(service) else {
        return Err(Box::new(no_such_port(backend, service, &name).into()));
    };
    if at(service, "/spec/type") == "ExternalName" {
        return match refuses_names(evidence) {
            true => Err(Box::new(refused_name(evidence, backend, service, &name).into())),
            false => Ok(1),
        };
    }
    let ready = addresses(evidence, backend, port);
    if ready > 0 {
        return Ok(ready);
    }
    Err(Box::new(nobody(evidence, service, port, &name)))
}

fn missing(evidence: &Evidence, host: &str, backend: &Backend<'_>, name: &str) -> Finding {
    let all = evidence.objects("services").unwrap_or_default().iter();
    let there: Vec<&str> = all
        .filter(|service| service.namespace() == backend.namespace)
        .map(|service| service.name())
        .collect();
    let near = match (nearest(backend.service, &there), there.as_slice()) {
        (Some(near), _) => format!("its namespace has `{near}`"),
        (None, []) => "its namespace has no Service at all".to_owned(),
        (None, some) => format!("its namespace has {}", quoted(some)),
    };
    let finding = Finding::new(
        format!(
            "Ingress `{}/{}` sends `{host}` to Service `{name}`, which does not exist",
            backend.namespace, backend.ingress
        ),
        format!("the Service was deleted, was never created, or has another name; {near}"),
        "install the program that creates the Service, or correct its name in homelab.yaml or the Ingress",
    )
    .look(command!("kubectl --namespace {} get services", backend.namespace));
    if is_ours(evidence, backend) {
        return Finding {
            fix: crate::checks::engine::Fix {
                text: "run `homelab up`, which creates it".to_owned(),
                ..finding.fix
            },
            ..finding
        }
        .command("homelab up");
    }
    finding
}

/// A path may lead to an object of another kind than a Service; no controller of homelab's serves that (ingress-nginx v1.15.1,
/// controller.go, `getBackendServers`).
fn resource(evidence: &Evidence, host: &str) -> Option<Finding> {
    // Another may serve it.
    evidence.controller.is_managed().then_some(())?;
    let ingresses = evidence.objects("ingresses.networking.k8s.io")?.iter();
    let (ingress, kind) = ingresses
        .flat_map(|ingress| {
            let paths = rules_for(ingress, host).flat_map(|rule| entries(rule, "/http/paths"));
            paths.map(move |path| (ingress, at(path, "/backend/resource/kind")))
        })
        .find(|(_, kind)| !kind.is_empty())?;
    Some(Finding::new(
        format!("Ingress `{}` sends `{host}` to a {kind}, not to a Service", ingress.full_name()),
        format!(
            "{} serves Services only, and answers such a path with 404",
            traits_of(evidence.controller).name
        ),
        "name a Service and its port as the backend of the path",
    ))
}

/// Whether the controller sends nothing to Services that stand for a name.
fn refuses_names(evidence: &Evidence) -> bool {
    let controller = traits_of(evidence.controller);
    let seen = evidence.cluster.as_ref();
    let set =
        seen.and_then(|seen| seen.objects.find("daemonsets.apps", controller.namespace, controller.workload));
    let containers = set.map_or(&[][..], |set| entries(set, "/spec/template/spec/containers"));
    let mut words = containers.iter().flat_map(|container| entries(container, "/args"));
    words.any(|word| !controller.refuses_names.is_empty() && word == controller.refuses_names)
}

/// homelab lets the controller follow such names only where the configuration has one.
fn refused_name(evidence: &Evidence, backend: &Backend<'_>, service: &Value, name: &str) -> Finding {
    let outside = at(service, "/spec/externalName");
    Finding::new(
        format!(
            "Ingress `{}/{}` points to Service `{name}`, an alias of the name `{outside}` (type ExternalName)",
            backend.namespace, backend.ingress
        ),
        format!(
            "the controller runs with `{}`, so it sends nothing to a Service of type ExternalName: anyone who may create one could reach every machine in the house",
            traits_of(evidence.controller).refuses_names
        ),
        format!(
            "add a service with `url: http://{outside}:PORT` to the configuration, and delete this Ingress and Service; or give the Service an EndpointSlice with the machine's address"
        ),
    )
}

/// Whether homelab itself makes the Service: the demo's, that of the start page, and that of the page with the root.
fn is_ours(evidence: &Evidence, backend: &Backend<'_>) -> bool {
    match backend.service {
        WHOAMI | START_PAGE => backend.namespace == desired::service::NAMESPACE,
        ROOT_PAGE => evidence.acme.as_ref().is_some_and(|acme| acme.wanted.namespace == backend.namespace),
        _ => false,
    }
}

fn no_such_port(backend: &Backend<'_>, service: &Value, name: &str) -> Finding {
    let number = |port: &Value| port["port"].to_string();
    let ports: Vec<String> = entries(service, "/spec/ports")
        .iter()
        .map(|port| match at(port, "/name") {
            "" => number(port),
            name => format!("{} ({name})", number(port)),
        })
        .collect();
    Finding::new(
        format!("Service `{name}` has no port {}", backend.port.to_string().replace('"', "`")),
        format!("its ports are {}", ports.join(", ")),
        "use one of those as the service's `port` in homelab.yaml, or in the Ingress",
    )
    .look(command!("kubectl --namespace {} get service {}", backend.namespace, backend.service))
}

/// The addresses that take requests for a port.
fn addresses(evidence: &Evidence, backend: &Backend<'_>, port: &Value) -> usize {
    let named =
        |slice: &&Value| entries(slice, "/ports").iter().any(|found| at(found, "/name") == at(port, "/name"));
    backend::slices(evidence, backend).filter(named).flat_map(ready_endpoints).count()
}

fn nobody(evidence: &Evidence, service: &Value, port: &Value, name: &str) -> Outcome {
    let selector = &service["spec"]["selector"];
    let shown = show(selector);
    let namespace = service.namespace();
    let look = command!("kubectl --namespace {} get pods --show-labels", namespace);
    let empty = format!("Service `{name}` has no endpoints");
    if shown.is_empty() {
        return Finding::new(
            empty,
            "it has no selector, and no EndpointSlice holds addresses for it",
            "give it a selector, or an EndpointSlice with the address of the machine that answers",
        )
        .look(command!("kubectl --namespace {} get endpointslices", namespace))
        .into();
    }
    let (going, found): (Vec<_>, Vec<_>) =
        backend::pods(evidence, service).into_iter().partition(|pod| pod.is_going());
    if found.is_empty() {
        return match (stopped(evidence, service), going.first()) {
            (Some(workload), _) => scaled_down(workload, &empty).look(look).into(),
            (None, Some(pod)) => replaced(pod, &empty).look(look).into(),
            (None, None) => unselected(evidence, service, &shown, empty).look(look).into(),
        };
    }
    if found.iter().any(|pod| is_ready(pod)) {
        let target = port["targetPort"].to_string().replace('"', "`");
        return Finding::new(
            format!("{empty} for its port {}", port["port"]),
            format!("its pods are ready, but none has a port named {target}"),
            "correct `targetPort` of the Service, or the name of the container's port",
        )
        .look(look)
        .into();
    }
    if pods::wait_for_their_node(evidence, &found) {
        return Outcome::Blocked { by: id::NODES };
    }
    let trouble = found.iter().find_map(|pod| pods::trouble(evidence, pod));
    // A pod that cannot run is told by the check that knows why.
    match trouble.map(|trouble| trouble.kind) {
        Some(Obstacle::Image) => return Outcome::Blocked { by: id::IMAGES },
        Some(Obstacle::Volume) => return Outcome::Blocked { by: id::CLAIMS },
        Some(Obstacle::Other) => return Outcome::Blocked { by: id::APP_PODS },
        None => {}
    }
    let pod = found.first().map_or_else(String::new, |pod| pod.full_name());
    let probe = found.iter().find_map(|pod| pods::event(evidence, pod, &["Unhealthy"]));
    let cause = match probe {
        Some(message) => format!("its pod says: {}", one_line(message)),
        None => "its pod runs, and its readiness probe has not passed yet".to_owned(),
    };
    let finding = Finding::new(
        format!("{empty}: pod `{pod}` is not ready"),
        cause,
        "wait while it starts: `homelab doctor --wait` repeats the checks; then read its log, and compare path and port of its readiness probe with what it serves",
    )
    .look(command!("kubectl --namespace {} describe pod --selector={}", namespace, shown));
    let since = found.iter().filter_map(|pod| when(pod.condition("Ready")?, "/lastTransitionTime")).max();
    if age(evidence.now, since) > STARTS { finding.into() } else { finding.heals().into() }
}

/// The Deployment behind a Service that is to have no pod. Its last one may still be ending.
fn stopped<'a>(evidence: &'a Evidence, service: &Value) -> Option<&'a Value> {
    let mut workloads = evidence.objects("deployments.apps").unwrap_or_default().iter();
    workloads.find(|workload| {
        workload.namespace() == service.namespace()
            && workload["spec"]["replicas"] == 0
            && selects(&service["spec"]["selector"], &workload["spec"]["template"]["metadata"]["labels"])
    })
}

fn scaled_down(workload: &Value, empty: &str) -> Finding {
    let (namespace, name) = (workload.namespace(), workload.name());
    Finding::new(
        format!("{empty}: Deployment `{namespace}/{name}` is scaled to 0"),
        "somebody scaled it down",
        "start it again",
    )
    .command(scaled::cure(namespace, name))
}

/// Its pods end, and there is no new one yet.
fn replaced(pod: &Value, empty: &str) -> Finding {
    Finding::new(
        format!("{empty}: pod `{}` is being deleted", pod.full_name()),
        "its pods are ending, and no new one was created yet",
        "wait until a new pod runs; if none is created, look at the events of its namespace",
    )
    .heals()
}

/// No pod has the labels, because they are other ones.
fn unselected(evidence: &Evidence, service: &Value, shown: &str, empty: String) -> Finding {
    let namespace = service.namespace();
    let pods = evidence.objects("pods").unwrap_or_default().iter();
    let there = pods.filter(|pod| pod.namespace() == namespace).find(|pod| is_ready(pod));
    let cause = match there {
        Some(pod) => {
            let keys = service["spec"]["selector"]
                .as_object()
                .map(|pairs| pairs.keys().cloned().collect::<Vec<_>>());
            let labels = &pod["metadata"]["labels"];
            let has: Vec<String> = keys
                .unwrap_or_default()
                .iter()
                .filter_map(|key| Some(format!("{key}={}", labels[key].as_str()?)))
                .collect();
            match has.is_empty() {
                true => {
                    format!("no pod has the label `{shown}`; pod `{}` has none of its keys", pod.full_name())
                }
                false => format!(
                    "no pod has the label `{shown}`; pod `{}` has `{}`",
                    pod.full_name(),
                    has.join(",")
                ),
            }
        }
        None => {
            format!("no pod has the label `{shown}`: the program is not installed, or not in this namespace")
        }
    };
    let finding = Finding::new(empty, cause, "make the Service's selector and the pods' labels the same");
    if !crate::plan::is_of_lab(service) {
        return finding;
    }
    if held_by_others(evidence, service) {
        let text =
            "release the selector from its other manager, as `lab.conflict` says, and run `homelab up`"
                .to_owned();
        return Finding { fix: crate::checks::engine::Fix { text, ..finding.fix }, ..finding };
    }
    finding.command("homelab up")
}

/// Whether `homelab up` would stop at the Service, since another owns a field of it.
fn held_by_others(evidence: &Evidence, service: &Value) -> bool {
    let name = format!("Service {}", service.full_name());
    evidence
        .drift
        .iter()
        .flatten()
        .any(|drift| drift.conflicts.iter().any(|conflict| conflict.object == name))
}

/// `a=b,c=d`.
fn show(selector: &Value) -> String {
    let pairs = selector.as_object().into_iter().flatten();
    pairs
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(",")
}
