//! Pods that live for some seconds, to see whether anybody enforces policies: each tries two ports of a pod of CoreDNS, first without a
//! policy, when both must answer, then with one that allows only the first. Nothing leaves the cluster.

mod removal;

use std::net::IpAddr;
use std::time::Duration;

use futures::future::join_all;
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
use crate::error::Result;
use crate::evidence::pod::{Hindrance, all_containers, has_ended, is_ready, unplaced};
use crate::evidence::{NodeTrial, TrialSeen, Tried, View, at, entries};
use crate::facts::name_server;
use crate::facts::network::Network;

/// Marks what is of a trial, so that it is found again, and chooses its pods. The labels of the inventory would have `up` prune it.
const MARK: &str = "homelab/trial";
/// How the names begin.
const NAME: &str = "homelab-trial-";
/// The container.
const CONTAINER: &str = "trial";
/// How long the API server may take for a log of some lines.
const ANSWERS: Duration = Duration::from_secs(5);
/// How long a pod may take until it has reached both ports once.
const STARTS: Duration = Duration::from_secs(30);
/// How long an engine may take until a new policy is in force: kube-router and Cilium need a second or two.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a pod of a run that was killed may go on, in seconds.
const LONGEST: u64 = 120;
/// As much of its log as is read.
const LOG: usize = 16 * 1024;
/// How often what is left is looked at while the kubelet writes to it.
const TRIES: usize = 8;
/// On so many nodes at most.
pub const MOST_NODES: usize = 8;
/// Nobody's (RFC 5737, RFC 6761): with them, the policy allows the cluster's DNS and nothing that there is.
const NOBODYS: (&str, &str) = ("192.0.2.1", "homelab.invalid");
/// A line for each round: its number, and whether the first and the second port took a connection. The images have no other program
/// in common; without an end of its input, `nc` would wait for more.
const SCRIPT: &str = "b=/bin/busybox; n=0; t() { if $b nc -w 2 \"$1\" \"$2\" </dev/null >/dev/null 2>&1; then r=yes; else r=no; fi; }; \
                      while $b true; do n=$((n+1)); t \"$0\" \"$1\"; x=$r; t \"$0\" \"$2\"; echo \"$n $x $r\"; $b sleep 1; done";

/// A node, and the images that are on it and may have what the trial needs, the likeliest first.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name.
    pub node: String,
    /// The images.
    pub images: Vec<String>,
}

/// What a line of the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    number: u64,
    allowed: bool,
    forbidden: bool,
}

/// The pod of CoreDNS that is tried, by the port that its readiness is asked at.
#[derive(Debug, Clone, Copy)]
struct Goalpost {
    address: IpAddr,
    forbidden: u16,
}

impl Cluster {
    /// Tries it on each of the nodes at once; what it made is removed, whatever happens. `by_name` has Cilium's own kind of policy tried.
    pub async fn try_policies(&self, places: &[Place], by_name: bool, number: i128) -> TrialSeen {
        // What cannot be cleaned up now is no reason not to try.
        let _ = self.remove_trials().await;
        let mut seen = self.tried(places, by_name, &format!("{NAME}{number:x}")).await;
        seen.left = self.remove_trials().await.err().map(|error| error.what);
        seen
    }

    async fn tried(&self, places: &[Place], by_name: bool, name: &str) -> TrialSeen {
        let nodes: Vec<String> = places.iter().map(|place| place.node.clone()).collect();
        let pods = self.coredns().await.unwrap_or_default();
        let Some(post) = pods.iter().find_map(goalpost) else {
            return TrialSeen::nowhere(&nodes, "no pod of CoreDNS is ready and says at which port");
        };
        let started = places.iter().enumerate().map(|(at, place)| {
            let name = format!("{name}-{at}");
            async move { self.start(&name, place, post).await }
        });
        let started = join_all(started).await;
        let chosen = [(MARK.to_owned(), "true".to_owned())].into();
        let body = policy((NAMESPACE, name), Some(&chosen), &dns_alone(by_name), &[]);
        if started.iter().any(Result::is_ok)
            && let Err(why) =
                self.make(if by_name { &kind::CILIUM_POLICY } else { &kind::NETWORK_POLICY }, body).await
        {
            return TrialSeen::nowhere(&nodes, &why);
        }
        let ended = started.into_iter().map(|first| async move {
            match first {
                Ok((name, round)) => self.watch(&name, round).await,
                Err(why) => Tried::Untried(why),
            }
        });
        let tried = join_all(ended).await;
        let nodes = nodes.into_iter().zip(tried).map(|(node, tried)| NodeTrial { node, tried }).collect();
        TrialSeen { nodes, left: None }
    }

    /// Starts a pod, by one image after the other, and waits until it reaches both ports: its name, and the number of that round.
    async fn start(&self, name: &str, place: &Place, post: Goalpost) -> Result<(String, u64), String> {
        let mut why = "no image is known on this node that could try it (busybox, alpine, or that of the ingress controller)".to_owned();
        for (at, image) in place.images.iter().enumerate() {
            let name = format!("{name}-{at}");
            self.make(&kind::POD, pod(&name, &place.node, image, post)).await?;
            match self.first_round(&name).await {
                Ok(round) => return Ok((name, round)),
                Err(Some(failed)) => return Err(failed),
                Err(None) => {
                    why =
                        format!("none of these images could try it on this node: {}", place.images.join(", "))
                }
            }
        }
        Err(why)
    }

    /// The first round in which both ports answer; none where the image is not the right one.
    async fn first_round(&self, name: &str) -> Result<u64, Option<String>> {
        let deadline = Instant::now() + STARTS;
        let mut last = None;
        loop {
            last = self.last_round(name).await.or(last);
            match last {
                Some(round) if round.allowed && round.forbidden => return Ok(round.number),
                _ => {}
            }
            let pod =
                self.one(&key(&kind::POD, name)).await.map_err(|error| Some(error.what))?.unwrap_or_default();
            if last.is_none() && is_unfit(&pod) {
                return Err(None);
            }
            if Instant::now() + PAUSE > deadline {
                return Err(Some(not_begun(&pod, last)));
            }
            sleep(PAUSE).await;
        }
    }

    /// What the pod reaches once the policy is there.
    async fn watch(&self, name: &str, before: u64) -> Tried {
        let deadline = Instant::now() + PATIENCE;
        // The round that was under way may have begun without the policy.
        let counts = |round: &Round| round.number > before + 1;
        // One answer that is lost is no policy: two rounds in a row must be alike.
        let (mut last, mut shut_since) = (None, None);
        loop {
            last = self.last_round(name).await.filter(counts).or(last);
            match last {
                Some(Round { number, allowed: true, forbidden: false }) => {
                    if number > *shut_since.get_or_insert(number) {
                        return Tried::Enforced;
                    }
                }
                _ => shut_since = None,
            }
            if Instant::now() + PAUSE <= deadline {
                sleep(PAUSE).await;
                continue;
            }
            return match last {
                Some(Round { forbidden: true, .. }) => Tried::Open,
                Some(Round { allowed: true, .. }) => {
                    Tried::Untried("only its last round was as it should be".to_owned())
                }
                Some(_) => Tried::Shut,
                None => Tried::Untried("the pod said nothing more once the policy was there".to_owned()),
            };
        }
    }

    async fn last_round(&self, name: &str) -> Option<Round> {
        let path = format!(
            "{}/log?container={CONTAINER}&tailLines=2&limitBytes={LOG}",
            request::object(&key(&kind::POD, name))
        );
        last(&timeout(ANSWERS, self.text(request::get(&path, false), LOG)).await.ok()??)
    }

    async fn make(&self, kind: &'static Kind, body: Value) -> Result<(), String> {
        let mut body = body;
        body["metadata"]["labels"] = json!({ MARK: "true" });
        let key = key(kind, body.name());
        let made = request::apply(&request::object(&key), &format!("fieldManager={HOMELAB}"), &body);
        match self.send::<Value>(made).await {
            Ok(_) => Ok(()),
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

/// The cluster's DNS, and what nobody has.
fn dns_alone(by_name: bool) -> Egress {
    let name = To::Name(NOBODYS.1.to_owned());
    let to = if by_name { Some(name) } else { Network::parse(NOBODYS.0).ok().map(To::Network) };
    Egress { goals: to.map(|to| Goal { to, port: None }).into_iter().collect() }
}

/// The port of the probe that the kubelet asks CoreDNS at, which is not that of DNS (k3s, manifests/coredns.yaml: 8181 and 8080).
fn goalpost(pod: &Value) -> Option<Goalpost> {
    let address = at(pod, "/status/podIP").parse().ok()?;
    if !is_ready(pod) || pod["spec"]["hostNetwork"] == true {
        return None;
    }
    let probes = |container: &Value| {
        let port = |probe: &str| container[probe]["httpGet"]["port"].as_u64();
        port("readinessProbe").or_else(|| port("livenessProbe"))
    };
    let port = entries(pod, "/spec/containers").iter().find_map(probes)?;
    let forbidden = u16::try_from(port).ok().filter(|port| *port != name_server::PORT)?;
    Some(Goalpost { address, forbidden })
}

/// The pod: nobody's rights, on that node, from an image that is there.
fn pod(name: &str, node: &str, image: &str, post: Goalpost) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": NAMESPACE, "name": name },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": LONGEST,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "tolerations": [{ "operator": "Exists" }],
            "securityContext": { "runAsNonRoot": true, "runAsUser": 65_534, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": CONTAINER,
                "image": image,
                "imagePullPolicy": "Never",
                "command": ["/bin/busybox", "sh", "-c", SCRIPT],
                "args": [post.address.to_string(), name_server::PORT.to_string(), post.forbidden.to_string()],
                "resources": { "requests": { "cpu": "5m", "memory": "8Mi" }, "limits": { "memory": "32Mi" } },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                },
            }],
        },
    })
}

/// Whether the image is not there, or has not what the trial needs.
fn is_unfit(pod: &Value) -> bool {
    let unfit = [Hindrance::Image, Hindrance::Refused];
    has_ended(pod)
        || all_containers(pod).any(|one| unfit.iter().any(|why| one.is_kept_by(*why)) || one.ended.is_some())
}

/// Why both ports did not answer in time.
fn not_begun(pod: &Value, last: Option<Round>) -> String {
    match last {
        None => match unplaced(pod) {
            Some(why) => format!("its pod does not start: {why}"),
            None => format!("its pod does not start within {} s", STARTS.as_secs()),
        },
        Some(_) => "its pod does not reach CoreDNS even without homelab's policy: another policy of the namespace, or the network, is in the way".to_owned(),
    }
}

/// The last whole line.
fn last(log: &str) -> Option<Round> {
    let whole = log.rsplit_once('\n').map(|(whole, _)| whole)?;
    let round = |line: &str| {
        let mut words = line.split(' ');
        let (number, allowed, forbidden) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
        Some(Round { number, allowed: allowed == "yes", forbidden: forbidden == "yes" })
    };
    round(whole.lines().next_back()?)
}

#[cfg(test)]
mod tests;
