//! The fields that an apply would not get: another manager owns them, with another value.
//!
//! Ownership stands in the object (Kubernetes docs, "Server-Side Apply"): `f:` before the name of a field, `k:` before the
//! keys of an element of a list.

use serde_json::{Map, Value};

use crate::plan::compare::{is_subset, names};
use crate::plan::ownership::is_ours;

/// Fields of one object that one manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contested {
    /// The name of the manager.
    pub manager: String,
    /// Where it stands among the managed fields of the object.
    pub entry: usize,
    /// The fields, for example `.spec.replicas`.
    pub fields: Vec<String>,
}

/// One step down from an object to a field.
#[derive(Debug, Clone)]
enum Step {
    Field(String),
    /// An element of a list, by its `name`.
    Named(String),
}

/// What `wanted` has otherwise than `live`, by the manager that owns it there; what nobody or homelab owns is left out.
pub fn contested(wanted: &Value, live: &Value) -> Vec<Contested> {
    let mut paths = Vec::new();
    differing(wanted, live, &mut Vec::new(), &mut paths);
    let managers = live["metadata"]["managedFields"].as_array().map_or(&[][..], Vec::as_slice);
    let others = managers.iter().enumerate().filter(|(_, entry)| !is_ours(entry));
    let contested = others.filter_map(|(at, entry)| {
        let owned = paths.iter().filter(|path| owns(&entry["fieldsV1"], path));
        let fields: Vec<String> = owned.map(|path| text(path)).collect();
        let manager = entry["manager"].as_str().unwrap_or_default().to_owned();
        (!fields.is_empty()).then_some(Contested { manager, entry: at, fields })
    });
    contested.collect()
}

fn differing(wanted: &Value, live: &Value, here: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    if is_subset(wanted, live) {
        return;
    }
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            for (key, value) in wanted {
                here.push(Step::Field(key.clone()));
                differing(value, live.get(key).unwrap_or(&Value::Null), here, found);
                here.pop();
            }
        }
        (Value::Array(wanted), Value::Array(live)) if names(wanted).is_some() => {
            for (value, name) in wanted.iter().zip(names(wanted).unwrap_or_default()) {
                let other = live.iter().find(|l| l["name"] == name).unwrap_or(&Value::Null);
                here.push(Step::Named(name.to_owned()));
                differing(value, other, here, found);
                here.pop();
            }
        }
        _ => found.push(here.clone()),
    }
}

fn owns(fields: &Value, path: &[Step]) -> bool {
    let Some((step, rest)) = path.split_first() else { return true };
    let Some(fields) = fields.as_object() else { return false };
    let below = match step {
        Step::Field(name) => fields.get(&format!("f:{name}")),
        Step::Named(name) => element(fields, name),
    };
    below.is_some_and(|below| owns(below, rest))
}

fn element<'f>(fields: &'f Map<String, Value>, name: &str) -> Option<&'f Value> {
    let is_it = |key: &str| {
        let keys = key.strip_prefix("k:").and_then(|keys| serde_json::from_str::<Value>(keys).ok());
        keys.is_some_and(|keys| keys["name"] == name)
    };
    fields.iter().find(|(key, _)| is_it(key)).map(|(_, below)| below)
}

fn text(path: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Named(name) => format!("[name={name}]"),
    };
    path.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(manager: &str, operation: &str, fields: Value) -> Value {
        json!({ "metadata": { "managedFields": [
                { "manager": "homelab", "operation": "Apply", "fieldsV1": { "f:spec": { "f:paused": {} } } },
                { "manager": manager, "operation": operation, "fieldsV1": fields } ] },
            "spec": { "replicas": 0, "containers": [{ "name": "web", "image": "theirs" }] } })
    }

    #[test]
    fn a_field_that_another_manager_changed_is_named_with_the_manager() {
        let fields = json!({ "f:spec": { "f:replicas": {}, "f:containers": { "k:{\"name\":\"web\"}": { "f:image": {} } } } });
        let wanted = json!({ "spec": { "replicas": 1, "containers": [{ "name": "web", "image": "ours" }] } });
        let found = contested(&wanted, &live("kubectl", "Update", fields));
        let fields = [".spec.containers[name=web].image", ".spec.replicas"].map(str::to_owned).to_vec();
        assert_eq!(found, [Contested { manager: "kubectl".into(), entry: 1, fields }]);
    }

    #[test]
    fn an_equal_value_is_no_conflict_whoever_owns_it() {
        let fields = json!({ "f:spec": { "f:replicas": {} } });
        assert_eq!(contested(&json!({ "spec": { "replicas": 0 } }), &live("kubectl", "Update", fields)), []);
    }

    #[test]
    fn what_nobody_else_owns_is_no_conflict() {
        let wanted = json!({ "spec": { "paused": true, "replicas": 1 } });
        assert_eq!(contested(&wanted, &live("helm", "Apply", json!({ "f:data": {} }))), []);
    }
}
