//! Programs that end when they start, since the kernel lets them map too little: search engines, and what is built on them.

use serde_json::Value;

use crate::evidence::{Evidence, at};

/// The kernel's setting, by its path below /proc/sys.
const SETTING: &str = "vm/max_map_count";
/// As much as they ask for (Elastic's documentation, "Virtual memory"; OpenSearch's, "Important host settings").
const WANTED: u64 = 262_144;
/// How they end when one of their checks at the start fails: EX_CONFIG of sysexits.h (Elasticsearch and OpenSearch,
/// `ExitCodes.CONFIG`).
const CONFIG: i64 = 78;
/// Words of their images' names.
const IMAGES: [&str; 3] = ["elasticsearch", "opensearch", "wazuh-indexer"];

/// What to do about it.
pub(super) const FIX: &str = "raise it on the node: `sudo sysctl -w vm.max_map_count=262144`, and the line `vm.max_map_count = 262144` in `/etc/sysctl.d/90-max-map-count.conf`; the pod then starts by itself";
/// The same for NixOS.
pub(super) const OPTION: &str =
    "boot.kernel.sysctl.\"vm.max_map_count\" = 262144; # on every node that may run it";

/// Why a container ends, where that is the kernel's limit of mapped areas: by its own words, else by its exit code where this
/// machine is its node and has less (elastic/cloud-on-k8s#2853; opensearch-project/opensearch-k8s-operator#241).
pub(super) fn too_few(
    evidence: &Evidence,
    pod: &Value,
    image: &str,
    said: &str,
    code: Option<i64>,
) -> Option<String> {
    let node = at(pod, "/spec/nodeName");
    let here = evidence.machine.as_ref().filter(|machine| machine.hostname.as_deref() == Some(node));
    let has = here.and_then(|machine| machine.ground.numbers.get(SETTING)).copied();
    if !said.contains("vm.max_map_count") {
        let known = IMAGES.iter().any(|name| image.contains(name));
        let silent = said.is_empty() && code == Some(CONFIG);
        has.filter(|has| known && silent && *has < WANTED)?;
    }
    let has = has.map_or_else(String::new, |has| format!(" {has}"));
    Some(format!(
        "the kernel of node `{node}` lets a program map too few areas of memory (`vm.max_map_count`{has}): this one needs {WANTED} and exits if it gets less"
    ))
}
