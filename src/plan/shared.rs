//! What homelab has in an object that may be somebody else's: entries of its own, by server-side apply, and nothing beside them.
//! It is told by managed fields alone; labels of such an object are not homelab's to set.

use serde_json::Value;

use crate::desired::inside_names;
use crate::desired::object::Key;
use crate::plan::ownership::{is_ours, managers};

/// Whether others may have something in it, too.
pub fn is_shared(key: &Key) -> bool {
    *key == inside_names::key()
}

/// Whether others have something in it: then homelab's entries go, and it stays. An entry that no manager is known to have is
/// somebody's.
pub(super) fn has_others(live: &Value) -> bool {
    let managers = managers(live);
    let ours = |entry: &str| {
        let field = format!("f:{entry}");
        managers.iter().filter(|one| is_ours(one)).any(|one| !one["fieldsV1"]["f:data"][&field].is_null())
    };
    let entries = live["data"].as_object().into_iter().flatten().map(|(entry, _)| entry);
    managers.iter().any(|one| !is_ours(one))
        || entries.into_iter().any(|entry| !ours(entry))
        || live["binaryData"].as_object().is_some_and(|entries| !entries.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::parse;
    use crate::desired::{Inputs, bundle};
    use crate::plan::{Plan, Snapshot, plan};

    const HOSTS: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, hosts: { nas.k8s.intra: 192.168.1.5 } }\n";
    const NONE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

    fn applied(manager: &str, entries: &[&str]) -> Value {
        let fields: serde_json::Map<String, Value> =
            entries.iter().map(|entry| (format!("f:{entry}"), json!({}))).collect();
        json!({ "manager": manager, "operation": "Apply", "fieldsV1": { "f:data": fields } })
    }

    fn map(data: Value, managers: Vec<Value>) -> Value {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": "kube-system", "name": "coredns-custom", "uid": "u",
            "resourceVersion": "7", "managedFields": managers }, "data": data })
    }

    fn planned(config: &str, live: Value) -> Plan {
        let mut snapshot = Snapshot::default();
        snapshot.note_shared(live);
        plan(bundle(&parse(config).unwrap(), &Inputs::default()), &snapshot)
    }

    #[test]
    fn a_map_of_others_is_never_deleted_and_homelabs_entries_are_taken_out_of_it() {
        let ours = applied("homelab", &["homelab.server"]);
        for managers in [
            vec![
                ours.clone(),
                json!({ "manager": "kubectl", "operation": "Update", "fieldsV1": { "f:data": { "f:lan.server": {} } } }),
            ],
            vec![ours.clone()],
        ] {
            let live = map(json!({ "homelab.server": "x", "lan.server": "lan {}" }), managers);
            let gone = planned(NONE, live).removal.gone;
            assert_eq!(gone.len(), 1);
            assert!(gone[0].entries_alone, "its owner would lose `lan.server`");
            assert_eq!(gone[0].told(), "homelab's entries in ConfigMap kube-system/coredns-custom");
        }
        let alone = planned(NONE, map(json!({ "homelab.server": "x" }), vec![ours])).removal.gone;
        assert!(!alone[0].entries_alone, "what homelab alone has made goes as a whole");
    }

    #[test]
    fn a_map_in_which_homelab_has_nothing_is_left_alone() {
        let theirs =
            map(json!({ "homelab.server": "copied" }), vec![applied("kubectl", &["homelab.server"])]);
        let plan = planned(NONE, theirs.clone());
        assert!(plan.removal.gone.is_empty(), "a copied name is no proof");
        assert_eq!(planned(HOSTS, theirs).removal.gone, []);
    }

    #[test]
    fn a_map_of_others_is_no_reason_to_be_asked_for_adoption() {
        let theirs = map(json!({ "lan.server": "lan {}" }), vec![applied("kubectl", &["lan.server"])]);
        let mut plan = planned(HOSTS, theirs.clone());
        let met = [(inside_names::key(), theirs)].into();
        assert!(plan.meet(&Snapshot::default(), &met).is_empty());
        let change = plan.apply.iter().find(|change| is_shared(&change.object.key)).unwrap();
        assert!(change.adopts.is_none(), "force would take entries from others");
        assert_eq!(change.object.body["data"].as_object().unwrap().len(), 1);
    }

    #[test]
    fn an_entry_as_it_should_be_is_not_written_again_and_one_that_is_too_many_is() {
        let all = planned(HOSTS, Value::Null);
        let wanted =
            all.apply.iter().find(|change| is_shared(&change.object.key)).unwrap().object.body.clone();
        let with = |more: Value| {
            let mut live = map(
                wanted["data"].clone(),
                vec![applied("homelab", &["homelab.server", "homelab.lan.zone"])],
            );
            live["metadata"]["annotations"] = wanted["metadata"]["annotations"].clone();
            for (entry, text) in more.as_object().unwrap() {
                live["data"][entry] = text.clone();
            }
            let plan = planned(HOSTS, live);
            plan.apply.iter().any(|change| is_shared(&change.object.key))
        };
        assert!(!with(json!({})) && !with(json!({ "lan.server": "of others" })));
        assert!(with(json!({ "homelab.server": "changed by hand" })));
    }
}
