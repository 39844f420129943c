//! Whether what we want is what lives: the server adds defaults, other managers add fields, and both are fine.

use serde_json::Value;

/// Whether everything in `wanted` stands in `live`. Elements of a list of mappings that have a `name` are found by it,
/// as the server's own merge does; other lists must be of the same length, element by element. What the server leaves
/// out when it is empty may be missing.
pub(super) fn is_subset(wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            wanted.iter().all(|(key, value)| is_subset(value, live.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(wanted), Value::Array(live)) => match names(wanted) {
            Some(names) => wanted.iter().zip(names).all(|(value, name)| {
                live.iter().find(|l| l["name"] == name).is_some_and(|live| is_subset(value, live))
            }),
            None => wanted.len() == live.len() && wanted.iter().zip(live).all(|(w, l)| is_subset(w, l)),
        },
        (Value::Null, _) => true,
        (wanted, Value::Null) => is_empty(wanted),
        (wanted, live) => wanted == live,
    }
}

/// The names of a list of mappings, if each has one.
pub(super) fn names(list: &[Value]) -> Option<Vec<&str>> {
    let names: Option<Vec<&str>> = list.iter().map(|value| value["name"].as_str()).collect();
    names.filter(|n| !n.is_empty())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().all(is_empty),
        Value::Array(list) => list.is_empty(),
        Value::Null => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_of_the_server_and_fields_of_others_do_not_count() {
        let wanted = json!({ "spec": { "ports": [{ "name": "http", "port": 80 }] } });
        let live = json!({ "spec": { "clusterIP": "10.43.0.7", "ports": [{ "name": "http", "port": 80, "protocol": "TCP" }] } });
        assert!(is_subset(&wanted, &live));
    }

    #[test]
    fn a_changed_value_counts() {
        assert!(!is_subset(&json!({ "replicas": 1 }), &json!({ "replicas": 0 })));
        assert!(!is_subset(&json!({ "args": ["a", "b"] }), &json!({ "args": ["a"] })));
    }

    #[test]
    fn a_named_element_is_found_wherever_it_stands() {
        let wanted = json!([{ "name": "b", "value": "2" }]);
        assert!(is_subset(&wanted, &json!([{ "name": "a" }, { "name": "b", "value": "2" }])));
        assert!(!is_subset(&wanted, &json!([{ "name": "a" }])));
    }

    #[test]
    fn what_is_empty_may_be_missing() {
        assert!(is_subset(&json!({ "a": {}, "b": [], "c": null }), &json!({})));
        assert!(!is_subset(&json!({ "a": { "b": 1 } }), &json!({})));
    }
}
