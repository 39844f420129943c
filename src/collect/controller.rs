//! The ingress controller, asked where it runs; and with `--active` an Ingress that is made for a moment, asked for on
//! every node, and removed again, whatever happens.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::{OptionFuture, join_all};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::guard::{Guard, Left};
use super::{Lab, network};
use crate::cluster::{Cluster, Scratch};
use crate::config::Config;
use crate::evidence::http::Scheme;
use crate::evidence::{ControllerSeen, Evidence, ScratchFailure, ScratchSeen, Seen};
use crate::ingress::{self, Traits, traits_of};
use crate::net::http::{Target, get};

/// How long a new Ingress may take until it is served; the controller reloads within a second or two.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(300);
/// What a controller answers for a service that gives it nothing: 500 where whoever is asked first who may come in fails.
const ERRORS: [u16; 4] = [500, 502, 503, 504];
/// For one request.
const LIMIT: Duration = Duration::from_secs(2);

/// The controller's pods; one that answers speaks for it. And the ports that lead to them.
pub(super) async fn ask(evidence: &mut Evidence, cluster: &Cluster, deadline: Instant) {
    let (Some(nodes), Some(seen)) = (&evidence.nodes, &evidence.cluster) else { return };
    if !evidence.controller.is_managed() {
        return;
    }
    let controller = traits_of(evidence.controller);
    let answers = || seen.pod_answers.values();
    let answer = answers().find(|answer| answer.is_ok()).or_else(|| answers().next());
    evidence.cluster_answer =
        Some(answer.cloned().unwrap_or_else(|| Err("no pod of it is ready".to_owned())));
    let pods = seen.objects.list("pods");
    let pods = pods.map(|pods| pods.iter().filter(|pod| controller.is_pod(pod)).cloned().collect::<Vec<_>>());
    // Who may send a GET through a node may run programs on it, so the account that may only read may not.
    let ports = (!cluster.reads_only()).then(|| timeout_at(deadline, cluster.refused_ports(nodes)));
    let for_it =
        !controller.pod.writes_status || evidence.public.as_ref().is_some_and(|public| public.follows);
    let (refused, reloads, run) = futures::join!(
        OptionFuture::from(ports),
        OptionFuture::from(pods.as_ref().map(|pods| cluster.reloads(controller, pods, deadline))),
        OptionFuture::from(for_it.then(|| cluster.addresses_ran(deadline))),
    );
    (evidence.reloads, evidence.addresses_run) = (reloads, run);
    let refused = refused.and_then(Result::ok).unwrap_or_default();
    evidence.ingress = Some(ControllerSeen { refused, ..ControllerSeen::default() });
}

/// The controller notes why it has no answer for a name when it is asked, which it was after its log was read.
pub(super) async fn hear(evidence: &mut Evidence, cluster: &Cluster, deadline: Instant) {
    let mut answers = evidence.hosts.values().flat_map(|host| &host.http);
    // What does not answer this program in time may be noted a moment later, when the controller gives up, too.
    if !answers.any(|seen| seen.result.as_ref().map_or(true, |answer| ERRORS.contains(&answer.status))) {
        return;
    }
    let controller = traits_of(evidence.controller);
    let Some(seen) = &mut evidence.cluster else { return };
    let places = seen.logs.keys().filter(|place| controller.is_place(place)).cloned().collect();
    seen.logs.extend(cluster.logs(places, deadline).await);
}

/// What only writing shows.
pub(super) async fn try_scratch(lab: &Lab<'_>, cluster: &Cluster, config: &Config, evidence: &mut Evidence) {
    let Some(seen) = evidence.cluster.as_ref().filter(|_| evidence.nodes.is_some()) else { return };
    let controller = traits_of(config.ingress.controller);
    let number = Timestamp::now().as_nanosecond();
    let scratch = Scratch::new(&seen.objects, controller, ingress::class_of(config), number);
    let places = network::addresses(evidence);
    let scratch = try_one(lab, cluster, (controller, scratch), &places, &config.dns.annotation_prefix).await;
    if let Some(seen) = &mut evidence.ingress {
        seen.scratch = Some(scratch);
    }
}

/// Makes the Ingress, asks every ready node for it until it is served, and removes it.
async fn try_one(
    lab: &Lab<'_>,
    cluster: &Cluster,
    (controller, scratch): (&Traits, Scratch),
    places: &[(String, IpAddr)],
    prefix: &str,
) -> Result<ScratchSeen, ScratchFailure> {
    // What cannot be cleaned up now is no reason not to look.
    let _ = cluster.remove_scratches(None).await;
    let mut guard = Guard::of(lab, Left::Ingress(scratch.key.clone()));
    let made = cluster.make_scratch(&scratch, prefix).await;
    if let Err(failure) = made {
        guard.is_done();
        return Err(failure);
    }
    let deadline = Instant::now() + PATIENCE;
    let host = &Some(scratch.host.clone());
    // One address of each.
    let mut asked: Vec<&(String, IpAddr)> = places.iter().collect();
    asked.dedup_by(|one, other| one.0 == other.0);
    let nodes = join_all(asked.into_iter().map(|(node, address)| async move {
        let address = SocketAddr::new(*address, 80);
        let target = Target { scheme: Scheme::Http, address, host: host.clone(), check_certificate: false };
        loop {
            let result = get(&target, LIMIT).await;
            let served = result.as_ref().is_ok_and(|answer| !(controller.is_unknown_name)(answer));
            if served || Instant::now() + PAUSE > deadline {
                return Seen { node: node.clone(), address, result };
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
    .await;
    guard.is_done();
    let left = cluster.remove_scratches(Some(&scratch.key)).await.err().map(|error| error.what);
    let namespace = scratch.key.namespace.unwrap_or_default();
    Ok(ScratchSeen { host: scratch.host, namespace, name: scratch.key.name, nodes, left })
}
