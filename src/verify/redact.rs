//! Evidence that may be shown to strangers: what a judge reads stays, what could be a secret of somebody goes.
//!
//! Evidence holds no token of homelab's. But it has objects and logs of the whole cluster, and those of other programs hold
//! what their owners put there.

use serde_json::{Map, Value, json};

use super::evidence::{Evidence, at};

/// What stands in place of what was taken out.
const GONE: &str = "***";
/// As much of a page as tells who answered.
const BODY: usize = 200;
/// Where homelab's own and the cluster's programs run: their arguments tell what is wrong, others' may hold passwords.
const OURS: [&str; 4] = ["kube-system", "ingress-nginx", "cert-manager", "external-dns"];
/// Keys whose texts are nobody else's business, wherever they stand.
const KEYS: [&str; 9] = [
    "email",
    "lastRegisteredEmail",
    "token",
    "password",
    "passwd",
    "apiKey",
    "valuesContent",
    "stringData",
    "set",
];
/// Copies of whole objects, of no use beside the objects.
const COPIES: [&str; 2] = ["managedFields", "kubectl.kubernetes.io/last-applied-configuration"];

/// The evidence as JSON, without what could be a secret. `secrets` are texts that must not be in it, wherever they stand.
#[must_use]
pub fn redacted(evidence: &Evidence, secrets: &[&str]) -> Value {
    let mut json = json!(evidence);
    if let Some(lists) = json.pointer_mut("/cluster/objects").and_then(Value::as_object_mut) {
        for (resource, list) in lists.iter_mut() {
            for object in list.pointer_mut("/items").and_then(Value::as_array_mut).into_iter().flatten() {
                of_others(resource, object);
            }
        }
    }
    for record in json.pointer_mut("/provider/Ok/records").and_then(Value::as_array_mut).into_iter().flatten()
    {
        let known = at(record, "/content").contains("heritage=external-dns");
        if at(record, "/kind") == "TXT" && !known {
            record["content"] = json!(GONE);
        }
    }
    scrub(&mut json, secrets);
    json
}

/// Any document without what could be a secret, by its keys and by what its texts look like.
#[must_use]
pub fn scrubbed(mut json: Value, secrets: &[&str]) -> Value {
    scrub(&mut json, secrets);
    json
}

/// What is in an object that its owner may have written a secret into.
fn of_others(resource: &str, object: &mut Value) {
    if resource == "secrets" || at(object, "/kind") == "Secret" {
        for key in ["data", "stringData"] {
            if let Some(entries) = object.get_mut(key).and_then(Value::as_object_mut) {
                entries.values_mut().for_each(|value| *value = json!(GONE));
            }
        }
    }
    let ours = OURS.contains(&at(object, "/metadata/namespace"));
    for pod in ["/spec", "/spec/template/spec"] {
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            let containers = object.pointer_mut(&format!("{pod}/{list}")).and_then(Value::as_array_mut);
            containers.into_iter().flatten().for_each(|container| of_container(container, ours));
        }
    }
}

/// The values of variables go, their names stay; so do arguments, unless the program is known.
fn of_container(container: &mut Value, ours: bool) {
    for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(value) = variable.get_mut("value") {
            *value = json!(GONE);
        }
    }
    for key in ["command", "args"] {
        for argument in container.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            if !ours {
                *argument = json!(GONE);
            }
        }
    }
    for action in ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
        if !ours && let Some(container) = container.as_object_mut() {
            container.remove(action);
        }
    }
}

/// Goes through everything: keys that name secrets, e-mail addresses, long pages, and the texts that must not be there.
fn scrub(json: &mut Value, secrets: &[&str]) {
    match json {
        Value::Object(entries) => scrub_entries(entries, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| scrub(item, secrets)),
        Value::String(text) => *text = of_text(text, secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn scrub_entries(entries: &mut Map<String, Value>, secrets: &[&str]) {
    for key in COPIES {
        entries.remove(key);
    }
    let page = entries.contains_key("status") && entries.contains_key("content_type");
    let taken = std::mem::take(entries);
    entries.extend(taken.into_iter().map(|(key, mut value)| {
        match &mut value {
            Value::String(text) if KEYS.contains(&key.as_str()) && !text.is_empty() => {
                *text = GONE.to_owned();
            }
            Value::Object(_) if KEYS.contains(&key.as_str()) && key != "token" => value = json!(GONE),
            Value::String(text) if page && key == "body" => {
                *text = of_text(&text.chars().take(BODY).collect::<String>(), secrets);
            }
            other => scrub(other, secrets),
        }
        (of_text(&key, secrets), value)
    }));
}

/// A text without the secrets, without e-mail addresses, and without what a log line says is a credential.
fn of_text(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, GONE);
    }
    let mut after_bearer = false;
    let words = text.split_inclusive(|c: char| c.is_whitespace() || "\"'<>(),;".contains(c)).map(|piece| {
        let end = piece.trim_end_matches(|c: char| c.is_whitespace() || "\"'<>(),;".contains(c)).len();
        let (word, rest) = piece.split_at(end);
        let kept = if after_bearer && !word.is_empty() { GONE.to_owned() } else { of_word(word) };
        after_bearer = word.eq_ignore_ascii_case("bearer") || (after_bearer && word.is_empty());
        kept + rest
    });
    words.collect()
}

/// `a@b.c` is an e-mail address, `password=x` a credential; `image@sha256:…` and `key=value` of other keys are neither.
fn of_word(word: &str) -> String {
    if let Some((name, value)) = word.split_once('=') {
        let name_of_secret = |part: &str| name.to_ascii_lowercase().ends_with(part);
        if !value.is_empty()
            && ["token", "password", "passwd", "secret", "api-key", "apikey"]
                .iter()
                .any(|p| name_of_secret(p))
        {
            return format!("{name}={GONE}");
        }
    }
    let domain = |text: &str| {
        text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
    };
    match word.trim_start_matches("mailto:").split_once('@') {
        Some((user, rest)) if !user.is_empty() && !user.contains(['/', ':']) && domain(rest) => {
            GONE.to_owned()
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{ClusterSeen, Listing, Objects};

    const TOKEN: &str = "planted-token-0123456789-abcdefghijklmnopqrs";

    fn whole(resource: &str, object: Value) -> String {
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        let objects = Objects([(resource.to_owned(), Listing::Items(vec![object]))].into());
        let mut cluster = ClusterSeen { objects, ..ClusterSeen::default() };
        cluster.logs.insert("a/b/c".to_owned(), format!("401 for Bearer {TOKEN} of ada@lovelace.dev"));
        evidence.cluster = Some(cluster);
        redacted(&evidence, &[TOKEN]).to_string()
    }

    #[test]
    fn a_planted_token_is_gone_from_every_place() {
        let pod = json!({
            "metadata": { "namespace": "photos", "annotations": { TOKEN: TOKEN } },
            "spec": { "containers": [{ "env": [{ "name": "X", "value": TOKEN }], "args": ["--token", TOKEN] }] },
        });
        let text = whole("pods", pod);
        assert!(!text.contains(TOKEN) && !text.contains("lovelace"), "{text}");
        assert!(text.contains("\"name\":\"X\"") && text.contains("photos"), "{text}");
    }

    #[test]
    fn secrets_of_others_go_and_what_helps_stays() {
        let pod = |namespace: &str| {
            json!({ "metadata": { "namespace": namespace }, "spec": { "containers": [{ "args": ["--flag=kept"],
                "image": "a/b@sha256:0123", "env": [{ "name": "DB", "value": "hunter2" }] }] } })
        };
        let text = whole("pods", pod("photos"));
        assert!(
            !text.contains("kept") && !text.contains("hunter2") && text.contains("a/b@sha256:0123"),
            "{text}"
        );
        assert!(whole("pods", pod("ingress-nginx")).contains("--flag=kept"));
        let text = whole("secrets", json!({ "kind": "Secret", "data": { "a": "aHVudGVyMg==" } }));
        assert!(!text.contains("aHVudGVyMg"), "{text}");
        let chart = json!({ "spec": { "valuesContent": "password: x1", "set": { "a": "x2" } } });
        let text = whole("helmcharts.helm.cattle.io", chart);
        assert!(!text.contains("x1") && !text.contains("x2"), "{text}");
    }

    #[test]
    fn a_line_of_a_log_loses_its_credentials_only() {
        let line = "level=error zone=example.com token=abc12345 msg=\"mailto:a@b.org failed\" Authorization: Bearer xyz";
        let wanted = "level=error zone=example.com token=*** msg=\"*** failed\" Authorization: Bearer ***";
        assert_eq!(of_text(line, &[]), wanted);
    }
}
