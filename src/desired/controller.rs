//! The ingress controller: one pod on each node, on the node's own ports 80 and 443. What differs between controllers is in
//! `ingress`.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, ContainerPort, ExecAction, Lifecycle, LifecycleHandler, Namespace,
    PodSecurityContext, PodSpec, PodTemplateSpec, SecurityContext, VolumeMount,
};
use k8s_openapi::api::networking::v1::{
    Ingress, IngressClass, IngressClassSpec, IngressRule, IngressSpec, IngressTLS,
};
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::config::{Certificates, Config};
use crate::desired::guard;
use crate::desired::issuer::WILDCARD_SECRET;
use crate::desired::meta::{global, label, named, pods, secured, version_label};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{
    absolute_names, capabilities, empty_dir, env, env_field, probe, requests, seccomp, tolerations,
};
use crate::desired::rbac::{account, rule, rule_for};
use crate::desired::web_server::folder_of;
use crate::facts::pins::pins;
use crate::ingress::{Files, Rule, Traits, traits_of};

const PRIORITY: &str = "homelab-ingress";
/// The volume for files that need not outlive the pod.
const SCRATCH: &str = "scratch";
/// The node's ports, by their names.
const HOST_PORTS: [(&str, i32); 2] = [("http", 80), ("https", 443)];

/// Every object of the configuration's controller.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let controller = traits_of(config.ingress.controller);
    let (component, home) = (Component::Controller(config.ingress.controller), controller.namespace);
    // Host ports are beyond what the level `baseline` allows.
    let namespace = Namespace { metadata: secured(home, "privileged"), ..Namespace::default() };
    let mut objects: Vec<_> = [
        Object::typed(component, &namespace),
        Object::typed(component, &priority()),
        Object::typed(component, &class(controller, config.ingress.default_class)),
        Object::typed(component, &daemon_set(controller, config)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some((files, content)) = files(controller, config) {
        let map =
            ConfigMap { metadata: named(home, files.name), data: Some(content), ..ConfigMap::default() };
        objects.extend(Object::typed(component, &map));
    }
    if let Some(name) = controller.settings {
        let data = Some((controller.pod.settings)(config));
        let settings = ConfigMap { metadata: named(home, name), data, ..ConfigMap::default() };
        objects.extend(Object::typed(component, &settings));
    }
    let (in_cluster, at_home) = (rules(controller.pod.in_cluster), rules(controller.pod.at_home));
    objects.extend(account(component, home, controller.account, in_cluster, at_home));
    if controller.pod.wildcard_by_ingress && config.certificates == Certificates::Wildcard {
        objects.extend(Object::typed(component, &wildcard(controller)));
    }
    if controller.pod.writes_status {
        objects.extend(guard::objects(component, home, controller.account));
    }
    objects
}

/// When a node runs out of memory, the controller goes last: without it no name of the house answers. Kubernetes' own
/// `system-cluster-critical` would also drive out a stranger's pod that holds port 80 or 443.
fn priority() -> PriorityClass {
    PriorityClass {
        metadata: global(PRIORITY),
        // The highest that is not Kubernetes' own.
        value: Some(1_000_000_000),
        preemption_policy: Some("Never".to_owned()),
        description: Some("homelab's ingress controller; it drives no other pod out".to_owned()),
        ..PriorityClass::default()
    }
}

fn class(controller: &Traits, default: bool) -> IngressClass {
    let mark = ("ingressclass.kubernetes.io/is-default-class".to_owned(), default.to_string());
    IngressClass {
        metadata: ObjectMeta { annotations: Some([mark].into()), ..global(controller.class) },
        spec: Some(IngressClassSpec {
            controller: Some(controller.class_controller.to_owned()),
            ..IngressClassSpec::default()
        }),
    }
}

/// An Ingress that only names the Secret of the wildcard certificate. Its one rule has neither host nor path: nothing is sent
/// anywhere, and no record comes of it.
fn wildcard(controller: &Traits) -> Ingress {
    let tls = IngressTLS { secret_name: Some(WILDCARD_SECRET.to_owned()), hosts: None };
    Ingress {
        metadata: named(controller.namespace, WILDCARD_SECRET),
        spec: Some(IngressSpec {
            ingress_class_name: Some(controller.class.to_owned()),
            tls: Some(vec![tls]),
            rules: Some(vec![IngressRule::default()]),
            ..IngressSpec::default()
        }),
        status: None,
    }
}

fn rules(rules: &[Rule]) -> Vec<PolicyRule> {
    let typed = |one: &Rule| match one.names {
        [] => rule(one.group, one.resources, one.verbs),
        names => rule_for(one.group, one.resources, names, one.verbs),
    };
    rules.iter().map(typed).collect()
}

/// The same pods without ports of the node, for a moment: they show that the image is there and the program starts on every
/// node, before the controller that serves gives its ports away.
#[must_use]
pub fn trial(config: &Config) -> Option<Object> {
    let controller = traits_of(config.ingress.controller);
    let component = Component::Controller(config.ingress.controller);
    let mut set = daemon_set(controller, config);
    let (metadata, selector) = pods(&trial_name(controller));
    set.metadata = named(controller.namespace, &trial_name(controller));
    if let Some(spec) = &mut set.spec {
        (spec.template.metadata, spec.selector) = (Some(metadata), selector);
        for container in spec.template.spec.iter_mut().flat_map(|pod| &mut pod.containers) {
            container.ports.iter_mut().flatten().for_each(|port| port.host_port = None);
            let more = controller.pod.trial.iter().map(|argument| (*argument).to_owned());
            container.args.get_or_insert_default().extend(more);
            // A small node may have no room for both, and needs none.
            container.resources = None;
        }
    }
    let mut object = Object::typed(component, &set)?;
    label(&mut object, &config.dns.owner, version_label(component));
    Some(object)
}

fn trial_name(controller: &Traits) -> String {
    format!("{}-trial", controller.workload)
}

fn daemon_set(controller: &Traits, config: &Config) -> DaemonSet {
    let (metadata, selector) = pods(controller.workload);
    // A surge would need ports 80 and 443 of the node twice.
    let rolling = RollingUpdateDaemonSet {
        max_surge: Some(IntOrString::Int(0)),
        max_unavailable: Some(IntOrString::Int(1)),
    };
    DaemonSet {
        metadata: named(controller.namespace, controller.workload),
        spec: Some(DaemonSetSpec {
            selector,
            update_strategy: Some(DaemonSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(rolling),
            }),
            template: PodTemplateSpec { metadata: Some(metadata), spec: Some(pod(controller, config)) },
            ..DaemonSetSpec::default()
        }),
        status: None,
    }
}

fn pod(controller: &Traits, config: &Config) -> PodSpec {
    let of_files = files(controller, config).map(|(files, _)| folder_of(files.name));
    PodSpec {
        service_account_name: Some(controller.account.to_owned()),
        node_selector: Some([("kubernetes.io/os".to_owned(), "linux".to_owned())].into()),
        tolerations: Some(tolerations()),
        priority_class_name: Some(PRIORITY.to_owned()),
        dns_config: Some(absolute_names()),
        termination_grace_period_seconds: Some(controller.pod.grace),
        security_context: Some(PodSecurityContext {
            seccomp_profile: seccomp(),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(controller, config)],
        volumes: some(scratch(controller).map(|_| empty_dir(SCRATCH)).into_iter().chain(of_files).collect()),
        ..PodSpec::default()
    }
}

fn container(controller: &Traits, config: &Config) -> Container {
    let pod = &controller.pod;
    let port = |((name, host), inside): ((&str, i32), u16)| ContainerPort {
        name: Some(name.to_owned()),
        container_port: inside.into(),
        host_port: Some(host),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    let fields = pod.fields.iter().map(|(name, path)| env_field(name, path));
    let variables = pod.variables.iter().map(|(name, value)| env(name, value));
    let (path, health) = pod.health;
    let of_files = files(controller, config).map(|(files, _)| VolumeMount {
        name: files.name.to_owned(),
        mount_path: files.path.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    });
    Container {
        name: controller.container.to_owned(),
        image: Some(pins().image(controller.image, &config.images)),
        args: Some((pod.arguments)(config, WILDCARD_SECRET)),
        env: Some(fields.chain(variables).collect()),
        ports: Some(HOST_PORTS.into_iter().zip(pod.ports).map(port).collect()),
        liveness_probe: Some(probe(path, health, 10, 5)),
        readiness_probe: Some(probe(path, health, 1, 3)),
        lifecycle: before_end(pod.before_end),
        resources: Some(requests(pod.requests.0, pod.requests.1)),
        volume_mounts: some(scratch(controller).into_iter().chain(of_files).collect()),
        security_context: Some(SecurityContext {
            run_as_user: Some(pod.user.0),
            run_as_group: Some(pod.user.1),
            run_as_non_root: Some(true),
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(!pod.writes_files),
            capabilities: Some(capabilities(pod.capabilities)),
            seccomp_profile: seccomp(),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

/// The files of its configuration, where it has any.
fn files<'t>(controller: &'t Traits, config: &Config) -> Option<(&'t Files, BTreeMap<String, String>)> {
    let files = controller.pod.files.as_ref()?;
    Some((files, (files.content)(config))).filter(|(_, content)| !content.is_empty())
}

fn some<T>(all: Vec<T>) -> Option<Vec<T>> {
    (!all.is_empty()).then_some(all)
}

fn scratch(controller: &Traits) -> Option<VolumeMount> {
    let path = Some(controller.pod.scratch).filter(|path| !path.is_empty())?;
    Some(VolumeMount { name: SCRATCH.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() })
}

fn before_end(command: &[&str]) -> Option<Lifecycle> {
    let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let exec = ExecAction { command: Some(words) };
    (!command.is_empty()).then(|| Lifecycle {
        pre_stop: Some(LifecycleHandler { exec: Some(exec), ..LifecycleHandler::default() }),
        ..Lifecycle::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_trial_is_the_same_pod_under_another_name_and_without_ports_of_the_node() {
        let text = "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n\
                    ingress: { controller: paper }\n";
        let config = crate::config::parse(text).unwrap();
        let object = trial(&config).unwrap();
        assert_eq!(object.key.to_string(), "DaemonSet paper-system/paper-trial");
        let real = objects(&config).into_iter().find(|object| object.key.kind.kind == "DaemonSet").unwrap();
        let pod = |object: &Object| object.body["spec"]["template"]["spec"].clone();
        let (mut shown, mut real) = (pod(&object), pod(&real));
        assert_eq!(shown["containers"][0]["args"], json!(["--leaf=wildcard-tls", "--rehearse"]));
        assert!(!shown.to_string().contains("hostPort"));
        for pod in [&mut shown, &mut real] {
            pod["containers"][0]["args"] = Value::Null;
            pod["containers"][0]["resources"] = Value::Null;
            for port in pod["containers"][0]["ports"].as_array_mut().unwrap() {
                port.as_object_mut().unwrap().remove("hostPort");
            }
        }
        assert_eq!(shown, real);
        // The doctor counts no pod of it as one of the controller's.
        let labels = object.body["spec"]["template"]["metadata"].clone();
        assert_eq!(labels["labels"]["app.kubernetes.io/name"], "paper-trial");
        assert_eq!(object.body["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"], "paper-trial");
    }

    /// A controller that has nothing of ingress-nginx: no ConfigMap, no status of its own, other ports in the pod.
    #[test]
    fn another_controller_needs_no_more_than_its_traits() {
        let text = "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n\
                    ingress: { controller: paper }\n";
        let objects = objects(&crate::config::parse(text).unwrap());
        let kinds: Vec<&str> = objects.iter().map(|object| object.key.kind.kind).collect();
        assert!(!kinds.contains(&"ConfigMap") && !kinds.contains(&"ValidatingAdmissionPolicy"), "{kinds:?}");
        let set = objects.iter().find(|object| object.key.kind.kind == "DaemonSet").unwrap();
        assert_eq!(set.key.to_string(), "DaemonSet paper-system/paper");
        let pod = &set.body["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(pod["args"], json!(["--leaf=wildcard-tls"]));
        assert_eq!(pod["securityContext"]["readOnlyRootFilesystem"], true);
        assert_eq!((&pod["lifecycle"], &pod["ports"][1]["hostPort"]), (&Value::Null, &json!(443)));
        assert_eq!(pod["ports"][1]["containerPort"], 8443);
        let all: String = objects.iter().map(|object| object.body.to_string()).collect();
        assert!(!all.contains("nginx"), "another controller's name got into the objects");
    }
}
