//! Pods that live for some seconds, to see whether anybody enforces policies: each tries the cluster's DNS and another port of CoreDNS'
//! pods, first without a policy, when everything must answer, then with one that allows only DNS. Nothing leaves the cluster.

mod pod;
mod removal;
mod targets;

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::cluster::Cluster;
use crate::cluster::request::{self, Failed, Purpose};
use crate::config::{Egress, Goal, To};
use crate::desired::egress::policy;
use crate::desired::kind::{self, Kind};
use crate::desired::meta::HOMELAB;
use crate::desired::object::Key;
use crate::desired::service::NAMESPACE;
use crate::evidence::{NodeTrial, TrialSeen, Tried, View, at};
use crate::facts::namespaces::SYSTEM;
use crate::facts::network::Network;
use pod::{CONTAINER, STARTS, Unfit, no_image, not_begun, pod, unfit};
use targets::{Round, Target, targets};

/// Marks what is of a trial, so that it is found again, with the trial's own word, by which its pods are chosen. The labels of the
/// inventory would have `up` prune it.
const MARK: &str = "homelab/trial";
/// How the names begin.
const NAME: &str = "homelab-trial-";
/// The Service of the cluster's DNS (k3s, manifests/coredns.yaml; kubeadm).
const DNS_SERVICE: &str = "kube-dns";
/// How long the API server may take for a log of some lines.
const ANSWERS: Duration = Duration::from_secs(5);
/// How long an engine may take until a new policy is in force: kube-router and Cilium need a second or two.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// As much of its log as is read.
const LOG: usize = 16 * 1024;
/// How often what is left is looked at while the kubelet writes to it.
const TRIES: usize = 8;
/// On so many nodes at most.
pub const MOST_NODES: usize = 8;
/// Nobody's (RFC 5737, RFC 6761): with them, the policy allows the cluster's DNS and nothing that there is.
const NOBODYS: (&str, &str) = ("192.0.2.1", "homelab.invalid");

/// The word of one trial: two that run at once neither choose nor remove each other's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// One of these random bytes.
    #[must_use]
    pub fn of(bytes: [u8; 8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A node, and the images that may have what the trial needs, the likeliest first.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name.
    pub node: String,
    /// The images.
    pub images: Vec<String>,
}

/// A pod that has reached everything.
struct Started {
    name: String,
    /// The number of that round.
    round: u64,
    /// When it was made, by the API server's clock.
    at: Option<Timestamp>,
}

impl Cluster {
    /// Tries it on each of the nodes at once; what it made is removed, whatever happens. `by_name` has Cilium's own kind of policy tried.
    pub async fn try_policies(&self, places: &[Place], by_name: bool, mark: &Mark) -> TrialSeen {
        let (mut seen, now) = self.tried(places, by_name, mark).await;
        let removed = self.remove_trial(mark).await;
        if let Some(now) = now {
            // What killed runs have left harms nobody: it chooses no pods but their own.
            let _ = self.remove_forgotten(now).await;
        }
        seen.mark = mark.as_str().to_owned();
        seen.left = removed.err().map(|error| error.what);
        seen
    }

    async fn tried(&self, places: &[Place], by_name: bool, mark: &Mark) -> (TrialSeen, Option<Timestamp>) {
        let nodes: Vec<String> = places.iter().map(|place| place.node.clone()).collect();
        let service =
            Key { kind: &kind::SERVICE, namespace: Some(SYSTEM.to_owned()), name: DNS_SERVICE.to_owned() };
        let (pods, service) = tokio::join!(self.coredns(), self.one(&service));
        let targets = targets(&pods.unwrap_or_default(), service.ok().flatten().as_ref());
        if targets.is_empty() {
            return (TrialSeen::nowhere(&nodes, "no pod of CoreDNS is ready and says at which port"), None);
        }
        let (targets, name) = (&targets, &format!("{NAME}{}", mark.as_str()));
        let started = places.iter().enumerate().map(|(at, place)| async move {
            self.start(&format!("{name}-{at}"), place, targets, mark).await
        });
        let started = join_all(started).await;
        let now = started.iter().flatten().find_map(|started| started.at);
        let chosen = [(MARK.to_owned(), mark.as_str().to_owned())].into();
        let body = policy((NAMESPACE, name), Some(&chosen), &dns_alone(by_name), &[]);
        let kind = if by_name { &kind::CILIUM_POLICY } else { &kind::NETWORK_POLICY };
        if started.iter().any(Result::is_ok)
            && let Err(why) = self.make(kind, body, mark).await
        {
            return (TrialSeen::nowhere(&nodes, &why), now);
        }
        let ended = started.into_iter().map(|first| async move {
            match first {
                Ok(started) => self.watch(&started, targets).await,
                Err(why) => Tried::Untried(why),
            }
        });
        let tried = join_all(ended).await;
        let nodes = nodes.into_iter().zip(tried).map(|(node, tried)| NodeTrial { node, tried }).collect();
        (TrialSeen { nodes, ..TrialSeen::default() }, now)
    }

    /// Starts a pod, by one image after the other, and waits until it reaches everything.
    async fn start(
        &self,
        name: &str,
        place: &Place,
        targets: &[Target],
        mark: &Mark,
    ) -> Result<Started, String> {
        let mut tried: Vec<(&str, Unfit)> = Vec::new();
        for (at, image) in place.images.iter().enumerate() {
            let name = format!("{name}-{at}");
            let at = made(&self.make(&kind::POD, pod(&name, &place.node, image, targets), mark).await?);
            match self.first_round(&name, targets).await {
                Ok(round) => return Ok(Started { name, round, at }),
                Err(Ok(unfit)) => tried.push((image, unfit)),
                Err(Err(failed)) => return Err(failed),
            }
        }
        Err(no_image(&tried))
    }

    /// The first round in which everything answers; else why the image is not the right one, or what else is wrong.
    async fn first_round(&self, name: &str, targets: &[Target]) -> Result<u64, Result<Unfit, String>> {
        let deadline = Instant::now() + STARTS;
        let mut last = None;
        loop {
            last = self.last_round(name, targets).await.or(last);
            match &last {
                Some(round) if round.is_all_open() => return Ok(round.number),
                _ => {}
            }
            let pod =
                self.one(&key(&kind::POD, name)).await.map_err(|error| Err(error.what))?.unwrap_or_default();
            if last.is_none()
                && let Some(unfit) = unfit(&pod)
            {
                return Err(Ok(unfit));
            }
            if Instant::now() + PAUSE > deadline {
                return Err(Err(not_begun(&pod, last.as_ref(), targets)));
            }
            sleep(PAUSE).await;
        }
    }

    /// What the pod reaches once the policy is there.
    async fn watch(&self, started: &Started, targets: &[Target]) -> Tried {
        let deadline = Instant::now() + PATIENCE;
        // The round that was under way may have begun without the policy.
        let counts = |round: &Round| round.number > started.round + 1;
        // One answer that is lost is no policy: two rounds in a row must be alike.
        let (mut last, mut shut_since) = (None, None);
        loop {
            last = self.last_round(&started.name, targets).await.filter(counts).or(last);
            match &last {
                Some(round) if round.is_as_allowed(targets) => {
                    if round.number > *shut_since.get_or_insert(round.number) {
                        return Tried::Enforced;
                    }
                }
                _ => shut_since = None,
            }
            if Instant::now() + PAUSE <= deadline {
                sleep(PAUSE).await;
                continue;
            }
            let Some(round) = last else {
                return Tried::Untried("the pod said nothing more once the policy was there".to_owned());
            };
            let (open, shut) = (round.those(targets, false, true), round.those(targets, true, false));
            return match () {
                () if !open.is_empty() => Tried::Open(open),
                () if !shut.is_empty() => Tried::Shut(shut),
                () => Tried::Untried("only its last round was as it should be".to_owned()),
            };
        }
    }

    async fn last_round(&self, name: &str, targets: &[Target]) -> Option<Round> {
        let path = format!(
            "{}/log?container={CONTAINER}&tailLines=2&limitBytes={LOG}",
            request::object(&key(&kind::POD, name))
        );
        Round::last(&timeout(ANSWERS, self.text(request::get(&path, false), LOG)).await.ok()??, targets)
    }

    async fn make(&self, kind: &'static Kind, mut body: Value, mark: &Mark) -> Result<Value, String> {
        body["metadata"]["labels"] = json!({ MARK: mark.as_str() });
        let key = key(kind, body.name());
        let made = request::apply(&request::object(&key), &format!("fieldManager={HOMELAB}"), &body);
        match self.send::<Value>(made).await {
            Ok(made) => Ok(made),
            Err(Failed::Kube(kube::Error::Api(status))) => {
                Err(format!("the API server refuses {key}: {}", status.message.trim()))
            }
            Err(failed) => Err(self.explain(&Purpose { verb: "patch", what: key.to_string() }, failed).what),
        }
    }
}

fn key(kind: &'static Kind, name: &str) -> Key {
    Key { kind, namespace: Some(NAMESPACE.to_owned()), name: name.to_owned() }
}

/// When it was made, by the API server's clock.
fn made(object: &Value) -> Option<Timestamp> {
    at(object, "/metadata/creationTimestamp").parse().ok()
}

/// The cluster's DNS, and what nobody has.
fn dns_alone(by_name: bool) -> Egress {
    let name = To::Name(NOBODYS.1.to_owned());
    let to = if by_name { Some(name) } else { Network::parse(NOBODYS.0).ok().map(To::Network) };
    Egress { goals: to.map(|to| Goal { to, port: None }).into_iter().collect() }
}

#[cfg(test)]
mod tests;
