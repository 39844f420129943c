//! Whether the connectors keep the tunnel open.

use serde_json::Value;

use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::unseen;
use crate::checks::tunnel::there::seen;
use crate::evidence::pod::is_ready;
use crate::evidence::{Evidence, TunnelSeen, View};
use crate::facts::namespaces::TUNNEL as NAMESPACE;
use crate::facts::tunnel::NAME;
use crate::provider::{Connector, Tunnels, traits_of, words};

/// What is said where it is open.
const NO_OBSTACLE: &str = "opened from inside, so that neither a public address nor an open port is needed: carrier-grade NAT is no obstacle";

const LOOK_PODS: &str = "kubectl -n tunnel get pods";
const LOOK_LOG: &str = "kubectl -n tunnel logs deployment/tunnel --tail=50";

pub(super) fn is_open(evidence: &Evidence, tunnel: &TunnelSeen) -> Outcome {
    let Some(traits) = traits_of(evidence.dns).tunnels else { return unseen(evidence) };
    let found = match seen(evidence, tunnel) {
        Ok(Some(found)) => found,
        Ok(None) => return Outcome::unknown("there is no tunnel"),
        Err(outcome) => return *outcome,
    };
    // What the connectors say now comes before what the provider still counts: it takes minutes to see that one is gone.
    if let Some(finding) = refused(evidence, &traits.connector) {
        return finding.into();
    }
    match found.connections {
        0 => shut(evidence, traits).into(),
        1 => Outcome::pass(format!("1 connection is {NO_OBSTACLE}")),
        open => Outcome::pass(format!("{open} connections are {NO_OBSTACLE}")),
    }
}

/// The pods of the connectors; `None` where pods were not read.
fn pods(evidence: &Evidence) -> Option<Vec<&Value>> {
    let all = evidence.objects("pods")?;
    Some(all.iter().filter(|pod| pod.namespace() == NAMESPACE && pod.name().starts_with(NAME)).collect())
}

/// A connector that is not let in, by the last words of its log that mean something.
fn refused(evidence: &Evidence, connector: &Connector) -> Option<Finding> {
    let waiting = pods(evidence)?.into_iter().filter(|pod| !is_ready(pod));
    let logs = &evidence.cluster.as_ref()?.logs;
    for pod in waiting {
        let log = logs.get(&format!("{}/{}", pod.full_name(), connector.program));
        for line in log.iter().flat_map(|log| log.lines().rev()) {
            let said = line.to_lowercase();
            let known = connector.refusals.iter().find(|(words, ..)| said.contains(words));
            if let Some((_, cause, fix)) = known {
                let summary = format!("{} is not let into the tunnel: {}", connector.program, line.trim());
                return Some(Finding::new(summary, *cause, *fix).command("homelab up"));
            }
        }
    }
    None
}

fn shut(evidence: &Evidence, traits: &Tunnels) -> Finding {
    let (name, program) = (words(evidence.dns).name, traits.connector.program);
    match pods(evidence) {
        Some(pods) if pods.is_empty() => Finding::new(
            format!("{name} has no connection from the lab, and no pod of {program} exists"),
            "the Deployment `tunnel/tunnel` was deleted or scaled to 0, or its pods cannot be made",
            "run `homelab up`, which restores it",
        )
        .command("homelab up")
        .look(LOOK_PODS),
        Some(pods) if pods.iter().any(|pod| is_ready(pod)) => Finding::new(
            format!("{name} has no connection from the lab, although {program} says that it has one"),
            "the tunnel's token was renewed or revoked at the provider, or the connectors have connected a moment ago",
            "wait a minute. If it stays, run `homelab up`, which gives the connectors the token that the tunnel has now",
        )
        .command("homelab up")
        .look(LOOK_LOG),
        _ => Finding::new(
            format!("{name} has no connection from the lab: {program} does not get through, or does not run"),
            format!("{}. A firewall between the nodes and the internet may not let that out, or the pods do not start", traits.words.outward),
            "let the nodes open such connections; the log says what it tries",
        )
        .look(LOOK_PODS)
        .look(LOOK_LOG),
    }
}
