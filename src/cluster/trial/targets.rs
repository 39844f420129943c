//! What a trial's pod connects to: the cluster's DNS, by its Service and at each of its pods, and another port of these pods.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use crate::evidence::pod::is_ready;
use crate::evidence::{View, at, entries};
use crate::facts::name_server;

/// So many pods of CoreDNS at most: where what is forbidden gets no answer, each is waited for.
const MOST_PODS: usize = 3;

/// An address that a pod tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// What is there, in words.
    pub(super) what: String,
    pub(super) at: SocketAddr,
    /// Whether the trial's policy allows it.
    pub(super) is_allowed: bool,
}

/// What a line of the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) number: u64,
    /// Which of the targets answered, in their order.
    open: Vec<bool>,
}

/// Every target; none where no pod of CoreDNS is ready and says at which port. `service` is that of the cluster's DNS.
pub(super) fn targets(pods: &[Value], service: Option<&Value>) -> Vec<Target> {
    let of_pods: Vec<Target> = pods.iter().filter_map(of_pod).take(MOST_PODS).flatten().collect();
    let address = service.and_then(|service| at(service, "/spec/clusterIP").parse::<IpAddr>().ok());
    let by_service = address.filter(|_| !of_pods.is_empty()).map(|address| Target {
        what: format!("the cluster's DNS by its Service ({address})"),
        at: (address, name_server::PORT).into(),
        is_allowed: true,
    });
    by_service.into_iter().chain(of_pods).collect()
}

/// DNS, and the port of the probe that the kubelet asks CoreDNS at (k3s, manifests/coredns.yaml: 8181 and 8080).
fn of_pod(pod: &Value) -> Option<[Target; 2]> {
    let address: IpAddr = at(pod, "/status/podIP").parse().ok()?;
    if !is_ready(pod) || pod["spec"]["hostNetwork"] == true {
        return None;
    }
    let probes = |container: &Value| {
        let port = |probe: &str| container[probe]["httpGet"]["port"].as_u64();
        port("readinessProbe").or_else(|| port("livenessProbe"))
    };
    let port = entries(pod, "/spec/containers").iter().find_map(probes)?;
    let other = u16::try_from(port).ok().filter(|port| *port != name_server::PORT)?;
    let target = |port: u16, is_allowed: bool| Target {
        what: format!("port {port} of the pod `{}` ({address})", pod.full_name()),
        at: (address, port).into(),
        is_allowed,
    };
    Some([target(name_server::PORT, true), target(other, false)])
}

impl Round {
    /// The last whole line of a log; none where it has not as many words as there are targets.
    pub(super) fn last(log: &str, targets: &[Target]) -> Option<Self> {
        let whole = log.rsplit_once('\n').map(|(whole, _)| whole)?;
        let mut words = whole.lines().next_back()?.split(' ');
        let number = words.next()?.parse().ok()?;
        let open: Vec<bool> = words.map(|word| word == "yes").collect();
        (open.len() == targets.len()).then_some(Self { number, open })
    }

    /// Those that answered, or did not, of what is allowed or is not, in words.
    pub(super) fn those(&self, targets: &[Target], is_allowed: bool, is_open: bool) -> Vec<String> {
        let each = targets.iter().zip(&self.open);
        each.filter(|(target, open)| target.is_allowed == is_allowed && **open == is_open)
            .map(|(target, _)| target.what.clone())
            .collect()
    }

    /// Whether everything answered.
    pub(super) fn is_all_open(&self) -> bool {
        self.open.iter().all(|open| *open)
    }

    /// Whether what is allowed answered, and nothing else.
    pub(super) fn is_as_allowed(&self, targets: &[Target]) -> bool {
        targets.iter().zip(&self.open).all(|(target, open)| target.is_allowed == *open)
    }
}
