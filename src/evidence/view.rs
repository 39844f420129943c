//! What every object of Kubernetes has, read from its JSON.

use serde_json::Value;

use super::{at, entries};

/// An object as the API server gives it. Empty texts stand for what is not there.
pub trait View {
    /// `metadata.name`.
    fn name(&self) -> &str;
    /// `metadata.namespace`; empty for what has none.
    fn namespace(&self) -> &str;
    /// `namespace/name`.
    fn full_name(&self) -> String;
    /// The value of a label.
    fn label(&self, name: &str) -> &str;
    /// The value of an annotation.
    fn annotation(&self, name: &str) -> &str;
    /// The condition of that type; `None` when there is none.
    fn condition(&self, kind: &str) -> Option<&Value>;
    /// Whether the condition of that type is `True`.
    fn holds(&self, kind: &str) -> bool;
    /// Whether somebody has deleted it, so that it is only waited for its end.
    fn is_going(&self) -> bool;
}

impl View for Value {
    fn name(&self) -> &str {
        at(self, "/metadata/name")
    }

    fn namespace(&self) -> &str {
        at(self, "/metadata/namespace")
    }

    fn full_name(&self) -> String {
        format!("{}/{}", self.namespace(), self.name())
    }

    fn label(&self, name: &str) -> &str {
        self["metadata"]["labels"][name].as_str().unwrap_or_default()
    }

    fn annotation(&self, name: &str) -> &str {
        self["metadata"]["annotations"][name].as_str().unwrap_or_default()
    }

    fn condition(&self, kind: &str) -> Option<&Value> {
        entries(self, "/status/conditions").iter().find(|condition| at(condition, "/type") == kind)
    }

    fn holds(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|condition| at(condition, "/status") == "True")
    }

    fn is_going(&self) -> bool {
        !at(self, "/metadata/deletionTimestamp").is_empty()
    }
}

/// Whether `labels` has every pair of `selector`; nothing is selected by an empty selector.
#[must_use]
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let Some(pairs) = selector.as_object().filter(|pairs| !pairs.is_empty()) else { return false };
    pairs.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The rules of an Ingress for the host.
pub fn rules_for<'a>(ingress: &'a Value, host: &str) -> impl Iterator<Item = &'a Value> {
    entries(ingress, "/spec/rules").iter().filter(move |rule| at(rule, "/host") == host)
}

/// Whether an Ingress has a rule for the host.
#[must_use]
pub fn has_rule(ingress: &Value, host: &str) -> bool {
    rules_for(ingress, host).next().is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_gives_what_it_has_and_empty_texts_for_the_rest() {
        let object = json!({
            "metadata": { "name": "a", "namespace": "b", "labels": { "x/y": "1" } },
            "status": { "conditions": [{ "type": "Ready", "status": "True" }, { "type": "Issuing", "status": "False" }] },
        });
        assert_eq!(
            (object.full_name().as_str(), object.label("x/y"), object.annotation("x/y")),
            ("b/a", "1", "")
        );
        assert!(object.holds("Ready") && !object.holds("Issuing") && !object.holds("Other"));
        assert_eq!((json!({}).name(), json!(null).namespace()), ("", ""));
    }
}
