//! What judges read out of objects: names, conditions, labels, times.

pub(super) mod classes;
pub(super) mod etcd;
pub(super) mod last_words;
pub(super) mod logs;
pub(super) mod pod_resolv;
pub(super) mod pods;
pub(super) mod policies;
pub(super) mod told;
pub(super) mod zone;

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::Value;

use crate::evidence::{Cidr, Evidence, at};

/// Text of others in one line, without a full stop.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_end_matches('.').to_owned()
}

/// Why a list is not there, when it is not: the reason is another check's.
pub(super) const NOT_READ: &str = "the API server was not asked, or refused";

/// The networks of pods that these nodes have.
pub(super) fn pod_ranges(nodes: &[Value]) -> impl Iterator<Item = Cidr> {
    nodes.iter().filter_map(|node| Cidr::parse(at(node, "/spec/podCIDR")))
}

/// The same, and k3s' whole network of pods where they lie in it, or no node has one.
pub(super) fn pod_networks(evidence: &Evidence) -> Vec<Cidr> {
    let ranges: Vec<Cidr> = pod_ranges(evidence.objects("nodes").unwrap_or_default()).collect();
    if ranges.iter().all(|range| PODS.covers(range)) { vec![PODS] } else { ranges }
}

/// The network of Services; `None` where no Service was read. k3s' is a /16, and the API server has its first address.
pub(super) fn service_network(evidence: &Evidence) -> Option<Cidr> {
    let objects = &evidence.cluster.as_ref()?.objects;
    let first: Ipv4Addr =
        at(objects.find("services", "default", "kubernetes")?, "/spec/clusterIP").parse().ok()?;
    let [a, b, ..] = first.octets();
    Some(Cidr { address: Ipv4Addr::new(a, b, 0, 0), prefix: 16 })
}

/// What k3s gives to pods and to Services unless it is told otherwise (k3s docs, "server", networking).
pub(super) const PODS: Cidr = Cidr { address: Ipv4Addr::new(10, 42, 0, 0), prefix: 16 };
pub(super) const SERVICES: Cidr = Cidr { address: Ipv4Addr::new(10, 43, 0, 0), prefix: 16 };

/// The moment at a pointer; `None` when there is none.
pub(super) fn when(object: &Value, pointer: &str) -> Option<Timestamp> {
    at(object, pointer).parse().ok()
}

/// Seconds from then to now; 0 when it is not known.
pub(super) fn age(now: Timestamp, then: Option<Timestamp>) -> i64 {
    then.map_or(0, |then| now.as_second() - then.as_second())
}
