//! cert-manager: upstream's own manifest, with homelab's arguments, images and labels laid over it.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::desired::meta::VERSION;
use crate::desired::object::{Component, Object};
use crate::desired::pod::{absolute_names, requests, tolerations};
use crate::facts::namespaces;
use crate::facts::pins::pins;

const COMPONENT: Component = Component::CertManager;
/// Where upstream's manifest installs it.
pub const NAMESPACE: &str = namespaces::CERT_MANAGER;
/// The Deployment whose webhook judges issuers and certificates.
pub const WEBHOOK: &str = "cert-manager-webhook";

/// The Deployments of upstream's manifest, each with the name of its image in the pins.
pub const PROGRAMS: [(&str, &str); 3] = [
    ("cert-manager", "certManagerController"),
    (WEBHOOK, "certManagerWebhook"),
    ("cert-manager-cainjector", "certManagerCainjector"),
];
/// The Deployment that starts solvers of HTTP-01, and the name of their image in the pins.
pub const SOLVER: (&str, &str) = ("cert-manager", "certManagerAcmesolver");
/// The argument that names this image.
pub const SOLVER_FLAG: &str = "--acme-http01-solver-image";

/// The version of the pinned manifest.
pub fn pinned() -> Option<&'static str> {
    pins().upstream(COMPONENT.name()).map(|file| file.version.as_str())
}

/// The version that a manifest names: upstream's label on each object.
pub fn version(documents: &[Value]) -> Option<&str> {
    documents.iter().find_map(|document| document["metadata"]["labels"][VERSION].as_str())
}

/// The version of a manifest that is not the pinned one, as `certManager.manifest` may name it.
pub(super) fn other_version(documents: &[Value]) -> Option<&str> {
    version(documents).filter(|version| Some(*version) != pinned())
}

/// Parses upstream's manifest.
///
/// # Errors
/// When it is not YAML, or has an object of a kind that homelab does not know.
pub fn parse(manifest: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> =
        serde_yaml::from_multiple(manifest).map_err(|e| e.without_snippet().to_string())?;
    let documents: Vec<Value> = documents.into_iter().filter(|d| !d.is_null()).collect();
    let unknown = documents.iter().find(|d| Object::from_value(COMPONENT, (*d).clone()).is_none());
    match unknown {
        Some(document) => Err(format!("it has an object of unknown kind `{}`", document["kind"])),
        None => Ok(documents),
    }
}

/// Upstream's objects with homelab's changes.
pub(super) fn objects(config: &Config, documents: &[Value]) -> Vec<Object> {
    let is_other = other_version(documents).is_some();
    let parsed = documents.iter().filter_map(|d| Object::from_value(COMPONENT, d.clone()));
    parsed.map(|object| overlay(config, is_other, object)).collect()
}

fn overlay(config: &Config, is_other: bool, mut object: Object) -> Object {
    match object.key.kind.kind {
        "Deployment" => deployment(config, is_other, &mut object),
        "Namespace" => {
            let labels = object.map_at(&["metadata", "labels"]);
            labels.insert("pod-security.kubernetes.io/enforce".to_owned(), "restricted".into());
        }
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => forget_ca_bundle(&mut object),
        _ => {}
    }
    object
}

/// A manifest of another version than the pinned one keeps its own images: pinned ones would be of the wrong version.
fn deployment(config: &Config, is_other: bool, object: &mut Object) {
    let named = |name: &str| {
        let is_named = !is_other || config.images.contains_key(name);
        is_named.then(|| pins().image(name, &config.images))
    };
    let nameservers = config.acme.recursive_nameservers.join(",");
    let Some((name, image)) = PROGRAMS.iter().find(|(name, _)| *name == object.key.name) else { return };
    let mut arguments = Vec::new();
    if *name == SOLVER.0 {
        arguments.extend(named(SOLVER.1).map(|solver| format!("{SOLVER_FLAG}={solver}")));
        arguments.extend([
            // Asked in place of the pod's resolver: a LAN that answers the zone itself could never show the challenge.
            format!("--dns01-recursive-nameservers={nameservers}"),
            "--dns01-recursive-nameservers-only=true".to_owned(),
            // After a failure it waits an hour, then twice as long each time, by itself for up to 32 hours.
            "--certificate-request-maximum-backoff-duration=4h".to_owned(),
        ]);
    }
    if *name == SOLVER.0
        && let Some(zone) = &config.dns.challenge_zone
    {
        // It keeps the zone of a name in mind for as long as the zone's SOA says (pkg/issuer/acme/dns/util/wait.go, 1.21), and
        // would write into the one of before: with another zone, it begins anew.
        let annotations = object.map_at(&["spec", "template", "metadata", "annotations"]);
        annotations.insert("homelab/challenge-zone".to_owned(), zone.as_str().into());
    }
    let pod = object.map_at(&["spec", "template", "spec"]);
    pod.insert("dnsConfig".to_owned(), json!(absolute_names()));
    pod.insert("tolerations".to_owned(), json!(tolerations()));
    let container = pod.get_mut("containers").and_then(|c| c.get_mut(0)).and_then(Value::as_object_mut);
    let Some(container) = container else { return };
    if let Some(image) = named(image) {
        container.insert("image".to_owned(), image.into());
    }
    container.insert("resources".to_owned(), json!(requests("10m", "32Mi")));
    set_arguments(container, arguments);
}

/// Replaces arguments of the same flag and appends the others.
fn set_arguments(container: &mut Map<String, Value>, arguments: Vec<String>) {
    let mut all: Vec<String> = match container.get("args").and_then(Value::as_array) {
        Some(given) => given.iter().filter_map(|a| a.as_str().map(str::to_owned)).collect(),
        None => Vec::new(),
    };
    for argument in arguments {
        let flag = argument.split('=').next().unwrap_or_default().to_owned();
        all.retain(|a| a.split('=').next() != Some(flag.as_str()));
        all.push(argument);
    }
    container.insert("args".to_owned(), all.into());
}

/// The cainjector owns `caBundle`; whoever applies it empty breaks every call of the webhook.
fn forget_ca_bundle(object: &mut Object) {
    let Some(webhooks) = object.body.get_mut("webhooks").and_then(Value::as_array_mut) else {
        return;
    };
    for webhook in webhooks {
        if let Some(client) = webhook.get_mut("clientConfig").and_then(Value::as_object_mut) {
            client.remove("caBundle");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_of_the_same_flag_is_replaced_and_the_others_stay() {
        let mut container = Map::new();
        container.insert("args".to_owned(), json!(["--v=2", "--acme-http01-solver-image=old"]));
        set_arguments(&mut container, vec!["--acme-http01-solver-image=new".to_owned(), "--more".to_owned()]);
        assert_eq!(container["args"], json!(["--v=2", "--acme-http01-solver-image=new", "--more"]));
    }

    fn controller(version: &str, more: &str) -> Value {
        controller_with(version, "{ provider: cloudflare }", more)
    }

    fn controller_with(version: &str, dns: &str, more: &str) -> Value {
        let text = format!("domain: home.example.com\nemail: ada@lovelace.dev\ndns: {dns}\n{more}");
        let config = crate::config::parse(&text).unwrap();
        let document = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "cert-manager", "namespace": NAMESPACE, "labels": { VERSION: version } },
            "spec": { "template": { "spec": { "containers": [{
                "image": "quay.io/jetstack/cert-manager-controller:v1.2.3",
                "args": ["--v=2", "--acme-http01-solver-image=quay.io/jetstack/cert-manager-acmesolver:v1.2.3"],
            }] } } },
        });
        let inputs = crate::desired::Inputs { cert_manager: Some(&[document]), ..Default::default() };
        let mut objects = crate::desired::bundle(&config, &inputs).objects.into_iter();
        objects.find(|object| object.component == COMPONENT).unwrap().body
    }

    #[test]
    fn a_manifest_of_another_version_keeps_its_images_and_says_its_version() {
        let of = |object: &Value| {
            let container = &object["spec"]["template"]["spec"]["containers"][0];
            let solver = container["args"].as_array().unwrap().iter().filter_map(Value::as_str);
            let solver = solver.filter_map(|argument| argument.strip_prefix(SOLVER_FLAG)).collect::<String>();
            let version = object["metadata"]["labels"][VERSION].as_str().unwrap().to_owned();
            (version, container["image"].as_str().unwrap().to_owned(), solver)
        };
        let (version, image, solver) = of(&controller("v1.2.3", ""));
        assert_eq!(
            (version.as_str(), image.as_str()),
            ("v1.2.3", "quay.io/jetstack/cert-manager-controller:v1.2.3")
        );
        assert_eq!(solver, "=quay.io/jetstack/cert-manager-acmesolver:v1.2.3");
        let (_, image, solver) =
            of(&controller("v1.2.3", "images: { certManagerController: 'registry.lan/c:1' }"));
        assert_eq!((image.as_str(), solver.ends_with(":v1.2.3")), ("registry.lan/c:1", true));
        let (version, image, solver) = of(&controller(pinned().unwrap(), ""));
        assert_eq!(Some(version.as_str()), pinned());
        assert!(image.contains("@sha256:") && solver.contains("@sha256:"), "{image} {solver}");
    }

    #[test]
    fn with_another_zone_of_the_challenges_it_starts_anew() {
        let of = |more: &str| {
            let dns = format!("{{ provider: cloudflare{more} }}");
            let pod = controller_with("v1.2.3", &dns, "");
            pod["spec"]["template"]["metadata"]["annotations"]["homelab/challenge-zone"].clone()
        };
        assert_eq!(of(""), Value::Null);
        assert_eq!(of(", challengeZone: acme.example.org"), "acme.example.org");
        assert_eq!(of(", challengeZone: lab.example.org, challengeServer: 203.0.113.7"), "lab.example.org");
    }

    #[test]
    fn a_ca_bundle_is_never_owned() {
        let body = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": { "name": "w" }, "webhooks": [{ "clientConfig": { "caBundle": "Cg==", "service": {} } }],
        });
        let mut object = Object::from_value(COMPONENT, body).unwrap();
        forget_ca_bundle(&mut object);
        assert_eq!(object.body["webhooks"][0]["clientConfig"], json!({ "service": {} }));
    }
}
