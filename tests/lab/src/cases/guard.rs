//! The guard of the addresses, asked as the controller asks it: what it refuses, and what it lets pass.

use std::time::Duration;

use serde_json::json;

use super::hands::{Hands, expect};
use crate::error::Result;

/// An Ingress of a class that nobody serves: neither the controller nor external-dns looks at it.
const NAME: &str = "guarded";
const CONTROLLER: &str = "--as=system:serviceaccount:ingress-nginx:ingress-nginx";
/// Longer than the API server needs to hear of a changed Node.
const HEARD: Duration = Duration::from_secs(1);

/// A node that is Ready stays, a cordoned one may go, a new address passes, and nobody else is bound by it.
pub(super) fn keeps_what_is_well(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    let object = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": NAME, "namespace": "homelab" },
        "spec": { "ingressClassName": "nobodys", "defaultBackend": backend } });
    hands.kubectl_apply("guarded.json", &object.to_string())?;
    let done = rules(hands);
    hands.kubectl(&["uncordon", "node2"])?;
    hands.kubectl(&["-n", "homelab", "delete", "ingress", NAME])?;
    done
}

fn rules(hands: &Hands) -> Result<()> {
    let all = hands.node_addresses()?;
    let [first, second] = &all[..] else { return expect(false, format!("the nodes are {all:?}")) };
    let (first, second) = (first.as_str(), second.as_str());
    let passes = |who: &[&str], list: &[&str]| {
        let said = set(hands, who, list)?;
        expect(said.is_empty(), format!("{list:?} was refused: {said}"))
    };
    let refused = |list: &[&str], why: &str| {
        let said = set(hands, &[CONTROLLER], list)?;
        expect(said.contains(why), format!("{list:?} was not refused with {why:?}: {said:?}"))
    };
    passes(&[CONTROLLER], &[first, second])?;
    refused(&[], "without an address")?;
    refused(&[first], "node node2 is Ready")?;
    refused(&[second], "node node is Ready")?;
    hands.kubectl(&["cordon", "node2"])?;
    std::thread::sleep(HEARD);
    passes(&[CONTROLLER], &[first])?;
    hands.kubectl(&["uncordon", "node2"])?;
    std::thread::sleep(HEARD);
    passes(&[CONTROLLER], &[first, second])?;
    // The first node is out of sorts, and the second one comes back with another address.
    passes(&[CONTROLLER], &["10.99.0.77"])?;
    // An address that is no node's goes without a word, as after a change.
    passes(&[CONTROLLER], &[first, second])?;
    passes(&[], &[])
}

/// Writes the list as `who` would, and gives what was said against it. The controller may only update, so it is a PUT.
fn set(hands: &Hands, who: &[&str], list: &[&str]) -> Result<String> {
    let entries: Vec<_> = list.iter().map(|address| json!({ "ip": address })).collect();
    let mut object = hands.get(&["-n", "homelab", "ingress", NAME])?;
    object["status"] = json!({ "loadBalancer": { "ingress": entries } });
    let file = hands.config_file("guarded.json", &object.to_string())?.display().to_string();
    let path = format!("/apis/networking.k8s.io/v1/namespaces/homelab/ingresses/{NAME}/status");
    let output = hands.node.output("kubectl", &[who, &["replace", "--raw", &path, "-f", &file]].concat())?;
    Ok(if output.status.success() { String::new() } else { output.stderr })
}
