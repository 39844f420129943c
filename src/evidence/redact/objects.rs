//! Objects and logs of the cluster without what their owners may have put there.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::evidence::redact::kept::Kept;
use crate::evidence::{ClusterSeen, Listing, Objects, View};
use crate::facts::controllers::{Controller, ControllerFacts};
use crate::facts::namespaces::is_of_component;
use crate::outside::{self, GONE, named};

/// Annotations whose values judges read, by their beginnings: none of them can hold a secret of its own. Those of ingress
/// controllers: [`Controller::facts`].
const ANNOTATIONS: [&str; 12] = [
    "kubernetes.io/ingress.class",
    "kubernetes.io/tls-acme",
    "ingressclass.kubernetes.io/",
    "storageclass.kubernetes.io/",
    "deployment.kubernetes.io/",
    "cert-manager.io/",
    "k3s.io/internal-ip",
    "k3s.io/external-ip",
    "flannel.alpha.coreos.com/",
    "external-dns.alpha.kubernetes.io/",
    "external-dns.kubernetes.io/",
    "homelab/",
];
/// The command line of k3s, which hides its own secrets; hidden here again.
const NODE_ARGS: &str = "k3s.io/node-args";
/// Its variables, in the same way.
const NODE_ENV: &str = "k3s.io/node-env";
/// As much of what a program said about itself as tells what is wrong.
const MESSAGE: usize = 600;
/// A shorter word can be a part of any other.
const NAMED: usize = 4;
/// A longer value of the controller's settings is no switch and no number.
const SETTING: usize = 80;

/// The cluster with what is kept of its objects, and its logs without what looks like a secret.
pub(crate) fn allowed(cluster: &ClusterSeen) -> ClusterSeen {
    let lists = cluster.objects.0.iter().map(|(resource, listing)| {
        let listing = match listing {
            Listing::Items(items) => {
                let kept = Kept::of(resource);
                Listing::Items(items.iter().map(|object| of(resource, &kept, object)).collect())
            }
            other => other.clone(),
        };
        (resource.clone(), listing)
    });
    let objects = Objects(lists.collect());
    let logs =
        cluster.logs.iter().map(|(place, text)| (place.clone(), log(text))).collect::<BTreeMap<_, _>>();
    ClusterSeen { objects, logs, ..cluster.clone() }
}

/// A log line by line: a line that is longer than a message is cut. A private key has several lines, so secrets go first.
fn log(text: &str) -> String {
    let text = outside::hide(&outside::clean(text));
    text.lines().map(|line| outside::lines_up_to(line, MESSAGE) + "\n").collect()
}

fn of(resource: &str, kept: &Kept, object: &Value) -> Value {
    let mut object = kept.pick(object);
    // The arguments of the lab's own programs tell what is wrong, those of others may hold passwords.
    let ours = is_of_component(object.namespace());
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.iter_mut().for_each(|(name, value)| *value = annotation(name, value));
    }
    for entry in
        object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if let Some(fields) = entry.get_mut("fieldsV1") {
            *fields = skeleton(fields);
        }
    }
    for place in ["/spec/containers", "/spec/template/spec/containers"] {
        for container in object.pointer_mut(place).and_then(Value::as_array_mut).into_iter().flatten() {
            program(container, ours);
        }
    }
    for place in ["/status/containerStatuses", "/status/initContainerStatuses"] {
        for status in object.pointer_mut(place).and_then(Value::as_array_mut).into_iter().flatten() {
            last_words(status, ours);
        }
    }
    if resource.starts_with("configmaps") {
        let name = object.full_name();
        settings(&mut object, &name);
    }
    texts(&mut object);
    object
}

/// The value of an annotation, if it is one of those that are known to be harmless.
pub(super) fn annotation(name: &str, value: &Value) -> Value {
    let text = value.as_str().unwrap_or_default();
    if name == NODE_ARGS {
        let mut words: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
        arguments(&mut words);
        return json!(json!(words).to_string());
    }
    if name == NODE_ENV {
        let mut variables: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        for (name, value) in &mut variables {
            let shown = outside::lines_up_to(value.as_str().unwrap_or_default(), MESSAGE);
            *value = if named::is_secret(name) { json!(GONE) } else { json!(shown) };
        }
        return json!(json!(variables).to_string());
    }
    let switch = ["true", "false"].contains(&text) || text.parse::<i64>().is_ok();
    let of_controller = controllers()
        .any(|facts| name.strip_prefix(facts.annotations).is_some_and(|name| facts.harmless.contains(&name)));
    let known = switch || of_controller || ANNOTATIONS.iter().any(|known| name.starts_with(known));
    if known { json!(outside::lines_up_to(text, MESSAGE)) } else { json!(GONE) }
}

/// What is known of each ingress controller that homelab installs.
fn controllers() -> impl Iterator<Item = &'static ControllerFacts> {
    Controller::ALL.iter().map(|controller| controller.facts())
}

/// Which parts of the specification a manager owns, by the names of fields that the API itself has: no keys of lists, no
/// values of sets, no names that people chose.
fn skeleton(fields: &Value) -> Value {
    let names = |value: &Value| -> Vec<String> {
        let all = value.as_object().into_iter().flatten().map(|(name, _)| name.clone());
        all.filter(|name| name.starts_with("f:")).collect()
    };
    let spec = &fields["f:spec"];
    if !spec.is_object() {
        return json!({});
    }
    let mut kept = Map::new();
    for name in names(spec) {
        let below = match name.as_str() {
            "f:template" => names(&spec[&name]).into_iter().map(|name| (name, json!({}))).collect(),
            _ => Map::new(),
        };
        kept.insert(name, Value::Object(below));
    }
    json!({ "f:spec": kept })
}

/// The command line of the lab's own programs stays, without what follows a flag for a secret.
fn program(container: &mut Value, ours: bool) {
    for key in ["command", "args"] {
        match container.get_mut(key).and_then(Value::as_array_mut) {
            Some(words) if ours => arguments(words),
            Some(_) => container[key] = json!([GONE]),
            None => {}
        }
    }
}

fn arguments(words: &mut [Value]) {
    let mut secret = false;
    for word in words {
        let text = word.as_str().unwrap_or_default().to_owned();
        let hidden = secret && !text.starts_with("--");
        secret = text.starts_with('-') && !text.contains('=') && named::is_secret(&text);
        *word = if hidden { json!(GONE) } else { json!(outside::lines_up_to(&text, MESSAGE)) };
    }
}

/// What a program wrote before it ended can be anything.
fn last_words(status: &mut Value, ours: bool) {
    for place in ["/state/terminated", "/lastState/terminated"] {
        if let Some(end) = status.pointer_mut(place).and_then(Value::as_object_mut)
            && !ours
        {
            end.remove("message");
        }
    }
    if let Some(message) = status.pointer_mut("/state/waiting/message")
        && !ours
    {
        *message = json!(unnamed(message.as_str().unwrap_or_default()));
    }
}

/// The runtime's message without the program that it could not start: a whole command line can stand in its place.
fn unnamed(message: &str) -> String {
    let mut message = message.to_owned();
    let words: Vec<String> = message.split("exec: \"").skip(1).map(quotation).map(str::to_owned).collect();
    for word in words.iter().filter(|word| !word.is_empty()) {
        message = message.replace(&format!("\"{word}\""), &format!("\"{GONE}\""));
        // It is named again as what was looked for.
        message = if word.len() < NAMED { message } else { message.replace(word.as_str(), GONE) };
    }
    message
}

/// Up to the quote that closes it, which is not escaped.
fn quotation(text: &str) -> &str {
    let mut escaped = false;
    let end = text.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    &text[..end.unwrap_or(text.len())]
}

/// Of ConfigMaps, the names of their keys stay; the values of the cluster's DNS, and of the controller what is a switch, a
/// number or a word.
fn settings(object: &mut Value, name: &str) {
    let dns = ["kube-system/coredns", "kube-system/coredns-custom"].contains(&name);
    let of_controller =
        |facts: &ControllerFacts| name.split_once('/') == facts.settings.map(|name| (facts.namespace, name));
    let controller = controllers().any(of_controller);
    // Two switches alone are kept of it at all.
    let cilium = name == "kube-system/cilium-config";
    for (key, value) in object.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let switch = (controller || cilium)
            && text.len() <= SETTING
            && !key.ends_with("-snippet")
            && !named::is_secret(key);
        *value = match dns {
            true => json!(outside::lines(&corefile(text))),
            false if switch => json!(outside::lines(text)),
            false => json!(GONE),
        };
    }
}

/// A Corefile without what follows a directive for a secret (`credentials`, `aws_access_key`).
fn corefile(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let start = line.len() - line.trim_start().len();
        let end = line[start..].find(char::is_whitespace).map_or(line.len(), |end| start + end);
        let rest = line[end..].trim();
        match named::is_secret(&line[start..end]) && !rest.is_empty() && rest != "{" {
            true => line[..end].to_owned() + " " + GONE + if line.ends_with('\n') { "\n" } else { "" },
            false => line.to_owned(),
        }
    });
    lines.collect()
}

/// Every text that is left, without what looks like a secret; long ones are cut.
fn texts(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(texts),
        Value::Array(items) => items.iter_mut().for_each(texts),
        Value::String(text) => *text = outside::lines_up_to(text, 4 * MESSAGE),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
