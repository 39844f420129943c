//! What a change would change, field by field. Pure.

use serde_json::Value;

use crate::desired::kind;
use crate::plan::compare::{is_subset, names};
use crate::plan::ownership::is_ours;
use crate::plan::{Change, HASH};

/// What the server fills in, or what names the object.
const UNTOLD: [&str; 4] = ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"];

/// One field that is not as the configuration says.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where it is, as `spec.containers[controller].image`.
    pub path: String,
    /// What is there; `None` when there is nothing.
    pub before: Option<Value>,
    /// What will be there; `None` when it goes.
    pub after: Option<Value>,
}

impl Change {
    /// What differs between what lives and what is written, in the order of the fields. Of a new object that is everything,
    /// of a definition nothing: of it only the metadata is known. What a Secret holds is not told, only which key.
    pub fn differences(&self, live: Option<&Value>) -> Vec<Difference> {
        if *self.object.key.kind == kind::CRD {
            return Vec::new();
        }
        let nothing = Value::Null;
        let live = live.unwrap_or(&nothing);
        let mut found = Vec::new();
        compare(&self.object.body, live, &mut Path::default(), &mut found);
        let mut gone = Vec::new();
        find_removed(&self.object.body, live, &mut gone);
        gone.retain(|one: &Difference| !found.iter().any(|told| one.is_below(told)));
        found.extend(gone);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        if self.object.is_secret() {
            found.iter_mut().for_each(hide);
        }
        found
    }
}

impl Difference {
    /// Whether it is a part of what `other` tells as a whole.
    fn is_below(&self, other: &Self) -> bool {
        self.path.strip_prefix(&other.path).is_some_and(|rest| rest.starts_with(['.', '[']))
    }
}

/// What stands in place of what a Secret holds.
const HIDDEN: &str = "(hidden)";

fn hide(difference: &mut Difference) {
    if difference.path.starts_with("data") || difference.path.starts_with("stringData") {
        for value in [&mut difference.before, &mut difference.after] {
            *value = value.take().map(|_| HIDDEN.into());
        }
    }
}

/// The way to a field.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn within(&mut self, step: String, look: impl FnOnce(&mut Self)) {
        self.0.push(step);
        look(self);
        self.0.pop();
    }

    fn shown(&self) -> String {
        self.0.concat().trim_start_matches('.').to_owned()
    }

    fn is_told(&self) -> bool {
        let pointer = self.0.concat().replace('.', "/");
        !UNTOLD.contains(&pointer.as_str()) && self.0.last().is_none_or(|step| *step != key(HASH))
    }
}

/// A step to a field of a mapping: names with dots or slashes stand in brackets.
fn key(name: &str) -> String {
    if name.contains(['.', '/']) { format!("[{name}]") } else { format!(".{name}") }
}

fn compare(wanted: &Value, live: &Value, path: &mut Path, found: &mut Vec<Difference>) {
    if is_subset(wanted, live) {
        return;
    }
    match (wanted, live) {
        (Value::Object(fields), Value::Object(_) | Value::Null) => {
            for (name, value) in fields {
                let below = live.get(name).unwrap_or(&Value::Null);
                path.within(key(name), |path| compare(value, below, path, found));
            }
        }
        (Value::Array(items), Value::Array(_) | Value::Null) if names(items).is_some() => {
            for item in items {
                let there = live.as_array().into_iter().flatten().find(|one| one["name"] == item["name"]);
                let name = item["name"].as_str().unwrap_or_default();
                path.within(format!("[{name}]"), |path| {
                    compare(item, there.unwrap_or(&Value::Null), path, found);
                });
            }
        }
        (Value::Array(items), Value::Array(there)) if items.len() == there.len() => {
            for (at, (item, there)) in items.iter().zip(there).enumerate() {
                path.within(format!("[{at}]"), |path| compare(item, there, path, found));
            }
        }
        _ if path.is_told() => {
            let before = (!live.is_null()).then(|| live.clone());
            found.push(Difference { path: path.shown(), before, after: Some(wanted.clone()) });
        }
        _ => {}
    }
}

/// What homelab applied and no longer wants, which the server removes (Kubernetes docs, "Server-Side Apply", field management;
/// format `FieldsV1`). What another manager has as well stays.
fn find_removed(wanted: &Value, live: &Value, found: &mut Vec<Difference>) {
    let entries = live["metadata"]["managedFields"].as_array().map_or(&[][..], Vec::as_slice);
    let (ours, others): (Vec<&Value>, Vec<&Value>) = entries.iter().partition(|entry| is_ours(entry));
    let others: Vec<&Value> = others.iter().map(|entry| &entry["fieldsV1"]).collect();
    for entry in ours {
        removed(&entry["fieldsV1"], &others, (wanted, live), &mut Path::default(), found);
    }
}

fn removed(
    fields: &Value,
    others: &[&Value],
    (wanted, live): (&Value, &Value),
    path: &mut Path,
    found: &mut Vec<Difference>,
) {
    for (step, below) in fields.as_object().into_iter().flatten() {
        let Some((name, then, there)) = follow(step, wanted, live) else { continue };
        let others: Vec<&Value> = others.iter().filter_map(|fields| fields.get(step)).collect();
        path.within(name, |path| match (then, there) {
            (_, Value::Null) => {}
            (Value::Null, there) if others.is_empty() => {
                if path.is_told() {
                    found.push(Difference { path: path.shown(), before: Some(there.clone()), after: None });
                }
            }
            _ => removed(below, &others, (then, there), path, found),
        });
    }
}

/// A step of `FieldsV1`, `f:` and the name of a field or `k:` and the keys of an element of a list: its name, what is wanted
/// there, and what is there.
fn follow<'v>(step: &str, wanted: &'v Value, live: &'v Value) -> Option<(String, &'v Value, &'v Value)> {
    const NOTHING: &Value = &Value::Null;
    if let Some(name) = step.strip_prefix("f:") {
        return Some((key(name), wanted.get(name).unwrap_or(NOTHING), live.get(name).unwrap_or(NOTHING)));
    }
    let keys: Value = serde_json::from_str(step.strip_prefix("k:")?).ok()?;
    // A key that the server filled in is missing in what is wanted.
    let has_keys = |one: &&Value| {
        keys.as_object()
            .is_some_and(|keys| keys.iter().all(|(key, value)| one.get(key).is_none_or(|own| own == value)))
    };
    let entry_in = |list: &'v Value| list.as_array().and_then(|list| list.iter().find(has_keys));
    let there = entry_in(live).unwrap_or(NOTHING);
    let name = keys["name"].as_str().map_or_else(|| keys.to_string(), str::to_owned);
    let step = |then| (format!("[{name}]"), then, there);
    // A port's number is its key: one that gets another number has been compared, and told, as the one that it was.
    let by_keys = entry_in(wanted).map(step);
    Some(by_keys.or_else(|| counterpart(wanted, live, there)).unwrap_or_else(|| step(NOTHING)))
}

/// The element of `wanted` with which [`compare`] compares `there`, an element of `live`, and the step to it.
fn counterpart<'v>(
    wanted: &'v Value,
    live: &'v Value,
    there: &'v Value,
) -> Option<(String, &'v Value, &'v Value)> {
    let (wanted, live) = (wanted.as_array()?, live.as_array()?);
    if names(wanted).is_some() {
        let name = there["name"].as_str()?;
        let then = wanted.iter().find(|one| one["name"] == name)?;
        return Some((format!("[{name}]"), then, there));
    }
    let at = live.iter().position(|one| std::ptr::eq(one, there))?;
    let then = wanted.get(at).filter(|_| wanted.len() == live.len())?;
    Some((format!("[{at}]"), then, there))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::object::{Component, Object};

    fn change(body: Value) -> Change {
        let object = Object::from_value(Component::Services, body).unwrap();
        Change { object, new: false, adopts: None }
    }

    fn told(wanted: Value, live: &Value) -> Vec<String> {
        let show = |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let told = change(wanted).differences(Some(live)).into_iter();
        told.map(|one| format!("{}: {} > {}", one.path, show(one.before), show(one.after))).collect()
    }

    fn deployment(spec: Value) -> Value {
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "namespace": "homelab", "name": "a" }, "spec": spec })
    }

    #[test]
    fn a_changed_field_is_told_with_its_place_and_both_values() {
        let with_image = |image: &str| {
            deployment(
                json!({ "template": { "spec": { "containers": [{ "name": "main", "image": image }] } } }),
            )
        };
        assert_eq!(
            told(with_image("b:2"), &with_image("b:1")),
            [r#"spec.template.spec.containers[main].image: "b:1" > "b:2""#]
        );
        assert_eq!(told(with_image("b:2"), &with_image("b:2")), [""; 0]);
    }

    #[test]
    fn what_homelab_applied_and_no_longer_wants_is_told_as_going_unless_others_have_it_too() {
        let fields = |names: &[&str]| {
            let fields: serde_json::Map<String, Value> =
                names.iter().map(|name| (format!("f:{name}"), json!({}))).collect();
            json!({ "f:metadata": { "f:annotations": fields } })
        };
        let mut live = deployment(json!({}));
        live["metadata"]["annotations"] = json!({ "x.io/a": "1", "x.io/b": "2", "x.io/c": "3" });
        live["metadata"]["managedFields"] = json!([
            { "manager": "homelab", "operation": "Apply", "fieldsV1": fields(&["x.io/a", "x.io/b"]) },
            { "manager": "kubectl", "operation": "Update", "fieldsV1": fields(&["x.io/b", "x.io/c"]) },
        ]);
        let mut wanted = deployment(json!({}));
        wanted["metadata"]["annotations"] = json!({});
        assert_eq!(told(wanted, &live), [r#"metadata.annotations[x.io/a]: "1" > -"#]);
    }

    #[test]
    fn a_port_that_goes_is_told_and_one_whose_protocol_the_server_filled_in_is_not() {
        let port = |number: u16| json!({ "port": number, "protocol": "TCP" });
        let mut live = deployment(json!({ "ports": [port(80), port(443)] }));
        live["metadata"]["managedFields"] = json!([{ "manager": "homelab", "operation": "Apply", "fieldsV1": { "f:spec": { "f:ports": {
            r#"k:{"port":443,"protocol":"TCP"}"#: { ".": {}, "f:port": {} }, r#"k:{"port":80,"protocol":"TCP"}"#: { ".": {}, "f:port": {} },
        } } } }]);
        let wanted = deployment(json!({ "ports": [{ "port": 80, "name": "http" }] }));
        let told = told(wanted, &live);
        assert!(told.iter().any(|line| line.starts_with(r#"spec.ports[{"port":443"#)), "{told:?}");
        assert!(!told.iter().any(|line| line.starts_with(r#"spec.ports[{"port":80"#)), "{told:?}");
    }

    #[test]
    fn a_port_that_gets_another_number_is_told_once_and_what_goes_with_it_too() {
        let service = |ports: Value| {
            let metadata = json!({ "namespace": "homelab", "name": "nas" });
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": { "ports": ports } })
        };
        let owned = json!({ "f:spec": { "f:ports": { r#"k:{"port":5000,"protocol":"TCP"}"#: {
            ".": {}, "f:appProtocol": {}, "f:name": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {},
        } } } });
        let live = |port: Value| {
            let mut live = service(json!([port]));
            live["metadata"]["managedFields"] =
                json!([{ "manager": "homelab", "operation": "Apply", "fieldsV1": owned }]);
            live
        };
        let port =
            |number: u16| json!({ "name": "http", "port": number, "protocol": "TCP", "targetPort": number });
        assert_eq!(
            told(service(json!([port(5001)])), &live(port(5000))),
            ["spec.ports[http].port: 5000 > 5001", "spec.ports[http].targetPort: 5000 > 5001"]
        );
        let mut more = port(5000);
        more["appProtocol"] = "https".into();
        assert_eq!(
            told(service(json!([port(5001)])), &live(more))[0],
            r#"spec.ports[http].appProtocol: "https" > -"#
        );
        let bare = |number: u16| json!({ "port": number, "protocol": "TCP" });
        assert_eq!(
            told(service(json!([bare(5001)])), &live(bare(5000))),
            ["spec.ports[0].port: 5000 > 5001"]
        );
        let gone = told(service(json!([])), &live(bare(5000)));
        assert_eq!(gone, [r#"spec.ports: [{"port":5000,"protocol":"TCP"}] > []"#]);
    }

    #[test]
    fn what_a_secret_holds_is_not_told() {
        let with_token = |token: &str| json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "namespace": "a", "name": "b" }, "data": { "token": token } });
        assert_eq!(
            told(with_token("c2VjcmV0"), &with_token("b2xk")),
            [r#"data.token: "(hidden)" > "(hidden)""#]
        );
    }

    #[test]
    fn of_a_new_object_everything_but_its_name_is_told() {
        let told = change(deployment(json!({ "replicas": 1 }))).differences(None);
        assert_eq!(told, [Difference { path: "spec.replicas".into(), before: None, after: Some(1.into()) }]);
    }

    #[test]
    fn two_lines_are_never_told_of_one_field() {
        let mut live = deployment(json!({ "replicas": 2 }));
        live["metadata"]["managedFields"] = json!([{ "manager": "homelab", "operation": "Apply", "fieldsV1": { "f:spec": { "f:replicas": {} } } }]);
        assert_eq!(told(deployment(json!({ "replicas": 1 })), &live), ["spec.replicas: 2 > 1"]);
    }
}
