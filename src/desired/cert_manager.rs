//! cert-manager: upstream's own manifest, with homelab's arguments, images and labels laid over it.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::desired::object::{Component, Object};
use crate::desired::pod::{absolute_names, requests, tolerations};
use crate::facts::namespaces;
use crate::facts::pins::pins;

const COMPONENT: Component = Component::CertManager;
/// Where upstream's manifest installs it.
pub const NAMESPACE: &str = namespaces::CERT_MANAGER;
/// The Deployment whose webhook judges issuers and certificates.
pub const WEBHOOK: &str = "cert-manager-webhook";

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
    let parsed = documents.iter().filter_map(|d| Object::from_value(COMPONENT, d.clone()));
    parsed.map(|object| overlay(config, object)).collect()
}

fn overlay(config: &Config, mut object: Object) -> Object {
    match object.key.kind.kind {
        "Deployment" => deployment(config, &mut object),
        "Namespace" => {
            let labels = object.map_at(&["metadata", "labels"]);
            labels.insert("pod-security.kubernetes.io/enforce".to_owned(), "restricted".into());
        }
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => forget_ca_bundle(&mut object),
        _ => {}
    }
    object
}

fn deployment(config: &Config, object: &mut Object) {
    let images = pins();
    let nameservers = config.acme.recursive_nameservers.join(",");
    let (image, arguments) = match object.key.name.as_str() {
        "cert-manager" => {
            let solver = images.image("certManagerAcmesolver", &config.images);
            let arguments = vec![
                format!("--acme-http01-solver-image={solver}"),
                // Asked in place of the pod's resolver: a LAN that answers the zone itself could never show the challenge.
                format!("--dns01-recursive-nameservers={nameservers}"),
                "--dns01-recursive-nameservers-only=true".to_owned(),
                // After a failure it waits an hour, then twice as long each time, by itself for up to 32 hours.
                "--certificate-request-maximum-backoff-duration=4h".to_owned(),
            ];
            ("certManagerController", arguments)
        }
        "cert-manager-webhook" => ("certManagerWebhook", Vec::new()),
        "cert-manager-cainjector" => ("certManagerCainjector", Vec::new()),
        _ => return,
    };
    let pod = object.map_at(&["spec", "template", "spec"]);
    pod.insert("dnsConfig".to_owned(), json!(absolute_names()));
    pod.insert("tolerations".to_owned(), json!(tolerations()));
    let container = pod.get_mut("containers").and_then(|c| c.get_mut(0)).and_then(Value::as_object_mut);
    let Some(container) = container else { return };
    container.insert("image".to_owned(), images.image(image, &config.images).into());
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
